"""Hand-made companies: accounts of a given ARR, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from cslib.book import Book

AS_OF = date(2026, 9, 30)


def sized(
    arr: Mapping[str, float],
    *,
    start: str | Mapping[str, str] = "2024-01-15",
    owners: Mapping[str, str] | None = None,
    ends: Mapping[str, str] | None = None,
    accounts: Mapping[str, Sequence[object]] | None = None,
    **tables: pd.DataFrame,
) -> Book:
    """A company whose accounts pay so much ARR, in whole dollars, from `start` on."""
    ids = list(arr)
    ledger = pd.DataFrame({
        "account_id": ids, "arr": [str(arr[i]) for i in ids], "currency": "USD",
        "start_date": [start if isinstance(start, str) else start[i] for i in ids],
        "end_date": [(ends or {}).get(i) for i in ids],
    })  # fmt: skip
    frame = pd.DataFrame({"account_id": ids, "name": [f"Account {i}" for i in ids]}).assign(
        **(accounts or {})
    )
    if owners is not None:
        frame["owner"] = [owners.get(i) for i in ids]
    return Book.from_frames({"subscriptions": ledger, "accounts": frame, **tables}, as_of=AS_OF, name="Sized")


def touches(
    rows: Sequence[tuple[str, str, str, str | None]], minutes: Sequence[float] | None = None
) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "date", "kind", "owner"])
    return frame if minutes is None else frame.assign(minutes=list(minutes))


def team(rows: Sequence[tuple[str, str, str, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person", "role", "start_date", "end_date"])


def costs(amount: str, months: int = 12, function: str = "customer success") -> pd.DataFrame:
    days = [f"{2025 + (9 + m) // 12}-{(9 + m) % 12 + 1:02d}-01" for m in range(months)]
    return pd.DataFrame({"function": function, "month": days, "amount": amount})
