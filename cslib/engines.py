"""Engines: functions from SQL text to a frame, on what is there. Each knows how to ask and nothing of what is asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import cache
from typing import Any

import duckdb
import pandas as pd

__all__ = ["Engine", "database_engine", "duckdb_engine", "spark_engine"]

Engine = Callable[[str], pd.DataFrame]


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One database in memory for the process; opened at the first question, never at import, so that forks are safe."""
    return duckdb.connect(config={"python_enable_replacements": False})


def duckdb_engine(**tables: pd.DataFrame) -> Engine:
    """Return an engine on DuckDB in process that knows these frames as tables.

    Examples
    --------
    >>> duckdb_engine(prices=pd.DataFrame({"price": [1, 2]}))("SELECT SUM(price) AS total FROM prices")["total"].item()
    3.0
    """

    def engine(sql: str) -> pd.DataFrame:
        with _duckdb().cursor() as cursor:
            for name, frame in tables.items():
                cursor.register(name, frame)
            return cursor.execute(sql).df()

    return engine


def database_engine(opened: Any) -> Engine:
    """Return an engine on an open connection of any ADBC or DB-API client; the caller opens and closes it.

    Parameters
    ----------
    opened : connection
        As ``connect`` of the client returns it: ``adbc_driver_postgresql.dbapi``, ``duckdb``, ``sqlite3`` and so on.

    Examples
    --------
    >>> with duckdb.connect() as opened:
    ...     database_engine(opened)("SELECT 7 AS SEVEN")["SEVEN"].item()
    7
    """

    def engine(sql: str) -> pd.DataFrame:
        with closing(opened.cursor()) as cursor:
            cursor.execute(sql)
            for fetch in ("fetch_arrow_table", "fetchall_arrow"):  # ADBC and DuckDB, Databricks
                if hasattr(cursor, fetch):
                    frame: pd.DataFrame = getattr(cursor, fetch)().to_pandas()
                    return frame
            names = [column[0] for column in cursor.description]
            return pd.DataFrame([tuple(row) for row in cursor.fetchall()], columns=names)

    return engine


def spark_engine(session: Any) -> Engine:
    """Return an engine on a Spark session, classic or Connect, that reads the session's tables and views."""

    def engine(sql: str) -> pd.DataFrame:
        frame: pd.DataFrame = session.sql(sql).toPandas()
        return frame

    return engine
