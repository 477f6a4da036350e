from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.metrics import voice
from cslib.stats.proportion import wilson
from tests.metrics.capacity.books import sized, touches


def surveys(scores, *, account="A", day="2026-09-01", kind="nps"):
    return pd.DataFrame({
        "account_id": account, "date": day, "score": scores, "kind": kind,
        "contact_id": [f"{account}-{i}" for i in range(len(scores))],
    })  # fmt: skip


def feedback(rows):
    return pd.DataFrame(rows, columns=["account_id", "date", "area", "status", "votes", "closed_date"])


def test_m03_promoters_less_detractors_with_the_interval_of_the_multinomial():
    """M03 and C10: five of nine and ten, two passive, three detractors: 50% - 30% = 20%."""
    told = voice.nps(sized({"A": 10}, surveys=surveys([10, 10, 9, 9, 9, 8, 7, 6, 3, 0]))).iloc[0]
    assert (told["promoters"], told["passives"], told["detractors"]) == (5, 2, 3)
    assert told["nps"] == pytest.approx(0.2)
    half = 1.96 * sqrt((0.5 + 0.3 - 0.2**2) / 10)
    assert (told["low"], told["high"]) == pytest.approx((0.2 - half, 0.2 + half))
    draws = np.random.default_rng(3).choice([1] * 5 + [0] * 2 + [-1] * 3, (20000, 10)).mean(axis=1)
    assert draws.std() * 1.96 == pytest.approx(half, rel=0.03)  # the formula is the bootstrap's


def test_m03_a_person_counts_once_another_question_not_and_the_rate_is_of_those_asked():
    both = pd.concat([
        surveys([0], day="2026-05-01"), surveys([10]), surveys([1, 1], account="B", kind="ces"),
    ])  # fmt: skip
    sent = touches([("A", "2026-08-01", "survey", None), ("B", "2026-08-01", "survey", None)])
    told = voice.nps(sized({"A": 10, "B": 10}, surveys=both, touches=sent)).iloc[0]
    assert (told["n"], told["nps"], told["asked"]) == (1, 1.0, 2)
    assert (told["rate"], told["rate_low"], told["rate_high"]) == pytest.approx(tuple(wilson(1, 2)))


def test_m03_sizes_that_answer_alike_are_not_told_apart_and_those_that_differ_are():
    arr = {f"a{i:02}": 500 if i < 30 else 200_000 for i in range(60)}

    def test(small, large):
        frames = [surveys([small[i % 3] if i < 30 else large[i % 3]], account=a) for i, a in enumerate(arr)]
        return voice.size_test(sized(arr, surveys=pd.concat(frames))).iloc[0]

    assert test([10, 8, 3], [10, 8, 3])["verdict"] == "cannot be told from chance"
    assert test([10, 8, 3], [10, 8, 3])["p"] == pytest.approx(1)
    assert test([3, 4, 5], [10, 9, 8])["verdict"] == "differs by size"
    bands = voice.nps(sized(arr, surveys=pd.concat([surveys([10], account=a) for a in arr])))
    assert bands.set_index("group")["n"].to_dict() == {"all": 60, "100k and more": 30, "under 1k": 30}


def test_c10_detractors_are_followed_up_in_time_late_never_or_not_yet():
    arr = dict.fromkeys("ABCDE", 10)
    asked = pd.concat([surveys([2], account=a, day="2026-06-01") for a in "ABC"])
    asked = pd.concat([asked, surveys([2], account="D", day="2026-09-25"), surveys([9], account="E")])
    calls = touches([
        ("A", "2026-06-15", "call", "Ann"), ("B", "2026-06-16", "call", "Ann"), ("A", "2026-06-01", "call", "Ann"),
        ("C", "2026-06-10", "survey", None),
    ])  # fmt: skip
    told = voice.follow_up(sized(arr, surveys=asked, touches=calls)).set_index("account_id")
    assert told["state"].to_dict() == {"A": "in time", "B": "late", "C": "never", "D": "not yet"}
    assert told["days"].dropna().to_dict() == {"A": 14, "B": 15}


def test_g07_every_cell_names_its_source_and_empty_cells_are_gaps():
    items = feedback([
        ("A", "2026-01-20", "reports", "open", 5, None), ("A", "2026-09-01", "mobile", "open", 1, None),
    ])  # fmt: skip
    told = voice.needs_canvas(sized({"A": 10}, start="2026-01-15", feedback=items))
    assert len(told) == 6  # three stages by two areas, none left out
    assert (told["gap"] == (told["n"] == 0)).all() and ((told["first"] == "") == told["gap"]).all()
    cells = told[~told["gap"]].set_index("stage")
    assert cells.loc["first 90 days", "first"] == "A 2026-01-20"
    assert cells.loc["first year", "first"] == "A 2026-09-01"


