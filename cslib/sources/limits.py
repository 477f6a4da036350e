"""How much one file or query may hold: named limits with defaults, so that a hostile file ends in a clear error."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from cslib.sources.toml import known_keys, pairs, whole
from cslib.tables import Problem, TableError

__all__ = ["DEFAULT", "Limits", "read_limits", "sized", "too_much"]


@dataclass(frozen=True)
class Limits:
    """The most that one file or query may hold, before anything of that size is made in memory.

    `file_bytes` is the file on disk; `unpacked_bytes` what a spreadsheet or a Parquet file holds once unpacked;
    `rows` and `columns` of one table, `cells` rows times columns; `cell_characters` of one cell.
    """

    file_bytes: int = 1_000_000_000
    unpacked_bytes: int = 4_000_000_000
    rows: int = 20_000_000
    columns: int = 1_000
    cells: int = 500_000_000
    cell_characters: int = 100_000


DEFAULT: Final = Limits()


def read_limits(raw: object) -> Limits:
    """Limits that the table ``[limits]`` of a company.toml sets.

    >>> read_limits({"columns": 5_000}).columns
    5000
    """
    given = pairs(raw, "limits")
    known_keys(given, [one.name for one in fields(Limits)], "limits")
    return Limits(**{key: whole(value, f"limits.{key}") for key, value in given.items()})


def sized(n_bytes: int) -> str:
    """Bytes as a person reads them.

    >>> sized(5_368_709_120), sized(900)
    ('5.4 GB', '900 bytes')
    """
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if n_bytes >= 10**power:
            return f"{n_bytes / 10**power:.1f} {unit}"
    return f"{n_bytes:,} bytes"


def too_much(file: str, what: str, *, limit: str, most: int, found: str, hint: str = "") -> TableError:
    """Build the error for a file beyond one of the limits."""
    shown = sized(most) if limit.endswith("bytes") else f"{most:,}"
    advice = f"{hint}, or, if it is what you expect, raise" if hint else "If it is what you expect, raise"
    advice += f" limits.{limit} in company.toml"
    return TableError(Problem("", file, None, "", found, f"at most {shown}", advice, cause=what))
