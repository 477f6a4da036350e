"""The door: nbconvert's exporters `typst` and `typstpdf`, and `pdf_bytes`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from nbconvert.exporters.exporter import Exporter
from traitlets import Bool, Enum, Int, List, Unicode, default

from cslib.report.typst.notebook import ExportError, Options, Source, typst_source
from cslib.report.typst.outputs import without_records
from cslib.report.typst.press import press, unreadable, without

__all__ = ["ExportError", "TypstExporter", "TypstPDFExporter", "pdf_bytes"]


class TypstExporter(Exporter):
    """Notebook to Typst source, with its images beside it."""

    export_from_notebook = "Typst"
    output_mimetype = "text/vnd.typst"

    show_code = Bool(
        None, allow_none=True, help="Print code cells; as a default not in reports of cslib, in others yes."
    ).tag(config=True)
    paper = Enum(
        ["a4", "us-letter"], None, allow_none=True, help="Paper; as a default what the notebook says, or A4."
    ).tag(config=True)
    contents = Bool(None, allow_none=True, help="Print a table of contents.").tag(config=True)
    max_rows = Int(400, min=1, help="Rows of a table that are printed.").tag(config=True)
    theme = Unicode(
        "", help="Typst file that changes colours, fonts, paper, confidentiality line, logo; trusted code."
    ).tag(config=True)
    font_paths = List(Unicode(), help="Folders with further fonts, for scripts the packaged ones lack.").tag(
        config=True
    )

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".typ"

    @default("optimistic_validation")
    def _optimistic_validation_default(self) -> bool:
        return True  # one look at the notebook after all preprocessors, not one after each

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Typst text, and its files under ``outputs`` of the resources."""
        copied, resources = super().from_notebook_node(without_records(nb), resources, **kw)
        folder = resources.get("output_files_dir", "")
        source = self._source(copied, resources, files=f"{folder}/" if folder else "")
        resources["outputs"] = {**(resources.get("outputs") or {}), **source.files}
        return source.text, resources

    def _preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """As nbconvert does, where there is anything to do: it copies the notebook for it, which was copied before."""
        if any(getattr(step, "enabled", True) for step in self._preprocessors):
            return super()._preprocess(nb, resources)  # type: ignore[no-untyped-call,no-any-return]
        return nb, resources

    def _source(self, notebook: Any, resources: Mapping[str, Any], *, files: str = "") -> Source:
        about = resources.get("metadata") or {}
        path = about.get("path")
        options = Options(
            show_code=self.show_code,
            paper=self.paper,
            contents=self.contents,
            max_rows=self.max_rows,
            folder=Path(path) if path is not None else None,
            theme=Path(self.theme) if self.theme else None,
            fonts=tuple(Path(folder) for folder in self.font_paths),
            files=files,
            name=str(about.get("name", "")),
        )
        source = typst_source(notebook, options=options)
        for warning in source.warnings:
            self.log.warning(warning)
        return source


class TypstPDFExporter(TypstExporter):
    """Notebook to PDF: tagged (PDF/UA-1), archival (PDF/A-2a), the same bytes on every run."""

    export_from_notebook = "PDF via Typst"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """PDF bytes; strict for reports of cslib, as strict as possible for other notebooks."""
        copied, resources = Exporter.from_notebook_node(self, without_records(nb), resources, **kw)
        source = self._source(copied, resources)
        try:
            pdf = press(source.text, source.files, timestamp=source.timestamp, fonts=source.fonts)
        except typst.TypstError as error:
            if source.strict:
                raise
            pdf = self._forgiven(source, error)
        return pdf, resources

    def _forgiven(self, source: Source, error: typst.TypstError) -> bytes:
        """PDF without the pictures that cannot be read, and if need be without the standards."""
        bad = unreadable(source.files)
        if bad:
            self.log.warning("not printed, because they cannot be read: %d images", len(bad))
        text = without(source.text, bad)
        try:
            if not bad:
                raise error
            return press(text, source.files, timestamp=source.timestamp, fonts=source.fonts)
        except typst.TypstError as still:
            self.log.warning("not PDF/UA-1 and PDF/A-2a: %s; a plain tagged PDF instead", still)
            return press(text, source.files, timestamp=source.timestamp, standards=(), fonts=source.fonts)


def pdf_bytes(notebook: Any, *, resources: Mapping[str, Any] | None = None, **traits: Any) -> bytes:
    """PDF of an executed notebook: tagged, archival, the same bytes for the same notebook.

    A process that has made one must not fork: the child would hang.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; its metadata ``cslib`` feeds title block, running head and foot, language and date.
    resources : mapping, optional
        As nbconvert passes them; ``{"metadata": {"path": folder}}`` says where images of Markdown cells lie.
    **traits
        Of `TypstPDFExporter`: show_code, paper, contents, max_rows, theme, font_paths.

    Raises
    ------
    ExportError
        When a figure of a report of ours has no alt text.
    typst.TypstError
        When a report of ours breaks PDF/UA-1 or PDF/A-2a.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> pdf_bytes(new_notebook(cells=[new_markdown_cell("# Hello")]))[:5]
    b'%PDF-'
    """
    exporter: Any = TypstPDFExporter(**traits)  # type: ignore[no-untyped-call]
    pdf, _ = exporter.from_notebook_node(notebook, dict(resources or {}))
    return bytes(pdf)
