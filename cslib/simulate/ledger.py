"""All accounts of a company and the prices they paid: subscriptions, accounts, mergers, decisions and exits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

import numpy as np
import pandas as pd

from cslib.simulate.lives import Account, Decision, Event, Exit, Line, live
from cslib.simulate.names import PEOPLE, company_names
from cslib.simulate.world import DATA_FROM, DATA_UNTIL, Spec, generator

__all__ = ["Ledger", "simulate_ledger"]

MONTHS: Final = 60
SEASON: Final = {1: 0.8, 3: 1.35, 6: 1.35, 7: 0.8, 8: 0.6, 9: 1.3, 12: 1.6}  # quotas close with the quarter
TERMS: Final = {1: "monthly", 12: "annual"}


@dataclass(frozen=True)
class Ledger:
    """The money side of a simulated company. Money in minor units; ``arr`` in the reporting currency.

    `subscriptions`, `accounts` and `account_links` are tables of the contract (`subscriptions` with the added
    ``arr_home``); `decisions` are renewals that fell due; `exits` are ends of an account; `hidden` holds what the
    simulation knows of each account and the data does not say.
    """

    subscriptions: pd.DataFrame
    accounts: pd.DataFrame
    account_links: pd.DataFrame
    decisions: pd.DataFrame
    exits: pd.DataFrame
    hidden: pd.DataFrame


def _accounts(spec: Spec, draw: np.random.Generator) -> list[Account]:
    ramp = np.linspace(*spec.ramp, MONTHS)
    firsts = pd.date_range(DATA_FROM, periods=MONTHS, freq="MS")
    weight = ramp * np.array([SEASON.get(month, 1.0) for month in firsts.month])
    months = np.sort(draw.choice(MONTHS, spec.n_accounts, p=weight / weight.sum()))
    days = np.where(draw.random(spec.n_accounts) < 0.45, 1, draw.integers(2, 29, spec.n_accounts))
    starts = sorted(firsts[m].date().replace(day=int(d)) for m, d in zip(months, days, strict=True))
    # shares of a segment are exact within any run of accounts, so that no cohort is large by chance
    shares = np.cumsum([segment.share for segment in spec.segments])
    turn = (np.arange(spec.n_accounts) * 0.6180339887 + draw.random()) % 1.0
    found = []
    for i, start in enumerate(starts):
        segment = spec.segments[int(np.searchsorted(shares, turn[i] * shares[-1]))]
        newer = spec.newer_from is not None and start >= spec.newer_from
        term = 1 if draw.random() < segment.monthly_terms else 12
        if segment.name == "Enterprise" and draw.random() < 0.25:
            term = int(draw.choice([24, 36]))
        code = str(draw.choice(list(spec.currencies), p=[c.share for c in spec.currencies.values()]))
        fit = float(draw.standard_normal()) - 0.5 * newer
        appetite = float(np.exp(0.45 * draw.standard_normal() - 0.1))
        found.append(
            Account(f"{spec.prefix}-{1001 + i}", segment, start, term, code, fit, appetite, newer)
        )
    return found


def _visits(spec: Spec, accounts: list[Account], draw: np.random.Generator) -> list[Event]:
    """Trials at zero, before a paid start or alone, and accounts gone inside their first month."""
    events = []
    monthly = [a for a in accounts if a.term == 1 or a.segment.name == "SMB"]
    tried = [a for a in monthly if a.start >= DATA_FROM + timedelta(40) and draw.random() < 0.25]
    for account in tried:
        events += _zero(spec, account.account_id, account.start - timedelta(14), account.start)
    for i in range(spec.free_trials):
        start = DATA_FROM + timedelta(int(draw.integers(60, 1700)))
        events += _zero(spec, f"{spec.prefix}-{901 + i}", start, start + timedelta(30))
    for i in range(spec.blinks):
        month = pd.Timestamp(DATA_FROM) + pd.DateOffset(months=int(draw.integers(8, 58)))
        who, start = f"{spec.prefix}-{951 + i}", date(month.year, month.month, 3)
        line = Line(f"{who}-1", spec.platform, spec.segments[0].plan, 5, spec.segments[0].unit, 0.0)
        events.append(Event(who, start, line.subscription_id, line, 1, None, "new", start))
        events.append(Event(who, start.replace(day=19), line.subscription_id, None, 1, None, "end", start.replace(day=17)))
    return events


def _zero(spec: Spec, who: str, start: date, end: date) -> list[Event]:
    line = Line(f"{who}-0", spec.platform, "Trial", 5, 0, 0.0)
    return [
        Event(who, start, line.subscription_id, line, 1, None, "trial"),
        Event(who, end, line.subscription_id, None, 1, None, "end"),
    ]


def _round_price(amount: float, quotes: str) -> int:
    """Price a person would write, in whole units: 289 and 1,240 a month, 43,300 a year; 0 stays 0."""
    if quotes == "arr":
        return round(amount * 12 / 100) * 100
    return round(amount / 10) * 10 - (0 < amount < 400)


def _rows(spec: Spec, events: list[Event], codes: dict[str, str]) -> list[dict[str, object]]:
    rows = []
    by_subscription = sorted(events, key=lambda event: (event.account_id, event.subscription_id, event.day))
    for _, group in groupby(by_subscription, key=lambda event: event.subscription_id):
        told: list[Event] = []
        for event in group:
            if not told or (event.line, event.term_end) != (told[-1].line, told[-1].term_end):
                told.append(event)
        for event, after in zip(told, [*told[1:], None], strict=True):
            if (line := event.line) is None:
                continue
            full = _round_price(line.quantity * line.unit, spec.quotes)
            paid = _round_price(line.quantity * line.unit * (1 - line.discount), spec.quotes)
            ended = after is not None and after.line is None
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
                    "notice_date": max(after.known, event.day) if ended and after and after.known else None,
                    "auto_renew": event.term < 24,
                    "change_reason": event.reason,
                }
            )
    return rows


def _home(amounts: pd.Series[int], codes: pd.Series[str], spec: Spec) -> list[int]:
    """ARR in minor units of the reporting currency, rounded half to even before it is annualised."""
    times = 1 if spec.quotes == "arr" else 12
    rates = {code: Decimal(money.rate) for code, money in spec.currencies.items()}
    return [
        int((int(a) * rates[code]).quantize(Decimal(1))) * times for a, code in zip(amounts, codes, strict=True)
    ]


def _whale(spec: Spec, events: list[Event], codes: dict[str, str]) -> tuple[Account, list[Event], list[Decision]]:
    """The large account: its path is fixed in shares of what the rest of the book pays on the opening day."""
    assert spec.whale is not None
    rest = pd.DataFrame(_rows(spec, events, codes))
    day = spec.whale.opening
    held = rest[(rest["start_date"] <= day) & np.array([end is None or end > day for end in rest["end_date"]])]
    arr = sum(_home(held[spec.quotes], held["currency"], spec)) / 100
    opening = arr * spec.whale.share / (1 - spec.whale.share)
    segment, who = spec.segments[-1], f"{spec.prefix}-1000"
    account = Account(who, segment, date(2022, 3, 14), 12, spec.currency, 1.0, 1.0, False)
    path = [
        (date(2022, 3, 14), 0.18, "new"), (date(2023, 3, 14), 0.40, "more seats"), (date(2024, 3, 14), 0.62, "more seats"),
        (date(2024, 11, 4), 0.78, "more seats"), (date(2025, 3, 14), 1.0, "uplift"),
        (date(2026, 1, 19), 1.0 + 0.45 * (spec.whale.growth - 1), "more seats"), (date(2026, 3, 14), spec.whale.growth, "uplift"),
    ]  # fmt: skip
    found, decisions = [], []
    for at, part, reason in path:
        unit = round(segment.unit * 1.03 ** (at.year - 2021))
        seats = round(opening * part / (12 * unit * 0.8))
        line = Line(f"{who}-1", spec.platform, segment.plan, seats, unit, 0.2)
        ends = date(at.year + (at >= date(at.year, 3, 14)), 3, 14)
        known = at - timedelta(20) if reason == "new" else None
        found.append(Event(who, at, line.subscription_id, line, 12, ends, reason, known))
        if at.month == 3 and reason != "new":
            decisions.append(Decision(who, at, at - timedelta(12), 0.03))
    return account, found, decisions


def _merge(spec: Spec, events: list[Event], accounts: list[Account], exits: list[Exit], decisions: list[Decision]) -> tuple[str, str, list[Event], list[Decision]]:
    """Two accounts that both stay become one: the contracts of the first move to the second on the day."""
    gone = {leaving.account_id for leaving in exits}
    there = [a for a in accounts if a.account_id not in gone and a.segment.name != "SMB" and a.term == 12]
    there = [a for a in there if a.start < spec.merger - timedelta(200) and a.currency == spec.currency]
    one, into = there[len(there) // 2], there[0]
    if one == into:
        raise ValueError(f"{spec.name}: no two accounts in {spec.currency} that could merge on {spec.merger}, seed too thin")
    kept: list[Event] = []
    for _, group in groupby(
        sorted((e for e in events if e.account_id == one.account_id), key=lambda e: (e.subscription_id, e.day)),
        key=lambda e: e.subscription_id,
    ):
        life = list(group)
        before = [e for e in life if e.day < spec.merger]
        kept += before
        moved = [e for e in life if e.day >= spec.merger]
        if before and before[-1].line:
            last = before[-1]
            kept.append(last._replace(day=spec.merger, line=None, reason="end"))
            if not moved or moved[0].day > spec.merger:
                moved.insert(0, last._replace(day=spec.merger, reason="merger", known=None))
        kept += [
            e._replace(
                account_id=into.account_id,
                subscription_id=f"{e.subscription_id}-M",
                line=replace(e.line, subscription_id=f"{e.subscription_id}-M") if e.line else None,
            )
            for e in moved
        ]
    others = [e for e in events if e.account_id != one.account_id]
    renamed = [
        d._replace(account_id=into.account_id) if d.account_id == one.account_id and d.due_date >= spec.merger else d
        for d in decisions
    ]
    return one.account_id, into.account_id, others + kept, renamed


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
        Frames with money in integer minor units of the row's own currency, ``arr_home`` in the reporting currency.

    Examples
    --------
    >>> from cslib.simulate.world import ONE_ACCOUNT
    >>> simulate_ledger(ONE_ACCOUNT, 7).subscriptions.equals(simulate_ledger(ONE_ACCOUNT, 7).subscriptions)
    True
    """
    draw = generator(seed, spec.name, spec.edition, "ledger")
    accounts = _accounts(spec, draw)
    events, decisions, exits = [], [], []
    for account in accounts:
        one = generator(seed, spec.name, spec.edition, "life", account.account_id)
        names = iter([f"{account.account_id}-{i}" for i in range(1, 60)])
        lived = live(account, spec, one, start=account.start, names=names)
        events += lived[0]
        decisions += lived[1]
        exits += lived[2]
    one_id, into_id, events, decisions = _merge(spec, events, accounts, exits, decisions)
    events += _visits(spec, accounts, draw)
    codes = {account.account_id: account.currency for account in accounts}
    if spec.whale:
        big, story, due = _whale(spec, events, codes)
        accounts, events, decisions = [*accounts, big], events + story, decisions + due
    subscriptions = pd.DataFrame(_rows(spec, events, codes))
    subscriptions["arr_home"] = _home(subscriptions[spec.quotes], subscriptions["currency"], spec)
    return Ledger(
        subscriptions=subscriptions,
        accounts=_described(spec, subscriptions, accounts, generator(seed, spec.name, spec.edition, "accounts")),
        account_links=pd.DataFrame(
            {"account_id": [one_id], "into_id": [into_id], "kind": ["merger"], "effective_date": [spec.merger]}
        ),
        decisions=pd.DataFrame(decisions, columns=list(Decision._fields)),
        exits=pd.DataFrame(exits, columns=list(Exit._fields)),
        hidden=pd.DataFrame(
            {
                "account_id": [a.account_id for a in accounts],
                "fit": [a.fit for a in accounts],
                "newer": [a.newer for a in accounts],
            }
        ),
    )


