from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.book import Book
from cslib.sources.matrix import month_of_header, unfold
from cslib.tables import TableError

HEAD = 'name = "Acme"\ncurrency = "USD"\n[tables.subscriptions]\nshape = "matrix"\n'
USD = 'constants = { currency = "USD" }\n'


def book(folder: Path, text: str, *, config: str = USD, as_of: dt.date = dt.date(2024, 3, 31)) -> Book:
    (folder / "company.toml").write_text(HEAD + config)
    (folder / "subscriptions.csv").write_text(text)
    return Book.load(folder, as_of=as_of)


def periods(book: Book) -> list[tuple[str, str, str, int]]:
    frame = book.tables["subscriptions"]
    days = [frame[c].dt.strftime("%Y-%m-%d").fillna("") for c in ("start_date", "end_date")]
    return list(zip(frame["account_id"], *days, frame["mrr"], strict=True))


def test_equal_months_are_one_period_and_the_edge_is_open(tmp_path: Path) -> None:
    text = "account_id,2024-01,2024-02,2024-03\nA,10,10,10\nB,,5,0\nC,0,7,7.50\nD,,,\n"
    acme = book(tmp_path, text)
    assert periods(acme) == [
        ("A", "2024-01-01", "", 1000),
        ("B", "2024-02-01", "2024-03-01", 500),
        ("C", "2024-02-01", "2024-03-01", 700),
        ("C", "2024-03-01", "", 750),
    ]
    assert acme.base == "mrr"
    assert acme.account[["rows_read", "rows_kept", "rows_after_as_of", "rows_rejected"]].values.tolist() == [
        [4, 4, 0, 0]
    ]
    assert "subscriptions: 4 rows of monthly amounts are read as 4 periods." in acme.notes


def test_months_after_as_of_change_nothing(tmp_path: Path) -> None:
    short = book(tmp_path, "account_id,2024-01,2024-02\nA,10,20\nB,5,5\n", as_of=dt.date(2024, 2, 29))
    long = book(
        tmp_path,
        "account_id,2024-01,2024-02,2024-03\nA,10,20,0\nB,5,5,6\nC,,,9\n",
        as_of=dt.date(2024, 2, 29),
    )
    pd.testing.assert_frame_equal(short.tables["subscriptions"], long.tables["subscriptions"])


def test_a_day_after_the_last_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        TableError, match=r"later than the data.*'2024-04-01', expected a day up to 2024-03-31"
    ):
        book(tmp_path, "account_id,2024-01,2024-02,2024-03\nA,1,1,1\n", as_of=dt.date(2024, 4, 1))


@pytest.mark.parametrize(
    ("header", "month"),
    [
        ("2024-01-31", 0), ("2024/1", 0), ("2024-12-01 00:00:00", 11), ("Sept 2024", 8), ("december 2024", 11),
        ("Jan-2024", 0), ("12/2024", 11), ("13/2024", None), ("Jan-24", None), ("01/24", None), ("plan", None),
        ("202401", None), ("Janet 2024", None), ("2024-00", None),
    ],
)  # fmt: skip
def test_headers(header: str, month: int | None) -> None:
    assert month_of_header(header) == (None if month is None else 2024 * 12 + month)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("account_id,2024-01,2024-03\nA,1,1\n", "2024-02: a month is missing"),
        ("account_id,2024-01,Jan 2024\nA,1,1\n", "2024-01: a month is there twice"),
        ("account_id,one,two\nA,1,1\n", "no column is a month. Found columns: account_id, one, two"),
        ("name,2024-01\nA,1\n", "account_id: required column is missing"),
        ("account_id,2024-01,2024-02\nA,1,1\nB,x,1\n", r"2024-01: 1 of 2 rows cannot be read as an amount, first: account_id 'B', row 3. Found 'x'"),
        ("account_id,2024-01,2024-02\nA,1,-1\n", r"2024-02: 1 of 1 rows are negative, first: account_id 'A', row 2. Found '-1'"),
        ("account_id,2024-01\nA,1\nA,2\n", r"account_id: 1 of 2 rows repeat an earlier row, first: row 3"),
    ],
)  # fmt: skip
def test_what_is_no_matrix_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        book(tmp_path, text)


def test_broken_rows_are_rejected_whole(tmp_path: Path) -> None:
    text = "account_id,currency,2024-01,2024-02,2024-03\nA,USD,1,2,x\nB,JPY,5,5,5\n"
    acme = book(tmp_path, text, config='broken_rows = "reject"\n[rates]\nJPY = 0.01\n')
    assert periods(acme) == [("B", "2024-01-01", "", 5)]
    assert acme.tables["subscriptions"]["arr"].tolist() == [60]
    assert acme.account[["rows_read", "rows_kept", "rows_rejected"]].values.tolist() == [[2, 1, 1]]
    assert acme.rejected["subscriptions"].iloc[0].tolist() == [
        "subscriptions.csv", 2, "A", "USD", "1", "2", "x", "2024-03: cannot be read as an amount"
    ]  # fmt: skip


@given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=6))
def test_periods_give_back_every_month(grid: list[list[int]]) -> None:
    months = pd.date_range("2023-11-01", periods=4, freq="MS")
    wide = pd.DataFrame(grid, columns=[f"{m:%Y-%m}" for m in months])
    wide.insert(0, "account_id", [f"A{i}" for i in range(len(grid))])
    origin = pd.DataFrame({"file": "m.csv", "line": np.arange(2, len(grid) + 2)})
    frame, lines, until = unfold(wide, origin)
    assert until == pd.Timestamp("2024-02-29")
    again = [[0] * 4 for _ in grid]
    for row, line in zip(frame.itertuples(), lines["line"], strict=True):
        assert row.account_id == f"A{line - 2}"
        for k, month in enumerate(months):
            if row.start_date <= month and (pd.isna(row.end_date) or row.end_date > month):
                again[line - 2][k] += row.mrr
    assert again == grid
    follow = frame["account_id"].eq(frame["account_id"].shift()) & frame["start_date"].eq(
        frame["end_date"].shift()
    )
    assert (frame["mrr"] != frame["mrr"].shift())[follow].all()
