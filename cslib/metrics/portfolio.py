"""Several companies beside each other: a league with intervals, who changed, where to look first.

Ratios compare across currencies; amounts stand in each company's own and are never added to another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import nan, sqrt
from typing import Any, Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics import proof as one
from cslib.metrics import retention
from cslib.metrics.apart import notified_losses
from cslib.metrics.concentration import effective_accounts, leave_one_out
from cslib.metrics.pairs import RATIOS, pairs_at, parts
from cslib.metrics.uncertainty import changes, codes, intervals, single_accounts
from cslib.months import months_before
from cslib.stats.many import against_others, benjamini_hochberg, shrink
from cslib.stats.quantiles import Floats, normal_two_sided, t, t_two_sided, z
from cslib.stats.ratio import ratio_of_sums

__all__ = [
    "LEAST",
    "LIMIT",
    "changed",
    "currencies",
    "first_look",
    "league",
    "levels",
    "proofs",
    "series",
    "total",
]

LIMIT: Final = 0.10  # false-discovery limit over the companies
LEAST: Final = 5.0  # effective accounts below which a company is not tested
TIERS: Final = ("above the others", "cannot be told apart", "below the others")
LEVELS: Final = ("arr", "net_retention", "gross_retention", "logo_retention")


def _stacked(books: Iterable[Book], make: Callable[[Book], pd.DataFrame]) -> pd.DataFrame:
    """What `make` gives for every book, one below the other, led by ``company`` and ``currency``."""
    frames = []
    for book in books:
        frame = make(book)
        frame.insert(0, "company", book.name)
        frame.insert(1, "currency", book.currency)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"company": [], "currency": []})


OF_INTERVALS: Final = ("metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts",
                       "unit", "low", "high", "level", "n_effective")  # fmt: skip
OF_CHANGES: Final = (*OF_INTERVALS, "months_ago", "before", "now", "verdict", "delta", "detectable", "rests_on",
                     "rests_on_share")  # fmt: skip
WORDS: Final = {"company", "currency", "metric", "convention", "unit", "verdict", "rests_on"}


def _empty(columns: Sequence[str], **more: type) -> pd.DataFrame:
    """Frame without rows, its columns there all the same: a young portfolio is no error."""
    kinds: dict[str, Any] = {
        name: str if name in WORDS else float for name in ("company", "currency", *columns)
    }
    kinds |= {"start": "datetime64[s]", "end": "datetime64[s]", **more}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def currencies(books: Sequence[Book]) -> list[str]:
    """Reporting currencies of the companies, by code; amounts add up only where there is one."""
    return sorted({book.currency for book in books})


def league(books: Sequence[Book], *, window: int = 12, limit: float = LIMIT) -> pd.DataFrame:
    """Net, gross and logo retention of every company with its interval, and whether it differs from the others; ratios.

    Parameters
    ----------
    books : sequence of Book
        Companies, each with a name of its own.
    window : int
        Months between the two readings; it closes on each company's as-of day.
    limit : float
        Share of the companies set apart that may be chance (Benjamini-Hochberg, over companies within a metric).

    Returns
    -------
    DataFrame
        A row per metric and company: ``company, currency``, the columns of
        :func:`cslib.metrics.uncertainty.intervals`, ``others`` (mean of the others, weighed by precision), ``p``,
        ``adjusted`` (NaN where a company weighs fewer than five equal accounts or stands alone: not tested), ``tier``
        (above the others, cannot be told apart, below the others) and ``shrunk``, the ratio pulled towards the mean of
        all as far as its noise deserves. Within a metric in order of the tier, then of ``shrunk``, then of the name:
        the order within a tier means nothing.

    Raises
    ------
    ValueError
        When the window is not positive or the limit is no share.

    Source: Benjamini and Hochberg (1995); random-effects mean of the others (Hedges and Olkin 1985); shrinkage by
    Paule and Mandel (1982).
    """
    if not 0 < limit < 1:
        raise ValueError(f"limit: found {limit}, expected a share between 0 and 1 such as 0.1")
    rows = _stacked(books, lambda book: intervals(book, window=window).assign(se=_errors(book, window)))
    if rows.empty:
        return _empty(OF_INTERVALS, others=float, p=float, adjusted=float, tier=str, shrunk=float)
    tested = [_tested(group.reset_index(drop=True), limit) for _, group in rows.groupby("metric", sort=False)]
    frame = pd.concat(tested, ignore_index=True)
    order = {tier: i for i, tier in enumerate(TIERS)}
    frame = frame.assign(
        _metric=frame["metric"].map({m: i for i, m in enumerate(RATIOS)}), _tier=frame["tier"].map(order)
    )
    frame = frame.sort_values(
        ["_metric", "_tier", "shrunk", "company"], ascending=[True, True, False, True], ignore_index=True
    )
    return frame.drop(columns=["se", "_metric", "_tier"])


def _errors(book: Book, window: int) -> list[float]:
    """Jackknife error of each ratio of :func:`intervals`, in its order."""
    pairs = pairs_at(book, window=window)
    opened = pairs[pairs["opening"] > 0]
    if not len(opened):
        return []
    cluster = codes(opened["cluster"])
    return [ratio_of_sums(*parts(opened, metric), cluster=cluster).se for metric in RATIOS]


def _tested(rows: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Companies of one metric, each against the others."""
    known = (rows["n_effective"] >= LEAST) & rows["value"].notna()
    bounded = rows["metric"].iloc[0] != "net_retention"
    p, others, shrunk = (np.full(len(rows), nan) for _ in range(3))
    shrunk[:] = rows["value"]
    if known.sum() >= 2:
        some = rows[known]
        noise = _noise(some, bounded=bounded)
        found = against_others(some["value"], noise)
        others[known] = found.others
        shrunk[known] = shrink(some["value"], noise).value
        statistic = found.difference / found.se
        p[known] = [
            normal_two_sided(s) if bounded else t_two_sided(s, n - 1)
            for s, n in zip(statistic, some["n_effective"], strict=True)
        ]
    adjusted = np.full(len(rows), nan)
    if known.sum() >= 2:
        adjusted[known] = benjamini_hochberg(p[known], limit=limit).adjusted
    passed = adjusted <= limit
    above = rows["value"].to_numpy() > others
    tier = np.where(passed & above, TIERS[0], np.where(passed, TIERS[2], TIERS[1]))
    return rows.assign(others=others, p=p, adjusted=adjusted, tier=tier, shrunk=shrunk)


