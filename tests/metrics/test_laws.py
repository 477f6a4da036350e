"""Laws of every metric of the cohort report, on a book with everything in it: a later day's ledger cut back is the same
book, the order of rows means nothing, and what is not yet observable is blank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import (
    cohorts,
    concentration,
    curves,
    decomposition,
    drill,
    first_renewal,
    forecast,
    period,
    projection,
    sensitivity,
    spread,
    uncertainty,
    vintage,
)
from cslib.metrics.pairs import RATIOS
from cslib.months import anchor_day, month_of
from cslib.simulate import simulate_ledger
from tests.metrics.planted import NEWER_WORSE

AS_OF: Final = date(2025, 6, 30)
KINDS: Final = ("logo", "gross", "net")
COLUMNS: Final = ["segment", "region", "channel"]


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


METRICS: Final[dict[str, Callable[[Book], pd.DataFrame]]] = {
    "triangle": lambda b: stacked([cohorts.triangle(b, metric=k, grain="quarter") for k in KINDS]),
    "triangle by segment": lambda b: cohorts.triangle(b, metric="net", by="segment"),
    "layers": lambda b: cohorts.layers(b, grain="quarter"),
    "vintages": lambda b: cohorts.vintages(b, metric="gross", age=12),
    "curves": lambda b: stacked([curves.curves(b, metric=k) for k in KINDS]),
    "curves by cohort": lambda b: stacked([curves.curves(b, metric=k, grain="year") for k in KINDS]),
    "curves by plan": lambda b: stacked([curves.curves(b, metric=k, by="plan") for k in KINDS]),
    "curves by product": lambda b: curves.curves(b, metric="net", by="product"),
    "loss ages": curves.loss_ages,
    "first renewals": first_renewal.first_renewals,
    "projection": lambda b: stacked([projection.project_cohorts(b, metric=k) for k in KINDS]),
    "residual value": lambda b: projection.residual_value(b, discount=0.1),
    "vintage intervals": lambda b: stacked([vintage.vintage_intervals(b, metric=m) for m in RATIOS]),
    "newest vintage": vintage.newest_vintage,
    "period or vintage": period.period_or_vintage,
    "intervals": lambda b: uncertainty.intervals(b, by="segment"),
    "changes": lambda b: uncertainty.changes(b, delta=0.02),
    "single accounts": uncertainty.single_accounts,
    "leave one out": concentration.leave_one_out,
    "mix and rate": lambda b: decomposition.decompose(b, by="segment", metric="net_retention"),
    "mix of ages": lambda b: decomposition.decompose(b, by=decomposition.AGE, metric="net_retention"),
    "drill-down": lambda b: drill.drill_down(b, by=COLUMNS, metric="gross_retention"),
    "spread": spread.spread,
    "next quarters": forecast.next_quarters,
    "past forecasts": forecast.past_forecasts,
    "sensitivity": sensitivity.sensitivity,
}


@cache
def frames() -> dict[str, pd.DataFrame]:
    """Pontavia with terms, notices and products, and a table of renewals."""
    drawn = simulate_ledger(NEWER_WORSE, 7)
    rows = drawn.subscriptions.assign(mrr=drawn.subscriptions["mrr"] / 100)
    rows = rows.drop(columns=[c for c in rows if c.startswith("list_")])
    ends = rows.dropna(subset=["term_end_date"]).drop_duplicates(["account_id", "term_end_date"])
    renewals = pd.DataFrame(
        {"account_id": ends["account_id"], "due_date": ends["term_end_date"], "target_arr": ends["mrr"] * 12,
         "outcome": "renewed", "closed_date": ends["term_end_date"], "renewed_arr": ends["mrr"] * 11}
    )  # fmt: skip
    return {"subscriptions": rows, "accounts": drawn.accounts, "account_links": drawn.account_links,
            "renewals": renewals.reset_index(drop=True)}  # fmt: skip


def book_from(tables: dict[str, pd.DataFrame]) -> Book:
    rates = {code: Decimal(rate) for code, rate in NEWER_WORSE.rates.items()}
    return Book.from_frames(tables, as_of=AS_OF, name="Pontavia", currency="EUR", rates=rates)


@cache
def whole() -> Book:
    return book_from(frames())


@cache
def cut_back() -> Book:
    """Everything after the as-of day deleted before the book is made."""
    tables, day = dict(frames()), pd.Timestamp(AS_OF)
    rows = tables["subscriptions"]
    rows = rows[pd.to_datetime(rows["start_date"]) <= day]
    notice, end = (pd.to_datetime(rows[name]) for name in ("notice_date", "end_date"))
    rows = rows.assign(notice_date=rows["notice_date"].where(notice <= day, None))
    tables["subscriptions"] = rows.assign(
        end_date=rows["end_date"].where((end <= day) | (notice <= day), None)
    )
    tables["account_links"] = tables["account_links"][
        pd.to_datetime(tables["account_links"]["effective_date"]) <= day
    ]
    decided = tables["renewals"]
    late = pd.to_datetime(decided["closed_date"]) > day
    tables["renewals"] = decided[pd.to_datetime(decided["due_date"]) <= day].loc[lambda f: ~late[f.index]]
    return book_from(tables)


@cache
def mixed() -> Book:
    return book_from({name: frame.sample(frac=1, random_state=5) for name, frame in frames().items()})


@pytest.mark.parametrize("name", METRICS)
def test_deleting_everything_after_the_day_changes_nothing(name: str) -> None:
    one, two = (METRICS[name](book) for book in (whole(), cut_back()))
    assert len(one)
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("name", METRICS)
def test_the_order_of_rows_changes_nothing(name: str) -> None:
    pd.testing.assert_frame_equal(METRICS[name](whole()), METRICS[name](mixed()), check_exact=True)


@pytest.mark.parametrize("name", ["triangle", "triangle by segment", "curves by cohort", "projection"])
def test_what_cannot_be_observed_yet_is_blank(name: str) -> None:
    """A cohort's youngest member bounds its cells: those of its last month, or quarter, or year."""
    cells = METRICS[name](whole())
    now = month_of(AS_OF, anchor=anchor_day(AS_OF))
    months = {"triangle": 3, "triangle by segment": 1, "curves by cohort": 12, "projection": 3}[name]
    began = cells["cohort"].dt.year * 12 + cells["cohort"].dt.month - 1
    possible = began + cells["age"] <= now
    if name == "projection":
        assert not cells.loc[began + months - 1 + cells["age"] > now + months - 1, "observed"].any()
        assert cells.loc[cells["observed"], ["low", "high"]].isna().all(axis=None)
        ahead = cells[~cells["observed"]].dropna(subset=["low", "high"])
        assert len(ahead) and (ahead["low"] <= ahead["high"]).all()
        return
    known = cells["value"].notna()
    assert possible[known].all()
    assert np.isfinite(cells.loc[known, "value"].astype("float64")).all()
