"""The engine against hand sums, against a loop, and against the month-expanding SQL that people write."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cslib.ledger import RELATIONS, relation
from cslib.metrics.cuts import cut_ledger
from cslib.months import anchor_day, month_of
from tests import oracle
from tests.books import eight, ledgers


def keyed(rows: list[tuple[int, str, str | None, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["entity", "start_date", "end_date", "amount"])
    return frame.assign(
        cut=0, start_date=pd.to_datetime(frame.start_date), end_date=pd.to_datetime(frame.end_date)
    )


def test_steps_are_the_changes_of_month_end_amounts_and_nothing_more() -> None:
    steps = relation("steps", keyed([(1, "2024-01-10", "2024-03-10", 100), (1, "2024-03-10", None, 160)]),
                     as_of=date(2024, 12, 31))  # fmt: skip
    assert steps[["month", "delta", "closing"]].to_numpy().tolist() == [[24288, 100, 100], [24290, 60, 160]]


def test_a_price_that_renews_at_the_same_amount_is_no_step() -> None:
    rows = [(1, "2024-01-01", "2025-01-01", 100), (1, "2025-01-01", None, 100)]
    assert len(relation("steps", keyed(rows), as_of=date(2025, 12, 31))) == 1


def test_a_period_between_two_readings_leaves_no_trace_but_is_legal() -> None:
    assert relation("steps", keyed([(1, "2024-01-05", "2024-01-20", 100)]), as_of=date(2024, 6, 30)).empty


def test_end_dates_are_exclusive_and_state_is_read_at_the_end_of_the_day() -> None:
    # Ends on 31 January: not active at the end of that day. Ends on 1 February: active on 31 January.
    rows = [(1, "2023-12-01", "2024-01-31", 100), (2, "2023-12-01", "2024-02-01", 100)]
    pairs = relation("pairs", keyed(rows), as_of=date(2024, 1, 31), window=1)
    assert dict(zip(pairs.entity, pairs.movement, strict=True)) == {1: "churn", 2: "unchanged"}


def test_month_end_stays_month_end_through_february() -> None:
    # A start on 29 January is before the reading of 28 February and after that of 28 January.
    pairs = relation("pairs", keyed([(1, "2023-01-29", None, 5)]), as_of=date(2023, 2, 28), window=1)
    assert pairs.opening.tolist() == [5]  # read on 31 January, not on 28 January
    pairs = relation("pairs", keyed([(1, "2024-01-29", None, 5)]), as_of=date(2024, 2, 28), window=1)
    assert pairs.opening.tolist() == [0]  # 28 February 2024 is no month end: read on 28 January


def test_the_eight_accounts_fall_in_eight_classes() -> None:
    cut = cut_ledger(eight())
    pairs = relation("pairs", cut.steps, as_of=date(2025, 12, 31), window=12)
    named = dict(zip(cut.entities.take(pairs.entity), pairs.movement, strict=True))
    assert named == {"A": "unchanged", "B": "expansion", "C": "contraction", "D": "churn", "E": "new",
                     "F": "reactivation", "G": "joined and left", "H": "gone before"}  # fmt: skip


def test_an_unknown_relation_is_refused() -> None:
    with pytest.raises(KeyError):
        relation("levels; DROP TABLE ledger", keyed([(1, "2024-01-01", None, 1)]), as_of=date(2024, 1, 31))


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_are_integers_in_key_order_and_empty_on_an_empty_ledger(name: str) -> None:
    ledger = keyed([(1, "2024-01-01", None, 7), (2, "2024-02-01", "2024-04-01", 9)])
    frame = relation(name, ledger, as_of=date(2024, 6, 30), window=3)
    keys = RELATIONS[name]
    assert not frame.duplicated(keys).any()
    pd.testing.assert_frame_equal(frame, frame.sort_values(keys, ignore_index=True))
    assert all(frame.drop(columns="movement", errors="ignore").dtypes.map(lambda d: d.kind) == "i")
    assert relation(name, ledger.iloc[:0], as_of=date(2024, 6, 30)).empty


def test_year_by_year_what_moved_is_every_step() -> None:
    ledger, as_of = cut_ledger(eight()).steps, date(2025, 12, 31)
    years = [
        relation("moved", ledger, as_of=as_of, months_ago=ago).assign(last=ago) for ago in (0, 12, 24, 36)
    ]
    long = (
        pd.concat(years)
        .melt(["cut", "entity", "first_month", "last"], value_name="delta")
        .query("delta != 0")
    )
    ago = long["last"] + long["variable"].str.removeprefix("ago_").astype(int)
    long["month"] = month_of(as_of, anchor=31) - ago
    keys = ["cut", "entity", "month", "first_month", "delta"]
    found = long[keys].sort_values(["cut", "entity", "month"], ignore_index=True)
    pd.testing.assert_frame_equal(found, ledger[keys], check_dtype=False)


def test_days_that_are_not_known_yet_change_nothing() -> None:
    known = keyed([(1, "2024-01-01", "2024-03-01", 5), (1, "2024-03-01", None, 7)])
    told = keyed([(1, "2024-01-01", "2024-03-01", 5), (1, "2024-03-01", "2024-07-01", 7),
                  (1, "2024-07-01", "9999-12-31", 9), (2, "9999-01-01", None, 1)])  # fmt: skip
    for name in RELATIONS:
        pd.testing.assert_frame_equal(
            *(relation(name, f, as_of=date(2024, 6, 30), window=2) for f in (known, told))
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers(), st.dates(date(2024, 6, 1), date(2026, 3, 1)))
def test_one_price_at_a_time_is_read_as_several_are_added_up(rows: pd.DataFrame, as_of: date) -> None:
    ledger = keyed(list(zip(pd.factorize(rows["account_id"])[0], rows["start_date"], rows["end_date"],
                            (rows["mrr"].astype(float) * 1200).round().astype("int64"), strict=True)))  # fmt: skip
    nothing = ledger.assign(amount=0)  # beside a price of nothing, no price is the only one
    steps = relation("steps", ledger, as_of=as_of)
    pd.testing.assert_frame_equal(relation("steps", pd.concat([ledger, nothing]), as_of=as_of), steps)
    assert (steps["closing"] == steps.groupby("entity")["delta"].cumsum()).all()


# The month-expanding SQL that people write: ten lines a metric, every account in every month. The readable oracle.
EXPANDED = """
WITH months AS (SELECT UNNEST(RANGE(?, ? + 1)) AS month),
days AS (SELECT month, CASE WHEN ? = 31 THEN LAST_DAY(first) ELSE LEAST(first + ? - 1, LAST_DAY(first)) END AS day
         FROM (SELECT month, MAKE_DATE(month // 12, CAST(month % 12 + 1 AS INTEGER), 1) AS first FROM months)),
states AS (SELECT entity, month, CAST(SUM(amount) AS BIGINT) AS amount FROM ledger JOIN days
           ON CAST(start_date AS DATE) <= day AND (end_date IS NULL OR CAST(end_date AS DATE) > day) GROUP BY ALL)
SELECT now.month, CAST(SUM(was.amount) AS BIGINT) AS opening, CAST(SUM(COALESCE(n.amount, 0)) AS BIGINT) AS kept
FROM (SELECT DISTINCT month FROM months) now
JOIN states was ON was.month = now.month - ? LEFT JOIN states n ON n.month = now.month AND n.entity = was.entity
WHERE was.amount > 0 GROUP BY now.month ORDER BY now.month
"""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers(), st.dates(date(2024, 6, 1), date(2026, 3, 1)), st.sampled_from([1, 3, 12]))
def test_windows_equal_the_month_expanding_sql(rows: pd.DataFrame, as_of: date, window: int) -> None:
    started = rows[rows["start_date"] <= as_of.isoformat()]
    if started.empty:
        return
    ledger = pd.DataFrame({"cut": 0, "entity": pd.factorize(started["account_id"])[0]})
    ledger["start_date"] = pd.to_datetime(started["start_date"]).to_numpy()
    ledger["end_date"] = pd.to_datetime(started["end_date"]).to_numpy()
    ledger["amount"] = (started["mrr"].astype(float) * 1200).round().astype("int64").to_numpy()
    anchor = anchor_day(as_of)
    last = month_of(as_of, anchor=anchor)
    first = min(month_of(d.date(), anchor=anchor) for d in ledger["start_date"])
    connection = duckdb.connect()
    connection.register("ledger", ledger)
    slow = connection.execute(EXPANDED, [first, last, anchor, anchor, window]).df()

    changes = relation("ttm", ledger, as_of=as_of, window=window)
    starters = changes[changes.movement.isin(["churn", "contraction", "expansion", "unchanged"])]
    fast = (
        starters.groupby("month")[["opening", "closing"]]
        .sum()
        .reindex(range(first, last + 1), fill_value=0)
        .cumsum()
    )
    fast = fast[fast.opening > 0]
    assert fast.index.tolist() == slow.month.tolist()
    assert fast.opening.tolist() == slow.opening.tolist()
    assert fast.closing.tolist() == slow.kept.tolist()


def test_the_oracle_itself_on_the_hand_made_book() -> None:
    past = oracle.history(eight().tables["subscriptions"], date(2025, 12, 31))
    sums = oracle.window(past, date(2024, 12, 31), date(2025, 12, 31))
    assert {k: v // 1200 for k, v in sums.items() if not k.startswith("n_")} == {
        "opening": 400, "closing": 460, "net": 310, "gross": 260, "churn": 100, "contraction": 40,
        "expansion": 50, "new": 80, "reactivation": 70,
    }  # fmt: skip
