from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics.capacity.owners import ops_ratio, ownership, quotas
from tests.metrics.capacity.books import sized, team
from tests.metrics.capacity.test_economics import deals


def test_m17_nobody_in_operations_is_said_and_not_divided_by():
    rows = [
        ("A", "CSM", "2024-01-01", None),
        ("B", "CSM", "2026-01-01", None),
        ("O", "CS operations", "2026-01-01", None),
    ]
    told = ops_ratio(sized({"a": 10}, team=team(rows)), months=(12, 0))
    assert told["state"].tolist() == ["no ops", ""]
    assert np.isnan(told.loc[0, "value"])
    assert told.loc[1, "value"] == 2.0


def test_m07_attainment_is_actual_over_quota_and_people_count_once():
    staff = team([("Ann", "CSM", "2024-01-01", None), ("Ben", "CSM", "2024-01-01", None)])
    staff = staff.assign(quota=["200", None], quota_kind=["renewal", None])
    won = deals([("a", "2026-01-01", "2026-05-01", "100", "csql", "CSM", True)])
    told = quotas(sized({"a": 10}, owners={"a": "Ann"}, team=staff, opportunities=won)).set_index("kind")
    assert told.loc["renewal", ["people", "all_people", "attainment", "benchmark"]].tolist() == [
        1,
        2,
        0.5,
        0.5,
    ]
    assert told.loc["any", "people"] == 1


def test_m07_without_quotas_there_is_a_line_and_no_zero():
    with pytest.raises(Absent, match="quota"):
        quotas(sized({"a": 10}, team=team([("Ann", "CSM", "2024-01-01", None)])))


def test_n10_exactly_one_name_is_green():
    told = ownership(
        sized({"a": 10}), owners={"churn": ["Ann"], "expansion": ["Ann", "Ben"], "adoption": ["Ann"]}
    ).set_index("driver")
    assert told["light"].to_dict() == {
        "expansion": "red",
        "contraction": "red",
        "churn": "green",
        "adoption": "green",
    }
    assert pd.isna(told.loc["adoption", "actual"])
