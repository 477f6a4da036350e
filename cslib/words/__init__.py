"""Words of figures, tables, pages and notebooks in the language of a report: English in, that language out.

The English text is the key, as in gettext; a catalogue is one PO file a language beside this one, so any translator's
editor opens it. ``python -m cslib.words`` brings the catalogues up to date with the words in package and notebooks.
Sentences of findings are templates of :mod:`cslib.story`, not entries here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final, NoReturn

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cslib import formats
from cslib.conventions import CONVENTIONS
from cslib.words.notes import NOTES
from cslib.words.values import STAND_INS

__all__ = [
    "LANGUAGES",
    "accounts",
    "enumerated",
    "from_data",
    "known",
    "metric_name",
    "retell",
    "say",
    "say_n",
    "value_name",
]

_COUNTS: Final = frozenset(
    {"n", "of", "days", "months", "cells", "periods", "noticed", "same", "left", "rows"}
)  # places of whole numbers
_LITERAL: Final = frozenset(
    {"table", "column", "changed", "flag", "end", "yearly", "monthly", "tie", "first", "name"}
)  # places of names that files have
LANGUAGES: Final = ("en", "tr", "zh", "ar")
_COMMA: Final = {"zh": "，", "ar": "، "}
_SEMICOLON: Final = {"zh": "；", "ar": "؛ "}


def say(text: str, *, locale: str, **values: object) -> str:
    """Text in the language of `locale`, its ``{places}`` filled with `values`.

    Parameters
    ----------
    text : str
        English, exactly as it stands in the catalogues.
    locale : str
        Its language chooses the catalogue. English needs none; a language that is none of :data:`LANGUAGES` reads
        English words beside its own numbers, and no report can be had in it.
    **values
        What stands in the places, each a finished text.

    Raises
    ------
    KeyError
        When the catalogue has no such text: a missing translation is an error, not an English sentence.

    Examples
    --------
    >>> say("{n} months", locale="en_US", n="12")
    '12 months'
    """
    told = _translations(_language(locale)).gettext(text)
    return told.format(**values) if values else told


def say_n(one: str, many: str, n: int, *, locale: str, **values: object) -> str:
    """Text in the form that goes with `n` by the plural rules of the language; ``{n}`` is the number as it reads there.

    >>> say_n("{n} account", "{n} accounts", 1, locale="en_US")
    '1 account'
    """
    told = _translations(_language(locale)).ngettext(one, many, n)
    return told.format(n=formats.count(n, locale=locale), **values)


def accounts(n: int, *, locale: str) -> str:
    """So many accounts.

    >>> accounts(1200, locale="en_US")
    '1,200 accounts'
    """
    return say_n("{n} account", "{n} accounts", n, locale=locale) if n else say("no accounts", locale=locale)


def known(text: str, *, locale: str) -> str:
    """Text in the language of `locale` where the catalogue has it, else itself: for texts that data may bring.

    >>> known("Acme", locale="en_US")
    'Acme'
    """
    try:
        return say(text, locale=locale) if text else ""
    except KeyError:
        return text


def from_data(text: str, *, locale: str) -> str:
    """Text from data as it is; what stands where the data say nothing, such as ``(no owner)``, in the language.

    >>> from_data("(no owner)", locale="tr_TR"), from_data("Net", locale="tr_TR")
    ('(sorumlu yok)', 'Net')
    """
    return known(text, locale=locale) if text in STAND_INS else text


def value_name(value: str, *, locale: str) -> str:
    """A value of the data contract, such as a milestone, as a reader of that language sees it.

    >>> value_name("first_value", locale="zh_CN"), value_name("our_own_step", locale="zh_CN")
    ('初步价值', 'our own step')
    """
    return known(formats.value_name(value), locale=locale)


def enumerated(text: str, *, locale: str) -> str:
    """Words of ours in a list, each told by itself; a count in brackets may follow one.

    >>> enumerated("red (3), term near (1)", locale="tr_TR")
    'kırmızı (3), dönem sonu yakın (1)'
    """
    parts = [re.fullmatch(r"(.*?)((?: \(\d+\))?)", piece) for piece in text.split(", ")]
    told = [known(part[1], locale=locale) + part[2] for part in parts if part]
    return _COMMA.get(_language(locale), ", ").join(told)


def metric_name(metric: str, *, locale: str) -> str:
    """Name of a metric as a reader of that language sees it.

    >>> metric_name("net_retention", locale="en_US")
    'Net retention'
    """
    return known(formats.metric_name(metric), locale=locale)


def retell(text: str, *, locale: str) -> str:
    """A finished English text, told again in another language: as it stands, or by the pattern it was made from.

    What is neither in the catalogue nor matches a pattern of :data:`cslib.words.notes.NOTES` stays as it is.

    >>> retell("3 rows are late.", locale="en_US")
    '3 rows are late.'
    """
    if _language(locale) == "en":
        return text
    if (told := known(text, locale=locale)) != text:
        return told
    for pattern, shape in _shapes().items():
        found = shape.fullmatch(text)
        if found:
            parts = {
                name: part if name in _LITERAL else _part(part, locale=locale)
                for name, part in found.groupdict().items()
            }
            return say(pattern, locale=locale, **parts)
    return text


def _part(text: str, *, locale: str) -> str:
    """What stands in a place of a note, as that language writes it: a day, a number, words, or a list of them.

    >>> _part("2026-09-30", locale="zh_CN"), _part("1,823", locale="tr_TR")
    ('2026年9月30日', '1.823')
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return formats.day(date.fromisoformat(text), locale=locale)
    if re.fullmatch(r"\d+|\d{1,3}(,\d{3})+", text):
        return formats.count(int(text.replace(",", "")), locale=locale)
    told = retell(text, locale=locale)
    if told != text:
        return told
    if "; " in text:
        return _SEMICOLON.get(_language(locale), "; ").join(
            _part(piece, locale=locale) for piece in text.split("; ")
        )
    pieces = [piece for piece in re.split(r", (?=\d)", text) if piece]
    counted = [re.fullmatch(r"(\d[\d,]*) (.+)", piece) for piece in pieces]
    if all(counted):  # 2 never paid, 1 left out by a setting
        return formats.listed(
            [" ".join(_part(word, locale=locale) for word in one.groups()) for one in counted if one],
            locale=locale,
        )
    return text


