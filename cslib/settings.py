"""Answers to the questions that every subscription ledger raises: one frozen record, every default named.

Imports nothing of cslib. Each setting takes effect in one place; a book that departs from a default says so in its
notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

__all__ = ["Settings", "read_settings"]


@dataclass(frozen=True)
class Settings:
    """How a ledger is read. The numbers in brackets are those of the questions in the documentation of conventions.

    Attributes
    ----------
    entity : {"account", "parent"}
        Who counts as the account (17): the account after its links, or the last parent known.
    mergers : {"followed", "ignored"}
        Whether a merged account's past belongs to the account it went into (18); ignored, its end is churn.
    reactivation_days : int or None
        Days without a paid day after which a customer that comes back is a new one (5); None: always a reactivation.
        A gap of exactly so many days is still a reactivation.
    churn_date : {"end of service", "notice", "end of term"}
        The day on which a customer that leaves stops counting (6).
    shortest_life_days : int
        Accounts that left for good sooner than so many days after their first are left out (7); 0 counts all.
    price : {"billed", "list"}
        What is counted: the price after discounts, or the list price where it is known (9).
    not_recurring : tuple of str
        Products or plans that are no recurring revenue: usage, one-off work (10). Their rows stand apart.
    zero_reasons : tuple of str
        Values of ``change_reason`` whose rows count for nothing (11), whatever price they carry. Past due is not among
        them: an unpaid subscription counts until the ledger ends it.
    end_date : {"exclusive", "inclusive"}
        Whether ``end_date`` is the first day without service, or the last day with it (13).
    extension : {"apart", "contraction"}
        Whether a lower price for a longer term is shown as its own kind (20).
    segment_day : {"opening", "as of"}
        The day whose value of an account's column decides its segment (28), where ``accounts`` has ``valid_from``.

    Raises
    ------
    ValueError
        When a field holds something it cannot; the message lists what it can.

    Examples
    --------
    >>> Settings(churn_date="notice").departures()
    ("churn_date = 'notice' (default 'end of service')",)
    """

    entity: Literal["account", "parent"] = "account"
    mergers: Literal["followed", "ignored"] = "followed"
    reactivation_days: int | None = None
    churn_date: Literal["end of service", "notice", "end of term"] = "end of service"
    shortest_life_days: int = 0
    price: Literal["billed", "list"] = "billed"
    not_recurring: tuple[str, ...] = ()
    zero_reasons: tuple[str, ...] = ("paused", "free")
    end_date: Literal["exclusive", "inclusive"] = "exclusive"
    extension: Literal["apart", "contraction"] = "apart"
    segment_day: Literal["opening", "as of"] = "opening"

    def __post_init__(self) -> None:
        for name, hint in _HINTS.items():
            expected = _expected(getattr(self, name), hint)
            if expected:
                raise ValueError(f"settings.{name}: found {getattr(self, name)!r}, expected {expected}")

    def departures(self) -> tuple[str, ...]:
        """Every setting that differs from its default, as a report prints it."""
        return tuple(
            f"{f.name} = {getattr(self, f.name)!r} (default {f.default!r})"
            for f in fields(self)
            if getattr(self, f.name) != f.default
        )


_HINTS: Final[Mapping[str, Any]] = get_type_hints(Settings)


def _expected(value: object, hint: Any) -> str:
    """What a field of this type may hold, if `value` is not such a thing; else nothing."""
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        return "" if value in choices else f"one of {', '.join(choices)}"
    if get_origin(hint) is tuple:
        texts = isinstance(value, tuple) and all(isinstance(one, str) for one in value)
        return "" if texts else "a list of texts"
    number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return "" if number or (value is None and type(None) in get_args(hint)) else "a number of days, 0 or more"


def read_settings(record: Mapping[str, Any]) -> Settings:
    """Settings from the table ``[settings]`` of a company.toml; what it leaves out is at its default.

    Raises
    ------
    ValueError
        When a key is unknown, with those there are, or holds something it cannot.

    Examples
    --------
    >>> read_settings({"reactivation_days": 90}).reactivation_days
    90
    """
    for key in record:
        if key not in _HINTS:
            near = get_close_matches(key, _HINTS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ValueError(f"settings: found {key!r}, expected one of {', '.join(_HINTS)}.{hint}")
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
    return Settings(**given)
