"""Charts: a tidy frame in, a picture with its words out. They compute nothing but positions.

>>> sorted(__all__)[:3]
['Picture', 'chart_bars', 'chart_bridge']
"""
# ruff: noqa: E402

import logging

# What matplotlib says of fonts (a weight is missing, listing them takes a moment) would land in the report as
# the output of a cell. Before the first import of matplotlib, which may say it.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

from cslib.charts.banded import chart_curves
from cslib.charts.bars import chart_bars
from cslib.charts.canvas import Picture
from cslib.charts.curves import chart_cohort_curves
from cslib.charts.layers import chart_layers
from cslib.charts.mix import chart_mix
from cslib.charts.portfolio import chart_league, chart_sparklines
from cslib.charts.projected import chart_projection
from cslib.charts.ranges import chart_ranges
from cslib.charts.retention import chart_retention
from cslib.charts.segments import chart_segments
from cslib.charts.share import chart_share
from cslib.charts.spread import chart_spread
from cslib.charts.waterfall import chart_bridge

__all__ = [
    "Picture",
    "chart_bars",
    "chart_bridge",
    "chart_cohort_curves",
    "chart_curves",
    "chart_layers",
    "chart_league",
    "chart_mix",
    "chart_projection",
    "chart_ranges",
    "chart_retention",
    "chart_segments",
    "chart_share",
    "chart_sparklines",
    "chart_spread",
]
