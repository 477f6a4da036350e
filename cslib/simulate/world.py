"""The three companies of the demo as data: what they sell, to whom, how customers behave, what is planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from zlib import crc32

import numpy as np

__all__ = ["COMPANIES", "DATA_FROM", "DATA_UNTIL", "Currency", "Segment", "Spec", "Whale", "generator"]

DATA_FROM: Final = date(2021, 10, 1)
"""First day on which anybody pays."""

DATA_UNTIL: Final = date(2026, 9, 30)
"""Day up to which the data is complete; nothing happens after it, though a notice given before may name a later end."""


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random numbers of their own for every named part, so that one part may change without moving another.

    >>> [int(generator(7, "acme", part).integers(1000)) for part in ("usage", "usage", "health")]
    [879, 879, 99]
    """
    return np.random.Generator(np.random.PCG64([seed, *(crc32(name.encode()) for name in names)]))


@dataclass(frozen=True)
class Segment:
    """A band of accounts. Losses are chances for an account of average fit; `seats` is a median."""

    name: str
    share: float  # of accounts
    seats: float
    spread: float  # standard deviation of log seats
    most_seats: int
    plan: str
    unit: int  # list price of a seat and month in the reporting currency
    monthly_terms: float  # share of accounts without a yearly contract
    renewal_loss: float  # chance at each renewal
    monthly_loss: float  # chance in each month of a monthly term


@dataclass(frozen=True)
class Currency:
    """A selling currency: share of accounts, reporting currency per unit, list price against the home list."""

    share: float
    rate: str
    price: float


@dataclass(frozen=True)
class Whale:
    """The one account on which the result hangs. Its size follows the rest of the book, so the truth always holds."""

    name: str
    share: float  # of the company's ARR on `opening`
    growth: float  # its ARR at the end over its ARR on `opening`
    opening: date = date(2025, 9, 30)


