"""Published figures are compared with like only; every other one is refused in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics.benchmarks import nearest, position, size
from cslib.metrics.uncertainty import intervals
from cslib.sources.benchmarks import BENCHMARKS, Peers, published
from tests.books import book_of, eight

# forty accounts of 1,000 a month, four of them lost in 2025: gross = net = 36/40; ARR 432,000, 12,000 an account
FORTY = [(f"A{i:02}", "2024-01-01", "2025-06-01" if i < 4 else None, "1000") for i in range(40)]
THEIRS: dict[str, Any] = {
    "id": "x", "metric": "gross_retention", "convention": "endpoint", "window": 12, "statistic": "median", "value": 0.9,
    "year": 2024, "published": 2025, "population": "Companies", "source": "Survey", "traits": "private", "n": 100,
}  # fmt: skip


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([THEIRS | row for row in rows]).reindex(columns=list(BENCHMARKS.column))
    kinds = {"text": "str", "number": "float64", "count": "Int64"}
    return frame.astype({name: kinds[column.kind] for name, column in BENCHMARKS.column.items()})


def against(
    *rows: dict[str, Any], book: Book | None = None, traits: tuple[str, ...] = ("private",)
) -> pd.DataFrame:
    """Positions beside `rows` alone, the published figures left out."""
    book = book or book_of(FORTY)
    peers = Peers(traits=traits, rates={"EUR": Decimal(2)}, own=table(*rows))
    return position(replace(book, peers=peers)).iloc[len(published()) :].reset_index(drop=True)


def reason(row: dict[str, Any], **given: Any) -> str:
    return str(against(row, **given)["reason"].iloc[0])


def test_size_is_arr_and_arr_per_paying_account() -> None:
    assert size(book_of(FORTY)) == {"arr": 432_000.0, "acv": 12_000.0}


def test_the_verdict_is_the_intervals() -> None:
    """Ours is 90% with an interval around it: far below 99%, far above 50%, not to be told from 90%."""
    found = against({"value": 0.99}, {"value": 0.5}, {"value": 0.9})
    assert found["value"].tolist() == [0.9] * 3
    assert found["verdict"].tolist() == ["below", "above", "cannot tell"]
    own = intervals(book_of(FORTY)).set_index("metric").loc["gross_retention"]
    assert found["low"].iloc[0] == own["low"] < 0.9 < own["high"] == found["high"].iloc[0]


def test_a_figure_at_the_end_of_the_interval_is_not_beyond_it() -> None:
    own = intervals(book_of(FORTY)).set_index("metric").loc["gross_retention"]
    found = against({"value": own["low"]}, {"value": own["high"]})
    assert found["verdict"].tolist() == ["cannot tell", "cannot tell"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"metric": "quick_ratio", "convention": "flow"}, "ours has no interval, so nothing could be claimed"),
        ({"window": 1}, "it looks back over another number of months"),
        ({"convention": "not stated"}, "its source does not say how it was computed"),
        ({"convention": "churn only"}, "it was computed under another convention"),
        ({"published": 2026}, "it was published after the as-of day"),
        ({"year": 2021}, "it is about a year more than 3 years back"),
        ({"traits": "private; bootstrapped"}, "it is about companies with the trait 'bootstrapped', which company.toml does not state"),
        ({"traits": "public"}, "it is about companies with the trait 'public', which company.toml does not state"),
        ({"currency": "JPY", "arr_from": 1}, "its bands are in JPY, and company.toml has no rate for it"),
        ({"currency": "USD", "arr_from": 432_001}, "our ARR lies outside its population"),
        ({"currency": "USD", "arr_to": 432_000}, "our ARR lies outside its population"),
        ({"currency": "USD", "acv_to": 12_000}, "our ARR per account lies outside its population"),
        ({"currency": "EUR", "arr_from": 216_001}, "our ARR lies outside its population"),
    ],
)  # fmt: skip
def test_unlike_figures_are_refused_in_words(row: dict[str, Any], words: str) -> None:
    found = against(row).iloc[0]
    assert (found["reason"], found["comparable"], found["verdict"]) == (words, False, "")


@pytest.mark.parametrize(
    "row",
    [
        {"year": 2022},
        {"traits": ""},
        {"currency": "USD", "arr_from": 432_000, "acv_from": 12_000, "acv_to": 12_001},
        {"currency": "EUR", "arr_from": 216_000, "arr_to": 216_001},
    ],
)
def test_like_figures_are_compared_up_to_their_bounds(row: dict[str, Any]) -> None:
    assert reason(row) == ""


def test_a_company_that_says_nothing_of_itself_is_held_against_no_private_figure() -> None:
    assert "trait 'private'" in reason({}, traits=())
    assert reason({"traits": ""}, traits=()) == ""


def test_before_its_first_window_a_company_compares_with_nothing() -> None:
    young = book_of([("A", "2025-11-01", None, "100")])
    assert reason({}, book=young) == "no account paid when the window opened"


def test_public_figures_never_meet_a_private_company() -> None:
    book = replace(book_of(FORTY, as_of=date(2026, 9, 30)), peers=Peers(traits=("private",)))
    found = position(book)
    public = found["population"].str.contains("Public")
    assert public.any()
    assert not found.loc[public, "comparable"].any()
    assert len(found) == len(published())


def test_the_shipped_figures_compare_where_they_should() -> None:
    """A private company of $4.3m ARR and $120k an account: the two of all companies, the two of its ACV band."""
    rows = [(f"A{i:02}", "2024-01-01", "2025-06-01" if i < 4 else None, "10000") for i in range(40)]
    book = replace(book_of(rows, as_of=date(2026, 3, 31)), peers=Peers(traits=("private",)))
    found = position(book).query("comparable")
    assert found["id"].tolist() == [
        "saas-capital-2025-gross-all", "saas-capital-2025-net-all",
        "saas-capital-2025-gross-100k-250k", "saas-capital-2025-net-100k-250k",
    ]  # fmt: skip
    assert found["source"].str.startswith("SaaS Capital").all()


def test_the_nearest_figures_are_of_the_narrowest_population_and_its_latest_year() -> None:
    band = {"currency": "USD", "acv_from": 10_000, "acv_to": 20_000}
    found = against({"id": "wide"}, band | {"id": "old", "year": 2023}, band | {"id": "new"},
                    band | {"id": "high", "statistic": "upper quartile"}, band | {"id": "no", "traits": "public"},
                    {"id": "net", "metric": "net_retention"})  # fmt: skip
    assert nearest(found)["id"].tolist() == ["new", "high", "net"]
    assert found["narrowness"].tolist() == [1, 3, 3, 3, 3, 1]
    assert nearest(found.head(0)).empty


def test_the_book_is_left_as_it_was() -> None:
    book = eight()
    before = book.peers.benchmarks.copy()
    position(book)
    pd.testing.assert_frame_equal(book.peers.benchmarks, before)
