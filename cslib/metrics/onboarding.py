"""Onboarding: time to value with those not there yet, throughput and queue, first days, handover, training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.cuts import values_on
from cslib.months import months_before
from cslib.stats.proportion import newcombe
from cslib.stats.survival import Curve, kaplan_meier

__all__ = ["first_days", "handover", "onboarding_flow", "time_to_value", "trained", "value_curve"]

REQUIRED: Final = ("champion", "economic buyer", "second contact", "kickoff")


def _first(book: Book, milestone: str) -> pd.Series[pd.Timestamp]:
    steps = book.need("milestones")
    own: pd.Series[pd.Timestamp] = steps[steps["milestone"] == milestone].groupby("account_id")["date"].min()
    if own.empty:
        raise Absent(f"it needs the milestone {milestone!r}, which the table milestones has not")
    return own


def _waits(book: Book, start: str, end: str, window: int) -> pd.DataFrame:
    """Days from `start` to `end` of every account that began in the window; those not there yet are waiting still."""
    began, reached = _first(book, start), _first(book, end)
    day = pd.Timestamp(book.as_of)
    frame = began[began > pd.Timestamp(months_before(book.as_of, window))].rename("began").to_frame()
    frame["reached"] = reached.reindex(frame.index)
    ledger = book.tables["subscriptions"]
    left = ledger.groupby("account_id")["end_date"].max().reindex(frame.index)
    left = left.where(~left.index.isin(ledger.loc[ledger["end_date"].isna(), "account_id"]))
    seen = frame["reached"].fillna(left.where(left < day)).fillna(day)
    frame["event"] = frame["reached"].notna()
    frame["days"] = (seen - frame["began"]).dt.days.clip(lower=0)
    return frame


def _quantile(curve: Curve, share: float) -> float:
    """First day by which at least `share` have arrived; NaN where the curve does not get there."""
    there = np.flatnonzero(1 - curve.survival >= share - 1e-12)
    return float(curve.time[there[0]]) if len(there) else float("nan")


def time_to_value(
    book: Book, *, start: str = "signed", end: str = "first_value", by: str | None = None, window: int = 36
) -> pd.DataFrame:
    """Days from signature to first value, by Kaplan-Meier: those who wait still count as waiting, not as missing.

    Parameters
    ----------
    book : Book
        The company, with milestones.
    start, end : str
        Milestones.
    by : str, optional
        Column of accounts to cut by.
    window : int
        Months in which accounts began.

    Returns
    -------
    DataFrame
        A row a group, the whole book first: ``group, n_accounts, reached, waiting, median, p75, p90`` (days by
        which that share has arrived; missing where it has not been seen), ``naive`` (median of those who arrived
        alone, too short).

    Raises
    ------
    Absent
        When a milestone is not there.

    Source: Kaplan and Meier 1958. Systems: G25.
    """
    waits = _waits(book, start, end, window)
    groups = [("all", waits)]
    if by is not None:
        names = values_on(book, by).reindex(waits.index).fillna("(none)")
        groups += [(str(name), part) for name, part in waits.groupby(names)]
    rows = []
    for name, part in groups:
        curve = kaplan_meier(part["days"], part["event"]) if len(part) else None
        row: dict[str, object] = {"group": name, "n_accounts": len(part), "reached": int(part["event"].sum())}
        row["waiting"] = len(part) - int(part["event"].sum())
        for label, share in (("median", 0.5), ("p75", 0.75), ("p90", 0.9)):
            row[label] = _quantile(curve, share) if curve is not None else float("nan")
        rows.append(row | {"naive": part.loc[part["event"], "days"].median()})
    return pd.DataFrame(rows)


def value_curve(
    book: Book, *, start: str = "signed", end: str = "first_value", window: int = 36
) -> pd.DataFrame:
    """Share of accounts that reached first value by each day, with its band.

    Returns
    -------
    DataFrame
        ``day, value, low, high, level`` (95%), ``n_at_risk`` (waiting just before).

    Raises
    ------
    Absent
        When a milestone is not there.

    Source: Kaplan and Meier 1958. Systems: G25.
    """
    waits = _waits(book, start, end, window)
    curve = kaplan_meier(waits["days"], waits["event"], level=0.95)
    return pd.DataFrame({
        "day": curve.time, "value": 1 - curve.survival, "low": 1 - curve.high, "high": 1 - curve.low,
        "level": 0.95, "n_at_risk": curve.n_at_risk,
    })  # fmt: skip


def onboarding_flow(
    book: Book, *, start: str = "kickoff", end: str = "live", window: int = 12
) -> pd.DataFrame:
    """Accounts that begin and finish onboarding each month, those in it, and whether the flow is in balance.

    Returns
    -------
    DataFrame
        A row a month: ``end`` (month end), ``started, finished, in_progress`` (at the end), ``days`` (mean, of
        those that finished), ``expected`` (finished a day times mean days of the months so far: Little's law),
        ``freed`` (finished less started: places that came back, or were taken).

    Raises
    ------
    Absent
        When a milestone is not there.

    Source: Little 1961. Systems: G24.
    """
    began, done = _first(book, start), _first(book, end)
    both = pd.DataFrame({"began": began}).join(done.rename("done"), how="left")
    rows = []
    for back in range(window - 1, -1, -1):
        last, first = (pd.Timestamp(months_before(book.as_of, m)) for m in (back, back + 1))
        inside = both[(both["done"] > first) & (both["done"] <= last)]
        held = both[(both["began"] <= last) & ~(both["done"] <= last)]
        started = int(((both["began"] > first) & (both["began"] <= last)).sum())
        rows.append({
            "end": last, "started": started, "finished": len(inside), "in_progress": len(held),
            "days": (inside["done"] - inside["began"]).dt.days.mean(), "length": (last - first).days,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    total = frame["days"].fillna(0) * frame["finished"]
    mean = total.cumsum() / frame["finished"].cumsum().where(frame["finished"].cumsum() > 0)
    frame["expected"] = frame["finished"].cumsum() / frame["length"].cumsum() * mean
    return frame.assign(freed=frame["finished"] - frame["started"]).drop(columns="length")


def first_days(
    book: Book, *, days: int = 180, step: int = 30, launch: str = "live", window: int = 24
) -> pd.DataFrame:
    """Use in the first days after launch: the median account's events in each step, with the quarter below and above.

    Parameters
    ----------
    book : Book
        The company, with use and milestones.
    days, step : int
        How far, and in steps of how many days.
    launch : str
        Milestone from which days are counted.
    window : int
        Months in which accounts launched.

    Returns
    -------
    DataFrame
        A row a step that all of its accounts have behind them: ``day`` (first day of the step, from 0), ``n_accounts,
        low, median, high`` (events; quartiles), ``silent`` (accounts without any), ``late`` (accounts whose first
        use comes in a later step).

    Raises
    ------
    Absent
        When there is no use or no such milestone.

    Source: the first days after launch. Systems: N54.
    """
    usage, live = book.need("usage", "events"), _first(book, launch)
    live = live[live > pd.Timestamp(months_before(book.as_of, window))]
    rows = usage[usage["account_id"].isin(live.index)]
    at = (rows["date"] - rows["account_id"].map(live)).dt.days
    rows = rows.assign(step=at // step)[at >= 0]
    first = rows[rows["events"] > 0].groupby("account_id")["step"].min()
    age = (pd.Timestamp(book.as_of) - live).dt.days
    told = []
    for number in range(days // step):
        there = age.index[age >= (number + 1) * step]
        if not len(there):
            break
        events = rows[rows["step"] == number].groupby("account_id")["events"].sum().reindex(there).fillna(0)
        told.append({
            "day": number * step, "n_accounts": len(there), "low": events.quantile(0.25), "median": events.median(),
            "high": events.quantile(0.75), "silent": int((events == 0).sum()),
            "late": int((first.reindex(there) > number).sum()),
        })  # fmt: skip
    return pd.DataFrame(told, columns=["day", "n_accounts", "low", "median", "high", "silent", "late"])


def handover(
    book: Book, *, window: int = 24, start: str = "handover", end: str = "first_value"
) -> pd.DataFrame:
    """How complete handovers were on their day, and how long first value took after.

    A field counts when it was there on the day of the handover: a champion, an economic buyer, a second contact,
    the kickoff. What came later does not.

    Returns
    -------
    DataFrame
        A row for each number of fields: ``complete`` (0 to 1), ``n_accounts, reached`` (first value), ``median``
        (days, Kaplan-Meier).

    Raises
    ------
    Absent
        When there are no handovers or no contacts.

    Source: a handover by its required fields. Systems: C08.
    """
    waits = _waits(book, start, end, window)
    contacts = book.need("contacts")
    known = contacts.assign(on=contacts["account_id"].map(waits["began"]))
    known = known[(known["start_date"].isna()) | (known["start_date"] <= known["on"])]
    fields = pd.DataFrame(0, index=waits.index, columns=list(REQUIRED))
    for name, column in (("champion", "is_champion"), ("economic buyer", "is_economic_buyer")):
        if column in known:
            fields[name] = waits.index.isin(known.loc[known[column].fillna(False).astype(bool), "account_id"])
    fields["second contact"] = (
        known.groupby("account_id")["contact_id"].nunique().reindex(waits.index).fillna(0) >= 2
    )
    steps = book.tables["milestones"]
    kick = steps[steps["milestone"] == "kickoff"].groupby("account_id")["date"].min().reindex(waits.index)
    fields["kickoff"] = kick <= waits["began"]
    waits["complete"] = fields.astype(int).mean(axis=1)
    rows = []
    for share, part in waits.groupby("complete"):
        curve = kaplan_meier(part["days"], part["event"])
        rows.append({
            "complete": share, "n_accounts": len(part), "reached": int(part["event"].sum()),
            "median": _quantile(curve, 0.5),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["complete", "n_accounts", "reached", "median"])


def trained(book: Book, *, within: int = 90, horizon: int = 365, kind: str = "training") -> pd.DataFrame:
    """Accounts trained in their first days against those who were not: naive, and from a landmark on.

    Naive counts any training ever, by which who stays longer has more time to be trained. From the landmark on, both
    groups are those who still pay `within` days after their start, by training up to then. An association.

    Returns
    -------
    DataFrame
        Two rows, ``naive`` and ``landmark``: ``comparison, n_trained, n_other, trained, other`` (share that still
        pays `horizon` days after the start, of accounts that could be seen so long), ``difference, low, high``
        (95%, Newcombe), and for the confounders ``arr_trained, arr_other`` (median ARR at the start, minor units).

    Raises
    ------
    Absent
        When there are no touches.

    Source: Anderson, Cain and Gelber 1983 (landmark); Newcombe 1998. Systems: N37.
    """
    touches = book.need("touches")
    ledger = book.tables["subscriptions"]
    paid = ledger[ledger["arr"] > 0]
    first, day = paid.groupby("account_id")["start_date"].min(), pd.Timestamp(book.as_of)
    first = first[first + pd.Timedelta(days=horizon) <= day]
    ends = paid.groupby("account_id")["end_date"].max().reindex(first.index)
    ends = ends.where(~ends.index.isin(paid.loc[paid["end_date"].isna(), "account_id"]))
    stays = ends.isna() | (ends > first + pd.Timedelta(days=horizon))
    alive = ends.isna() | (ends > first + pd.Timedelta(days=within))
    landed = paid[paid["start_date"] == paid["account_id"].map(first)].groupby("account_id")["arr"].sum()
    on = touches[touches["kind"] == kind].groupby("account_id")["date"].min().reindex(first.index)
    rows = []
    for name, flag, pool in (
        ("naive", on.notna(), alive | ~alive),
        ("landmark", on <= first + pd.Timedelta(days=within), alive),
    ):
        own, other = pool & flag, pool & ~flag
        k, n, m, o = int(stays[own].sum()), int(own.sum()), int(stays[other].sum()), int(other.sum())
        gap = newcombe(k, n, m, o) if n and o else (float("nan"),) * 3
        rows.append({
            "comparison": name, "n_trained": n, "n_other": o, "trained": k / n if n else float("nan"),
            "other": m / o if o else float("nan"), "difference": gap[0], "low": gap[1], "high": gap[2],
            "arr_trained": landed.reindex(first.index)[own].median(),
            "arr_other": landed.reindex(first.index)[other].median(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def onboarders(book: Book, *, roles: Sequence[str] = ("Onboarding",)) -> int:
    """People in onboarding on the as-of day.

    Raises
    ------
    Absent
        When there is no team.
    """
    team, day = book.need("team"), pd.Timestamp(book.as_of)
    there = team[team["role"].isin(list(roles)) & (team["start_date"] <= day) & ~(team["end_date"] <= day)]
    return len(there)
