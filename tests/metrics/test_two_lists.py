from __future__ import annotations

import pandas as pd

from cslib.metrics.two_lists import two_lists, two_lists_record
from tests.metrics.capacity.books import sized
from tests.metrics.test_health import company, scores


def test_n12_points_are_the_sum_of_the_reasons():
    rows = [
        ("A", "2026-06-25", 70, "green"),
        ("A", "2026-09-30", 30, "red"),
        ("B", "2026-09-30", 90, "green"),
    ]
    units = pd.DataFrame(
        [("B", "2026-09-01", 10, 10)], columns=["account_id", "date", "licensed_units", "used_units"]
    )
    told = two_lists(sized({"A": 100, "B": 50}, health=scores(rows), usage=units)).set_index("account_id")
    assert told.loc["A", ["list", "points", "reasons"]].tolist() == ["at risk", 5, "red (3), score fell (2)"]
    assert told.loc["B", ["list", "points", "reasons"]].tolist() == [
        "ready to grow",
        4,
        "nearly all units in use (3), green (1)",
    ]


def test_n12_precision_and_recall_on_the_next_quarter():
    told = two_lists_record(company()).set_index("list").loc["at risk"]
    assert told["precision"] > 3 * told["base"]
    assert told["recall"] > 0.7
    chance = two_lists_record(company(shuffled=True)).set_index("list").loc["at risk"]
    assert chance["low"] <= chance["base"] <= chance["high"]
