"""Origins as data: which files a vendor's export has, how their columns are spelled, and what they cannot carry."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final, Literal

from cslib.tables import Column

__all__ = ["FIELDS", "OPTIONS", "Kind", "Origin", "origins", "plain", "spelled"]

_Type = Literal["text", "date", "money", "number", "count", "flag"]
# The one vocabulary of all importers: what a column of a vendor's file can mean, and how it is read.
_VOCABULARY: Final[Mapping[_Type, str]] = {
    "text": "id account subscription product plan price_id coupon status type currency interval name segment "
    "industry region owner parent into renews reason stage source outcome priority charge segment_no amendment "
    "model deal duration term mode channel number item",
    "date": "start end trial_start trial_end created signed term_end notice ended canceled cancel_at period_start "
    "period_end paused resumed updated due closed effective",
    "money": "amount unit_amount mrr arr total amount_off add_ons tax discount movement target renewed list_amount",
    "number": "quantity percent_off version minutes",
    "count": "interval_count months cycles",
    "flag": "live deleted at_period_end auto_renew won is_closed proration active latest inclusive",
}
FIELDS: Final[Mapping[str, Column]] = {
    name: Column(name, kind) for kind, names in _VOCABULARY.items() for name in names.split()
}
# What `options` of a table may say, and what each may hold; the first is the documented default.
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "value": ("total", "month", "year"),
    "end_date": ("exclusive", "inclusive"),
    "coupons": ("billed", "ignored"),
    "time_zone": (),
    "grace_days": (),
    "currency": (),
}
_IGNORED: Final = ("fivetransynced", "fivetrandeleted", "fivetranactive", "fivetranstart", "fivetranend")


@dataclass(frozen=True)
class Kind:
    """One kind of file of an origin.

    `table` of the contract it helps to fill, `columns` the spellings of each field, the preferred first; `needs` the
    fields without which it is not this kind; `also` other columns such a file has; `gives` columns of the contract
    from fields, where no more is to be done than to name them; `minor` whether amounts are in minor units; `cannot`
    what it cannot carry; `past` the fields that hold no day after that of the export; `rank` which kind makes the
    ledger where several could, the lowest first.
    """

    name: str
    origin: str
    title: str
    table: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    where: str = ""
    also: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    gives: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    minor: bool = False
    cannot: str = ""
    ledger: bool = False
    rank: int = 5
    shape: str = "rows"
    inclusive: bool = False

    def found(self, header: Iterable[str]) -> dict[str, str]:
        """Column of the file for each field that the file has.

        >>> kind = Kind("k", "o", "", "accounts", {"id": ("Customer ID",), "name": ("Name",)}, ("id",))
        >>> kind.found(["customer_id", "Mail"])
        {'id': 'customer_id'}
        """
        there = {plain(name): name for name in reversed(list(header))}
        return {
            ours: there[key]
            for ours, spellings in self.columns.items()
            if (key := next((plain(s) for s in spellings if plain(s) in there), ""))
        }

    def fits(self, header: Iterable[str]) -> float:
        """Share of the file's columns that such a file has, 0 where a needed one lacks."""
        names = list(header)
        found = self.found(names)
        if not set(self.needs) <= set(found) or (self.any_of and not set(self.any_of) & set(found)):
            return 0.0
        known = {plain(s) for spellings in self.columns.values() for s in spellings}
        known |= {plain(name) for name in self.also}
        told = [name for name in names if plain(name) not in _IGNORED]
        share = sum(plain(name) in known for name in told) / max(len(told), 1)
        return (share + len(found) / len(self.columns)) / 2


@dataclass(frozen=True)
class Origin:
    """One vendor or shape of file, with its kinds and the files it has that no report needs."""

    name: str
    title: str
    kinds: Mapping[str, Kind]
    unused: Mapping[str, tuple[str, tuple[str, ...]]]


@lru_cache(maxsize=20_000)
def plain(name: str) -> str:
    """Name of a column without case, spaces and signs.

    >>> plain("Created (UTC)"), plain("created_utc"), plain("Created Utc")
    ('createdutc', 'createdutc', 'createdutc')
    """
    return "".join(filter(str.isalnum, name.lower()))


def spelled(kind: Kind, header: Iterable[str], corrections: Mapping[str, str]) -> dict[str, str]:
    """Column of the file for each field, `corrections` first; a blank correction leaves the field out."""
    found = {
        **kind.found(header),
        **{field: column for field, column in corrections.items() if field in FIELDS},
    }
    return {field: column for field, column in found.items() if column}


def _kind(origin: str, name: str, raw: Mapping[str, Any]) -> Kind:
    said = dict(raw)
    columns = {ours: tuple(theirs) for ours, theirs in said.pop("columns").items()}
    lists: dict[str, Any] = {
        key: tuple(said.pop(key)) for key in ("needs", "also", "any_of", "past") if key in said
    }
    unknown = set(columns) - set(FIELDS)
    if unknown:
        raise ValueError(f"{origin}.{name}: unknown fields {sorted(unknown)}")
    return Kind(name, origin, said.pop("title"), said.pop("table"), columns, **lists, **said)


@cache
def origins() -> Mapping[str, Origin]:
    """Every origin there is, by name, read from the files beside this one.

    >>> sorted(origins())[:3]
    ['chargebee', 'chartmogul', 'gainsight']
    """
    found = {}
    for entry in sorted(resources.files(__package__).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            raw = tomllib.loads(entry.read_text(encoding="utf-8"))
            name = entry.name.removesuffix(".toml")
            kinds = {kind: _kind(name, kind, about) for kind, about in raw["kinds"].items()}
            unused = {
                key: (about["why"], tuple(about["columns"])) for key, about in raw.get("unused", {}).items()
            }
            found[name] = Origin(name, raw["title"], kinds, unused)
    return found
