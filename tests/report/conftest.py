"""Small companies and notebooks for the runner. A kernel costs seconds, so finished runs are shared by a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from cslib.report.batch import run_batch
from cslib.report.plan import Wish, plan
from cslib.report.run import How, Record, run_report

LEDGER = """\
account_id,start_date,end_date,mrr,currency
A,2024-01-01,,100,USD
B,2025-01-01,2026-02-01,50,USD
"""
PARAMETERS = """\
from typing import Literal
company: str = "demo/acme"  # company folder
quarter: str = "2026Q3"  # fiscal quarter
tone: Literal["plain", "warm"] = "plain"  # voice of the text
top: int = 3  # accounts shown
"""
LOAD = """\
import datetime as dt
from cslib.book import Book
book = Book.load(company, as_of=dt.date(2026, 9, 30))
book.account.drop(columns="sha256")"""
RECORD = """\
from IPython.display import display
display({"application/vnd.cslib.numbers+json": {"numbers": [{"metric": "arr", "value": 120000}]}}, raw=True)"""
CHART = """\
import matplotlib.pyplot as plt
from IPython.display import SVG, display
import io
plt.rcParams["svg.hashsalt"] = "test"
figure, axes = plt.subplots()
axes.plot([1, 2])
plt.close(figure)
text = io.StringIO()
figure.savefig(text, format="svg", metadata={"Date": None})
display(SVG(text.getvalue()), metadata={"cslib": {"caption": "A <line>", "alt": "It rises"}})"""
LEAKS = """\
import os, sys, warnings
warnings.warn("careful")
print(object(), os.getcwd(), sys.prefix + "/lib", list({"b", "a", "c"}), tone, top)"""


def make_company(
    folder: Path, *, ledger: str = LEDGER, toml: str = 'name = "Acme & Co"\ncurrency = "USD"\n'
) -> Path:
    folder.mkdir(parents=True)
    (folder / "company.toml").write_text(toml, encoding="utf-8")
    (folder / "subscriptions.csv").write_text(ledger, encoding="utf-8")
    return folder


def make_notebook(path: Path, *sources: str, parameters: str = PARAMETERS, **metadata: Any) -> Path:
    """Notebook with a heading, the parameters and a code cell for every source."""
    v4 = nbformat.v4
    cells = [v4.new_markdown_cell("# How did *Acme* do?"), v4.new_code_cell(parameters)]
    cells[1].metadata["tags"] = ["parameters"]
    cells += [v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # nbformat draws them at random
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def run_all(
    notebook: Path | list[Path],
    *,
    companies: list[Path],
    quarter: str | list[str] = "2026Q3",
    out: Path,
    parameters: dict[str, object] | None = None,
    how: How | None = None,
    jobs: int | None = 1,
) -> list[Record]:
    """Records of a batch, in the order in which they came."""
    notebooks = (notebook,) if isinstance(notebook, Path) else tuple(notebook)
    quarters = (quarter,) if isinstance(quarter, str) else tuple(quarter)
    tasks = plan([Wish(notebooks, tuple(companies), quarters, parameters or {})], out=out)
    return list(run_batch(tasks, out=out, how=how, jobs=jobs))


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Record]:
    """The same report twice, in other folders and with other environments."""
    records = []
    for place, zone in (("here", "Asia/Tokyo"), ("there/and deeper", "America/New_York")):
        root = tmp_path_factory.mktemp("good") / place
        company = make_company(root / "acme")
        notebook = make_notebook(
            root / "retention.ipynb",
            LOAD,
            RECORD,
            CHART,
            LEAKS,
            cslib={"title": "{company}: {period}", "author": "CS"},
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", zone)
            patch.setenv("PYTHONHASHSEED", str(len(zone)))
            patch.setenv("MPLBACKEND", "agg")
            patch.chdir(root)
            records.append(
                run_report(
                    notebook, company=company, quarter="2026-Q3", out=root / "out", parameters={"top": "7"}
                )
            )
    return records[0], records[1]


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A report whose third cell divides by zero, run over an earlier one that was done."""
    root = tmp_path_factory.mktemp("broken")
    notebook = make_notebook(root / "retention.ipynb", "print('so far')", "1 / 0", "print('never')")
    company = make_company(root / "acme")
    folder = root / "out" / "2026Q3" / "acme"
    (folder / "rejected").mkdir(parents=True)
    for stale in ("retention.pdf", "numbers.json", "rejected/usage.csv", "notes of mine.txt"):
        (folder / stale).write_text("from an earlier run")
    return run_report(notebook, company=company, quarter="2026Q3", out=root / "out")


@pytest.fixture(scope="session")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A report whose second cell kills its kernel."""
    root = tmp_path_factory.mktemp("dead")
    notebook = make_notebook(root / "retention.ipynb", "import os\nos.kill(os.getpid(), 9)", "print('never')")
    return run_report(notebook, company=make_company(root / "acme"), quarter="2026Q3", out=root / "out")
