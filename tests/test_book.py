from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.tables import DTYPES, TABLES, TableError
from tests import external

DAY = dt.date(2024, 6, 30)


def ledger(*rows: tuple[str, str, str | None, float], **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["account_id", "start_date", "end_date", "mrr"])
    return frame.assign(currency="USD", **more)


def load(frames: dict[str, pd.DataFrame], as_of: dt.date = DAY) -> Book:
    return Book.from_frames(frames, as_of=as_of, name="Acme", currency="USD")


def test_frames_are_canonical() -> None:
    book = load(
        {
            "subscriptions": ledger(("A", "2024-01-01", None, 10.5)).assign(
                quantity=3, plan="x", auto_renew=True
            )
        }
    )
    frame = book.tables["subscriptions"]
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    column = TABLES["subscriptions"].column
    assert kinds.pop("arr") == "int64"
    assert kinds.pop("mrr") == "int64"
    assert kinds == {name: DTYPES[column[name].kind] for name in kinds}
    assert (book.base, book.minor_units, book.currency) == ("mrr", 2, "USD")


def test_a_book_cannot_be_changed_by_assignment() -> None:
    book = load({"subscriptions": ledger(("A", "2024-01-01", None, 1))})
    with pytest.raises(dataclasses.FrozenInstanceError):
        book.name = "Other"  # type: ignore[misc]
    assert {book: 1}[book] == 1


def test_later_starts_are_left_out_and_later_ends_are_open() -> None:
    rows = ledger(
        ("A", "2024-01-01", "2024-06-30", 1), ("B", "2024-01-01", "2024-07-01", 2), ("C", "2024-06-30", None, 4),
        ("D", "2024-07-01", None, 8), ("E", "2024-01-01", "2024-07-01", 16), ("F", "2024-01-01", "2024-07-01", 32),
        notice_date=["2024-05-01", None, None, None, "2024-06-30", "2024-07-01"],
    )  # fmt: skip
    book = load({"subscriptions": rows})
    frame = book.tables["subscriptions"].set_index("account_id")
    assert list(frame.index) == list("ABCEF")
    assert frame["end_date"].dt.strftime("%m-%d").fillna("").to_dict() == {
        "A": "06-30",
        "B": "",
        "C": "",
        "E": "07-01",
        "F": "",
    }
    assert frame["notice_date"].isna().to_dict() == {"A": False, "B": True, "C": True, "E": False, "F": True}
    assert book.dropped.values.tolist() == [["subscriptions", "start_date: after 2024-06-30", 1, 9600]]
    assert (
        "subscriptions: 3 rows end after 2024-06-30; notice had been given for 1, the others are open as of that day."
        in book.notes
    )


def test_what_became_known_later_is_blank() -> None:
    renewals = pd.DataFrame(
        {
            "account_id": ["A", "B", "C"],
            "due_date": ["2024-06-01", "2024-06-01", "2024-07-01"],
            "target_arr": [100, 100, 100],
            "outcome": ["renewed", "renewed", "renewed"],
            "closed_date": ["2024-06-30", "2024-07-01", "2024-07-01"],
            "renewed_arr": [90, 90, 90],
        }
    )
    frame = load({"subscriptions": ledger(("A", "2024-01-01", None, 1)), "renewals": renewals}).tables[
        "renewals"
    ]
    assert frame["account_id"].tolist() == ["A", "B"]
    assert frame["outcome"].fillna("").tolist() == ["renewed", ""]
    assert frame["renewed_arr"].tolist() == [9000, pd.NA]
    assert frame["closed_date"].isna().tolist() == [False, True]


def test_accounts_are_made_of_the_ledger_where_none_are_given() -> None:
    book = load(
        {
            "subscriptions": ledger(
                ("B", "2024-01-01", None, 1), ("A", "2024-01-01", None, 1), ("Z", "2025-01-01", None, 1)
            )
        }
    )
    assert book.tables["accounts"].values.tolist() == [["A", "A"], ["B", "B"]]
    assert "accounts" not in set(book.account["table"])


def test_has_a_table() -> None:
    usage = pd.DataFrame({"account_id": ["A"], "date": ["2024-07-01"]})
    book = load({"subscriptions": ledger(("A", "2024-01-01", None, 1)), "usage": usage})
    assert book.has("subscriptions")
    assert book.has("accounts")
    assert not book.has("usage")
    assert not book.has("health")


