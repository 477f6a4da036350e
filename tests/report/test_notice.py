"""The page in place of a PDF: one page, in words for a manager, whatever the error says."""

from __future__ import annotations

import io

import nbformat
import pikepdf
import pytest

from cslib.report.failure import Failure
from cslib.report.notice import about_data, about_run, notice_page

ABOUT = {"title": "Acme: retention, Q3 2026", "lang": "en", "company": "Acme", "date": "2026-09-30"}


def notebook() -> nbformat.NotebookNode:
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell("# Report"),
        v4.new_code_cell("1"),
        v4.new_markdown_cell("text\n## Bottom line"),
        v4.new_code_cell("2"),
        v4.new_code_cell("3"),
    ]
    return v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("failure", "where", "why"),
    [
        (
            Failure("cell", 4, "ZeroDivisionError", "division by zero"),
            "It stopped at step 2 of 3, in the part “Bottom line”.",
            "A step of the calculation ended with an error.",
        ),
        (
            Failure("cell", 2, "SyntaxError", "invalid syntax"),
            "step 1 of 3, in the part “Report”",
            "not written",
        ),
        (Failure("cell", 2, "AssertionError", ""), "step 1 of 3", "A check that the report makes of itself"),
        (Failure("cell", 2, "TableError", "row 4"), "step 1 of 3", "The company's data could not be used."),
        (
            Failure("kernel", 4, "DeadKernelError", "x"),
            "step 2 of 3",
            "no memory left. It was tried 2 times.",
        ),
        (Failure("kernel", 4, "CellTimeoutError", "x"), "step 2 of 3", "longer than it was allowed"),
        (Failure("kernel", 4, "MemoryLimitError", "x"), "step 2 of 3", "more memory than it was allowed"),
        (
            Failure("kernel", 0, "RuntimeError", "x"),
            "before its first step",
            "could not be started on this machine",
        ),
        (Failure("file", 0, "ValueError", "x"), "All 3 steps ran", "could not be turned into pages"),
    ],
)
def test_it_says_where_and_why_without_jargon(failure: Failure, where: str, why: str) -> None:
    notice = about_run(failure, notebook(), tries=2 if failure.passing else 1)
    assert where in notice.where
    assert why in notice.why
    for word in (failure.name, "kernel", "exception", "Traceback"):
        assert word not in notice.where + notice.why + notice.remedy
    assert notice.detail == str(failure)


@pytest.mark.parametrize(
    "words", ["row 4", "x" * 20_000, "a\n" * 3000, "#1 *<b> $x$ `\\ ]]> \x00 {{7*7}}", ""]
)
def test_it_is_one_page_whatever_the_error_says(words: str) -> None:
    made = notice_page(about_data(words), about=ABOUT, beside=["retention.ipynb"])
    with pikepdf.open(io.BytesIO(made)) as document:
        assert len(document.pages) == 1
        assert str(document.docinfo["/Title"]) == ABOUT["title"]


def test_the_same_failure_gives_the_same_bytes() -> None:
    pages = {notice_page(about_data("row 4"), about=ABOUT, beside=[]) for _ in range(2)}
    assert len(pages) == 1
