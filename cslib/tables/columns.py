"""What a table and a column are, and the dtype of each kind of cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["text", "date", "money", "number", "count", "flag"]

DTYPES: Final[Mapping[str, str]] = {
    "text": "str",
    "date": "datetime64[s]",
    "money": "Int64",
    "number": "float64",
    "count": "Int64",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column: its kind, unit and values (bounds inclusive). `nullable`: must be there, may be blank."""

    name: str
    kind: Kind
    required: bool = False
    unit: str = ""
    doc: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table of the data contract.

    `key` names the columns that identify a row; where one of them is absent or blank the whole row is the key;
    where `key` is empty rows may repeat. `date` is the day a row became known. `later` maps a date column to
    the columns that are known only from that day on. `order` holds pairs (from, to): to may not come first.
    Of each group in `one_of` one column must be there.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    date: str | None
    one_of: tuple[tuple[str, ...], ...] = ()
    later: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[tuple[str, str], ...] = ()

    @property
    def column(self) -> dict[str, Column]:
        """Columns by name.

        >>> from cslib.tables import TABLES
        >>> TABLES["costs"].column["amount"].kind
        'money'
        """
        return {column.name: column for column in self.columns}

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there.

        >>> from cslib.tables import TABLES
        >>> TABLES["health"].required
        ('account_id', 'as_of_date', 'score')
        """
        return tuple(column.name for column in self.columns if column.required)
