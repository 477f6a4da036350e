"""Where a company did not give what a section needs, one honest line stands, in the language of the report."""

from __future__ import annotations

import pytest

from cslib.absent import Absent
from cslib.story import show
from cslib.story.instead import Line

LACKING = Absent("it needs the table usage (account (x user) x feature x day or month), which was not given")


def test_what_is_there_is_shown_with_all_it_was_given() -> None:
    assert show([3, 1], sorted, reverse=True) == [3, 1]


def test_what_is_not_there_is_one_line_with_its_title() -> None:
    told = show(LACKING, sorted, title="Use by month", locale="en_US")
    assert told == Line(f"Not in this report: Use by month: {LACKING}")
    assert told._repr_markdown_() == f"*{told}*"
    assert str(show(LACKING, sorted)) == f"Not in this report: {LACKING}"


@pytest.mark.parametrize("locale", ("tr_TR", "zh_CN", "ar_AE"))
def test_the_line_is_told_in_the_language_with_the_name_of_the_table(locale: str) -> None:
    told = str(show(LACKING, sorted, title="Use by month", locale=locale))
    assert "usage" in told
    assert not {"needs", "Not", "given", "feature", "Use"} & set(told.replace("(", " ").split())
