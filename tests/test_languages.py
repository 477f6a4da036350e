"""Every report in Turkish, Chinese and Arabic beside the English: two of them to the PDF, the others as notebooks."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.metrics.value import STAGES
from cslib.report.engine import execute
from cslib.report.job import check_job
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
        found = re.findall(r"(?<![\d.,%])%\d+(?:[.,]\d)?(?![\d%])|(?<![\d.,%])\d+(?:[.,]\d)?%", text)
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


OTHERS = ("board", "coverage", "customer", "data_quality", "health", "renewals", "voice")
SMALL = ROOT / "demo" / "thornbury-signal"


@pytest.fixture(scope="module", params=OTHERS)
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The notebook in every language, executed as a run does it, without its pages."""
    if not SMALL.is_dir():
        pytest.skip("no demo portfolio; `make report` makes it")
    told = {}
    for locale in LOCALES:
        path = ROOT / "notebooks" / f"{request.param}.ipynb"
        out = tmp_path_factory.mktemp(locale)
        job = check_job(path, company=SMALL, quarter="2026Q3", out=out, given={"locale": locale})
        notebook, failure = execute(job.notebook, folder=job.home)
        assert failure is None, failure
        told[locale] = notebook
    return told


def bundles(notebook: Any) -> Iterator[tuple[Any, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                yield output["data"], output["metadata"].get("cslib", {})


def kept(notebook: Any, kind: str) -> list[Any]:
    """What outputs keep for machines, by the end of their type."""
    return [data[key] for data, _ in bundles(notebook) for key in data if key.endswith(f".{kind}+json")]


def words_of(notebook: Any) -> str:
    """Everything that a reader sees: prose, tables, captions, and what figures say to those who cannot see them."""
    parts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    for data, about in bundles(notebook):
        page = re.sub(r"<style.*?</style>", " ", data.get("text/html", ""), flags=re.S)
        parts += [re.sub("<[^>]+>", " \n ", page), data.get("text/markdown", "").replace("\\", "")]
        parts += [str(about.get(name, "")) for name in ("caption", "alt")]
    return "\n".join(parts)


def of_the_company() -> list[str]:
    """Texts of the company's own tables, the longest first: names, ideas, reasons."""
    found: set[str] = set()
    for path in SMALL.glob("*.csv"):
        frame = pd.read_csv(path, dtype="str")
        found |= {text for name in frame for text in frame[name].dropna().unique() if " " in text}
    return sorted(found, key=len, reverse=True)


@pytest.mark.slow
def test_each_other_report_says_the_same_in_four_languages(executed: dict[str, Any]) -> None:
    english = executed["en_US"]
    assert sum(told(kept(english, "findings")).values())
    for locale in LOCALES[1:]:
        assert kept(executed[locale], "numbers") == kept(english, "numbers")
        assert told(kept(executed[locale], "findings")) == told(kept(english, "findings"))


@pytest.mark.slow
def test_no_english_sentence_is_left_in_it(executed: dict[str, Any]) -> None:
    known = set(re.findall(r"[A-Za-z'’-]+", cited()))
    for locale in LOCALES[1:]:
        text = html.unescape(words_of(executed[locale]))
        for own in (*of_the_company(), ", ".join(STAGES)):  # and values that a table is to hold
            text = text.replace(own, "")
        for run in ENGLISH.findall(text):
            words = [word for word in re.findall(r"[A-Za-z'’-]+", run) if word not in {*known, "as-of"}]
            assert not FUNCTION.search(" ".join(words)), run
            assert locale == "tr_TR" or len(words) < 3 or all(word[:1].isupper() for word in words), run
