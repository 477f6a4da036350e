"""One account's life: what it buys, changes and gives up, as price events, renewal decisions and exits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from math import ceil, exp
from typing import Final, NamedTuple

import numpy as np

from cslib.simulate.world import DATA_UNTIL, Segment, Spec

__all__ = ["Account", "Decision", "Event", "Exit", "Line", "add_months", "live"]

HORIZON: Final = DATA_UNTIL + timedelta(days=100)  # an end after the data is known when notice came before
DISCOUNTS: Final = (0.0, 0.05, 0.10, 0.15, 0.20)


@dataclass(frozen=True)
class Account:
    """What an account brings with it. `fit` and `appetite` are hidden from the data."""

    account_id: str
    segment: Segment
    start: date
    term: int  # months; 1 is a monthly term
    currency: str
    fit: float
    appetite: float
    newer: bool


@dataclass(frozen=True)
class Line:
    """What one subscription holds: `unit` is the list price of a seat and month in the account's currency."""

    subscription_id: str
    product: str
    plan: str
    quantity: int
    unit: int
    discount: float


class Event(NamedTuple):
    """A price that holds from `day` on; without a line, the end of the subscription."""

    account_id: str
    day: date
    subscription_id: str
    line: Line | None
    term: int
    term_end: date | None
    reason: str
    known: date | None = None  # signature of a start, notice of an end


class Decision(NamedTuple):
    """A renewal that fell due."""

    account_id: str
    due_date: date
    closed_date: date
    list_uplift: float


class Exit(NamedTuple):
    """The day after an account's last paid day."""

    account_id: str
    day: date
    notice: date | None
    voluntary: bool
    warned: bool  # its use fell before it left


def add_months(day: date, months: int) -> date:
    """Return the same day of the month, `months` later; days after the 28th are not used here.

    >>> add_months(date(2025, 11, 28), 3)
    datetime.date(2026, 2, 28)
    """
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, day.day)


def _more(seats: int, by: float) -> int:
    """Seats after growth, in the round lots people buy."""
    lot = 1 if seats < 40 else 5 if seats < 150 else 10
    return max(seats + lot, round(seats * (1 + by) / lot) * lot)


def _first(
    account: Account, spec: Spec, start: date, names: Iterator[str], draw: np.random.Generator
) -> Line:
    segment = account.segment
    seats = round(segment.seats * exp(segment.spread * draw.standard_normal()))
    dearer = 1.03 ** (start.year - 2021)
    unit = round(segment.unit * spec.currencies[account.currency].price * dearer)
    steps = (0.62, 0.16, 0.14, 0.05, 0.03) if segment.name == "SMB" else (0.34, 0.20, 0.24, 0.14, 0.08)
    off = 0.0 if account.term == 1 else float(draw.choice(DISCOUNTS, p=steps))
    seats = max(3, min(seats, segment.most_seats))
    return Line(next(names), spec.platform, segment.plan, seats, unit, off + 0.05 * (account.term > 12))


def _leaves(account: Account, spec: Spec, *, due: bool, term: int, draw: np.random.Generator) -> bool:
    segment = account.segment
    odds = exp(-spec.fit_matters * account.fit - spec.fit_matters**2 / 2)
    chance = segment.monthly_loss if term == 1 else segment.renewal_loss if due else 0.0012
    return bool(draw.random() < chance * odds * (spec.newer_loss if account.newer else 1.0))


def _exit(account: Account, day: date, *, due: bool, term: int, draw: np.random.Generator) -> Exit:
    ahead = int(draw.integers(30, 100)) if due else int(draw.integers(1, 25)) if term == 1 else 10
    notice = None if draw.random() < 0.2 else max(day - timedelta(ahead), account.start + timedelta(7))
    voluntary = bool(draw.random() < (0.95 if due else 0.88 if term == 1 else 0.1))
    return Exit(account.account_id, day, notice, voluntary, bool(draw.random() < 0.68))


def _renewed(line: Line, *, raised: float, by: float) -> Line:
    """Line after renewal at a list price higher by `raised`, and `by` of its seats (negative: given up)."""
    seats = line.quantity if by == 0 else max(3, ceil(line.quantity * (1 + by)))
    return replace(line, unit=max(line.unit, round(line.unit * (1 + raised))), quantity=seats)


