"""Each detector triggered and not, the words of its sentence held, and the forbidden ones absent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import concentration, retention, uncertainty
from cslib.metrics.terms_ahead import terms_ahead
from cslib.story import DETECTORS, Finding, choose, detect, tell, write
from tests.books import book_of, eight

DIRECTION = re.compile(r"\b(rose|fell|grew(?! or shrank)|improv|slip|declin|trend|worse|better)", re.I)
NEVER = re.compile(r"\b(stable|driv|lead to|impact|significant|nan|undefined points)", re.I)


def found(kind: str, **frames: Any) -> Finding:
    (finding,) = DETECTORS[kind](**frames)
    assert finding.kind == kind
    return finding


def said(*findings: Finding) -> str:
    text = str(write(*findings)).replace("\\", "").replace("**", "")
    assert not NEVER.search(text), text
    return text


def measured(book: Book, *, level: float = 0.95) -> dict[str, Any]:
    return {
        "headline": retention.headline(book, base="arr", months_ago=(0, 3, 12)),
        "since": uncertainty.changes(book, delta=0.02, level=level),
        "singles": uncertainty.single_accounts(book),
        "effective": concentration.effective_accounts(book),
        "window": 12,
        "moves": retention.account_changes(book, window=12),
    }


def take(frames: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: frames[name] for name in names}


HEAD = ("headline", "since", "singles", "effective", "window")


def accounts(n: int, *, left: int = 0, mrr: str = "100") -> list[tuple[str, str, str | None, str]]:
    return [(f"A{i:03d}", "2023-01-01", "2025-06-15" if i < left else None, mrr) for i in range(n)]


def moves(*rows: tuple[str, int, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "opening", "closing", "movement"])
    return frame.assign(name=frame["account_id"], change=frame["closing"] - frame["opening"])


# --- level


def test_the_headline_says_level_and_that_no_change_can_be_claimed() -> None:
    rows = [*accounts(100), *[(f"B{i:02d}", "2023-01-01", f"202{4 + i % 2}-06-15", "300") for i in range(7)]]
    finding = found("headline", **take(measured(book_of(rows)), *HEAD))
    text = said(finding)
    # 100 x 1,200 a year; a year earlier 3 of the 7 larger (3,600 a year) were still there: 130.8k -> 120.0k
    assert text.startswith(
        "ARR is $120k from 100 accounts; net retention is 91.7% and gross retention 91.7%."
    )
    assert "The 103 accounts that paid $131k on Dec 31, 2024 pay $120k now; 100 stayed." in text
    assert "no change can be claimed." in text
    assert not DIRECTION.search(text)


def test_the_headline_tells_a_tested_change_with_its_interval() -> None:
    text = said(found("headline", **take(measured(book_of(accounts(100, left=20))), *HEAD)))
    assert re.search(
        r"Net retention fell 20\.0 points from 100\.0% a year ago \(95% interval \d+\.\d to \d+\.\d\)\.", text
    )
    assert "Gross retention fell 20.0 points" in text


def test_few_accounts_get_counts_and_money_and_no_percentage_in_the_headline() -> None:
    text = said(found("headline", **take(measured(book_of(accounts(12, left=6))), *HEAD)))
    lead, rest = text.split(".", 1)[0], text
    assert "%" not in lead
    assert "Of the 12 accounts that paid $14.4k on Dec 31, 2024, 6 stayed; together they pay $7.20k." in rest
    assert "for percentages to mean much: net retention 50%." in rest
    assert not re.search(r"\d\.\d%", text)
    assert not DIRECTION.search(text)


def test_the_headline_is_never_told_without_the_account_it_hangs_on() -> None:
    rows = [
        *accounts(60),
        ("Whale", "2023-01-01", "2025-03-01", "1000"),
        ("Whale", "2025-03-01", None, "2200"),
    ]
    finding = found("headline", **take(measured(book_of(rows)), *HEAD))
    # opening 60 x 100 + 1,000; closing 6,000 + 2,200 = 8,200 of 7,000; without Whale 6,000 of 6,000
    assert "net retention is 117.1% (without Whale, 14% of opening ARR, 100.0%) and gross" in said(finding)


def test_nothing_paid_at_the_opening() -> None:
    young = measured(book_of([("A", "2025-12-01", None, "9")]))
    text = said(found("headline", **take(young, *HEAD)))
    assert text == (
        "ARR is $108 from 1 account. No account paid on Dec 31, 2024, so retention over 12 months is undefined."
    )


def test_growth_that_covers_losses_is_told_with_both() -> None:
    rows = [*accounts(20, left=4)]
    rows += [(f"G{i}", "2023-01-01", "2025-03-01", "100") for i in range(10)]
    rows += [(f"G{i}", "2025-03-01", None, "180") for i in range(10)]
    finding = found("masking", **take(measured(book_of(rows)), "headline", "window"))
    # 30 x 1,200 = 36k; 4 leave: -4.8k; 10 grow by 960: +9.6k; net 40.8/36 = 113.3%, gross 31.2/36 = 86.7%
    assert finding.verdict == "counted"
    assert finding.materiality == 4_800_00
    assert said(finding) == (
        "Growth of the accounts that stayed covers a loss of $4.80k in 12 months. $4.80k left with 4 accounts; 10 accounts "
        "added $9.60k. Net retention alone does not show it; gross retention does."
    )
    assert (
        found("masking", **take(measured(book_of(accounts(20, left=4))), "headline", "window")).verdict
        == "absent"
    )


# --- accounts


def test_large_accounts_are_told_with_the_rest_of_the_book() -> None:
    rows = [
        *accounts(60),
        ("Whale", "2023-01-01", "2025-03-01", "1000"),
        ("Whale", "2025-03-01", None, "2200"),
    ]
    frames = measured(book_of(rows))
    finding = found("concentration", **take(frames, "singles", "headline", "effective"))
    text = said(finding)
    assert text.startswith(
        "Whale held 14% of opening ARR: $12.0k then, $26.4k now. The other 60 accounts went from $72.0k"
    )
    assert finding.accounts == ("Whale",)
    assert finding.plays == ("second_contact",)
    plain = found(
        "concentration", **take(measured(book_of(accounts(60))), "singles", "headline", "effective")
    )
    assert plain.verdict == "absent"


def test_one_account_that_makes_a_fifth_of_all_losses() -> None:
    lost = moves(("A", 500_00, 0, "churn"), ("B", 900_00, 400_00, "contraction"), ("C", 100_00, 0, "churn"))
    finding = found("single_account", moves=lost, window=12)
    assert said(finding) == (
        "A alone is 45% of what was lost in 12 months: it paid $500 at the start and pays nothing now; $1.10k was lost in all."
    )
    even = moves(*[(f"A{i}", 100_00, 0, "churn") for i in range(9)])
    assert found("single_account", moves=even, window=12).verdict == "absent"
    assert found("single_account", moves=even.head(0), window=12).verdict == "absent"


def test_money_that_came_back() -> None:
    text = said(found("reactivation", moves=moves(("A", 0, 700_00, "reactivation")), window=12))
    assert (
        text == "$700 came back: A had left and pays again. Net retention over 12 months does not count it."
    )
    assert found("reactivation", moves=moves(("A", 1, 1, "unchanged")), window=12).verdict == "absent"


def test_expansion_of_few() -> None:
    grown = [
        ("Big", 100_00, 900_00, "expansion"),
        *[(f"S{i}", 100_00, 110_00, "expansion") for i in range(9)],
    ]
    finding = found("expansion_dependence", moves=moves(*grown), window=12)
    assert said(finding) == (
        "90% of the expansion of 12 months comes from 1 of 10 accounts that expanded: Big added $800 of $890."
    )
    spread = moves(*[(f"S{i}", 100_00, 110_00, "expansion") for i in range(10)])
    assert found("expansion_dependence", moves=spread, window=12).verdict == "absent"


# --- parts


def drilled(metric: str, *, passed: bool, p: float | None = 0.01) -> pd.DataFrame:
    row = {"metric": metric, "convention": "endpoint", "column": "segment", "segment": "SMB", "value": 0.7, "rest": 0.9,
           "difference": -0.2, "low": -0.3, "high": -0.1, "level": 0.95, "n_accounts": 80, "denominator": 1_000_00,
           "p": p, "passed": passed}  # fmt: skip
    return pd.DataFrame([row])


def test_segments_of_all_ratios_make_one_finding() -> None:
    three = [drilled(metric, passed=metric == "gross_retention") for metric in uncertainty.RATIOS]
    finding = found("segment", drilled=three, limit=0.1)
    assert said(finding) == (
        "1 of 1 segments passes a 10% false-discovery limit: SMB (80 accounts) gross retention 70.0% against 90.0% of all "
        "others (95% interval of the difference −30.0 to −10.0 points)."
    )
    assert finding.materiality == 200_00
    assert finding.plays == ("segment_review",)
    quiet = found("segment", drilled=[drilled(m, passed=False) for m in uncertainty.RATIOS], limit=0.1)
    assert quiet.verdict == "cannot tell"


def newest(verdict: str, *, n: int = 40) -> pd.DataFrame:
    row = {"convention": "cohort at 12 months", "start": pd.Timestamp("2024-01-31"), "end": pd.Timestamp("2024-12-31"),
           "value": 0.7, "numerator": 700_00, "denominator": 1_000_00, "n_accounts": n, "age": 12, "older": 0.9,
           "n_older": 90, "difference": -0.2, "low": -0.3, "high": -0.1, "level": 0.95, "verdict": verdict}  # fmt: skip
    return pd.DataFrame([row | {"metric": metric} for metric in ("net_retention", "gross_retention")])


def test_newer_vintages_that_keep_less_at_equal_age() -> None:
    since = pd.DataFrame({"metric": ["net_retention"], "verdict": ["cannot tell"]})
    finding = found("vintage", newest=newest("worse"), since=since)
    assert said(finding) == (
        "After 12 months the 40 accounts that began from Jan 2024 to Dec 2024 keep 70.0% (gross retention), the 90 before "
        "them 90.0% (95% interval of the difference −30.0 to −10.0 points); in net retention 70.0% against 90.0%. The "
        "headline does not show it yet."
    )
    assert (finding.verdict, finding.plays, finding.materiality) == ("worse", ("onboarding_fix",), 200_00)
    few = said(found("vintage", newest=newest("worse", n=12), since=since))
    assert "keep $700 of $1.00k" in few
    assert not re.search(r"\d\.\d%", few)
    quiet = found("vintage", newest=newest("cannot tell"), since=since)
    assert (quiet.verdict, quiet.plays, said(quiet)) == ("cannot tell", (), "")


# --- outlook


def ahead(*, supported: bool) -> pd.DataFrame:
    row = {"end": pd.Timestamp("2026-03-31"), "level": 0.8, "supported": supported, "n_past": 12, "n_ranged": 12,
           "n_inside": 9}  # fmt: skip
    net = row | {"metric": "net_retention", "low": 0.98, "high": 1.07, "unit": "ratio"}
    return pd.DataFrame([net, row | {"metric": "arr", "low": 9e8, "high": 1.1e9, "unit": "USD ARR"}])


def test_a_forecast_is_a_range_with_its_record() -> None:
    headline = retention.headline(eight(), base="arr")
    text = said(found("forecast", ahead=ahead(supported=True), headline=headline))
    assert text == (
        "Next three months, 80% range: net retention of that quarter alone 98.0% to 107.0%, ARR $9.00M to $11.0M on "
        "Mar 31, 2026. Of earlier outcomes that had such a range, 9 of 12 (net retention) and 9 of 12 (ARR) fell inside."
    )
    refused = found("forecast", ahead=ahead(supported=False), headline=headline)
    assert refused.verdict == "cannot tell"


def test_renewals_ahead_tell_what_is_under_notice_and_what_has_shrunk() -> None:
    rows = [
        ("A", "2024-06-01", "", "100", "2026-03-01"),
        ("B", "2024-06-01", "2026-02-01", "50", "2026-02-01"),
        ("C", "2024-01-01", "2025-06-01", "90", "2025-06-01"),
        ("C", "2025-06-01", "", "60", "2026-01-15"),
        ("D", "2024-06-01", "", "70", "2026-09-01"),
    ]
    columns = ["account_id", "start_date", "end_date", "mrr", "term_end_date"]
    ledger = pd.DataFrame(rows, columns=columns).assign(currency="USD").replace("", None)
    ledger["notice_date"] = ["", "2025-12-01", "", "", ""]
    book = Book.from_frames({"subscriptions": ledger.replace("", None)}, as_of=date(2025, 12, 31))
    finding = found(
        "renewals_ahead", due=terms_ahead(book), headline=retention.headline(book, base="arr"), months=3
    )
    # A 1,200, B 600 under notice, C 720 and less than a year ago; D falls due later
    assert said(finding) == (
        "$2.52k of ARR from 3 accounts comes up for renewal by Mar 31, 2026. $600 of it is under notice (1 account). "
        "1 account with $720 pays less than a year ago."
    )
    assert finding.accounts == ("B", "C")


def position(verdict: str, *, comparable: bool = True) -> pd.DataFrame:
    row = {"metric": "net_retention", "convention": "endpoint", "value": 1.1, "low": 1.05, "high": 1.15,
           "statistic": "median", "benchmark": 1.02, "population": "Private companies", "source": "A survey", "year": 2025,
           "n": 120, "comparable": comparable, "reason": "" if comparable else "it is about a year more than 3 years back",
           "verdict": verdict, "narrowness": 1, "id": "x"}  # fmt: skip
    return pd.DataFrame([row])


def test_a_benchmark_is_told_with_population_source_year_and_n() -> None:
    headline = retention.headline(eight(), base="arr")
    text = said(found("benchmark", position=position("above"), headline=headline))
    assert text == (
        "Net retention of 110.0% (105.0% to 115.0%) lies above the median of 102% of this population: Private companies "
        "(A survey, figures of 2025, 120 companies)."
    )
    mixed = found("benchmark", position=position("", comparable=False), headline=headline)
    assert (mixed.verdict, mixed.values["rows"]) == ("cannot tell", [])


# --- data


def test_a_ledger_that_may_stop_before_the_day_is_told() -> None:
    account = pd.DataFrame(
        {
            "table": ["subscriptions"],
            "last_date": [pd.Timestamp("2025-10-31")],
            "rows_rejected": [2],
            "rows_read": [150],
        }
    )
    text = said(found("data_caveat", account=account, as_of=date(2025, 12, 31), beyond=True))
    assert text == (
        "The data may stop before Dec 31, 2025: the last change in the ledger is 61 days older (Oct 31, 2025). If it does, "
        "what left or grew since is missing from every figure here. 2 broken rows were left out and are listed beside the "
        "report."
    )
    clean = account.assign(rows_rejected=0)
    assert found("data_caveat", account=clean, as_of=date(2025, 12, 31), beyond=False).verdict == "absent"


def test_a_corrected_past_is_told_side_by_side() -> None:
    figures = pd.DataFrame(
        {"metric": ["net_retention"], "end": [pd.Timestamp("2025-09-30")], "by": [""], "unit": ["ratio"], "old": [1.04],
         "new": [1.02], "change": [-0.02]}
    )  # fmt: skip
    was = SimpleNamespace(figures=figures, n_compared=120, as_of=date(2025, 9, 30))
    assert said(found("restatement", restated=was)) == (
        "1 of 120 past figures is different from the report as of Sep 30, 2025. Net retention to Sep 30, 2025 was 104.0%, "
        "now 102.0%."
    )
    assert found("restatement", restated=None).verdict == "cannot tell"


# --- rows of the language whose frames come from other tables than the ledger


def trial(n_left: int) -> str:
    values = {"n": 120, "n_left": n_left, "area": 0.71, "low": 0.5, "high": 0.92, "tenure": 0.55, "tells": False,
              "wrong": False, "level": 0.95}  # fmt: skip
    return said(Finding("health.trial", values))


def test_a_backtest_on_few_losses_says_that_they_are_too_few() -> None:
    assert (
        trial(6)
        == "6 losses: too few to say whether the health score works (area under the curve 71%, 50% to 92%)."
    )
    assert "too few" not in trial(12)
    assert "accuracy" not in trial(6) + trial(12)


def test_green_churn_is_told_with_accounts_and_money_and_not_as_a_score() -> None:
    text = said(Finding("health.green", {"days": 90, "n": 7, "n_all": 19, "arr": 412_000_00}))
    assert text == "7 of the 19 accounts that left were green 90 days before, with $412k of ARR."


def test_adoption_is_an_association_and_never_a_cause() -> None:
    text = said(Finding("health.features", {"n": 9, "n_passed": 1, "names": ("Export",), "limit": 0.1}))
    assert "That is an association." in text
    assert not re.search(r"driv|leads? to|impact|cause", text)


# --- together


def summary_of(rows: Iterable[tuple[str, str, str | None, str]]) -> str:
    frames = measured(book_of(list(rows)))
    return str(tell(choose(detect(**frames)))).replace("\\", "")


def test_a_summary_of_a_quiet_book_claims_nothing_and_says_what_is_open() -> None:
    text = summary_of(accounts(100, left=0) + [(f"B{i}", "2024-06-01", None, "90") for i in range(40)])
    assert text.startswith("- **ARR is $163k from 140 accounts; net retention is 100.0%")
    assert not DIRECTION.search(text)
    assert text.count("\n") < 7
    assert "What this book cannot tell" in text
    sentences = [s for line in text.splitlines() for s in re.split(r"(?<=[a-z)])\. ", line)]
    assert len(set(sentences)) == len(sentences)  # none twice


def test_detect_refuses_a_frame_that_nothing_reads_and_forgets_no_kind() -> None:
    with pytest.raises(TypeError, match=r"found nonsense; expected some of account, ahead"):
        detect(nonsense=1)
    found_kinds = {finding.kind for finding in detect()}
    assert found_kinds == set(DETECTORS)
    assert {finding.verdict for finding in detect()} == {"not looked at"}


@pytest.mark.slow
@pytest.mark.parametrize("edition", [2, 3])
def test_the_whole_report_claims_nothing_where_nothing_changes_and_something_where_it_was_planted(
    edition: int,
) -> None:
    """Two of the books that ``python -m benchmarks.sentences`` draws by the hundred."""
    from benchmarks.sentences import claims, nothing, planted
    from benchmarks.sentences import said as told

    assert len(told(nothing(edition))) > 10
    assert claims(nothing(edition)) == []
    assert any("Net retention fell" in text for text in claims(planted(edition)))