# Pairs that a person labelled: the same wish in other words, or another wish
PAIRS = [
    ("Export to Excel please", "please export to Excel", True),
    ("Dark mode for the app", "dark mode for the app!", True),
    ("We need single sign-on", "we need single sign on", True),
    ("Export to Excel please", "Import from Excel", False),
    ("Faster search", "Faster sync of calendars", False),
    ("A Turkish version", "A second currency", False),
]


def test_n13_duplicates_are_merged_with_precision_and_totals_conserve():
    hits = []
    for one, two, _ in PAIRS:
        items = pd.DataFrame({"area": "app", "text": [one, two]})
        one_group, other_group = voice.merged(items)
        hits.append(one_group == other_group)
    found = [same for hit, (_, _, same) in zip(hits, PAIRS, strict=True) if hit]
    assert sum(found) / len(found) == 1.0 and sum(found) == 3  # precision, and none of the labelled is missed
    items = feedback([("A", "2026-09-01", "app", "open", 1, None)] * 3).assign(
        text=["dark mode", "Dark mode", "other"], channel=["mail", "call", None]
    )
    told = voice.inbox(sized({"A": 10}, feedback=items)).set_index("channel")
    assert told.loc["all", ["items", "ideas", "duplicates"]].tolist() == [3, 2, 1]
    assert told.drop("all")["items"].sum() == 3 and told.drop("all")["ideas"].sum() == 2
    assert (told["items"] == told["ideas"] + told["duplicates"]).all()


def test_n14_the_classes_hit_a_labelled_set_and_unknown_is_shown():
    labelled = [
        ("the report is slow to load", "reports"), ("export this report", "reports"), ("my phone app crashes", "mobile"),
        ("phone login", "mobile"), ("invoice total wrong", "billing"), ("nice people", "unknown"),
        ("report on my phone", "unknown"),  # two areas fit: nobody guesses
    ]  # fmt: skip
    words = {"reports": ["report"], "mobile": ["phone"], "billing": ["invoice"]}
    items = pd.DataFrame({"area": "unknown", "text": [text for text, _ in labelled]})
    found = voice.classified(items, words)
    assert (found == [label for _, label in labelled]).mean() == 1.0
    table = feedback([("A", "2026-09-01", "unknown", "open", 1, None)] * 7).assign(text=items["text"])
    told = voice.themes(sized({"A": 10}, feedback=table), taxonomy=words).set_index("area")
    assert told.loc["unknown", "n"] == 2 and told.loc["unknown", "share"] == pytest.approx(2 / 7)
    assert told["n"].sum() == 7
    assert "unknown" in set(voice.themes(sized({"A": 10}, feedback=table.assign(area="x")))["area"])


def test_n15_arr_is_counted_once_an_account_and_the_rank_is_the_same_in_any_order():
    rows = [
        ("A", "2026-09-01", "x", "open", 3, None), ("A", "2026-09-02", "x", "planned", 2, None),
        ("B", "2026-09-01", "x", "open", 0, None), ("B", "2026-09-01", "y", "open", 5, None),
        ("A", "2026-09-01", "z", "open", 5, None), ("A", "2026-09-01", "w", "delivered", 99, "2026-09-02"),
    ]  # fmt: skip
    told = voice.ranking(sized({"A": 100, "B": 10}, feedback=feedback(rows)))
    assert told["idea"].tolist() == ["x", "z", "y"]  # five votes each: then by ARR
    assert told["arr"].tolist() == [11000, 10000, 1000]
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(rows))
        again = voice.ranking(sized({"A": 100, "B": 10}, feedback=feedback([rows[i] for i in order])))
        pd.testing.assert_frame_equal(told, again)


def test_nobody_asked_is_said():
    with pytest.raises(Absent):
        voice.nps(sized({"A": 10}))


@pytest.mark.parametrize(
    "ask", [voice.nps, voice.follow_up, voice.inbox, voice.themes, voice.ranking, voice.needs_canvas]
)
def test_what_comes_later_changes_nothing(ask):
    """The as-of law, on one company read with and without what its next month brought."""
    asked = surveys([10, 2, 8])
    items = feedback([("A", "2026-09-01", "x", "open", 1, None)])
    calls = touches([("A", "2026-09-02", "call", "Ann")])
    later_items = feedback([("A", "2026-10-01", "y", "open", 9, None)])
    ledger = {"A": 10, "B": 20}

    def book(after):
        tables = {"surveys": asked, "feedback": items, "touches": calls}
        if after:
            tables["surveys"] = pd.concat([asked, surveys([0, 0], account="B", day="2026-10-05")])
            tables["feedback"] = pd.concat([items, later_items])
            tables["touches"] = pd.concat([calls, touches([("A", "2026-10-02", "call", "Ann")])])
        return sized(ledger, **tables)

    pd.testing.assert_frame_equal(ask(book(False)), ask(book(True)))
