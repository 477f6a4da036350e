"""docs/systems.md says where each question is answered: it agrees with the code, and what has a place has a test."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("systems", ROOT / "docs" / "systems.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["systems"] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_code_says(docs):
    assert docs.PAGE.read_text(encoding="utf-8") == docs.page(), "run: python docs/systems.py"


def test_what_has_a_place_has_a_test_that_names_it(docs):
    placed = {*docs.metrics(), *docs.sections()}
    known = {key for rows in docs.systems().values() for key in rows}
    assert placed <= known
    assert sorted(placed - set(docs.tests())) == []


def test_every_system_of_the_specification_has_its_line(docs):
    specification = ROOT.parent / "shared" / "spec" / "systems.csv"
    if not specification.exists():
        pytest.skip("the specification is not beside this repository")
    with specification.open(encoding="utf-8", newline="") as file:
        asked = [(row["group"], row["id"]) for row in csv.DictReader(file)]
    ours = [(group[0], key) for group, rows in docs.systems().items() for key in rows]
    assert ours == asked
