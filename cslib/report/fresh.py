"""Whether a report still is what a run would make of it; where not, why. Only hashes decide, never a time of a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from cslib.report.group import aim_portfolio
from cslib.report.job import Aim, aim_company
from cslib.report.manifest import (
    code_sha256,
    lock_sha256,
    notebook_sha256,
    package_sha256,
    read_manifest,
    versions,
)
from cslib.report.outputs import as_json
from cslib.report.plan import Task
from cslib.report.save import MANIFEST, slug
from cslib.sources.company import TableConfig, load_config
from cslib.sources.files import raw_table
from cslib.sources.read import SUFFIXES
from cslib.sources.toml import FILE
from cslib.sources.warehouse import open_warehouse
from cslib.tables import TABLES

__all__ = ["Hash", "aim_of", "file_hash", "reasons", "remembering"]

Hash = Callable[[Path], str]
_ABSENT: Final = "absent"


def file_hash(path: Path) -> str:
    """Hash of a file; a word that is none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return _ABSENT


def aim_of(task: Task) -> Aim:
    """What a task would make; errors as those of a run, but for the data's."""
    path, out, given = task.notebook, task.out, task.parameters
    if task.portfolio:
        return aim_portfolio(path, companies=task.companies, quarter=task.quarter, out=out, given=given)
    return aim_company(path, company=task.companies[0], quarter=task.quarter, out=out, given=given)


def reasons(task: Task, *, hashed: Hash = file_hash) -> list[str]:
    """Why the report of `task` has to be made; empty when a run would leave the very files that lie there.

    Parameters
    ----------
    task : Task
        One report of a plan.
    hashed : callable
        Hash of a file; a caller with many tasks passes one that remembers.
    """
    manifest = read_manifest(task.folder / MANIFEST)
    if not manifest:
        begun = any(task.folder.glob(f"{slug(task.notebook.stem)}.*")) or any(task.folder.glob(".part-*"))
        return ["an earlier run was cut off"] if begun else ["not made yet"]
    if manifest.get("status") != "done":
        return [f"last time: {manifest.get('status')}"]
    try:
        aim = aim_of(task)
    except ValueError as error:
        return [f"the data cannot be read as they are: {str(error).splitlines()[0]}"]
    return [
        *_notebook(aim, manifest),
        *_parameters(aim, manifest),
        *_inputs(aim, manifest, hashed),
        *_code(task, manifest),
        *_outputs(task, manifest, hashed),
    ]


def _notebook(aim: Aim, manifest: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("notebook") != aim.name:
        yield f"notebook: {manifest.get('notebook')} lies there"
    elif manifest.get("code_sha256") != code_sha256(aim.notebook):
        yield "notebook: its code changed"
    elif manifest.get("notebook_sha256") != notebook_sha256(aim.notebook):
        yield "notebook: its words changed"


def _parameters(aim: Aim, manifest: Mapping[str, Any]) -> Iterator[str]:
    old, new = manifest.get("parameters", {}), json.loads(as_json(aim.parameters))
    for name in dict.fromkeys([*new, *old]):
        if old.get(name) != new.get(name):
            yield f"parameter {name}: was {old.get(name)!r}, is {new.get(name)!r}"


def _inputs(aim: Aim, manifest: Mapping[str, Any], hashed: Hash) -> Iterator[str]:
    old = {str(row["file"]): str(row["sha256"]) for row in manifest.get("inputs", [])}
    unread = {str(row["company"]) for row in manifest.get("unread", [])}
    new = {row["file"]: row["sha256"] for row in (*aim.dress.files, *aim.earlier)}
    several = "companies" in aim.parameters
    for source in aim.sources:
        place = f"{slug(source.resolve().name)}/" if several else ""
        every = several and source.resolve().name in unread
        used = _all_files(source, hashed) if every else _used(source, hashed, aim.end)
        new |= {place + label: found for label, found in used.items()}
    for name in dict.fromkeys([*new, *old]):
        if name not in new or new[name] == _ABSENT:
            yield f"input: {name} is gone"
        elif name not in old:
            yield f"input: {name} is new"
        elif old[name] != new[name]:
            yield f"input: {name} changed"


def _all_files(source: Path, hashed: Hash) -> dict[str, str]:
    return {path.name: hashed(path) for path in sorted(source.glob("*")) if path.is_file()}


def _used(source: Path, hashed: Hash, end: date) -> dict[str, str]:
    """Hashes of what a book would be read from, by the names that the account of its data gives them.

    A query is asked again, as only its answer tells whether it is another one; of a ledger that stays in its database
    one row an account comes back.
    """
    found = {FILE: hashed(source / FILE)}
    try:
        config = load_config(source)
        if config.engine:
            account = open_warehouse(config, as_of=end).standing.account
            found |= dict(zip(account["file"], account["sha256"], strict=True))
            return found | {file: hashed(source / file) for file in config.benchmarks.files}
        there = [path for path in source.iterdir() if path.suffix.lower() in SUFFIXES]
        for name, table in TABLES.items():
            entry = config.tables.get(name, TableConfig())
            if entry.query:
                found |= {raw.file: raw.sha256 for raw in raw_table(source, table, entry, config)}
            elif entry.files:
                labels = {
                    file if not Path(file).is_absolute() else Path(file).name: file for file in entry.files
                }
                found |= {label: hashed(source / file) for label, file in labels.items()}
            else:
                found |= {path.name: hashed(path) for path in there if path.stem == name}
    except (ValueError, OSError):
        return found
    return found | {file: hashed(source / file) for file in config.benchmarks.files}


def _code(task: Task, manifest: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("package_sha256") != package_sha256():
        yield "code: cslib changed"
    if manifest.get("lock_sha256") != lock_sha256(task.notebook):
        yield "lock: the lock file changed"
    old, new = manifest.get("versions", {}), versions()
    moved = [f"{name} {old.get(name)} to {new.get(name)}" for name in new if old.get(name) != new[name]]
    if moved:
        yield f"versions: {', '.join(moved)}"


def _outputs(task: Task, manifest: Mapping[str, Any], hashed: Hash) -> Iterator[str]:
    for name, recorded in manifest.get("files", {}).items():
        found = hashed(task.folder / name)
        if found != recorded:
            yield f"output: {name} is missing" if found == _ABSENT else f"output: {name} was changed by hand"


def remembering() -> Hash:
    """Hash of files that reads each of them once."""
    known: dict[Path, str] = {}

    def hashed(path: Path) -> str:
        if path not in known:
            known[path] = file_hash(path)
        return known[path]

    return hashed
