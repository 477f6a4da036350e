"""Numbers come out as they went in; rejected rows cannot run in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import nbformat
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cslib.record import MIME
from cslib.report.outputs import FINDINGS, as_json, findings, is_for_machines, numbers, table_csv

V4 = nbformat.v4


def cell(*bundles: dict[str, object]) -> nbformat.NotebookNode:
    return V4.new_code_cell("", outputs=[V4.new_output("display_data", bundle) for bundle in bundles])


def test_numbers_of_all_cells_in_order() -> None:
    cells = [cell({MIME: {"numbers": [1, 2]}}, {"text/plain": "x"}), cell({MIME: {"numbers": [3]}})]
    notebook = V4.new_notebook(cells=[V4.new_markdown_cell("x"), *cells])
    assert numbers(notebook) == [1, 2, 3]


@pytest.mark.parametrize("bundle", ["text", {"values": []}, {"numbers": 3}])
def test_numbers_of_another_form_are_an_error(bundle: object) -> None:
    with pytest.raises(ValueError, match=r'expected \{"numbers": \[\.\.\.\]\}'):
        numbers(V4.new_notebook(cells=[cell({MIME: bundle})]))


def test_rows_behind_tables_and_figures_by_label() -> None:
    def shown(label: str, **columns: list[object]) -> nbformat.NotebookNode:
        kept = {"columns": list(columns), "rows": [list(row) for row in zip(*columns.values(), strict=True)]}
        words = {"cslib": {"caption": "c", "label": label, "rows": [kept]}}
        return V4.new_code_cell(
            "", outputs=[V4.new_output("display_data", {"text/html": "x"}, metadata=words)]
        )

    cells = [
        shown("tab-a", account=["A", "B"], arr=[1, None]),
        cell({"text/html": "x"}),
        shown("tab-a", more=[3]),
    ]
    kept = findings(V4.new_notebook(cells=cells))
    assert kept == {
        "findings": [],
        "tables": {"tab-a": [{"account": "A", "arr": 1}, {"account": "B", "arr": None}, {"more": 3}]},
    }


def test_a_finding_has_the_currency_that_its_cell_wrote_it_in() -> None:
    data = {FINDINGS: {"findings": [{"kind": "arr"}]}, "text/markdown": "x"}
    own = V4.new_output("display_data", data, metadata={"cslib": {"currency": "GBP"}})
    cells = [V4.new_code_cell("", id="told", outputs=[own])]
    assert findings(V4.new_notebook(cells=cells))["findings"] == [
        {"kind": "arr", "currency": "GBP", "cell": "told"}
    ]


def test_only_what_a_page_cannot_show_is_for_machines() -> None:
    assert is_for_machines({"data": {MIME: {}, "text/plain": "Numbers(...)"}})
    assert not is_for_machines({"data": {MIME: {}, "text/html": "<b>1</b>"}})
    assert not is_for_machines({"data": {"text/plain": "1"}})
    assert not is_for_machines({"output_type": "stream", "text": "x"})


def test_json_holds_no_nan_and_keeps_its_order() -> None:
    text = as_json({"b": [float("nan"), float("inf"), 1.5, 2], "a": "é"}).decode()
    assert json.loads(text) == {"b": [None, None, 1.5, 2], "a": "é"}
    assert text.index('"b"') < text.index('"a"')


def test_rejected_rows_as_csv() -> None:
    rows = pd.DataFrame(
        {"line": [2, 3], "id": ["=1+1", "@x"], "mrr": ["-5", "+1,5"], "cause": [None, "a,b\nc"]}
    )
    assert table_csv(rows).decode() == 'line,id,mrr,cause\n2,\'=1+1,-5,\n3,\'@x,"+1,5","a,b\nc"\n'


@example([("", "\r@")])
@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_no_cell_of_a_rejected_row_is_a_formula(rows: list[tuple[str, str]]) -> None:
    written = table_csv(pd.DataFrame(rows, columns=["a", "cause"])).decode()
    cells = [cell for row in csv.reader(io.StringIO(written, newline="")) for cell in row]
    for text in cells:
        if text.startswith(("=", "+", "-", "@", "\t", "\r")):
            float(text.rstrip("%").replace(",", ""))
