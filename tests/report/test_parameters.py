"""The parameters cell is read without being run; what cannot be checked is refused with words that help."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cslib.report.kinds import Kind
from cslib.report.parameters import ParameterError, check_parameters, check_session, read_parameters


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


# --- lists, choices, dates, none: what is taken, and what is refused with the choices

MANY = """\
from datetime import date
from typing import Literal, Optional
by: list[Literal["plan", "region"]] = ["plan"]
days: list[date] = [date(2026, 9, 30)]
sizes: list[int] | None = None
tone: Literal["plain", "warm", None] = None
level: Literal[1, 2] = 1
until: Optional[date] = None
rate: float | None = 0.5
"""


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("by", "plan, region", ["plan", "region"]),
        ("by", ["region"], ["region"]),
        ("by", "", []),
        ("days", "2026-01-31,2026-02-28", [dt.date(2026, 1, 31), dt.date(2026, 2, 28)]),
        ("days", [dt.date(2026, 1, 31)], [dt.date(2026, 1, 31)]),
        ("sizes", "none", None),
        ("sizes", "1,2", [1, 2]),
        ("tone", "None", None),
        ("tone", "warm", "warm"),
        ("level", "2", 2),
        ("until", None, None),
        ("until", "2026-01-31", dt.date(2026, 1, 31)),
        ("rate", "1e-3", 0.001),
        ("rate", 1, 1.0),
    ],
)
def test_every_kind_of_value_is_taken(name: str, given: object, value: object) -> None:
    found = check_parameters(read_parameters(notebook(MANY)), {name: given})[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("by", "plan,country", "expected values separated by commas, each one of plan, region"),
        ("by", {"plan"}, "found {'plan'} (set), expected values separated by commas"),
        ("days", "2026-01-31,soon", "each a date such as 2026-09-30"),
        ("days", [dt.datetime(2026, 1, 31, tzinfo=dt.UTC)], "each a date"),
        ("sizes", "1,x", "each a whole number, or none"),
        ("sizes", 3, "found 3 (int), expected values separated by commas"),
        ("tone", "rude", "expected one of plain, warm, or none"),
        ("level", "3", "found '3', expected one of 1, 2"),
        ("level", True, "found True (bool), expected one of 1, 2"),
        ("until", "2026-02-30", "expected a date such as 2026-09-30, or none"),
        ("rate", "nan", "expected a number, or none"),
        ("rate", "1,5", "found '1,5', expected a number, or none"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_choices(name: str, given: object, words: str) -> None:
    with pytest.raises(ParameterError) as refused:
        check_parameters(read_parameters(notebook(MANY)), {name: given})
    assert str(refused.value).startswith(f"parameter {name}: found ")
    assert words in str(refused.value)


# --- the analyst who changes the cell and runs it by hand


def by_hand(*cells: str) -> dict[str, object]:
    """Namespace of a notebook after its cells were run by IPython itself."""
    shell = InteractiveShell()
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()
    return shell.user_ns


def test_the_same_check_protects_who_runs_the_cells_by_hand() -> None:
    check_session(by_hand(MANY))
    check_session(by_hand(MANY, "by = ['region']\nlevel = 2\nother = object()"))
    with pytest.raises(ParameterError) as refused:
        check_session(by_hand(MANY.replace("= 0.5", "= '0.5'"), "by = 'plan'", "level = 3"))
    told = str(refused.value)
    assert "parameter rate: found '0.5' (str), expected a number, or none" in told
    assert (
        "parameter by: found 'plan' (str), expected values separated by commas, each one of plan, region"
        in told
    )
    assert "parameter level: found 3 (int), expected one of 1, 2" in told


def test_what_no_parameter_could_be_is_let_alone() -> None:
    check_session(by_hand("frame: dict = {}\nx = 1", "y: int"))
    check_session({})
