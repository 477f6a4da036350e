"""Data is read and told, a portfolio is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.cli import main
from tests.report.conftest import LEDGER


def test_check_gives_the_account_of_the_data(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    assert main(["check", str(acme)]) == 0
    text = capsys.readouterr().out
    told = "Acme & Co as of 2025-01-01 (the newest start in the ledger; another day: --as-of), in USD, prices quoted as"
    assert f"{told} MRR" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["subscriptions", "subscriptions.csv", "2", "2", "0", "0", "2024-01-01", "2025-01-01"] in lines


def test_check_takes_the_day_to_which_latest_reaches(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    """A subscription that ends in 2028 says nothing of what is known today."""
    (acme / "subscriptions.csv").write_text(LEDGER + "C,2025-12-31,2028-01-01,10,USD\n")
    assert main(["check", str(acme)]) == 0
    assert "as of 2025-12-31 (" in capsys.readouterr().out
    assert main(["plan", "retention", "--company", str(acme), "--quarter", "latest"]) == 0
    said = capsys.readouterr()
    assert '"quarter": "2025Q4"' in said.out
    assert (
        "acme: latest is 2025Q4, the last quarter that is over in its data, which reach to 2025-12-31"
        in said.err
    )


def test_check_tells_what_was_left_out(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    toml = 'name = "Acme"\ncurrency = "USD"\n[tables.subscriptions]\nbroken_rows = "reject"\n'
    (acme / "company.toml").write_text(toml)
    (acme / "subscriptions.csv").write_text(LEDGER + "C,2025-01-01,2024-01-01,10,USD\n")
    assert main(["check", str(acme), "--as-of", "2026-09-30"]) == 0
    text = capsys.readouterr().out
    assert "Left out:" in text
    assert "end before they start" in text


def test_demo_writes_companies_that_can_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    text = capsys.readouterr().out
    folders = [path.parent for path in (tmp_path / "demo").glob("*/company.toml")]
    assert len(folders) >= 3
    assert tmp_path / "demo" / "pontavia" in folders  # the example of --help
    assert all(str(folder) in text for folder in folders)
    assert main(["metrics", str(folders[0]), "--as-of", "2026-09-30"]) == 0


def test_check_writes_a_page_of_what_is_doubtful(
    capsys: pytest.CaptureFixture[str], acme: Path, tmp_path: Path
) -> None:
    with (acme / "subscriptions.csv").open("a", encoding="utf-8") as file:
        head = (acme / "subscriptions.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        row = {
            "account_id": "<script>alert(1)</script>",
            "start_date": "2024-01-01",
            "mrr": "-5",
            "currency": "USD",
        }
        file.write(",".join(row.get(name, "") for name in head) + "\n")
    assert main(["check", str(acme), "--html", str(tmp_path / "out" / "doubts.html")]) == 0
    told = capsys.readouterr().out
    assert "Left out, 1 in all; first: 1 rows are left out: they are negative, in mrr." in told
    page = (tmp_path / "out" / "doubts.html").read_text(encoding="utf-8")
    assert "What is left out of every figure?" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
