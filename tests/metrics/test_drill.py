"""Drill-down: a segment that is worse is found, chance is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import drill, retention
from tests.books import AS_OF, eight
from tests.metrics.planted import HEALTHY, nothing_planted, simulated


def planted(*, worse: str | None, seed: int = 3) -> Book:
    """300 accounts in eight trades and three regions; a tenth leave, of the `worse` trade a half."""
    rng = np.random.default_rng(seed)
    trade = rng.choice(list("abcdefgh"), 300)
    leaves = rng.random(300) < np.where(trade == worse, 0.5, 0.1)
    ids = [f"A{i:03d}" for i in range(300)]
    subs = pd.DataFrame({"account_id": ids, "start_date": "2024-01-01", "end_date": np.where(leaves, "2025-06-01", ""),
                         "mrr": rng.lognormal(5, 1, 300).round(2), "currency": "USD"})  # fmt: skip
    accounts = pd.DataFrame(
        {"account_id": ids, "name": ids, "trade": trade, "region": rng.choice(list("xyz"), 300)}
    )
    return Book.from_frames({"subscriptions": subs.replace("", None), "accounts": accounts}, as_of=AS_OF)


def test_columns_to_compare_are_those_that_part_a_book() -> None:
    assert drill.columns_to_compare(planted(worse=None)) == ["region", "trade"]
    assert drill.columns_to_compare(planted(worse=None), most=4) == ["region"]
    assert drill.columns_to_compare(eight()) == ["segment"]


@pytest.mark.parametrize("metric", ["net_retention", "gross_retention", "logo_retention"])
def test_the_worse_segment_passes_and_no_other(metric: drill.Ratio) -> None:
    found = drill.drill_down(planted(worse="c"), by=["trade", "region"], metric=metric)
    assert len(found) == 11
    passed = found[found["passed"]]
    assert passed[["column", "segment"]].to_numpy().tolist() == [["trade", "c"]]
    assert passed["difference"].iloc[0] < -0.2
    assert passed["high"].iloc[0] < 0
    assert found.sort_values("shrunk")["segment"].iloc[0] == "c"


def test_values_are_those_of_retention_and_the_rest_is_the_rest() -> None:
    book = planted(worse="c")
    found = drill.drill_down(book, by=["trade"], metric="gross_retention").set_index("segment")
    head = (
        retention.headline(book, by="trade", base="arr")
        .query("metric == 'gross_retention'")
        .set_index("trade")
    )
    pd.testing.assert_series_equal(found["value"], head["value"], check_names=False)
    rest = head.drop("c")[["numerator", "denominator"]].sum()
    assert found.loc["c", "rest"] == pytest.approx(rest["numerator"] / rest["denominator"])
    assert (found["difference"] - (found["value"] - found["rest"])).abs().max() < 1e-12


def test_few_accounts_are_shown_and_not_tested() -> None:
    found = drill.drill_down(eight(), by=["segment"], metric="net_retention")
    assert found["n_accounts"].tolist() == [1, 3]
    assert found[["p", "adjusted"]].isna().all(axis=None)
    assert not found["passed"].any()


def test_errors() -> None:
    with pytest.raises(ValueError, match="limit: found 1, expected a share"):
        drill.drill_down(eight(), by=["segment"], metric="net_retention", limit=1)
    with pytest.raises(ValueError, match="found 'trades', expected a column"):
        drill.drill_down(eight(), by=["trades"], metric="net_retention")


def test_no_segment_of_the_healthy_company_is_named() -> None:
    book = simulated(HEALTHY)
    columns = drill.columns_to_compare(book)
    assert len(columns) >= 5
    for metric in ("net_retention", "gross_retention", "logo_retention"):
        assert not drill.drill_down(book, by=columns, metric=metric)["passed"].any()


def test_books_in_which_nothing_differs_seldom_name_a_segment() -> None:
    # Labels that mean nothing: any discovery is false. A limit of 10% means one in ten books; more than 5 of 20 has 1%.
    found = [
        drill.drill_down(
            simulated(nothing_planted(i)), by=["region", "channel", "industry"], metric="net_retention"
        )
        for i in range(20)
    ]
    assert sum(bool(frame["passed"].any()) for frame in found) <= 5
