"""A run read as a test reads it: what its PDF prints, what its notebook shows, and the values that its files keep."""

from __future__ import annotations

import html
import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from babel.numbers import get_currency_precision

from cslib import formats
from cslib.charts.canvas import BESIDE

NUMBER = re.compile(r"(?<![\w.,])[−+±]?[$€£]?\d(?:[\d.,]*\d)?(?:%|[kMB](?!\w))?(?![\w])")
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DATE = re.compile(
    rf"\b(?:{MONTHS})[a-z]*\s+(?:\d{{1,2}},\s+)?\d{{4}}\b|\b\d{{4}}-\d\d-\d\d\b|\bQ[1-4]\s+\d{{4}}\b"
)
SCALES = {"k": 10**3, "M": 10**6, "B": 10**9}
SCALE_ENDS = frozenset({"0", "1", "100%"})  # what a measure runs to, said in words beside it


def tokens(text: str) -> list[str]:
    """Numbers in a text; a date or quarter is one, the name of a hash is none."""
    text = text.replace("SHA-256", "SHA")
    dates = [re.sub(r"\s+", " ", found) for found in DATE.findall(text)]
    return [*dates, *NUMBER.findall(DATE.sub(" ", text))]


def joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def plain(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown.replace("**", ""))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (s for item in value.values() for s in strings(item))
    elif isinstance(value, list):
        yield from (s for item in value for s in strings(item))
    elif isinstance(value, str):
        yield value


# --- values that are kept, and whether a printed number is one of them


class Kept:
    """Values of some rows: numbers to be found at any rounding, and the numbers and dates in their texts."""

    def __init__(self, rows: Iterable[Mapping[str, Any]], currency: str) -> None:
        self.texts: set[str] = set()
        self.minor = {1, 10 ** get_currency_precision(currency)}
        numbers: set[float] = set()
        for row in rows:
            self.minor |= {10 ** get_currency_precision(c) for c in _currencies(row)}
            if row.get("start") and row.get("end"):  # the window that a caption names
                numbers.add(_months(row["start"], row["end"]))
            for name, value in row.items():
                self.texts.update(tokens(name), tokens(_quantile(name)))
                numbers.update(self._read(value))
        self.numbers = sorted(numbers)

    def _read(self, value: Any) -> Iterator[float]:
        if isinstance(value, str):
            self.texts.update(tokens(value), _days(value))
        elif isinstance(value, list):
            for item in value:
                yield from self._read(item)
        elif value is not None and not isinstance(value, bool):
            yield abs(float(value))

    def has(self, token: str) -> bool:
        """Whether a number as it is printed is one of the values, rounded as it is printed."""
        if token in self.texts or token.lstrip("−+±") in self.texts:
            return True
        told = re.fullmatch(r"[−+±]?([$€£]?)([\d.,]*\d)(%|[kMB])?", token)
        if told is None:
            return False
        sign, digits, unit = told.groups()
        digits = digits.replace(",", "")
        _, _, after = digits.partition(".")
        size = SCALES.get(unit, 1)
        value, half = float(digits) * size, 0.5 * size / 10 ** len(after)
        if sign or unit in SCALES:
            factors = [1 / minor for minor in self.minor]
        else:
            factors = [100.0] if unit == "%" else [1.0, 100.0]  # points are a hundred times a ratio
        return any(self._near(value / factor, half / factor) for factor in factors)

    def _near(self, value: float, half: float) -> bool:
        room = half * (1 + 1e-9) + 1e-9 * value
        at = bisect_left(self.numbers, value - room)
        return at < len(self.numbers) and self.numbers[at] <= value + room


def _currencies(row: Mapping[str, Any]) -> Iterator[str]:
    for name in ("currency", "unit"):
        word = str(row.get(name, "")).split(" ")[0]
        if re.fullmatch(r"[A-Z]{3}", word):
            yield word


def _quantile(column: str) -> str:
    """What a column such as p75 is a quantile of."""
    return f"{column[1:]}%" if re.fullmatch(r"p\d\d", column) else ""


def _months(start: str, end: str) -> int:
    (y0, m0), (y1, m1) = ((int(day[:4]), int(day[5:7])) for day in (start, end))
    return 12 * (y1 - y0) + m1 - m0


@cache
def _days(value: str) -> frozenset[str]:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return frozenset()
    day = date.fromisoformat(value)
    grains = {formats.period(day, grain=grain) for grain in ("quarter", "year")}
    return frozenset({formats.day(day), formats.month(day), *grains})


# --- what the notebook shows


@dataclass(frozen=True)
class Shown:
    """One table or figure: its label and the texts it is made of. Ticks of axes stand apart from what they measure."""

    label: str
    cells: list[str]
    heads: list[str]
    caption: str
    ticks: list[str]
    is_table: bool


def _table(text: str) -> tuple[list[str], list[str]]:
    """Heads, and all other cells, of an HTML table."""
    found: tuple[list[str], list[str]] = ([], [])
    for part, inner in re.findall(r"<(thead|tbody)>(.*?)</\1>", text, re.S):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", inner, re.S)
        found[part == "tbody"].extend(_bare(cell) for cell in cells)
    return found


