"""Run one relation of ``ledger.sql`` on an engine. Frames of changes come back; nothing is expanded to months."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

import pandas as pd

from cslib.engines import Engine, duckdb_engine
from cslib.months import anchor_day, month_of, reading

__all__ = ["RELATIONS", "Held", "relation", "sql_of"]

RELATIONS: Final = {
    "steps": ["cut", "entity", "month"],
    "levels": ["cut", "month"],
    "movements": ["cut", "month", "movement"],
    "ttm": ["cut", "month", "movement"],
    "pairs": ["cut", "entity"],
    "triangles": ["cut", "cohort", "age"],
    "moved": ["cut", "entity"],
}
"""The relations that may be asked for, with their row keys (also their order)."""


@dataclass(frozen=True, eq=False)
class Held:
    """A ledger that stays where it is: who answers there, and what to ask it for the five columns of a ledger.

    `query` gives ``cut, entity, start_date, end_date, amount`` in the SQL of that engine; where it is empty the engine
    knows a table or view called ``ledger``. `entity` may be text there.
    """

    engine: Engine
    query: str = ""

    def sql(self, text: str) -> str:
        """Return the text with the ledger put in front of its relations."""
        return text.replace("WITH\n", f"WITH\nledger AS (\n{self.query}\n),\n", 1) if self.query else text


@cache
def _relations() -> dict[str, str]:
    """Every relation of the text by its name, in order: each is made of those before it."""
    text = files("cslib").joinpath("ledger.sql").read_text("utf-8")
    return {
        found[1]: found[0] for found in re.finditer(r"^(\w+) AS \(.*?^\)", text, re.MULTILINE | re.DOTALL)
    }


@cache
def _text(name: str, *, of_steps: bool) -> str:
    """The relation and those it is made of, from the ledger or from the steps on: an engine plans what it is sent."""
    wanted = {name}
    parts: list[str] = []
    for other, text in reversed(_relations().items()):
        if of_steps and other == "steps":
            break
        if other in wanted:
            wanted |= set(re.findall(r"(?:FROM|JOIN) (\w+)", text))
            parts.insert(0, text)
    asked = f"SELECT * FROM {name}"  # noqa: S608 - one of RELATIONS
    return "WITH\n" + ",\n".join(parts) + "\n" + asked if parts else asked


def sql_of(name: str, *, as_of: date, window: int = 12, months_ago: int = 0, of_steps: bool = False) -> str:
    """SQL of one relation, the same for every engine: read from ``ledger``, or from ``steps``.

    Raises
    ------
    KeyError
        When there is no such relation.
    """
    if name not in RELATIONS:
        raise KeyError(name)
    anchor = anchor_day(as_of)
    last = month_of(as_of, anchor=anchor) - months_ago
    names = {"as_of": last, "anchor": anchor, "day": reading(last, anchor=anchor), "window": int(window)}
    return _text(name, of_steps=of_steps).format_map(names)


def relation(
    name: str, ledger: pd.DataFrame | Held, *, as_of: date, window: int = 12, months_ago: int = 0
) -> pd.DataFrame:
    """Rows of one relation of the retention engine, as of one day.

    Parameters
    ----------
    name : str
        One of :data:`RELATIONS`; see ``ledger.sql``.
    ledger : DataFrame or Held
        ``cut``, ``entity`` (keys), ``start_date``, ``end_date`` (exclusive, null = open), ``amount`` (int64); or its
        ``steps``, as this function returned them for the same day: who asks often, computes them once. A ledger that is
        held elsewhere is asked there, in the same words.
    as_of : date
        Last reading; every month is read on its day of the month, so month end stays month end.
    window : int
        Months between the opening and the close of a window, for ``ttm`` and ``pairs``.
    months_ago : int
        How many readings before `as_of` is the last.

    Returns
    -------
    DataFrame
        Integers throughout. ``levels``, ``ttm`` and ``triangles`` hold changes: accumulate them by month or age.

    Raises
    ------
    KeyError
        When there is no such relation.

    Examples
    --------
    >>> ledger = pd.DataFrame({"cut": 0, "entity": [1, 1], "amount": [100, 150],
    ...     "start_date": pd.to_datetime(["2024-01-01", "2024-03-15"]),
    ...     "end_date": pd.to_datetime(["2024-03-15", None])})
    >>> relation("steps", ledger, as_of=date(2024, 6, 30))[["month", "delta", "closing"]]
       month  delta  closing
    0  24288    100      100
    1  24290     50      150
    """
    of_steps = not isinstance(ledger, Held) and "delta" in ledger.columns
    sql = sql_of(name, as_of=as_of, window=window, months_ago=months_ago, of_steps=of_steps)
    if isinstance(ledger, Held):
        return _plain(ledger.engine(ledger.sql(sql)), name)
    short = ledger.assign(cut=pd.to_numeric(ledger["cut"], downcast="integer"))  # a shorter key sorts faster
    engine = duckdb_engine(**{"steps" if of_steps else "ledger": short})
    return _typed(engine(f"{sql} ORDER BY {', '.join(RELATIONS[name])}"))


def _plain(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Answer of any engine as DuckDB gives it: lower names, int64, text, in order of the keys by code point."""
    return _typed(frame.rename(columns=str.lower)).sort_values(RELATIONS[name], ignore_index=True)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = [column for column in frame.columns if column not in ("entity", "movement")]
    return frame.astype(dict.fromkeys(numbers, "int64") | {c: "str" for c in ("movement",) if c in frame})
