"""The slow oracle: one account, one month, one addition at a time. Nothing of cslib's engine is used here."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pandas as pd

from cslib.months import anchor_day, month_of, reading


def level(subscriptions: pd.DataFrame, account: str, day: date) -> int:
    """ARR of one account at the end of `day`: every row in force, added up."""
    total = 0
    for row in subscriptions[subscriptions["account_id"] == account].itertuples():
        ended = not pd.isna(row.end_date) and row.end_date.date() <= day
        if row.start_date.date() <= day and not ended:
            total += row.arr
    return total


def readings(subscriptions: pd.DataFrame, as_of: date) -> list[date]:
    anchor = anchor_day(as_of)
    first = min(month_of(d.date(), anchor=anchor) for d in subscriptions["start_date"])
    return [reading(m, anchor=anchor) for m in range(first, month_of(as_of, anchor=anchor) + 1)]


def history(subscriptions: pd.DataFrame, as_of: date) -> dict[str, dict[date, int]]:
    """ARR of every account at every reading."""
    days = readings(subscriptions, as_of)
    return {
        a: {d: level(subscriptions, a, d) for d in days} for a in sorted(set(subscriptions["account_id"]))
    }


def window(past: dict[str, dict[date, int]], opened: date, closed: date) -> dict[str, int]:
    """All that one window holds: amounts, counts and numerators, by a loop over accounts."""
    sums: dict[str, int] = defaultdict(int)
    for levels in past.values():
        then, now = levels.get(opened, 0), levels[closed]
        paid_before = any(v > 0 for d, v in levels.items() if d <= opened)
        sums["opening"] += then
        sums["closing"] += now
        sums["n_opening"] += then > 0
        if then > 0:
            sums["net"] += now
            sums["gross"] += min(then, now)
            sums["n_kept"] += now > 0
            sums["churn" if now == 0 else "contraction"] += max(then - now, 0)
            sums["expansion"] += max(now - then, 0)
        elif now > 0:
            sums["reactivation" if paid_before else "new"] += now
    return sums


def cohort_cell(past: dict[str, dict[date, int]], first: date, age: int) -> dict[str, int]:
    """Accounts and money of the cohort whose first paid reading is `first`, `age` readings later."""
    sums: dict[str, int] = defaultdict(int)
    for levels in past.values():
        paid = [d for d, v in sorted(levels.items()) if v > 0]
        if not paid or paid[0] != first:
            continue
        days = sorted(levels)
        now, began = levels[days[days.index(first) + age]], levels[first]
        sums["members"] += 1
        sums["logo"] += now > 0
        sums["net"] += now
        sums["gross"] += min(now, began)
        sums["first"] += began
    return sums
