"""Who is followed: a merger is never churn, a parent holds its children, a swap of products shows at product grain."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cslib.book import Book
from cslib.ledger import relation
from cslib.metrics import proof, retention
from cslib.metrics.cuts import cut_ledger
from cslib.metrics.entities import Entity, owner_of
from tests.books import subscriptions

# A is taken over by B on 2025-06-15: its contract ends and its money goes on under B. C and D belong to parent P.
ROWS = [
    ("A", "2024-01-01", "2025-06-15", "100"),
    ("B", "2024-01-01", "2025-06-15", "200"),
    ("B", "2025-06-15", None, "290"),
    ("C", "2024-01-01", "2025-06-15", "50"),
    ("D", "2025-06-15", None, "50"),
]
LINKS = pd.DataFrame(
    [("A", "B", "merger", "2025-06-15")], columns=["account_id", "into_id", "kind", "effective_date"]
)


def book(as_of: date, links: pd.DataFrame | None = LINKS, **accounts: list[str | None]) -> Book:
    frames = {"subscriptions": subscriptions(ROWS).assign(product=["x", "x", "y", "x", "x"])}
    if links is not None:
        frames["account_links"] = links
    frames["accounts"] = pd.DataFrame({"account_id": list("ABCD"), **accounts})
    return Book.from_frames(frames, as_of=as_of, name="Merged", currency="USD")


def movements(book: Book, entity: Entity) -> dict[str, str]:
    cut = cut_ledger(book, entity=entity)
    pairs = relation("pairs", cut.steps, as_of=book.as_of, window=12)
    return dict(zip(cut.entities.take(pairs["entity"]), pairs["movement"], strict=True))


def test_a_merger_is_never_churn() -> None:
    rows = retention.headline(book(date(2025, 12, 31)), by=None).set_index("metric")
    # B with A: 300 -> 290; C 50 -> 0; D is new. Without the link A would be churn of 100 and B expansion of 90.
    assert rows.loc[["churn", "contraction", "expansion", "new"], "value"].tolist() == [5000, 1000, 0, 5000]
    assert rows.loc["net_retention", "numerator"] == 29000
    apart = retention.headline(book(date(2025, 12, 31), links=None)).set_index("metric")
    assert apart.loc[["churn", "expansion"], "value"].tolist() == [15000, 9000]


def test_a_merger_moves_no_money_and_the_proof_holds() -> None:
    with_link, without = book(date(2025, 12, 31)), book(date(2025, 12, 31), links=None)
    pd.testing.assert_series_equal(retention.arr(with_link)["value"], retention.arr(without)["value"])
    assert proof.proof(with_link)["holds"].all()


def test_a_book_read_before_the_merger_does_not_know_of_it() -> None:
    assert owner_of(book(date(2025, 6, 14))) == {}
    assert movements(book(date(2025, 5, 31)), "account") == dict.fromkeys("ABC", "unchanged")


def test_parents_hold_their_children() -> None:
    found = movements(book(date(2025, 12, 31), parent_id=[None, None, "P", "P"]), "parent")
    assert found == {"B": "contraction", "P": "unchanged"}


def test_a_dated_parent_comes_before_the_undated_one() -> None:
    links = pd.concat(
        [LINKS, LINKS.assign(account_id="C", into_id="Q", kind="parent", effective_date="2025-02-01")]
    )
    known = book(date(2025, 12, 31), links=links, parent_id=[None, None, "P", "P"])
    assert owner_of(known, parents=True) == {"A": "B", "C": "Q", "D": "P"}


def test_a_product_swap_shows_at_product_grain_only() -> None:
    found = movements(book(date(2025, 12, 31)), "product")
    assert (found["B / x"], found["B / y"]) == ("churn", "new")
    assert movements(book(date(2025, 12, 31)), "account")["B"] == "contraction"


def test_a_circle_is_refused_by_name() -> None:
    links = pd.concat([LINKS, LINKS.assign(account_id="B", into_id="A")])
    with pytest.raises(ValueError, match=r"tied in a circle: A -> B -> A"):
        retention.arr(book(date(2025, 12, 31), links=links))


def test_an_unknown_grain_and_a_missing_column_are_refused() -> None:
    with pytest.raises(ValueError, match="expected one of account, parent, subscription, product"):
        cut_ledger(book(date(2025, 12, 31)), entity="team")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="subscriptions has no column 'subscription_id'"):
        cut_ledger(book(date(2025, 12, 31)), entity="subscription")
