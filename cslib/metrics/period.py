"""Period or vintage: whether more is lost because of when accounts began, or because of what time it is."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.lives import lives
from cslib.months import anchor_day, month_of, months_before
from cslib.stats.hazard import hazard_ratios

__all__ = ["period_or_vintage"]

LEAST: Final = 5  # losses on either side, below which nothing is compared
Ints = npt.NDArray[np.int64]
TERMS: Final = ("newer vintages", "recent months")
COLUMNS: Final = [
    "metric", "convention", "term", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit", "low",
    "high", "level", "p", "passed", "verdict",
]  # fmt: skip


def _counts(ages: tuple[Ints, Ints], longest: int) -> Ints:
    """Accounts at risk at each age from 1, of which each is looked at from its first to its last age, both included."""
    first, last = ages
    some = last >= first
    opened = np.bincount(first[some], minlength=longest + 2)
    closed = np.bincount(last[some] + 1, minlength=longest + 2)
    return np.asarray((opened - closed).cumsum()[1 : longest + 1], dtype=np.int64)


def period_or_vintage(book: Book, *, span: int = 12, level: float = 0.95) -> pd.DataFrame:
    """How many times as often accounts leave at equal age: newer vintages, and recent months, each with the other held.

    The two are told apart by accounts that are one and not the other: newer accounts before the recent months, and
    older accounts in them.

    Parameters
    ----------
    book : Book
        The company.
    span : int
        Recent are the last `span` months; newer are accounts that began in the last ``2 * span``.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        Rows ``newer vintages`` and ``recent months`` (``term``): ``metric, convention, start, end``, ``value`` (hazard
        ratio), ``numerator`` (accounts of the term that left), ``denominator`` (their months at risk), ``n_accounts``
        (of the term), ``unit, low, high, level, p`` and ``passed`` (two tests are one question: at half of 5%), and
        ``verdict``, the same in both rows: vintage, period, both or cannot tell. Ratios are NaN where fewer than five
        accounts left on either side. Empty where the history is no longer than ``2 * span``.

    Raises
    ------
    ValueError
        When `span` is not positive.

    Source: Cox (1972) on the age of accounts, two contrasts; Bonferroni. Age, period and vintage are tied by
    arithmetic, so slopes cannot be told apart (Clayton and Schifflers 1987): this compares blocks, not trends. Mack's
    test of calendar years is not used on counts: most developments of a small cohort are exactly 1, and it takes ties
    for agreement.
    """
    if span < 1:
        raise ValueError(f"span: found {span}, expected months of 1 or more")
    accounts = lives(book).accounts
    now = month_of(book.as_of, anchor=anchor_day(book.as_of))
    if accounts.empty or int(accounts["cohort"].min()) >= now - 2 * span:
        return pd.DataFrame(columns=COLUMNS)
    cohort, last = (accounts[name].to_numpy(dtype=np.int64) for name in ("cohort", "last"))
    left = accounts["left"].to_numpy(dtype=np.float64)
    gone = np.isfinite(left)
    until = np.where(gone, np.nan_to_num(left), last).astype(np.int64)
    before = np.maximum(now - span - cohort, 0)  # ages up to this one lie before the recent months
    new = cohort > now - 2 * span
    longest = int(until.max())
    at_risk, ended = [], []
    for newer in (False, True):
        own = new == newer
        looked = ((np.ones_like(until), np.minimum(until, before)), (before + 1, until))
        for recent, (first, end) in enumerate(looked):
            at_risk.append(_counts((first[own], end[own]), longest))
            here = own & gone & ((left > before) == bool(recent))
            ended.append(np.bincount(until[here], minlength=longest + 1)[1:])
    risk, lost = np.array(at_risk).T, np.array(ended).T
    contrast = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    ratios = hazard_ratios(risk, lost, contrast, level=level)
    rows: list[dict[str, Any]] = []
    for k, (term, ratio) in enumerate(zip(TERMS, ratios, strict=True)):
        on = contrast[:, k] == 1
        known = min(lost[:, on].sum(), lost[:, ~on].sum()) >= LEAST
        value, low, high, p = ratio if known else (np.nan,) * 4
        n = int(new.sum()) if k == 0 else int((until > before).sum())
        rows.append(
            {"metric": "logo_loss", "convention": "hazard ratio at equal age", "term": term,
             "start": pd.Timestamp(months_before(book.as_of, span * (2 - k))), "end": pd.Timestamp(book.as_of),
             "value": value, "numerator": int(lost[:, on].sum()), "denominator": int(risk[:, on].sum()),
             "n_accounts": n, "unit": "ratio", "low": low, "high": high, "level": level, "p": p,
             "passed": bool(p <= (1 - level) / 2)}
        )  # fmt: skip
    passed = tuple(row["passed"] for row in rows)
    names = {(True, False): "vintage", (False, True): "period", (True, True): "both"}
    return pd.DataFrame(rows).assign(verdict=names.get(passed, "cannot tell"))[COLUMNS]
