from __future__ import annotations

import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics.capacity.load import (
    UNASSIGNED,
    book_spread,
    needed_and_there,
    owner_load,
    people,
    specialisation,
)
from tests.metrics.capacity.books import sized, team, touches


@pytest.mark.parametrize(
    ("millions", "state"), [(1.999999, "room"), (2.0, "full"), (2.999999, "full"), (3.0, "over")]
)
def test_g23_saturation_is_exact_at_two_and_three_million(millions, state):
    told = owner_load(sized({"a": millions * 1e6}, owners={"a": "Ann"})).iloc[0]
    assert told["state"] == state
    assert told["saturation"] == pytest.approx(millions / 3)


def test_g23_what_nobody_owns_is_shown_last_and_in_no_state():
    told = owner_load(sized({"a": 10, "b": 500}, owners={"a": "Ann"}))
    assert told["owner"].tolist() == ["Ann", UNASSIGNED]
    assert told["arr"].tolist() == [1000, 50000]
    assert pd.isna(told.loc[1, "state"])


def test_g23_thresholds_are_parameters_and_touches_are_counted_in_the_window():
    rows = [
        ("a", "2026-09-30", "call", "Ann"),
        ("a", "2025-09-30", "call", "Ann"),
        ("a", "2026-01-01", "call", "Ben"),
    ]
    book = sized(
        {"a": 1000},
        owners={"a": "Ann"},
        touches=touches(rows),
        team=team([("Ann", "CSM", "2024-01-01", None)]),
    )
    told = owner_load(book, saturated_from=500, saturated_at=1000).iloc[0]
    assert (told["state"], told["touches"], told["on_team"]) == ("over", 1, True)


def test_without_owners_there_is_no_load():
    with pytest.raises(Absent, match="owner in the table accounts"):
        owner_load(sized({"a": 10}))


def test_l06_an_owner_of_one_band_has_index_one():
    book = sized(
        {"a": 100_000, "b": 200_000, "c": 6_000, "d": 30_000},
        owners={"a": "Ann", "b": "Ann", "c": "Ben", "d": "Ben"},
    )
    assert specialisation(book).set_index("owner")["index"].to_dict() == {"Ann": 1.0, "Ben": 0.5}


def test_m13_owned_and_unassigned_arr_add_up_to_each_band_and_the_book():
    arr = {"a": 30_000, "b": 25_000, "c": 24_999, "d": 500}
    told = book_spread(sized(arr, owners={"a": "Ann", "b": "Ben"}), edges=(25_000, 1_000)).set_index("band")
    assert told["arr"].tolist() == [5_500_000, 2_499_900, 50_000, 8_049_900]
    assert told["arr_unassigned"].tolist() == [0, 2_499_900, 50_000, 2_549_900]
    assert told.loc["25k and more", "arr_per_owner"] == 2_750_000


def test_m12_hundreds_of_accounts_are_usual_below_25k_only():
    told = book_spread(
        sized({"a": 25_000, "b": 24_999}, owners={"a": "Ann", "b": "Ann"}), edges=(25_000, 1_000)
    )
    assert told["many"].tolist() == [False, True, True, False]
    assert told.set_index("band").loc["1k to 25k", ["owners", "fewest", "most", "n_unassigned"]].tolist() == [
        1,
        1,
        1,
        0,
    ]


def test_l03_have_counts_only_those_who_are_there_on_the_day():
    rows = [("Ann", "CSM", "2024-01-01", None), ("Ben", "CSM", "2024-01-01", "2026-09-30"), ("Cem", "CSM", "2026-10-01", None),
            ("Dee", "Support", "2024-01-01", None)]  # fmt: skip
    book = sized({"a": 2_000_001}, team=team(rows))
    assert people(book)["person"].tolist() == ["Ann"]
    assert needed_and_there(book).iloc[-1][["needed", "there", "short"]].tolist() == [2, 1, 1]
