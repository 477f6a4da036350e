"""A finding as JSON, and the names of its numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from cslib.story.finding import Driver, Evidence, Finding, plain


def test_a_finding_leaves_as_json_with_its_evidence() -> None:
    values = {"share": np.float64(0.25), "n": np.int64(3), "end": pd.Timestamp("2026-09-30"), "none": float("nan"),
              "rows": [{"flag": np.bool_(True)}]}  # fmt: skip
    finding = Finding("masking", values, (Evidence("arr", "month end", "end=2026-09-30", "tab-kpi"),),
                      drivers=(Driver("churn", -5.0),), plays=("win_back",), accounts=("A",))  # fmt: skip
    told = json.loads(json.dumps(plain(finding)))
    assert told["values"] == {
        "share": 0.25,
        "n": 3,
        "end": "2026-09-30",
        "none": None,
        "rows": [{"flag": True}],
    }
    assert told["evidence"] == [
        {"metric": "arr", "convention": "month end", "row": "end=2026-09-30", "table": "tab-kpi"}
    ]
    assert told["drivers"] == [{"name": "churn", "amount": -5.0}]
    assert finding.tables == ("tab-kpi",)
