"""Next quarter: the mean of the past, a range only where past errors support one, and the record."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cslib.metrics import retention
from cslib.metrics.forecast import next_quarter
from tests.books import book_of
from tests.metrics.planted import HEALTHY, simulated


def quarters(n: int, leaving: int = 2) -> list[tuple[str, str, str | None, str]]:
    """A hundred equal accounts of which `leaving` leave in each of the last `n` quarters."""
    last = pd.Timestamp("2025-12-31")
    rows: list[tuple[str, str, str | None, str]] = []
    for i in range(100):
        nth = i // leaving
        end = None if nth >= n else (last - pd.DateOffset(months=3 * nth + 1)).date().isoformat()
        rows.append((f"A{i:03d}", (last - pd.DateOffset(months=3 * n + 2)).date().isoformat(), end, "10"))
    return rows


def test_the_mean_of_the_last_eight_quarters() -> None:
    found = next_quarter(book_of(quarters(8))).set_index("metric")
    past = [1 - 2 / (100 - 2 * k) for k in range(8)]
    assert found.loc["net_retention", "value"] == pytest.approx(np.mean(past))
    assert found.loc["gross_retention", "value"] == pytest.approx(np.mean(past))
    assert found.loc["arr", "value"] == pytest.approx(np.mean(past) * 84 * 12000)
    assert found.loc["arr", ["start", "end"]].tolist() == [
        pd.Timestamp("2025-12-31"),
        pd.Timestamp("2026-03-31"),
    ]
    assert found.loc["arr", "unit"] == "USD ARR"


def test_a_range_needs_a_history() -> None:
    short = next_quarter(book_of(quarters(6)))
    assert short["n_past"].tolist() == [2, 2, 2]
    assert not short["supported"].any()
    assert short[["low", "high"]].isna().all(axis=None)
    longer = next_quarter(book_of(quarters(8)))
    assert longer["n_past"].tolist() == [4, 4, 4]
    assert longer["supported"].all()  # an 80% range needs four past errors
    assert not next_quarter(book_of(quarters(8)), level=0.95)["supported"].any()


def test_too_young_or_too_few() -> None:
    assert next_quarter(book_of(quarters(4))).empty
    assert next_quarter(book_of([("A", "2019-01-01", None, "9")])).empty
    with pytest.raises(ValueError, match="level: found 1, expected a share"):
        next_quarter(book_of(quarters(4)), level=1)


def test_the_record_is_of_forecasts_made_before() -> None:
    found = next_quarter(simulated(HEALTHY)).set_index("metric")
    assert (found["n_inside"] <= found["n_ranged"]).all()
    assert (found["n_ranged"] < found["n_past"]).all()
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


def test_forecasts_cover_what_came() -> None:
    # The forecast of June 2026 against what September showed.
    made = next_quarter(simulated(HEALTHY, as_of=date(2026, 6, 30))).set_index("metric")
    came = retention.net_retention(simulated(HEALTHY), window=3)["value"].iloc[-1]
    assert made.loc["net_retention", "low"] <= came <= made.loc["net_retention", "high"]
