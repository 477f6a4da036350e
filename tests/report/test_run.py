"""A run leaves one truthful, repeatable set of files; or it fails before anything is executed or written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cslib.report.manifest import steady_sha256
from cslib.report.parameters import ParameterError
from cslib.report.run import Record, run_report
from cslib.report.save import InfrastructureError
from cslib.tables import TableError

from .conftest import LEDGER, PARAMETERS, RECORD, make_company, make_notebook


def manifest(record: Record) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((record.folder / "manifest.json").read_text())
    return document


def cells(record: Record) -> list[Any]:
    found: list[Any] = nbformat.read(record.folder / "retention.ipynb", 4).cells
    return found


def test_a_run_that_is_done(good: tuple[Record, Record]) -> None:
    record = good[0]
    assert (record.status, record.error, record.exit_code) == ("done", "", 0)
    assert record.folder.parts[-2:] == ("2026Q3", "acme")
    names = {path.name for path in record.folder.iterdir()}
    pages = {"retention.ipynb", "retention.html", "retention.pdf"}
    assert names == pages | {"numbers.json", "manifest.json", "ledger"}
    assert (record.folder / "retention.pdf").read_bytes().startswith(b"%PDF-")


def test_two_runs_give_the_same_bytes(good: tuple[Record, Record]) -> None:
    """Other folders, time zone, hash seed and backend; only the time it took may differ."""
    one, two = good
    for path in sorted(one.folder.iterdir()):
        if path.is_file() and path.name != "manifest.json":
            assert path.read_bytes() == (two.folder / path.name).read_bytes(), path.name
    steady = [{k: v for k, v in manifest(record).items() if k != "run"} for record in good]
    assert steady[0] == steady[1]
    assert steady_sha256(one.folder / "manifest.json") == steady_sha256(two.folder / "manifest.json")


def test_the_manifest_says_what_was_used(good: tuple[Record, Record]) -> None:
    found = manifest(good[0])
    assert found["status"] == "done"
    assert found["error"] is None
    assert found["parameters"] == {"company": "acme", "quarter": "2026Q3", "tone": "plain", "top": 7}
    assert [(row["table"], row["file"]) for row in found["inputs"]] == [
        ("", "company.toml"),
        ("subscriptions", "subscriptions.csv"),
    ]
    assert all(len(row["sha256"]) == 64 for row in found["inputs"])
    assert found["as_of"] == "2026-09-30"
    assert {"cslib", "python", "pandas", "typst"} <= found["versions"].keys()
    pages = {"retention.ipynb", "retention.html", "retention.pdf"}
    assert set(found["files"]) == pages | {"numbers.json", "ledger/subscriptions.csv"}
    assert found["proof"] is None


def test_numbers_leave_the_notebook(good: tuple[Record, Record]) -> None:
    found = json.loads((good[0].folder / "numbers.json").read_text())
    assert found["numbers"] == [{"metric": "arr", "value": 120000}]
    assert (found["company"], found["as_of"], found["currency"]) == ("Acme & Co", "2026-09-30", "USD")


def test_the_notebook_says_whose_report_it_is(good: tuple[Record, Record]) -> None:
    metadata = nbformat.read(good[0].folder / "retention.ipynb", 4).metadata
    assert metadata.cslib == {
        "title": "Acme & Co: Q3 2026",
        "company": "Acme & Co",
        "period": "Q3 2026",
        "date": "2026-09-30",
        "lang": "en",
        "author": "CS",
    }
    assert metadata.kernelspec.name == "python3"


def test_nothing_of_the_machine_stays(good: tuple[Record, Record]) -> None:
    text = (good[0].folder / "retention.ipynb").read_text()
    assert "company = 'acme'" in "".join(cells(good[0])[2].source)
    assert str(good[0].folder.parents[2]) not in text
    assert "<cell>:2: UserWarning: careful" in text
    assert "<object object at 0x0>" in text
    assert "<python>/lib" in text


def test_a_failed_cell_is_told_where_it_stands(broken: Record) -> None:
    assert (broken.status, broken.exit_code) == ("failed", 1)
    assert broken.error == "Cell 5 stopped with ZeroDivisionError: division by zero"
    assert manifest(broken)["error"] == {
        "kind": "cell",
        "cell": 5,
        "name": "ZeroDivisionError",
        "message": "division by zero",
    }
    found = cells(broken)
    assert found[4].outputs[0].ename == "ZeroDivisionError"
    assert [c.metadata.papermill.status for c in found[1:]] == ["completed"] * 3 + ["failed", "pending"]


def test_a_failed_run_leaves_nothing_that_claims_success(broken: Record) -> None:
    names = {path.name for path in broken.folder.iterdir()}
    assert names == {
        "retention.ipynb",
        "retention.html",
        "retention.pdf",
        "manifest.json",
        "notes of mine.txt",
    }
    page = (broken.folder / "retention.html").read_text()
    assert "This report is not finished and must not be used." in page
    assert "Cell 5 stopped with ZeroDivisionError: division by zero" in page
    assert "so far" in page


def test_a_dead_kernel_is_recorded_as_dead(dead: Record) -> None:
    assert (dead.status, dead.exit_code) == ("died", 3)
    assert dead.error == "Cell 4 stopped with DeadKernelError: the kernel died (killed by SIGKILL)"
    assert manifest(dead)["status"] == "died"
    assert manifest(dead)["error"]["cell"] == 4
    assert [c.metadata.papermill.status for c in cells(dead)[1:]] == ["completed"] * 2 + ["failed", "pending"]
    assert manifest(dead)["run"]["tries"] == 2


def test_a_failure_is_repeatable_too(broken: Record, tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb", "print('so far')", "1 / 0", "print('never')")
    again = run_report(notebook, company=make_company(tmp_path / "acme"), quarter="2026Q3", out=tmp_path)
    for name in ("retention.ipynb", "retention.html", "retention.pdf"):
        assert (again.folder / name).read_bytes() == (broken.folder / name).read_bytes()


def test_bad_data_found_by_a_cell_is_bad_input(tmp_path: Path) -> None:
    load = (
        "from cslib.book import Book\nimport datetime\nBook.load('nowhere', as_of=datetime.date(2026, 9, 30))"
    )
    notebook = make_notebook(tmp_path / "retention.ipynb", load)
    record = run_report(
        notebook, company=make_company(tmp_path / "acme"), quarter="2026Q3", out=tmp_path / "out"
    )
    assert (record.status, record.exit_code) == ("bad input", 2)
    assert "no such folder" in record.error


def test_rejected_rows_lie_beside_the_report(tmp_path: Path) -> None:
    toml = 'name = "Acme"\ncurrency = "USD"\n[tables.subscriptions]\nbroken_rows = "reject"\n'
    ledger = LEDGER + "=cmd|'/c calc'!A1,2025-01-01,2024-01-01,10,USD\n"
    company = make_company(tmp_path / "acme", toml=toml, ledger=ledger)
    record = run_report(
        make_notebook(tmp_path / "retention.ipynb"), company=company, quarter="2026Q3", out=tmp_path
    )
    lines = (record.folder / "rejected" / "subscriptions.csv").read_text().splitlines()
    assert len(lines) == 2
    assert "'=cmd|" in lines[1]
    assert ",=cmd|" not in lines[1]
    assert manifest(record)["rows_rejected"] == {"subscriptions": 1}


# --- refused before a kernel starts; a cell that must never run would leave a file


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    return make_notebook(tmp_path / "retention.ipynb", f"open({str(tmp_path / 'executed')!r}, 'w')")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"tpo": 1},
            "parameter tpo: not one of this notebook's: company, quarter, tone, top. Did you mean top?",
        ),
        ({"top": "many"}, "parameter top: found 'many', expected a whole number"),
        ({"tone": "rude"}, "parameter tone: found 'rude', expected one of plain, warm"),
        ({"quarter": "2026Q2"}, "parameter quarter: set by the run itself; give it as --quarter"),
    ],
)
def test_parameters_are_refused(trap: Path, parameters: dict[str, object], words: str) -> None:
    company = make_company(trap.parent / "acme")
    with pytest.raises(ParameterError) as refused:
        run_report(trap, company=company, quarter="2026Q3", out=trap.parent / "out", parameters=parameters)
    assert words in str(refused.value)
    assert sorted(path.name for path in trap.parent.iterdir()) == ["acme", "retention.ipynb"]


def test_bad_data_is_refused(trap: Path) -> None:
    company = make_company(trap.parent / "acme", ledger=LEDGER + "C,2025-13-01,,10,USD\n")
    with pytest.raises(TableError, match="2025-13-01"):
        run_report(trap, company=company, quarter="2026Q3", out=trap.parent / "out")
    assert sorted(path.name for path in trap.parent.iterdir()) == ["acme", "retention.ipynb"]


def test_a_ledger_in_which_nobody_pays_is_refused(trap: Path) -> None:
    free = "account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,0,USD\n"
    company = make_company(trap.parent / "acme", ledger=free)
    with pytest.raises(ParameterError, match="quarter: acme: no price above 0 is in force on any day up to"):
        run_report(trap, company=company, quarter="2026Q3", out=trap.parent / "out")


def test_an_output_folder_that_cannot_be_written_is_refused(trap: Path) -> None:
    (trap.parent / "out").write_text("a file, no folder")
    with pytest.raises(InfrastructureError, match=r"cannot write into .*choose another --out"):
        run_report(
            trap, company=make_company(trap.parent / "acme"), quarter="2026Q3", out=trap.parent / "out"
        )
    assert not (trap.parent / "executed").exists()


def test_a_hostile_folder_name_stays_a_name(tmp_path: Path) -> None:
    hostile = "..; import os; os.abort() #'\"\\ $(touch x) {quarter}"
    company = make_company(tmp_path / "data" / hostile)
    notebook = make_notebook(tmp_path / "retention.ipynb", "from pathlib import Path\nPath(company).name")
    record = run_report(notebook, company=company, quarter="2026Q3", out=tmp_path / "out")
    assert record.folder == tmp_path / "out" / "2026Q3" / "import-os-os.abort-touch-x-quarter"
    assert cells(record)[3].outputs[0].data["text/plain"] == repr(hostile)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out", "retention.ipynb"]


def test_the_run_of_the_quarter_before_is_shown_to_a_notebook_that_asks(tmp_path: Path) -> None:
    asks = PARAMETERS + 'previous: str = ""  # run of the quarter before\n'
    notebook = make_notebook(tmp_path / "retention.ipynb", RECORD, "print(previous)", parameters=asks)
    company = make_company(tmp_path / "data" / "acme")
    first, second = (
        run_report(notebook, company=company, quarter=quarter, out=tmp_path / "out")
        for quarter in ("2026Q2", "2026Q3")
    )
    assert manifest(first)["parameters"]["previous"] == ""
    assert manifest(second)["parameters"]["previous"] == "../out/2026Q2/acme"
    assert cells(second)[4].outputs[0].text == "../out/2026Q2/acme\n"
    used = manifest(second)["inputs"][-1]
    assert used["file"] == "2026Q2/acme/manifest.json"
    given = run_report(
        notebook, company=company, quarter="2026Q3", out=tmp_path / "out", parameters={"previous": "none"}
    )
    assert manifest(given)["parameters"]["previous"] == "none"
