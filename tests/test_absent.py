from __future__ import annotations

import pandas as pd
import pytest

from cslib.absent import Absent, Line, given, show
from cslib.book import Book
from tests.books import AS_OF, EIGHT, eight, subscriptions


def seats(book):
    return book.need("usage", "used_units")["used_units"].sum()


def test_a_missing_table_is_a_line_and_not_an_error():
    told = show(given(seats, eight()), str)
    assert told == Line(told.text)
    assert "usage" in told._repr_markdown_() and "was not given" in told.text


def test_a_column_without_values_is_named():
    usage = pd.DataFrame({"account_id": ["A"], "date": ["2024-01-01"]})
    with pytest.raises(Absent, match="used_units in the table usage, which has no such values"):
        seats(Book.from_frames({"subscriptions": subscriptions(EIGHT), "usage": usage}, as_of=AS_OF))


def test_an_error_of_another_kind_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        given(lambda: 1 / 0)
