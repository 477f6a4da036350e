"""A proof that fails fails the run, and marks every page of the report that is still made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cslib.report.proof import VERDICT, marked, read_proof
from cslib.report.run import Record, run_report
from cslib.seal import MIME

from .conftest import make_company, make_notebook

V4 = nbformat.v4
LOAD = """\
import datetime as dt
from dataclasses import replace
from cslib.book import Book
from cslib.metrics.proof import flags, proof
from cslib.seal import seal
book = Book.load(company, as_of=dt.date(2026, 9, 30))"""
DROP = """\
ledger = book.tables["subscriptions"]
book = replace(book, tables={**book.tables, "subscriptions": ledger[ledger["account_id"] != "B"]})"""
SEAL = "seal(proof(book), flags(book))"


def check(**changed: Any) -> dict[str, Any]:
    return {"check": "a = b", "left": 1200, "right": 1200, "n": 3, "failed": 0, "holds": True} | changed


def notebook(*bundles: Any) -> Any:
    outputs = [V4.new_output("display_data", {MIME: bundle}) for bundle in bundles]
    return V4.new_notebook(cells=[V4.new_markdown_cell("# Title"), V4.new_code_cell("", outputs=outputs)])


def test_proofs_of_all_cells_are_one() -> None:
    wrong = check(check="c = d", right=1199, failed=1, holds=False, detail="account A is twice there")
    found = read_proof(notebook({"checks": [check()], "flags": ["edge"]}, {"checks": [wrong]}))
    assert found is not None
    assert not found.holds
    assert found.flags == ("edge",)
    assert found.words == ["c = d: 1,200 against 1,199, 1 of 3 unequal. account A is twice there."]


def test_a_notebook_without_a_proof_is_no_error() -> None:
    assert read_proof(notebook()) is None


def test_a_proof_of_nothing_proves_nothing() -> None:
    found = read_proof(notebook({"checks": [], "flags": []}))
    assert found is not None
    assert not found.holds
    assert found.words == ["no check was displayed."]


@pytest.mark.parametrize(
    "bundle",
    ["text", {"holds": True}, {"checks": 3}, {"checks": [{"check": "x"}]}, {"checks": [check(left="1")]}],
)
def test_a_proof_of_another_form_is_an_error(bundle: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_proof(notebook(bundle))


def test_the_mark_follows_the_title_and_leaves_the_notebook_alone() -> None:
    plain = notebook({"checks": [check(holds=False, failed=1)]})
    outcome = read_proof(plain)
    assert outcome is not None
    found = marked(plain, outcome)
    assert [cell.cell_type for cell in plain.cells] == ["markdown", "code"]
    assert [cell.get("id") for cell in found.cells][1] == "proof-failed"
    assert found.cells[1].outputs[0].ename == VERDICT
    nbformat.validate(found)


# --- runs


@pytest.fixture(scope="module")
def unproved(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A report whose book lost an account between loading and the proof."""
    root = tmp_path_factory.mktemp("unproved")
    path = make_notebook(root / "retention.ipynb", LOAD, DROP, SEAL, cslib={"title": "Report"})
    return run_report(path, company=make_company(root / "acme"), quarter="2026Q3", out=root / "out")


def test_the_run_fails_and_names_the_fault(unproved: Record) -> None:
    assert (unproved.status, unproved.exit_code) == ("proof failed", 1)
    assert "subscriptions: account B: 1 rows are missing" in unproved.error
    manifest = json.loads((unproved.folder / "manifest.json").read_text())
    assert manifest["status"] == "proof failed"
    assert manifest["proof"]["holds"] is False
    assert "proof.json" in manifest["files"]


def test_the_proof_lies_beside_the_report(unproved: Record) -> None:
    found = json.loads((unproved.folder / "proof.json").read_text())
    assert (found["company"], found["quarter"], found["as_of"]) == ("Acme & Co", "2026Q3", "2026-09-30")
    assert found["holds"] is False
    assert {row["file"] for row in found["inputs"]} == {"company.toml", "subscriptions.csv"}
    assert any("Accounts in no movement" in flag or "Edge" in flag for flag in found["flags"])


def test_every_page_is_made_and_marked(unproved: Record) -> None:
    html = (unproved.folder / "retention.html").read_text()
    assert html.index(VERDICT) < html.index("account B: 1 rows are missing") < html.index("<h1")
    cells = nbformat.read(unproved.folder / "retention.ipynb", 4).cells
    assert cells[1].id == "proof-failed"
    pikepdf = pytest.importorskip("pikepdf", reason="reads the PDF back")
    with pikepdf.open(unproved.folder / "retention.pdf") as pdf:
        assert len(pdf.pages) >= 1


def test_the_mark_is_in_the_source_of_the_pdf(unproved: Record) -> None:
    from cslib.report.typst.notebook import typst_source

    text = typst_source(nbformat.read(unproved.folder / "retention.ipynb", 4)).text
    assert f'failed("{VERDICT.rstrip(".")}' in text
    assert "account B: 1 rows are missing" in text


def test_a_proof_that_holds_is_kept_and_marks_nothing(tmp_path: Path) -> None:
    path = make_notebook(tmp_path / "retention.ipynb", LOAD, SEAL)
    record = run_report(path, company=make_company(tmp_path / "acme"), quarter="2026Q3", out=tmp_path / "out")
    assert (record.status, record.exit_code, record.error) == ("done", 0, "")
    assert json.loads((record.folder / "proof.json").read_text())["holds"] is True
    assert VERDICT not in (record.folder / "retention.html").read_text()


def test_a_proof_nobody_can_read_fails_the_run(tmp_path: Path) -> None:
    cell = f"from IPython.display import display\ndisplay({{{MIME!r}: {{'holds': True}}}}, raw=True)"
    path = make_notebook(tmp_path / "retention.ipynb", cell)
    record = run_report(path, company=make_company(tmp_path / "acme"), quarter="2026Q3", out=tmp_path / "out")
    assert (record.status, record.exit_code) == ("failed", 1)
    assert "proof.json" in record.error
