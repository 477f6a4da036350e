"""Laws of every way to read a ledger: money ties out under any settings, order of rows means nothing, a default is free."""

from __future__ import annotations

from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.metrics import kinds, renewals
from cslib.metrics import retention as r
from cslib.metrics.rows import rows_of
from cslib.settings import Settings
from tests.books import AS_OF, eight, ledgers

WAYS = st.builds(
    Settings,
    reactivation_days=st.sampled_from([None, 0, 30, 200]),
    churn_date=st.sampled_from(["end of service", "notice", "end of term"]),
    shortest_life_days=st.sampled_from([0, 40]),
    price=st.sampled_from(["billed", "list"]),
    not_recurring=st.sampled_from([(), ("add-on",)]),
    end_date=st.sampled_from(["exclusive", "inclusive"]),
    entity=st.sampled_from(["account", "parent"]),
)


@st.composite
def rich(draw: st.DrawFn) -> pd.DataFrame:
    """Any ledger, with quantities, list prices, notices, terms and reasons where they may stand."""
    rows = draw(ledgers())
    days = st.none() | st.dates(date(2024, 1, 1), date(2026, 6, 1)).map(date.isoformat)
    n = len(rows)

    def some(values: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(values, min_size=n, max_size=n))

    return rows.assign(
        quantity=some(st.sampled_from([None, 0, 1, 3, 10])), list_mrr=some(st.sampled_from([None, 0, 20, 33.33])),
        notice_date=some(days), term_end_date=some(days),
        change_reason=some(st.sampled_from([None, "paused", "extension", "new"])),
    )  # fmt: skip


def book_of(rows: pd.DataFrame, how: Settings) -> Book:
    accounts = pd.DataFrame({"account_id": list("ABCDE"), "parent_id": ["P", "P", None, None, "A"]})
    return Book.from_frames({"subscriptions": rows, "accounts": accounts}, as_of=AS_OF, settings=how)


@settings(max_examples=8, deadline=None)
@given(rich(), WAYS, st.sampled_from([1, 12]), st.randoms(use_true_random=False))
def test_money_ties_out_whatever_the_settings(
    rows: pd.DataFrame, how: Settings, window: int, random: object
) -> None:
    book = book_of(rows, how)
    wide = r.movements(book, window=window).set_index(["end", "metric"])["value"].astype("int64").unstack()
    if not wide.empty:
        closed = wide["opening"] + wide[list(r.GAINS)].sum(axis=1) - wide[list(r.LOSSES)].sum(axis=1)
        assert (closed == wide["closing"]).all()
        assert (wide >= 0).all(axis=None)

    bridge = r.bridge(book, window=window).set_index("metric")["value"].astype("int64")
    parts = kinds.price_and_volume(book, window=window).groupby("metric")["value"].sum()
    for metric in ("expansion", "contraction"):
        assert parts.get(metric, 0) == bridge.get(metric, 0)

    longer = kinds.bridge_with_extension(book, window=window).set_index("metric")["value"]
    assert longer["contraction"] + longer["extension"] == bridge.get("contraction", 0)
    assert (longer >= 0).all()

    rates = renewals.renewal_rates(book, window=window).set_index("metric")["value"]
    assert rates["atr"] == rates[["early", "on_time", "late", "lost"]].sum()

    shuffled = book_of(rows.sample(frac=1, random_state=random.randrange(2**31)), how)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(r.headline(shuffled), r.headline(book))
    pd.testing.assert_frame_equal(kinds.price_and_volume(shuffled), kinds.price_and_volume(book))


def test_at_the_defaults_the_rows_are_the_ledger() -> None:
    book = eight()
    rows, ledger = rows_of(book), book.tables["subscriptions"]
    pd.testing.assert_series_equal(rows["amount"], ledger["arr"], check_names=False)
    for column in ("start_date", "end_date"):
        pd.testing.assert_series_equal(rows[column], ledger[column])
    pd.testing.assert_series_equal(rows["entity"], ledger["account_id"], check_names=False)
