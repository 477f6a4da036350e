"""Proof: identities that hold to the last minor unit in every correct book. A report prints them all, and fails when
one does not hold: nothing here raises, as a report that fails its proof must still be made to show why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

import pandas as pd

from cslib.book import Book
from cslib.conventions import find
from cslib.metrics import cohorts, forms, retention
from cslib.metrics.entities import owner_of
from cslib.metrics.held import standings
from cslib.metrics.rows import rows_of
from cslib.metrics.witness import ledger_checks
from cslib.months import anchor_day, month_of

__all__ = ["exclusions", "flags", "proof"]

SHOWN: Final = 3  # accounts or windows named in a detail
EDGE: Final = 31  # days without a start or an end that a ledger of months may well have
PASSED: Final = ("joined and left", "gone before")  # classes of a window that move no money in it
Equal = Iterator["Check"]


class Check(NamedTuple):
    """One identity: two sides in minor units, rows or accounts, how many equalities it holds, and what breaks it."""

    check: str
    left: int
    right: int
    n: int
    failed: int
    detail: str = ""


def proof(book: Book, *, by: str | None = None, window: int = 3) -> pd.DataFrame:
    """Every identity of a book, with both its sides.

    Parameters
    ----------
    book : Book
        The company.
    by : str or None
        Column of segments whose parts must add up.
    window : int
        Months of the bridge; the quarter's.

    Returns
    -------
    DataFrame
        ``check, left, right, n`` (equalities tested) ``, failed, detail`` (who or what breaks it) ``, holds``. A check
        that cannot be computed does not hold.

    Examples
    --------
    >>> from datetime import date
    >>> book = Book.from_frames({"subscriptions": pd.DataFrame({"account_id": ["A"], "start_date": ["2024-01-01"],
    ...     "end_date": [None], "mrr": [100], "currency": ["USD"]})}, as_of=date(2025, 1, 31))
    >>> bool(proof(book)["holds"].all())
    True
    """
    planned: dict[str, Callable[[], Iterable[Check]]] = {
        "ARR bridge closes, every month": partial(_bridge, book, window=1, by=None),
        f"ARR bridge closes, every {window} months": partial(_bridge, book, window=window, by=None),
        "ARR bridge closes, each currency": partial(_bridge, book, window=window, by="currency"),
    }
    if by is not None:
        planned[f"ARR bridge closes, each {by}"] = partial(_bridge, book, window=window, by=by)
        planned[f"ARR of each {by} adds up to the total"] = partial(_parts, book, by=by)
        planned[f"every account has one {by}"] = partial(_one_segment, book, by=by)
    planned |= {
        "ARR of all cohorts adds up to the total": partial(_layers, book),
        "net retention: endpoints equal flows": partial(_endpoints, book),
        "changes of accounts add up": partial(_changes, book, window=window),
        "accounts in one class": partial(_classes, book, window=window),
        "rows, money and dates of the tables": lambda: map(Check._make, ledger_checks(book)),
    }
    checks = [check for name, make in planned.items() for check in _made(name, make)]
    return pd.DataFrame(checks, columns=list(Check._fields)).assign(holds=lambda f: f["failed"] == 0)


def _made(name: str, make: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(make())
    except Exception as error:  # noqa: BLE001  whatever a broken book does to a metric, the proof says so
        return [Check(name, 0, 0, 1, 1, f"cannot be computed: {type(error).__name__}: {error}")]


def _equal(check: str, left: pd.Series[int], right: pd.Series[int]) -> Check:
    unequal = left[left != right]
    where = [
        f"{_told(key)} off by {int(left[key] - right[key]):+,} minor units" for key in unequal.index[:SHOWN]
    ]
    return Check(check, int(left.sum()), int(right.sum()), len(left), len(unequal), "; ".join(where))


def _told(key: object) -> str:
    """Key of a row as words: the day a window ends, and the part it is cut to."""
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(str(part.date()) if isinstance(part, pd.Timestamp) else str(part) for part in parts)


def _bridge(book: Book, *, window: int, by: str | None) -> Equal:
    rows = retention.movements(book, window=window, by=by)
    keys = ["end", *([by] if by else [])]
    wide = rows.assign(value=rows["value"].astype("int64")).set_index([*keys, "metric"])["value"].unstack()
    wide = wide.reindex(columns=list(retention.BRIDGE), fill_value=0).fillna(0).astype("int64")
    moved = (
        wide["opening"]
        + wide[list(retention.GAINS)].sum(axis="columns")
        - wide[list(retention.LOSSES)].sum(axis="columns")
    )
    each = "every month" if window == 1 else f"every {window} months"
    yield _equal(f"ARR bridge closes, {each}" + (f", each {by}" if by else ""), moved, wide["closing"])


def _parts(book: Book, *, by: str) -> Equal:
    whole = retention.arr(book).set_index("end")["value"]
    parts = retention.arr(book, by=by).groupby("end")["value"].sum().reindex(whole.index, fill_value=0)
    yield _equal(f"ARR of each {by} adds up to the total", parts, whole)


def _one_segment(book: Book, *, by: str) -> Equal:
    """Each account has one value of a column of accounts; a column of subscriptions may well split an account."""
    today, dated = book.tables.get("accounts", pd.DataFrame()), book.account_values
    if by not in today:
        return
    frames = [today.assign(since="")]
    if dated is not None:
        frames.append(dated.assign(since=dated["valid_from"].astype("str").fillna("ever")))
    rows = pd.concat([frame[["account_id", "since", by]] for frame in frames], ignore_index=True)
    rows[by] = rows[by].astype("str").fillna("(not given)")
    again = rows[rows.duplicated(["account_id", "since"], keep=False)]
    double = again["account_id"].drop_duplicates()
    named = (
        again.loc[again["account_id"] == account, by].drop_duplicates() for account in double.head(SHOWN)
    )
    where = [
        f"account {account} is counted in {' and '.join(values)}"
        for account, values in zip(double.head(SHOWN), named, strict=True)
    ]
    n = len(rows.drop_duplicates(["account_id", "since"]))
    yield Check(f"every account has one {by}", len(rows), n, n, len(double), "; ".join(where))


def _layers(book: Book) -> Equal:
    whole = retention.arr(book).set_index("end")["value"]
    cake = cohorts.layers(book).groupby("end")["value"].sum().reindex(whole.index, fill_value=0)
    yield _equal("ARR of all cohorts adds up to the total", cake, whole)


def _endpoints(book: Book, *, window: int = 12) -> Equal:
    """The engine's two readings against every month's movements of the same accounts, which other code adds up."""
    flows = forms.under(book, find("starters' flows", "net_retention"), window=window)
    ends = retention.headline(book, window=window).query("metric == 'net_retention'")
    both = ["numerator", "denominator"]
    left, right = (rows[both].sum().astype("int64") for rows in (ends, flows))
    yield _equal(f"net retention over {window} months: endpoints equal flows of the starters", left, right)


def _changes(book: Book, *, window: int) -> Equal:
    """Sum of every account's own change against the change of the book: an account counted twice or lost shows."""
    changes = retention.account_changes(book, window=window)
    rows = retention.bridge(book, window=window).set_index("metric")["value"]
    change = int(rows.get("closing", 0)) - int(rows.get("opening", 0))
    sides = (pd.Series([value], index=[book.as_of]) for value in (int(changes["change"].sum()), change))
    yield _equal("changes of all accounts add up to the change of ARR", *sides)


