from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.metrics.reasons import competitors, exits, reasons_by_money, savability, three_groups
from tests.metrics.capacity.books import sized
from tests.metrics.test_health import scores

LEFT = dict.fromkeys("ABC", "2026-06-01")


def reasons(rows):
    return pd.DataFrame(rows, columns=["account_id", "date", "reason", "voluntary", "competitor", "savable"])


ROWS = [("A", "2026-05-01", "price", True, None, True), ("A", "2026-05-20", "low adoption", True, None, True),
        ("B", "2026-05-01", "competitor", True, "Rival", False)]  # fmt: skip


def test_n30_weights_of_an_account_are_one_and_first_is_not_deep():
    told = reasons_by_money(
        sized({"A": 100, "B": 50, "C": 25, "D": 10}, ends=LEFT, churn_reasons=reasons(ROWS))
    ).set_index("reason")
    assert told["accounts"].sum() == 3
    assert told["arr"].to_dict() == {
        "price": 5_000,
        "low adoption": 5_000,
        "competitor": 5_000,
        "unknown": 2_500,
    }
    assert told["share"].sum() == pytest.approx(1)
    assert told.loc[["price", "low adoption"], "first"].tolist() == [1 / 3, 0]


def test_g28_shares_of_lost_arr_add_up_to_one_and_unknown_is_shown():
    told = competitors(sized({"A": 100, "B": 50, "C": 25}, ends=LEFT, churn_reasons=reasons(ROWS))).set_index(
        "competitor"
    )
    assert told["arr"].to_dict() == {"Rival": 5_000, "none named": 10_000, "unknown": 2_500}
    assert told["share"].sum() == pytest.approx(1)


def test_n30_exits_compete_and_never_add_up_to_more_than_all():
    rows = [
        ("A", "2026-05-01", "price", True, None, True),
        ("B", "2026-05-01", "closed down", False, None, False),
    ]
    told = exits(sized(dict.fromkeys("ABCD", 10), ends=LEFT, churn_reasons=reasons(rows)), ages=(24, 36))
    assert told.groupby("age")["value"].sum().tolist() == [0, 0.75]
    assert told[told["age"] == 36].set_index("exit")["value"].to_dict() == {
        "the customer's decision": 0.25, "not the customer's decision": 0.25, "unknown": 0.25,
    }  # fmt: skip


def test_n31_a_signal_that_is_equal_in_all_groups_shows_no_effect():
    rng = np.random.default_rng(1)
    ids = [f"a{i:03}" for i in range(300)]
    lost = dict.fromkeys(ids[:60], "2026-03-01")
    then = [(k, "2025-09-20", 60 + float(rng.normal(0, 5)), "green") for k in ids]
    now = [(k, "2026-09-20", 60, "green" if i % 2 else "amber") for i, k in enumerate(ids) if k not in lost]
    low = [(k, d, s - (10 if k in lost else 0), b) for k, d, s, b in then]
    for rows, there in ((then, False), (low, True)):
        told = three_groups(sized(dict.fromkeys(ids, 10), ends=lost, health=scores([*rows, *now])))
        row = told[(told["signal"] == "score") & (told["group"] == "lost")].iloc[0]
        assert bool(row["effect_low"] < 0 < row["effect_high"]) is not there
        assert bool(row["effect_high"] < 0) is there


def test_n60_worth_ranks_by_what_can_be_changed_and_not_by_risk():
    """Small accounts leave most, but were lost for good; middle ones leave less and could have been kept."""
    arr, ends, rows = {}, {}, []
    for size, price, n_lost, savable in (
        ("s", 2_000, 20, False),
        ("m", 10_000, 10, True),
        ("l", 30_000, 2, True),
    ):
        for i in range(40):
            key = f"{size}{i:02}"
            arr[key] = price
            if i < n_lost:
                ends[key] = "2026-03-01"
                rows.append((key, "2026-03-01", "price", True, None, savable))
    told = savability(sized(arr, ends=ends, churn_reasons=reasons(rows))).set_index("size")
    assert told["left"].idxmax() == "1k to 5k"
    assert told["worth"].astype(float).idxmax() == "5k to 20k"
