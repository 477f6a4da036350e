"""Digits of a number that leaves a notebook: as many as every processor agrees on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import nextafter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.evidence import as_kept
from cslib.record import record
from cslib.story.finding import Finding, plain

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
HERE, THERE = 0.9340678683635674, 0.9340678683635671  # one interval, by two processors


def floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from floats(part)


def test_the_last_digits_of_two_processors_leave_no_trace() -> None:
    frame = {"metric": ["nrr"], "unit": ["ratio"], "numerator": [1]}
    one, other = (record(pd.DataFrame(frame | {"value": [x], "high": [x]})).records for x in (HERE, THERE))
    assert one == other and one[0]["value"] == one[0]["evidence"]["high"] == 0.934067868364
    assert plain(Finding("arr", {"rows": [{"high": HERE}]})) == plain(
        Finding("arr", {"rows": [{"high": THERE}]})
    )


def test_money_that_is_whole_but_for_its_last_digit_is_whole() -> None:
    frame = pd.DataFrame({"metric": ["arr"], "unit": ["USD ARR"], "value": [nextafter(120000.0, 0)]})
    (kept,) = record(frame).records
    assert (kept["value"], type(kept["value"])) == (120000, int)


def test_large_amounts_stay_exact() -> None:
    assert as_kept(float(2**53 - 1)) == 2**53 - 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_left_has_no_digit_more(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    bundles = [
        document
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        for mime, document in output.get("data", {}).items()
        if mime.startswith("application/vnd.cslib.")
    ]
    assert bundles
    bundles += [
        output.get("metadata", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])
    ]
    assert [x for x in floats(bundles) if x != as_kept(x)] == []
