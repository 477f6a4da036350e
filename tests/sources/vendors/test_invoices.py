"""Lists with a value, a first and a last day, and an id; worked by hand."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics.retention import movements
from cslib.sources.folder import accounted, write
from cslib.sources.importing import gather, plan
from tests.sources.vendors.cases import causes, loaded, prices

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "saasops"
LINES = "account,id,from,to,value,type,product\n"


def test_a_value_is_worth_the_months_of_its_term(tmp_path: Path) -> None:
    text = (
        LINES
        + """A,1,2024-01-01,2025-01-01,1200,,
        B,2,2024-01-31,2024-02-29,100,,
        C,3,2024-01-15,2024-07-15,600,,
        D,4,2024-01-01,2027-01-01,3600,,
        E,5,2024-04-01,2024-04-16,50,,
    """
    )
    one = loaded(tmp_path, "generic", {"x.csv": text})
    # $1,200 for 12 months; $100 for one (31 January to 29 February); $600 for six; $3,600 for 36; $50 for half of April
    assert [row[3] for row in prices(one)] == [120000, 120000, 120000, 120000, 120000]
    assert any(note.startswith("terms of parts of a month") and "1 rows" in note for note in one.notes)


def test_inclusive_ends_and_what_a_value_is_for(tmp_path: Path) -> None:
    text = LINES + "A,1,2024-01-01,2024-12-31,1200,,\n"
    said = loaded(tmp_path, "generic", {"x.csv": text}, more='options = { end_date = "inclusive" }')
    assert prices(said) == [("A", "2024-01-01", "2025-01-01", 120000)]
    month = loaded(
        tmp_path, "generic", {"x.csv": text}, more='options = { value = "month", end_date = "inclusive" }'
    )
    assert prices(month)[0][3] == 1440000
    year = loaded(tmp_path, "generic", {"x.csv": text}, more='options = { value = "year" }')
    assert prices(year) == [("A", "2024-01-01", "2024-12-31", 120000)]


def test_what_is_no_recurring_price_is_left_out_with_its_money(tmp_path: Path) -> None:
    text = (
        LINES
        + """A,1,2024-01-01,2025-01-01,1200,subscription,
        A,2,2024-01-01,2025-01-01,19,tax,
        A,3,2024-01-01,2024-02-01,-30,credit,
        A,4,2024-01-01,2024-02-01,500,one-time setup,
        A,5,2024-01-01,2024-02-01,77,usage,
        ,6,2024-01-01,2025-01-01,12,subscription,
        A,7,2024-01-01,2024-01-01,12,subscription,
    """
    )
    one = loaded(tmp_path, "generic", {"x.csv": text})
    assert prices(one) == [("A", "2024-01-01", "2025-01-01", 120000)]
    assert causes(one) == {
        "tax (amount billed)": 1, "credits and refunds (amount)": 1, "one-off (amount billed)": 1, "usage (amount billed)": 1,
        "names no account": 1, "ends before it starts, or on the same day (amount billed)": 1,
    }  # fmt: skip
    assert one.left_amounts == {
        "tax (amount billed)": 1900, "credits and refunds (amount)": -3000, "one-off (amount billed)": 50000,
        "usage (amount billed)": 7700, "names no account": 1200, "ends before it starts, or on the same day (amount billed)": 1200,
    }  # fmt: skip


def test_a_line_without_an_id_renews_nothing_and_is_renewed_by_nothing(tmp_path: Path) -> None:
    text = """account,contract_id,renews,from,to,value
        A,1,,2024-01-01,2025-01-01,1200
        B,2,1,2023-01-01,2024-01-01,1200
        C,,,2024-06-01,2025-06-01,1200
        D,,,2024-03-01,2025-03-01,1200
    """
    one = loaded(tmp_path, "generic", {"x.csv": text})
    assert len(one.frame) == 4
    said = [note for note in one.notes if "said to renew" in note]
    assert [note.partition(": ")[2] for note in said] == ["1 rows, 1,200.00 USD a year"]  # B, which says so


def test_renewed_early_late_and_co_termed(tmp_path: Path) -> None:
    text = """account,contract_id,renews,from,to,value,product
        A,1,,2024-01-01,2025-01-01,1200,Core
        A,2,1,2024-12-01,2025-12-01,2400,Core
        B,3,,2024-01-01,2025-01-01,1200,Core
        B,4,3,2025-01-21,2026-01-21,1200,Core
        C,5,,2024-01-01,2025-01-01,1200,Core
        C,6,,2024-07-01,2025-01-01,300,Add-on
    """
    one = loaded(tmp_path, "generic", {"x.csv": text})
    assert prices(one) == [
        # renewed a month early: the first ends where the second starts
        ("A", "2024-01-01", "2024-12-01", 120000),
        ("A", "2024-12-01", "2025-12-01", 240000),
        # renewed 20 days late: a gap, as long as nobody says it is none
        ("B", "2024-01-01", "2025-01-01", 120000),
        ("B", "2025-01-21", "2026-01-21", 120000),
        ("C", "2024-01-01", "2025-01-01", 120000),  # the add-on ends with the rest, and is a line of its own
        ("C", "2024-07-01", "2025-01-01", 60000),
    ]
    assert (
        "renewed early, so the term before ends where the new one starts: 1 rows, 1,200.00 USD a year"
        in one.notes
    )
    assert any(note.startswith("gaps of 1 to 31 days") and "1 rows, 1,200.00" in note for note in one.notes)
    grace = loaded(tmp_path, "generic", {"x.csv": text}, more="options = { grace_days = 20 }")
    assert ("B", "2024-01-01", "2025-01-21", 120000) in prices(grace)
    assert any(note.startswith("renewed late, within the 20 days of grace") for note in grace.notes)


def test_proration_is_a_part_of_a_period_and_no_price(tmp_path: Path) -> None:
    text = """Customer external ID,Subscription external ID,Type,Service period start,Service period end,Amount,Currency,Prorated
        A,s,subscription,2024-01-01,2024-02-01,100.00,USD,false
        A,s,subscription,2024-01-16,2024-02-01,25.00,USD,true
        A,s,subscription,2024-02-01,2024-03-01,150.00,USD,false
        A,s,one_time,2024-02-01,2024-03-01,999.00,USD,false
    """
    one = loaded(tmp_path, "chartmogul", {"lines.csv": text})
    assert prices(one) == [
        ("A", "2024-01-01", "2024-02-01", 120000),
        ("A", "2024-02-01", "2024-03-01", 180000),
    ]
    assert one.left_amounts["proration: a part of a period, not a price (amount billed)"] == 2500
    assert one.left_amounts["one-off (amount billed)"] == 99900


@pytest.mark.skipif(
    not SHARED.exists(), reason="needs ../shared/data/saasops, which is not part of the repository"
)
@pytest.mark.parametrize("case", [1, 2, 3])
def test_published_contracts_give_their_bookings_carr_arr_and_movements(case: int, tmp_path: Path) -> None:
    """Source: birchpoplar/saasops @ 929fa1d, tests; month by month."""
    files = [SHARED / f"case{case}_contracts.csv"]
    made = plan(files, {"currency": "USD"})
    assert not made.asked and "last day of service" in made.decided[0]
    written = write(made, tmp_path / "c", name="Case", sources=gather(files))
    n = len(pd.read_csv(files[0]))
    assert accounted(made, written)[["rows", "used", "left"]].to_numpy().tolist() == [[n, n, 0]]
    book = Book.load(tmp_path / "c", as_of=dt.date(2023, 12, 31))
    moved = movements(book, base="mrr").pivot(index="end", columns="metric", values="value")
    ledger = book.tables["subscriptions"]
    totals = pd.read_csv(files[0], dtype={"ContractID": "str"}).set_index("ContractID")["TotalValue"]
    with (SHARED / f"case{case}.csv").open(encoding="utf-8") as stream:
        expected = list(csv.DictReader(stream))
    assert len(expected) == 24
    for row in expected:
        month = pd.to_datetime(row["month"], format="%Y %b") + pd.offsets.MonthEnd()
        signed = ledger[ledger["signed_date"].dt.to_period("M") == month.to_period("M")]
        assert int(totals.loc[signed["subscription_id"]].sum()) == int(row["bookings"])
        known = ledger[(ledger["signed_date"] <= month) & ~(ledger["end_date"] <= month)]
        latest = known.sort_values("start_date").drop_duplicates(
            "account_id", keep="last"
        )  # a renewal replaces
        assert int(latest["arr"].sum()) == 100 * int(row["carr"])
        on = ledger[(ledger["start_date"] <= month) & ~(ledger["end_date"] <= month)]
        assert int(on["arr"].sum()) == 100 * int(row["arr"])
        if month not in moved.index:
            assert all(int(row[name]) == 0 for name in row if name.startswith("mrr_"))
            continue
        for metric, column in {"opening": "mrr_starting", "new": "mrr_new", "expansion": "mrr_expansion", "churn": "mrr_churn",
                               "contraction": "mrr_contraction", "closing": "mrr_ending"}.items():  # fmt: skip
            assert int(moved.loc[month, metric]) == 100 * int(row[column]), (row["month"], metric)
