"""Engines that were not run: their dialects parse the text. That is all that is claimed of them."""

from __future__ import annotations

import re
from datetime import date

import pytest

from cslib.ledger import RELATIONS, sql_of
from tests.engines import company
from tests.engines.test_reports_in_place import REPORTS, ROOT, defaults, session

sqlglot = pytest.importorskip("sqlglot", reason="no parser of dialects")

RUN = ["duckdb", "postgres", "spark"]  # by test_relations.py
PARSED = ["snowflake", "bigquery", "trino", "databricks", "redshift"]

# What the text may call. Each of these is in the core of the standard, and in every dialect named here.
# The parser's name for CAST in the Spark of old, which gave null where it could not, is TryCast.
CORE = {*"And Case Cast Coalesce Count Exists Extract FirstValue If Lag Lead Max Min Or Sum TryCast".split()}  # noqa: SIM905


def text(name: str) -> str:
    return sql_of(name, as_of=date(2026, 9, 30), window=12)


@pytest.mark.parametrize("name", RELATIONS)
@pytest.mark.parametrize("dialect", [*RUN, *PARSED])
def test_the_text_parses(dialect: str, name: str) -> None:
    parsed = sqlglot.parse_one(text(name), dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert {"periods", "beside", "several", "single", "added", "changes", "netted"} <= {
        c.alias for c in parsed.ctes
    }
    called = {type(call).__name__ for call in parsed.find_all(sqlglot.exp.Func)}
    assert called <= CORE, f"not in every engine: {', '.join(sorted(called - CORE))}"


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What both reports ask of a ledger that stays in its database; of questions that differ in a number one."""
    there, _ = company.kept(tmp_path_factory.mktemp("asked"), company.drawn(40, seed=2))
    with pytest.MonkeyPatch.context() as patched, company.overheard(patched) as heard:
        for notebook in (ROOT / "notebooks" / f"{report}.ipynb" for report in REPORTS):
            session(notebook, defaults(notebook) | {"quarter": "2025Q4", "company": str(there)})
    return list({re.sub(r"\d+", "0", sql): sql for sql, _ in heard}.values())


BESIDE = {*"DenseRank Floor Max Mod RowNumber".split()}  # noqa: SIM905 - in every dialect too, for other columns than the engine's


@pytest.mark.parametrize("dialect", [*RUN, *PARSED])
def test_every_question_of_the_reports_parses(dialect: str, questions: list[str]) -> None:
    assert len(questions) > 25
    for sql in questions:
        parsed = sqlglot.parse_one(sql, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
        called = {type(call).__name__ for call in parsed.find_all(sqlglot.exp.Func)}
        assert called <= CORE | BESIDE, f"not in every engine: {called - CORE - BESIDE}"


@pytest.mark.parametrize("dialect", PARSED)
def test_the_check_can_fail(dialect: str) -> None:
    with pytest.raises(sqlglot.errors.ParseError):
        sqlglot.parse_one(
            text("ttm").replace("GROUP BY cut, month, class", "GROUP cut"),
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
    assert not aliases(text(name)) & KEPT


def test_no_question_of_the_reports_takes_such_a_word(questions: list[str]) -> None:
    for sql in questions:
        assert not aliases(sql) & KEPT


KEPT = {
    "qualify",
    "rows",
    "window",
    "values",
    "at",
    "order",
    "range",
    "end",
    "start",
    "rank",
    "interval",
    "row",
    "left",
}


def aliases(sql: str) -> set[str]:
    parsed = sqlglot.parse_one(sql, dialect="duckdb")
    named = parsed.find_all(sqlglot.exp.Alias, sqlglot.exp.Subquery)
    return {one.alias.lower() for one in named}
