"""Curves: hand numbers, the triangles they must agree with, at-risk counts, laws."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.metrics import cohorts
from cslib.metrics import curves as c
from cslib.metrics.lives import lives
from tests import oracle
from tests.books import AS_OF, book_of, eight, ledgers
from tests.metrics.planted import HEALTHY, simulated

KINDS = ["logo", "gross", "net"]


def test_logo_by_hand() -> None:
    # Ages at 2025-12-31: A B 23, C 22 and D 21 (left at 19), E 8, F 23 (left at 6, back at 19), G 10 (left at 3),
    # H 23 (left at 5). At risk at 3: all 8; 5: 7; 6: 6; 19: A B C D.
    found = c.curves(eight(), metric="logo").set_index("age")
    assert found.loc[2, "value"] == 1
    assert found.loc[3, ["value", "n_at_risk"]].tolist() == [7 / 8, 8]
    assert found.loc[5, "value"] == pytest.approx(7 / 8 * 6 / 7)
    assert found.loc[6, ["value", "n_at_risk"]].tolist() == [pytest.approx(7 / 8 * 6 / 7 * 5 / 6), 6]
    assert found.loc[19, ["value", "n_at_risk"]].tolist() == [pytest.approx(5 / 8 * 3 / 4), 4]
    assert found.loc[23, "value"] == pytest.approx(5 / 8 * 3 / 4)  # F's return does not undo its leaving
    assert found.loc[0, ["low", "high"]].tolist() == [1, 1]


def test_money_by_hand() -> None:
    gross, net = (c.curves(eight(), metric=m).set_index("age") for m in ("gross", "net"))
    # Age 22: A 100, B 150 (first 100), C 60 of 100, F 70 of 90, H 0 of 30; D is 21 months old.
    assert gross.loc[22, ["numerator", "denominator", "n_at_risk"]].tolist() == [330 * 1200, 420 * 1200, 5]
    assert net.loc[22, ["numerator", "denominator", "n_accounts"]].tolist() == [380 * 1200, 420 * 1200, 8]


@settings(max_examples=10, deadline=None)
@given(ledgers(), st.sampled_from(["gross", "net"]), st.sampled_from(["month", "quarter", "year"]))
def test_money_by_cohort_is_the_triangle(rows: pd.DataFrame, metric: c.Kind, grain: c.Grain) -> None:
    book = Book.from_frames({"subscriptions": rows}, as_of=AS_OF)
    if lives(book).accounts.empty:
        return
    ripe = cohorts.triangle(book, metric=metric, grain=grain).dropna(subset=["value"])
    found = c.curves(book, metric=metric, grain=grain)
    columns = ["cohort", "age", "value", "numerator", "denominator", "n_accounts"]
    pd.testing.assert_frame_equal(
        found[columns].reset_index(drop=True), ripe[columns].reset_index(drop=True), check_dtype=False
    )
    assert (found["n_at_risk"] == found["n_accounts"]).all()


@settings(max_examples=8, deadline=None)
@given(ledgers())
def test_logo_is_a_slow_product_over_accounts(rows: pd.DataFrame) -> None:
    book = Book.from_frames({"subscriptions": rows}, as_of=AS_OF)
    paths = []
    for levels in oracle.history(book.tables["subscriptions"], AS_OF).values():
        paid = [value > 0 for _, value in sorted(levels.items())]
        if any(paid):
            paths.append(paid[paid.index(True) :])
    share = 1.0
    found = c.curves(book, metric="logo").set_index("age")
    for age in found.index:
        seen = [path for path in paths if len(path) > age and all(path[:age])]
        assert found.loc[age, "n_at_risk"] == len(seen)
        if seen:
            share *= sum(path[age] for path in seen) / len(seen)
        assert found.loc[age, "value"] == pytest.approx(share)


def test_ages_not_every_member_has_reached_are_absent() -> None:
    book = book_of([("A", "2025-07-01", None, "100"), ("B", "2025-09-01", None, "50")])
    for metric in KINDS:
        assert c.curves(book, metric=metric, grain="quarter")["age"].tolist() == [0, 1, 2, 3]  # type: ignore[arg-type]
        pooled = c.curves(book, metric=metric)  # type: ignore[arg-type]
        assert pooled["n_at_risk"].tolist() == [2, 2, 2, 2, 1, 1]


def test_an_account_that_had_no_time_to_leave_does_not_count_as_staying() -> None:
    rows = [
        ("A", "2024-01-01", "2025-01-01", "9"),
        ("B", "2024-01-01", None, "9"),
        ("C", "2025-11-01", None, "9"),
    ]
    assert c.curves(book_of(rows), metric="logo").set_index("age").loc[12, "value"] == 0.5


def test_cut_by_segment() -> None:
    found = c.curves(eight(), metric="logo", by="segment")
    assert found.query("segment == 'SMB' and age == 3")["value"].tolist() == [pytest.approx(4 / 5)]
    assert set(found["segment"]) == {"SMB", "Enterprise", "(not given)"}


@settings(max_examples=10, deadline=None)
@given(ledgers(), st.integers(0, 2**32 - 1), st.dates(date(2025, 1, 31), date(2025, 10, 31)))
def test_order_and_the_future_change_nothing(rows: pd.DataFrame, seed: int, as_of: date) -> None:
    known = rows[rows["start_date"] <= as_of.isoformat()]
    if known.empty:
        return
    later = known["end_date"].fillna("9999") > as_of.isoformat()
    cut = known.assign(end_date=known["end_date"].where(~later, None)).sample(frac=1, random_state=seed)
    one, two = (Book.from_frames({"subscriptions": f}, as_of=as_of) for f in (rows, cut))
    for metric in KINDS:
        pd.testing.assert_frame_equal(
            c.curves(one, metric=metric), c.curves(two, metric=metric), check_exact=True
        )  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(c.loss_ages(one), c.loss_ages(two), check_exact=True)


def test_nobody_yet() -> None:
    empty = book_of([("A", "2025-01-01", None, "0")])
    assert c.curves(empty, metric="logo").empty
    assert c.curves(empty, metric="net", grain="year").empty
    assert c.loss_ages(empty).empty


def test_losses_concentrate_at_the_renewals_of_annual_contracts() -> None:
    found = c.loss_ages(simulated(HEALTHY))
    assert found.loc[found["passed"], "age"].tolist() == [12, 24, 36]
    assert found["share"].sum() == pytest.approx(1)


def test_one_loss_is_not_tested() -> None:
    rows = [("A", "2024-01-01", "2025-06-01", "9"), *((f"B{i}", "2024-01-01", None, "9") for i in range(9))]
    found = c.loss_ages(book_of(rows))
    assert found.loc[found["numerator"] == 1, ["age", "value", "share"]].to_numpy().tolist() == [
        [17, 0.1, 1.0]
    ]
    assert not found["passed"].any()


def test_bands_hold_their_value() -> None:
    book = simulated(HEALTHY)
    for metric in KINDS:
        known = c.curves(book, metric=metric).dropna(subset=["low"])  # type: ignore[arg-type]
        assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).all()
        assert np.diff(known["n_at_risk"]).max() <= 0
