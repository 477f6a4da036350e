"""What is wrong, as a person is told it: `Problem`, `TableError`, and how messages name things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import pandas as pd

SHOWN: Final = 5  # rows named in a message; the rest are counted
TOLD: Final = 20  # kinds of problem in one message


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place, or in `n` of `of` rows alike: the first one, and up to five in `rows`."""

    table: str
    file: str
    row: int | None
    column: str
    found: str
    expected: str
    hint: str
    n: int = 1
    cause: str = ""
    of: int = 0
    rows: tuple[int, ...] = ()
    who: str = ""

    def __str__(self) -> str:
        """Where, how many, what was found, what was expected, what to do."""
        where = ": ".join(part for part in (self.file or self.table, self.column) if part)
        cause = f"{self.n:,} of {self.of:,} rows {self.cause}" if self.of else self.cause
        told = [f"{where}: {cause}" if where else cause]
        if self.row is not None:
            first = f"{self.who}, row {self.row:,}" if self.who else f"row {self.row:,}"
            more = [f"{row:,}" for row in self.rows[1:]] + ["..."] * (self.n > len(self.rows) > 1)
            told[0] += (
                (", first: " if self.of else ", ") + first + (f" (also {', '.join(more)})" if more else "")
            )
        if self.found or self.expected:
            found = f"Found {self.found}" if self.found else "Found nothing"
            told.append(found + (f", expected {self.expected}" if self.expected else ""))
        text = ". ".join(part.rstrip(".") for part in (*told, self.hint) if part) + "."
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class TableError(ValueError):
    """Data or a company.toml that cannot be used: `problems` holds each finding, the text a line for each."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        told = [str(problem) for problem in self.problems[:TOLD]]
        if len(self.problems) > TOLD:
            told.append(f"... and {len(self.problems) - TOLD:,} more kinds of problem.")
        super().__init__("\n".join(told))


def nearest(word: str, options: Iterable[str]) -> str:
    """Option most like `word`, case and punctuation aside; empty when none is close.

    >>> nearest("Monthly Amount", ["plan", "monthly_amount"]), nearest("zzz", ["plan"])
    ('monthly_amount', '')
    """
    plain = {"".join(filter(str.isalnum, option.lower())): option for option in reversed(list(options))}
    close = get_close_matches("".join(filter(str.isalnum, word.lower())), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else ""


def listed(names: Iterable[str]) -> str:
    """Names of columns, files or sheets as a message lists them: at most 40, each at most 40 characters.

    >>> listed(["mrr", "x" * 50])[-8:], listed([])
    ('xxxxx...', 'none')
    """
    every = [name if len(name) <= 40 else name[:37] + "..." for name in names]
    return ", ".join([*every[:40], *["..."] * (len(every) > 40)]) or "none"


def quoted(value: object) -> str:
    """Value as a message shows it: in quotes, at most 60 characters.

    >>> quoted(pd.Timestamp("2024-03-01")), quoted("x" * 99)[-5:], quoted(None)
    ("'2024-03-01'", "x...'", "''")
    """
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return "''"
    text = value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
