"""The retention and the cohort report of a ledger that stays in its database: every number as from its rows."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.book import Book
from cslib.cli import main
from cslib.engines import spark_engine
from cslib.report.job import load_notebook
from cslib.report.run import Record, run_report
from tests.engines import company
from tests.engines.company import Heard
from tests.engines.conftest import Keep
from tests.engines.ledgers import DEMO

ROOT = Path(__file__).parents[2]
REPORTS = ("retention", "cohorts")
Run = tuple[Record, Record]


def made(folders: tuple[Path, Path], out: Path) -> dict[str, Run]:
    """Both reports, asked in place and made of the rows."""
    return {
        name: tuple(
            run_report(
                ROOT / "notebooks" / f"{name}.ipynb",
                company=folder,
                quarter="2026Q3",
                out=out / folder.parent.name,
            )
            for folder in folders
        )
        for name in REPORTS
    }  # type: ignore[return-value]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    if not DEMO.is_dir():
        pytest.skip("no demo portfolio: make demo/.stamp")
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    folder = tmp_path_factory.mktemp(request.param)
    return made(company.kept(folder, company.larkfield(), url=url), folder / "reports")


def document(record: Record, name: str) -> Any:
    return json.loads((record.folder / name).read_bytes())


@pytest.mark.parametrize("report", REPORTS)
def test_every_number_is_that_of_the_report_from_rows(report: str, runs: dict[str, Run]) -> None:
    there, here = runs[report]
    assert (there.status, there.error, here.status) == ("done", "", "done")
    numbers = [document(record, "numbers.json")["numbers"] for record in (there, here)]
    assert len(numbers[0]) > 1000
    assert len(numbers[0]) == len(numbers[1])
    for one, two in zip(*numbers, strict=True):
        assert one == two


@pytest.mark.parametrize("report", REPORTS)
def test_findings_tables_and_files_are_those_of_the_report_from_rows(
    report: str, runs: dict[str, Run]
) -> None:
    there, here = runs[report]
    findings = [document(record, "findings.json") for record in (there, here)]
    told = [[f for f in one["findings"] if "stays in connection" not in str(f)] for one in findings]
    assert told[0] == told[1]
    assert len(findings[0]["findings"]) == len(told[0]) + 1  # the note that says where the ledger is
    proved = {"tab-proof", "tab-data"}  # other checks, and another hash
    tables = [{k: v for k, v in one["tables"].items() if k not in proved} for one in findings]
    assert tables[0] == tables[1]
    ledger = {name for name in here.files if name.startswith("ledger/")}
    assert ledger == {"ledger/subscriptions.csv"}
    assert set(here.files) - set(there.files) == ledger  # rows stay where they are
    assert {f"{report}.pdf", f"{report}.html", "numbers.json", "proof.json"} <= set(there.files)


@pytest.mark.parametrize("report", REPORTS)
def test_the_proof_is_made_there(report: str, runs: dict[str, Run]) -> None:
    checks = document(runs[report][0], "proof.json")["checks"]
    assert all(check["holds"] for check in checks)
    assert "the database, asked again, answers as before" in [check["check"] for check in checks]
    inputs = {row["file"]: row["sha256"] for row in document(runs[report][0], "manifest.json")["inputs"]}
    assert len(inputs["warehouse (subscriptions)"]) == 64


def session(notebook: Path, parameters: Mapping[str, object]) -> list[Any]:
    """Numbers that the cells of a notebook record, its cells run here."""
    space: dict[str, Any] = dict(parameters)
    found: list[Any] = []
    for cell in load_notebook(notebook).cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        body = ast.parse(cell.source).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), str(notebook), "exec"), space)
        shown = eval(compile(ast.Expression(last.value), str(notebook), "eval"), space) if last else None
        found += list(getattr(shown, "records", ()))
    return found


def defaults(notebook: Path) -> dict[str, Any]:
    space: dict[str, Any] = {}
    cell = next(c for c in load_notebook(notebook).cells if "parameters" in c.metadata.get("tags", []))
    exec(cell.source, space)
    return space


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_no_cell_is_answered_with_more_than_aggregates_or_one_row_an_account(
    report: str, engine: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = request.getfixturevalue("postgres_url") if engine == "postgres" else ""
    rows = company.drawn(150, seed=11)
    there, here = company.kept(tmp_path, rows, url=url)
    notebook = ROOT / "notebooks" / f"{report}.ipynb"
    given = defaults(notebook) | {"quarter": "2025Q4"}
    with company.overheard(monkeypatch) as heard:
        asked = session(notebook, given | {"company": str(there)})
    read = session(notebook, given | {"company": str(here)})
    assert len(asked) > 500
    assert asked == read
    accounts = rows["customer"].nunique()
    assert company.too_much(heard, parts=("plan",)) == []
    largest = max(len(answer) for _, answer in heard if "entity" in answer or "account_id" in answer)
    assert accounts / 2 < largest <= accounts * rows["plan"].nunique(dropna=False)


@pytest.fixture(scope="module")
def of_spark(spark: Keep, tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, Path, list[Heard]]:
    """A book that a Spark session answers, the folder of the same rows, and what the session was asked."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    assert session is not None
    rows = company.drawn(40, seed=13)
    session.createDataFrame(company.arrow(rows)).createOrReplaceTempView("prices")
    heard: list[Heard] = []
    ask = company.listening(spark_engine(session), heard)
    named = {"account_id": "customer", "start_date": "since", "end_date": "until"}
    day = date(2025, 12, 31)
    book = Book.from_engine(ask, company.QUERY, as_of=day, name="Acme", currency="USD", columns=named)
    return book, company.kept(tmp_path_factory.mktemp("spark"), rows)[1], heard


