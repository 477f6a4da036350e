"""Who carries how much: the book of each CSM, how specialised it is, and what lies with nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.capacity.bands import EDGES, banded
from cslib.metrics.rules import RULES
from cslib.months import months_before

__all__ = ["UNASSIGNED", "book_spread", "needed_and_there", "owner_load", "people", "specialisation"]

UNASSIGNED: Final = "(no owner)"
STATES: Final = ("room", "full", "over")


def people(book: Book, *, role: str = "CSM") -> pd.DataFrame:
    """People who hold `role` on the as-of day, as rows of the table team.

    Raises
    ------
    Absent
        When there is no team.
    """
    team, day = book.need("team"), pd.Timestamp(book.as_of)
    there = (
        (team["start_date"] <= day) & ~(team["end_date"] <= day)
        if "end_date" in team
        else team["start_date"] <= day
    )
    return team[there & (team["role"] == role)].reset_index(drop=True)


def _owned(book: Book, edges: Sequence[int]) -> pd.DataFrame:
    live = banded(book, edges=edges)
    if live["owner"].isna().all():
        raise Absent("it needs owner in the table accounts, which has no such values")
    return live.assign(owner=live["owner"].fillna(UNASSIGNED))


def owner_load(
    book: Book,
    *,
    window: int = 12,
    saturated_from: float = RULES["saturated_from"].value,
    saturated_at: float = RULES["saturated_at"].value,
) -> pd.DataFrame:
    """ARR, accounts and touches of every owner, and how full the book is.

    Parameters
    ----------
    book : Book
        The company, whose accounts have owners.
    window : int
        Months of touches.
    saturated_from, saturated_at : float
        Whole units of ARR from which (inclusive) a book is full, and over.

    Returns
    -------
    DataFrame
        A row an owner, the largest first, what nobody owns last: ``owner, n_accounts, arr`` (minor units),
        ``saturation`` (`arr` over `saturated_at`), ``state`` (room, full, over; missing without an owner), ``touches``
        (by that person in the window; missing without a table of touches), ``on_team`` (in the team today; missing
        without a team). The ARR of all rows is the ARR of the book.

    Raises
    ------
    Absent
        When no account has an owner.

    Source: Gleeson, SaaStr 2024, saturation at $2M to $3M. Systems: G23.
    """
    live = _owned(book, EDGES)
    load = live.groupby("owner")["arr"].agg(n_accounts="size", arr="sum").reset_index()
    scale = 10**book.minor_units
    load["saturation"] = load["arr"] / (saturated_at * scale)
    bounds = [-1, saturated_from * scale - 1, saturated_at * scale - 1, float("inf")]
    load["state"] = pd.cut(load["arr"], bounds, labels=list(STATES)).astype("object")
    load.loc[load["owner"] == UNASSIGNED, ["saturation", "state"]] = None
    load["touches"] = _touches(book, load["owner"], window=window)
    load["on_team"] = load["owner"].isin(book.need("team")["person"]) if book.has("team") else pd.NA
    nobody = load["owner"] == UNASSIGNED
    ordered = load.assign(nobody=nobody).sort_values(
        ["nobody", "arr", "owner"], ascending=[True, False, True]
    )
    return ordered.drop(columns="nobody").reset_index(drop=True)


def _touches(book: Book, owners: pd.Series[str], *, window: int) -> pd.Series[int]:
    if not book.has("touches") or "owner" not in book.tables["touches"]:
        return pd.Series(pd.NA, index=owners.index, dtype="Int64")
    touches = book.tables["touches"]
    recent = touches[touches["date"] > pd.Timestamp(months_before(book.as_of, window))]
    counted: pd.Series[int] = owners.map(recent["owner"].value_counts()).fillna(0).astype("Int64")
    return counted


def specialisation(book: Book, *, edges: Sequence[int] = EDGES) -> pd.DataFrame:
    """How far each owner's accounts lie in one band: the sum of squared shares, 1 when all lie in one.

    Returns
    -------
    DataFrame
        A row an owner: ``owner, n_accounts``, a count a band, ``index`` (from 1 over the number of bands to 1), in
        order of the owner's name.

    Source: Lemkin, SaaStr, people divided by deal size; the index is Herfindahl's. Systems: L06.
    """
    live = _owned(book, edges)
    counts = pd.crosstab(live["owner"], live["band"], dropna=False)
    whole = counts.sum(axis=1)
    index = counts.div(whole, axis=0).pow(2).sum(axis=1)
    return counts.assign(n_accounts=whole, index=index).rename_axis(columns=None).reset_index()


def book_spread(
    book: Book, *, edges: Sequence[int] = EDGES, many_below: float = RULES["many_accounts_below"].value
) -> pd.DataFrame:
    """Accounts and ARR per owner in each band; what nobody owns stands apart.

    Returns
    -------
    DataFrame
        A row a band and one ``all``: ``band, owners`` (with at least one account there), ``fewest, median, most``
        (accounts per owner), ``arr_per_owner`` (minor units, half to even), ``arr``, ``arr_unassigned``,
        ``n_unassigned`` and ``many`` (whether the whole band lies below `many_below`, where hundreds of accounts per
        CSM are usual). Owned and unassigned ARR add up to the ARR of the band.

    Source: Mehta, SaaStr 2024. Systems: M12, M13.
    """
    live = _owned(book, edges)
    rows = []
    tops = [float("inf"), *edges]
    for band, top in [*zip(live["band"].cat.categories, tops, strict=True), ("all", float("inf"))]:
        part = live if band == "all" else live[live["band"] == band]
        alone = part["owner"] == UNASSIGNED
        each = part[~alone].groupby("owner")["arr"].agg(["size", "sum"])
        rows.append({
            "band": band, "owners": len(each), "fewest": each["size"].min(), "median": each["size"].median(),
            "most": each["size"].max(), "arr_per_owner": round(each["sum"].mean()) if len(each) else None,
            "arr": int(part["arr"].sum()), "arr_unassigned": int(part.loc[alone, "arr"].sum()),
            "n_unassigned": int(alone.sum()), "many": top <= many_below,
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"fewest": "Int64", "most": "Int64", "arr_per_owner": "Int64"})


def needed_and_there(
    book: Book, *, arr_per_csm: float = RULES["arr_per_csm"].value, role: str = "CSM"
) -> pd.DataFrame:
    """CSMs that the book needs at one CSM per `arr_per_csm` of each served segment, and those who are there.

    Returns
    -------
    DataFrame
        A row a segment of the team and one ``all``: ``segment, arr`` (minor units), ``needed`` (rounded up in each
        segment, summed in ``all``), ``there``, ``short`` (needed less there). People and accounts without a segment
        stand under ``(none)``.

    Raises
    ------
    Absent
        When there is no team.

    Source: Lemkin, SaaStr, one CSM per $2M. Systems: L03.
    """
    staff = people(book, role=role)
    live = banded(book)
    known = book.tables.get("accounts")
    lines = (
        known.set_index("account_id")["segment"]
        if known is not None and "segment" in known
        else pd.Series(dtype="str")
    )
    segment = live["account_id"].map(lines.astype("str")).astype("str").fillna("(none)")
    arr = live.groupby(segment)["arr"].sum()
    served = (
        staff["segment"].fillna("(none)") if "segment" in staff else pd.Series("(none)", index=staff.index)
    )
    frame = pd.DataFrame({"arr": arr, "there": served.value_counts()}).fillna(0).astype("int64")
    frame["needed"] = -(-frame["arr"] // int(arr_per_csm * 10**book.minor_units))
    frame = frame.rename_axis("segment").sort_index().reset_index()
    whole = pd.DataFrame([{"segment": "all", **frame[["arr", "there", "needed"]].sum().to_dict()}])
    told = pd.concat([frame, whole], ignore_index=True)
    return told.assign(short=told["needed"] - told["there"])[["segment", "arr", "needed", "there", "short"]]
