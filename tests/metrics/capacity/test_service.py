from __future__ import annotations

import pandas as pd
import pytest

from cslib.metrics.capacity.service import (
    call_days,
    call_plan,
    on_request,
    service_plan,
    stages,
    touches_a_year,
    visits,
)
from tests.metrics.capacity.books import sized, touches


def test_l07_no_visit_is_red_one_is_amber_two_are_green_over_twelve_months():
    rows = [("b", "2026-03-31", "meeting", "Ann"), ("c", "2025-10-01", "qbr", "Ann"), ("c", "2026-09-30", "meeting", "Ann"),
            ("a", "2025-09-30", "meeting", "Ann"), ("a", "2026-05-01", "email", "Ann")]  # fmt: skip
    arr = {"a": 100_000, "b": 100_000, "c": 100_000, "small": 99_999}
    told = visits(sized(arr, touches=touches(rows))).set_index("account_id")
    assert told["light"].to_dict() == {"a": "red", "b": "amber", "c": "green"}
    assert told["due"].dt.strftime("%F").to_dict() == {
        "a": "2026-09-30",
        "b": "2026-09-30",
        "c": "2027-03-30",
    }


def test_l07_two_visits_on_one_day_are_one():
    rows = [("a", "2026-05-01", "meeting", "Ann"), ("a", "2026-05-01", "qbr", "Ann")]
    assert visits(sized({"a": 100_000}, touches=touches(rows)))["visits"].tolist() == [1]


def test_l09_four_hundred_customers_in_two_hundred_days():
    assert touches_a_year(400, calls_a_day=2) == 1
    assert [touches_a_year(400, calls_a_day=c) for c in (3, 5)] == [1.5, 2.5]
    assert pd.isna(touches_a_year(0))


def test_l09_the_plan_reaches_every_account_once_and_nobody_calls_too_many():
    arr = {f"a{i:03}": 6_000 for i in range(45)}
    owners = {key: "Ann" if i % 2 else "Ben" for i, key in enumerate(arr)}
    book = sized(arr, owners=owners, touches=touches([("a004", "2026-01-01", "call", "Ben")]))
    plan = call_plan(book, calls_a_day=4)
    days = call_days(book, calls_a_day=4).set_index("owner")
    assert days.to_dict("index") == {
        name: {"n_accounts": n, "days": 6, "within": "5k to 20k"} for name, n in (("Ann", 22), ("Ben", 23))
    }
    assert sorted(plan["account_id"]) == sorted(arr)
    assert plan.groupby(["owner", "day"]).size().max() == 4
    assert (
        plan.loc[plan["account_id"] == "a004", "day"].item() == plan.loc[plan["owner"] == "Ben", "day"].max()
    )


def test_l11_the_edge_is_exclusive_and_cost_is_shared_by_tickets():
    tickets = pd.DataFrame({"account_id": ["s", "s", "s", "b"], "opened_at": "2026-09-01"})
    costs = pd.DataFrame({"function": ["support"], "month": ["2026-09-01"], "amount": ["400"]})
    told = on_request(sized({"s": 999.99, "b": 1_000}, tickets=tickets, costs=costs)).set_index("service")
    assert told["n_accounts"].to_dict() == {"on request": 1, "looked after": 1}
    assert told["cost"].tolist() == [30_000, 10_000]
    assert told.loc["on request", "cost_share"] == pytest.approx(300 / 999.99)


def test_c09_fulfilment_is_made_over_due_and_every_account_has_a_tier_and_stage():
    arr = {"a": 150_000, "b": 150_000, "c": 6_000}
    rows = [("a", "2026-08-01", "call", "Ann")] * 5 + [("c", "2026-06-30", "call", "Ann")]
    book = sized(arr, touches=touches(rows))
    told = service_plan(book, plan={"later": 2}).set_index("band")
    assert stages(book)[["band", "stage"]].notna().all(axis=None)
    assert told.loc["100k and more", ["n_accounts", "due", "made", "fulfilment", "missed"]].tolist() == [
        2,
        4,
        2,
        0.5,
        1,
    ]
    assert told.loc["5k to 20k", ["due", "made", "missed"]].tolist() == [2, 0, 1]


def test_c09_an_account_without_a_due_touch_has_no_fulfilment():
    told = service_plan(sized({"a": 6_000}, touches=touches([("a", "2026-08-01", "call", "Ann")])), plan={})
    assert told["fulfilment"].isna().all()
