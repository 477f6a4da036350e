"""From a number in a sentence to the cell it stands in, and on paper to its table."""

from __future__ import annotations

import re
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cslib.report.html import html_page
from cslib.report.links import places, referring
from cslib.report.typst.exporter import pdf_bytes

TABLE = '<table id="T_x"><caption>Key figures.</caption><tbody><tr><th>ARR</th><td id="T_x_row0_col0">$5</td></tr></tbody></table>'


def shown(data: dict[str, str], **words: object) -> object:
    return new_output("display_data", data=data, metadata={"cslib": words})


def report(*, order: dict[str, object] | None = None) -> Any:
    said = shown({"text/markdown": "ARR is **$5** from 3 accounts."}, numbers=[[9, 11, "arr|value"], [19, 20, ""]],
                 refers=[[30, ["tab-kpi", "tab-gone"]]])  # fmt: skip
    table = shown({"text/html": TABLE, "text/plain": "ARR 5"}, caption="Key figures.", label="tab-kpi",
                  cells={"arr|value": "T_x_row0_col0"}, **({"order": order} if order else {}))  # fmt: skip
    cells = [
        new_markdown_cell("# Report"),
        new_code_cell("1", outputs=[said]),
        new_code_cell("2", outputs=[table]),
    ]
    return new_notebook(cells=cells, metadata={"cslib": {"title": "Report", "lang": "en"}})


def test_places_number_tables_and_figures_as_they_are_printed() -> None:
    found = places(report())
    assert found.labels == {"tab-kpi": ("table", 1)}
    assert found.cells == {"arr|value": "T_x_row0_col0"}


def test_on_a_page_a_number_leads_to_its_cell_or_else_to_its_table() -> None:
    page = html_page(report()).decode()
    assert (
        'ARR is <strong><a href="#T_x_row0_col0">$5</a></strong> from <a href="#tab-kpi">3</a> accounts.'
        in page
    )
    assert '<div class="scroll" id="tab-kpi">' in page
    assert "<caption><strong>Table 1.</strong> Key figures.</caption>" in page


def test_on_paper_the_sentence_names_its_table() -> None:
    told = referring(report())
    assert told.cells[1].outputs[0].data["text/markdown"] == "ARR is **$5** from 3 accounts. ([](#tab-kpi))"
    import pypdfium2

    text = pypdfium2.PdfDocument(pdf_bytes(report()))[0].get_textpage().get_text_bounded()
    assert re.search(r"ARR is \$5 from 3 accounts\. \(Table 1\)", text)


def test_a_sentence_of_many_numbers_names_three_tables_and_no_more() -> None:
    many = report()
    names = ["tab-kpi", *(f"tab-{n}" for n in range(4))]
    for name in names[1:]:
        table = shown({"text/html": TABLE, "text/plain": ""}, caption=name, label=name)
        many.cells.append(new_code_cell("3", outputs=[table]))
    many.cells[1].outputs[0].metadata["cslib"]["refers"] = [[30, names]]
    said = referring(many).cells[1].outputs[0].data["text/markdown"]
    assert said.endswith("accounts. ([](#tab-kpi), [](#tab-0), [](#tab-1))")


def test_only_a_page_with_something_to_sort_runs_our_script_and_no_other() -> None:
    plain, sortable = html_page(report()).decode(), html_page(report(order={"T_x_row0_col0": 5})).decode()
    assert "<script" not in plain
    assert "script-src" not in plain
    assert re.search(r'<td id="T_x_row0_col0" data-sort="5"[ >]', sortable)
    assert sortable.count("<script") == 1
    assert re.search(r"script-src 'sha256-[\w+/]+='", sortable)
    hostile = report(order={"T_x_row0_col0": '"><script>alert(1)</script>'})
    hostile.cells[2].outputs[0].data["text/html"] += "<script>alert(2)</script>"  # type: ignore[attr-defined]
    page = html_page(hostile).decode()
    assert page.count("<script") == 1
    assert "alert(2)" not in page
