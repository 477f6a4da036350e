"""A sheet as a reader finds it: the table of its HTML, and the style of each cell."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

from cslib.styled import Sheet


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.ids: list[list[str]] = []
        self.tags: set[str] = set()
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
            self.ids.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.ids[-1].append(dict(attrs).get("id") or "")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


@cache
def html_of(sheet: Sheet) -> str:
    return sheet._repr_mimebundle_()[0]["text/html"]


@cache
def _parsed(sheet: Sheet) -> _Table:
    table = _Table()
    table.feed(html_of(sheet))
    return table


def rows(sheet: Sheet) -> list[list[str]]:
    """Head and body, cell by cell."""
    return [[cell.replace("\xa0", " ").strip() for cell in row] for row in _parsed(sheet).rows]


def tags(sheet: Sheet) -> set[str]:
    return _parsed(sheet).tags


def css(sheet: Sheet, row: int, column: int) -> dict[str, str]:
    """Style of one cell, counted as in `rows`."""
    key = _parsed(sheet).ids[row][column]
    found: dict[str, str] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", html_of(sheet).split("</style>")[0]):
        if f"#{key}" in re.split(r"[,\s]+", selectors):
            found |= {k.strip(): v.strip() for k, v in re.findall(r"([\w-]+):([^;]+);", body)}
    return found
