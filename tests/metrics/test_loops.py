from __future__ import annotations

import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics import loops
from cslib.stats.proportion import wilson
from tests.metrics.capacity.books import sized

COLUMNS = ["account_id", "date", "area", "status", "votes", "closed_date", "reason", "notified_date"]


def feedback(rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_n17_no_decline_without_a_reason_passes():
    rows = [
        ("A", "2026-01-01", "x", "declined", 1, "2026-05-01", "too few ask", "2026-05-02"),
        ("A", "2026-01-01", "x", "declined", 1, "2026-05-01", "  ", None),
        ("B", "2026-01-01", "x", "declined", 1, "2026-05-01", None, None),
        ("B", "2026-01-01", "x", "delivered", 1, "2026-05-01", None, None),
    ]
    told = loops.declined(sized({"A": 10, "B": 10}, feedback=feedback(rows)))
    assert told["passes"].tolist() == [False, False, True]
    assert told.loc[told["passes"], "reason"].str.strip().ne("").all()
    rate = loops.declined_rate(sized({"A": 10, "B": 10}, feedback=feedback(rows))).set_index("what")
    assert rate.loc["with a reason", ["k", "n"]].tolist() == [1, 3]
    assert rate.loc["the customer was told", "value"] == pytest.approx(1 / 3)


def test_n18_the_count_is_the_status_changes_of_the_quarter():
    rows = [
        ("A", "2026-01-01", "x", "delivered", 4, day, None, None)
        for day in ("2026-06-30", "2026-07-01", "2026-09-30", "2026-09-01")
    ] + [("A", "2026-01-01", "y", "declined", 9, "2026-09-01", None, None)]
    told = loops.delivered(sized({"A": 10}, feedback=feedback(rows)), quarters=2, goal=8)
    told = told.set_index(told["quarter"].dt.strftime("%Y-%m"))
    assert told["items"].to_dict() == {"2026-06": 1, "2026-09": 3}
    assert told["votes"].to_dict() == {"2026-06": 4, "2026-09": 12}
    assert told["met"].to_dict() == {"2026-06": False, "2026-09": True}
    one = loops.delivered(sized({"A": 10}, feedback=feedback(rows)), quarters=2, area="y")
    assert one["items"].sum() == 0


def test_n19_the_rate_is_told_over_delivered_and_days_are_between():
    rows = [
        ("A", "2026-01-01", "x", "delivered", 1, "2026-05-01", None, "2026-05-11"),
        ("A", "2026-01-01", "x", "delivered", 1, "2026-05-01", None, "2026-05-21"),
        ("B", "2026-01-01", "y", "delivered", 1, "2026-05-01", None, None),
        (
            "B",
            "2026-01-01",
            "y",
            "delivered",
            1,
            "2026-05-01",
            None,
            "2026-10-11",
        ),  # told after the as-of day
    ]
    told = loops.closure(sized({"A": 10, "B": 10}, feedback=feedback(rows))).set_index("area")
    assert told.loc["all", ["delivered", "notified"]].tolist() == [4, 2]
    assert tuple(told.loc["all", ["value", "low", "high"]]) == pytest.approx(tuple(wilson(2, 4)))
    assert told.loc["x", "days"] == 15
    assert told.drop("all")["delivered"].sum() == 4


def test_n19_told_and_untold_are_compared_with_like_accounts_and_called_an_association():
    """Large accounts are told and stay; among accounts of one size being told makes no difference."""
    arr, ends, rows = {}, {}, []
    for i in range(200):
        large = i < 100
        key = f"a{i:03}"
        arr[key] = 200_000 if large else 500
        told = (i % 10) < (9 if large else 1)
        if (i // 10) % 10 >= (9 if large else 5):  # who leaves does not depend on the last digit
            ends[key] = "2026-03-01"
        rows.append(
            (key, "2025-01-01", "x", "delivered", 1, "2025-05-01", None, "2025-05-02" if told else None)
        )
    found = loops.closed_and_kept(sized(arr, ends=ends, feedback=feedback(rows))).set_index("comparison")
    assert found.loc["naive", "verdict"] == "higher"
    assert found.loc["matched", "difference"] == pytest.approx(0, abs=1e-9)
    assert found.loc["matched", "verdict"] == "cannot be told from chance"
    with pytest.raises(Absent):
        loops.closed_and_kept(sized(arr, feedback=feedback(rows).assign(closed_date="2026-08-01")))
