from __future__ import annotations

import pandas as pd
import pytest

from cslib.charts.share import chart_share

WORDS = {"x": "day", "title": "Reached", "label": "fig-value", "x_label": "Days"}


def frame() -> pd.DataFrame:
    return pd.DataFrame({"day": [10, 20], "value": [0.4, 0.6], "low": [0.2, None], "high": [0.7, None]})


def test_steps_begin_at_nothing_and_say_when_half_is_there():
    told = chart_share(frame(), **WORDS)
    assert told.figure.axes[0].lines[0].get_xydata().tolist() == [[0, 0], [10, 0.4], [20, 0.6]]
    assert told.alt == "Rising steps to 60.0% at 20. Half by 20."


def test_an_empty_frame_says_so_and_a_missing_column_is_named():
    assert "nothing" in chart_share(frame().head(0), **WORDS).alt
    with pytest.raises(ValueError, match="low"):
        chart_share(frame().drop(columns="low"), **WORDS)


def test_its_words_are_told_in_the_language():
    told = chart_share(frame(), **(WORDS | {"title": "Share", "x_label": "Days"}), locale="zh_CN")
    assert told.caption == "占比，附逐点95%区间带。" and told.figure.axes[0].get_xlabel() == "天数"
    assert told.alt == "阶梯上升，至20处为60.0%。 至20达到一半。"