# --- who is in no movement, and why


def _classes(book: Book, *, window: int) -> Equal:
    classed = retention.account_changes(book, window=window)["account_id"]
    left_out = _left_out(book, classed)
    everyone = _everyone(book)
    placed = pd.concat([classed, pd.Series(left_out.index, dtype="str")])
    times = placed.value_counts().reindex(sorted(everyone | set(placed)), fill_value=0)
    wrong = times[(times != 1) | ~times.index.isin(everyone)]
    where = [
        f"account {account} is " + ("in no class" if n == 0 else f"placed {n} times")
        for account, n in wrong.head(SHOWN).items()
    ]
    check = f"every account is in one movement class of {window} months, or left out for a reason"
    yield Check(check, len(placed), len(everyone), len(everyone), len(wrong), "; ".join(where))


def _everyone(book: Book) -> set[str]:
    """Accounts that any table of accounts or prices names, and what the settings make of them."""
    if book.warehouse is not None:
        return set(standings(book)["account_id"])
    named = [book.tables[table]["account_id"] for table in ("subscriptions", "accounts")]
    return set(pd.concat([*named, rows_of(book)["entity"]]).dropna())


def _left_out(book: Book, classed: pd.Series[str]) -> pd.Series[str]:
    """Reason for each account that the engine never sees, found from the rows and not from the engine."""
    if book.warehouse is not None:
        return _unseen_there(book, classed)
    unseen = sorted(_everyone(book) - set(classed))
    buyers, counted = book.tables["subscriptions"]["account_id"], rows_of(book)
    owner = owner_of(book, parents=book.settings.entity == "parent")
    rows = counted[counted["entity"].isin(unseen)]
    paid = rows[(rows["amount"] > 0) & ~(rows["end_date"] <= rows["start_date"])]
    anchor = anchor_day(book.as_of)
    days = zip(paid["start_date"], paid["end_date"], strict=True)
    between = pd.Series([_between(*pair, anchor=anchor) for pair in days], index=paid.index, dtype="bool")
    known, payers, seen = (set(part["entity"]) for part in (rows, paid, paid[~between]))
    reasons: dict[str, str] = {}
    for account in unseen:
        if account in owner:
            reasons[account] = "counted in the account it belongs to"
        elif account not in known:
            bought = (buyers == account).any()
            reasons[account] = "left out by a setting" if bought else "no subscription"
        elif account not in payers:
            reasons[account] = "never paid"
        elif account not in seen:
            reasons[account] = "paid between two readings only"
    return pd.Series(reasons, dtype="str")


