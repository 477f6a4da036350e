"""What the tests of all commands share: a small company, and a command's output or its refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cslib.cli import main
from tests.report.conftest import make_company


def make_acme(root: Path) -> Path:
    company = make_company(root / "acme")
    (company / "accounts.csv").write_text("account_id,segment\nA,SMB\nB,\n")
    return company


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    return make_acme(tmp_path)


def document(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> dict[str, Any]:
    assert main(list(map(str, argv))) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    found: dict[str, Any] = json.loads(printed.out)
    return found


def refused(capsys: pytest.CaptureFixture[str], *argv: str | Path, code: int = 2) -> str:
    """Words on standard error of a command that ends with `code`; no traceback, nothing on standard output."""
    try:
        found = main(list(map(str, argv)))
    except SystemExit as left:  # argparse
        found = int(str(left.code))
    printed = capsys.readouterr()
    assert found == code
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return printed.err
