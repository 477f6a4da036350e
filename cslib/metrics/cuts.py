"""A book cut by columns: the one place where accounts meet the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.ledger import relation
from cslib.metrics.entities import Entity, entity_of

__all__ = ["NOT_GIVEN", "By", "Cut", "columns_of", "cut_ledger", "listed"]

By = str | Sequence[str] | None

NOT_GIVEN: Final = "(not given)"


@dataclass(frozen=True)
class Cut:
    """The steps of a ledger in integer keys, and what the keys stand for.

    `steps` is what the engine reads; `labels` has a row per cut with the columns asked for, in order of its code;
    `entities` holds the name of each entity code.
    """

    steps: pd.DataFrame
    labels: pd.DataFrame
    entities: pd.Index[str]

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


def cut_ledger(book: Book, *, by: By = None, entity: Entity = "account") -> Cut:
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

    Raises
    ------
    ValueError
        When neither table has such a column; the message lists those there are.
    """
    return _cut(book, listed(by), entity)


@lru_cache(maxsize=4)  # a book never changes, and every metric of a report asks for the same few cuts
def _cut(book: Book, by: tuple[str, ...], entity: Entity) -> Cut:
    subscriptions = book.tables["subscriptions"]
    followed, account = entity_of(book, entity=entity)
    codes, entities = pd.factorize(followed)
    values = pd.DataFrame(
        {name: _column(book, name, account=account) for name in by}, index=subscriptions.index
    )
    groups = values.groupby(list(by)) if by else None
    ledger = pd.DataFrame(
        {
            "cut": 0 if groups is None else groups.ngroup(),
            "entity": codes,
            "start_date": subscriptions["start_date"],
            "end_date": subscriptions["end_date"],
            "amount": subscriptions["arr"],
        }
    )
    labels = pd.DataFrame(index=[0]) if groups is None else groups.size().reset_index()[list(by)]
    return Cut(relation("steps", ledger, as_of=book.as_of), labels, entities)


def columns_of(book: Book) -> list[str]:
    """Columns a book can be cut by."""
    tables = (book.tables[name] for name in ("accounts", "subscriptions") if name in book.tables)
    return sorted({column for table in tables for column in table.columns} - {"account_id"})


def _column(book: Book, name: str, *, account: pd.Series[str]) -> pd.Series[str]:
    """Value of one column for every row of the ledger, as text; from accounts first, by a key that cannot fan out."""
    subscriptions, accounts = book.tables["subscriptions"], book.tables.get("accounts")
    if accounts is not None and name in accounts.columns and name != "account_id":
        found = account.map(accounts.set_index("account_id")[name].astype("str"))
    elif name in subscriptions.columns:
        found = subscriptions[name].astype("str")
    else:
        known = columns_of(book)
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"by: found {name!r}, expected a column of accounts or subscriptions: {', '.join(known)}.{hint}"
        )
    return found.fillna(NOT_GIVEN)
