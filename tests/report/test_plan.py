"""A plan holds each report once, in an order that can be run, with the command that makes it alone."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cslib.report.parameters import ParameterError
from cslib.report.plan import Task, Wish, as_lines, plan, read_lines

from .conftest import LEDGER, PARAMETERS, make_company, make_notebook

READS = PARAMETERS + 'previous: str = ""  # run of the quarter before\n'
GROUP = 'companies: list[str] = ["demo"]\nquarter: str = "2026Q3"\n'


def planned(*notebooks: Path, companies: list[Path], quarters: list[str], **given: object) -> list[Task]:
    wish = Wish(notebooks, tuple(companies), tuple(quarters), given)
    return plan([wish], out=Path("out"))


def test_notebooks_by_companies_by_quarters(tmp_path: Path) -> None:
    one = make_notebook(tmp_path / "retention.ipynb")
    two = make_notebook(tmp_path / "cohorts.ipynb", cslib={"folder": "cohorts"})
    for name in "ab":
        make_company(tmp_path / "all" / name)
    tasks = planned(one, two, companies=[tmp_path / "all"], quarters=["2026Q1..2026Q2"])
    assert len(tasks) == 8
    assert {task.name for task in tasks} >= {"2026Q1/a/retention", "2026Q2/b/cohorts/cohorts"}
    assert Path("out/2026Q1/a/cohorts") in {task.folder for task in tasks}


def test_a_report_that_reads_the_quarter_before_comes_after_it(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb", parameters=READS)
    company = make_company(tmp_path / "a")
    tasks = planned(notebook, companies=[company], quarters=["2026Q2", "2025Q4..2026Q1"])
    assert [(t.quarter, t.after) for t in tasks] == [
        ("2025Q4", ()),
        ("2026Q1", ("2025Q4/a/retention",)),
        ("2026Q2", ("2026Q1/a/retention",)),
    ]
    free = planned(notebook, companies=[company], quarters=["2025Q4..2026Q1"], previous="none")
    assert not any(task.after for task in free)


def test_a_portfolio_is_one_report_a_quarter_after_the_others(tmp_path: Path) -> None:
    whole = make_notebook(tmp_path / "portfolio.ipynb", parameters=GROUP, cslib={"subject": "portfolio"})
    one = make_notebook(tmp_path / "retention.ipynb")
    companies = [make_company(tmp_path / name) for name in "ab"]
    tasks = planned(whole, one, companies=companies, quarters=["2026Q1", "2026Q2"])
    assert [t.name for t in tasks if t.portfolio] == [
        "2026Q1/portfolio/portfolio",
        "2026Q2/portfolio/portfolio",
    ]
    (last,) = [t for t in tasks if t.portfolio and t.quarter == "2026Q2"]
    assert last.companies == tuple(companies)
    assert set(last.after) == {"2026Q2/a/retention", "2026Q2/b/retention"}
    assert all(tasks.index(last) > tasks.index(t) for t in tasks if t.name in last.after)


def test_latest_is_each_companys_own_and_the_portfolios_what_all_have(tmp_path: Path) -> None:
    """A company that cannot be read is planned all the same: its report will say why."""
    toml = 'name = "A"\ncurrency = "USD"\ndata_until = {}\n'
    made = {"a": "2026-09-30", "b": "2026-06-30"}
    companies = [make_company(tmp_path / n, toml=toml.format(day)) for n, day in made.items()]
    broken = make_company(tmp_path / "c", ledger=LEDGER + "C,soon,,1,USD\n")
    whole = make_notebook(tmp_path / "portfolio.ipynb", parameters=GROUP, cslib={"subject": "portfolio"})
    tasks = planned(
        make_notebook(tmp_path / "r.ipynb"), whole, companies=[*companies, broken], quarters=["latest"]
    )
    assert sorted(task.place for task in tasks) == ["2026Q2/b", "2026Q2/portfolio", "2026Q3/a", "2026Q3/c"]
    with pytest.raises(ValueError, match="soon"):
        planned(whole, companies=[broken], quarters=["latest"])


def test_a_parameter_goes_to_the_notebooks_that_have_it(tmp_path: Path) -> None:
    one = make_notebook(tmp_path / "one.ipynb")
    two = make_notebook(
        tmp_path / "two.ipynb", parameters=PARAMETERS + "depth: int = 1\n", cslib={"folder": "two"}
    )
    company = [make_company(tmp_path / "a")]
    tasks = planned(one, two, companies=company, quarters=["2026Q3"], depth="3")
    assert [dict(task.parameters) for task in tasks] == [{}, {"depth": "3"}]
    with pytest.raises(
        ParameterError, match="parameter dpeth: none of these 2 notebooks has it: company, depth"
    ):
        planned(one, two, companies=company, quarters=["2026Q3"], dpeth="3")
    with pytest.raises(ParameterError, match=r"Did you mean depth\?"):
        planned(two, companies=company, quarters=["2026Q3"], dpeth="3")
    with pytest.raises(ParameterError, match="parameter depth: found 'x', expected a whole number"):
        planned(one, two, companies=company, quarters=["2026Q3"], depth="x")


def test_reports_that_would_share_a_folder_are_refused(tmp_path: Path) -> None:
    one, two = (make_notebook(tmp_path / name) for name in ("one.ipynb", "two.ipynb"))
    company = make_company(tmp_path / "a b")
    with pytest.raises(ParameterError, match="give one a folder of its own"):
        planned(one, two, companies=[company], quarters=["2026Q3"])
    other = make_company(tmp_path / "other" / "a&b")
    with pytest.raises(ParameterError, match="would write into the same folder; rename one"):
        planned(one, companies=[company, other], quarters=["2026Q3"])
    wish = Wish((one,), (company,), ("2026Q3",))
    assert len(plan([wish, wish], out=tmp_path)) == 1
    with pytest.raises(ParameterError, match="asked for twice, with different parameters"):
        plan([wish, Wish((one,), (company,), ("2026Q3",), {"top": 9})], out=tmp_path)


def test_lines_are_read_back(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb", parameters=READS)
    tasks = planned(notebook, companies=[make_company(tmp_path / "a")], quarters=["2026Q1..2026Q2"], top="4")
    assert read_lines(as_lines(tasks)) == tasks
    with pytest.raises(ParameterError, match="no line of `cslib plan`"):
        read_lines(["{}"])


def test_the_command_of_a_line_makes_that_report_alone(tmp_path: Path) -> None:
    """Blanks, quotes and an umlaut in the paths; the command is given to a shell."""
    home = tmp_path / "it's höme"
    for name in ("a company", "another"):
        make_company(home / name)
    make_notebook(home / "retention.ipynb", "print(tone, top)")
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    cslib = [sys.executable, "-m", "cslib.cli"]
    asked = [*cslib, "plan", "retention.ipynb", "--company", "a company", "another"]
    asked += ["--quarter", "2026Q2,2026Q3", "-p", "tone=warm", "--out", "my out"]
    printed = subprocess.run(asked, cwd=home, capture_output=True, text=True, check=True).stdout
    lines = [json.loads(line) for line in printed.splitlines()]
    assert len(lines) == 4
    assert not (home / "my out").exists()
    (wanted,) = [line for line in lines if line["name"] == "2026Q3/a-company/retention"]
    words = shlex.split(wanted["command"])
    assert words[:2] == ["cslib", "run"]
    shell = shlex.join([*cslib, *words[1:]]) + " --cold"
    done = subprocess.run(["bash", "-c", shell], cwd=home, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert [p.name for p in (home / "my out").glob("*/*/retention.pdf")] == ["retention.pdf"]
    manifest = json.loads((home / "my out" / wanted["place"] / "manifest.json").read_text())
    assert (manifest["status"], manifest["parameters"]["tone"]) == ("done", "warm")
