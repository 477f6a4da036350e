"""Counted widths are those of the packaged fonts, and hardly wider than what Typst measures."""

from __future__ import annotations

import json
import random

import pytest
import typst

from cslib.report.typst.fonts import font_book
from cslib.report.typst.text import literal
from cslib.report.typst.widths import FACES, FILE, advances, width

WORDS = [
    "Net revenue retention",
    "112.3%",
    "€8.70M",
    "−€100,200",
    "Hörmann Söhne",
    "Lévêque Unión",
    "Prairie Partners",
    "Bridge of everyone's movements, returns left out",
    "Q4 2021",
    "subscriptions.csv",
    "account_links",
    "18bf3140c9c4",
    "Oct 1, 2021",
    "Müşteri kaybı",
    "Ångström Handel",
    "12 rue de l'Église",
    "(3.4)",
    "1,823",
    "n/a",
    "Mid market",
    "AVATAR TO YOU",
    "fi ffl tt ry",
    "Zürcher Gesellschaft",
]


def measured(texts: list[str], *, face: str, tabular: bool) -> list[float]:
    """Ems as Typst lays them out."""
    style = (', weight: "semibold"' if "bold" in face else "") + (
        ', style: "italic"' if "italic" in face else ""
    )
    figures = "tabular" if tabular else "proportional"
    source = (
        f'#set text(font: "Inter", size: 10pt, number-type: "lining", number-width: "{figures}", hyphenate: false'
        f"{style})\n#context [#metadata(("
        + "".join(f"measure({literal(t)}).width / 10pt, " for t in texts)
        + ")) <m>]"
    )
    found = typst.query(
        source.encode(), "<m>", field="value", one=True, font_paths=font_book(), ignore_system_fonts=True
    )
    read: list[float] = json.loads(found)
    return read


def test_the_file_says_what_the_fonts_say() -> None:
    assert json.loads(FILE.read_text("utf-8")) == advances(), "run python -m cslib.report.typst.widths"


@pytest.mark.parametrize("tabular", [True, False])
@pytest.mark.parametrize("face", sorted(FACES))
def test_a_counted_width_holds_the_text_and_little_more(face: str, tabular: bool) -> None:
    draw = random.Random(7)
    letters = (
        "abcdefghijklmnopqrstuvwxyzäöüßéèçñşğı ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,()%€$+−&-–—/:<>=|"
    )
    drawn = ["".join(draw.choices(letters, k=draw.choice([3, 8, 20]))).strip() for _ in range(300)]
    texts = [t for t in [*WORDS, *drawn] if width(t, face, tabular=tabular) is not None]
    assert set(WORDS) <= set(texts)
    for text, real in zip(texts, measured(texts, face=face, tabular=tabular), strict=True):
        counted = width(text, face, tabular=tabular)
        assert counted is not None
        assert counted >= real - 0.01, text
        if text in WORDS:
            assert counted <= 1.06 * real + 0.12, text


@pytest.mark.parametrize("text", ["中文", "TYTYTYTY", "\N{GRINNING FACE}"])
def test_what_the_font_lacks_or_kerns_again_and_again_is_left_to_typst(text: str) -> None:
    assert width(text) is None
