"""A sheet is the same bytes everywhere and lets nothing of the data become markup."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cslib.styled import Sheet, account_of_data, accounts_table, cohort_table, money_table, segment_table
from cslib.styled.sheet import _RULES, distinct, lay_out
from tests.charts.frames import bridge, ratios, segments, triangle
from tests.styled.reading import css, html_of, rows, tags

ROOT = Path(__file__).parents[2]
EVIL = '<script>alert("1")</script>&amp;\x00'
SEEN = '<script>alert("1")</script>&amp;'
PLAIN = {"table", "thead", "tbody", "tr", "th", "td", "caption", "style"}


def hostile() -> list[Sheet]:
    account = {"account_id": "1", "name": EVIL, "opening": 1, "closing": 2, "change": 1, "movement": EVIL}
    read = {
        "table": EVIL, "file": EVIL, "rows_read": 1, "rows_kept": 1, "rows_after_as_of": 0, "rows_rejected": 0,
        "first_date": None, "last_date": None, "sha256": EVIL,
    }  # fmt: skip
    cut = segments({EVIL: (0.9, 1.0, 5, 1)}, by=EVIL)
    return [
        accounts_table(pd.DataFrame([account]), unit="USD ARR", title=EVIL),
        account_of_data(pd.DataFrame([read]), title=EVIL),
        segment_table(cut, by=EVIL, unit="USD ARR", title=EVIL, total=ratios({"net_retention": [1.0]})),
        money_table(bridge(), title=EVIL),
        cohort_table(triangle({"2025-01-01": (3, [1.0])}), title=EVIL),
    ]


@pytest.mark.parametrize("sheet", hostile())
def test_text_of_the_data_stays_text(sheet: Sheet) -> None:
    assert tags(sheet) == PLAIN
    assert "<script" not in html_of(sheet)


def test_the_text_itself_arrives_whole() -> None:
    assert rows(hostile()[0])[1][0] == SEEN
    assert rows(hostile()[1])[1][:2] == [SEEN, SEEN]
    assert rows(hostile()[2])[1][0] == SEEN


def hashes() -> list[str]:
    return [hashlib.sha256(html_of(sheet).encode()).hexdigest() for sheet in hostile()]


def test_the_bytes_are_the_same_in_another_process() -> None:
    code = "from tests.styled.test_sheet import hashes; print(*hashes())"
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "2"},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert there == hashes()


def test_two_tables_on_a_page_have_two_ids_and_one_table_has_one() -> None:
    first, second = money_table(bridge()), money_table(bridge(), title="Another")
    assert first.styler.uuid == money_table(bridge()).styler.uuid  # type: ignore[attr-defined]
    assert first.styler.uuid != second.styler.uuid  # type: ignore[attr-defined]


def test_numbers_stand_right_text_left_and_totals_are_bold() -> None:
    sheet = lay_out(
        pd.DataFrame({"Text": ["a", "b"], "Number": ["1", "2"]}, ["one", "all"]),
        rows=[], caption="c", label="tab-x", text=["Text"], bold=["all"],
    )  # fmt: skip
    assert css(sheet, 1, 1)["text-align"] == "left"
    assert css(sheet, 1, 2)["text-align"] == "right"
    assert "font-weight" not in css(sheet, 1, 2)
    assert css(sheet, 1, 0)["font-weight"] == "normal"  # a rule for all labels would outrank the next line's
    assert not any("font-weight" in rule["props"] for rule in _RULES)
    assert css(sheet, 2, 0)["font-weight"] == css(sheet, 2, 2)["font-weight"] == "bold"


def test_the_head_is_one_row() -> None:
    assert rows(money_table(bridge()))[0] == ["Metric", "Sep 2026"]


def test_plain_text_holds_caption_and_cells() -> None:
    words = repr(money_table(bridge()))
    assert words.startswith("ARR bridge, USD ARR.\n")
    assert "$12,400,000" in words


def test_equal_labels_are_numbered_even_against_a_label_that_looks_so() -> None:
    assert len(set(distinct(["a", "a", "a (2)", "a"]))) == 4


@pytest.mark.parametrize("text", ["#T_ th", 'id="T_', '</style><td id="T_x">', EVIL])
def test_a_table_is_drawn_once_and_is_what_pandas_draws(text: str) -> None:
    """Its id is put in afterwards, and into nothing that only looks like one."""
    frame = pd.DataFrame({text: [text, "a"], "B": ["1", text]}, index=[text, "x"])
    sheet = lay_out(
        frame,
        rows=[],
        caption=text,
        label="t",
        text=[text],
        bold=["x"],
        colours=frame.map(lambda _: "color: red"),
    )
    assert sheet.drawn == sheet.styler.to_html() == html_of(sheet)
