"""The 28 questions that every ledger raises: the default and the alternative, each on a case made by hand."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.book import Book
from cslib.conventions import CONVENTIONS, DEFAULTS, define, find
from cslib.metrics import apart, clock, cohorts, forms, kinds, lifetime, renewals
from cslib.metrics import retention as r
from cslib.metrics.cuts import cut_ledger, projected_back
from cslib.settings import Settings, read_settings
from cslib.sources.company import company
from cslib.tables import TableError
from tests.books import AS_OF, eight

# The year 2025 throughout: it opens on 2024-12-31 and closes on 2025-12-31. Amounts are MRR in dollars.


def book(
    rows: list[dict[str, Any]],
    *,
    as_of: date = AS_OF,
    settings: Settings | None = None,
    accounts: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
    **more: Any,
) -> Book:
    ledger = pd.DataFrame([{"end_date": None, "currency": "USD", **row} for row in rows])
    frames = {"subscriptions": ledger}
    if accounts is not None:
        frames["accounts"] = accounts
    if links is not None:
        frames["account_links"] = links
    return Book.from_frames(frames, as_of=as_of, settings=settings, **more)


def row(account: str, start: str, end: str | None, mrr: float, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "start_date": start, "end_date": end, "mrr": mrr, **more}


def year(of: Book, by: str | None = None) -> dict[str, int]:
    """Bridge of 2025 in whole dollars of MRR."""
    rows = r.bridge(of, window=12, base="mrr", by=by).set_index("metric")["value"].astype("int64")
    assert rows["opening"] + rows[list(r.GAINS)].sum() - rows[list(r.LOSSES)].sum() == rows["closing"]
    return {metric: int(value) // 100 for metric, value in rows.items() if value}


def closing(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["end"] == pd.Timestamp(AS_OF)]


def ratio(of: Book, metric: str, name: str = "endpoint", window: int = 12) -> float:
    return float(forms.under(of, find(name, metric, own=of.conventions), window=window)["value"].iloc[0])


DIP = [row("A", "2024-01-01", "2025-03-10", 100), row("A", "2025-03-10", "2025-06-10", 40),
       row("A", "2025-06-10", None, 100), row("B", "2025-02-01", "2025-09-01", 50)]  # fmt: skip


def test_01_endpoints_or_flows() -> None:
    """Endpoints: 100 of 100. Flows of gross retention: the fall of 60 counts although it was made good."""
    of = book(DIP)
    assert DEFAULTS["gross_retention"].form == "endpoints"
    assert ratio(of, "gross_retention") == 1
    assert ratio(of, "gross_retention", "starters' losses") == pytest.approx(0.4)


def test_02_whose_flows() -> None:
    """B joined in the year and left: 50 lost that was never in the opening of 100."""
    of = book(DIP)
    assert ratio(of, "gross_retention", "starters' losses") == pytest.approx(1 - 60 / 100)
    assert ratio(of, "gross_retention", "everyone's losses") == pytest.approx(1 - 110 / 100)
    with pytest.raises(
        TableError, match=r"convention: movements of accounts that joined later, beyond one month"
    ):
        company({"name": "Acme", "currency": "USD", "convention": "everyone's flows"})


def test_03_form_of_gross_retention() -> None:
    """Eight: 400 at the opening, contraction 40, churn 100: whole 260, churn only 300, contraction only 360."""
    found = [
        ratio(eight(), "gross_retention", name) for name in ("endpoint", "churn only", "contraction only")
    ]
    assert found == [pytest.approx(260 / 400), pytest.approx(300 / 400), pytest.approx(360 / 400)]
    assert DEFAULTS["gross_retention"].gross_cap == "account"


def test_04_reactivation_in_net_retention() -> None:
    """A left in March with 100 and came back in June with 100: the endpoint sees it; flows may leave it out."""
    of = book([row("A", "2024-01-01", "2025-03-10", 100), row("A", "2025-06-10", None, 100),
               row("B", "2024-01-01", None, 100), row("C", "2024-01-01", "2024-06-01", 30),
               row("C", "2025-05-01", None, 30)])  # fmt: skip
    assert ratio(of, "net_retention") == 1
    assert ratio(of, "net_retention", "starters' flows without reactivation") == 0.5
    assert year(of)["reactivation"] == 30  # money that came back, shown apart


GAP = [row("A", "2024-01-01", "2024-10-01", 100), row("A", "2025-01-01", None, 70),   # 92 days without a paid day
       row("B", "2024-01-01", "2024-10-03", 100), row("B", "2025-01-01", None, 80)]  # 90 days  # fmt: skip


def test_05_reactivation_window() -> None:
    """Any gap is a reactivation; with 90 days A, away for 92, is a new account and B, away for 90, is not."""
    assert year(book(GAP)) == {"reactivation": 150, "closing": 150}
    of = book(GAP, settings=Settings(reactivation_days=90))
    assert year(of) == {"new": 70, "reactivation": 80, "closing": 150}
    changes = r.account_changes(of, window=12).set_index("account_id")["movement"]
    assert changes["A (back 2025-01-01)"] == "new"
    assert "settings: reactivation_days = 90 (default None)." in of.notes


def test_05_a_free_or_overlapping_row_is_no_return() -> None:
    """A's free months, and C's free plan that never ends, are days without a paid day; B only adds to what it has."""
    rows = [row("A", "2024-01-01", "2024-03-01", 100), row("A", "2024-03-01", "2024-12-01", 0),
            row("A", "2024-12-01", None, 50), row("B", "2024-01-01", None, 10), row("B", "2024-06-01", None, 5),
            row("C", "2024-01-01", "2024-03-01", 7), row("C", "2024-02-01", None, 0), row("C", "2024-12-01", None, 7)]  # fmt: skip
    changes = r.account_changes(
        book(rows, settings=Settings(reactivation_days=30), as_of=date(2024, 12, 31)), window=12
    ).set_index("account_id")
    assert changes["movement"].to_dict() == {
        "A": "joined and left", "A (back 2024-12-01)": "new", "B": "new",
        "C": "joined and left", "C (back 2024-12-01)": "new"}  # fmt: skip


def test_06_churn_date() -> None:
    """Notice on 20 June, service until 1 October, term until 1 January: each may be the day of churn."""
    of = {"notice_date": "2025-06-20", "term_end_date": "2026-01-01"}
    rows = [row("A", "2024-01-01", "2025-10-01", 100, **of), row("B", "2024-01-01", None, 50)]

    def churned(settings: Settings) -> dict[str, int]:
        losses = r.movement(book(rows, settings=settings), metric="churn", base="mrr")
        losses = losses[losses["value"] > 0]
        return {
            f"{end:%Y-%m}": value // 100 for end, value in zip(losses["end"], losses["value"], strict=True)
        }

    assert churned(Settings()) == {"2025-10": 100}
    assert churned(Settings(churn_date="notice")) == {"2025-06": 100}
    assert churned(Settings(churn_date="end of term")) == {}
    assert r.movement(book(rows, settings=Settings(churn_date="end of term"), as_of=date(2026, 1, 31)),
                      metric="churn", base="mrr")["value"].iloc[-1] == 10000  # fmt: skip


def test_06_a_price_that_another_follows_is_no_churn() -> None:
    """A's price changes in March, before the notice and the end of the term of the old price: nobody left."""
    rows = [row("A", "2024-01-01", "2025-03-01", 100, notice_date="2025-02-01", term_end_date="2026-01-01"),
            row("A", "2025-03-01", None, 80, notice_date=None, term_end_date=None)]  # fmt: skip
    for churn_date in ("notice", "end of term"):
        settings = Settings(churn_date=churn_date)  # type: ignore[arg-type]
        assert year(book(rows, settings=settings)) == {"opening": 100, "contraction": 20, "closing": 80}


