"""A book cut by columns: the one place where accounts meet the ledger.

A segment is the value of a column on one day. Where ``accounts`` says from when to when a value held, that is the day
on which a window opens, so that no account leaves its own denominator; elsewhere it is today's, projected back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Final, NoReturn

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.ledger import Held, relation
from cslib.metrics.entities import Entity
from cslib.metrics.rows import ChurnDate, rows_of
from cslib.months import anchor_day, month_of

__all__ = [
    "NOT_GIVEN",
    "By",
    "Cut",
    "columns_of",
    "cut_ledger",
    "days_of_change",
    "listed",
    "projected_back",
    "usual_cut",
    "values_on",
]

By = str | Sequence[str] | None

NOT_GIVEN: Final = "(not given)"
YEAR: Final = 12
_NO_SEGMENTS: Final = {"account_id", "list_arr"}


@dataclass(frozen=True)
class Cut:
    """The steps of a ledger in integer keys, and what the keys stand for.

    `source` is what the engine reads: the steps, or where the ledger is held; `labels` has a row per cut with the
    columns asked for, in order of its code; `coded` holds the name of each entity code, and is empty where the engine
    knows entities by their names.
    """

    source: pd.DataFrame | Held
    labels: pd.DataFrame
    coded: pd.Index[str]
    as_of: date

    @cached_property
    def _moved(self) -> tuple[pd.DataFrame, pd.Index[str]]:
        """Steps of a ledger that is held elsewhere: of each year one row an account that moved in it."""
        assert isinstance(self.source, Held)
        last = month_of(self.as_of, anchor=anchor_day(self.as_of))
        months = relation("levels", self.source, as_of=self.as_of)["month"]
        years = sorted({(last - month) // YEAR * YEAR for month in months.unique()}) or [0]
        moved = pd.concat(
            [
                relation("moved", self.source, as_of=self.as_of, months_ago=ago).assign(last=last - ago)
                for ago in years
            ],
            ignore_index=True,
        )
        ago = [f"ago_{month}" for month in range(YEAR)]
        long = moved.melt(["cut", "entity", "first_month", "last"], ago, "ago", "delta")
        long = long[long["delta"] != 0]
        month = long["last"] - long["ago"].map({name: i for i, name in enumerate(ago)}).astype("int64")
        names = pd.Index(sorted(long["entity"].astype("str").unique()), dtype="str")
        steps = long.assign(entity=names.get_indexer(long["entity"].astype("str")), month=month)
        steps = steps.sort_values(["cut", "entity", "month"], ignore_index=True)
        groups = steps.groupby(["cut", "entity"])["delta"]
        steps = steps.assign(closing=groups.cumsum(), first_amount=groups.transform("first"))
        order = ["cut", "entity", "month", "delta", "first_month", "closing", "first_amount"]
        return steps[order].astype("int64"), names

    @property
    def steps(self) -> pd.DataFrame:
        """Every change of every entity."""
        return self._moved[0] if isinstance(self.source, Held) else self.source

    @property
    def entities(self) -> pd.Index[str]:
        """Name of each entity of :attr:`steps`, by its code."""
        return self._moved[1] if isinstance(self.source, Held) else self.coded

    def named(self, entity: pd.Series[int]) -> pd.Series[str]:
        """Names of entities as a relation gives them."""
        if isinstance(self.source, Held):
            return entity.astype("str")
        return pd.Series(self.coded.take(entity.to_numpy()), index=entity.index, dtype="str")

    @property
    def by(self) -> list[str]:
        """Columns the book is cut by."""
        return list(self.labels.columns)

    def label(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put the columns asked for in place of `cut`."""
        labelled = self.labels.iloc[frame["cut"]].set_axis(frame.index)
        return pd.concat([labelled, frame.drop(columns="cut")], axis="columns")


def listed(by: By) -> tuple[str, ...]:
    """Columns to cut by, as a tuple.

    >>> listed("segment"), listed(None)
    (('segment',), ())
    """
    return (by,) if isinstance(by, str) else tuple(by or ())


def cut_ledger(
    book: Book,
    *,
    by: By = None,
    entity: Entity = "account",
    churn_date: ChurnDate = "end of service",
    day: date | None = None,
) -> Cut:
    """Ledger of a book in reporting currency, cut by columns of accounts or of subscriptions.

    An account column moves the whole account; a subscription column (``product``, ``currency`` ...) looks at each
    account's money in one value of it, so that a swap of products is churn of one and new business of the other.

    Parameters
    ----------
    book : Book
        The company.
    by : str, sequence of str or None
        Columns to cut by; None keeps the book whole.
    entity : {"account", "parent", "subscription", "product"}
        Who is followed; see :mod:`cslib.metrics.entities`.
    churn_date : {"end of service", "notice", "end of term"}
        When a customer that leaves stops counting; the default takes what the book's settings say.
    day : date or None
        Day whose values of account columns count, where they have dates; None is the as-of day.

    Raises
    ------
    ValueError
        When neither table has such a column; the message lists those there are.
    """
    dated = day if days_of_change(book, by) else None
    if book.warehouse is not None:
        return _held(book, listed(by), entity, churn_date)
    return _cut(book, listed(by), entity, churn_date, dated)


