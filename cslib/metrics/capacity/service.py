"""Service by size of account: visits due, a call plan that reaches everyone, plans kept, service on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.capacity.bands import EDGES, banded
from cslib.metrics.capacity.load import UNASSIGNED
from cslib.metrics.rules import RULES
from cslib.months import months_before

__all__ = [
    "PLAN",
    "STAGES",
    "call_days",
    "call_plan",
    "on_request",
    "service_plan",
    "stages",
    "touches_a_year",
    "visits",
]

STAGES: Final = ("onboarding", "first year", "later", "renewal near")
PLAN: Final[Mapping[str, int]] = {"onboarding": 3, "first year": 2, "later": 1, "renewal near": 2}
"""Touches due in a quarter by stage, of an account with an owner. A choice of this report, to be set to one's own."""


def visits(
    book: Book,
    *,
    edge: int = EDGES[0],
    needed: float = RULES["visits_a_year"].value,
    kinds: Sequence[str] = ("meeting", "qbr", "visit"),
) -> pd.DataFrame:
    """Visits to the largest accounts in the last twelve months, and when the next is due.

    Parameters
    ----------
    book : Book
        The company, with touches.
    edge : int
        Whole units of ARR from which (inclusive) an account is visited.
    needed : float
        Visits a year.
    kinds : sequence of str
        Kinds of touch that count as a visit.

    Returns
    -------
    DataFrame
        A row an account, the one with fewest visits and most ARR first: ``account_id, name, owner, arr`` (minor
        units), ``visits`` (in the 12 months up to the as-of day), ``last`` (day), ``due`` (last visit and 12 months
        over `needed`; the as-of day where there was none), ``light``: green when all visits were made, amber when
        some, red when none.

    Raises
    ------
    Absent
        When there are no touches.

    Source: Lemkin, SaaStr, at least two visits on site. Systems: L07.
    """
    touches = book.need("touches")
    made = touches[
        touches["kind"].isin(list(kinds)) & (touches["date"] > pd.Timestamp(months_before(book.as_of, 12)))
    ]
    live = banded(book)
    live = live[live["arr"] >= edge * 10**book.minor_units].drop(columns="band")
    days = made.drop_duplicates(["account_id", "date"]).groupby("account_id")["date"].agg(["size", "max"])
    live["visits"] = live["account_id"].map(days["size"]).fillna(0).astype("int64")
    live["last"] = live["account_id"].map(days["max"])
    due = live["last"] + pd.DateOffset(months=int(12 // needed))
    live["due"] = due.fillna(pd.Timestamp(book.as_of))
    live["light"] = np.select([live["visits"] >= needed, live["visits"] > 0], ["green", "amber"], "red")
    told: pd.DataFrame = live.sort_values(["visits", "arr", "account_id"], ascending=[True, False, True])
    return told.reset_index(drop=True)


def touches_a_year(
    accounts: int,
    *,
    calls_a_day: float = RULES["calls_a_day"].value,
    working_days: float = RULES["working_days"].value,
) -> float:
    """Touches each of `accounts` gets in a year from one CSM; NaN without accounts.

    >>> [touches_a_year(400, calls_a_day=calls) for calls in (2, 3, 5)]
    [1.0, 1.5, 2.5]

    Source: Lemkin, SaaStr: 400 customers, 200 working days, 3 to 5 customers a day. Systems: L09.
    """
    return calls_a_day * working_days / accounts if accounts else float("nan")


def call_plan(
    book: Book,
    *,
    bands: Sequence[str] = ("5k to 20k",),
    edges: Sequence[int] = EDGES,
    calls_a_day: float = RULES["calls_a_day"].value,
) -> pd.DataFrame:
    """Working day on which each account of the bands is called, so that every one is reached once.

    Each owner calls `calls_a_day` accounts a day, those longest without a touch first; what nobody owns is a list of
    its own.

    Returns
    -------
    DataFrame
        A row an account: ``owner`` (missing without one), ``day`` (working days from 1), ``account_id, name, arr``
        (minor units), ``last`` (day of the last touch; missing where there was none).

    Source: Lemkin, SaaStr. Systems: L09.
    """
    live = banded(book, edges=edges)
    live = live[live["band"].isin(list(bands))].copy()
    live["last"] = pd.Series(pd.NaT, index=live.index, dtype="datetime64[s]")
    if book.has("touches"):
        last = book.tables["touches"].groupby("account_id")["date"].max()
        live["last"] = last.reindex(live["account_id"]).to_numpy()
    live = live.sort_values(["owner", "last", "account_id"], na_position="first", ignore_index=True)
    turn = live.groupby("owner", dropna=False).cumcount()
    live["day"] = (turn // calls_a_day).astype("int64") + 1
    return live[["owner", "day", "account_id", "name", "arr", "last"]]


def call_days(
    book: Book,
    *,
    bands: Sequence[str] = ("5k to 20k",),
    edges: Sequence[int] = EDGES,
    calls_a_day: float = RULES["calls_a_day"].value,
) -> pd.DataFrame:
    """Working days that each owner needs to call every account of the bands once: the last day of the call plan.

    Returns
    -------
    DataFrame
        ``owner, n_accounts, days, within`` (the bands), by owner; what nobody owns last.

    Source: Lemkin, SaaStr. Systems: L09.
    """
    plan = call_plan(book, bands=bands, edges=edges, calls_a_day=calls_a_day)
    days = (
        plan.groupby("owner", dropna=False).agg(n_accounts=("day", "size"), days=("day", "max")).reset_index()
    )
    return days.assign(owner=days["owner"].fillna(UNASSIGNED), within=", ".join(bands))


def stages(book: Book, *, near_months: int = 3) -> pd.DataFrame:
    """Stage of every live account on the as-of day: exactly one each.

    ``onboarding`` until it is live (milestone ``live``; the first three months where there are no milestones),
    ``renewal near`` when its committed term ends within `near_months`, else ``first year`` or ``later`` by its age.

    Returns
    -------
    DataFrame
        ``account_id, name, arr, owner, band, stage``.
    """
    live = banded(book)
    ledger = book.tables["subscriptions"]
    day = pd.Timestamp(book.as_of)
    first = live["account_id"].map(ledger[ledger["arr"] > 0].groupby("account_id")["start_date"].min())
    if book.has("milestones"):
        steps = book.tables["milestones"]
        reached = live["account_id"].isin(
            steps.loc[steps["milestone"].isin(["live", "first_value"]), "account_id"]
        )
        boarding = ~reached & (first > pd.Timestamp(months_before(book.as_of, 12)))
    else:
        boarding = first > pd.Timestamp(months_before(book.as_of, 3))
    near = pd.Series(False, index=live.index)
    if "term_end_date" in ledger:
        ahead = ledger[
            (ledger["term_end_date"] > day)
            & (ledger["term_end_date"] <= day + pd.DateOffset(months=near_months))
        ]
        near = live["account_id"].isin(ahead["account_id"])
    young = first > pd.Timestamp(months_before(book.as_of, 12))
    stage = np.select([boarding, near, young], ["onboarding", "renewal near", "first year"], "later")
    return live.assign(stage=pd.Categorical(stage, categories=list(STAGES)))


def service_plan(book: Book, *, plan: Mapping[str, int] = PLAN, near_months: int = 3) -> pd.DataFrame:
    """Touches due and made in the last quarter, by band and stage.

    A touch beyond the plan of its account does not make up for another account's: `made` counts at most what is due.

    Returns
    -------
    DataFrame
        A row a band and stage that has accounts: ``band, stage, n_accounts, due, made, fulfilment`` (`made` over
        `due`), ``missed`` (accounts with fewer touches than due).

    Raises
    ------
    Absent
        When there are no touches.

    Source: the tiered service plan of Gainsight's playbooks. Systems: C09.
    """
    touches = book.need("touches")
    quarter = touches[touches["date"] > pd.Timestamp(months_before(book.as_of, 3))]
    live = stages(book, near_months=near_months)
    live["due"] = live["stage"].astype("str").map(dict(plan)).fillna(0).astype("int64")
    made = live["account_id"].map(quarter["account_id"].value_counts()).fillna(0).astype("int64")
    live["made"] = made.where(made < live["due"], live["due"])
    live["missed"] = made < live["due"]
    sums = live.groupby(["band", "stage"], observed=True).agg(
        n_accounts=("account_id", "size"), due=("due", "sum"), made=("made", "sum"), missed=("missed", "sum")
    )
    sums["fulfilment"] = sums["made"] / sums["due"].where(sums["due"] > 0)
    return sums.reset_index()[["band", "stage", "n_accounts", "due", "made", "fulfilment", "missed"]]


def on_request(book: Book, *, below: int = EDGES[-1], window: int = 12) -> pd.DataFrame:
    """Tickets, their cost and ARR of the accounts served on request only, and of all others.

    The cost of support in the window is shared out by tickets.

    Parameters
    ----------
    book : Book
        The company, with tickets.
    below : int
        Whole units of ARR under which (exclusive) an account is served on request.
    window : int
        Months.

    Returns
    -------
    DataFrame
        Two rows, ``on request`` and ``looked after``: ``service, n_accounts, arr, tickets, cost`` (minor units,
        half to even; missing without costs), ``cost_per_account``, ``cost_share`` (of ARR).

    Raises
    ------
    Absent
        When there are no tickets.

    Source: Lemkin, SaaStr, the lowest band. Systems: L11.
    """
    tickets = book.need("tickets")
    opened = pd.Timestamp(months_before(book.as_of, window))
    recent = tickets.loc[tickets["opened_at"] > opened, "account_id"].value_counts()
    live = banded(book)
    live["service"] = np.where(live["arr"] < below * 10**book.minor_units, "on request", "looked after")
    live["tickets"] = live["account_id"].map(recent).fillna(0).astype("int64")
    rows = live.groupby("service").agg(
        n_accounts=("arr", "size"), arr=("arr", "sum"), tickets=("tickets", "sum")
    )
    rows = rows.reindex(["on request", "looked after"], fill_value=0)
    cost = np.nan
    if book.has("costs"):
        costs = book.tables["costs"]
        cost = float(costs.loc[(costs["function"] == "support") & (costs["month"] > opened), "amount"].sum())
    rows["cost"] = (cost * rows["tickets"] / max(int(recent.sum()), 1)).round()
    rows["cost_per_account"] = rows["cost"] / rows["n_accounts"].where(rows["n_accounts"] > 0)
    rows["cost_share"] = rows["cost"] / rows["arr"].where(rows["arr"] > 0)
    return rows.reset_index()
