"""Companies side by side as tables."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.charts import Picture
from cslib.styled import Sheet, group_table, look_table, numbered, page_heading, proofs_table, unread_table
from tests.styled.reading import css, rows

NAN = float("nan")
END = pd.Timestamp("2026-09-30")
LEVELS = pd.DataFrame({
    "company": ["Blue", "Acme", "Acme"], "currency": ["EUR", "USD", "USD"], "metric": "arr",
    "end": [END, END - pd.DateOffset(months=3), END], "value": [870_000_00.0, 1.0, 1_240_000_00.0],
    "n_accounts": [298, 1, 412],
})  # fmt: skip
LEAGUE = pd.DataFrame({
    "company": ["Acme", "Acme", "Blue"], "metric": ["net_retention", "gross_retention", "net_retention"],
    "convention": "endpoint", "start": END - pd.DateOffset(years=1), "end": END, "value": [1.117, 0.8, 1.1],
    "low": [1.062, 0.75, NAN], "high": [1.171, 0.85, NAN],
    "adjusted": [0.5, 0.01, NAN], "tier": ["cannot be told apart", "below the others", "cannot be told apart"],
})  # fmt: skip
CHANGES = pd.DataFrame({
    "company": ["Acme", "Acme"], "metric": ["net_retention", "gross_retention"], "months_ago": 3,
    "value": [-0.062, 0.5], "low": [-0.1, 0.1], "verdict": "changed",
})  # fmt: skip


def test_companies_by_name_each_in_its_own_currency() -> None:
    sheet = group_table(LEVELS, LEAGUE, CHANGES, title="The companies")
    assert rows(sheet) == [
        ["Company", "ARR", "Accounts", "Net retention", "Gross retention", "Among the others", "Net, in 3 months"],
        ["Acme", "$1.24M", "412", "111.7% (106% to 117%)", "80.0% (75% to 85%)", "gross below", "changed, −6.2 points"],
        ["Blue", "€870k", "298", "110.0%", "undefined", "not tested", "cannot tell"],
    ]  # fmt: skip
    assert sheet.caption == (
        "The companies, trailing 12 months to Sep 2026, endpoint convention, with 95% intervals. ARR in each company's "
        "own currency."
    )


def test_no_company_is_said_and_a_company_twice_is_refused() -> None:
    none = group_table(LEVELS.head(0), LEAGUE.head(0), CHANGES.head(0), title="T")
    assert rows(none)[1][0] == "none"
    assert rows(none)[0][-1] == "Net, change"
    with pytest.raises(ValueError, match="company Acme"):
        group_table(pd.concat([LEVELS] * 2), LEAGUE, CHANGES, title="T")


def test_where_to_look() -> None:
    frame = pd.DataFrame({
        "company": ["Acme", "New"], "currency": ["USD", "GBP"], "lost": [27_000_000, 0], "n_lost": [19, 0],
        "ending": [54_000_000, 0], "n_ending": [7, 0], "at_stake": [81_000_000, 0], "share": [0.0372, NAN],
        "largest": ["Big <b>", ""], "largest_share": [0.3, NAN],
    })  # fmt: skip
    assert rows(look_table(frame, title="T"))[1:] == [
        ["Acme", "$270k (19)", "$540k (7)", "$810k", "3.7%", "Big <b>, 30%"],
        ["New", "£0 (0)", "£0 (0)", "£0", "undefined", ""],
    ]
    assert rows(look_table(frame.head(0), title="T"))[1][0] == "none"


def test_unread_companies_with_their_cause_cut_where_it_is_long() -> None:
    frame = pd.DataFrame({"company": ["a", "b"], "cause": ["x.csv: row 3\nis odd", "y" * 900]})
    told = rows(unread_table(frame))
    assert told[1] == ["a", "x.csv: row 3 is odd"]
    assert len(told[2][1]) == 401 and told[2][1].endswith("…")


def test_proofs_count_what_holds_and_name_what_does_not() -> None:
    frame = pd.DataFrame({
        "company": ["A", "A", "B"], "check": ["A: one", "A: two", "B: one"], "n": [3, 4, 5], "holds": [True, False, True],
    })  # fmt: skip
    read = pd.DataFrame(
        {"company": ["B", "A"], "rows_read": [9, 1000], "rows_after_as_of": [2, 0], "rows_rejected": [1, 0]}
    )
    sheet = proofs_table(frame, read)
    assert rows(sheet)[1:] == [
        ["A", "1 of 2", "7", "1,000", "0", "0", "two"], ["B", "1 of 1", "5", "9", "2", "1", "none"],
    ]  # fmt: skip
    assert css(sheet, 1, 1)["font-weight"] == "bold"
    with pytest.raises(ValueError, match="proofs_table: found a frame without rows"):
        proofs_table(frame.head(0), read)


def test_a_page_begins_with_its_heading_and_markup_stays_text() -> None:
    data, metadata = page_heading("A_b <i>\n# no")._repr_mimebundle_()
    assert data["text/markdown"] == "## A\\_b \\<i\\> \\# no"
    assert metadata == {"cslib": {"break": "before"}}
    assert str(page_heading("Acme")) == "Acme"


def test_a_table_of_a_page_is_referred_to_from_that_page() -> None:
    sheet = Sheet(pd.DataFrame().style, "Key figures.", "tab-kpi", {"arr|x": "T_row0"})
    assert (numbered(sheet, 3).label, numbered(sheet, 3).cells) == ("tab-kpi-3", {"arr|x@3": "T_row0"})
    assert sheet.label == "tab-kpi"
    assert numbered(Picture(None, "", "", "fig-bridge"), 1).label == "fig-bridge-1"  # type: ignore[arg-type]
