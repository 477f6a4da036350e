from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics.expansion import (
    attach,
    by_products_owned,
    expansion_kinds,
    not_expanded,
    price_realisation,
)
from cslib.metrics.kinds import price_and_volume
from cslib.metrics.retention import account_changes, headline, movements
from tests.metrics.capacity.books import AS_OF
from tests.metrics.test_due import company


def deals(rows):
    columns = ["account_id", "created_date", "closed_date", "amount", "kind", "product", "buyer", "won"]
    return pd.DataFrame(rows, columns=columns)


def test_n62_kinds_are_disjoint_and_sum_to_expansion():
    rows = [
        ("A", "2024-11-01", "2024-12-01", "1", "csql", "core", "Ops", False),
        ("A", "2026-01-01", "2026-02-01", "10", "expansion", "core", "Ops", True),
        ("A", "2026-03-01", "2026-04-01", "20", "expansion", "next", "Ops", True),
        ("A", "2026-03-02", "2026-04-01", "30", "expansion", "core", "Cfo", True),
        ("A", "2026-03-03", "2026-04-01", "40", "expansion", "next", "Ceo", True),
        ("A", "2026-03-04", "2026-04-01", "50", "expansion", None, "Ceo", True),
        ("A", "2026-03-05", "2026-04-01", "99", "expansion", "core", "Ops", False),
    ]
    told = expansion_kinds(company(opportunities=deals(rows))).set_index("kind")
    assert told["amount"].tolist() == [1_000, 2_000, 3_000, 4_000, 5_000]
    assert told["share"].sum() == pytest.approx(1)
    assert told.loc["same buyer, more of the same", ["n", "decided", "win_rate"]].tolist() == [1, 2, 0.5]


def test_g36_net_retention_with_less_without_is_the_add_ons_over_the_opening():
    told = attach(company())
    row = told.iloc[0]
    net = (
        headline(company(), window=12, base="arr")
        .query("end == end.max() and metric == 'net_retention'")
        .iloc[0]
    )
    assert row["net_with"] == net["value"]
    assert row["net_with"] - row["net_without"] == pytest.approx(row["add_on_growth"] / row["opening"])
    assert row["add_on_growth"] == 4_000 + 10_000 - 4_000
    assert told.set_index("product")["attach"].to_dict() == {"core": 6 / 7, "next": 2 / 7}


def test_n51_the_set_is_active_less_expanded_and_nothing_is_in_both():
    pairs = account_changes(company(), window=12)
    both_ends = set(pairs.query("opening > 0 and closing > 0")["account_id"])
    grew = set(pairs.query("opening > 0 and closing > opening")["account_id"])
    assert set(not_expanded(company())["account_id"]) == both_ends - grew == {"D", "E", "G"}


def ledger_with_lists():
    rows = [("A", "core", 10, "2024-10-01", "2026-01-01", "100", "125"), ("A", "core", 12, "2026-01-01", None, "150", "150"),
            ("B", "core", 10, "2025-10-01", None, "80", "100")]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["account_id", "product", "quantity", "start_date", "end_date", "mrr", "list_mrr"]
    )


def test_g33_realisation_is_paid_over_list_and_price_and_volume_sum_to_expansion():
    book = Book.from_frames({"subscriptions": ledger_with_lists().assign(currency="USD")}, as_of=AS_OF)
    told = price_realisation(book).set_index("cohort")["value"]
    assert told.to_dict() == {"2024": 1.0, "2025": 0.8, "all": 230 / 250}
    assert price_realisation(book, by="product").set_index("product")["paid"].to_dict() == {
        "core": 276_000,
        "all": 276_000,
    }
    parts = price_and_volume(book).query("metric == 'expansion'")
    grew = (
        movements(book, window=12, base="arr")
        .query("metric == 'expansion' and end == end.max()")["value"]
        .iloc[0]
    )
    assert parts["value"].sum() == grew == 60_000


def test_m02_raw_and_adjusted_stand_side_by_side_and_size_alone_is_no_effect():
    rng = np.random.default_rng(9)
    rows = []
    for i in range(600):
        large = rng.random() < 0.5
        two = rng.random() < (0.8 if large else 0.2)
        stays = rng.random() < (0.95 if large else 0.7)
        end = None if stays else "2026-03-01"
        arr = "60000" if large else "6000"
        rows.append((f"a{i}", "core", "p", 1, "2024-10-01", end, "2027-10-01", arr))
        if two:
            rows.append((f"a{i}", "next", "p", 1, "2024-10-01", end, "2027-10-01", "1000"))
    told = by_products_owned(company(rows)).set_index("products")
    raw, adjusted = (abs(told.loc[2, c] - told.loc[1, c]) for c in ("gross", "gross_adjusted"))
    assert adjusted < raw / 2
    assert (told["covered"] == 1).all()
