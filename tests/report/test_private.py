"""A private report tells whoever asked for it what was wrong, and its folder nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cslib.report.index import entries
from cslib.report.job import check_job, load_notebook, own_folder
from cslib.report.parameters import ParameterError
from cslib.report.plan import Wish, plan
from cslib.report.private import check_account
from tests.books import book_of

from .conftest import PARAMETERS, make_company, make_notebook, run_all

ACCOUNT = PARAMETERS + 'account: str = ""  # whose report it is\n'
ROWS = "account_id,start_date,end_date,mrr,currency\nkowalski-7,2024-01-01,,100,USD\nokafor-9,2025-01-01,,50,USD\n"
PRIVATE = {"private": True, "folder": "customer-{account}"}


def private(folder: Path, *sources: str) -> Path:
    return make_notebook(folder / "customer.ipynb", *sources, parameters=ACCOUNT, cslib=PRIVATE)


def test_an_unknown_account_is_refused_with_those_nearest_and_leaves_nothing(tmp_path: Path) -> None:
    notebook, company = private(tmp_path, "1"), make_company(tmp_path / "acme", ledger=ROWS)
    out = tmp_path / "out"
    (record,) = run_all(notebook, companies=[company], out=out, parameters={"account": "Okafor-8"})
    assert (record.status, record.exit_code, record.files) == ("bad input", 2, ())
    assert "Acme & Co has no such account in its ledger on 2026-09-30. Did you mean okafor-9?" in record.error
    assert not record.folder.exists()


def test_an_account_is_found_by_its_name_too() -> None:
    book = book_of([("A1", "2024-01-01", None, "10"), ("A2", "2024-01-01", None, "10")])
    accounts = pd.DataFrame({"account_id": ["A1", "A2"], "name": ["Harbour Lane", "Quill"]})
    book = replace(book, tables={**book.tables, "accounts": accounts})
    with pytest.raises(ParameterError, match=r"found 'harbor lane', .*Did you mean A1 \(Harbour Lane\)\?"):
        check_account(book, "harbor lane")
    check_account(book, "A2")


def test_broken_data_are_told_to_whoever_asks_and_not_in_the_folder(tmp_path: Path) -> None:
    broken = ROWS + "okafor-9,not a day,,50,USD\n"
    notebook, company = private(tmp_path, "1"), make_company(tmp_path / "acme", ledger=broken)
    out = tmp_path / "out"
    (record,) = run_all(notebook, companies=[company], out=out, parameters={"account": "kowalski-7"})
    assert (record.status, record.folder.name) == ("bad input", "customer-kowalski-7")
    assert "not a day" in record.error
    assert {"customer.html", "customer.ipynb", "customer.pdf"} <= set(record.files)
    for file in record.folder.rglob("*"):
        assert "not a day" not in file.read_bytes().decode("utf-8", "ignore"), file
    assert "the log beside all reports says it" in (record.folder / "customer.html").read_text()
    assert "not a day" in (out / "runs.jsonl").read_text()


def test_every_account_has_a_folder_of_its_own(tmp_path: Path) -> None:
    notebook, company = private(tmp_path, "print(account)"), make_company(tmp_path / "acme", ledger=ROWS)
    out = tmp_path / "out"
    for account in ("kowalski-7", "okafor-9"):
        (record,) = run_all(notebook, companies=[company], out=out, parameters={"account": account})
        assert record.exit_code == 0
    found = {entry.place: entry.part for entry in entries(out)}
    places = {f"2026Q3/acme/customer-{account}": account for account in ("kowalski-7", "okafor-9")}
    assert found == places
    for place, account in places.items():
        manifest = json.loads((out / place / "manifest.json").read_text())
        assert manifest["parameters"]["account"] == account


def test_accounts_that_no_folder_can_be_named_by_do_not_share_one(tmp_path: Path) -> None:
    notebook = load_notebook(private(tmp_path))
    accounts = ["", "a-b", "a/b", "a b", "ü" * 90, "ü" * 91, "../../x"]
    folders = [own_folder(notebook, {"account": account}) for account in accounts]
    assert folders[:2] == ["customer", "customer-a-b"]
    assert len(set(folders)) == len(accounts)
    assert all("/" not in folder and len(folder.encode()) <= 140 for folder in folders)


def test_two_accounts_are_one_plan(tmp_path: Path) -> None:
    notebook, company = private(tmp_path), make_company(tmp_path / "acme", ledger=ROWS)
    wishes = [Wish((notebook,), (company,), ("2026Q3",), {"account": a}) for a in ("kowalski-7", "okafor-9")]
    assert [task.place for task in plan(wishes, out=tmp_path)] == [
        "2026Q3/acme/customer-kowalski-7",
        "2026Q3/acme/customer-okafor-9",
    ]


def test_a_folder_that_names_no_parameter_is_refused(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "customer.ipynb", cslib={"folder": "customer-{acount}"})
    company = make_company(tmp_path / "acme")
    with pytest.raises(ParameterError, match="acount is none of its parameters"):
        check_job(notebook, company=company, quarter="2026Q3", out=tmp_path, given={})
