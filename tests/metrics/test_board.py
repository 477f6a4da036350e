from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from cslib import story
from cslib.absent import Absent
from cslib.metrics import board
from tests.metrics.capacity.books import costs, sized

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "board.ipynb"


def steps(rows):
    return pd.DataFrame(rows, columns=["account_id", "milestone", "date"])


def test_n24_every_number_leads_to_a_table_of_the_notebook_and_a_rerun_is_the_same():
    book = sized({"A": 10, "B": 30}, costs=costs("10"))
    six = board.six_numbers(book)
    assert len(six) == 6
    text = "".join("".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"])
    assert all(f'label="{link}"' in text for link in six["link"])
    told = list(story.board_facts(six=six, process=Absent(""), channels=Absent(""), sellers=Absent("")))
    assert len(told) == 6 and all(fact.evidence[0].table in set(six["link"]) for fact in told)
    assert set(six.loc[six["state"] == "no data", "source"]) == {"usage", "health", "surveys"}
    assert six.loc[six["state"] == "no data", "value"].isna().all()  # never a zero

    def digest():
        return hashlib.sha256(board.six_numbers(sized({"A": 10, "B": 30})).to_csv().encode()).hexdigest()

    assert digest() == digest()


def test_c11_each_result_names_its_table_and_what_is_missing_says_no_data():
    deals = pd.DataFrame({
        "account_id": ["A", "A"], "created_date": "2026-07-01", "amount": 1, "kind": "csql", "source": "CSM",
        "closed_date": "2026-09-01", "won": [True, False],
    })  # fmt: skip
    told = board.scorecard(sized({"A": 10}, opportunities=deals)).set_index("result")
    assert told["source"].notna().all() and (told["source"] != "").all()
    assert told.loc["Easier selling: deals won of those decided", "value"] == 0.5
    missing = told["value"].isna()
    assert (told["state"] == missing.map({True: "no data", False: ""})).all()
    assert {"Recommendation", "Brand: deals that customers referred"} <= set(told.index[missing])


def test_c19_cells_sum_to_touches_and_due_follows_the_rule():
    people = pd.DataFrame({
        "account_id": ["A", "A", "B"], "contact_id": ["a1", "a2", "b1"], "role": ["Lead", "Admin", "Lead"],
    })  # fmt: skip
    made = pd.DataFrame({
        "account_id": ["A", "A", "A", "B", "B"], "date": ["2026-09-01"] * 4 + ["2026-01-01"], "kind": "call",
        "contact_id": ["a1", "a1", "a2", None, "b1"],
    })  # fmt: skip
    plan = {"later": ("Lead", "Boss"), "first year": ("Lead",)}
    book = sized({"A": 10, "B": 10}, touches=made, contacts=people, milestones=steps([("A", "live", "2024-02-01"),
                 ("B", "live", "2024-02-01")]))  # fmt: skip
    told = board.stage_by_role(book, due=plan)
    assert told["touches"].sum() == 4  # those of the quarter
    cells = told.set_index("role")
    assert cells.loc["Lead", ["touches", "due", "done", "missing"]].tolist() == [2, 2, 1, 1]
    assert cells.loc["Boss", ["touches", "due", "done", "missing"]].tolist() == [0, 2, 0, 2]
    assert cells.loc["Admin", "due"] == 0 and cells.loc["not known", "touches"] == 1


LOG = [
    ("A", "signed", "2026-01-01"), ("A", "kickoff", "2026-01-20"), ("A", "live", "2026-06-01"),
    ("B", "signed", "2026-01-01"), ("B", "live", "2026-02-01"), ("C", "signed", "2026-09-20"),
    ("D", "signed", "2026-01-01"),
]  # fmt: skip
PLAN = {"kickoff": 30, "live": 90}


def test_n11_the_hand_fixture_and_a_replay_of_the_log_give_the_same_conformance():
    book = sized(dict.fromkeys("ABCD", 10), milestones=steps(LOG))
    each = board.conformance_steps(book, plan=PLAN).set_index(["account_id", "step"])["state"].to_dict()
    assert each == {
        ("A", "kickoff"): "in time", ("A", "live"): "late", ("B", "kickoff"): "skipped", ("B", "live"): "in time",
        ("C", "kickoff"): "not due yet", ("C", "live"): "not due yet", ("D", "kickoff"): "overdue",
        ("D", "live"): "overdue",
    }  # fmt: skip
    told = board.conformance(book, plan=PLAN)
    whole = told.set_index("step").loc["all"]
    assert whole[["n", "in_time", "late", "skipped", "overdue", "open"]].tolist() == [8, 2, 1, 1, 2, 2]
    assert whole["rate"] == pytest.approx(2 / 6)
    replayed = sized(dict.fromkeys("ABCD", 10), milestones=steps(LOG[::-1]))
    pd.testing.assert_frame_equal(told, board.conformance(replayed, plan=PLAN))
    later = sized(dict.fromkeys("ABCD", 10), milestones=steps([*LOG, ("D", "kickoff", "2026-10-05")]))
    pd.testing.assert_frame_equal(told, board.conformance(later, plan=PLAN))
