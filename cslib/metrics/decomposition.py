"""Why the headline moved: what changed within segments (rate), and what changed in their weights (mix)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS
from cslib.metrics.pairs import Ratio, pairs_at, parts
from cslib.months import anchor_day, month_of, months_before
from cslib.stats.decompose import das_gupta

__all__ = ["AGE", "decompose"]

AGE: Final = "age at opening"
YEARS: Final = ("under 1 year", "1 to 2 years", "2 to 3 years", "3 to 4 years", "4 years and more")
Floats = npt.NDArray[np.float64]


def decompose(
    book: Book, *, by: str, metric: Ratio, window: int = 12, months_ago: Sequence[int] = (12, 9, 6, 3, 0)
) -> pd.DataFrame:
    """Change of a ratio between windows, split into mix and rate by segment; ratio points, and they add up exactly.

    Parameters
    ----------
    book : Book
        The company.
    by : str
        Column of accounts or subscriptions; ``"age at opening"`` parts the accounts by full years since their first
        payment instead: its mix is what the ageing of the book alone would have done.
    metric : {"net_retention", "gross_retention", "logo_retention"}
        What is split.
    window : int
        Months of each window.
    months_ago : sequence of int
        How long before the as-of day the windows close, two or more; effects chain over them: what happened in two
        quarters is the sum of what happened in each.

    Returns
    -------
    DataFrame
        Row key ``start, end`` (closes of the two windows compared: each neighbouring pair, and first to last where
        there are more), ``segment``: ``metric, convention, by, mix, rate`` (ratio points; mix of a segment against the
        book's average), ``value`` (their sum), ``before, after`` (ratio of the segment; NaN where it had no account),
        ``share_before, share_after`` (of the opening), ``unit``, ``whole`` (first to last). Windows without an account
        at the opening are left out; empty when fewer than two are left.

    Raises
    ------
    ValueError
        When the column is unknown, the window not positive, or fewer than two windows are asked for.

    Source: Das Gupta (1993), Standardization and Decomposition of Rates, chapters 2 and 6; mix by segment against the
    average as in Kitagawa (1955).
    """
    asked = sorted(set(months_ago), reverse=True)
    if len(asked) < 2:
        raise ValueError(f"months_ago: found {asked}, expected two or more windows to compare")
    sums = {ago: _sums(book, by, metric, window, ago) for ago in asked}
    known = [ago for ago in asked if sums[ago]["denominator"].sum() > 0]
    columns = ["metric", "convention", "start", "end", "by", "segment", "mix", "rate", "value", "before", "after",
               "share_before", "share_after", "unit", "whole"]  # fmt: skip
    if len(known) < 2:
        return pd.DataFrame(columns=columns).astype({"whole": "bool"})
    found = set().union(*(sums[ago].index for ago in known))
    segments = [name for name in YEARS if name in found] if by == AGE else sorted(found)
    held, kept = (
        np.array([sums[ago][name].reindex(segments).fillna(0) for ago in known], dtype=np.float64)
        for name in ("denominator", "numerator")
    )
    share = held / held.sum(axis=1, keepdims=True)
    ratio = np.divide(kept, held, out=np.full_like(kept, np.nan), where=held > 0)
    whole = (kept.sum(axis=1) / held.sum(axis=1))[:, None]
    mix, rate = _effects(share, _filled(ratio), whole)
    pairs = [*pairwise(range(len(known))), *([(0, len(known) - 1)] if len(known) > 2 else [])]
    ends = [pd.Timestamp(months_before(book.as_of, ago)) for ago in known]
    frames = [
        pd.DataFrame(
            {"metric": metric, "convention": DEFAULTS[metric].name, "start": ends[i], "end": ends[j], "by": by,
             "segment": segments, "mix": mix[:, i, j], "rate": rate[:, i, j], "value": mix[:, i, j] + rate[:, i, j],
             "before": ratio[i], "after": ratio[j], "share_before": share[i], "share_after": share[j],
             "unit": "ratio points", "whole": (i, j) == (0, len(known) - 1)}
        )
        for i, j in pairs
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)[columns]


def _sums(book: Book, by: str, metric: Ratio, window: int, ago: int) -> pd.DataFrame:
    pairs = pairs_at(book, window=window, months_ago=ago, by=None if by == AGE else by)
    pairs = pairs[pairs["opening"] > 0]
    numerator, denominator = parts(pairs, metric)
    segment = pairs[by] if by != AGE else _years(pairs["began"], book, back=ago + window)
    return (
        pd.DataFrame({"numerator": numerator, "denominator": denominator}).groupby(segment.rename("s")).sum()
    )


def _years(began: pd.Series[int], book: Book, *, back: int) -> pd.Series[str]:
    """Full years since the first paid reading, at the reading `back` months before the as-of day."""
    opened = month_of(book.as_of, anchor=anchor_day(book.as_of)) - back
    years = ((opened - began) // 12).clip(upper=len(YEARS) - 1)
    return years.map(dict(enumerate(YEARS))).astype("str")


def _filled(ratio: Floats) -> Floats:
    """Ratios of segments that are empty at a date taken from their nearest: there only mix moves."""
    frame = pd.DataFrame(ratio)
    return np.asarray(frame.ffill().bfill().fillna(0.0), dtype=np.float64)


def _effects(share: Floats, ratio: Floats, whole: Floats) -> tuple[Floats, Floats]:
    """Mix and rate of each segment from every window to every other: arrays of segment, from, to."""
    mix, rate = [], []
    # Shares add up to 1 at every date, so an average taken off the ratios moves between segments and not in the sum.
    average = float(whole.mean())
    for s in range(share.shape[1]):
        effect = das_gupta([share[:, s], ratio[:, s] - average]).effect
        mix.append(effect[0])
        rate.append(effect[1])
    return np.array(mix), np.array(rate)
