from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics.onboarding import (
    first_days,
    handover,
    onboarding_flow,
    time_to_value,
    trained,
    value_curve,
)
from tests.metrics.capacity.books import sized, touches


def steps(rows):
    return pd.DataFrame(rows, columns=["account_id", "milestone", "date"])


# signed on 2026-01-01; value after 10, 20, 30 days; D waits since 2026-09-05 (25 days): at 10: 3/4 left, at 20: 2/4, at 30 one
# of the two at risk (D was seen for 25 days only, so one is at risk): 0
ROWS = [("A", "signed", "2026-01-01"), ("A", "first_value", "2026-01-11"), ("B", "signed", "2026-01-01"),
        ("B", "first_value", "2026-01-21"), ("C", "signed", "2026-01-01"), ("C", "first_value", "2026-01-31"),
        ("D", "signed", "2026-09-05")]  # fmt: skip


def test_g25_the_median_is_the_hand_calculation_and_those_who_wait_are_kept():
    book = sized(dict.fromkeys("ABCD", 10), milestones=steps(ROWS))
    told = time_to_value(book).iloc[0]
    assert told[["n_accounts", "reached", "waiting"]].tolist() == [4, 3, 1]
    assert (told["median"], told["naive"]) == (20, 20)
    curve = value_curve(book)
    assert curve["day"].tolist() == [10, 20, 30]
    assert curve["value"].tolist() == pytest.approx([0.25, 0.5, 1.0])


def test_g25_a_share_that_was_never_seen_is_missing_and_the_naive_median_is_too_short():
    waiting = [(name, "signed", "2026-01-01") for name in "EFGH"]
    told = time_to_value(sized(dict.fromkeys("ABCDEFGH", 10), milestones=steps(ROWS + waiting))).iloc[0]
    assert told["naive"] == 20
    assert np.isnan(told["median"]) and np.isnan(told["p90"])


def test_g25_by_segment_and_who_left_waits_no_longer():
    book = sized(
        dict.fromkeys("ABCD", 10),
        ends={"D": "2026-09-10"},
        milestones=steps(ROWS),
        accounts={"segment": list("xxyy")},
    )
    told = time_to_value(book, by="segment").set_index("group")
    assert told["n_accounts"].to_dict() == {"all": 4, "x": 2, "y": 2}
    assert told.loc["x", "median"] == 10


def test_g24_work_in_progress_is_rate_times_time_in_a_steady_flow():
    days = pd.date_range("2025-01-01", "2026-09-30", freq="D")
    ids = [f"a{i:03}" for i in range(len(days))]
    rows = [(key, "kickoff", str(day.date())) for key, day in zip(ids, days, strict=True)]
    rows += [
        (key, "live", str((day + pd.Timedelta(days=20)).date())) for key, day in zip(ids, days, strict=True)
    ]
    told = onboarding_flow(sized({"a000": 10}, milestones=steps(rows)))
    assert told["in_progress"].iloc[-1] == 20
    assert told["expected"].iloc[-1] == pytest.approx(20)
    assert told["freed"].sum() == 0


def test_n54_days_are_counted_from_the_launch_of_each_account():
    live = steps([("A", "live", "2026-01-15"), ("B", "live", "2026-03-15"), ("C", "live", "2026-09-15")])
    usage = pd.DataFrame(
        [("A", "2026-01-20", 10), ("A", "2026-01-01", 99), ("B", "2026-04-20", 4), ("A", "2026-02-20", 6)],
        columns=["account_id", "date", "events"],
    )
    told = first_days(sized(dict.fromkeys("ABC", 10), milestones=live, usage=usage), days=60, step=30)
    assert told["n_accounts"].tolist() == [2, 2]  # C has not been live for 30 days
    assert told["median"].tolist() == [5, 5]
    assert told["silent"].tolist() == [1, 0]
    assert told["late"].tolist() == [1, 0]


def test_c08_completeness_counts_what_was_there_on_the_day():
    rows = [("A", "handover", "2026-02-01"), ("B", "handover", "2026-02-01"), ("A", "kickoff", "2026-02-01"),
    ("B", "kickoff", "2026-03-01"),
            ("A", "first_value", "2026-03-01"), ("B", "first_value", "2026-06-01")]  # fmt: skip
    contacts = pd.DataFrame(
        [("A", "1", "Lead", True, False, "2026-01-01"), ("A", "2", "CFO", False, True, "2026-01-01"), ("B",
        "1", "Lead", True, True, "2026-02-02")],
        columns=["account_id", "contact_id", "role", "is_champion", "is_economic_buyer", "start_date"],
    )  # fmt: skip
    told = handover(sized({"A": 10, "B": 10}, milestones=steps(rows), contacts=contacts)).set_index(
        "complete"
    )
    assert told.index.tolist() == [0, 1]
    assert told["median"].tolist() == [120, 28]


def test_n37_staying_longer_looks_like_training_until_it_is_compared_from_a_landmark():
    """Training is drawn at random through an account's life: it has no effect, and naive says it has one."""
    rng = np.random.default_rng(8)
    ids = [f"a{i:03}" for i in range(1000)]
    life = rng.exponential(500, 1000).clip(30, 900)
    on = rng.exponential(300, 1000)
    start = pd.Timestamp("2024-01-01")
    ends = {
        key: str((start + pd.Timedelta(days=int(days))).date()) for key, days in zip(ids, life, strict=True)
    }
    calls = [
        (key, str((start + pd.Timedelta(days=int(day))).date()), "training", "Ann")
        for key, day, days in zip(ids, on, life, strict=True)
        if day < days
    ]
    told = trained(
        sized(dict.fromkeys(ids, 10), start="2024-01-01", ends=ends, touches=touches(calls))
    ).set_index("comparison")
    assert told.loc["naive", "low"] > 0
    assert told.loc["landmark", "low"] < 0 < told.loc["landmark", "high"]


def test_without_milestones_there_is_a_line():
    with pytest.raises(Absent, match="milestones"):
        time_to_value(sized({"a": 10}))
