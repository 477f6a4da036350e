"""Single accounts, definitions and identities as tables."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled import concentration_table, definitions_table, proof_table
from tests.styled.reading import css, html_of, rows, tags

NAN = float("nan")
HOSTILE = "<b>R&D</b>\x00\n"
HEADS = ["Account", "Opening ARR", "Closing ARR", "Share of opening ARR", "Net retention without it"]


def without(*rows_: tuple[str, str | None, int, int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows_, columns=["account_id", "name", "opening", "closing", "share", "value"])


def checks(*rows_: tuple[str, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows_, columns=["check", "n", "failed"])
    return frame.assign(holds=frame["failed"] == 0)


# --- concentration


def test_accounts_keep_their_order_money_is_short_and_undefined_is_said() -> None:
    frame = without(("A1", "Acme", 22_900_000, 33_200_000, 0.3, 0.945), ("A2", None, 100_000, 0, 0.04, NAN))
    sheet = concentration_table(frame, unit="USD ARR", title="The largest accounts")
    assert rows(sheet) == [
        HEADS,
        ["Acme", "$229k", "$332k", "30.0%", "94.5%"],
        ["A2", "$1.00k", "$0", "4.0%", "undefined"],
    ]
    assert (sheet.caption, sheet.label) == ("The largest accounts, USD ARR.", "tab-concentration")
    assert css(sheet, 1, 1)["text-align"] == css(sheet, 1, 4)["text-align"] == "right"


def test_concentration_follows_unit_and_locale() -> None:
    frame = without(("A1", "Acme", 1_500_000, 0, 0.125, 1.0437))
    sheet = concentration_table(frame, unit="EUR MRR", title="t", locale="de_DE")
    assert rows(sheet)[0][1:4] == ["Opening MRR", "Closing MRR", "Share of opening MRR"]
    assert [cell.replace(" ", "") for cell in rows(sheet)[1][3:]] == ["12,5%", "104,4%"]


def test_accounts_of_one_name_show_their_ids() -> None:
    frame = without(("A1", "Acme", 2, 2, 0.5, 1.0), ("A2", "Acme", 2, 2, 0.5, 1.0))
    told = rows(concentration_table(frame, unit="USD ARR", title="t"))
    assert [row[0] for row in told[1:]] == ["Acme (A1)", "Acme (A2)"]


def test_a_book_without_an_opening_has_no_largest_account() -> None:
    assert rows(concentration_table(without(), unit="USD ARR", title="t")) == [
        HEADS,
        ["none", "", "", "", ""],
    ]


def test_a_concentration_without_its_columns_is_refused() -> None:
    with pytest.raises(
        ValueError, match="concentration_table: columns missing: account_id, share; found: name"
    ):
        concentration_table(without().drop(columns=["account_id", "share"]), unit="USD ARR", title="t")


def test_a_unit_without_a_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="unit: found 'dollars'"):
        concentration_table(without(), unit="dollars", title="t")


# --- definitions


def test_definitions_are_text_to_the_left() -> None:
    sheet = definitions_table(
        [
            ("net_retention", "endpoint", "What they pay now.", "GitLab"),
            ("arr", "month end", "Twelve times.", "Board"),
        ],
        title="What each figure means",
    )
    assert rows(sheet) == [
        ["Metric", "Convention", "Definition", "Source"],
        ["Net retention", "endpoint", "What they pay now.", "GitLab"],
        ["ARR", "month end", "Twelve times.", "Board"],
    ]
    assert (sheet.caption, sheet.label) == ("What each figure means.", "tab-definitions")
    assert {css(sheet, 1, column)["text-align"] for column in (1, 2, 3)} == {"left"}


def test_two_conventions_of_one_metric_stand_side_by_side() -> None:
    told = [("arr", "month end", "a", "b"), ("arr", "contracted", "c", "d")]
    assert [row[:2] for row in rows(definitions_table(told, title="t"))[1:]] == [
        ["ARR", "month end"],
        ["ARR (2)", "contracted"],
    ]


def test_no_definition_is_refused() -> None:
    with pytest.raises(ValueError, match="definitions_table: found no row, expected at least one"):
        definitions_table([], title="t")


# --- proof


def test_identities_with_their_counts() -> None:
    sheet = proof_table(checks(("rows are used", 12_345, 0)), unit="minor unit", title="Identities")
    assert rows(sheet) == [
        ["Identity", "Equalities", "Unequal", "Holds"],
        ["Rows are used", "12,345", "0", "yes"],
    ]
    assert (sheet.caption, sheet.label) == ("Identities, to the minor unit.", "tab-proof")
    assert css(sheet, 1, 1)["text-align"] == "right"
    assert css(sheet, 1, 3)["text-align"] == "left"
    assert (
        rows(proof_table(checks(("a", 12_345, 0)), unit="cent", title="t", locale="de_DE"))[1][1] == "12.345"
    )


def test_an_identity_that_fails_stands_out() -> None:
    sheet = proof_table(
        checks(("ARR bridge closes", 60, 0), ("segments add up", 60, 2)), unit="cent", title="t"
    )
    assert rows(sheet)[2] == ["Segments add up", "60", "2", "NO"]
    assert css(sheet, 2, 3)["font-weight"] == "bold"
    assert "font-weight" not in css(sheet, 1, 3)


def test_a_proof_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="proof_table: found a frame without rows"):
        proof_table(checks(), unit="cent", title="t")
    with pytest.raises(ValueError, match="proof_table: columns missing: holds"):
        proof_table(checks(("a", 1, 0)).drop(columns="holds"), unit="cent", title="t")


# --- all three


def test_text_from_data_stays_text() -> None:
    sheets = [
        concentration_table(without((HOSTILE, HOSTILE, 1, 1, 1.0, NAN)), unit="USD ARR", title="t"),
        definitions_table([(HOSTILE,) * 4], title="t"),
        proof_table(checks((HOSTILE, 1, 0)), unit="cent", title="t"),
    ]
    for sheet in sheets:
        assert "b" not in tags(sheet)
        assert rows(sheet)[1][0].lower() == "<b>r&d</b>"
        assert "\x00" not in html_of(sheet)
