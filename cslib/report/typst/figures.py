"""Pictures: what kind they are, how large they stand, and SVG that loads nothing."""

from __future__ import annotations

import base64
import binascii
import re
import struct
import unicodedata
from typing import Final
from urllib.parse import unquote_to_bytes

__all__ = ["clean_svg", "data_uri", "kind", "natural_size"]

_MAGIC: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}
_DPI: Final = 96.0
_POINTS: Final = {"pt": 1.0, "px": 0.75, "": 0.75, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4}
_HREF: Final = re.compile(r"""\s(?:xlink:)?href\s*=\s*(?:"(?!#|data:)[^"]*"|'(?!#|data:)[^']*')""", re.I)
_ENTITY: Final = re.compile(r"&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));", re.I)
_SIDES: Final = [
    re.compile(rf"""<svg\b[^>]*?\s{side}\s*=\s*["']([\d.]+)\s*(pt|px|in|cm|mm|)["']""", re.S)
    for side in ("width", "height")
]


def kind(data: bytes) -> str:
    """File extension of a picture that Typst can print, by its first bytes; empty for anything else.

    >>> kind(b"GIF89a"), kind(b"%PDF-1.7")
    ('gif', '')
    """
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "svg" if start.startswith(b"<") and b"<svg" in data[:65536] else ""


def natural_size(data: bytes) -> tuple[float | None, float | None]:
    """Width and height in points at which a picture was drawn, 96 dots to the inch; None where it does not say."""
    if kind(data) == "png" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width * 72 / _DPI, height * 72 / _DPI
    if kind(data) == "svg":
        start = data[:65536].decode("utf-8", "replace")
        width, height = (_points(side.search(start)) for side in _SIDES)
        return width, height
    return None, None


def _points(found: re.Match[str] | None) -> float | None:
    return float(found[1]) * _POINTS[found[2]] if found else None


def clean_svg(text: str) -> str:
    """SVG from its first tag on, without links to files, its character references written out.

    Accents are joined to their letters; those that cannot be are left out, because the standards refuse them.

    >>> clean_svg('<?xml?><svg><image href="file:///a"/>e\u0301 3\u0301 &#65;</svg>')
    '<svg><image/>é 3 A</svg>'
    """
    text = text[text.index("<svg") :] if "<svg" in text else text
    text = unicodedata.normalize("NFC", _HREF.sub("", _ENTITY.sub(_character, text)))
    marks = {ord(c) for c in set(text) if unicodedata.combining(c)}
    return text.translate(dict.fromkeys(marks)) if marks else text


def _character(found: re.Match[str]) -> str:
    point = int(found[1], 16) if found[1] else int(found[2])
    if point in {0x22, 0x26, 0x27, 0x3C, 0x3E, 0x9, 0xA, 0xD}:
        return found[0]
    return chr(point) if 0x20 <= point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF else ""


def data_uri(address: str) -> bytes | None:
    """Bytes that a ``data:`` address carries; None when it is none.

    >>> data_uri("data:image/png;base64,aGk="), data_uri("a.png")
    (b'hi', None)
    """
    if address[:5].lower() != "data:" or "," not in address:
        return None
    head, body = address.split(",", 1)
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body), validate=False)
    except (binascii.Error, ValueError):
        return None
