"""The PDF: structure, standards, bytes, and nbconvert's door."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pypdfium2
import pytest
import typst
from nbconvert.exporters import get_exporter

from cslib.report.typst.exporter import TypstExporter, TypstPDFExporter, pdf_bytes

from .conftest import SVG, Pdf, book, code, figure, png, prose, shown

ROOT = Path(__file__).parents[3]


@pytest.fixture
def pdf(report: Any) -> Pdf:
    return Pdf(pdf_bytes(report))


def test_it_claims_both_standards_and_says_what_it_is(pdf: Pdf) -> None:
    xmp = pdf.xmp()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in xmp.replace("\n", "")
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert bool(pdf.root.MarkInfo.Marked)
    assert str(pdf.root.Lang) == "en"
    assert bool(pdf.root.ViewerPreferences.DisplayDocTitle)
    assert str(pdf.file.docinfo["/Title"]) == "Acme: retention"
    assert str(pdf.file.docinfo["/Author"]) == "CS"
    assert str(pdf.file.docinfo["/CreationDate"]).startswith("D:20260930")


def test_everything_is_tagged_for_what_it_is(pdf: Pdf) -> None:
    tags = pdf.tags()
    assert {
        "H1",
        "H2",
        "P",
        "Table",
        "TR",
        "TH",
        "TD",
        "Figure",
        "Caption",
        "L",
        "LI",
        "Note",
        "Link",
    } <= set(tags)
    assert pdf.alts() == ["A blue box."]
    assert pdf.outline() == ["Bottom line"]


def test_only_packaged_fonts_are_embedded(pdf: Pdf) -> None:
    assert {name.split("-")[0] for name in pdf.fonts()} <= {
        "Inter",
        "InterDisplay",
        "SourceSerif4",
        "IBMPlexMono",
    }


def test_a_language_given_is_the_language_of_the_document(report: Any) -> None:
    report.metadata.cslib["lang"] = "tr"
    assert str(Pdf(pdf_bytes(report)).root.Lang) == "tr"


@pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("us-letter", (612, 792))])
def test_paper(report: Any, paper: str, size: tuple[int, int]) -> None:
    made = Pdf(pdf_bytes(report, paper=paper))
    box = made.file.pages[0].MediaBox
    assert (round(float(box[2])), round(float(box[3]))) == size


def test_the_same_notebook_gives_the_same_bytes_in_any_process_and_folder(
    report: Any, tmp_path: Path
) -> None:
    script = (
        "import sys, hashlib, nbformat\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from cslib.report.typst.exporter import pdf_bytes\n"
        "print(hashlib.sha256(pdf_bytes(nbformat.read('report.ipynb', 4))).hexdigest())\n"
    )
    found = {hashlib.sha256(pdf_bytes(report)).hexdigest()}
    for name, zone in (("one", "Asia/Tokyo"), ("another folder", "America/Lima")):
        folder = tmp_path / name
        folder.mkdir()
        nbformat.write(report, folder / "report.ipynb")
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "random", "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1


def test_the_reading_order_is_the_order_of_the_cells(report: Any, printed_text: Any) -> None:
    text = printed_text(pdf_bytes(report))
    words = ["Acme: retention", "Did they stay?", "A note.", "Bottom line", "drawn words", "Figure 1", "Table 1",
             "Cohort", "Q1 2024", "100%", "Detail"]  # fmt: skip
    places = [text.index(word) for word in words]
    assert places == sorted(places)
    assert "secret" not in text


def test_a_report_of_ours_that_breaks_a_rule_fails() -> None:
    broken = book(code(shown({"image/png": "aGk="}, alt="A.")), title="Ours")
    assert pdf_bytes(broken).startswith(b"%PDF")  # no picture at all: a note instead
    torn = book(code(shown({"image/svg+xml": "<svg <"}, alt="A.")), title="Ours")
    with pytest.raises(typst.TypstError):
        pdf_bytes(torn)


def test_a_torn_picture_in_the_notebook_of_another_becomes_a_note(caplog: pytest.LogCaptureFixture) -> None:
    torn = book(prose("# T"), code(shown({"image/svg+xml": "<svg <"}), figure()))
    made = Pdf(pdf_bytes(torn))
    assert "pdfuaid" in made.xmp()
    assert made.alts() == ["A blue box."]


def test_nbconvert_finds_both() -> None:
    assert get_exporter("cslib.report.typst.exporter.TypstPDFExporter") is TypstPDFExporter
    entries = {"typst": TypstExporter, "typstpdf": TypstPDFExporter}
    try:
        found = {name: get_exporter(name) for name in entries}
    except Exception as error:  # noqa: BLE001  nbconvert's own
        pytest.skip(f"the entry points of this checkout are not installed: {error}")
    assert found == entries


def test_the_source_stands_alone_with_its_files(report: Any, tmp_path: Path) -> None:
    text, resources = TypstExporter().from_notebook_node(  # type: ignore[no-untyped-call]
        report, {"output_files_dir": "report_files"}
    )
    for name, data in resources["outputs"].items():
        assert name.startswith("report_files/")
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "report.typ").write_text(text)
    assert typst.compile(tmp_path / "report.typ").startswith(b"%PDF")  # type: ignore[union-attr]


def test_images_of_cells_are_found_beside_the_notebook(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    resources = {"metadata": {"path": str(tmp_path), "name": "Named"}}
    made = Pdf(pdf_bytes(book(prose("![A dot](a.png)")), resources=resources))
    assert made.alts() == ["A dot"]
    assert str(made.file.docinfo["/Title"]) == "Named"


def test_a_long_table_repeats_its_head() -> None:
    rows = "".join(f"<tr><td>{i}" for i in range(200))
    made = Pdf(pdf_bytes(book(code(shown({"text/html": f"<table><tr><th>number{rows}</table>"})), title="T")))
    assert len(made.file.pages) > 2
    assert made.tags().count("THead") == 1


def test_a_theme_is_one_small_file_with_its_logo_beside_it(report: Any, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG)
    (tmp_path / "notes.txt").write_text("not a picture")
    theme = tmp_path / "house.typ"
    theme.write_text(
        '#let house-paper = "us-letter"\n#let accent = rgb("7a1f3d")\n'
        '#let logo = image("logo.svg", alt: "The house", height: 20pt)\n'
    )
    made = Pdf(pdf_bytes(report, theme=str(theme)))
    assert made.alts() == ["The house", "A blue box."]
    assert round(float(made.file.pages[0].MediaBox[2])) == 612


def test_contents_name_the_pages(report: Any) -> None:
    assert {"TOC", "TOCI"} <= set(Pdf(pdf_bytes(report, contents=True)).tags())


def test_a_picture_that_lies_about_its_height_stays_in_its_frame() -> None:
    lies = "style='height: 9000pt' data-x=' height=\"10pt\"'"
    svg = SVG.replace("<svg ", f"<svg {lies} ")
    made = pypdfium2.PdfDocument(
        pdf_bytes(book(code(shown({"image/svg+xml": svg}, alt="A.", width="100%")), prose("After it.")))
    )
    assert len(made) == 1
    words = made[0].get_textpage()
    at, _ = words.search("After it.").get_next()
    _, low, _, high = words.get_charbox(at)
    assert 0 < low < high < made[0].get_height() - 23.4  # a frame of ten points for two hundred of width
