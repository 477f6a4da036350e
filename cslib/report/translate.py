"""A notebook in the language of its report: Markdown cells and title from the catalogues of :mod:`cslib.words`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from cslib import formats
from cslib.report.parameters import ParameterError
from cslib.words import LANGUAGES, say

__all__ = ["LOCALE", "language_tag", "period_name", "translate"]

LOCALE: Final = "locale"  # the parameter that chooses the language


def translate(notebook: Any, parameters: Mapping[str, Any]) -> None:
    """Put a notebook's Markdown cells and title into the language of its parameter ``locale``, where it has one.

    Raises
    ------
    ParameterError
        When the language has no words, or none for a cell; an English paragraph is not printed in its place.
    """
    locale = str(parameters.get(LOCALE) or "en_US")
    if locale.split("_")[0] == "en":
        return
    if locale.split("_")[0] not in LANGUAGES:
        raise ParameterError(
            f"parameter {LOCALE}: found {locale!r}, expected a language of {', '.join(LANGUAGES)}"
        )
    about = notebook.metadata.get("cslib", {})
    try:
        for name in ("title", "subtitle"):
            if about.get(name):
                about[name] = say(about[name], locale=locale)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = say(cell.source, locale=locale)
    except KeyError as missing:
        raise ParameterError(f"parameter {LOCALE}: {locale}: {missing.args[0]}") from None


def language_tag(locale: str) -> str:
    """Language of a locale as HTML and PDF name it.

    >>> language_tag("tr_TR"), language_tag("ar")
    ('tr', 'ar')
    """
    return locale.split("_")[0]


def period_name(quarter: str, *, fiscal: bool, locale: str) -> str:
    """A fiscal quarter such as 2026Q3 as a reader names it.

    >>> period_name("2026Q3", fiscal=False, locale="en_US"), period_name("2026Q3", fiscal=True, locale="en_US")
    ('Q3 2026', 'fiscal Q3 2026')
    """
    name = formats.period(date(int(quarter[:4]), 3 * int(quarter[5:]) - 2, 1), grain="quarter", locale=locale)
    return say("fiscal {period}", locale=locale, period=name) if fiscal else name
