"""CSS colours."""

from __future__ import annotations

import pytest

from cslib.report.typst.colours import ink_on, rgb


@pytest.mark.parametrize(
    ("css", "digits"),
    [
        ("#abc", "aabbcc"),
        ("#1D4270", "1d4270"),
        ("#00000080", "7f7f7f"),
        ("rgb(255, 0, 0)", "ff0000"),
        ("rgb(100% 0% 0%)", "ff0000"),
        ("rgba(0,0,0,.5)", "808080"),
        ("rgba(0,0,0,0)", ""),
        (" Orange ", "ffa500"),
        ("transparent", ""),
        ("inherit", ""),
        ("rgb(999,0,0)", ""),
        ('#abc"); read("/etc/passwd', ""),
        ("rgb(1,2,x)", ""),
    ],
)
def test_what_css_writes(css: str, digits: str) -> None:
    assert rgb(css) == digits


def test_ink_is_read_on_its_ground() -> None:
    assert ink_on("f1f5f9") == "000000"
    assert ink_on("1d4270") == "ffffff"
