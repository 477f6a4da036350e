from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from cslib.sources.related import Control, read_controls, read_related
from cslib.tables import TableError


def test_totals_are_read_in_minor_units_and_in_order() -> None:
    raw = {"2024-12-31": {"accounts": 7, "source": "finance"}, "2024-06-30": {"arr": Decimal("12.50")}}
    assert read_controls(raw, digits=2) == (
        Control(dt.date(2024, 6, 30), arr=1250),
        Control(dt.date(2024, 12, 31), accounts=7, source="finance"),
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"june": {"arr": 1}}, r"control: not a date.*'june'"),
        ({"2024-06-30": {"mrr": 1}}, r"control\.2024-06-30: unknown key.*Did you mean arr"),
        ({"2024-06-30": {"arr": Decimal("1.005")}}, r"unusable total.*at most 2 decimals"),
        ({"2024-06-30": {"arr": -1}}, "unusable total"),
        ({"2024-06-30": {"arr": True}}, "unusable total"),
        ({"2024-06-30": {"accounts": Decimal("1.5")}}, "unusable total"),
    ],
)
def test_a_total_that_cannot_be_is_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_controls(raw, digits=2)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"lines": {"file": "a.csv", "of": "id"}}, r"related\.lines: required key is missing.*to"),
        ({"lines": {"file": "a.csv", "of": "id", "to": "id", "at": "x"}}, "unknown key.*'at'"),
        ({"lines": 5}, "not a table"),
    ],
)
def test_a_related_file_that_cannot_be_tied_is_refused(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_related(raw)
