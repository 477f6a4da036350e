"""What a company did not give: an honest line where a section would stand, not an error and not a zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Absent", "given"]


class Absent(LookupError):  # noqa: N818 - nothing went wrong
    """Tables or columns that a figure needs are not there; its text is the line a report prints instead."""


def given(function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    """What `function` returns, or the `Absent` it raised, for :func:`cslib.story.show` to print.

    >>> def seats(book):
    ...     raise Absent("seats in use need the table usage")
    >>> given(seats, None)
    Absent('seats in use need the table usage')
    """
    try:
        return function(*args, **named)
    except Absent as lacking:
        return lacking
