"""Mix and rate: two bars a segment in points, with their signs."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cslib.charts import chart_mix
from cslib.charts.canvas import GAIN, LOSS, NEUTRAL


def split() -> pd.DataFrame:
    day = pd.to_datetime(["2024-12-31", "2025-12-31"])
    return pd.DataFrame({"metric": "net_retention", "by": "segment", "start": day[0], "end": day[1],
                         "segment": ["SMB", "Enterprise"], "mix": [0.015, -0.0001], "rate": [-0.022, 0.01]})  # fmt: skip


def test_bars_in_points_with_their_signs() -> None:
    picture = chart_mix(split(), title="Change", label="fig-mix")
    axes = picture.figure.axes[0]
    assert [round(bar.get_width(), 6) for bar in axes.patches] == [-2.2, 1.5, 1.0, 0.0]
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [LOSS, NEUTRAL, GAIN, NEUTRAL]
    assert [text.get_text() for text in axes.texts] == ["−2.2", "+1.5", "+1.0", "+0.0"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["SMB", "Enterprise"]
    assert picture.caption.startswith(
        "Change: net retention, windows closing Dec 2024 to Dec 2025, by segment. Upper bar:"
    )
    assert picture.alt == "Bars in points. SMB: rate −2.2, mix +1.5. Enterprise: rate +1.0, mix +0.0."


def test_nothing_to_compare_and_errors() -> None:
    assert (
        chart_mix(split().head(0), title="C", label="fig-mix").alt == "There are no two windows to compare."
    )
    with pytest.raises(ValueError, match="found a segment more than once"):
        chart_mix(pd.concat([split(), split()]), title="C", label="fig-mix")
