"""Text is printed as it is, whatever it is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cslib.report.typst.text import SUBSTITUTE, breakable, literal, missing_note, printable, prose, visible

LATIN = frozenset(map(chr, range(0x20, 0x180))) | {SUBSTITUTE}


@given(st.text())
def test_a_literal_holds_the_text_and_ends_where_it_ends(text: str) -> None:
    quoted = literal(text)
    assert "\n" not in quoted
    read = json.loads(quoted, strict=False)
    assert read == text.replace("\r", "\n").replace("\t", " ")


@given(st.text())
def test_what_is_printable_has_only_characters_that_fonts_have(text: str) -> None:
    shown, missing = printable(text, covered=LATIN)
    assert set(shown) <= LATIN | {"\u200b", "\n"}
    assert not set(missing) & LATIN
    assert all(character in text for character in missing)
    assert printable(shown, covered=LATIN) == (shown, [])


def test_a_character_without_a_glyph_is_seen_to_be_missing() -> None:
    assert printable("a🚀b", covered=LATIN) == ("a□b", ["🚀"])
    assert "U+1F680 ROCKET" in missing_note(["🚀"])
    assert missing_note([chr(0x4E00 + i) for i in range(10)]).endswith("and 2 more.")


def test_marks_that_turn_or_hide_text_are_left_out() -> None:
    assert printable("a\u202eb\u2066c\u200d\ufeff", covered=LATIN) == ("abc", [])
    assert visible("\u202e\u200b ") == ""


def test_a_ligature_that_no_font_has_is_taken_apart() -> None:
    assert printable("ﬁ", covered=LATIN) == ("fi", [])


def test_long_words_may_break_and_short_ones_may_not() -> None:
    long = "x" * 10_000
    assert max(map(len, breakable(long).split("\u200b"))) == 32
    assert breakable("a few words that stand on one line, as they are") == (
        "a few words that stand on one line, as they are"
    )


def test_prose_gets_quotes_minus_signs_and_units_that_stay() -> None:
    assert prose('"no"') == ["smartquote()", '"no"', "smartquote()"]
    assert prose("fell -6.2 points in 12 months, 2019-11-01") == [
        '"fell −6.2\xa0points in 12\xa0months, 2019-11-01"'
    ]
    assert prose("a-1 well-known") == ['"a-1 well-known"']
