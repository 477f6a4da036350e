"""Published figures on retention, churn, movements and normalisation: a small ledger each, and the public functions.

W01, W02, W04 and W07 stand in tests/metrics/test_retention.py, on the published ledger itself.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.book import Book
from cslib.conventions import find
from cslib.metrics import cohorts, forms
from cslib.metrics import retention as r

ORACLES = Path(__file__).parents[1] / "../shared/oracles/domain.json"
OPENS, CLOSES = "2024-12-31", date(2025, 1, 31)  # windows of one month


def published(case: str) -> dict[str, Any]:
    """What the source prints for a case; its address is in the file."""
    if not ORACLES.exists():
        pytest.skip("oracles of others are not there: ../shared/oracles/domain.json")
    found: dict[str, Any] = {one["id"]: one["expected"] for one in json.loads(ORACLES.read_text("utf-8"))}
    return found[case]  # type: ignore[no-any-return]


def ledger(rows: list[tuple[str, str, str | None, float]], *, base: str = "mrr", **more: Any) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", base])
    return frame.assign(currency="USD", **more)


def month(
    accounts: dict[str, tuple[float, float]],
    segments: dict[str, str] | None = None,
    back: tuple[str, ...] = (),
) -> Book:
    """Book of one month, from MRR at its opening to MRR at its close; `back` are accounts that had paid long ago."""
    rows: list[tuple[str, str, str | None, float]] = []
    for account, (then, now) in accounts.items():
        if account in back:
            rows.append((account, "2023-01-01", "2023-06-01", 1))
        if then == now:
            rows.append((account, "2024-01-01", None, then))
            continue
        rows += [(account, "2024-01-01", "2025-01-15", then)] * (then > 0)
        rows += [(account, "2025-01-15", None, now)] * (now > 0)
    frames = {"subscriptions": ledger(rows)}
    if segments:
        frames["accounts"] = pd.DataFrame({"account_id": list(segments), "segment": list(segments.values())})
    return Book.from_frames(frames, as_of=CLOSES)


def value(book: Book, metric: str, name: str = "endpoint") -> float:
    return float(forms.under(book, find(name, metric), window=1)["value"].iloc[0])


def moved(book: Book, base: r.Base = "mrr") -> dict[str, float]:
    rows = r.bridge(book, window=1, base=base)
    return {m: v / 100 for m, v in zip(rows["metric"], rows["value"].astype("int64"), strict=True) if v}


def level(book: Book) -> float:
    return float(r.arr(book, base="mrr")["value"].iloc[-1]) / 100


def test_w15_chartmogul_movement_classification() -> None:
    """https://help.chartmogul.com/hc/en-us/articles/201244842; the amount of the last step is derived there too."""
    rows = [("A", "2023-01-10", "2024-01-10", 2000), ("A", "2023-03-10", "2023-05-20", 720),
            ("A", "2024-04-10", None, 1800)]  # fmt: skip
    frames = {"subscriptions": ledger(rows, base="arr", product=["Gold", "Silver", "Gold"])}
    book = Book.from_frames(frames, as_of=date(2024, 4, 30))
    steps = r.movements(book, base="mrr")
    steps = steps[steps["metric"].isin(r.MOVEMENTS) & (steps["value"] != 0)]
    found = [
        f"{m} {v / 100:.2f}" for m, v in zip(steps["metric"], steps["value"].astype("int64"), strict=True)
    ]
    assert found == [
        "new 166.67",
        "expansion 60.00",
        "contraction 60.00",
        "churn 166.67",
        "reactivation 150.00",
    ]
    words = [line.split()[0] for line in published("W15")]
    assert words == [line.split()[0] for line in found]
    assert steps["end"].dt.strftime("%Y-%m").tolist() == [
        "2023-01",
        "2023-03",
        "2023-05",
        "2024-01",
        "2024-04",
    ]


