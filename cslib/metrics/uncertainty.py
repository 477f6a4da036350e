"""How far retention can be told from chance: intervals, changes with a verdict, dependence on single accounts.

The independent unit is the account, or its parent where one is known. Intervals describe what the same book could have
produced under the same conditions; they are not the sampling error of an incomplete list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS
from cslib.metrics.cuts import By, listed
from cslib.metrics.names import names_of
from cslib.metrics.pairs import RATIOS, Ratio, pairs_at, parts
from cslib.months import months_before
from cslib.stats.change import paired_change
from cslib.stats.concentration import leave_one_out, sign_flips
from cslib.stats.ratio import ratio_of_sums

__all__ = ["HEAVY", "RATIOS", "changes", "codes", "intervals", "single_accounts"]

HEAVY: Final = 0.10  # share of opening ARR from which an account is named beside the headline
SPAN: Final = ["low", "high", "level", "n_effective"]


def _groups(frame: pd.DataFrame, by: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    if not by:
        if len(frame):
            yield {}, frame
        return
    for key, group in frame.groupby(list(by)):
        yield dict(zip(by, key, strict=True)), group


def codes(clusters: pd.Series[str]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Clusters as integers in order of their names: the order of rows changes nothing, and sums are fast."""
    return pd.factorize(clusters, sort=True)[0]


def intervals(
    book: Book, *, window: int = 12, by: By = None, months_ago: Sequence[int] = (0,), level: float = 0.95
) -> pd.DataFrame:
    """Net, gross and logo retention with the range that chance alone would give the same book; ratios.

    Parameters
    ----------
    book : Book
        The company.
    window : int
        Months between the two readings.
    by : str, sequence of str or None
        Columns of accounts or subscriptions to cut by.
    months_ago : sequence of int
        How long before the as-of day each window closes; 0 is the one that closes on it.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        The columns of :mod:`cslib.metrics.retention` and ``low, high, level, n_effective`` (equal accounts that would
        weigh as much). ``low`` and ``high`` are NaN below five of them: the book is too concentrated to tell.

    Raises
    ------
    ValueError
        When the window is not positive or a column is unknown.

    Source: :mod:`cslib.stats.ratio`: errors taken about the hypothesised value; Wilson's interval for gross
    and logo retention, which cannot exceed 1, on the effective number of accounts at risk. Coverage measured in
    ``benchmarks/coverage.py``.

    Examples
    --------
    >>> book = Book.from_frames({"subscriptions": pd.DataFrame({
    ...     "account_id": list("ABCDEFGH"), "start_date": "2024-01-01", "end_date": [*[None] * 7, "2024-10-01"],
    ...     "mrr": 100, "currency": "USD"})}, as_of=pd.Timestamp(2025, 1, 31).date(), name="Acme", currency="USD")
    >>> intervals(book)[["metric", "value", "low", "high"]].round(2)
                metric  value   low  high
    0    net_retention   0.88  0.58  1.17
    1  gross_retention   0.88  0.53  0.98
    2   logo_retention   0.88  0.53  0.98
    """
    rows = []
    for ago in months_ago:
        pairs = pairs_at(book, window=window, months_ago=ago, by=by)
        end, start = (pd.Timestamp(months_before(book.as_of, ago + back)) for back in (0, window))
        for cut, group in _groups(pairs[pairs["opening"] > 0], listed(by)):
            cluster = codes(group["cluster"])
            for metric in RATIOS:
                y, x = parts(group, metric)
                found = ratio_of_sums(y, x, cluster=cluster, bounded=metric != "net_retention", level=level)
                rows.append(
                    {"metric": metric, "convention": DEFAULTS[metric].name, "start": start, "end": end, **cut,
                     "value": found.value, "numerator": int(y.sum()), "denominator": int(x.sum()),
                     "n_accounts": len(group), "unit": "ratio", "low": found.low, "high": found.high,
                     "level": level, "n_effective": found.n_eff}
                )  # fmt: skip
    fixed = ["value", "numerator", "denominator", "n_accounts", "unit", *SPAN]
    return pd.DataFrame(rows, columns=["metric", "convention", "start", "end", *listed(by), *fixed])


