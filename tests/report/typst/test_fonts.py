"""The packaged fonts suffice, and no font of the machine is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from cslib.report.typst.fonts import PACKAGED, USUAL, covered, covering, font_book
from cslib.report.typst.press import press
from cslib.report.typst.text import literal, printable


def test_latin_with_turkish_is_covered() -> None:
    assert set("ABCXYZabcxyz0123456789ğĞışİŞçöüÄßéñøłřž€£¥₺–—…“”‘’−±×≥≤→•☐☑□%‰") <= covered()


def test_no_control_character_and_nothing_for_private_use_is_covered() -> None:
    assert not {c for c in covered() if ord(c) < 32 or 0xE000 <= ord(c) <= 0xF8FF}


def test_only_packaged_fonts_and_those_of_typst_are_known() -> None:
    folders = {str(PACKAGED), "None"}
    assert {str(font.path).rsplit("/", 1)[0] for font in font_book().fonts()} <= folders
    assert {"Inter", "Inter Display", "Source Serif 4", "IBM Plex Mono"} <= set(font_book().families())


def test_every_family_comes_with_its_licence() -> None:
    families = {file.name.split("-")[0].removesuffix("Display") for file in PACKAGED.glob("*.ttf")}
    licences = {
        file.stem.removeprefix("OFL-"): file.read_text("utf-8") for file in PACKAGED.glob("OFL-*.txt")
    }
    assert families == set(licences)
    assert all("SIL Open Font License, Version 1.1" in text for text in licences.values())
    assert sum(file.stat().st_size for file in PACKAGED.iterdir()) < 5_000_000


def test_every_covered_character_prints_in_every_kind_of_type() -> None:
    """Under the standards a glyph that is missing is an error."""
    shown = literal(printable("".join(sorted(covered())), covered=covered())[0])
    kinds = ["", 'style: "italic", ', 'weight: "semibold", ', 'style: "italic", weight: "semibold", ']
    fonts = ["serif", "sans", "display", "mono"]
    lines = [f"#par(text({kind}font: {font}, {shown}))" for kind in kinds for font in fonts]
    theme = PACKAGED.with_name("theme.typ").read_text("utf-8")
    head = '#set document(title: "t", date: datetime(year: 2026, month: 1, day: 1))\n#set text(lang: "en")\n= t\n'
    assert press(theme + head + "\n".join(lines), {}, timestamp=0).startswith(b"%PDF")


def test_the_usual_characters_are_covered() -> None:
    assert USUAL - {"\n", "\u200b"} <= covered()
    assert covering("İstanbul, 3 %") == USUAL
    assert covering("Привет") == covered()


@pytest.mark.parametrize("file", sorted(PACKAGED.glob("Inter*.ttf")), ids=lambda file: file.stem)
def test_a_character_is_drawn_as_the_data_has_it(file: Path) -> None:
    """Inter's contextual forms draw "12x3" as "12×3" and "->" as an arrow; widths count on it that they are gone."""
    features = {record.FeatureTag for record in TTFont(file)["GSUB"].table.FeatureList.FeatureRecord}
    assert features == {"ccmp", "locl", "subs", "sups", "tnum"}
