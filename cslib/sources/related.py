"""What a company states beside its tables so that they can be checked: control totals, and files that must agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cslib.sources.toml import known_keys, pairs, refuse, word
from cslib.tables import quoted

__all__ = ["Control", "Related", "read_controls", "read_related"]

_MOST: Final = 10**15


@dataclass(frozen=True)
class Control:
    """A total that somebody else states, as of a day: ARR in minor units of the reporting currency, or accounts."""

    day: dt.date
    arr: int | None = None
    accounts: int | None = None
    source: str = ""


@dataclass(frozen=True)
class Related:
    """A file whose rows belong to rows of the ledger's file and lie within their time: such as segments of contracts.

    `of` is the column of the file that names the row of the ledger, by the column `to` of the ledger's own file.
    With `amount`, and invoices in mind, what a period was billed is held against what the ledger says it costs.
    """

    name: str
    file: str
    of: str
    to: str
    start: str = ""
    end: str = ""
    amount: str = ""


def read_controls(raw: object, *, digits: int) -> tuple[Control, ...]:
    """Totals of the table ``[control]``: ``2024-12-31 = { arr = 1234567.00, accounts = 120, source = "finance" }``.

    >>> read_controls({"2024-12-31": {"arr": 1200}}, digits=2)[0].arr
    120000
    """
    found = []
    for key, entry in pairs(raw, "control").items():
        where = f"control.{key}"
        try:
            day = dt.date.fromisoformat(str(key))
        except ValueError:
            expected = "a day, such as 2024-12-31 = { arr = 1200000 }"
            raise refuse("not a date", key="control", found=quoted(key), expected=expected) from None
        given = pairs(entry, where)
        known_keys(given, ("arr", "accounts", "source"), where)
        found.append(
            Control(
                day,
                _amount(given, "arr", where, digits),
                _amount(given, "accounts", where, 0),
                word(given.get("source", ""), f"{where}.source"),
            )
        )
    return tuple(sorted(found, key=lambda control: control.day))


def _amount(given: Mapping[str, object], key: str, where: str, digits: int) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    number = isinstance(value, int | Decimal | float) and not isinstance(value, bool)
    amount = Decimal(str(value)).scaleb(digits) if number else Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount > _MOST or amount != int(amount):
        expected = f"a number of at most {digits} decimals"
        raise refuse("unusable total", key=f"{where}.{key}", found=quoted(value), expected=expected)
    return int(amount)


def read_related(raw: object) -> tuple[Related, ...]:
    """Files of ``[related.NAME]``: ``file``, ``of`` and ``to`` (the columns that tie), ``start``, ``end``, ``amount``.

    >>> read_related({"segments": {"file": "segments.csv", "of": "ContractID", "to": "ContractID"}})[0].name
    'segments'
    """
    found = []
    for name, entry in pairs(raw, "related").items():
        where = f"related.{name}"
        given = pairs(entry, where)
        known_keys(given, ("file", "of", "to", "start", "end", "amount"), where)
        said = {key: word(value, f"{where}.{key}") for key, value in given.items()}
        for key in ("file", "of", "to"):
            if not said.get(key):
                raise refuse("required key is missing", key=where, found=quoted(list(said)), expected=key)
        found.append(Related(name, **said))
    return tuple(found)
