"""Text and values become what the parameter declares, or nothing at all."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.report.kinds import Kind, Value, assignments

DAY = dt.date(2026, 9, 30)


@pytest.mark.parametrize(
    ("kind", "given_value", "value"),
    [
        (Kind(str), "12", "12"),
        (Kind(int), " 12 ", 12),
        (Kind(int), np.int64(3), 3),
        (Kind(float), "1.5", 1.5),
        (Kind(float), np.float64(1.5), 1.5),
        (Kind(float), 2, 2.0),
        (Kind(bool), "False", False),
        (Kind(bool), "yes", True),
        (Kind(bool), np.bool_(False), False),
        (Kind(dt.date), "2026-09-30", DAY),
        (Kind(dt.date), DAY, DAY),
        (Kind(int, optional=True), "none", None),
        (Kind(int, optional=True), None, None),
        (Kind(int, (3, 12)), "12", 12),
        (Kind(int, many=True), "1, 2,3", [1, 2, 3]),
        (Kind(str, many=True), ["a"], ["a"]),
        (Kind(str, many=True), "", []),
    ],
)
def test_a_value_that_fits(kind: Kind, given_value: object, value: Value) -> None:
    found = kind.coerce(given_value)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "given_value"),
    [
        (Kind(int), "1.5"),
        (Kind(int), 1.0),
        (Kind(int), True),
        (Kind(int), np.bool_(True)),
        (Kind(int), None),
        (Kind(float), "nan"),
        (Kind(float), "inf"),
        (Kind(float), "1,5"),
        (Kind(bool), "maybe"),
        (Kind(bool), 1),
        (Kind(str), 12),
        (Kind(dt.date), "30.09.2026"),
        (Kind(dt.date), dt.datetime(2026, 9, 30, tzinfo=dt.UTC)),
        (Kind(str, ("a", "b")), "c"),
        (Kind(int, many=True), "1,x"),
        (Kind(int, many=True), 1),
    ],
)
def test_a_value_that_does_not_fit(kind: Kind, given_value: object) -> None:
    with pytest.raises(ValueError):
        kind.coerce(given_value)


def test_expected_names_the_choices() -> None:
    assert Kind(str, ("plain", "warm"), optional=True).expected() == "one of plain, warm, or none"
    assert str(Kind(str, ("plain", "warm"), optional=True)) == "Literal['plain', 'warm'] | None"
    assert str(Kind(int, many=True)) == "list[int]"


SCALARS = (
    st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.dates()
)


@given(
    st.dictionaries(st.from_regex(r"v_[a-z]{1,5}", fullmatch=True), st.none() | SCALARS | st.lists(SCALARS))
)
def test_the_source_assigns_exactly_the_values(values: dict[str, Value]) -> None:
    """Hostile text cannot leave its literal: what is executed gives back the values and nothing else."""
    space: dict[str, object] = {}
    exec(assignments(values), space)
    assert {name: space[name] for name in values} == values
    assert set(space) <= {*values, "__builtins__", "date"}
