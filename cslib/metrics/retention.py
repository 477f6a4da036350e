"""Net, gross and logo retention, ARR and its movements: what a book kept, by month and by any column.

Frames are tidy: ``metric, convention, start, end, <by>, value, numerator, denominator, n_accounts, unit``. Money is in
minor units, ratios are 0 upward and travel with what was divided; undefined is NaN, never 0 or infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS, GAINS, LOSSES
from cslib.ledger import relation
from cslib.metrics.cuts import By, cut_ledger
from cslib.metrics.names import names_of
from cslib.metrics.windows import flows, stand, windows
from cslib.months import months_before

__all__ = [
    "BRIDGE", "GAINS", "LOSSES", "MOVEMENTS", "account_changes", "arr", "bridge", "gross_retention", "headline",
    "logo_retention", "movement", "movements", "net_retention", "quick_ratio", "stacked",
]  # fmt: skip

Base = Literal["arr", "mrr"]

MOVEMENTS: Final = (*GAINS, *LOSSES)
BRIDGE: Final = ("opening", *MOVEMENTS, "closing")
STARTERS: Final = ("churn", "contraction", "expansion", "unchanged")
STAYERS: Final = ("contraction", "expansion", "unchanged")
COUNTED: Final = {"movement", "opening", "closing", "n", "arr", "n_accounts"}


def _keys(frame: pd.DataFrame) -> list[str]:
    """Columns that identify a window and a cut in a frame of :mod:`cslib.metrics.windows`."""
    return [column for column in frame.columns if column not in COUNTED]


class _Classes:
    """Amounts and accounts of a frame of windows, one row a window and cut, one column a class: added up once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        rows = frame.groupby(_keys(frame))
        self.keys = rows.size().index
        column, names = pd.factorize(frame["movement"])
        self._at = {name: i for i, name in enumerate(names)}
        self._cells = {}
        for side in ("opening", "closing", "n"):
            cells = np.zeros((len(self.keys), len(names)), dtype="int64")
            np.add.at(cells, (rows.ngroup().to_numpy(), column), frame[side].to_numpy())
            self._cells[side] = cells
        self._cells["gain"] = self._cells["closing"] - self._cells["opening"]
        # Within a class every account moved the same way, so the minimum of the class is the minimum per account.
        self._cells["least"] = np.minimum(self._cells["closing"], self._cells["opening"])

    def total(self, side: str, movements: Sequence[str]) -> pd.Series[int]:
        """Sum of ``opening``, ``closing``, their ``gain``, the ``least`` of both, or ``n`` over classes."""
        of = [self._at[name] for name in movements if name in self._at]
        return pd.Series(self._cells[side][:, of].sum(axis=1), index=self.keys)


def _ratios(
    metric: str, numerator: pd.Series[int], denominator: pd.Series[int], n: pd.Series[int], *, unit: str
) -> pd.DataFrame:
    frame = pd.DataFrame({"numerator": numerator, "denominator": denominator, "n_accounts": n}).reset_index()
    divisor = frame["denominator"].astype("float64").where(frame["denominator"] != 0, np.nan)
    named = pd.Series(metric, index=frame.index)
    return _tidy(named, frame.assign(value=frame["numerator"] / divisor), unit=unit)


def _money(amount: pd.Series[int], n: pd.Series[int], *, book: Book, base: Base) -> pd.DataFrame:
    """Amounts by window, cut and metric; of the base itself where the index names no metric."""
    value = _in_base(amount, base=base)
    frame = pd.DataFrame({"value": value, "numerator": value, "n_accounts": n}).reset_index()
    frame["denominator"] = pd.NA
    metric = frame.pop("metric") if "metric" in frame else pd.Series(base, index=frame.index)
    return _tidy(metric, frame, unit=f"{book.currency} {base.upper()}")


def _in_base(amount: pd.Series[int], *, base: Base) -> pd.Series[int]:
    """ARR, or a twelfth of it: exact where prices are monthly, else to the minor unit, half to even."""
    return amount if base == "arr" else (amount / 12).round().astype("int64")


def _tidy(metric: pd.Series[str], frame: pd.DataFrame, *, unit: str) -> pd.DataFrame:
    fixed = ["value", "numerator", "denominator", "n_accounts"]
    by = [c for c in frame.columns if c not in {"start", "end", *fixed}]
    names = {name: DEFAULTS[name].name if name in DEFAULTS else "" for name in metric.unique()}
    named = frame.assign(metric=metric.astype("str"), convention=metric.map(names).astype("str"), unit=unit)
    if "start" not in named:
        named["start"] = named["end"]
    return named[["metric", "convention", "start", "end", *by, *fixed, "unit"]]


