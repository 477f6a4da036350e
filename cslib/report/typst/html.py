"""HTML of an output, read with the standard library: tables with their styles, and the text around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from html.parser import HTMLParser
from typing import Final, NamedTuple

from cslib.report.typst.css import NONE, Found, Node, Styles, classes_of, declarations

__all__ = ["Cell", "Image", "Piece", "Run", "Table", "read_html", "text_of"]

_INHERITED: Final = ("color", "font-weight", "font-style", "text-align", "background-color")
_HIDDEN: Final = {"script", "style", "head", "title", "template", "noscript", "svg", "iframe", "object"}
_BOLD: Final = {"b", "strong"}
_ITALIC: Final = {"i", "em"}
_CELLS: Final = {"td", "th"}
_VOID: Final = {"br", "img", "hr", "input", "meta", "link", "col", "wbr", "area", "base", "embed", "source"}
_BLOCKS: Final = {
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "pre",
    "dt",
    "dd",
}
_CELL: Final = re.compile(r"""<(t[dhr])((?:\s+[a-z]+="[^"&<>]*")*)\s*>(?:([^<]*)</\1>\s*)?""")
_ATTRIBUTE: Final = re.compile(r"""([a-z]+)="([^"]*)\"""")
_LINES: Final = re.compile(r"\s+")


