"""What is to be run is found and checked first."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from cslib.report.job import check_job, check_values, find_notebook, load_notebook
from cslib.report.parameters import ParameterError

from .conftest import make_company, make_notebook


def test_a_notebook_is_a_path_or_a_name_on_the_shelf(tmp_path: Path) -> None:
    there = make_notebook(tmp_path / "retention.ipynb")
    shelf = make_notebook(tmp_path / "shelf" / "retention.ipynb").parent
    make_notebook(shelf / "cohorts.ipynb")
    assert find_notebook(str(there), shelves=(shelf,)) == there
    assert find_notebook("retention", shelves=(tmp_path, shelf)) == there, "the nearer shelf wins"
    assert find_notebook("cohorts", shelves=(tmp_path, shelf)) == shelf / "cohorts.ipynb"
    assert find_notebook("retention", shelves=(tmp_path / "none", shelf)) == shelf / "retention.ipynb"
    with pytest.raises(ParameterError) as refused:
        find_notebook("retentoin", shelves=(tmp_path,))
    assert "notebook retentoin: no such file" in str(refused.value)
    assert "(retention). Did you mean retention?" in str(refused.value)
    with pytest.raises(ParameterError, match="no such file"):
        find_notebook("../retention", shelves=(tmp_path / "shelf",))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a Jupyter notebook (Expecting value"),
        (b"\xff\xfe", "not a Jupyter notebook ("),
        (b"[]", "not a Jupyter notebook ("),
        (b"{}", "not a Jupyter notebook ('nbformat')"),
        (b'{"nbformat": 3}', "found format 3, expected 4; save it anew"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}', "not a Ju"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(ParameterError) as refused:
        load_notebook(path)
    assert words in str(refused.value)


def test_a_missing_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No such file or directory"):
        load_notebook(tmp_path / "x.ipynb")


def test_a_notebook_of_an_older_minor_format_is_read(tmp_path: Path) -> None:
    """Cells had no ids before 4.5; nbformat would draw them at random."""
    path = make_notebook(tmp_path / "old.ipynb", "1")
    raw = json.loads(path.read_text())
    for cell in raw["cells"]:
        del cell["id"]
    path.write_text(json.dumps({**raw, "nbformat_minor": 4}))
    notebook = load_notebook(path)
    assert [cell.id for cell in notebook.cells] == ["cell-1", "cell-2", "cell-3"]
    nbformat.validate(notebook)


def test_a_job_holds_what_was_checked(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb", "1")
    toml = 'name = "Acme"\ncurrency = "USD"\nfiscal_year_start = 2\n'
    company = make_company(tmp_path / "acme", toml=toml)
    job = check_job(
        notebook, company=company, quarter="2026-Q3", out=tmp_path / "out", given={"tone": "warm"}
    )
    assert job.subject.as_of.isoformat() == "2025-10-31"
    assert job.quarter == "2026Q3"
    assert job.folder == tmp_path / "out" / "2026Q3" / "acme"
    assert job.parameters == {"company": "acme", "quarter": "2026Q3", "tone": "warm", "top": 3}
    injected = job.notebook.cells[2].source
    assert injected == "# Parameters of this run\ncompany = 'acme'\nquarter = '2026Q3'\ntone = 'warm'"


def test_a_notebook_must_take_company_and_quarter(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "x.ipynb", parameters="company: str = 'x'")
    with pytest.raises(ParameterError, match="parameter quarter: not one of this notebook's: company"):
        check_job(notebook, company=make_company(tmp_path / "acme"), quarter="2026Q3", out=tmp_path, given={})


@pytest.mark.parametrize("quarter", ["2026Q5", "Q3", "", "2026Q3; rm -rf /"])
def test_a_quarter_is_a_quarter(tmp_path: Path, quarter: str) -> None:
    notebook = make_notebook(tmp_path / "x.ipynb")
    with pytest.raises(ParameterError, match="expected a year and a quarter such as 2026Q3"):
        check_job(notebook, company=make_company(tmp_path / "acme"), quarter=quarter, out=tmp_path, given={})


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "/"])
def test_a_folder_without_a_printable_name_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="expected printable text"):
        check_values({"cells": []}, company=Path("/", name), quarter="2026Q3", given={})
