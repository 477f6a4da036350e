"""The comparison of conventions: order, ours in bold, errors named, causes signed."""

from __future__ import annotations

import pytest

from cslib.metrics import forms
from cslib.styled import conventions_table
from tests.books import eight


def test_rows_are_sorted_and_ours_stands_out() -> None:
    compared = forms.compare_conventions(eight()).query("metric == 'net_retention'")
    sheet = conventions_table(compared, title="Net retention", label="tab-x")
    cells = sheet.styler.data  # type: ignore[attr-defined]
    # A B C D paid 400; survivors A B C 300 -> 310; ours 310/400; accounts over 50 are the same four
    assert cells.loc["Accounts that still pay (a known error)", "Result"] == "103.3%"
    assert cells.loc["Net revenue retention"].tolist() == ["77.5%", "0", ""]
    assert cells.loc["Accounts that still pay (a known error)", "Points from ours"] == "+25.8"
    assert cells.loc["Accounts that still pay (a known error)", "Accounts behind it"].startswith(
        "Account D +25.8"
    )
    defined = [float(v.rstrip("%")) for v in cells["Result"] if v != "undefined"]
    assert defined == sorted(defined, reverse=True)
    assert "undefined" not in cells["Result"].tolist()[: len(defined)]
    assert sheet.styler.to_html().count("font-weight: bold") >= 1


def test_an_empty_frame_is_refused() -> None:
    empty = forms.compare_conventions(eight()).iloc[:0]
    with pytest.raises(ValueError, match="conventions_table: found a frame without rows"):
        conventions_table(empty, title="x", label="y")
