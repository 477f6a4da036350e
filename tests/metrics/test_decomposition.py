"""Mix and rate: they add up, chain, and say what a table by hand says."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings

from cslib.book import Book
from cslib.metrics import decomposition as d
from cslib.metrics import uncertainty as u
from tests.books import AS_OF, book_of, eight, ledgers
from tests.metrics.planted import NEWER_WORSE, simulated


def book() -> Book:
    """Openings of 2023-12-31 and 2024-12-31: X 60 and 20 accounts keep 9 in 10, Y 40 and 80 keep 5 in 10 (MRR 10 each)."""
    rows, trades = [], {}
    for year, sizes in ((2024, {"X": 60, "Y": 40}), (2025, {"X": 20, "Y": 80})):
        for trade, n in sizes.items():
            for i in range(n):
                name = f"{year}{trade}{i}"
                stays = i % 10 < {"X": 9, "Y": 5}[trade]
                # Each year's accounts are their own: those of 2024 stop counting before 2025 opens.
                rows.append((name, f"{year - 1}-06-01", f"{year}-{'12-31' if stays else '05-01'}", "10"))
                if stays:
                    rows[-1] = (name, f"{year - 1}-06-01", None if year == 2025 else "2024-12-31", "10")
                trades[name] = trade
    subs = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", "mrr"]).assign(currency="USD")
    accounts = pd.DataFrame({"account_id": list(trades), "trade": list(trades.values())})
    return Book.from_frames({"subscriptions": subs, "accounts": accounts}, as_of=AS_OF)


def test_by_hand() -> None:
    # The windows close on 2024-11-30 and 2025-11-30 when read a month ago: 0.6 x 0.9 + 0.4 x 0.5 = 0.74; 0.2 x 0.9 + 0.8 x 0.5 = 0.58
    found = d.decompose(book(), by="trade", metric="logo_retention", months_ago=(13, 1), window=11)
    assert found["rate"].abs().max() < 1e-12
    assert found["mix"].sum() == pytest.approx(-0.16)
    assert found.set_index("segment")[["before", "after"]].to_numpy().tolist() == [[0.9, 0.9], [0.5, 0.5]]
    # Against the average of both, 0.66: X loses 40 points of share at +24, Y gains them at -16.
    assert found.set_index("segment")["mix"].to_dict() == pytest.approx({"X": -0.4 * 0.24, "Y": 0.4 * -0.16})


@settings(max_examples=8, deadline=None)
@given(ledgers())
def test_effects_add_up_and_chain(rows: pd.DataFrame) -> None:
    one = Book.from_frames({"subscriptions": rows}, as_of=AS_OF)
    for by in ("product", d.AGE):
        for metric in u.RATIOS:
            found = d.decompose(one, by=by, metric=metric, window=3, months_ago=(9, 6, 3, 0))
            whole = found[found["whole"]]
            steps = found[~found["whole"]] if len(set(found["end"])) > 1 else found
            for part in ("mix", "rate", "value"):
                assert steps[part].sum() == pytest.approx(whole[part].sum(), abs=1e-9)


def test_the_sum_is_the_change_of_the_headline() -> None:
    one = simulated(NEWER_WORSE)
    change = u.changes(one, delta=None, months_ago=(12,)).set_index("metric")["value"]
    for by in ("segment", d.AGE):
        for metric in u.RATIOS:
            found = d.decompose(one, by=by, metric=metric)
            assert found.loc[found["whole"], "value"].sum() == pytest.approx(change[metric], abs=1e-12)


def test_the_planted_loss_is_found_within_the_young() -> None:
    found = d.decompose(simulated(NEWER_WORSE), by=d.AGE, metric="gross_retention")
    whole = found[found["whole"]].set_index("segment")
    assert whole["rate"].idxmin() == "under 1 year"
    assert whole.loc["under 1 year", "rate"] < -0.03
    assert whole["mix"].sum() > 0  # the ageing of the book alone would have raised it


def test_too_little_to_compare() -> None:
    assert d.decompose(book_of([("A", "2025-06-01", None, "10")]), by=d.AGE, metric="net_retention").empty
    with pytest.raises(ValueError, match=r"months_ago: found \[0\], expected two or more"):
        d.decompose(eight(), by="segment", metric="net_retention", months_ago=(0,))


def test_a_segment_that_is_new_is_all_mix() -> None:
    rows = [(f"A{i}", "2022-01-01", None, "10") for i in range(4)]
    rows += [(f"B{i}", "2024-06-01", None if i else "2025-03-01", "10") for i in range(4)]
    found = d.decompose(book_of(rows), by=d.AGE, metric="logo_retention", months_ago=(12, 0))
    young = found.set_index("segment").loc["under 1 year"]
    assert pd.isna(young["before"])
    assert young["rate"] == 0
    assert found["value"].sum() == pytest.approx(-1 / 8)
