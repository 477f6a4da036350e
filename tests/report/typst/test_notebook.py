"""The document: title, headings, metadata, and that hostile text stays text everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cslib.report.typst.exporter import pdf_bytes
from cslib.report.typst.notebook import typst_source
from cslib.report.typst.symbols import ACCENTS, STYLES

from .conftest import SVG, V4, Pdf, body, book, code, figure, png_text, prose, shown, skeleton


def text(*cells: Any, **about: Any) -> str:
    return body(typst_source(book(*cells, **about)).text)


def headings(source: str) -> list[tuple[int, str]]:
    return [(int(n), words) for n, words in re.findall(r'#heading\(level: (\d), "(.*?)"\)', source)]


def test_the_first_heading_is_the_title_when_there_is_no_other() -> None:
    said = text(prose("# Found\n\n## Part"))
    assert 'title: "Found"' in said
    assert headings(said) == [(1, "Part")]


@pytest.mark.parametrize("title", ["Retention report", "Retention report, Q3 2026"])
def test_a_first_heading_that_repeats_the_title_is_not_printed_twice(title: str) -> None:
    said = text(prose("# Retention report\n\n## Part"), title=title)
    assert 'subtitle: ""' in said
    assert headings(said) == [(1, "Part")]


def test_a_first_heading_beside_a_title_is_the_subtitle() -> None:
    said = text(prose("# Did they stay?\n\n## Part"), title="Acme")
    assert 'title: "Acme", subtitle: "Did they stay?"' in said


def test_levels_of_headings_are_never_skipped() -> None:
    said = text(prose("### a\n\n##### b\n\n# c\n\n#### d\n\n## e\n\n### f"))
    assert headings(said) == [(1, "a"), (2, "b"), (1, "c"), (2, "d"), (2, "e"), (3, "f")]


def test_metadata_feeds_the_frame() -> None:
    said = text(title="T", company="C", period="Q3", author="A", date="2026-09-30", lang="tr-TR",
                confidentiality="Board", paper="us-letter", kpis=[{"label": "l", "value": "v"}])  # fmt: skip
    for words in ('company: "C"', 'paper: "us-letter"', 'lang: "tr", region: "tr"', 'confidentiality: "Board"',
                  'date: "30 Eylül 2026"', "year: 2026, month: 9, day: 30", '(label: "l", value: "v", note: "")'):  # fmt: skip
        assert words in said


def test_strange_metadata_does_no_harm() -> None:
    said = text(title=7, lang="#x", date="soon", paper="#read", kpis=["x"], author=None)
    assert 'title: "7"' in said
    assert 'lang: "en", region: none' in said
    assert "year: 1980" in said
    assert "paper: none" in said
    assert 'author: ""' in said
    assert 'title: "Notebook"' in text(kpis=3)
    notebook = book()
    notebook.metadata["cslib"] = "ours"
    assert 'title: "Notebook"' in body(typst_source(notebook).text)


def test_prose_that_introduces_a_figure_stays_with_it() -> None:
    picture = code(shown({"image/svg+xml": SVG}, alt="A box."), source="")
    assert '#prose(par("Look:"), sticky: true)' in text(prose("Look:"), picture)
    assert '#prose(par("Look:"))' in text(prose("Look:"), prose("Then."), picture)


def test_an_empty_notebook_is_a_document() -> None:
    assert 'title: "Notebook"' in text()
    assert pdf_bytes(book()).startswith(b"%PDF")


# --- hostile text

HOSTILE = [
    '#import "x.typ"', '#read("/etc/passwd")', "[[[", "}}}", "$$$", "\\", '\\"', '"', "`", "```", "*_*", "<label>",
    "@ref", "// c", "/* c", "= h", "#{", "#[", "![x](/etc/passwd)", "![x](data:image/png;base64,AAAA)", "[x](#y)",
    "[^1]", "[^1]: #x", "$x", "$\\frac{a}{b}$", "\x00", "\x07", "\x1b[31m", "\u202e", "\u200b", "\ufeff", "\ud800",
    "\uffff", "\ue000", "🚀", "👩‍👩‍👧", "中文", "العربية", "İı", "<b>", "</td>", "<table>", "<script>", "<style>#a{",
    "&#0;", "| a |\n|---|\n| b |", "\n", "\r\n", "> q", "- [ ] t", "a" * 10_000, "e\u0301", "\u2028", "{{ x }}",
    "$$\nx\n$$", "<!-- c", "---\na: b\n---", "#" * 8 + " x", "[" * 60, ">" * 60, "3\u0301", "\\begin{align}",
]  # fmt: skip
hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=20), max_size=4).map("".join)
CALLS = {
    # ours, of the template
    "report", "prose", "sheet", "picture", "drawn", "code", "printed", "failed", "note", "reach", "gap", "spanner",
    # Typst's
    "show", "with", "heading", "label", "page", "pagebreak", "par", "text", "strong", "emph", "strike", "raw", "link",
    "linebreak", "list", "enum", "quote", "line", "block", "box", "footnote", "smartquote", "table", "cell", "math",
    "symbol", "sub", "super", "underline", "highlight", "datetime", "rgb", "h", "rule", "center", "bottom",
    "left", "right", "top", "start", "auto", "none", "true", "false", "luma",
}  # fmt: skip
_UNITS = re.compile(r"(?<![\w.])-?\d[\d.]*(?:fr|pt|em|%)?")


def hostile_book(draw: Any, **about: Any) -> Any:
    svg = "".join(
        c for c in draw() if c >= " " and c not in "<&\ufffe\uffff" and not "\ud800" <= c <= "\udfff"
    )
    words = {"caption": draw(), "label": draw(), "alt": f"{draw()} x", "width": draw()}
    html = (
        f"<table>{draw()}<tr><th>{draw()}<tr><td colspan=2 style='color: {draw()}'>{draw()}</table>{draw()}"
    )
    cell = code(
        shown({"image/svg+xml": SVG.replace("drawn words", svg)}, **words),
        shown({"text/html": html}, **words),
        shown({"text/markdown": draw()}),
        shown({"text/latex": f"${draw()}$"}),
        shown({draw(): draw()}),
        V4.new_output("stream", text=draw()),
        V4.new_output("error", ename=draw(), evalue=draw(), traceback=[draw()]),
        source=draw(),
    )
    names = ("title", "subtitle", "company", "period", "author", "confidentiality", "date", "lang")
    about = {name: draw() for name in names} | {"kpis": [dict.fromkeys(("label", "value", "note"), draw())]}
    notebook = book(prose(draw()), cell, prose(f"last {draw()}"), **about)
    notebook.metadata["language_info"] = {"name": draw()}
    return notebook


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_hostile_text_is_only_ever_inside_string_literals(data: st.DataObject) -> None:
    notebook = hostile_book(lambda: data.draw(hostile))
    source = typst_source(notebook).text
    bare = skeleton(source)
    words = set(re.findall(r"[A-Za-z][\w-]*(?!\w*:)", re.sub(r"[\w-]+:", "", _UNITS.sub("", bare))))
    assert words <= CALLS | {*math_calls()}, words - CALLS
    assert "import" not in bare
    assert "read" not in bare


def math_calls() -> set[str]:
    marks = {part for call in (*ACCENTS.values(), *STYLES.values()) for part in call.split(".")}
    return marks | {
        "limits",
        "binom",
        "delim",
        "equation",
        "frac",
        "attach",
        "lr",
        "sqrt",
        "root",
        "op",
        "mat",
        "cases",
        "upright",
        "bold",
        "body",
    }


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_hostile_text_prints_under_the_standards(data: st.DataObject) -> None:
    notebook = hostile_book(lambda: data.draw(hostile))
    assert pdf_bytes(notebook, show_code=True).startswith(b"%PDF")


@pytest.mark.parametrize("text", HOSTILE)
def test_each_hostile_text_prints_as_a_name_in_a_table(text: str) -> None:
    """One cell, one caption, one title: the places where data stands."""
    html = f"<table><tr><th>name<tr><td>{text.replace('&', '&amp;').replace('<', '&lt;')}</table>"
    source = typst_source(book(code(shown({"text/html": html}, caption=text)), title=text))
    assert "sheet(" in source.text


def test_all_hostile_texts_print_at_once_in_every_place() -> None:
    texts = iter([*HOSTILE, *HOSTILE, *HOSTILE, *HOSTILE])
    while (first := next(texts, None)) is not None:
        notebook = hostile_book(lambda first=first: next(texts, first))
        assert pdf_bytes(notebook, show_code=True).startswith(b"%PDF")


FULL = "a" * 40_000  # more than a PDF may hold as one string
LONG = {
    "heading": prose(f"# T\n\n## {FULL}\n\n[x](#{FULL})"), "address": prose(f"[x](https://{FULL}.com)"), "formula": prose(f"${FULL}$"),
    "alternative": code(figure(alt=FULL)), "type": code(shown({f"a/{FULL}": "x"})),
    "drawing": prose(f"![{FULL}](data:image/png;base64,{png_text()})"),
}  # fmt: skip


@pytest.mark.parametrize("name", [*LONG, "title"])
def test_what_is_longer_than_a_string_of_a_pdf_still_prints_under_the_standards(name: str) -> None:
    notebook = book(LONG.get(name, prose("x")), title=FULL if name == "title" else "T", contents=True)
    assert "pdfuaid" in Pdf(pdf_bytes(notebook)).xmp()


def test_hostile_names_are_read_in_the_pdf_as_they_are_written(printed_text: Any) -> None:
    names = [
        '#import "x.typ"',
        '#read("/etc/passwd")',
        "[[[ {{{ (((",
        "$x$ *b* _i_ `c` <l> @r",
        "= h // c /* d",
    ]
    rows = "".join(f"<tr><td>{name.replace('<', '&lt;')}<td>1" for name in names)
    odd = "<tr><td>a\u202eb\u200fc\x07d \N{ROCKET}<td>2<tr><td>" + "n" * 10_000 + "<td>3"
    said = printed_text(
        pdf_bytes(book(code(shown({"text/html": f"<table><tr><th>name<th>n{rows}{odd}</table>"}))))
    )
    assert [name for name in names if name not in " ".join(said.split())] == []
    assert "abc□d □" in said  # marks of direction are left out, what no font has is shown and said
    assert "U+0007" in said
    assert "(10,000 characters)" in " ".join(said.split())
    assert "root:" not in said


# --- what stands with what


def test_a_cell_may_begin_a_page_whatever_it_is() -> None:
    words = {"cslib": {"break": "before"}}
    said = text(prose("# T\n\nx"), prose("## New", metadata=words), title="Ours")
    assert said.index("#pagebreak(weak: true)") < said.index('"New"')
    two = code(shown({"text/markdown": "a"}), shown({"text/markdown": "b"}), **{"break": "before"})
    assert text(prose("x"), two, title="Ours").count("#pagebreak") == 1


def test_words_that_introduce_a_figure_stay_with_it_and_words_computed_do_not() -> None:
    assert "sticky: true" in text(prose("x\n\nIt shows:"), code(figure()), title="Ours")
    computed = code(shown({"text/markdown": "It was so."}))
    assert "sticky: true" not in text(prose("x"), computed, code(figure()), title="Ours")
    assert "sticky: true" in text(prose("x\n\n## Why?"), computed, code(figure()), title="Ours")


def test_the_last_page_never_holds_two_lines_alone() -> None:
    said = text(prose("x"), code(figure()), prose("- a\n- b"), title="Ours")
    assert "#block(width: 100%, sticky: true, picture(" in said
    assert "breakable: false" in said
