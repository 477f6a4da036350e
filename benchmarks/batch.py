"""`python -m benchmarks.batch`: reports per minute, by cslib warm, by cslib cold, by a plain loop.

Every company is a demo company of another seed, so that nothing is made twice. The plain loop is what a script does
without cslib: for each company papermill, then nbconvert to PDF, as two commands; its kernel and its conversion start
from nothing each time. Ways are run one after the other in this one run, on as many companies as asked for; the plain
loop may be given fewer, as it is a loop: its reports per minute do not depend on how many there are. What is not
installed is said and left out.

Options: `--companies 30`, `--plain 30`, `--notebook retention`, `--jobs 2`, `--demo FOLDER` where it is kept between
runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "batch"
TARGET = 8
QUARTER = "2026Q3"
OURS = "application/vnd.cslib."


def portfolio(folder: Path, wanted: int) -> list[Path]:
    """Demo companies, as many as wanted, made where they are missing."""
    seed = 1
    while len(found := sorted(path.parent for path in folder.glob("*/company.toml"))) < wanted:
        with tempfile.TemporaryDirectory() as temporary:
            run([sys.executable, "-m", "cslib.cli", "demo", "--out", temporary, "--seed", str(seed)], ROOT)
            for made in sorted(Path(temporary).glob("*/company.toml")):
                target = folder / f"{made.parent.name}-{seed}"
                if not target.exists():
                    shutil.copytree(made.parent, target)
        seed += 1
    return found[:wanted]


def run(command: Sequence[str], cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        list(command), cwd=cwd, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:6])} ... failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def ours(notebook: Path, companies: Sequence[Path], out: Path, jobs: int, *options: str) -> int:
    words = ["run", str(notebook), "--company", *map(str, companies), "--quarter", QUARTER]
    run([sys.executable, "-m", "cslib.cli", *words, "--out", str(out), "--jobs", str(jobs), *options], ROOT)
    return len(list(out.glob(f"{QUARTER}/*/*.pdf")))


def latex() -> list[str] | None:
    """Options for nbconvert's PDF through LaTeX; None where it is not installed."""
    if not shutil.which("xelatex") or not shutil.which("pandoc"):
        return None
    options = ["--to", "pdf", "--PDFExporter.exclude_input=True"]
    converter = shutil.which("rsvg-convert")
    if converter:
        options += [
            f"--SVG2PDFPreprocessor.inkscape={converter}",
            "--SVG2PDFPreprocessor.command=rsvg-convert -f pdf -o {to_filename} {from_filename}",
        ]
    elif not shutil.which("inkscape"):
        options.append("--SVG2PDFPreprocessor.enabled=False")
    return options


def plain(options: Sequence[str]) -> Callable[[Path, Sequence[Path], Path], int]:
    """The plain loop: papermill, then nbconvert, company by company."""

    def loop(notebook: Path, companies: Sequence[Path], out: Path) -> int:
        out.mkdir(parents=True)
        for company in companies:
            executed = out / f"{company.name}.ipynb"
            given = ["-p", "company", str(company), "-p", "quarter", QUARTER, "--no-progress-bar"]
            run([sys.executable, "-m", "papermill", str(notebook), str(executed), *given], ROOT)
            bare(executed)
            run([sys.executable, "-m", "nbconvert", *options, "--no-input", str(executed)], ROOT)
        return len(list(out.glob("*.pdf")))

    return loop


def bare(path: Path) -> None:
    """Leave out the outputs that are records for machines: LaTeX would run out of memory over them."""
    notebook = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        if cell.get("outputs"):
            cell.outputs = [o for o in cell.outputs if not any(m.startswith(OURS) for m in o.get("data", {}))]
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def measured(name: str, work: Callable[[], int], wanted: int) -> dict[str, float | str]:
    """Reports per minute by the clock on the wall, everything included that a command starts and waits for."""
    clock = time.perf_counter()
    made = work()
    seconds = time.perf_counter() - clock
    if made != wanted:
        raise SystemExit(f"{name}: {made} of {wanted} reports were made")
    rate = round(60 * wanted / seconds, 1)
    print(f"{name:32} {wanted:3} reports in {seconds:7.1f} s: {rate:6} a minute", flush=True)
    return {"way": name, "reports": wanted, "seconds": round(seconds, 1), "per_minute": rate}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    parser.add_argument("--companies", type=int, default=30)
    parser.add_argument("--plain", type=int, help="companies for the plain loop (default: as many)")
    parser.add_argument("--notebook", default="retention")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--demo", type=Path)
    asked = parser.parse_args()
    notebook = (ROOT / "notebooks" / f"{asked.notebook}.ipynb").resolve()
    with tempfile.TemporaryDirectory(prefix="cslib-bench-") as temporary:
        place = Path(temporary)
        demo = (asked.demo or place / "demo").resolve()
        demo.mkdir(parents=True, exist_ok=True)
        companies = portfolio(demo, asked.companies)
        few = companies[: asked.plain or len(companies)]
        print(f"{asked.notebook}, {len(companies)} companies, {asked.jobs} at a time, {os.cpu_count()} processors, "
              f"Python {platform.python_version()}")  # fmt: skip
        results = [
            measured(
                "cslib, warm kernels",
                lambda: ours(notebook, companies, place / "warm", asked.jobs),
                len(companies),
            ),
            measured(
                "cslib, cold kernels",
                lambda: ours(notebook, companies, place / "cold", asked.jobs, "--cold"),
                len(companies),
            ),
        ]
        options = latex()
        if options is None:
            print("papermill + nbconvert --to pdf: left out, as xelatex or pandoc is not installed")
        else:
            if "--SVG2PDFPreprocessor.enabled=False" in options:
                print(
                    "LaTeX leaves the figures out here (no rsvg-convert, no inkscape), which flatters the plain loop"
                )
            loop = plain(options)
            results.append(
                measured(
                    "papermill + nbconvert --to pdf", lambda: loop(notebook, few, place / "plain"), len(few)
                )
            )
            ratio = float(results[0]["per_minute"]) / float(results[-1]["per_minute"])
            print(f"cslib warm is {ratio:.1f} times the plain loop (wanted: {TARGET})")
        again = time.perf_counter()
        ours(notebook, companies, place / "warm", asked.jobs)
        print(f"the same {len(companies)} again, all unchanged: {time.perf_counter() - again:.1f} s")
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "results.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
