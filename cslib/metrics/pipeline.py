"""Funnels, CSQLs and touches: what is on its way after the sale, and who began it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.capacity.bands import band_of
from cslib.metrics.retention import account_changes
from cslib.months import months_before

__all__ = ["csql_coverage", "funnels", "touch_direction"]


def funnels(
    book: Book, *, funnel: Mapping[str, Sequence[str]] | None = None, window: int = 24
) -> pd.DataFrame:
    """Funnels of customer success: how many accounts reach each stage in turn, and how long it takes.

    An account is in a stage when it reached it and every stage before it; counts never grow along a funnel, and the
    product of the conversions is the whole.

    Parameters
    ----------
    book : Book
        The company, with milestones or opportunities.
    funnel : Mapping, optional
        Name to its stages, which are milestones; onboarding (signed, kickoff, live, first_value) where none is
        given. The funnel of CSQLs (opened, decided, won) is added where there are opportunities.
    window : int
        Months in which accounts entered the first stage.

    Returns
    -------
    DataFrame
        A row a stage: ``funnel, stage, n_accounts, conversion`` (from the stage before; 1 in the first), ``overall``
        (from the first), ``days`` (median since the stage before).

    Raises
    ------
    Absent
        When there are neither milestones nor opportunities.

    Source: funnels after the sale. Systems: G17.
    """
    since = pd.Timestamp(months_before(book.as_of, window))
    told: list[dict[str, object]] = []
    if book.has("milestones"):
        steps = book.tables["milestones"]
        first = steps.groupby(["account_id", "milestone"])["date"].min().unstack()
        for name, stages in (funnel or {"onboarding": ("signed", "kickoff", "live", "first_value")}).items():
            told += _stages(name, stages, first.reindex(columns=list(stages)), since)
    if book.has("opportunities") and "closed_date" in book.tables["opportunities"]:
        deals = book.tables["opportunities"]
        own = deals[deals["kind"] == "csql"]
        won = (
            own["closed_date"].where(own["won"].fillna(False).astype(bool))
            if "won" in own
            else pd.Series(pd.NaT, index=own.index)
        )
        days = pd.DataFrame({"opened": own["created_date"], "decided": own["closed_date"], "won": won})
        told += _stages("CSQL", ("opened", "decided", "won"), days, since)
    if not told:
        raise Absent("it needs the table milestones or opportunities, of which neither was given")
    return pd.DataFrame(told)


def _stages(
    name: str, stages: Sequence[str], days: pd.DataFrame, since: pd.Timestamp
) -> list[dict[str, object]]:
    there = days[days[stages[0]] > since]
    rows, before, entered = [], len(there), len(there)
    for i, stage in enumerate(stages):
        there = there[there[stage].notna()]
        n = len(there)
        took = (there[stage] - there[stages[i - 1]]).dt.days if i else None
        rows.append({
            "funnel": name, "stage": stage, "n_accounts": n, "conversion": n / before if before else float("nan"),
            "overall": n / entered if entered else float("nan"),
            "days": took.median() if took is not None else float("nan"),
        })  # fmt: skip
        before = n
    return rows


def csql_coverage(book: Book) -> pd.DataFrame:
    """Live accounts that have an open CSQL, by size of deal, and how old those are.

    Returns
    -------
    DataFrame
        A row a band that has accounts and one ``all``: ``band, n_accounts, covered`` (distinct accounts with an open
        CSQL), ``coverage`` (share), ``open`` (CSQLs), ``amount`` (minor units), ``age`` (median days),
        ``arr_without`` (ARR of accounts with none, minor units).

    Raises
    ------
    Absent
        When there are no opportunities.

    Source: a CSQL on every account. Systems: G32.
    """
    deals, day = book.need("opportunities"), pd.Timestamp(book.as_of)
    closed = deals["closed_date"] if "closed_date" in deals else pd.Series(pd.NaT, index=deals.index)
    live = account_changes(book, window=1).query("closing > 0")
    live = live.assign(band=band_of(live["closing"].to_numpy(), digits=book.minor_units))
    own = deals[(deals["kind"] == "csql") & closed.isna() & deals["account_id"].isin(live["account_id"])]
    own = own.assign(
        days=(day - own["created_date"]).dt.days,
        band=own["account_id"].map(live.set_index("account_id")["band"]),
    )
    live["covered"] = live["account_id"].isin(own["account_id"])
    rows = []
    for band in [*dict.fromkeys(live.sort_values("closing", ascending=False)["band"]), "all"]:
        part, mine = (live, own) if band == "all" else (live[live["band"] == band], own[own["band"] == band])
        n, covered = len(part), int(part["covered"].sum())
        rows.append({
            "band": band, "n_accounts": n, "covered": covered, "coverage": covered / n if n else float("nan"),
            "open": len(mine), "amount": int(mine["amount"].sum()), "age": mine["days"].median(),
            "arr_without": int(part.loc[~part["covered"], "closing"].sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def touch_direction(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Touches by who began them: outbound, inbound, and those of which it is not known.

    Returns
    -------
    DataFrame
        A row a size band that has touches and one ``all``: ``band, outbound, inbound, unknown`` (touches), ``ratio``
        (outbound over inbound; missing without inbound), ``n`` (all three).

    Raises
    ------
    Absent
        When there are no touches.

    Source: outbound, not inbound. Systems: G31.
    """
    touches = book.need("touches")
    recent = touches[touches["date"] > pd.Timestamp(months_before(book.as_of, window))]
    direction = recent["direction"] if "direction" in recent else pd.Series(pd.NA, index=recent.index)
    kind = direction.where(direction.isin(["outbound", "inbound"])).fillna("unknown")
    live = account_changes(book, window=window)
    size = pd.Series(
        band_of(live[["opening", "closing"]].max(axis=1).to_numpy(), digits=book.minor_units),
        index=live["account_id"],
    )
    band = recent["account_id"].map(size).fillna("under 1k")
    counts = pd.crosstab(band, kind).reindex(columns=["outbound", "inbound", "unknown"], fill_value=0)
    order = [name for name in dict.fromkeys(size.sort_index()) if name in counts.index]
    rows = pd.concat(
        [
            counts.loc[sorted(order, key=list(dict.fromkeys(size)).index)],
            counts.sum().rename("all").to_frame().T,
        ]
    )
    rows["ratio"] = rows["outbound"] / rows["inbound"].where(rows["inbound"] > 0)
    return (
        rows.assign(n=rows[["outbound", "inbound", "unknown"]].sum(axis=1))
        .rename_axis("band")
        .rename_axis(None, axis=1)
        .reset_index()
    )