class Run(NamedTuple):
    """Text of one kind."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False


def text_of(runs: Iterable[Run]) -> str:
    """What runs say together."""
    return "".join(run.text for run in runs).strip()


@dataclass
class Cell:
    """A cell with what its styles come to."""

    head: bool
    colspan: int = 1
    rowspan: int = 1
    style: Mapping[str, str] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    runs: list[Run] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """What the cell says, once it has been read."""
        return text_of(self.runs)


@dataclass
class Table:
    """Rows of cells; the first `n_head` rows are the head."""

    head: list[list[Cell]] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)
    caption: str = ""


@dataclass(frozen=True)
class Image:
    """A picture and the words for it."""

    src: str
    alt: str


Piece = Table | Image | str


class _Row(NamedTuple):
    """What plain cells have in common, one after the other in a row."""

    cells: list[Cell]
    style: Mapping[str, str]  # inherited
    rules: Found
    face: tuple[bool, bool, bool] | None  # how their text is set; None where it is hidden


def read_html(text: str) -> list[Piece]:
    """Tables, images and texts of a piece of HTML, in their order.

    >>> read_html("<p>Two <b>rows</b></p>")
    ['Two rows']
    """
    parser = _Reader(Styles(text))
    parser.feed(text)
    parser.close()
    return parser.finish()


class _Reader(HTMLParser):
    def __init__(self, styles: Styles) -> None:
        super().__init__(convert_charrefs=True)
        self.styles = styles
        self.row: _Row | None = None
        self.open: list[Node] = []
        self.pieces: list[Piece] = []
        self.words: list[str] = []
        self.tables: list[Table] = []
        self.cell: Cell | None = None
        self.caption: list[str] | None = None

    def updatepos(self, i: int, j: int) -> int:
        """Nobody asks for line numbers, and to count them takes a while."""
        return j

    def parse_starttag(self, i: int) -> int:
        """Tags of cells and rows, nearly all there are, without the parser's care for broken ones.

        Cells that hold nothing but text are read one after the other.
        """
        found = _CELL.match(self.rawdata, i)
        if found is None:
            return super().parse_starttag(i)
        while found:
            tag, attributes, text = found.groups()
            i = found.end()
            given = _ATTRIBUTE.findall(attributes)
            said = text and _LINES.sub(" ", unescape(text) if "&" in text else text)
            if said is not None and tag != "tr" and self._in_row():
                self._plain_cell(tag, dict(given), said)
            else:
                self.handle_starttag(tag, given)
                if said is None:
                    break
                self._text(said)
                self.handle_endtag(tag)
            found = _CELL.match(self.rawdata, i)
        return i

    def finish(self) -> list[Piece]:
        for table in self.tables:
            self.pieces.append(table)
        self._flush()
        return [p for p in self.pieces if not isinstance(p, Table) or p.head or p.body]

    def _flush(self) -> None:
        for part in "".join(self.words).split("\n\n"):
            line = _LINES.sub(" ", part).strip()
            if line:
                self.pieces.append(line)
        self.words.clear()

    def _in_row(self) -> bool:
        return bool(self.tables) and self.caption is None and bool(self.open) and self.open[-1].tag == "tr"

    def _plain_cell(self, tag: str, given: Mapping[str, str], text: str) -> None:
        """A cell that holds nothing but text, as its start, its text and its end would be read."""
        row = self.row = self.row or self._row()
        style, classes = self._style(tag, given, dict(row.style), row.rules)
        cell = _cell(tag, given, style, classes)
        if text and row.face is not None:
            cell.runs.append(Run(text, *row.face))
        if style.get("display") != "none":
            row.cells.append(cell)
        self.cell = None

    def _row(self) -> _Row:
        tags = {node.tag for node in self.open}
        face = not tags.isdisjoint(_BOLD), not tags.isdisjoint(_ITALIC), "code" in tags
        within = self.styles.within(self.open)
        return _Row(self._rows()[-1], self._inherited(), within, None if tags & _HIDDEN else face)

    def _style(
        self, tag: str, given: Mapping[str, str], style: dict[str, str], found: Found
    ) -> tuple[dict[str, str], frozenset[str]]:
        """What an element's styles come to, begun with what it inherits, and its classes."""
        classes = classes_of(given["class"]) if "class" in given else NONE
        if self.styles:
            style |= self.styles.of(Node(tag, given.get("id", ""), classes, {}), self.open, found)
        if "style" in given:
            style |= declarations(given["style"])
        return style, classes

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.row = None
        given = {name: value or "" for name, value in attrs}
        style, classes = self._style(tag, given, self._inherited(), self.styles.within(self.open))
        if tag == "br":
            self._text("\n")
        elif tag == "img" and not self.tables:
            self._flush()
            self.pieces.append(Image(given.get("src", ""), given.get("alt", "")))
        if tag in _VOID:
            return
        self.open.append(Node(tag, given.get("id", ""), classes, style))
        if tag == "table":
            self._flush()
            self.tables.append(Table())
        elif tag == "tr" and self.tables:
            inside = {node.tag for node in self.open[-3:]}
            (self.tables[-1].head if "thead" in inside else self.tables[-1].body).append([])
        elif tag in {"td", "th"} and self.tables:
            rows, self.cell = self._rows(), _cell(tag, given, style, classes)
            if style.get("display") != "none":
                rows[-1].append(self.cell)
        elif tag == "caption" and self.tables:
            self.caption = []
        elif tag in _BLOCKS and self.cell is None:
            self.words.append("\n\n")

    def _rows(self) -> list[list[Cell]]:
        """Rows that a cell may stand in, at least one: of the head or of the body."""
        table = self.tables[-1]
        rows = table.head if any(node.tag == "thead" for node in reversed(self.open)) else table.body
        if not rows:
            rows.append([])
        return rows

    def handle_endtag(self, tag: str) -> None:
        self.row = None
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
        elif any(node.tag == tag for node in reversed(self.open)):
            while self.open.pop().tag != tag:
                pass
        else:
            return
        if tag == "table" and self.tables:
            done = self.tables.pop()
            self.cell = None
            self.pieces.append(done)
        elif tag in {"td", "th"}:
            self.cell = None
        elif tag == "caption" and self.caption is not None and self.tables:
            self.tables[-1].caption = _LINES.sub(" ", "".join(self.caption)).strip()
            self.caption = None
        elif tag in _BLOCKS and self.cell is None:
            self.words.append("\n\n")

    def handle_data(self, data: str) -> None:
        self._text(_LINES.sub(" ", data))

    def _text(self, text: str) -> None:
        if not text or (text == " " and self.cell is None and self.tables and self.caption is None):
            return
        tags = {node.tag for node in self.open}
        if tags & _HIDDEN:
            return
        if self.caption is not None:
            self.caption.append(text)
        elif self.cell is not None:
            bold, italic = not tags.isdisjoint(_BOLD), not tags.isdisjoint(_ITALIC)
            self.cell.runs.append(Run(text, bold, italic, "code" in tags))
        elif not self.tables:
            self.words.append(text)

    def _inherited(self) -> dict[str, str]:
        parent = self.open[-1].style if self.open else None
        if not parent:
            return {}
        return {name: parent[name] for name in _INHERITED if name in parent}


def _cell(tag: str, given: Mapping[str, str], style: Mapping[str, str], classes: frozenset[str]) -> Cell:
    across, down = (
        min(max(_whole(given[name]), 1), 1000) if name in given else 1 for name in ("colspan", "rowspan")
    )
    return Cell(tag == "th", across, down, style, classes)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
