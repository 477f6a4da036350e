"""HTML of an output, read with the standard library: tables with their styles, and the text around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html import unescape
from html.parser import HTMLParser
from operator import attrgetter
from typing import Final, NamedTuple

__all__ = ["Cell", "Image", "Piece", "Run", "Table", "read_html"]

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
        return "".join(run.text for run in self.runs).strip()


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


class _Node(NamedTuple):
    tag: str
    id: str
    classes: frozenset[str]
    style: Mapping[str, str]


class _Rule(NamedTuple):
    steps: tuple[tuple[str, str, frozenset[str]], ...]  # tag, id, classes; the last is the element itself
    style: Mapping[str, str]
    weight: tuple[int, int, int]
    sure: bool = False  # matches whatever is found by its key


_weight: Final = attrgetter("weight")

_Found = dict[tuple[str, frozenset[str]], list[_Rule]]  # rules of an element's tag and classes, at one place


class _Row(NamedTuple):
    """What the cells of a row have in common."""

    node: _Node
    cells: list[Cell]
    style: Mapping[str, str]  # inherited
    rules: _Found
    face: tuple[bool, bool, bool] | None  # how their text is set; None where it is hidden


def read_html(text: str) -> list[Piece]:
    """Tables, images and texts of a piece of HTML, in their order.

    >>> read_html("<p>Two <b>rows</b></p>")
    ['Two rows']
    """
    parser = _Reader(_sheets(text))
    parser.feed(text)
    parser.close()
    return parser.finish()


class _Reader(HTMLParser):
    def __init__(self, rules: Mapping[str, Sequence[_Rule]]) -> None:
        super().__init__(convert_charrefs=True)
        self.rules = rules
        named = (step[2] for found in rules.values() for rule in found for step in rule.steps)
        self.telling: frozenset[str] = _NONE.union(*named)  # classes that some rule asks for
        self.found: dict[tuple[object, ...], _Found] = {}  # by what stands around the place
        self.row: _Row | None = None
        self.open: list[_Node] = []
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
        row = self.row
        if row is None or row.node is not self.open[-1]:
            tags = {node.tag for node in self.open}
            face = not tags.isdisjoint(_BOLD), not tags.isdisjoint(_ITALIC), "code" in tags
            row = self.row = _Row(
                self.open[-1],
                self._rows()[-1],
                self._inherited(),
                self._here(),
                None if tags & _HIDDEN else face,
            )
        style, classes = self._style(tag, given, dict(row.style), row.rules)
        cell = _cell(tag, given, style, classes)
        if text and row.face is not None:
            cell.runs.append(Run(text, *row.face))
        if style.get("display") != "none":
            row.cells.append(cell)

    def _style(
        self, tag: str, given: Mapping[str, str], style: dict[str, str], found: _Found
    ) -> tuple[dict[str, str], frozenset[str]]:
        """What an element's styles come to, begun with what it inherits, and its classes."""
        classes = _classes(given["class"]) if "class" in given else _NONE
        if self.rules:
            style |= self._styled(_Node(tag, given.get("id", ""), classes, {}), found)
        if "style" in given:
            style |= _declarations(given["style"])
        return style, classes

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        style, classes = self._style(tag, given, self._inherited(), self._here())
        if tag == "br":
            self._text("\n")
        elif tag == "img" and not self.tables:
            self._flush()
            self.pieces.append(Image(given.get("src", ""), given.get("alt", "")))
        if tag in _VOID:
            return
        self.open.append(_Node(tag, given.get("id", ""), classes, style))
        if tag == "table":
            self._flush()
            self.tables.append(Table())
        elif tag == "tr" and self.tables:
            inside = {node.tag for node in self.open[-3:]}
            (self.tables[-1].head if "thead" in inside else self.tables[-1].body).append([])
        elif tag in {"td", "th"} and self.tables:
            self.cell = _cell(tag, given, style, classes)
            if style.get("display") != "none":
                self._rows()[-1].append(self.cell)
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

    def _here(self) -> _Found:
        """Rules found so far for elements that stand in what is open."""
        if not self.rules:
            return {}
        around = tuple((node.tag, node.id, self.telling & node.classes) for node in self.open)
        return self.found.setdefault(around, {})

    def _styled(self, node: _Node, found: _Found) -> dict[str, str]:
        key = node.tag, self.telling & node.classes
        if key not in found:
            keys = (*[f".{name}" for name in key[1]], node.tag, "*")
            found[key] = [
                rule for one in keys for rule in self.rules.get(one, ()) if _matches(rule, node, self.open)
            ]
        holding = found[key]
        if node.id and (own := self.rules.get(f"#{node.id}")):
            holding = holding + [rule for rule in own if rule.sure or _matches(rule, node, self.open)]
        style: dict[str, str] = {}
        for rule in sorted(holding, key=_weight) if len(holding) > 1 else holding:
            style |= rule.style
        return style


