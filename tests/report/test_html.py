"""The page stands alone: nothing in it runs, nothing is loaded, whatever the outputs hold."""

from __future__ import annotations

import re
from typing import Any

import nbformat

from cslib.record import MIME
from cslib.report.html import html_page

V4 = nbformat.v4


def page(*outputs: Any, source: str = "x = 1", failure: str = "", **about: str) -> str:
    code = V4.new_code_cell(source, outputs=list(outputs), id="code")
    prose = V4.new_markdown_cell("# Title\n\nSome *words* and a [link](https://example.org).", id="prose")
    notebook = V4.new_notebook(
        cells=[prose, code], metadata={"cslib": about, "language_info": {"name": "python"}}
    )
    return html_page(notebook, verdict="It must not be used.", reasons=[failure] if failure else []).decode()


def shown(metadata: dict[str, Any] | None = None, **data: str) -> Any:
    bundle = {
        {"svg": "image/svg+xml", "html": "text/html", "plain": "text/plain"}[k]: v for k, v in data.items()
    }
    return V4.new_output("display_data", bundle, metadata=metadata or {})


def test_code_is_one_click_away() -> None:
    text = page(source="answer = 42")
    assert re.search(
        r'<input type="checkbox" id="show-code"> Code</label>.*<div class="code">.*42.*</div>', text, re.S
    )
    assert 'id="show-code"' not in page(source="")
    assert "<h1" in text
    assert "<em>words</em>" in text


def test_nothing_runs_and_nothing_is_loaded() -> None:
    """A link may be followed; a script, style sheet, frame or picture may not be fetched."""
    html = (
        '<script src="https://cdn.example/x.js"></script><link rel="stylesheet" href="https://cdn.example/x.css">'
        '<style>@import url(https://cdn.example/y.css);</style><iframe src="https://cdn.example/"></iframe><b>kept</b>'
    )
    script = V4.new_output("display_data", {"application/javascript": "alert(1)", "text/plain": "<js>"})
    text = page(shown(html=html), script)
    assert "cdn." not in text
    assert "<script" not in text
    assert "alert(1)" not in text
    assert "<b>kept</b>" in text
    assert re.findall(r"https?://[^\"' <]+", text) == ["https://example.org"]
    assert "default-src 'none'" in text


def test_figures_carry_alt_and_caption() -> None:
    text = page(shown({"cslib": {"caption": "A <b>line</b>", "alt": 'It "rises"'}}, svg="<svg/>"))
    assert 'alt="It &quot;rises&quot;"' in text or "alt='It \"rises\"'" in text
    assert "<figcaption>A &lt;b&gt;line&lt;/b&gt;</figcaption>" in text
    assert "data:image/svg+xml;base64,PHN2Zy8+" in text


def test_numbers_for_machines_are_not_shown() -> None:
    output = V4.new_output("display_data", {MIME: {"numbers": []}, "text/plain": "Numbers(records=())"})
    assert "Numbers(records" not in page(output)


def test_text_of_errors_and_streams_is_escaped() -> None:
    error = V4.new_output("error", ename="E", evalue="x", traceback=["a <script>alert(1)</script>", "b"])
    text = page(V4.new_output("stream", text="1 < 2"), error, shown(plain="<Axes>"), title="<b>T</b>")
    assert "1 &lt; 2" in text
    assert "&lt;script&gt;" in text
    assert "&lt;Axes&gt;" in text
    assert "<title>&lt;b&gt;T&lt;/b&gt;</title>" in text


def test_a_failure_stands_at_the_top() -> None:
    text = page(failure="Cell 5 stopped with <X>")
    assert text.index("must not be used") < text.index("Cell 5 stopped with &lt;X&gt;") < text.index("<h1")
    assert "must not be used" not in page()


def test_tags_that_hide_are_kept() -> None:
    """As in the PDF, but the code of a cell whose outputs are hidden can still be opened."""
    seen = {}
    for tag in ("remove-cell", "hide", "remove-output", ""):
        cell = V4.new_code_cell("code = 1", outputs=[V4.new_output("stream", text="said")], id="code")
        cell.metadata["tags"] = [tag] if tag else []
        text = html_page(V4.new_notebook(cells=[cell])).decode()
        seen[tag] = ('class="code"' in text, "said" in text)
    assert seen == {
        "remove-cell": (False, False),
        "hide": (True, False),
        "remove-output": (True, False),
        "": (True, True),
    }


def test_whose_report_it_is_stands_above_the_title() -> None:
    text = page(company="A & B", period="Q3 2026", date="2026-09-30", author="")
    assert '<p class="about">A &amp; B · Q3 2026 · 2026-09-30</p>' in text
    assert 'class="about"' not in page()


def test_language_and_bytes() -> None:
    assert '<html lang="de">' in page(lang="de")
    assert page() == page()
