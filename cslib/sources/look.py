"""How a company's reports look, as its company.toml says: ``[report]`` with paper and theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cslib.sources.toml import known_keys, pairs, refuse, word

__all__ = ["Look", "read_look"]

_PAPERS: Final = ("a4", "us-letter")
_SUFFIX: Final = ".typ"


@dataclass(frozen=True)
class Look:
    """Paper of the PDF, and the file of a theme, relative to the company's folder; empty where the report decides."""

    paper: str = ""
    theme: str = ""


def read_look(raw: object) -> Look:
    """Look that the table ``[report]`` asks for.

    Raises
    ------
    TableError
        When a key is unknown, or the paper or the theme is none.

    Examples
    --------
    >>> read_look({"paper": "us-letter", "theme": "../house.typ"})
    Look(paper='us-letter', theme='../house.typ')
    """
    given = pairs(raw, "report")
    known_keys(given, ("paper", "theme"), "report")
    paper = word(given["paper"], "report.paper", *_PAPERS) if "paper" in given else ""
    theme = word(given["theme"], "report.theme") if "theme" in given else ""
    if theme and not theme.endswith(_SUFFIX):
        expected = f"a file {_SUFFIX} in words of the packaged theme, such as theme.typ"
        raise refuse("no theme", key="report.theme", found=repr(theme), expected=expected)
    return Look(paper, theme)
