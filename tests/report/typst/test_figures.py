"""What a picture is, and what an SVG may not bring along."""

from __future__ import annotations

from cslib.report.typst.figures import clean_svg, data_uri, kind, natural_size

from .conftest import SVG, png


def test_a_picture_is_known_by_its_bytes_not_by_its_name() -> None:
    assert [kind(png()), kind(SVG.encode()), kind(b"\xff\xd8\xff\xe0"), kind(b"root:x:0:0"), kind(b"")] == [
        "png", "svg", "jpg", "", "",
    ]  # fmt: skip


def test_the_size_is_what_the_picture_says() -> None:
    assert natural_size(png(96))[0] == 72
    assert natural_size(SVG.encode()) == (200, 80)
    assert natural_size(b"<svg viewBox='0 0 1 1'/>") == (None, None)


def test_an_svg_reaches_no_file() -> None:
    text = clean_svg(
        '<?xml version="1.0"?><!DOCTYPE svg><svg><image href="file:///etc/passwd"/><image xlink:href=\'/a.png\'/>'
        '<use xlink:href="#dot"/><image href="data:image/png;base64,aGk="/></svg>'
    )
    assert "passwd" not in text
    assert "a.png" not in text
    assert '<use xlink:href="#dot"/>' in text
    assert "data:image/png;base64,aGk=" in text
    assert text.startswith("<svg")


def test_an_svg_keeps_its_mark_up_when_characters_are_written_out() -> None:
    assert clean_svg("<svg>&#60;b&#62; &#x130; &#0;&amp;</svg>") == "<svg>&#60;b&#62; İ &amp;</svg>"


def test_data_addresses() -> None:
    assert data_uri("data:text/plain,a%20b") == b"a b"
    assert data_uri("DATA:image/png;base64,aGk=") == b"hi"
    assert data_uri("data:image/png;base64,a") is None
    assert data_uri("https://example.org/a.png") is None
