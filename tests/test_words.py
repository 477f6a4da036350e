"""Words: English as it is, other languages from their catalogues, and nothing in between."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cslib import words
from cslib.words.__main__ import of_code, texts, updated

ROOT = Path(__file__).parents[1]
LANGUAGES = ("tr", "zh", "ar")
PLACE = re.compile(r"\{(\w*)\}")


def catalogue(language: str) -> dict[str, tuple[str, ...]]:
    with (ROOT / "cslib" / "words" / f"{language}.po").open("rb") as stream:
        read = read_po(stream, locale=language)
    return {
        entry.id if isinstance(entry.id, str) else entry.id[0]: (
            (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
        )
        for entry in read
        if entry.id
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_package_and_retention_report_is_translated(language: str) -> None:
    wanted = [t if isinstance(t, str) else t[0] for t in texts(ROOT / "notebooks" / "retention.ipynb")]
    known = catalogue(language)
    assert len(wanted) > 200
    lacking = [text for text in wanted if not all(known.get(text, ("",)))]
    assert not lacking, f"{len(lacking)} texts without translation, first: {lacking[:5]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_the_same_places(language: str) -> None:
    wrong = [
        (text, told)
        for text, forms in catalogue(language).items()
        for told in forms
        if told and set(PLACE.findall(told)) - {"n"} != set(PLACE.findall(text)) - {"n"}
    ]
    assert not wrong, wrong[:5]


def test_a_missing_translation_is_an_error_and_not_an_english_word() -> None:
    with pytest.raises(KeyError, match=r"words/tr\.po has no translation of 'Nobody says this'"):
        words.say("Nobody says this", locale="tr_TR")
    with pytest.raises(KeyError, match="has no translation"):
        words.say_n("{n} unheard", "{n} unheards", 2, locale="ar")
    assert words.known("Acme", locale="zh_CN") == "Acme"


def test_a_language_without_a_catalogue_reads_english_words() -> None:
    assert words.say("{n} months", locale="de_DE", n="12") == "12 months"


def test_notes_from_data_are_told_again_by_their_pattern() -> None:
    note = "subscriptions: 14 rows end after 2026-09-30; they are open as of that day."
    assert words.retell(note, locale="en_US") == note
    told = words.retell(note, locale="tr_TR")
    assert told != note
    assert "14" in told
    assert "30 Eyl 2026" in told
    assert words.retell("A note that nobody knows.", locale="tr_TR") == "A note that nobody knows."


def test_texts_are_found_in_code() -> None:
    code = 'say("a", locale=l)\n[say(h, locale=l) for h in ("b", "c")]\nsay_n("{n} d", "{n} ds", n, locale=l)\nsay("e" if x else "f")'
    assert set(of_code(code)) == {"a", "b", "c", ("{n} d", "{n} ds"), "e", "f"}


def test_updating_a_catalogue_keeps_what_is_translated_and_drops_what_is_gone() -> None:
    text = next(iter(catalogue("tr")))
    content = updated("tr", {text: None, "A new text": None}).decode()
    assert f'msgid "{text}"' in content
    assert 'msgid "A new text"\nmsgstr ""' in content
    assert content.count("msgid") == 3  # with the header
