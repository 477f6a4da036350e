from __future__ import annotations

import pandas as pd
import pytest

from cslib.absent import Absent, given
from cslib.book import Book
from tests.books import AS_OF, EIGHT, eight, subscriptions


def seats(book):
    return book.need("usage", "used_units")["used_units"].sum()


def test_a_missing_table_is_handed_on_and_not_raised():
    lacking = given(seats, eight())
    assert isinstance(lacking, Absent) and "usage" in str(lacking) and "was not given" in str(lacking)


def test_a_column_without_values_is_named():
    usage = pd.DataFrame({"account_id": ["A"], "date": ["2024-01-01"]})
    with pytest.raises(Absent, match="used_units in the table usage, which has no such values"):
        seats(Book.from_frames({"subscriptions": subscriptions(EIGHT), "usage": usage}, as_of=AS_OF))


def test_an_error_of_another_kind_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        given(lambda: 1 / 0)
