"""Companies side by side: set apart only by more than chance, never added across currencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import portfolio as portfolios
from cslib.metrics import retention, uncertainty
from cslib.metrics.proof import proof
from tests.books import book_of, eight

AS_OF = date(2025, 12, 31)


def company(name: str, *, n: int, lost: int, currency: str = "USD", grown: int = 0, recent: int = 0) -> Book:
    """`n` accounts of 100 a month; `lost` left in June 2025, `recent` in November; `grown` doubled in May 2025."""
    rows = [
        (
            f"{i:03}",
            "2024-01-01",
            "2025-06-15" if i < lost else "2025-11-15" if i < lost + recent else None,
            "100",
        )
        for i in range(n)
    ]
    rows += [(f"{n - 1 - i:03}", "2025-05-01", None, "100") for i in range(grown)]
    return replace(book_of(rows, AS_OF), name=name, currency=currency)


def test_a_company_unlike_the_others_stands_apart_and_those_alike_do_not() -> None:
    books = [company(f"C{i}", n=100, lost=8 + i % 3, grown=10) for i in range(6)]
    books += [company("Leaky", n=100, lost=40, grown=10), company("Tiny", n=4, lost=2)]
    found = portfolios.league(books)
    gross = found[found["metric"] == "gross_retention"].set_index("company")
    assert gross.loc["Leaky", "tier"] == "below the others"
    assert gross.loc["Leaky", "value"] == pytest.approx(0.60)
    # the mean of the six others: 92, 91, 90, 92, 91, 90 of 100 are kept
    assert gross.loc["Leaky", "others"] == pytest.approx(0.91, abs=1e-3)
    assert (gross.drop("Leaky")["tier"] == "cannot be told apart").all()
    assert gross.loc[["Tiny"], ["p", "adjusted", "others"]].isna().all(axis=None)
    assert gross.index[-1] == "Leaky"  # the lowest tier stands last


def test_a_league_says_what_the_intervals_say() -> None:
    books = [company("A", n=50, lost=5), company("B", n=60, lost=9, currency="EUR")]
    found = portfolios.league(books)
    for book in books:
        own = uncertainty.intervals(book).set_index("metric")
        mine = found[found["company"] == book.name].set_index("metric")
        for column in ("value", "low", "high", "numerator", "denominator", "n_accounts", "n_effective"):
            assert mine[column].to_dict() == own[column].to_dict()
    assert set(found["currency"]) == {"USD", "EUR"}


def test_shrinking_pulls_the_small_further() -> None:
    books = [company("Large", n=400, lost=80), company("Small", n=30, lost=6), company("Good", n=400, lost=8)]
    gross = portfolios.league(books).query("metric == 'gross_retention'").set_index("company")
    assert gross.loc["Small", "value"] == gross.loc["Large", "value"] == pytest.approx(0.8)
    assert gross.loc["Small", "shrunk"] > gross.loc["Large", "shrunk"] > 0.8


def test_one_company_and_none() -> None:
    alone = portfolios.league([company("A", n=50, lost=5)])
    assert alone["tier"].unique().tolist() == ["cannot be told apart"]
    assert alone["adjusted"].isna().all()
    assert portfolios.league([]).empty
    assert portfolios.changed([], delta=None).empty
    assert portfolios.first_look([]).empty
    assert portfolios.proofs([]).empty
    with pytest.raises(ValueError, match="limit: found 1, expected a share"):
        portfolios.league([], limit=1)


def test_a_young_portfolio_has_empty_frames_with_their_columns() -> None:
    young = replace(book_of([("A", "2025-11-01", None, "100")], AS_OF), name="Young")
    old = company("A", n=50, lost=5)
    for make in (portfolios.league, lambda books: portfolios.changed(books, delta=0.02)):
        empty = make([young])
        assert empty.empty
        assert set(empty) == set(make([old]))


def test_a_company_without_an_opening_is_in_no_league_and_stops_none() -> None:
    young = replace(book_of([("A", "2025-11-01", None, "100")], AS_OF), name="Young")
    found = portfolios.league([young, company("A", n=50, lost=5), company("B", n=50, lost=5)])
    assert set(found["company"]) == {"A", "B"}
    look = portfolios.first_look([young]).iloc[0]
    assert (look["arr"], look["lost"], look["largest"]) == (120_000, 0, "")
    assert np.isnan(look["share"])


def test_chance_alone_sets_few_apart() -> None:
    """Twelve companies that are truly alike, sixty times: at a 10% limit some company is set apart in few of them."""
    rng = np.random.default_rng(5)
    sizes = rng.integers(20, 300, size=12)
    flagged = 0
    for _ in range(60):
        lost = rng.binomial(sizes, 0.1)
        rows = pd.DataFrame({
            "metric": "gross_retention", "value": 1 - lost / sizes, "n_effective": sizes.astype(float),
            "se": np.sqrt(lost / sizes * (1 - lost / sizes) / sizes),
        })  # fmt: skip
        flagged += (portfolios._tested(rows, 0.10)["tier"] != "cannot be told apart").any()
    assert flagged <= 12


def test_a_change_holds_for_all_companies_or_is_not_named() -> None:
    """One company lost a quarter of its accounts in November; nine did not."""
    books = [company(f"C{i:02}", n=60, lost=6, recent=i % 2) for i in range(9)]
    books.append(company("Fell", n=60, lost=6, recent=15))
    found = portfolios.changed(books, delta=0.02)
    assert set(found.loc[found["verdict"] == "changed", "company"]) == {"Fell"}
    fell = found[(found["company"] == "Fell") & (found["metric"] == "logo_retention")].iloc[0]
    assert fell["now"] == pytest.approx(39 / 60)
    assert fell["adjusted"] < 0.1


def test_what_one_company_may_claim_many_may_not() -> None:
    """An interval that just leaves 0 out is a change in one book; among twenty such looks it is not."""
    edge = company("Edge", n=80, lost=2, recent=5)
    alone = portfolios.changed([edge], delta=None).set_index("metric")
    quiet = [company(f"Q{i:02}", n=80, lost=2) for i in range(12)]
    among = portfolios.changed([edge, *quiet], delta=None)
    among = among[among["company"] == "Edge"].set_index("metric")
    assert alone.loc["logo_retention", "verdict"] == "changed"
    assert alone.loc["logo_retention", "p"] < 0.05
    assert among.loc["logo_retention", "p"] == alone.loc["logo_retention", "p"]
    assert among.loc["logo_retention", "verdict"] == "cannot tell"


def test_p_agrees_with_its_interval() -> None:
    books = [company(f"C{i}", n=60, lost=6, recent=3 * i, grown=5) for i in range(5)]
    found = portfolios.changed(books, delta=None)
    outside = (found["low"] > 0) | (found["high"] < 0)
    assert outside.any() and not outside.all()
    assert ((found["p"] < 0.05) == outside).all()


def test_first_look_counts_losses_and_known_ends() -> None:
    """Opening 36,000 a month of September: two of 30 left in November, one more is cancelled for February."""
    rows = [(f"{i:02}", "2024-01-01", "2025-11-15" if i < 2 else None, "100") for i in range(30)]
    ledger = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", "mrr"]).assign(
        currency="USD"
    )
    ledger["notice_date"] = None
    ledger.loc[5, ["end_date", "notice_date"]] = ["2026-02-01", "2025-12-01"]
    book = Book.from_frames({"subscriptions": ledger}, as_of=AS_OF, name="A")
    row = portfolios.first_look([book, company("Calm", n=30, lost=0)]).iloc[0]
    assert row["company"] == "A"
    assert (row["opening"], row["lost"], row["n_lost"]) == (3_600_000, 240_000, 2)
    assert (row["ending"], row["n_ending"], row["at_stake"]) == (120_000, 1, 360_000)
    assert row["share"] == 0.1
    assert row["largest_share"] == pytest.approx(1 / 30)


def test_money_is_added_in_one_currency_only() -> None:
    a, b = company("A", n=10, lost=1), company("B", n=20, lost=2)
    total = portfolios.total([a, b]).set_index("metric")["value"]
    parts = [retention.bridge(book).set_index("metric")["value"] for book in (a, b)]
    assert total.to_dict() == (parts[0] + parts[1]).to_dict()
    assert portfolios.total([a, replace(b, currency="EUR")]).empty
    assert portfolios.currencies([a, replace(b, currency="EUR")]) == ["EUR", "USD"]


def test_series_are_quarter_ends_and_levels_the_headline() -> None:
    book = company("A", n=20, lost=2)
    found = portfolios.series([book], quarters=4)
    assert found["end"].dt.strftime("%Y-%m").tolist() == ["2025-03", "2025-06", "2025-09", "2025-12"]
    own = retention.net_retention(book).set_index("end")["value"]
    assert found["value"].tolist() == [own[end] for end in found["end"]]
    levels = portfolios.levels([book])
    assert set(levels["metric"]) == {"arr", "net_retention", "gross_retention", "logo_retention"}


def test_every_companys_proof_is_in_the_proof() -> None:
    books = [eight(), company("B", n=5, lost=1)]
    found = portfolios.proofs(books)
    assert len(found) == sum(len(proof(book)) for book in books)
    assert found["holds"].all()
    assert found["check"].str.startswith(("Eight: ", "B: ")).all()


def test_rows_read_are_those_of_the_accounts_of_the_data() -> None:
    row = portfolios.read([eight()]).iloc[0]
    assert (row["company"], row["rows_read"], row["rows_kept"]) == ("Eight", 19, 19)  # 11 periods, 8 accounts


def test_the_order_of_companies_changes_nothing() -> None:
    books = [company(f"C{i}", n=40 + i, lost=i) for i in range(5)]
    for make in (portfolios.league, portfolios.first_look):
        pd.testing.assert_frame_equal(make(books), make(books[::-1]))


def test_the_story_reads_what_it_needs() -> None:
    from cslib import story

    book = company("A", n=50, lost=5)
    told = story.choose(story.detect(**portfolios.basis(book, delta=0.02))).said
    assert told[0].kind == "headline"
