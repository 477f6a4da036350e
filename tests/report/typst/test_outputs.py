"""Cells and outputs: what is shown, what is hidden, and that nothing vanishes without a word."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cslib.report.typst.notebook import typst_source
from cslib.report.typst.page import ExportError, Options

from .conftest import SVG, V4, body, book, code, figure, png_text, prose, shown


def text(*cells: Any, options: Options | None = None, **about: Any) -> str:
    return body(typst_source(book(*cells, **about), options=options).text)


def outputs(*given: Any, **about: Any) -> str:
    return text(code(*given, source=""), **about)


# --- code


def test_code_is_hidden_in_our_reports_and_shown_in_other_notebooks() -> None:
    cell = code(source="answer = 42")
    assert "answer" not in text(cell, title="Ours")
    assert 'code("answer = 42", "python")' in text(cell)
    assert "answer" in text(cell, title="Ours", options=Options(show_code=True))
    assert "answer" not in text(cell, options=Options(show_code=False))
    assert "answer" in text(code(source="answer", tags=("show-code",)), title="Ours")


@pytest.mark.parametrize("tag", ["hide", "remove-cell", "parameters", "injected-parameters"])
def test_tagged_cells_are_hidden_whole(tag: str) -> None:
    assert "seen" not in text(code(V4.new_output("stream", text="seen"), source="seen", tags=(tag,)))


def test_input_or_output_alone_can_be_hidden() -> None:
    printed = V4.new_output("stream", text="printed")
    assert "written" not in text(code(printed, source="written", tags=("remove-input",)))
    assert "printed" not in text(code(printed, source="written", tags=("remove-output",)))


# --- outputs


def test_numbers_for_machines_are_not_printed() -> None:
    record = {"application/vnd.cslib.numbers+json": {"numbers": []}, "text/plain": "12 numbers"}
    assert "numbers" not in outputs(shown(record), title="Ours").replace("numbers: ", "")


def test_text_beside_our_data_is_printed() -> None:
    assert "**" not in outputs(shown({"application/vnd.cslib.x+json": {}, "text/markdown": "a **b**"}))
    assert 'strong("b")' in outputs(shown({"application/vnd.cslib.x+json": {}, "text/markdown": "a **b**"}))


def test_an_unknown_type_leaves_a_note() -> None:
    said = outputs(shown({"application/x-thing": "1"}))
    assert 'note("Output of type application/x-thing is not printed.")' in said
    said = outputs(shown({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Slider(3)"}))
    assert "widget-view" in said
    assert 'printed("Slider(3)")' in said


def test_html_that_says_nothing_on_paper_leaves_a_note() -> None:
    assert 'note("Interactive output is not printed.")' in outputs(shown({"text/html": "<script>x</script>"}))


def test_streams_are_printed_as_a_terminal_leaves_them() -> None:
    stream = V4.new_output("stream", text="10%\r100%\n\x1b[31mred\x1b[0m\n")
    assert 'printed("100%\\nred")' in outputs(stream)


def test_very_long_streams_say_how_long_they_were() -> None:
    said = outputs(V4.new_output("stream", text="line\n" * 5000))
    assert "(5,000 lines" in said
    assert len(said) < 5000


def test_errors_are_shown() -> None:
    error = V4.new_output("error", ename="KeyError", evalue="'x'", traceback=["\x1b[0;31mboom\x1b[0m"])
    assert 'failed("KeyError: \'x\'", "boom")' in outputs(error)


def test_tables_come_before_text_and_figures_before_both() -> None:
    table = "<table><tr><th>a<tr><td>1</table>"
    assert "sheet(" in outputs(shown({"text/html": table, "text/plain": "plain"}))
    both = outputs(shown({"image/svg+xml": SVG, "text/html": table, "text/plain": "plain"}, alt="A box."))
    assert "sheet(" not in both
    assert "picture(" in both


def test_the_size_of_a_frame_is_a_note() -> None:
    said = outputs(shown({"text/html": "<div><table><tr><td>1</table><p>9 rows × 2 columns</p></div>"}))
    assert 'note("9 rows × 2 columns")' in said


# --- figures


def test_a_figure_has_its_words() -> None:
    said = outputs(figure(label="fig-box", width="50%"), title="Ours")
    assert '"A blue box.", 50%, height: 93.6pt)' in said
    assert 'caption: "The box", number: 1, label: "fig-box"' in said


def test_figures_and_tables_are_counted_as_they_come() -> None:
    table = {"text/html": "<table><tr><td>1</td></tr></table>"}
    nothing = {"text/html": "<table></table>"}
    said = text(
        code(shown(table, caption="One"), figure(), shown(table), shown(nothing, caption="No cells")),
        prose(f'![Box](data:image/png;base64,{png_text()} "Third thing")'),
        code(shown({"image/svg+xml": SVG}, alt="Bare"), shown(table, caption="Two"), figure()),
    )
    numbered = re.findall(r'caption: "([^"]*)", number: (\d)', said)
    assert numbered == [
        ("One", "1"), ("The box", "1"), ("Third thing", "2"), ("Two", "2"), ("The box", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize("size", ['width="200pt"', 'width="200pt" height="2000pt"', 'viewBox="0 0 2 8"'])
def test_a_picture_is_measured_where_its_height_is_not_known_or_too_much(size: str) -> None:
    svg = SVG.replace('width="200pt" height="80pt"', size)
    assert '"A.", 100%)' in outputs(shown({"image/svg+xml": svg}, alt="A.", width="100%"))


def test_the_words_may_stand_with_the_cell() -> None:
    plain = shown({"image/svg+xml": SVG})
    assert '"Said by the cell."' in text(code(plain, alt="Said by the cell."), title="Ours")


def test_a_figure_of_ours_without_alt_text_is_an_error_that_names_the_cell() -> None:
    with pytest.raises(ExportError, match=r"cell 2 \(code-\w+\): found a figure without alt text; expected"):
        text(prose("# T"), code(shown({"image/png": png_text()})), title="Ours")


def test_a_figure_of_others_without_alt_text_gets_one() -> None:
    said = outputs(shown({"image/png": png_text(), "text/plain": "[<Line2D>]"}))
    assert re.search(r"Figure from cell 1 \(code-\w+\), without a description: \[<Line2D>\]", said)


def test_the_same_label_is_given_once() -> None:
    assert outputs(figure(label="fig"), figure(label="fig"), title="Ours").count('label: "fig"') == 1


def test_a_break_before_a_figure() -> None:
    assert "#pagebreak(weak: true)" in outputs(figure(**{"break": "before"}), title="Ours")


def test_attached_and_embedded_images(tmp_path: Any) -> None:
    attached = prose("![A](attachment:a.png)", attachments={"a.png": {"image/png": png_text()}})
    embedded = prose(f"![B](data:image/png;base64,{png_text()})")
    source = typst_source(book(attached, embedded))
    assert source.text.count("picture(drawn(") == 2
    assert len(source.files) == 1


def test_cells_may_name_files_near_the_notebook_and_data_may_not(tmp_path: Any) -> None:
    (tmp_path / "a.svg").write_text(SVG)
    (tmp_path / "secret.txt").write_text("secret")
    options = Options(folder=tmp_path)
    assert "picture(" in text(prose("![A](a.svg)"), options=options)
    for cell in (
        prose("![A](secret.txt)"),
        prose(f"![A]({tmp_path}/a.svg)"),
        prose(f"![A](file://{tmp_path}/a.svg)"),
        code(shown({"text/markdown": "![A](a.svg)"})),
        code(shown({"text/html": '<img src="a.svg" alt="A">'})),
    ):
        assert "picture(" not in text(cell, options=options), cell


def test_characters_without_a_glyph_are_replaced_in_pictures_too() -> None:
    source = typst_source(book(code(shown({"image/svg+xml": SVG.replace("drawn", "🚀")}, alt="A."))))
    [data] = source.files.values()
    assert "□ words" in data.decode()
    assert "U+1F680 ROCKET" in source.warnings[0]