def test_w16_chartmogul_mrr_churn() -> None:
    """https://help.chartmogul.com/hc/en-us/articles/203359341"""
    book = month({"A": (10, 0), "B": (20, 10), "C": (20, 30), "D": (50, 50)})
    expected = published("W16")
    net, gross = value(book, "net_retention"), value(book, "gross_retention")
    found = {"gross": 1 - gross, "net": 1 - net, "nrr": net, "grr": gross}
    assert found == pytest.approx(expected, abs=1e-6)


def test_w17_chartmogul_net_churn_leaves_new_business_out() -> None:
    """https://help.chartmogul.com/hc/en-us/articles/4414075567250, daily there, a month here."""
    assert 1 - value(month({"A": (100, 110), "N": (0, 10)}), "net_retention") == pytest.approx(
        published("W17")["net"]
    )


def test_w18_chartmogul_gross_churn() -> None:
    """https://help.chartmogul.com/hc/en-us/articles/203359341, daily there, a month here."""
    assert 1 - value(month({"A": (100, 95)}), "gross_retention") == pytest.approx(published("W18")["gross"])


def test_w20_chartmogul_mrr_of_two_subscriptions() -> None:
    """https://help.chartmogul.com/hc/en-us/articles/203299812"""
    rows = [("A", "2024-01-01", None, 25), ("A", "2024-03-01", None, 60)]
    before, after = (
        Book.from_frames({"subscriptions": ledger(rows, quantity=[5, 2])}, as_of=day)
        for day in (date(2024, 2, 29), date(2024, 3, 31))
    )
    assert {"before": level(before), "after": level(after)} == published("W20")


def test_w22_stripe_annual_normalisation() -> None:
    """https://support.stripe.com/questions/billing-analytics"""
    book = Book.from_frames(
        {"subscriptions": ledger([("A", "2024-01-01", None, 1200)], base="arr")}, as_of=CLOSES
    )
    assert level(book) == published("W22")["mrr"]


def test_w24_profitwell_discounted_annual_plan() -> None:
    """https://learn.profitwell.com/category/WoBCXt3Wpj-calculating-metrics: the billed price, after the discount."""
    rows = [("A", "2024-01-01", None, 108)]
    frame = ledger(rows, base="arr", list_mrr=10, discount=0.1, billing_months=12)
    assert level(Book.from_frames({"subscriptions": frame}, as_of=CLOSES)) == published("W24")["mrr"]


def test_w25_bruin_monthly_nrr_without_reactivation() -> None:
    """github:bruin-data/bruin templates/stripe-bigquery/README.md"""
    accounts: dict[str, tuple[float, float]] = {"A": (2500, 0), "B": (9900, 12900), "R": (0, 400)}
    book = month(accounts, back=("R",))
    assert moved(book)["reactivation"] == 400
    expected = published("W25")
    found = value(book, "net_retention", "starters' flows without reactivation")
    assert found == pytest.approx(expected["nrr"], abs=1e-6)
    assert f"{found:.2f}" == str(expected["printed"])


def test_w27_fivetran_month_end_snapshot() -> None:
    """github:fivetran/dbt_stripe DECISIONLOG.md: May is full, June is 0 and churned."""
    book = Book.from_frames(
        {"subscriptions": ledger([("A", "2025-01-15", "2025-06-15", 70)])}, as_of=date(2025, 6, 30)
    )
    assert r.arr(book, base="mrr")["value"].tail(2).tolist() == [7000, 0]
    assert moved(book) == {"opening": 70, "churn": 70}
    assert published("W27") == {"May": "full MRR", "June": "0, churned"}


def test_w29_rebilly_movement_sizes() -> None:
    """github:Rebilly/api-definitions ReportMonthlyRecurringRevenue, ReportAnnualRecurringRevenue"""
    accounts: dict[str, tuple[float, float]] = {
        "N": (0, 40), "R": (0, 25), "C": (80, 0), "D": (100, 80), "E": (40, 100)}  # fmt: skip
    book = month(accounts, back=("R",))
    for base in ("mrr", "arr"):
        found = {m: v for m, v in moved(book, base=base).items() if m in r.MOVEMENTS}  # type: ignore[arg-type]
        found["churned"] = found.pop("churn")
        assert found == published("W29")[base]


