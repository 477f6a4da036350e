"""Any convention of a ratio, and the accounts that make it differ from the default.

A convention is two arrays, what every account adds to the numerator and to the denominator of every period, and a way
to make one ratio of the periods. So the ratio without an account is the same formula on sums less that account's part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.conventions import CONVENTIONS, DEFAULTS, Convention
from cslib.metrics.cuts import columns_of, cut_ledger
from cslib.metrics.names import names_of
from cslib.metrics.rows import ChurnDate
from cslib.months import anchor_day, month_of, months_before

__all__ = ["compare_conventions", "under"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RATIOS: Final = ("net_retention", "gross_retention", "logo_retention", "quick_ratio")
REACH: Final = 24  # the longest look back of a convention, in windows' months


@dataclass(frozen=True)
class Levels:
    """ARR of every account at the last readings: `amounts[account, month]`, the last column the as-of day."""

    accounts: pd.Index[str]
    amounts: Ints
    before: npt.NDArray[np.bool_]  # paid before the first column

    def at(self, months_ago: int) -> Ints:
        """Column `months_ago` before the as-of day."""
        return self.amounts[:, self.amounts.shape[1] - 1 - months_ago]


@dataclass(frozen=True)
class Parts:
    """What each account adds to numerator and denominator of each period, both (accounts, periods), and who counts."""

    numerator: Ints
    denominator: Ints
    n_accounts: int


@lru_cache(maxsize=8)
def _levels(book: Book, entity: str, months: int, churn_date: ChurnDate) -> Levels:
    """Only the months that conventions look at, and only accounts that paid in them."""
    cut = cut_ledger(book, entity=entity, churn_date=churn_date)  # type: ignore[arg-type]
    last = month_of(book.as_of, anchor=anchor_day(book.as_of))
    changes = np.zeros((len(cut.entities), months + 1), dtype=np.int64)
    column = (cut.steps["month"] - (last - months)).clip(lower=0).to_numpy()
    np.add.at(changes, (cut.steps["entity"].to_numpy(), column), cut.steps["delta"].to_numpy())
    before = np.zeros(len(cut.entities), dtype=bool)
    before[cut.steps.loc[cut.steps["first_month"] < last - months, "entity"].to_numpy()] = True
    return Levels(cut.entities, changes.cumsum(axis=1), before)


def _counts(
    levels: Levels, convention: Convention, book: Book, opening: Ints, *, opened: int
) -> npt.NDArray[np.bool_]:
    """Accounts that the convention lets in, by what they paid and what they were `opened` months ago."""
    smallest = convention.minimum_mrr * 12 * 10**book.minor_units
    counted: npt.NDArray[np.bool_] = opening >= max(smallest, 0)
    if convention.where:
        column, _, value = convention.where.partition("=")
        if convention in CONVENTIONS and column not in columns_of(book):
            return np.zeros_like(counted)  # a preset on a column this company does not have: undefined
        cut = cut_ledger(
            book,
            by=column.strip(),
            entity=convention.entity,
            churn_date=convention.churn_date,
            day=months_before(book.as_of, opened),
        )
        wanted = cut.labels.index[cut.labels[column.strip()] == value.strip()]
        members = cut.steps.loc[cut.steps["cut"].isin(wanted), "entity"].unique()
        counted &= levels.accounts.isin(cut.entities.take(members))
    return counted


def _endpoints(levels: Levels, convention: Convention, book: Book, opened: int, closed: int) -> Parts:
    then, now = levels.at(opened), levels.at(closed)
    starts = (then > 0) & _counts(levels, convention, book, then, opened=opened)
    if convention.metric == "logo_retention":
        then, now = (then > 0).astype(np.int64), (now > 0).astype(np.int64)
    if convention.losses == "churn":
        now = np.where(now > 0, np.maximum(then, now), 0)
    if convention.losses == "contraction":
        now = np.where(now > 0, now, then)
    if convention.gross_cap == "account":
        now = np.minimum(then, now)
    if convention.form == "survivors":
        starts &= levels.at(closed) > 0
    if convention.form == "totals":
        closing, opening = int(levels.at(closed).sum()), int(then.sum())
        now = np.where(starts, then, 0) if closing >= opening else now
    return Parts(np.where(starts, now, 0)[:, None], np.where(starts, then, 0)[:, None], int(starts.sum()))


def _flows(levels: Levels, convention: Convention, book: Book, opened: int, closed: int) -> Parts:
    first, last = levels.amounts.shape[1] - 1 - opened, levels.amounts.shape[1] - closed
    path = levels.amounts[:, first:last]
    was, now = path[:, :-1], path[:, 1:]
    change = now - was
    paid_before = levels.before[:, None] | (np.cumsum(levels.amounts > 0, axis=1)[:, first : last - 1] > 0)
    begins, returns = (was == 0) & (now > 0) & ~paid_before, (was == 0) & (now > 0) & paid_before
    lost = np.where(change < 0, change, 0).sum(axis=1)
    grown = np.where((change > 0) & (was > 0), change, 0).sum(axis=1)
    back = np.where(returns, change, 0).sum(axis=1) if convention.reactivation == "include" else 0
    opening = path[:, 0]
    if convention.metric == "quick_ratio":
        joined = np.where(begins, change, 0).sum(axis=1)
        counted = (change != 0) & (~returns if convention.reactivation == "exclude" else True)
        return Parts((joined + grown + back)[:, None], -lost[:, None], int(counted.sum()))
    starts = (opening > 0) & _counts(levels, convention, book, opening, opened=opened)
    who = starts if convention.whose_flows == "starters" else np.ones_like(starts)
    moved = lost if convention.gross_cap == "account" else lost + grown + back
    numerator = np.where(starts, opening, 0) + np.where(who, moved, 0)
    return Parts(numerator[:, None], np.where(starts, opening, 0)[:, None], int(starts.sum()))


def _revenue(levels: Levels, convention: Convention, book: Book, opened: int, closed: int) -> Parts:
    """Months of revenue, a twelfth of ARR each: this span against the one a year before it."""
    span = 12 if convention.window == REACH else int(convention.window or 3)
    end = levels.amounts.shape[1]
    now, then = levels.amounts[:, end - span :], levels.amounts[:, end - 12 - span : end - 12]
    first = then[:, 0] if span == 12 else then.sum(axis=1)
    starts = (first > 0) & _counts(levels, convention, book, first, opened=opened)
    num, den = (np.where(starts, part.sum(axis=1), 0) for part in (now, then))
    return Parts(num[:, None], den[:, None], int(starts.sum()))


_FORMS: Final[dict[str, Callable[[Levels, Convention, Book, int, int], Parts]]] = {
    "endpoints": _endpoints, "survivors": _endpoints, "totals": _endpoints, "flows": _flows, "revenue": _revenue,
}  # fmt: skip


def _parts(levels: Levels, convention: Convention, book: Book, *, window: int) -> Parts:
    form = _FORMS[convention.form]
    if convention.periods == "window":
        return form(levels, convention, book, window, 0)
    spans = (
        [(m + 1, m) for m in range(window)]
        if convention.periods == "months"
        else [(m + window, m) for m in range(12)]
    )
    each = [form(levels, convention, book, opened, closed) for opened, closed in reversed(spans)]
    n = each[-1].n_accounts if convention.periods == "points" else each[0].n_accounts
    return Parts(np.hstack([p.numerator for p in each]), np.hstack([p.denominator for p in each]), n)


def _combine(convention: Convention, numerator: Floats, denominator: Floats) -> Floats:
    """One ratio of the periods along the last axis; NaN where it is undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if convention.combine in ("ratio_of_sums", "weighted_mean_to_the_12th"):
            ratio = numerator.sum(axis=-1) / denominator.sum(axis=-1)
            one = np.where(denominator.sum(axis=-1) == 0, np.nan, ratio)
            return one if convention.combine == "ratio_of_sums" else one**12
        ratios = np.where(denominator == 0, np.nan, numerator / denominator)
        many = ratios.prod(axis=-1) if convention.combine == "product" else ratios.mean(axis=-1) ** 12
        return np.asarray(many, dtype=np.float64)