def _unseen_there(book: Book, classed: pd.Series[str]) -> pd.Series[str]:
    """Reasons as :func:`_left_out` finds them, of a ledger that stays in its database."""
    rows = standings(book).set_index("account_id")
    rows = rows[~rows.index.isin(classed)]
    reasons = pd.Series("", index=rows.index, dtype="str")
    for flag, reason in (
        ("seen", "paid between two readings only"), ("paid", "never paid"), ("counted", "left out by a setting"),
    ):  # fmt: skip
        reasons = reasons.mask(rows[flag] == 0, reason)
    return reasons[reasons != ""]


def _between(start: pd.Timestamp, end: pd.Timestamp, *, anchor: int) -> bool:
    """Whether the period ends before any reading falls into it."""
    return not pd.isna(end) and month_of(start.date(), anchor=anchor) == month_of(end.date(), anchor=anchor)


def exclusions(book: Book, *, window: int = 3) -> pd.DataFrame:
    """Accounts that stand in no movement of the window that closes on the as-of day: ``reason, n_accounts``."""
    changes = retention.account_changes(book, window=window)
    passed = changes.loc[changes["movement"].isin(PASSED), "movement"]
    reasons = pd.concat([passed, _left_out(book, changes["account_id"])]).rename("reason")
    counted: pd.DataFrame = (
        reasons.to_frame().groupby("reason", as_index=False).agg(n_accounts=("reason", "size"))
    )
    return counted


def flags(book: Book, *, window: int = 3) -> tuple[str, ...]:
    """What a reader must know although every identity holds, one sentence each; never raises."""
    made = (_excluded, _edge, _immature)
    return tuple(text for make in made for text in _flagged(partial(make, book, window=window)))


def _flagged(make: Callable[[], list[str]]) -> list[str]:
    try:
        return make()
    except Exception as error:  # noqa: BLE001  as in the proof: a broken book is told, not raised
        return [f"A flag cannot be computed: {type(error).__name__}: {error}"]


def _excluded(book: Book, *, window: int) -> list[str]:
    rows = exclusions(book, window=window)
    if rows.empty:
        return []
    told = ", ".join(f"{n:,} {reason}" for reason, n in zip(rows["reason"], rows["n_accounts"], strict=True))
    n = int(rows["n_accounts"].sum())
    return [f"Accounts in no movement of the last {window} months: {n:,} ({told})."]


def _edge(book: Book, *, window: int) -> list[str]:
    of_ledger = book.account.loc[book.account["table"] == "subscriptions", "last_date"]
    last = of_ledger.max()
    days = 0 if pd.isna(last) else (pd.Timestamp(book.as_of) - last).days
    if days <= EDGE:
        return []
    return [f"Edge of the data: the last start or end in the ledger lies {days:,} days before the as-of day."]


def _immature(book: Book, *, window: int) -> list[str]:
    cells = cohorts.triangle(book, metric="net", grain="quarter")
    n = int((cells["n_mature"] < cells["n_accounts"]).sum())
    if not n:
        return []
    return [
        f"Of {len(cells):,} cells of the quarterly cohorts {n:,} are blank, as not every member is old enough."
    ]
