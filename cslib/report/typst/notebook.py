"""An executed notebook to one Typst source and the files it shows."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from cslib.report.typst import figures
from cslib.report.typst.fonts import covered
from cslib.report.typst.html import Image, Table, read_html
from cslib.report.typst.markdown import Block, Book, anchor, blocks, gather
from cslib.report.typst.tables import Frame, typst_table
from cslib.report.typst.text import content, literal, missing_note, printable, prose

__all__ = ["ExportError", "Options", "Source", "typst_source"]

_TEMPLATE: Final = Path(__file__).with_name("template.typ")
_OURS: Final = "application/vnd.cslib."
_HIDDEN: Final = {"hide", "remove-cell", "remove_cell", "parameters", "injected-parameters"}
_NO_CODE: Final = {"remove-input", "remove_input", "hide-input", "hide_input"}
_NO_OUTPUT: Final = {"remove-output", "remove_output", "hide-output", "hide_output"}
_PICTURES: Final = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]|.\x08")
_WIDTH: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")
_LINES: Final = 300  # of code or printed text
_TYPST: Final = 468.0  # points of the measure


class ExportError(ValueError):
    """A notebook of ours breaks a rule that the reader's PDF depends on."""


@dataclass(frozen=True)
class Options:
    """What the caller may decide; None follows the notebook."""

    show_code: bool | None = None
    paper: str | None = None
    contents: bool | None = None
    max_rows: int = 400
    folder: Path | None = None  # where images that cells name are looked for
    fonts: tuple[Path, ...] = ()
    files: str = ""  # prefix of the files' names in the source


@dataclass(frozen=True)
class Source:
    """Typst text, the files it shows, and what the press needs to know."""

    text: str
    files: Mapping[str, bytes]
    timestamp: int
    strict: bool
    warnings: Sequence[str]


@dataclass
class _Page:
    notebook: Any
    options: Options
    about: Mapping[str, Any]
    ours: bool
    files: dict[str, bytes] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    cell: Any = None
    at: int = 0
    book: Any = None

    @property
    def where(self) -> str:
        name = self.cell.get("id", "") if self.cell is not None else ""
        return f"cell {self.at}" + (f" ({name})" if name else "")


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
    page = _Page(notebook, options, about or {}, about is not None)
    page.book = Book(
        picture=lambda *words: _linked(page, *words), table=lambda table: _table(page, table, {})
    )
    gather(_texts(notebook), page.book)
    body = [block for i, cell in enumerate(notebook.cells, 1) for block in _cell(page, cell, i)]
    title, subtitle, body = _titled(page, body)
    parts = [*_set(page, body)]
    text, missing = printable(
        "\n".join([_head(page, title, subtitle), *parts]), covered=covered(options.fonts)
    )
    missing = sorted({*missing, *page.missing})
    if missing:
        text += f"\n#note({literal(missing_note(missing))})\n"
        page.warnings.append(missing_note(missing))
    source = f"{_template()}\n{text}"
    return Source(source, page.files, _timestamp(page.about), page.ours, page.warnings)


@cache
def _template() -> str:
    return _TEMPLATE.read_text("utf-8")


def _texts(notebook: Any) -> Iterable[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell.source
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                yield _joined(output["data"]["text/markdown"])


# --- the frame of the document


def _titled(page: _Page, body: list[Block]) -> tuple[str, str, list[Block]]:
    """Title and subtitle; a first heading that says them is not said twice."""
    title, subtitle = str(page.about.get("title", "")), str(page.about.get("subtitle", ""))
    heads = [block for block in body if block.kind == "heading"]
    lone = bool(heads) and heads[0].level == 1 and not any(head.level == 1 for head in heads[1:])
    if lone and (not title or body[0] is heads[0]):
        first = heads[0]
        body = [block for block in body if block is not first]
        if not title:
            title = first.text
        elif not subtitle and first.text.casefold() != title.casefold():
            subtitle = first.text
    return title or (heads[0].text if heads else "") or "Notebook", subtitle, body


def _head(page: _Page, title: str, subtitle: str) -> str:
    about = page.about
    language, _, region = str(about.get("lang", "en")).replace("_", "-").partition("-")
    language = language.lower() if re.fullmatch(r"[a-zA-Z]{2,3}", language) else "en"
    day = _date(about)
    words = {name: str(about.get(name, "")) for name in ("company", "period", "author", "confidentiality")}
    paper = page.options.paper or about.get("paper", "a4")
    kpis = [k for k in about.get("kpis", []) if isinstance(k, Mapping)]
    arguments = {
        "title": literal(title),
        "subtitle": literal(subtitle),
        **{name: literal(word) for name, word in words.items()},
        "date": literal(_spoken(day, language)),
        "paper": literal("us-letter" if paper in {"us-letter", "letter"} else "a4"),
        "lang": literal(language),
        "region": literal(region.lower()) if re.fullmatch(r"[a-zA-Z]{2}", region) else "none",
        "document-date": f"datetime(year: {day.year}, month: {day.month}, day: {day.day})" if day else "none",
        "kpis": "(" + "".join(_kpi(k) for k in kpis) + ")",
        "contents": "true" if _chosen(page.options.contents, about.get("contents", False)) else "false",
    }
    return "#show: report.with(" + ", ".join(f"{k}: {v}" for k, v in arguments.items()) + ")"


def _chosen(option: bool | None, otherwise: object) -> bool:
    return bool(otherwise) if option is None else option


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
    day = _date(about) or datetime.date(2000, 1, 1)
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp())