@lru_cache(maxsize=4)  # a book never changes, and every metric of a report asks for the same few cuts
def _cut(book: Book, by: tuple[str, ...], entity: Entity, churn_date: ChurnDate, day: date | None) -> Cut:
    rows = rows_of(book, entity=entity, churn_date=churn_date)
    codes, entities = pd.factorize(rows["entity"])
    values = pd.DataFrame(
        {name: _column(book, name, account=rows["account"], day=day) for name in by}, index=rows.index
    )
    groups = values.groupby(list(by)) if by else None
    ledger = pd.DataFrame(
        {
            "cut": 0 if groups is None else groups.ngroup(),
            "entity": codes,
            "start_date": rows["start_date"],
            "end_date": rows["end_date"],
            "amount": rows["amount"],
        }
    )
    labels = pd.DataFrame(index=[0]) if groups is None else groups.size().reset_index()[list(by)]
    return Cut(relation("steps", ledger, as_of=book.as_of), labels, entities, book.as_of)


@lru_cache(maxsize=4)
def _held(book: Book, by: tuple[str, ...], entity: Entity, churn_date: ChurnDate) -> Cut:
    """Cut of a ledger that stays where it is."""
    assert book.warehouse is not None
    if entity != "account" or churn_date != "end of service":
        raise Absent(
            f"it follows the {entity} to the {churn_date}, which a ledger in its database is not asked for"
        )
    for name in by:
        if name not in book.warehouse.columns:
            _unknown(name, columns_of(book))
    query, labels = book.warehouse.ledger(by)
    return Cut(Held(book.warehouse.ask, query), labels, pd.Index([], dtype="str"), book.as_of)


USUAL: Final = ("segment", "industry", "region", "channel", "plan", "product", "currency")


def usual_cut(book: Book, wanted: str | None = None) -> str:
    """Column to compare: the one asked for, or else the first usual one that the company has.

    Every ledger has a currency, so there is always one. An unknown column that was asked for is returned as it is and
    refused where the book is cut.
    """
    return wanted or next(column for column in USUAL if column in columns_of(book))


def columns_of(book: Book) -> list[str]:
    """Columns a book can be cut by."""
    if book.warehouse is not None:
        return sorted(book.warehouse.columns)
    tables = (book.tables[name] for name in ("accounts", "subscriptions") if name in book.tables)
    return sorted({column for table in tables for column in table.columns} - _NO_SEGMENTS)


def days_of_change(book: Book, by: By) -> list[date]:
    """Days on which an account's value of these columns begins, where ``accounts`` says so; in order."""
    history = book.account_values
    if history is None or book.settings.segment_day == "as of" or not set(listed(by)) & set(history.columns):
        return []
    return sorted(set(history["valid_from"].dropna().dt.date))


def projected_back(book: Book, by: By) -> str:
    """Sentence to print under a cut by account columns whose past nobody recorded; empty where there is nothing to say.

    Examples
    --------
    >>> frames = {"subscriptions": pd.DataFrame({"account_id": ["A"], "start_date": ["2024-01-01"], "end_date": [None],
    ...                                          "mrr": [1], "currency": "USD", "plan": "Pro"}),
    ...           "accounts": pd.DataFrame({"account_id": ["A"], "segment": ["SMB"]})}
    >>> book = Book.from_frames(frames, as_of=date(2025, 3, 31))
    >>> projected_back(book, "segment")
    'By segment: the value of 2025-03-31, projected back; accounts does not say from when it held.'
    >>> projected_back(book, "plan")
    ''
    """
    if book.warehouse is not None:
        return ""
    accounts = book.tables["accounts"].columns
    names = [name for name in listed(by) if name in accounts and name != "account_id"]
    if not names or days_of_change(book, names):
        return ""
    known = book.account_values is not None
    why = "the settings ask for it" if known else "accounts does not say from when it held"
    return f"By {', '.join(names)}: the value of {book.as_of}, projected back; {why}."


def values_on(book: Book, name: str, *, day: date | None = None) -> pd.Series[str]:
    """Value of one column of every account on `day`, by account; the first known where none held yet.

    Raises
    ------
    KeyError
        When ``accounts`` has no such column.
    """
    accounts, history = book.tables["accounts"], book.account_values
    if day is None or history is None or book.settings.segment_day == "as of" or name not in history:
        return accounts.set_index("account_id")[name].astype("str")
    begun = history["valid_from"].isna() | (history["valid_from"] <= pd.Timestamp(day))
    held = history[begun].drop_duplicates("account_id", keep="last")
    first = history[~history["account_id"].isin(held["account_id"])].drop_duplicates("account_id")
    return pd.concat([held, first]).set_index("account_id")[name].astype("str")


def _column(book: Book, name: str, *, account: pd.Series[str], day: date | None) -> pd.Series[str]:
    """Value of one column for every row of the ledger, as text; from accounts first, by a key that cannot fan out."""
    subscriptions, accounts = book.tables["subscriptions"], book.tables.get("accounts")
    if accounts is not None and name in accounts.columns and name != "account_id":
        found = account.map(values_on(book, name, day=day))
    elif name in subscriptions.columns:
        found = subscriptions.loc[account.index, name].astype("str")
    else:
        _unknown(name, columns_of(book))
    return found.fillna(NOT_GIVEN)


def _unknown(name: str, known: list[str]) -> NoReturn:
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"by: found {name!r}, expected a column of accounts or subscriptions: {', '.join(known)}.{hint}"
    )
