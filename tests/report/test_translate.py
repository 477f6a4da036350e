"""A notebook in the language of its report."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cslib.report.parameters import ParameterError
from cslib.report.translate import translate


def test_english_stays_and_a_paragraph_without_translation_is_refused() -> None:
    notebook = new_notebook(cells=[new_markdown_cell("A paragraph of my own."), new_code_cell("1")])
    translate(notebook, {"locale": "en_GB"})
    translate(notebook, {})
    assert notebook.cells[0].source == "A paragraph of my own."
    with pytest.raises(
        ParameterError, match=r"locale: tr_TR: words/tr\.po has no translation of 'A paragraph of my own"
    ):
        translate(notebook, {"locale": "tr_TR"})
    with pytest.raises(ParameterError, match="found 'de_DE', expected a language of en, tr, zh, ar"):
        translate(notebook, {"locale": "de_DE"})


def test_headings_come_from_the_catalogue() -> None:
    notebook = new_notebook(cells=[new_markdown_cell("## Bottom line")])
    translate(notebook, {"locale": "ar"})
    assert notebook.cells[0].source.startswith("## ")
    assert "Bottom" not in notebook.cells[0].source
