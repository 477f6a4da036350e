"""A customer's report cannot show another customer: not in what is computed, not in any byte of what a run leaves."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pandas as pd
import pytest

from cslib.absent import Absent, given
from cslib.book import Book
from cslib.metrics import customer
from cslib.report.run import run_report
from tests.metrics.capacity.books import sized, touches

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo" / "pontavia"
ACCOUNT = "PV-1013"
PARTS = (
    customer.use, customer.features, customer.outcomes, customer.requests, customer.service, customer.tickets,
    customer.next_steps,
)  # fmt: skip


def everything(book: Book, account: str) -> str:
    """Every frame of the report as text."""
    own = customer.only(book, account)
    frames = [given(part, own) for part in PARTS] + [given(customer.peers, book, account)]
    frames += [customer.checks(book, own, account), *own.tables.values()]
    return "\n".join(frame.to_csv() if isinstance(frame, pd.DataFrame) else str(frame) for frame in frames)


@pytest.fixture(scope="module")
def whole() -> Book:
    return Book.of_quarter(DEMO, "2026Q3")


def others(account: str) -> set[str]:
    """Ids and names of every account of the company but one; ids from every table, as not all are in accounts."""
    ids = {
        str(i)
        for file in DEMO.glob("*.csv")
        for column in pd.read_csv(file, nrows=0).columns.intersection(["account_id", "into_id", "parent_id"])
        for i in pd.read_csv(file, usecols=[column], dtype="str")[column].dropna()
    }
    accounts = pd.read_csv(DEMO / "accounts.csv", dtype="str")
    own = accounts.loc[accounts["account_id"] == account, "name"].iloc[0]
    names = set(accounts.loc[accounts["account_id"] != account, "name"].dropna())
    return (ids | {name for name in names if name not in own}) - {account}


def streams(pdf: bytes) -> bytes:
    """Every stream of a PDF, inflated where it can be."""
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompressobj().decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return b"\n".join(found)


def text_of(pdf: Path) -> str:
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document) + str(
        document.get_metadata_dict()
    )


def searchable(file: Path) -> str:
    raw = file.read_bytes()
    text = raw.decode("utf-8", errors="ignore")
    # JSON may escape what is not ASCII: é is then written as six characters
    text += re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text) if "\\u" in text else ""
    if file.suffix == ".pdf":
        inflated = streams(raw)
        text += text_of(file) + inflated.decode("utf-8", errors="ignore")
        text += inflated.decode("utf-16-be", errors="ignore")
    return text


def test_c16_no_byte_of_a_run_holds_another_customers_id_or_name(tmp_path):
    """C16, the promise itself. No name is left out: none of the demo's is a common word that a page could hold."""
    record = run_report(
        ROOT / "notebooks" / "customer.ipynb", company=DEMO, quarter="2026Q3", out=tmp_path,
        parameters={"account": ACCOUNT},
    )  # fmt: skip
    assert record.status == "done", record.error
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    kinds = {file.suffix for file in files}
    assert {".pdf", ".html", ".ipynb", ".json"} <= kinds
    assert not [file for file in files if file.parent.name in {"ledger", "rejected"}]
    strangers = others(ACCOUNT)
    assert len(strangers) > 600
    seen = {}
    for file in files:
        text = searchable(file)
        seen[file.name] = sorted(name for name in strangers if name in text or name in str(file))
    assert {name: found for name, found in seen.items() if found} == {}
    told = searchable(record.folder / "customer.pdf")
    own = pd.read_csv(DEMO / "accounts.csv", dtype="str").set_index("account_id").loc[ACCOUNT, "name"]
    assert str(own) in told  # the grep can find a name in a PDF
    manifest = searchable(record.folder / "manifest.json")
    hashes = [row.sha256 for row in Book.of_quarter(DEMO, "2026Q3").account.itertuples()]
    assert not [sha for sha in hashes if sha in manifest]
    assert "subscriptions.csv" not in manifest


def test_c16_every_account_gets_one_without_anybody_else_and_the_same_again():
    whole = Book.of_quarter(ROOT / "demo" / "thornbury-signal", "2026Q3")
    accounts = sorted(whole.tables["subscriptions"]["account_id"].unique())
    assert len(accounts) == 82
    names = dict(whole.tables["accounts"][["account_id", "name"]].to_numpy().tolist())
    for account in accounts:
        own = customer.only(whole, account)
        assert customer.checks(whole, own, account)["holds"].all()
        assert all((frame["account_id"] == account).all() for frame in own.tables.values())
    for account in accounts[::8]:
        told = everything(whole, account)
        assert told == everything(whole, account)
        strange = {*names, *(name for key, name in names.items() if key != account)} - {account}
        assert [name for name in strange if str(name) in told] == []


