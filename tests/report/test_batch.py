"""Several companies: refused together, run apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.report.save import InfrastructureError

from .conftest import LEDGER, make_company, make_notebook, run_all


def test_one_bad_company_among_good_ones(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(1)")
    companies = [
        make_company(tmp_path / "first"),
        make_company(tmp_path / "broken", ledger=LEDGER + "C,2025-01-01,2024-01-01,10,USD\n"),
        tmp_path / "missing",
        make_company(tmp_path / "last"),
    ]
    records = run_all(notebook, companies=companies, out=tmp_path / "out")
    assert [record.exit_code for record in records] == [0, 2, 2, 0]
    assert records[1].company == "broken"
    assert "row 4" in records[1].error
    assert "no such folder" in records[2].error
    assert sorted(path.name for path in (tmp_path / "out" / "2026Q3").iterdir()) == [
        "broken",
        "first",
        "last",
    ]


def test_an_unwritable_output_is_told_per_company(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(1)")
    with pytest.raises(InfrastructureError, match="cannot write into"):
        run_all(notebook, companies=[make_company(tmp_path / "a")], out=tmp_path / "out")