def live(
    account: Account, spec: Spec, draw: np.random.Generator, *, start: date, names: Iterator[str]
) -> tuple[list[Event], list[Decision], list[Exit]]:
    """Simulate one account from `start` until it leaves or the data ends; `names` yields subscription ids."""
    who, term = account.account_id, account.term
    growth = account.appetite * (spec.newer_growth if account.newer else 1.0)
    signed = start - timedelta(int(draw.integers(2, 24)))
    back = start > account.start
    term_end = add_months(start, term) if term > 1 else None
    lines = {spec.platform: _first(account, spec, start, names, draw)}
    first = lines[spec.platform]
    opened = "reactivation" if back else "new"
    events = [Event(who, start, first.subscription_id, first, term, term_end, opened, signed)]
    decisions: list[Decision] = []

    def price(day: date, line: Line, reason: str, known: date | None = None) -> None:
        lines[line.product] = line
        events.append(Event(who, day, line.subscription_id, line, term, term_end, reason, known))

    for month in count(1):
        day = add_months(start, month)
        if day > HORIZON:
            return events, decisions, []
        due = day == term_end
        if _leaves(account, spec, due=due, term=term, draw=draw):
            gone = _exit(account, day, due=due, term=term, draw=draw)
            if day > DATA_UNTIL and (gone.notice is None or gone.notice > DATA_UNTIL):
                return events, decisions, []
            if due and day <= DATA_UNTIL:
                decisions.append(Decision(who, day, gone.notice or day, 0.0))
            events += [
                Event(who, day, line.subscription_id, None, term, term_end, "end", gone.notice)
                for line in lines.values()
            ]
            again = add_months(day, int(draw.integers(2, 10)))
            if draw.random() < (0.09 if term == 1 else 0.05) and again <= DATA_UNTIL - timedelta(45):
                more = live(account, spec, draw, start=again, names=names)
                return events + more[0], decisions + more[1], [gone, *more[2]]
            return events, decisions, [gone]
        if day > DATA_UNTIL:
            continue
        if due or (term == 1 and month % 12 == 0):
            raised = float(draw.uniform(*spec.uplift)) if draw.random() < 0.8 else 0.0
            by = -float(draw.uniform(0.08, 0.35)) if draw.random() < spec.shrink else 0.0
            reason = "fewer seats" if by else "uplift" if raised else "renewal"
            if term > 1:
                slip = int(
                    draw.choice([-40, -21, -10, -3, 0, 6, 19], p=[0.15, 0.2, 0.2, 0.2, 0.15, 0.07, 0.03])
                )
                closed = min(max(day + timedelta(slip), start), DATA_UNTIL)
                decisions.append(Decision(who, day, closed, round(raised, 3)))
                longer = term == 12 and draw.random() < 0.02
                term = 24 if longer else 12 if term > 12 else term
                term_end = add_months(start, month + term)
                reason = "extension" if longer else reason
            dropped = [
                line
                for line in lines.values()
                if line.product != spec.platform and draw.random() < spec.shrink / 2
            ]
            for line in dropped:
                del lines[line.product]
                events.append(Event(who, day, line.subscription_id, None, term, term_end, "end"))
            for line in list(lines.values()):
                line = replace(line, discount=line.discount + 0.08 * (reason == "extension"))
                price(day, _renewed(line, raised=raised, by=by), reason)
            continue
        at = day + timedelta(int(draw.integers(0, 28)))
        if at > DATA_UNTIL:
            continue
        luck, line = draw.random(), lines[spec.platform]
        if luck < (bar := spec.grow * growth):
            price(
                at,
                replace(line, quantity=_more(line.quantity, float(draw.uniform(0.06, 0.28)))),
                "more seats",
            )
        elif luck < (bar := bar + spec.attach * growth * (len(lines) <= len(spec.add_ons))):
            product = str(draw.choice([name for name in spec.add_ons if name not in lines]))
            unit = max(1, round(spec.add_ons[product] * spec.currencies[account.currency].price))
            extra = Line(next(names), product, line.plan, line.quantity, unit, line.discount)
            price(at, extra, "cross-sell", at - timedelta(int(draw.integers(0, 9))))
        elif luck < (
            bar := bar + 0.0025 * growth * (account.segment.name != "Enterprise" and "Plus" not in line.plan)
        ):
            price(at, replace(line, plan=f"{line.plan} Plus", unit=line.unit + 10), "upgrade")
        elif luck < (bar := bar + 0.006 * (term == 1)):
            price(at, replace(line, quantity=max(3, round(line.quantity * 0.8))), "fewer seats")
        elif luck < bar + 0.006 * (term == 1):
            term, term_end = 12, add_months(start, month + 12)
            for line in list(lines.values()):
                price(at, replace(line, discount=line.discount + 0.10), "extension")
    raise AssertionError("unreachable: the horizon ends every life")
