"""An executed notebook to one Typst source and the files it shows."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from cslib.report.links import referring
from cslib.report.typst.figures import kind
from cslib.report.typst.fonts import further
from cslib.report.typst.markdown import Block, Book, anchor, gather
from cslib.report.typst.outputs import cell_blocks, table_block
from cslib.report.typst.page import ExportError, Options, Page, chosen
from cslib.report.typst.pictures import joined, linked
from cslib.report.typst.text import LONGEST, breakable, cut, literal, missing_note, visible
from cslib.report.typst.theme import beside

__all__ = ["ExportError", "Options", "Source", "typst_source"]

_TEMPLATE: Final = Path(__file__).with_name("template.typ")
_THEME: Final = _TEMPLATE.with_name("theme.typ")
_OWN: Final = "// --- a theme of one's own"
_PAPERS: Final = {"a4": '"a4"', "us-letter": '"us-letter"', "letter": '"us-letter"'}
_RIGHT_TO_LEFT: Final = {"ar", "fa", "he", "ur"}
_STACKS: Final = {"serif": "Serif", "sans": "Sans", "display": "Sans", "mono": "Sans"}  # and what suits them
_SHORT: Final = 900  # characters of source: a list of some eight lines stays together
_NO_DATE: Final = datetime.date(1980, 1, 1)  # the standards want one, the clock may not be asked


@dataclass(frozen=True)
class Source:
    """Typst text, the files it shows, and what the press needs to know."""

    text: str
    files: Mapping[str, bytes]
    timestamp: int
    strict: bool
    warnings: Sequence[str]
    fonts: tuple[Path, ...] = ()  # folders beside the packaged ones


def typst_source(notebook: Any, *, options: Options | None = None) -> Source:
    """Typst source of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        nbformat 4. The key ``cslib`` of its metadata marks a report of ours and feeds the title block.
    options : Options
        What is shown, and where images are looked for.

    Raises
    ------
    ExportError
        When a figure of a report of ours has no alt text; names the cell.
    """
    options = options or Options()
    about = notebook.metadata.get("cslib")
    notebook = referring(notebook) if about is not None else notebook
    page = Page(about if isinstance(about, Mapping) else {}, about is not None, _language(notebook), options)
    page.fonts = options.fonts
    page.book = Book(
        picture=lambda *words: linked(page, *words), table=lambda table: table_block(page, table, {})
    )
    gather(_texts(notebook), page.book)
    body = [block for i, cell in enumerate(notebook.cells, 1) for block in cell_blocks(page, cell, i)]
    title, subtitle, body = _titled(page, body)
    lines = [_head(page, title, subtitle), *_set(page, body)]
    text = "\n".join(lines)
    text = page.printable(text)
    notes = [missing_note(sorted(page.missing))] if page.missing else []
    text = "\n".join([_look(page), text, *(f"#note({literal(note)})" for note in notes), ""])
    return Source(text, page.files, _timestamp(page.about), page.ours, notes, page.fonts)


def _language(notebook: Any) -> str:
    info = notebook.metadata.get("language_info", {}).get("name")
    return str(info or notebook.metadata.get("kernelspec", {}).get("language") or "python")


def _look(page: Page) -> str:
    """Template with the packaged theme and what a theme of the caller's changes in it."""
    own = page.options.theme
    lines = [own.read_text("utf-8")] if own else []
    for file in beside(own) if own else []:
        if kind(data := file.read_bytes()):
            page.files[f"{page.options.files}{file.name}"] = data
    language = _tongue(page.about)[0]
    lines.append(f"#let rtl = {'true' if language in _RIGHT_TO_LEFT else 'false'}")
    for stack, kind_of in _STACKS.items() if page.fonts else ():
        families = sorted(further(page.fonts), key=lambda family: (kind_of not in family, family))
        added = "(" + "".join(f"{literal(family)}, " for family in families) + ")"
        first = f'{stack}.map(f => (name: f, covers: "latin-in-cjk"))' if language == "zh" else stack
        lines.append(f"#let {stack} = {first} + {added}")
    return _template().replace(_OWN, "\n".join(lines))


@cache
def _template() -> str:
    theme, template = (file.read_text("utf-8") for file in (_THEME, _TEMPLATE))
    first, rest = template.split("\n", 1)
    return "\n".join([first, theme, _OWN, rest])


