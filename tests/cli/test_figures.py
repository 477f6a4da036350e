"""Metrics and conventions as a document and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cslib.cli import main
from cslib.conventions import CONVENTIONS
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


# --- conventions


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    """A published ledger of 121 rows."""
    source = SHARED / "mrr_playbook" / "subscription_periods.csv"
    if not source.exists():
        pytest.skip("needs ../shared/data/mrr_playbook")
    toml = (
        'name = "MRR playbook"\ncurrency = "USD"\n[tables.subscriptions]\n'
        'columns = { account_id = "customer_id", mrr = "monthly_amount" }\nconstants = { currency = "USD" }\n'
    )
    return make_company(tmp_path / "playbook", toml=toml, ledger=source.read_text())


# Printed digits of the table of conventions for this ledger, 2018-11-01 to 2019-11-01.
PRINTED = {
    ("net_retention", "endpoint"): "97.39%",
    ("net_retention", "everyone's flows"): "81.74%",
    ("net_retention", "everyone's flows without reactivation"): "64.35%",
    ("net_retention", "starters' flows"): "97.39%",
    ("net_retention", "starters' flows without reactivation"): "80.00%",
    ("net_retention", "product of months"): "83.80%",
    ("net_retention", "mean month annualised"): "86.69%",
    ("net_retention", "weighted month annualised"): "81.01%",
    ("net_retention", "trailing points"): "102.36%",
    ("net_retention", "survivors only"): "106.67%",
    ("net_retention", "over 50 a month"): "77.00%",
    ("gross_retention", "endpoint"): "80.00%",
    ("gross_retention", "starters' losses"): "40.00%",
    ("gross_retention", "everyone's losses"): "-26.09%",
    ("gross_retention", "product of months"): "48.16%",
    ("gross_retention", "churn only"): "91.30%",
    ("gross_retention", "min of totals"): "100.00%",
    ("logo_retention", "endpoint"): "90.91%",
    ("quick_ratio", "flow"): "2.607",
    ("quick_ratio", "flow with reactivation"): "2.745",
}


def test_all_conventions_as_a_document(capsys: pytest.CaptureFixture[str], playbook: Path) -> None:
    found = document(capsys, "metrics", playbook, "--as-of", "2019-11-01", "--all-conventions", "--json")
    rows = {(row["metric"], row["convention"]): row for row in found["metrics"]}
    assert len(rows) == len(found["metrics"])
    for key, printed in PRINTED.items():
        value = rows[key]["value"]
        assert (f"{value:.3f}" if key[0] == "quick_ratio" else f"{value:.2%}") == printed, key
    warned = {name for (_, name), row in rows.items() if row.get("warning")}
    assert warned == {"survivors only", "min of totals"}
    keys = {"metric", "convention", "by", "value", "numerator", "denominator", "n_accounts", "unit"}
    assert all(set(row) - {"warning"} == keys for row in rows.values())


def test_all_conventions_for_people(capsys: pytest.CaptureFixture[str], playbook: Path) -> None:
    assert main(["metrics", str(playbook), "--as-of", "2019-11-01", "--all-conventions"]) == 0
    text = capsys.readouterr().out
    for (_, name), printed in PRINTED.items():
        assert any(name in line and printed in line for line in text.splitlines()), name
    (line,) = (line for line in text.splitlines() if "survivors only" in line)
    assert line.endswith("WARNING: a known error")
    assert "+9.28" in line
    default = next(line for line in text.splitlines() if "97.39%" in line and "default" in line)
    assert default.split()[:2] == ["net_retention", "endpoint"]
    order = [line.split()[0] for line in text.splitlines() if "%" in line and "  " in line]
    assert order == sorted(order, key=["net_retention", "gross_retention", "logo_retention"].index)


def test_one_convention_is_used_where_a_ratio_has_it(
    capsys: pytest.CaptureFixture[str], playbook: Path
) -> None:
    argv = ["metrics", playbook, "--as-of", "2019-11-01", "--convention", "product of months", "--json"]
    rows = {row["metric"]: row for row in document(capsys, *argv)["metrics"]}
    assert f"{rows['net_retention']['value']:.2%}" == "83.80%"
    assert rows["gross_retention"]["convention"] == "product of months"
    assert rows["quick_ratio"]["convention"] == "flow"  # it has none of that name
    assert list(rows)[:3] == ["arr", "mrr", "net_retention"]
    assert main([str(part) for part in argv[:-1]]) == 0
    assert "The net retention of each of the 12 months, multiplied" in capsys.readouterr().out


def test_a_known_error_is_printed_with_a_warning(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    argv = ["metrics", str(acme), "--as-of", "2026-09-30", "--convention", "survivors only"]
    assert main(argv) == 0
    assert "so it cannot show a loss. Warning: a known error." in capsys.readouterr().out


def test_a_convention_of_the_company_s_own(capsys: pytest.CaptureFixture[str], acme: Path) -> None:
    with (acme / "company.toml").open("a") as toml:
        toml.write('[conventions."large"]\nmetric = "net_retention"\nminimum_mrr = 60\ntext = "Above 60."\n')
    argv = ["metrics", acme, "--as-of", "2026-09-30", "--json"]
    (row,) = document(capsys, *argv, "--convention", "large", "--metric", "net_retention")["metrics"]
    assert (row["value"], row["numerator"], row["denominator"]) == (1.0, 10_000, 10_000)  # A alone
    names = {row["convention"] for row in document(capsys, *argv, "--all-conventions")["metrics"]}
    assert "large" in names
    listed = {row["convention"]: row for row in _json(capsys, "conventions", acme, "--json")}
    assert listed["large"]["sentence"] == "Above 60."


def _json(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> list[dict[str, object]]:
    assert main(list(map(str, argv))) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--convention", "product of month"], "Did you mean 'product of months'?"),
        (["--convention", "x", "--metric", "quick_ratio"], "expected one of flow, flow with reactivation."),
        (["--convention", "flow", "--metric", "arr"], "expected one of none, as only net_retention"),
        (["--convention", "flow", "--by", "segment"], "--by: cannot be combined with --convention"),
        (["--all-conventions", "--base", "arr"], "--base: cannot be combined with --all-conventions"),
        (["--all-conventions", "--convention", "flow"], "--convention: not with --all-conventions"),
        (["--all-conventions", "--metric", "arr"], "metric: found 'arr', expected one of net_retention"),
    ],
)
def test_conventions_that_cannot_be_had(
    capsys: pytest.CaptureFixture[str], acme: Path, argv: list[str], words: str
) -> None:
    assert words in refused(capsys, "metrics", acme, "--as-of", "2026-09-30", "--json", *argv)


def test_conventions_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "conventions", "--json")
    assert {(row["metric"], row["convention"]) for row in found} == {(c.metric, c.name) for c in CONVENTIONS}
    assert all(row["title"] and row["sentence"] and row["source"] for row in found)
    assert not any("{" in str(row["sentence"]) for row in found)
    assert main(["conventions", "--metric", "gross_retention"]) == 0
    text = capsys.readouterr().out
    assert "  endpoint (default): Gross revenue retention\n" in text
    assert "min of totals (WARNING: a known error)" in text
    assert "net_retention" not in text
    assert "metric: found 'grr', expected one of arr" in refused(capsys, "conventions", "--metric", "grr")


def test_the_companys_own_default_is_the_headline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = "account_id,start_date,end_date,mrr,currency\nA,2023-01-01,,50,USD\nB,2023-01-01,,49,USD\nB,2024-06-01,,1,USD\n"
    (tmp_path / "subscriptions.csv").write_text(ledger)
    (tmp_path / "company.toml").write_text('name = "Own"\ncurrency = "USD"\nconvention = "over 50 a month"\n')
    asked = ["metrics", str(tmp_path), "--as-of", "2024-12-31", "--metric", "net_retention", "--json"]
    assert main(asked) == 0
    row = json.loads(capsys.readouterr().out)["metrics"][0]
    assert (row["convention"], row["numerator"], row["denominator"]) == ("over 50 a month", 5000, 5000)
    assert main([*asked, "--convention", "endpoint"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"][0]["numerator"] == 10000