def _set(page: _Page, body: Sequence[Block]) -> Iterable[str]:
    """Blocks on the page: headings without gaps between levels, short prose kept with the figure it introduces."""
    above: list[int] = []
    for block, after in zip(body, [*body[1:], None], strict=True):
        if block.kind == "heading":
            while above and above[-1] >= block.level:
                above.pop()
            above.append(block.level)
            yield _heading(page, block, len(above))
        elif block.kind == "prose":
            sticky = after is not None and after.kind in {"picture", "table"} and 0 < len(block.text) < 400
            yield f"#prose({block.code}{', sticky: true' if sticky else ''})"
        else:
            yield f"#{block.code}"


def _heading(page: _Page, block: Block, level: int) -> str:
    name = anchor(block.text)
    said = f"#heading(level: {level}, {block.code})"
    if name in page.labels or not name:
        return said
    page.labels.add(name)
    return f"{said}#label({literal(name)})"


# --- cells


def _cell(page: _Page, cell: Any, at: int) -> list[Block]:
    page.cell, page.at = cell, at
    tags = set(cell.metadata.get("tags", []))
    if tags & _HIDDEN:
        return []
    if cell.cell_type == "markdown":
        return blocks(cell.source, page.book)
    if cell.cell_type != "code":
        return []
    found = []
    default = not page.ours
    if (_chosen(page.options.show_code, default) or "show-code" in tags) and not tags & _NO_CODE:
        source = cell.source.strip("\n")
        if source.strip():
            found.append(Block("wide", f"code({literal(_short(source))}, {literal(_language(page))})"))
    if not tags & _NO_OUTPUT:
        for output in cell.get("outputs", []):
            found += _output(page, output)
    return found


def _language(page: _Page) -> str:
    info = page.notebook.metadata.get("language_info", {}).get("name")
    return str(info or page.notebook.metadata.get("kernelspec", {}).get("language") or "python")


def _output(page: _Page, output: Any) -> list[Block]:
    kind = output.output_type
    if kind == "stream":
        return _printed(_joined(output.text))
    if kind == "error":
        name = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip(": ")
        trace = _short(_plain("\n".join(output.get("traceback", []))))
        return [Block("wide", f"failed({literal(name[:400])}, {literal(trace)})")]
    words = {**_words(page.cell.metadata), **_words(output.get("metadata", {}))}
    return _data(page, output.get("data", {}), words, output.get("metadata", {}))


def _words(metadata: Mapping[str, Any]) -> dict[str, Any]:
    said = metadata.get("cslib", {})
    return dict(said) if isinstance(said, Mapping) else {}


def _data(
    page: _Page, data: Mapping[str, Any], words: Mapping[str, Any], metadata: Mapping[str, Any]
) -> list[Block]:
    ours = any(mime.startswith(_OURS) for mime in data)
    shown = {mime: value for mime, value in data.items() if not mime.startswith(_OURS)}
    if ours and set(shown) <= {"text/plain"}:
        return []
    found = _broken(words) + _best(page, shown, words, metadata)
    return found


def _broken(words: Mapping[str, Any]) -> list[Block]:
    return [Block("wide", "pagebreak(weak: true)")] if words.get("break") == "before" else []


def _best(
    page: _Page, data: Mapping[str, Any], words: Mapping[str, Any], metadata: Mapping[str, Any]
) -> list[Block]:
    """The form of an output that stands best on paper."""
    for mime in _PICTURES:
        if mime in data:
            raw = _bytes(data[mime], mime)
            size = metadata.get(mime, {}).get("width") if isinstance(metadata.get(mime), Mapping) else None
            code = _picture(page, raw, words, fallback=_computed(page, data), pixels=size)
            if code:
                return [Block("picture", code)]
    html = _joined(data.get("text/html", ""))
    if "<table" in html.lower():
        found = _html(page, html, words)
        if found:
            return found
    if "text/markdown" in data:
        return blocks(_joined(data["text/markdown"]), page.book)
    if "text/latex" in data:
        return blocks(_joined(data["text/latex"]), page.book)
    plain = _joined(data.get("text/plain", ""))
    if html and (not plain or plain.startswith("<")):
        found = _html(page, html, words)
        if found:
            return found
    unknown = [mime for mime in data if mime not in {"text/plain", "text/html"}]
    found = [_note(f"Output of type {mime} is not printed.") for mime in unknown]
    if plain.strip():
        return [*found, *_printed(plain)]
    if html and not found:
        return [_note("Interactive output is not printed.")]
    return found or ([_note("Empty output.")] if not data else [])


