"""Growth: ARR against a path, three levers, what follows the first deal, and the size at which customers land."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.decomposition import AGE, decompose
from cslib.metrics.retention import account_changes, arr, bridge
from cslib.months import months_before

__all__ = [
    "PATH",
    "age_mix",
    "follow_on",
    "growth_path",
    "landing",
    "landing_what_if",
    "levers",
    "pace",
    "path",
]

PATH: Final = (3.0, 3.0, 2.0, 2.0, 2.0)
"""Growth of five years in a row: triple, triple, double, double, double. Source: Battery Ventures,
Neeraj Agrawal, 2015."""


def path(start: float, *, steps: Sequence[float] = PATH) -> list[float]:
    """ARR at the end of each year that begins with `start`.

    >>> path(2.0)
    [2.0, 6.0, 18.0, 36.0, 72.0, 144.0]

    Source: triple, triple, double, double, double. Systems: G05.
    """
    return [float(level) for level in np.cumprod([start, *steps])]


def pace(arr: float, years: float, *, start: float, steps: Sequence[float] = PATH) -> float:
    """How far ARR lies from the path after `years`, in log steps: 0 on it, above 0 ahead; between years it is
    geometric.

    >>> pace(36.0, 3, start=2.0), round(pace(9.0, 2, start=2.0), 4)
    (0.0, -0.6931)
    """
    if arr <= 0 or years < 0 or years > len(steps):
        return float("nan")
    levels = np.log(path(start, steps=steps))
    return float(np.log(arr) - np.interp(years, np.arange(len(levels)), levels))


def growth_path(book: Book, *, start: float = 2_000_000, steps: Sequence[float] = PATH) -> pd.DataFrame:
    """ARR of each year end since it first reached `start`, against the path from there.

    Parameters
    ----------
    book : Book
        The company.
    start : float
        Whole units of the reporting currency at which the path begins.
    steps : sequence of float
        Growth of each year.

    Returns
    -------
    DataFrame
        A row a year since the month that first reached `start`: ``end, years, arr`` (minor units), ``path`` (minor
        units, half to even), ``pace`` (log steps), ``ahead`` (years by which the path reaches this ARR later,
        negative when behind; missing beyond the path). Empty where `start` was never reached.

    Source: triple, triple, double, double, double. Systems: G05.
    """
    levels = arr(book)
    scale = 10**book.minor_units
    there = levels[levels["value"] >= start * scale]
    columns = ["end", "years", "arr", "path", "pace", "ahead"]
    if there.empty:
        return pd.DataFrame(columns=columns)
    since = levels[levels["end"] >= there["end"].iloc[0]].reset_index(drop=True)
    first = int(since["value"].iloc[0]) / scale
    logs = np.log(path(first, steps=steps))
    rows = []
    for i in sorted({*range(0, len(since), 12), len(since) - 1}):
        years, level = i / 12, int(since["value"].iloc[i])
        on = (
            float(np.exp(np.interp(years, np.arange(len(logs)), logs)))
            if years <= len(steps)
            else float("nan")
        )
        reached = (
            np.interp(np.log(level / scale), logs, np.arange(len(logs)), left=np.nan, right=np.nan)
            if level
            else np.nan
        )
        rows.append({
            "end": since["end"].iloc[i], "years": years, "arr": level,
            "path": round(on * scale) if not np.isnan(on) else None, "pace": pace(level / scale, years,
            start=first, steps=steps),
            "ahead": float(reached) - years,
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"path": "Int64"})


def levers(book: Book, *, years: int = 3, point: float = 0.01) -> pd.DataFrame:
    """ARR after some years if one of three levers moved by a point: win more, sell more to customers, keep more.

    The base goes on as the last twelve months did, year by year: the same amount won (new and returning), the same
    rates of what customers added and of what was kept. A point is of opening ARR. A calculation, not a forecast.

    Returns
    -------
    DataFrame
        A row a lever, ``base`` first: ``lever`` (base, win, grow, keep), ``rate`` (of opening ARR, in the base),
        ``arr`` (minor units after `years`, half to even), ``more`` (than the base). A `point` of 0 gives the base
        in every row.

    Source: three ways to bend the curve. Systems: G06.
    """
    moved = bridge(book, window=12).set_index("metric")["value"].astype("int64")
    opening, now = int(moved["opening"]), int(moved["closing"])
    whole = opening if opening else 1
    rates = {
        "win": (moved["new"] + moved["reactivation"]) / whole,
        "grow": moved["expansion"] / whole,
        "keep": 1 - (moved["contraction"] + moved["churn"]) / whole,
    }
    won = now - round(opening * (rates["grow"] + rates["keep"]))

    def after(*, win: float = 0.0, kept: float = 0.0) -> int:
        level = float(now)
        for _ in range(years):
            level = level * (rates["grow"] + rates["keep"] + kept) + won + win * opening
        return round(level)

    base = after()
    moved_by = {"win": after(win=point), "grow": after(kept=point), "keep": after(kept=point)}
    rows: list[dict[str, object]] = [{"lever": "base", "rate": sum(rates.values()), "arr": base, "more": 0}]
    rows += [
        {"lever": name, "rate": rate, "arr": moved_by[name], "more": moved_by[name] - base}
        for name, rate in rates.items()
    ]
    return pd.DataFrame(rows)


def follow_on(book: Book) -> pd.DataFrame:
    """What customers paid after their first year over what they paid in it, by year of their first payment.

    Paid is ARR over twelve, summed over the months in which the price was in force, from the ledger.

    Returns
    -------
    DataFrame
        A row a cohort and one ``all``: ``cohort`` (year), ``n_accounts, first, later`` (minor units, half to even),
        ``multiple`` (later over first), ``years`` (that the cohort's youngest account could be observed after its
        first; the multiple can only have grown so far). Accounts in their first year are left out.

    Source: later revenue over the first deal; the field says about six. Systems: L15.
    """
    ledger = book.tables["subscriptions"]
    rows = ledger[ledger["arr"] > 0]
    day = pd.Timestamp(book.as_of) + pd.Timedelta(days=1)
    began = rows.groupby("account_id")["start_date"].min()
    old = began[began + pd.DateOffset(years=1) <= day]
    own = rows[rows["account_id"].isin(old.index)]
    if own.empty:
        return pd.DataFrame(columns=["cohort", "n_accounts", "first", "later", "multiple", "years"])
    until = own["end_date"].fillna(day).where(own["end_date"].fillna(day) < day, day)
    turn = own["account_id"].map(old) + pd.DateOffset(years=1)
    early = (until.where(until < turn, turn) - own["start_date"]).dt.days.clip(lower=0)
    late = (until - own["start_date"].where(own["start_date"] > turn, turn)).dt.days.clip(lower=0)
    paid = own.assign(first=own["arr"] * early / 365.25, later=own["arr"] * late / 365.25)
    paid["cohort"] = paid["account_id"].map(old).dt.year.astype("str")
    told = []
    for cohort in [*sorted(paid["cohort"].unique()), "all"]:
        part = paid if cohort == "all" else paid[paid["cohort"] == cohort]
        first, later = float(part["first"].sum()), float(part["later"].sum())
        youngest = old.reindex(part["account_id"].unique()).max()
        told.append({
            "cohort": cohort, "n_accounts": part["account_id"].nunique(), "first": round(first),
            "later": round(later),
            "multiple": later / first if first else float("nan"),
            "years": (day - youngest).days / 365.25 - 1 if len(part) else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(told)


def landing(book: Book) -> pd.DataFrame:
    """Size at which accounts land, and what they grew to, by year of their first payment.

    Returns
    -------
    DataFrame
        A row a year: ``cohort, n_accounts, median`` (ARR of the first price, minor units), ``landed`` (sum),
        ``now`` (ARR on the as-of day), ``multiple`` (now over landed, growth and losses together).

    Source: less land and expand at scale. Systems: G34.
    """
    ledger = book.tables["subscriptions"]
    rows = ledger[ledger["arr"] > 0].sort_values(["account_id", "start_date"])
    first = rows.groupby("account_id")["start_date"].transform("min")
    landed = (
        rows[rows["start_date"] == first]
        .groupby("account_id")
        .agg(arr=("arr", "sum"), day=("start_date", "min"))
    )
    now = account_changes(book, window=1).set_index("account_id")["closing"]
    landed["now"] = now.reindex(landed.index).fillna(0).astype("int64")
    told = landed.groupby(landed["day"].dt.year.astype("str").rename("cohort")).agg(
        n_accounts=("arr", "size"), median=("arr", "median"), landed=("arr", "sum"), now=("now", "sum")
    )
    told["median"] = told["median"].round().astype("int64")
    return told.assign(multiple=told["now"] / told["landed"]).reset_index()


def landing_what_if(book: Book, *, window: int = 12, more: float = 0.25) -> pd.DataFrame:
    """Net retention if accounts had landed larger by `more` and now paid what they pay: less of the growth is left
    to do.

    Only accounts that joined in the two years before the opening and grew since are changed: their opening ARR
    rises by `more`, at most to what they pay now.

    Returns
    -------
    DataFrame
        Two rows, ``as it was`` and ``landed larger``: ``case, opening, closing`` (minor units), ``value``.

    Source: new customers land fully baked. Systems: G34.
    """
    pairs = account_changes(book, window=window).query("opening > 0")
    ledger = book.tables["subscriptions"]
    began = pairs["account_id"].map(ledger[ledger["arr"] > 0].groupby("account_id")["start_date"].min())
    young = began > pd.Timestamp(months_before(book.as_of, window + 24))
    larger = (pairs["opening"] * (1 + more)).round().astype("int64")
    larger = larger.where(larger < pairs["closing"], pairs["closing"]).where(
        young & (pairs["closing"] > pairs["opening"]), pairs["opening"]
    )
    rows = []
    for case, opening in (("as it was", int(pairs["opening"].sum())), ("landed larger", int(larger.sum()))):
        closing = int(pairs["closing"].sum())
        rows.append(
            {
                "case": case,
                "opening": opening,
                "closing": closing,
                "value": closing / opening if opening else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def age_mix(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Change of net retention over a year, taken apart into the mix of customers' ages and the rate at each age.

    Parts of :func:`cslib.metrics.decomposition.decompose` by year of first payment; they add up to the change
    exactly.

    Source: Kitagawa 1955. Systems: G34.
    """
    return decompose(book, by=AGE, metric="net_retention", window=window)
