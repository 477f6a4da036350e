"""Changes of MRR, one row an event, to prices over intervals: running sums by subscription."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.lines import as_lines, leave, rows_of, tell
from cslib.sources.vendors.table import Made, left_of, sides

__all__ = ["from_movements"]


def from_movements(parts: Sequence[Part], reading: Reading, kind: str) -> Made:
    """Ledger from a log of changes: what each sum is, from its event to the next.

    Events of a day count together. A sum below zero means that the log does not begin at the beginning: it is told,
    and counts as none.
    """
    events = sides(parts, kind)
    notes = [note for part in parts if part.kind.name == kind for note in part.notes]
    events = leave(events, events["account"].isna(), "names no account")
    events = leave(events, events["movement"].isna(), "has no amount")
    stake = events["movement"] * 12
    fx = (
        events["type"].str.lower().str.contains("fx|currency", na=False, regex=True)
        if "type" in events
        else None
    )
    if fx is not None:
        events = leave(events, fx, "a movement of exchange rates, not of the price", stake)
    events = leave(events, events["effective"].isna(), "says no day", stake)
    used = events[events["cause"] == ""].copy()
    key = ["account", "id", "currency"]
    for name in ("id", "item"):
        if name not in used:
            used[name] = pd.Series(pd.NA, index=used.index, dtype="str")
    has_item = used["item"].notna()
    used["id"] = used["id"].mask(has_item, used["id"].fillna("") + "/" + used["item"])
    used = used.sort_values([*key, "effective", "line"], kind="stable")
    groups = used.groupby(key, dropna=False, sort=False)
    used["mrr"] = groups["movement"].cumsum()
    last = ~used.duplicated([*key, "effective"], keep="last")
    steps = used[last].copy()
    steps["end"] = steps.groupby(key, dropna=False, sort=False)["effective"].shift(-1)
    steps = steps.rename(columns={"effective": "start"})
    lines = as_lines(steps, mrr=steps["mrr"].clip(lower=0))
    below = steps["mrr"] < 0
    if below.any():
        notes += tell(lines.assign(cause=""), below, "sums below zero count as none: the log lacks an earlier event",
                      amount=steps["mrr"] * 12, digits=reading.digits)  # fmt: skip
    n = len(used) - len(steps)
    notes += [f"events of one day count together: {n:,} rows"] if n else []
    rows = rows_of(lines[steps["mrr"] > 0], digits=reading.digits)
    others = [
        leave(p.frame, p.frame["cause"] == "", "not needed beside the changes of MRR")
        for p in parts
        if p.kind.name != kind
    ]
    return Made(rows, left_of(events, *others), tuple(notes))
