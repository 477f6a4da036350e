"""Runs leave reports and the worst code; parameters are listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.cli import main
from tests.cli.conftest import refused
from tests.report.conftest import make_company, make_notebook


def test_params_are_listed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notebooks").mkdir()
    make_notebook(tmp_path / "notebooks" / "retention.ipynb")
    monkeypatch.chdir(tmp_path)
    assert main(["params", "retention"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["company", "str", "set", "by", "--company", "company", "folder"]
    assert "Literal['plain', 'warm']" in lines[4]
    assert "Did you mean retention?" in refused(capsys, "params", "retentio")


def test_run_leaves_reports_and_the_worst_code(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    """One done, one whose data are broken, one whose notebook fails for it: 2 wins over 1, and 0 is still done."""
    root = acme.parent
    broken = make_company(root / "broken", ledger="")
    wrong = make_company(root / "wrong")
    notebook = make_notebook(
        root / "retention.ipynb", "assert company != 'wrong', 'not this one'\nprint(top)"
    )
    argv = [
        "run",
        notebook,
        "--company",
        acme,
        broken,
        wrong,
        "--quarter",
        "2026Q3",
        "--out",
        root / "out",
        "-p",
        "top=5",
    ]
    assert main(list(map(str, argv))) == 2
    printed = capsys.readouterr()
    assert f"Acme & Co: done, {root / 'out' / '2026Q3' / 'acme' / 'retention.pdf'}" in printed.out
    assert "broken: bad input. " in printed.err
    assert "Acme & Co: failed. Cell 4 stopped with AssertionError: not this one" in printed.err
    assert "Traceback" not in printed.err
    assert (root / "out" / "2026Q3" / "acme" / "retention.pdf").exists()
    told = (root / "out" / "2026Q3" / "broken" / "retention.html").read_text()
    assert "This report is not finished and must not be used." in told


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["-p", "tpo=1"], "parameter tpo: not one of this notebook's"),
        (["-p", "top"], "argument -p/--parameter: found 'top', expected name=value"),
        (["-p", "top=x"], "parameter top: found 'x', expected a whole number"),
        (["--quarter", "Q3"], "quarter: found 'Q3', expected a year and a quarter such as 2026Q3"),
    ],
)
def test_run_refuses_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], acme: Path, argv: list[str], words: str
) -> None:
    notebook = make_notebook(acme.parent / "retention.ipynb", "1")
    run = ["run", notebook, "--company", acme, "--out", acme.parent / "out", "--quarter", "2026Q3"]
    assert words in refused(capsys, *run, *argv)
    assert not (acme.parent / "out").exists()


def test_run_into_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    (acme.parent / "out").write_text("a file")
    notebook = make_notebook(acme.parent / "retention.ipynb", "1")
    words = refused(
        capsys,
        "run",
        notebook,
        "--company",
        acme,
        "--quarter",
        "2026Q3",
        "--out",
        acme.parent / "out",
        code=3,
    )
    assert "cannot write into" in words
    assert "choose another --out" in words
