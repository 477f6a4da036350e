"""`python -m benchmarks.pdf`: retention reports to PDF, by our exporter, by nbconvert through LaTeX, by Chromium.

Every document is another company or quarter, converted once: Typst remembers what it has seen, and one document
repeated would flatter it. All exporters work in this one warm process, document by document in turn; one more report
warms them. Then whole processes, as a person starts them. What is not installed is said and left out.

Options: `--documents 8`, `--processes 3`, `--demo FOLDER` and `--reports FOLDER` where they are kept between runs.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter, PDFExporter
from traitlets.config import Config

from cslib.report.typst.exporter import TypstPDFExporter

RESULTS = Path(__file__).parent / "results" / "pdf"
QUARTERS = ("2026Q3", "2026Q2", "2026Q1", "2025Q4")
TARGETS = {"LaTeX": 12, "Chromium": 8}
HEADLESS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # it shall wait for no network
)  # fmt: skip

OURS = "application/vnd.cslib."
Route = Callable[[Path], int]  # a notebook to a PDF; how many bytes


def reports(demo: Path, out: Path, wanted: int) -> list[Path]:
    """Executed reports of the demo companies, as many as wanted, made where they are missing."""
    if not demo.is_dir():
        _run([sys.executable, "-m", "cslib.cli", "demo", "--out", str(demo)])
    companies = sorted(folder for folder in demo.iterdir() if (folder / "company.toml").is_file())
    for quarter in QUARTERS:
        found = sorted(out.glob("*/*/retention.ipynb"))
        if len(found) >= wanted:
            return found[:wanted]
        if not (out / quarter).is_dir():
            asked = [
                sys.executable,
                "-m",
                "cslib.cli",
                "run",
                "retention",
                "--quarter",
                quarter,
                "--out",
                str(out),
            ]
            _run([*asked, "--company", *map(str, companies)])
    return sorted(out.glob("*/*/retention.ipynb"))[:wanted]


def prepared(path: Path, folder: Path) -> Path:
    """The notebook without the outputs that are records for machines: LaTeX would run out of memory over them."""
    notebook = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        if outputs:
            cell.outputs = [o for o in outputs if not any(m.startswith(OURS) for m in o.get("data", {}))]
    target = folder / f"{'-'.join(path.parts[-3:-1])}.ipynb"
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]
    return target


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(list(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def routes() -> tuple[dict[str, Route], dict[str, Route], list[str]]:
    """Ways to a PDF in this process and as processes, with what each is made of."""
    typst: Any = TypstPDFExporter()  # type: ignore[no-untyped-call]
    jupyter = [sys.executable, "-m", "nbconvert", "--no-input"]
    warm: dict[str, Route] = {"cslib": lambda path: len(typst.from_filename(str(path))[0])}
    cold: dict[str, Route] = {
        "cslib": lambda path: _written([*jupyter, "--to", "typstpdf", str(path)], "--output-dir")
    }
    notes = [f"cslib: typst {importlib.metadata.version('typst')}, both standards, tagged"]
    if shutil.which("xelatex") and shutil.which("pandoc"):
        converter = shutil.which("rsvg-convert")
        config: Any = Config()
        config.PDFExporter.exclude_input = True
        options = ["--PDFExporter.exclude_input=True"]
        if converter:
            command = "rsvg-convert -f pdf -o {to_filename} {from_filename}"
            config.SVG2PDFPreprocessor.inkscape = converter
            config.SVG2PDFPreprocessor.command = command
            options += [
                f"--SVG2PDFPreprocessor.inkscape={converter}",
                f"--SVG2PDFPreprocessor.command={command}",
            ]
        elif not shutil.which("inkscape"):
            config.SVG2PDFPreprocessor.enabled = False
            options.append("--SVG2PDFPreprocessor.enabled=False")
            notes.append(
                "LaTeX: without rsvg-convert or inkscape it leaves the figures out, which flatters it"
            )
        latex: Any = PDFExporter(config=config)  # type: ignore[no-untyped-call]
        latex.log.setLevel(logging.CRITICAL)
        warm["LaTeX"] = lambda path: len(latex.from_filename(str(path))[0])
        cold["LaTeX"] = lambda path: _written([*jupyter, *options, "--to", "pdf", str(path)], "--output-dir")
        notes.append(f"LaTeX: nbconvert's PDFExporter, {_version('xelatex')}, {_version('pandoc')}")
    else:
        notes.append("LaTeX: left out, xelatex or pandoc is not installed")
    browser = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if browser:
        html: Any = HTMLExporter(exclude_input=True)  # type: ignore[no-untyped-call]
        warm["Chromium"] = lambda path: _printed(browser, html.from_filename(str(path))[0])
        cold["Chromium"] = lambda path: _exported(browser, [*jupyter, "--to", "html", str(path)])
        notes.append(
            f"Chromium: nbconvert's HTMLExporter, then {_version(browser)} headless, always a new process, no network;"
            " nbconvert's own webpdf prints the same page after waiting for half a second without requests"
        )
    else:
        notes.append("Chromium: left out, not installed")
    return warm, cold, notes


def _version(tool: str) -> str:
    return _run([tool, "--version"]).splitlines()[0].strip()


def _written(command: Sequence[str], into: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        _run([*command, into, folder])
        return next(Path(folder).glob("*.pdf")).stat().st_size


def _printed(browser: str, html: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        (page := Path(folder, "a.html")).write_text(html, "utf-8")
        return _by_browser(browser, page)


def _exported(browser: str, command: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        _run([*command, "--output-dir", folder])
        return _by_browser(browser, next(Path(folder).glob("*.html")))


def _by_browser(browser: str, page: Path) -> int:
    pdf = page.with_suffix(".pdf")
    _run(
        [
            browser,
            *HEADLESS,
            f"--user-data-dir={page.parent / 'profile'}",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ]
    )
    return pdf.stat().st_size


def measure(
    ways: Mapping[str, Route], documents: Sequence[Path]
) -> dict[str, list[tuple[float, float, int]]]:
    """Seconds, seconds of processor and bytes of every way for every document, one way after the other on each."""
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for path in documents:
        for name, way in ways.items():
            begun, worked = (
                time.perf_counter(),
                sum(os.times()[:4]),
            )  # of this process and those it waited for
            size = way(path)
            taken[name].append((time.perf_counter() - begun, sum(os.times()[:4]) - worked, size))
    return taken


def table(taken: Mapping[str, Sequence[tuple[float, float, int]]]) -> dict[str, float]:
    """Print medians and ratios to ours; return the ratios of the medians."""
    ours = statistics.median(seconds for seconds, _, _ in taken["cslib"])
    ratios = {}
    print(f"  {'':10} {'median ms':>9} {'least':>7} {'most':>7} {'KB':>6} {'ratio':>7} {'processor ms':>13}")
    for name, runs in taken.items():
        seconds = [s for s, _, _ in runs]
        ratios[name] = statistics.median(seconds) / ours
        worked = statistics.median(w for _, w, _ in runs)
        size = statistics.median(size for _, _, size in runs) / 1024
        print(
            f"  {name:10} {1000 * statistics.median(seconds):9.0f} {1000 * min(seconds):7.0f} "
            f"{1000 * max(seconds):7.0f} {size:6.0f} {ratios[name]:7.1f} {1000 * worked:13.0f}"
        )
    return ratios


def keep(
    taken: Mapping[str, Sequence[tuple[float, float, int]]], ratios: Mapping[str, float], notes: Sequence[str]
) -> None:
    """Leave the medians for the page of benchmarks."""
    made_of = dict(note.split(": ", 1) for note in notes)
    rows = [
        {
            "way": name,
            "made of": made_of[name].split(";")[0],
            "median_ms": 1000 * statistics.median(s for s, _, _ in runs),
            "processor_ms": 1000 * statistics.median(w for _, w, _ in runs),
            "kb": statistics.median(size for _, _, size in runs) / 1024,
            "ratio": ratios[name],
        }
        for name, runs in taken.items()
    ]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "results.json").write_text(json.dumps(rows, indent=2) + "\n")


def main() -> int:
    """Print what was compared, both tables, and whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=8)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--demo", type=Path, default=RESULTS / "demo")
    parser.add_argument("--reports", type=Path, default=RESULTS / "reports")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    copies = tempfile.TemporaryDirectory()
    found = reports(asked.demo, asked.reports, asked.documents + 1)
    first, *documents = [prepared(path, Path(copies.name)) for path in found]
    warm, cold, notes = routes()
    cells = statistics.median(len(nbformat.read(path, 4).cells) for path in documents)  # type: ignore[no-untyped-call]
    print(
        f"{len(documents)} different retention reports, {cells:g} cells each, code and records for machines left out"
    )
    print("\n".join(notes))
    measure(warm, [first])
    print("\none warm process, every document once, all ways in turn")
    taken = measure(warm, documents)
    ratios = table(taken)
    keep(taken, ratios, notes)
    if asked.processes:
        print(f"\na process for each of {min(asked.processes, len(documents))} documents")
        table(measure(cold, documents[: asked.processes]))
    for name, target in TARGETS.items():
        if name in ratios:
            verdict = "met" if ratios[name] >= target else "MISSED"
            print(f"{name}: {ratios[name]:.1f} times as long, target {target}: {verdict}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
