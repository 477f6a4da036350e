"""What moved between two readings, as a page and as a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cslib.cli import main
from tests.cli.conftest import document, refused
from tests.report.conftest import LEDGER, make_company
from tests.test_archive import NUMBER, write_run

TWO = ["2026-06-30", "--as-of", "2026-09-30"]


@pytest.fixture
def later(acme: Path) -> Path:
    """The same company exported again: A turns out to have left in June; other row order."""
    head, a, b = LEDGER.splitlines()
    ledger = "\n".join([head, b, a.replace("2024-01-01,,", "2024-01-01,2026-06-15,"), ""])
    folder = make_company(acme.parent / "later", ledger=ledger)
    (folder / "accounts.csv").write_text("account_id,name,segment\nB,Bolt,\nA,Apex,SMB\n")
    return folder


def test_a_backdated_cancellation_is_named(
    capsys: pytest.CaptureFixture[str], acme: Path, later: Path
) -> None:
    found = document(capsys, "diff", acme, later, "--as-of", "2026-09-30", "--json")
    (row,) = found["rows"]
    assert (row["cause"], row["account_id"], row["name"], row["since"], row["change"]) == (
        "backdated cancellation", "A", "Apex", "2026-06-15", -120_000,
    )  # fmt: skip
    arr = {f["end"]: (f["old"], f["new"], f["why"]) for f in found["figures"] if f["metric"] == "arr"}
    assert set(arr) == {"2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30"}
    assert arr["2026-06-30"] == (120_000, 0, "backdated cancellation of Apex")
    assert (found["until"], found["currency"], found["minor_units"]) == ("2026-09-30", "USD", 2)


def test_the_page_says_the_same(capsys: pytest.CaptureFixture[str], acme: Path, later: Path) -> None:
    assert main(["diff", str(acme), str(later), "--as-of", "2026-09-30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = (line for line in lines if line.startswith("backdated cancellation"))
    assert line.split()[2:] == [
        "A", "Apex", "2026-06-15", "open", "->", "2026-06-15", "1,200.00", "1,200.00", "-1,200.00",
    ]  # fmt: skip
    assert "1 row of 1 account different; in all, ARR on 2026-09-30 changes by -1,200.00." in lines
    assert any("net_retention" in line and "66.67%" in line and "-66.67 points" in line for line in lines)


def test_the_same_content_is_no_restatement(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    head, a, b = LEDGER.splitlines()
    again = make_company(acme.parent / "again", ledger="\n".join([head, b, a, ""]))
    found = document(capsys, "diff", acme, again, "--as-of", "2026-09-30", "--json")
    assert (found["rows"], found["figures"]) == ([], [])
    assert main(["diff", str(acme), str(again), "--as-of", "2026-09-30"]) == 0
    assert capsys.readouterr().out.endswith(f"\nNo past figure moved; {found['n_compared']:,} compared.\n")
    assert found["n_compared"] > 100


def test_one_company_on_two_days(capsys: pytest.CaptureFixture[str], acme: Path, later: Path) -> None:
    found = document(capsys, "diff", acme, "--as-of", *TWO, "--json")
    assert (found["rows"], found["figures"], found["until"]) == ([], [], "2026-06-30")
    found = document(capsys, "diff", acme, later, "--as-of", *TWO, "--json")
    assert {row["cause"] for row in found["rows"]} == {"backdated cancellation"}
    assert max(figure["end"] for figure in found["figures"]) == "2026-06-30"


def test_readings_on_other_days_of_the_month_have_no_figure_in_common(
    capsys: pytest.CaptureFixture[str], acme: Path
) -> None:
    text = _out(capsys, "diff", acme, "--as-of", "2026-06-15", "--as-of", "2026-09-30")
    assert "No figure can be compared: the two are read on other days of the month." in text


def test_a_setting_or_convention_that_changed_is_told(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    again = make_company(acme.parent / "again")
    with (again / "company.toml").open("a") as toml:
        toml.write("[settings]\nshortest_life_days = 500\n")
    found = document(capsys, "diff", acme, again, "--as-of", "2026-09-30", "--json")
    assert [row["what"] for row in found["changed"]] == ["setting"]
    assert found["figures"]
    assert {figure["why"] for figure in found["figures"]} == {
        "changed setting shortest_life_days = 500 (default 0)"
    }


def test_two_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    used: dict[str, Any] = {"versions": {"cslib": "0.1.0"}, "inputs": []}
    old = write_run(tmp_path / "old", NUMBER, **used)
    new = write_run(tmp_path / "new", NUMBER | {"value": 1300}, **{**used, "versions": {"cslib": "0.2.0"}})
    found = document(capsys, "diff", old, new, "--json")
    assert found["changed"] == [{"what": "cslib", "name": "cslib", "old": "0.1.0", "new": "0.2.0"}]
    assert found["rows"] == []
    (figure,) = found["figures"]
    assert (figure["old"], figure["new"], figure["change"]) == (1200, 1300, 100)
    assert figure["why"] == "changed cslib"
    ledger = new / "ledger" / "subscriptions.csv"
    ledger.write_text("".join(line for line in ledger.open() if not line.startswith("A,")))
    assert main(["diff", str(old), str(new)]) == 0
    text = capsys.readouterr().out
    assert "removed row  A" in text
    ledger.unlink()
    assert json.loads(_out(capsys, "diff", old, new, "--json"))["rows"] is None
    assert "Rows cannot be compared: a run did not keep its ledger." in _out(capsys, "diff", old, new)


def _out(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> str:
    assert main(list(map(str, argv))) == 0
    return capsys.readouterr().out


def test_what_cannot_be_compared(capsys: pytest.CaptureFixture[str], acme: Path, later: Path) -> None:
    run = write_run(acme.parent / "run", NUMBER)
    assert "expected --as-of once (for both) or twice" in refused(capsys, "diff", acme, later)
    assert "expected a second folder, or --as-of twice" in refused(
        capsys, "diff", acme, "--as-of", "2026-09-30"
    )
    assert "is a run; expected two runs" in refused(capsys, "diff", acme, run, "--as-of", "2026-09-30")
    assert "neither a run" in refused(capsys, "diff", acme.parent, later, "--as-of", "2026-09-30")
    assert "two folders and no --as-of" in refused(capsys, "diff", run, run, "--as-of", "2026-09-30")
    toml = 'name = "Acme"\ncurrency = "EUR"\n[rates]\nUSD = 1\n'
    euro = make_company(acme.parent / "euro", toml=toml)
    assert "in USD" in refused(capsys, "diff", acme, euro, "--as-of", "2026-09-30")