def test_06_as_a_convention_of_its_own() -> None:
    rows = [
        row("A", "2024-01-01", "2026-03-01", 100, notice_date="2025-12-20"),
        row("B", "2024-01-01", None, 100),
    ]
    own = define("by notice", {"metric": "net_retention", "churn_date": "notice"})
    of = book(rows, conventions=(own,), convention="by notice")
    assert ratio(of, "net_retention") == 1
    assert ratio(of, "net_retention", "by notice") == 0.5
    assert "by notice" in set(forms.compare_conventions(of)["convention"])
    with pytest.raises(ValueError, match=r"settings.churn_date: subscriptions has no column 'notice_date'"):
        year(book([row("A", "2024-01-01", None, 1)], settings=Settings(churn_date="notice")))


BRIEF = [row("A", "2024-01-01", None, 100), row("G", "2025-02-03", "2025-02-20", 40),
         row("H", "2025-03-01", "2025-08-01", 60)]  # fmt: skip


def test_07_joined_and_left_inside_the_period() -> None:
    """G lived 17 days between two month ends, H five months: no endpoint sees them, so they are listed."""
    of = book(BRIEF)
    assert year(of) == {"opening": 100, "closing": 100}
    assert apart.joined_and_left(of)["account_id"].tolist() == ["G", "H"]
    assert apart.joined_and_left(of)["arr"].tolist() == [40 * 1200, 60 * 1200]
    assert ratio(of, "quick_ratio", "flow") == pytest.approx(60 / 60)
    gone = book(BRIEF, settings=Settings(shortest_life_days=180))  # what one vendor does: H lived 153 days
    assert apart.joined_and_left(gone).empty
    assert math.isnan(ratio(gone, "quick_ratio", "flow"))


def test_08_denominator_of_logo_retention() -> None:
    """Four accounts at the start, three stay: not over the average, nor over those that joined."""
    frame = r.logo_retention(eight()).iloc[-1]
    assert frame[["numerator", "denominator"]].tolist() == [3, 4]


