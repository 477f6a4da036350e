"""What a company did not give: an honest line where a section would stand, not an error and not a zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Absent", "Line", "given", "show"]


class Absent(LookupError):  # noqa: N818 - nothing went wrong
    """Tables or columns that a figure needs are not there; its text is the line a report prints instead."""


@dataclass(frozen=True)
class Line:
    """One line of a report in place of what could not be computed; shows as Markdown in a notebook."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"*Not in this report: {self.text}*"


def given(function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    """What `function` returns, or the `Absent` it raised, for :func:`show` to print.

    >>> def seats(book):
    ...     raise Absent("seats in use need the table usage")
    >>> given(seats, None)
    Absent('seats in use need the table usage')
    """
    try:
        return function(*args, **named)
    except Absent as lacking:
        return lacking


def show(found: Any, how: Callable[..., Any], /, **named: Any) -> Any:
    """Shown form ``how(found, **named)`` of what :func:`given` returned, or its honest line, with its title.

    >>> show(Absent("seats in use need the table usage"), len)
    Line(text='seats in use need the table usage')
    >>> show(Absent("it needs the table usage"), len, title="Seats in use")
    Line(text='Seats in use: it needs the table usage')
    >>> show([1, 2], len)
    2
    """
    if not isinstance(found, Absent):
        return how(found, **named)
    return Line(f"{named['title']}: {found}" if "title" in named else str(found))
