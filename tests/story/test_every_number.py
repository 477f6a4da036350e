"""Every number that a demo PDF prints stands in numbers.json or findings.json, at the rounding that is printed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cslib import formats
from tests.report.conftest import run_all
from tests.story.printed import DATE, NUMBER, SCALE_ENDS, Report, joined, plain, strings, tokens
from tests.story.test_said_and_never import ALWAYS_WRONG, DIRECTION

ROOT = Path(__file__).parents[2]
COMPANIES = ("larkfield-systems", "pontavia", "thornbury-signal")
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
REPORTS = [
    *((company, name) for name in NOTEBOOKS if name != "portfolio" for company in COMPANIES),
    ("portfolio", "portfolio"),
]
DEFINED = {  # what a measure is by its definition, by the cell or kind of finding that says it
    "health-question": {"50%"},  # the area of a score that tells nothing
    "health.trial": {"50%"},
    "nps-question": {"9", "10", "6"},  # answers of promoters and detractors
    "limits": {"92%", "98%"},  # measured on simulated books by benchmarks/coverage.py
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Report]:
    """Every notebook run for every company of the demo, as `make report` does it."""
    demo = ROOT / "demo"
    if not demo.is_dir():
        pytest.skip("no demo portfolio; `make report` makes it")
    notebooks = [ROOT / "notebooks" / f"{name}.ipynb" for name in NOTEBOOKS]
    companies = [demo / company for company in COMPANIES]
    records = run_all(notebooks, companies=companies, out=tmp_path_factory.mktemp("out"), jobs=None)
    assert [record.error for record in records if record.error] == []
    found = {}
    for record in records:
        name = Path(record.name).name
        company = next((c for c in COMPANIES if c in record.folder.parts), "portfolio")
        found[company, name] = Report.read(record.folder, name)
    return found


@pytest.fixture(params=REPORTS, ids=lambda pair: "-".join(pair))
def made(request: pytest.FixtureRequest, reports: dict[tuple[str, str], Report]) -> Report:
    return reports[request.param]


# --- the PDF prints what the notebook shows


@pytest.mark.slow
def test_the_pdf_prints_no_number_that_the_notebook_does_not_show(made: Report) -> None:
    assert len(tokens(made.pdf)) > 150
    assert made.unknown(made.pdf) == {}


@pytest.mark.slow
def test_one_changed_digit_fails(made: Report) -> None:
    spots = [m for m in NUMBER.finditer(made.pdf) if len(m[0]) > 3]
    spots = [spot for spot in spots if not DATE.search(made.pdf[spot.start() - 9 : spot.end()])]
    chosen = [*spots[:: len(spots) // 20 + 1], *list(DATE.finditer(made.pdf))[1:30:10]]
    missed = []
    for spot in chosen:
        at = spot.end() - 2 if spot[0][-1] in "%kMB" or DATE.fullmatch(spot[0]) else spot.end() - 1
        wrong = str((int(made.pdf[at]) + 3) % 10)
        if not made.unknown(made.pdf[:at] + wrong + made.pdf[at + 1 :]):
            missed.append(spot[0])
    assert len(chosen) > 12
    assert missed == []


# --- and what it shows stands in the files


@pytest.mark.slow
def test_every_number_in_a_table_or_figure_is_a_value_of_its_rows(made: Report) -> None:
    strange: dict[str, set[str]] = {}
    n = 0
    for one in made.shown:
        assert one.label in made.kept or not tokens(" ".join(one.cells)), one.label
        own = made.kept.get(one.label, made.parameters)
        told = [token for text in one.cells for token in tokens(text) if not own.has(token)]
        for text in (*one.heads, one.caption):
            told += [token for token in tokens(text) if not (own.has(token) or made.parameters.has(token))]
        if wrong := set(told) - SCALE_ENDS:
            strange[one.label] = wrong
        n += sum(len(tokens(text)) for text in one.cells)
    assert strange == {}
    assert n > 50


@pytest.mark.slow
def test_one_changed_digit_of_a_table_is_no_value_of_its_rows(made: Report) -> None:
    """With few exceptions: another cell may hold what it was changed into, as some always does among whole percents."""
    found: Counter[bool] = Counter()
    for one in made.shown:
        if one.label.startswith("tab-cohorts"):
            continue
        cells = [
            t
            for text in one.cells
            for t in tokens(text)
            if len(re.sub(r"\D", "", t)) > 2 and not DATE.search(t)
        ]
        for token in cells:
            at = max(m.start() for m in re.finditer(r"\d", token))
            changed = token[:at] + str((int(token[at]) + 3) % 10) + token[at + 1 :]
            found[made.kept[one.label].has(changed)] += 1
    assert found.total() > 25
    assert found[True] <= 0.15 * found.total()


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


@pytest.mark.slow
def test_every_number_in_prose_is_a_value_of_its_finding(made: Report) -> None:
    n = 0
    for finding in made.findings["findings"]:
        if not finding["said"] or finding["kind"] == "note":
            continue
        left = Counter(tokens(plain(finding["sentence"])))
        for number in finding["printed"]:
            left -= Counter(tokens(plain(number["text"])))
            if number["kind"] in {"day", "month"}:
                continue
            value = at(finding["values"], number["value"])
            told = rendered(number["kind"], value, finding["currency"])
            assert plain(number["text"]) in told, (finding["kind"], number)
            n += 1
        for text in strings(finding["values"]):  # names, populations, sources, definitions
            left -= Counter(tokens(text))
        known = {plain(p["text"]) for p in finding["printed"]} | DEFINED.get(finding["kind"], set())
        assert not {token.lstrip("±") for token in left} - known, finding
    assert n > 0


@pytest.mark.slow
def test_every_paragraph_with_a_number_is_a_finding(made: Report) -> None:
    told = {f.get("sentence", f["values"].get("text")) for f in made.findings["findings"] if f["said"]}
    told = {plain(text or "") for text in told}
    for cell, text, _ in made.prose:
        for paragraph in re.split(r"\n+", plain(text)):
            assert paragraph.removeprefix("- ") in told or not tokens(paragraph), (cell, paragraph)


@pytest.mark.slow
def test_a_number_of_a_metric_is_the_one_that_the_run_keeps(made: Report) -> None:
    kept = {}
    for record in made.numbers["numbers"]:
        if "metric" not in record:
            continue
        by = ";".join(f"{k}={v}" for k, v in record["by"].items())
        days = [record.get("start") or "", record.get("end") or ""]
        kept["|".join([record["metric"], record["convention"], *days, by])] = record
    for finding in made.findings["findings"]:
        for number in finding.get("printed", []):
            name, _, field = number["number"].rpartition("|")
            if name and name in kept:
                value = at(finding["values"], number["value"])
                assert value == pytest.approx(kept[name][field], rel=1e-12), number


@pytest.mark.slow
def test_a_digit_typed_into_the_notebook_is_a_definition_or_a_kept_value(made: Report) -> None:
    for cell in made.notebook["cells"]:
        if cell["cell_type"] == "markdown":
            typed = set(tokens(plain(joined(cell["source"])))) - SCALE_ENDS - DEFINED.get(cell["id"], set())
            assert not {token for token in typed if not made.beside.has(token)}, (cell["id"], typed)


# --- in words that may be used


@pytest.mark.slow
def test_no_sentence_of_any_report_has_a_word_that_may_never_be_used(made: Report) -> None:
    told = [f["sentence"] for f in made.findings["findings"] if f["said"] and f.get("sentence")]
    for sentence in told:
        assert not ALWAYS_WRONG.search(plain(sentence)), sentence
        for claim in DIRECTION.finditer(plain(sentence)):
            assert "interval" in sentence or "by chance" in sentence, (claim[0], sentence)
    assert told
