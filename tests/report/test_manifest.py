"""Hashes change with what a report computes, and with nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import cslib
from cslib.book import Book
from cslib.report.manifest import code_sha256, inputs, meanings, versions

from .conftest import make_company


def notebook(*cells: tuple[str, str]) -> dict[str, Any]:
    return {"cells": [{"cell_type": kind, "source": source, "outputs": []} for kind, source in cells]}


def test_the_hash_of_the_code_ignores_prose() -> None:
    one = notebook(("markdown", "a"), ("code", "x = 1"), ("code", "y = 2"))
    assert code_sha256(one) == code_sha256(notebook(("code", "x = 1"), ("markdown", "b"), ("code", "y = 2")))
    assert code_sha256(one) != code_sha256(notebook(("code", "y = 2"), ("code", "x = 1")))
    assert code_sha256(one) != code_sha256(notebook(("code", "x = 1y = 2")))


def test_inputs_are_hashed_as_they_lie_on_the_disk(tmp_path: Path) -> None:
    company = make_company(tmp_path / "acme")
    rows = inputs(Book.load(company, as_of=dt.date(2026, 9, 30)))
    for row in rows:
        assert row["sha256"] == hashlib.sha256((company / row["file"]).read_bytes()).hexdigest()
    assert [row["file"] for row in rows] == ["company.toml", "subscriptions.csv"]


def test_what_the_numbers_mean_is_written_down(tmp_path: Path) -> None:
    toml = (
        'name = "Acme"\ncurrency = "USD"\n[settings]\nshortest_life_days = 5\n'
        '[conventions."large"]\nmetric = "net_retention"\nminimum_mrr = 60\n'
    )
    book = Book.load(make_company(tmp_path / "acme", toml=toml), as_of=dt.date(2026, 9, 30))
    found = meanings(book)
    assert found["settings"] == ["shortest_life_days = 5 (default 0)"]
    assert found["conventions"]["default"] == "endpoint"
    assert "minimum_mrr=60" in found["conventions"]["net_retention: large"]


def test_versions_of_everything_cslib_stands_on() -> None:
    found = versions()
    assert found["cslib"] == cslib.__version__
    assert "not installed" not in found.values()
    assert {"python", "pandas", "duckdb", "typst", "papermill"} <= found.keys()
    assert "pytest" not in found
