"""Catalogues: every text that a report in another language prints is in each, with the same places and every plural."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cslib.formats import value_name
from cslib.metrics import board, due
from cslib.metrics.capacity.bands import band_names
from cslib.metrics.capacity.hiring import LIGHTS
from cslib.metrics.capacity.load import STATES, UNASSIGNED
from cslib.metrics.capacity.service import STAGES
from cslib.metrics.expansion import KINDS
from cslib.metrics.linked import UNCLEAR
from cslib.metrics.rules import RULES
from cslib.metrics.two_lists import RISKS, SIGNS
from cslib.quality.examine import _FIXES, CHECKS
from cslib.tables import TABLES
from cslib.words import LANGUAGES, accounts, enumerated, from_data, known, metric_name, retell, say
from cslib.words.__main__ import of_code, texts, titles, updated

ROOT = Path(__file__).parents[2]
OTHERS = LANGUAGES[1:]
PLACE = re.compile(r"\{\w+\}")


def offered() -> list[Path]:
    """Notebooks whose locale may be another language than English."""
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return [path for path in paths if "tr_TR" in _parameters(path)]


def _parameters(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "".join(
        "".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])
    )


@pytest.mark.parametrize(
    "name",
    (
        "retention",
        "cohorts",
        "portfolio",
        "board",
        "coverage",
        "customer",
        "health",
        "renewals",
        "voice",
        "data_quality",
    ),
)
def test_the_report_is_offered_in_every_language(name: str) -> None:
    parameters = _parameters(ROOT / "notebooks" / f"{name}.ipynb")
    assert all(f'"{locale}"' in parameters for locale in ("tr_TR", "zh_CN", "ar_AE"))


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_with_the_same_places(language: str) -> None:
    catalogue = read_po((ROOT / "cslib" / "words" / f"{language}.po").open("rb"), locale=language)
    for text in texts(*offered()):
        entry = catalogue.get(text if isinstance(text, str) else text[0])
        assert entry is not None, f"{language}.po lacks {text!r}; python -m cslib.words notebooks/*.ipynb"
        assert not entry.fuzzy
        forms = [entry.string] if isinstance(text, str) else list(entry.string)
        assert all(forms), f"{language}.po does not translate {text!r}"
        if not isinstance(text, str):
            assert len(forms) == catalogue.num_plurals
        wanted = set(PLACE.findall(text if isinstance(text, str) else text[1]))
        for form in forms:
            assert set(PLACE.findall(form)) == wanted, f"{language}.po: {form!r} for {text!r}"


@pytest.mark.parametrize("language", OTHERS)
def test_emphasis_lists_and_headings_are_kept(language: str) -> None:
    for text in texts(*offered()):
        if isinstance(text, str) and "\n" in text:
            told = say(text, locale=language)
            for mark in (r"^#+ ", r"^- ", r"\*\*"):
                assert len(re.findall(mark, told, re.M)) == len(re.findall(mark, text, re.M)), told


@pytest.mark.parametrize("language", OTHERS)
def test_the_verdicts_keep_their_strength(language: str) -> None:
    """ "Cannot tell" is neither "unchanged" nor "changed", in any language."""
    told = [say(word, locale=language) for word in ("changed", "unchanged", "cannot tell", "not tested")]
    assert len(set(told)) == 4


def test_a_text_without_translation_is_an_error_and_never_english() -> None:
    with pytest.raises(KeyError, match=r"words/ar\.po has no translation of 'Nobody wrote this'"):
        say("Nobody wrote this", locale="ar_AE")


def test_a_text_from_data_stays_itself() -> None:
    assert known("Studio 54", locale="ar_AE") == "Studio 54"
    assert retell("3 rows are odd.", locale="tr_TR") == "3 rows are odd."


def test_plural_categories_of_arabic() -> None:
    told = [accounts(n, locale="ar_AE") for n in (0, 1, 2, 3, 10, 11, 99, 100)]
    assert told == [
        "لا عملاء", "عميل واحد (1)", "عميلان (2)", "3 عملاء", "10 عملاء", "11 عميلًا", "99 عميلًا", "100 عميل",
    ]  # fmt: skip


def test_notes_are_told_again_with_their_days_and_numbers() -> None:
    note = "subscriptions: 1,234 rows end after 2026-09-30; they are open as of that day."
    assert retell(note, locale="tr_TR").startswith("subscriptions: 1.234 satır 30 Eyl 2026 tarihinden sonra")
    assert "2026年9月30日" in retell(note, locale="zh_CN")
    assert "30 سبتمبر 2026" in retell(note, locale="ar_AE")
    flag = "Accounts in no movement of the last 3 months: 8 (6 never paid, 2 left out by a setting)."
    assert retell(flag, locale="zh_CN") == (
        "过去3个月不属于任何变动的客户：8（6 从未付费和2 因设置而不计）。"
    )


def test_a_place_for_a_number_takes_nothing_else() -> None:
    text = "it looks back over another number of months"  # and not "{n} months"
    assert retell(text, locale="zh_CN") == "其回溯的月数不同"
    assert retell("convention: product of months", locale="zh_CN") == "口径：逐月连乘"


def test_a_conventions_sentence_is_told_again_with_its_months() -> None:
    text = "Accounts of 6 months ago that still pay, over all accounts of 6 months ago."
    assert retell(text, locale="zh_CN") == "6个月前的客户中仍在付费者，除以6个月前的全部客户。"
    other = "Accounts of 6 months ago that still pay, over all accounts of 7 months ago."
    assert retell(other, locale="zh_CN") == other


def test_metrics_have_names() -> None:
    assert [metric_name("net_retention", locale=language) for language in OTHERS] == [
        "Net gelir tutma", "净收入留存率", "صافي الاحتفاظ بالإيرادات",
    ]  # fmt: skip


def test_the_texts_of_code_are_found_behind_names() -> None:
    code = "A = {'x': 'One'}\nfor head in ('Two', 'Three'):\n    say(head)\nt = 'Four' if y else 'Five'\nsay(t)\nsay(A[z])"
    assert set(of_code(code)) == {"One", "Two", "Three", "Four", "Five"}
    assert list(of_code("say_n('{n} row', '{n} rows', n, locale=locale)")) == [("{n} row", "{n} rows")]


def test_an_update_keeps_what_is_translated_and_drops_what_is_gone() -> None:
    content = updated("tr", {"Accounts": None, "Nobody wrote this": None}).decode()
    assert 'msgid "Accounts"\nmsgstr "Müşteri"' in content
    assert 'msgid "Nobody wrote this"\nmsgstr ""' in content
    assert content.count("msgid ") == 3  # the header is one


def test_titles_and_heads_of_tables_and_figures_are_found() -> None:
    code = (
        "t(f, columns={'a': ('One', 'text'), **more, 'b': (say('Two'), 'money'), '': ('', 'text')}, title='Three')\n"
        "c(f, marks={'Four': 2}, x_label='Five', label='tab-x', name='arr')"
    )
    assert set(titles(code)) == {"One", "Three", "Four", "Five"}


def _columns() -> list[tuple[str, list[str]]]:
    """Heads of every table of the notebooks, without that of its first column."""
    found = []
    for path in offered():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            calls = ast.walk(ast.parse("".join(cell["source"]))) if cell["cell_type"] == "code" else ()
            for call in calls:
                for given in call.keywords if isinstance(call, ast.Call) else ():
                    if given.arg == "columns" and isinstance(given.value, ast.Dict):
                        firsts = [v.elts[0] for v in given.value.values if isinstance(v, ast.Tuple)]
                        heads = [str(head.value) for head in firsts if isinstance(head, ast.Constant)]
                        found.append((path.stem, heads[1:]))
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_no_two_columns_of_a_table_have_one_head(language: str) -> None:
    assert len(_columns()) > 80
    for name, heads in _columns():
        told = [say(head, locale=language) for head in heads if head]
        assert len(set(told)) == len(told), f"{name}: {heads}: {told}"


def _told(text: str) -> bool:
    """Whether a finished text, with ``\0`` where something was put in, is in the catalogues or matches a pattern."""
    plain = text.replace("\0", "7")
    return retell(plain, locale="tr_TR") != plain or known(plain, locale="zh_CN") != plain


def _absent() -> Iterator[str]:
    """Texts of every `Absent` of the package, ``\0`` where something is put in."""
    for path in sorted((ROOT / "cslib").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Absent":
                text = call.args[0]
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                yield "".join(str(p.value) if isinstance(p, ast.Constant) else "\0" for p in parts)


def test_every_line_about_what_is_not_there_can_be_told() -> None:
    lines = list(_absent())
    assert len(lines) > 35
    assert not [line for line in lines if not _told(line)]


def _doubts() -> Iterator[str]:
    """Texts of what checks of the data find and of what to do, ``\0`` where something is put in."""
    for path in sorted((ROOT / "cslib" / "quality").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for given in call.keywords if isinstance(call, ast.Call) else ():
                if given.arg in {"what", "fix"} and isinstance(given.value, ast.Constant | ast.JoinedStr):
                    parts = given.value.values if isinstance(given.value, ast.JoinedStr) else [given.value]
                    yield "".join(str(p.value) if isinstance(p, ast.Constant) else "\0" for p in parts)


def test_every_doubt_and_what_to_do_about_it_can_be_told() -> None:
    doubts = [text for text in _doubts() if text != "\0: \0 rows"]  # its first part is put together before
    assert len(doubts) > 40
    assert not [text for text in doubts if not _told(text)]
    assert not [text for text in (*CHECKS, *CHECKS.values(), *_FIXES.values()) if not _told(text)]


def test_names_of_columns_and_tables_stay_in_a_doubt() -> None:
    told = retell("currency is blank in 7 of 1,234 rows", locale="tr_TR")
    assert told == "currency: 1.234 satırdan 7 tanesi boş"
    first = retell("Left out, 2 in all; first: 3 rows are left out: they are blank, in plan.", locale="zh_CN")
    assert first == "未采用，共2项；首项：3行未采用：plan列为空。"


def test_rules_tables_and_the_words_of_metrics_have_translations() -> None:
    """Their modules say no word themselves, so that the catalogues name them; here nothing is forgotten."""
    rules = [text for rule in RULES.values() for text in (rule.text, rule.unit, rule.source)]
    cited = {"ARR", "Gleeson, SaaStr 2024", "Mehta, SaaStr 2024", "Lemkin, Pulse 2016", "inSided, 2020"}
    words = [
        *(set(rules) - cited), *(table.row for table in TABLES.values()), *band_names(), *STATES, *STAGES, *LIGHTS,
        *KINDS, *due.KINDS, *RISKS, *SIGNS, *(value_name(step) for step in board.STEPS), UNCLEAR, UNASSIGNED,
    ]  # fmt: skip
    for language in OTHERS:
        assert not [word for word in words if not say(word, locale=language)]


def test_a_name_is_not_a_word_of_ours() -> None:
    assert from_data("Net", locale="ar_AE") == "Net"
    assert from_data("unknown", locale="ar_AE") == "مجهول"
    assert enumerated("champion, their own role", locale="zh_CN") == "拥护者，their own role"
