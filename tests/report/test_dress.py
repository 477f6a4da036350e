"""Paper and theme of company.toml reach the page, and are inputs like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
import pytest

from cslib.report.dress import Dress, dress_of
from cslib.report.fresh import reasons
from cslib.report.make import make
from cslib.report.plan import Wish, plan
from cslib.report.run import How
from cslib.tables import TableError

from .conftest import make_company, make_notebook

PLAIN = 'name = "A"\ncurrency = "USD"\n'


def toml(paper: str = "us-letter", theme: str = "../house.typ") -> str:
    return f'{PLAIN}[report]\npaper = "{paper}"\ntheme = "{theme}"\n'


def house(folder: Path, words: str) -> Path:
    theme = folder / "house.typ"
    theme.write_text(f'#let house-confidentiality = "{words}"\n')
    return theme


def test_the_page_has_the_paper_and_the_line_of_the_house_and_knows_when_they_change(tmp_path: Path) -> None:
    house(tmp_path, "For the board only")
    make_company(tmp_path / "acme", toml=toml())
    notebook = make_notebook(tmp_path / "retention.ipynb", "1", cslib={"title": "T"})
    (task,) = plan([Wish((notebook,), (tmp_path / "acme",), ("2026Q3",))], out=tmp_path / "out")
    record = make(task, How(warm=False))
    assert record.error == ""
    with pypdfium2.PdfDocument(record.folder / "retention.pdf") as pdf:
        assert pdf[0].get_size() == (612, 792)
        assert "For the board only" in pdf[0].get_textpage().get_text_range()
    manifest = json.loads((record.folder / "manifest.json").read_text())
    assert ["report", "house.typ"] in [[row["table"], row["file"]] for row in manifest["inputs"]]
    assert reasons(task) == []
    house(tmp_path, "For everybody")
    assert reasons(task) == ["input: house.typ changed"]


def test_several_companies_share_what_they_agree_on(tmp_path: Path) -> None:
    theme = house(tmp_path, "x")
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "data.csv").write_text("large")
    one = make_company(tmp_path / "one", toml=toml())
    two = make_company(tmp_path / "two", toml=toml())
    unread = make_company(tmp_path / "unread", toml="name = ")
    agreed = dress_of([one, two, unread])
    assert (agreed.paper, agreed.theme) == ("us-letter", theme)
    assert [row["file"] for row in agreed.files] == ["house.typ", "logo.svg"]
    other = make_company(tmp_path / "other", toml=PLAIN)
    assert dress_of([one, other]) == Dress()


def test_a_theme_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"report\.theme.*'none\.typ'"):
        dress_of([make_company(tmp_path / "acme", toml=toml(theme="none.typ"))])