def changes(
    book: Book,
    *,
    delta: float | None,
    window: int = 12,
    by: By = None,
    months_ago: Sequence[int] = (3, 12),
    level: float = 0.95,
) -> pd.DataFrame:
    """Change of net, gross and logo retention since earlier windows, with what may be said of it; ratio points.

    The same accounts stand in both windows, so a change is paired: leaving an account out at both dates keeps what they
    share out of the error.

    Parameters
    ----------
    book, window, by, level
        As in :func:`intervals`.
    delta : float or None
        Change below which retention counts as unchanged, set before looking; None leaves that verdict out.
    months_ago : sequence of int
        How long before the as-of day each earlier window closes, 1 or more.

    Returns
    -------
    DataFrame
        A row per metric, earlier window and cut in which both windows have accounts: the columns of
        :mod:`cslib.metrics.retention` with ``value`` the change and ``numerator, denominator, n_accounts`` of now;
        ``months_ago, before, now`` (the two ratios), ``low, high, level, n_effective`` of the change, ``verdict``
        (changed, cannot tell, unchanged within delta), ``delta``, ``detectable`` (smallest true change that would be
        found four times of five), ``rests_on`` (name of the account without which the change has the other sign; empty
        when there is none) and ``rests_on_share`` of opening ARR.

    Raises
    ------
    ValueError
        When `delta` is not positive, the window or a lag is no number of months, or a column is unknown.

    Source: :func:`cslib.stats.change.paired_change`; two one-sided tests (Schuirmann 1987) for "unchanged".
    """
    last = pairs_at(book, window=window, by=by)
    keys = [*listed(by), "account_id", "cluster"]
    start, end = (pd.Timestamp(months_before(book.as_of, back)) for back in (window, 0))
    rows = []
    for ago in months_ago:
        earlier = pairs_at(book, window=window, months_ago=ago, by=by)
        both = earlier.merge(last, on=keys, how="outer", suffixes=("_before", "_now"), validate="one_to_one")
        money = [f"{side}_{when}" for when in ("before", "now") for side in ("opening", "closing")]
        both[money] = both[money].fillna(0).astype("int64")
        for cut, group in _groups(both, listed(by)):
            if not (group["opening_before"].any() and group["opening_now"].any()):
                continue
            cluster = codes(group["cluster"])
            for metric in RATIOS:
                (y0, x0), (y1, x1) = (_parts(group, metric, when) for when in ("before", "now"))
                step = 1.0 if metric == "logo_retention" else 0.0
                found = paired_change(y0, x0, y1, x1, delta=delta, cluster=cluster, step=step, level=level)
                turned = sign_flips(y0, x0, y1, x1, cluster=group["cluster"].to_numpy(dtype=object))
                name, share = _rests_on(book, turned.cluster, group)
                rows.append(
                    {"metric": metric, "convention": DEFAULTS[metric].name, "start": start, "end": end, **cut,
                     "value": found.value, "numerator": int(y1.sum()), "denominator": int(x1.sum()),
                     "n_accounts": int((x1 > 0).sum()), "unit": "ratio points", "months_ago": ago,
                     "before": found.before.value, "now": found.after.value, "low": found.low, "high": found.high,
                     "level": level, "n_effective": found.n_eff, "verdict": found.verdict, "delta": delta,
                     "detectable": found.detectable, "rests_on": name, "rests_on_share": share}
                )  # fmt: skip
    fixed = ["value", "numerator", "denominator", "n_accounts", "unit", "months_ago", "before", "now", *SPAN,
             "verdict", "delta", "detectable", "rests_on", "rests_on_share"]  # fmt: skip
    return pd.DataFrame(rows, columns=["metric", "convention", "start", "end", *listed(by), *fixed])


def _parts(both: pd.DataFrame, metric: Ratio, when: str) -> tuple[pd.Series[int], pd.Series[int]]:
    side = {"opening": both[f"opening_{when}"], "closing": both[f"closing_{when}"]}
    return parts(pd.DataFrame(side), metric)


def _rests_on(book: Book, turned: np.ndarray[Any, np.dtype[Any]], group: pd.DataFrame) -> tuple[str, float]:
    if not len(turned):
        return "", 0.0
    held = group.loc[group["cluster"] == turned[0], "opening_now"].sum() / group["opening_now"].sum()
    return str(names_of(book, pd.Series([str(turned[0])])).iloc[0]), float(held)


def single_accounts(book: Book, *, window: int = 12, level: float = 0.95) -> pd.DataFrame:
    """Net retention without each account, or group under one parent, the one it depends on most first; a ratio.

    Parameters
    ----------
    book, window, level
        As in :func:`intervals`.

    Returns
    -------
    DataFrame
        A row per cluster, the strongest first: ``account_id, name, n_accounts`` (in it), ``opening, closing`` (ARR,
        minor units), ``share`` of opening ARR, ``value`` (net retention without it), ``moves`` (the book's figure
        less that), and flags: ``heavy`` (a tenth of opening ARR or more), ``outweighs`` (moves the figure by more
        than half the interval), ``turns`` (growth and decline change places without it).

    Source: leave-one-out values of the jackknife, Efron and Tibshirani (1993), chapter 11.
    """
    pairs = pairs_at(book, window=window)
    pairs = pairs[pairs["opening"] > 0]
    y, x = parts(pairs, "net_retention")
    whole = ratio_of_sums(y, x, cluster=codes(pairs["cluster"]), level=level)
    left = leave_one_out(y, x, cluster=pairs["cluster"].to_numpy(dtype=object))
    sums = pairs.groupby("cluster").agg(
        n_accounts=("account_id", "size"), opening=("opening", "sum"), closing=("closing", "sum"))  # fmt: skip
    frame = sums.reset_index(names="account_id")
    frame.insert(1, "name", names_of(book, frame["account_id"]))
    frame = frame.assign(share=frame["opening"] / frame["opening"].sum(), value=left.value)
    frame["moves"] = whole.value - frame["value"]
    frame["heavy"] = frame["share"] >= HEAVY
    frame["outweighs"] = frame["moves"].abs() > (whole.high - whole.low) / 2
    frame["turns"] = (frame["value"] - 1) * (whole.value - 1) < 0
    order = frame["moves"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)
