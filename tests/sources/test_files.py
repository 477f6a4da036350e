from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.sources.files import load_config, load_tables
from cslib.tables import TableError

DAY = dt.date(2024, 6, 30)
HEAD = 'name = "Acme"\ncurrency = "USD"\n'
LEDGER = (
    "account_id,start_date,end_date,mrr,currency,subscription_id\n"
    "A,2024-01-01,,10,USD,S1\n"
    "B,2024-02-01,2024-05-01,20,USD,S2\n"
    "C,2024-03-01,,30,USD,S3\n"
)


def company(folder: Path, config: str = "", **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "company.toml").write_text(HEAD + config)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def error(folder: Path) -> str:
    with pytest.raises(TableError) as raised:
        Book.load(folder, as_of=DAY)
    return str(raised.value)


def test_a_file_called_like_its_table_needs_no_entry(tmp_path: Path) -> None:
    folder = company(tmp_path, subscriptions=LEDGER, costs="function,month,amount\nsupport,2024-01,100\n")
    loaded = load_tables(folder, load_config(folder))
    assert list(loaded) == ["subscriptions", "costs"]
    assert loaded["costs"].frame.to_dict("list") == {
        "function": ["support"], "month": [pd.Timestamp("2024-01-01")], "amount": [10000]
    }  # fmt: skip


def test_names_constants_and_values_are_mapped(tmp_path: Path) -> None:
    config = """
[tables.subscriptions]
file = "../export.csv"
date_format = "%d.%m.%Y"
decimal = ","
columns = { account_id = "customer_id", mrr = "monthly", start_date = "from", plan = "tier", discount = "" }
constants = { currency = "EUR", end_date = "" }
values = { plan = { "Pro " = "Pro" } }
[rates]
EUR = 2
"""
    (tmp_path / "export.csv").write_text(
        'customer_id;monthly;from;tier;discount\nA;"1.234,50";31.01.2024;Pro ;15\n'
    )
    book = Book.load(company(tmp_path / "acme", config), as_of=DAY)
    row = book.tables["subscriptions"].iloc[0]
    assert (row["account_id"], row["mrr"], row["arr"], row["plan"], str(row["start_date"].date())) == (
        "A", 123450, 123450 * 24, "Pro", "2024-01-31"
    )  # fmt: skip
    assert "discount" not in book.tables["subscriptions"]
    assert book.account["file"].tolist() == ["../export.csv"]


def test_a_list_of_files_is_appended_and_each_is_accounted_for(tmp_path: Path) -> None:
    config = '[tables.subscriptions]\nfile = ["y1/s.csv", "y2/s.csv"]\n'
    for year, text in (("y1", LEDGER), ("y2", LEDGER.replace(",S", ",T"))):
        (tmp_path / year).mkdir()
        (tmp_path / year / "s.csv").write_text(text)
    book = Book.load(company(tmp_path, config), as_of=DAY)
    assert book.account[["file", "rows_read", "rows_kept"]].values.tolist() == [
        ["y1/s.csv", 3, 3],
        ["y2/s.csv", 3, 3],
    ]
    (tmp_path / "y2" / "s.csv").write_text(LEDGER)
    assert error(tmp_path).startswith(
        "y2/s.csv: subscription_id: 3 of 6 rows repeat an earlier row, first: account_id 'A', row 2"
    )


def test_accounts_keep_every_column_to_cut_by(tmp_path: Path) -> None:
    accounts = "id,company,segment,tier,,tier2,tier2\nA,Alpha,SMB,gold,x,1,2\nB,,SMB,silver,y,3,4\n"
    config = '[tables.accounts]\ncolumns = { account_id = "id", name = "company" }\n'
    frame = Book.load(company(tmp_path, config, subscriptions=LEDGER, accounts=accounts), as_of=DAY).tables[
        "accounts"
    ]
    assert list(frame.columns) == ["account_id", "name", "segment", "tier"]
    assert frame["name"].tolist() == ["Alpha", "B"]


def test_accounts_are_found_through_subscriptions(tmp_path: Path) -> None:
    config = '[tables.usage]\naccount_of = "sub"\n'
    folder = company(tmp_path, config, subscriptions=LEDGER, usage="sub,date\nS2,2024-01-01\nS1,2024-01-02\n")
    assert Book.load(folder, as_of=DAY).tables["usage"]["account_id"].tolist() == ["B", "A"]
    (tmp_path / "usage.csv").write_text("sub,date\nS2,2024-01-01\nS9,2024-01-02\n")
    assert (
        "account_id: 1 of 2 rows name a subscription that the ledger does not hold, first: row 3. Found 'S9'"
        in error(folder)
    )
    (tmp_path / "usage.csv").write_text("subs,date\nS2,2024-01-01\n")
    assert "account_of: mapped column is missing. Found columns: subs, date" in error(folder)