def _noise(rows: pd.DataFrame, *, bounded: bool) -> Floats:
    """Standard errors that none of the companies owes to having lost nobody, or moved nobody, by luck."""
    own = rows["se"].fillna(0).to_numpy(dtype=np.float64)
    n = rows["n_effective"].to_numpy(dtype=np.float64)
    if not bounded:
        typical = float(np.sqrt(np.average(own**2 * n, weights=n)))  # spread of one equal account, over all
    else:
        kept = float(np.average(rows["value"], weights=n))
        typical = sqrt(max(kept * (1 - kept), 0.0))
    floor: Floats = max(typical, 1e-9) / np.sqrt(n)
    noise: Floats = np.maximum(own, floor)
    return noise


def changed(
    books: Sequence[Book], *, delta: float | None, window: int = 12, months_ago: int = 3, limit: float = LIMIT
) -> pd.DataFrame:
    """Change of every company's retention since an earlier window, with verdicts that hold for all of them; points.

    Parameters
    ----------
    books, window, limit
        As in :func:`league`.
    delta : float or None
        Change below which retention counts as unchanged, set before looking.
    months_ago : int
        How long before the as-of day the earlier window closes.

    Returns
    -------
    DataFrame
        A row per company and metric: ``company, currency``, the columns of
        :func:`cslib.metrics.uncertainty.changes`, ``p`` (that of the interval), ``adjusted`` (over all rows; NaN where
        the book is too concentrated for an interval). ``verdict`` is ``changed`` only where the interval leaves 0 out
        and the change passes the false-discovery limit over all companies and metrics; where only the first holds it
        is ``cannot tell``.

    Source: Benjamini and Hochberg (1995) over the paired jackknife changes.
    """
    rows = _stacked(books, lambda book: changes(book, delta=delta, window=window, months_ago=[months_ago]))
    if rows.empty:
        return _empty(OF_CHANGES, p=float, adjusted=float)
    p = np.array([_p(row) for row in rows.to_dict("records")])
    adjusted = np.full(len(rows), nan)
    known = ~np.isnan(p)
    adjusted[known] = benjamini_hochberg(p[known], limit=limit).adjusted
    alone = (rows["verdict"] == "changed") & ~(adjusted <= limit)
    return rows.assign(p=p, adjusted=adjusted, verdict=rows["verdict"].mask(alone, "cannot tell"))


def _p(row: dict[Any, Any]) -> float:
    """Probability of a change as large by chance, from the side of its interval that faces 0."""
    value = row["value"]
    side = value - row["low"] if value > 0 else row["high"] - value
    if pd.isna(side):
        return nan
    if value == 0 or side == 0:
        return 1.0
    if row["metric"] == "net_retention":
        df = row["n_effective"] - 1
        return t_two_sided(abs(value) * t(row["level"], df) / side, df)
    return normal_two_sided(abs(value) * z(row["level"]) / side)


def levels(
    books: Sequence[Book], *, window: int = 12, months_ago: Sequence[int] = (0, 3, 12)
) -> pd.DataFrame:
    """ARR and the ratios of every company, now and before: ``company, currency`` and the columns of the headline."""
    return _stacked(
        books,
        lambda book: (
            retention.headline(book, window=window, base="arr", months_ago=months_ago)
            .query("metric in @LEVELS", local_dict={"LEVELS": LEVELS})
            .reset_index(drop=True)
        ),
    )


def series(books: Sequence[Book], *, window: int = 12, quarters: int = 12) -> pd.DataFrame:
    """Net retention of every company at the last quarter ends; ratios, the oldest first.

    Returns ``company, currency`` and the columns of :func:`cslib.metrics.retention.net_retention`; a company has no row
    for a quarter end before its first whole window.
    """

    def recent(book: Book) -> pd.DataFrame:
        ends = [pd.Timestamp(months_before(book.as_of, 3 * ago)) for ago in range(quarters)]
        rows = retention.net_retention(book, window=window)
        return rows[rows["end"].isin(ends) & rows["value"].notna()].reset_index(drop=True)

    return _stacked(books, recent)


