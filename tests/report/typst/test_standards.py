"""An independent checker's opinion of the PDF: `page-validation`, a second reading of PDF/UA-1 and PDF/A-2a."""

from __future__ import annotations

from typing import Any

import pytest

from cslib.report.typst.exporter import pdf_bytes

from .conftest import prose

page = pytest.importorskip(
    "page", reason="page-validation is not installed: it comes in wheels for some machines only"
)

# Mistakes of the checker, each looked into:
WRONG = {
    # the /Length of a stream whose last byte is CR or LF
    "STREAM-LENGTH-001",
    # a glyph whose CFF program leaves the width to defaultWidthX, as those of Noto Sans SC do, is read as 0 wide
    "FONT-GLYPH-WIDTH-001",
    "TRUETYPE-GLYPH-WIDTH-001",
}


def failures(pdf: bytes) -> list[tuple[str, str]]:
    found = [
        f for profile in ("ua1", "pdfa2a") for f in page.validate_pdf_bytes(pdf, profile=profile).failures
    ]
    return [(f.rule_id, f.message) for f in found if f.rule_id.split("-", 1)[1] not in WRONG]


@pytest.mark.parametrize("lang", ["en", "tr", "zh", "ar"])
def test_the_report_keeps_both_standards(report: Any, lang: str) -> None:
    report.metadata.cslib["lang"] = lang
    report.cells.append(prose("## شركة القاهرة\n\n净留存率为 112%。"))
    assert failures(pdf_bytes(report, contents=True)) == []


def test_the_checker_sees_what_is_wrong(report: Any) -> None:
    pdf = pdf_bytes(report)
    broken = pdf.replace(b"<pdfuaid:part>1", b"<pdfuaid:part>7").replace(b"/Marked true", b"/Marked null")
    assert broken != pdf
    assert failures(broken)
