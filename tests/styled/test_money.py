"""Amounts by period and by account."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled import accounts_table, money_table
from tests.charts.frames import bridge
from tests.styled.reading import css, rows


def test_the_bridge_reads_from_opening_to_closing_with_signs() -> None:
    before = bridge().assign(end=pd.Timestamp("2026-06-30"), value=0)
    assert rows(money_table(pd.concat([bridge(), before]))) == [
        ["Metric", "Jun 2026", "Sep 2026"],
        ["Opening", "$0", "$12,400,000"],
        ["New", "$0", "$310,000"],
        ["Expansion", "$0", "$620,000"],
        ["Reactivation", "$0", "$20,000"],
        ["Contraction", "$0", "−$90,000"],
        ["Churn", "$0", "−$510,000"],
        ["Closing", "$0", "$12,750,000"],
    ]


def test_totals_are_bold_and_locale_counts() -> None:
    sheet = money_table(bridge().assign(unit="EUR ARR"), locale="de_DE")
    assert rows(sheet)[1][1] == "12.400.000 €"
    assert css(sheet, 1, 1)["font-weight"] == css(sheet, 7, 1)["font-weight"] == "bold"
    assert "font-weight" not in css(sheet, 2, 1)


def test_a_metric_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="found metric opening, end 2026-09-30 00:00:00 more than once"):
        money_table(pd.concat([bridge(), bridge()]))


def accounts(*rows_: tuple[str, str | None, int, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows_, columns=["account_id", "name", "opening", "closing", "movement"])
    return frame.assign(change=frame["closing"] - frame["opening"])


def test_accounts_keep_their_order_and_show_signs() -> None:
    frame = accounts(("A1", "Acme", 500_000, 0, "churn"), ("A2", None, 100_000, 1_000_000, "expansion"))
    sheet = accounts_table(frame, unit="USD ARR", title="Largest changes", label="tab-largest")
    assert rows(sheet) == [
        ["Account", "Opening ARR", "Closing ARR", "Change", "Movement"],
        ["Acme", "$5,000", "$0", "−$5,000", "churn"],
        ["A2", "$1,000", "$10,000", "+$9,000", "expansion"],
    ]
    assert (sheet.caption, sheet.label) == ("Largest changes, USD ARR.", "tab-largest")
    assert css(sheet, 1, 3)["text-align"] == "right"
    assert css(sheet, 1, 4)["text-align"] == "left"


def test_accounts_of_one_name_show_their_ids() -> None:
    frame = accounts(("A1", "Acme", 1, 2, "expansion"), ("A2", "Acme", 1, 2, "expansion"))
    told = rows(accounts_table(frame, unit="USD ARR", title="t"))
    assert [row[0] for row in told[1:]] == ["Acme (A1)", "Acme (A2)"]


def test_no_accounts_is_said() -> None:
    assert rows(accounts_table(accounts(), unit="USD ARR", title="t"))[1] == ["none", "", "", "", ""]
