"""What the accounts of a day are expected to pay later: by their age and by the renewals that fall due on the way.

A quarter's development (ARR after over ARR before) is read off all accounts alike in age and in whether a renewal falls
due; what is known of a day is what the ledger said then, so the same forecast can be made of every day in the past.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.cuts import cut_ledger
from cslib.metrics.held import contracts
from cslib.metrics.rows import rows_of
from cslib.months import anchor_day, month_of

__all__ = ["QUARTER", "Ahead", "Expected", "expect", "watch"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
QUARTER: Final = 3
AGES: Final = 3  # under one year, one to two, older
PAST: Final = 24  # months of development looked at
ENOUGH: Final = 20  # average accounts for a quarter, below which a class leans on the whole book


class Ahead(NamedTuple):
    """A ledger laid out by month, the last of which is the as-of day."""

    months: Ints
    level: Floats
    """ARR in minor units: a row an account, a column a month."""
    kind: npt.NDArray[np.int8]
    """Class of the quarter that follows: age in years (0, 1, 2 and more), plus 3 where a renewal falls due in it."""
    first: Ints
    """First paid month of each account."""
    due: Ints
    """Month in which the term known then ends."""
    term: Ints
    """Months of that term: it is taken to be renewed for as long."""
    flows: npt.NDArray[np.float64]
    """By month and class: ARR before, ARR three months later, and the same without growth; running totals."""


class Expected(NamedTuple):
    """Sums expected after 1, 2, ... quarters of the accounts of a day, in minor units."""

    opening: float
    net: Floats
    gross: Floats
    new: float
    """ARR of accounts that came or came back in a quarter, on average of the past ones."""


@lru_cache(maxsize=4)
def watch(book: Book) -> Ahead:
    """The ledger by account and month, with ages, terms and the development of every class."""
    cut = cut_ledger(book)
    # Accounts in order of their names: sums are the same to the last bit in whatever order the ledger's rows come.
    by_name = np.argsort(np.argsort(cut.entities.to_numpy(dtype=object)))
    steps = cut.steps.assign(entity=by_name[cut.steps["entity"].to_numpy()])
    names = cut.entities.sort_values()
    last = month_of(book.as_of, anchor=anchor_day(book.as_of))
    entities = np.unique(steps["entity"].to_numpy())
    first_month = int(steps["month"].min()) if len(steps) else last
    months = np.arange(first_month, last + 1)
    delta = np.zeros((len(entities), len(months)))
    row = np.searchsorted(entities, steps["entity"])
    np.add.at(
        delta, (row, steps["month"].to_numpy() - first_month), steps["delta"].to_numpy(dtype=np.float64)
    )
    level = delta.cumsum(axis=1)
    first = np.full(len(entities), last)
    np.minimum.at(first, row, steps["first_month"].to_numpy())
    due, term = _terms(book, names.take(entities), months, first)
    kind = _kinds(months, first[:, None], due, term)
    return Ahead(months, level, kind, first, due, term, _flows(level, kind))


def _kinds(at: Ints, first: Ints, due: Ints, term: Ints) -> npt.NDArray[np.int8]:
    """Class of the quarter after each month `at`."""
    years = np.clip((at - first) // 12, 0, AGES - 1)
    soon = (due - at - 1) % term < QUARTER
    return np.asarray(years + AGES * soon, dtype=np.int8)


def _terms(book: Book, names: pd.Index[str], months: Ints, first: Ints) -> tuple[Ints, Ints]:
    """Month in which the newest contract known in each month ends, and its length; else the anniversary."""
    shape = (len(names), len(months))
    due, term = np.broadcast_to(first[:, None] + 12, shape).copy(), np.full(shape, 12)
    signed = _contracts(book) if book.warehouse is None else contracts(book)
    where = names.get_indexer(pd.Index(signed["entity"].astype("str")))
    known = where >= 0
    begins, ends, length = (signed[name].to_numpy()[known] for name in ("begins", "ends", "length"))
    for i, begin, end, span in zip(where[known], begins, ends, np.clip(length, 1, 60), strict=True):
        since = max(int(begin - months[0]), 0)
        due[i, since:], term[i, since:] = end, span
    return due, term


def _contracts(book: Book) -> pd.DataFrame:
    """Contracts in the order they began: ``entity, begins, ends`` (months) ``, length`` (in months, not bounded)."""
    ledger = book.tables["subscriptions"]
    if "term_end_date" not in ledger:
        return pd.DataFrame({"entity": [], "begins": [], "ends": [], "length": []})
    rows = rows_of(book)
    rows = rows.assign(until=ledger["term_end_date"].reindex(rows.index), paid=0)
    if "billing_months" in ledger:  # a price that changed within a term begins later than its contract
        rows["paid"] = ledger["billing_months"].reindex(rows.index).fillna(0).astype("int64")
    rows = rows[(rows["amount"] > 0) & rows["until"].notna() & (rows["until"] > rows["start_date"])]
    rows = rows.sort_values(["start_date", "until", "paid"], kind="stable")
    anchor = anchor_day(book.as_of)
    begins, ends = (_months(rows[name], anchor) for name in ("start_date", "until"))
    length = np.maximum(ends - begins, rows["paid"].to_numpy(dtype=np.int64))
    return pd.DataFrame({"entity": rows["entity"], "begins": begins, "ends": ends, "length": length})


def _months(days: pd.Series[pd.Timestamp], anchor: int) -> Ints:
    month = days.dt.year * 12 + days.dt.month - 1 + (days.dt.day > anchor)
    return np.asarray(month, dtype=np.int64)


def _flows(level: Floats, kind: npt.NDArray[np.int8]) -> Floats:
    n = max(level.shape[1] - QUARTER, 0)
    before, after = level[:, :n], level[:, QUARTER:]
    flows = np.zeros((level.shape[1] + 1, 2 * AGES, 4))
    for name in range(2 * AGES):
        of_kind = (kind[:, :n] == name) & (before > 0)
        parts = (before, after, np.minimum(before, after), np.ones_like(before))
        for i, amount in enumerate(parts):
            flows[QUARTER + 1 :, name, i] = (amount * of_kind).sum(axis=0).cumsum()
    return flows


def expect(ahead: Ahead, at: int, *, quarters: int) -> Expected:
    """What the accounts of month number `at` will pay after each of the next quarters, as known then.

    Parameters
    ----------
    ahead : Ahead
        The ledger, see :func:`watch`.
    at : int
        Position of the month in ``ahead.months``; nothing after it is looked at.
    quarters : int
        How many quarters ahead.
    """
    since = max(at + 1 - PAST, 0)
    before, after, kept, n = (ahead.flows[at + 1] - ahead.flows[since]).T
    whole, looked = before.sum(), n.sum()
    level = ahead.level[:, at]
    factors = []
    for flow in (after, kept):
        average = flow.sum() / whole if whole > 0 else 1.0
        lean = ENOUGH * whole / looked if looked else 1.0
        factors.append((flow + lean * average) / (before + lean))
    net, gross = level.copy(), level.copy()
    sums = np.zeros((2, quarters))
    for quarter in range(quarters):
        month = ahead.months[at] + QUARTER * quarter
        kind = _kinds(np.asarray(month), ahead.first, ahead.due[:, at], ahead.term[:, at])
        net, gross = net * factors[0][kind], gross * factors[1][kind]
        sums[:, quarter] = net.sum(), gross.sum()
    return Expected(float(level.sum()), sums[0], sums[1], _new(ahead.level, at))


def _new(level: Floats, at: int) -> float:
    """ARR at the end of a quarter of accounts that did not pay at its beginning, mean of the last eight."""
    ends = range(at, max(at - 8 * QUARTER, QUARTER - 1), -QUARTER)
    came = [float(level[level[:, end - QUARTER] == 0, end].sum()) for end in ends]
    return float(np.mean(came)) if came else 0.0