def _figure(svg: str) -> tuple[list[str], list[str]]:
    """Texts of ticks, and all other texts, of a figure."""
    groups = re.findall(r'<g id="[xy]tick_\d+">(.*?)\n   </g>', svg, re.S)
    ticks = [text for group in groups for text in _texts(group)]
    return ticks, list((Counter(_texts(svg)) - Counter(ticks)).elements())


def _texts(svg: str) -> list[str]:
    return [_bare(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)]


def _bare(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


@dataclass(frozen=True, eq=False)
class Report:
    """What one run left."""

    pdf: str
    pages: int
    notebook: Any
    numbers: Any
    findings: Any

    @classmethod
    def read(cls, folder: Path, name: str) -> Report:
        import pypdfium2

        document = pypdfium2.PdfDocument(folder / f"{name}.pdf")
        text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
        files = (f"{name}.ipynb", "numbers.json", "findings.json")
        left = [json.loads((folder / file).read_bytes()) for file in files]
        return cls(text.replace("\r\n", "\n").replace("\ufffe", "-"), len(document), *left)

    @cached_property
    def currency(self) -> str:
        return str(self.findings["currency"])

    @cached_property
    def parameters(self) -> Kept:
        return Kept([self.findings["parameters"]], self.currency)

    @cached_property
    def beside(self) -> Kept:
        """What frames say of all their rows: the level of intervals, the days or sizes looked at."""
        rows = [row for rows in self.findings["tables"].values() for row in rows]
        return Kept([{name: row.get(name) for name in BESIDE} for row in rows], self.currency)

    @cached_property
    def kept(self) -> dict[str, Kept]:
        """Rows behind each table and figure, by label."""
        return {label: Kept(rows, self.currency) for label, rows in self.findings["tables"].items()}

    @cached_property
    def outputs(self) -> list[tuple[str, Any]]:
        return [
            (cell["id"], output)
            for cell in self.notebook["cells"]
            if not {"parameters", "injected-parameters"} & set(cell["metadata"].get("tags", []))
            for output in cell.get("outputs", [])
        ]

    @cached_property
    def prose(self) -> list[tuple[str, str, list[list[str]]]]:
        """Markdown that cells show: cell, text, labels of the tables that its paragraphs refer to."""
        return [
            (
                cell,
                joined(output["data"]["text/markdown"]),
                [labels for _, labels in _words(output).get("refers", [])],
            )
            for cell, output in self.outputs
            if "text/markdown" in output.get("data", {})
        ]

    @cached_property
    def shown(self) -> list[Shown]:
        found = []
        for _, output in self.outputs:
            data, words = output.get("data", {}), _words(output)
            if "text/html" in data:
                heads, cells = _table(joined(data["text/html"]))
                found.append(Shown(words["label"], cells, heads, words["caption"], [], is_table=True))
            elif "image/svg+xml" in data:
                ticks, texts = _figure(joined(data["image/svg+xml"]))
                found.append(Shown(words["label"], texts, [], words["caption"], ticks, is_table=False))
        return found

    @cached_property
    def allowed(self) -> Counter[str]:
        """Numbers that the PDF may print, each as often as the notebook shows it, with the furniture of its pages."""
        found: Counter[str] = Counter()
        for cell in self.notebook["cells"]:
            if cell["cell_type"] == "markdown":
                found.update(tokens(plain(joined(cell["source"]))))
        for _, text, refers in self.prose:
            found.update(tokens(plain(text)))
            found.update(str(n) for labels in refers for n in self._references(labels))
        for one in self.shown:
            for text in (*one.cells, *one.ticks, one.caption):
                found.update(tokens(text))
            for head in one.heads:  # printed again on every page that a table runs on to
                found.update(tokens(head) * self.pages)
        for is_table in (True, False):  # Table n, Figure n
            found.update(str(n + 1) for n in range(sum(one.is_table == is_table for one in self.shown)))
        found.update(str(n) for page in range(1, self.pages + 1) for n in (page, self.pages))  # Page n of m
        about = self.notebook["metadata"]["cslib"]
        day = date.fromisoformat(about["date"])
        found.update([about["period"]] * self.pages)  # over every page
        found.update([f"{day:%B} {day.day}, {day.year}"])  # under the title
        return found

    def _references(self, labels: list[str]) -> list[int]:
        known = self._places
        return [known[label][1] for label in [x for x in labels if x in known][:3]]

    @cached_property
    def _places(self) -> Mapping[str, tuple[str, int]]:
        import nbformat

        from cslib.report.links import places

        return places(nbformat.from_dict(self.notebook)).labels

    def unknown(self, text: str) -> dict[str, int]:
        """Numbers of a text that are not allowed, or not so often."""
        return dict(Counter(tokens(text)) - self.allowed)


def _words(output: Any) -> dict[str, Any]:
    return dict(output.get("metadata", {}).get("cslib", {}))
