"""A ledger exported in each vendor's shape and imported again is the same to the cent, or lacks what the shape cannot carry."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from cslib.book import Book
from cslib.sources.folder import accounted, write
from cslib.sources.importing import gather, plan
from cslib.sources.vendors.origin import origins
from tests.sources.vendors import exports

RATES = {f"rate.{code}": "1.1" for code in ("USD", "EUR", "GBP", "CHF")}


def carried(files: exports.Files, folder: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Ledger of a company folder made of these files; every row of them is accounted for."""
    folder.mkdir()
    for name, frame in files.items():
        frame.to_csv(folder / name, index=False)
    made = plan(
        [folder], {"currency": "USD", **{key: rate for key, rate in RATES.items() if key != "rate.USD"}}
    )
    assert made.asked == ()
    written = write(made, folder / "company", name="Round", sources=gather([folder]))
    account = accounted(made, written)
    assert (account["rows"] == account["used"] + account["left"]).all()
    assert account.loc[account["table"] == "subscriptions", "rows"].sum() == sum(map(len, files.values()))
    table = written.tables["subscriptions"]
    return exports.read_back(table.frame), table.notes


@pytest.mark.parametrize("shape", exports.WHOLE)
@pytest.mark.parametrize("company", range(len(exports.COMPANIES)), ids=[c.name for c in exports.COMPANIES])
def test_every_price_and_day_comes_back(shape: str, company: int, tmp_path: Path) -> None:
    rows = exports.ledger_of(company)
    if shape in ("stripe changes", "chartmogul activities", "zuora"):
        rows = rows.assign(
            year=rows["year"] // 12 * 12
        )  # they carry months' prices: a year's is twelve of them
    back, _ = carried(exports.WHOLE[shape](rows), tmp_path / "x")
    assert exports.levels(back) == exports.levels(rows)


@pytest.mark.parametrize("shape", exports.NEWEST)
def test_where_only_todays_price_is_carried_it_is_exact_and_so_is_every_life(
    shape: str, tmp_path: Path
) -> None:
    rows = exports.ledger_of(0)
    back, _ = carried(exports.NEWEST[shape](rows), tmp_path / "x")
    newest = exports._newest(rows)
    expected = newest.assign(start=newest["begun"])
    assert exports.levels(back) == exports.levels(expected)
    assert exports.levels(back) != exports.levels(rows)  # an upgrade of the past is not there
    kinds = {"stripe api": ("stripe", "subscriptions"), "stripe dashboard": ("stripe", "subscriptions_export"),
             "chargebee": ("chargebee", "subscriptions")}  # fmt: skip
    origin, kind = kinds[shape]
    assert "price history" in origins()[origin].kinds[kind].cannot


def test_a_matrix_carries_the_last_day_of_every_month_and_no_other(tmp_path: Path) -> None:
    rows = exports.ledger_of(0)
    back, _ = carried(exports.matrix(rows), tmp_path / "x")
    for month in pd.date_range("2021-10-31", "2026-09-30", freq="ME"):
        stands = [
            frame[(frame["start"] <= month) & ~(frame["end"] <= month)]
            .groupby(["account_id", "currency"])["year"]
            .sum()
            for frame in (back, rows)
        ]
        assert stands[0].to_dict() == stands[1].to_dict()
    assert set(back["start"].dt.day) == {1}
    assert set(rows["start"].dt.day) != {1}
    assert "days" in origins()["stripe"].kinds["mrr_per_subscriber"].cannot


def test_monthly_invoice_lines_carry_all_but_the_cents_of_parts_of_a_month(tmp_path: Path) -> None:
    rows = exports.ledger_of(0, n_accounts=25)
    back, notes = carried(exports.chartmogul_lines(rows), tmp_path / "x")
    month_ends = pd.date_range("2021-10-31", "2026-09-30", freq="ME")
    off = 0
    for day in month_ends:
        old, new = (
            frame[(frame["start"] <= day) & ~(frame["end"] <= day)].groupby("account_id")["year"].sum()
            for frame in (rows, back)
        )
        assert set(old.index) == set(new.index)
        off = max(off, int((old - new).abs().max()))
    assert off <= 12 * 31  # half a cent of one day, over a year, at most
    assert any("parts of a month" in note for note in notes)


def test_a_book_accounts_for_every_row_of_the_export_on_any_day(tmp_path: Path) -> None:
    text = (
        "id,Customer ID,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Trial End (UTC)\n"
        "s1,A,Pro,1,usd,month,10.00,active,2024-01-01 00:00,2024-01-01 00:00,2024-02-01 00:00\n"
        "s2,B,Pro,1,usd,month,10.00,active,2024-05-01 00:00,2024-05-01 00:00,2024-06-01 00:00\n"
        "s3,C,Gold,1,usd,,99.00,active,2024-01-01 00:00,2024-01-01 00:00,\n"
    )
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    written = write(
        plan([tmp_path / "x.csv"]), tmp_path / "c", name="C", sources=gather([tmp_path / "x.csv"])
    )
    said = written.folder / "company.toml"
    text = said.read_text(encoding="utf-8")
    assert "\ndata_until = 2024-05-01  #" in text
    said.write_text(text.replace("data_until = 2024-05-01", "data_until = 2024-12-31"), encoding="utf-8")
    for day, after in ((dt.date(2024, 1, 15), 1), (dt.date(2024, 5, 15), 0), (dt.date(2024, 12, 31), 0)):
        book = Book.load(written.folder, as_of=day)
        account = book.account.set_index("table").loc["subscriptions"]
        kept = [
            int(account[name]) for name in ("rows_read", "rows_kept", "rows_after_as_of", "rows_rejected")
        ]
        assert kept == [3, 2 - after, after, 1]
        causes = book.dropped.set_index("cause")
        assert int(causes.loc["has no billing period: a one-off price", "amount"]) == 9900
    assert any("days in trial count for nothing: 2 rows, 240.00 USD a year." in note for note in book.notes)
    assert any("cannot carry price history" in note for note in book.notes)
    assert book.rejected["subscriptions"]["cause"].tolist() == ["has no billing period: a one-off price"]
