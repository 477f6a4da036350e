"""What a report may say and when: each row of the language triggered, its words held; without its trigger they are gone.

The rows are those of the specification's table: the trigger, the words it calls for, and the words nobody may use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import pandas as pd
import pytest

from cslib.metrics import retention, vintage
from cslib.metrics import uncertainty as u
from cslib.story import (
    Finding,
    change_fact,
    discoveries_fact,
    forecast_fact,
    mix_fact,
    newest_vintage_fact,
    overlap_fact,
    write,
)
from cslib.styled import cohort_table
from tests.books import book_of, eight
from tests.story import test_detectors as d
from tests.story import test_verdicts as v

ALWAYS_WRONG: Final = re.compile(
    r"\b(stable|significant\w*|driv\w+|leads? to|led to|impact\w*|trend\w*|accura\w+|in a row|consecutive|mainly|"
    r"partly offset|slipped|improv\w+|best|worst|nan|undefined points)\b"
)
"""Words that no row of the language allows, whatever was found."""
DIRECTION: Final = re.compile(
    r"\b(rose|fell(?! inside)|grew(?! or shrank)|declines?|declining|better|worse)\b"
)

NOISE: Final = [
    *v.accounts(100),
    *[(f"B{i:02d}", "2023-01-01", f"202{4 + i % 2}-06-15", "300") for i in range(7)],
]
WHALE: Final = [("W", "2023-01-01", "2025-03-01", "1000"), ("W", "2025-03-01", None, "2200")]


def words(*findings: Finding) -> str:
    return str(write(*findings)).replace("\\", "").replace("**", "")


def changed(rows: list[tuple[str, str, str | None, str]], *, delta: float | None = None, on: str = "") -> str:
    finding = change_fact(u.changes(book_of(rows), delta=delta, months_ago=(12,)), metric="net_retention")
    told = [row | {"rests_on": on} for row in finding.values["rows"]] if on else finding.values["rows"]
    return words(Finding("change", {**finding.values, "rows": told}))


def headline(rows: list[tuple[str, str, str | None, str]]) -> str:
    return words(d.found("headline", **d.take(d.measured(book_of(rows)), *d.HEAD)))


def overlap(months_ago: int) -> str:
    found = u.changes(book_of(v.accounts(100)), delta=None, months_ago=(months_ago,))
    return words(overlap_fact(found, months=12))


def newest(lost: int) -> str:
    found = vintage.newest_vintage(v.vintages(newer_lost=lost))
    since = pd.DataFrame({"metric": list(u.RATIOS), "verdict": "cannot tell"})
    return words(newest_vintage_fact(found, since))


def cell(value: float) -> str:
    """Of the younger of two cohorts at an age that the older has reached."""
    days = pd.to_datetime(["2025-01-01", "2025-01-01", "2025-04-01", "2025-04-01"])
    triangle = pd.DataFrame(
        {"metric": "gross_retention", "convention": "cohort", "cohort": days, "age": [0, 3, 0, 3],
         "value": [1.0, 0.9, 1.0, value], "n_accounts": 4}
    )  # fmt: skip
    sheet = cohort_table(triangle, every=3)
    assert "Blank: not yet observable." in sheet.caption
    return f"[{sheet.styler.data.iloc[1]['3']}]"  # type: ignore[attr-defined]


def green(n: int) -> str:
    return words(Finding("health.green", {"days": 90, "n": n, "n_all": 19, "arr": n * 100_00}))


def features(n: int) -> str:
    return words(Finding("health.features", {"n": 9, "n_passed": n, "names": ("Export",)[:n], "limit": 0.1}))


def restated(n: int) -> str:
    figures = pd.DataFrame(
        {"metric": ["net_retention"], "end": [pd.Timestamp("2025-09-30")], "by": [""], "unit": ["ratio"], "old": [1.04],
         "new": [1.02], "change": [-0.02]}
    )  # fmt: skip
    was = SimpleNamespace(figures=figures.head(n), n_compared=120, as_of=pd.Timestamp("2025-09-30").date())
    finding = d.found("restatement", restated=was)
    return words(finding) if finding.verdict not in {"absent", "cannot tell"} else ""


def compared(*, comparable: bool) -> str:
    position = d.position("above" if comparable else "", comparable=comparable)
    finding = d.found("benchmark", position=position, headline=retention.headline(eight(), base="arr"))
    return words(finding) if finding.values["rows"] else ""


Told = Callable[[], str]
ROWS: Final[dict[str, tuple[Told, str, Told]]] = {
    # trigger: the text where it holds, its words, the text where it does not hold, which may not have them
    "interval of the change contains 0": (
        lambda: changed(NOISE),
        r"within what this book produces by chance \(±[\d.]+ points\); no change can be claimed",
        lambda: changed(v.accounts(100, left=20)),
    ),
    "interval inside +-delta": (
        lambda: changed(v.accounts(100), delta=0.02),
        r"unchanged to within ±2\.0 points",
        lambda: changed(v.accounts(100)),
    ),
    "interval excludes 0": (
        lambda: changed(v.accounts(100, left=20)),
        r"fell 20\.0 points from [^()]+\(95% interval [\d.]+ to [\d.]+\)",
        lambda: changed(NOISE),
    ),
    "n < 30 or N_eff < 10": (
        lambda: headline(v.accounts(12, left=6)),
        r"Of the 12 accounts that paid \$14\.4k on [^,]+, \d+, 6 stayed; together they pay \$7\.20k",
        lambda: headline(v.accounts(100, left=50)),
    ),
    "one parent >= 10% of opening ARR": (
        lambda: headline([*v.accounts(60), *WHALE]),
        r"net retention is [\d.]+% \(without W, 14% of opening ARR, 100\.0%\)",
        lambda: headline(v.accounts(60)),
    ),
    "leave-one-out changes the sign": (
        lambda: changed(v.accounts(100, left=20), on="Acme"),
        r"the direction of that change rests on one account \(Acme\)",
        lambda: changed(v.accounts(100, left=20)),
    ),
    "no segment passes the false-discovery limit": (
        lambda: words(discoveries_fact(v.drilled({}), limit=0.1)),
        r"None of the 8 segments differs in logo retention by more than chance would produce\.$",
        lambda: words(discoveries_fact(v.drilled({"c": 0.5}), limit=0.1)),
    ),
    "some pass": (
        lambda: words(discoveries_fact(v.drilled({"c": 0.5}), limit=0.1)),
        r"1 of 8 segments passes a 10% false-discovery limit in logo retention: c ",
        lambda: words(discoveries_fact(v.drilled({}), limit=0.1)),
    ),
    "mix and rate oppose each other": (
        lambda: words(mix_fact(v.split(0.015, -0.022), verdict="changed")),
        r"headline −0\.7; retention within segments −2\.2; mix \+1\.5 points\. .* opposite directions",
        lambda: words(mix_fact(v.split(-0.015, -0.022), verdict="changed")),
    ),
    "newer vintages worse at equal age": (
        lambda: newest(12),
        r"accounts that began from Jan 2024 to Dec 2024 keep 70\.0% .* The headline does not show it yet\.",
        lambda: newest(1),
    ),
    "cohort window open": (lambda: cell(float("nan")), r"^\[\]$", lambda: cell(0.0)),
    "fewer than 10 churns in a backtest": (
        lambda: d.trial(6),
        r"^6 losses: too few to say whether the health score works \(.*71%, 50% to 92%\)",
        lambda: d.trial(12),
    ),
    "green churn": (
        lambda: green(7),
        r"7 of the 19 accounts that left were green 90 days before, with \$700 of ARR",
        lambda: green(0),
    ),
    "adoption": (lambda: features(1), r"goes with staying .* That is an association\.", lambda: features(0)),
    "forecast": (
        lambda: words(forecast_fact(v.ahead(supported=True))),
        r"80% range 98\.0% to 107\.0%; 9 of the last 12 outcomes fell inside their 80% range",
        lambda: words(forecast_fact(v.ahead(supported=False))),
    ),
    "too little history for the range": (
        lambda: words(forecast_fact(v.ahead(supported=False))),
        r"too little history for an 80% range",
        lambda: words(forecast_fact(v.ahead(supported=True))),
    ),
    "convention or history changed": (
        lambda: restated(1),
        r"1 of 120 past figures is different .* was 104\.0%, now 102\.0%\.",
        lambda: restated(0),
    ),
    "trailing windows overlap": (
        lambda: overlap(3),
        r"Windows 3 months apart share 9 of their 12 months: two such values are not two measurements\.",
        lambda: overlap(12),
    ),
    "benchmark": (
        lambda: compared(comparable=True),
        r"lies above the median of 102% of this population: Private companies \(A survey, .* 2025, 120 companies\)",
        lambda: compared(comparable=False),
    ),
}  # fmt: skip
CLAIMS: Final = {"interval excludes 0"}  # the only row in which a figure may rise or fall


@pytest.mark.parametrize("row", ROWS)
def test_a_trigger_calls_for_its_words_and_nothing_else_has_them(row: str) -> None:
    triggered, pattern, without = (part() if callable(part) else part for part in ROWS[row])
    assert re.search(pattern, triggered), triggered
    assert not re.search(pattern, without), without


@pytest.mark.parametrize("row", ROWS)
def test_no_row_says_what_may_never_be_said(row: str) -> None:
    triggered, _, without = (part() if callable(part) else part for part in ROWS[row])
    for text in (triggered, without):
        assert not ALWAYS_WRONG.search(text), text
    if row not in CLAIMS:
        assert not DIRECTION.search(triggered), triggered


def test_a_direction_is_never_told_without_its_interval() -> None:
    text = changed(v.accounts(100, left=20))
    assert DIRECTION.findall(text) == ["fell"]
    assert re.search(r"fell [^.]*\.\d points[^()]*\(95% interval [\d.]+ to [\d.]+\)", text)


def test_small_books_print_no_percentage_to_a_decimal_and_none_first() -> None:
    text = headline(v.accounts(12, left=6))
    assert "%" not in text.split(".", 1)[0]
    assert not re.search(r"\d\.\d%", text)


def test_a_forecast_prints_no_single_number() -> None:
    assert "102" not in words(forecast_fact(v.ahead(supported=True)))  # 1.02 is what the frame expects
