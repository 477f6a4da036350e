"""`python -m benchmarks.foreign_notebooks`: notebooks that others wrote, to PDF; one line each and a total.

They come from the source distributions named below, each at the version that was tried, fetched with pip into
`benchmarks/results/notebooks`; nothing of them is in this repository. Notebooks that installed packages ship are
converted too. Strict means PDF/UA-1 and PDF/A-2a; fallback, a plain tagged PDF.

Options: `--offline` takes what was fetched before, `--only nbconvert` one source, `--keep FOLDER` writes the PDFs.
"""

from __future__ import annotations

import argparse
import logging
import re
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from cslib.report.typst.exporter import TypstPDFExporter

CACHE = Path(__file__).parent / "results" / "notebooks"
# Test suites of nbconvert, papermill and their family; then documentation with figures, tables, mathematics, widgets.
SOURCES = {
    "nbconvert": "7.17.2", "papermill": "2.7.0", "nbclient": "0.11.0", "nbformat": "5.11.1", "nbval": "0.11.0",
    "nbstripout": "0.9.1", "nbsphinx": "0.9.8", "seaborn": "0.13.2", "alphalens-reloaded": "0.5.1",
    "pyfolio-reloaded": "0.10.1", "mapclassify": "2.10.0", "inequality": "1.1.2", "giddy": "2.3.8",
    "pointpats": "2.5.5", "emcee": "3.1.6", "corner": "2.3.0", "tableone": "0.9.6", "great-tables": "1.1.0",
}  # fmt: skip


@dataclass(frozen=True)
class Notebook:
    """A notebook of another, and where its images lie."""

    source: str
    name: str
    path: Path


@dataclass(frozen=True)
class Result:
    """What became of it: skipped has the reason, which is never the exporter's."""

    pages: int = 0
    seconds: float = 0.0
    strict: bool = False
    warnings: tuple[str, ...] = ()
    skipped: str = ""
    pdf: bytes = b""


def fetch(name: str, version: str, cache: Path = CACHE) -> str:
    """Notebooks of a source distribution, with what lies beside them, into the cache; why not, if not."""
    target = cache / f"{name}-{version}"
    if target.is_dir():
        return ""
    archives = cache / "archives"
    asked = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--dest",
    ]
    got = subprocess.run(
        [*asked, str(archives), f"{name}=={version}"], capture_output=True, text=True, check=False
    )
    if got.returncode:
        return (got.stderr.strip().splitlines() or ["pip said nothing"])[-1]
    stem = f"{name}-{version}".replace("-", "_").lower()
    [archive] = [f for f in archives.glob("*.tar.gz") if f.name.replace("-", "_").lower().startswith(stem)]
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if re.search(r"\.(ipynb|png|jpe?g|gif|svg|webp)$", m.name)]
        tar.extractall(target, members=members, filter="data")
    return ""


def cached(cache: Path = CACHE, *, only: str = "") -> Iterator[Notebook]:
    """Notebooks of the source distributions that were fetched."""
    for name, version in SOURCES.items():
        folder = cache / f"{name}-{version}"
        if only in {"", name}:
            for path in sorted(folder.rglob("*.ipynb")):
                yield Notebook(f"{name} {version}", "/".join(path.relative_to(folder).parts[1:]), path)


def shipped() -> Iterator[Notebook]:
    """Notebooks that installed packages bring along."""
    site = Path(sysconfig.get_path("purelib"))
    for path in sorted(site.rglob("*.ipynb")):
        name, *rest = path.relative_to(site).parts
        yield Notebook(f"{name} (installed)", "/".join(rest), path)


def convert(notebook: Notebook) -> Result:
    """A notebook converted; whatever fails but the reading of the file is raised."""
    try:
        read = nbformat.read(notebook.path, as_version=4)
        nbformat.validate(read)
    except Exception as error:  # noqa: BLE001  nbformat's own, of many kinds
        why = str(error).splitlines()[0]
        return Result(skipped=f"no valid notebook, nbconvert refuses it in every format: {why}")
    listening = _Listening()
    exporter: Any = TypstPDFExporter(log=listening.logger)  # type: ignore[no-untyped-call]
    where = {"metadata": {"path": str(notebook.path.parent), "name": notebook.path.stem}}
    begun = time.perf_counter()
    pdf, _ = exporter.from_notebook_node(read, where)
    taken = time.perf_counter() - begun
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    return Result(pages, taken, b"pdfuaid:part" in pdf, tuple(listening.heard), pdf=bytes(pdf))


class _Listening(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.logger = logging.Logger("foreign")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


def main() -> int:
    """Fetch, convert, and say what came of it; 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    for name, version in SOURCES.items():
        if not asked.offline and asked.only in {"", name} and (why := fetch(name, version)):
            print(f"{name} {version}: not fetched: {why}")
    found = [*cached(only=asked.only), *(shipped() if not asked.only else ())]
    made, failed = [], 0
    print(f"{'pages':>5} {'ms':>6}  {'':8}  notebook")
    for notebook in found:
        label = f"{notebook.source}: {notebook.name}"
        try:
            result = convert(notebook)
        except Exception as error:  # noqa: BLE001  the line that this script is for
            failed += 1
            print(
                f"{'':5} {'':6}  {'FAILED':8}  {label}: {type(error).__name__}: {str(error)[:300]}",
                flush=True,
            )
            continue
        if result.skipped:
            print(f"{'':5} {'':6}  {'skipped':8}  {label}: {result.skipped}")
            continue
        made.append(result)
        kind = "strict" if result.strict else "fallback"
        said = "".join(f"\n{'':26}{warning[:160]}" for warning in result.warnings)
        print(f"{result.pages:5} {1000 * result.seconds:6.0f}  {kind:8}  {label}{said}", flush=True)
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{len(made):03}-{notebook.path.stem}.pdf").write_bytes(result.pdf)
    strict = sum(result.strict for result in made)
    print(
        f"{len(found)} notebooks: {strict} strict, {len(made) - strict} fallback, "
        f"{len(found) - len(made) - failed} skipped, {failed} failed; {sum(r.pages for r in made)} pages in "
        f"{sum(r.seconds for r in made):.1f} s"
    )
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
