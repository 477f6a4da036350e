"""Key figures and segments."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled import kpi_table, segment_table
from tests.charts.frames import ratios, segments
from tests.styled.reading import css, rows


def key_figures() -> pd.DataFrame:
    nan = float("nan")
    shared = {"convention": "endpoint"}
    end, before, year = (pd.Timestamp(day) for day in ("2026-09-30", "2026-06-30", "2025-09-30"))
    told = [
        ("arr", "month end", "USD ARR", {end: 1_240_000_000, before: 1_192_000_000, year: 912_000_000}),
        ("net_retention", "endpoint", "ratio", {end: 1.0437, before: 1.031, year: nan}),
        ("quick_ratio", "flow", "ratio to one", {end: 2.607, before: nan}),
    ]
    return pd.DataFrame(
        [
            {**shared, "metric": m, "convention": c, "unit": u, "end": e, "value": v,
             "start": e if m == "arr" else e - pd.DateOffset(years=1)}
            for m, c, u, values in told for e, v in values.items()
        ]
    )  # fmt: skip


def test_key_figures_name_their_convention_the_latest_first() -> None:
    assert rows(kpi_table(key_figures())) == [
        ["Metric", "Convention", "Sep 2026", "Jun 2026", "Sep 2025"],
        ["ARR", "month end", "$12.4M", "$11.9M", "$9.12M"],
        ["Net retention", "endpoint, 12 months", "104.4%", "103.1%", "undefined"],
        ["Quick ratio", "flow, 12 months", "2.6", "undefined", ""],
    ]
    assert kpi_table(key_figures()).caption == "Key figures."


def test_key_figures_of_a_small_book_feign_no_precision() -> None:
    assert [row[2] for row in rows(kpi_table(key_figures(), decimals=False))[1:]] == ["$12.4M", "104%", "2.6"]


def test_key_figures_follow_the_locale() -> None:
    assert rows(kpi_table(key_figures(), locale="de_DE"))[2][2] == "104,4%"
    assert rows(kpi_table(key_figures(), locale="de_DE"))[3][2] == "2,6"


def test_key_figures_of_one_metric_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="expected one row for each metric and end"):
        kpi_table(pd.concat([key_figures(), key_figures()]))


def test_segments_stand_by_size_and_the_whole_book_last() -> None:
    nan = float("nan")
    frame = segments({"SMB": (0.8, 0.9, 10_000_000, 1200), "Large": (nan, nan, 20_000_000, 3)})
    sheet = segment_table(
        frame, by="segment", unit="USD ARR", total=ratios({"net_retention": [1.0], "gross_retention": [0.9]})
    )
    assert rows(sheet) == [
        ["Segment", "Accounts", "Opening ARR", "Net retention", "Gross retention"],
        ["Large", "3", "$200k", "undefined", "undefined"],
        ["SMB", "1,200", "$100k", "90.0%", "80.0%"],
        ["All accounts", "312", rows(sheet)[3][2], "100.0%", "90.0%"],
    ]
    assert css(sheet, 3, 1)["font-weight"] == "bold"
    assert sheet.caption == "Retention by segment, trailing 12 months to Sep 2026, endpoint convention."


def test_a_metric_that_only_the_whole_book_has_is_blank_for_the_segments() -> None:
    total = ratios({"net_retention": [1.0], "logo_retention": [0.9]})
    sheet = segment_table(segments({"SMB": (0.8, 0.9, 1, 1)}), by="segment", unit="USD ARR", total=total)
    assert rows(sheet)[1][-1] == ""
    assert rows(sheet)[2][-1] == "90.0%"


def test_segments_without_net_retention_are_refused() -> None:
    frame = segments({"SMB": (0.8, 0.9, 1, 1)})
    with pytest.raises(ValueError, match="net_retention is absent"):
        segment_table(frame[frame["metric"] == "gross_retention"], by="segment", unit="USD ARR")
