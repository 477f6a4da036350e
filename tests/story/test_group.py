"""Sentences about several companies: nothing is claimed that the frames do not hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from cslib.story import group_findings, on_page, write

END = date(2026, 9, 30)
WRONG = ("best", "worst", "leader", "improved", "trend", "driven")


def told(**given: Any) -> list[str]:
    none = pd.DataFrame({
        name: pd.Series([], dtype=kind) for name, kind in
        {"company": "str", "metric": "str", "value": "float64", "others": "float64", "adjusted": "float64", "tier": "str",
         "now": "float64", "verdict": "str", "rests_on": "str", "share": "float64"}.items()
    })  # fmt: skip
    frames = {"levels": levels(("A", "USD", 1_000_000), ("B", "USD", 2_000_000)), "league": none, "changes": none,
              "look": none, "unread": []} | given  # fmt: skip
    prose = write(*group_findings(as_of=END, limit=0.1, **frames))
    assert not any(word in str(prose).lower() for word in WRONG)
    return str(prose).replace("\\", "").split("\n\n")


def levels(*rows: tuple[str, str, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["company", "currency", "value"])
    return frame.assign(metric="arr", end=pd.Timestamp(END), n_accounts=10)


def league(*rows: tuple[str, str, float, float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["company", "metric", "value", "others", "adjusted", "tier"])


def changes(*rows: tuple[str, str, float, float, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["company", "metric", "value", "now", "verdict", "rests_on"])
    return frame.assign(adjusted=0.05)


def test_one_currency_adds_up_and_several_do_not() -> None:
    assert told()[0] == (
        "**2 companies as of Sep 30, 2026.** They report in USD; their ARR is $30.0k from 20 accounts."
    )
    assert told(levels=levels(("A", "USD", 1), ("B", "EUR", 2)))[0] == (
        "**2 companies as of Sep 30, 2026.** They report in EUR and USD; amounts stand in each company's own currency "
        "and are not added up."
    )
    assert told(levels=levels(("A", "USD", 1_000_000)))[0] == (
        "**1 company as of Sep 30, 2026.** It reports in USD; its ARR is $10.0k from 10 accounts."
    )


def test_one_company_is_it_also_where_others_could_not_be_read() -> None:
    assert "They" not in told(levels=levels(("A", "USD", 1)), unread=["b"])[0]


def test_companies_that_could_not_be_read_are_named_first() -> None:
    assert told(unread=["c_d", "e"])[0].startswith(
        "**2 companies as of Sep 30, 2026; 2 could not be read (c_d and e) and are in no figure here.**"
    )


def test_none_apart_and_too_few_to_be_held_against_each_other() -> None:
    same = league(*[(c, m, 0.9, 0.9, 0.8, "cannot be told apart") for m in ("net_retention", "gross_retention") for c in "AB"])  # fmt: skip
    assert told(league=same)[1] == (
        "**Neither net nor gross retention sets any of 2 companies apart from the others by more than chance would "
        "produce.**"
    )
    alone = told(levels=levels(("A", "USD", 1)), league=same.head(1))[1]
    assert alone == "With fewer than two companies there is nothing to hold one against."
    third = told(league=same, levels=levels(("A", "USD", 1), ("B", "USD", 1), ("C", "USD", 1)))[1]
    assert third.endswith("produce.** 1 weighs too few equal accounts to be tested.")
    untested = same.assign(adjusted=[0.8, float("nan"), 0.8, 0.8])
    assert told(league=untested)[1].startswith(
        "**In net retention fewer than two companies weigh enough to be compared.**"
    )


def test_those_apart_are_named_with_both_figures() -> None:
    rows = league(
        ("A", "net_retention", 0.8, 1.05, 0.01, "below the others"),
        ("B", "net_retention", 1.3, 1.0, 0.02, "above the others"),
        ("C", "net_retention", 1.0, 1.0, float("nan"), "cannot be told apart"),
        ("A", "gross_retention", 0.8, 0.9, 0.5, "cannot be told apart"),
        ("B", "gross_retention", 0.9, 0.8, 0.5, "cannot be told apart"),
    )
    text = told(league=rows, levels=levels(("A", "USD", 1), ("B", "USD", 1), ("C", "USD", 1)))[1]
    assert text.startswith(
        "**In net retention 2 of 2 companies stand apart from the others at a 10% false-discovery limit:** A below "
        "(80.0% against 105.0%), B above (130.0% against 100.0%). 1 weighs too few equal accounts to be tested. "
    )


def test_changes_are_named_only_where_they_passed() -> None:
    none = changes(("A", "net_retention", -0.1, 0.9, "cannot tell", ""))
    assert told(changes=none)[2] == (
        "**No company's retention can be said to have changed in 3 months:** 1 change was looked at, and none is larger "
        "than chance would produce among them."
    )
    some = changes(
        ("A", "net_retention", -0.1, 0.9, "changed", ""), ("B", "logo_retention", 0.1, 0.9, "changed", "Big_One"),
    )  # fmt: skip
    assert told(changes=some)[2] == (
        "**2 of 2 changes in 3 months pass a 10% false-discovery limit over all companies:** net retention of A fell 10.0 "
        "points to 90.0%; logo retention of B rose 10.0 points to 90.0%, which rests on one account (Big_One)."
    )
    assert "fell" not in told(changes=none)[2] and "rose" not in told(changes=none)[2]
    assert told()[2].startswith("**Whether any company changed in 3 months cannot be said:**")


def test_where_to_look_names_at_most_three_and_none_without_a_loss() -> None:
    look = pd.DataFrame({"company": list("ABCDE"), "share": [0.2, 0.1, 0.05, 0.01, 0.0]})
    assert told(look=look)[3] == (
        "**Look first at A (20.0%), B (10.0%) and C (5.0%):** in brackets what was lost in 3 months or is known to end, as "
        "a share of the ARR at their start."
    )
    assert told(look=look.head(2))[3].startswith("**Look first at A (20.0%):**")
    assert told(look=look.tail(1))[3] == (
        "**Nothing was lost in 3 months, and no cancellation for a later day is known.**"
    )


def test_every_digit_knows_its_value() -> None:
    rows = league(("A", "net_retention", 0.8, 1.05, 0.01, "below the others"), ("B", "net_retention", 1, 1, 0.5, "cannot be told apart"))  # fmt: skip
    found = group_findings(
        as_of=END, unread=[], levels=levels(("A", "USD", 1_000_000), ("B", "USD", 2)), league=rows,
        changes=changes(), look=pd.DataFrame({"company": ["A"], "share": [0.1]}), limit=0.1,
    )  # fmt: skip
    prose = write(*found)
    percents = {p.text: p.path for p in prose.printed if p.kind == "percent"}
    assert percents == {"10%": "limit", "80.0%": "rows.0.below.0.value", "105.0%": "rows.0.below.0.others", "10.0%": "rows.0.share"}  # fmt: skip


def test_sentences_of_a_page_refer_to_that_page() -> None:
    found = group_findings(as_of=END, unread=[], levels=levels(("A", "USD", 1)), league=league(), changes=changes(),
                           look=pd.DataFrame({"company": [], "share": []}), limit=0.1)  # fmt: skip
    one, other = (on_page(write(*found), page, company=name) for page, name in ((1, "A"), (2, "B")))
    assert one.markdown == other.markdown
    assert one.refers[0][1] == ("tab-group-1",) and other.refers[0][1] == ("tab-group-2",)
    assert {finding["company"] for finding in other.findings} == {"B"}


def test_another_language_has_no_sentences_yet() -> None:
    import jinja2

    with pytest.raises(jinja2.TemplateNotFound, match="group/xx"):
        write(group_findings(as_of=END, unread=[], levels=levels(("A", "USD", 1)), league=league(), changes=changes(),
                             look=pd.DataFrame({"company": [], "share": []}), limit=0.1)[0], locale="xx_XX")  # fmt: skip