def under(book: Book, convention: Convention, *, window: int = 12) -> pd.DataFrame:
    """One metric under any convention, for the window that closes on the as-of day.

    Parameters
    ----------
    book : Book
        The company.
    convention : Convention
        A preset of :data:`cslib.conventions.CONVENTIONS` or one of the company's own, of a ratio.
    window : int
        Months, where the convention does not fix them.

    Returns
    -------
    DataFrame
        One row in the columns of :mod:`cslib.metrics.retention`. ``numerator`` and ``denominator`` are those of the
        ratio where it is one of two sums; missing where ratios are multiplied or averaged.

    Raises
    ------
    ValueError
        When the metric is no ratio.

    Source: each record names its own.
    """
    return compare_conventions(book, (convention,), window=window)[STANDARD]


STANDARD: Final = [
    "metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit",
]  # fmt: skip


def compare_conventions(
    book: Book, conventions: Sequence[Convention] | None = None, *, window: int = 12, causes: int = 3
) -> pd.DataFrame:
    """Every ratio under every convention, its distance from the default, and the accounts that cause it.

    Returns
    -------
    DataFrame
        The columns of :mod:`cslib.metrics.retention`, and ``title``, ``difference`` (ratio less the default's ratio),
        ``known_error``, and ``causes``: up to `causes` pairs of an account's name and its effect, the change of that
        difference when the account is left out, largest first.

    Systems: N09.
    """
    every = {
        (c.metric, c.name): c for c in (*CONVENTIONS, *book.conventions)
    }  # its own stands in for a preset
    chosen = [c for c in (conventions or every.values()) if c.metric in RATIOS]
    if book.warehouse is not None and not conventions:
        chosen = [c for c in chosen if c.of_accounts]
    if conventions and len(chosen) < len(conventions):
        raise ValueError(f"convention: found a level or a movement, expected one of {', '.join(RATIOS)}")
    rows = [_compared(book, c, window=window, causes=causes) for c in chosen]
    return pd.DataFrame(rows)