def net_retention(book: Book, *, window: int = 12, by: By = None) -> pd.DataFrame:
    """Net revenue retention: what the accounts of `window` months ago pay now over what they paid then; a ratio.

    Parameters
    ----------
    book : Book
        The company; the last window closes on its as-of day.
    window : int
        Months between the two readings.
    by : str, sequence of str or None
        Columns of accounts or subscriptions to cut by.

    Returns
    -------
    DataFrame
        One row per month-end reading and cut, key ``end, <by>``; ``numerator`` and ``denominator`` in ARR minor
        units, ``n_accounts`` at the opening; NaN where nothing was paid at the opening.

    Raises
    ------
    ValueError
        When `window` is not positive or a column is unknown.

    Source: SaaS Metrics Standards Board, net revenue retention, cohort method. Systems: N01, N40, N42.

    Examples
    --------
    >>> from datetime import date
    >>> book = Book.from_frames({"subscriptions": pd.DataFrame({
    ...     "account_id": ["A", "A", "B"], "start_date": ["2024-01-01", "2024-07-01", "2024-01-01"],
    ...     "end_date": ["2024-07-01", None, "2024-10-01"], "mrr": [100, 150, 50], "currency": "USD"})},
    ...     as_of=date(2025, 1, 31), name="Acme", currency="USD")
    >>> net_retention(book).tail(1)[["value", "numerator", "denominator", "n_accounts"]].round(2)
        value  numerator  denominator  n_accounts
    12    1.0     180000       180000           2
    """
    return _net(_Classes(windows(book, window=window, by=by)))


def gross_retention(book: Book, *, window: int = 12, by: By = None) -> pd.DataFrame:
    """Gross revenue retention: as net retention, but no account counts for more than it paid at the opening; a ratio.

    Parameters, columns and errors as in :func:`net_retention`; never above 1 nor above net retention.

    Source: PostHog, GitLab 10-K; the minimum is taken per account, never of the totals.
    """
    return _gross(_Classes(windows(book, window=window, by=by)))


def logo_retention(book: Book, *, window: int = 12, by: By = None) -> pd.DataFrame:
    """Logo retention: accounts that paid at the opening and pay now, over all that paid at the opening; a ratio.

    Parameters, columns and errors as in :func:`net_retention`; numerator and denominator count accounts.

    Source: Gold, Fighting Churn with Data, listing 2.2.
    """
    return _logo(_Classes(windows(book, window=window, by=by)))


def _net(classes: _Classes) -> pd.DataFrame:
    kept, opening, n = (classes.total(side, STARTERS) for side in ("closing", "opening", "n"))
    return _ratios("net_retention", kept, opening, n, unit="ratio")


def _gross(classes: _Classes) -> pd.DataFrame:
    kept, opening, n = (classes.total(side, STARTERS) for side in ("least", "opening", "n"))
    return _ratios("gross_retention", kept, opening, n, unit="ratio")


def _logo(classes: _Classes) -> pd.DataFrame:
    n = classes.total("n", STARTERS)
    return _ratios("logo_retention", classes.total("n", STAYERS), n, n, unit="ratio")


def quick_ratio(book: Book, *, window: int = 12, by: By = None, base: Base | None = None) -> pd.DataFrame:
    """Quick ratio: new and expansion over contraction and churn, monthly flows of `window` months; a ratio.

    Reactivation is left out. NaN where nothing was lost. ``n_accounts`` counts the movements.

    Source: Mamoon Hamid, 2015; reproduced on a published ledger as 2.607 in the tests.
    """
    classes = _Classes(flows(book, window=window, by=by))
    unit = base or book.base
    gains, losses = (
        _in_base(classes.total("gain", moved), base=unit) for moved in (("new", "expansion"), LOSSES)
    )
    n = classes.total("n", ("new", "expansion", *LOSSES))
    return _ratios("quick_ratio", gains, -losses, n, unit="ratio to one")


def movements(book: Book, *, window: int = 1, by: By = None, base: Base = "arr") -> pd.DataFrame:
    """Movements between the two ends of every trailing window: the bridge from opening to closing, in minor units.

    ``opening + new + expansion + reactivation - contraction - churn == closing``, exactly, for every window and cut.

    Parameters
    ----------
    book, window, by
        As in :func:`net_retention`.
    base : {"arr", "mrr"}
        Annual or monthly money.

    Returns
    -------
    DataFrame
        Seven rows per ``start, end, <by>``, all values 0 or more; ``n_accounts`` is the count behind each.

    Source: the five movements of ChartMogul and dbt's mrr-playbook, read at the ends of the window.
    """
    return _movements(_Classes(windows(book, window=window, by=by)), book=book, base=base)


