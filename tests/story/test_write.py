"""Sentences: what they say, what they never say, and text from data that stays text."""

from __future__ import annotations

import re
from datetime import date
from importlib import import_module

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cslib.conventions import definitions
from cslib.metrics import cohorts, concentration, forms, retention
from cslib.story import (
    Finding,
    accounts_fact,
    arr_fact,
    bridge_fact,
    concentration_fact,
    data_fact,
    gross_fact,
    meaning_fact,
    own_fact,
    retention_fact,
    segments_fact,
    spread_fact,
    vintages_fact,
    write,
)
from tests.books import book_of, eight

NEVER = re.compile(
    r"\b(rose|fell|grew|improv|slip|declin|trend|stable|driv|lead to|impact|significant)", re.I
)


def everything() -> str:
    book = eight()
    headline = retention.headline(book, base="arr", months_ago=(0, 3, 12))
    effective = concentration.effective_accounts(book)
    changes = retention.account_changes(book)
    findings = [
        data_fact(book.account, n_accounts=8, end=book.as_of, currency="USD", notes=book.notes),
        arr_fact(headline),
        retention_fact(headline, window=12, n_effective=effective),
        gross_fact(headline, n_effective=effective),
        bridge_fact(retention.bridge(book), changes),
        concentration_fact(concentration.leave_one_out(book), headline, n_effective=effective),
        vintages_fact(cohorts.vintages(book, metric="gross"), age=12),
        segments_fact(retention.headline(book, by="segment", base="arr"), by="segment", window=12),
        accounts_fact(changes, top=5),
    ]
    return str(write(*findings))


def test_sentences_of_the_hand_made_book() -> None:
    said = everything().replace("\\", "")
    # 460 of MRR is 5,520 a year; a quarter earlier D still paid: 560, a year earlier A B C D: 400
    assert "Annual recurring revenue is **$5.52k** from 5 accounts on Dec 31, 2025." in said
    assert "It was $6.72k from 6 accounts on Sep 30, 2025 and $4.80k from 4 accounts on Dec 31, 2024." in said
    assert (
        "The 4 accounts that paid $4.80k on Dec 31, 2024 pay $3.72k on Dec 31, 2025: too few for a percentage"
        in said
    )
    assert (
        "**Gross retention is 65%**: of $4.80k, $1.20k left with 1 account and $480 with smaller contracts of 1 account."
        in said
    )
    assert "3 of 4 accounts stayed." in said
    assert "Lost: churn $1.20k (1 account)." in said
    assert "Nothing was added." in said
    assert (
        "SMB has 3 accounts, too few for percentages to mean much: 3 stayed, and $3.60k became $3.72k."
        in said
    )
    assert (
        "Enterprise has 1 account, too few for percentages to mean much: 0 stayed, and $1.20k became $0."
        in said
    )


def test_no_sentence_claims_a_change() -> None:
    said = everything()
    # the one permitted use names no direction: whether they grew or shrank
    assert not NEVER.search(said.replace("grew or shrank", "")), NEVER.search(said)
    assert "nan" not in said.lower()
    assert "undefined" not in said


def test_the_heavy_account_is_named_beside_the_headline() -> None:
    rows = [("Big", "2024-01-01", "2025-06-01", "400"), ("Big", "2025-06-01", None, "600")]
    rows += [(f"S{i:02d}", "2024-01-01", None if i % 4 else "2025-10-01", "20") for i in range(40)]
    book = book_of(rows)
    headline, effective = retention.headline(book), concentration.effective_accounts(book)
    fact = concentration_fact(concentration.leave_one_out(book), headline, n_effective=effective)
    said = str(write(fact)).replace("\\", "")
    # opening 400 + 40 x 20 = 1200; closing 600 + 30 x 20 = 1200; without Big 600/800
    assert "Net retention is 100%; without account Big (33% of opening ARR) it is 75%." in said


def test_a_book_that_paid_nothing_at_the_opening_hangs_on_nobody() -> None:
    young = book_of([("A", "2025-12-01", None, "9")])
    without, headline = concentration.leave_one_out(young), retention.headline(young)
    assert str(write(concentration_fact(without, headline, n_effective=float("nan")))) == ""


