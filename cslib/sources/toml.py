"""What is read from a company.toml, piece by piece: every key is known or refused, and the refusal says where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from cslib.tables import Problem, TableError, listed, nearest, quoted

__all__ = ["FILE", "known_keys", "pairs", "plain", "refuse", "whole", "word"]

FILE: Final = "company.toml"


def refuse(cause: str, *, key: str = "", found: str = "", expected: str = "", hint: str = "") -> TableError:
    """Build the error for a company.toml, or an argument, that cannot be used."""
    return TableError(Problem("", FILE, None, key, found, expected, hint, cause=cause))


def known_keys(keys: Iterable[str], known: Iterable[str], where: str, *, kind: str = "key") -> None:
    """Refuse the first of `keys` that is not among the `known`.

    >>> known_keys(["name"], ["name", "currency"], "")
    """
    options = list(known)
    for key in keys:
        if key not in options:
            near = nearest(key, options)
            hint = f"Did you mean {near}?" if near else ""
            expected = "one of " + listed(options)
            raise refuse(f"unknown {kind}", key=where, found=quoted(key), expected=expected, hint=hint)


def plain(value: object, where: str) -> str:
    """TOML scalar as the text a file would hold.

    >>> plain(True, ""), plain(12, "")
    ('true', '12')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal | dt.date):
        return str(value)
    expected = "text, a number, a date, true, false"
    raise refuse("not a single value", key=where, found=quoted(value), expected=expected)


def pairs(value: object, where: str) -> Mapping[str, Any]:
    """TOML table, or a refusal.

    >>> pairs({"mrr": "amount"}, "columns")
    {'mrr': 'amount'}
    """
    if not isinstance(value, dict):
        raise refuse("not a table", key=where, found=quoted(value), expected="{ ours = theirs }")
    return value


def word(value: object, where: str, *choices: str) -> str:
    """Text, one of the `choices` where there are some.

    >>> word("reject", "broken_rows", "fail", "reject")
    'reject'
    """
    if isinstance(value, str) and (not choices or value in choices):
        return value
    expected = "one of " + listed(choices) if choices else "text"
    raise refuse("unknown value", key=where, found=quoted(value), expected=expected)


def whole(value: object, where: str, *, least: int = 1) -> int:
    """Whole number of at least `least`.

    >>> whole(5, "limits.columns")
    5
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    raise refuse("not a whole number", key=where, found=quoted(value), expected=f"{least:,} or more")