def first_look(books: Sequence[Book], *, window: int = 3) -> pd.DataFrame:
    """Where to look first: ARR lost in the window, and ARR in force whose end is known, in each company's currency.

    Parameters
    ----------
    books : sequence of Book
        Companies.
    window : int
        Months of the losses; the quarter's.

    Returns
    -------
    DataFrame
        A row per company: ``company, currency, arr, opening, lost`` (churn and contraction in the window), ``n_lost``
        (accounts), ``ending`` (paid today, cancelled for a later day), ``n_ending``, ``largest`` (name of the largest
        account of 12 months ago; empty where nobody paid) and ``largest_share`` of the ARR of then, ``at_stake`` (lost
        and ending), ``share`` (of opening ARR; NaN without one), ``unit``. Money in minor units. In order of ``share``:
        amounts of different currencies have no order.
    """
    rows = [_look(book, window) for book in books]
    frame = pd.DataFrame(rows, columns=list(LOOK))
    return frame.sort_values(["share", "company"], ascending=[False, True], ignore_index=True)


LOOK: Final = (
    "company", "currency", "arr", "opening", "lost", "n_lost", "ending", "n_ending", "largest", "largest_share",
    "at_stake", "share", "unit",
)  # fmt: skip


def _look(book: Book, window: int) -> dict[str, Any]:
    bridge = retention.bridge(book, window=window).set_index("metric")
    value = {m: int(bridge["value"].get(m, 0)) for m in retention.BRIDGE}
    n_lost = sum(int(bridge["n_accounts"].get(m, 0)) for m in retention.LOSSES)
    ending = notified_losses(book)
    top = leave_one_out(book, window=12).head(1)
    lost = value["contraction"] + value["churn"]
    stake = lost + int(ending["arr"].sum())
    return {
        "company": book.name, "currency": book.currency, "arr": value["closing"], "opening": value["opening"],
        "lost": lost, "n_lost": n_lost, "ending": int(ending["arr"].sum()),
        "n_ending": int(ending["account_id"].nunique()), "largest": str(top["name"].iloc[0]) if len(top) else "",
        "largest_share": float(top["share"].iloc[0]) if len(top) else nan, "at_stake": stake,
        "share": stake / value["opening"] if value["opening"] else nan, "unit": f"{book.currency} ARR",
    }  # fmt: skip


def total(books: Sequence[Book], *, window: int = 3) -> pd.DataFrame:
    """ARR bridge of all companies together; no row where they report in more than one currency.

    Columns of :func:`cslib.metrics.retention.bridge`: sums of the companies' own, to the minor unit.
    """
    bridges = _stacked(books, lambda book: retention.bridge(book, window=window))
    if len(currencies(books)) != 1 or bridges.empty:
        return bridges.iloc[:0].drop(columns=["company", "currency"])
    sums = bridges.groupby("metric", sort=False).agg(
        convention=("convention", "first"), start=("start", "first"), end=("end", "first"), value=("value", "sum"),
        n_accounts=("n_accounts", "sum"), unit=("unit", "first"),
    )  # fmt: skip
    return sums.reset_index()


def basis(book: Book, *, delta: float | None, window: int = 12) -> dict[str, Any]:
    """What the story of one company is told from, by the names of what its detectors read."""
    return {
        "headline": retention.headline(book, window=window, base="arr", months_ago=(0, 3, 12)),
        "since": changes(
            book, delta=delta, window=window, months_ago=(3, 12), level=1 - 0.05 / (2 * len(RATIOS))
        ),  # six looks at one question share one error in twenty, as in the company's own report
        "singles": single_accounts(book, window=window),
        "effective": effective_accounts(book, window=window),
        "moves": retention.account_changes(book, window=window),
        "window": window,
        "account": book.account,
        "as_of": book.as_of,
        "beyond": bool(book.warnings),
    }


def read(books: Sequence[Book]) -> pd.DataFrame:
    """Rows of all tables of every company: ``company, rows_read, rows_kept, rows_after_as_of, rows_rejected``."""
    counts = ["rows_read", "rows_kept", "rows_after_as_of", "rows_rejected"]
    rows = [{"company": book.name, **book.account[counts].sum().astype("int64").to_dict()} for book in books]
    return pd.DataFrame(rows, columns=["company", *counts])


def proofs(books: Sequence[Book], *, window: int = 3) -> pd.DataFrame:
    """Every identity of every company, as :func:`cslib.metrics.proof.proof` tests it; ``check`` names the company."""
    frames = [
        found.assign(check=book.name + ": " + found["check"], company=book.name)
        for book in books
        for found in [one.proof(book, window=window)]
    ]
    kept = ["check", "left", "right", "n", "failed", "detail", "holds", "company"]
    return pd.concat(frames, ignore_index=True)[kept] if frames else pd.DataFrame(columns=kept)
