"""How the pages of a report look: what the company.toml of its companies says, and the files behind it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cslib.report.manifest import sha256
from cslib.report.typst.theme import beside
from cslib.sources.company import load_config
from cslib.sources.toml import refuse

__all__ = ["Dress", "dress_of"]


@dataclass(frozen=True)
class Dress:
    """Paper, empty where the notebook decides; theme, None for the packaged one; `files` are its inputs by hash."""

    paper: str = ""
    theme: Path | None = None
    files: tuple[Mapping[str, str], ...] = ()


def dress_of(sources: Sequence[Path]) -> Dress:
    """What all companies in `sources` agree on; where two differ, the report's own paper and the packaged theme.

    A company that cannot be read has no say.

    Raises
    ------
    TableError
        When the only company cannot be read, or a theme is not there.
    """
    papers, themes = set(), set()
    for source in sources:
        try:
            look = load_config(source).look
        except ValueError:
            if len(sources) == 1:
                raise
            continue
        papers.add(look.paper)
        themes.add(Path(os.path.abspath(source / look.theme)) if look.theme else None)  # noqa: PTH100
    paper = papers.pop() if len(papers) == 1 else ""
    theme = themes.pop() if len(themes) == 1 else None
    return Dress(paper, theme, _files(theme) if theme else ())


def _files(theme: Path) -> tuple[Mapping[str, str], ...]:
    if not theme.is_file():
        expected = "a file, by its path from the folder of company.toml"
        raise refuse("no such file", key="report.theme", found=repr(theme.name), expected=expected)
    return tuple(
        {"table": "report", "file": path.name, "sha256": sha256(path.read_bytes())}
        for path in (theme, *beside(theme))
    )
