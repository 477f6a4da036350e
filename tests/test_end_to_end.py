"""The real notebooks on the barest companies: one table, little history, no segment. A report must come out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cslib.report.run import run_report
from tests import external
from tests.report.conftest import run_all

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def young(folder: Path) -> Path:
    home = folder / "young"
    home.mkdir()
    (home / "company.toml").write_text('name = "Young"\ncurrency = "USD"\n')
    (home / "subscriptions.csv").write_text(
        "account_id,start_date,end_date,mrr,currency\nA,2025-02-01,,100,USD\nB,2025-03-01,2025-05-15,50,USD\n"
    )
    return home


@pytest.mark.slow
@pytest.mark.parametrize("name", ["retention", "cohorts", "renewals", "coverage", "health"])
def test_a_company_with_one_table_and_five_months_gets_its_report(tmp_path: Path, name: str) -> None:
    record = run_report(
        NOTEBOOKS / f"{name}.ipynb", company=young(tmp_path), quarter="2025Q2", out=tmp_path / "out"
    )
    assert (record.error, record.exit_code) == ("", 0)
    assert f"{name}.pdf" in record.files


@pytest.mark.slow
def test_a_ledger_without_two_vintages_gets_its_report(tmp_path: Path) -> None:
    company = external.crm5(tmp_path)
    record = run_report(
        NOTEBOOKS / "retention.ipynb", company=company, quarter="2023Q4", out=tmp_path / "out"
    )
    assert (record.error, record.exit_code) == ("", 0)


@pytest.mark.slow
def test_a_portfolio_of_one_that_is_young_and_one_that_is_broken_gets_its_page(tmp_path: Path) -> None:
    """No company has a whole window, one cannot be read; the page says both, and its proof is the young one's."""
    home = young(tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "company.toml").write_text('name = "Broken"\ncurrency = "EUR"\n')
    notebook, out = NOTEBOOKS / "portfolio.ipynb", tmp_path / "out"
    (record,) = run_all(notebook, companies=[home, broken], quarter="2025Q2", out=out)
    assert (record.error, record.exit_code) == ("", 0)
    page = (record.folder / "portfolio.html").read_text(encoding="utf-8")
    for words in (
        " could not be read (broken) and is in no figure here",
        "no file for this table",
        "No company has a whole window yet.",
        "none compares",
    ):
        assert words in page
    proof = json.loads((record.folder / "proof.json").read_text())
    assert proof["holds"] and all(check["check"].startswith("Young: ") for check in proof["checks"])
    assert json.loads((record.folder / "manifest.json").read_text())["unread"][0]["company"] == "broken"
