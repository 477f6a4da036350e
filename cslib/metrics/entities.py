"""Who is followed: accounts after mergers, their parents, subscriptions, or an account's money in one product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import pandas as pd

from cslib.book import Book

__all__ = ["ENTITIES", "Entity", "entity_of", "owner_of"]

Entity = Literal["account", "parent", "subscription", "product"]
ENTITIES: Final[tuple[Entity, ...]] = get_args(Entity)


def owner_of(book: Book, *, parents: bool = False) -> Mapping[str, str]:
    """Account -> the account that stands for it on the as-of day; accounts that stand for themselves are left out.

    Mergers and aliases hold from their day on, for the whole history: a merger is a change of name, never churn, and
    a book read before that day does not know of it. With `parents` the last parent known replaces the account;
    ``account_links`` of kind parent come before ``accounts.parent_id``, which carries no date.

    Raises
    ------
    ValueError
        When accounts are tied in a circle.
    """
    links = book.tables.get("account_links")
    accounts = book.tables.get("accounts")
    kinds = ("merger", "alias") if book.settings.mergers == "followed" else ("alias",)
    merged = _links(links, kinds=kinds)
    if not parents and book.settings.entity == "account":
        return {account: _last(merged, account) for account in merged}
    parent: dict[str, str] = {}
    if accounts is not None and "parent_id" in accounts:
        known = accounts.dropna(subset=["parent_id"])
        parent = dict(zip(known["account_id"], known["parent_id"], strict=True))
    up = {**parent, **_links(links, kinds=("parent",)), **merged}
    return {account: _last(up, account) for account in up}


def _links(links: pd.DataFrame | None, *, kinds: tuple[str, ...]) -> dict[str, str]:
    if links is None:
        return {}
    known = links[links["kind"].isin(kinds)].sort_values("effective_date", kind="stable")
    return dict(zip(known["account_id"], known["into_id"], strict=True))


def _last(links: Mapping[str, str], account: str) -> str:
    """End of the chain of links that begins at `account`."""
    seen = [account]
    while (into := links.get(seen[-1])) is not None and into != seen[-1]:
        if into in seen:
            raise ValueError(f"account_links: accounts are tied in a circle: {' -> '.join([*seen, into])}")
        seen.append(into)
    return seen[-1]


def entity_of(book: Book, *, entity: Entity) -> tuple[pd.Series[str], pd.Series[str]]:
    """Entity of every row of the ledger, and the account whose attributes it carries.

    Raises
    ------
    ValueError
        When there is no such grain, or the ledger lacks the column it needs.
    """
    if entity not in ENTITIES:
        raise ValueError(f"entity: found {entity!r}, expected one of {', '.join(ENTITIES)}")
    subscriptions = book.tables["subscriptions"]
    owner = owner_of(book, parents=entity == "parent")
    account = subscriptions["account_id"]
    if owner:
        account = account.map(lambda i: owner.get(i, i)).astype("str")
    if entity in ("account", "parent"):
        return account, account
    column = {"subscription": "subscription_id", "product": "product"}[entity]
    if column not in subscriptions:
        raise ValueError(f"entity {entity!r}: subscriptions has no column {column!r}")
    return account + " / " + subscriptions[column].astype("str").fillna("(not given)"), account
