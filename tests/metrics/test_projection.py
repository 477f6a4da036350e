"""Projections: what was seen stays, what was not has a range that opens, nothing is invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.metrics import cohorts
from cslib.metrics import projection as p
from tests.books import book_of
from tests.metrics.planted import HEALTHY, simulated


def test_what_was_observed_is_the_triangle_and_has_no_range() -> None:
    book = simulated(HEALTHY)
    for metric in ("logo", "gross", "net"):
        found = p.project_cohorts(book, metric=metric)  # type: ignore[arg-type]
        seen = found[found["observed"]]
        cells = cohorts.triangle(book, metric=metric, grain="quarter").dropna(subset=["value"])  # type: ignore[arg-type]
        both = seen.merge(cells, on=["cohort", "age"], suffixes=("", "_cell"))
        assert len(both) == len(seen) > 100
        assert (both["value"] - both["value_cell"]).abs().max() < 1e-12
        assert seen[["low", "high"]].isna().all(axis=None)


def test_ranges_open_with_age_and_hold_the_value() -> None:
    found = p.project_cohorts(simulated(HEALTHY), metric="net")
    ahead = found[~found["observed"]].dropna(subset=["low"])
    assert ((ahead["low"] <= ahead["value"]) & (ahead["value"] <= ahead["high"])).all()
    young = ahead[ahead["cohort"] == "2025-01-01"].set_index("age")
    assert young.loc[48, "high"] - young.loc[48, "low"] > young.loc[24, "high"] - young.loc[24, "low"]
    assert p.project_cohorts(simulated(HEALTHY), metric="gross")["high"].max() <= 1


def test_factors_by_hand() -> None:
    # Three quarterly cohorts of ten accounts; by month 3 the first lost 2, the second 1: factor 17/20.
    rows = [(f"A{i}", "2025-04-01", "2025-06-10" if i < 2 else None, "10") for i in range(10)]
    rows += [(f"B{i}", "2025-07-01", "2025-09-10" if i < 1 else None, "10") for i in range(10)]
    rows += [(f"C{i}", "2025-10-01", None, "10") for i in range(10)]
    found = p.project_cohorts(book_of(rows), metric="logo")
    youngest = found[found["cohort"] == "2025-10-01"].set_index("age")
    assert youngest["observed"].to_dict() == {0: True, 3: False, 6: False}
    assert youngest.loc[3, "value"] == pytest.approx(0.85)
    assert np.isnan(youngest.loc[6, "low"])  # one cohort alone shows that development


def test_residual_value_of_an_even_book() -> None:
    found = p.residual_value(simulated(HEALTHY), discount=0.10)
    assert found["years"].tolist() == [0, 1, 2, 3, 4]
    assert found["multiple"].is_monotonic_increasing  # the weak leave first
    assert ((found["value"] - found["multiple"] * found["denominator"]).abs() <= 0.5).all()
    assert (p.residual_value(simulated(HEALTHY), discount=0.20)["value"] < found["value"]).all()
    assert found["convention"].tolist()[0] == "DERL at 10.0%"


def test_too_few_losses_or_years_give_no_value() -> None:
    young = [(f"A{i}", "2025-01-01", "2025-06-01" if i < 20 else None, "10") for i in range(60)]
    loyal = [(f"A{i}", "2022-01-01", "2023-06-01" if i < 9 else None, "10") for i in range(60)]
    assert p.residual_value(book_of(young), discount=0.1).empty
    assert p.residual_value(book_of(loyal), discount=0.1).empty
    with pytest.raises(ValueError, match="discount: found 0, expected a rate per year above 0"):
        p.residual_value(book_of(loyal), discount=0)


def test_a_book_of_one_month() -> None:
    found = p.project_cohorts(book_of([("A", "2025-12-01", None, "9")]), metric="net")
    assert found[["age", "value", "observed"]].to_numpy().tolist() == [[0, 1.0, True]]
    assert isinstance(found, pd.DataFrame)
