"""One text, several engines, the same cents: every relation of every ledger at hand, as integers, row by row."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import pandas as pd
import pytest

from cslib.ledger import RELATIONS, relation
from tests.engines.conftest import Keep
from tests.engines.ledgers import DEMO, RANDOM, Everything

# Read on month ends, on the 30th (which February lacks) and on the first; windows of a year, a quarter, a month.
READ = [(date(2026, 9, 30), 12), (date(2019, 11, 1), 3), (date(2018, 1, 30), 1)]

# A question takes Spark seconds: each relation once, and those with windows on every reading.
CASES = [
    (engine, name, as_of, window)
    for engine in ("postgres", "spark")
    for name in RELATIONS
    for as_of, window in READ
    if engine == "postgres" or (as_of, window) == READ[0] or name in ("ttm", "pairs")
]


@pytest.fixture(scope="session")
def held(everything: Everything, request: pytest.FixtureRequest) -> Any:
    kept: dict[str, Any] = {}

    def of(engine: str) -> Any:
        if engine not in kept:
            keep: Keep = request.getfixturevalue(engine)
            kept[engine] = keep(everything.ledger)
        return kept[engine]

    return of


@pytest.mark.parametrize(("engine", "name", "as_of", "window"), CASES)
def test_an_engine_gives_what_duckdb_gives(
    engine: str, name: str, as_of: date, window: int, held: Any, everything: Everything
) -> None:
    there = relation(name, held(engine), as_of=as_of, window=window)
    here = relation(name, everything.ledger, as_of=as_of, window=window)
    assert len(here) > RANDOM
    pd.testing.assert_frame_equal(there, here, check_dtype=True)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_a_reading_before_the_last_is_the_reading_of_that_day(
    engine: str, held: Any, everything: Everything
) -> None:
    ago = relation("pairs", held(engine), as_of=date(2026, 9, 30), window=12, months_ago=3)
    then = relation("pairs", everything.ledger, as_of=date(2026, 6, 30), window=12)
    pd.testing.assert_frame_equal(ago, then)


def test_the_ledgers_compared_are_those_that_were_meant(everything: Everything) -> None:
    assert len(everything.names) == everything.ledger["cut"].nunique()
    assert set(everything.absent) <= {"demo portfolio", *(f"../shared/data/{n}" for n in
                                      ("mrr_playbook", "crm5", "ravenstack"))}  # fmt: skip
    if DEMO.is_dir():
        assert {"larkfield-systems", "pontavia", "thornbury-signal"} <= set(everything.names)
    if everything.absent:
        pytest.skip(f"compared without {', '.join(everything.absent)}, which are not there")


def test_spark_runs_on_several_executors(spark: Keep) -> None:
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    assert session is not None
    if not session.sparkContext.master.startswith("local-cluster"):
        pytest.skip(f"Spark runs as {os.environ['CSLIB_SPARK']}")
    memory = session.sparkContext._jsc.sc().getExecutorMemoryStatus()
    assert memory.size() - 1 == 2  # the driver is one of them