def _texts(notebook: Any) -> Iterable[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell.source
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                yield joined(output["data"]["text/markdown"])


# --- the frame of the document


def _titled(page: Page, body: list[Block]) -> tuple[str, str, list[Block]]:
    """Title and subtitle; a first heading that says them is not said twice."""
    title, subtitle = (visible(str(page.about.get(name) or "")) for name in ("title", "subtitle"))
    first = next((block for block in body if block.kind == "heading"), None)
    if first is not None and first.level == 1 and (not title or body[0] is first):
        body = [block for block in body if block is not first]
        if not title:
            title = visible(first.text)
        elif not subtitle and first.text.casefold() not in title.casefold():
            subtitle = first.text
    return title or visible(page.options.name) or "Notebook", subtitle, body


def _head(page: Page, title: str, subtitle: str) -> str:
    about = page.about
    language, region = _tongue(about)
    day = _date(about)
    words = {
        name: cut(str(about.get(name) or ""), longest=120)
        for name in ("company", "period", "author", "confidentiality")
    }
    paper = page.options.paper or about.get("paper", "")
    listed = about.get("kpis")
    kpis = [k for k in listed if isinstance(k, Mapping)] if isinstance(listed, list) else []
    arguments = {
        "title": literal(breakable(cut(title, longest=LONGEST))),
        "subtitle": literal(breakable(subtitle)),
        "running": literal(cut(title, longest=120)),
        **{name: literal(word) for name, word in words.items()},
        "date": literal(_spoken(day, language)),
        "paper": _PAPERS.get(str(paper), "none"),
        "lang": literal(language),
        "region": literal(region) if region else "none",
        "document-date": _stamp(day or _NO_DATE),
        "kpis": "(" + "".join(_kpi(k) for k in kpis) + ")",
        "contents": "true" if chosen(page.options.contents, about.get("contents", False)) else "false",
    }
    return "#show: report.with(" + ", ".join(f"{k}: {v}" for k, v in arguments.items()) + ")"


def _tongue(about: Mapping[str, Any]) -> tuple[str, str]:
    """Language and region of the document."""
    language, _, region = str(about.get("lang", "en")).replace("_", "-").partition("-")
    return (
        language.lower() if re.fullmatch(r"[a-zA-Z]{2,3}", language) else "en",
        region.lower() if re.fullmatch(r"[a-zA-Z]{2}", region) else "",
    )


def _stamp(day: datetime.date) -> str:
    return f"datetime(year: {day.year}, month: {day.month}, day: {day.day})"


def _kpi(kpi: Mapping[str, Any]) -> str:
    words = ", ".join(f"{name}: {literal(str(kpi.get(name, '')))}" for name in ("label", "value", "note"))
    return f"({words}), "


def _date(about: Mapping[str, Any]) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(about.get("date", "")))
    except ValueError:
        return None


def _spoken(day: datetime.date | None, language: str) -> str:
    if day is None:
        return ""
    from babel import UnknownLocaleError
    from babel.dates import format_date

    try:
        return str(format_date(day, format="long", locale=language))
    except UnknownLocaleError:
        return day.isoformat()


def _timestamp(about: Mapping[str, Any]) -> int:
    day = _date(about) or _NO_DATE
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp())


def _set(page: Page, body: Sequence[Block]) -> Iterable[str]:
    """Blocks on the page: headings without gaps between levels, short prose kept with the figure it introduces."""
    above: list[int] = []
    closing = len(body) > 1 and body[-1].kind in {"flow", "said"} and len(body[-1].code) < _SHORT
    before = None
    for i, (block, after) in enumerate(zip_longest(body, body[1:])):
        if block.kind == "heading":
            while above and above[-1] >= block.level:
                above.pop()
            above.append(block.level)
            yield _heading(page, block, len(above))
        elif block.kind == "flow":
            yield f"#prose({block.code}{', breakable: false' if len(block.code) < _SHORT else ''})"
        elif block.kind in {"prose", "said"}:
            written = (
                block.kind == "prose" or before == "heading"
            )  # words computed mostly follow what they are about
            leads = written and 0 < len(block.text) < 400
            sticky = leads and after is not None and after.kind in {"picture", "table", "code"}
            yield f"#prose(par({block.code}){', sticky: true' if sticky else ''})"
        elif block.kind == "sideways":
            yield f"#page(flipped: true, {block.code})"
        elif block.kind in {"table", "picture"} and closing and i == len(body) - 2:
            yield f"#block(width: 100%, sticky: true, {block.code})"  # no last page with two lines on it
        else:
            yield f"#{block.code}"
        before = block.kind


def _heading(page: Page, block: Block, level: int) -> str:
    name = anchor(block.text)
    if len(name) > LONGEST:
        return f"#prose(par(strong({block.code})))"  # no bookmark could hold it
    said = f"#heading(level: {level}, {block.code})"
    if name in page.labels or not name:
        return said
    page.labels.add(name)
    return f"{said}#label({literal(name)})"
