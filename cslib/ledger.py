"""Run one relation of ``ledger.sql`` on an engine. Frames of changes come back; nothing is expanded to months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

import pandas as pd

from cslib.engines import Engine, duckdb_engine
from cslib.months import anchor_day, month_of

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
def _text(*, of_steps: bool) -> str:
    """All of the SQL, or the relations that are made of the steps alone."""
    text = files("cslib").joinpath("ledger.sql").read_text("utf-8")
    return "WITH\n" + text.partition("-- from the steps on\n")[2] if of_steps else text


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
    names = {"as_of": month_of(as_of, anchor=anchor) - months_ago, "anchor": anchor, "window": int(window)}
    return _text(of_steps=of_steps).format_map(names) + f"SELECT * FROM {name}"  # noqa: S608 - one of RELATIONS


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
    engine = duckdb_engine(**{"steps" if of_steps else "ledger": ledger})
    return engine(f"{sql} ORDER BY {', '.join(RELATIONS[name])}")


def _plain(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Answer of any engine as DuckDB gives it: lower names, int64, text, in order of the keys by code point."""
    frame = frame.rename(columns=str.lower)
    numbers = [column for column in frame.columns if column not in ("entity", "movement")]
    kinds = dict.fromkeys(numbers, "int64") | {c: "str" for c in ("movement",) if c in frame}
    return frame.astype(kinds).sort_values(RELATIONS[name], ignore_index=True)
