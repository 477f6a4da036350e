"""Retention and portfolio report in Turkish, Chinese and Arabic, from the notebook to the PDF, beside the English."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cslib.report.typst.fonts import EXTRA, extra
from tests.report.conftest import run_all

ROOT = Path(__file__).parents[1]
LOCALES = ("en_US", "tr_TR", "zh_CN", "ar_AE")
ENGLISH = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,]+[A-Za-z][A-Za-z'’-]*){2,}")
# Words of English that stand in no name, cited title or Turkish sentence.
FUNCTION = re.compile(
    r"\b(?:the|of|is|are|was|which|that|this|than|from|to|it|its|with|months?|accounts?|by|paid|kept)\b"
)


REPORTS = {"retention": ("pontavia",), "portfolio": ("pontavia", "thornbury-signal")}


@pytest.fixture(scope="module", params=list(REPORTS))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    companies = [ROOT / "demo" / name for name in REPORTS[request.param]]
    if not companies[0].is_dir():
        pytest.skip("no demo portfolio; `make report` makes it")
    if len(extra()) < len(EXTRA):
        pytest.skip("no fonts for Arabic and Chinese; pip install 'cslib[fonts]'")
    folders = {}
    for locale in LOCALES:
        (record,) = run_all(
            ROOT / "notebooks" / f"{request.param}.ipynb", companies=companies, parameters={"locale": locale},
            out=tmp_path_factory.mktemp(locale),
        )  # fmt: skip
        assert record.error == ""
        folders[locale] = record.folder
    return folders


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_bytes())


def pages(folder: Path) -> str:
    import pypdfium2

    (path,) = folder.glob("*.pdf")
    document = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document).replace("\r\n", "\n")


def cited() -> str:
    """Everything that a report may print as it stands: sources, and names of the company's data."""
    import csv

    from cslib.conventions import CONVENTIONS

    with (ROOT / "cslib" / "sources" / "benchmarks.csv").open(encoding="utf-8", newline="") as rows:
        titles = [row["source"] for row in csv.DictReader(rows)]
    return " ".join([*titles, *(convention.source for convention in CONVENTIONS)])


@pytest.mark.slow
def test_the_four_languages_say_the_same_numbers(made: dict[str, Path]) -> None:
    english, others = made["en_US"], [made[locale] for locale in LOCALES[1:]]
    findings = read(english, "findings")
    for folder in others:
        assert read(folder, "numbers") == read(english, "numbers")
        assert told(read(folder, "findings")) == told(findings)
    assert sum(told(findings).values()) > 50
    assert len(read(english, "numbers")["numbers"]) > 50


def told(findings: Any) -> Counter[tuple[str, str, str]]:
    """Every number that a sentence prints: its kind and the value it was made from."""
    found: Counter[tuple[str, str, str]] = Counter()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for one in node.get("printed", []):
                found[str(node.get("kind")), one["kind"], str(one["value"])] += 1
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(findings)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("locale", LOCALES[1:])
def test_percentages_are_printed_alike(made: dict[str, Path], locale: str) -> None:
    """Whatever the language, the paper shows the same percentages; the point and the sign's place may differ.

    Arabic words in figures are drawn as paths, their numbers with them: nothing else is on paper, but not all of it.
    """
    counted = []
    for where in ("en_US", locale):
        text = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", pages(made[where]))
        found = re.findall(r"(?<![\d.,%])%\d+[.,]\d(?![\d%])|(?<![\d.,%])\d+[.,]\d%", text)
        counted.append({number.strip("%").replace(",", ".") for number in found})
    english, other = counted
    assert other <= english if locale == "ar_AE" else other == english
    assert len(other) > 25


@pytest.mark.slow
@pytest.mark.parametrize("locale", LOCALES[1:])
def test_no_english_sentence_is_left_on_paper(made: dict[str, Path], locale: str) -> None:
    known = set(re.findall(r"[A-Za-z'’-]+", cited()))
    for run in ENGLISH.findall(pages(made[locale])):
        words = [word for word in re.findall(r"[A-Za-z'’-]+", run) if word not in {*known, "as-of"}]
        assert not FUNCTION.search(" ".join(words)), run
        assert locale == "tr_TR" or len(words) < 3 or all(word[:1].isupper() for word in words), run


@pytest.mark.slow
def test_the_arabic_report_reads_from_the_right(made: dict[str, Path]) -> None:
    (path,) = made["ar_AE"].glob("*.html")
    page = path.read_text(encoding="utf-8")
    assert re.search(r'<html[^>]*lang="ar"[^>]*dir="rtl"|<html[^>]*dir="rtl"[^>]*lang="ar"', page)
    assert {"retention": "تقرير الاحتفاظ", "portfolio": "تقرير محفظة الشركات"}[path.stem] in page
    assert "الخلاصة" in page
    text = pages(made["ar_AE"])
    assert "□" not in text and "□" not in pages(made["zh_CN"])
    assert not re.search("[٠-٩]", text)
