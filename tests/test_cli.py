"""The command: exit codes and words, whatever it is given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cslib.cli import main
from tests.cli.conftest import make_acme, refused
from tests.report.conftest import LEDGER, make_company


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    return make_acme(tmp_path)


@pytest.mark.parametrize("command", [["check"], ["metrics", "--as-of", "2026-09-30", "--json"]])
def test_bad_data_is_told_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    company = make_company(tmp_path / "acme", ledger=LEDGER + "C,soon,,10,USD\n")
    words = refused(capsys, command[0], company, *command[1:])
    for part in ("subscriptions.csv", "row 4", "start_date", "soon"):
        assert part in words
    assert "no such folder" in refused(capsys, command[0], tmp_path / "none", *command[1:])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.text(alphabet='account_id,start_date\n"0123456789-AUSD\x1b\0', max_size=200).map(str.encode)
)
def test_no_ledger_whatever_brings_a_traceback(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, content: bytes
) -> None:
    company = tmp_path / "acme"
    if not company.exists():
        make_company(company)
    (company / "subscriptions.csv").write_bytes(content)
    assert main(["check", str(company)]) in {0, 2}
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err
    assert "\x1b" not in printed.err + printed.out


def test_a_defect_is_one_line_unless_asked_for(
    capsys: pytest.CaptureFixture[str], acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cslib.book.Book.load", None)
    assert "This is a defect of cslib; --debug shows where." in refused(
        capsys, "check", acme, "--as-of", "2026-09-30", code=3
    )
    with pytest.raises(TypeError):
        main(["check", str(acme), "--as-of", "2026-09-30", "--debug"])
    with pytest.raises(TypeError):
        main(["--debug", "check", str(acme), "--as-of", "2026-09-30"])


def cslib(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cslib.cli", *argv], capture_output=True, text=True, **options
    )


def test_help_teaches_and_loads_nothing_heavy() -> None:
    code = "import sys, cslib.cli\ntry: cslib.cli.main(['-h'])\nfinally: print(*sys.modules, file=sys.stderr)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for words in ("cslib demo", "cslib run retention --company", "exit codes:", "2 bad input or parameters"):
        assert words in found.stdout
    assert {"pandas", "numpy", "papermill", "nbconvert", "tqdm", "duckdb"}.isdisjoint(found.stderr.split())


@pytest.mark.parametrize(
    "command", ["demo", "check", "metrics", "conventions", "run", "plan", "params", "verify", "index", "diff"]
)
def test_every_command_shows_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert f"examples:\n  cslib {command} " in text
    assert "exit codes:" in text


def test_a_closed_pipe_is_no_error(acme: Path) -> None:
    command = (
        f'"{sys.executable}" -m cslib.cli metrics "{acme}" --as-of 2026-09-30 | true; exit ${{PIPESTATUS[0]}}'
    )
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_terminal_that_cannot_show_a_name(acme: Path) -> None:
    (acme / "company.toml").write_text('name = "Søren 東京"\ncurrency = "USD"\n', encoding="utf-8")
    found = cslib(
        "metrics", str(acme), "--as-of", "2026-09-30", env={"PYTHONIOENCODING": "ascii", "PATH": ""}
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert "S\\xf8ren" in found.stdout
