"""The ledger as its settings read it: small steps, frame to frame, each skipped when its setting is at the default.

Every metric reads the ledger through :func:`rows_of`, so a setting takes effect here and nowhere else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import pandas as pd

from cslib.book import Book
from cslib.metrics.entities import Entity, entity_of

__all__ = ["ChurnDate", "not_recurring", "rows_of", "zeroed"]

ChurnDate = Literal["end of service", "notice", "end of term"]


@lru_cache(maxsize=4)  # a book never changes
def rows_of(
    book: Book, *, entity: Entity = "account", churn_date: ChurnDate = "end of service"
) -> pd.DataFrame:
    """Rows of the ledger that count, as the book's settings read them.

    Parameters
    ----------
    book : Book
        The company.
    entity : {"account", "parent", "subscription", "product"}
        Who is followed; see :mod:`cslib.metrics.entities`.
    churn_date : {"end of service", "notice", "end of term"}
        When a customer that leaves stops counting; the default takes what the book's settings say.

    Returns
    -------
    DataFrame
        Indexed as ``book.tables["subscriptions"]``: ``entity``, ``account`` (whose attributes the row carries),
        ``start_date``, ``end_date`` (exclusive, null = open), ``amount`` (ARR, int64 minor units).

    Raises
    ------
    ValueError
        When a setting needs a column that the ledger lacks.
    """
    settings, ledger = book.settings, book.tables["subscriptions"]
    followed, account = entity_of(book, entity=entity)
    rows = pd.DataFrame(
        {
            "entity": followed,
            "account": account,
            "start_date": ledger["start_date"],
            "end_date": ledger["end_date"],
            "amount": ledger["arr"],
        }
    )
    if settings.price == "list":
        rows["amount"] = _listed(ledger)
    for left_out in (not_recurring(book), zeroed(book)):
        if left_out.any():
            rows = rows[~left_out.reindex(rows.index)]
    if settings.end_date == "inclusive":
        rows = rows.assign(end_date=rows["end_date"] + pd.Timedelta(days=1))
    leaves = churn_date if churn_date != "end of service" else settings.churn_date
    if leaves != "end of service":
        rows = rows.assign(end_date=_left(rows, ledger.loc[rows.index], leaves))
    if settings.shortest_life_days:
        rows = rows[~_brief(rows, days=settings.shortest_life_days)]
    if settings.reactivation_days is not None:
        rows = rows.assign(entity=_returned(rows, days=settings.reactivation_days))
    return rows


def _needed(ledger: pd.DataFrame, column: str, setting: str) -> pd.Series[pd.Timestamp]:
    if column not in ledger:
        raise ValueError(f"settings.{setting}: subscriptions has no column {column!r}, which it needs")
    return ledger[column]


def not_recurring(book: Book) -> pd.Series[bool]:
    """Whether each row of the ledger is of a product or plan that the settings call not recurring."""
    return _among(book, ("product", "plan"), book.settings.not_recurring)


def zeroed(book: Book) -> pd.Series[bool]:
    """Whether each row of the ledger counts for nothing by its reason, although it may carry a price."""
    return _among(book, ("change_reason",), book.settings.zero_reasons)


def _among(book: Book, columns: tuple[str, ...], names: tuple[str, ...]) -> pd.Series[bool]:
    ledger = book.tables["subscriptions"]
    found = pd.Series(False, index=ledger.index)
    if names:
        for column in columns:
            if column in ledger:
                found |= ledger[column].isin(names)
    return found


def _listed(ledger: pd.DataFrame) -> pd.Series[int]:
    """List price where it is known, else the billed one."""
    if "list_arr" not in ledger:
        raise ValueError(
            "settings.price: found 'list', but subscriptions has no column 'list_mrr', which it needs"
        )
    return ledger["list_arr"].fillna(ledger["arr"]).astype("int64")


def _left(rows: pd.DataFrame, ledger: pd.DataFrame, churn_date: str) -> pd.Series[pd.Timestamp]:
    """End dates where an end that nothing follows is moved to the day of notice, or to the end of the term."""
    own = ledger["subscription_id"] if "subscription_id" in ledger else ledger.get("product")
    lines = [rows["entity"], *([own.fillna("")] if own is not None else [])]
    ordered = rows.sort_values("start_date", kind="stable")
    following = ordered.groupby(lines)["start_date"].shift(-1).reindex(rows.index)
    last = following.isna() | (following > rows["end_date"])
    if churn_date == "notice":
        day = _needed(ledger, "notice_date", "churn_date").clip(lower=rows["start_date"])
        sooner = last & day.notna() & (rows["end_date"].isna() | (day < rows["end_date"]))
        return rows["end_date"].mask(sooner, day)
    term = _needed(ledger, "term_end_date", "churn_date")
    day = term.where(following.isna() | (term <= following), following)
    later = last & rows["end_date"].notna() & (day > rows["end_date"])
    return rows["end_date"].mask(later, day)


def _brief(rows: pd.DataFrame, *, days: int) -> pd.Series[bool]:
    """Whether the row's entity left for good sooner than `days` after its first paid day."""
    paid = rows[rows["amount"] > 0]
    lives = paid.groupby("entity")
    first, last = lives["start_date"].min(), lives["end_date"].max()
    ended = ~paid["end_date"].isna().groupby(paid["entity"]).any()
    brief = ended & ((last - first).dt.days < days)
    return rows["entity"].isin(brief.index[brief])


def _returned(rows: pd.DataFrame, *, days: int) -> pd.Series[str]:
    """Entities, with those that come back after a gap of more than `days` named as entities of their own."""
    paid = rows[(rows["amount"] > 0) & ~(rows["end_date"] <= rows["start_date"])]
    paid = paid.sort_values(["entity", "start_date"], kind="stable")
    open_ends = paid["end_date"].fillna(pd.Timestamp.max.as_unit("s").normalize())
    covered = open_ends.groupby(paid["entity"]).cummax().groupby(paid["entity"]).shift()
    again = (paid["start_date"] - covered).dt.days > days
    since = paid["start_date"].where(again).groupby(paid["entity"]).ffill()
    renamed = paid["entity"] + " (back " + since.dt.strftime("%Y-%m-%d") + ")"
    named: pd.Series[str] = renamed.where(since.notna(), paid["entity"]).reindex(rows.index)
    return named.fillna(rows["entity"])
