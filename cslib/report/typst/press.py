"""Typst source and its files to PDF bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import typst

from cslib.report.typst.fonts import font_book
from cslib.report.typst.text import literal

__all__ = ["STANDARDS", "press", "unreadable", "without"]

STANDARDS: Final = ("a-2a", "ua-1")
_BROKEN: Final = "#let broken = ()"  # the template's first line


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


def unreadable(files: Mapping[str, bytes]) -> list[str]:
    """Names of the pictures that Typst cannot read."""
    return [name for name, data in files.items() if not _reads(name, data)]


def _reads(name: str, data: bytes) -> bool:
    try:
        press(f"#image({literal(name)})", {name: data}, timestamp=0, standards=())
    except typst.TypstError:
        return False
    return True


def without(source: str, names: Sequence[str]) -> str:
    """Source that shows a note in place of the pictures of these names."""
    listed = "".join(f"{literal(name)}, " for name in names)
    return source.replace(_BROKEN, f"#let broken = ({listed})", 1)