def test_c16_nothing_of_the_company_stays_in_the_book(whole):
    own = customer.only(whole, ACCOUNT)
    assert own.folder is None and own.notes == () and own.account_values is None and not own.rejected
    assert own.peers.files == () and own.peers.own is None and own.conventions == ()
    assert len(own.dropped) == 0 and set(own.account["file"]) == {""}
    assert own.fingerprint != whole.fingerprint
    assert set(own.tables) <= set(customer.KEPT)
    assert not {"health", "opportunities", "costs", "team", "churn_reasons", "contacts"} & set(own.tables)
    assert "parent_id" not in own.tables["accounts"] and "purpose" not in own.tables["touches"]


def test_c16_what_others_do_changes_nothing_but_the_mean_of_peers(whole):
    ledger = whole.tables["subscriptions"]
    kept = ledger["account_id"] == ACCOUNT
    tables = dict(whole.tables)
    tables["subscriptions"] = ledger.assign(arr=ledger["arr"].where(kept, ledger["arr"] * 3))
    usage = whole.tables["usage"]
    tables["usage"] = usage[usage["account_id"] == ACCOUNT]
    from dataclasses import replace

    changed = replace(whole, tables=tables)
    for part in PARTS:
        one, two = (part(customer.only(book, ACCOUNT)) for book in (whole, changed))
        pd.testing.assert_frame_equal(one, two)
    with pytest.raises(Absent, match="20"):
        customer.peers(changed, ACCOUNT)


def test_c16_peers_are_twenty_or_nothing_rounded_and_without_the_account():
    def company(n):
        ids = [f"a{i:02}" for i in range(n + 1)]
        usage = pd.DataFrame({
            "account_id": ids, "date": "2026-09-01", "licensed_units": 1000,
            "used_units": [900] + [500 + i for i in range(n)],
        })  # fmt: skip
        return sized(dict.fromkeys(ids, 10), usage=usage)

    with pytest.raises(Absent):
        customer.peers(company(19), "a00")
    with pytest.raises(Absent):
        customer.peers(company(19), "a00", least=2)  # nobody may ask for fewer
    told = customer.peers(company(27), "a00").iloc[0]
    assert (told["own"], told["peers"], told["n_peers"]) == (0.9, 0.51, 20)  # mean 0.513 of 27


def test_c16_a_text_that_names_another_customer_is_withheld_and_an_unknown_account_refused():
    feedback = pd.DataFrame({
        "account_id": ["A", "A"], "date": "2026-09-01", "area": ["as Account B has it", "reports"],
        "votes": [3, 4],
    })  # fmt: skip
    own = customer.only(sized({"A": 10, "B": 10}, feedback=feedback), "A")
    assert own.tables["feedback"]["area"].tolist() == [customer.WITHHELD, "reports"]
    assert "votes" not in own.tables["feedback"]
    with pytest.raises(ValueError) as refused:
        customer.only(sized({"A": 10, "Bolt": 10}), "Z")
    assert "Bolt" not in str(refused.value)


def test_c16_a_run_that_fails_keeps_silent_about_what_it_held(tmp_path):
    import nbformat

    book = nbformat.read(ROOT / "notebooks" / "customer.ipynb", 4)
    at = next(i for i, cell in enumerate(book.cells) if cell.id == "load")
    leak = "print(str(10**3 + 2)); raise ValueError(str(10**3 + 3))"  # ids that only running it makes
    book.cells[at + 1] = nbformat.v4.new_code_cell(leak, id="leak")
    path = tmp_path / "customer.ipynb"
    nbformat.write(book, path)
    record = run_report(
        path, company=DEMO, quarter="2026Q3", out=tmp_path / "out", parameters={"account": ACCOUNT}
    )
    assert record.status == "failed"
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file() and file.suffix in {".json", ".html", ".ipynb", ".jsonl", ".pdf"}:
            told = text_of(file) if file.suffix == ".pdf" else searchable(file)
            assert not re.search(r"\b100[23]\b", told), file


def test_c16_steps_follow_from_rules():
    usage = pd.DataFrame({
        "account_id": "A", "date": ["2026-05-01", "2026-09-01"], "feature": ["old", "new"], "events": [5, 9],
        "licensed_units": 100, "used_units": [70, 70],
    })  # fmt: skip
    calls = touches([("A", "2026-05-01", "qbr", "Ann")])
    told = customer.next_steps(customer.only(sized({"A": 10}, usage=usage, touches=calls), "A"))
    assert told["step"].tolist() == [
        "Put unused units to work, or review them", "Look at old again", "Meet",
    ]  # fmt: skip
    assert told["number"].tolist() == [30, 5, 152]


def test_c16_without_a_name_it_is_the_account_that_pays_most_or_began_last():
    assert customer.largest(sized({"A": 10, "B": 30, "C": 30})) == "B"
    gone = {"A": "2025-01-01", "B": "2025-01-01"}
    assert customer.largest(sized({"A": 10, "B": 30}, ends=gone)) == "A"
