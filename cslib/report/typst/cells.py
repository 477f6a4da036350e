"""One cell of a table to Typst, and its text as counting wants it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from cslib.report.typst.colours import ink_on, rgb
from cslib.report.typst.fitting import Line
from cslib.report.typst.html import Cell, Run, text_of
from cslib.report.typst.text import breakable, content, literal

__all__ = ["cell_code", "ground", "is_number", "lines_of"]

NUMBER: Final = re.compile(
    r"[(]?[-+−±~<>≤≥≈]?\s?(?:[A-Z]{0,3}[$€£¥₺]|[A-Z]{3}\s)?\s?[-+−]?(?:\d[\d.,'\u00a0\u202f ]*|\.\d+)(?:e[-+]?\d+)?"
    r"\s?(?:%|‰|x|×|k|K|m|M|bn|B|pp|pts?|points?|[A-Z]{3}|[€$£₺])?[)]?[*†‡]?"
)
_LETTER: Final = re.compile("[A-Za-z]")
_LONGEST: Final = 1000  # characters of a cell
_UNBROKEN: Final = 24  # characters of a word in a cell


@lru_cache(maxsize=20_000)  # asked of a cell when its column, its text and its width are found
def is_number(text: str) -> bool:
    """Whether a text is a number as tables print it, with its sign and unit."""
    return NUMBER.fullmatch(text) is not None


def ground(cell: Cell) -> str:
    """Six hexadecimal digits of a cell's ground; empty for the paper's."""
    found = rgb(cell.style.get("background-color", ""))
    return "" if found == "ffffff" else found


def cell_code(cell: Cell, *, head: bool, heat: bool) -> str:
    """Typst expression of a cell."""
    body = _body(tuple(cell.runs))
    under = ground(cell)
    ink = rgb(cell.style.get("color", ""))
    if under and not ink:
        ink = ink_on(under)
    marks = []
    if ink and ink != "000000":
        marks.append(f'fill: rgb("{ink}")')
    if _is_bold(cell) and not head:
        marks.append('weight: "semibold"')
    if cell.style.get("font-style") == "italic":
        marks.append('style: "italic"')
    if marks:
        body = f"text({', '.join(marks)}, {body})"
    own = []
    if cell.colspan > 1:
        own.append(f"colspan: {cell.colspan}")
    if cell.rowspan > 1:
        own.append(f"rowspan: {cell.rowspan}")
    if under:
        own.append(f'fill: rgb("{under}")' + (", stroke: gap" if heat else ""))
    if cell.rowspan > 1:
        own.append(f"align: {'center + bottom' if head else 'start + top'}")
    elif head and cell.colspan > 1:
        own.append("align: center + bottom, stroke: spanner")
    return f"table.cell({', '.join(own)}, {body})" if own else body


def _is_bold(cell: Cell) -> bool:
    weight = cell.style.get("font-weight", "")
    return weight in {"bold", "bolder"} or (weight.isdigit() and int(weight) >= 600)


@lru_cache(maxsize=20_000)  # tables say the same again and again
def _body(runs: tuple[Run, ...]) -> str:
    """Typst expression of a text: numbers with true minus signs, overlong text cut where the reader sees it."""
    stripped = text_of(runs)
    if is_number(stripped):
        return _bold(runs, literal(stripped.replace("-", "−")))
    parts, left = [], _LONGEST
    for i, run in enumerate(runs):
        said = run.text.lstrip() if i == 0 else run.text
        said = said.rstrip() if i == len(runs) - 1 else said
        parts += _lines(run, said[:left])
        left -= len(said)
        if left < 0:
            parts.append(literal(f" … ({len(stripped):,} characters)"))
            break
    return content(parts)


def _lines(run: Run, text: str) -> list[str]:
    pieces: list[str] = []
    for i, line in enumerate(text.split("\n")):
        if i:
            pieces.append("linebreak()")
        if line:
            said = f"raw({literal(line)})" if run.code else literal(breakable(line, longest=_UNBROKEN))
            if not _tabular(line):
                said = f'text(number-width: "proportional", {said})'
            said = f"emph({said})" if run.italic else said
            pieces.append(f"strong({said})" if run.bold else said)
    return pieces


def _bold(runs: Sequence[Run], said: str) -> str:
    return f"strong({said})" if runs and all(run.bold or not run.text.strip() for run in runs) else said


def _tabular(line: str) -> bool:
    """Whether figures are all as wide; beside words they would widen the hyphen."""
    return "-" not in line or not _LETTER.search(line)


def lines_of(cell: Cell, *, head: bool) -> list[Line] | None:
    """Lines of a cell with the faces they are set in; None where a line is cut or set in another family."""
    return _set(tuple(cell.runs), _is_bold(cell) and not head, cell.style.get("font-style") == "italic")


@lru_cache(maxsize=20_000)
def _set(runs: tuple[Run, ...], whole: bool, slanted: bool) -> list[Line] | None:
    text = text_of(runs)
    if len(text) > _LONGEST or any(run.code for run in runs):
        return None
    if is_number(text):
        bold = whole or all(run.bold or not run.text.strip() for run in runs)
        return [[(text.replace("-", "−"), _face(bold, slanted), True)]]
    lines: list[list[tuple[str, str, bool]]] = [[]]
    for run in runs:
        face = _face(whole or run.bold, slanted or run.italic)
        for i, line in enumerate(run.text.split("\n")):
            if i:
                lines.append([])
            lines[-1].append((breakable(line, longest=_UNBROKEN), face, _tabular(line)))
    return list(lines)


def _face(bold: bool, italic: bool) -> str:
    return {(False, False): "regular", (True, False): "bold", (False, True): "italic"}.get(
        (bold, italic), "bold italic"
    )
