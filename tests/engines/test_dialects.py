"""Engines that were not run: their dialects parse the text. That is all that is claimed of them."""

from __future__ import annotations

from datetime import date

import pytest

from cslib.ledger import RELATIONS, sql_of

sqlglot = pytest.importorskip("sqlglot", reason="no parser of dialects")

RUN = ["duckdb", "postgres", "spark"]  # by test_relations.py
PARSED = ["snowflake", "bigquery", "trino", "databricks", "redshift"]

# What the text may call. Each of these is in the core of the standard, and in every dialect named here.
# The parser's name for CAST in the Spark of old, which gave null where it could not, is TryCast.
CORE = {*"And Case Cast Coalesce Count Extract FirstValue If Min Or Sum TryCast".split()}  # noqa: SIM905


def text(name: str) -> str:
    return sql_of(name, as_of=date(2026, 9, 30), window=12)


@pytest.mark.parametrize("name", RELATIONS)
@pytest.mark.parametrize("dialect", [*RUN, *PARSED])
def test_the_text_parses(dialect: str, name: str) -> None:
    parsed = sqlglot.parse_one(text(name), dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert [cte.alias for cte in parsed.ctes][:4] == ["periods", "changes", "netted", "steps"]
    called = {type(call).__name__ for call in parsed.find_all(sqlglot.exp.Func)}
    assert called <= CORE, f"not in every engine: {', '.join(sorted(called - CORE))}"


@pytest.mark.parametrize("dialect", PARSED)
def test_the_check_can_fail(dialect: str) -> None:
    with pytest.raises(sqlglot.errors.ParseError):
        sqlglot.parse_one(
            text("ttm").replace("GROUP BY cut, month, movement", "GROUP cut"),
            dialect=dialect,
            error_level=sqlglot.ErrorLevel.RAISE,
        )
    called = {
        type(call).__name__
        for call in sqlglot.parse_one("SELECT UNNEST(RANGE(1, 3))", dialect="duckdb").find_all(
            sqlglot.exp.Func
        )
    }
    assert not called <= CORE


@pytest.mark.parametrize("name", RELATIONS)
def test_no_name_of_the_text_is_a_word_that_snowflake_or_bigquery_keep_for_themselves(name: str) -> None:
    parsed = sqlglot.parse_one(text(name), dialect="duckdb")
    kept = {"qualify", "rows", "window", "values", "at", "order", "range", "end", "start", "rank", "interval"}
    assert not {alias.alias.lower() for alias in parsed.find_all(sqlglot.exp.Alias)} & kept
