from __future__ import annotations

import pandas as pd

from cslib.metrics.champions import changes, changes_and_leaving
from tests.metrics.capacity.books import sized, touches

COLUMNS = ["account_id", "contact_id", "role", "is_champion", "start_date", "end_date"]


def company(n=200, leave_after=True):
    """Twenty champions leave on 2025-05-10; with `leave_after`, ten of their accounts are gone 100 days later."""
    ids = [f"a{i:03}" for i in range(n)]
    rows = [
        (a, f"{a}-1", "Lead", True, "2024-01-15", "2025-05-10" if i < 20 else None) for i, a in enumerate(ids)
    ]
    ends = {a: "2025-08-18" for i, a in enumerate(ids) if leave_after and i < 10}
    ends |= {a: "2025-08-18" for i, a in enumerate(ids) if 20 <= i < 29}
    rows.append(("a015", "a015-2", "Lead", True, "2025-06-09", None))
    calls = touches([("a015", "2025-05-20", "call", "Ann")])
    return sized(
        dict.fromkeys(ids, 10), ends=ends, touches=calls, contacts=pd.DataFrame(rows, columns=COLUMNS)
    )


def test_c12_planted_leavers_are_found_with_lift_and_lead_time():
    book = company()
    found = changes(book, window=24).set_index("account_id")
    assert sorted(found.index) == [f"a{i:03}" for i in range(20)]
    assert found.loc["a015", ["days", "touched"]].tolist() == [30, 10]
    assert found["days"].notna().sum() == 1
    told = changes_and_leaving(book, window=24).iloc[0]
    assert (told["n_changes"], told["left"], told["others_left"], told["n_others"]) == (20, 10, 9, 180)
    assert told["lift"] == 10 and told["lead"] == 100 and told["verdict"] == "higher"


def test_c12_where_nobody_leaves_more_nothing_is_claimed_and_who_leaves_with_the_account_is_no_change():
    told = changes_and_leaving(company(leave_after=False), window=24).iloc[0]
    assert told["verdict"] == "cannot be told from chance"
    gone = pd.DataFrame([("A", "1", "Lead", True, "2024-01-15", "2026-03-01")], columns=COLUMNS)
    assert changes(sized({"A": 10, "B": 10}, ends={"A": "2026-03-01"}, contacts=gone)).empty
