from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.sources.parse import Style, Typed, parse
from cslib.tables import Column

DAY, MONEY, NUMBER = Column("end_date", "date"), Column("mrr", "money"), Column("quantity", "number")
COUNT, FLAG, TEXT = Column("billing_months", "count"), Column("auto_renew", "flag"), Column("plan", "text")


def read(column: Column, *texts: str | None, **how: object) -> Typed:
    style = Style(**{k: str(how.pop(k)) for k in ("date_format", "decimal") if k in how})
    return parse(pd.Series(texts, dtype="str"), column, style=style, **({"values": {}} | how))  # type: ignore[arg-type]


def days(typed: Typed) -> list[str | None]:
    return [None if pd.isna(day) else f"{day:%Y-%m-%d}" for day in typed.cells]


def test_iso_days_and_blanks() -> None:
    typed = read(DAY, "2024-02-29", "", None, "  ", " 2024-03-01 ", "9999-12-31")
    assert days(typed) == ["2024-02-29", None, None, None, "2024-03-01", "9999-12-31"]
    assert typed.cells.dtype == "datetime64[s]"
    assert not typed.faults


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2023-02-29", "2024-13-01", "24-01-01", "01/02/2024", "2024-01", "soon", "2024-01-01x"],
)
def test_what_is_no_day_is_a_fault(text: str) -> None:
    typed = read(DAY, "2024-01-01", text)
    assert days(typed) == ["2024-01-01", None]
    assert [(f.cause, f.positions.tolist()) for f in typed.faults] == [("cannot be read as a date", [1])]


def test_an_ambiguous_date_asks_for_its_format() -> None:
    assert 'date_format = "%d/%m/%Y" or date_format = "%m/%d/%Y"' in read(DAY, "01/02/2024").faults[0].hint
    assert read(DAY, "01/02/2024", "31/12/2024").faults[0].hint.endswith('date_format = "%d/%m/%Y"')
    assert days(read(DAY, "01/02/2024", "2024-03-01", date_format="%d/%m/%Y")) == ["2024-02-01", "2024-03-01"]


def test_a_time_of_day_is_noted_unless_it_is_midnight() -> None:
    typed = read(
        DAY, "2024-03-01 00:00:00", "2024-03-01T00:00:00.000", "2024-03-01 03:00", "2024-03-01T23:00:00+02:00"
    )
    assert set(days(typed)) == {"2024-03-01"}
    assert [n for _, n in typed.notes] == [2]
    assert "time of day" in typed.notes[0][0]


def test_a_month_is_a_day_only_where_the_column_says_so() -> None:
    assert days(read(Column("month", "date", unit="month"), "2024-03", "2024-03-15")) == [
        "2024-03-01",
        "2024-03-15",
    ]
    assert read(DAY, "2024-03").faults


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("50", 5000), ("50.5", 5050), ("-0.01", -1), ("1e3", 100000), (".5", 50), ("5.", 500), ("+7", 700),
        ("1,234.50", 123450), ("1,234,567", 123456700), ("0.005", 0), ("0.015", 2), ("0.025", 2), ("-0.025", -2),
        ("1.005", 100), ("0.30000000000000004", 30), ("9999999999999.99", 999999999999999),
        ("123456789012.34", 12345678901234),
    ],
)  # fmt: skip
def test_amounts(text: str, minor: int) -> None:
    assert read(MONEY, text).cells.tolist() == [minor]


@pytest.mark.parametrize(
    "text",
    [
        "1,234",
        "1.234,50",
        "$5",
        "(5)",
        "nan",
        "inf",
        "1e999999999",
        "99999999999999999",
        "1_000",
        "0x10",
        "５",
        "1 000",
        "--1",
    ],
)
def test_what_is_no_amount_is_a_fault(text: str) -> None:
    typed = read(MONEY, "1", text)
    assert typed.cells.tolist() == [100, pd.NA]
    assert [(f.cause, f.positions.tolist()) for f in typed.faults] == [("cannot be read as an amount", [1])]


def test_hints_for_amounts() -> None:
    assert 'decimal = ","' in read(MONEY, "1.234,50").faults[0].hint
    assert "currency sign" in read(MONEY, "$5").faults[0].hint
    assert read(MONEY, "1.234,50", "7,5", "8", decimal=",").cells.tolist() == [123450, 750, 800]


def test_surplus_decimals_are_rounded_half_to_even_and_noted() -> None:
    typed = read(MONEY, "0.125", "0.135", "0.12", "0.120", "0.125")
    assert typed.cells.tolist() == [12, 14, 12, 12, 12]
    assert [n for _, n in typed.notes] == [3]


def test_each_currency_has_its_own_decimals() -> None:
    typed = read(MONEY, "5", "5", "5.5", "x", digits=np.array([2, 0, 3, 0]))
    assert typed.cells.tolist() == [500, 5, 5500, pd.NA]
    assert typed.faults[0].positions.tolist() == [3]


@given(
    st.lists(st.decimals(-(10**12), 10**12, places=4), min_size=1, max_size=20), st.sampled_from([0, 2, 3])
)
def test_amounts_are_exact(amounts: list[Decimal], digits: int) -> None:
    typed = read(MONEY, *(f"{amount:f}" for amount in amounts), digits=digits)
    exact = [int(a.scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)) for a in amounts]
    assert typed.cells.tolist() == exact


@given(st.lists(st.one_of(st.none(), st.text(max_size=12), st.floats().map(str), st.dates().map(str))))
@pytest.mark.parametrize("column", [DAY, MONEY, NUMBER, COUNT, FLAG, TEXT], ids=lambda c: c.kind)
def test_any_text_is_read_or_named(column: Column, texts: list[str | None]) -> None:
    typed = read(column, *texts)
    broken = {int(i) for fault in typed.faults for i in fault.positions}
    for i, (text, cell) in enumerate(zip(texts, typed.cells, strict=True)):
        blank = text is None or not text.strip()
        assert bool(pd.isna(cell)) == (blank or i in broken)
        assert not (blank and i in broken)


def test_numbers_counts_and_flags() -> None:
    assert read(NUMBER, "0.25", "1,234.5", "1e-3").cells.tolist() == [0.25, 1234.5, 0.001]
    assert [math.isnan(v) for v in read(NUMBER, "x", "nan", "inf").cells] == [True] * 3
    assert read(COUNT, "12", "12.0", "1.5").cells.tolist() == [12, 12, pd.NA]
    assert read(COUNT, "1.5").faults[0].cause == "cannot be read as a whole number"
    assert read(FLAG, "True", "no", "1", "", "maybe").cells.tolist() == [True, False, True, pd.NA, pd.NA]
    assert "auto_renew = { theirs = true }" in read(FLAG, "maybe").faults[0].hint


def test_text_is_kept_as_it_is() -> None:
    assert read(TEXT, " Pro ", "NULL", "007", "").cells.tolist()[:3] == [" Pro ", "NULL", "007"]


def test_values_are_mapped_before_they_are_read() -> None:
    assert read(TEXT, "Pro ", "Basic", values={"Pro ": "Pro"}).cells.tolist() == ["Pro", "Basic"]
    assert days(read(DAY, "never", "2024-01-01", values={"never": ""})) == [None, "2024-01-01"]
    assert read(COUNT, "annual", values={"annual": "12"}).cells.tolist() == [12]


def test_no_rows() -> None:
    for column in (DAY, MONEY, NUMBER, COUNT, FLAG, TEXT):
        assert len(read(column).cells) == 0
