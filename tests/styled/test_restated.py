"""Figures that moved, as a reader sees them."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled.restated import restated_table

FRAME = pd.DataFrame(
    {
        "metric": ["arr", "net_retention", "quick_ratio"],
        "convention": ["month end", "endpoint", "flow"],
        "end": pd.to_datetime(["2026-06-30", "2026-06-30", None]),
        "by": ["", "segment=<b>SMB</b>", ""],
        "unit": ["USD ARR", "ratio", "ratio to one"],
        "old": [1_200_000.0, 0.97, 2.5],
        "new": [1_100_000.0, float("nan"), 2.4],
        "why": ["late row of A", "", ""],
    }
)


def test_each_figure_as_it_was_and_as_it_is() -> None:
    cells = restated_table(FRAME).styler.data  # type: ignore[attr-defined]
    assert cells["Reported"].tolist() == ["$12,000", "97.00%", "2.500"]
    assert cells["Now"].tolist() == ["$11,000", "undefined", "2.400"]
    assert cells["Because of"].tolist() == ["late row of A", "not known", "not known"]
    assert cells.index[0].startswith("ARR to Jun 30, 2026")


def test_text_from_data_is_escaped() -> None:
    html = restated_table(FRAME)._repr_mimebundle_()[0]["text/html"]
    assert "<b>" not in html


def test_a_long_list_is_cut_and_counted() -> None:
    sheet = restated_table(pd.concat([FRAME] * 10, ignore_index=True), most=24)
    assert sheet.caption == "Past figures that moved; 6 more are not shown."
    assert len(sheet.styler.data) == 24  # type: ignore[attr-defined]


def test_what_it_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match="why"):
        restated_table(FRAME.drop(columns="why"))
