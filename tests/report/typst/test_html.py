"""HTML of pandas is read into cells with what their styles come to; hostile HTML into something."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from cslib.report.typst.html import Image, Table, read_html

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "<i>&"]}, index=["r", "s"])


def only(html: str) -> Table:
    [table] = [piece for piece in read_html(html) if isinstance(piece, Table)]
    return table


def test_a_frame() -> None:
    table = only(FRAME.to_html())
    assert [[cell.text for cell in row] for row in table.head] == [["", "a", "b"]]
    assert [[cell.text for cell in row] for row in table.body] == [["r", "1", "x"], ["s", "2", "<i>&"]]
    assert [cell.head for cell in table.body[0]] == [True, False, False]


def test_styles_of_a_styler_reach_the_cell_they_name() -> None:
    styler = FRAME.style.format(escape="html").set_caption("What it is").set_uuid("u")
    styler = styler.map(
        lambda value: "background-color: #ff0000; color: white" if value == 2 else "", subset=["a"]
    )
    styler = styler.set_table_styles([{"selector": "th.row_heading", "props": "font-weight: bold"}])
    table = only(styler.to_html())
    assert table.caption == "What it is"
    styles = {cell.text: cell.style for row in table.body for cell in row}
    assert styles["2"] == {"background-color": "#ff0000", "color": "white"}
    assert styles["1"] == {}
    assert styles["r"] == {"font-weight": "bold"}


def test_the_more_exact_rule_wins_and_children_inherit() -> None:
    table = only(
        "<style>td {color: red} #t .x {color: blue} #c {color: green} tr:hover {color: pink}</style>"
        '<table id="t" style="text-align: right"><tr><td class="x">1</td><td class="x" id="c">2</td><td>3</td></tr>'
    )
    assert [cell.style["color"] for cell in table.body[0]] == ["blue", "blue", "red"]
    assert {cell.style["text-align"] for cell in table.body[0]} == {"right"}


def test_grouped_heads_keep_their_spans() -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_product([["g"], ["x", "y"]]))
    first, second = only(frame.to_html()).head
    assert [(cell.text, cell.colspan) for cell in first] == [("", 1), ("g", 2)]
    assert [cell.text for cell in second] == ["", "x", "y"]


def test_text_and_images_around_a_table_keep_their_order() -> None:
    pieces = read_html('<p>before<table><tr><td>1</table><img src="a.png" alt="A"><div>after</div>')
    assert [type(piece) for piece in pieces] == [str, Table, Image, str]


def test_what_runs_is_not_read() -> None:
    assert read_html("<script>x</script><style>p{}</style><p>only <b>this</b></p>") == ["only this"]


@given(
    st.lists(
        st.sampled_from(
            ["<table>", "</table>", "<tr>", "<td>", "</td>", "<th colspan=99999>", "<td rowspan=-1>", "<thead>", "x",
             "<caption>", "<style>#a{", "}", "</style>", "<", "&#0;", "<!--", "<br>", "<td colspan='1e9'>"]
        )
    )
)  # fmt: skip
def test_broken_html_is_read(parts: list[str]) -> None:
    for piece in read_html("".join(parts)):
        assert not isinstance(piece, Table) or piece.head or piece.body
