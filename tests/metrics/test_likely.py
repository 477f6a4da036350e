from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.likely import expansion_record, likely_to_expand
from tests.metrics.capacity.books import AS_OF, sized


def grown(*, effect: float, n: int = 400, seed: int = 6):
    """Accounts that use much or little; in each quarter a share grows, larger by `effect` where much is used."""
    rng = np.random.default_rng(seed)
    much = rng.random(n) < 0.2
    rows, usage = [], []
    quarters = pd.date_range("2024-10-01", "2026-10-01", freq="QS")
    for i in range(n):
        price = 1000
        for q, day in enumerate(quarters[:-1]):
            rows.append((f"a{i:03}", str(day.date()), str(quarters[q + 1].date()), str(price)))
            price += 10 if rng.random() < 0.1 + effect * much[i] else 0
            usage.append((f"a{i:03}", str(day.date()), 10, 9 if much[i] else 3))
    ledger = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", "arr"]).assign(
        currency="USD"
    )
    used = pd.DataFrame(usage, columns=["account_id", "date", "licensed_units", "used_units"])
    return Book.from_frames({"subscriptions": ledger, "usage": used}, as_of=AS_OF)


def test_g04_the_likeliest_tenth_grows_more_often_where_that_is_planted():
    told = expansion_record(grown(effect=0.4))
    assert (told["lift"] > 1.5).all()
    assert (told["low"] > told["expanded"]).all()


def test_g04_nothing_planted_is_not_found():
    told = expansion_record(grown(effect=0.0))
    assert (told["low"] <= told["expanded"]).all()


def test_g04_the_list_uses_what_was_known_before():
    book = grown(effect=0.4, n=60)
    told = likely_to_expand(book)
    assert told["chance"].between(0, 1).all()
    assert set(told.head(10)["used"].round(2)) == {0.9}


def test_g04_without_history_there_is_a_line():
    with pytest.raises(Absent, match="some accounts grew"):
        likely_to_expand(sized({"a": 10}))
