"""Pictures on the page: those that cells show and those that their words refer to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from cslib.report.typst import figures
from cslib.report.typst.fitting import UPRIGHT
from cslib.report.typst.page import ExportError, Page
from cslib.report.typst.text import LONGEST, content, cut, literal, prose, visible

__all__ = ["decoded", "joined", "linked", "picture"]

_TALLEST: Final = 520.0  # points; what is taller is shrunk by the template
_BLANK: Final = frozenset("\t\r")  # means nothing between the tags of a drawing
_WIDTH: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")


def joined(value: Any) -> str:
    """Text of a mime bundle, which nbformat may keep as lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def decoded(value: Any, mime: str) -> bytes:
    """Bytes of a picture in a mime bundle; none when they are not what they say."""
    if mime == "image/svg+xml":
        return joined(value).encode("utf-8", "replace")
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(joined(value))
    except (binascii.Error, ValueError):
        return b""


def picture(
    page: Page,
    data: bytes,
    words: Mapping[str, Any],
    *,
    fallback: str,
    pixels: object = None,
    whole: bool = False,
) -> str | None:
    """Typst expression of a picture with its words; None when Typst cannot print its kind.

    `whole`: it has the page's full measure.

    Raises
    ------
    ExportError
        When it has no alt text and the notebook is a report of ours; in others `fallback` is its alt text.
    """
    alt = cut(visible(str(words.get("alt", "") or "")), longest=LONGEST)
    if not alt:
        if page.ours:
            raise ExportError(
                f"{page.where}: found a figure without alt text; expected `alt` under the key `cslib` of the "
                "output's or the cell's metadata: one sentence for a reader who cannot see it."
            )
        alt = cut(fallback, longest=LONGEST)
    ending = figures.kind(data)
    if not ending:
        return None
    if ending == "svg":
        drawn = figures.clean_svg(data.decode("utf-8", "replace"))
        data = page.printable(drawn, also=_BLANK).encode()
    name = f"{page.options.files}{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
    page.files[name] = data
    caption = cut(str(words.get("caption", "")))
    arguments = [f"drawn({literal(name)}, {literal(alt)}, {_room(words, data, pixels, whole=whole)})"]
    if caption:
        page.captions["image"] += 1
        arguments.append(f"caption: {content(prose(caption))}, number: {page.captions['image']}")
    if label := page.label(words):
        arguments.append(f"label: {literal(label)}")
    return f"picture({', '.join(arguments)})"


def _room(words: Mapping[str, Any], data: bytes, pixels: object, *, whole: bool) -> str:
    """Width it is to have, and its height where that is known, which spares Typst the measuring."""
    wide, high = figures.natural_size(data)
    if found := _WIDTH.fullmatch(str(words.get("width", ""))):
        share = min(float(found[1]), 100.0)
        height = share / 100 * UPRIGHT * high / wide if whole and wide and high else 0.0
        return f"{share:g}%" + (f", height: {height:g}pt" if 1 < height < _TALLEST else "")
    if isinstance(pixels, int | float) and 0 < pixels < 10000:
        return f"{pixels * 0.75:g}pt"
    return f"{wide:g}pt" if wide else "none"


def linked(page: Page, address: str, alt: str, title: str) -> str | None:
    """A picture that Markdown or HTML refers to: attached, embedded, or a file near the notebook."""
    data = figures.data_uri(address)
    if data is None and address.startswith("attachment:"):
        attached = page.cell.get("attachments", {}).get(address.removeprefix("attachment:"), {})
        data = next((decoded(value, mime) for mime, value in attached.items()), None)
    if data is None:
        data = _file(page, address)
    if data is None:
        return None
    fallback = f"Image in {page.where}, without a description"
    return picture(page, data, {"alt": alt, "caption": title}, fallback=fallback)


def _file(page: Page, address: str) -> bytes | None:
    """Picture in a file that a Markdown cell names by a relative path; what data names is never opened."""
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