def _language(locale: str) -> str:
    return locale.split("_")[0]


@cache
def _shapes() -> Mapping[str, re.Pattern[str]]:
    shapes = {}
    for pattern in (*NOTES, *(c.text for c in CONVENTIONS if "{" in c.text)):
        parts = re.split(r"\{(\w+)\}", pattern)
        shape = ""
        for i, part in enumerate(parts):
            again = i % 2 and part in parts[1:i:2]
            stands = r"\d[\d,]*" if part in _COUNTS else ".+?"
            shape += f"(?P={part})" if again else f"(?P<{part}>{stands})" if i % 2 else re.escape(part)
        shapes[pattern] = re.compile(shape)
    return shapes


class _Missing(NullTranslations):
    """What is asked when a catalogue lacks a text."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def _lacks(self, text: str) -> NoReturn:
        raise KeyError(
            f"words/{self.language}.po has no translation of {text!r}; python -m cslib.words adds the entry"
        )

    def gettext(self, message: str) -> str:
        self._lacks(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self._lacks(msgid1)


@cache
def _translations(language: str) -> NullTranslations:
    if language == "en" or language not in LANGUAGES:
        return NullTranslations()
    path = Path(__file__).with_name(f"{language}.po")
    compiled = BytesIO()
    with path.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=language))
    compiled.seek(0)
    found = GNUTranslations(compiled)
    found.add_fallback(_Missing(language))
    return found
