"""The parameters cell is read without being run; what cannot be checked is refused with words that help."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cslib.report.kinds import Kind
from cslib.report.parameters import ParameterError, check_parameters, read_parameters


def notebook(source: str, *, tags: tuple[str, ...] = ("parameters",)) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}
    return {"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# hi"}, cell]}


CELL = '''\
"""Parameters."""
from datetime import date
from typing import Literal
company: str = "demo/acme"  # company folder; # signs too
quarter: str = "2026Q3"
window: int = 12  # months
share: float = 1  # of opening ARR
show: bool = True
since: date | None = None  # first day
until: date = date(2026, 9, 30)
tone: Literal["plain", "warm"] = "plain"
by: list[str] = ["segment", "region"]
needed: int
plain = 3
'''


def test_every_kind_of_line_is_read() -> None:
    found = read_parameters(notebook(CELL))
    assert {name: p.kind for name, p in found.items()} == {
        "company": Kind(str),
        "quarter": Kind(str),
        "window": Kind(int),
        "share": Kind(float),
        "show": Kind(bool),
        "since": Kind(dt.date, optional=True),
        "until": Kind(dt.date),
        "tone": Kind(str, ("plain", "warm")),
        "by": Kind(str, many=True),
        "needed": Kind(int),
        "plain": Kind(int),
    }
    assert found["company"].help == "company folder; # signs too"
    assert found["quarter"].help == ""
    assert found["share"].default == 1.0
    assert found["until"].default == dt.date(2026, 9, 30)
    assert found["by"].default == ["segment", "region"]
    assert found["needed"].required
    assert not found["since"].required


def test_source_as_a_list_of_lines_is_read_too() -> None:
    document = notebook("")
    document["cells"][1]["source"] = ["a: int = 1  # one\n", "b: int = 2"]
    assert list(read_parameters(document)) == ["a", "b"]


def test_no_parameters_cell_no_parameters() -> None:
    assert read_parameters(notebook("a: int = 1", tags=())) == {}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a: int = ", "line 1: invalid syntax"),
        (
            "import os\nos.remove('x')",
            "cell 2, line 2: found `os.remove('x')`, expected `name: type = literal",
        ),
        ("a: str = open('x').read()", "found `open('x').read()`, expected a literal"),
        ("a: dict = {}", "type `dict` cannot be checked; expected str, int"),
        ("a: int | str = 1", "type `int | str` cannot be checked"),
        ("a: int = 'x'", "a starts as `'x'`, but int expects a whole number"),
        ("a = None", "found no type and None"),
        ("from datetime import date\na: date = date(2026, 2, 30)", "line 2: `date(2026, 2, 30)` is no date"),
        ("%load_ext sql", "line 1: invalid syntax"),
    ],
)
def test_what_cannot_be_checked_is_refused(source: str, words: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read_parameters(notebook(source))
    assert words in str(refused.value)


def test_given_values_are_coerced_and_defaults_kept() -> None:
    found = read_parameters(notebook(CELL))
    values = check_parameters(found, {"needed": "4", "since": "2026-01-31", "show": "no", "by": "plan"})
    assert values["needed"] == 4
    assert values["since"] == dt.date(2026, 1, 31)
    assert values["show"] is False
    assert values["by"] == ["plan"]
    assert values["window"] == 12


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"windw": 1}, "parameter windw: not one of this notebook's: company, quarter, window, "),
        ({"windw": 1}, "Did you mean window?"),
        ({}, "parameter needed: no value given, and the notebook has no default for it"),
        ({"needed": "x"}, "parameter needed: found 'x', expected a whole number"),
        ({"needed": True}, "parameter needed: found True (bool), expected a whole number"),
        ({"needed": 1, "tone": "rude"}, "parameter tone: found 'rude', expected one of plain, warm"),
        ({"needed": 1, "since": "soon"}, "found 'soon', expected a date such as 2026-09-30, or none"),
        ({"needed": 1, "until": "9" * 5000}, "expected a date"),
    ],
)
def test_wrong_values_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError) as refused:
        check_parameters(read_parameters(notebook(CELL)), given)
    assert words in str(refused.value)


def test_a_notebook_without_parameters_takes_none() -> None:
    with pytest.raises(ParameterError, match="none \\(no cell is tagged `parameters`\\)"):
        check_parameters({}, {"company": "x"})