@pytest.mark.parametrize("report", REPORTS)
def test_a_spark_session_that_a_caller_passes_gives_every_number(
    report: str, of_spark: tuple[Book, Path, list[Heard]], monkeypatch: pytest.MonkeyPatch
) -> None:
    book, here, heard = of_spark
    notebook = ROOT / "notebooks" / f"{report}.ipynb"
    given = defaults(notebook) | {"quarter": "2025Q4", "company": str(here)}
    read = session(notebook, given)
    monkeypatch.setattr(Book, "of_quarter", lambda *_: book)
    asked = session(notebook, given)
    assert len(asked) > 500
    assert asked == read
    assert company.too_much(heard, parts=("plan",)) == []


def test_who_listens_would_hear_rows() -> None:
    rows = pd.DataFrame({"account_id": ["A", "A"], "amount": [1, 2]})
    assert company.too_much([("SELECT rows", rows)], parts=()) == ["2 rows: SELECT rows"]
    assert company.too_much([("SELECT days", rows.assign(since=1)[["since"]])], parts=()) == [
        "2 rows: SELECT days"
    ]
    assert company.too_much([("SELECT one", rows.iloc[:1]), ("SELECT n", rows[["amount"]])], parts=()) == []


def test_a_report_is_planned_left_alone_and_verified_as_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import duckdb

    there, _ = company.kept(tmp_path, company.drawn(60, seed=5))
    out = tmp_path / "out"
    asked = ["--company", str(there), "--out", str(out)]
    assert main(["run", "retention", *asked, "--quarter", "2025Q2"]) == 0
    assert "acme: the ledger stays in connection warehouse and is asked there." in capsys.readouterr().err
    assert main(["run", "retention", *asked, "--quarter", "latest", "--why"]) == 0
    assert main(["run", "retention", *asked, "--quarter", "2025Q3", "--why"]) == 0
    assert "acme 2025Q3: unchanged" in capsys.readouterr().out
    assert main(["verify", str(out / "2025Q3" / "acme")]) == 0
    assert "the same when made again" in capsys.readouterr().out
    with duckdb.connect(there / "prices.duckdb") as opened:
        opened.execute("UPDATE prices SET mrr = mrr + 1000 WHERE since < '2024-01-01' AND product = 'Core'")
    assert main(["plan", "retention", *asked, "--quarter", "2025Q3", "--why"]) == 0
    assert '["input: warehouse (subscriptions) changed"]' in capsys.readouterr().out
    assert main(["run", "retention", *asked, "--quarter", "2025Q3"]) == 0
    told = json.dumps(json.loads((out / "2025Q3" / "acme" / "findings.json").read_bytes()))
    assert "are different now." in told
    assert "Which rows of the ledger are behind it is not known" in told


def test_a_report_that_reads_rows_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "company.toml").write_text(company.toml('url = "duckdb:///nowhere.duckdb"'))
    asked = ["--company", str(folder), "--quarter", "2025Q4", "--out", str(tmp_path / "out")]
    for report in ("renewals", "customer"):
        given = ["-p", "account=A"] if report == "customer" else []
        assert main(["run", report, *asked, *given]) == 2
        assert "this report reads rows" in capsys.readouterr().err
        assert main(["plan", report, *asked, *given]) == 2
        assert "this report reads rows" in capsys.readouterr().err
    assert main(["plan", "portfolio", *asked]) == 2
    assert "its ledger stays in its database" in capsys.readouterr().err
    assert main(["check", str(folder), "--html", str(tmp_path / "page.html")]) == 2
    assert "the ledger stays in its database" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ipynb"))
    assert [path.name for path in folder.iterdir()] == ["company.toml"]
