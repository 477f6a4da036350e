from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.metrics.adoption import (
    accounts_returning,
    feature_adoption,
    feature_journey,
    features_and_staying,
    next_features,
    one_action,
    shelfware,
)
from tests.metrics.capacity.books import sized


def usage(rows, columns=("account_id", "date", "feature", "events")):
    return pd.DataFrame(rows, columns=list(columns))


def used(pairs, day="2026-09-01"):
    return usage([(account, day, feature, 5) for account, features in pairs.items() for feature in features])


def test_g30_adoption_is_users_over_those_entitled_and_never_over_all():
    frame = pd.concat(
        [
            used({"A": "xy", "B": "x", "gone": "xyz"}),
            used({"C": "z"}, day="2026-01-01"),
            used({"A": "x"}, day="2026-08-01"),
        ]
    )
    book = sized(dict.fromkeys(["A", "B", "C", "gone"], 10), ends={"gone": "2026-09-15"}, usage=frame)
    told = feature_adoption(book).set_index("feature")
    assert told[["n_used", "n_accounts"]].values.tolist() == [[2, 3], [1, 3]]
    assert (told["value"] <= 1).all()


def test_g30_the_next_step_is_what_most_accounts_like_it_use():
    told = next_features(
        sized(dict.fromkeys("ABCD", 10), usage=used({"A": "x", "B": "xy", "C": "xy", "D": "xz"}))
    ).set_index("account_id")
    assert told.loc["A", ["next", "share", "n"]].tolist() == ["y", 2 / 3, 3]
    assert set(told.index) == {"A"}


def units(levels, day):
    return pd.DataFrame(
        [(a, day, 10, u) for a, u in levels.items()],
        columns=["account_id", "date", "licensed_units", "used_units"],
    )


def test_n07_use_times_contract_is_what_is_used_and_low_use_comes_before_losses():
    ids = [f"a{i:02}" for i in range(40)]
    low, high = dict.fromkeys(ids[:20], 2), dict.fromkeys(ids[20:], 8)
    then, now = units(low | high, "2025-09-01"), units(low | high, "2026-09-01")
    ends = dict.fromkeys([*ids[:12], *ids[20:22]], "2026-02-01")
    told = shelfware(sized(dict.fromkeys(ids, 100), ends=ends, usage=pd.concat([then, now]))).set_index(
        "band"
    )
    assert told.loc["under 25%", ["n_accounts", "arr", "shelf"]].tolist() == [8, 80_000, 64_000]
    assert told.loc["75% to 90%", "shelf"] == 18 * 2_000
    assert told.loc["under 25%", "shrank"] == 12 / 20
    assert (
        told.loc["under 25%", "lift"] == pytest.approx(0.6 / (14 / 40)) and told.loc["under 25%", "lift"] > 1
    )


def test_n46_everyone_is_there_in_month_0_and_both_curves_are_labelled():
    rows = [
        ("A", "2026-01-05", "x", 1),
        ("A", "2026-03-05", "x", 1),
        ("B", "2026-01-09", "x", 1),
        ("C", "2026-08-09", "x", 1),
    ]
    told = accounts_returning(sized(dict.fromkeys("ABC", 10), usage=usage(rows)), months=2)
    assert told["n_accounts"].tolist() == [3, 3, 2]
    assert told["on"].tolist() == [1, 0, 1 / 2]
    assert told["by"].tolist() == [1, 1 / 3, 1 / 2]


def test_n48_depth_one_is_listed_and_the_index_lies_between_0_and_1():
    told = one_action(
        sized(dict.fromkeys("ABC", 10), usage=used({"A": "x", "B": "xy", "C": "xyzw"}))
    ).set_index("account_id")
    assert told["features"].to_dict() == {"A": 1, "B": 2, "C": 4}
    assert told["depth"].tolist() == [0.25, 0.5, 1]
    assert told.loc["A", "only"] == "x" and pd.isna(told.loc["B", "only"])


def test_n35_counts_are_the_hand_trace_and_order_and_window_hold():
    rows = [("A", "2026-01-01", "x", 1), ("A", "2026-01-05", "y", 1), ("A", "2026-01-09", "z", 1), ("B",
    "2026-01-05", "x", 1),
            ("B", "2026-01-01", "y", 1), ("C", "2026-01-01", "x", 1), ("C", "2026-08-05", "y", 1), ("D",
            "2026-01-01", "y", 1)]  # fmt: skip
    told = feature_journey(
        sized(dict.fromkeys("ABCD", 10), usage=usage(rows)), steps=("x", "y", "z"), within=180
    )
    assert told["n_accounts"].tolist() == [3, 1, 1]
    assert told["lost"].tolist() == [0, 2, 0]
    assert told["conversion"].prod() == pytest.approx(told["overall"].iloc[-1])


def lives(*, effect, seed=12, n=800):
    """Accounts that use `good`, `noise` and `later`; `good` early adds `effect` to the daily chance to stay;
    `later` comes with time."""
    rng = np.random.default_rng(seed)
    good, noise = rng.random(n) < 0.5, rng.random(n) < 0.5
    life = rng.exponential(np.where(good, 600 * (1 + effect), 600)).clip(10, 1500)
    start = pd.Timestamp("2024-06-01")
    ids = [f"a{i:03}" for i in range(n)]
    ends = {
        k: str((start + pd.Timedelta(days=int(x))).date()) for k, x in zip(ids, life, strict=True) if x < 850
    }
    rows = [(k, "2024-06-10", "good", 1) for k, flag in zip(ids, good, strict=True) if flag]
    rows += [(k, "2024-06-10", "noise", 1) for k, flag in zip(ids, noise, strict=True) if flag]
    on = rng.exponential(300, n)
    rows += [
        (k, str((start + pd.Timedelta(days=int(x))).date()), "later", 1)
        for k, x, y in zip(ids, on, life, strict=True)
        if x < y
    ]
    return sized(dict.fromkeys(ids, 10), start="2024-06-01", ends=ends, usage=usage(rows))


def test_n47_a_planted_feature_is_found_and_noise_is_not():
    told = features_and_staying(lives(effect=2.0)).set_index("feature")
    assert told.loc["good", "passed"] and told.loc["good", "low"] > 0
    assert not told.loc["noise", "passed"] and told.loc["noise", "low"] < 0 < told.loc["noise", "high"]


def test_n47_what_only_comes_with_time_is_naive_and_not_honest():
    told = features_and_staying(lives(effect=0.0)).set_index("feature").loc["later"]
    assert told["naive"] > 0.1
    assert told["low"] < 0 < told["high"]
