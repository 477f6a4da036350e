from __future__ import annotations

import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics import stakeholders as people
from tests.metrics.capacity.books import sized, touches


def contacts(rows):
    columns = [
        "account_id",
        "contact_id",
        "role",
        "is_champion",
        "is_economic_buyer",
        "start_date",
        "end_date",
    ]
    return pd.DataFrame(rows, columns=columns)


def calls(rows):
    made = touches([(a, d, k, "Ann") for a, d, k, _ in rows])
    return made.assign(contact_id=[c for *_, c in rows])


TWO = contacts([
    ("A", "a1", "Lead", True, False, "2024-01-20", None), ("A", "a2", "CFO", False, True, "2024-01-20", None),
    ("B", "b1", "Lead", True, False, "2024-01-20", None), ("B", "b2", "Administrator", False, False, "2025-01-20", None),
])  # fmt: skip


def steps(rows):
    return pd.DataFrame(rows, columns=["account_id", "milestone", "date", "kind"])


def test_c13_bands_of_people_and_the_key_person_as_they_stood_at_the_handover():
    day = steps([(a, "handover", "2025-06-01", "step") for a in "ABC"])
    known = pd.concat([TWO, contacts([("C", "c1", "CFO", False, True, "2025-07-01", None)])])
    told = people.introduced(sized(dict.fromkeys("ABC", 10), contacts=known, milestones=day)).set_index(
        "band"
    )
    assert told["n_accounts"].to_dict() == {"0": 1, "1": 0, "2 or more": 2}
    assert told["key"].to_dict() == {"0": 0, "1": 0, "2 or more": 1}  # C's came after the day
    kept = people.introduced_and_kept(
        sized(dict.fromkeys("ABC", 10), contacts=known, milestones=day, ends={"C": "2026-05-01"})
    )
    naive = kept[(kept["what"] == "two people or more") & (kept["comparison"] == "naive")].iloc[0]
    assert (naive["kept_with"], naive["kept_without"]) == (1.0, 0.0)


def test_c14_the_index_rises_with_distinct_roles_only_in_the_last_90_days():
    def roles(rows):
        told = people.multi_point(sized({"A": 10}, contacts=TWO, touches=calls(rows))).iloc[0]
        return told["roles"], told["before"]

    one = [("A", "2026-09-01", "call", "a1")]
    assert roles(one) == (1, 0)
    assert roles(one * 5) == (1, 0)  # the same role, five times
    assert roles([*one, ("A", "2026-09-02", "call", "a2")]) == (2, 0)
    assert roles([*one, ("A", "2026-07-01", "call", "a2")]) == (1, 1)  # 91 days ago
    assert roles([*one, ("A", "2026-07-03", "call", "a2")]) == (2, 0)
    assert roles([*one, ("A", "2026-09-02", "survey", "a2")]) == (1, 0)


def test_c15_seen_is_part_of_all_and_the_list_is_the_set_difference():
    made = calls([
        ("A", "2026-09-01", "call", "a1"), ("A", "2026-09-01", "call", "a2"), ("B", "2026-09-01", "call", "b1"),
        ("C", "2026-09-01", "call", None), ("D", "2026-09-01", "survey", None),
    ]).assign(executive=[False, False, False, True, False])  # fmt: skip
    book = sized(dict.fromkeys("ABCD", 10), contacts=TWO, touches=made)
    told = people.seen(book)
    assert (told["visible"] <= told["n"]).all()
    assert told.iloc[0][["n", "visible"]].tolist() == [4, 2]
    served, visible = {"A", "B", "C"}, {"A", "C"}
    assert set(people.unseen(book)["account_id"]) == served - visible
    with pytest.raises(Absent):
        people.seen(sized({"A": 10}, touches=touches([("A", "2026-09-01", "call", "Ann")])))


def test_c17_the_required_list_is_held_against_what_is_there():
    kit = steps([("A", "runbook", "2025-01-01", "document"), ("A", "poem", "2025-01-01", "document"),
                 ("A", "org chart", "2026-11-01", "document")])  # fmt: skip
    told = people.kit(sized({"A": 10, "B": 10}, milestones=kit), required=["runbook", "org chart"])
    told = told.set_index("account_id")
    assert told.loc["A", ["there", "complete", "missing"]].tolist() == [1, 0.5, "org chart"]
    assert told.loc["B", "missing"] == "runbook, org chart"
    with pytest.raises(Absent):
        people.kit(sized({"A": 10}, milestones=kit.assign(kind="step")))


def test_l08_coverage_is_roles_filled_over_roles_required_and_the_rest_is_listed():
    book = sized({"A": 30_000, "B": 30_000, "C": 500}, contacts=TWO, owners={"A": "Ann"},
                 touches=touches([("A", "2026-08-01", "call", "Ann")]))  # fmt: skip
    told = people.org_chart(book, low=20_000, high=100_000).set_index("account_id")
    assert set(told.index) == {"A", "B"}
    assert told.loc["A", "complete"] == pytest.approx(2 / 3) and told.loc["A", "missing"] == "administrator"
    assert told.loc["B", "missing"] == "economic buyer"
    assert told.loc["A", "owner"] == "Ann" and pd.isna(told.loc["B", "owner"])
    assert told.loc["A", "last"] == pd.Timestamp("2026-08-01")
    gone = TWO.assign(end_date=["2026-01-01", None, None, None])
    assert people.org_chart(sized({"A": 10}, contacts=gone)).iloc[0]["there"] == 1


def test_n34_weights_are_normalised_and_equal_weights_give_the_plain_mean():
    asked = pd.DataFrame({
        "account_id": ["A", "A", "B", "B"], "date": "2026-09-01", "score": [10, 2, 9, 7], "kind": "nps",
        "contact_id": ["a1", "a2", "b1", "b2"],
    })  # fmt: skip
    told = people.reach(sized({"A": 10, "B": 10}, surveys=asked, contacts=TWO), buyer=3, champion=2)
    rest = told[told["account_id"] != "all"]
    assert rest["weight"].sum() == pytest.approx(len(rest))
    # weights 2, 3, 2, 1 of 8: (2 - 3 + 2 + 0) / 8
    assert told.iloc[0]["weighted"] == pytest.approx(1 / 8) and told.iloc[0]["vote"] == pytest.approx(0.25)
    assert rest.iloc[0]["vote"] == -1 and rest.iloc[0]["weight"] == pytest.approx(1.5)
    even = people.reach(sized({"A": 10, "B": 10}, surveys=asked, contacts=TWO), buyer=1, champion=1).iloc[0]
    assert even["weighted"] == even["vote"]
    same = people.reach(sized({"A": 10, "B": 10}, surveys=asked, contacts=TWO.assign(influence=5))).iloc[0]
    assert same["weighted"] == same["vote"]
