from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.metrics.pipeline import csql_coverage, funnels, touch_direction
from tests.metrics.capacity.books import touches
from tests.metrics.test_due import company
from tests.metrics.test_expansion import deals


def test_g32_coverage_counts_accounts_with_an_open_csql_once():
    rows = [("A", "2026-09-01", None, "1", "csql", "core", "Ops", None), ("A", "2026-09-11", None, "1", "csql", "core", "Ops", None),
            ("B", "2026-09-01", "2026-09-10", "1", "csql", "core", "Ops", True), ("C", "2026-09-01", None, "1", "expansion", "core", "Ops", None)]  # fmt: skip
    told = csql_coverage(company(opportunities=deals(rows))).set_index("band").loc["all"]
    assert told[["n_accounts", "covered", "open", "age"]].tolist() == [7, 1, 2, 24]
    assert told["coverage"] == 1 / 7


def test_g17_counts_never_grow_and_conversions_multiply_to_the_whole():
    steps = pd.DataFrame(
        [("A", "signed", "2026-01-01"), ("B", "signed", "2026-01-02"), ("C", "signed", "2026-01-03"), ("D", "live", "2026-02-01"),
         ("A", "kickoff", "2026-01-05"), ("B", "kickoff", "2026-01-10"), ("A", "live", "2026-02-04"), ("C", "live", "2026-02-04"),
         ("A", "first_value", "2026-03-04")],
        columns=["account_id", "milestone", "date"],
    )  # fmt: skip
    told = funnels(company(milestones=steps)).query("funnel == 'onboarding'")
    assert told["n_accounts"].tolist() == [3, 2, 1, 1]
    assert told["n_accounts"].is_monotonic_decreasing
    assert told["conversion"].prod() == pytest.approx(told["overall"].iloc[-1]) == pytest.approx(1 / 3)
    assert told["days"].tolist()[1:] == [6, 30, 28]


def test_g31_what_is_not_known_is_a_class_of_its_own():
    frame = touches([("A", "2026-05-01", "call", "Ann")] * 5).assign(
        direction=["outbound", "outbound", "inbound", None, "sideways"]
    )
    told = touch_direction(company(touches=frame)).set_index("band").loc["all"]
    assert told[["outbound", "inbound", "unknown", "ratio"]].tolist() == [2, 1, 2, 2.0]
    none = touch_direction(company(touches=frame.assign(direction="outbound"))).set_index("band").loc["all"]
    assert np.isnan(none["ratio"])
