"""What an import comes down to: tables, files that are not read, and what is to be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cslib.sources.detect import Guess
from cslib.sources.read import Raw
from cslib.sources.vendors.origin import FIELDS, OPTIONS
from cslib.tables import Problem, TableError, listed, nearest

__all__ = ["Plan", "Question", "TablePlan", "corrections", "refused"]

_ANSWERS: Final = ("name", "currency", "origin", "date_format", "decimal", *OPTIONS)


@dataclass(frozen=True)
class Question:
    """Something the files do not say: `key` of the answer, choices, and the documented default; none where it
    must be said."""

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True)
class TablePlan:
    """How one table of the contract is to be read: by whose importer, from which files, with what said."""

    table: str
    origin: str
    files: tuple[Raw, ...]
    guesses: tuple[Guess, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    shape: str = "rows"
    date_format: str = ""
    decimal: str = ""

    @property
    def importer(self) -> str:
        """Name of the importer, blank where the mapping of columns says all."""
        return "" if self.origin in ("tables", "matrix") or self.shape == "matrix" else self.origin


@dataclass(frozen=True)
class Plan:
    """What is to be written: tables, the files that are not read and why, questions, and what was decided and told.

    `data_until` is the newest day in the files, where they say so.
    """

    tables: tuple[TablePlan, ...]
    unread: tuple[tuple[Raw, str], ...] = ()
    asked: tuple[Question, ...] = ()
    decided: tuple[str, ...] = ()
    currency: str = ""
    rates: Mapping[str, str] = field(default_factory=dict)
    data_until: dt.date | None = None


def refused(cause: str, *, found: str = "", expected: str = "", hint: str = "", file: str = "") -> TableError:
    """Build the error for files or answers that cannot be used."""
    return TableError(Problem("", file, None, "", found, expected, hint, cause=cause))


def corrections(answers: Mapping[str, str]) -> dict[str, str]:
    """Answers that say which column holds a field."""
    known = {key for key in answers if key in _ANSWERS or key.startswith("rate.") or "=" in key}
    fields = {}
    for key, column in answers.items():
        if key in known:
            continue
        if key not in FIELDS and key not in ("account_id", "start_date", "end_date"):
            near = nearest(key, [*FIELDS, *_ANSWERS])
            hint = f"Did you mean {near}?" if near else ""
            raise refused(
                f"nothing is called {key!r}",
                found=f"{key}={column}",
                expected="one of " + listed([*_ANSWERS, *FIELDS]),
                hint=hint,
            )
        fields[{"account_id": "account", "start_date": "start", "end_date": "end"}.get(key, key)] = column
    return fields
