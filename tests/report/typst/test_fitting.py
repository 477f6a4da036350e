"""A plan gives the columns and rows that Typst would have found."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import typst

from cslib.report.typst.fitting import Plan, Room, planned
from cslib.report.typst.fonts import font_book
from cslib.report.typst.html import Table, read_html
from cslib.report.typst.notebook import Options, typst_source
from cslib.report.typst.tables import Frame, typst_table

from .conftest import book, code, prose, shown

TEMPLATE = typst_source(book(prose("x")), options=Options()).text.split("#show: report.with(")[0]


def frame(html: str | pd.DataFrame) -> Table:
    text = html if isinstance(html, str) else html.to_html(index=False)
    [table] = [piece for piece in read_html(text) if isinstance(piece, Table)]
    return table


def laid(table: Table) -> tuple[list[float], list[float]]:
    """Width and height with the plan, and as Typst finds them by itself."""
    sheet, _ = typst_table(table, Frame())
    assert "plan: (size" in sheet
    source = (
        TEMPLATE.replace("#let sheet(", "#let _sheet(")
        + "#let sheet(columns: (), aligns: (), head: (), body: (), plan: none, heat: false, ..rest) = {\n"
        "  let sizes = (\n"
        "    measure(lay(plan.columns, aligns, head, body, heat, plan.size, rows: plan.rows, even: plan.even)),\n"
        "    measure(block(width: 468pt, fitted(columns, aligns, head, body, heat, none))),\n"
        "    measure(lay(columns, aligns, head, body, heat, plan.size)),\n  )\n"
        "  [#metadata(sizes.map(s => (s.width / 1pt, s.height / 1pt))) <m>]\n}\n"
        f"#context {sheet}\n"
    )
    found = typst.query(
        source.encode(), "<m>", field="value", one=True, font_paths=font_book(), ignore_system_fonts=True
    )
    counted, fitted, natural = json.loads(found)
    return counted, [natural[0], fitted[1]]


NUMBERS = pd.DataFrame(
    {"Segment": ["Mid market", "Enterprise"], "Opening": ["€2.64M", "€1.93M"], "Net": ["104.8%", "127.6%"]}
)
WORDY = pd.DataFrame(
    {
        "Metric": ["Net retention", "Churn"],
        "Definition": [
            "What the accounts of 12 months ago pay now, over what they paid then. " * 2,
            "What went.",
        ],
        "Source": ["SaaS Metrics Standards Board, cohort method; MariaDB, PostHog, GitLab", "cslib"],
    }
)
WIDE = pd.DataFrame([["1,234,567.89"] * 8] * 3, columns=[f"column {i}" for i in range(8)])
LINES = "<table><tr><th>a<th>b</tr><tr><td>one<br>two<td>3</tr><tr><td>x<td>4</table>"
SPANS = (
    "<table><thead><tr><th></th><th colspan=2>Trailing twelve months, endpoints</th></tr><tr><th>k</th><th>a</th>"
    "<th>b</th></tr></thead><tbody><tr><td rowspan=2>x</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>"
    "</tbody></table>"
)
HEAT = (
    "<table><tr><th>c<th>0<th>6</tr>"
    + '<tr><td>Q1 2024<td style="background:#1d4270">100%<td style="background:#6a9ad0">98%</tr>' * 3
    + "</table>"
)


@pytest.mark.parametrize("table", [NUMBERS, LINES, SPANS, HEAT], ids=["numbers", "lines", "spans", "heat"])
def test_a_table_that_fits_is_as_large_as_typst_makes_it(table: str | pd.DataFrame) -> None:
    counted, found = laid(frame(table))
    assert counted[0] == pytest.approx(found[0], rel=0.03)
    assert counted[0] >= found[0] - 0.1
    assert counted[1] == pytest.approx(found[1], abs=0.1)


@pytest.mark.parametrize("table", [WORDY, WIDE], ids=["wordy", "wide"])
def test_one_that_does_not_fit_wraps_or_shrinks_as_typst_would(table: pd.DataFrame) -> None:
    with pd.option_context("display.max_colwidth", None):
        counted, found = laid(frame(table))
    assert counted[0] == pytest.approx(467.9, abs=0.1)
    assert counted[1] == pytest.approx(found[1], rel=0.02)


def test_a_row_that_wraps_has_no_fixed_height() -> None:
    words = [[("word " * 40, "regular", True)], [("1", "regular", True)]]
    rooms = [Room(y, x, 1, 1, [words[x]]) for y in range(2) for x in range(2)]
    plan = planned(rooms, [100, 0], rows=2, heat=False)
    assert plan is not None
    assert plan.rows == (None, None)
    assert sum(plan.columns) == pytest.approx(467.9, abs=0.01)


@pytest.mark.parametrize(
    "text", ["中文", "word " * 200], ids=["no width", "nothing to wrap, and even six points are too large"]
)
def test_what_cannot_be_counted_has_no_plan(text: str) -> None:
    assert planned([Room(0, 0, 1, 1, [[(text, "regular", True)]])], [0], rows=1, heat=False) is None


def test_an_empty_row_is_left_to_typst() -> None:
    plan = planned([Room(0, 0, 1, 1, [[("", "regular", True)]])], [0], rows=1, heat=False)
    assert plan == Plan(8.5, (0.0,), (None,))


def test_the_plan_is_for_the_packaged_fonts_and_the_measure_only() -> None:
    html = NUMBERS.to_html(index=False)
    source = typst_source(book(code(shown({"text/html": html, "text/plain": ""}))))
    assert 'let plan = if sans.first() == "Inter" { plan }' in source.text
    assert "calc.abs(room.width - 468pt)" in source.text
    assert "even: true), whole: true)" in source.text
    narrow = typst_source(book(prose("- item\n\n  | A | B |\n  |---|---|\n  | 1 | 2 |")))
    assert "even: true), whole: false)" in narrow.text
