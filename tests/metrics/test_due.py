from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.due import (
    factors,
    masked,
    outlook,
    outlook_record,
    renewal_calendar,
    shortened_terms,
    swaps,
)
from cslib.metrics.renewals import terms_due
from cslib.metrics.retention import headline
from tests.metrics.capacity.books import AS_OF, sized

COLUMNS = ["account_id", "product", "plan", "quantity", "start_date", "end_date", "term_end_date", "arr"]

# One account a kind, over the year to 2026-09-30 (opening 700):
#   A more units 100 -> 150   B a new product 100 + 40   C a dearer plan 100 -> 120   D fewer units 100 -> 70
#   E drops a product 60 + 40 -> 60   F leaves 100   G moves 100 from core to next      H is new and counts nowhere
ROWS = [
    ("A", "core", "p", 10, "2024-10-01", "2026-01-01", "2026-01-01", "100"),
    ("A", "core", "p", 15, "2026-01-01", None, "2027-01-01", "150"),
    ("B", "core", "p", 10, "2024-10-01", None, "2026-10-01", "100"),
    ("B", "next", "p", 4, "2026-02-01", None, "2027-02-01", "40"),
    ("C", "core", "p", 10, "2024-10-01", "2026-03-01", "2026-03-01", "100"),
    ("C", "core", "q", 10, "2026-03-01", None, "2027-03-01", "120"),
    ("D", "core", "p", 10, "2024-10-01", "2026-03-01", "2026-03-01", "100"),
    ("D", "core", "p", 7, "2026-03-01", None, "2027-03-01", "70"),
    ("E", "core", "p", 6, "2024-10-01", None, "2026-12-01", "60"),
    ("E", "next", "p", 4, "2024-10-01", "2026-03-01", "2026-03-01", "40"),
    ("F", "core", "p", 10, "2024-10-01", "2026-05-01", "2026-05-01", "100"),
    ("G", "core", "p", 10, "2024-10-01", "2026-05-01", "2026-05-01", "100"),
    ("G", "next", "p", 10, "2026-05-01", None, "2027-05-01", "100"),
    ("H", "core", "p", 10, "2026-05-01", None, "2027-05-01", "500"),
]


def company(rows=ROWS, **tables) -> Book:
    ledger = pd.DataFrame(rows, columns=COLUMNS).assign(currency="USD")
    return Book.from_frames({"subscriptions": ledger, **tables}, as_of=AS_OF, name="Kinds")


def test_n43_factors_sum_to_net_retention_less_one():
    told = factors(company()).set_index("kind")
    now = (
        headline(company(), window=12, base="arr")
        .query("end == end.max() and metric == 'net_retention'")
        .iloc[0]
    )
    assert told["amount"].sum() == now["numerator"] - now["denominator"]
    assert told["points"].sum() == pytest.approx(now["value"] - 1)
    assert told["amount"].to_dict() == {
        "more of the same": 5_000, "new product": 4_000 + 10_000, "price or plan": 2_000,
        "less of the same": -3_000, "product dropped": -4_000 - 10_000, "account left": -10_000,
    }  # fmt: skip


def test_n57_a_swap_is_a_loss_only_by_the_strict_rule():
    told = swaps(company()).set_index("way")
    assert told["numerator"].tolist() == [27_000, 53_000, 43_000]
    assert told["denominator"].tolist() == [54_000, 70_000, 70_000]
    assert told["swapped"].iloc[0] == 10_000


def test_n57_when_every_loss_falls_at_renewal_the_renewal_rate_is_at_most_gross_retention():
    book = company([row for row in ROWS if row[0] not in {"E", "G"}])
    told = swaps(book).set_index("way")["value"]
    assert told["due for renewal"] <= told["all ARR"]


def test_g10_all_months_are_the_contracts_that_expired_and_no_account_comes_twice():
    book = company()
    told = renewal_calendar(book)
    past = told[told["state"] == "past"]
    due = terms_due(book)
    assert past["atr"].sum() == due["atr"].sum() == 54_000
    assert past["n_accounts"].sum() == due["account_id"].nunique() == 6
    assert (
        told.loc[told["state"] == "ahead", "atr"].sum()
        == 50_000 + 15_000 + 14_000 + 12_000 + 7_000 + 6_000 + 10_000
    )


def test_c21_a_month_in_which_nothing_was_due_has_no_rate():
    told = renewal_calendar(company()).set_index("month")
    assert told.loc["2026-02-01", ["n_terms", "atr"]].tolist() == [0, 0]
    assert np.isnan(told.loc["2026-02-01", "rate"])
    march = told.loc["2026-03-01"]
    assert (march["atr"], march["rate"], march["logo_rate"], march["on_time_rate"]) == (
        24_000,
        17 / 24,
        2 / 3,
        20 / 24,
    )


