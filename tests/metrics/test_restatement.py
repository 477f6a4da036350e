"""What moved in the past is named with its cause and its money; noise is not."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings

from cslib.archive import figures
from cslib.book import Book
from cslib.metrics import restatement as r
from cslib.record import record
from tests.books import AS_OF, EIGHT, book_of, ledgers, subscriptions

Row = tuple[str, str, str | None, str]


def figures_of(book: Book) -> pd.DataFrame:
    return figures(record(r.past_figures(book)).records)


def moved(was: list[Row], now: list[Row], *, until: date = AS_OF) -> pd.DataFrame:
    return r.moved_rows(book_of(was).tables, book_of(now).tables, until=until)


def changed(index: int, **fields: str | None) -> list[Row]:
    """The eight accounts with one row different."""
    names = ("account", "start", "end", "mrr")
    row = tuple(fields.get(name, value) for name, value in zip(names, EIGHT[index], strict=True))
    return [*EIGHT[:index], row, *EIGHT[index + 1 :]]  # type: ignore[list-item]


# --- noise


def test_the_same_ledger_in_another_order_is_no_restatement() -> None:
    assert moved(EIGHT, EIGHT[::-1]).empty
    assert r.moved_figures(figures_of(book_of(EIGHT)), figures_of(book_of(EIGHT[::-1]))).empty


def test_other_ids_and_other_cuts_of_the_same_periods_are_no_restatement() -> None:
    whole = subscriptions([("A", "2024-01-01", None, "100")]).assign(subscription_id="s1")
    parts = subscriptions([("A", "2024-01-01", "2025-03-01", "100"), ("A", "2025-03-01", None, "100")])
    books = [
        Book.from_frames({"subscriptions": frame}, as_of=AS_OF)
        for frame in (whole, parts.assign(subscription_id=["x", "y"]))
    ]
    assert r.moved_rows(books[0].tables, books[1].tables, until=AS_OF).empty
    assert r.moved_figures(*map(figures_of, books)).empty


def test_what_happened_after_the_last_common_day_is_no_restatement() -> None:
    june = date(2025, 6, 30)
    old, new = book_of(EIGHT, june), book_of(EIGHT)
    assert r.moved_rows(old.tables, new.tables, until=june).empty
    assert r.moved_figures(figures_of(old), figures_of(new), until=june).empty


# --- causes


def test_a_backdated_cancellation_is_named() -> None:
    rows = moved(EIGHT, changed(0, end="2025-08-15"))  # A left in August, and nobody knew
    assert rows[r.ROW].iloc[0].to_dict() == {
        "cause": "backdated cancellation",
        "account_id": "A",
        "into_id": "",
        "since": pd.Timestamp("2025-08-15"),
        "start_date": pd.Timestamp("2024-01-01"),
        "old_end": pd.NaT,
        "new_end": pd.Timestamp("2025-08-15"),
        "old_arr": 120_000,
        "new_arr": 120_000,
        "change": -120_000,
    }
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("now", "cause", "account", "change"),
    [
        ([*EIGHT, ("Z", "2025-01-15", None, "10")], "late row", "Z", 12_000),
        (EIGHT[1:], "removed row", "A", -120_000),
        (changed(0, mrr="100.01"), "changed row", "A", 12),
        (changed(5, end=None), "changed row", "D", 120_000),  # a cancellation that was taken back
        (changed(0, account="Y"), "merged account", "A", 0),
        ([*EIGHT, ("Z", "2025-01-15", "2025-02-15", "10")], "late row", "Z", 0),  # moves the past alone
    ],
)
def test_every_other_cause(now: list[Row], cause: str, account: str, change: int) -> None:
    rows = moved(EIGHT, now)
    assert rows[["cause", "account_id", "change"]].to_numpy().tolist() == [[cause, account, change]]


def test_a_backdated_price_is_no_cancellation() -> None:
    now = [*changed(0, end="2025-08-15"), ("A", "2025-08-15", None, "70")]
    assert set(moved(EIGHT, now)["cause"]) == {"changed row", "late row"}
    assert moved(EIGHT, now)["change"].sum() == -30 * 12 * 100


def test_a_changed_rate_is_not_a_changed_price() -> None:
    frame = subscriptions([("A", "2024-01-01", None, "100")]).assign(currency="EUR")
    books = [Book.from_frames({"subscriptions": frame}, as_of=AS_OF, rates={"EUR": rate}) for rate in (1, 2)]
    rows = r.moved_rows(books[0].tables, books[1].tables, until=AS_OF)
    assert rows[["cause", "change"]].to_numpy().tolist() == [["changed rate", 120_000]]


def test_a_link_of_accounts_that_is_new_is_a_merger() -> None:
    links = pd.DataFrame(
        {"account_id": ["B"], "into_id": ["A"], "kind": ["merger"], "effective_date": ["2025-11-01"]}
    )
    ledger = subscriptions(EIGHT)
    old = Book.from_frames({"subscriptions": ledger}, as_of=AS_OF)
    new = Book.from_frames({"subscriptions": ledger, "account_links": links}, as_of=AS_OF)
    rows = r.moved_rows(old.tables, new.tables, until=AS_OF)
    assert rows[["cause", "account_id", "into_id", "change"]].to_numpy().tolist() == [
        ["merged account", "B", "A", 0]
    ]
    assert not r.moved_figures(figures_of(old), figures_of(new)).empty  # one logo less


@settings(max_examples=20)
@given(ledgers(), ledgers())
def test_the_rows_explain_all_of_the_money(one: pd.DataFrame, two: pd.DataFrame) -> None:
    books = [Book.from_frames({"subscriptions": frame}, as_of=AS_OF) for frame in (one, two)]
    ledgers_ = [book.tables["subscriptions"] for book in books]
    standing = [int(ledger.loc[ledger["end_date"].isna(), "arr"].sum()) for ledger in ledgers_]
    rows = r.moved_rows(books[0].tables, books[1].tables, until=AS_OF)
    assert int(rows["change"].sum()) == standing[1] - standing[0]
    assert set(rows["cause"]) <= set(r.CAUSES)


# --- figures


def test_figures_that_moved_and_why() -> None:
    old, new = book_of(EIGHT), book_of(changed(0, end="2025-08-15"))
    found = r.moved_figures(figures_of(old), figures_of(new))
    arr = found[found["metric"] == "arr"]
    assert arr["end"].dt.strftime("%Y-%m").tolist() == ["2025-12", "2025-11", "2025-10", "2025-09", "2025-08"]
    assert set(arr["change"]) == {-120_000}
    last = found[(found["metric"] == "net_retention") & (found["end"] == pd.Timestamp(AS_OF))].iloc[0]
    assert (last["old"], last["new"]) == (310 / 400, 210 / 400)
    assert found["end"].min() == pd.Timestamp("2025-08-31")
    told = r.with_reasons(found, r.moved_rows(old.tables, new.tables, until=AS_OF), names={"A": "Acme"})
    assert set(told["why"]) == {"backdated cancellation of Acme"}


def figure(**changed: object) -> dict[str, object]:
    known: dict[str, object] = {
        "metric": "net_retention", "convention": "endpoint", "start": "2024-12-31", "end": "2025-12-31", "value": 0.9,
        "unit": "ratio", "by": {},
    }  # fmt: skip
    return known | changed


def test_a_changed_convention_is_named() -> None:
    found = r.moved_figures(figures([figure()]), figures([figure(convention="product of months", value=0.8)]))
    assert found[["convention", "cause", "old", "new"]].to_numpy().tolist() == [
        ["endpoint -> product of months", "changed convention", 0.9, 0.8]
    ]
    assert r.with_reasons(found, pd.DataFrame(columns=r.ROW))["why"].tolist() == ["changed convention"]


def test_a_convention_that_is_only_added_moves_nothing() -> None:
    both = figures([figure(), figure(convention="product of months", value=0.8)])
    assert r.moved_figures(figures([figure()]), both).empty


def test_undefined_stays_equal_and_may_become_a_number() -> None:
    nothing = figures([figure(value=None)])
    assert r.moved_figures(nothing, nothing).empty
    assert len(r.moved_figures(nothing, figures([figure()]))) == 1


def test_a_figure_that_no_row_explains_gets_the_other_reason() -> None:
    found = r.moved_figures(figures([figure()]), figures([figure(value=0.95)]))
    why = r.with_reasons(found, pd.DataFrame(columns=r.ROW), otherwise="changed cslib")["why"]
    assert why.tolist() == ["changed cslib"]


def test_cells_of_cohorts_are_compared_on_the_same_day_only() -> None:
    cells = [figures([figure(by={"cohort": "2025-01-01", "age": 1}, value=v)]) for v in (0.9, 0.8)]
    assert len(r.moved_figures(*cells)) == 1
    assert r.moved_figures(*cells, until=AS_OF).empty


# --- what a report says


def test_a_report_says_what_became_of_the_last_one() -> None:
    june = date(2025, 6, 30)
    old, new = book_of(EIGHT, june), book_of(changed(0, end="2025-05-15"))
    found = r.restated(new, figures_of(new), was=figures_of(old), tables=old.tables, as_of=june)
    first, second = r.told(found)
    assert (
        first
        == f"Of {found.n_compared} past figures of the report as of 2025-06-30, {len(found.figures)} are different now."
    )
    assert second == "Backdated cancellation: 1, the largest of A, seen since 2025-05-15."
    same = r.restated(old, figures_of(old), was=figures_of(old), tables={}, as_of=june)
    assert r.told(same) == (
        f"All {same.n_compared} past figures of the report as of 2025-06-30 are the same now.",
    )
    assert "No report of the quarter before" in r.told(None)[0]
    none = r.restated(old, figures_of(old), was=figures([]), tables={}, as_of=june)
    assert "has no figure that this one gives again" in r.told(none)[0]
