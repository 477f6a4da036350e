"""The demo portfolio, written and simulated once for all tests of this room."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.simulate import COMPANIES, TRUTHS, simulate_company, write_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


@pytest.fixture(scope="session")
def told(demo: Path) -> dict[str, Any]:
    """TRUTHS.json by folder name."""
    companies: dict[str, Any] = json.loads((demo / TRUTHS).read_text(encoding="utf-8"))["companies"]
    return companies


@pytest.fixture(scope="session", params=COMPANIES, ids=lambda spec: spec.story)
def tables(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    """All tables of one company."""
    return simulate_company(request.param, 7)
