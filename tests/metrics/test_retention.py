"""Retention: hand sums, a loop over random ledgers, published figures, and the laws."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.conventions import CONVENTIONS, DEFAULTS
from cslib.metrics import METRICS
from cslib.metrics import retention as r
from tests import external, oracle
from tests.books import AS_OF, book_of, eight, ledgers

ORACLES = Path(__file__).parents[2] / "../shared/oracles"
STANDARD = ["metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit"]


def last(frame: pd.DataFrame) -> pd.Series:
    return frame.iloc[-1]


# --- by hand (the sums stand in tests/books.py) -------------------------------------------------------------------


def test_net_gross_and_logo_retention_by_hand() -> None:
    book = eight()
    assert last(r.net_retention(book))[["numerator", "denominator", "n_accounts"]].tolist() == [
        372000,
        480000,
        4,
    ]
    assert last(r.gross_retention(book))[["numerator", "denominator"]].tolist() == [312000, 480000]
    assert last(r.logo_retention(book))[["value", "numerator", "denominator"]].tolist() == [0.75, 3, 4]


def test_bridge_by_hand_closes_to_the_cent() -> None:
    rows = r.bridge(eight(), window=12, base="mrr").set_index("metric")["value"]
    assert rows.astype(int).to_dict() == {"opening": 40000, "new": 8000, "expansion": 5000, "reactivation": 7000,
                                          "contraction": 4000, "churn": 10000, "closing": 46000}  # fmt: skip


def test_quick_ratio_counts_monthly_flows_without_reactivation() -> None:
    # Flows of 2025: new E 80 + G 40, expansion B 50; contraction C 40, churn D 100 + G 40.
    assert last(r.quick_ratio(eight()))[["numerator", "denominator"]].tolist() == [17000, 18000]


def test_segments_and_the_account_that_has_none() -> None:
    frame = r.headline(eight(), by="segment")
    arr = frame[frame.metric == "arr"].set_index("segment")["value"]
    assert arr.to_dict() == {"(not given)": 0, "Enterprise": 80 * 1200, "SMB": 380 * 1200}


def test_account_changes_add_up_to_the_change_of_the_book() -> None:
    changes = r.account_changes(eight(), window=12)
    assert changes["change"].sum() == (460 - 400) * 1200
    assert changes.iloc[0][["account_id", "name", "movement"]].tolist() == ["D", "Account D", "churn"]


def test_unknown_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"by: found 'segmnt', expected a column .*segment.*Did you mean 'segment'"
    ):
        r.net_retention(eight(), by="segmnt")


def test_a_window_is_one_month_or_more() -> None:
    with pytest.raises(ValueError, match="window: found 0"):
        r.net_retention(eight(), window=0)


def test_undefined_is_nan_and_never_a_number() -> None:
    book = book_of([("A", "2025-12-01", None, "10")])
    row = r.headline(book).set_index("metric")
    assert (
        row.loc[["net_retention", "gross_retention", "logo_retention", "quick_ratio"], "value"].isna().all()
    )
    assert row.loc["net_retention", "denominator"] == 0


def test_a_book_without_a_single_paid_day_gives_empty_frames() -> None:
    book = book_of([("A", "2025-12-01", None, "0")])
    for metric in METRICS.values():
        assert metric(book).empty


@pytest.mark.parametrize("by", [None, "currency"])
def test_a_book_read_before_its_first_row_gives_empty_frames(by: str | None) -> None:
    book = book_of([("A", "2025-12-01", None, "9")], as_of=date(2024, 1, 31))
    for metric in METRICS.values():
        assert metric(book, by=by).empty
    for frame in (r.headline(book, by=by), r.bridge(book), r.account_changes(book)):
        assert frame.empty


def test_every_metric_has_one_default_convention_with_a_source_and_a_sentence() -> None:
    assert set(DEFAULTS) == set(METRICS)
    assert len({(c.metric, c.name) for c in CONVENTIONS}) == len(CONVENTIONS)
    assert all(c.source and c.text.endswith(".") for c in CONVENTIONS)


@pytest.mark.parametrize("name", METRICS)
def test_contract_of_every_metric(name: str) -> None:
    book = eight()
    before = {k: f.copy() for k, f in book.tables.items()}
    frame = METRICS[name](book)
    assert frame.columns.tolist() == STANDARD
    assert (frame["metric"] == name).all()
    assert frame["unit"].isin(["ratio", "ratio to one", "USD ARR", "USD MRR"]).all()
    assert not frame.duplicated(["start", "end"]).any()
    by = METRICS[name](book, by="segment")
    assert by.columns.tolist() == [*STANDARD[:4], "segment", *STANDARD[4:]]
    for k, f in book.tables.items():
        pd.testing.assert_frame_equal(f, before[k])


# --- a loop over random ledgers, and the laws ---------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(ledgers(), st.dates(date(2024, 6, 1), date(2026, 3, 1)), st.sampled_from([1, 3, 12]))
def test_a_slow_loop_agrees_on_every_month(rows: pd.DataFrame, as_of: date, window: int) -> None:
    if not (rows["start_date"] <= as_of.isoformat()).any():
        return
    book = Book.from_frames({"subscriptions": rows}, as_of=as_of, name="Random", currency="USD")
    past = oracle.history(book.tables["subscriptions"], as_of)
    moved = r.movements(book, window=window)
    ratios = {"net": r.net_retention, "gross": r.gross_retention, "n_kept": r.logo_retention}
    frames = {k: f(book, window=window).set_index("end") for k, f in ratios.items()}
    for (start, end), rows_of in moved.groupby(["start", "end"]):
        sums = oracle.window(past, start.date(), end.date())
        values = rows_of.set_index("metric")["value"].astype(int)
        for metric in r.BRIDGE:
            assert values[metric] == sums[metric], (metric, end)
        for numerator, frame in frames.items():
            row = frame.loc[end]
            assert row["numerator"] == sums[numerator], (numerator, end)
            assert row["denominator"] == (sums["n_opening"] if numerator == "n_kept" else sums["opening"])


@settings(max_examples=25, deadline=None)
@given(ledgers(), st.sampled_from([1, 3, 12]), st.sampled_from([None, "product", "currency"]))
def test_laws(rows: pd.DataFrame, window: int, by: str | None) -> None:
    book = Book.from_frames({"subscriptions": rows}, as_of=AS_OF, name="Random", currency="USD")
    moved = r.movements(book, window=window, by=by)
    keys = ["start", "end", *([by] if by else [])]
    wide = moved.set_index([*keys, "metric"])["value"].unstack()
    if not wide.empty:
        gains, losses = wide[list(r.GAINS)].sum(axis=1), wide[list(r.LOSSES)].sum(axis=1)
        assert (wide["opening"] + gains - losses == wide["closing"]).all()
        assert (wide >= 0).all(axis=None)

    net, gross = r.net_retention(book, window=window), r.gross_retention(book, window=window)
    defined = net["denominator"] > 0
    assert (gross["numerator"] <= net["numerator"]).all()
    assert (gross["value"][defined] <= 1).all()

    whole, parts = r.arr(book).set_index("end")["value"], r.arr(book, by="product")
    assert parts.groupby("end")["value"].sum().eq(whole).all()

    # One month's windows are that month's flows: two relations of the engine, one truth.
    month = r.movements(book, window=1).set_index(["end", "metric"])["value"]
    from cslib.metrics.windows import flows

    for row in flows(book, window=1).itertuples():
        assert month[row.end, row.movement] == abs(row.closing - row.opening)


@settings(max_examples=15, deadline=None)
@given(ledgers(), st.randoms(use_true_random=False))
def test_order_of_rows_and_whatever_lies_after_as_of_change_nothing(
    rows: pd.DataFrame, random: object
) -> None:
    as_of = date(2025, 3, 31)
    shuffled = rows.sample(frac=1, random_state=random.randrange(2**31))  # type: ignore[attr-defined]
    known = rows[rows["start_date"] <= as_of.isoformat()].copy()
    known.loc[known["end_date"] > as_of.isoformat(), "end_date"] = None
    if known.empty:
        return
    books = [
        Book.from_frames({"subscriptions": f}, as_of=as_of, name="R", currency="USD")
        for f in (rows, shuffled, known)
    ]
    first, *others = (r.headline(b) for b in books)
    for other in others:
        pd.testing.assert_frame_equal(first, other)


def test_the_right_edge_is_not_churn() -> None:
    # Paid until 2026-01-15, read on 2025-12-31: a live customer, today and in every later reading of this book.
    book = book_of([("A", "2024-01-01", "2026-01-15", "100")])
    assert last(r.net_retention(book))["value"] == 1
    assert last(r.movement(book, metric="churn"))["value"] == 0


# --- published figures --------------------------------------------------------------------------------------------


def test_mrr_playbook_year_to_november_2019(tmp_path: Path) -> None:
    """Oracle W01: dbt-labs/mrr-playbook, endpoints 2018-11-01 to 2019-11-01."""
    book = Book.load(external.mrr_playbook(tmp_path), as_of=date(2019, 11, 1))
    rows = r.headline(book).set_index("metric")
    found = {
        m: (rows.loc[m, "numerator"], rows.loc[m, "denominator"])
        for m in ("net_retention", "gross_retention", "logo_retention")
    }
    assert found == {
        "net_retention": (56000, 57500),
        "gross_retention": (46000, 57500),
        "logo_retention": (10, 11),
    }
    assert rows.loc[["expansion", "contraction", "churn"], "value"].tolist() == [10000, 6500, 5000]
    assert (
        round(rows.loc["quick_ratio", "value"], 3) == 2.607
    )  # CONVENTIONS: quick ratio without reactivation


def test_mrr_playbook_every_month_and_all_55_customers(tmp_path: Path) -> None:
    """Oracles W02 and W04: month by month to 2020-02, where the published table is right."""
    book = Book.load(external.mrr_playbook(tmp_path), as_of=date(2020, 2, 1))
    published = pd.read_csv(ORACLES / "monthly_movements.csv", parse_dates=["date_month"]).set_index(
        "date_month"
    )
    wide = r.movements(book, base="mrr").set_index(["end", "metric"])["value"].unstack() // 100
    names = {
        "new": "new_mrr",
        "expansion": "upgrade_mrr",
        "reactivation": "reactivation_mrr",
        "contraction": "downgrade_mrr",
        "churn": "churn_mrr",
    }
    for ours, theirs in names.items():
        later = wide.index >= pd.Timestamp(
            "2018-02-01"
        )  # their table begins in 2018-01 and calls its first row new
        assert (wide.loc[later, ours] == published[theirs].abs()[lambda s: s.index >= "2018-02-01"]).all(), (
            ours
        )
    assert wide["new"].sum() == 2295
    assert wide["expansion"].sum() == 660
    assert wide["contraction"].sum() == 555
    assert wide["churn"].sum() == 2550
    assert wide["reactivation"].sum() == 150
    assert book.tables["subscriptions"]["account_id"].nunique() == 55
    assert r.movement(book, metric="new")["n_accounts"].sum() == 55


def test_mrr_playbook_one_month(tmp_path: Path) -> None:
    """Oracle W07: 2019-07-01 to 2019-08-01."""
    book = Book.load(external.mrr_playbook(tmp_path), as_of=date(2019, 8, 1))
    rows = r.headline(book, window=1).set_index("metric")
    assert rows.loc[["new", "expansion", "contraction", "churn"], "value"].tolist() == [10500, 0, 5500, 16000]
    assert rows.loc["net_retention", "value"] == pytest.approx(0.8407407407407408, abs=1e-12)
    assert rows.loc["gross_retention", "value"] == pytest.approx(0.8407407407407408, abs=1e-12)
    assert 1 - rows.loc["logo_retention", "value"] == pytest.approx(0.11538461538461539, abs=1e-12)
    assert rows.loc["quick_ratio", "value"] == pytest.approx(0.4883720930232558, abs=1e-12)


def test_crm5_february_2022_equals_the_books_own_queries(tmp_path: Path) -> None:
    """fight-churn listings 2.1, 2.2 and 2.4 on their own simulated company."""
    book = Book.load(external.crm5(tmp_path), as_of=date(2022, 3, 1))
    rows = r.headline(book, window=1).set_index("metric")
    assert rows.loc["net_retention", ["numerator", "denominator"]].tolist() == [29659500, 28007500]
    assert rows.loc["logo_retention", ["numerator", "denominator"]].tolist() == [288, 300]
    assert rows.loc[["churn", "contraction"], "value"].tolist() == [1014000, 355000]


def test_crm5_logo_churn_of_every_month(tmp_path: Path) -> None:
    """fight-churn listing 2.6: 23 months."""
    folder = external.crm5(tmp_path)
    published = pd.read_csv(
        external.SHARED / "crm5/expected/listing_2_6_churn_rate_multi.csv", parse_dates=["end_date"]
    )
    book = Book.load(folder, as_of=date(2024, 1, 1))
    rows = r.logo_retention(book, window=1).set_index("end").loc[published["end_date"]]
    assert rows["denominator"].tolist() == published["n_start"].tolist()
    assert (rows["denominator"] - rows["numerator"]).tolist() == published["n_churn"].tolist()


@pytest.mark.parametrize(("company", "as_of", "bys"), [
    ("mrr_playbook", date(2019, 11, 1), [None]),
    ("crm5", date(2024, 12, 31), [None, "currency", "product", "channel", "region"]),
    ("ravenstack", date(2024, 12, 31), [None, "currency", "plan", "industry", "region"]),
])  # fmt: skip
def test_the_bridge_closes_for_every_month_and_segment_of_foreign_data(
    tmp_path: Path, company: str, as_of: date, bys: list[str | None]
) -> None:
    book = Book.load(getattr(external, company)(tmp_path), as_of=as_of)
    for by in bys:
        for window in (1, 3, 12):
            wide = r.movements(book, window=window, by=by)
            wide = (
                wide.set_index(["start", "end", *([by] if by else []), "metric"])["value"]
                .astype("int64")
                .unstack()
            )
            closed = wide["opening"] + wide[list(r.GAINS)].sum(axis=1) - wide[list(r.LOSSES)].sum(axis=1)
            assert (closed == wide["closing"]).all()


def test_g02_the_cohort_identity_holds_to_the_cent_and_gross_is_at_most_net() -> None:
    book = eight()
    rows = r.bridge(book, window=12).set_index("metric")["value"].astype("int64")
    staying = rows["opening"] - rows["churn"] - rows["contraction"] + rows["expansion"]
    net, gross = last(r.net_retention(book)), last(r.gross_retention(book))
    assert net["numerator"] == staying
    assert gross["value"] <= min(1, net["value"])


def test_n01_new_accounts_never_enter_and_who_comes_back_does_not_either() -> None:
    old = [("A", "2024-01-01", None, "100"), ("F", "2024-01-01", "2024-07-01", "90")]
    new = [("N", "2025-02-01", None, "5000"), ("F", "2025-08-01", None, "70")]
    assert (
        last(r.net_retention(book_of(old + new)))["value"]
        == last(r.net_retention(book_of(old)))["value"]
        == 1
    )


def test_n40_the_worked_example_is_exactly_125() -> None:
    # 100,000 at the start, 50,000 of growth, 25,000 lost: 125,000
    rows = [
        ("A", "2024-01-01", "2025-06-01", "75000"),
        ("A", "2025-06-01", None, "125000"),
        ("B", "2024-01-01", "2025-06-01", "25000"),
    ]
    assert last(r.net_retention(book_of(rows)))["value"] == 1.25


def test_n42_parts_weighted_by_their_opening_are_the_whole() -> None:
    book = eight()
    parts = r.net_retention(book, by="segment").query("end == end.max() and denominator > 0")
    whole = last(r.net_retention(book))
    assert (parts["value"] * parts["denominator"]).sum() / parts["denominator"].sum() == pytest.approx(
        whole["value"]
    )
    assert parts["denominator"].sum() == whole["denominator"]
