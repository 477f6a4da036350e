"""Several companies: refused together, run apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.report.batch import check_batch, run_batch
from cslib.report.parameters import ParameterError

from .conftest import LEDGER, make_company, make_notebook


def test_one_bad_company_among_good_ones(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(1)")
    companies = [
        make_company(tmp_path / "first"),
        make_company(tmp_path / "broken", ledger=LEDGER + "C,2025-01-01,2024-01-01,10,USD\n"),
        tmp_path / "missing",
        make_company(tmp_path / "last"),
    ]
    records = list(
        run_batch(notebook, companies=companies, quarter="2026Q3", out=tmp_path / "out", parameters={})
    )
    assert [record.exit_code for record in records] == [0, 2, 2, 0]
    assert records[1].company == "broken"
    assert "row 4" in records[1].error
    assert "no such folder" in records[2].error
    assert sorted(path.name for path in (tmp_path / "out" / "2026Q3").iterdir()) == ["first", "last"]


def test_an_unwritable_output_is_told_per_company(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(1)")
    (record,) = run_batch(
        notebook,
        companies=[make_company(tmp_path / "a")],
        quarter="2026Q3",
        out=tmp_path / "out",
        parameters={},
    )
    assert (record.status, record.exit_code) == ("not started", 3)
    assert "cannot write into" in record.error


def test_two_companies_may_not_share_a_folder(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb")
    companies = [make_company(tmp_path / "a b"), make_company(tmp_path / "other" / "a&b")]
    with pytest.raises(ParameterError, match="would write into the same folder; rename one"):
        check_batch(notebook, companies=companies, quarter="2026Q3", parameters={})


def test_what_no_company_can_run_with_is_refused_once(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb")
    companies = [make_company(tmp_path / "a")]
    with pytest.raises(ParameterError, match="parameter top: found 'x', expected a whole number"):
        check_batch(notebook, companies=companies, quarter="2026Q3", parameters={"top": "x"})
    with pytest.raises(ParameterError, match="expected a year and a quarter"):
        check_batch(notebook, companies=companies, quarter="autumn", parameters={})