def _described(spec: Spec, subscriptions: pd.DataFrame, accounts: list[Account], draw: np.random.Generator) -> pd.DataFrame:
    """One row an account: what is known of it at its start, and a parent for a few."""
    first = subscriptions.sort_values(["account_id", "start_date", "subscription_id"]).drop_duplicates("account_id")
    paid = subscriptions[subscriptions["list_mrr"] > 0].sort_values(["account_id", "start_date"])
    plan = paid.drop_duplicates("account_id").set_index("account_id")["plan"]
    known = {account.account_id: account for account in accounts}
    ids = first["account_id"].tolist()
    n = len(ids)
    regions = [str(r) for r in draw.choice(list(spec.regions), n, p=list(spec.regions.values()))]
    sellers = PEOPLE[26:26 + 2 + n // 90]
    names = company_names(regions, draw)
    frame = pd.DataFrame(
        {
            "account_id": ids,
            "name": [spec.whale.name if spec.whale and i == f"{spec.prefix}-1000" else nm for i, nm in zip(ids, names, strict=True)],
            "segment": [known[i].segment.name if i in known else spec.segments[0].name for i in ids],
            "industry": draw.choice(spec.industries, n),
            "region": regions,
            "channel": draw.choice(list(spec.channels), n, p=list(spec.channels.values())),
            "owner": None,
            "parent_id": None,
            "start_plan": [plan.get(i, "Trial") for i in ids],
            "start_term": [TERMS.get(known[i].term, "multi-year") if i in known else "monthly" for i in ids],
            "sold_by": draw.choice(sellers, n),
        }
    )
    groups = draw.choice(np.flatnonzero(frame["segment"] != "SMB"), max(2, n // 60), replace=False)
    for head, member in zip(groups[: len(groups) // 2], groups[len(groups) // 2 :], strict=False):
        frame.loc[member, "parent_id"] = frame.loc[head, "account_id"]
    return frame
