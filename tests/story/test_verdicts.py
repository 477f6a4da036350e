"""What may be claimed and when: each row of the language triggered, its words held, the forbidden ones absent."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import curves, decomposition, drill, vintage
from cslib.metrics import uncertainty as u
from cslib.metrics.first_renewal import first_renewals
from cslib.story import (
    Finding,
    change_fact,
    dependence_fact,
    discoveries_fact,
    first_renewals_fact,
    forecast_fact,
    intervals_fact,
    loss_ages_fact,
    mix_fact,
    newest_vintage_fact,
    overlap_fact,
    residual_fact,
    write,
)
from tests.books import AS_OF, book_of, eight

DIRECTION = re.compile(r"\b(rose|fell|grew|improv|slip|declin|trend|worse|better)", re.I)
NEVER = re.compile(r"\b(stable|driv|lead to|impact|significant|nan)", re.I)


def accounts(n: int, *, left: int = 0, mrr: str = "100") -> list[tuple[str, str, str | None, str]]:
    """`n` equal accounts since 2023, of which `left` left in 2025."""
    return [(f"A{i:03d}", "2023-01-01", None if i >= left else "2025-06-15", mrr) for i in range(n)]


def said(*findings: Finding) -> str:
    text = str(write(*findings)).replace("\\", "")
    assert not NEVER.search(text), text
    return text


def changed(book: Book, metric: str = "net_retention", *, delta: float | None = 0.02, ago: int = 12) -> str:
    return said(change_fact(u.changes(book, delta=delta, months_ago=(ago,)), metric=metric))


def test_a_change_that_chance_could_have_made_is_not_claimed() -> None:
    rows = [*accounts(100), *[(f"B{i:02d}", "2023-01-01", f"202{4 + i % 2}-06-15", "300") for i in range(7)]]
    text = changed(book_of(rows))
    # 2024: 4 of the 7 larger leave, 12100 -> 10900; 2025: the other 3, 10900 -> 10000
    assert text.startswith("Net retention was 90.1% a year ago. A move of this size is within what this book")
    assert re.search(r"by chance \(±\d+\.\d points\); no change can be claimed\.$", text)
    assert not DIRECTION.search(text)


def test_two_windows_are_told_in_one_sentence() -> None:
    rows = [*accounts(100), *[(f"B{i:02d}", "2023-01-01", f"202{4 + i % 2}-06-15", "300") for i in range(7)]]
    rows += [("C", "2023-01-01", "2024-11-01", "100"), ("D", "2023-01-01", "2025-11-01", "100")]
    found = u.changes(book_of(rows), delta=None)
    text = said(change_fact(found, metric="net_retention"), overlap_fact(found, months=12))
    assert re.search(
        r"was [\d.]+% a quarter ago and [\d.]+% a year ago\. Moves of this size are within", text
    )
    assert re.search(r"\(±[\d.]+ and ±[\d.]+ points\); no change can be claimed\.", text)
    assert text.endswith(
        "Windows 3 months apart share 9 of their 12 months: two such values are not two measurements."
    )


def test_unchanged_needs_an_equivalence_test() -> None:
    assert (
        changed(book_of(accounts(100)))
        == "Net retention was 100.0% a year ago: unchanged to within ±2.0 points."
    )
    text = changed(book_of(accounts(100)), delta=None)
    assert "unchanged" not in text
    assert "no change can be claimed" in text


def test_a_change_is_told_with_its_interval_and_never_alone() -> None:
    text = changed(book_of(accounts(100, left=20)))
    assert re.fullmatch(
        r"\*\*Net retention fell 20\.0 points from 100\.0% a year ago\*\* \(95% interval \d+\.\d to \d+\.\d\)\.",
        text,
    )
    growing = [(f"G{i:02d}", "2023-01-01", "2025-03-01", "100") for i in range(60)]
    growing += [(f"G{i:02d}", "2025-03-01", None, f"{110 + i % 3}") for i in range(60)]
    assert "**Net retention rose 11.0 points from 100.0% a year ago** (95% interval 10." in changed(
        book_of(growing)
    )


def test_a_direction_that_rests_on_one_account_is_not_told() -> None:
    finding = change_fact(u.changes(book_of(accounts(100, left=20)), delta=0.02), metric="net_retention")
    rows = [row | {"rests_on": "Acme"} for row in finding.values["rows"]]
    text = said(Finding("change", {**finding.values, "rows": rows}))
    assert "and is 80.0% now; the direction of that change rests on one account (Acme)." in text
    assert not DIRECTION.search(text)


def test_few_accounts_get_no_decimals_and_no_verdict() -> None:
    text = changed(book_of(accounts(12, left=6)))
    assert text == (
        "Net retention was 100% a year ago; the book hangs on so few accounts that a change cannot be told from chance."
    )
    assert said(intervals_fact(u.intervals(book_of(accounts(12))))) == ""


def test_nothing_to_compare_says_nothing() -> None:
    young = book_of([("A", "2025-06-01", None, "9")])
    assert said(change_fact(u.changes(young, delta=0.02), metric="net_retention")) == ""
    assert said(intervals_fact(u.intervals(young))) == ""
    assert said(overlap_fact(u.changes(young, delta=0.02), months=12)) == ""


def test_intervals_are_told_with_what_they_are() -> None:
    text = said(intervals_fact(u.intervals(book_of(accounts(100, left=10)))))
    assert text.startswith(
        "The 95% intervals: net retention 84.0% to 96.0%, gross retention 82.6% to 94.5% and logo"
    )
    assert text.endswith("they are not the sampling error of an incomplete list.")


def test_the_account_that_outweighs_the_interval_is_named() -> None:
    rows = [*accounts(60), ("W", "2023-01-01", "2025-03-01", "500"), ("W", "2025-03-01", None, "1100")]
    book = book_of(rows)
    singles = u.single_accounts(book)
    value = u.intervals(book)["value"].iloc[0]
    assert singles["outweighs"].tolist()[:2] == [False, False]
    assert said(dependence_fact(singles, value=value)) == ""  # an account alone is told by concentration_fact
    told = singles.assign(outweighs=singles["account_id"] == "W")
    assert said(dependence_fact(told, value=value)) == (
        "**Net retention is 109.2%; without W (8% of opening ARR) it is 100.0%.**"
    )
    group = singles.assign(n_accounts=3)
    assert said(dependence_fact(group.assign(heavy=group["account_id"] == "W"), value=value)).startswith(
        "**Net retention is 109.2%; without W and the accounts under it (8% of opening ARR)"
    )


def drilled(leave: dict[str, float]) -> pd.DataFrame:
    ids = [f"A{i:03d}" for i in range(400)]
    trade = pd.Series([list("abcdefgh")[i % 8] for i in range(400)])
    gone = np.array([i // 8 % 20 < 20 * leave.get(t, 0.1) for i, t in enumerate(trade)])
    subs = pd.DataFrame({"account_id": ids, "start_date": "2023-01-01", "end_date": np.where(gone, "2025-06-01", ""),
                         "mrr": 100, "currency": "USD"}).replace("", None)  # fmt: skip
    tables = {"subscriptions": subs, "accounts": pd.DataFrame({"account_id": ids, "trade": trade})}
    return drill.drill_down(Book.from_frames(tables, as_of=AS_OF), by=["trade"], metric="logo_retention")


def test_no_segment_is_named_when_none_passes() -> None:
    text = said(discoveries_fact(drilled({}), limit=0.1))
    assert text == "None of the 8 segments differs in logo retention by more than chance would produce."


def test_segments_that_pass_are_named_with_both_ratios_and_the_interval() -> None:
    text = said(discoveries_fact(drilled({"c": 0.5}), limit=0.1))
    assert re.fullmatch(
        r"1 of 8 segments passes a 10% false-discovery limit in logo retention: c \(trade, 50 accounts\) 40\.0% against "
        r"88\.0% of all others \(95% interval of the difference −\d+\.\d to −\d+\.\d points\)\.",
        text,
    ), text


def test_segments_too_small_to_test_are_counted() -> None:
    found = drill.drill_down(eight(), by=["segment"], metric="net_retention")
    assert (
        said(discoveries_fact(found, limit=0.1))
        == "No segment is large enough for a test of its net retention."
    )


def test_a_book_without_an_opening_has_no_segment_to_name() -> None:
    young = book_of([("A", "2025-06-01", None, "9")])
    found = drill.drill_down(young, by=["currency"], metric="net_retention")
    assert found.empty
    assert said(discoveries_fact(found, limit=0.1)) == ""


@pytest.mark.parametrize("name", ["*bold*", "a|b", "<script>", "$x$"])
def test_names_from_data_are_escaped(name: str) -> None:
    fact = Finding(
        "dependence", {"value": 1.1, "rows": [{"name": name, "share": 0.2, "without": 0.9, "n_accounts": 2}]}
    )
    assert re.sub(r"([*|<>$])", r"\\\1", name) in str(write(fact))


def vintages(*, newer_lost: int) -> Book:
    """Forty equal accounts that began in 2023 and all stay a year, forty of 2024 of which some do not."""
    rows = [(f"A{i}", "2023-03-01", None, "10") for i in range(40)]
    rows += [(f"B{i}", "2024-06-01", "2025-02-10" if i < newer_lost else None, "10") for i in range(40)]
    return book_of(rows)


def test_newer_vintages_that_keep_less_are_told_beside_the_headline() -> None:
    found = vintage.newest_vintage(vintages(newer_lost=12))
    nothing = u.changes(vintages(newer_lost=12), delta=None).head(0)
    text = said(newest_vintage_fact(found, nothing))
    assert re.match(
        r"\*\*After 12 months the 40 accounts that began from Jan 2024 to Dec 2024 keep 70\.0% \(gross retention\), the 40 "
        r"before them 100\.0%\*\* \(95% interval of the difference −\d+\.\d to −\d+\.\d points\); in net retention 70\.0% "
        r"against 100\.0% \(−\d+\.\d to −\d+\.\d\); in logo retention 70\.0% .*\. The headline does not show it yet\.$",
        text,
    ), text
    seen = pd.DataFrame({"metric": list(u.RATIOS), "verdict": "changed"})
    assert "does not show it yet" not in said(newest_vintage_fact(found, seen))


def test_vintages_that_chance_could_have_made_differ_are_not_compared_in_words() -> None:
    book = vintages(newer_lost=1)
    text = said(newest_vintage_fact(vintage.newest_vintage(book), u.changes(book, delta=None)))
    assert text == (
        "What the 40 accounts of the newest vintage kept after 12 months differs from what the 40 before them kept by no "
        "more than chance would produce."
    )
    assert not DIRECTION.search(text)


def test_no_two_vintages_yet() -> None:
    young = book_of([("A", "2025-06-01", None, "9")])
    text = said(newest_vintage_fact(vintage.newest_vintage(young), u.changes(young, delta=None)))
    assert text == "There are no two vintages yet that have reached an age of 12 months."


def split(mix: float, rate: float) -> pd.DataFrame:
    day = pd.to_datetime(["2024-12-31", "2025-12-31"])
    return pd.DataFrame({"metric": "net_retention", "by": "segment", "start": day[0], "end": day[1], "segment": ["X", "Y"],
                         "mix": [mix, 0.0], "rate": [0.0, rate], "whole": True})  # fmt: skip


def test_mix_and_rate_that_oppose_each_other_are_both_told() -> None:
    text = said(mix_fact(split(0.015, -0.022), verdict="changed"))
    assert text == (
        "Net retention from Dec 2024 to Dec 2025 by segment: headline −0.7; retention within segments −2.2; mix +1.5 points. "
        "Mix and retention within segments pull in opposite directions. The largest part within a segment is that of Y, "
        "−2.2 points."
    )
    assert "opposite" not in said(mix_fact(split(0.001, -0.022), verdict="changed"))  # less than a fifth
    assert "opposite" not in said(mix_fact(split(-0.015, -0.022), verdict="changed"))
    untested = said(mix_fact(split(0.015, -0.022), verdict="cannot tell"))
    assert untested.endswith("the book cannot tell the change itself from chance.")


def test_nothing_to_split() -> None:
    young = book_of([("A", "2025-06-01", None, "9")])
    empty = decomposition.decompose(young, by=decomposition.AGE, metric="net_retention")
    assert said(mix_fact(empty, verdict="cannot tell")) == "There are no two windows to compare."


def test_ages_of_losses() -> None:
    rows = [(f"A{i:02d}", "2024-01-01", "2025-01-15" if i < 10 else None, "10") for i in range(60)]
    assert said(loss_ages_fact(curves.loss_ages(book_of(rows)))) == (
        "10 of 10 losses (100%) fall at an age of 12 months, where more accounts leave than at other ages."
    )
    assert said(loss_ages_fact(curves.loss_ages(book_of(accounts(9))))) == "No account has left yet."
    one = [*accounts(9), ("Z", "2024-01-01", "2025-03-10", "10")]
    assert (
        said(loss_ages_fact(curves.loss_ages(book_of(one))))
        == "Of 1 losses no age holds more than chance would put there."
    )


def test_first_renewals_give_counts_where_they_are_few() -> None:
    few = [("A", "2023-03-10", None, "100"), ("B", "2023-03-20", "2024-04-05", "100")]
    text = said(first_renewals_fact(first_renewals(book_of(few))))
    assert text == (
        "Of the first renewals (first anniversary) that came up from Mar 2024 to Mar 2024, 1 of 2 accounts kept $1.20k of $2.40k."
    )
    many = [(f"A{i:02d}", "2023-03-10", "2024-03-20" if i < 6 else None, "100") for i in range(60)]
    assert re.search(
        r": \*\*90\.0%\*\* \(95% interval \d+\.\d% to \d+\.\d%\)\.$",
        said(first_renewals_fact(first_renewals(book_of(many)))),
    )
    young = first_renewals(book_of([("A", "2025-06-01", None, "9")]))
    assert said(first_renewals_fact(young)) == "No first renewal has come up yet."


def ahead(*, supported: bool) -> pd.DataFrame:
    row = {
        "end": pd.Timestamp("2026-03-31"),
        "level": 0.8,
        "supported": supported,
        "n_past": 12,
        "n_ranged": 12,
        "n_inside": 9,
    }
    net = row | {"metric": "net_retention", "value": 1.02, "low": 0.98, "high": 1.07, "unit": "ratio"}
    arr = row | {"metric": "arr", "value": 1e9, "low": 9e8, "high": 1.1e9, "unit": "USD ARR"}
    return pd.DataFrame([net, arr])


def test_a_forecast_is_a_range_with_its_record_and_never_a_single_number() -> None:
    text = said(forecast_fact(ahead(supported=True)))
    assert text == (
        "Net retention of the three months to Mar 31, 2026: 80% range 98.0% to 107.0%; 9 of the last 12 outcomes fell inside "
        "their 80% range. ARR of the three months to Mar 31, 2026: 80% range $9.00M to $11.0M; 9 of the last 12 outcomes fell "
        "inside their 80% range."
    )
    assert "102" not in text


def test_a_range_the_history_cannot_support_is_refused() -> None:
    text = said(forecast_fact(ahead(supported=False)))
    assert text.startswith(
        "Net retention of the three months to Mar 31, 2026: too little history for an 80% range (12 past"
    )
    assert said(forecast_fact(ahead(supported=True).head(0))) == "There is too little history for a forecast."


def test_residual_value_says_what_it_rests_on() -> None:
    frame = pd.DataFrame({"value": [500_000_00], "denominator": [100_000_00], "n_accounts": [12], "n_ended": [15],
                          "convention": ["DERL at 10.0%"]})  # fmt: skip
    assert said(residual_fact(frame)) == (
        "If accounts go on leaving as those before them did, the 12 accounts of today, which pay $100k a year now, are worth "
        "$500k (DERL at 10.0%; growth is not counted, and the model rests on 15 losses)."
    )
    assert said(residual_fact(frame.head(0))).startswith("Too few accounts have left")
