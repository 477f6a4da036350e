"""A report made again is the same to the byte, or what differs is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cslib.cli import main
from cslib.report.make import make
from cslib.report.parameters import ParameterError
from cslib.report.plan import Wish, plan
from cslib.report.run import How
from cslib.report.verify import verify

from .conftest import CHART, LEDGER, PARAMETERS, make_company, make_notebook

NUMBER = """\
from IPython.display import display
import pandas as pd
n = len(pd.read_csv(company + "/subscriptions.csv"))
display({"application/vnd.cslib.numbers+json": {"numbers": [
    {"metric": "rows", "end": "2026-09-30", "by": {}, "value": n, "unit": "accounts"}]}}, raw=True)
print(previous)"""
COLD = How(warm=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quarters of a report, the later of which reads the earlier; tests change copies of all of it."""
    root = tmp_path_factory.mktemp("verify") / "home"
    notebook = make_notebook(
        root.parent / "retention.ipynb",
        NUMBER,
        CHART,
        parameters=PARAMETERS + 'previous: str = ""\n',
        cslib={"title": "{company}, {period}"},
    )
    company = make_company(root / "acme")
    wish = Wish((notebook,), (company,), ("2026Q2", "2026Q3"), {"top": "4"})
    for task in plan([wish], out=root / "out"):
        assert make(task, COLD).error == ""
    notebook.unlink()  # the one in the folder is what is verified
    return root


@pytest.fixture
def root(home: Path, tmp_path: Path) -> Path:
    return shutil.copytree(home, tmp_path / "home")


def test_the_same_to_the_byte_wherever_it_lies_now(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "out" / "2026Q3" / "acme"
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert main(["verify", str(folder)]) == 0
    assert "the same when made again: 1 numbers, 1 figures, 5 files, to the byte" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_other_data_move_numbers_and_are_named_as_the_cause(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "acme" / "subscriptions.csv").write_text(LEDGER + "C,2026-01-01,,1,USD\n")
    folder = root / "out" / "2026Q3" / "acme"
    assert main(["verify", str(folder), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["numbers"] == ["rows 2026-09-30: 2, made again 3"]
    assert found["moved"] == ["input subscriptions.csv"]
    assert found["figures"] == []
    assert "numbers.json" in found["files"]
    assert not found["touched"]


def test_a_file_touched_by_hand_is_found_out(root: Path) -> None:
    folder = root / "out" / "2026Q2" / "acme"
    numbers = folder / "numbers.json"
    numbers.write_text(numbers.read_text().replace('"value": 2', '"value": 9'))
    found = verify(folder, how=COLD)
    assert found.touched == ("numbers.json",)
    assert found.numbers == ("rows 2026-09-30: 9, made again 2",)
    assert not found.same


def test_where_the_data_lie_now_can_be_said(root: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    (root / "acme").rename(moved)
    folder = root / "out" / "2026Q2" / "acme"
    with pytest.raises(ParameterError, match="where they are not; say where, with --company"):
        verify(folder, how=COLD)
    again = verify(folder, companies=[moved.rename(tmp_path / "acme")], how=COLD)
    assert again.numbers == again.figures == again.touched == ()


@pytest.mark.parametrize("manifest", [None, '{"status": "failed", "notebook": "retention"}'])
def test_only_a_finished_report_can_be_verified(tmp_path: Path, manifest: str | None) -> None:
    if manifest:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(ParameterError, match="expected the folder of a finished report"):
        verify(tmp_path)
