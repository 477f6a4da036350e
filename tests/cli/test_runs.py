"""Runs leave reports and the worst code; parameters are listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: two notebooks, two companies, standing in it."""
    (tmp_path / "notebooks").mkdir()
    make_notebook(tmp_path / "notebooks" / "retention.ipynb", "print(top)")
    make_notebook(tmp_path / "notebooks" / "second.ipynb", "print(top)", cslib={"folder": "second"})
    make_notebook(tmp_path / "notebooks" / "scratch.ipynb", parameters="x: int = 1")
    toml = 'name = "{}"\ncurrency = "USD"\ndata_until = 2026-09-30\n'
    for name in ("acme", "blue"):
        make_company(tmp_path / "all" / name, toml=toml.format(name.title()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, Any]]:
    assert main(["plan", *argv]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_all_of_everything_can_be_planned(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = planned(capsys, "all", "--company", "all", "--quarter", "latest", "2026Q1")
    assert sorted(line["name"] for line in lines) == sorted(
        f"{quarter}/{company}/{report}"
        for quarter in ("2026Q1", "2026Q3")
        for company in ("acme", "blue")
        for report in ("retention", "second/second")
    )
    assert not (shelf / "reports").exists()


def test_a_list_is_relative_to_itself_and_adds_to_what_is_named(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shelf / "all" / "list.csv").write_text("notebook,company,quarter,top\nretention,acme,2026Q1,9\n")
    lines = planned(
        capsys, "second", "--company", "all/blue", "--quarter", "2026Q3", "--list", "all/list.csv"
    )
    assert [(line["name"], line["parameters"]) for line in lines] == [
        ("2026Q1/acme/retention", {"top": "9"}),
        ("2026Q3/blue/second/second", {}),
    ]


def test_what_is_unchanged_is_left_alone_and_why_says_why_the_rest_is_not(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["retention", "--company", "all", "--quarter", "2026Q3"]
    assert main(["run", *argv, "--cold", "--jobs", "1", "--why"]) == 0
    said = capsys.readouterr().out
    assert said.count("\n  why: not made yet") == 2
    assert "2 made; reports/index.html lists all" in said
    assert "Acme" in (shelf / "reports" / "index.html").read_text()
    ledger = shelf / "all" / "blue" / "subscriptions.csv"
    ledger.write_text(ledger.read_text() + "C,2025-01-01,,7,USD\n")
    lines = planned(capsys, *argv, "--why")
    assert [(line["name"][7:11], line["why"]) for line in lines] == [
        ("acme", []),
        ("blue", ["input: subscriptions.csv changed"]),
    ]
    assert main(["run", *argv, "--cold", "--jobs", "1", "--why"]) == 0
    said = capsys.readouterr().out
    assert "acme 2026Q3: unchanged, reports/2026Q3/acme" in said
    assert "Blue: done, reports/2026Q3/blue/retention.pdf\n  why: input: subscriptions.csv changed" in said
    assert "1 made, 1 unchanged" in said
    assert main(["run", *argv, "--cold", "--jobs", "1", "--force", "--why"]) == 0
    assert capsys.readouterr().out.count("why: forced") == 2


def test_the_page_of_all_reports_can_be_written_anew(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--out reports: no such folder" in refused(capsys, "index")
    (shelf / "reports").mkdir()
    assert main(["index"]) == 0
    assert capsys.readouterr().out == "reports/index.html: 0 reports\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["run"], "notebook: say which, or give a --list"),
        (["run", "retention", "--quarter", "2026Q3"], "--company: say which; see cslib run --help"),
        (["plan", "retention", "--company", "all/acme"], "--quarter: say which; see cslib plan --help"),
        (["run", "retention", "--resume"], "--resume takes up the last run as it was planned"),
        (["run", "retention", "--jobs", "0"], "--jobs: found '0', expected a whole number above 0"),
        (["run", "retention", "--timeout", "never"], "--timeout: found 'never', expected seconds above 0"),
        (
            ["plan", "retention", "--company", "all", "--quarter", "Q3..latest"],
            "expected a year and a quarter",
        ),
        (["plan", "--list", "none.toml"], "list none.toml: No such file"),
        (["verify", "all"], "all: found no manifest.json, expected the folder of a finished report"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    shelf: Path, capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    assert words in refused(capsys, *argv)
    assert not (shelf / "reports").exists()


def test_a_company_that_is_not_there_is_on_the_page_too(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "retention", "--company", "nobody", "--quarter", "2026Q3", "--jobs", "1"]) == 2
    capsys.readouterr()
    page = (shelf / "reports" / "index.html").read_text()
    assert "nobody" in page and "no such folder" in page
