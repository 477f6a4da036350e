"""Files as they are become a company folder, questions are asked, and the contract is printed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cslib.cli import main
from cslib.tables import TABLES

STRIPE = """id,Customer ID,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Current Period End (UTC),Canceled At (UTC),Ended At (UTC)
s1,c1,jo@example.com,Pro,2,usd,month,49.50,active,2024-01-31 12:00,2024-01-31 12:00,2025-01-31 12:00,,
s2,c2,jo@example.com,Team,1,usd,year,1200.00,past_due,2024-01-10 12:00,2024-01-10 12:00,2025-01-10 12:00,,
s3,c3,jo@example.com,,1,usd,,,active,2024-01-10 12:00,2024-01-10 12:00,2025-01-10 12:00,,
"""
LIST = "customer,from,to,amount\nA,2024-01-01,2024-12-31,1200\nB,2024-02-01,2025-01-31,2400\n"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "x.csv"
    path.write_text(STRIPE, encoding="utf-8")
    return path


def test_a_stripe_file_becomes_a_company_in_one_command(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "acme"
    assert main(["import", str(export), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "x.csv -> subscriptions: Stripe: subscriptions, as the dashboard exports them (sure)" in text
    assert "amount = 'Amount'" in text and "not read: Customer Email" in text
    assert "has no single price (several items, tiers or usage)" in text
    assert "Note: past due, and count until the subscription ends: 1 rows, 1,200.00 USD a year." in text
    assert f"Next: cslib check {out}" in text
    assert "jo@example.com" not in text
    assert main(["check", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "ARR 2,388.00 USD" in shown  # 2 x 49.50 x 12, and 1,200
    lines = [line.split() for line in shown.splitlines()]
    assert ["subscriptions", "x.csv", "3", "2", "0", "1", "2024-01-10", "2024-01-31"] in lines
    # a snapshot says nothing of the days after its newest
    assert "data_until = 2024-01-31, the newest day in the files" in text
    assert "data_until = 2024-01-31  #" in (out / "company.toml").read_text(encoding="utf-8")
    assert "as of 2024-01-31 (data_until in company.toml" in shown
    assert main(["metrics", str(out), "--as-of", "2024-01-31", "--window", "1"]) == 0
    assert main(["metrics", str(out), "--as-of", "2024-03-31", "--window", "1"]) == 2


def test_what_the_files_leave_open_stops_a_script_and_says_what_to_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    out = tmp_path / "acme"
    assert main(["import", str(path), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "--map value=total|month|year   (--yes takes total)" in told and "--map currency=..." in told
    assert not out.exists()
    assert main(["import", str(path), "--out", str(out), "--yes"]) == 0
    text = capsys.readouterr().out
    assert "Taken: total (--map value=...)" in text and "Taken: USD (--map currency=...)" in text
    assert (
        "Decided: a list: invoice lines or contracts: value, from, to, id: end dates are the last day" in text
    )
    assert main(["import", str(path), "--out", str(out), "--yes"]) == 2
    assert "--again" in capsys.readouterr().err
    assert (
        main(
            [
                "import",
                str(path),
                "--out",
                str(out),
                "--again",
                "--map",
                "value=year",
                "--map",
                "currency=EUR",
            ]
        )
        == 0
    )


def test_a_question_is_asked_until_it_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    answers = iter(["week", "year", "EUR"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert main(["import", str(path), "--out", str(tmp_path / "c")]) == 0
    assert "Found 'week', expected one of total, month, year." in capsys.readouterr().out
    assert 'value = "year"' in (tmp_path / "c" / "company.toml").read_text(encoding="utf-8")


def test_a_question_without_a_default_fails_a_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "customer,from,to,total_value,currency\nA,01/02/2024,01/02/2025,12,USD\n", encoding="utf-8"
    )
    assert main(["import", str(path), "--out", str(tmp_path / "c"), "--yes"]) == 2
    assert "--map date_format=%d/%m/%Y|%m/%d/%Y" in capsys.readouterr().err


def test_files_without_a_ledger_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "orgs.csv"
    path.write_text("id,name,shared_tickets,created_at\n1,Acme,false,2024-01-01\n", encoding="utf-8")
    assert main(["import", str(path), "--out", str(tmp_path / "c"), "--yes"]) == 0
    assert "No ledger is among them" in capsys.readouterr().out


def test_the_contract_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n{name}: {table.row}" in text for name, table in TABLES.items())
    assert all(
        column.name in text and column.doc in text for table in TABLES.values() for column in table.columns
    )
    assert main(["tables", "renewals"]) == 0
    assert "subscriptions" not in capsys.readouterr().out
    assert main(["tables", "renewal"]) == 2
    assert "Did you mean renewals?" in capsys.readouterr().err
    assert main(["tables", "--origins"]) == 0
    assert "Stripe" in capsys.readouterr().out
