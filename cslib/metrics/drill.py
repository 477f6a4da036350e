"""Drill-down: which parts of the book differ from the rest by more than chance, when many are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS
from cslib.metrics.held import own_columns
from cslib.metrics.pairs import Ratio, pairs_at, parts
from cslib.metrics.uncertainty import codes
from cslib.months import months_before
from cslib.stats.change import paired_change
from cslib.stats.many import benjamini_hochberg, shrink
from cslib.stats.quantiles import Floats, normal_two_sided, t_two_sided

__all__ = ["LIMIT", "columns_to_compare", "drill_down"]

LIMIT: Final = 0.10  # false-discovery limit
LEAST: Final = 5.0  # effective accounts on either side, below which a test is not worth its name
KNOWN: Final = [
    "column",
    "segment",
    "value",
    "numerator",
    "denominator",
    "n_accounts",
    "rest",
    "difference",
    "low",
    "high",
    "n_effective",
    "p",
    "shrunk",
]
NO_PART: Final = {"account_id", "name", "parent_id", "owner"}


def columns_to_compare(book: Book, *, most: int = 12) -> list[str]:
    """Columns of accounts that part a book in 2 to `most` segments, in order; names, owners and parents are none."""
    if book.warehouse is not None:
        return [name for name, n in own_columns(book).items() if name not in NO_PART and 2 <= n <= most]
    accounts = book.tables["accounts"] if book.has("accounts") else pd.DataFrame()
    sizes = {str(name): accounts[name].nunique() for name in accounts.columns if name not in NO_PART}
    return [name for name, n in sizes.items() if 2 <= n <= most]


def drill_down(
    book: Book, *, by: Sequence[str], metric: Ratio, window: int = 12, limit: float = LIMIT
) -> pd.DataFrame:
    """Every segment of several columns against the rest of the book, tested together at a false-discovery limit.

    Parameters
    ----------
    book : Book
        The company; the window closes on its as-of day.
    by : sequence of str
        Columns of accounts or subscriptions, looked at one after the other.
    metric : {"net_retention", "gross_retention", "logo_retention"}
        What is compared.
    window : int
        Months between the two readings.
    limit : float
        Share of the segments that pass which may be chance (Benjamini-Hochberg).

    Returns
    -------
    DataFrame
        A row per ``column, segment`` that had accounts at the opening: the columns of
        :mod:`cslib.metrics.retention`; ``rest`` (ratio of all others), ``difference, low, high, level`` (95%),
        ``p`` and ``adjusted`` (NaN where either side weighs fewer than five equal accounts: not tested), ``passed``,
        and ``shrunk``, the ratio pulled towards the mean of its column as far as its noise deserves: rank by that.

    Raises
    ------
    ValueError
        When a column is unknown, the window is not positive or the limit is no share.

    Source: Benjamini and Hochberg (1995); two-sample score test on effective numbers (Rao and Scott 1981), which needs
    no losses in a segment; for net retention with a spread no smaller than the jackknife's.
    """
    if not 0 < limit < 1:
        raise ValueError(f"limit: found {limit}, expected a share between 0 and 1 such as 0.1")
    start, end = (pd.Timestamp(months_before(book.as_of, back)) for back in (window, 0))
    frames = []
    for column in by:
        pairs = pairs_at(book, window=window, by=column)
        rows = _against_rest(pairs[pairs["opening"] > 0], column, metric)
        if len(rows):
            frames.append(rows.assign(shrunk=_shrunk(rows)))
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=KNOWN)
    found["p"] = found["p"].astype("float64")
    tested = found["p"].notna()
    adjusted = np.full(len(found), nan)
    adjusted[tested] = benjamini_hochberg(found.loc[tested, "p"], limit=limit).adjusted
    found = found.assign(
        metric=metric, convention=DEFAULTS[metric].name, start=start, end=end, unit="ratio", level=0.95,
        adjusted=adjusted, passed=adjusted <= limit,
    )  # fmt: skip
    return found[["metric", "convention", "start", "end", "column", "segment", "value", "numerator", "denominator",
                  "n_accounts", "unit", "rest", "difference", "low", "high", "level", "n_effective", "p", "adjusted",
                  "passed", "shrunk"]]  # fmt: skip


def _against_rest(pairs: pd.DataFrame, column: str, metric: Ratio) -> pd.DataFrame:
    y, x = (np.asarray(part, dtype=np.float64) for part in parts(pairs, metric))
    cluster = codes(pairs["cluster"])
    bounded = metric != "net_retention"
    scatter = _scatter(y, x, cluster, bounded=bounded)
    rows: list[dict[str, Any]] = []
    for segment in sorted(pairs[column].unique()):
        inside = (pairs[column] == segment).to_numpy()
        row: dict[str, Any] = {"column": column, "segment": segment, "n_accounts": int(inside.sum())}
        row |= {"numerator": int(y[inside].sum()), "denominator": int(x[inside].sum())}
        found = paired_change(
            y * ~inside, x * ~inside, y * inside, x * inside, delta=None, cluster=cluster, bounded=bounded
        )
        own, rest = found.after, found.before
        row |= {"value": own.value, "rest": rest.value, "n_effective": own.n_eff, "se": own.se}
        row |= {"difference": found.value, "low": found.low, "high": found.high, "p": nan}
        if min(own.n_eff, rest.n_eff) >= LEAST:
            noise = sqrt(scatter * (1 / own.n_eff + 1 / rest.n_eff))
            if bounded:
                row["p"] = normal_two_sided(found.value / noise) if noise > 0 else 1.0
            else:
                # A segment that happens to have lost nobody has hardly any spread of its own.
                noise = max(noise, found.se)
                row["p"] = t_two_sided(found.value / noise, found.df) if noise > 0 else 1.0
        rows.append(row)
    return pd.DataFrame(rows)


def _scatter(y: Floats, x: Floats, cluster: npt.NDArray[np.intp], *, bounded: bool) -> float:
    """Variance of one equal account's ratio when every segment keeps what the whole book keeps."""
    if not x.sum():
        return nan
    share = float(y.sum() / x.sum())
    if bounded:
        return share * (1 - share)
    kept, held = np.bincount(cluster, weights=y), np.bincount(cluster, weights=x)
    return float(((kept - share * held) ** 2).sum() / (held**2).sum())


def _shrunk(rows: pd.DataFrame) -> pd.Series[float]:
    """Ratios of one column ranked fairly: a small segment stands out by noise more than a large one."""
    known = rows["se"] > 0
    if known.sum() < 2:
        return rows["value"]
    pulled = pd.Series(shrink(rows.loc[known, "value"], rows.loc[known, "se"]).value, rows.index[known])
    return pulled.reindex(rows.index).fillna(rows["value"])
