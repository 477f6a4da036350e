"""What is scripted, not left to chance: trials, accounts gone within a month, one large account, a merger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import pandas as pd

from cslib.simulate.lives import Account, Decision, Event, Exit, Line, add_months
from cslib.simulate.world import DATA_FROM, Spec, Whale

__all__ = ["merge", "visits", "whale_life"]


def _stay(spec: Spec, who: str, nth: int, start: date, end: date, *, paid: bool) -> list[Event]:
    """Five seats of the smallest plan from `start` to `end`, at zero when it is a trial."""
    smallest = spec.segments[0]
    plan, unit = (smallest.plan, smallest.unit) if paid else ("Trial", 0)
    line = Line(f"{who}-{nth}", spec.platform, plan, 5, unit, 0.0)
    known = (start, end - timedelta(2)) if paid else (None, None)
    return [
        Event(who, start, line.subscription_id, line, 1, None, "new" if paid else "trial", known[0]),
        Event(who, end, line.subscription_id, None, 1, None, "end", known[1]),
    ]


def visits(spec: Spec, accounts: Sequence[Account], draw: np.random.Generator) -> list[Event]:
    """Trials at zero, before a paid start or alone, and accounts that joined and left inside one month."""
    events: list[Event] = []
    for account in accounts:
        small = account.term == 1 or account.segment.name == spec.segments[0].name
        if small and account.start >= DATA_FROM + timedelta(40) and draw.random() < 0.25:
            before = account.start - timedelta(14)
            events += _stay(spec, account.account_id, 0, before, account.start, paid=False)
    for nth in range(spec.free_trials):
        start = DATA_FROM + timedelta(int(draw.integers(60, 1700)))
        events += _stay(spec, f"{spec.prefix}-{901 + nth}", 0, start, start + timedelta(30), paid=False)
    for nth in range(spec.blinks):
        third = add_months(DATA_FROM, int(draw.integers(8, 58))).replace(day=3)
        events += _stay(spec, f"{spec.prefix}-{951 + nth}", 1, third, third.replace(day=19), paid=True)
    return events


def whale_life(spec: Spec, whale: Whale, rest_of_book: int) -> tuple[Account, list[Event], list[Decision]]:
    """Life of the large account, each step in shares of its own ARR on the opening day.

    `rest_of_book` is the ARR (minor units, reporting currency) of all other accounts on that day.
    """
    segment, who = spec.segments[-1], f"{spec.prefix}-1000"
    start = date(2022, 3, 14)
    account = Account(who, segment, start, 12, spec.currency, 1.0, 1.0, newer=False)
    opening = rest_of_book / 100 * whale.share / (1 - whale.share)
    path = (
        (start, 0.18, "new"),
        (date(2023, 3, 14), 0.40, "more seats"),
        (date(2024, 3, 14), 0.62, "more seats"),
        (date(2024, 11, 4), 0.78, "more seats"),
        (date(2025, 3, 14), 1.0, "more seats"),
        (date(2026, 1, 19), 1.0 + 0.45 * (whale.growth - 1), "more seats"),
        (date(2026, 3, 14), whale.growth, "more seats"),
    )
    events, decisions = [], []
    for day, part, reason in path:
        unit = round(segment.unit * 1.03 ** (day.year - start.year))
        seats = round(opening * part / (12 * unit * 0.8) / 10) * 10
        line = Line(f"{who}-1", spec.platform, segment.plan, seats, unit, 0.2)
        ends = start.replace(year=day.year + (day >= start.replace(year=day.year)))
        signed = day - timedelta(20) if reason == "new" else None
        events.append(Event(who, day, line.subscription_id, line, 12, ends, reason, signed))
        if day.month == start.month and reason != "new":
            decisions.append(Decision(who, day, day - timedelta(12), 0.03))
    return account, events, decisions


def merge(
    spec: Spec,
    accounts: Sequence[Account],
    events: Sequence[Event],
    exits: Sequence[Exit],
    decisions: Sequence[Decision],
) -> tuple[pd.DataFrame, list[Event], list[Decision]]:
    """Let one account that stays take over the contracts of another: the link, and all events and decisions after."""
    gone = {leaving.account_id for leaving in exits}
    can = [
        account
        for account in accounts
        if account.account_id not in gone
        and account.segment is not spec.segments[0]
        and account.term == 12
        and account.currency == spec.currency
        and account.start < spec.merger - timedelta(200)
    ]
    if len(can) < 2:
        raise ValueError(
            f"{spec.name}: {len(can)} accounts in {spec.currency} could merge on {spec.merger}, expected 2 or more. "
            "Give the company more accounts or another seed."
        )
    one, into = can[len(can) // 2].account_id, can[0].account_id
    after = [event for event in events if event.account_id != one]
    theirs = sorted((e for e in events if e.account_id == one), key=lambda e: (e.subscription_id, e.day))
    for name, group in groupby(theirs, key=lambda event: event.subscription_id):
        life = list(group)
        before = [event for event in life if event.day < spec.merger]
        moved = [event for event in life if event.day >= spec.merger]
        if before and before[-1].line:
            last = before[-1]._replace(day=spec.merger, known=None)
            before.append(last._replace(line=None, reason="end"))
            if not moved or moved[0].day > spec.merger:
                moved.insert(0, last._replace(reason="merger"))
        after += before
        for event in moved:
            line = replace(event.line, subscription_id=f"{name}-M") if event.line else None
            after.append(event._replace(account_id=into, subscription_id=f"{name}-M", line=line))
    renamed = [
        decision._replace(account_id=into)
        if decision.account_id == one and decision.due_date >= spec.merger
        else decision
        for decision in decisions
    ]
    link = {"account_id": [one], "into_id": [into], "kind": ["merger"], "effective_date": [spec.merger]}
    return pd.DataFrame(link), after, renamed
