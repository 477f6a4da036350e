"""The page of ``cslib check --html``: what is doubtful in the data, for those who can correct it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cslib.quality import Inspection

__all__ = ["quality_page", "write_page"]

_SECTIONS: Final = (
    ("left out", "What is left out of every figure?", "Rows that are left out"),
    ("wrong", "What cannot be right?", "Rows that contradict something"),
    ("look", "What deserves a look?", "Patterns to be looked at"),
    ("know", "What should be known before joining these tables?", "Joins that multiply rows"),
)


def quality_page(seen: Inspection) -> bytes:
    """One self-contained HTML page; text from data is escaped, and nothing on it runs."""
    import nbformat

    from cslib import story, styled
    from cslib.metrics.proof import proof
    from cslib.report.html import html_page

    cells: list[Any] = []

    def words(text: str) -> None:
        cells.append(nbformat.v4.new_markdown_cell(text))  # type: ignore[no-untyped-call]

    def table(sheet: styled.Sheet) -> None:
        data, about = sheet._repr_mimebundle_()
        output = nbformat.v4.new_output("display_data", data=data, metadata=about)  # type: ignore[no-untyped-call]
        cells.append(nbformat.v4.new_code_cell("", outputs=[output]))  # type: ignore[no-untyped-call]

    book = seen.book
    words("# Data quality")
    words(story.notes(*seen.summary(proof(book))).markdown)
    for severity, heading, title in _SECTIONS:
        part = seen.findings[seen.findings["severity"] == severity]
        if len(part):
            words(f"## {heading}")
            label = "tab-" + severity.replace(" ", "-")
            table(styled.doubts_table(part, currency=book.currency, title=title, label=label))
    if len(seen.examples):
        words("## Examples\n\nCells that may hold something about a person are withheld.")
        table(styled.examples_table(seen.examples, limit=200))
    if len(seen.passed):
        words("## What was looked for and not found?")
        table(styled.passed_table(seen.passed))
    words("## The account of the data")
    table(styled.account_of_data(book.account))
    words(story.notes(*book.notes).markdown)
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    notebook.metadata["cslib"] = {
        "title": f"Data quality: {book.name}", "company": book.name, "date": str(book.as_of), "lang": "en",
    }  # fmt: skip
    return html_page(notebook)


def write_page(seen: Inspection, path: Path) -> None:
    """Write the page, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(quality_page(seen))
