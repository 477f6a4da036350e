"""Charts: a tidy frame in, a picture with its words out. They compute nothing but positions.

>>> sorted(__all__)[:3]
['Picture', 'chart_bridge', 'chart_cohort_curves']
"""

from cslib.charts.canvas import Picture
from cslib.charts.curves import chart_cohort_curves
from cslib.charts.layers import chart_layers
from cslib.charts.retention import chart_retention
from cslib.charts.segments import chart_segments
from cslib.charts.waterfall import chart_bridge

__all__ = [
    "Picture",
    "chart_bridge",
    "chart_cohort_curves",
    "chart_layers",
    "chart_retention",
    "chart_segments",
]
