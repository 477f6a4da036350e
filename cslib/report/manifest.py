"""What a run used and what became of it.

A manifest is the same whenever the inputs are, but for its last part, `run`: when it was, how long it took, how often
it was tried. :func:`steady_sha256` is the hash without that part.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final

import cslib
from cslib.book import Book

__all__ = [
    "RUN",
    "code_sha256",
    "git_state",
    "inputs",
    "lock_file",
    "lock_sha256",
    "meanings",
    "notebook_sha256",
    "package_sha256",
    "read_manifest",
    "sha256",
    "steady_sha256",
    "versions",
]

RUN: Final = "run"
LOCKS: Final = ("requirements.lock", "uv.lock", "pylock.toml", "poetry.lock", "pdm.lock")
_SEEN: Final = ("tags", "cslib", "slideshow", "jupyter")  # metadata of a cell that an exporter heeds


def sha256(content: bytes) -> str:
    """Hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _source(cell: Any) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def code_sha256(notebook: Any) -> str:
    """Hash of the code cells in their order; prose and outputs do not change what a notebook computes."""
    digest = hashlib.sha256()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            digest.update(_source(cell).encode() + b"\x1e")
    return digest.hexdigest()


def notebook_sha256(notebook: Any) -> str:
    """Hash of everything in a notebook that its report shows: code, prose, tags, captions. Outputs are not in it."""
    cells = [
        [
            cell["cell_type"],
            _source(cell),
            {name: cell["metadata"][name] for name in _SEEN if name in cell["metadata"]},
        ]
        for cell in notebook["cells"]
    ]
    shown = [notebook["metadata"].get("cslib", {}), cells]
    return sha256(json.dumps(shown, sort_keys=True, ensure_ascii=False).encode())


def inputs(book: Book) -> list[dict[str, str]]:
    """Every file the book was read from, with its table and hash; first the company.toml."""
    assert book.folder is not None
    toml = ["", "company.toml", sha256((book.folder / "company.toml").read_bytes())]
    files: list[list[str]] = book.account[["table", "file", "sha256"]].astype("str").to_numpy().tolist()
    own = (["benchmarks", file, sha256] for file, sha256 in book.peers.files)
    return [dict(zip(("table", "file", "sha256"), row, strict=True)) for row in (toml, *sorted(files), *own)]


def meanings(book: Book) -> dict[str, Any]:
    """What the company says its numbers mean: its default convention, its own ones, and settings off their default."""
    own = {f"{c.metric}: {c.name}": repr(c) for c in book.conventions}
    return {"conventions": {"default": book.convention, **own}, "settings": list(book.settings.departures())}


def versions() -> dict[str, str]:
    """Versions of cslib, Python and every package that cslib declares it stands on."""
    return dict(_versions())


@cache
def _versions() -> Mapping[str, str]:
    found: Mapping[str, str] = {"cslib": cslib.__version__, "python": platform.python_version()}
    return {**found, **_packages()}


def _packages() -> dict[str, str]:
    declared = [line for line in requires("cslib") or [] if "extra ==" not in line]
    names = sorted(match[0] for line in declared if (match := re.match(r"[\w.-]+", line)))
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@cache
def package_sha256() -> str:
    """Hash of every file of the installed cslib: code, SQL, templates, fonts. A release number says less.

    Notebooks that are shipped with it have hashes of their own, each in its reports.
    """
    home = Path(cslib.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        inside = path.relative_to(home).parts
        if path.is_file() and inside[0] != "notebooks" and "__pycache__" not in inside:
            digest.update(path.relative_to(home).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def lock_file(notebook: Path) -> Path | None:
    """Lock file that governs a notebook: the first in its folder or one above it; None where there is none."""
    for folder in notebook.resolve().parents:
        for name in LOCKS:
            if (folder / name).is_file():
                return folder / name
        if (folder / ".git").exists():
            return None
    return None


def lock_sha256(notebook: Path) -> str | None:
    """Hash of the lock file that governs a notebook; None where there is none."""
    found = lock_file(notebook)
    return sha256(found.read_bytes()) if found else None


def git_state(notebook: Path) -> dict[str, Any] | None:
    """Commit of the repository that holds a notebook, and whether files differ from it; None outside of one.

    A repository that only happens to hold the environment cslib is installed in, and ignores it, says nothing of it.
    """
    folder = notebook.resolve().parent
    commit, own = (
        _git(folder, "rev-parse", "HEAD"),
        _git(folder, "status", "--porcelain", "--", notebook.name),
    )
    if not commit or not (own or _git(folder, "ls-files", "--", notebook.name)):
        return None
    return {"commit": commit, "dirty": bool(own or _git(folder, "status", "--porcelain", "-uno"))}


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def read_manifest(path: Path) -> dict[str, Any]:
    """Manifest at `path`; empty where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def steady_sha256(path: Path) -> str:
    """Hash of the manifest at `path` without what differs from run to run.

    Two runs with the same inputs have the same, whenever and wherever they were.
    """
    steady = {name: value for name, value in read_manifest(path).items() if name not in {RUN, "git"}}
    return sha256(json.dumps(steady, sort_keys=True, ensure_ascii=False).encode())
