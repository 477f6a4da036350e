from __future__ import annotations

import pytest

from cslib.sources.look import Look, read_look
from cslib.tables import TableError


def test_nothing_said_leaves_it_to_the_report():
    assert read_look({}) == Look("", "")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"paper": "letter"}, r"report\.paper.*'letter'.*a4, us-letter"),
        ({"theme": "logo.png"}, r"report\.theme.*'logo\.png'.*\.typ"),
        ({"them": "x.typ"}, r"them.*theme"),
        ("a4", "report"),
    ],
)
def test_what_it_cannot_be_is_refused_with_what_it_could(raw: object, words: str):
    with pytest.raises(TableError, match=words):
        read_look(raw)
