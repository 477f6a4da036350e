"""Typst source and its files to PDF bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import typst

from cslib.report.typst.fonts import font_book

__all__ = ["STANDARDS", "press"]

STANDARDS: Final = ("a-2a", "ua-1")


def press(
    source: str,
    files: Mapping[str, bytes],
    *,
    timestamp: int,
    standards: Sequence[str] = STANDARDS,
    fonts: tuple[Path, ...] = (),
) -> bytes:
    """PDF of a source that may read `files` and nothing else, the same bytes for the same input.

    Raises
    ------
    typst.TypstError
        When the source does not compile, or breaks one of the `standards`.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        compiler = typst.Compiler(
            source.encode(), root=folder, font_paths=font_book(fonts), ignore_system_fonts=True
        )
        pdf = compiler.compile(format="pdf", pdf_standards=list(standards), timestamp=timestamp)  # type: ignore[arg-type]
    assert isinstance(pdf, bytes)
    return pdf
