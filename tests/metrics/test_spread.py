"""The distribution over accounts by hand, its bounds, and its ties to the averages."""

from __future__ import annotations

import pytest

from cslib.metrics import retention
from cslib.metrics.spread import BANDS, spread
from tests.books import book_of, eight

# 100 MRR each at the opening; closing in dollars -> band
CLOSINGS = {
    "74.99": "over 25% less",
    "75": "up to 25% less",
    "99.99": "up to 25% less",
    "100": "unchanged",
    "100.01": "up to 25% more",
    "125": "up to 25% more",
    "125.01": "25% to 100% more",
    "200": "25% to 100% more",
    "200.01": "more than double",
}


def test_the_four_openers_of_the_eight_by_hand() -> None:
    rows = spread(eight())
    assert list(rows["band"]) == list(BANDS)
    # D left, C 100 -> 60, A unchanged, B 100 -> 150; in ARR minor units
    assert list(rows["n_accounts"]) == [1, 1, 0, 1, 0, 1, 0]
    assert list(rows["opening"]) == [120_000, 120_000, 0, 120_000, 0, 120_000, 0]
    assert list(rows["closing"]) == [0, 72_000, 0, 120_000, 0, 180_000, 0]
    assert list(rows["share"]) == [0.25, 0.25, 0, 0.25, 0, 0.25, 0]
    assert [str(day.date()) for day in (rows["start"][0], rows["end"][0])] == ["2024-12-31", "2025-12-31"]


@pytest.mark.parametrize(("closing", "band"), CLOSINGS.items())
def test_a_bound_belongs_to_the_band_nearer_to_unchanged(closing: str, band: str) -> None:
    rows = spread(book_of([("A", "2024-01-01", "2025-06-01", "100"), ("A", "2025-06-01", None, closing)]))
    assert list(rows.loc[rows["n_accounts"] == 1, "band"]) == [band]


@pytest.mark.parametrize("window", [1, 3, 12])
def test_it_ties_to_the_ratios_and_to_the_movements(window: int) -> None:
    rows = spread(eight(), window=window)
    net = retention.net_retention(eight(), window=window).iloc[-1]
    assert (rows["closing"].sum(), rows["opening"].sum()) == (net["numerator"], net["denominator"])
    assert (rows["n_accounts"].sum(), rows["start"][0], rows["end"][0]) == (
        net["n_accounts"],
        net["start"],
        net["end"],
    )
    moved = retention.account_changes(eight(), window=window).query("opening > 0")["movement"].value_counts()
    counted = rows.groupby("movement")["n_accounts"].sum()
    assert counted[counted > 0].to_dict() == moved.to_dict()


def test_a_book_without_an_opening_has_seven_empty_bands() -> None:
    rows = spread(book_of([("A", "2025-12-01", None, "5")]))
    assert len(rows) == 7
    assert rows["n_accounts"].sum() == 0
    assert rows["share"].isna().all()


def test_a_window_of_no_month_is_refused() -> None:
    with pytest.raises(ValueError, match="window: found 0, expected a number of months"):
        spread(eight(), window=0)
