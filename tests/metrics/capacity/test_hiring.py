from __future__ import annotations

import itertools
import math

import pandas as pd
import pytest

from cslib.metrics.capacity.hiring import (
    book_against_capacity,
    break_even,
    hire_leader,
    hiring_calendar,
    months_to_full,
    ratio_scenarios,
    triggers,
)
from tests.metrics.capacity.books import sized, team


def test_l04_a_csm_of_100k_on_two_million_must_save_six_and_a_quarter_points():
    assert break_even(100_000, 2_000_000, margin=0.8) == 0.0625
    assert math.isnan(break_even(100_000, 2_000_000, margin=0))
    assert math.isnan(break_even(100_000, 0))


def test_g15_every_combination_of_signals():
    expected = {
        (True, True): "hire now", (True, False): "wait", (False, True): "wait", (False, False): "wait",
        (True, None): "unknown", (None, True): "unknown", (None, None): "unknown", (False, None): "wait", (None, False): "wait",
    }  # fmt: skip
    for signals in itertools.product([True, False, None], repeat=2):
        told, why = hire_leader(arr=2e6, manager_ramping=signals[0], sellers_on_quota=signals[1])
        assert (told, bool(why)) == (expected[signals], True), signals
        assert hire_leader(arr=0.9e6, manager_ramping=signals[0], sellers_on_quota=signals[1])[0] == "wait"
        assert hire_leader(arr=3e6, manager_ramping=signals[0], sellers_on_quota=signals[1])[0] == "hire now"
        assert (
            hire_leader(arr=9e6, manager_ramping=signals[0], sellers_on_quota=signals[1], leader_there=True)[
                0
            ]
            == "no need"
        )


def test_g16_two_csms_at_a_million_with_room_for_two_each():
    assert months_to_full(2e6, 4e6, growth=2 ** (1 / 12) - 1) == pytest.approx(12)
    assert months_to_full(4e6, 4e6, growth=0.1) == 0
    assert months_to_full(1e6, 4e6, growth=0) == math.inf


def test_g16_the_book_doubles_in_a_year_and_two_csms_are_full_then():
    ledger = {"a": 1_000_000, "b": 1_000_000}
    book = sized(
        ledger, start={"a": "2024-01-01", "b": "2026-01-01"}, team=team([("A", "CSM", "2024-01-01", None)])
    )
    told = book_against_capacity(book, arr_per_csm=4_000_000)
    assert told["arr"].tolist() == [200_000_000, round(200_000_000 * 2**0.5), 400_000_000]
    assert told["needed"].tolist() == [1, 1, 1]
    assert told["full_in"].iloc[0] == pytest.approx(12)


def test_l12_dates_of_a_straight_line_are_those_of_the_hand():
    # 1.4M a year ago, 2.6M now: 0.1M a month. Two CSMs are full at 4M, in 14 months; start 6 earlier. The third at 6M: 34.
    small = {f"o{i}": 100_000 for i in range(14)}
    grown = {f"n{i}": 100_000 for i in range(12)}
    starts = dict.fromkeys(small, "2024-01-01") | dict.fromkeys(grown, "2026-01-01")
    told = hiring_calendar(sized(small | grown, start=starts), lead_months=3, ramp_months=3)
    assert told[["band", "csm"]].values.tolist() == [["100k and more", 3]]
    assert told.loc[0, ["full_in", "start_in"]].tolist() == pytest.approx([14, 8])
    assert told.loc[0, "start"] == pd.Timestamp("2027-05-31")
    assert not told.loc[0, "late"]


def test_l12_a_band_that_does_not_grow_hires_nobody():
    assert hiring_calendar(sized({"a": 3_000_000})).empty


@pytest.mark.parametrize(
    ("arr", "since"),
    [({"a": 50_000}, None), ({"a": 50_000, "b": 50_000}, "2024-03-01"), ({"a": 100_000}, "2024-02-01"),
     ({"a": 49_999, "b": 99_999}, None)],
)  # fmt: skip
def test_l13_fires_at_the_second_account_or_the_first_above_the_top(arr, since):
    told = (
        triggers(sized(arr, start={"a": "2024-02-01", "b": "2024-03-01"}))
        .set_index("band")
        .loc["100k and more"]
    )
    assert told["state"] == ("hire" if since else "wait")
    assert pd.isna(told["since"]) if since is None else told["since"] == pd.Timestamp(since)


@pytest.mark.parametrize(
    ("n", "state"), [(14, "wait"), (15, "when cash allows"), (24, "when cash allows"), (25, "hire")]
)
def test_l14_a_middle_band_pays_from_300k_and_surely_from_500k(n, state):
    told = triggers(sized({f"a{i:02}": 20_000 for i in range(n)})).set_index("band").loc["20k to 100k"]
    assert (told["arr"], told["state"]) == (n * 2_000_000, state)


def test_l14_payback_of_a_csm_who_keeps_a_tenth():
    told = triggers(sized({f"a{i:02}": 20_000 for i in range(20)}), margin=0.75, cost=100_000).set_index(
        "band"
    )
    assert told.loc["20k to 100k", "payback_months"] == pytest.approx(12 * 100_000 / (400_000 * 0.75 * 0.1))


def test_l16_the_scenarios_differ_by_the_ratio_alone():
    one, two = ratio_scenarios(sized({"a": 4_000_000}), cost=100_000, margin=0.5).to_dict("records")
    assert (one["csms"], two["csms"]) == (4, 2)
    assert (one["cost"], two["cost"]) == (40_000_000, 20_000_000)
    assert (one["break_even"], two["break_even"]) == (0.2, 0.1)
    assert (one["accounts_each"], two["accounts_each"]) == (0.25, 0.5)
