from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cslib.metrics.concentration import leave_one_out
from cslib.metrics.growth import age_mix, follow_on, growth_path, landing, landing_what_if, levers, pace, path
from cslib.metrics.lifetime import lifetime_value
from cslib.metrics.retention import account_changes, headline
from tests.metrics.capacity.books import sized
from tests.metrics.test_due import ROWS, company


def test_g05_the_path_is_exact_and_pace_is_zero_on_it():
    assert path(2.0) == [2, 6, 18, 36, 72, 144]
    assert [pace(level, year, start=2.0) for year, level in enumerate(path(2.0))] == [0.0] * 6
    assert pace(12.0, 1, start=2.0) == pytest.approx(np.log(2))
    assert np.isnan(pace(10.0, 6, start=2.0))


def test_g05_years_ahead_and_behind():
    book = sized({"a": 2e6, "b": 4e6}, start={"a": "2025-09-15", "b": "2026-09-15"})
    told = growth_path(book)
    assert told["arr"].tolist() == [200_000_000, 600_000_000]
    assert told["path"].tolist() == [200_000_000, 600_000_000]
    assert told["ahead"].tolist() == pytest.approx([0, 0])
    assert growth_path(sized({"a": 100})).empty


def test_g06_no_change_is_the_base_and_a_point_of_keeping_compounds():
    book = company()
    assert levers(book, point=0)["more"].tolist() == [0, 0, 0, 0]
    told = levers(book, years=1).set_index("lever")
    assert told.loc["win", "more"] == round(0.01 * 70_000)
    assert told.loc["keep", "more"] == round(0.01 * account_changes(book, window=1)["closing"].sum())


def test_l15_what_follows_over_the_first_year_and_how_long_it_could_be_seen():
    told = follow_on(sized({"a": 365.25}, start="2024-10-01")).set_index("cohort")
    assert told.loc["2024", "first"] == 36_500
    assert told.loc["2024", "later"] == 36_500
    assert told.loc["all", "multiple"] == 1
    assert told.loc["2024", "years"] == pytest.approx(1, abs=0.01)


def test_l15_the_first_year_of_an_account_is_no_follow_on():
    assert follow_on(sized({"a": 100}, start="2026-01-01")).empty


def test_g34_mix_and_rate_add_up_to_the_change_exactly():
    book = company()
    told = age_mix(book)
    for (start, end), rows in told.groupby(["start", "end"]):
        net = (
            headline(book, window=12, base="arr", months_ago=(12, 9, 6, 3, 0))
            .query("metric == 'net_retention'")
            .set_index("end")["value"]
        )
        assert rows["value"].sum() == pytest.approx(net[end] - net[start], abs=1e-12)


def test_g34_landing_larger_leaves_less_to_grow():
    told = landing_what_if(company(), more=0.1).set_index("case")
    assert told.loc["landed larger", "value"] < told.loc["as it was", "value"]
    assert told.loc["landed larger", "opening"] == 70_000 + 3 * 1_000
    same = landing_what_if(company(), more=0)
    assert same["value"].iloc[0] == same["value"].iloc[1]


def test_g34_the_landing_by_year():
    told = landing(company()).set_index("cohort")
    assert told.loc["2024", ["n_accounts", "landed", "now"]].tolist() == [7, 70_000, 64_000]


def test_g35_the_figure_without_an_account_is_the_figure_of_a_book_without_it():
    told = leave_one_out(company(), top=9).set_index("account_id")
    alone = headline(company([r for r in ROWS if r[0] != "F"]), window=12, base="arr").query(
        "end == end.max()"
    )
    assert told.loc["F", "value"] == alone.set_index("metric").loc["net_retention", "value"]


def test_n44_the_closed_form_is_what_a_simulation_pays():
    """Three cohorts that keep 90% of their accounts a month: the expected discounted months by drawing lives."""
    book, truth = lives_of(keep=0.9, n=600)
    told = lifetime_value(book, gross_margin=1.0, discount=0.12).iloc[0]
    assert told["months"] == pytest.approx(truth, rel=0.12)
    assert told["value"] == pytest.approx(told["months"] * 1_000)


def lives_of(*, keep: float, n: int):
    rng = np.random.default_rng(4)
    days = pd.date_range("2023-10-01", "2026-10-01", freq="MS")
    months = rng.geometric(1 - keep, n)
    begin = rng.integers(0, 12, n)
    ids = [f"a{i:03}" for i in range(n)]
    ends = {
        key: str(days[b + m].date())
        for key, b, m in zip(ids, begin, months, strict=True)
        if b + m < len(days)
    }
    book = sized(
        dict.fromkeys(ids, 120),
        start={key: str(days[b].date()) for key, b in zip(ids, begin, strict=True)},
        ends=ends,
    )
    rate = 1.12 ** (1 / 12)
    drawn = rng.geometric(1 - keep, 200_000)
    return book, float(((1 - rate**-drawn) / (1 - 1 / rate)).mean())
