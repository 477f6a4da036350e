"""The page that takes the place of a PDF when a report did not get finished: what failed, for a manager to read.

It replaces the PDF of an earlier run. A finished report beside a failed one would be taken for its result; what it was
made from is hashed in its manifest, and the same inputs give the same bytes again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cslib.report.failure import Failure

__all__ = ["UNFINISHED", "Notice", "about_data", "about_run", "notice_page"]

UNFINISHED: Final = "This report is not finished and must not be used."
_SPECIAL: Final = re.compile(r"([!-/:-@\[-`{-~])")
_LONGEST: Final = 1500  # characters, and lines, that fit on the page
_LINES: Final = 20


@dataclass(frozen=True)
class Notice:
    """What a manager needs to know: where it stopped, why, who can put it right. `detail` is for those who do."""

    where: str
    why: str
    remedy: str
    detail: str


def _heading(notebook: Any, cell: int) -> str:
    """Last heading before a cell, counted from 1."""
    found = ""
    for one in notebook.cells[:cell]:
        if one.cell_type == "markdown":
            heads = re.findall(r"^#{1,6} +(.+)$", one.source, re.M)
            found = heads[-1].strip() if heads else found
    return found


def about_run(failure: Failure, notebook: Any, *, tries: int = 1) -> Notice:
    """Notice of a run that a cell, its kernel or a file brought down.

    Parameters
    ----------
    failure : Failure
        What the engine or the exporter said.
    notebook : NotebookNode
        As far as it was executed.
    tries : int
        How often it was run.
    """
    steps = sum(cell.cell_type == "code" for cell in notebook.cells)
    step = sum(cell.cell_type == "code" for cell in notebook.cells[: failure.cell])
    heading = _heading(notebook, failure.cell)
    part = f", in the part “{heading}”" if heading else ""
    where = (
        f"It stopped at step {step} of {steps}{part}."
        if failure.cell
        else "It stopped before its first step."
    )
    if failure.kind == "file":
        where = f"All {steps} steps ran; it stopped while its pages were made."
    again = f" It was tried {tries} times." if tries > 1 else ""
    why, remedy = _reason(failure)
    return Notice(where, why + again, remedy, str(failure))


_KEEPER: Final = (
    "The person who looks after this notebook can put it right; the last lines of this page say where."
)
_SUPPLIER: Final = (
    "Whoever supplies the data can put it right; the last lines of this page say what and where."
)
_MACHINE: Final = "Whoever runs the machine can put it right"
_OF_A_CELL: Final[Mapping[str, tuple[str, str]]] = {
    "TableError": ("The company's data could not be used.", _SUPPLIER),
    "SyntaxError": ("A step is not written as it must be, so it could not be started.", _KEEPER),
    "IndentationError": ("A step is not written as it must be, so it could not be started.", _KEEPER),
    "AssertionError": ("A check that the report makes of itself did not hold.", _KEEPER),
}


def _reason(failure: Failure) -> tuple[str, str]:
    if failure.kind == "file":
        return "The results could not be turned into pages.", _KEEPER
    if failure.fate == "timed out":
        return (
            "It took longer than it was allowed, so it was ended.",
            "Allow more time (--timeout), or have the person who looks after the notebook find what is slow.",
        )
    if failure.fate == "out of memory":
        return (
            "It needed more memory than it was allowed.",
            "Allow more memory (--memory), or have the person who looks after the notebook find what is large.",
        )
    if failure.kind == "cell":
        return _OF_A_CELL.get(failure.name, ("A step of the calculation ended with an error.", _KEEPER))
    if not failure.cell:
        return "The calculation could not be started on this machine.", f"{_MACHINE}."
    return (
        "The calculation was ended from outside; most often the machine had no memory left.",
        f"{_MACHINE}: run fewer reports at once (--jobs), or give it more memory.",
    )


def about_data(words: str) -> Notice:
    """Notice of a run that did not begin, because the company's data cannot be used."""
    return Notice("It was not begun.", "The company's data could not be used.", _SUPPLIER, words)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is.

    >>> _plain("a_b <c>")
    'a\\\\_b \\\\<c\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def notice_page(notice: Notice, *, about: Mapping[str, Any], beside: Sequence[str]) -> bytes:
    """PDF of one page that says what failed.

    Parameters
    ----------
    notice : Notice
        In words of a manager.
    about : mapping
        Metadata of the report: title, company, period, date, language.
    beside : sequence of str
        What lies beside the page: the notebook as far as it ran, if it did.
    """
    import nbformat

    from cslib.report.typst.exporter import pdf_bytes

    there = f"`{beside[0]}` beside this page shows every step up to there. " if beside else ""
    prose = f"""\
**What to do.** {_plain(notice.remedy)}

**What lies here.** {there}If a finished report of an earlier run lay here, it was taken away: it was made from
other data or another state of the notebook, and would be taken for the result. The same data give it again."""
    v4: Any = nbformat.v4
    detail = "\n".join(notice.detail[:_LONGEST].splitlines()[:_LINES])
    detail += " …" if detail != notice.detail else ""
    verdict = v4.new_output("error", ename=UNFINISHED, evalue="", traceback=[f"{notice.where} {notice.why}"])
    words = v4.new_output("stream", name="stdout", text=detail)
    cells = [
        v4.new_markdown_cell(f"# {_plain(str(about.get('title', 'Report')))}", id="title"),
        v4.new_code_cell("", id="verdict", outputs=[verdict]),
        v4.new_markdown_cell(prose, id="words"),
        v4.new_markdown_cell("## For those who put it right", id="for-whom"),
        v4.new_code_cell("", id="detail", outputs=[words]),
    ]
    return pdf_bytes(v4.new_notebook(cells=cells, metadata={"cslib": dict(about)}))