def test_09_billed_or_list_price() -> None:
    """100 billed of 125 list; then 120 of 125: an expansion of 20 as billed, unchanged at list."""
    rows = [row("A", "2024-01-01", "2025-07-01", 100, list_mrr=125), row("A", "2025-07-01", None, 120, list_mrr=125),
            row("B", "2024-01-01", None, 10, list_mrr=None)]  # fmt: skip
    assert year(book(rows)) == {"opening": 110, "expansion": 20, "closing": 130}
    assert year(book(rows, settings=Settings(price="list"))) == {"opening": 135, "closing": 135}
    with pytest.raises(
        ValueError, match=r"settings.price: found 'list', but subscriptions has no column 'list_mrr'"
    ):
        year(book(GAP, settings=Settings(price="list")))


def test_10_usage_and_one_off_are_out() -> None:
    """What the settings call not recurring is in no ARR, and stands in a line of its own."""
    rows = [row("A", "2024-01-01", None, 100, product="Core"), row("A", "2025-01-01", None, 30, product="Usage"),
            row("B", "2025-12-01", None, 500, product="Onboarding")]  # fmt: skip
    assert year(book(rows)) == {"opening": 100, "new": 500, "expansion": 30, "closing": 630}
    of = book(rows, settings=Settings(not_recurring=("Usage", "Onboarding")))
    assert year(of) == {"opening": 100, "closing": 100}
    assert apart.other_revenue(of)[["kind", "value", "n_accounts"]].to_numpy().tolist() == [
        ["Onboarding", 500 * 1200, 1], ["Usage", 30 * 1200, 1]]  # fmt: skip


def test_11_past_due_paused_and_free() -> None:
    """Past due counts until the ledger ends it; a pause counts for nothing, whatever price it carries; free is 0."""
    rows = [row("A", "2024-01-01", None, 100, change_reason="past due"),
            row("B", "2024-01-01", "2025-11-01", 80, change_reason=None),
            row("B", "2025-11-01", None, 80, change_reason="paused"),
            row("C", "2024-01-01", None, 0, change_reason="free")]  # fmt: skip
    assert year(book(rows)) == {"opening": 180, "churn": 80, "closing": 100}
    logged = apart.uncounted(book(rows))
    assert logged[["account_id", "change_reason", "arr"]].to_numpy().tolist() == [
        ["B", "paused", 96000],
        ["C", "free", 0],
    ]
    assert year(book(rows, settings=Settings(zero_reasons=()))) == {"opening": 180, "closing": 180}
    assert year(book(rows, settings=Settings(zero_reasons=("paused", "past due")))) == {
        "opening": 80,
        "churn": 80,
    }


def test_12_term_to_month() -> None:
    """1,200 for 12 months is 100 a month; 100 for 4 weeks is 1,300 a year, not 1,217 (365 / 30 x 100) or 1,303."""
    rows = [{"account_id": a, "start_date": "2024-01-01", "price": p, "billing_months": m, "billing_weeks": w}
            for a, p, m, w in (("A", 1200, 12, None), ("B", 100, None, 4), ("C", 10, None, 1), ("D", 100, 3, None))]  # fmt: skip
    of = book(rows)
    assert of.tables["subscriptions"]["arr"].tolist() == [120000, 130000, 52000, 40000]
    assert of.base == "arr"
    assert r.arr(of, base="mrr")["value"].iloc[-1] == round(342000 / 12)
    for broken, found in ((None, "Found ''"), (1, "Found 'both'")):
        with pytest.raises(TableError, match=rf"price: .* have a price and do not say for how long.*{found}"):
            book([{**rows[1], "billing_months": broken, "billing_weeks": broken}])


def test_13_when_state_is_read() -> None:
    """The last day of the period, end exclusive: an end on 31 December is gone by then. Inclusive, it is still there."""
    rows = [row("A", "2024-01-01", "2025-12-31", 100), row("B", "2024-01-01", None, 100)]
    assert year(book(rows)) == {"opening": 200, "churn": 100, "closing": 100}
    assert year(book(rows, settings=Settings(end_date="inclusive"))) == {"opening": 200, "closing": 200}
    assert year(book(rows, as_of=date(2025, 12, 30)))["closing"] == 200  # read a day sooner


def test_14_cohort_is_the_month_of_the_first_paid_day() -> None:
    """Free in January, paid from 15 February: cohort February, age 0 in February."""
    rows = [row("A", "2025-01-01", "2025-02-15", 0), row("A", "2025-02-15", None, 100)]
    cells = cohorts.triangle(book(rows), metric="net")
    assert cells["cohort"].unique().tolist() == [pd.Timestamp("2025-02-01")]
    assert cells["age"].tolist() == list(range(11))


def test_14_the_renewal_clock() -> None:
    """A pays monthly and leaves after two, B yearly and stays: after the first renewal both are there, after the second
    only B could be, and it is not old enough: blank."""
    rows = [
        row("A", "2024-01-01", "2024-03-01", 10, billing_months=1),
        row("B", "2024-01-01", None, 90, billing_months=12),
    ]
    by_renewal = clock.renewal_triangle(book(rows), metric="net").set_index("renewal")
    assert by_renewal.loc[[0, 1], "value"].tolist() == [1, 1]
    assert math.isnan(by_renewal.loc[2, "value"])
    assert by_renewal.loc[2, ["n_mature", "n_accounts"]].tolist() == [1, 2]
    by_month = cohorts.triangle(book(rows), metric="net").set_index("age")["value"]
    assert (by_month[1], by_month[2]) == (1, 0.9)
    later = clock.renewal_triangle(book(rows, as_of=date(2026, 1, 31)), metric="logo").set_index("renewal")
    assert later.loc[2, "value"] == 0.5
    with pytest.raises(ValueError, match="no row has term_end_date or billing_months"):
        clock.renewal_triangle(book(GAP), metric="net")


