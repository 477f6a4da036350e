from __future__ import annotations

import pytest

from cslib.metrics.capacity.bands import band_names, banded, spectrum
from tests.metrics.capacity.books import sized


def test_l05_the_spectrum_is_the_published_one():
    rows = spectrum(sized({"a": 1})).set_index("band")["accounts_per_csm"]
    assert rows.iloc[:4].tolist() == [20, 100, 400, 2000]
    assert rows.iloc[4:].isna().all()


@pytest.mark.parametrize(
    ("arr", "band"),
    [(100_000, "100k and more"), (99_999.99, "20k to 100k"), (20_000, "20k to 100k"), (5_000, "5k to 20k"),
     (1_000, "1k to 5k"), (999.99, "under 1k"), (0.01, "under 1k")],
)  # fmt: skip
def test_l06_the_lower_edge_belongs_to_the_band(arr, band):
    assert banded(sized({"a": arr}))["band"].tolist() == [band]


@pytest.mark.parametrize(("millions", "needed"), [(1.99, 1), (2.0, 1), (2.01, 2)])
def test_l03_one_csm_to_each_two_million_begun(millions, needed):
    assert spectrum(sized({"a": millions * 1e6})).iloc[-1]["needed"] == needed


def test_l03_needs_are_rounded_up_in_each_band_and_summed():
    told = spectrum(sized({"a": 150_000, "b": 30_000, "c": 6_000})).set_index("band")
    assert told["needed"].tolist() == [1, 1, 1, 0, 0, 3]
    assert told.loc["all", ["n_accounts", "arr"]].tolist() == [3, 18_600_000]


def test_accounts_that_left_or_come_later_are_in_no_band():
    book = sized(
        {"a": 10, "b": 10, "c": 10},
        ends={"b": "2026-09-30"},
        start={"a": "2024-01-01", "b": "2024-01-01", "c": "2026-10-01"},
    )
    assert banded(book)["account_id"].tolist() == ["a"]


def test_edges_that_rise_are_refused():
    with pytest.raises(ValueError, match="edges: found"):
        band_names((1000, 5000))
