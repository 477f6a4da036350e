from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.metrics.capacity.economics import (
    cs_cost,
    cut_scenario,
    effort,
    profit_and_loss,
    returns,
    scale_lanes,
    spend,
)
from tests.metrics.capacity.books import costs, sized, touches


def deals(rows):
    columns = ["account_id", "created_date", "closed_date", "amount", "kind", "source", "won"]
    return pd.DataFrame(rows, columns=columns)


def test_m09_the_parts_are_the_ledger_and_the_key_is_minutes():
    rows = [
        ("a", "2026-08-01", "call", "Ann"),
        ("b", "2026-08-01", "call", "Ann"),
        ("gone", "2026-01-01", "call", "Ann"),
    ]
    book = sized(
        {"a": 150_000, "b": 6_000, "gone": 6_000}, ends={"gone": "2026-03-01"}, touches=touches(rows, [1, 1, 1]),
        costs=costs("0.10"),
    )  # fmt: skip
    told = spend(book).set_index("band")
    assert told["cost"].drop("all").sum() == told.loc["all", "cost"] == cs_cost(book) == 120
    assert told.loc[["100k and more", "5k to 20k", "left since"], "cost"].tolist() == [40, 40, 40]
    assert pd.isna(told.loc["left since", "cost_share"])


def test_m09_minor_units_that_do_not_divide_are_not_lost():
    rows = [(i, "2026-08-01", "call", "Ann") for i in ("a", "b", "c")]
    book = sized(
        {"a": 150_000, "b": 30_000, "c": 6_000},
        touches=touches(rows, [1, 1, 1]),
        costs=costs("1.00", months=1),
    )
    assert spend(book)["cost"].tolist() == [34, 33, 33, 0, 0, 0, 100]


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_m10_a_planted_elasticity_is_recovered(power):
    rng = np.random.default_rng(11)
    arr = {f"a{i:03}": round(float(x)) for i, x in enumerate(np.exp(rng.uniform(7, 13, 200)))}
    minutes = [
        x**power * float(noise) for x, noise in zip(arr.values(), rng.lognormal(0, 0.3, 200), strict=True)
    ]
    told = effort(sized(arr, touches=touches([(a, "2026-05-01", "call", "Ann") for a in arr], minutes))).iloc[
        0
    ]
    assert told["low"] < power < told["high"]
    assert told["high"] - told["low"] < 0.1


def test_m10_few_accounts_have_no_elasticity():
    book = sized({"a": 10}, touches=touches([("a", "2026-05-01", "call", "Ann")], [5]))
    assert np.isnan(effort(book).loc[0, "elasticity"])


def test_m15_owned_and_influenced_are_apart_and_tie_to_their_tables():
    rows = [("a", "2026-01-01", "2026-05-01", "100", "csql", "CSM", True), ("a", "2026-01-01", "2026-05-02", "70", "expansion", "sales", True),
            ("b", "2026-01-01", "2026-05-02", "900", "expansion", "sales", True), ("a", "2026-01-01", "2026-05-02", "5", "csql", "CSM", False)]  # fmt: skip
    book = sized(
        {"a": 10, "b": 10},
        opportunities=deals(rows),
        touches=touches([("a", "2026-04-01", "call", "Ann")]),
        costs=costs("2"),
    )
    told = profit_and_loss(book).set_index("line")["amount"].to_dict()
    assert told == {
        "cost": -2400,
        "paid services": 0,
        "found and won": 10_000,
        "net": 7_600,
        "influenced": 7_000,
    }


def test_m14_each_lane_ties_to_its_table():
    rows = [
        ("a", "2026-05-01", "email", "Ann"),
        ("a", "2026-05-02", "call", "Ann"),
        ("a", "2025-05-02", "call", "Ann"),
    ]
    won = deals([("a", "2026-01-01", "2026-05-01", "100", "csql", "CSM", True)])
    told = scale_lanes(sized({"a": 10}, touches=touches(rows), opportunities=won)).set_index("lane")
    assert told.loc["digital touches", ["now", "before"]].tolist() == [0.5, 0.0]
    assert told.loc["deals of its own", ["now", "before"]].tolist() == [10_000, 0]
    assert pd.isna(told.loc["paid services", "now"])


def test_m19_breaks_even_at_cost_over_arr_times_margin():
    told = cut_scenario(sized({"a": 1000}, costs=costs("5")), margin=0.6, points=(0.1,)).iloc[0]
    assert told["break_even"] == pytest.approx(60 / (1000 * 0.6))
    assert (told["lost"], told["lost_margin"], told["saved"], told["net"]) == (10_000, 6_000, 6_000, 0)


def test_n61_growth_adds_to_the_return_and_the_components_tie():
    book = sized({"a": 100, "b": 100, "gone": 100}, ends={"gone": "2026-01-01"}, costs=costs("1"))
    alone, whole = returns(book, baseline_gross=0.5, margin=1.0).to_dict("records")
    assert (alone["saved"], alone["grown"], alone["gain"]) == (5_000, 0, 5_000)
    assert whole["value"] >= alone["value"] == 5_000 / 1_200
    assert whole["gain"] == whole["saved"] + whole["grown"]
