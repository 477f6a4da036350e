"""The fonts a page may use, and the characters that all their weights have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["PACKAGED", "covered", "font_book"]

PACKAGED: Final = Path(__file__).with_name("fonts")


@cache
def font_book(folders: tuple[Path, ...] = ()) -> Any:
    """Typst's book of the packaged fonts and those in `folders`; never a font of the machine."""
    import typst

    paths = [str(folder) for folder in (PACKAGED, *folders)]
    return typst.Fonts(include_system_fonts=False, font_paths=paths)


@cache
def covered(folders: tuple[Path, ...] = ()) -> frozenset[str]:
    """Characters that some family has in every one of its faces."""
    families: dict[str, set[int]] = {}
    for folder in (PACKAGED, *folders):
        for file in _files(folder):
            family, points = _face(file)
            families[family] = families.get(family, points) & points
    return frozenset(chr(point) for points in families.values() for point in points if _prints(point))


def _files(folder: Path) -> Sequence[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in {".ttf", ".otf"})


def _face(file: Path) -> tuple[str, set[int]]:
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True) as font:
        names = font["name"]
        return str(names.getDebugName(16) or names.getDebugName(1)), set(font.getBestCmap())


def _prints(point: int) -> bool:
    """Neither a control character nor for private use, which the standards refuse whatever the font says."""
    private = 0xE000 <= point <= 0xF8FF or point >= 0xF0000
    return point >= 0x20 and not 0x7F <= point <= 0x9F and not private and point not in {0xFFFE, 0xFFFF}
