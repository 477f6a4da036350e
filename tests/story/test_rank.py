"""What is said, in which order, and why the rest is not."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from cslib.story import CONFLICTS, DETECTORS, Finding, choose
from cslib.story.rank import score

HEADLINE: dict[str, Any] = {"arr": 1_000_000_00, "small": False, "rows": []}


def headline(**more: Any) -> Finding:
    given = {"verdict": "counted", **more}
    return Finding("headline", {**HEADLINE, **given.pop("values", {})}, **given)


def fact(kind: str, stake: int, **more: Any) -> Finding:
    return Finding(kind, more.pop("values", {}), materiality=stake, **more)


def reasons(*findings: Finding) -> dict[str, str]:
    return {choice.finding.kind: choice.reason for choice in choose(findings).choices}


def test_the_order_is_money_at_stake_times_certainty_after_the_headline() -> None:
    found = [
        fact("masking", 50_000_00),
        fact("renewals_ahead", 90_000_00),
        fact("forecast", 100_000_00, certainty=0.8),
        headline(materiality=1),
    ]
    said = [finding.kind for finding in choose(found).said]
    assert said == ["headline", "renewals_ahead", "forecast", "masking"]
    assert score(found[2]) == pytest.approx(80_000_00)


def test_what_casts_doubt_on_the_data_comes_second_whatever_is_at_stake() -> None:
    said = choose([headline(), fact("masking", 50_000_00), fact("data_caveat", 0, verdict="counted")]).said
    assert [finding.kind for finding in said] == ["headline", "data_caveat", "masking"]


def test_seven_at_most_and_the_last_is_what_the_book_cannot_tell() -> None:
    found = [headline(), *(fact(kind, 100_000_00 - i) for i, kind in enumerate("abcdefgh"))]
    assert len(choose(found).said) == 7
    open_question = fact("segment", 0, verdict="cannot tell", values={"n": 3, "n_untested": 0})
    summary = choose([*found, open_question])
    assert len(summary.said) == 7
    assert summary.said[-1].kind == "unknown"
    assert [c.reason for c in summary.choices if c.finding.kind in "fgh"] == ["ranked out"] * 3


def test_every_finding_has_a_reason_or_is_said() -> None:
    found = [
        headline(),
        fact("masking", 1),
        fact(
            "vintage",
            90_000_00,
            verdict="cannot tell",
            values={"compared": True, "age": 12, "n": 4, "n_older": 9},
        ),
        fact("concentration", 90_000_00, verdict="absent"),
        fact("benchmark", 0, verdict="not looked at"),
    ]
    told = reasons(*found)
    assert told == {
        "headline": "",
        "masking": "below materiality",
        "vintage": "not significant",
        "concentration": "below the line of its kind",
        "benchmark": "not looked at",
        "unknown": "",
    }


# one pair a conflict: what is said, what must not be said beside it
PAIRS = {
    "its account is named by a larger finding": (
        fact("concentration", 9, accounts=("A",)),
        fact("expansion_dependence", 5, accounts=("A",)),
    ),
    "the forecast learns from quarters before the change": (headline(verdict="changed"), fact("forecast", 5)),
    "the book hangs on too few accounts for percentages": (
        headline(values={"small": True}),
        fact("benchmark", 5, values={"rows": []}),
    ),
    "one account would be compared with a population": (
        fact("concentration", 9),
        fact("benchmark", 5, values={"rows": []}),
    ),
    "the opposite is said of the same subject with more money behind it": (
        fact("vintage", 9, verdict="worse", subject="newest vintage"),
        fact("vintage", 5, verdict="better", subject="newest vintage"),
    ),
    "the net figure that would be compared hides its losses": (
        fact("masking", 9),
        fact("benchmark", 5, values={"rows": [{"metric": "net_retention", "verdict": "above"}]}),
    ),
}


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda c: c.name)
def test_each_conflict_leaves_one_of_its_pair_out(conflict: Any) -> None:
    said, other = PAIRS[conflict.name]
    assert conflict.holds(said, other)
    stakes = [Finding(**{**vars(f), "materiality": f.materiality * 1_000_000_00}) for f in (said, other)]
    found = stakes if said.kind == "headline" else [headline(), *stakes]
    summary = choose(found)
    (left,) = [c for c in summary.choices if c.reason]
    assert left.finding.kind == other.kind
    assert left.reason == f"superseded by {said.kind}: {conflict.name}"


def test_no_two_findings_that_are_said_are_in_conflict() -> None:
    every = [headline(verdict="changed"), *(Finding(**{**vars(f), "materiality": 90_000_00 - i})
             for i, f in enumerate(f for pair in PAIRS.values() for f in pair if f.kind != "headline"))]  # fmt: skip
    said = choose(every).said
    clashes = [
        (a.kind, b.kind)
        for a, b in combinations(said, 2)
        for c in CONFLICTS
        if c.holds(a, b) or c.holds(b, a)
    ]
    assert clashes == []


def test_plays_are_those_that_findings_above_their_line_call_for() -> None:
    found = [
        headline(),
        fact("masking", 90_000_00, plays=("value_recapture",)),
        fact("vintage", 80_000_00, verdict="worse", plays=("onboarding_fix",)),
        fact("concentration", 70_000_00, verdict="absent", plays=("second_contact",)),
        fact("reactivation", 1, plays=("second_start",)),
    ]
    assert choose(found).plays == ("value_recapture", "onboarding_fix")


def test_without_a_headline_there_is_no_summary() -> None:
    with pytest.raises(ValueError, match="found no headline"):
        choose([fact("masking", 1)])
    with pytest.raises(ValueError, match="expected 3 or more"):
        choose([headline()], most=2)


def test_every_kind_has_a_detector_and_a_line_in_the_test_of_words() -> None:
    assert set(DETECTORS) == {
        "headline", "data_caveat", "masking", "segment", "vintage", "concentration", "single_account", "reactivation",
        "expansion_dependence", "benchmark", "forecast", "renewals_ahead", "restatement",
    }  # fmt: skip
