"""A report made again from what it says it was made of, and compared: numbers, figures, bytes.

The notebook is the one in the folder, so that the code which made the report is the code that is verified; the data are
those that lie where they lay, or where the caller says. Nothing in the folder is changed.
"""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cslib.report.fresh import file_hash
from cslib.report.group import check_portfolio
from cslib.report.job import GIVEN, PREVIOUS, check_job, load_notebook
from cslib.report.manifest import RUN, package_sha256, read_manifest, versions
from cslib.report.parameters import ParameterError
from cslib.report.run import How, Laps, run_job
from cslib.report.save import MANIFEST
from cslib.report.subject import is_portfolio

__all__ = ["Verdict", "verify"]

_MARKS: Final = {"injected-parameters", "proof-failed", "not-begun"}
_PICTURES: Final = ("image/svg+xml", "image/png", "image/jpeg")
FEW: Final = 5


@dataclass(frozen=True)
class Verdict:
    """What differs between a report and the same made again.

    `touched` are files that are no longer as the run left them, `numbers`, `figures` and `files` what came out
    different, `moved` what it was made of that is different now, and may be why.
    """

    folder: Path
    touched: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    n_numbers: int = 0
    n_figures: int = 0
    n_files: int = 0
    error: str = ""
    same: bool = field(init=False)

    def __post_init__(self) -> None:
        differs = (self.touched, self.numbers, self.figures, self.files, self.error)
        object.__setattr__(self, "same", not any(differs))


def verify(folder: Path, *, companies: Sequence[Path] = (), how: How | None = None) -> Verdict:
    """Make the report in `folder` again, aside, and compare.

    Parameters
    ----------
    folder : Path
        One report, with its manifest and notebook.
    companies : sequence of Path
        Where its data lie, if no longer where they lay.
    how : How, optional
        Limits and kernels.

    Raises
    ------
    ParameterError
        When the folder holds no finished report, or its data are not found.
    TableError
        When the data cannot be used.
    """
    manifest = read_manifest(folder / MANIFEST)
    name = str(manifest.get("notebook", ""))
    if manifest.get("status") not in ("done", "proof failed") or not name:
        found = manifest.get("status", f"no {MANIFEST}")
        raise ParameterError(f"{folder}: found {found}, expected the folder of a finished report")
    touched = [f for f, recorded in manifest["files"].items() if file_hash(folder / f) != recorded]
    sources = _sources(folder, manifest, companies)
    old = load_notebook(folder / f"{name}.ipynb", outputs=True)
    given = _given(old, manifest, folder, sources)
    with tempfile.TemporaryDirectory(prefix="cslib-verify-") as temporary:
        place = Path(temporary)
        path = place / f"{name}.ipynb"
        path.write_text(json.dumps(_source(old)), encoding="utf-8")
        out = place / "out"
        quarter = str(manifest["quarter"])
        if is_portfolio(old):
            job = check_portfolio(path, companies=sources, quarter=quarter, out=out, given=given)
        else:
            job = check_job(path, company=sources[0], quarter=quarter, out=out, given=given)
        record = run_job(job, how or How(), out=out, laps=Laps())
        again = read_manifest(record.folder / MANIFEST)
        new = load_notebook(record.folder / f"{name}.ipynb", outputs=True)
        return Verdict(
            folder=folder,
            touched=tuple(touched),
            numbers=tuple(_numbers(folder, record.folder)),
            figures=tuple(_figures(old, new)),
            files=tuple(_files(manifest, again)),
            moved=tuple(_moved(manifest, again)),
            n_numbers=len(_records(folder)),
            n_figures=len(list(_pictures(old))),
            n_files=len(manifest["files"]),
            error="" if record.status == manifest["status"] else f"{record.status}. {record.error}",
        )


