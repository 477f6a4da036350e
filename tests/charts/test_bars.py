from __future__ import annotations

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


def test_a_day_stands_for_its_month():
    by_month = frame().assign(owner=pd.to_datetime(["2026-08-31", "2026-09-30", "2026-10-31"]))
    told = chart_bars(
        by_month, name="owner", value="arr", form="money", title="Load", label="f", locale="en_GB"
    )
    assert [tick.get_text() for tick in told.figure.axes[0].get_yticklabels()] == ["Aug 2026", "Sept 2026"]


def test_rows_that_are_not_drawn_are_counted():
    assert picture(most=1).caption == "Load; 1 more not shown."


def test_an_empty_frame_says_so_and_a_missing_column_is_named():
    assert chart_bars(frame().head(0), name="owner", value="arr", form="money", title="Load", label="f").alt
    with pytest.raises(ValueError, match="touches"):
        picture(value="touches")
