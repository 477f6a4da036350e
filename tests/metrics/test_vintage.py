"""Vintages at equal age: the planted ones are found, chance is not."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.metrics import cohorts
from cslib.metrics import vintage as v
from cslib.metrics.lives import lives
from tests.books import AS_OF, book_of, ledgers
from tests.metrics.planted import HEALTHY, NEWER_WORSE, ONE_ACCOUNT, nothing_planted, simulated


@settings(max_examples=8, deadline=None)
@given(ledgers(), st.sampled_from(["net", "gross", "logo"]), st.sampled_from([1, 6, 12]))
def test_the_ratios_are_those_of_cohorts(rows: pd.DataFrame, metric: cohorts.Kind, age: int) -> None:
    book = Book.from_frames({"subscriptions": rows}, as_of=AS_OF)
    if lives(book).accounts.empty:
        return
    expected = cohorts.vintages(book, metric=metric, age=age)
    found = v.vintage_intervals(book, metric=f"{metric}_retention", age=age)[list(expected.columns)]  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_by_hand() -> None:
    rows = [(f"A{i}", "2023-03-01", None, "10") for i in range(40)]
    rows += [(f"B{i}", "2024-06-01", "2025-02-10" if i < 10 else None, "10") for i in range(40)]
    rows += [(f"C{i}", "2025-01-15", "2025-03-10", "10") for i in range(40)]  # too young
    found = v.newest_vintage(book_of(rows)).set_index("metric")
    gross = found.loc["gross_retention"]
    assert (gross["value"], gross["older"], gross["n_accounts"], gross["n_older"]) == (0.75, 1.0, 40, 40)
    assert gross["difference"] == -0.25
    assert gross["high"] < 0
    assert gross["verdict"] == "worse"


def test_no_two_vintages() -> None:
    assert v.newest_vintage(book_of([("A", "2024-02-01", None, "10")])).empty
    assert v.newest_vintage(book_of([("A", "2025-12-01", None, "10")])).empty
    assert v.vintage_intervals(book_of([("A", "2025-12-01", None, "10")]), metric="net_retention").empty
    with pytest.raises(ValueError, match="age, span: found 0, 12"):
        v.newest_vintage(book_of([("A", "2024-02-01", None, "10")]), age=0)


def test_the_planted_vintages_are_flagged_and_no_others() -> None:
    """G39: a planted bad cohort raises the alarm."""
    assert set(v.newest_vintage(simulated(NEWER_WORSE))["verdict"]) == {"worse"}
    assert set(v.newest_vintage(simulated(HEALTHY))["verdict"]) == {"cannot tell"}
    assert set(v.newest_vintage(simulated(ONE_ACCOUNT))["verdict"]) == {"cannot tell"}


def test_false_alarms_stay_within_their_rate() -> None:
    # One question a book at 5%: more than 4 of 20 has a chance of 0.3%.
    alarms = [
        set(v.newest_vintage(simulated(nothing_planted(i)))["verdict"]) - {"cannot tell"} for i in range(20)
    ]
    assert sum(map(bool, alarms)) <= 4


def test_a_book_without_two_vintages_has_columns_and_no_rows() -> None:
    frame = v.newest_vintage(book_of([("A", "2025-11-01", None, "9")]))
    assert frame.empty
    assert frame.query("metric == 'gross_retention'").columns.tolist()[-1] == "verdict"
