"""A customer-month matrix to periods: one row an account, one column a month, cells the MRR of that month."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.tables import Column, Problem, Table, TableError, listed

__all__ = ["month_columns", "month_of_header", "totals", "unfold"]

_FULL: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NAMES: Final = {name: i for i, full in enumerate(_FULL, start=1) for name in (full, full[:3])} | {"sept": 9}
_ISO: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})([-/][0-9]{1,2})?([T ][0-9:.]+)?")
_NAMED: Final = re.compile(r"([A-Za-z]{3,9})\.?[ -]([0-9]{4})")
_TOTALS: Final = (
    "total",
    "totals",
    "grand total",
    "sum",
    "all customers",
    "all",
    "total mrr",
    "overall",
    "summe",
)
_MONTH_FIRST: Final = re.compile(r"([0-9]{1,2})/([0-9]{4})")


def month_of_header(header: str) -> int | None:
    """Month (``year * 12 + month - 1``) that a column header names; None when it names none, or may name two.

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
        year, month = int(match[2]), _NAMES.get(match[1].lower(), 0)
    else:
        return None
    return year * 12 + month - 1 if 1 <= month <= 12 and year >= 1900 else None


def month_columns(headers: Sequence[Iterable[str]], table: Table, file: str) -> Table:
    """Contract of the matrix: the columns that tell accounts apart, and one column of money a month.

    Raises
    ------
    TableError
        When no column is a month, or a month is missing or there twice.
    """
    months: dict[str, int] = {}
    for header in headers:
        months |= {name: month for name in header if (month := month_of_header(name)) is not None}
    order = sorted(months.values())
    gaps = sorted(set(range(order[0], order[-1] + 1)) - set(order)) if order else []
    twice = sorted({month for month in order if order.count(month) > 1})
    if not order or gaps or twice:
        cause = (
            "no column is a month"
            if not order
            else "a month is missing"
            if gaps
            else "a month is there twice"
        )
        odd = [f"{month // 12}-{month % 12 + 1:02d}" for month in gaps or twice]
        found = f"columns: {listed(name for header in headers for name in header)}"
        expected = "one column for every month, headed such as 2024-01, 2024-01-31 or Jan 2024"
        hint = 'Correct the headers, or leave out shape = "matrix"'
        raise TableError(
            Problem(table.name, file, None, listed(odd) if odd else "", found, expected, hint, cause=cause)
        )
    about = [c for c in table.columns if c.name not in ("mrr", "arr", "start_date", "end_date")]
    cells = [
        Column(name, "money", doc="mrr of the month", minimum=0)
        for name in sorted(months, key=months.__getitem__)
    ]
    key = tuple(c.name for c in about if c.name in ("account_id", "subscription_id", "product"))
    return replace(table, columns=(*about, *cells), key=key, one_of=(), order=())


def totals(frame: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows that are the sum of the others, and rows that are called a total but are not.

    >>> wide = pd.DataFrame({"account_id": ["A", "B", "Total"], "2024-01": [1, 2, 3], "2024-02": [5, 0, 5]})
    >>> totals(wide)[0].tolist()
    [False, False, True]
    """
    months = [name for name in frame.columns if month_of_header(name) is not None]
    label = frame["account_id"].astype("str").str.strip().str.casefold()
    named = label.isin(_TOTALS).to_numpy(dtype=bool)
    called = named | (label.isna() | (label == "")).to_numpy(dtype=bool)
    if not called.any() or called.all():
        return np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    amounts = frame[months].fillna(0).to_numpy(dtype=np.int64)
    equal = (amounts == amounts[~called].sum(axis=0)).all(axis=1)
    return called & equal, named & ~equal


def _first_days(months: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    return (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[s]")


def unfold(frame: pd.DataFrame, origin: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp]:
    """Periods of equal MRR, one row each, with their origin and the last day the matrix covers.

    A blank cell is 0, and a 0 is no period. A period that reaches the last month is open: the right edge is
    not churn.

    Examples
    --------
    >>> wide = pd.DataFrame({"account_id": ["A"], "2024-01": [100], "2024-02": [100], "2024-03": [150]})
    >>> unfold(wide, pd.DataFrame({"file": ["m.csv"], "line": [2]}))[0].to_csv(index=False)
    'account_id,start_date,end_date,mrr\\nA,2024-01-01,2024-03-01,100\\nA,2024-03-01,,150\\n'
    """
    months = {name: month for name in frame.columns if (month := month_of_header(name)) is not None}
    about = [name for name in frame.columns if name not in months]
    names = sorted(months, key=months.__getitem__)
    amounts = np.column_stack([frame[name].fillna(0).to_numpy(dtype=np.int64) for name in names])
    changed = np.ones(amounts.shape, dtype=bool)
    changed[:, 1:] = amounts[:, 1:] != amounts[:, :-1]
    rows, cols = np.nonzero(changed)
    starts = _first_days(np.array([months[name] for name in names], dtype=np.int64))
    last = np.append(rows[1:] != rows[:-1], True)
    ends = np.where(last, np.array("NaT", dtype=starts.dtype), starts[np.append(cols[1:], 0)])
    keep = amounts[rows, cols] != 0
    rows = rows[keep]
    periods = frame[about].take(rows).reset_index(drop=True)
    periods["start_date"] = starts[cols[keep]]
    periods["end_date"] = ends[keep].astype("datetime64[s]")
    periods["mrr"] = amounts[np.nonzero(changed)][keep]
    after = pd.Timestamp(_first_days(np.array([months[names[-1]] + 1]))[0])
    return periods, origin.take(rows).reset_index(drop=True), after - pd.Timedelta(days=1)
