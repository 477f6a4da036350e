"""What is unchanged is left alone; for what is not, the reason is the change that was made, and no other."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cslib.report.fresh import reasons
from cslib.report.make import make
from cslib.report.plan import Task, Wish, plan
from cslib.report.run import How

from .conftest import LEDGER, PARAMETERS, make_company, make_notebook

WISH = {"top": 5}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that is done, with a lock file above its notebook; tests change copies of all of it."""
    root = tmp_path_factory.mktemp("fresh") / "home"
    make_company(root / "acme")
    make_notebook(root / "retention.ipynb", "print(top)", parameters=PARAMETERS + 'previous: str = ""\n')
    (root / "requirements.lock").write_text("pandas==3\n")
    assert make(task(root), How(warm=False)).error == ""
    return root


def task(root: Path, **given: object) -> Task:
    wish = Wish((root / "retention.ipynb",), (root / "acme",), ("2026Q3",), given or WISH)
    (one,) = plan([wish], out=root / "out")
    return one


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "home")


def edit(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def cell(number: int, text: str) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        notebook["cells"][number]["source"] = text

    return change


def test_nothing_changed(root: Path) -> None:
    """Another folder, other times of the files, outputs in the notebook, a file nobody reads: all no reason."""
    for path in root.rglob("*"):
        os.utime(path, (4e9, 4e9))
    os.utime(root / "out" / "2026Q3" / "acme" / "manifest.json", (1, 1))
    edit(root / "retention.ipynb", lambda nb: nb["cells"][2].update(execution_count=7))
    (root / "acme" / "notes of mine.csv").write_text("x")
    assert reasons(task(root)) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: (r / "acme" / "subscriptions.csv").write_text(LEDGER + "C,2026-01-01,,9,USD\n"),
         ["input: subscriptions.csv changed"]),
        (lambda r: (r / "acme" / "company.toml").write_text('name = "A"\ncurrency = "USD"\n'),
         ["input: company.toml changed"]),
        (lambda r: (r / "acme" / "accounts.csv").write_text("account_id\nA\n"), ["input: accounts.csv is new"]),
        (lambda r: (r / "acme" / "subscriptions.csv").unlink(), ["input: subscriptions.csv is gone"]),
        (lambda r: edit(r / "retention.ipynb", cell(2, "print(top + 1)")), ["notebook: its code changed"]),
        (lambda r: edit(r / "retention.ipynb", cell(0, "# Other")), ["notebook: its words changed"]),
        (lambda r: (r / "requirements.lock").write_text("pandas==4\n"), ["lock: the lock file changed"]),
        (lambda r: (r / "requirements.lock").unlink(), ["lock: the lock file changed"]),
        (lambda r: (r / "out/2026Q3/acme/retention.pdf").unlink(), ["output: retention.pdf is missing"]),
        (lambda r: (r / "out/2026Q3/acme/numbers.json").write_text("{}"),
         ["output: numbers.json was changed by hand"]),
        (lambda r: edit(r / "out/2026Q3/acme/manifest.json", lambda m: m.update(status="died")), ["last time: died"]),
        (lambda r: (r / "out/2026Q3/acme/manifest.json").unlink(), ["an earlier run was cut off"]),
        (lambda r: shutil.rmtree(r / "out"), ["not made yet"]),
        (lambda r: edit(r / "out/2026Q3/acme/manifest.json", lambda m: m.update(package_sha256="x")),
         ["code: cslib changed"]),
        (lambda r: edit(r / "out/2026Q3/acme/manifest.json", lambda m: m["versions"].update(pandas="0.1")),
         ["versions: pandas 0.1 to "]),
        (lambda r: (r / "acme" / "company.toml").write_text("name = "), ["the data cannot be read as they are: "]),
    ],
)  # fmt: skip
def test_the_reason_is_the_change(root: Path, change: Callable[[Path], object], why: list[str]) -> None:
    change(root)
    found = reasons(task(root))
    assert len(found) == 1
    assert found[0].startswith(why[0])


def test_parameters_that_differ_are_named_with_both_values(root: Path) -> None:
    assert reasons(task(root, top="6")) == ["parameter top: was 5, is 6"]
    assert reasons(task(root, top="5", tone="plain")) == []


def test_a_quarter_before_that_is_there_now_or_says_something_else_is_a_reason(root: Path) -> None:
    """Its bytes count, not when it was made."""
    before = replace(task(root), quarter="2026Q2", place="2026Q2/acme")
    how = How(warm=False)
    assert make(before, how).error == ""
    assert reasons(task(root)) == [
        "parameter previous: was '', is 'out/2026Q2/acme'",
        "input: 2026Q2/acme/manifest.json is new",
    ]
    assert make(task(root), how).error == ""
    manifest = before.folder / "manifest.json"
    edit(manifest, lambda m: m["run"].update(started="another day", seconds={}))
    assert reasons(task(root)) == []
    edit(manifest, lambda m: m["files"].update({"numbers.json": "other"}))
    assert reasons(task(root)) == ["input: 2026Q2/acme/manifest.json changed"]


def test_own_benchmarks_and_the_answer_of_a_query_are_inputs_too(tmp_path: Path) -> None:
    """A database changes without any file of the company's folder changing."""
    base = tmp_path / "book.db"
    with closing(sqlite3.connect(base)) as open_base, open_base:
        open_base.execute("create table s (account_id, start_date, end_date, mrr, currency)")
        open_base.execute("insert into s values ('A', '2024-01-01', null, '100', 'USD')")
    toml = (
        'name = "A"\ncurrency = "USD"\n[benchmarks]\nfiles = ["mine.csv"]\n'
        f'[connections.books]\nurl = "sqlite:///{base}"\n'
        '[tables.subscriptions]\nconnection = "books"\nquery = "select * from s"\n'
    )
    company = make_company(tmp_path / "acme", toml=toml)
    rows = (ROOT / "cslib" / "sources" / "benchmarks.csv").read_text().splitlines(keepends=True)
    (company / "mine.csv").write_text("".join(rows[:2]))
    make_notebook(tmp_path / "retention.ipynb", "print(1)")
    assert make(task(tmp_path), How(warm=False)).error == ""
    assert reasons(task(tmp_path)) == []
    with closing(sqlite3.connect(base)) as open_base, open_base:
        open_base.execute("update s set mrr = '101'")
    (company / "mine.csv").write_text("".join(rows[:3]))
    found = reasons(task(tmp_path))
    assert len(found) == 2
    assert "changed" in found[0]
    assert found[1] == "input: mine.csv changed"