def _html(page: _Page, html: str, words: Mapping[str, Any]) -> list[Block]:
    found = []
    for piece in read_html(html):
        if isinstance(piece, Table):
            code = _table(page, piece, words)
            found += [Block("table", code)] if code else []
        elif isinstance(piece, Image):
            code = _linked(page, piece.src, piece.alt, "") or ""
            found += [Block("picture", code)] if code else []
        elif re.fullmatch(r"[\d,]+ rows × [\d,]+ columns", piece):
            found.append(_note(piece))
        else:
            found.append(Block("prose", content(prose(piece)), text=piece))
    return found


def _note(text: str) -> Block:
    return Block("wide", f"note({literal(text)})")


def _printed(text: str) -> list[Block]:
    text = _short(_plain(text).strip("\n"))
    return [Block("wide", f"printed({literal(text)})")] if text.strip() else []


def _plain(text: str) -> str:
    """Text as a terminal would leave it: without colours, each line as it was last written."""
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def _short(text: str) -> str:
    lines = text.split("\n")
    if len(lines) <= _LINES and len(text) <= 100 * _LINES:
        return text
    kept = "\n".join(line[:2000] for line in lines[:_LINES])[: 100 * _LINES]
    return f"{kept}\n… ({len(lines):,} lines, {len(text):,} characters)"


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _bytes(value: Any, mime: str) -> bytes:
    if mime == "image/svg+xml":
        return _joined(value).encode("utf-8", "replace")
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(_joined(value))
    except (binascii.Error, ValueError):
        return b""


# --- tables and pictures


def _table(page: _Page, table: Table, words: Mapping[str, Any]) -> str:
    keep = words.get("keep")
    frame = Frame(
        caption=str(words.get("caption", "") or table.caption),
        label=_label(page, words),
        keep=keep if isinstance(keep, bool) else None,
        max_rows=page.options.max_rows,
    )
    return typst_table(table, frame)


def _label(page: _Page, words: Mapping[str, Any]) -> str:
    name = str(words.get("label", ""))
    if name in page.labels:
        return ""
    page.labels.add(name)
    return name


def _computed(page: _Page, data: Mapping[str, Any]) -> str:
    """Words for a picture that nobody described."""
    plain = " ".join(_joined(data.get("text/plain", "")).split())
    said = "" if plain.startswith("<") else f": {plain[:200]}"
    return f"Figure from {page.where}, without a description{said}"


def _picture(
    page: _Page, data: bytes, words: Mapping[str, Any], *, fallback: str, pixels: object = None
) -> str | None:
    alt = str(words.get("alt", "") or "").strip()
    if not alt:
        if page.ours:
            raise ExportError(
                f"{page.where}: found a figure without alt text; expected `alt` under the key `cslib` of the "
                "output's or the cell's metadata: one sentence for a reader who cannot see it."
            )
        alt = fallback
    ending = figures.kind(data)
    if not ending:
        return None
    if ending == "svg":
        text, missing = printable(
            figures.clean_svg(data.decode("utf-8", "replace")),
            covered=covered(page.options.fonts) | {"\t", "\r"},
        )
        page.missing |= set(missing)
        data = text.encode()
    name = f"{page.options.files}{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
    page.files[name] = data
    caption = str(words.get("caption", ""))
    arguments = [f"drawn({literal(name)}, {literal(alt)}, {_width(words, data, pixels)})"]
    if caption:
        arguments.append(f"caption: {content(prose(caption))}")
        if label := _label(page, words):
            arguments.append(f"label: {literal(label)}")
    return f"picture({', '.join(arguments)})"


def _width(words: Mapping[str, Any], data: bytes, pixels: object) -> str:
    if found := _WIDTH.fullmatch(str(words.get("width", ""))):
        return f"{min(float(found[1]), 100.0):g}%"
    if isinstance(pixels, int | float) and 0 < pixels < 10000:
        return f"{pixels * 0.75:g}pt"
    natural = figures.natural_width(data)
    return f"{natural:g}pt" if natural and natural > 0 else "none"


def _linked(page: _Page, address: str, alt: str, title: str) -> str | None:
    """A picture that Markdown or HTML refers to: attached, embedded, or a file near the notebook."""
    data = figures.data_uri(address)
    if data is None and address.startswith("attachment:"):
        attached = page.cell.get("attachments", {}).get(address.removeprefix("attachment:"), {})
        data = next((_bytes(value, mime) for mime, value in attached.items()), None)
    if data is None:
        data = _file(page, address)
    if data is None:
        return None
    fallback = f"Image in {page.where}, without a description"
    return _picture(page, data, {"alt": alt, "caption": title}, fallback=fallback)


def _file(page: _Page, address: str) -> bytes | None:
    """Picture in a file that a Markdown cell names by a relative path; what data names is never opened."""
    from urllib.parse import unquote

    name = unquote(address)
    plain = not re.match(r"[a-zA-Z][\w+.-]*:|/|\\", name) and "\0" not in name
    if page.options.folder is None or page.cell.cell_type != "markdown" or not plain:
        return None
    path = page.options.folder / name
    try:
        data = path.read_bytes() if path.is_file() else b""
    except OSError:
        return None
    return data if figures.kind(data) else None
