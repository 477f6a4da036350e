"""Text for a terminal: aligned tables, money, and nothing that would steer the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["aligned", "money", "percent", "printable", "rows"]


def printable(text: str) -> str:
    """`text` without what would steer a terminal; names come from data.

    >>> printable("a\\x1b[31mb") == "a\N{REPLACEMENT CHARACTER}[31mb"
    True
    """
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def rows(frame: pd.DataFrame) -> list[list[str]]:
    """Frame as rows of text, the first being its head."""
    shown = frame.astype("str").fillna("").to_numpy().tolist()
    return [[str(column) for column in frame.columns], *shown]


def aligned(table: Sequence[Sequence[str]]) -> str:
    """Rows as columns of text, the first row being the head; columns of numbers to the right.

    >>> print(aligned([["name", "n"], ["a", "10"], ["bcdef", "9"]]))
    name    n
    -----  --
    a      10
    bcdef   9
    """
    clean = [[printable(cell).replace("\n", " ") for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    right = [
        all(not cell or cell[0] in "+-0123456789" for cell in column[1:])
        for column in zip(*clean, strict=True)
    ]
    lines = [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        for row in clean
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def money(minor: float, minor_units: int, *, sign: bool = False) -> str:
    """Minor units as an amount.

    >>> money(123456, 2), money(500, 0, sign=True)
    ('1,234.56', '+500')
    """
    from decimal import Decimal

    amount = Decimal(int(minor)).scaleb(-minor_units)
    return f"{amount:+,.{minor_units}f}" if sign else f"{amount:,.{minor_units}f}"


def percent(ratio: float | None, *, unit: str = "ratio") -> str:
    """Ratio as text; undefined in words.

    >>> percent(0.9739), percent(2.607, unit="ratio to one"), percent(None)
    ('97.39%', '2.607', 'undefined')
    """
    if ratio is None or ratio != ratio:
        return "undefined"
    return f"{ratio:.2%}" if unit == "ratio" else f"{ratio:.3f}"
