"""Loops closed: what was declined and why, what was delivered, who was told, and who stayed."""

from __future__ import annotations

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.health import arr_on
from cslib.metrics.linked import kept_by, opening_day
from cslib.metrics.names import names_of
from cslib.metrics.rules import RULES
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = ["closed_and_kept", "closure", "declined", "declined_rate", "delivered"]


def declined(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Requests declined in the window, those without a reason first: the list that ought to be empty at its top.

    Returns
    -------
    DataFrame
        ``account_id, name, closed_date, area, idea, reason, alternative, notified_date, arr`` (minor units), ``passes``
        (a reason is given; blank is none).

    Raises
    ------
    Absent
        When there is no feedback with a status.

    Source: be open about why not. Systems: N17.
    """
    items = book.need("feedback", "status", "closed_date")
    items = items[(items["status"] == "declined") & (items["closed_date"] > opening_day(book, window))]
    names = ["account_id", "closed_date", "area", "idea", "reason", "alternative", "notified_date"]
    found = items.reindex(columns=names)
    told = found["reason"].astype("str").str.strip()
    found["passes"] = found["reason"].notna() & (told != "")
    found["arr"] = found["account_id"].map(arr_on(book, pd.Timestamp(book.as_of))).fillna(0).astype("int64")
    found["name"] = names_of(book, found["account_id"])
    return found.sort_values(
        ["passes", "arr", "account_id"], ascending=[True, False, True], ignore_index=True
    )


def declined_rate(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Share of what was declined that has a reason, an alternative, an answer to the customer.

    Returns
    -------
    DataFrame
        ``what, k, n, value, low, high`` (95%, Wilson).

    Raises
    ------
    Absent
        As :func:`declined`.

    Source: be open about why not. Systems: N17.
    """
    found = declined(book, window=window)
    parts = {
        "with a reason": found["passes"],
        "with an alternative": found["alternative"].notna(),
        "the customer was told": found["notified_date"].notna(),
    }
    return pd.DataFrame([_share(name, part) for name, part in parts.items()])


def _share(name: str, part: pd.Series[bool]) -> dict[str, object]:
    k, n = int(part.sum()), len(part)
    value, low, high = wilson(k, n) if n else (float("nan"),) * 3
    return {"what": name, "k": k, "n": n, "value": value, "low": low, "high": high}


def delivered(
    book: Book, *, quarters: int = 8, goal: float = RULES["ideas_a_year"].value, area: str | None = None
) -> pd.DataFrame:
    """Requests that became delivered in each quarter, with their votes, against a yearly goal.

    Parameters
    ----------
    book : Book
        The company.
    quarters : int
        How many, the last ending on the as-of day.
    goal : float
        Ideas a year.
    area : str, optional
        Of this part of the product only.

    Returns
    -------
    DataFrame
        ``quarter`` (its last day), ``items`` (status changes), ``ideas`` (different ones), ``votes, goal``
        (a quarter's part), ``met``.

    Raises
    ------
    Absent
        When there is no feedback with a status.

    Source: goals on votes by area. Systems: N18.
    """
    items = book.need("feedback", "status", "closed_date")
    items = items[items["status"] == "delivered"]
    items = items if area is None else items[items["area"] == area]
    rows = []
    for back in range(quarters - 1, -1, -1):
        last, first = (pd.Timestamp(months_before(book.as_of, 3 * m)) for m in (back, back + 1))
        part = items[(items["closed_date"] > first) & (items["closed_date"] <= last)]
        named = part["idea"].nunique() if "idea" in part and part["idea"].notna().all() else len(part)
        votes = int(part["votes"].fillna(0).sum()) if "votes" in part else 0
        rows.append({
            "quarter": last, "items": len(part), "ideas": named, "votes": votes, "goal": goal / 4,
            "met": len(part) >= goal / 4,
        })  # fmt: skip
    return pd.DataFrame(rows)


def closure(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Share of delivered requests whose customer was told, and after how many days, by part of the product.

    Returns
    -------
    DataFrame
        ``area`` (one ``all``), ``delivered, notified, value, low, high`` (95%, Wilson), ``days`` (median, of those
        told).

    Raises
    ------
    Absent
        When nobody recorded who was told.

    Source: tell customers it shipped. Systems: N19.
    """
    items = book.need("feedback", "status", "closed_date", "notified_date")
    items = items[(items["status"] == "delivered") & (items["closed_date"] > opening_day(book, window))]
    days = (items["notified_date"] - items["closed_date"]).dt.days
    rows = []
    for name in ["all", *sorted(items["area"].unique())]:
        part = (items["area"] == name) | (name == "all")
        told = _share(name, items.loc[part, "notified_date"].notna())
        rows.append({
            "area": name, "delivered": told["n"], "notified": told["k"],
            **{key: told[key] for key in ("value", "low", "high")}, "days": days[part].median(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def closed_and_kept(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Accounts kept through the window: those told of every delivery before it, against those with one untold.

    Both by what was known at the opening; an association, naive and matched on size and age.

    Returns
    -------
    DataFrame
        As :func:`cslib.metrics.linked.kept_by`.

    Raises
    ------
    Absent
        When nobody recorded who was told, or nothing had been delivered by then.

    Source: Sato 1989. Systems: N19.
    """
    items = book.need("feedback", "status", "closed_date", "notified_date")
    opened = opening_day(book, window)
    items = items[(items["status"] == "delivered") & (items["closed_date"] <= opened)]
    if items.empty:
        raise Absent("it needs deliveries before the window")
    told = (items["notified_date"] <= opened).groupby(items["account_id"]).all()
    return kept_by(book, told, window=window)