def _movements(classes: _Classes, *, book: Book, base: Base) -> pd.DataFrame:
    parts = {
        "opening": ("opening", STARTERS),
        **{m: ("gain", (m,)) for m in MOVEMENTS},
        "closing": ("closing", ("new", "reactivation", *STAYERS)),
    }
    money = pd.DataFrame({m: classes.total(side, of) for m, (side, of) in parts.items()})
    money[list(LOSSES)] *= -1
    counts = pd.DataFrame({m: classes.total("n", of) for m, (_, of) in parts.items()})
    long: list[Any] = [wide.rename_axis(columns="metric").stack() for wide in (money, counts)]
    return _money(*long, book=book, base=base)


def movement(book: Book, *, metric: str, window: int = 1, by: By = None, base: Base = "arr") -> pd.DataFrame:
    """One of the five movements for every month, in minor units; columns as in :func:`movements`."""
    rows = movements(book, window=window, by=by, base=base)
    return rows[rows["metric"] == metric].reset_index(drop=True)


def bridge(book: Book, *, window: int = 3, by: By = None, base: Base = "arr") -> pd.DataFrame:
    """Bridge of the one window that closes on the as-of day; columns as in :func:`movements`. Systems: G02."""
    rows = movements(book, window=window, by=by, base=base)
    return _closing(rows, book)


def arr(book: Book, *, by: By = None, base: Base = "arr") -> pd.DataFrame:
    """Recurring revenue in force at every month-end reading, in minor units, with the accounts that pay it.

    Source: SaaS Metrics Standards Board, annual recurring revenue.
    """
    frame = stand(book, by=by)
    keyed = frame.set_index(_keys(frame))
    return _money(keyed["arr"], keyed["n_accounts"], book=book, base=base)


def headline(
    book: Book, *, window: int = 12, by: By = None, base: Base | None = None, months_ago: Sequence[int] = (0,)
) -> pd.DataFrame:
    """All headline metrics of the window that closes on the as-of day, and of windows that closed before.

    Parameters
    ----------
    book, window, by
        As in :func:`net_retention`.
    months_ago : sequence of int
        How long before the as-of day each window closes; 0 is the one that closes on it.
    base : {"arr", "mrr"} or None
        Money behind ratios and movements; None takes what the ledger quotes.

    Returns
    -------
    DataFrame
        Rows ``arr, mrr, net_retention, gross_retention, logo_retention, quick_ratio, new, expansion, reactivation,
        contraction, churn`` for every cut.
    """
    base = base or book.base
    classes = _Classes(windows(book, window=window, by=by))
    ratios = [
        ratio.assign(
            numerator=_in_base(ratio["numerator"], base=base),
            denominator=_in_base(ratio["denominator"], base=base),
        )
        for ratio in (_net(classes), _gross(classes))
    ]
    parts = _movements(classes, book=book, base=base)
    moved = parts[parts["metric"].isin(MOVEMENTS)]
    level = [arr(book, by=by, base=b) for b in ("arr", "mrr")]
    rows = [*level, *ratios, _logo(classes), quick_ratio(book, window=window, by=by, base=base), moved]
    return _closing(pd.concat(rows, ignore_index=True), book, months_ago=months_ago)


def _closing(frame: pd.DataFrame, book: Book, *, months_ago: Sequence[int] = (0,)) -> pd.DataFrame:
    ends = [pd.Timestamp(months_before(book.as_of, months)) for months in months_ago]
    return frame[frame["end"].isin(ends)].reset_index(drop=True)


def stacked(*frames: pd.DataFrame, years: int | None = None) -> pd.DataFrame:
    """Metric frames one below the other; of the last `years` years only, when given."""
    rows = pd.concat(frames, ignore_index=True)
    since = rows["end"].min() if years is None else rows["end"].max() - pd.DateOffset(years=years)
    recent: pd.DataFrame = rows[rows["end"] >= since].reset_index(drop=True)
    return recent


def account_changes(book: Book, *, window: int = 3) -> pd.DataFrame:
    """Every account's ARR at both ends of the window that closes on the as-of day, in minor units.

    Returns a row per account that ever paid: ``account_id, name, opening, closing, change, movement``, in order of
    the size of the change; the changes of all rows add up to the change of the book's ARR.
    """
    return _account_changes(book, window).copy()


@lru_cache(maxsize=8)  # as windows: a book never changes, and half of a report asks for its accounts
def _account_changes(book: Book, window: int) -> pd.DataFrame:
    cut = cut_ledger(book)
    pairs = relation("pairs", cut.source, as_of=book.as_of, window=window)
    ids = cut.named(pairs["entity"])
    frame = pairs.assign(account_id=ids, name=names_of(book, ids), change=pairs["closing"] - pairs["opening"])
    frame = frame.sort_values(
        ["change", "account_id"], key=lambda c: -c.abs() if c.name == "change" else c, ignore_index=True
    )
    return frame[["account_id", "name", "opening", "closing", "change", "movement"]]
