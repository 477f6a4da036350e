"""A table keeps its alignment, spans and colours, fits the page, and says what it leaves out."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.report.typst.html import Cell, Run, Table, read_html
from cslib.report.typst.tables import Frame, typst_table


def of(frame: pd.DataFrame | str) -> Table:
    html = frame if isinstance(frame, str) else frame.to_html()
    [table] = [piece for piece in read_html(html) if isinstance(piece, Table)]
    return table


def code(frame: pd.DataFrame | str, **words: object) -> str:
    return typst_table(of(frame), Frame(**words))[0]  # type: ignore[arg-type]


def test_columns_of_numbers_stand_to_the_right_with_true_minus_signs() -> None:
    text = code(pd.DataFrame({"name": ["a-b", "c"], "change": ["-$1,200", "+3.4%"]}, index=["x", "y"]))
    assert 'aligns: ("start", "start", "right", )'.replace('"', "") in text
    assert '"−$1,200"' in text
    assert '"a-b"' in text


@pytest.mark.parametrize(
    ("values", "side"),
    [
        (["1", "2.5", ""], "right"),
        (["12%", "n/a", "(3.4)"], "right"),
        (["€1.2M", "-€300k"], "right"),
        (["1e-05", "nan"], "right"),
        (["7.1 x", "6 points"], "right"),
        (["Q1 2024", "Q2 2024"], "start"),
        (["2024-01-01", "2024-02-01"], "start"),
        (["12 rue", "3"], "start"),
        (["", ""], "start"),
    ],
)
def test_what_counts_as_a_number(values: list[str], side: str) -> None:
    cells = [[Cell(head=False, runs=[Run(value)])] for value in values]
    text, _ = typst_table(Table([[Cell(head=True, runs=[Run("h")])]], cells), Frame())
    assert f"aligns: ({side}, )" in text


def test_css_decides_over_the_guess() -> None:
    assert "aligns: (center, )" in code('<table><tr><th>h<tr><td style="text-align: center">1</table>')


def test_colours_of_cells_are_kept_and_text_on_them_can_be_read() -> None:
    text = code('<table><tr><th>h</th></tr><tr><td style="background: #1d4270">1</td></tr></table>')
    assert 'table.cell(fill: rgb("1d4270"), stroke: gap, text(fill: rgb("ffffff"), "1"))' in text
    assert "heat: true" in text


def test_a_few_marked_cells_are_no_heatmap() -> None:
    cells = "<td>1</td>" * 5 + '<td style="background: yellow">2</td>'
    text = code(f"<table><tr>{'<th>h</th>' * 6}</tr><tr>{cells}</tr></table>")
    assert 'table.cell(fill: rgb("ffff00"), "2")' in text
    assert "heat: false" in text


def test_columns_of_long_text_wrap_before_the_page_turns() -> None:
    frame = pd.DataFrame([["word " * 60] * 3], columns=["a", "b", "c"])
    with pd.option_context("display.max_colwidth", None):
        text, sideways = typst_table(of(frame), Frame())
    assert sideways is False
    assert text.count("160fr") == 3


def test_the_name_of_the_index_joins_the_head() -> None:
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="key"))
    assert 'head: (("key", "a", ), )' in code(frame)


def test_grouped_heads_span_their_columns() -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_product([["g"], ["x", "y"]]))
    assert 'table.cell(colspan: 2, align: center + bottom, stroke: spanner, "g")' in code(frame)


def test_spans_never_reach_beyond_the_table() -> None:
    text = code("<table><tr><th>a<th>b<tr><td colspan=9 rowspan=9>1<tr><td>2</table>")
    assert "colspan: 9" in text  # the widest row makes the table
    assert "rowspan: 9" not in text


def test_long_tables_say_how_much_they_show() -> None:
    text = code(pd.DataFrame({"n": range(1000)}), max_rows=30)
    assert '"The first 30 of 1,000 rows."' in text
    assert '"29"' in text
    assert '"30"' not in text


def test_small_tables_are_kept_whole_and_long_ones_may_break() -> None:
    assert "keep: true" in code(pd.DataFrame({"n": range(14)}))
    assert "keep: false" in code(pd.DataFrame({"n": range(15)}))
    assert "keep: false" in code(pd.DataFrame({"n": range(40)}))
    assert "keep: true" in code(pd.DataFrame({"n": range(25)}), keep=True)
    assert "keep: false" in code(pd.DataFrame({"n": range(60)}), keep=True)  # taller than a page
    assert "keep: false" in code(pd.DataFrame({"n": ["line<br>" * 30]}).to_html(escape=False))


def test_wide_tables_turn_the_page_and_wider_ones_come_in_parts() -> None:
    def columns(n: int) -> Table:
        return of(pd.DataFrame([["1234567.89"] * n], columns=[f"column {i}" for i in range(n)]))

    assert typst_table(columns(5), Frame())[1] is False
    assert typst_table(columns(14), Frame())[1] is True
    text, sideways = typst_table(columns(60), Frame(caption="Wide"))
    assert sideways is False
    assert text.count("sheet(") > 1
    assert all(f'"column {i}"' in text for i in range(60))
    assert text.count('"Wide"') == 1


def test_overlong_text_is_cut_where_the_reader_sees_it() -> None:
    text = code(f"<table><tr><th>h<tr><td>{'x' * 10_000}</table>")
    assert len(text) < 2_000
    assert "(10,000 characters)" in text


def test_a_table_without_cells_is_nothing() -> None:
    assert typst_table(Table(), Frame()) == ("", False)
