"""Champions who change: how long until the next one stands there, and whether accounts leave after."""

from __future__ import annotations

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.health import arr_on, left_in
from cslib.metrics.linked import UNCLEAR, opening_day
from cslib.metrics.names import names_of
from cslib.stats.proportion import newcombe

__all__ = ["changes", "changes_and_leaving"]


def changes(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Champions who left their role while their account paid, and how long until the next one stood there.

    Returns
    -------
    DataFrame
        A row a change: ``account_id, name, contact_id, day, successor`` (day), ``days`` (until then; missing while
        there is none), ``touched`` (days until our next contact), ``arr`` (on that day, minor units), ``left`` (first
        day on which the account no longer paid, missing while it does), ``lead`` (days from the change to that).

    Raises
    ------
    Absent
        When contacts have no champions or no end.

    Source: when the contact changes. Systems: C12.
    """
    people = book.need("contacts", "is_champion", "end_date")
    day = pd.Timestamp(book.as_of)
    champions = people[people["is_champion"].fillna(False).astype(bool)]
    gone = champions[(champions["end_date"] > opening_day(book, window)) & (champions["end_date"] <= day)]
    out = left_in(book, since=pd.Timestamp.min, until=day).set_index("account_id")["day"]
    touches = book.tables["touches"] if book.has("touches") else None
    rows = []
    for who in gone.sort_values(["end_date", "account_id"]).to_dict("records"):
        account, on = who["account_id"], who["end_date"]
        arr = int(arr_on(book, on - pd.Timedelta(days=1)).get(account, 0))
        left = out.get(account, pd.NaT)
        if not arr or left <= on:
            continue
        next_ = champions[
            (champions["account_id"] == account) & (champions["contact_id"] != who["contact_id"])
        ]
        next_ = next_[(next_["end_date"].isna()) | (next_["end_date"] > on)]
        came = next_["start_date"].clip(lower=on).min() if len(next_) else pd.NaT
        after = (
            touches.loc[(touches["account_id"] == account) & (touches["date"] >= on), "date"].min()
            if touches is not None
            else pd.NaT
        )
        rows.append({
            "account_id": account, "contact_id": who["contact_id"], "day": on, "successor": came,
            "days": (came - on).days, "touched": (after - on).days, "arr": arr, "left": left,
            "lead": (left - on).days,
        })  # fmt: skip
    columns = ["account_id", "contact_id", "day", "successor", "days", "touched", "arr", "left", "lead"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(1, "name", names_of(book, frame["account_id"]))
    return frame


def changes_and_leaving(book: Book, *, within: int = 180, window: int = 24) -> pd.DataFrame:
    """Accounts that left in the half year after their champion did, against the same accounts' peers on those days.

    For each change, the accounts that paid on that day without a change of their own in the `within` days around are
    what it is held against; each change and each peer counts once a day of change.

    Returns
    -------
    DataFrame
        One row: ``n_changes, left, rate, n_others, others_left, others_rate, difference, low, high`` (95%, Newcombe),
        ``lift`` (ratio), ``lead`` (median days from change to leaving), ``verdict``.

    Raises
    ------
    Absent
        When no change is old enough.

    Source: Newcombe 1998; an association. Systems: C12.
    """
    found = changes(book, window=window)
    found = found[found["day"] <= pd.Timestamp(book.as_of) - pd.Timedelta(days=within)]
    if found.empty:
        raise Absent(f"it needs a champion who left {within} days ago or more")
    out = left_in(book, since=pd.Timestamp.min, until=pd.Timestamp(book.as_of)).set_index("account_id")["day"]
    k = int((found["lead"] <= within).sum())
    n = m = left = 0
    for month in sorted(found["day"].dt.to_period("M").unique()):
        on = month.start_time
        arr = arr_on(book, on)
        span = found[(found["day"] - on).dt.days.abs() <= within]
        rest = arr.index.difference(span["account_id"])
        weight = int((found["day"].dt.to_period("M") == month).sum())
        gone = out.reindex(rest)
        n += weight
        m += len(rest)
        left += int(((gone > on) & (gone <= on + pd.Timedelta(days=within))).sum())
    if not m:
        raise Absent("it needs accounts without a change of champion")
    gap, low, high = newcombe(k, n, left, m)
    return pd.DataFrame([{
        "n_changes": n, "left": k, "rate": k / n, "n_others": m, "others_left": left, "others_rate": left / m,
        "difference": gap, "low": low, "high": high, "lift": k / n / (left / m) if left else float("nan"),
        "lead": found.loc[found["lead"] <= within, "lead"].median(),
        "verdict": "higher" if low > 0 else "lower" if high < 0 else UNCLEAR,
    }])  # fmt: skip
