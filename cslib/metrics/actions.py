"""Plays: which accounts a play of customer success is for, from what the ledger knows. One rule a play, no score.

``renewal_rescue``, ``value_recapture``, ``price_review``, ``win_back``, ``onboarding_fix``, ``second_contact``,
``second_start``, ``next_offer`` and ``segment_review`` are keys; what they are called stands in the report's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.metrics.cuts import NOT_GIVEN, values_on
from cslib.metrics.held import bought_no_less, own_columns
from cslib.metrics.kinds import changed_lines
from cslib.metrics.names import names_of
from cslib.metrics.pairs import pairs_at
from cslib.metrics.retention import account_changes
from cslib.metrics.terms_ahead import terms_ahead
from cslib.months import anchor_day, month_of, months_before

__all__ = ["PLAYS", "actions", "by_play"]

PLAYS: Final = (
    "renewal_rescue", "value_recapture", "price_review", "win_back", "onboarding_fix", "second_contact", "second_start",
    "next_offer", "segment_review",
)  # fmt: skip
LARGE: Final = 0.10  # share of today's ARR from which an account needs more than one contact
COLUMNS: Final = ("play", "account_id", "name", "owner", "arr", "at_stake", "day")


def actions(
    book: Book, *, window: int = 12, ahead: int = 3, recent: int = 3, segments: Sequence[tuple[str, str]] = ()
) -> pd.DataFrame:
    """Accounts that each play is for, with what they pay and what is at stake; ARR in minor units.

    Parameters
    ----------
    book : Book
        The company as of one day.
    window : int
        Months over which a fall, a return or a growth counts.
    ahead : int
        Months in which a renewal comes up.
    recent : int
        Months back that a lost account is still worth asking.
    segments : sequence of (column, segment)
        Segments that were found to keep less than the rest.

    Returns
    -------
    DataFrame
        A row per play and account, plays in the order of :data:`PLAYS`, the most at stake first: ``play, account_id,
        name, owner`` (who the customer belongs to; empty where nobody is named), ``arr`` (what it pays now, int64 minor
        units), ``at_stake`` (what may be lost, or was; int64) and ``day`` (when the term ends, or NaT). An account
        stands under every play it is for.

    Raises
    ------
    ValueError
        When a number of months is not positive, or a column of a segment is unknown.

    Source: the rules are printed in the report beside each play.

    Examples
    --------
    >>> rows = pd.DataFrame({"account_id": ["A", "A", "B"], "start_date": ["2024-01-01", "2025-03-01", "2024-01-01"],
    ...     "end_date": ["2025-03-01", None, None], "mrr": [100, 60, 10], "currency": "USD"})
    >>> book = Book.from_frames({"subscriptions": rows}, as_of=pd.Timestamp(2025, 12, 31).date())
    >>> actions(book).query("play == 'value_recapture'")[["account_id", "arr", "at_stake"]]
      account_id    arr  at_stake
    0          A  72000     48000
    """
    moves, last = account_changes(book, window=window), account_changes(book, window=recent)
    due = terms_ahead(book, months=ahead, window=window)
    due = due[due["notice"] | due["shrunk"]]
    smaller = moves[moves["movement"] == "contraction"]
    priced = smaller["account_id"].isin(_bought_no_less(book, window=window))
    gone = last[last["movement"] == "churn"]
    live = moves[moves["closing"] > 0]
    large = live[live["closing"] >= LARGE * int(live["closing"].sum())]
    young = live[live["account_id"].isin(_young(book))]
    still = moves[moves["movement"] == "unchanged"]
    back = live[live["movement"] == "reactivation"]
    lost = _of_segments(book, moves, segments, window=window)
    found = {  # accounts, and the column of their stake
        "renewal_rescue": (due.assign(day=due["due_date"]), "arr"),
        "value_recapture": (smaller[~priced], "change"),
        "price_review": (smaller[priced], "change"),
        "win_back": (gone, "change"),
        "onboarding_fix": (young, "closing"),
        "second_contact": (large, "closing"),
        "second_start": (back, "closing"),
        "next_offer": (still, "closing"),
        "segment_review": (lost, "change"),
    }
    parts = [
        frame.assign(play=play, stake=frame[stake].abs()).sort_values(
            ["stake", "account_id"], ascending=[False, True]
        )
        for play, (frame, stake) in found.items()
        if len(frame)
    ]
    rows = pd.concat(parts or [moves.head(0).assign(play="", stake=0)], ignore_index=True)
    if "day" not in rows:
        rows["day"] = pd.NaT
    paid = moves.set_index("account_id")["closing"]
    rows = rows.assign(
        arr=rows["account_id"].map(paid).fillna(0).astype("int64"), at_stake=rows["stake"].astype("int64"),
        name=names_of(book, rows["account_id"]), owner=_owners(book, rows["account_id"]),
        day=rows["day"].astype("datetime64[s]"),
    )  # fmt: skip
    return rows[list(COLUMNS)]


def by_play(rows: pd.DataFrame) -> pd.DataFrame:
    """Plays with their accounts and what is at stake, in the order given: ``play, n_accounts, arr, at_stake``."""
    return rows.groupby("play", as_index=False, sort=False).agg(
        n_accounts=("account_id", "nunique"), arr=("arr", "sum"), at_stake=("at_stake", "sum")
    )


def _bought_no_less(book: Book, *, window: int) -> set[str]:
    """Accounts that contracted although every line known in units has as many as before."""
    if book.warehouse is not None:
        return bought_no_less(book, opened=months_before(book.as_of, window))
    lines = changed_lines(book, window=window)
    known = lines[lines["quantity_then"].notna() & lines["quantity_now"].notna()]
    held = (known["quantity_now"] >= known["quantity_then"]).groupby(level="entity").all()
    whole = known.groupby(level="entity").size() == lines.groupby(level="entity").size().reindex(held.index)
    return {str(account) for account in held.index[held & whole]}


def _young(book: Book, *, age: int = 12) -> set[str]:
    """Accounts in their first year."""
    pairs = pairs_at(book, window=age)
    now = month_of(book.as_of, anchor=anchor_day(book.as_of))
    return set(pairs.loc[pairs["began"] > now - age, "account_id"].astype(str))


def _of_segments(
    book: Book, moves: pd.DataFrame, segments: Sequence[tuple[str, str]], *, window: int
) -> pd.DataFrame:
    """Accounts of these segments that left or shrank."""
    lost = moves[moves["movement"].isin(["churn", "contraction"])]
    chosen = pd.Series(False, index=lost.index)
    accounts = book.tables.get("accounts", pd.DataFrame())
    own = own_columns(book) if book.warehouse is not None and segments else {}
    for column, segment in segments:
        if column in accounts:
            chosen |= lost["account_id"].map(values_on(book, column)).fillna(NOT_GIVEN) == segment
        elif column in own:
            there = pairs_at(book, window=window, by=column).query(f"`{column}` == @segment")
            chosen |= lost["account_id"].isin(there["account_id"])
    return lost[chosen]


def _owners(book: Book, accounts: pd.Series[str]) -> pd.Series[str]:
    known = book.tables.get("accounts", pd.DataFrame())
    if "owner" not in known:
        return pd.Series("", index=accounts.index, dtype="str")
    return accounts.map(known.set_index("account_id")["owner"]).fillna("").astype("str")