def test_without_terms_there_is_a_line():
    with pytest.raises(Absent, match="term_end_date"):
        renewal_calendar(sized({"a": 10}))


def decisions(n: int = 400, *, effect: float, seed: int = 2):
    """Renewals over two years, whose chance depends by `effect` on the band that the score had 100 days before."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-10-15", "2026-09-15", periods=n)
    red = rng.random(n) < 0.3
    kept = rng.random(n) < np.where(red, 0.9 - effect, 0.9)
    ids = [f"a{i:03}" for i in range(n)]
    renewals = pd.DataFrame({"account_id": ids, "due_date": days.strftime("%F"), "target_arr": "10",
                             "outcome": np.where(kept, "renewed", "lost")})  # fmt: skip
    health = pd.DataFrame({"account_id": ids, "as_of_date": (days - pd.Timedelta(days=100)).strftime("%F"), "score": 50,
                           "band": np.where(red, "red", "green")})  # fmt: skip
    later = health.assign(
        as_of_date=(days - pd.Timedelta(days=30)).strftime("%F"), band=np.where(kept, "green", "red")
    )
    ledger = dict.fromkeys(ids, 10)
    return sized(ledger, start="2023-01-01", renewals=renewals, health=pd.concat([health, later]))


def test_g03_the_record_beats_the_base_rate_where_the_score_tells_and_is_calibrated():
    told = outlook_record(decisions(effect=0.5)).query("band == 'all'")
    assert len(told) == 6
    assert (told["brier"].mean() < told["brier_base"].mean()) and (told["low"] <= told["expected"]).sum() >= 5


def test_g03_scores_known_after_the_day_do_not_leak():
    told = outlook_record(decisions(effect=0)).query("band == 'all'")
    assert told["brier"].mean() == pytest.approx(told["brier_base"].mean(), abs=0.01)


def test_g03_a_renewal_ahead_has_the_chance_of_its_like():
    rows = [(f"x{i}", "core", "p", 1, "2024-10-01", None, "2026-11-01", "100") for i in range(2)]
    past = pd.DataFrame({"account_id": ["x0"] * 4, "due_date": ["2026-01-01"] * 4, "target_arr": "1",
                         "outcome": ["renewed", "renewed", "renewed", "lost"]})  # fmt: skip
    told = outlook(company(rows, renewals=past))
    assert told["chance"].tolist() == [0.75, 0.75]
    assert told["at_risk"].tolist() == [2_500, 2_500]


def test_n32_a_shorter_term_is_flagged_by_its_dates_and_lift_is_seen_on_planted_data():
    rows = []
    for i in range(40):
        short = i < 20
        left = i < 12 or 20 <= i < 23
        rows.append((f"s{i:02}", "core", "p", 1, "2023-01-01", "2025-01-01", "2025-01-01", "100"))
        rows.append((f"s{i:02}", "core", "p", 1, "2025-01-01", "2026-01-01" if left else None,
                     "2026-01-01" if short else "2027-01-01", "100"))  # fmt: skip
    told = shortened_terms(company(rows), window=36)
    assert len(told) == 20
    assert set(told["months_before"]) == {24}
    assert set(told["months_after"]) == {12}
    assert told["left"].mean() == 0.6 > 3 / 20


def test_n03_the_flag_is_set_only_when_growth_masks_loss():
    grows, loses = {"a": 100, "b": 100}, {"b": "2026-01-01"}
    ledger = pd.DataFrame({"account_id": ["a", "a", "b"], "arr": ["100", "250", "100"], "currency": "USD",
                           "start_date": ["2024-01-01", "2026-01-01", "2024-01-01"], "end_date": ["2026-01-01", None, "2026-01-01"]})  # fmt: skip
    masks = Book.from_frames({"subscriptions": ledger}, as_of=AS_OF)
    assert [masked(book)[0] for book in (masks, sized(grows), sized(grows, ends=loses))] == [
        True,
        False,
        False,
    ]
    assert masked(masks, floor=0.4)[0] is False


@pytest.mark.parametrize("ask", [renewal_calendar, factors, swaps, shortened_terms])
def test_what_comes_later_changes_nothing(ask):
    later = [
        ("A", "core", "p", 1, "2026-10-01", None, "2028-01-01", "999"),
        ("Z", "core", "p", 1, "2026-10-02", None, None, "5"),
    ]
    pd.testing.assert_frame_equal(ask(company()), ask(company([*ROWS, *later])))
