"""Currencies by their ISO 4217 codes."""

from __future__ import annotations

from typing import Final

from babel.numbers import get_currency_precision, list_currencies

from cslib.sources.toml import refuse
from cslib.tables import nearest, quoted

__all__ = ["CURRENCY_DIGITS", "currency_digits", "known_currency"]

CURRENCY_DIGITS: Final = {code: get_currency_precision(code) for code in list_currencies()}


def currency_digits(code: str) -> int:
    """Digits after the decimal point in `code` (ISO 4217); -1 when there is no such currency.

    >>> currency_digits("USD"), currency_digits("JPY"), currency_digits("dollar")
    (2, 0, -1)
    """
    return CURRENCY_DIGITS.get(code, -1)


def known_currency(code: object, where: str) -> str:
    """Code of a currency, or a refusal.

    >>> known_currency("EUR", "currency")
    'EUR'
    """
    if isinstance(code, str) and currency_digits(code) >= 0:
        return code
    near = nearest(str(code), CURRENCY_DIGITS)
    hint = f"Did you mean {near}?" if near else ""
    raise refuse(
        "unknown currency", key=where, found=quoted(code), expected="an ISO 4217 code such as USD", hint=hint
    )
