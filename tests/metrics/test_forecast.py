"""The next quarters: hand numbers, a slow loop, ranges only where past errors support one, and the record."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import retention
from cslib.metrics.forecast import next_quarter, next_quarters, past_forecasts
from tests.books import book_of
from tests.metrics.planted import HEALTHY, simulated


def quarters(n: int, leaving: int = 2) -> list[tuple[str, str, str | None, str]]:
    """A hundred equal accounts of which `leaving` leave in each of the last `n` quarters."""
    last = pd.Timestamp("2025-12-31")
    rows: list[tuple[str, str, str | None, str]] = []
    for i in range(100):
        nth = i // leaving
        end = None if nth >= n else (last - pd.DateOffset(months=3 * nth + 1)).date().isoformat()
        rows.append((f"A{i:03d}", (last - pd.DateOffset(months=3 * n + 2)).date().isoformat(), end, "10"))
    return rows


def by_hand(known: list[list[float]], at: int) -> tuple[float, float]:
    """Net retention of one quarter, and of two, by a plain loop: equal start, no term known, the anniversary is due."""
    sums: dict[tuple[int, bool], list[float]] = {}
    for month in range(max(at - 26, 0), at - 2):
        for levels in known:
            if levels[month]:
                kind = (min(month // 12, 2), month % 12 >= 9)
                before, after, n = sums.setdefault(kind, [0.0, 0.0, 0.0])
                sums[kind] = [before + levels[month], after + levels[month + 3], n + 1]
    before, after, n = (sum(part) for part in zip(*sums.values(), strict=True))
    lean = 20 * before / n

    def factor(month: int) -> float:
        own = sums.get((min(month // 12, 2), month % 12 >= 9), [0.0, 0.0, 0.0])
        return (own[1] + lean * after / before) / (own[0] + lean)

    return factor(at), factor(at) * factor(at + 3)


def test_a_plain_loop_gives_the_same() -> None:
    rows = quarters(8)
    found = next_quarters(book_of(rows), quarters=2).set_index(["metric", "quarters"])
    first = pd.Timestamp(rows[0][1])
    months = [first + pd.DateOffset(months=k) for k in range(27)]
    months = [day + pd.offsets.MonthEnd(0) for day in months]
    known = [
        [0.0 if end is not None and pd.Timestamp(end) <= day else 120.0 for day in months]
        for _, _, end, _ in rows
    ]
    one, two = by_hand(known, len(months) - 1)
    for metric in ("net_retention", "gross_retention"):
        assert found.loc[(metric, 1), "value"] == pytest.approx(one)
        assert found.loc[(metric, 2), "value"] == pytest.approx(two)
    assert found.loc[("arr", 2), "value"] == pytest.approx(two * 84 * 12000)
    assert found.loc[("arr", 2), ["start", "end"]].tolist() == [
        pd.Timestamp("2025-12-31"),
        pd.Timestamp("2026-06-30"),
    ]
    assert found.loc[("arr", 1), "unit"] == "USD ARR"


def test_where_nothing_moves_nothing_is_expected_to() -> None:
    rows = [(f"A{i}", "2020-02-01", None, "10") for i in range(30)]
    found = next_quarters(book_of(rows))
    ratios = found[found["metric"] != "arr"]
    assert ratios["value"].tolist() == pytest.approx([1.0] * 8)
    assert (ratios["low"] == ratios["value"]).all() and (found["crps"] == 0).all()


def test_a_renewal_that_falls_due_is_expected_to_lose() -> None:
    """Yearly contracts of which a fifth is not renewed: the quarter in which most fall due is the worst of the year."""
    rows = []
    for i in range(120):
        start = pd.Timestamp("2021-02-01") + pd.DateOffset(months=i % 2)
        years = 5 if i % 5 else 1 + i // 5 % 4
        rows.append((f"A{i:03d}", start.date().isoformat(),
                     None if years == 5 else (start + pd.DateOffset(years=years)).date().isoformat(), "10"))  # fmt: skip
    found = next_quarters(book_of(rows), quarters=4).query("metric == 'gross_retention'")
    steps = (found["value"] / found["value"].shift(fill_value=1.0)).tolist()
    assert steps.index(min(steps)) == 0  # as of December 31, the renewals of February and March
    assert steps[0] < 0.97 and min(steps[1:]) > 0.98


def test_the_record_knows_only_what_was_known() -> None:
    """Every past forecast is the one that the book as it stood then gives."""
    rows = quarters(10, leaving=3)
    now = past_forecasts(book_of(rows), quarters=2).query("metric == 'net_retention'")
    for origin in now["origin"].unique()[-2:]:
        then = Book.from_frames(
            {"subscriptions": pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", "mrr"]).assign(
                currency="USD")}, as_of=origin.date())  # fmt: skip
        made = next_quarters(then, quarters=2).query("metric == 'net_retention'")
        own = now[now["origin"] == origin]
        assert own["value"].tolist() == pytest.approx(made["value"].tolist()[: len(own)])


def test_a_range_needs_a_history() -> None:
    short = next_quarter(book_of(quarters(6)))
    assert short["n_past"].tolist() == [2, 2, 2]
    assert not short["supported"].any()
    assert short[["low", "high"]].isna().all(axis=None)
    longer = next_quarter(book_of(quarters(8)))
    assert longer["n_past"].tolist() == [4, 4, 4]
    assert longer["supported"].all()  # an 80% range needs four past errors
    assert not next_quarter(book_of(quarters(8)), level=0.95)["supported"].any()


def test_too_young_or_too_few() -> None:
    assert next_quarter(book_of(quarters(4))).empty
    assert next_quarter(book_of([("A", "2019-01-01", None, "9")])).empty
    with pytest.raises(ValueError, match="level: found 1, expected a share"):
        next_quarter(book_of(quarters(4)), level=1)


def test_the_record_is_of_forecasts_made_before() -> None:
    found = next_quarter(simulated(HEALTHY)).set_index("metric")
    assert (found["n_inside"] <= found["n_ranged"]).all()
    assert (found["n_ranged"] < found["n_past"]).all()
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


def test_forecasts_cover_what_came() -> None:
    # The forecast of June 2026 against what September showed.
    made = next_quarter(simulated(HEALTHY, as_of=date(2026, 6, 30))).set_index("metric")
    came = retention.net_retention(simulated(HEALTHY), window=3)["value"].iloc[-1]
    assert made.loc["net_retention", "low"] <= came <= made.loc["net_retention", "high"]
