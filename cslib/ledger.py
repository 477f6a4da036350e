"""Run one relation of ``ledger.sql`` on an engine. Frames of changes come back; nothing is expanded to months."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

import duckdb
import pandas as pd

from cslib.months import anchor_day, month_of

__all__ = ["RELATIONS", "duckdb_engine", "relation"]

RELATIONS: Final = {
    "steps": ["cut", "entity", "month"],
    "levels": ["cut", "month"],
    "movements": ["cut", "month", "movement"],
    "ttm": ["cut", "month", "movement"],
    "pairs": ["cut", "entity"],
    "triangles": ["cut", "cohort", "age"],
}
"""The relations that may be asked for, with their row keys (also their order)."""


@cache
def _text(*, of_steps: bool) -> str:
    """All of the SQL, or the relations that are made of the steps alone."""
    text = files("cslib").joinpath("ledger.sql").read_text("utf-8")
    return "WITH\n" + text.partition("-- from the steps on\n")[2] if of_steps else text


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One database in memory for the process; opened at the first question, never at import, so that forks are safe."""
    return duckdb.connect(config={"python_enable_replacements": False})


def duckdb_engine(**tables: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """Return an engine: a function from SQL text to a frame, on DuckDB in process, that knows these tables."""

    def engine(sql: str) -> pd.DataFrame:
        with _duckdb().cursor() as cursor:
            for name, frame in tables.items():
                cursor.register(name, frame)
            return cursor.execute(sql).df()

    return engine


def relation(name: str, ledger: pd.DataFrame, *, as_of: date, window: int = 12) -> pd.DataFrame:
    """Rows of one relation of the retention engine, as of one day.

    Parameters
    ----------
    name : str
        ``steps``, ``levels``, ``movements``, ``ttm``, ``pairs`` or ``triangles``; see ``ledger.sql``.
    ledger : DataFrame
        ``cut``, ``entity`` (keys), ``start_date``, ``end_date`` (exclusive, null = open), ``amount`` (int64); or its
        ``steps``, as this function returned them for the same day: who asks often, computes them once.
    as_of : date
        Last reading; every month is read on its day of the month, so month end stays month end.
    window : int
        Months between the opening and the close of a window, for ``ttm`` and ``pairs``.

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
    anchor = anchor_day(as_of)
    names = {"as_of": month_of(as_of, anchor=anchor), "anchor": anchor, "window": int(window)}
    asked = f"SELECT * FROM {name} ORDER BY {', '.join(RELATIONS[name])}"  # noqa: S608 - both from RELATIONS
    of_steps = "delta" in ledger.columns
    engine = duckdb_engine(**{"steps" if of_steps else "ledger": ledger})
    return engine(_text(of_steps=of_steps).format_map(names) + asked)
