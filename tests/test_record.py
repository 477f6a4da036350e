"""The record a run keeps: whole money, ISO dates, nothing undefined as a number."""

from __future__ import annotations

import json
import math

from cslib.metrics import cohorts, retention, uncertainty
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
    assert first["by"] == {"cohort": "2024-01-01", "age": 0}
    assert first["evidence"] == {"n_mature": 4}
    assert not any(isinstance(v, float) and math.isnan(v) for v in first.values())


def test_intervals_and_verdicts_are_evidence_and_no_key() -> None:
    rows = [(f"A{i}", "2024-01-01", "2025-06-01" if i == 0 else None, "10") for i in range(10)]
    records = record(
        uncertainty.intervals(book_of(rows)), uncertainty.changes(book_of(rows), delta=0.02)
    ).records
    json.dumps(records, allow_nan=False)
    level = next(r for r in records if r["metric"] == "gross_retention" and r["unit"] == "ratio")
    assert level["by"] == {}
    assert level["evidence"]["low"] < level["value"] < level["evidence"]["high"]
    assert level["evidence"]["level"] == 0.95
    change = next(r for r in records if r["unit"] == "ratio points")
    assert change["by"] == {"months_ago": 3}
    assert change["evidence"]["verdict"] == "unchanged within delta"


def test_no_range_is_none() -> None:
    frame = uncertainty.intervals(eight())  # too concentrated to tell
    assert {r["evidence"]["low"] for r in record(frame).records} == {None}
    assert record(frame.assign(high=math.inf)).records[0]["evidence"]["high"] is None