def test_strangers_repeats_and_empty_periods_are_noted() -> None:
    usage = pd.DataFrame(
        {"account_id": ["A", "A", "X", "X", "Y"], "date": ["2024-05-01"] * 3 + ["2024-05-02"] * 2}
    )
    accounts = pd.DataFrame({"account_id": ["A", "Y"]})
    book = load(
        {
            "subscriptions": ledger(("A", "2024-05-01", "2024-05-01", 1), ("B", "2024-06-01", None, 1)),
            "usage": usage,
            "accounts": accounts,
        }
    )
    assert book.notes == (
        "subscriptions: 1 rows start and end on the same day and count for nothing.",
        "usage: 1 rows repeat an earlier row in full; the contract allows it, and they count.",
        "accounts: 1 of 2 accounts in subscriptions are not in accounts.",
        "usage: 2 rows belong to 1 accounts that subscriptions and accounts do not hold.",
    )
    assert len(book.tables["usage"]) == 5


def test_the_edge_of_the_data_is_noted() -> None:
    rows = ledger(("A", "2024-01-01", None, 1), ("B", "2024-01-01", "2024-04-28", 1))
    assert load({"subscriptions": rows}).notes == (
        "as_of 2024-06-30 lies 63 days after 2024-04-28, the last day on which any subscription starts or ends; if the "
        "data stops there, what happened since is not in it.",
    )
    assert load({"subscriptions": rows}, dt.date(2024, 5, 29)).notes == ()
    assert load({"subscriptions": rows}, dt.date(2023, 5, 29)).notes == (
        "No subscription starts on or before 2023-05-29.",
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("A", "2024-07-01", None, 5)], "no subscription starts on or before 2024-06-30"),
        (
            [("A", "2024-01-01", None, 0), ("B", "2024-02-01", "2024-02-01", 7)],
            "no price above 0 is in force on any day up to 2024-06-30 (accounts: 2)",
        ),
        ([("A", "2024-01-01", None, 0), ("B", "2024-02-01", "2024-03-01", 7)], ""),
    ],
)
def test_a_ledger_that_says_nothing_says_why(
    rows: list[tuple[str, str, str | None, float]], why: str
) -> None:
    assert load({"subscriptions": ledger(*rows)}).nothing == why


