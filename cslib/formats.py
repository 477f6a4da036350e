"""Numbers, dates and names as a reader sees them, by locale. Knows no metric and imports nothing of cslib."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from babel.dates import format_date, format_skeleton
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_name,
    get_currency_precision,
    get_currency_symbol,
    parse_decimal,
)

__all__ = [
    "count",
    "currency_of",
    "day",
    "exact_money",
    "listed",
    "metric_name",
    "month",
    "one_line",
    "percent",
    "period",
    "plural",
    "points",
    "short_money",
    "shortened",
    "undefined",
    "value_name",
]

MINUS: Final = "\N{MINUS SIGN}"
_UNDEFINED: Final = {"en": "undefined", "tr": "tanımsız", "zh": "无法计算", "ar": "غير معرّف"}
_SHORT_NAMES: Final = {"arr": "ARR", "mrr": "MRR"}


def undefined(locale: str) -> str:
    """What stands in place of a number that cannot be computed; English in a language without words here.

    >>> undefined("en_GB")
    'undefined'
    """
    return _UNDEFINED.get(locale.split("_")[0], _UNDEFINED["en"])


def currency_of(unit: str) -> str:
    """ISO 4217 code in a money unit.

    >>> currency_of("USD ARR")
    'USD'
    """
    code = unit.split(" ")[0]
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(f"unit: found {unit!r}, expected a currency code and a base such as 'USD ARR'")
    return code


def _in_major_units(minor: float, currency: str) -> Decimal:
    return Decimal(round(minor)).scaleb(-get_currency_precision(currency))


def _suffix_of(amount: Decimal, shown: Decimal) -> int:
    """Powers of ten that the suffix stands for: 6 for M, 4 for 万, 0 where a locale has none for thousands.

    >>> _suffix_of(Decimal(1_500_000), Decimal("1.5"))
    6
    """
    return round((amount / shown).log10()) if shown else 0


def _signed(text: str, signed: bool, amount: Decimal) -> str:
    return f"+{text}" if signed and amount > 0 else text.replace("-", MINUS)


def short_money(
    minor: float, currency: str, *, locale: str = "en_US", signed: bool = False, trimmed: bool = False
) -> str:
    """Money to three significant digits, from minor units; `trimmed` leaves out zeros at the end of a fraction.

    >>> short_money(1_240_000_000, "USD"), short_money(31_000_049, "USD"), short_money(99_999_999, "USD")
    ('$12.4M', '$310k', '$1.00M')
    >>> short_money(-4_750, "USD"), short_money(0, "USD"), short_money(310_000, "JPY")
    ('−$48', '$0', '¥310k')
    >>> short_money(31_000_049, "EUR", locale="de_DE"), short_money(170_000_000, "EUR", locale="de_DE")
    ('310.000\\xa0€', '1,70\\xa0Mio.\\xa0€')
    >>> [short_money(minor, "USD", trimmed=True) for minor in (200_000_000, 1_250_000_000)]
    ['$2M', '$12.5M']
    """
    if math.isnan(minor):
        return undefined(locale)
    amount = _in_major_units(minor, currency)
    steps = Decimal(1) if abs(amount) < 1000 else Decimal(1).scaleb(amount.adjusted() - 2)
    # rounded before babel chooses the suffix: 999,999 is 1.00M, not 1000k
    whole = amount.quantize(steps, rounding=ROUND_HALF_EVEN)
    text = str(format_compact_currency(whole, currency, locale=locale, fraction_digits=2))
    shown = re.search(r"\d[\d.,]*", text)
    assert shown is not None
    before_suffix = abs(whole).scaleb(-_suffix_of(abs(whole), parse_decimal(shown[0], locale=locale)))
    # babel drops trailing zeros and the grouping: $1.7M beside $6.99M, 500000 $
    digits = max(0, 2 - before_suffix.adjusted()) if abs(whole) >= 1000 else 0
    fraction = "." + ("#" if trimmed else "0") * digits if digits else ""
    exact = format_decimal(before_suffix, format="#,##0" + fraction, locale=locale)
    text = text.replace(shown[0], exact, 1)
    if locale.startswith("en"):
        text = re.sub(r"(?<=\d)K", "k", text)
    if locale.startswith("tr"):
        text = text.replace("\xa0B\xa0", "\xa0bin\xa0")  # a lone B would be read as billions
    return _signed(_worded(text, currency, locale=locale), signed, whole)


def _worded(text: str, currency: str, *, locale: str) -> str:
    """Amount with its currency as the language writes it in running text.

    >>> _worded("US$12", "USD", locale="zh_CN"), _worded("12\\xa0US$", "USD", locale="ar")
    ('12美元', '12\\xa0$')
    """
    language = locale.split("_")[0]
    symbol = str(get_currency_symbol(currency, locale=locale))
    if language == "zh" and symbol in text:
        return text.replace(symbol, "") + str(get_currency_name(currency, locale=locale))
    if language == "ar":  # a sign of letters and another mark would be turned about: US$
        return text.replace(symbol, re.sub(r"^[A-Z]+(?=[^A-Z])", "", symbol)).replace("\u200f", "")
    return text


def exact_money(minor: float, currency: str, *, locale: str = "en_US", signed: bool = False) -> str:
    """Money to the whole unit of the currency, from minor units.

    >>> exact_money(1_240_000_050, "USD"), exact_money(-4_700, "EUR", locale="de_DE")
    ('$12,400,000', '−47\\xa0€')
    """
    if math.isnan(minor):
        return undefined(locale)
    amount = _in_major_units(minor, currency).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    pattern = "#,##0\xa0¤" if locale.startswith("tr") else re.sub(r"[.,]00", "", _currency_pattern(locale))
    text = str(format_currency(amount, currency, format=pattern, locale=locale, currency_digits=False))
    return _signed(_worded(text, currency, locale=locale), signed, amount)


def _currency_pattern(locale: str) -> str:
    from babel import Locale

    return str(Locale.parse(locale).currency_formats["standard"].pattern)


def percent(ratio: float, *, locale: str = "en_US", digits: int = 1) -> str:
    """Ratio as a percentage.

    >>> percent(1.0437), percent(0.9, digits=0), percent(float("nan"))
    ('104.4%', '90%', 'undefined')
    >>> percent(1.0437, locale="tr_TR")
    '%104,4'
    """
    if math.isnan(ratio):
        return undefined(locale)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    pattern = f"%{pattern}" if locale.startswith("tr") else f"{pattern}%"
    return str(format_percent(ratio, format=pattern, locale=locale)).replace("-", MINUS)


def points(ratio: float, *, locale: str = "en_US", signed: bool = False) -> str:
    """Difference of two ratios in percentage points, with one decimal.

    >>> points(-0.0625), points(0.031, signed=True), points(-0.0001)
    ('−6.2', '+3.1', '0.0')
    """
    if math.isnan(ratio):
        return undefined(locale)
    tenths = Decimal(repr(float(ratio) * 100)).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
    shown = "0.0" if tenths == 0 else "+0.0;-0.0" if signed else "0.0"
    return str(format_decimal(tenths + 0, format=shown, locale=locale)).replace("-", MINUS)


def plural(number: int, forms: Mapping[str, str], *, locale: str = "en_US") -> str:
    """Form of a word that goes with `number` by the plural rules of the language (Unicode CLDR).

    Parameters
    ----------
    number : int
        What is counted.
    forms : mapping
        Words by plural category: zero, one, two, few, many, and ``other``, which takes what has no form of its own.
    locale : str
        Decides the category.

    Raises
    ------
    ValueError
        When a category is none of the language, or ``other`` is missing.

    Examples
    --------
    >>> plural(1, {"one": "account", "other": "accounts"}), plural(0, {"one": "account", "other": "accounts"})
    ('account', 'accounts')
    """
    from babel import Locale

    rule = Locale.parse(locale).plural_form
    known = {*rule.tags, "other"}
    if "other" not in forms or not set(forms) <= known:
        found, expected = ", ".join(sorted(forms)), ", ".join(sorted(known))
        raise ValueError(
            f"plural, {locale}: found the forms {found}; expected some of {expected}, and other always"
        )
    return forms.get(rule(int(number)), forms["other"])


def count(number: float, *, locale: str = "en_US") -> str:
    """Whole number with its thousands parted; of a quantile between two counts the nearest.

    >>> count(12345), count(954.75), count(-2)
    ('12,345', '955', '−2')
    """
    return str(format_decimal(round(number), locale=locale)).replace("-", MINUS)


def month(when: date, *, locale: str = "en_US") -> str:
    """Month and year.

    >>> month(date(2026, 9, 30))
    'Sep 2026'
    """
    return str(format_skeleton("yMMM", when, locale=locale))


def day(when: date, *, locale: str = "en_US") -> str:
    """Day, month and year in the order of the locale.

    >>> day(date(2026, 9, 30)), day(date(2026, 9, 30), locale="en_GB")
    ('Sep 30, 2026', '30 Sept 2026')
    """
    # Arabic's medium form is all digits and strokes, which turn about between words
    form = "long" if locale.startswith("ar") else "medium"
    return str(format_date(when, form, locale=locale))


def period(first: date, *, grain: str, locale: str = "en_US") -> str:
    """Name of the year, quarter or month that begins on `first`.

    >>> period(date(2026, 7, 1), grain="quarter"), period(date(2026, 1, 1), grain="year")
    ('Q3 2026', '2026')
    """
    if grain == "month":
        return month(first, locale=locale)
    if grain == "quarter":
        return str(format_skeleton("yQQQ", first, locale=locale))
    if grain == "year":
        return str(first.year)
    raise ValueError(f"grain: found {grain!r}, expected one of month, quarter, year")


def metric_name(metric: str) -> str:
    """Name of a metric as a reader sees it.

    >>> metric_name("net_retention"), metric_name("arr")
    ('Net retention', 'ARR')
    """
    return _SHORT_NAMES.get(metric, metric.replace("_", " ").capitalize())


def value_name(value: str) -> str:
    """A value of the data contract, such as a milestone or a kind of contact, as a reader sees it.

    >>> value_name("first_value"), value_name("qbr")
    ('first value', 'QBR')
    """
    return {"qbr": "QBR"}.get(value, one_line(value).replace("_", " "))


def one_line(text: object) -> str:
    """Text from data without line breaks and control characters, which neither SVG nor a table cell can hold.

    >>> one_line("Acme\\x00\\nInc")
    'Acme Inc'
    """
    spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Cn"} else c for c in str(text))
    return " ".join(spaced.split())


def shortened(text: object, *, length: int = 28) -> str:
    """Text from data in one line of at most `length` characters.

    >>> shortened("Financial services and insurance", length=20)
    'Financial services…'
    """
    line = one_line(text)
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def listed(parts: Sequence[str], *, locale: str = "en_US") -> str:
    """Words joined as a sentence of the language joins them.

    >>> listed(["net", "gross", "logo"]), listed(["A", "B"], locale="tr_TR")
    ('net, gross and logo', 'A ve B')
    """
    from babel.lists import format_list

    # in running text English does without the comma before its last "and"
    return str(format_list(list(parts), locale="en_GB" if locale.startswith("en") else locale))
