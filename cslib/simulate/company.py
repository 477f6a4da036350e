"""One simulated company as the sixteen tables of the data contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from cslib.simulate import commercial, people, signals
from cslib.simulate.ledger import simulate_ledger
from cslib.simulate.panel import account_months
from cslib.simulate.thorough import thorough
from cslib.simulate.world import Spec, generator
from cslib.tables import DTYPES, TABLES

__all__ = ["canonical", "simulate_company"]


def canonical(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Frame in the dtypes and column order of the contract; further columns are text, and stand last."""
    known = [column for column in TABLES[table].columns if column.name in frame]
    extra = [str(name) for name in frame if name not in TABLES[table].column]
    out: dict[str, pd.Series[Any]] = {}
    for column in known:
        values = frame[column.name]
        whole = column.kind == "money" and values.notna().all()
        out[column.name] = values.astype(np.dtype("int64") if whole else pandas_dtype(DTYPES[column.kind]))
    for name in extra:
        out[name] = frame[name].astype("str")
    return pd.DataFrame(out).reset_index(drop=True)


def simulate_company(spec: Spec, seed: int) -> dict[str, pd.DataFrame]:
    """Simulate all tables of one company, each in the canonical form of `cslib.tables`.

    Parameters
    ----------
    spec : Spec
        The company; see ``world.COMPANIES``, or change one with ``dataclasses.replace``.
    seed : int
        Seed of every random draw; each table draws from a stream of its own name.

    Returns
    -------
    dict of DataFrame
        By table name, in the order of `cslib.tables.TABLES`. Money in minor units.

    Examples
    --------
    >>> from cslib.simulate.world import ONE_ACCOUNT
    >>> tables = simulate_company(ONE_ACCOUNT, 7)
    >>> list(tables) == list(TABLES)
    True
    """

    def draw(name: str) -> np.random.Generator:
        return generator(seed, spec.name, spec.edition, name)

    ledger = simulate_ledger(spec, seed)
    grid = account_months(ledger, spec.platform, draw("mood"))
    life = people.lifetimes(ledger)
    crew = commercial.team(spec, grid, draw("team"))
    accounts = ledger.accounts.assign(owner=commercial.owners(ledger.accounts, crew, draw("owners")))
    contacts = people.contacts(life, ledger.exits, draw("contacts"))
    answers, asked = people.surveys(grid, contacts, draw("surveys"))
    segments = accounts.set_index("account_id")["segment"]
    met = people.touches(grid, contacts, segments, answers, draw("touches"))
    met = pd.concat([met, asked], ignore_index=True).drop_duplicates()
    met = met.sort_values(["account_id", "date", "kind"], kind="stable")
    frames = {
        "subscriptions": ledger.subscriptions.drop(columns="arr_home"),
        "accounts": accounts,
        "account_links": ledger.account_links,
        "renewals": commercial.renewals(ledger),
        "usage": signals.usage(grid, spec, draw("usage")),
        "health": signals.health(grid, draw("health")),
        "surveys": answers,
        "milestones": people.milestones(life, draw("milestones")),
        "touches": commercial.with_owner(met, accounts, crew),
        "contacts": contacts,
        "opportunities": commercial.opportunities(ledger, life, grid, draw("opportunities")),
        "feedback": people.feedback(grid, draw("feedback")),
        "churn_reasons": commercial.churn_reasons(ledger.exits, draw("reasons")),
        "tickets": people.tickets(grid, draw("tickets")),
        "team": crew,
        "costs": commercial.costs(grid, crew, draw("costs")),
    }
    frames = thorough(frames, draw("thorough"))
    return {name: canonical(frames[name], name) for name in TABLES}
