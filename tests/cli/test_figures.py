"""Metrics and conventions as a document and as a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.cli import main
from tests.cli.conftest import document, refused
from tests.report.conftest import make_company

SHARED = Path(__file__).parents[2] / "../shared/data"

# Acme on 2026-09-30, twelve months before: A pays 100 at both ends, B paid 50 and left in February.
ACME = {
    "arr": 120_000,
    "mrr": 10_000,
    "net_retention": 100 / 150,
    "gross_retention": 100 / 150,
    "logo_retention": 1 / 2,
    "quick_ratio": 0.0,
    "new": 0,
    "expansion": 0,
    "reactivation": 0,
    "contraction": 0,
    "churn": 5_000,
}


def test_metrics_as_json(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    found = document(capsys, "metrics", acme, "--as-of", "2026-09-30", "--json")
    metrics = found.pop("metrics")
    assert found == {
        "as_of": "2026-09-30",
        "start": "2025-09-30",
        "window_months": 12,
        "currency": "USD",
        "minor_units": 2,
    }
    keys = ["metric", "convention", "by", "value", "numerator", "denominator", "n_accounts", "unit"]
    assert all(list(row) == keys for row in metrics)
    assert {row["metric"]: row["value"] for row in metrics} == pytest.approx(ACME)
    net = metrics[2]
    assert (net["numerator"], net["denominator"], net["n_accounts"], net["by"]) == (10_000, 15_000, 2, {})
    money = [row for row in metrics if not row["unit"].startswith("ratio")]
    assert all(isinstance(row["value"], int) for row in money)
    assert all(isinstance(row["n_accounts"], int) for row in metrics)


def test_undefined_is_null(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    found = document(capsys, "metrics", acme, "--as-of", "2024-06-30", "--json", "--metric", "net_retention")
    (row,) = found["metrics"]
    assert (row["value"], row["numerator"], row["denominator"]) == (None, 0, 0)


def test_metrics_cut_by_a_column(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    found = document(
        capsys, "metrics", acme, "--as-of", "2026-09-30", "--by", "segment", "--metric", "churn", "--json"
    )
    values = {row["by"]["segment"]: row["value"] for row in found["metrics"]}
    assert values.pop("SMB") == 0
    assert list(values.values()) == [5_000]


def test_metrics_for_people_name_their_convention(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    assert main(["metrics", str(acme), "--as-of", "2026-09-30"]) == 0
    text = capsys.readouterr().out
    assert "Acme & Co as of 2026-09-30, USD; retention and movements over 12 months from 2025-09-30" in text
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}
    assert lines["net_retention"] == ["66.67%", "100.00", "/", "150.00", "2", "ratio", "endpoint"]
    assert lines["logo_retention"][:4] == ["50.00%", "1", "/", "2"]
    assert lines["arr"] == ["1,200.00", "1", "USD", "ARR", "month", "end"]
    assert "net_retention: What the accounts of 12 months ago pay now, over what they paid then" in text


def test_metrics_before_anything_was_paid(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    assert main(["metrics", str(acme), "--as-of", "2024-06-30", "--metric", "net_retention"]) == 0
    assert "undefined" in capsys.readouterr().out


@pytest.mark.skipif(not (SHARED / "mrr_playbook").exists(), reason="needs ../shared/data/mrr_playbook")
def test_metrics_of_a_published_ledger(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """560/575, 460/575 and 10/11, as in the conventions' table for this ledger."""
    toml = (
        'name = "MRR playbook"\ncurrency = "USD"\n[tables.subscriptions]\nfile = "subscriptions.csv"\n'
        'columns = { account_id = "customer_id", mrr = "monthly_amount" }\nconstants = { currency = "USD" }\n'
    )
    ledger = (SHARED / "mrr_playbook" / "subscription_periods.csv").read_text()
    company = make_company(tmp_path / "playbook", toml=toml, ledger=ledger)
    rows = document(capsys, "metrics", company, "--as-of", "2019-11-01", "--json")["metrics"]
    found = {row["metric"]: (row["numerator"], row["denominator"]) for row in rows}
    assert found["net_retention"] == (56_000, 57_500)
    assert found["gross_retention"] == (46_000, 57_500)
    assert found["logo_retention"] == (10, 11)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (
            ["--as-of", "30.09.2026"],
            "argument --as-of: found '30.09.2026', expected a day such as 2026-09-30",
        ),
        ([], "the following arguments are required: --as-of"),
        (
            ["--as-of", "2026-09-30", "--metric", "nrr"],
            "metric: found 'nrr', expected one of arr, mrr, net_ret",
        ),
        (["--as-of", "2026-09-30", "--by", "colour"], "colour"),
        (["--as-of", "2026-09-30", "--window", "0"], "window: found 0"),
        (["--as-of", "2026-09-30", "--window", "x"], "argument --window"),
        (["--as-of", "2026-09-30", "--window", "99999"], "reaches back before the year 1"),
    ],
)
def test_wrong_arguments(capsys: pytest.CaptureFixture[str], acme: Path, argv: list[str], words: str) -> None:
    assert words in refused(capsys, "metrics", acme, "--json", *argv)
