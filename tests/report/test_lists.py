"""Lists of reports: CSV and TOML mean the same, and a mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.report.lists import read_list
from cslib.report.parameters import ParameterError
from cslib.report.plan import Wish


def found(word: str, folder: Path) -> list[Path]:
    return [folder / word]


def read(path: Path, text: str) -> list[Wish]:
    path.write_text(text, encoding="utf-8")
    return read_list(path, notebooks=found, companies=found)


def test_csv_and_toml_say_the_same(tmp_path: Path) -> None:
    table = read(
        tmp_path / "a.csv",
        "notebook,company,quarter,window\nretention,acme,2026Q3,12\ncohorts,acme,latest,\n",
    )
    text = read(
        tmp_path / "a.toml",
        '[[report]]\nnotebook = "retention"\ncompany = "acme"\nquarter = "2026Q3"\n'
        'parameters = { window = 12 }\n[[report]]\nnotebook = ["cohorts"]\ncompany = ["acme"]\nquarter = ["latest"]\n',
    )
    assert [(w.notebooks, w.companies, w.quarters) for w in table] == [
        (w.notebooks, w.companies, w.quarters) for w in text
    ]
    assert table[0].companies == (tmp_path / "acme",)
    assert (table[0].parameters, table[1].parameters) == ({"window": "12"}, {})
    assert text[0].parameters == {"window": 12}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.csv",
            "notebook,company\n",
            "found the columns notebook, company, expected notebook, company, quarter",
        ),
        ("a.csv", "notebook,company,quarter\nr,,2026Q3\n", "line 2: found no company"),
        ("a.csv", "notebook,company,quarter\nr,a,2026Q3,x\n", "line 2: found more values than columns"),
        ("a.csv", "notebook,company,quarter\n", "found no report in it"),
        ("a.toml", "[[report]\n", "not TOML"),
        ("a.toml", "[[run]]\n", r"found run, expected \[\[report\]\]"),
        ("a.toml", '[[report]]\nnotebook = "r"\n', "report 1: found no company"),
        ("a.toml", "[[report]]\nnotebok = 1\n", "report 1: found notebok"),
        ("a.toml", '[[report]]\nnotebook = 3\ncompany = "a"\nquarter = "q"\n', "found 3, expected text"),
        (
            "a.toml",
            '[[report]]\nnotebook = "r"\ncompany = "a"\nquarter = "q"\nparameters = { by = ["a,b"] }\n',
            "parameter by",
        ),
    ],
)
def test_a_mistake_is_told_where_it_stands(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        read(tmp_path / name, text)


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No such file"):
        read_list(tmp_path / "none.csv", notebooks=found, companies=found)