def _cell(tag: str, given: Mapping[str, str], style: Mapping[str, str], classes: frozenset[str]) -> Cell:
    across, down = (
        min(max(_whole(given[name]), 1), 1000) if name in given else 1 for name in ("colspan", "rowspan")
    )
    return Cell(tag == "th", across, down, style, classes)


@lru_cache(maxsize=20_000)
def _classes(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _matches(rule: _Rule, node: _Node, ancestors: Sequence[_Node]) -> bool:
    *above, own = rule.steps
    if not _is(own, node):
        return False
    if not above:
        return True
    chain = iter(reversed(ancestors))
    return all(any(_is(step, ancestor) for ancestor in chain) for step in reversed(above))


def _is(step: tuple[str, str, frozenset[str]], node: _Node) -> bool:
    tag, name, classes = step
    return tag in {"", "*", node.tag} and name in {"", node.id} and classes <= node.classes


_STYLE: Final = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.S | re.I)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.S)
_BLOCK: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_ID: Final = re.compile(r"\s*#([\w-]+)\s*")
_NONE: Final[frozenset[str]] = frozenset()
_STEP: Final = re.compile(r"([a-zA-Z][\w-]*|\*)?((?:[.#][\w-]+)*)")


def _sheets(text: str) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    order = 0
    for sheet in _STYLE.findall(text):
        for selectors, body in _BLOCK.findall(_COMMENT.sub("", sheet)):
            style = _declarations(body)
            for selector in selectors.split(","):
                order += 1
                rule = _rule(selector, style, order)
                if rule is not None:
                    rules.setdefault(_key(rule), []).append(rule)
    return rules


def _rule(selector: str, style: Mapping[str, str], order: int) -> _Rule | None:
    steps: list[tuple[str, str, frozenset[str]]] = []
    if found := _ID.fullmatch(selector):  # as pandas writes one for every cell
        return _Rule((("", found[1], _NONE),), style, (1, 0, order), sure=True)
    for word in selector.replace(">", " ").split():
        found = _STEP.fullmatch(word)
        if not found:  # pseudo-classes, attributes: nothing that stands on paper
            return None
        marks = re.findall(r"([.#])([\w-]+)", found[2])
        name = next((text for mark, text in marks if mark == "#"), "")
        steps.append((found[1] or "", name, frozenset(text for mark, text in marks if mark == ".")))
    if not steps:
        return None
    ids = sum(1 for step in steps if step[1])
    return _Rule(tuple(steps), style, (ids, sum(len(step[2]) for step in steps), order))


def _key(rule: _Rule) -> str:
    tag, name, classes = rule.steps[-1]
    return f"#{name}" if name else f".{min(classes)}" if classes else tag or "*"


def _declarations(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    return {
        {"background": "background-color"}.get(n := name.strip().lower(), n): value.replace("!important", "")
        .strip()
        .lower()
        for name, value in pairs
    }


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