def test_15_immature_cells_are_blank_with_the_mature_count() -> None:
    """Of the cohort 2025 only A, from January, is 6 months old by July: the cell is blank, and says 1 of 2."""
    rows = [row("A", "2025-01-01", None, 100), row("B", "2025-04-01", "2025-05-01", 100)]
    cells = cohorts.triangle(book(rows, as_of=date(2025, 7, 31)), metric="logo", grain="year").set_index(
        "age"
    )
    assert cells.loc[3, "value"] == 0.5
    assert math.isnan(cells.loc[6, "value"])
    assert cells.loc[6, ["n_mature", "n_accounts"]].tolist() == [1, 2]


SEGMENTS = pd.DataFrame({"account_id": ["A", "B"], "segment": ["Enterprise", "SMB"]})


def test_16_averages_are_ratios_of_sums() -> None:
    """900 of 1,000 and 30 of 10: 930 of 1,010, not the mean of 90% and 300%."""
    rows = [row("A", "2024-01-01", "2025-07-01", 1000), row("A", "2025-07-01", None, 900),
            row("B", "2024-01-01", "2025-07-01", 10), row("B", "2025-07-01", None, 30)]  # fmt: skip
    of = book(rows, accounts=SEGMENTS)
    parts = closing(r.net_retention(of, by="segment"))
    whole = r.net_retention(of).iloc[-1]
    assert whole["value"] == pytest.approx(930 / 1010)
    assert whole["value"] == parts["numerator"].sum() / parts["denominator"].sum()
    assert parts["value"].mean() == pytest.approx(1.95)


LINK = pd.DataFrame(
    [("A", "B", "merger", "2025-06-15")], columns=["account_id", "into_id", "kind", "effective_date"]
)
MERGED = [row("A", "2024-01-01", "2025-06-15", 100), row("B", "2024-01-01", "2025-06-15", 200),
          row("B", "2025-06-15", None, 300)]  # fmt: skip


def test_17_entity() -> None:
    """C churns and D, of the same parent, is new: two movements of accounts, none of the parent."""
    rows = [row("C", "2024-01-01", "2025-06-01", 50), row("D", "2025-06-01", None, 50)]
    accounts = pd.DataFrame({"account_id": ["C", "D"], "parent_id": ["P", "P"]})
    assert year(book(rows, accounts=accounts)) == {"opening": 50, "new": 50, "churn": 50, "closing": 50}
    of = book(rows, accounts=accounts, settings=Settings(entity="parent"))
    assert year(of) == {"opening": 50, "closing": 50}
    assert ratio(of, "net_retention") == 1  # the comparison follows the same accounts as the headline


def test_18_a_merger_is_not_churn() -> None:
    assert year(book(MERGED, links=LINK)) == {"opening": 300, "closing": 300}
    apart_ = year(book(MERGED, links=LINK, settings=Settings(mergers="ignored")))
    assert apart_ == {"opening": 300, "expansion": 100, "churn": 100, "closing": 300}


