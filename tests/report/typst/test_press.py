"""The press: standards, and nothing but the files it is given."""

from __future__ import annotations

import pytest
import typst

from cslib.report.typst.press import press, unreadable, without

from .conftest import SVG, png

HEAD = '#set document(title: "t", date: datetime(year: 2026, month: 1, day: 1))\n= t\n'


def test_a_broken_rule_is_an_error() -> None:
    with pytest.raises(typst.TypstError, match="alt text"):
        press(HEAD + '#image("a.png")', {"a.png": png()}, timestamp=0)


def test_nothing_of_the_machine_is_in_reach() -> None:
    for path in ("/etc/passwd", "../../etc/passwd", "/../etc/passwd"):
        with pytest.raises(typst.TypstError):
            press(HEAD + f'#read("{path}")', {}, timestamp=0, standards=())


def test_pictures_that_cannot_be_read_are_found_and_replaced() -> None:
    files = {"good.png": png(), "bad.png": png()[:30], "good.svg": SVG.encode(), "bad.svg": b"<svg <"}
    assert unreadable(files) == ["bad.png", "bad.svg"]
    assert without("#let broken = ()\n#x", ["a", "b"]) == '#let broken = ("a", "b", )\n#x'
