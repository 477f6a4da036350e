"""A run comes back as frames; what it is not is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cslib.archive import changed_inputs, figures, is_run, read_run
from cslib.report.outputs import kept_tables
from tests.books import eight

NUMBER = {
    "metric": "arr", "convention": "month end", "start": "2025-06-30", "end": "2025-06-30", "value": 1200,
    "numerator": 1200, "denominator": None, "n_accounts": 1, "unit": "USD ARR", "by": {},
}  # fmt: skip


def write_run(folder: Path, *numbers: dict[str, object], **manifest: object) -> Path:
    folder.mkdir(parents=True)
    about = {"company": "Eight", "as_of": "2025-12-31", "currency": "USD", "minor_units": 2}
    (folder / "numbers.json").write_text(json.dumps({**about, "numbers": numbers}))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name, content in kept_tables(eight()).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_run_is_read_back(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "a", NUMBER, NUMBER | {"by": {"segment": "SMB"}, "value": None}))
    assert (run.company, str(run.as_of), run.currency, run.minor_units) == ("Eight", "2025-12-31", "USD", 2)
    assert run.figures["by"].tolist() == ["", "segment=SMB"]
    assert run.figures["value"].isna().tolist() == [False, True]
    ledger = run.tables["subscriptions"]
    true = eight().tables["subscriptions"]
    assert ledger["arr"].sum() == true["arr"].sum()
    assert ledger["end_date"].isna().sum() == true["end_date"].isna().sum()
    assert str(ledger["start_date"].dtype) == "datetime64[s]"


def test_a_figure_that_stands_twice_is_one() -> None:
    assert len(figures([NUMBER, dict(NUMBER), NUMBER | {"value": 5}])) == 2


def test_no_figure_is_an_empty_frame() -> None:
    assert figures([]).empty


def test_an_id_that_a_spreadsheet_would_run_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", NUMBER)
    (folder / "ledger" / "subscriptions.csv").write_text(
        "account_id,start_date,end_date,arr\n'=1+1,2025-01-01,,5\n"
    )
    assert read_run(folder).tables["subscriptions"]["account_id"].tolist() == ["=1+1"]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ("{", "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "not what a run of cslib leaves"),
        (None, "no finished run"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path: Path, numbers: str | None, words: str) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    if numbers is not None:
        (tmp_path / "numbers.json").write_text(numbers)
    with pytest.raises(ValueError, match=words):
        read_run(tmp_path)
    assert is_run(tmp_path) == (numbers is not None)


def test_inputs_that_changed_are_listed(tmp_path: Path) -> None:
    old = {"inputs": [{"file": "s.csv", "sha256": "a" * 64}], "versions": {"cslib": "0.1.0", "pandas": "3.0"}}
    new = {"inputs": [{"file": "s.csv", "sha256": "b" * 64}], "versions": {"cslib": "0.2.0", "pandas": "3.0"}}
    runs = [read_run(write_run(tmp_path / name, NUMBER, **used)) for name, used in (("a", old), ("b", new))]
    assert changed_inputs(*runs) == [
        {"what": "input", "name": "s.csv", "old": "a" * 12, "new": "b" * 12},
        {"what": "cslib", "name": "cslib", "old": "0.1.0", "new": "0.2.0"},
    ]
    assert changed_inputs(runs[0], runs[0]) == []


def test_kept_tables_do_not_depend_on_row_order() -> None:
    book = eight()
    ledger = book.tables["subscriptions"]
    shuffled = replace(book, tables={**book.tables, "subscriptions": ledger.sample(frac=1, random_state=1)})
    assert kept_tables(shuffled) == kept_tables(book)
    assert list(kept_tables(book)) == ["ledger/subscriptions.csv"]