def test_vintages_are_compared_at_equal_age_only() -> None:
    # Began in 2023 (40) and 2024 (40); at the age of 12 months 10 of the newer are gone. 2025 is not old enough.
    rows = [(f"A{i}", "2023-03-01", None, "10") for i in range(40)]
    rows += [(f"B{i}", "2024-06-01", "2025-02-10" if i < 10 else None, "10") for i in range(40)]
    rows += [(f"C{i}", "2025-01-15", "2025-03-10", "10") for i in range(40)]
    said = str(write(vintages_fact(cohorts.vintages(book_of(rows), metric="gross"), age=12)))
    assert said == (
        "Still there of their first ARR after 12 months, growth not counted: **75.0%** for the 40 accounts that began from "
        "Jan 2024 to Dec 2024 and **100.0%** for the 40 accounts that began from Jan 2023 to Dec 2023."
    )


def test_too_young_to_compare_is_said() -> None:
    said = write(
        vintages_fact(cohorts.vintages(book_of([("A", "2025-12-01", None, "9")]), metric="gross"), age=12)
    )
    assert "No account has yet reached an age of 12 months" in str(said)


def test_an_undefined_figure_is_said_to_be_undefined() -> None:
    headline = retention.headline(book_of([("A", "2025-12-01", None, "9")]))
    said = str(write(retention_fact(headline, window=12, n_effective=float("nan"))))
    assert said == "No account paid on Dec 31, 2024, so net retention over 12 months is undefined."
    assert str(write(gross_fact(headline, n_effective=float("nan")))) == ""


@given(st.text(max_size=80))
def test_names_from_data_render_as_themselves(name: str) -> None:
    fact = Finding("largest", {"name": name, "share": 0.3, "value": 1.1, "without": 0.9, "n": 50, "n_eff": 20,
                                     "small": False, "heavy": True, "turns": False})  # fmt: skip
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(str(write(fact)))
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {"p", "strong"}, html


def test_a_missing_language_or_value_is_an_error_and_not_an_english_sentence() -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        write(Finding("arr", {}), locale="xx_XX")
    with pytest.raises(jinja2.UndefinedError):
        write(Finding("arr", {"end": date(2026, 9, 30)}))


def test_the_spread_of_conventions_leaves_known_errors_out() -> None:
    compared = forms.compare_conventions(eight())
    said = str(write(spread_fact(compared, metric="gross_retention"))).replace("\\", "")
    # endpoint 260/400; losses of everyone 400 - 140 - 40 (G); contraction only 360/400
    assert said == (
        "Under the 6 published conventions that this ledger can answer, gross retention lies between 55.0% (Every month's "
        "losses of everyone) and 90.0% (Contraction only), 35.0 points apart. This report prints **65.0%**."
    )
    assert str(write(Finding("spread", {"n": 0}))) == ""


def test_the_meaning_of_a_figure_is_its_conventions_sentence() -> None:
    said = str(write(meaning_fact(definitions(window=6), metrics=["logo_retention"])))
    assert said == (
        "Logo retention (endpoint): Accounts of 6 months ago that still pay, over all accounts of 6 months ago."
    )


def test_the_companys_own_convention_is_said_beside_ours() -> None:
    compared = forms.compare_conventions(eight())
    assert str(write(own_fact(compared, convention="endpoint"))) == ""
    said = str(write(own_fact(compared, convention="churn only")))
    assert said == "By the company's own convention (Churn only) gross retention is **75.0%**."


def test_what_is_compiled_once_speaks_each_locale_and_currency() -> None:
    """Templates are compiled once a process; nothing of one locale may stay in what another is told."""
    module = import_module("cslib.story.write")
    sources = "{{ 1234567 | count }}", "{{ 250000 | money }}"
    told = {}
    for locale, currency in (("en_US", "USD"), ("en_GB", "GBP"), ("tr_TR", "EUR")):
        environment = module._environment(locale, currency)
        code = [module._environment("en_US", "USD").compile(source) for source in sources]
        told[currency] = [
            environment.template_class.from_code(environment, c, environment.globals).render() for c in code
        ]
    assert "1,234,567" in told["USD"][0] and "1.234.567" in told["EUR"][0]
    assert "$" in told["USD"][1] and "£" in told["GBP"][1] and "€" in told["EUR"][1]
