"""A proof leaves a notebook as JSON and as nothing that a page shows."""

from __future__ import annotations

import json

import pandas as pd

from cslib.report.outputs import is_for_machines
from cslib.seal import MIME, seal


def checks(*failed: int) -> pd.DataFrame:
    rows = [{"check": f"c{n}", "left": 2, "right": 2 - n, "n": 2, "failed": n, "detail": ""} for n in failed]
    return pd.DataFrame(rows, columns=["check", "left", "right", "n", "failed", "detail"]).assign(
        holds=lambda f: f["failed"] == 0
    )


def test_a_seal_is_plain_json() -> None:
    bundle = seal(checks(0, 1), ["edge"])._repr_mimebundle_()
    found = json.loads(json.dumps(bundle))[MIME]
    assert found["holds"] is False
    assert found["flags"] == ["edge"]
    assert found["checks"][1] == {
        "check": "c1", "left": 2, "right": 1, "n": 2, "failed": 1, "holds": False, "detail": "",
    }  # fmt: skip
    assert is_for_machines({"data": {**bundle, "text/plain": "Seal"}})


def test_it_holds_when_all_do_and_there_is_one() -> None:
    assert seal(checks(0, 0)).holds
    assert not seal(checks(0, 1)).holds
    assert not seal(checks()).holds
