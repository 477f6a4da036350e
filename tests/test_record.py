"""The record a run keeps: whole money, ISO dates, nothing undefined as a number."""

from __future__ import annotations

import json
import math

from cslib.metrics import cohorts, retention
from cslib.record import MIME, record
from tests.books import book_of, eight


def test_records_survive_json_and_keep_money_whole() -> None:
    frame = retention.headline(eight(), by="segment")
    records = json.loads(json.dumps(record(frame)._repr_mimebundle_()[MIME], allow_nan=False))["numbers"]
    arr = [r for r in records if r["metric"] == "arr"]
    assert [(r["by"]["segment"], r["value"]) for r in arr] == [
        ("(not given)", 0),
        ("Enterprise", 96000),
        ("SMB", 456000),
    ]
    assert all(isinstance(r["value"], int) for r in arr)
    assert arr[0]["end"] == "2025-12-31"


def test_undefined_is_none() -> None:
    row = next(
        r
        for r in record(retention.headline(book_of([("A", "2025-12-01", None, "9")]))).records
        if r["metric"] == "net_retention"
    )
    assert (row["value"], row["denominator"]) == (None, 0)


def test_columns_beyond_the_standard_ones_say_what_the_number_is_of() -> None:
    first = record(cohorts.triangle(eight(), metric="net")).records[0]
    assert first["by"] == {"cohort": "2024-01-01", "age": 0, "n_mature": 4}
    assert not any(isinstance(v, float) and math.isnan(v) for v in first.values())
