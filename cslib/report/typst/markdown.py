"""Markdown to Typst: CommonMark, GFM tables, task and definition lists, footnotes, mathematics, images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from cslib.report.typst.html import Cell, Image, Run, Table, read_html
from cslib.report.typst.math import equation
from cslib.report.typst.text import LONGEST, breakable, content, literal, prose

__all__ = ["Block", "Book", "anchor", "blocks", "gather"]

_TAG: Final = re.compile(r"<(/?)\s*([a-zA-Z][\w-]*)")
_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:", "doi:")
_WRAPPED: Final = {
    "sub": "sub",
    "sup": "super",
    "u": "underline",
    "mark": "highlight",
    "b": "strong",
    "i": "emph",
}


@dataclass(frozen=True)
class Block:
    """A piece of the page: what it is, its Typst expression, and for headings and pictures a little more."""

    kind: str  # heading; prose: a paragraph; said: one computed; flow: other text; wide; picture; table; sideways
    code: str
    level: int = 0
    text: str = ""


@dataclass
class Book:
    """What all texts of one document share: definitions made anywhere, and what was already printed."""

    picture: Callable[
        [str, str, str], str | None
    ]  # address, alt, title -> expression, None when not printable
    table: Callable[[Table], Block]
    env: dict[str, Any] = field(default_factory=dict)  # link references and footnotes of all cells
    notes: dict[str, list[Token]] = field(default_factory=dict)
    printed: set[str] = field(default_factory=set)  # footnotes


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"])
    parser.use(front_matter_plugin).use(footnote_plugin).use(tasklists_plugin).use(deflist_plugin)
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    parser.use(amsmath_plugin)
    return parser.disable("footnote_tail")


def anchor(text: str) -> str:
    """Name by which a link reaches a heading, as notebooks make it.

    >>> anchor("Net retention")
    'Net-retention'
    """
    return text.strip().replace(" ", "-")


def gather(texts: Iterable[str], book: Book) -> None:
    """Read the definitions of links and footnotes of all texts before any is printed."""
    listed = [text for text in texts if "]:" in text]  # others define nothing
    for text in listed:
        _parser().parse(text, book.env)
    book.env.get("footnotes", {}).pop("list", None)
    for text in listed:
        tokens = _parser().parse(text, _env(book))
        for label, inner in _definitions(tokens):
            book.notes.setdefault(label, inner)


def _env(book: Book) -> dict[str, Any]:
    refs = dict.fromkeys(book.env.get("footnotes", {}).get("refs", {}), -1)
    return {"references": dict(book.env.get("references", {})), "footnotes": {"refs": refs}}


def _definitions(tokens: Sequence[Token]) -> Iterable[tuple[str, list[Token]]]:
    label: str | None = None
    inner: list[Token] = []
    for token in tokens:
        if token.type == "footnote_reference_open":
            label, inner = token.meta["label"], []
        elif token.type == "footnote_reference_close" and label is not None:
            yield label, inner
            label = None
        elif label is not None:
            inner.append(token)


def _plain(tokens: Iterable[Token]) -> str:
    return "".join(_plain(token.children) if token.children else token.content for token in tokens)


def blocks(text: str, book: Book) -> list[Block]:
    """Blocks of a Markdown text, in order."""
    env = _env(book)
    tokens = _parser().parse(text, env)
    return _Writer(book, env).blocks(SyntaxTreeNode(tokens))


class _Writer:
    """Walks the tree of one text."""

    def __init__(self, book: Book, env: dict[str, Any]) -> None:
        self.book, self.env = book, env

    def blocks(self, root: SyntaxTreeNode) -> list[Block]:
        return [block for node in root.children for block in self.block(node)]

    def block(self, node: SyntaxTreeNode) -> list[Block]:
        kind = node.type
        if kind == "heading":
            inline = node.children[0]
            said = _plain(inline.token.children or []) if inline.token else ""
            return [Block("heading", content(self.inlines(node)), int(node.tag[1:]), said)]
        if kind == "paragraph":
            return self.paragraph(node)
        if kind == "table":
            return [self.book.table(self.table(node))]
        if kind == "html_block":
            return self.html(node.content)
        if kind in {"math_block", "math_block_label", "amsmath"}:
            return [Block("flow", equation(node.content, block=True))]
        if kind in {"fence", "code_block"}:
            language = node.info.split(maxsplit=1)[0] if kind == "fence" and node.info.strip() else ""
            return [Block("wide", _code(node.content.rstrip("\n"), language))]
        if kind in {"footnote_reference", "front_matter"}:
            return []
        code = self.nested(node)
        return [Block("flow", code)] if code else []

    def nested(self, node: SyntaxTreeNode) -> str:
        """Blocks that may stand inside others."""
        kind = node.type
        if kind in {"bullet_list", "ordered_list"}:
            return self.items(node)
        if kind == "blockquote":
            return f"quote(block: true, {self.inner(node)})"
        if kind == "hr":
            return "line(length: 100%, stroke: 0.5pt + rule)"
        if kind == "dl":
            return content(self.definitions(node))
        return content(block.code for block in self.block(node)) if kind in _BLOCKS else ""

    def inner(self, node: SyntaxTreeNode) -> str:
        """Content of a list item, a quote or a note: paragraphs and blocks one below the other."""
        parts = []
        for child in node.children:
            for block in self.block(child):
                if block.kind == "heading":
                    parts.append(f"block(strong({block.code}))")
                else:
                    parts.append(
                        f"par({block.code})"
                        if child.type == "paragraph" and not _tight(child)
                        else block.code
                    )
        return content(parts)

    def items(self, node: SyntaxTreeNode) -> str:
        tight = all(_tight(p) for item in node.children for p in item.children if p.type == "paragraph")
        items = [self.inner(item) for item in node.children]
        name, start = "list", ""
        if node.type == "ordered_list":
            first = int(node.attrs.get("start", 1))
            name, start = "enum", f", start: {max(first, 0)}"
        elif any("task-list-item" in str(item.attrs.get("class", "")) for item in node.children):
            start = ", marker: none, body-indent: 0pt"
        return f"{name}(tight: {'true' if tight else 'false'}{start}, {', '.join(items)})"

    def definitions(self, node: SyntaxTreeNode) -> list[str]:
        parts = []
        for child in node.children:
            if child.type == "dt":
                parts.append(f"block(sticky: true, strong({content(self.inlines(child))}))")
            else:
                parts.append(f"block(inset: (left: 1.5em), {self.inner(child)})")
        return parts

    def paragraph(self, node: SyntaxTreeNode) -> list[Block]:
        inline = node.children[0] if node.children else None
        children = inline.children if inline else []
        if len(children) == 1 and children[0].type == "image":
            return [self.image(children[0])]
        if len(children) == 1 and children[0].type in {"math_inline", "math_inline_double"}:
            return [Block("flow", equation(children[0].content, block=True))]
        said = "".join(child.content for child in node.walk() if child.type == "text")
        return [Block("prose", content(self.inlines(node)), text=said)]

    def image(self, node: SyntaxTreeNode) -> Block:
        alt = _plain(node.token.children or []) if node.token else ""
        source, title = str(node.attrs.get("src", "")), str(node.attrs.get("title", ""))
        shown = self.book.picture(source, alt, title)
        if shown is None:
            return Block("prose", _absent(source, alt))
        return Block("picture", shown)

    def html(self, text: str) -> list[Block]:
        found = []
        for piece in read_html(text):
            if isinstance(piece, Table):
                found.append(self.book.table(piece))
            elif isinstance(piece, Image):
                shown = self.book.picture(piece.src, piece.alt, "")
                block = Block("picture", shown) if shown else Block("prose", _absent(piece.src, piece.alt))
                found.append(block)
            else:
                found.append(Block("prose", content(prose(piece)), text=piece))
        return [block for block in found if block.code]

    def table(self, node: SyntaxTreeNode) -> Table:
        table = Table()
        for part in node.children:
            rows = table.head if part.type == "thead" else table.body
            for row in part.children:
                rows.append([self.cell(cell) for cell in row.children])
        return table

    def cell(self, node: SyntaxTreeNode) -> Cell:
        style = str(node.attrs.get("style", ""))
        align = style.split(":")[-1].strip() if style.startswith("text-align") else ""
        cell = Cell(node.type == "th", style={"text-align": align} if align else {})
        for leaf in node.walk():
            above = {parent.type for parent in _ancestors(leaf)}
            if leaf.type in {"text", "code_inline", "math_inline"}:
                cell.runs.append(
                    Run(leaf.content, "strong" in above, "em" in above, leaf.type == "code_inline")
                )
            elif leaf.type in {"softbreak", "hardbreak"} or (
                leaf.type == "html_inline" and "<br" in leaf.content
            ):
                cell.runs.append(Run("\n"))
        return cell

    def inlines(self, node: SyntaxTreeNode) -> list[str]:
        parts: list[str] = []
        opened: list[tuple[str, int]] = []
        for child in node.children:
            if child.type == "inline":
                parts += self.inlines(child)
            elif child.type == "html_inline":
                parts = self.tag(child.content, parts, opened)
            else:
                parts += self.inline(child)
        return parts

    def tag(self, text: str, parts: list[str], opened: list[tuple[str, int]]) -> list[str]:
        """HTML in running text: a few tags mean something on paper, the others fall away."""
        if "task-list-item-checkbox" in text:
            return [*parts, literal("☑ " if 'checked="checked"' in text else "☐ ")]
        found = _TAG.match(text)
        name = found[2].lower() if found else ""
        if name == "br":
            return [*parts, "linebreak()"]
        if name == "img":
            return [*parts, *(f"box({block.code})" for block in self.html(text))]
        if name not in _WRAPPED or found is None:
            return parts
        if not found[1]:
            opened.append((name, len(parts)))
            return parts
        if opened and opened[-1][0] == name:
            _, at = opened.pop()
            return [*parts[:at], f"{_WRAPPED[name]}({content(parts[at:])})"]
        return parts

    def inline(self, node: SyntaxTreeNode) -> list[str]:
        kind = node.type
        if kind == "text":
            return prose(node.content)
        if kind == "softbreak":
            return ['" "']
        if kind == "hardbreak":
            return ["linebreak()"]
        if kind == "code_inline":
            return [f"raw({literal(node.content)})"]
        if kind in {"math_inline", "math_inline_double"}:
            return [equation(node.content, block=False)]
        if kind == "footnote_ref":
            return self.note(node)
        if kind == "image":
            block = self.image(node)
            return [f"box({block.code})" if block.kind == "picture" else block.code]
        inner = content(self.inlines(node))
        if kind == "link":
            return [self.link(str(node.attrs.get("href", "")), inner)]
        wrapped = {"strong": "strong", "em": "emph", "s": "strike"}.get(kind)
        return [f"{wrapped}({inner})"] if wrapped else [inner]

    def link(self, href: str, inner: str) -> str:
        if len(href) > LONGEST:
            return inner
        if href.startswith("#"):
            return f"reach({literal(href[1:])}, {inner})" if len(href) > 1 else inner
        return f"link({literal(href)}, {inner})" if href.lower().startswith(_SCHEMES) else inner

    def note(self, node: SyntaxTreeNode) -> list[str]:
        meta = node.meta
        label = meta.get("label")
        if label is None:
            inner = self.env["footnotes"]["list"][meta["id"]]
            return [f"footnote({content(self.inlines(SyntaxTreeNode(inner.get('tokens', []))))})"]
        if label not in self.book.notes:
            return [literal(f"[^{label}]")]
        name = literal(f"note:{label}")
        if label in self.book.printed:
            return [f"footnote(label({name}))"]
        self.book.printed.add(label)
        body = content(b.code for b in self.blocks(SyntaxTreeNode(self.book.notes[label])))
        return [f"[#footnote({body})#label({name})]"]


_BLOCKS: Final = {"paragraph", "table", "html_block", "math_block", "amsmath", "fence", "code_block"}


def _tight(node: SyntaxTreeNode) -> bool:
    return bool(node.hidden)


def _ancestors(node: SyntaxTreeNode) -> Iterable[SyntaxTreeNode]:
    while node.parent is not None:
        node = node.parent
        yield node


def _code(text: str, language: str) -> str:
    return f"code({literal(breakable(text, longest=90))}, {literal(language) if language else 'none'})"


def _absent(address: str, alt: str) -> str:
    shown = "an embedded image" if address.startswith(("data:", "attachment:")) else address
    return f"emph({literal(f'[Image not printed: {alt or shown}]')})"
