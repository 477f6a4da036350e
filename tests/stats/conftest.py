"""Published numbers: one entry an id, from the statistics oracles that lie beside the repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ORACLES = Path(__file__).parents[2] / "../shared/oracles/statistics.json"


class Published(NamedTuple):
    """What went in, what came out, how close is close, and who says so."""

    inputs: dict[str, Any]
    expected: dict[str, Any]
    tolerance: Any
    source: str


@pytest.fixture(scope="session")
def published() -> Callable[[str], Published]:
    if not ORACLES.is_file():
        pytest.skip(f"no published numbers: {ORACLES.name} lies outside the repository and is absent here")
    entries = {entry["id"]: entry for entry in json.loads(ORACLES.read_text(encoding="utf-8"))}

    def entry(name: str) -> Published:
        found = entries[name]
        return Published(found["inputs"], found["expected"], found["tolerance"], found["source"])

    return entry