def _compared(book: Book, convention: Convention, *, window: int, causes: int) -> dict[str, object]:
    months = max(REACH, window + 12)
    default = DEFAULTS[convention.metric]
    value, without, parts, levels = _valued(book, convention, window=window, months=months)
    usual, usual_without, _, usual_levels = _valued(book, default, window=window, months=months)
    named: list[tuple[str, float]] = []
    if (
        levels.accounts.equals(usual_levels.accounts)
        and not np.isnan(value - usual)
        and abs(value - usual) > 1e-12
    ):
        effect = (value - usual) - (without - usual_without)
        effect = np.where(np.isnan(effect), 0, effect)
        order = _largest(np.abs(effect), levels.accounts, most=causes)
        names = names_of(book, pd.Series(levels.accounts[order]))
        named = list(zip(names, effect[order].tolist(), strict=True))
    summed = convention.combine == "ratio_of_sums"
    span = convention.window or window
    divisor = (
        12
        if convention.form == "revenue" or (book.base == "mrr" and convention.metric != "logo_retention")
        else 1
    )
    return {
        "metric": convention.metric, "convention": convention.name,
        "start": pd.Timestamp(months_before(book.as_of, span if span != 3 else 15)), "end": pd.Timestamp(book.as_of),
        "value": value, "numerator": int(parts.numerator.sum()) // divisor if summed else pd.NA,
        "denominator": int(parts.denominator.sum()) // divisor if summed else pd.NA, "n_accounts": parts.n_accounts,
        "unit": "ratio to one" if convention.metric == "quick_ratio" else "ratio",
        "title": convention.title, "difference": value - usual, "known_error": convention.known_error, "causes": named,
    }  # fmt: skip


def _largest(size: Floats, accounts: pd.Index[str], *, most: int) -> list[int]:
    """Places of the accounts with the largest effects; of equal ones the first by name, in whatever order rows come."""
    most = min(most, len(size))
    least = np.partition(size, -most)[-most] if most else 0.0
    some = np.flatnonzero((size >= least) & (size > 1e-12))
    return sorted(some.tolist(), key=lambda place: (-size[place], str(accounts[place])))[:most]


@lru_cache(maxsize=128)
def _valued(
    book: Book, convention: Convention, *, window: int, months: int
) -> tuple[float, Floats, Parts, Levels]:
    """Ratio, the ratio without each account, and what they are made of."""
    levels = _levels(book, convention.entity, months, convention.churn_date)
    parts = _parts(levels, convention, book, window=window)
    num, den = parts.numerator.astype(np.float64), parts.denominator.astype(np.float64)
    value = float(_combine(convention, num.sum(axis=0), den.sum(axis=0)))
    return value, _combine(convention, num.sum(axis=0) - num, den.sum(axis=0) - den), parts, levels
