"""A league in its tiers with the ranges drawn, and small lines on one scale."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cslib.charts import chart_league, chart_sparklines

NAN = float("nan")
END = pd.Timestamp("2026-09-30")


def league(*rows: tuple[str, float, float, float, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["company", "value", "low", "high", "tier"])
    return frame.assign(
        metric="net_retention", convention="endpoint", start=END - pd.DateOffset(years=1), end=END
    )


THREE = league(
    ("Best", 1.2, 1.15, 1.25, "above the others"),
    ("Middle", 1.05, NAN, NAN, "cannot be told apart"),
    ("Wild", 1.0, 0.2, 1.3, "cannot be told apart"),
)


def test_companies_stand_under_the_words_of_their_tier() -> None:
    picture = chart_league(THREE, title="Net retention")
    axes = picture.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Best", "Middle", "Wild"]
    heights = dict(zip(["Best", "Middle", "Wild"], axes.get_yticks(), strict=True))
    words = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert words["Above the others"] == heights["Best"] - 1
    assert words["Cannot be told apart"] == heights["Middle"] - 1
    assert {"120.0%", "105.0%", "100.0%"} <= set(words)
    assert len(set(heights.values()) | {words["Above the others"], words["Cannot be told apart"]}) == 5


def test_a_range_is_drawn_as_far_as_it_goes_and_an_arrow_says_where_it_leaves() -> None:
    axes = chart_league(THREE, title="t").figure.axes[0]
    spans = {
        line.get_gid(): list(line.get_xdata())
        for line in axes.lines
        if str(line.get_gid()).startswith("range")
    }
    assert spans["range Best"] == [1.15, 1.25]
    assert "range Middle" not in spans
    left = axes.get_xlim()[0]
    assert spans["range Wild"] == [pytest.approx(left), 1.3]
    assert [line.get_marker() for line in axes.lines if line.get_marker() in "<>"] == ["<"]


def test_words_of_a_league() -> None:
    picture = chart_league(THREE, title="Net retention")
    assert picture.caption == (
        "Net retention: net retention, trailing 12 months to Sep 2026, endpoint convention, with 95% intervals; no bar "
        "where the book is too concentrated for one. The order within a group means nothing."
    )
    assert picture.alt == (
        "Dots on ranges. Above the others: Best 120.0% (115.0% to 125.0%). Cannot be told apart: Middle 105.0%, "
        "Wild 100.0% (20.0% to 130.0%)."
    )


def test_twenty_companies_stay_apart_and_one_is_enough() -> None:
    many = league(*[(f"A company with a long name {i}", 1 + i / 100, 0.9, 1.3, "cannot be told apart") for i in range(20)])  # fmt: skip
    axes = chart_league(many, title="t").figure.axes[0]
    inches = axes.get_window_extent().height / axes.figure.dpi
    assert inches / (axes.get_ylim()[0] - axes.get_ylim()[1]) > 8 * 1.35 / 72  # a line of text a company
    assert axes.figure.get_figheight() < 7
    assert chart_league(THREE.head(1), title="t").figure.axes
    assert chart_league(THREE.head(0), title="t").alt == "No company has a whole window yet."


def test_an_unclear_league_is_refused() -> None:
    with pytest.raises(ValueError, match="found net_retention and 2 rows of 1 companies"):
        chart_league(pd.concat([THREE.head(1)] * 2), title="t")
    with pytest.raises(ValueError, match="chart_league: columns missing: tier"):
        chart_league(THREE.drop(columns="tier"), title="t")


def lines(**values: list[float]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name, series in values.items():
        ends = pd.date_range(end=END, periods=len(series), freq="QE")
        rows += [{"company": name, "end": end, "value": v} for end, v in zip(ends, series, strict=True)]
    return pd.DataFrame(rows).assign(metric="net_retention", convention="endpoint", start=END)


def moved(**verdicts: tuple[str, float, float]) -> pd.DataFrame:
    rows = [{"company": name, "verdict": v, "value": d, "low": low} for name, (v, d, low) in verdicts.items()]
    return pd.DataFrame(rows, columns=["company", "verdict", "value", "low"]).assign(months_ago=3)


def test_small_lines_share_one_scale() -> None:
    frame = lines(Up=[0.9, 1.0, 1.1], Down=[1.3, 1.2])
    picture = chart_sparklines(
        frame, moved(Up=("changed", 0.1, 0.05), Down=("cannot tell", -0.1, -0.3)), title="T"
    )
    axes = picture.figure.axes[0]
    drawn = {
        line.get_gid(): list(line.get_ydata())
        for line in axes.lines
        if str(line.get_gid()).startswith("line")
    }
    up, down = drawn["line Up"], drawn["line Down"]
    assert up[0] - up[2] == pytest.approx(2 * (down[1] - down[0]))
    assert max(abs(y - 0) for y in up) < 0.5 and max(abs(y - 1) for y in down) < 0.5
    assert [text.get_text() for text in axes.texts] == ["110.0%", "+10.0 points", "120.0%", "cannot tell"]
    assert picture.caption == (
        "T: net retention at quarter ends, endpoint, all on one scale; the fine line is 100%. Beside it the change in "
        "3 months."
    )
    assert (
        picture.alt == "Lines from Mar 2026 to Sep 2026. Up 110.0%, +10.0 points. Down 120.0%, cannot tell."
    )


def test_small_lines_of_concentrated_unjudged_and_no_companies() -> None:
    frame = lines(A=[1.2], B=[1.1, 1.2])
    axes = chart_sparklines(frame, moved(A=("cannot tell", 0.1, NAN)), title="t").figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["120.0%", "too concentrated to say", "120.0%", ""]
    assert chart_sparklines(frame.head(0), moved(), title="t").alt == "No company has a whole window yet."
    with pytest.raises(ValueError, match="2 lags"):
        chart_sparklines(
            frame, pd.concat([moved(A=("changed", 0, 0)).assign(months_ago=m) for m in (3, 12)]), title="t"
        )
