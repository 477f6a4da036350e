"""The same findings in every language: the same macros, the same numbers, the same strength, and no English sentence."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cslib import formats
from cslib.metrics import due
from cslib.story import Finding, write
from cslib.story.write import sentence

FOLDER = Path(__file__).parents[2] / "cslib" / "story" / "templates"
LOCALES = ("tr_TR", "zh_CN", "ar_AE")
MACRO = re.compile(r"{% macro ([a-z]\w*)\((.*?)\) %}(.*?){% endmacro %}", re.S)
CHANGED = {
    "en": ("rose", "fell"),
    "tr": ("yükseldi", "düştü"),
    "zh": ("上升", "下降"),
    "ar": ("ارتفع", "انخفض"),
}
CANNOT = {"en": "no change can be claimed", "tr": "bir değişim olduğu söylenemez", "zh": "不能断言有变化",
          "ar": "فلا يمكن القول بحدوث تغيّر"}  # fmt: skip
SAME = {
    "en": "unchanged to within",
    "tr": "puan içinde değişmedi",
    "zh": "以内没有变化",
    "ar": "لم يتغيّر في حدود",
}
START, END = date(2025, 9, 30), date(2026, 9, 30)


def change(verdict: str, **more: Any) -> dict[str, Any]:
    row = {"verdict": verdict, "months_ago": 12, "value": -0.062, "before": 1.093, "now": 1.031, "level": 0.95,
           "least": 0.021, "most": 0.103, "delta": 0.02, "half": 0.06, "rests_on": ""}  # fmt: skip
    return row | more


def headline(*rows: dict[str, Any], **more: Any) -> Finding:
    values = {
        "months": 12, "start": START, "end": END, "arr": 870_000_000, "n": 298, "before": [], "net": 1.123,
        "numerator": 706_000_000, "denominator": 629_000_000, "n_opening": 246, "gross": 0.894, "kept": 210,
        "small": False, "without": None, "rows": list(rows), "others": [],
    }  # fmt: skip
    return Finding("headline", values | more)


WITHOUT = {"name": "Studio 54", "group": True, "share": 0.31, "value": 0.97}
PART = {"segment": "Mid-market", "column": "segment", "n_accounts": 12, "metric": "net_retention", "value": 0.9,
        "rest": 1.1, "level": 0.95, "low": -0.3, "high": -0.1}  # fmt: skip
AGED = {"metric": "gross_retention", "numerator": 100_000, "denominator": 200_000, "value": 0.8, "older": 0.9,
        "level": 0.95, "low": -0.2, "high": -0.04, "start": START, "end": END, "n_accounts": 2, "n_older": 1}  # fmt: skip
RANGE = {"metric": "net_retention", "money": False, "low": 1.0, "high": 1.1, "level": 0.8, "end": END, "n_ranged": 10,
         "n_inside": 8, "n_past": 3, "supported": True}  # fmt: skip
LOSS = {"churn": 100_000, "n_churn": 1, "contraction": 50_000, "n_contraction": 2}
MATCHED = {"covered": 0.9, "uncovered": 0.8, "n_covered": 200, "n_uncovered": 40, "difference": 0.1, "low": -0.02,
           "high": 0.2, "level": 0.95, "verdict": "higher", "plain": 0.15}  # fmt: skip
TRIAL = {
    "n": 900,
    "n_left": 40,
    "area": 0.8,
    "low": 0.7,
    "level": 0.95,
    "high": 0.9,
    "tenure": 0.6,
    "tells": True,
    "wrong": False,
}
MOVED = {"gains": 300_000, "losses": 200_000, "amount": 90_000, "opening": 900_000}
NUMBER = {"missing": False, "n": 335, "source": "subscriptions"}
NAMED = ("Acme", "Studio 54")
REPORTS = [
    Finding("board.number", NUMBER | {"number": "ARR", "amount": 900_000, "past": 800_000}),
    Finding("board.number", NUMBER | {"number": "Net retention", "value": 1.1, "low": 1.0, "high": 1.2, "past": 1.05,
                              "level": 0.95}),
    Finding("board.number", NUMBER | {"number": "Units in use", "missing": True, "source": "Studio 54"}),
    Finding("board.process", {"rate": 0.9, "n": 1034, "skipped": 24}),
    Finding("board.channels", {"n": 3, "names": NAMED}), Finding("board.channels", {"n": 3, "names": ()}),
    Finding("board.sellers", {"n": 8, "names": NAMED}), Finding("board.sellers", {"n": 8, "names": ()}),
    Finding("coverage.people", {"there": 14, "needed": 12, "rule": 200_000_000, "arr": 2_400_000_000, "n": 449,
                                "n_alone": 44, "alone": 65_000_000}),
    Finding("coverage.load", {"n": 14, "n_over": 2, "over": 300_000_000, "names": NAMED}),
    Finding("coverage.load", {"n": 14, "n_over": 0, "over": 300_000_000, "names": ()}),
    *[Finding("coverage.ahead", {"capacity": 900_000, "window": 12} | more)
      for more in ({"months": 5}, {"months": 0}, {"never": True})],
    Finding("coverage.hires", {"n": 9, "n_late": 2, "horizon": 24}),
    *[Finding("coverage.visited", {"n": 71, "n_short": short, "needed": 2, "edge": 10_000_000}) for short in (3, 0)],
    Finding("coverage.cost", {"amount": 900_000, "share": 0.075, "window": 12}),
    Finding("coverage.matched", MATCHED), Finding("coverage.matched", MATCHED | {"verdict": "cannot be told from chance"}),
    Finding("customer.use", {"used": 70, "licensed": 100, "share": 0.7}),
    *[Finding("customer.peers", {"own": 0.7, "peers": 0.6, "n": 20, "alike": alike}) for alike in (True, False)],
    Finding("customer.steps", {"n": 5, "confirmed": 2}),
    *[Finding("customer.requests", {"n_open": n, "n_settled": 3, "months": 12}) for n in (2, 0)],
    Finding("customer.service", {"n": 9, "before": 7}), Finding("customer.cases", {"opened": 4, "closed": 3, "open": 1}),
    *[Finding("customer.next", {"n": n}) for n in (3, 0)],
    *[Finding("health.value", {"n": 300, "waiting": 90, "days": 76, "naive": 60, "known": known}) for known in (True, False)],
    Finding("health.shelf", {"arr": 900_000, "shelf": 90_000, "share": 0.1}),
    *[Finding("health.trial", TRIAL | more)
      for more in ({}, {"tells": False}, {"tells": False, "wrong": True}, {"n_left": 6})],
    *[Finding("health.green", {"days": 90, "n": n, "n_all": 19, "arr": 41_200_000}) for n in (7, 0)],
    Finding("health.lists", {"n_risk": 39, "risk": 90_000, "n_ready": 20, "ready": 80_000, "precision": 0.2, "base": 0.05}),
    Finding("health.features", {"n": 8, "n_passed": 2, "names": NAMED, "n_against": 1, "against": ("Acme",),
                                "limit": 0.1}),
    Finding("health.features", {"n": 8, "n_passed": 0}),
    Finding("health.lost", {"arr": 90_000, "n": 31, "window": 12, "share": 0.4, "unknown": 0.1, "reason": "Studio 54"}),
    *[Finding("renewals.past", {"n": n, "atr": 900_000, "kept": 800_000, "lost": 90_000, "rate": 0.9, "window": 12,
                                "smaller": 10_000}) for n in (43, 0)],
    Finding("renewals.ahead", {"n": 43, "atr": 900_000, "months": 6, "risk": 90_000, "top": NAMED, "record": False}),
    *[Finding("renewals.moved", MOVED | {"largest": kind}) for kind in due.KINDS],
    Finding("renewals.still", {"n": 99, "arr": 900_000, "months": 12}),
    Finding("renewals.coverage", {"n": 449, "covered": 45, "share": 0.1}),
    *[Finding("renewals.likely", {"top": 0.3, "all": 0.1, "n_top": 45, "low": 0.2, "high": 0.4, "level": 0.95,
                                  "better": better})
      for better in (True, False)],
    *[Finding("renewals.path", {"years": 3, "behind": behind}) for behind in (5, -5, 0)],
    Finding("voice.nps", {"nps": 0.36, "low": 0.27, "high": 0.45, "n": 238, "rate": 0.5, "same": True, "tested": True,
                          "level": 0.95}),
    Finding("voice.nps", {"nps": 0.36, "low": 0.27, "high": 0.45, "n": 238, "tested": True, "level": 0.95}),
    Finding("voice.unhappy", {"n": 20, "in_time": 12, "late": 5, "never": 3, "arr": 90_000, "days": 14}),
    Finding("voice.ideas", {"n": 27, "idea": "Studio 54", "votes": 40, "arr": 90_000, "accounts": 12}),
    Finding("voice.closed", {"n": 50, "told": 30, "share": 0.6, "window": 12, "days": 21}),
    *[Finding("voice.declined", {"n": 40, "without": n}) for n in (12, 0)],
    *[Finding("voice.champion", {"rate": 0.2, "others_rate": 0.1, "low": 0.02, "high": 0.2, "n": 40, "level": 0.95,
                                 "clear": clear})
      for clear in (True, False)],
    Finding("voice.seen", {"share": 0.4, "n": 900, "unseen": 12, "arr": 90_000}),
]  # fmt: skip
FINDINGS = [
    headline(), headline(small=True, without=WITHOUT), headline(n_opening=0), headline(without=WITHOUT),
    headline(change("changed")), headline(change("changed", value=0.05)), headline(change("changed", rests_on="Acme")),
    headline(change("unchanged within delta")),
    headline(change("cannot tell"), change("cannot tell", months_ago=3), others=[
        {"metric": "gross_retention", "rows": [change("cannot tell", months_ago=6)]}]),
    Finding("data_caveat", {"beyond": True, "days": 40, "last": START, "end": END, "rejected": 2}),
    Finding("masking", LOSS | {"months": 12, "net": 1.1, "gross": 0.9, "opening": 9_000_000, "expansion": 300_000,
                               "n_expansion": 3, "lost": 150_000}),
    Finding("segment", {"n": 24, "n_passed": 1, "n_untested": 2, "limit": 0.1, "passed": [PART]}),
    Finding("vintage", {"compared": True, "age": 12, "n": 79, "n_older": 195, "start": START, "end": END,
                        "small": False, "rows": [AGED, AGED], "shown": False}),
    Finding("vintage", {"compared": True, "age": 6, "n": 2, "n_older": 1, "start": START, "end": END, "small": True,
                        "rows": [AGED], "shown": True}),
    Finding("concentration", {"n": 100, "n_eff": 9, "names": ["Acme", "Studio 54"], "n_heavy": 2, "share": 0.4,
                              "opening": 400_000, "closing": 300_000, "rest_opening": 600_000, "rest_closing": 700_000,
                              "n_rest": 98, "group": True, "turns": True}),
    Finding("single_account", {"months": 12, "total": 300_000, "loss": 200_000, "share": 0.67, "name": "Acme",
                               "left": True}),
    Finding("reactivation", {"months": 12, "n": 3, "value": 100_000, "name": "Acme"}),
    Finding("expansion_dependence", {"months": 12, "names": ["Acme"], "n_few": 1, "n": 11, "amount": 90_000,
                                     "total": 100_000, "share": 0.9}),
    Finding("forecast", {"rows": [RANGE, RANGE | {"metric": "arr", "money": True, "low": 1e8, "high": 2e8}],
                         "n_past": 10, "end": END}),
    Finding("renewals_ahead", {"months": 3, "n": 43, "arr": 1_700_000, "end": END, "n_notice": 5, "notice": 145_000,
                               "n_shrunk": 3, "shrunk": 23_600}),
    Finding("restatement", {"n": 1, "n_compared": 16, "as_of": START, "rows": [
        {"metric": "net_retention", "end": END, "money": False, "old": 1.1, "new": 1.0}]}),
    Finding("unknown", {"rows": [
        {"kind": "headline", "small": False, "months_ago": 3, "detectable": 0.19}, {"kind": "segment", "n": 3},
        {"kind": "vintage", "compared": True, "n": 20}, {"kind": "vintage", "compared": False, "age": 12},
        {"kind": "forecast"}, {"kind": "renewals_ahead"}, {"kind": "restatement"}, {"kind": "benchmark"}]}),
    Finding("gross", LOSS | {"value": 0.9, "start": START, "denominator": 900_000, "logo": 0.8, "kept": 8, "n": 10,
                             "small": False}),
    Finding("discoveries", {"metrics": ["net_retention", "gross_retention"], "n": 24, "n_untested": 3, "limit": 0.1,
                            "passed": [PART], "n_passed": 1, "quiet": False}),
    Finding("discoveries", {"metrics": ["net_retention"], "n": 1, "n_untested": 0, "limit": 0.1, "passed": [],
                            "n_passed": 0, "quiet": False}),
    Finding("newest_vintage", {"age": 12, "rows": [AGED, AGED | {"metric": "net_retention"}], "compared": True, "n": 2,
                               "n_older": 1, "shown": False}),
    Finding("newest_vintage", {"age": 12, "rows": [], "compared": True, "n": 20, "n_older": 100, "shown": False}),
    Finding("next_quarter", {"rows": [RANGE, RANGE | {"supported": False}]}),
    Finding("overlap", {"shared": 9, "months": 12, "apart": 3}),
    Finding("residual", {"n": 50, "value": 900_000, "arr": 100_000, "convention": "fitted curve", "n_ended": 40}),
    Finding("loss_ages", {"ages": [12, 24], "share": 0.4, "n": 50, "n_passed": 20}),
    Finding("group_look", {"rows": [{"company": "Acme", "share": 0.1}], "months": 3}),
    Finding("group_changes", {"n_tested": 9, "n_apart": 1, "months": 12, "limit": 0.1, "rows": [
        {"metric": "net_retention", "company": "Acme", "value": -0.1, "now": 0.9, "rests_on": "Studio 54"}]}),
    *REPORTS,
]  # fmt: skip


@pytest.mark.parametrize(
    "folder", ["", "group/", "board/", "coverage/", "customer/", "health/", "renewals/", "voice/"]
)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_every_macro_with_its_arguments(locale: str, folder: str) -> None:
    english, other = (
        {name: arguments for name, arguments, _ in MACRO.findall((FOLDER / path).read_text(encoding="utf-8"))}
        for path in (f"{folder}en.md.jinja", f"{folder}{locale[:2]}.md.jinja")
    )
    assert other == english


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.kind)
def test_the_numbers_agree_with_the_english(finding: Finding, locale: str) -> None:
    printed = [
        Counter((one.kind, one.path) for one in sentence(finding, currency="USD", locale=where)[1])
        for where in ("en_US", locale)
    ]
    assert printed[0] == printed[1]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.kind)
def test_no_english_is_left(finding: Finding, locale: str) -> None:
    said = str(write(finding, locale=locale)).replace("\\", "")
    rest = re.sub(r"Acme|Studio 54|Mid-market|ARR|CSQL|CSM|subscriptions", "", said)
    assert not re.findall(r"\b(?:of|the|and|to|from|account|accounts|months?|which|is|was|without)\b", rest)
    if locale != "tr_TR":
        assert not re.findall(r"[A-Za-z]{2,}", rest)


@pytest.mark.parametrize("locale", ("en_US", *LOCALES))
def test_only_a_tested_change_rises_or_falls(locale: str) -> None:
    language = locale[:2]
    rise, fall = CHANGED[language]
    told = {
        verdict: str(write(headline(change(verdict)), locale=locale))
        for verdict in ("changed", "cannot tell", "unchanged within delta")
    }
    assert fall in told["changed"] and rise not in told["changed"]
    assert rise in str(write(headline(change("changed", value=0.05)), locale=locale))
    for verdict in ("cannot tell", "unchanged within delta"):
        assert rise not in told[verdict] and fall not in told[verdict]
    assert CANNOT[language] in told["cannot tell"] and CANNOT[language] not in told["unchanged within delta"]
    assert SAME[language] in told["unchanged within delta"] and SAME[language] not in told["cannot tell"]
    rests = str(write(headline(change("changed", rests_on="Acme")), locale=locale))
    assert rise not in rests and fall not in rests


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.kind)
def test_turkish_hangs_no_suffix_on_a_number_or_a_name(finding: Finding) -> None:
    text, printed = sentence(finding, currency="USD", locale="tr_TR")
    for one in printed:
        assert not re.match(r"['’]|[a-zçğıöşü]", text[one.at + len(one.text) :]), text
    assert not re.search(r"(?:Acme|Studio 54)['’a-zçğıöşü]", text)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.kind)
def test_chinese_is_written_without_spaces_and_bold_closes(finding: Finding) -> None:
    from markdown_it import MarkdownIt

    said = str(write(finding, locale="zh_CN"))
    assert not re.search(
        r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef] | [\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", said
    )
    assert "**" not in re.sub("<[^>]+>", "", MarkdownIt().render(said))


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.kind)
def test_arabic_keeps_names_whole(finding: Finding) -> None:
    said = str(write(finding, locale="ar_AE"))
    assert len(re.findall("Studio 54", said)) == len(re.findall("\u2068Studio 54\u2069", said))
    assert "،" in said or "," not in re.sub(r"\d,\d", "", said)


def test_a_name_cannot_turn_the_sentence_about() -> None:
    finding = headline(without=WITHOUT | {"name": "Acme\u202e\u2069 Ltd"})
    said = str(write(finding, locale="ar_AE"))
    assert "\u2068Acme Ltd\u2069" in said and "\u202e" not in said


def test_numbers_are_in_latin_digits_everywhere() -> None:
    for locale in LOCALES:
        told = [formats.percent(1.123, locale=locale), formats.count(1823, locale=locale),
                formats.short_money(870_000_000, "USD", locale=locale), formats.day(END, locale=locale)]  # fmt: skip
        assert all(re.search("[0-9]", text) for text in told)
        assert not re.search(r"[٠-٩۰-۹]", "".join(told))
