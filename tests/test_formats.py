"""Money as a reader sees it is the money that is there, in every locale."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import parse_decimal

from cslib.formats import short_money

# What stands before the suffix, and the suffix's power of ten, for 5,430 and 1,234,567,890.12 dollars.
SHOWN = {
    "en_US": ("$5.43k", "$1.23B"),
    "de_DE": ("5.430 $", "1,23 Mrd. $"),  # no short word for thousands
    "it_IT": ("5.430 USD", "1,23 Mld USD"),
    "fr_FR": ("5,43 k $US", "1,23 Md $US"),
    "ja_JP": ("$5,430", "$12.3億"),  # suffixes by four digits
    "en_IN": ("$5.43k", "$123Cr"),
    "de_CH": ("5’430 $", "1.23 Mrd. $"),
}


@pytest.mark.parametrize("locale", SHOWN)
def test_the_digits_belong_to_the_suffix(locale: str) -> None:
    told = [short_money(minor, "USD", locale=locale) for minor in (543_000, 123_456_789_012)]
    assert tuple(text.replace("\xa0", " ").replace("\u202f", " ") for text in told) == SHOWN[locale]


@pytest.mark.parametrize("minor", [100, 99_949, 99_950, 99_999, 100_000, 999_499, 99_949_999, 99_950_001])
def test_a_suffix_is_chosen_after_rounding(minor: int) -> None:
    text = short_money(minor, "USD").removeprefix("$")
    power = {"k": 3, "M": 6}.get(text[-1], 0)
    shown = parse_decimal(text.rstrip("kM"), locale="en_US").scaleb(power)
    exact = Decimal(minor).scaleb(-2)
    assert abs(shown - exact) <= max(exact / 200, Decimal("0.5"))
    assert len(text.rstrip("kM").replace(".", "")) <= 3