def parts(of: Book) -> dict[tuple[str, str], int]:
    found = kinds.price_and_volume(of)
    bridge = r.bridge(of, window=12).set_index("metric")["value"]
    for metric in ("expansion", "contraction"):
        assert found.loc[found["metric"] == metric, "value"].sum() == bridge[metric]
    return {(m, p): v // 1200 for m, p, v in zip(found["metric"], found["part"], found["value"], strict=True)}


def test_19_price_and_volume() -> None:
    """A: 10 seats at 10 -> 15 at 12. Volume 5 x 10 = 50, price 15 x 2 = 30. B falls from 10 seats at 5 to 4 at 6."""
    rows = [row("A", "2024-01-01", "2025-07-01", 100, quantity=10), row("A", "2025-07-01", None, 180, quantity=15),
            row("B", "2024-01-01", "2025-07-01", 50, quantity=10), row("B", "2025-07-01", None, 24, quantity=4),
            row("C", "2024-01-01", "2025-07-01", 10, quantity=None), row("C", "2025-07-01", None, 30, quantity=None)]  # fmt: skip
    assert parts(book(rows)) == {
        ("expansion", "volume"): 50, ("expansion", "price"): 30, ("expansion", "not known"): 20,
        ("contraction", "volume"): 30, ("contraction", "price"): -4}  # fmt: skip


def test_19_list_price_and_discount() -> None:
    """10 seats, list 125 billed 100 -> 20 seats, list 300 billed 270: volume 100; list 250 -> 300 at 0.8: 40; rest 30.

    D has no quantity: list 100 -> 150 at 0.9 is 45, the discount gained 60 - 45 = 15. E adds a product.
    """
    rows = [row("A", "2024-01-01", "2025-07-01", 100, list_mrr=125, quantity=10, product="x"),
            row("A", "2025-07-01", None, 270, list_mrr=300, quantity=20, product="x"),
            row("D", "2024-01-01", "2025-07-01", 90, list_mrr=100, product="x"),
            row("D", "2025-07-01", None, 150, list_mrr=150, product="x"),
            row("E", "2024-01-01", None, 10, list_mrr=10, quantity=1, product="x"),
            row("E", "2025-07-01", None, 7, list_mrr=7, quantity=1, product="y")]  # fmt: skip
    assert parts(book(rows)) == {
        ("expansion", "volume"): 100, ("expansion", "list price"): 40, ("expansion", "discount"): 30 + 15,
        ("expansion", "list amount"): 45, ("expansion", "products"): 7}  # fmt: skip


LONGER = [row("A", "2024-01-01", "2025-07-01", 100, term_end_date="2025-07-01"),
          row("A", "2025-07-01", None, 90, term_end_date="2028-07-01"),                       # 18 -> 36 months
          row("B", "2024-01-01", "2025-07-01", 100, term_end_date="2025-07-01"),
          row("B", "2025-07-01", None, 70, term_end_date="2026-07-01"),                       # 18 -> 12 months
          row("C", "2024-01-01", "2025-07-01", 50, term_end_date=None),
          row("C", "2025-07-01", None, 45, term_end_date=None, change_reason="extension")]  # fmt: skip


def extended(of: Book) -> dict[str, int]:
    rows = kinds.bridge_with_extension(of).set_index("metric")["value"]
    assert (
        rows["opening"] + rows[list(r.GAINS)].sum() - rows[[*r.LOSSES, "extension"]].sum() == rows["closing"]
    )
    return {m: int(v) // 1200 for m, v in rows.items() if v}


def test_20_lower_price_for_a_longer_term() -> None:
    """A gave a tenth for three years, C is marked as one: 15 of extension. B just fell by 30."""
    assert extended(book(LONGER)) == {"opening": 250, "contraction": 30, "extension": 15, "closing": 205}
    of = book(LONGER, settings=Settings(extension="contraction"))
    assert extended(of) == {"opening": 250, "contraction": 45, "closing": 205}
    billed = [{**x, "billing_months": b, "term_end_date": None, "change_reason": None}
              for x, b in zip(LONGER, (1, 12, 12, 1, 1, 1), strict=True)]  # fmt: skip
    assert extended(book(billed))["extension"] == 10  # only A went from monthly to annual payment


def test_20_what_other_lines_gained_is_not_an_extension() -> None:
    """A's core fell by 30 for a longer term while an add-on grew by 20: the account contracted by 10."""
    rows = [row("A", "2024-01-01", "2025-07-01", 100, product="core", billing_months=1),
            row("A", "2025-07-01", None, 70, product="core", billing_months=12),
            row("A", "2024-01-01", "2025-07-01", 10, product="more", billing_months=1),
            row("A", "2025-07-01", None, 30, product="more", billing_months=1)]  # fmt: skip
    assert extended(book(rows)) == {"opening": 110, "extension": 10, "closing": 100}


def test_21_nothing_is_annualised_unasked() -> None:
    """One month at 90% is 90%; to the 12th power, 28%, only under a convention that says so in its name."""
    rows = [row("A", "2024-01-01", "2025-12-10", 100), row("A", "2025-12-10", None, 90)]
    assert ratio(book(rows), "net_retention", window=1) == 0.9
    assert ratio(book(rows), "net_retention", "weighted month annualised", window=1) == pytest.approx(0.9**12)
    powers = {c.name for c in CONVENTIONS if c.combine.endswith("12th")}
    assert all("annualised" in name for name in powers)


EURO = [row("A", "2024-01-01", "2025-07-01", 100, currency="EUR"), row("A", "2025-07-01", None, 150, currency="EUR"),
        row("B", "2024-01-01", None, 200, currency="EUR"), row("C", "2024-01-01", None, 50),
        row("D", "2025-03-01", None, 10, currency="EUR")]  # fmt: skip
RATES_ON: dict[date, dict[str, Any]] = {date(2024, 12, 31): {"EUR": 1}, date(2025, 12, 31): {"EUR": 2}}


def test_22_currency() -> None:
    """One constant rate of 1.5: a movement of currencies is nobody's expansion. Per currency: by="currency".

    With rates of days, 1 then 2: opening 300 EUR x 1 + 50; expansion 50 x 1, new 10 x 1; FX 360 EUR x (2 - 1).
    """
    of = book(EURO, rates={"EUR": 3}, rates_on=RATES_ON)
    assert year(of) == {"opening": 950, "new": 30, "expansion": 150, "closing": 1130}
    each = r.bridge(of, window=12, base="mrr", by="currency").set_index(["currency", "metric"])["value"]
    assert (each["EUR", "closing"], each["USD", "closing"]) == (108000, 5000)
    rows = kinds.bridge_with_fx(of).set_index("metric")["value"] // 1200
    assert rows[rows != 0].to_dict() == {
        "opening": 350,
        "new": 10,
        "expansion": 50,
        "fx": 360,
        "closing": 770,
    }
    assert (
        rows["opening"] + rows[list(r.GAINS)].sum() - rows[list(r.LOSSES)].sum() + rows["fx"]
        == rows["closing"]
    )


def test_22_a_missing_rate_is_refused() -> None:
    of = book(EURO, rates={"EUR": 3}, rates_on={date(2025, 6, 30): {"EUR": 1}})
    with pytest.raises(ValueError, match="rates_on: found no rates on or before 2024-12-31"):
        kinds.bridge_with_fx(of)
    other = book(EURO, rates={"EUR": 3}, rates_on={date(2024, 6, 30): {"GBP": 1}})
    with pytest.raises(ValueError, match="rates_on: found no rate on 2024-06-30 for EUR"):
        kinds.bridge_with_fx(other)


def term(account: str, start: str, end: str | None, due: str | None, mrr: float) -> dict[str, Any]:
    return row(account, start, end, mrr, term_end_date=due)


# A renews on time, 100 -> 110. B renewed in August a term due in October, 100 -> 80. C was due in March, left, and came
# back in May with 50. D was lost at its due date. E has three years and is not due. F left in May a term due in July.
TERMS = [term("A", "2024-06-01", "2025-06-01", "2025-06-01", 100), term("A", "2025-06-01", None, "2026-06-01", 110),
         term("B", "2024-10-01", "2025-08-01", "2025-10-01", 100), term("B", "2025-08-01", None, "2026-08-01", 80),
         term("C", "2024-03-01", "2025-03-01", "2025-03-01", 60), term("C", "2025-05-01", None, "2026-05-01", 50),
         term("D", "2024-02-01", "2025-02-01", "2025-02-01", 40),
         term("E", "2024-01-01", None, "2027-01-01", 500),
         term("F", "2024-07-01", "2025-05-01", "2025-07-01", 20)]  # fmt: skip


def test_08_over_renewals_due_it_is_a_renewal_rate() -> None:
    """Six accounts at the start, of which four stay; of five terms that were up, three were renewed."""
    of = book(TERMS)
    rates = renewals.renewal_rates(of).set_index("metric")
    assert ratio(of, "logo_retention") == pytest.approx(4 / 6)
    assert rates.loc["logo_renewal_rate", ["numerator", "denominator"]].tolist() == [3, 5]


def test_23_arr_up_for_renewal() -> None:
    """ARR the day before the due date, in the month of the due date; early, late and not due shown."""
    due = renewals.terms_due(book(TERMS))
    found = [(a, f"{d:%m}", o, t // 1200, n // 1200) for a, d, o, t, n in
             due[["account_id", "due_date", "outcome", "atr", "renewed"]].itertuples(index=False)]  # fmt: skip
    assert found == [("D", "02", "lost", 40, 0), ("C", "03", "late", 60, 50), ("A", "06", "on time", 100, 110),
                     ("F", "07", "lost", 20, 0), ("B", "10", "early", 100, 80)]  # fmt: skip
    money = renewals.renewal_rates(book(TERMS)).set_index("metric")["value"]
    assert {m: int(money[m]) // 1200 for m in ("atr", "early", "on_time", "late", "lost", "not_due")} == {
        "atr": 320, "early": 100, "on_time": 100, "late": 60, "lost": 60, "not_due": 500}  # fmt: skip
    with pytest.raises(ValueError, match="subscriptions has no column 'term_end_date'"):
        renewals.terms_due(book(GAP))


def test_23_a_change_within_the_term_and_an_open_row_that_runs_on() -> None:
    """A's seats changed in mid-term: what was up is the last price. B's row was never closed: renewed as it was."""
    of = book([term("A", "2024-06-01", "2025-01-10", "2025-06-01", 100), term("A", "2025-01-10", "2025-06-01", "2025-06-01", 130),
               term("A", "2025-06-01", None, "2026-06-01", 130), term("B", "2024-06-01", None, "2025-06-01", 70)])  # fmt: skip
    due = renewals.terms_due(of)
    assert (due[["atr", "renewed"]] // 1200).to_numpy().tolist() == [[130, 130], [70, 70]]
    assert due["outcome"].tolist() == ["on time", "on time"]


def test_24_denominator_of_gross_retention() -> None:
    """All opening ARR, 820: 100 + 80 + 50 + 0 + 500 + 0 = 730. Over ATR, 320, it is the gross renewal rate: 230."""
    of = book(TERMS)
    assert ratio(of, "gross_retention") == pytest.approx(730 / 820)
    rates = renewals.renewal_rates(of).set_index("metric")["value"]
    assert rates["gross_renewal_rate"] == pytest.approx(230 / 320)
    assert rates["net_renewal_rate"] == pytest.approx(240 / 320)


def test_25_a_product_swap_shows_at_product_grain_only() -> None:
    rows = [
        row("A", "2024-01-01", "2025-06-01", 100, product="old"),
        row("A", "2025-06-01", None, 100, product="new"),
    ]
    of = book(rows)
    assert year(of) == {"opening": 100, "closing": 100}
    assert cut_ledger(of, entity="product").entities.tolist() == ["A / old", "A / new"]
    moved = r.bridge(of, window=12, by="product", base="mrr").set_index(["product", "metric"])["value"]
    assert (moved["old", "churn"], moved["new", "new"]) == (10000, 10000)


def test_26_scheduled_cancellation() -> None:
    """Active until service ends on 1 March, and listed; B gave no notice before the as-of day and is open."""
    rows = [row("A", "2024-01-01", "2026-03-01", 100, notice_date="2025-12-01"),
            row("B", "2024-01-01", "2026-03-01", 50, notice_date="2026-01-15"), row("C", "2024-01-01", None, 10)]  # fmt: skip
    of = book(rows)
    assert year(of) == {"opening": 160, "closing": 160}
    listed = apart.notified_losses(of)
    assert listed[["account_id", "end_date", "arr"]].to_numpy().tolist() == [
        ["A", pd.Timestamp("2026-03-01"), 120000]
    ]
    assert year(book(rows, settings=Settings(churn_date="notice")))["churn"] == 100


def left(each_month: list[int]) -> list[dict[str, Any]]:
    """Accounts of January at 100 a month, of which so many are there in January, February, March ..."""
    ends = [f"2025-{m + 2:02d}-10" for m, (a, b) in enumerate(pairwise(each_month)) for _ in range(a - b)]
    return [row(f"a{i}", "2025-01-05", ends[i] if i < len(ends) else None, 100) for i in range(each_month[0])]


def test_27_lifetime_value() -> None:
    """5% leave each month: 1 / 0.05 = 20 months of 100 (oracle W21: 2,000), half of it gross profit; not infinite at 0."""
    day = date(2025, 3, 31)
    row_ = lifetime.lifetime_value(
        book(left([400, 380, 361]), as_of=day), gross_margin=1, discount=0.001
    ).iloc[0]
    assert row_["value"] / 100 == pytest.approx(2000, rel=0.005)
    half = lifetime.lifetime_value(
        book(left([400, 380, 361]), as_of=day), gross_margin=0.5, discount=0.001
    ).iloc[0]
    assert half["value"] == row_["value"] / 2
    for nobody in ([40, 40, 40], [40, 20, 0]):
        nothing = lifetime.lifetime_value(book(left(nobody), as_of=day), gross_margin=0.8, discount=0.1)
        assert math.isnan(nothing["value"].iloc[0])
    for wrong in ({"gross_margin": 80, "discount": 0.1}, {"gross_margin": 0.8, "discount": 0}):
        with pytest.raises(ValueError, match=r"(gross_margin: found 80|discount: found 0), expected"):
            lifetime.lifetime_value(book(GAP), **wrong)


MOVES = pd.DataFrame([("A", None, "SMB"), ("A", "2025-04-01", "Enterprise"), ("B", None, "Enterprise"),
                      ("C", "2025-02-01", "SMB"), ("D", None, "SMB")],
                     columns=["account_id", "valid_from", "segment"])  # fmt: skip
GROWN = [row("A", "2024-01-01", "2025-05-01", 100), row("A", "2025-05-01", None, 300), row("B", "2024-01-01", None, 400),
         row("C", "2025-02-01", None, 50), row("D", "2024-01-01", "2025-09-01", 100)]  # fmt: skip


def segments(of: Book) -> dict[str, tuple[int, int]]:
    rows = closing(r.net_retention(of, by="segment"))
    return {
        s: (n // 1200, d // 1200)
        for s, n, d in zip(rows["segment"], rows["numerator"], rows["denominator"], strict=True)
    }


def test_28_segment_on_the_day_the_window_opens() -> None:
    """A grew out of SMB in April. At the opening SMB holds A and D, 200, of which 300 is left: A, grown, is its own.

    Today's value projected back would take A out of SMB's denominator: 0 of 100, and into Enterprise: 700 of 500.
    """
    of = book(GROWN, accounts=MOVES)
    assert segments(of) == {"SMB": (300, 200), "Enterprise": (400, 400)}
    back = book(GROWN, accounts=MOVES, settings=Settings(segment_day="as of"))
    assert projected_back(of, "segment") == ""
    assert projected_back(back, "segment").endswith("projected back; the settings ask for it.")
    assert "accounts does not say from when it held" in projected_back(eight(), "segment")
    assert segments(back) == {"SMB": (0, 100), "Enterprise": (700, 500)}
    assert ratio(of, "net_retention", "enterprise only") == 1
    assert ratio(back, "net_retention", "enterprise only") == pytest.approx(700 / 500)
    moved = apart.migration(of, by="segment")
    assert moved.to_numpy().tolist() == [["SMB", "Enterprise", 120000, 360000, 1]]


def test_28_every_month_and_the_whole_tie_out() -> None:
    of = book(GROWN, accounts=MOVES)
    for metric, window in ((r.net_retention, 12), (r.net_retention, 1), (r.quick_ratio, 3)):
        whole = metric(of, window=window).set_index("end")[["numerator", "denominator"]]
        parts_ = metric(of, window=window, by="segment").groupby("end")[["numerator", "denominator"]].sum()
        pd.testing.assert_frame_equal(parts_, whole)
    arr = r.arr(of, by="segment").set_index(["segment", "end"])["value"] // 1200
    at = {day: int(arr["SMB", day]) for day in ("2025-03-31", "2025-04-30", "2025-12-31")}
    assert at == {"2025-03-31": 250, "2025-04-30": 150, "2025-12-31": 50}
    assert of.tables["accounts"].set_index("account_id")["segment"]["A"] == "Enterprise"


def test_28_what_came_after_the_as_of_day_is_not_known() -> None:
    of = book(GROWN, accounts=MOVES, as_of=date(2025, 3, 31))
    assert of.tables["accounts"].set_index("account_id")["segment"]["A"] == "SMB"
    twice = pd.concat([MOVES, MOVES.tail(1)])
    with pytest.raises(TableError, match=r"repeat an earlier row.*each account_id and valid_from once"):
        book(GROWN, accounts=twice)


# --- settings and conventions of a company ------------------------------------------------------------------------


def test_settings_are_read_from_company_toml_and_named_in_the_notes() -> None:
    acme = company({"name": "Acme", "currency": "USD", "settings": {"not_recurring": ["Usage"], "price": "list"},
                    "conventions": {"large": {"metric": "net_retention", "minimum_mrr": 1000}}, "convention": "large",
                    "rates_on": {"2024-12-31": {"EUR": 2}}})  # fmt: skip
    assert acme.settings == Settings(not_recurring=("Usage",), price="list")
    assert [c.name for c in acme.conventions] == ["large"]
    assert acme.rates_on == {date(2024, 12, 31): {"EUR": 2}}


@pytest.mark.parametrize(("said", "words"), [
    ({"settings": {"pricee": "list"}}, "settings: found 'pricee', expected one of entity, .*Did you mean price"),
    ({"settings": {"price": "net"}}, "settings.price: found 'net', expected one of billed, list"),
    ({"settings": {"reactivation_days": "90"}}, "settings.reactivation_days: found '90', expected a number of days"),
    ({"settings": {"not_recurring": "Usage"}}, "settings.not_recurring: found 'Usage', expected a list of texts"),
    ({"settings": 1}, "settings: not a table"),
    ({"conventions": {"x": {"metric": "nrr"}}}, "company.toml: conventions: .*found 'nrr', expected one of arr"),
    ({"convention": "endpiont"}, "convention: unknown value. Found 'endpiont'.*Did you mean 'endpoint'"),
    ({"convention": "survivors only"}, "a known error, not a convention"),
    ({"rates_on": {"2024": {"EUR": 1}}}, "rates_on: not a date. Found '2024'"),
])  # fmt: skip
def test_what_a_company_may_not_say(said: dict[str, Any], words: str) -> None:
    with pytest.raises(TableError, match=words):
        company({"name": "Acme", "currency": "USD", **said})


def test_defaults_say_nothing() -> None:
    assert read_settings({}) == Settings()
    assert Settings().departures() == ()
    assert not any(note.startswith("settings") for note in eight().notes)


TOML = """
name = "Acme"
currency = "USD"
convention = "large"

[rates]
EUR = 1.5

[rates_on]
2024-12-31 = { EUR = 1.04 }
2025-12-31 = { EUR = 1.10 }

[settings]
reactivation_days = 90
not_recurring = ["Usage"]

[conventions.large]
metric = "net_retention"
minimum_mrr = 1000
"""


def test_a_company_folder_says_it_all(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text(TOML)
    ledger = "account_id,start_date,end_date,mrr,currency,product\nA,2024-01-01,,1000,EUR,Core\nA,2024-01-01,,5,EUR,Usage\n"
    (tmp_path / "subscriptions.csv").write_text(ledger)
    of = Book.load(tmp_path, as_of=AS_OF)
    assert (of.settings.reactivation_days, of.convention, of.conventions[0].minimum_mrr) == (
        90,
        "large",
        1000,
    )
    assert year(of) == {"opening": 1500, "closing": 1500}
    rows = kinds.bridge_with_fx(of).set_index("metric")["value"] // 1200
    assert rows[rows != 0].to_dict() == {"opening": 1040, "fx": 60, "closing": 1100}
    assert [n for n in of.notes if n.startswith("settings")] == [
        "settings: reactivation_days = 90 (default None).",
        "settings: not_recurring = ('Usage',) (default ()).",
    ]
    assert of.fingerprint != Book.load(_plain(tmp_path), as_of=AS_OF).fingerprint


def _plain(folder: Path) -> Path:
    (folder / "company.toml").write_text(TOML.replace("reactivation_days = 90", ""))
    return folder
