"""Notebooks that others wrote print under both standards: those of installed packages, and those fetched before.

`python -m benchmarks.foreign_notebooks` fetches them; nothing is fetched here.
"""

from __future__ import annotations

import logging
import warnings

import pytest

from benchmarks.foreign_notebooks import SOURCES, Notebook, Result, cached, convert, shipped

TOLD = "not fetched: `python -m benchmarks.foreign_notebooks` does it"


def prints(notebook: Notebook) -> Result:
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # nbformat's words on what it upgrades
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = convert(notebook)
    if not result.skipped:
        assert result.pages > 0, notebook
        assert result.strict, (notebook, result.warnings)
    return result


def test_every_notebook_of_installed_packages_prints() -> None:
    found = [prints(notebook) for notebook in shipped()]
    if not found:
        pytest.skip("no installed package ships a notebook")
    assert any(not result.skipped for result in found)


@pytest.mark.parametrize("name", ["nbconvert", "papermill"])
def test_every_notebook_of_the_test_suites_prints(name: str) -> None:
    found = list(cached(only=name))
    if not found:
        pytest.skip(f"{name} {SOURCES[name]}: {TOLD}")
    assert not [result.skipped for result in map(prints, found) if result.skipped]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SOURCES.keys() - {"nbconvert", "papermill"}))
def test_every_fetched_notebook_prints(name: str) -> None:
    found = list(cached(only=name))
    if not found:
        pytest.skip(f"{name} {SOURCES[name]}: {TOLD}")
    for notebook in found:
        prints(notebook)
