"""A plan refuses what a run refuses, with the same words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.report.plan import Wish, plan
from cslib.report.refused import refusals

from .conftest import LEDGER, PARAMETERS, make_company, make_notebook, run_all

TOML = 'name = "{}"\ncurrency = "USD"\n'


@pytest.fixture
def companies(tmp_path: Path) -> list[Path]:
    """Good; a broken row; a broken company.toml; a ledger that begins in 2026; data that end in March."""
    late = "account_id,start_date,end_date,mrr,currency\nA,2026-07-15,,100,USD\n"
    until = "data_until = 2026-03-31\n"
    return [
        make_company(tmp_path / "good"),
        make_company(tmp_path / "row", ledger=LEDGER + "C,soon,,1,USD\n"),
        make_company(tmp_path / "toml", toml="name = 1\n"),
        make_company(tmp_path / "late", ledger=late),
        make_company(tmp_path / "short", toml=TOML.format("S") + until),
    ]


def test_a_plan_says_of_each_report_what_its_run_would(tmp_path: Path, companies: list[Path]) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb")
    quarters = ["2026Q1", "2026Q2", "2026Q3"]
    tasks = plan([Wish((notebook,), tuple(companies), tuple(quarters))], out=tmp_path / "out")
    refused = refusals(tasks)
    assert sorted(refused) == [
        "2026Q1/late/retention", "2026Q1/row/retention", "2026Q1/toml/retention",
        "2026Q2/late/retention", "2026Q2/row/retention", "2026Q2/short/retention", "2026Q2/toml/retention",
        "2026Q3/row/retention", "2026Q3/short/retention", "2026Q3/toml/retention",
    ]  # fmt: skip
    bad = [company for company in companies if company.name != "good"]
    records = run_all(notebook, companies=bad, quarter="2026Q2", out=tmp_path / "out")
    assert {record.name: record.error for record in records} == {
        name: cause for name, cause in refused.items() if name.startswith("2026Q2/")
    }
    assert all(record.exit_code == 2 for record in records)


def test_a_portfolio_is_refused_only_where_none_can_be_read(tmp_path: Path, companies: list[Path]) -> None:
    parameters = 'companies: list[str] = []\nquarter: str = ""\n'
    notebook = make_notebook(tmp_path / "group.ipynb", parameters=parameters, cslib={"subject": "portfolio"})
    for chosen, n_refused in ((companies[:2], 0), (companies[1:2] + companies[3:4], 1)):
        tasks = plan([Wish((notebook,), tuple(chosen), ("2026Q1",))], out=tmp_path / "out")
        assert len(refusals(tasks)) == n_refused


def test_an_unknown_account_is_refused_by_the_plan_too(tmp_path: Path, companies: list[Path]) -> None:
    parameters = PARAMETERS + 'account: str = ""  # whose\n'
    notebook = make_notebook(tmp_path / "customer.ipynb", parameters=parameters, cslib={"private": True})
    for account, n_refused in (("", 0), ("A", 0), ("AA", 1)):
        wish = Wish((notebook,), (companies[0],), ("2026Q3",), {"account": account})
        told = refusals(plan([wish], out=tmp_path / "out"))
        assert len(told) == n_refused and all("no such account" in cause for cause in told.values())
