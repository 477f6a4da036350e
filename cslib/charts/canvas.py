"""The house style, the sheet a figure is drawn on, and the picture it leaves."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

import matplotlib.style
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from cslib.evidence import kept_rows

__all__ = ["GAIN", "INK", "LOSS", "MUTED", "NEUTRAL", "RULE", "Picture", "house_style", "require", "shades"]

WIDTH: Final = 6.5  # inches: the measure of an A4 page with its margins
HEIGHT: Final = 2.6
SIZE: Final = 8.0  # points

# Four steps of lightness, so that grey print and colour-blind readers keep them apart.
INK: Final = "#1b2530"
GAIN: Final = "#1d4270"
LOSS: Final = "#c8561b"
NEUTRAL: Final = "#8d96a0"
MUTED: Final = "#55606c"
RULE: Final = "#dde1e6"
PALE: Final = "#aac2dc"

# The report's fonts are data of the package; charts read the folder, not the room.
_FONTS: Final = Path(__file__).parents[1] / "report" / "typst" / "fonts"

BESIDE: Final = ("level", "within")
"""What a frame says of all its rows and a caption may name: the level of intervals, the days or sizes looked at."""

_NUMBER: Final = re.compile("(?<![A-Za-z0-9.,\u2066])[-−+±]?\\d+(?:[.,:/-]\\d+)*%?")

HOUSE: Final[dict[str, Any]] = {
    "font.family": ["Inter", "DejaVu Sans"],
    "font.size": SIZE,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": NEUTRAL,
    "axes.labelcolor": MUTED,
    "axes.labelsize": SIZE,
    "axes.linewidth": 0.6,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.grid.axis": "y",
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SIZE,
    "ytick.labelsize": SIZE,
    "xtick.color": NEUTRAL,
    "xtick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "xtick.major.width": 0.6,
    "ytick.labelcolor": MUTED,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "cslib",
}


@cache
def _register_fonts() -> None:
    for path in sorted(_FONTS.glob("*.[ot]tf")):
        fontManager.addfont(path)
        face = fontManager.ttflist.pop()
        if face.name.endswith(" SemiBold"):
            # a static face names its weight in its family; SVG readers ask for the family and 600
            face = replace(face, name=face.name.removesuffix(" SemiBold"), weight=600)
        # of two equal faces the first wins: ours, not the machine's
        fontManager.ttflist.insert(0, face)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style; the caller's settings neither leak in nor change."""
    _register_fonts()
    with matplotlib.style.context(HOUSE, after_reset=True), warnings.catch_warnings():
        # a name in a script our fonts lack is measured roughly; the text itself reaches the SVG whole
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure with its words: what it says to a reader who cannot see it, and the line below it.

    In a notebook it shows as SVG only, the same bytes on every run, with `caption`, `alt`, `label` and
    `width` under the key ``cslib`` of the output's metadata; there also the `rows` of the frames it was drawn from.
    """

    figure: Figure
    alt: str
    caption: str
    label: str
    width: str = "100%"
    rows: Sequence[pd.DataFrame] = ()

    def svg(self) -> str:
        """SVG text from its first tag on, with the alt text as its accessible name."""
        stream = io.StringIO()
        turned = [artist for artist in _texts(self.figure) if _right_to_left(artist.get_text())]
        for artist in turned:
            artist.set_text(_whole_numbers(artist.get_text()))
        face = "path" if turned else "none"
        with house_style(), matplotlib.rc_context({"svg.fonttype": face}):
            self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        drawn = stream.getvalue()
        name = f'<svg role="img" aria-label="{escape(self.alt)}" '
        return drawn[drawn.index("<svg ") :].replace("<svg ", name, 1)

    def __repr__(self) -> str:
        return f"{self.caption} {self.alt}"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        words = {"caption": self.caption, "alt": self.alt, "label": self.label, "width": self.width}
        told: dict[str, Any] = words | ({"rows": kept_rows(self.rows)} if self.rows else {})
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}, {"cslib": told}


def _texts(figure: Figure) -> Iterable[Text]:
    return (artist for artist in figure.findobj(Text) if isinstance(artist, Text))


def _whole_numbers(text: str) -> str:
    """Text in which a number keeps its sign and its percent sign on their sides in a line read from the right.

    >>> _whole_numbers("الصافي 112.3%") == "الصافي \\u2066112.3%\\u2069"
    True
    """
    return _NUMBER.sub("\u2066\\g<0>\u2069", text)


def _right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)


def sheet(
    *, left: float, right: float, top: float, bottom: float, height: float = HEIGHT
) -> tuple[Figure, Axes]:
    """Figure of the full measure with one plot inside margins given in inches."""
    figure = Figure(figsize=(WIDTH, height))
    inside = (WIDTH - left - right, height - top - bottom)
    axes = figure.add_axes((left / WIDTH, bottom / height, inside[0] / WIDTH, inside[1] / height))
    return figure, axes


def said(sentence: str, *, caption: str, label: str) -> Picture:
    """Picture of one sentence, where there is nothing to draw yet: a young book is no error."""
    figure = Figure(figsize=(WIDTH, 0.4))
    figure.text(0, 0.5, sentence, color=MUTED, va="center_baseline")
    return Picture(figure, sentence, caption, label)


def prepare() -> None:
    """Draw one picture, so that fonts are found and patterns compiled before the first that is wanted."""
    said("Nothing to draw", caption="F", label="f").svg()


def text_inches(figure: Figure, texts: Sequence[str], **style: Any) -> float:
    """Width in inches of the widest of `texts`."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    widest = 0.0
    for text in texts:
        artist = figure.text(0, 0, text, **style)
        widest = max(widest, artist.get_window_extent(renderer).width / figure.dpi)
        artist.remove()
    return widest


def shades(n: int) -> list[str]:
    """Make `n` steps of one hue, the first palest, the last darkest.

    >>> shades(1), shades(2)
    (['#1d4270'], ['#aac2dc', '#1d4270'])
    """
    return [blend(PALE, GAIN, i / (n - 1)) for i in range(n)] if n > 1 else [GAIN]


def blend(first: str, second: str, share: float) -> str:
    """Colour `share` of the way from `first` to `second`.

    >>> blend("#000000", "#ffffff", 0.5)
    '#808080'
    """
    mixed = [a + (b - a) * share for a, b in zip(to_rgb(first), to_rgb(second), strict=True)]
    return to_hex((mixed[0], mixed[1], mixed[2]))


def require(
    frame: pd.DataFrame, *, columns: Sequence[str], by: str, may_be_empty: bool = False
) -> pd.DataFrame:
    """These columns of a frame, and those of :data:`BESIDE`; refused where one is missing or there is no row.

    Raises
    ------
    ValueError
        Naming the caller `by`, what was found and what was expected.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        found = ", ".join(map(str, frame.columns)) or "none"
        raise ValueError(f"{by}: columns missing: {', '.join(missing)}; found: {found}")
    if frame.empty and not may_be_empty:
        raise ValueError(f"{by}: found a frame without rows, expected at least one")
    beside = (name for name in BESIDE if name in frame.columns)
    return frame[list(dict.fromkeys([*columns, *beside]))]
