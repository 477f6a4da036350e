"""Books of the demo's companies, and of draws of them in which nothing is planted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from cslib.book import Book
from cslib.simulate import COMPANIES, DATA_UNTIL, Spec, simulate_ledger

HEALTHY, NEWER_WORSE, ONE_ACCOUNT = COMPANIES


def nothing_planted(edition: int) -> Spec:
    """Pontavia without its worse newcomers: another draw of a book in which every change is chance."""
    return replace(NEWER_WORSE, newer_from=None, newer_loss=1.0, newer_growth=1.0, edition=f"null {edition}")


_MADE: Final[dict[tuple[str, str, int, date], Book]] = {}


def simulated(spec: Spec, seed: int = 7, as_of: date = DATA_UNTIL) -> Book:
    """Book of one simulated company as it was known on `as_of`; made once a session."""
    key = (spec.name, spec.edition, seed, as_of)
    if key not in _MADE:
        ledger = simulate_ledger(spec, seed)
        columns = ["account_id", "subscription_id", "start_date", "end_date", spec.quotes, "currency"]
        rows = ledger.subscriptions[columns]
        frames = {
            "subscriptions": rows.assign(**{spec.quotes: rows[spec.quotes] / 100}),
            "accounts": ledger.accounts,
            "account_links": ledger.account_links,
        }
        rates = {code: Decimal(rate) for code, rate in spec.rates.items()}
        _MADE[key] = Book.from_frames(
            frames, as_of=as_of, name=spec.name, currency=spec.currency, rates=rates
        )
    return _MADE[key]
