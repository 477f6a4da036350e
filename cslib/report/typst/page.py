"""What is decided about a document, and what its cells share while they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cslib.report.typst.fonts import USUAL, covering, needed
from cslib.report.typst.markdown import Book
from cslib.report.typst.text import printable, visible

__all__ = ["ExportError", "Options", "Page", "chosen"]


class ExportError(ValueError):
    """A notebook of ours breaks a rule that the reader's PDF depends on."""


@dataclass(frozen=True)
class Options:
    """What the caller may decide; None follows the notebook."""

    show_code: bool | None = None
    paper: str | None = None
    contents: bool | None = None
    max_rows: int = 400
    folder: Path | None = None  # where images that cells name are looked for
    theme: Path | None = None  # Typst file that changes colours, fonts, paper, logo
    fonts: tuple[Path, ...] = ()
    name: str = ""  # title of a notebook that has none
    files: str = ""  # prefix of the files' names in the source


@dataclass
class Page:
    """The document in the making."""

    about: Mapping[str, Any]
    ours: bool
    language: str
    options: Options
    files: dict[str, bytes] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)  # characters no font has
    fonts: tuple[Path, ...] = ()  # folders beside the packaged ones, as far as a text needed them
    cell: Any = None
    at: int = 0
    captions: Counter[str] = field(default_factory=Counter)  # of figures and of tables so far
    book: Book = field(init=False)

    @property
    def where(self) -> str:
        """The cell being read, as an error names it."""
        name = self.cell.get("id", "") if self.cell is not None else ""
        return f"cell {self.at}" + (f" ({name})" if name else "")

    def printable(self, text: str, *, also: frozenset[str] = frozenset()) -> str:
        """Text with what no font has replaced; it notes the fonts a text needs, and what even they lack."""
        characters = frozenset(text) - also
        self.fonts = needed(characters, self.fonts)
        usable = covering(characters, self.fonts)
        if usable is USUAL:
            return text
        text, missing = printable(text, covered=usable | also)
        self.missing |= set(missing)
        return text

    def label(self, words: Mapping[str, Any]) -> str:
        """Name asked for a figure or table; empty when another already has it."""
        name = visible(str(words.get("label", "")))
        if name in self.labels:
            return ""
        self.labels.add(name)
        return name


def chosen(option: bool | None, otherwise: object) -> bool:
    """What the caller said, or else what the notebook says."""
    return bool(otherwise) if option is None else option
