from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics.health import (
    band_trial,
    before_tickets,
    green_churn,
    profiles,
    score_trial,
)
from tests.metrics.capacity.books import sized, touches


def scores(rows):
    return pd.DataFrame(rows, columns=["account_id", "as_of_date", "score", "band"])


def test_n29_counts_are_of_the_snapshot_and_not_of_what_was_restated():
    rows = [("A", "2026-03-01", 80, "green"), ("A", "2026-05-25", 20, "red"), ("B", "2026-03-01", 30, "red")]
    book = sized(
        {"A": 100, "B": 50, "C": 10, "D": 10},
        ends={"A": "2026-06-01", "B": "2026-06-01", "C": "2026-06-01"},
        health=scores(rows),
    )
    told = green_churn(book, days=(60,)).set_index("band")
    assert told["n_left"].to_dict() == {"green": 1, "no score": 1, "red": 1}
    assert told.loc["green", ["arr", "n_all"]].tolist() == [10_000, 3]
    restated = scores([*rows, ("A", "2026-09-01", 1, "red")])
    again = green_churn(
        sized(
            {"A": 100, "B": 50, "C": 10, "D": 10},
            ends={"A": "2026-06-01", "B": "2026-06-01", "C": "2026-06-01"},
            health=restated,
        ),
        days=(60,),
    )
    assert again.set_index("band")["n_left"].to_dict() == told["n_left"].to_dict()


def company(*, shuffled=False, seed=3, n=300):
    """Scores that are low for those who leave in the quarter after, unless they are dealt out at random."""
    rng = np.random.default_rng(seed)
    ids = [f"a{i:03}" for i in range(n)]
    days = pd.date_range("2024-09-30", "2026-06-30", freq="QE")
    leaves = rng.integers(0, 24, n)
    ends = {
        key: str((days[q] + pd.Timedelta(days=40)).date())
        for key, q in zip(ids, leaves, strict=True)
        if q < len(days)
    }
    rows = []
    for q, day in enumerate(days):
        own = [min(float(rng.normal(40 if leaves[i] == q else 70, 8)), 100.0) for i in range(n)]
        if shuffled:
            rng.shuffle(own)
        rows += [
            (key, str(day.date()), round(x), "red" if x < 50 else "green")
            for key, x, last in zip(ids, own, leaves, strict=True)
            if last >= q
        ]
    return sized(dict.fromkeys(ids, 10), start="2024-01-01", ends=ends, health=scores(rows))


def test_n39_a_good_score_passes_and_a_shuffled_one_fails():
    good, bad = (score_trial(company(shuffled=s)).set_index("quarter").loc["all"] for s in (False, True))
    assert good["verdict"] == "tells" and good["auc"] > 0.9 and good["lift"] > 3
    assert bad["verdict"] == "cannot be told from chance" and 0.4 < bad["auc"] < 0.6


def test_n39_a_red_band_is_worth_what_it_was():
    told = band_trial(company()).set_index("band")
    assert told.loc["red", "lift"] > 3 > 1 > told.loc["green", "lift"]
    assert told.loc["all", "n_left"] == told.loc[["red", "green"], "n_left"].sum()


def test_l17_a_touch_after_the_ticket_does_not_count():
    tickets = pd.DataFrame(
        {
            "account_id": ["A", "A", "B"],
            "opened_at": ["2026-05-10", "2026-08-10", "2026-05-10"],
            "priority": "low",
        }
    )
    calls = touches(
        [
            ("A", "2026-05-01", "call", "Ann"),
            ("A", "2026-08-11", "call", "Ann"),
            ("B", "2026-03-01", "call", "Ann"),
        ]
    )
    told = (
        before_tickets(sized({"A": 10, "B": 10}, tickets=tickets, touches=calls))
        .set_index("priority")
        .loc["all"]
    )
    assert told[["n", "met", "lead"]].tolist() == [3, 1, 9]


def test_c18_each_field_has_its_table_its_day_and_what_is_stale():
    rows = [("A", "2026-09-01", 70, "green"), ("B", "2026-01-01", 70, "green")]
    told = profiles(sized({"A": 10, "B": 10, "C": 10}, health=scores(rows))).set_index("field")
    assert told.loc["health score", ["filled", "fresh"]].tolist() == [2 / 3, 1 / 3]
    assert told.loc["health score", "latest"] == pd.Timestamp("2026-09-01")
    assert told.loc["ticket", "filled"] == 0 and pd.isna(told.loc["ticket", "latest"])


def test_without_scores_there_is_a_line():
    with pytest.raises(Absent, match="health"):
        score_trial(sized({"A": 10}))
