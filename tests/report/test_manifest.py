"""Hashes change with what a report computes, and with nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import cslib
from cslib.book import Book
from cslib.report.manifest import code_sha256, inputs, versions

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


def test_versions_of_everything_cslib_stands_on() -> None:
    found = versions()
    assert found["cslib"] == cslib.__version__
    assert "not installed" not in found.values()
    assert {"python", "pandas", "duckdb", "typst", "papermill"} <= found.keys()
    assert "pytest" not in found