def _sources(folder: Path, manifest: Mapping[str, Any], companies: Sequence[Path]) -> list[Path]:
    found = list(companies) or [folder / place for place in manifest.get(RUN, {}).get("companies", [])]
    sources = [path.resolve() for path in found]
    lost = [path for path in sources if not path.is_dir()]
    if lost or not sources:
        where = lost[0] if lost else "nowhere"
        raise ParameterError(
            f"{folder}: its data lay in {where}, where they are not; say where, with --company"
        )
    return sources


def _injected(notebook: Any) -> list[str]:
    """Names that the run set."""
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            body = ast.parse(cell.source).body
            return [t.id for node in body if isinstance(node, ast.Assign) for t in node.targets
                    if isinstance(t, ast.Name)]  # fmt: skip
    return []


def _given(
    notebook: Any, manifest: Mapping[str, Any], folder: Path, sources: Sequence[Path]
) -> dict[str, object]:
    """Parameters that were given; the path to the quarter before as it is from where the data lie now."""
    values = manifest.get("parameters", {})
    given = {name: values[name] for name in _injected(notebook) if name in values and name not in GIVEN}
    if given.get(PREVIOUS):
        before = sources[0].parent / str(given[PREVIOUS])
        if not before.is_dir():
            raise ParameterError(f"{folder}: the run of the quarter before, {before}, is not there")
    return given


def _source(notebook: Any) -> dict[str, Any]:
    """The notebook as it was before it ran."""
    cells = []
    for cell in notebook.cells:
        if _MARKS & set(cell.metadata.get("tags", [])):
            continue
        kept = dict(cell)
        kept["metadata"] = {k: v for k, v in cell.metadata.items() if k != "papermill"}
        if cell.cell_type == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
    metadata = {"cslib": notebook.metadata.get("cslib", {})}
    minor = notebook.nbformat_minor
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells}


def _records(folder: Path) -> list[Mapping[str, Any]]:
    try:
        found = json.loads((folder / "numbers.json").read_bytes())["numbers"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return found if isinstance(found, list) else []


def _named(record: Mapping[str, Any]) -> str:
    by = ", ".join(f"{k}={v}" for k, v in (record.get("by") or {}).items())
    words = [record.get("metric"), record.get("convention"), record.get("end"), by]
    return " ".join(str(word) for word in words if word)


def _numbers(old: Path, new: Path) -> Iterator[str]:
    before, after = _records(old), _records(new)
    if len(before) != len(after):
        yield f"{len(before)} numbers were {len(after)} when made again"
    for one, two in zip(before, after, strict=False):
        if one != two:
            same = _named(one) == _named(two)
            is_now = two.get("value") if same else f"{_named(two)}: {two.get('value')}"
            yield f"{_named(one)}: {one.get('value')}, made again {is_now}"


def _pictures(notebook: Any) -> Iterator[tuple[str, str, str]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for mime in _PICTURES:
                if mime in output.get("data", {}):
                    picture = output["data"][mime]
                    caption = output.get("metadata", {}).get("cslib", {}).get("caption", "")
                    text = picture if isinstance(picture, str) else "".join(picture)
                    yield str(cell.id), str(caption), text


def _figures(old: Any, new: Any) -> Iterator[str]:
    before, after = list(_pictures(old)), list(_pictures(new))
    if len(before) != len(after):
        yield f"{len(before)} figures were {len(after)} when made again"
    for one, two in zip(before, after, strict=False):
        if one != two:
            yield f"cell {one[0]}: {one[1] or 'figure'}"


def _files(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = old["files"], new.get("files", {})
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            lacking = "" if name in before and name in after else " (in one of the two only)"
            yield f"{name}{lacking}"


def _moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What went in that is another now: the first place to look."""
    before, after = (
        {
            str(row["file"]): row["sha256"]
            for row in one.get("inputs", [])
            if not row["file"].endswith(MANIFEST)
        }
        for one in (old, new)
    )
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield f"input {name}"
    if old.get("package_sha256") != package_sha256():
        yield "cslib itself"
    was = old.get("versions", {})
    yield from (
        f"{name} {was.get(name)} to {now}" for name, now in versions().items() if was.get(name) != now
    )
