from __future__ import annotations

import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics import value
from tests.metrics.capacity.books import sized, touches


def steps(rows, **more):
    return pd.DataFrame(rows, columns=["account_id", "milestone", "date"]).assign(**more)


def test_n33_four_cells_add_up_and_are_read_at_the_opening():
    usage = pd.DataFrame({
        "account_id": list("ABCD"), "date": "2025-09-01", "licensed_units": 10, "used_units": [9, 9, 1, 1],
    })  # fmt: skip
    reached = steps([("A", "kpi", "2025-08-01"), ("C", "kpi", "2025-08-01"), ("B", "kpi", "2026-01-01")],
                    confirmed=True)  # fmt: skip
    arr = {"A": 40, "B": 30, "C": 20, "D": 10}
    told = value.adoption_and_outcome(sized(arr, ends={"D": "2026-02-01"}, usage=usage, milestones=reached))
    cells, whole = told[told["use"] != "all"], told[told["use"] == "all"].iloc[0]
    assert cells["opening"].tolist() == [4000, 3000, 2000, 1000]  # B's was confirmed after the opening
    assert (cells["opening"].sum(), cells["kept"].sum()) == (whole["opening"], whole["kept"]) == (10000, 9000)
    assert cells["n_accounts"].sum() == whole["n_accounts"] == 4
    assert cells["gross"].tolist() == [1, 1, 1, 0]
    assert set(told["basis"]) == {"confirmed by the customer"}
    plain = steps([("A", "first_value", "2025-08-01")])
    assert (
        "not confirmed" in value.adoption_and_outcome(sized(arr, usage=usage, milestones=plain))["basis"][0]
    )


def test_n36_gaps_are_between_dates_and_accounts_without_any_are_listed_first():
    made = touches([
        ("A", "2025-12-29", "qbr", "Ann"), ("A", "2026-07-02", "qbr", "Ann"), ("B", "2026-07-02", "call", "Ann"),
    ])  # fmt: skip
    told = value.value_contacts(sized({"A": 10, "B": 10}, touches=made), gap=100)
    assert told["account_id"].tolist() == ["B", "A"]
    assert told["n"].tolist() == [0, 2]
    assert told["longest"].tolist() == [365, 185] and told["since"].tolist() == [365, 90]
    assert told["over"].all()
    with pytest.raises(Absent):
        value.value_contacts(sized({"B": 10}, touches=made[made["kind"] == "call"]))


def test_n52_every_workflow_has_a_parent_and_every_leaf_a_measure():
    tree = steps(
        [("A", name, "2026-01-01") for name in ("grow", "sell more", "quote", "lost", "astray")],
        kind=["challenge", "objective", "workflow", "workflow", "workflow"],
        parent=[None, "grow", "sell more", None, "nowhere"],
        metric=[None, None, "days to quote", "x", "y"],
    )
    told = value.outcome_tree(sized({"A": 10}, milestones=tree)).set_index("node")
    assert told["fault"].to_dict() == {
        "grow": "", "sell more": "", "quote": "", "lost": "no parent", "astray": "parent not known",
    }  # fmt: skip
    assert told["leaf"].to_dict()["sell more"] is False
    bare = value.outcome_tree(sized({"A": 10}, milestones=tree.assign(metric=None))).set_index("node")
    assert bare.loc["quote", "fault"] == "no measure"
    sound = told[told["fault"] == ""]
    assert sound.loc[sound["kind"] == "workflow", "parent"].notna().all()
    assert sound.loc[sound["leaf"], "metric"].notna().all()


def test_n53_what_is_missing_is_listed_and_the_share_traced_follows():
    path = steps(
        [("A", "save time", f"2026-0{i}-01") for i in range(1, 5)] + [("A", "sell", "2026-01-01")],
        kind=[*value.STAGES, "library"],
    )
    told = value.traceability(sized({"A": 10}, milestones=path)).set_index("outcome")
    assert told["traced"].to_dict() == {"save time": True, "sell": False}
    assert told.loc["sell", "missing"] == "deal, onboarding check, review"
    assert told["traced"].mean() == 0.5
