"""Metrics: a book in, tidy frames out. One file per subject; ``METRICS`` lists what can be asked for by name.

>>> sorted(METRICS)[:3]
['arr', 'churn', 'contraction']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import pandas as pd

from cslib.metrics import retention

__all__ = ["METRICS"]

METRICS: Final[Mapping[str, Callable[..., pd.DataFrame]]] = {
    "arr": partial(retention.arr, base="arr"),
    "mrr": partial(retention.arr, base="mrr"),
    "net_retention": retention.net_retention,
    "gross_retention": retention.gross_retention,
    "logo_retention": retention.logo_retention,
    "quick_ratio": retention.quick_ratio,
    **{name: partial(retention.movement, metric=name) for name in retention.MOVEMENTS},
}
"""Name of a metric -> function of a book that gives it at every month end, in the tidy columns of ``retention``."""
