"""Small notebooks, and eyes for a PDF."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import nbformat
import pikepdf
import pypdfium2
import pytest

V4 = nbformat.v4
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200pt" height="80pt"><rect width="200" height="80" '
    'fill="#1d4270"/><text x="10" y="40" style="font: 600 12px Inter; fill: white">drawn words</text></svg>'
)


def png(width: int = 3, height: int = 2) -> bytes:
    """A grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + b"\x80" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def png_text() -> str:
    return base64.b64encode(png()).decode()


def shown(data: dict[str, Any], **words: Any) -> Any:
    """An output that displays data, with its words under the key ``cslib``."""
    return V4.new_output("display_data", data, metadata={"cslib": words} if words else {})


def figure(**words: Any) -> Any:
    return shown({"image/svg+xml": SVG}, **{"alt": "A blue box.", "caption": "The box", **words})


def book(*cells: Any, **about: Any) -> Any:
    """A notebook; with words about it, a report of ours."""
    return V4.new_notebook(cells=list(cells), metadata={"cslib": about} if about else {})


def prose(text: str, **more: Any) -> Any:
    return V4.new_markdown_cell(text, id=f"prose-{zlib.crc32(repr((text, more)).encode()):08x}", **more)


def code(*outputs: Any, source: str = "x = 1", tags: tuple[str, ...] = (), **words: Any) -> Any:
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if words:
        metadata["cslib"] = words
    name = f"code-{zlib.crc32(repr((source, outputs, metadata)).encode()):08x}"
    return V4.new_code_cell(source, outputs=list(outputs), id=name, metadata=metadata)


def body(text: str) -> str:
    """What stands after the template in a source."""
    return text[text.index("#show: report.with(") :]


def skeleton(text: str) -> str:
    """A source without the texts in it."""
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', body(text))


class Pdf:
    """A PDF's structure."""

    def __init__(self, data: bytes) -> None:
        self.file = pikepdf.open(io.BytesIO(data))
        self.root = self.file.Root

    def tags(self) -> list[str]:
        return [str(node.S)[1:] for node in self._nodes(self.root.StructTreeRoot)]

    def alts(self) -> list[str]:
        return [str(node.Alt) for node in self._nodes(self.root.StructTreeRoot) if "/Alt" in node]

    def fonts(self) -> set[str]:
        objects = (o for o in self.file.objects if isinstance(o, pikepdf.Dictionary))
        return {str(o.FontName).split("+")[-1] for o in objects if o.get("/Type") == "/FontDescriptor"}

    def outline(self) -> list[str]:
        with self.file.open_outline() as outline:
            return [item.title for item in outline.root]

    def xmp(self) -> str:
        return bytes(self.root.Metadata.read_bytes()).decode()

    def _nodes(self, parent: Any) -> Iterator[Any]:
        kids = parent.get("/K", [])
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                yield kid
                yield from self._nodes(kid)


@pytest.fixture
def printed_text() -> Any:
    """Text that a reader's programme takes out of a PDF, in the order in which it stands there."""

    def read(pdf: bytes) -> str:
        with pypdfium2.PdfDocument(pdf) as document:
            texts = [page.get_textpage().get_text_range() for page in document]
        return "\n".join(texts).replace("\r\n", "\n")

    return read


@pytest.fixture
def report() -> Any:
    """One of everything that a retention report shows."""
    html = (
        '<style>#T_a_row0_col0 {background-color: #1d4270; color: #ffffff}</style><table id="T_a"><thead><tr>'
        '<th>Cohort</th><th>0</th></tr></thead><tbody><tr><th>Q1 2024</th><td id="T_a_row0_col0">100%</td></tr>'
        "</tbody></table>"
    )
    return book(
        prose("# Did they stay?\n\nA note.[^n]\n\n[^n]: At the foot.\n\n## Bottom line\n\n**97%** stayed."),
        code(source="secret = 1", tags=("parameters",)),
        code(figure(label="fig-box")),
        code(shown({"text/html": html, "text/plain": "x"}, caption="Cohorts", label="tab-cohorts")),
        prose("### Detail\n\nSee [the box](#fig-box).\n\n- one\n- two\n\n| a | b |\n|---|--:|\n| x | 1 |"),
        title="Acme: retention", company="Acme", period="Q3 2026", date="2026-09-30", lang="en", author="CS",
        confidentiality="Board only",
    )  # fmt: skip
