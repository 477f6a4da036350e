"""A notebook about a portfolio makes one report of all companies it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cslib.cli import main
from cslib.report.group import check_group, check_portfolio
from cslib.report.job import load_notebook
from cslib.report.parameters import ParameterError
from cslib.report.plan import Wish, plan
from cslib.report.run import Record

from .conftest import LEDGER, make_company, make_notebook, run_all

PARAMETERS = """\
companies: list[str] = ["demo"]  # folders of companies
quarter: str = "2026Q3"  # quarter
fiscal_year_start: int = 1  # month
group: str = "The group"  # name
"""
LOAD = """\
from cslib.portfolio import Portfolio
read = Portfolio.of_quarter(companies, quarter, fiscal_year_start=fiscal_year_start)
print([book.name for book in read.books], read.unread["company"].tolist())"""
BROKEN = LEDGER + "C,2025-01-01,2024-01-01,10,USD\n"


def notebook_at(path: Path) -> Path:
    about = {"subject": "portfolio", "title": "{company}, {period}"}
    return make_notebook(path, LOAD, parameters=PARAMETERS, cslib=about)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Two companies that can be read and one that cannot, in two folders; one of them rejects a row."""
    root = tmp_path_factory.mktemp("group")
    make_company(root / "here" / "acme")
    odd = (
        'name = "Odd"\ncurrency = "EUR"\n[rates]\nUSD = 0.9\n[tables.subscriptions]\nbroken_rows = "reject"\n'
    )
    make_company(root / "here" / "odd", ledger=BROKEN, toml=odd)
    make_company(root / "there" / "broken", ledger=BROKEN)
    (record,) = run_all(
        notebook_at(root / "portfolio.ipynb"),
        companies=[root / "here", root / "there" / "broken"],
        out=root / "out",
    )
    return record


def test_one_report_of_all_lies_in_its_own_folder(made: Record) -> None:
    assert (made.company, made.status, made.error) == ("The group", "done", "")
    assert made.folder.parts[-2:] == ("2026Q3", "portfolio")
    page = json.loads((made.folder / "portfolio.ipynb").read_text())
    said = "".join(page["cells"][-1]["outputs"][0]["text"])
    assert said == "['Acme & Co', 'Odd'] ['broken']\n"
    assert page["metadata"]["cslib"]["title"] == "The group, Q3 2026"


def test_the_manifest_names_every_file_and_who_could_not_be_read(made: Record) -> None:
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert manifest["parameters"]["companies"] == ["here/acme", "here/odd", "there/broken"]
    assert [row["file"] for row in manifest["inputs"]] == [
        "acme/company.toml", "acme/subscriptions.csv", "odd/company.toml", "odd/subscriptions.csv",
        "broken/company.toml", "broken/subscriptions.csv",
    ]  # fmt: skip
    (unread,) = manifest["unread"]
    assert unread["company"] == "broken"
    assert "row 4" in unread["cause"]
    assert manifest["companies"]["Odd"]["currency"] == "EUR"
    assert manifest["rows_rejected"] == {"odd-subscriptions": 1}
    assert (made.folder / "rejected" / "odd-subscriptions.csv").is_file()


def test_no_currency_stands_for_several(made: Record) -> None:
    numbers = json.loads((made.folder / "numbers.json").read_text())
    assert (numbers["company"], numbers["currency"], numbers["minor_units"]) == ("The group", "", 0)


def test_nothing_names_a_machine(made: Record) -> None:
    for name in ("portfolio.ipynb", "portfolio.html", "manifest.json"):
        assert str(made.folder.parents[2]) not in (made.folder / name).read_text()


def test_a_batch_of_a_portfolio_is_one_report(tmp_path: Path) -> None:
    notebook = notebook_at(tmp_path / "portfolio.ipynb")
    companies = [make_company(tmp_path / name) for name in "ab"]
    wish = Wish((notebook,), tuple(companies), ("2026Q3",))
    (task,) = plan([wish], out=tmp_path / "out")
    assert (task.name, task.companies) == ("2026Q3/portfolio/portfolio", tuple(companies))


def test_the_quarter_is_one_of_the_groups_year(tmp_path: Path) -> None:
    job = check_portfolio(
        notebook_at(tmp_path / "portfolio.ipynb"),
        companies=[make_company(tmp_path / "a")],
        quarter="2026Q2",
        out=tmp_path / "out",
        given={"fiscal_year_start": "4", "group": "Ours"},
    )
    assert (job.subject.as_of.isoformat(), job.subject.name) == ("2025-09-30", "Ours")
    assert job.home == tmp_path
    assert job.subject.currency == "USD"


def test_what_cannot_be_told_apart_or_named_is_refused(tmp_path: Path) -> None:
    notebook = load_notebook(notebook_at(tmp_path / "portfolio.ipynb"))
    same = [make_company(tmp_path / "a" / "acme"), make_company(tmp_path / "b" / "acme")]
    with pytest.raises(ParameterError, match="have the same name; rename one"):
        check_group(notebook, companies=same, quarter="2026Q3", given={})
    own = make_company(tmp_path / "portfolio")
    with pytest.raises(ParameterError, match="name of the portfolio's own folder"):
        check_group(notebook, companies=[own], quarter="2026Q3", given={})
    with pytest.raises(
        ParameterError, match="parameter companies: set by the run itself; give it as --company"
    ):
        check_group(notebook, companies=same[:1], quarter="2026Q3", given={"companies": "x"})
    with pytest.raises(ParameterError, match="found none"):
        check_group(notebook, companies=[], quarter="2026Q3", given={})


def test_without_a_readable_company_the_command_says_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    notebook = notebook_at(tmp_path / "portfolio.ipynb")
    broken = make_company(tmp_path / "broken", ledger=BROKEN)
    argv = ["run", notebook, "--company", broken, "--quarter", "2026Q3", "--out", tmp_path / "out"]
    assert main(list(map(str, argv))) == 2
    told = capsys.readouterr().err
    assert "portfolio: bad input. companies: none of the 1 given can be read." in told
    assert "row 4" in told
    assert not (tmp_path / "out" / "2026Q3").exists()
