"""How wide text of a table runs, so that Typst need not lay out every cell three times to learn it.

`widths.json` holds the advance widths of the usual characters in the faces that tables are set in, in thousandths
of an em; ``python -m cslib.report.typst.widths`` reads them out of the packaged fonts again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from cslib.report.typst.fonts import PACKAGED, USUAL

__all__ = ["FACES", "FILE", "advances", "width"]

FILE: Final = Path(__file__).with_name("widths.json")
FACES: Final = {
    "regular": "Inter-Regular.ttf",
    "bold": "Inter-SemiBold.ttf",
    "italic": "Inter-Italic.ttf",
    "bold italic": "Inter-SemiBoldItalic.ttf",
}
_SLACK: Final = (0.04, 0.003)  # ems, and of the width: what kerning may add
# The same pair so often that its kerning adds up.
_UNSURE: Final = re.compile(r"([^\d\s]{2})\1\1")
_KERNED: Final = frozenset("*¥ĐđÐďľĺĲĳĵŊÌÍÎÏĨĪĬìîïĩīĭ")  # stand wide of some neighbours


@lru_cache(maxsize=20_000)
def width(text: str, face: str = "regular", *, tabular: bool = True) -> float | None:
    """Ems that one line of a table's text surely fits in, hardly wider than it is; None where only
    Typst can tell.

    >>> width("112.3%"), width("中")
    (3.899, None)
    """
    if _UNSURE.search(text):
        return None
    widths = _widths()["tabular" if tabular else "plain"][face]
    try:
        thousandths = sum(map(widths.__getitem__, text))
    except KeyError:
        return None
    return round(thousandths * (1 + _SLACK[1]) / 1000 + _SLACK[0], 3) if thousandths else 0.0


@cache
def _widths() -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    said: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return {
        figures: {face: dict(zip(said["characters"], row, strict=True)) for face, row in rows.items()}
        for figures, rows in said["widths"].items()
    }


def advances(folder: Path = PACKAGED) -> dict[str, Any]:
    """What `widths.json` says, read out of the fonts."""
    from fontTools.ttLib import TTFont

    fonts = {face: TTFont(folder / file) for face, file in FACES.items()}
    usual = sorted(USUAL - _KERNED)
    characters = [c for c in usual if all(ord(c) in font.getBestCmap() for font in fonts.values())]
    widths = {
        figures: {face: _row(font, characters, figures == "tabular") for face, font in fonts.items()}
        for figures in ("plain", "tabular")
    }
    return {"characters": "".join(characters), "widths": widths}


def _row(font: Any, characters: list[str], tabular: bool) -> list[int]:
    names, metrics = font.getBestCmap(), font["hmtx"].metrics
    changed = dict(_tabular(font)) if tabular else {}
    glyphs = [changed.get(names[ord(c)], names[ord(c)]) for c in characters]
    return [-(-1000 * metrics[glyph][0] // font["head"].unitsPerEm) for glyph in glyphs]


def _tabular(font: Any) -> Iterator[tuple[str, str]]:
    table = font["GSUB"].table
    for feature in table.FeatureList.FeatureRecord:
        if feature.FeatureTag == "tnum":
            for at in feature.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[at].SubTable:
                    yield from getattr(part, "ExtSubTable", part).mapping.items()


if __name__ == "__main__":
    FILE.write_text(json.dumps(advances(), ensure_ascii=False) + "\n", "utf-8")