@dataclass(frozen=True)
class Spec:
    """A simulated company. Chances are per account and month unless said otherwise."""

    name: str
    prefix: str
    currency: str
    quotes: str  # what the ledger holds: mrr or arr
    story: str
    n_accounts: int
    segments: tuple[Segment, ...]
    platform: str
    add_ons: Mapping[str, int]  # list price of a seat and month
    features: tuple[str, ...]  # the first is the core
    industries: tuple[str, ...]
    regions: Mapping[str, float]
    channels: Mapping[str, float]
    currencies: Mapping[str, Currency]
    ramp: tuple[float, float]  # new accounts a month, first against last, relative
    grow: float  # more seats
    attach: float  # one more add-on
    shrink: float  # fewer seats, at a renewal or yearly
    uplift: tuple[float, float]  # list price rise at renewal, bounds
    merger: date
    fit_matters: float = 0.5  # how strongly an account's fit moves its chance to leave
    newer_from: date | None = None  # accounts from this day on behave worse
    newer_loss: float = 1.0  # their chance to leave, against the others'
    newer_growth: float = 1.0  # their chance to grow, against the others'
    whale: Whale | None = None
    free_trials: int = 6  # accounts that tried at zero and never paid
    blinks: int = 2  # accounts that joined and left inside one month
    edition: str = ""  # which draw of the company's luck; the demo shows typical ones
    labels: str = ""  # which draw of industry, region, channel and seller, none of which matters
    rates: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Derive the rates of the currencies other than the reporting one."""
        rates = {code: money.rate for code, money in self.currencies.items() if code != self.currency}
        object.__setattr__(self, "rates", rates)


HEALTHY: Final = Spec(
    name="Larkfield Systems",
    prefix="LK",
    currency="USD",
    quotes="mrr",
    story="healthy",
    edition="gr",
    labels="25",
    n_accounts=540,
    segments=(
        Segment("SMB", 0.46, 16, 0.45, 60, "Starter", 39, 0.40, 0.120, 0.0095),
        Segment("Mid-market", 0.42, 62, 0.45, 260, "Growth", 45, 0.06, 0.078, 0.0070),
        Segment("Enterprise", 0.12, 210, 0.35, 420, "Scale", 49, 0.0, 0.055, 0.0),
    ),
    platform="Spend Control",
    add_ons={"Supplier Portal": 9, "Forecasting": 12, "Audit Trail": 6},
    features=("approvals", "dashboards", "automations", "imports", "mobile"),
    industries=("Healthcare", "Manufacturing", "Professional services", "Software", "Wholesale", "Education"),
    regions={"North America": 0.52, "United Kingdom": 0.18, "DACH": 0.14, "Nordics": 0.09, "Türkiye": 0.07},
    channels={"Direct": 0.42, "Inbound": 0.36, "Partner": 0.22},
    currencies={
        "USD": Currency(0.60, "1", 1.0),
        "EUR": Currency(0.24, "1.08", 0.95),
        "GBP": Currency(0.16, "1.27", 0.8),
    },
    ramp=(0.35, 1.3),
    grow=0.072,
    attach=0.010,
    shrink=0.07,
    uplift=(0.03, 0.06),
    merger=date(2025, 11, 17),
)

NEWER_WORSE: Final = Spec(
    name="Pontavia",
    prefix="PV",
    currency="EUR",
    quotes="mrr",
    story="newer cohorts worse",
    edition="p",
    labels="105",
    n_accounts=370,
    segments=(
        Segment("SMB", 0.66, 17, 0.45, 60, "Solo", 29, 0.72, 0.130, 0.0105),
        Segment("Mid-market", 0.28, 60, 0.40, 180, "Team", 35, 0.30, 0.080, 0.0065),
        Segment("Enterprise", 0.06, 150, 0.25, 260, "Chain", 39, 0.0, 0.050, 0.0),
    ),
    platform="Rota Planner",
    add_ons={"Payroll Sync": 6, "Table Booking": 9},
    features=("schedules", "shift_swaps", "timesheets", "forecast"),
    industries=("Restaurants", "Clinics", "Hotels", "Salons", "Retail"),
    regions={"DACH": 0.40, "Iberia and France": 0.34, "Nordics": 0.14, "United Kingdom": 0.12},
    channels={"Inbound": 0.52, "Marketplace": 0.28, "Direct": 0.20},
    currencies={
        "EUR": Currency(0.74, "1", 1.0),
        "CHF": Currency(0.16, "1.05", 1.1),
        "GBP": Currency(0.10, "1.17", 0.85),
    },
    ramp=(0.55, 1.2),
    grow=0.092,
    attach=0.014,
    shrink=0.06,
    uplift=(0.03, 0.06),
    merger=date(2024, 8, 5),
    newer_from=date(2025, 1, 1),
    newer_loss=2.1,
    newer_growth=0.25,
)

ONE_ACCOUNT: Final = Spec(
    name="Thornbury Signal",
    prefix="TS",
    currency="GBP",
    quotes="arr",
    story="one account",
    edition="ax",
    labels="0",
    n_accounts=78,
    segments=(
        Segment("SMB", 0.22, 40, 0.30, 90, "Local", 59, 0.0, 0.120, 0.0),
        Segment("Mid-market", 0.54, 95, 0.35, 220, "Regional", 65, 0.0, 0.095, 0.0),
        Segment("Enterprise", 0.24, 190, 0.25, 320, "National", 69, 0.0, 0.075, 0.0),
    ),
    platform="Demand Signal",
    add_ons={"Promotions": 12, "Replenishment": 19},
    features=("forecasts", "exceptions", "promotions", "exports"),
    industries=("Grocery", "Fashion", "Home and garden", "Pharmacy"),
    regions={"United Kingdom": 0.78, "Nordics": 0.14, "DACH": 0.08},
    channels={"Direct": 0.68, "Partner": 0.32},
    currencies={"GBP": Currency(1.0, "1", 1.0)},
    ramp=(0.7, 1.25),
    grow=0.020,
    attach=0.005,
    shrink=0.12,
    uplift=(0.02, 0.04),
    merger=date(2025, 2, 10),
    whale=Whale("Aldermoor Stores", share=0.30, growth=1.45),
    free_trials=2,
    blinks=1,
)

COMPANIES: Final[tuple[Spec, ...]] = (HEALTHY, NEWER_WORSE, ONE_ACCOUNT)
"""The demo portfolio: one healthy, one whose newer cohorts are worse, one that hangs on a single account."""