def test_one_message_tells_what_is_wrong_in_all_tables(tmp_path: Path) -> None:
    folder = company(
        tmp_path,
        "[tables.health]\nfile = 'helth.csv'\n",
        subscriptions=LEDGER.replace("2024-05-01", "2024-01-05").replace("30,USD", "-30,usd"),
        costs="function,month,amount\nsupport,2024-01,a lot\n",
    )
    assert error(folder).splitlines() == [
        "subscriptions.csv: mrr: 1 of 3 rows are negative, first: account_id 'C', row 4. Found '-30', expected 0 or more. "
        "Correct the source; credits and refunds are not recurring.",
        "subscriptions.csv: end_date: 1 of 3 rows end before they start, first: account_id 'B', row 3. "
        "Found '2024-01-05' before start '2024-02-01', expected a day on or after start_date, or a blank while it is "
        "open. Correct the source, or map the column that holds the end of service.",
        "subscriptions.csv: currency: 1 of 3 rows hold no known currency, first: account_id 'C', row 4. Found 'usd', "
        'expected an ISO 4217 code such as USD. Map it: values = { currency = { theirs = "USD" } }.',
        "helth.csv: no such file. Found files: company.toml, costs.csv, subscriptions.csv, expected a readable file. "
        "Correct file in company.toml.",
        "costs.csv: amount: 1 of 1 rows cannot be read as an amount, first: row 2. Found 'a lot', expected an amount "
        "such as 1234.50. Correct the source, map another column, or map the value: values = { column = { theirs = "
        "ours } }.",
    ]


