"""All accounts of a company and the prices they paid: subscriptions, accounts, mergers, decisions and exits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

import numpy as np
import pandas as pd

from cslib.simulate.lives import Account, Decision, Event, Exit, Line, live
from cslib.simulate.names import PEOPLE, company_names
from cslib.simulate.scripted import merge, visits, whale_life
from cslib.simulate.world import DATA_FROM, Spec, generator

__all__ = ["Ledger", "simulate_ledger"]

MONTHS: Final = 60
SEASON: Final = {1: 0.8, 3: 1.35, 6: 1.35, 7: 0.8, 8: 0.6, 9: 1.3, 12: 1.6}  # quotas close with the quarter
TERMS: Final = {1: "monthly", 12: "annual"}


@dataclass(frozen=True)
class Ledger:
    """The money side of a simulated company, in minor units.

    `subscriptions` (with ``arr_home`` added: ARR in the reporting currency), `accounts` and `account_links` are
    tables of the contract; `decisions` are renewals that fell due; `exits` are ends of an account; `hidden` holds
    what the simulation knows of each account and the data does not say.
    """

    subscriptions: pd.DataFrame
    accounts: pd.DataFrame
    account_links: pd.DataFrame
    decisions: pd.DataFrame
    exits: pd.DataFrame
    hidden: pd.DataFrame


def _accounts(spec: Spec, draw: np.random.Generator) -> list[Account]:
    firsts = pd.date_range(DATA_FROM, periods=MONTHS, freq="MS")
    season = np.array([SEASON.get(month, 1.0) for month in firsts.month])
    weight = np.linspace(*spec.ramp, MONTHS) * season
    months = np.sort(draw.choice(MONTHS, spec.n_accounts, p=weight / weight.sum()))
    days = np.where(draw.random(spec.n_accounts) < 0.45, 1, draw.integers(2, 29, spec.n_accounts))
    starts = sorted(firsts[m].date().replace(day=int(d)) for m, d in zip(months, days, strict=True))
    # segments are dealt in turn by the golden ratio, so that every cohort has its share of each
    shares = np.cumsum([segment.share for segment in spec.segments])
    turn = (np.arange(spec.n_accounts) * 0.6180339887 + draw.random()) % 1.0
    found = []
    for i, start in enumerate(starts):
        segment = spec.segments[int(np.searchsorted(shares, turn[i] * shares[-1]))]
        newer = spec.newer_from is not None and start >= spec.newer_from
        term = 1 if draw.random() < segment.monthly_terms else 12
        if segment is spec.segments[-1] and draw.random() < 0.25:
            term = int(draw.choice([24, 36]))
        code = str(draw.choice(list(spec.currencies), p=[c.share for c in spec.currencies.values()]))
        fit = float(draw.standard_normal()) - 0.5 * newer
        appetite = float(np.exp(0.45 * draw.standard_normal() - 0.1))
        found.append(Account(f"{spec.prefix}-{1001 + i}", segment, start, term, code, fit, appetite, newer))
    return found


def _round_price(amount: float, quotes: str) -> int:
    """Price a person would write, in whole units: 289 and 1,240 a month, 43,300 a year; 0 stays 0."""
    if quotes == "arr":
        return round(amount * 12 / 100) * 100
    return round(amount / 10) * 10 - (0 < amount < 400)


def _prices(line: Line, quotes: str) -> tuple[int, int]:
    """List price and price paid, in whole units of what the ledger quotes."""
    full = line.quantity * line.unit
    return _round_price(full, quotes), _round_price(full * (1 - line.discount), quotes)


def _same(event: Event, before: Event, quotes: str) -> bool:
    """Whether an event changes nothing that the ledger shows."""
    if not (event.line and before.line) or event.term_end != before.term_end:
        return False
    shown = [(_prices(line, quotes), line.quantity, line.plan) for line in (event.line, before.line)]
    return shown[0] == shown[1]


def _rows(spec: Spec, events: Iterable[Event], codes: Mapping[str, str]) -> pd.DataFrame:
    """Ledger rows: each price from its day to the next event of its subscription."""
    rows = []
    by_subscription = sorted(events, key=lambda event: (event.account_id, event.subscription_id, event.day))
    for _, group in groupby(by_subscription, key=lambda event: event.subscription_id):
        told: list[Event] = []
        for event in group:
            if not told or not _same(event, told[-1], spec.quotes):
                told.append(event)
        for event, after in zip(told, [*told[1:], None], strict=True):
            if (line := event.line) is None:
                continue
            full, paid = _prices(line, spec.quotes)
            notice = after.known if after and after.line is None else None
            rows.append(
                {
                    "account_id": event.account_id,
                    "start_date": event.day,
                    "end_date": after.day if after else None,
                    spec.quotes: paid * 100,
                    "currency": codes.get(event.account_id, spec.currency),
                    "subscription_id": line.subscription_id,
                    "product": line.product,
                    "plan": line.plan,
                    "quantity": float(line.quantity),
                    "list_mrr": round(full * 100 / 12) if spec.quotes == "arr" else full * 100,
                    "discount": round(1 - paid / full, 4) if full else 0.0,
                    "billing_months": 1 if event.term == 1 else 12,
                    "signed_date": event.known,
                    "term_end_date": event.term_end,
                    "notice_date": max(notice, event.day) if notice else None,
                    "auto_renew": event.term < 24,
                    "change_reason": event.reason,
                }
            )
    frame = pd.DataFrame(rows)
    for column in frame.columns[frame.columns.str.endswith("_date")]:
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
    # rounded half to even in the reporting currency before it is annualised, as cslib does
    rates = {code: Decimal(money.rate) for code, money in spec.currencies.items()}
    quoted = zip(frame[spec.quotes].tolist(), frame["currency"].tolist(), strict=True)
    home = [int((amount * rates[code]).quantize(Decimal(1))) for amount, code in quoted]
    return frame.assign(arr_home=np.array(home, dtype="int64") * (1 if spec.quotes == "arr" else 12))


def _described(
    spec: Spec,
    subscriptions: pd.DataFrame,
    accounts: Sequence[Account],
    merged: Mapping[str, str],
    draw: np.random.Generator,
) -> pd.DataFrame:
    """One row an account: what was known of it when it started, and a parent for a few.

    `merged` (account -> the account that took it over) are never parents of those: that would be a circle.
    """
    paid = subscriptions[subscriptions["arr_home"] > 0].sort_values(["account_id", "start_date"])
    plan = paid.drop_duplicates("account_id").set_index("account_id")["plan"]
    known = {account.account_id: account for account in accounts}
    ids = sorted(subscriptions["account_id"].unique())
    n = len(ids)
    regions = [str(region) for region in draw.choice(list(spec.regions), n, p=list(spec.regions.values()))]
    frame = pd.DataFrame(
        {
            "account_id": ids,
            "name": company_names(regions, draw),
            "segment": [(known[i].segment if i in known else spec.segments[0]).name for i in ids],
            "industry": draw.choice(spec.industries, n),
            "region": regions,
            "channel": draw.choice(list(spec.channels), n, p=list(spec.channels.values())),
            "owner": None,
            "parent_id": None,
            "start_plan": [plan.get(i, "Trial") for i in ids],
            "start_term": [TERMS.get(known[i].term, "multi-year") if i in known else "monthly" for i in ids],
            "sold_by": draw.choice(PEOPLE[26 : 28 + n // 90], n),
        }
    )
    larger = np.flatnonzero(frame["segment"] != spec.segments[0].name)
    pairs = draw.choice(larger, (max(1, n // 120), 2), replace=False)
    for head, member in pairs:
        if merged.get(ids[head]) != ids[member]:
            frame.loc[member, "parent_id"] = ids[head]
    if spec.whale:
        whale = ["name", "industry", "region", "channel", "parent_id"]
        facts = [
            spec.whale.name,
            spec.industries[0],
            next(iter(spec.regions)),
            next(iter(spec.channels)),
            None,
        ]
        frame.loc[frame["account_id"] == f"{spec.prefix}-1000", whale] = facts
    return frame


def simulate_ledger(spec: Spec, seed: int) -> Ledger:
    """Simulate the money side of one company: who paid what, when and in which currency.

    The same `spec` and `seed` give the same frames. Fast enough to draw hundreds of books for a test of alarms.

    Parameters
    ----------
    spec : Spec
        The company.
    seed : int
        Seed of every random draw.

    Returns
    -------
    Ledger
        Money in integer minor units of the row's own currency, ``arr_home`` in the reporting currency.

    Raises
    ------
    ValueError
        When the company is too small for the merger it shall have.

    Examples
    --------
    >>> from cslib.simulate.world import COMPANIES
    >>> int(simulate_ledger(COMPANIES[2], 7).accounts["account_id"].nunique())
    82
    """
    draw = generator(seed, spec.name, spec.edition, "ledger")
    accounts = _accounts(spec, draw)
    events: list[Event] = []
    decisions: list[Decision] = []
    exits: list[Exit] = []
    for account in accounts:
        luck = generator(seed, spec.name, spec.edition, "life", account.account_id)
        names = (f"{account.account_id}-{nth}" for nth in range(1, 1000))
        bought, decided, left = live(account, spec, luck, start=account.start, names=names)
        events += bought
        decisions += decided
        exits += left
    links, events, decisions = merge(spec, accounts, events, exits, decisions)
    events += visits(spec, accounts, draw)
    codes = {account.account_id: account.currency for account in accounts}
    if spec.whale:
        rest, day = _rows(spec, events, codes), pd.Timestamp(spec.whale.opening)
        held = rest[(rest["start_date"] <= day) & (rest["end_date"].isna() | (rest["end_date"] > day))]
        whale, story, due = whale_life(spec, spec.whale, int(held["arr_home"].sum()))
        accounts, events, decisions = [*accounts, whale], events + story, decisions + due
    subscriptions = _rows(spec, events, codes)
    return Ledger(
        subscriptions=subscriptions,
        accounts=_described(
            spec,
            subscriptions,
            accounts,
            dict(zip(links["account_id"], links["into_id"], strict=True)),
            generator(seed, spec.name, spec.labels, "accounts"),
        ),
        account_links=_dated(links, "effective_date"),
        decisions=_dated(_told(decisions, Decision), "due_date", "closed_date"),
        exits=_dated(_told(exits, Exit), "day", "notice"),
        hidden=pd.DataFrame(
            [(a.account_id, a.fit, a.newer) for a in accounts], columns=["account_id", "fit", "newer"]
        ),
    )


def _told(rows: Sequence[Decision] | Sequence[Exit], kind: type[Decision] | type[Exit]) -> pd.DataFrame:
    """Frame of them; in a small book nobody may have left, and the account is text all the same."""
    return pd.DataFrame(rows, columns=list(kind._fields)).astype({"account_id": "str"})


def _dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[s]") for name in columns})