def test_a_quarter_of_which_nothing_is_known_is_refused(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text('name = "Acme"\ncurrency = "USD"\n')
    (tmp_path / "subscriptions.csv").write_text(
        "account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,0,USD\n"
    )
    with pytest.raises(ValueError, match="quarter 2024Q2: Acme: no price above 0"):
        Book.of_quarter(tmp_path, "2024Q2")


def test_a_day_beyond_data_until_is_refused(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text('name = "A"\ncurrency = "USD"\ndata_until = 2024-06-29\n')
    ledger(("A", "2024-01-01", None, 1)).to_csv(tmp_path / "subscriptions.csv", index=False)
    assert Book.load(tmp_path, as_of=dt.date(2024, 6, 29)).has("subscriptions")
    with pytest.raises(
        TableError, match=r"later than the data. Found '2024-06-30', expected a day up to 2024-06-29"
    ):
        Book.load(tmp_path, as_of=DAY)


def test_what_from_frames_refuses() -> None:
    with pytest.raises(TableError, match=r"no ledger. Found frames: accounts"):
        load({"accounts": pd.DataFrame({"account_id": ["A"]})})
    with pytest.raises(TableError, match=r"unknown table. Found frames: subscriptions, subs"):
        load({"subscriptions": ledger(("A", "2024-01-01", None, 1)), "subs": pd.DataFrame()})
    with pytest.raises(TableError, match="as_of: not a day"):
        load({"subscriptions": ledger(("A", "2024-01-01", None, 1))}, dt.datetime(2024, 1, 1))  # noqa: DTZ001


def test_the_fingerprint_is_of_the_inputs(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text('name = "A"\ncurrency = "USD"\n')
    rows = ledger(("A", "2024-01-01", None, 1))
    rows.to_csv(tmp_path / "subscriptions.csv", index=False)
    first = Book.load(tmp_path, as_of=DAY)
    assert Book.load(tmp_path, as_of=dt.date(2024, 3, 31)).fingerprint == first.fingerprint
    rows.assign(mrr=2).to_csv(tmp_path / "subscriptions.csv", index=False)
    second = Book.load(tmp_path, as_of=DAY)
    (tmp_path / "company.toml").write_text('name = "B"\ncurrency = "USD"\n')
    third = Book.load(tmp_path, as_of=DAY)
    assert len({first.fingerprint, second.fingerprint, third.fingerprint}) == 3
    assert (second.account["sha256"] == third.account["sha256"]).all()


DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2024, 12, 31))
ROW = st.tuples(
    st.sampled_from("ABC"), DAYS, st.one_of(st.none(), DAYS), st.integers(0, 5), st.one_of(st.none(), DAYS)
)


def random_ledger(rows: list[tuple[str, dt.date, dt.date | None, int, dt.date | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", "mrr", "notice_date"])
    ended = frame["end_date"].notna()
    frame.loc[ended, "end_date"] = frame.loc[ended, ["start_date", "end_date"]].max(axis=1)
    return frame.assign(currency="USD").drop_duplicates()


@settings(max_examples=25)
@given(st.lists(ROW, min_size=1, max_size=8), st.lists(ROW, max_size=8), DAYS)
def test_nothing_after_as_of_changes_a_table(rows: list[tuple], later: list[tuple], as_of: dt.date) -> None:  # type: ignore[type-arg]
    frame = random_ledger(rows)
    after = dt.timedelta(days=367)
    moved = [(a, s + after, e and e + after, m, n and n + after) for a, s, e, m, n in later]
    more = pd.concat([frame, random_ledger(moved)]) if later else frame
    usage = pd.DataFrame({"account_id": ["A"], "date": ["2024-01-01"]})
    late = pd.DataFrame({"account_id": ["Q"] * len(later), "date": [str(row[1]) for row in moved]})
    one = load({"subscriptions": frame, "usage": usage}, as_of)
    two = load({"subscriptions": more, "usage": pd.concat([usage, late])}, as_of)
    assert one.tables.keys() == two.tables.keys()
    for name in one.tables:
        pd.testing.assert_frame_equal(one.tables[name], two.tables[name])
    n = two.account
    assert (n["rows_read"] == n["rows_kept"] + n["rows_after_as_of"] + n["rows_rejected"]).all()
    assert n["rows_read"].tolist() == [len(more), 1 + len(later)]
    assert n["rows_kept"].tolist() == [len(two.tables[name]) for name in n["table"]]
    dates = one.tables["subscriptions"][["start_date", "notice_date"]].stack()
    assert not (dates > pd.Timestamp(as_of)).any()


@settings(max_examples=25)
@given(st.lists(ROW, min_size=1, max_size=8), st.randoms())
def test_the_order_of_rows_changes_no_row(rows: list[tuple], random: object) -> None:  # type: ignore[type-arg]
    frame = random_ledger(rows)
    turned = frame.sample(frac=1, random_state=random.randint(0, 9))  # type: ignore[attr-defined]
    order = ["account_id", "start_date", "end_date", "mrr", "notice_date"]
    one, two = (
        load({"subscriptions": f}).tables["subscriptions"].sort_values(order) for f in (frame, turned)
    )
    pd.testing.assert_frame_equal(one.reset_index(drop=True), two.reset_index(drop=True))


def active(book: Book) -> tuple[int, int]:
    day = pd.Timestamp(book.as_of)
    frame = book.tables["subscriptions"]
    held = frame[(frame["start_date"] <= day) & ~(frame["end_date"] <= day)]
    return held["account_id"].nunique(), int(held["arr"].sum())


def test_mrr_playbook(tmp_path: Path) -> None:
    book = Book.load(external.mrr_playbook(tmp_path), as_of=dt.date(2020, 2, 29))
    assert book.account[["rows_read", "rows_kept"]].values.tolist() == [[121, 121]]
    assert len(book.tables["accounts"]) == 55
    assert active(book) == (0, 0)
    start = Book.load(external.mrr_playbook(tmp_path), as_of=dt.date(2018, 11, 1))
    assert active(start) == (11, 575_00 * 12)


def test_crm5(tmp_path: Path) -> None:
    folder = external.crm5(tmp_path)
    whole = Book.load(folder, as_of=dt.date(2024, 12, 31))
    assert whole.account[["table", "rows_read", "rows_rejected"]].values.tolist() == [
        ["subscriptions", 22110, 0], ["accounts", 865, 0], ["usage", 194990, 0]
    ]  # fmt: skip
    # 300 accounts and $280,075 of MRR: data/crm5/expected/listing_2_1 and 2_2
    assert active(Book.load(folder, as_of=dt.date(2022, 2, 1))) == (300, 280_075_00 * 12)


def test_ravenstack(tmp_path: Path) -> None:
    book = Book.load(external.ravenstack(tmp_path), as_of=dt.date(2024, 12, 31))
    assert book.account[["table", "rows_read", "rows_kept"]].values.tolist() == [
        ["subscriptions", 5000, 5000], ["accounts", 500, 500], ["usage", 25000, 25000],
        ["churn_reasons", 600, 600], ["tickets", 2000, 2000],
    ]  # fmt: skip
    frame = book.tables["subscriptions"]
    assert (int((frame["mrr"] == 0).sum()), int(frame["end_date"].notna().sum())) == (778, 486)
    assert set(frame["billing_months"]) == {1, 12}
    assert book.tables["usage"]["account_id"].isin(book.tables["accounts"]["account_id"]).all()
    assert any("tickets.closed_at" in note and "1,925 rows" in note for note in book.notes)
