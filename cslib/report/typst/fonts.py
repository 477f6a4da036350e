"""The fonts a page may use, and the characters they have."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

__all__ = ["EXTRA", "PACKAGED", "USUAL", "covered", "covering", "extra", "font_book", "further", "needed"]

PACKAGED: Final = Path(__file__).with_name("fonts")
EXTRA: Final = ("fontpkg_amiri", "pylopdf_fonts_zh_cn")  # of the extra `fonts`: Arabic; Chinese
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
def extra() -> tuple[Path, ...]:
    """Folders of the fonts that ``pip install 'cslib[fonts]'`` brings, as far as they are there."""
    specs = [find_spec(name) for name in EXTRA]
    return tuple(Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None)


@cache
def covered(folders: tuple[Path, ...] = ()) -> frozenset[str]:
    """Characters that some family has in every one of its faces, so that bold and italics have them too."""
    shared = [points for folder in (PACKAGED, *folders) for points in _families(folder).values()]
    return frozenset(chr(point) for points in shared for point in points if _prints(point))


def covering(text: Iterable[str], folders: tuple[Path, ...] = ()) -> frozenset[str]:
    """Characters that may be printed, as far as a text needs to know."""
    return USUAL if USUAL.issuperset(text) else covered(folders)


def needed(text: Collection[str], folders: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    """Folders a text is printed from: those given, and the extra ones if they have a character the others lack."""
    if USUAL.issuperset(text) or covered(folders).issuperset(text) or not set(extra()) - set(folders):
        return folders
    all_of_them = (*folders, *(folder for folder in extra() if folder not in folders))
    return all_of_them if (covered(all_of_them) - covered(folders)).intersection(text) else folders


def further(folders: Sequence[Path]) -> list[str]:
    """Families in folders beside the packaged ones, to be tried after them."""
    return sorted({family for folder in folders for family in _families(folder)})


@cache
def _families(folder: Path) -> dict[str, set[int]]:
    families: dict[str, set[int]] = {}
    for file in _files(folder):
        for font in _faces(file):
            family = str(font["name"].getDebugName(16) or font["name"].getDebugName(1))
            points = set(font.getBestCmap())
            families[family] = families.get(family, points) & points
    return families


def _faces(file: Path) -> Iterator[Any]:
    from fontTools.ttLib import TTCollection, TTFont

    with (
        TTCollection(file, lazy=True) if file.suffix.lower() == ".ttc" else TTFont(file, lazy=True) as opened
    ):
        yield from opened.fonts if isinstance(opened, TTCollection) else [opened]


def _files(folder: Path) -> Sequence[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in {".ttf", ".otf", ".ttc"})


def _prints(point: int) -> bool:
    """Neither control, mark of format, separator of lines nor for private use: the standards refuse them."""
    return unicodedata.category(chr(point)) not in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
