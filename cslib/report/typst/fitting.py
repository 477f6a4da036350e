"""Columns and rows of a table by counting, as Typst would find them by laying every cell out several times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cslib.report.typst.widths import width

__all__ = ["MEASURE", "UPRIGHT", "Line", "Plan", "Room", "planned"]

UPRIGHT: Final = 468.0  # points of the measure of an upright page
MEASURE: Final = UPRIGHT - 0.1  # what a plan may fill of it
FULL, LEAST = 8.5, 6.0  # points of type
SIDE: Final = 0.62  # ems beside a cell's text
_ABOVE: Final = 0.647  # ems above and below it
_LEADING: Final = 0.3  # ems between two lines
_WRAPPED: Final = 16.0  # ems that a column of long text has at least
_NARROW: Final = 8.0  # ems below which a column of long text is better left to Typst

Line = Sequence[tuple[str, str, bool]]  # text, face, whether figures are tabular


class Room(NamedTuple):
    """What a cell holds, and where."""

    row: int
    column: int
    colspan: int
    rowspan: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Plan:
    """A size of type, columns in points, rows in points, or None where a text wraps."""

    size: float
    columns: Sequence[float]
    rows: Sequence[float | None]


def planned(rooms: Sequence[Room], shares: Sequence[int], *, rows: int, heat: bool) -> Plan | None:
    """Plan of a table in the measure of an upright page; None where only Typst can tell.

    Parameters
    ----------
    rooms : sequence of Room
        All cells.
    shares : sequence of int
        A column: its share of what is left where its text may wrap, 0 where it may not.
    rows : int
        Number of rows, those of the head included.
    heat : bool
        Whether the last column has room on its right, as coloured cells want.

    Examples
    --------
    >>> cells = [Room(0, k, 1, 1, [[(text, "regular", True)]]) for k, text in enumerate(["Net", "112.3%"])]
    >>> planned(cells, [0, 0], rows=1, heat=False)
    Plan(size=8.5, columns=(19.814, 38.412), rows=(13.999,))
    """
    wide = dict(_widths(rooms))
    if len(wide) < len(rooms):
        return None
    inset = [
        (SIDE if k else 0.0) + (SIDE if heat or k < len(shares) - 1 else 0.0) for k in range(len(shares))
    ]
    columns = _natural(rooms, wide, inset)
    size = FULL
    if sum(columns) * FULL > MEASURE:
        narrow = sum(_WRAPPED if share else natural for natural, share in zip(columns, shares, strict=True))
        size = min(FULL, MEASURE / narrow)
        left = MEASURE / size - sum(c for c, share in zip(columns, shares, strict=True) if not share)
        if any(shares):
            columns = [
                share / sum(shares) * left if share else c for c, share in zip(columns, shares, strict=True)
            ]
        if size < LEAST or any(c < _NARROW for c, share in zip(columns, shares, strict=True) if share):
            return None
    heights = _heights(rooms, wide, columns, inset, rows)
    if heights is None:
        return None
    return Plan(
        round(size, 3),
        tuple(round(c * size, 3) for c in columns),
        tuple(None if h is None else round(h * size, 3) for h in heights),
    )


def _widths(rooms: Sequence[Room]) -> Iterator[tuple[int, float]]:
    """Ems of the cells whose width is known."""
    for at, room in enumerate(rooms):
        widest = 0.0
        for line in room.lines:
            parts = [width(text, face, tabular=tabular) for text, face, tabular in line]
            if None in parts:
                break
            widest = max(widest, sum(parts))  # type: ignore[arg-type]
        else:
            yield at, widest


def _natural(rooms: Sequence[Room], wide: Mapping[int, float], inset: Sequence[float]) -> list[float]:
    """Ems that columns take when nothing wraps; the last of those that a cell spans grows for it."""
    columns = [0.0] * len(inset)
    for at, room in sorted(enumerate(rooms), key=lambda pair: pair[1].column + pair[1].colspan):
        last = room.column + room.colspan - 1
        needed = wide[at] + inset[room.column] - sum(columns[room.column : last])
        columns[last] = max(columns[last], needed)
    return columns


def _heights(
    rooms: Sequence[Room],
    wide: Mapping[int, float],
    columns: Sequence[float],
    inset: Sequence[float],
    rows: int,
) -> list[float | None] | None:
    lines, wraps = [0] * rows, [False] * rows
    for at, room in enumerate(rooms):
        n = len(room.lines) if wide[at] else 0
        fits = wide[at] <= sum(columns[room.column : room.column + room.colspan]) - inset[room.column] + 1e-6
        if room.rowspan > 1:
            if n > 1 or not fits:
                return None
        else:
            lines[room.row] = max(lines[room.row], n)
            wraps[room.row] |= not fits
    return [
        None if wrap or not n else n + (n - 1) * _LEADING + _ABOVE
        for n, wrap in zip(lines, wraps, strict=True)
    ]
