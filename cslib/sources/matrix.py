"""A customer-month matrix to periods: one row an account, one column a month, cells the MRR of that month."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pandas as pd

from cslib.sources.company import currency_digits
from cslib.sources.parse import Style, parse
from cslib.sources.read import Raw
from cslib.tables import TABLES, Fault, Problem, TableError

__all__ = ["month_of_header", "unfold"]

_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO: Final = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?(?:[T ][\d:.]+)?")
_NAMED: Final = re.compile(r"([A-Za-z]{3,9})\.?[ -](\d{4})")
_MONTH_FIRST: Final = re.compile(r"(\d{1,2})/(\d{4})")


def month_of_header(header: str) -> int | None:
    """Month (``year * 12 + month - 1``) that a column header names; None when it names none, or more than one.

    >>> [month_of_header(text) == 2024 * 12 for text in ("2024-01", "2024-01-31", "Jan 2024", "01/2024")]
    [True, True, True, True]
    >>> month_of_header("01/02/2024") is None
    True
    """
    text = header.strip()
    if match := _ISO.fullmatch(text):
        year, month = int(match[1]), int(match[2])
    elif match := _MONTH_FIRST.fullmatch(text):
        year, month = int(match[2]), int(match[1])
    elif match := _NAMED.fullmatch(text):
        head = match[1].lower()
        full = {name: i for i, name in enumerate(_NAMES, start=1)}
        if head[:3] not in full:
            return None
        year, month = int(match[2]), full[head[:3]]
    else:
        return None
    return year * 12 + month - 1 if 1 <= month <= 12 and year >= 1900 else None


def _months(raw: Raw) -> dict[str, int]:
    months = {name: month for name in raw.frame.columns if (month := month_of_header(name)) is not None}
    order = sorted(months.values())
    missing = sorted(set(range(order[0], order[-1] + 1)) - set(order)) if order else []
    if not order or missing or len(set(order)) < len(order):
        cause = (
            "no column is a month"
            if not order
            else "a month is missing"
            if missing
            else "a month is there twice"
        )
        found = (
            f"{missing[0] // 12}-{missing[0] % 12 + 1:02d} missing"
            if missing
            else ", ".join(raw.frame.columns[:40])
        )
        raise TableError(
            Problem(
                "subscriptions",
                raw.file,
                None,
                "",
                "columns: " + found if not missing else found,
                "one column for every month, headed such as 2024-01, 2024-01-31 or Jan 2024",
                'Rename the headers, or leave out shape = "matrix"',
                len(raw.frame),
                cause,
            )
        )
    return dict(sorted(months.items(), key=lambda item: item[1]))


def _first_days(months: np.ndarray) -> pd.Series:
    return pd.Series((months - 1970 * 12).astype("datetime64[M]").astype("datetime64[s]"))


def unfold(
    raw: Raw, picked: dict[str, pd.Series], *, style: Style, digits: int
) -> tuple[pd.DataFrame, pd.DataFrame, list[Fault], pd.Timestamp]:
    """Periods of equal MRR, one row each, open where they reach the last month; blank cells are 0.

    Returns the typed periods, the text to quote for each, faults, and the last day the matrix covers.
    """
    months = _months(raw)
    table = TABLES["subscriptions"]
    about = {name: cells for name, cells in picked.items() if name not in ("mrr", "start_date", "end_date")}
    names = list(months)
    grid = raw.frame[names]
    own: int | np.ndarray = digits
    if "currency" in about:
        codes, found = pd.factorize(about["currency"])
        own = np.repeat(np.array([max(currency_digits(c), 0) for c in found] + [2])[codes], len(names))
    flat = pd.Series(grid.to_numpy(dtype=object).ravel(), dtype="str")
    typed = parse(flat, table.column["mrr"], style=style, values={}, digits=own)
    amounts = typed.cells.fillna(0).to_numpy(dtype=np.int64).reshape(grid.shape)
    before = np.concatenate([np.zeros((len(grid), 1), dtype=np.int64), amounts[:, :-1]], axis=1)
    rows, cols = np.nonzero((amounts != before) | (np.arange(len(names)) == 0))
    last = np.append(rows[1:] != rows[:-1], True)
    starts = np.array(list(months.values()), dtype=np.int64)
    ends = _first_days(np.append(starts[cols[1:]], starts[-1] + 1))
    periods = pd.DataFrame(
        {
            "account_id": "",
            "start_date": _first_days(starts[cols]),
            "end_date": ends.mask(pd.Series(last)),
            "mrr": pd.array(amounts[rows, cols], dtype="Int64"),
        }
    )
    for name, cells in about.items():
        column = parse(cells, table.column[name], style=style, values={}, digits=digits)
        periods[name] = column.cells.to_numpy()[rows]
    text = pd.DataFrame({name: periods[name] for name in periods.columns})
    keep = (periods["mrr"] != 0).to_numpy()
    periods.index = pd.Index(raw.frame.index.to_numpy()[rows], name="line")
    until = pd.Timestamp(_first_days(np.array([starts[-1] + 1])).iloc[0]) - pd.Timedelta(days=1)
    return periods[keep], text[keep], [], until
