"""The command: exit codes, words, and one JSON document on standard output and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cslib.cli import main

from .report.conftest import LEDGER, make_company, make_notebook

SHARED = Path(__file__).parents[1] / "../shared/data"

# Acme on 2026-09-30, twelve months before: A pays 100 at both ends, B paid 50 and left in February.
ACME = {
    "arr": 120_000,
    "mrr": 10_000,
    "net_retention": 100 / 150,
    "gross_retention": 100 / 150,
    "logo_retention": 1 / 2,
    "quick_ratio": 0.0,
    "new": 0,
    "expansion": 0,
    "reactivation": 0,
    "contraction": 0,
    "churn": 5_000,
}


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    company = make_company(tmp_path / "acme")
    (company / "accounts.csv").write_text("account_id,segment\nA,SMB\nB,\n")
    return company


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


# --- metrics


def test_metrics_as_json(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    found = document(capsys, "metrics", acme, "--as-of", "2026-09-30", "--json")
    metrics = found.pop("metrics")
    assert found == {
        "as_of": "2026-09-30",
        "start": "2025-09-30",
        "window_months": 12,
        "currency": "USD",
        "minor_units": 2,
    }
    keys = ["metric", "convention", "by", "value", "numerator", "denominator", "n_accounts", "unit"]
    assert all(list(row) == keys for row in metrics)
    assert {row["metric"]: row["value"] for row in metrics} == pytest.approx(ACME)
    net = metrics[2]
    assert (net["numerator"], net["denominator"], net["n_accounts"], net["by"]) == (10_000, 15_000, 2, {})
    money = [row for row in metrics if not row["unit"].startswith("ratio")]
    assert all(isinstance(row["value"], int) for row in money)
    assert all(isinstance(row["n_accounts"], int) for row in metrics)


def test_undefined_is_null(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    found = document(capsys, "metrics", acme, "--as-of", "2024-06-30", "--json", "--metric", "net_retention")
    (row,) = found["metrics"]
    assert (row["value"], row["numerator"], row["denominator"]) == (None, 0, 0)


def test_metrics_cut_by_a_column(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    found = document(
        capsys, "metrics", acme, "--as-of", "2026-09-30", "--by", "segment", "--metric", "churn", "--json"
    )
    values = {row["by"]["segment"]: row["value"] for row in found["metrics"]}
    assert values.pop("SMB") == 0
    assert list(values.values()) == [5_000]


def test_metrics_for_people_name_their_convention(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    assert main(["metrics", str(acme), "--as-of", "2026-09-30"]) == 0
    text = capsys.readouterr().out
    assert "Acme & Co as of 2026-09-30, USD; retention and movements over 12 months from 2025-09-30" in text
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}
    assert lines["net_retention"] == ["66.67%", "100.00", "/", "150.00", "2", "ratio", "endpoint"]
    assert lines["logo_retention"][:4] == ["50.00%", "1", "/", "2"]
    assert lines["arr"] == ["1,200.00", "1", "USD", "ARR", "month", "end"]
    assert "net_retention: What the accounts of 12 months ago pay now, over what they paid then" in text


def test_metrics_before_anything_was_paid(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    assert main(["metrics", str(acme), "--as-of", "2024-06-30", "--metric", "net_retention"]) == 0
    assert "undefined" in capsys.readouterr().out


@pytest.mark.skipif(not (SHARED / "mrr_playbook").exists(), reason="needs ../shared/data/mrr_playbook")
def test_metrics_of_a_published_ledger(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """560/575, 460/575 and 10/11, as in the conventions' table for this ledger."""
    toml = (
        'name = "MRR playbook"\ncurrency = "USD"\n[tables.subscriptions]\nfile = "subscriptions.csv"\n'
        'columns = { account_id = "customer_id", mrr = "monthly_amount" }\nconstants = { currency = "USD" }\n'
    )
    ledger = (SHARED / "mrr_playbook" / "subscription_periods.csv").read_text()
    company = make_company(tmp_path / "playbook", toml=toml, ledger=ledger)
    rows = document(capsys, "metrics", company, "--as-of", "2019-11-01", "--json")["metrics"]
    found = {row["metric"]: (row["numerator"], row["denominator"]) for row in rows}
    assert found["net_retention"] == (56_000, 57_500)
    assert found["gross_retention"] == (46_000, 57_500)
    assert found["logo_retention"] == (10, 11)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            ["--as-of", "30.09.2026"],
            "argument --as-of: found '30.09.2026', expected a day such as 2026-09-30",
        ),
        ([], "the following arguments are required: --as-of"),
        (
            ["--as-of", "2026-09-30", "--metric", "nrr"],
            "metric: found 'nrr', expected one of arr, mrr, net_ret",
        ),
        (["--as-of", "2026-09-30", "--by", "colour"], "colour"),
        (["--as-of", "2026-09-30", "--window", "0"], "window: found 0"),
        (["--as-of", "2026-09-30", "--window", "x"], "argument --window"),
        (["--as-of", "2026-09-30", "--window", "99999"], "reaches back before the year 1"),
    ],
)
def test_wrong_arguments(capsys: pytest.CaptureFixture[str], acme: Path, argv: list[str], words: str) -> None:
    assert words in refused(capsys, "metrics", acme, "--json", *argv)


# --- bad data


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


# --- check, params, demo


def test_check_gives_the_account_of_the_data(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    assert main(["check", str(acme)]) == 0
    text = capsys.readouterr().out
    assert "Acme & Co as of 2026-02-01, in USD, prices quoted as MRR" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["subscriptions", "subscriptions.csv", "2", "2", "0", "0", "2024-01-01", "2026-02-01"] in lines


def test_check_tells_what_was_left_out(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    toml = 'name = "Acme"\ncurrency = "USD"\n[tables.subscriptions]\nbroken_rows = "reject"\n'
    (acme / "company.toml").write_text(toml)
    (acme / "subscriptions.csv").write_text(LEDGER + "C,2025-01-01,2024-01-01,10,USD\n")
    assert main(["check", str(acme), "--as-of", "2026-09-30"]) == 0
    text = capsys.readouterr().out
    assert "Left out:" in text
    assert "end before they start" in text


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


def test_demo_writes_companies_that_can_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    text = capsys.readouterr().out
    folders = [path.parent for path in (tmp_path / "demo").glob("*/company.toml")]
    assert len(folders) >= 3
    assert tmp_path / "demo" / "pontavia" in folders  # the example of --help
    assert all(str(folder) in text for folder in folders)
    assert main(["metrics", str(folders[0]), "--as-of", "2026-09-30"]) == 0


# --- run


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
    assert not (root / "out" / "2026Q3" / "broken").exists()


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


# --- the process


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


@pytest.mark.parametrize("command", ["demo", "check", "metrics", "run", "params"])
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
