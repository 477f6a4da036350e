"""The fonts a page may use, and the characters they have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["PACKAGED", "USUAL", "covered", "covering", "font_book", "further"]

PACKAGED: Final = Path(__file__).with_name("fonts")
# What most reports are written in; it spares them the reading of eleven fonts.
USUAL: Final = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x180)])) | frozenset(
    "–—‘’“”…•−±≤≥≠×→€₺□☐☑‰\u200b\n"
)


@cache
def font_book(folders: tuple[Path, ...] = ()) -> Any:
    """Typst's book of the packaged fonts and those in `folders`; never a font of the machine."""
    import typst

    paths = [str(folder) for folder in (PACKAGED, *folders)]
    return typst.Fonts(include_system_fonts=False, font_paths=paths)


@cache
def covered(folders: tuple[Path, ...] = ()) -> frozenset[str]:
    """Characters that some family has in every one of its faces, so that bold and italics have them too."""
    shared = [points for folder in (PACKAGED, *folders) for points in _families(folder).values()]
    return frozenset(chr(point) for points in shared for point in points if _prints(point))


def covering(text: str, folders: tuple[Path, ...] = ()) -> frozenset[str]:
    """Characters that may be printed, as far as a text needs to know."""
    return USUAL if USUAL.issuperset(text) else covered(folders)


def further(folders: Sequence[Path]) -> list[str]:
    """Families in folders of the caller, to be tried after the packaged ones."""
    return sorted({family for folder in folders for family in _families(folder)})


@cache
def _families(folder: Path) -> dict[str, set[int]]:
    from fontTools.ttLib import TTFont

    families: dict[str, set[int]] = {}
    for file in _files(folder):
        with TTFont(file, lazy=True) as font:
            family = str(font["name"].getDebugName(16) or font["name"].getDebugName(1))
            points = set(font.getBestCmap())
        families[family] = families.get(family, points) & points
    return families


def _files(folder: Path) -> Sequence[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in {".ttf", ".otf"})


def _prints(point: int) -> bool:
    """Neither a control character nor for private use, which the standards refuse whatever the font says."""
    private = 0xE000 <= point <= 0xF8FF or point >= 0xF0000
    return point >= 0x20 and not 0x7F <= point <= 0x9F and not private and point not in {0xFFFE, 0xFFFF}
