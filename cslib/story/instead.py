"""The honest line that stands where a section would, had the company given what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cslib.absent import Absent
from cslib.words import known, retell, say

__all__ = ["Line", "show"]


@dataclass(frozen=True)
class Line:
    """One line of a report in place of what could not be computed; shows as Markdown in a notebook."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"*{self.text}*"


def show(found: Any, how: Callable[..., Any], /, **named: Any) -> Any:
    """Shown form ``how(found, **named)`` of what :func:`cslib.absent.given` returned, or its honest line.

    The line has the title, and is told in the language of ``locale``, where they are among `named`.

    >>> print(show(Absent("it needs deliveries before the window"), len, title="Seats in use"))
    Not in this report: Seats in use: it needs deliveries before the window
    >>> show([1, 2], len)
    2
    """
    if not isinstance(found, Absent):
        return how(found, **named)
    locale = str(named.get("locale", "en_US"))
    reason = retell(str(found), locale=locale)
    if "title" not in named:
        return Line(say("Not in this report: {reason}", locale=locale, reason=reason))
    title = known(str(named["title"]), locale=locale)
    text = "Not in this report: {title}: {reason}"
    return Line(say(text, locale=locale, title=title, reason=reason))
