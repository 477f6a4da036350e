"""Findings -> Markdown, by one template file a language. Text from data is escaped here and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Final

from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined

from cslib import formats
from cslib.story.finding import Finding

__all__ = ["Prose", "notes", "write"]

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&:@^=/\"'])")


@dataclass(frozen=True)
class Prose:
    """Markdown that a notebook shows as text."""

    markdown: str

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.markdown


def write(*findings: Finding, currency: str = "USD", locale: str = "en_US") -> Prose:
    r"""Sentences of findings, in their order, one paragraph each.

    Parameters
    ----------
    *findings : Finding
        Facts; a finding that has nothing to say in its template is left out.
    currency : str
        ISO 4217 code of the money in minor units.
    locale : str
        Chooses the template file by its language, and the form of numbers and dates.

    Raises
    ------
    jinja2.TemplateNotFound
        When there are no sentences in this language.
    jinja2.UndefinedError
        When a finding lacks a value that its sentence prints.

    Examples
    --------
    >>> print(write(Finding("arr", {"end": date(2026, 9, 30), "arr": 1240000000, "n": 412, "before": []})))
    Annual recurring revenue is **\$12.4M** from 412 accounts on Sep 30, 2026.
    """
    module = _environment(locale, currency).get_template(f"{locale.split('_')[0]}.md.jinja").make_module()
    said = (" ".join(str(getattr(module, finding.kind)(**finding.values)).split()) for finding in findings)
    return Prose("\n\n".join(text for text in said if text))


def notes(*texts: str) -> Prose:
    r"""Plain facts as a list, text from data escaped; nothing when there are none.

    >>> print(notes("2 rows are *late*"))
    - 2 rows are \*late\*
    """
    return Prose("\n".join(f"- {_escape(formats.one_line(text))}" for text in texts))


@cache
def _environment(locale: str, currency: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("cslib.story"),
        undefined=StrictUndefined,
        autoescape=False,
    )
    environment.filters |= {
        "money": lambda minor: _plain(formats.short_money(minor, currency, locale=locale)),
        "percent": partial(formats.percent, locale=locale),
        "count": partial(formats.count, locale=locale),
        "month": lambda when: formats.month(_day(when), locale=locale),
        "day": lambda when: formats.day(_day(when), locale=locale),
        "name": lambda text: _escape(formats.shortened(text, length=60)),
        "plain": lambda text: _escape(formats.one_line(text)),
        "listed": formats.listed,
        "points": lambda points: format_decimal(points, format="0.0", locale=locale),
        "metric": lambda metric: _lowered(formats.metric_name(metric)),
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }
    return environment


def _lowered(name: str) -> str:
    return name if name.isupper() else name[:1].lower() + name[1:]


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _plain(money: str) -> str:
    return money.replace("$", "\\$")  # a dollar sign must not open a formula


def _day(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when
