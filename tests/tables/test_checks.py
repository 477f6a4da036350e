from __future__ import annotations

import pandas as pd

from cslib.tables import TABLES, check, missing


def ledger(**columns: object) -> pd.DataFrame:
    rows = {
        "account_id": ["A17", "A18", "A19"],
        "start_date": ["2023-02-01"] * 3,
        "end_date": [None, "2023-03-01", "2023-02-01"],
        "mrr": [100, 0, 5],
        "currency": ["USD"] * 3,
    } | columns
    frame = pd.DataFrame(rows)
    for name in ("start_date", "end_date"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    return frame


def causes(frame: pd.DataFrame, name: str) -> list[tuple[object, str, str]]:
    return list(check(frame, name)[["row", "column", "cause"]].itertuples(index=False, name=None))


def test_a_clean_ledger_has_no_broken_cell() -> None:
    found = check(ledger(), "subscriptions")
    assert list(found.columns) == ["file", "row", "column", "cause", "found", "expected", "hint"]
    assert len(found) == 0


def test_an_empty_table_has_no_broken_cell() -> None:
    assert len(check(ledger().iloc[:0], "subscriptions")) == 0


def test_every_broken_cell_is_told_with_its_row() -> None:
    frame = ledger(
        end_date=["2023-01-01", None, "2022-12-31"],
        mrr=[-1, 0, 5],
        account_id=pd.Series(["A", None, ""], dtype="str"),
    )
    assert causes(frame, "subscriptions") == [
        (3, "account_id", "are blank"),
        (4, "account_id", "are blank"),
        (2, "mrr", "are negative"),
        (2, "end_date", "end before they start"),
        (4, "end_date", "end before they start"),
    ]


def test_rows_are_the_lines_of_the_index_when_it_holds_lines() -> None:
    frame = ledger(mrr=[1, -2, 3]).set_index(pd.Index([10, 20, 30], name="line"))
    found = check(frame, "subscriptions", file="subs.csv")
    assert found[["file", "row", "found", "expected"]].values.tolist() == [
        ["subs.csv", 20, "'-2'", "0 or more"]
    ]
    assert found.index.tolist() == [1]


def test_the_same_subscription_may_not_start_twice() -> None:
    assert causes(ledger(subscription_id=["S", "S", "T"]), "subscriptions") == [
        (3, "subscription_id", "repeat an earlier row")
    ]


def test_without_a_subscription_id_only_equal_rows_are_duplicates() -> None:
    same = pd.concat([ledger(), ledger().iloc[[1]]], ignore_index=True)
    assert causes(same, "subscriptions") == [(5, "account_id", "repeat an earlier row")]
    blank = same.assign(subscription_id=pd.Series([None] * 4, dtype="str"))
    assert causes(blank, "subscriptions") == [(5, "subscription_id", "repeat an earlier row")]
    assert causes(same.assign(mrr=[1, 2, 3, 4]), "subscriptions") == []


def test_a_missing_column_is_told_with_those_found_and_the_nearest() -> None:
    found = check(ledger().rename(columns={"mrr": "mrr_amount", "currency": "Currency"}), "subscriptions")
    assert found["row"].isna().all()
    assert found["column"].tolist() == ["currency", "mrr"]
    assert found["expected"].tolist() == ["currency", "mrr or arr or price"]
    assert "columns: account_id, start_date, end_date, mrr_amount, Currency" in found["found"].iloc[0]
    assert "Did you mean mrr = 'mrr_amount'" in found["hint"].iloc[1]
    assert "Did you mean currency = 'Currency'" in found["hint"].iloc[0]
    assert 'constants = { currency = "USD" }' in found["hint"].iloc[0]


def test_one_of_the_two_amounts_is_enough() -> None:
    assert [
        fault.column for fault in missing(["account_id", "start_date", "end_date"], TABLES["subscriptions"])
    ] == [
        "currency",
        "mrr",
    ]
    assert not missing(["account_id", "start_date", "end_date", "currency", "arr"], TABLES["subscriptions"])


def test_ranges_and_choices() -> None:
    day = pd.Series(["2024-01-01"] * 3).astype("datetime64[s]")
    surveys = pd.DataFrame(
        {"account_id": ["A"] * 3, "date": day, "score": [11.0, 101.0, 11.0], "kind": ["nps", "csat", "mood"]}
    )
    assert causes(surveys, "surveys") == [
        (3, "score", "are above 100"),
        (4, "kind", "hold an unknown value"),
        (2, "score", "are no nps answer"),
    ]


def test_a_column_of_another_dtype_is_not_looked_into() -> None:
    found = check(ledger(mrr=["1", "2", "-3"]), "subscriptions")
    assert found[["column", "cause", "found"]].values.tolist() == [["mrr", "wrong dtype", "str"]]


def test_the_frame_is_left_alone() -> None:
    frame = ledger(mrr=[-1, 0, 5])
    before = frame.copy(deep=True)
    check(frame, "subscriptions")
    pd.testing.assert_frame_equal(frame, before)
