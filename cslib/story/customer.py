"""Frames of one customer's report -> findings. What a company did not give has no finding."""

from __future__ import annotations

from typing import Any, TypeGuard

import pandas as pd

from cslib.absent import Absent
from cslib.story.finding import Evidence, Finding

__all__ = ["customer_facts"]

Given = pd.DataFrame | Absent


def _there(frame: Given) -> TypeGuard[pd.DataFrame]:
    return not isinstance(frame, Absent) and not frame.empty


def customer_facts(
    *,
    use: Given,
    peers: Given,
    outcomes: Given,
    requests: Given,
    service: Given,
    tickets: Given,
    steps: pd.DataFrame,
    window: int,
) -> tuple[Finding, ...]:
    """What the report for a customer says first, in this order; each only where its frame was given.

    Parameters
    ----------
    use, peers, outcomes, requests, service, tickets, steps : DataFrame or Absent
        Of the functions of :mod:`cslib.metrics.customer` with these names; `steps` of ``next_steps``.
    window : int
        Months back in which answered requests are listed.
    """
    found: list[Finding] = []
    values: dict[str, Any]
    row: Any
    if _there(use) and use["licensed"].notna().any():
        row = use.dropna(subset=["licensed", "used"]).iloc[-1]
        values = {"used": int(row["used"]), "licensed": int(row["licensed"]), "share": float(row["share"])}
        found.append(Finding("customer.use", values, (Evidence("use", table="tab-use"),)))
    if _there(peers):
        row = peers.iloc[0]
        values = {
            "own": float(row["own"]), "peers": float(row["peers"]), "n": int(row["n_peers"]),
            "alike": row["group"] != "all customers",
        }  # fmt: skip
        found.append(Finding("customer.peers", values, (Evidence("peers", table="tab-peers"),)))
    if _there(outcomes):
        confirmed = int(outcomes["confirmed"].fillna(False).astype(bool).sum())
        values = {"n": len(outcomes), "confirmed": confirmed}
        found.append(Finding("customer.steps", values, (Evidence("outcomes", table="tab-outcomes"),)))
    if _there(requests):
        n_open = int(requests["closed_date"].isna().sum())
        values = {"n_open": n_open, "n_settled": len(requests) - n_open, "months": window}
        found.append(Finding("customer.requests", values, (Evidence("requests", table="tab-requests"),)))
    if _there(service):
        values = {"n": int(service["n"].sum()), "before": int(service["before"].sum())}
        found.append(Finding("customer.service", values, (Evidence("service", table="tab-service"),)))
    if _there(tickets):
        row = tickets.iloc[0]
        values = {"opened": int(row["opened"]), "closed": int(row["closed"]), "open": int(row["open"])}
        found.append(Finding("customer.cases", values, (Evidence("tickets", table="tab-tickets"),)))
    found.append(Finding("customer.next", {"n": len(steps)}, (Evidence("next steps", table="tab-steps"),)))
    return tuple(found)
