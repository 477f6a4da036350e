"""Every number that a demo PDF prints stands in numbers.json or findings.json, at the rounding that is printed."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cslib import formats
from cslib.report.run import run_report

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"
COMPANIES = ("larkfield-systems", "pontavia", "thornbury-signal")
NUMBER = re.compile(r"(?<![\w.,])[−+±]?[$€£]?\d(?:[\d.,]*\d)?(?:%|[kMB](?!\w))?(?![\w])")
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DATE = re.compile(
    rf"\b(?:{MONTHS})[a-z]*\s+(?:\d{{1,2}},\s+)?\d{{4}}\b|\b\d{{4}}-\d\d-\d\d\b|\bQ[1-4]\s+\d{{4}}\b"
)


@dataclass(frozen=True)
class Report:
    """What one run left, read as a test reads it."""

    pdf: str
    pages: int
    notebook: Any
    numbers: Any
    findings: Any


@cache
def report(company: str, out: Path) -> Report:
    import pypdfium2

    record = run_report(
        ROOT / "notebooks" / "retention.ipynb", company=DEMO / company, quarter="2026Q3", out=out
    )
    assert record.error == ""
    document = pypdfium2.PdfDocument(record.folder / "retention.pdf")
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    read = {
        name: json.loads((record.folder / f"{name}.json").read_bytes()) for name in ("numbers", "findings")
    }
    notebook = json.loads((record.folder / "retention.ipynb").read_bytes())
    return Report(text.replace("\r\n", "\n").replace("\ufffe", "-"), len(document), notebook, **read)


@pytest.fixture(scope="module", params=COMPANIES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    if not DEMO.is_dir():
        pytest.skip("no demo portfolio; `make report` makes it")
    return report(request.param, tmp_path_factory.mktemp("out"))


def tokens(text: str) -> list[str]:
    """Numbers in a text; a date or quarter is one."""
    dates = [re.sub(r"\s+", " ", found) for found in DATE.findall(text)]
    return [*dates, *NUMBER.findall(DATE.sub(" ", text))]


# --- what the notebook shows, by the cell and output it stands in


def outputs(notebook: Any) -> Iterator[tuple[str, Any]]:
    for cell in notebook["cells"]:
        if not {"parameters", "injected-parameters"} & set(cell["metadata"].get("tags", [])):
            yield from ((cell["id"], output) for output in cell.get("outputs", []))


def joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def plain(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown.replace("**", ""))


def words_of(output: Any) -> dict[str, Any]:
    return dict(output.get("metadata", {}).get("cslib", {}))


def rows_of(table: str) -> tuple[list[str], list[str]]:
    """Heads, and all other cells, of an HTML table."""
    found: tuple[list[str], list[str]] = ([], [])
    for part, inner in re.findall(r"<(thead|tbody)>(.*?)</\1>", table, re.S):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", inner, re.S)
        found[part == "tbody"].extend(html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in cells)
    return found


def drawn(svg: str) -> tuple[list[str], list[str]]:
    """Texts of ticks, and all other texts, of a figure."""
    groups = re.findall(r'<g id="[xy]tick_\d+">.*?</g>\s*</g>\s*</g>|<text[^>]*>(.*?)</text>', svg, re.S)
    ticks = [
        t for g in re.findall(r'<g id="([xy])tick_(\d+)">(.*?)\n   </g>', svg, re.S) for t in _texts(g[2])
    ]
    every = _texts(svg)
    rest = Counter(every) - Counter(ticks)
    assert groups
    return ticks, list(rest.elements())


def _texts(svg: str) -> list[str]:
    return [
        html.unescape(re.sub(r"<[^>]+>", "", t)) for t in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)
    ]


def allowed(made: Report) -> Counter[str]:
    """Numbers that the PDF may print, each as often as the notebook shows it, with the furniture of its pages."""
    found: Counter[str] = Counter()
    for cell in made.notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found.update(tokens(plain(joined(cell["source"]))))
    n_tables = n_figures = 0
    for _, output in outputs(made.notebook):
        data, words = output.get("data", {}), words_of(output)
        if "text/markdown" in data:
            found.update(tokens(plain(joined(data["text/markdown"]))))
            found.update(str(k) for _, labels in words.get("refers", []) for k in _references(made, labels))
        elif "text/html" in data:
            heads, cells = rows_of(joined(data["text/html"]))
            n_tables += 1
            for text in (*cells, words["caption"]):
                found.update(tokens(text))
            for head in heads:  # printed again on every page that a table runs on to
                found.update(tokens(head) * made.pages)
        elif "image/svg+xml" in data:
            n_figures += 1
            for text in (*_texts(joined(data["image/svg+xml"])), words["caption"]):
                found.update(tokens(text))
    found.update(str(n) for n in (*range(1, n_tables + 1), *range(1, n_figures + 1)))  # Table n, Figure n
    found.update(str(n) for page in range(1, made.pages + 1) for n in (page, made.pages))  # Page n of m
    about = made.notebook["metadata"]["cslib"]
    day = date.fromisoformat(about["date"])
    found.update([about["period"]] * made.pages)  # over every page
    found.update([f"{day:%B} {day.day}, {day.year}"])  # under the title
    return found


def _references(made: Report, labels: list[str]) -> list[int]:
    import nbformat

    from cslib.report.links import places

    known = places(nbformat.from_dict(made.notebook)).labels
    return [known[label][1] for label in [x for x in labels if x in known][:2]]


def unknown(text: str, made: Report) -> dict[str, int]:
    """Numbers of a text that are not allowed, or not so often."""
    return dict(Counter(tokens(text)) - allowed(made))


@pytest.mark.slow
def test_the_pdf_prints_no_number_that_the_notebook_does_not_show(made: Report) -> None:
    assert len(tokens(made.pdf)) > 500
    assert unknown(made.pdf, made) == {}


@pytest.mark.slow
def test_one_changed_digit_fails(made: Report) -> None:
    begin, end = made.pdf.index("Bottom line"), made.pdf.index("Table 1. ")
    prose = made.pdf[begin:end]
    spots = [m for m in NUMBER.finditer(made.pdf) if m[0] in tokens(prose) and len(m[0]) > 3]
    spots = [spot for spot in spots if not DATE.search(made.pdf[spot.start() - 9 : spot.end()])]
    spots += list(DATE.finditer(made.pdf, begin, end))
    missed = []
    for spot in [*spots[:30], *spots[-10:]]:
        at = spot.end() - 2 if spot[0][-1] in "%kMB" else spot.end() - 1
        wrong = str((int(made.pdf[at]) + 3) % 10)
        changed = made.pdf[:at] + wrong + made.pdf[at + 1 :]
        if not unknown(changed, made):
            missed.append(spot[0])
    assert len(spots) > 10
    assert missed == []


# --- and what it shows stands in the files


def rendered(kind: str, value: Any, currency: str) -> set[str]:
    if kind == "money":
        return {f(value, currency) for f in (formats.short_money, formats.exact_money)}
    if kind == "percent":
        return {formats.percent(value, digits=digits) for digits in (0, 1)}
    if kind == "points":
        return {formats.points(abs(value)), formats.points(value), formats.points(value, signed=True)}
    return {formats.count(value)} if kind == "count" else {str(value)}


def at(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values[int(step)] if isinstance(values, list) else values[step]
    return values


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (s for item in value.values() for s in strings(item))
    elif isinstance(value, list):
        yield from (s for item in value for s in strings(item))
    elif isinstance(value, str):
        yield value


@pytest.mark.slow
def test_every_number_in_prose_is_a_value_of_its_finding(made: Report) -> None:
    currency, n = made.findings["currency"], 0
    for finding in made.findings["findings"]:
        if not finding["said"] or finding["kind"] == "note":
            continue
        left = Counter(tokens(plain(finding["sentence"])))
        for number in finding["printed"]:
            if number["kind"] in {"day", "month"}:
                left -= Counter(tokens(plain(number["text"])))
                continue
            value = at(finding["values"], number["value"])
            assert plain(number["text"]) in rendered(number["kind"], value, currency), (
                finding["kind"],
                number,
            )
            left -= Counter(tokens(plain(number["text"])))
            n += 1
        for text in strings(finding["values"]):  # names, populations, sources, definitions
            left -= Counter(tokens(text))
        known = {token.lstrip("±") for token in left}
        assert not {
            token for token in known if token not in {plain(p["text"]) for p in finding["printed"]}
        }, finding
    assert n > 60


@pytest.mark.slow
def test_a_number_of_a_metric_is_the_one_that_the_run_keeps(made: Report) -> None:
    kept = {}
    for record in made.numbers["numbers"]:
        by = ";".join(f"{k}={v}" for k, v in record["by"].items())
        days = [record.get("start") or "", record.get("end") or ""]
        kept["|".join([record["metric"], record["convention"], *days, by])] = record
    n = 0
    for finding in made.findings["findings"]:
        for number in finding.get("printed", []):
            name, _, field = number["number"].rpartition("|")
            if name and name in kept:
                value = at(finding["values"], number["value"])
                assert value == pytest.approx(kept[name][field], rel=1e-12), number
                n += 1
    assert n > 20


def pool(rows: list[dict[str, Any]], currency: str) -> set[str]:
    """Every form in which a table may print a value of its rows."""
    found: set[str] = set()
    for row in rows:
        if row.get("start") and row.get("end"):  # the window beside a convention
            (y0, m0), (y1, m1) = ((int(row[side][:4]), int(row[side][5:7])) for side in ("start", "end"))
            found.add(formats.count(12 * (y1 - y0) + m1 - m0))
        for value in row.values():
            if isinstance(value, str):
                found.update(tokens(value))
                found.update(_days(value))
            elif isinstance(value, list):
                for text in strings(value):
                    found.update(tokens(text))
                found.update(
                    x for v in value for w in (v if isinstance(v, list) else []) for x in _forms(w, currency)
                )
            else:
                found.update(_forms(value, currency))
    return found


def _days(value: str) -> set[str]:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return set()
    day = date.fromisoformat(value)
    return {formats.day(day), formats.month(day), formats.period(day, grain="quarter")}


def _forms(value: Any, currency: str) -> set[str]:
    if value is None or isinstance(value, bool | str):
        return set()
    forms = set()
    if float(value).is_integer():
        forms |= {formats.count(int(value)), str(int(value))}
        for form in (formats.short_money, formats.exact_money):
            forms |= {form(value, currency), form(-value, currency), form(value, currency, signed=True)}
    for digits in (0, 1, 2):
        forms.add(formats.percent(value, digits=digits))
    forms |= {
        formats.points(value),
        formats.points(abs(value)),
        formats.points(value, signed=True),
        f"{value:.1f}",
    }
    return forms | {"±" + form for form in forms}


@pytest.mark.slow
def test_every_number_in_a_table_or_figure_is_a_value_of_its_rows(made: Report) -> None:
    currency, tables = made.findings["currency"], made.findings["tables"]
    flat = [
        {k: r[k] for k in ("value", "numerator", "denominator", "n_accounts")}
        for r in made.numbers["numbers"]
    ]
    metric = pool(flat, currency)
    named = [r["by"]["cohort"] for r in made.numbers["numbers"] if "cohort" in r["by"]]
    metric |= {name for cohort in named for name in (cohort[:4], *_days(cohort))}
    metric |= {
        day for r in made.numbers["numbers"] for side in ("start", "end") for day in _days(r.get(side) or "")
    }
    ticks_seen = n = 0
    for cell, output in outputs(made.notebook):
        data, words = output.get("data", {}), words_of(output)
        own = pool(tables.get(words.get("label", ""), []), currency)
        if "text/html" in data:
            for text in rows_of(joined(data["text/html"]))[1]:
                strange = {t for t in tokens(text) if t not in own}
                assert not strange, (cell, words["label"], text, strange)
                n += 1
        elif "image/svg+xml" in data:
            ticks, rest = drawn(joined(data["image/svg+xml"]))
            ticks_seen += len(ticks)
            for text in rest:
                strange = {t for t in tokens(text) if t not in own | metric}
                assert not strange, (cell, text, strange)
    assert n > 300
    assert ticks_seen > 20


@pytest.mark.slow
def test_no_digit_is_typed_into_the_notebook(made: Report) -> None:
    for cell in made.notebook["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"\d", joined(cell["source"])), cell["id"]
