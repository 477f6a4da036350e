"""Triangles and layers: hand sums, a loop over random ledgers, and what must stay blank."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.metrics import cohorts as c
from cslib.metrics import retention as r
from cslib.months import month_of
from tests import oracle
from tests.books import AS_OF, book_of, eight, ledgers

KINDS = ["logo", "gross", "net"]


def cell(frame: pd.DataFrame, cohort: str, age: int) -> pd.Series:
    return frame[(frame["cohort"] == cohort) & (frame["age"] == age)].iloc[0]


def test_the_january_cohort_by_hand() -> None:
    # A 100, B 100 -> 150 in June 2025, F 90 (gone July 2024, back with 70 in August 2025), H 30 (gone June 2024).
    net, gross, logo = (c.triangle(eight(), metric=k) for k in ("net", "gross", "logo"))
    first = {"numerator": 32000 * 12, "denominator": 32000 * 12, "n_accounts": 4, "n_mature": 4}
    assert cell(net, "2024-01-01", 0)[list(first)].to_dict() == first
    assert cell(net, "2024-01-01", 6)["numerator"] == 20000 * 12  # A, B
    assert cell(net, "2024-01-01", 23)["numerator"] == (100 + 150 + 70) * 1200
    assert cell(gross, "2024-01-01", 23)["numerator"] == (100 + 100 + 70) * 1200
    assert cell(logo, "2024-01-01", 23)[["numerator", "denominator"]].tolist() == [3, 4]


def test_nothing_is_observed_after_as_of() -> None:
    frame = c.triangle(eight(), metric="net")
    reached = frame["cohort"].map(lambda d: month_of(d)) + frame["age"]
    assert reached.max() == month_of(AS_OF)
    assert frame.groupby("cohort")["age"].agg(lambda a: list(a) == list(range(len(a)))).all()


def test_a_cell_that_only_some_members_have_reached_is_blank_and_says_how_many_have() -> None:
    book = book_of([("A", "2025-07-01", None, "100"), ("B", "2025-09-01", None, "50")])
    frame = c.triangle(book, metric="net", grain="quarter")
    assert frame["age"].tolist() == [0, 1, 2, 3, 4, 5]
    assert frame["n_mature"].tolist() == [2, 2, 2, 2, 1, 1]
    assert frame["value"].isna().tolist() == [False] * 4 + [True] * 2
    assert frame["numerator"].isna().tolist() == [False] * 4 + [True] * 2


def test_zero_is_observed_and_blank_is_not() -> None:
    frame = c.triangle(book_of([("A", "2025-07-01", "2025-09-01", "100")]), metric="logo")
    assert frame["value"].tolist() == [1, 1, 0, 0, 0, 0]


@settings(max_examples=25, deadline=None)
@given(ledgers(), st.dates(date(2024, 6, 1), date(2026, 3, 1)))
def test_a_slow_loop_agrees_on_every_cell(rows: pd.DataFrame, as_of: date) -> None:
    if not (rows["start_date"] <= as_of.isoformat()).any():
        return
    book = Book.from_frames({"subscriptions": rows}, as_of=as_of, name="Random", currency="USD")
    past = oracle.history(book.tables["subscriptions"], as_of)
    days = {month_of(d.replace(day=1)): d for d in oracle.readings(book.tables["subscriptions"], as_of)}
    frames = {k: c.triangle(book, metric=k) for k in KINDS}  # type: ignore[arg-type]
    for kind, frame in frames.items():
        for row in frame.itertuples():
            sums = oracle.cohort_cell(past, days[month_of(row.cohort.date())], row.age)
            assert (row.numerator, row.n_accounts) == (sums[kind], sums["members"])
            assert row.denominator == (sums["members"] if kind == "logo" else sums["first"])


@settings(max_examples=20, deadline=None)
@given(ledgers(), st.sampled_from(["month", "quarter", "year"]), st.sampled_from([None, "product"]))
def test_laws(rows: pd.DataFrame, grain: c.Grain, by: str | None) -> None:
    book = Book.from_frames({"subscriptions": rows}, as_of=AS_OF, name="Random", currency="USD")
    net, gross, logo = (c.triangle(book, metric=k, grain=grain, by=by) for k in ("net", "gross", "logo"))
    assert (net.loc[net["age"] == 0, "value"].dropna() == 1).all()
    ripe = net["value"].notna()
    assert (gross["numerator"][ripe] <= net["numerator"][ripe]).all()
    assert (gross["value"][ripe] <= 1).all()
    assert (logo["value"][ripe] <= 1).all()
    assert (net["n_mature"] <= net["n_accounts"]).all()

    cake = c.layers(book, grain=grain).groupby("end")["value"].sum()
    arr = r.arr(book).set_index("end")["value"]
    assert cake.eq(arr.loc[cake.index]).all()
    assert (arr.drop(cake.index) == 0).all()


def test_rows_of_later_cohorts_do_not_touch_earlier_ones() -> None:
    one = [("A", "2024-01-01", None, "100")]
    both = [*one, ("B", "2025-01-01", None, "900")]
    alone, beside = (c.triangle(book_of(rows), metric="net") for rows in (one, both))
    pd.testing.assert_frame_equal(
        alone, beside[beside["cohort"] == pd.Timestamp("2024-01-01")].reset_index(drop=True)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_columns_and_an_empty_book(kind: c.Kind) -> None:
    columns = [
        "metric",
        "convention",
        "cohort",
        "age",
        "segment",
        "value",
        "numerator",
        "denominator",
        "n_accounts",
        "n_mature",
        "unit",
    ]
    assert c.triangle(eight(), metric=kind, by="segment").columns.tolist() == columns
    empty = c.triangle(book_of([("A", "2025-12-01", None, "0")]), metric=kind)
    assert empty.empty
    assert c.layers(book_of([("A", "2025-12-01", None, "0")])).empty


def test_vintages_equal_the_triangle_summed_over_their_months() -> None:
    # As of December 2025 the accounts that began in 2024 have reached an age of 12 months: A B F H, C, D.
    frame = c.vintages(eight(), metric="gross", age=12)
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["start"], row["end"]) == (pd.Timestamp("2024-01-31"), pd.Timestamp("2024-12-31"))
    # first 100 + 100 + 90 + 30 + 100 + 100; at 12 months, by their own clock, A B C D still pay 100 each
    assert (row["numerator"], row["denominator"], row["n_accounts"]) == (400 * 1200, 520 * 1200, 6)
    triangle = c.triangle(eight(), metric="gross")
    aged = triangle[(triangle["age"] == 12) & (triangle["cohort"] <= "2024-12-01")]
    assert (aged["numerator"].sum(), aged["denominator"].sum()) == (row["numerator"], row["denominator"])
    by = c.vintages(eight(), metric="gross", age=12, by="segment")
    assert by["numerator"].sum() == row["numerator"]


def test_g22_the_layers_of_every_month_are_the_arr_of_the_book() -> None:
    book = eight()
    whole = r.arr(book).set_index("end")["value"]
    assert c.layers(book).groupby("end")["value"].sum().to_dict() == whole[whole > 0].to_dict()
