"""Cells and their outputs to blocks of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any, Final

from cslib.report.typst.html import Image, Table, read_html
from cslib.report.typst.markdown import Block, blocks
from cslib.report.typst.page import Page, chosen
from cslib.report.typst.pictures import decoded, joined, linked, picture
from cslib.report.typst.tables import Frame, typst_table
from cslib.report.typst.text import breakable, content, cut, literal, prose

__all__ = ["cell_blocks", "table_block", "without_records"]

_OURS: Final = "application/vnd.cslib."
_HIDDEN: Final = {"hide", "remove-cell", "remove_cell", "parameters", "injected-parameters"}
_NO_CODE: Final = {"remove-input", "remove_input", "hide-input", "hide_input"}
_NO_OUTPUT: Final = {"remove-output", "remove_output", "hide-output", "hide_output"}
_PICTURES: Final = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]|.\x08")
_LINES: Final = 300  # of code or printed text


def without_records(notebook: Any) -> Any:
    """Notebook in which our records for machines are empty: nothing prints them, and to copy them takes a while."""
    light = copy(notebook)
    light["cells"] = [_light(cell) for cell in notebook.cells]
    return light


def _light(cell: Any) -> Any:
    if not cell.get("outputs"):
        return cell
    light = copy(cell)
    light["outputs"] = [copy(output) for output in cell["outputs"]]
    for output in light["outputs"]:
        if "data" in output:
            said = output["data"].items()
            output["data"] = {mime: "" if _is_record(mime) else value for mime, value in said}
        words = output.get("metadata", {}).get("cslib")
        if isinstance(words, Mapping) and "rows" in words:
            told = {name: value for name, value in words.items() if name != "rows"}
            output["metadata"] = {**output["metadata"], "cslib": told}
    return light


def _is_record(mime: str) -> bool:
    return mime.startswith(_OURS)


def cell_blocks(page: Page, cell: Any, at: int) -> list[Block]:
    """Blocks of the cell that stands at place `at`, counted from 1."""
    page.cell, page.at = cell, at
    tags = set(cell.metadata.get("tags", []))
    if tags & _HIDDEN:
        return []
    found = blocks(cell.source, page.book) if cell.cell_type == "markdown" else []
    if cell.cell_type == "code":
        found = _code_blocks(page, cell, tags)
    return _broken(_words(cell.metadata)) + found if found else []


def _code_blocks(page: Page, cell: Any, tags: set[str]) -> list[Block]:
    found = []
    default = not page.ours
    if (chosen(page.options.show_code, default) or "show-code" in tags) and not tags & _NO_CODE:
        source = cell.source.strip("\n")
        if source.strip():
            lines = literal(breakable(_short(source), longest=90))
            found.append(Block("code", f"code({lines}, {literal(page.language)})"))
    if not tags & _NO_OUTPUT:
        for output in cell.get("outputs", []):
            found += _output(page, output)
    return found


def _output(page: Page, output: Any) -> list[Block]:
    kind = output.output_type
    if kind == "stream":
        return _printed(joined(output.text))
    if kind == "error":
        name = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip(": ")
        trace = _short(_plain("\n".join(output.get("traceback", []))))
        return [Block("wide", f"failed({literal(name[:400])}, {literal(breakable(trace, longest=90))})")]
    own = _words(output.get("metadata", {}))
    words = {**_words(page.cell.metadata), "break": "auto", **own}  # the page breaks once before a cell
    return _data(page, output.get("data", {}), words, output.get("metadata", {}))


def _words(metadata: Mapping[str, Any]) -> dict[str, Any]:
    said = metadata.get("cslib", {})
    return dict(said) if isinstance(said, Mapping) else {}


def _data(
    page: Page, data: Mapping[str, Any], words: Mapping[str, Any], metadata: Mapping[str, Any]
) -> list[Block]:
    ours = any(map(_is_record, data))
    shown = {mime: value for mime, value in data.items() if not _is_record(mime)}
    if ours and set(shown) <= {"text/plain"}:
        return []
    return _broken(words) + _best(page, shown, words, metadata)


def _broken(words: Mapping[str, Any]) -> list[Block]:
    return [Block("wide", "pagebreak(weak: true)")] if words.get("break") == "before" else []


def _best(
    page: Page, data: Mapping[str, Any], words: Mapping[str, Any], metadata: Mapping[str, Any]
) -> list[Block]:
    """The form of an output that stands best on paper."""
    for mime in _PICTURES:
        if mime in data:
            raw = decoded(data[mime], mime)
            size = metadata.get(mime, {}).get("width") if isinstance(metadata.get(mime), Mapping) else None
            code = picture(page, raw, words, fallback=_computed(page, data), pixels=size, whole=True)
            if code:
                return [Block("picture", code)]
    html = joined(data.get("text/html", ""))
    if "<table" in html.lower():
        found = _html(page, html, words)
        if found:
            return found
    if "text/markdown" in data:
        said = blocks(joined(data["text/markdown"]), page.book)
        return [replace(block, kind="said") if block.kind == "prose" else block for block in said]
    if "text/latex" in data:
        return blocks(joined(data["text/latex"]), page.book)
    plain = joined(data.get("text/plain", ""))
    if html and (not plain or plain.startswith("<")):
        found = _html(page, html, words)
        if found:
            return found
    unknown = [mime for mime in data if mime not in {"text/plain", "text/html"}]
    found = [_note(f"Output of type {cut(mime, longest=120)} is not printed.") for mime in unknown]
    if plain.strip():
        return [*found, *_printed(plain)]
    if html and not found:
        return [_note("Interactive output is not printed.")]
    return found or ([_note("Empty output.")] if not data else [])


def _html(page: Page, html: str, words: Mapping[str, Any]) -> list[Block]:
    found = []
    for piece in read_html(html):
        if isinstance(piece, Table):
            found += [table_block(page, piece, words, whole=True)]
        elif isinstance(piece, Image):
            code = linked(page, piece.src, piece.alt, "") or ""
            found += [Block("picture", code)] if code else []
        elif re.fullmatch(r"[\d,]+ rows × [\d,]+ columns", piece):
            found.append(_note(piece))
        else:
            found.append(Block("prose", content(prose(piece)), text=piece))
    return [block for block in found if block.code]


def _note(text: str) -> Block:
    return Block("wide", f"note({literal(text)})")


def _printed(text: str) -> list[Block]:
    text = _short(_plain(text).strip("\n"))
    return [Block("wide", f"printed({literal(breakable(text, longest=90))})")] if text.strip() else []


def _plain(text: str) -> str:
    """Text as a terminal would leave it: without colours, each line as it was last written."""
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _short(text: str) -> str:
    lines = text.split("\n")
    if len(lines) <= _LINES and len(text) <= 100 * _LINES:
        return text
    kept = "\n".join(line[:2000] for line in lines[:_LINES])[: 100 * _LINES]
    return f"{kept}\n… ({len(lines):,} lines, {len(text):,} characters)"


def _computed(page: Page, data: Mapping[str, Any]) -> str:
    """Words for a picture that nobody described."""
    plain = " ".join(joined(data.get("text/plain", "")).split())
    said = "" if not plain or plain.startswith("<") else f": {plain[:200]}"
    return f"Figure from {page.where}, without a description{said}"


def table_block(page: Page, table: Table, words: Mapping[str, Any], *, whole: bool = False) -> Block:
    """Block of a table with its words; without code when it has no cells. `whole`: it has the page's full measure."""
    keep = words.get("keep")
    frame = Frame(
        caption=cut(str(words.get("caption", "") or table.caption)),
        number=page.captions["table"] + 1,
        label=page.label(words),
        whole=whole,
        keep=keep if isinstance(keep, bool) else None,
        max_rows=page.options.max_rows,
    )
    code, wide = typst_table(table, frame)
    page.captions["table"] += bool(code and frame.caption)
    return Block("sideways" if wide else "table", code)
