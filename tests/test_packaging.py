"""What is shipped: a wheel of the package only that runs in an empty environment, locks, clean notebooks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_is_the_package_with_its_notebooks_and_nothing_else(wheel: Path) -> None:
    names = {name for name in ZipFile(wheel).namelist() if not name.split("/")[0].endswith(".dist-info")}
    package = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "cslib").rglob("*")
        if file.is_file() and not {"__pycache__", ".ipynb_checkpoints", ".DS_Store"} & set(file.parts)
    }
    package |= {f"cslib/{path.relative_to(ROOT).as_posix()}" for path in NOTEBOOKS}
    spec = {name for name in names if name.endswith("data/share/jupyter/kernels/cslib/kernel.json")}
    assert len(spec) == 1  # what Jupyter finds the warm kernel by
    assert names - spec == package
    assert {"cslib/py.typed", "cslib/ledger.sql"} <= names


def test_the_wheel_names_its_command_exporters_and_licence(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        texts = {
            n.split("/", 1)[1]: archive.read(n).decode() for n in archive.namelist() if ".dist-info/" in n
        }
    assert "cslib = cslib.cli:main" in texts["entry_points.txt"]
    assert "typstpdf = cslib.report.typst" in texts["entry_points.txt"]
    assert "License-Expression: MIT" in texts["METADATA"]
    assert "licenses/LICENSE" in texts


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel and its locked dependencies, and an empty folder to work in."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    quiet = ["-q", "--no-compile", "--disable-pip-version-check", "--no-input"]
    pip: list[str | Path] = [python, "-m", "pip", "install", *quiet]
    locked = subprocess.run(
        [*pip, "--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements.lock"],
        capture_output=True,
        text=True,
        check=False,
    )
    if re.search(r"NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError", locked.stderr):
        pytest.skip(f"the package index cannot be reached: {locked.stderr.splitlines()[-1]}")
    assert locked.returncode == 0, locked.stderr
    run(*pip, "--no-deps", wheel)
    run(python, "-m", "pip", "check")
    (folder / "empty").mkdir()
    return folder


def alone(installed: Path, *command: str) -> str:
    """Run a command of the environment with nothing of this repository in sight."""
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    return run(installed / "env" / "bin" / command[0], *command[1:], cwd=installed / "empty", env=bare).stdout


@pytest.mark.slow
def test_the_installed_wheel_is_what_runs(installed: Path) -> None:
    where = alone(installed, "python", "-c", "import cslib, sys; print(cslib.__file__, *sys.path, sep='\\n')")
    first, *path = where.split("\n")
    assert Path(first).is_relative_to(installed / "env")
    assert not [entry for entry in path if entry and Path(entry).is_relative_to(ROOT)]


@pytest.fixture(scope="module")
def demo(installed: Path) -> str:
    """A company of the demo that the installed command made, by its path from where commands run."""
    alone(installed, "cslib", "demo", "--out", "demo")
    return f"demo/{min((installed / 'empty' / 'demo').glob('*/company.toml')).parent.name}"


@pytest.mark.slow
def test_the_installed_command_makes_a_demo_and_its_metrics(installed: Path, demo: str) -> None:
    assert "metrics" in alone(installed, "cslib", "--help")
    printed = alone(installed, "cslib", "metrics", demo, "--as-of", "2026-09-30", "--json")
    document = json.loads(printed)
    assert document["as_of"] == "2026-09-30"
    assert {"arr", "net_retention", "gross_retention"} <= {row["metric"] for row in document["metrics"]}


@pytest.mark.slow
def test_the_installed_command_makes_a_report_without_a_notebook_in_sight(installed: Path, demo: str) -> None:
    """By the name of the report alone; the company in the notebook leads nowhere, and the run gives another."""
    out = alone(installed, "cslib", "run", "retention", "--company", demo, "--quarter", "2026Q3")
    pdf = Path("reports/2026Q3", Path(demo).name, "retention.pdf")
    assert str(pdf) in out and (installed / "empty" / pdf).is_file()
    planned = alone(
        installed, "cslib", "plan", "all", "--company", "demo", "--quarter", "2026Q3"
    ).splitlines()
    assert len(planned) == 3 * (len(NOTEBOOKS) - 1) + 1  # of three companies, and one of the portfolio


# --- the locks


def locked(name: str) -> dict[str, set[str]]:
    """Package -> its pinned versions (more than one where Python versions differ)."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.M):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
    assert len(entries) > 50
    assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert not re.search(r"://|--(index|extra-index|find-links|trusted)|^-[if] ", text, re.M)
    assert "make lock" in text.splitlines()[1]


@pytest.mark.parametrize(("name", "extras"), [(LOCKS[0], {""}), (LOCKS[1], {"", "lab", "dev"})])
def test_a_lock_satisfies_pyproject(name: str, extras: set[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    wanted += [line for extra in extras - {""} for line in project["project"]["optional-dependencies"][extra]]
    pins = locked(name)
    for line in wanted:
        need = Requirement(line)
        versions = pins.get(canonicalize_name(need.name), set())
        assert versions, f"{name} lacks {line}: run `make lock`"
        assert all(need.specifier.contains(v, prereleases=True) for v in versions), (
            f"{name}: {line}, found {versions}"
        )


def test_the_dev_lock_holds_the_runtime_lock() -> None:
    runtime, dev = (locked(name) for name in LOCKS)
    assert {name: versions for name, versions in dev.items() if name in runtime} == runtime


# --- committed notebooks: outputs are kept, for readers and for nbval, but nothing of the machine or the hour


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_committed_notebook_is_run_whole_and_clean(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), (
        "restart and run all cells"
    )
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] in {"error", "stream"}]
    assert not [
        key for cell in code for key in cell["metadata"] if key in {"execution", "papermill", "collapsed"}
    ]
    assert "papermill" not in notebook["metadata"]
    assert path.stat().st_size < 1_000_000


def test_notebooks_are_found() -> None:
    assert NOTEBOOKS, "no notebook in notebooks/"
