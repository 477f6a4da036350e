"""A table to Typst: columns of numbers, spans, colours, and how much of it stands on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from cslib.report.typst.cells import cell_code, ground, is_number, lines_of
from cslib.report.typst.fitting import UPRIGHT, Room, planned
from cslib.report.typst.html import Cell, Table
from cslib.report.typst.text import breakable, content, literal

__all__ = ["Frame", "typst_table"]

_EMPTY: Final = {"", "-", "–", "—", "nan", "NaN", "None", "<NA>", "NaT", "n/a", "...", "…", "undefined"}
_WORDY: Final = 44  # characters of a line from which a column of text may wrap
_WRAPPED: Final = 16  # ems such a column has at least
_TOGETHER: Final = (
    14  # lines of a table that is never split; of a coloured one twice as many, which is a picture
)
_PAGE: Final = 28  # lines that surely stand on one page
_LETTER, _DIGIT = 0.56, 0.61  # mean width of a character in ems
_SIZE, _SMALLEST = 8.5, 6.0  # points of type
_SIDEWAYS: Final = 700.0  # points of the measure of a page turned sideways


@dataclass(frozen=True)
class Frame:
    """What surrounds a table: its words, and the page it stands on."""

    caption: str = ""
    number: int = 1  # of the caption
    label: str = ""
    whole: bool = False  # whether it surely has the page's full measure
    keep: bool | None = None  # None: as its length suggests
    max_rows: int = 400


def typst_table(table: Table, frame: Frame) -> tuple[str, bool]:
    """Typst expression of a table and whether it wants a page turned sideways; empty when it has no cells.

    A table too wide for both is printed in parts, each led by the columns that name its rows.
    """
    head, body = _folded(table.head), table.body
    if not head and body and all(cell.head for cell in body[0]):
        head, body = body[:1], body[1:]
    n = max((_width(rows) for rows in (head, body) if rows), default=0)
    if not n:
        return "", False
    notes = []
    if len(body) > frame.max_rows:
        notes.append(f"The first {frame.max_rows:,} of {len(body):,} rows.")
        body = body[: frame.max_rows]
    head, body = _shaped(head, n), _shaped(body, n)
    whole = _part(head, body, n)
    if whole.room <= _SIDEWAYS or not _simple(head, body):
        return _sheet(whole, frame, frame.caption, notes), whole.room > UPRIGHT
    parts = _parts(whole)
    sheets = [
        _sheet(part, frame, frame.caption if i == 0 else "", notes if i == len(parts) - 1 else [])
        for i, part in enumerate(parts)
    ]
    return content(sheets), False


@dataclass(frozen=True)
class _Part:
    """Rows of one printed table and what its columns are."""

    head: Sequence[Sequence[Cell]]
    body: Sequence[Sequence[Cell]]
    kinds: Sequence[str]
    aligns: Sequence[str]
    widths: Sequence[int]  # characters of the longest line

    @property
    def room(self) -> float:
        """Points it needs in the smallest type."""
        return sum(_column_room(w, k) for w, k in zip(self.widths, self.kinds, strict=True))


def _column_room(width: int, kind: str) -> float:
    if kind == "text" and width > _WORDY:
        return _WRAPPED * _SMALLEST
    return (width * (_DIGIT if kind == "number" else _LETTER) + 1.24) * _SMALLEST


def _part(head: Sequence[Sequence[Cell]], body: Sequence[Sequence[Cell]], n: int) -> _Part:
    below, above = _placed(body), _placed(head)
    columns, titles = _columns(below, n), _columns(above, n)
    kinds = ["number" if _is_number(column) else "text" for column in columns]
    aligns = [_aligned(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    widths = [_widest([*t, *c]) for t, c in zip(titles, columns, strict=True)]
    return _Part(head, body, kinds, aligns, widths)


def _columns(placed: Mapping[tuple[int, int], Cell], n: int) -> list[list[Cell]]:
    columns: list[list[Cell]] = [[] for _ in range(n)]
    for (_, x), cell in placed.items():
        if cell.colspan == 1:
            columns[x].append(cell)
    return columns


def _simple(head: Sequence[Sequence[Cell]], body: Sequence[Sequence[Cell]]) -> bool:
    return all(cell.colspan == cell.rowspan == 1 for row in (*head, *body) for cell in row)


def _parts(whole: _Part) -> list[_Part]:
    n = len(whole.kinds)
    lead = 0
    while lead < n - 1 and whole.body and all(row[lead].head for row in whole.body):
        lead += 1
    rooms = [_column_room(w, k) for w, k in zip(whole.widths, whole.kinds, strict=True)]
    groups: list[list[int]] = [[]]
    for k in range(lead, n):
        if groups[-1] and sum(rooms[i] for i in (*range(lead), *groups[-1], k)) > UPRIGHT * 0.85:
            groups.append([])
        groups[-1].append(k)
    chosen = [[*range(lead), *group] for group in groups]
    return [
        _part([[r[k] for k in ks] for r in whole.head], [[r[k] for k in ks] for r in whole.body], len(ks))
        for ks in chosen
    ]


def _sheet(part: _Part, frame: Frame, caption: str, notes: Sequence[str]) -> str:
    wordy = [k == "text" and w > _WORDY for k, w in zip(part.kinds, part.widths, strict=True)]
    shares = [min(w, 160) if wraps else 0 for w, wraps in zip(part.widths, wordy, strict=True)]
    cells = [cell for row in part.body for cell in row]
    heat = 3 * sum(map(bool, map(ground, cells))) > len(cells)
    unwrapped = sum((w * _LETTER + 1.24) * _SIZE for w in part.widths)
    fits = part.room * _SIZE / _SMALLEST < UPRIGHT * 0.92 and (
        not any(wordy) or unwrapped > 1.3 * UPRIGHT
    )  # as surely as counting can tell, which spares Typst the measuring
    wraps = part.room > UPRIGHT or any(wordy)
    height = sum(_height(row) if wraps else 1 + max(c.text.count("\n") for c in row) for row in part.body)
    keep = height <= _TOGETHER * (1 + heat) if frame.keep is None else frame.keep and height <= _PAGE
    arguments = {
        "columns": _array(f"{share}fr" if share else "auto" for share in shares),
        "aligns": _array(part.aligns),
        "head": _array(_array(cell_code(cell, head=True, heat=heat) for cell in row) for row in part.head),
        "body": _array(_array(cell_code(cell, head=False, heat=heat) for cell in row) for row in part.body),
        "caption": content([literal(breakable(caption))]) if caption else "none",
        "number": str(frame.number) if caption else "none",
        "label": literal(frame.label) if frame.label else "none",
        "note": literal(" ".join(notes)) if notes else "none",
        "keep": _bool(keep),
        "tall": _bool(any(_height(row) > _TOGETHER for row in part.body)),  # such a row may break
        "heat": _bool(heat),
        "fits": _bool(fits),
        "plan": _plan(part, shares, heat=heat),
        "whole": _bool(frame.whole),
    }
    return "sheet(" + ", ".join(f"{name}: {value}" for name, value in arguments.items()) + ")"


def _plan(part: _Part, shares: Sequence[int], *, heat: bool) -> str:
    """Typst dictionary of the columns and rows found by counting; none where counting is not enough."""
    rooms = []
    for rows, first in ((part.head, 0), (part.body, len(part.head))):
        for (y, x), cell in _placed(rows).items():
            lines = lines_of(cell, head=first == 0 and bool(part.head))
            if lines is None:
                return "none"
            rooms.append(Room(first + y, x, cell.colspan, cell.rowspan, lines))
    plan = planned(rooms, shares, rows=len(part.head) + len(part.body), heat=heat)
    if plan is None:
        return "none"
    columns, rows_ = (_array(map(_points, sizes)) for sizes in (plan.columns, plan.rows))
    even = all(cell.rowspan == 1 and "\n" not in cell.text for row in part.head for cell in row)
    even = even and len(part.head) < 2 and None not in plan.rows[: len(part.head)]
    return f"(size: {plan.size:g}pt, columns: {columns}, rows: {rows_}, even: {_bool(even)})"


def _points(size: float | None) -> str:
    return "auto" if size is None else f"{size:g}pt"


def _height(row: Sequence[Cell]) -> int:
    """Lines a row takes, as its longest text wraps."""
    return max((sum(1 + len(line) // _WORDY for line in cell.text.split("\n")) for cell in row), default=0)


def _array(items: Iterable[str]) -> str:
    return "(" + "".join(f"{item}, " for item in items) + ")"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    return max((x + cell.colspan for (_, x), cell in _placed(rows).items()), default=0)


def _placed(rows: Sequence[Sequence[Cell]]) -> dict[tuple[int, int], Cell]:
    """Cells by row and column, after spans have taken their places."""
    if _simple((), rows):
        return {(y, x): cell for y, row in enumerate(rows) for x, cell in enumerate(row)}
    taken: set[tuple[int, int]] = set()
    placed = {}
    for y, row in enumerate(rows):
        x = 0
        for cell in row:
            while (y, x) in taken:
                x += 1
            placed[y, x] = cell
            if cell.rowspan > 1:
                down = min(cell.rowspan, len(rows) - y)
                taken |= {(y + i, x + j) for i in range(1, down) for j in range(cell.colspan)}
            x += cell.colspan
    return placed


def _shaped(rows: Sequence[Sequence[Cell]], n: int) -> list[list[Cell]]:
    """Rows of which each fills `n` columns, none reaches beyond the last row."""
    if _simple((), rows) and all(len(row) == n for row in rows):
        return [list(row) for row in rows]
    placed = _placed(rows)
    shaped: list[list[Cell]] = [[] for _ in rows]
    covered: set[tuple[int, int]] = set()
    for (y, x), cell in placed.items():
        down, across = min(cell.rowspan, len(rows) - y), min(cell.colspan, n - x)
        covered |= {(y + i, x + j) for i in range(down) for j in range(across)}
    for y in range(len(rows)):
        for x in range(n):
            if (y, x) in placed:
                cell = placed[y, x]
                shaped[y].append(
                    replace(cell, colspan=min(cell.colspan, n - x), rowspan=min(cell.rowspan, len(rows) - y))
                )
            elif (y, x) not in covered:
                shaped[y].append(Cell(head=False))
    return shaped


def _folded(head: list[list[Cell]]) -> list[list[Cell]]:
    """Head without the second row that pandas adds only to name the index."""
    head = [row for row in head if any(cell.text for cell in row)]
    for upper, lower in pairwise(head):
        flat = len(upper) == len(lower) and all(c.colspan == c.rowspan == 1 for c in (*upper, *lower))
        if flat and all(not (a.text and b.text) for a, b in zip(upper, lower, strict=True)):
            merged = [a if a.text else b for a, b in zip(upper, lower, strict=True)]
            at = head.index(upper)
            return [*head[:at], merged, *head[at + 2 :]]
    return head


def _is_number(column: Sequence[Cell]) -> bool:
    texts = [cell.text for cell in column if cell.text not in _EMPTY]
    return bool(texts) and all(is_number(text) for text in texts)


def _aligned(column: Sequence[Cell], kind: str) -> str:
    said = {cell.style.get("text-align", "") for cell in column}
    if len(said) == 1 and (one := said.pop()) in {"left", "right", "center"}:
        return "start" if one == "left" else one
    return "right" if kind == "number" else "start"


def _widest(cells: Iterable[Cell]) -> int:
    return max((len(line) for cell in cells for line in cell.text.splitlines()), default=0)
