"""What a parameter may hold: text becomes a value, a value becomes the source that assigns it."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["BASES", "Kind", "Scalar", "Value", "assignments"]

Scalar = str | int | float | bool | dt.date
Value = Scalar | list[Scalar] | None

BASES: Final[Mapping[str, type]] = {"str": str, "int": int, "float": float, "bool": bool, "date": dt.date}
_EXAMPLE: Final[Mapping[type, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dt.date: "a date such as 2026-09-30",
}
_WORDS: Final[Mapping[str, bool]] = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}


@dataclass(frozen=True)
class Kind:
    """What a parameter may hold: a base type, perhaps few choices, perhaps none, perhaps a list."""

    base: type
    choices: tuple[Scalar, ...] = ()
    optional: bool = False
    many: bool = False

    def __str__(self) -> str:
        name = f"Literal[{', '.join(map(repr, self.choices))}]" if self.choices else self.base.__name__
        return (f"list[{name}]" if self.many else name) + (" | None" if self.optional else "")

    def expected(self) -> str:
        """Words for an error message.

        >>> Kind(int, optional=True).expected()
        'a whole number, or none'
        """
        one = "one of " + ", ".join(map(str, self.choices)) if self.choices else _EXAMPLE[self.base]
        return (f"values separated by commas, each {one}" if self.many else one) + (
            ", or none" if self.optional else ""
        )

    def coerce(self, given: object) -> Value:
        """`given` as a value of this kind; text is read, anything else must already fit.

        Raises
        ------
        ValueError
            When it does not fit; the message is empty.

        Examples
        --------
        >>> Kind(int).coerce("3"), Kind(dt.date).coerce("2026-09-30"), Kind(str, many=True).coerce("a, b")
        (3, datetime.date(2026, 9, 30), ['a', 'b'])
        """
        if self.optional and (given is None or (isinstance(given, str) and given.strip().lower() == "none")):
            return None
        if not self.many:
            return self._one(given)
        parts = (
            [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given
        )
        if not isinstance(parts, list | tuple):
            raise ValueError
        return [self._one(part) for part in parts]

    def holds(self, value: object) -> bool:
        """Whether `value` is of this kind as it stands: no text is read.

        >>> Kind(int).holds(12), Kind(int).holds("12"), Kind(str, many=True).holds("a, b")
        (True, False, False)
        """
        parts = value if isinstance(value, list | tuple) else [value]
        if self.many and isinstance(value, str):
            return False
        if self.base is not str and any(isinstance(part, str) for part in parts):
            return False
        try:
            self.coerce(value)
        except (ValueError, OverflowError):
            return False
        return True

    def _one(self, given: object) -> Scalar:
        value = _read(given, self.base) if isinstance(given, str) else _fit(given, self.base)
        if self.choices and not any(
            value == choice and type(value) is type(choice) for choice in self.choices
        ):
            raise ValueError
        return value


def _read(text: str, base: type) -> Scalar:
    if base is str:
        return text
    if base is bool:
        if text.strip().lower() not in _WORDS:
            raise ValueError
        return _WORDS[text.strip().lower()]
    if base is dt.date:
        return dt.date.fromisoformat(text.strip())
    return _finite(int(text) if base is int else float(text))


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError
    return number


def _fit(given: Any, base: type) -> Scalar:
    """`given` if it is of `base`; numpy's numbers and flags count, a bool never counts as a number."""
    flag = isinstance(given, bool) or type(given).__name__ in {"bool", "bool_"}
    if base is bool and flag:
        return bool(given)
    if base is dt.date and isinstance(given, dt.date) and not isinstance(given, dt.datetime):
        return given
    if flag or base not in (int, float):
        raise ValueError
    if base is float and isinstance(given, float):  # numpy's float64 is one
        return _finite(float(given))
    try:
        whole = operator.index(given)
    except TypeError:
        raise ValueError from None
    return whole if base is int else float(whole)


def assignments(values: Mapping[str, Value]) -> str:
    """Python source that assigns `values`.

    >>> print(assignments({"quarter": "2026Q3", "since": dt.date(2026, 9, 30)}))
    # Parameters of this run
    from datetime import date
    quarter = '2026Q3'
    since = date(2026, 9, 30)
    """
    body = [f"{name} = {_source(value)}" for name, value in values.items()]
    dated = any(
        isinstance(one, dt.date) for v in values.values() for one in (v if isinstance(v, list) else [v])
    )
    return "\n".join(["# Parameters of this run", *(["from datetime import date"] if dated else []), *body])


def _source(value: Value) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_source, value))}]"
    return f"date({value.year}, {value.month}, {value.day})" if isinstance(value, dt.date) else repr(value)
