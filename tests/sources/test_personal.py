"""Personal data stays out of a book unless the company says otherwise."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from cslib.book import Book
from cslib.sources.personal import is_personal
from cslib.tables import TableError

AS_OF = dt.date(2024, 6, 30)
MAIL = "ada.lovelace@example.com"


def write(folder: Path, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "company.toml").write_text(f'name = "Acme"\ncurrency = "USD"\n{more}', encoding="utf-8")
    tables = {
        "subscriptions": f"account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,5,USD\n{MAIL},2024-01-01,,7,USD\n",
        "accounts": (
            "account_id,name,segment,contact_email,Phone Number,who to call,description\n"
            f"A,Acme,SMB,{MAIL},+44 20 7946 0958,{MAIL},likes cats\n{MAIL},Solo,SMB,{MAIL},,{MAIL},\n"
        ),
        "surveys": f"account_id,date,score,kind,contact_id,comment\n{MAIL},2024-03-01,9,nps,{MAIL},Ada says hello\n",
        "usage": f"account_id,date,user_id,events\nA,2024-03-01,{MAIL.upper()},4\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def everything(book: Book) -> str:
    return " ".join(frame.to_csv() for frame in book.tables.values()) + " ".join(book.notes)


def test_contacts_and_free_text_are_left_out_and_told(tmp_path: Path) -> None:
    book = Book.load(write(tmp_path / "acme"), as_of=AS_OF)
    told = everything(book).lower()
    for secret in ("ada", "7946", "likes cats", "@"):
        assert secret not in told
    assert list(book.tables["accounts"]) == ["account_id", "name", "segment"]
    assert (
        "accounts: left out as personal data or free text: contact_email, Phone Number, who to call, "
        'description (personal = "keep" in company.toml keeps them).'
    ) in book.notes
    assert any(note.startswith("surveys: left out as personal data") for note in book.notes)


def test_a_mail_address_as_an_id_is_the_same_pseudonym_in_every_table(tmp_path: Path) -> None:
    book = Book.load(write(tmp_path / "acme"), as_of=AS_OF)
    ids = set(book.tables["subscriptions"]["account_id"]) - {"A"}
    assert len(ids) == 1
    assert ids == set(book.tables["surveys"]["account_id"]) == set(book.tables["surveys"]["contact_id"])
    assert ids == set(book.tables["usage"]["user_id"])  # whatever its letters
    assert next(iter(ids)).startswith("p-")
    assert book.tables["subscriptions"]["arr"].sum() == 12 * 1200
    other = Book.load(write(tmp_path / "other", "fiscal_year_start = 2\n"), as_of=AS_OF)
    assert ids != set(other.tables["surveys"]["account_id"])  # nobody can look a company's up in another's


def test_the_company_may_keep_them(tmp_path: Path) -> None:
    book = Book.load(write(tmp_path / "acme", 'personal = "keep"\n'), as_of=AS_OF)
    assert MAIL in everything(book)
    assert book.tables["surveys"]["comment"].tolist() == ["Ada says hello"]
    with pytest.raises(TableError, match=r"personal: unknown value.*leave, keep"):
        Book.load(write(tmp_path / "acme", 'personal = "maybe"\n'), as_of=AS_OF)


def test_rejected_rows_hold_no_person_either(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", '[tables.accounts]\nbroken_rows = "reject"\n')
    with (folder / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write(f"A,Copy,SMB,{MAIL},,,Ada\n")
    rejected = Book.load(folder, as_of=AS_OF).rejected["accounts"]
    assert rejected["name"].tolist() == ["Copy"]
    assert "ada" not in rejected.to_csv().lower()


def test_frames_in_memory_are_treated_alike() -> None:
    ledger = pd.DataFrame(
        {
            "account_id": ["A"],
            "start_date": ["2024-01-01"],
            "end_date": [None],
            "mrr": [1],
            "currency": ["USD"],
        }
    )
    accounts = pd.DataFrame({"account_id": ["A"], "email": [MAIL]})
    book = Book.from_frames({"subscriptions": ledger, "accounts": accounts}, as_of=AS_OF)
    assert "email" not in book.tables["accounts"]


@pytest.mark.parametrize(
    "name", ["First Name", "contactName", "billing_street", "cell", "zip", "feedback_text", "e-mail"]
)
def test_names_that_say_a_person(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize(
    "name", ["name", "country", "plan_tier", "owner", "city", "cells_used", "mailbox_plan", "industry"]
)
def test_names_that_do_not(name: str) -> None:
    assert not is_personal(name)