@pytest.mark.parametrize(
    ("config", "files", "words"),
    [
        ("", {"subscription": LEDGER}, r"no file for this table. Found files: subscription\.csv.*Did you mean subscription"),
        ("[tables.subscriptions]\nfile = ['a.csv', 'a.csv']\n", {}, "a file is listed twice"),
        ("", {"subscriptions": ""}, r"subscriptions\.csv: is empty"),
        ("", {"subscriptions": LEDGER.splitlines()[0]}, r"subscriptions\.csv: no rows"),
        ("", {"subscriptions": "customer_id,start,until,monthly_amount\n1,2,3,4\n"},
         "account_id: required column is missing. Found columns: customer_id, start, until, monthly_amount, "
         "expected account_id. Did you mean account_id = 'customer_id'"),
        ("", {"subscriptions": "customer_id,start,until,monthly_amount\n1,2,3,4\n"}, "Did you mean mrr = 'monthly_amount'"),
        ("[tables.subscriptions]\ncolumns = { mrr = 'amont' }\n", {"subscriptions": LEDGER.replace("mrr", "amount")},
         "mrr: mapped column is missing.*expected a column 'amont'.*Did you mean mrr = 'amount'"),
        ("", {"subscriptions": LEDGER + "D,2024-01-01\n"}, "1 of 4 rows have another number of cells.*row 5.*expected 6 cells"),
        ("", {"subscriptions": LEDGER.replace("C,", ",")}, "account_id: 1 of 3 rows are blank, first: row 4"),
        ("", {"subscriptions": LEDGER.replace("S3", "S1").replace("2024-03-01", "2024-01-01")}, "subscription_id: 1 of 3 rows repeat"),
        ("", {"subscriptions": LEDGER.replace("2024-03-01", "03/01/2024")}, 'start_date: 1 of 3.*row 4.*date_format = "%m/%d/%Y"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, config: str, files: dict[str, str], words: str) -> None:
    with pytest.raises(TableError, match=words):
        Book.load(company(tmp_path, config, **files), as_of=DAY)


def test_two_files_for_one_table(tmp_path: Path) -> None:
    folder = company(tmp_path, subscriptions=LEDGER)
    (folder / "subscriptions.txt").write_text(LEDGER)
    assert (
        "several files for this table. Found subscriptions.csv, subscriptions.txt, expected one file"
        in error(folder)
    )


def test_broken_rows_can_be_rejected_and_are_kept_as_text(tmp_path: Path) -> None:
    text = LEDGER + "D,2024-01-01,soon,x,USD,S4\nE,2024-01-01,,1,USD,S5,extra,more\nA,2024-01-01,,10,USD,S1\n"
    folder = company(tmp_path, '[tables.subscriptions]\nbroken_rows = "reject"\n', subscriptions=text)
    book = Book.load(folder, as_of=DAY)
    rejected = book.rejected["subscriptions"]
    assert list(rejected.columns) == [
        "file", "line", "account_id", "start_date", "end_date", "mrr", "currency", "subscription_id", "cause"
    ]  # fmt: skip
    assert rejected[
        ["line", "account_id", "end_date", "mrr", "subscription_id", "cause"]
    ].values.tolist() == [
        [5, "D", "soon", "x", "S4", "end_date: cannot be read as a date"],
        [6, "E", "", "1", "S5,extra,more", "have another number of cells than the header"],
        [7, "A", "", "10", "S1", "subscription_id: repeat an earlier row"],
    ]
    assert book.account[["rows_read", "rows_kept", "rows_rejected"]].values.tolist() == [[6, 3, 3]]
    assert book.dropped[["table", "n_rows"]].values.tolist() == [["subscriptions", 1]] * 3


def test_rejecting_every_row_is_no_way_to_read_a_table(tmp_path: Path) -> None:
    text = LEDGER.replace(",USD", ",EURO")
    folder = company(tmp_path, '[tables.subscriptions]\nbroken_rows = "reject"\n', subscriptions=text)
    assert "3 of 3 rows hold no known currency" in error(folder)


COLUMNS = LEDGER.splitlines()[0].split(",")
BROKEN = {
    "account_id": ["", "  "],
    "start_date": ["", "2024-02-30", "01/02/2024", "x", "2024"],
    "end_date": ["2023-12-31", "0", "tomorrow"],
    "mrr": ["", "-1", "1,234", "ten", "1e99", "NaN"],
    "currency": ["", "usd", "$", "XYZ"],
    "subscription_id": [],
}


@settings(max_examples=40)
@given(
    st.sampled_from([c for c in COLUMNS if BROKEN[c]]).flatmap(
        lambda c: st.tuples(st.just(c), st.sampled_from(BROKEN[c]))
    ),
    st.integers(0, 2),
    st.integers(0, 3),
)
def test_one_broken_cell_is_named_by_row_and_column(
    tmp_path_factory: pytest.TempPathFactory, cell: tuple[str, str], row: int, blank_lines: int
) -> None:
    header, *lines = LEDGER.splitlines()
    cells = [line.split(",") for line in lines]
    column, text = cell
    cells[row][COLUMNS.index(column)] = f'"{text}"'
    folder = company(
        tmp_path_factory.getbasetemp() / "one",
        subscriptions="\n".join([header, *[""] * blank_lines, *map(",".join, cells)]),
    )
    with pytest.raises(TableError) as raised:
        Book.load(folder, as_of=DAY)
    (problem,) = raised.value.problems
    assert (problem.file, problem.row, problem.column, problem.n) == (
        "subscriptions.csv",
        row + 2 + blank_lines,
        column,
        1,
    )
    assert problem.found.startswith(repr(text))
    assert problem.expected
    assert problem.hint


@settings(max_examples=40)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text("account_id,startdmr\n\"';\t 0123456789-", max_size=200).map(str.encode),
    )
)
def test_any_bytes_behind_the_header_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = company(tmp_path_factory.getbasetemp() / "any")
    for head in (b"", LEDGER.encode()):
        (folder / "subscriptions.csv").write_bytes(head + data)
        try:
            book = Book.load(folder, as_of=DAY)
        except TableError as error:
            assert "subscriptions.csv" in str(error)
        else:
            assert book.account["rows_read"].sum() >= 3


@pytest.mark.slow
def test_a_million_rows_of_garbage_fail_in_a_few_words(tmp_path: Path) -> None:
    rows = "".join(f"{i}x,{i}y,{i}z,{i}m,{i}c,{i}s\n" for i in range(1_000_000))
    folder = company(tmp_path, subscriptions=LEDGER.splitlines()[0] + "\n" + rows)
    told = error(folder)
    assert (
        "start_date: 1,000,000 of 1,000,000 rows cannot be read as a date, first: account_id '0x', row 2"
        in told
    )
    assert len(told) < 3000
