"""Who answers for what: people in operations, quotas, and one name for each driver of net retention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cslib.book import Book
from cslib.metrics.capacity.bands import banded
from cslib.metrics.capacity.load import people
from cslib.metrics.retention import bridge
from cslib.metrics.rules import RULES
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = ["ops_ratio", "ownership", "quotas"]


def ops_ratio(
    book: Book, *, role: str = "CSM", ops: str = "CS operations", months: Sequence[int] = (24, 12, 0)
) -> pd.DataFrame:
    """CSMs for each person in operations, now and earlier, beside ARR.

    Returns
    -------
    DataFrame
        A row a day: ``end, csms, ops, value`` (CSMs over people in operations; missing without any), ``state``
        (``no ops`` or empty), ``arr`` (minor units).

    Raises
    ------
    Absent
        When there is no team.

    Source: Mehta, SaaStr 2024; its chart gives no figure in text, so no benchmark is printed. Systems: M17.
    """
    team = book.need("team")
    rows = []
    ledger = book.tables["subscriptions"]
    for back in months:
        day = pd.Timestamp(months_before(book.as_of, back))
        there = team[(team["start_date"] <= day) & ~(team["end_date"] <= day)]
        csms, helpers = int((there["role"] == role).sum()), int((there["role"] == ops).sum())
        live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day)]
        rows.append({
            "end": day, "csms": csms, "ops": helpers, "value": csms / helpers if helpers else float("nan"),
            "state": "" if helpers else "no ops", "arr": int(live["arr"].sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def quotas(book: Book, *, role: str = "CSM", window: int = 12) -> pd.DataFrame:
    """Who carries a quota, and how much of it was reached.

    Reached is the ARR of deals found by customer success and won in the window, on accounts the person owns today.

    Returns
    -------
    DataFrame
        A row for each kind of quota and one ``any``: ``kind, people`` (who carry it, each once), ``all_people``,
        ``share, low, high`` (95%, Wilson), ``quota, actual`` (minor units), ``attainment``, ``benchmark`` (share of
        teams, as a ratio; missing for other kinds).

    Raises
    ------
    Absent
        When the team has no quotas.

    Source: Mehta, SaaStr 2024: half of teams carry a renewal quota, a tenth one for expansion. Systems: M07.
    """
    book.need("team", "quota", "quota_kind")
    staff = people(book, role=role)
    deals = book.need("opportunities", "won", "closed_date")
    opened = pd.Timestamp(months_before(book.as_of, window))
    won = deals[deals["won"].fillna(False).astype(bool) & (deals["closed_date"] > opened)]
    won = won[won["source"].eq("CSM")] if "source" in won else won
    owners = banded(book).set_index("account_id")["owner"]
    actual = won.groupby(won["account_id"].map(owners))["amount"].sum()
    carries = staff[staff["quota"].notna() & staff["quota_kind"].notna()]
    shares: Mapping[str, float] = {
        "renewal": RULES["renewal_quota"].value,
        "expansion": RULES["expansion_quota"].value,
    }
    rows = []
    for kind in [*sorted(carries["quota_kind"].unique()), "any"]:
        mine = carries if kind == "any" else carries[carries["quota_kind"] == kind]
        n, whole = mine["person"].nunique(), staff["person"].nunique()
        share, low, high = wilson(n, whole) if whole else (float("nan"),) * 3
        quota, reached = (
            int(mine["quota"].sum()),
            int(actual.reindex(mine["person"].unique()).fillna(0).sum()),
        )
        rows.append({
            "kind": kind, "people": n, "all_people": whole, "share": share, "low": low, "high": high, "quota": quota,
            "actual": reached, "attainment": reached / quota if quota else float("nan"),
            "benchmark": shares.get(kind, float("nan")),
        })  # fmt: skip
    return pd.DataFrame(rows)


def ownership(book: Book, *, owners: Mapping[str, Sequence[str]], window: int = 12) -> pd.DataFrame:
    """Each driver of net retention, who answers for it, and what it did: exactly one name each, or it is red.

    Parameters
    ----------
    book : Book
        The company.
    owners : Mapping
        Driver (expansion, contraction, churn, and any other) to the people or functions accountable.
    window : int
        Months.

    Returns
    -------
    DataFrame
        A row a driver: ``driver, accountable`` (names joined), ``n``, ``light`` (green for one name, red for none or
        several), ``actual`` (minor units of the movement; missing where it is no movement), ``points`` (of opening
        ARR, with its sign).

    Source: the best firms name one executive. Systems: N10.
    """
    moved = bridge(book, window=window).set_index("metric")["value"]
    drivers = list(dict.fromkeys(["expansion", "contraction", "churn", *owners]))
    rows = []
    for driver in drivers:
        names = list(dict.fromkeys(owners.get(driver, ())))
        amount = int(moved[driver]) if driver in moved and driver not in {"opening", "closing"} else None
        sign = -1 if driver in {"contraction", "churn"} else 1
        opening = int(moved["opening"])
        rows.append({
            "driver": driver, "accountable": ", ".join(names), "n": len(names),
            "light": "green" if len(names) == 1 else "red",
            "actual": amount, "points": sign * amount / opening if amount is not None and opening else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"actual": "Int64"})
