"""Documents in other languages: their words, their direction, and fonts that are asked for only when needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cslib.report.typst.exporter import pdf_bytes
from cslib.report.typst.fonts import EXTRA, covered, covering, extra, needed
from cslib.report.typst.notebook import typst_source
from cslib.report.typst.page import Options

from .conftest import SVG, Pdf, book, code, prose, shown
from .test_fonts import PACKAGED

ARABIC = "الاحتفاظ الصافي 112% من 335 حسابًا."
CHINESE = "净留存率为 112%，“335 个客户”。"
TABLE = f"<table><tr><th>{ARABIC}<th>ARR<tr><th>Acme<td>-300</table>"

with_extra = pytest.mark.skipif(
    len(extra()) < len(EXTRA),
    reason="the fonts of the extra `fonts` are not installed: pip install 'cslib[fonts]'",
)


def document(text: str, **about: Any) -> Any:
    drawn = SVG.replace("drawn words", text)
    return book(
        prose(f"# {text}\n\n{text}\n\n## {text}\n\n- **{text}**\n- *{text}*\n\n> {text}\n\n`{text}`"),
        code(shown({"image/svg+xml": drawn}, alt=text, caption=text, label="fig")),
        code(shown({"text/html": TABLE}, caption=text, label="tab")),
        prose("[](#fig), [](#tab)"),
        title=text, date="2026-09-30", contents=True, **about,
    )  # fmt: skip


@with_extra
@pytest.mark.parametrize(("lang", "text", "font"), [
    ("ar", ARABIC, "Amiri"), ("zh", CHINESE, "NotoSansSC"), ("en", f"Acme {ARABIC}", "Amiri"), ("tr", CHINESE, "NotoSerifSC"),
])  # fmt: skip
def test_chinese_and_arabic_print_under_both_standards(lang: str, text: str, font: str) -> None:
    notebook = document(text, lang=lang)
    assert typst_source(notebook).warnings == []
    made = Pdf(pdf_bytes(notebook))
    assert str(made.root.Lang) == lang
    assert any(name.startswith(font) for name in made.fonts())
    assert pdf_bytes(notebook) == pdf_bytes(notebook)


@with_extra
def test_the_extra_fonts_are_taken_only_when_a_character_needs_them() -> None:
    assert needed("İstanbul – Привет") == ()
    assert needed("🚀") == ()
    assert needed("留") == extra()
    assert typst_source(book(prose("Latin"))).fonts == ()
    assert "留" in covering("留", extra())
    assert "\u2028" not in covered(extra())


def test_without_such_fonts_the_report_says_what_it_lacks() -> None:
    if extra():
        pytest.skip("the extra fonts are installed here")
    assert "U+7559" in typst_source(document("留")).warnings[0]


def test_a_folder_of_fonts_may_be_named_and_is_read_to_the_bottom() -> None:
    system = [folder for folder in map(Path, FOLDERS) if folder.is_dir()]
    if not system:
        pytest.skip(f"none of {', '.join(FOLDERS)} is there: apt install fonts-hosny-amiri fonts-noto-cjk")
    for folder in system:
        text = ARABIC if "amiri" in folder.name else CHINESE
        options = Options(fonts=(folder,))
        assert typst_source(document(text), options=options).warnings == []
        assert pdf_bytes(document(text), font_paths=[str(folder)]).startswith(b"%PDF")
    assert covered((PACKAGED.parent,)) == covered()


FOLDERS = ("/usr/share/fonts/truetype/fonts-hosny-amiri", "/usr/share/fonts/opentype/fonts-hosny-amiri",
           "/usr/share/fonts/opentype/noto")  # fmt: skip


def test_languages_that_run_from_the_right_are_known() -> None:
    assert "#let rtl = true" in typst_source(document("x", lang="ar-EG")).text
    assert "#let rtl = false" in typst_source(document("x", lang="tr")).text


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ["Page 1 of", "Figure 1", "Table 1"]), ("tr", ["Sayfa 1", "Şekil 1", "Tablo 1"]),
                        ("zh", ["第 1 页", "图 1", "表 1"]), ("ar", ["صفحة", "شكل", "جدول"])],
)  # fmt: skip
def test_captions_and_pages_speak_the_language(lang: str, words: list[str], printed_text: Any) -> None:
    if lang in {"zh", "ar"} and not extra():
        pytest.skip("the fonts of the extra `fonts` are not installed: pip install 'cslib[fonts]'")
    said = printed_text(pdf_bytes(document("Latin", lang=lang)))
    for word in words:
        assert word in said, said


def test_a_link_without_words_says_what_stands_there(printed_text: Any) -> None:
    links = prose("See [](#fig), [](#tab), [](#Part), [](#none) and [](#bare).\n\n## Part")
    bare = code(shown({"image/svg+xml": SVG}, alt="A.", label="bare"))
    said = printed_text(pdf_bytes(book(*document("x").cells, links, bare, title="T")))
    assert "See Figure 1, Table 1, Part, none and bare." in " ".join(said.split())
