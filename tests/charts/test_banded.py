"""Curves with bands: what is drawn, what is left out, the counts below."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

from cslib.charts import chart_curves


def curves(n: tuple[int, ...] = (90, 60, 40, 19), metric: str = "logo_retention") -> pd.DataFrame:
    value = [1.0, 0.9, 0.8, 0.1]
    return pd.DataFrame({"metric": metric, "age": range(4), "value": value, "low": [1.0, 0.8, 0.7, 0.0],
                         "high": [1.0, 0.95, 0.9, 0.5], "level": 0.95, "n_at_risk": n})  # fmt: skip


def test_a_line_a_band_and_the_accounts_below_each_age() -> None:
    picture = chart_curves(curves(), title="Kept")
    axes = picture.figure.axes[0]
    line = next(line for line in axes.lines if line.get_gid() == "logo_retention")
    assert line.get_xydata().tolist() == [[0, 1.0], [1, 0.9], [2, 0.8]]
    band = next(part for part in axes.collections if isinstance(part, PolyCollection))
    assert band.get_datalim(axes.transData).ymin == 0.7
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0\n90", "1\n60", "2\n40"]
    assert picture.caption == (
        "Kept, by age in months since first payment, with pointwise 95% bands; below, the accounts old enough "
        "(logo retention). Ages with fewer than 20 are left out."
    )
    assert picture.alt == "Lines by age. Logo retention: 80.0% (70.0% to 90.0%) at month 2."


def test_each_row_that_is_drawn_is_left_once_also_where_frames_were_put_one_under_another() -> None:
    both = pd.concat([curves(), curves(metric="gross_retention")])  # two rows of each index
    drawn, least = chart_curves(both, title="Kept").rows
    assert (
        drawn["metric"].tolist() == ["logo_retention", "gross_retention"] * 3
    )  # by age; the fourth is left out
    assert least.to_dict("records") == [{"least": 20}]


def test_a_wide_band_does_not_flatten_the_curve() -> None:
    frame = curves(metric="net_retention").assign(high=40.0)
    assert chart_curves(frame, title="Kept").figure.axes[0].get_ylim()[1] < 1.3


def test_no_text_leaves_the_figure() -> None:
    figure = chart_curves(curves((12_345, 9_999, 8_888, 7_777)), title="Kept").figure
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [
        text.get_window_extent() for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels())
    ]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)


@pytest.mark.parametrize("frame", [curves((9, 9, 9, 9)), curves((90, 9, 9, 9)), curves().head(0)])
def test_too_few_to_draw_is_said(frame: pd.DataFrame) -> None:
    assert chart_curves(frame, title="Kept").alt == "Fewer than 20 accounts are a month old."


def test_errors() -> None:
    with pytest.raises(ValueError, match="chart_curves: columns missing: n_at_risk"):
        chart_curves(curves().drop(columns="n_at_risk"), title="Kept")
    with pytest.raises(ValueError, match="metric: found arr; expected net_retention"):
        chart_curves(curves(metric="arr"), title="Kept")
