from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from cslib.charts.bars import chart_bars


def frame() -> pd.DataFrame:
    return pd.DataFrame({"owner": ["Ann", "Ben <b>", "Cem"], "arr": [300_000, 100_000, None]})


def picture(**named):
    return chart_bars(
        frame(),
        **({"name": "owner", "value": "arr", "form": "money", "title": "Load", "label": "fig-load"} | named),
    )


def test_a_bar_a_row_and_none_for_what_is_not_known():
    axes = picture().figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [300_000, 100_000]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Ann", "Ben <b>"]


def test_lines_are_drawn_and_read_aloud():
    told = picture(marks={"full": 200_000})
    assert told.figure.axes[0].lines[0].get_xdata()[0] == 200_000
    assert told.alt == "Bars. Ann $3.00k and Ben <b> $1.00k. Lines: full at $2.00k."
    assert "Ben &lt;b&gt;" in told.svg()


def months(*amounts: float) -> pd.DataFrame:
    ends = pd.date_range("2026-08-31", periods=len(amounts), freq="ME")
    return pd.DataFrame({"month": ends, "share": amounts})


def test_months_are_columns_from_left_to_right():
    told = chart_bars(
        months(0.5, 0.25), name="month", value="share", form="percent", title="Use", label="f", locale="en_GB"
    )
    axes = told.figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == [0.5, 0.25]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["Aug 2026", "Sept 2026"]
    assert told.alt == "Bars. Aug 2026 50.0% and Sept 2026 25.0%."


def test_of_many_months_the_last_are_drawn_and_as_many_named_as_there_is_room_for():
    told = chart_bars(
        months(*[0.1] * 30), name="month", value="share", form="percent", title="Use", label="f", most=24
    )
    axes = told.figure.axes[0]
    drawn = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert len(axes.patches) == 24 and told.caption == "Use; 6 more not shown."
    assert axes.get_xticklabels()[-1].get_text() == "Jan 2029"
    assert all(left.x1 < right.x0 for left, right in pairwise(drawn))
    assert drawn[0].x0 >= 0 and drawn[-1].x1 <= told.figure.bbox.x1


def test_amounts_over_eighteen_columns_do_not_touch_and_one_below_zero_stands_below_its_column():
    told = chart_bars(
        months(*[1.3e8] * 17, -1.3e8),
        name="month",
        value="share",
        form="money",
        title="Due",
        label="f",
        most=24,
    )
    axes = told.figure.axes[0]
    drawn = [text.get_window_extent() for text in axes.texts]
    assert all(left.x1 < right.x0 for left, right in pairwise(drawn[:17]))
    assert drawn[-1].y1 <= axes.patches[-1].get_window_extent().y0


def test_rows_that_are_not_drawn_are_counted():
    assert picture(most=1).caption == "Load; 1 more not shown."


def test_an_empty_frame_says_so_and_a_missing_column_is_named():
    assert chart_bars(frame().head(0), name="owner", value="arr", form="money", title="Load", label="f").alt
    with pytest.raises(ValueError, match="touches"):
        picture(value="touches")


def test_names_of_ours_are_told_and_those_from_data_stay():
    rows = pd.DataFrame({"owner": ["price or plan", "(no owner)"], "arr": [300_000, 100_000]})
    ours, theirs = (
        chart_bars(
            rows, name="owner", value="arr", form="money", title="Accounts at risk", label="f", marks={"full": 1},
            said=said, locale="tr_TR",
        )
        for said in (True, False)
    )  # fmt: skip
    assert [t.get_text() for t in ours.figure.axes[0].get_yticklabels()] == [
        "fiyat ya da plan",
        "(sorumlu yok)",
    ]
    assert [t.get_text() for t in theirs.figure.axes[0].get_yticklabels()] == [
        "price or plan",
        "(sorumlu yok)",
    ]
    assert ours.caption == "Riskteki müşteriler." and "dolu: " in ours.alt
