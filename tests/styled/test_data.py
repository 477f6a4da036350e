"""The account of the data."""

from __future__ import annotations

import pandas as pd

from cslib.styled import account_of_data
from tests.styled.reading import css, rows


def test_every_table_is_accounted_for() -> None:
    frame = pd.DataFrame(
        {
            "table": ["subscriptions", "subscriptions", "accounts"],
            "file": ["a.csv", "b.csv", None],
            "rows_read": [1200, 3, 5],
            "rows_kept": [1190, 3, 5],
            "rows_after_as_of": [4, 0, 0],
            "rows_rejected": pd.array([6, pd.NA, 0], dtype="Int64"),
            "first_date": pd.to_datetime(["2024-01-05", None, None]),
            "last_date": pd.to_datetime(["2026-09-30", None, None]),
            "sha256": ["0123456789abcdef", None, None],
        }
    )
    sheet = account_of_data(frame)
    assert rows(sheet) == [
        ["Table", "File", "Read", "Kept", "After the day", "Rejected", "First", "Last", "SHA-256"],
        ["subscriptions", "a.csv", "1,200", "1,190", "4", "6", "Jan 5, 2024", "Sep 30, 2026", "0123456789ab"],
        ["subscriptions (2)", "b.csv", "3", "3", "0", "", "", "", ""],
        ["accounts", "", "5", "5", "0", "0", "", "", ""],
    ]
    assert css(sheet, 1, 1)["text-align"] == "left"
    assert css(sheet, 1, 2)["text-align"] == "right"
    assert sheet.caption == "The account of the data."