@pytest.mark.parametrize(("case", "accounts"), [
    ("W30", {"A": (25_000, 0), "B": (75_000, 125_000)}),
    ("W31", {"A": (5_000, 0), "B": (10_000, 7_000), "C": (85_000, 100_000)}),
    ("W32", {f"c{i}": (10_000, 12_000) for i in range(1000)}),
])  # fmt: skip
def test_net_and_gross_retention_as_published(case: str, accounts: dict[str, tuple[float, float]]) -> None:
    """W30 Gainsight; W31 https://pitchkit.net/learn/glossary/ndr; W32 https://ordwaylabs.com/blog, cohort NRR."""
    book, expected = month(accounts), published(case)
    assert value(book, "net_retention") == pytest.approx(expected["nrr"], abs=1e-6)
    if "grr" in expected:
        assert value(book, "gross_retention") == pytest.approx(expected["grr"], abs=1e-6)


def test_w34_segments_roll_up_as_a_ratio_of_sums() -> None:
    """github:siddik-analytics/saas-fpa-operating-model: three printed ratios and their printed total.

    The openings are not printed; these are openings under which the printed ratios give the printed total.
    """
    accounts: dict[str, tuple[float, float]] = {
        "s": (200_000, 169_321.40), "m": (511_818, 559_430.38), "e": (288_182, 289_159.51)}  # fmt: skip
    segments = {"s": "SMB", "m": "Mid-Market", "e": "Enterprise"}
    book = month(accounts, segments=segments)
    rows = r.headline(book, window=1, by="segment")
    parts = rows[rows["metric"] == "net_retention"].set_index("segment")["value"]
    expected = published("W34")
    printed = {"SMB": 0.846607, "Mid-Market": 1.093026, "Enterprise": 1.003392}
    assert parts.to_dict() == pytest.approx(printed, abs=1e-6)
    assert value(book, "net_retention") == pytest.approx(expected["total_nrr"], abs=1e-5)
    assert parts.mean() == pytest.approx(
        expected["wrong_simple_mean"], abs=1e-6
    )  # what no function here returns


def test_w36_posthog_cohorts_are_weighted() -> None:
    """https://github.com/PostHog/posthog/issues/25998: 10 accounts lose 20%, 100 lose none: 1.8%, not 10%."""
    rows: list[tuple[str, str, str | None, float]] = []
    rows += [(f"a{i}", "2025-01-05", "2025-02-10" if i < 2 else None, 1) for i in range(10)]
    rows += [(f"b{i}", "2025-02-05", None, 1) for i in range(100)]
    book = Book.from_frames({"subscriptions": ledger(rows)}, as_of=date(2025, 3, 31))
    months = cohorts.triangle(book, metric="logo").set_index(["cohort", "age"])["value"]
    quarter = cohorts.triangle(book, metric="logo", grain="quarter").set_index("age")["value"]
    expected = published("W36")
    assert 1 - months.xs(1, level="age").mean() == pytest.approx(expected["simple_mean"])
    assert 1 - quarter.loc[1] == pytest.approx(expected["weighted"])


def test_w43_chargebee_min_of_totals_hides_all_churn() -> None:
    """https://chargebee.com/docs/2.0/recurring-revenue.html, a counter-example: here only as a named error."""
    book = month({"A": (2000, 0), "B": (3000, 6000)})
    assert value(book, "gross_retention", "min of totals") == published("W43")["arithmetically"]
    assert value(book, "gross_retention") == pytest.approx(0.6)
    assert find("min of totals", "gross_retention").known_error


def test_w47_logo_retention_by_counts() -> None:
    """https://reworkcontent.azurewebsites.net, retention metrics: 100 at the start, 20 new, 110 at the end."""
    stayed: dict[str, tuple[float, float]] = {f"s{i}": (10, 10 if i >= 10 else 0) for i in range(100)}
    joined: dict[str, tuple[float, float]] = {f"n{i}": (0, 10) for i in range(20)}
    book = month(stayed | joined)
    assert r.arr(book)["n_accounts"].tail(2).tolist() == [100, 110]
    assert value(book, "logo_retention") == published("W47")["retention"]
