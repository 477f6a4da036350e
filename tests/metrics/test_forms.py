"""Every convention of the table of conventions on the ledger it was published on, to the printed digit; and the laws."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from cslib.book import Book
from cslib.conventions import CONVENTIONS, DEFAULTS, Convention, define, find
from cslib.metrics import forms, retention
from tests import external
from tests.books import AS_OF, EIGHT, book_of, eight, ledgers

# mrr-playbook, 2018-11-01 to 2019-11-01: 11 accounts and $575 of MRR at the start.
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
}


def table(book: Book) -> pd.DataFrame:
    return forms.compare_conventions(book).set_index(["metric", "convention"])


def test_every_published_convention_on_the_published_ledger(tmp_path: Path) -> None:
    """N09: each variant on one small ledger, worked by hand by its author."""
    found = table(Book.load(external.mrr_playbook(tmp_path), as_of=date(2019, 11, 1)))["value"]
    assert {key: f"{found[key]:.2%}" for key in PRINTED} == PRINTED
    assert round(found["quick_ratio", "flow"], 3) == 2.607
    assert round(found["quick_ratio", "flow with reactivation"], 3) == 2.745


def test_revenue_of_24_months_on_the_published_ledger(tmp_path: Path) -> None:
    """93.33% is of the calendar years 2018 and 2019; in the 24 months to November 2019 nobody paid in the first."""
    folder = external.mrr_playbook(tmp_path)
    key = ("net_retention", "24-month revenue")
    row = table(Book.load(folder, as_of=date(2019, 12, 31))).loc[key]
    assert (f"{row['value']:.2%}", row["numerator"], row["denominator"]) == ("93.33%", 77000, 82500)
    assert np.isnan(table(Book.load(folder, as_of=date(2019, 11, 1))).loc[key, "value"])


@settings(max_examples=25, deadline=None)
@given(ledgers())
def test_the_defaults_are_the_engines_own_figures(rows: pd.DataFrame) -> None:
    """Two ways to one figure: account by account over months, and the SQL on changes."""
    book = Book.from_frames({"subscriptions": rows}, as_of=AS_OF, name="Random", currency="USD")
    engine = retention.headline(book).set_index("metric")
    if engine.empty:
        return
    for metric, convention in DEFAULTS.items():
        if metric in forms.RATIOS:
            row = forms.under(book, convention).iloc[0]
            for column in ("numerator", "denominator", "n_accounts"):
                assert row[column] == engine.loc[metric, column], (metric, column)
    flows = forms.under(book, find("starters' flows", "net_retention")).iloc[0]
    assert flows["numerator"] == engine.loc["net_retention", "numerator"]


def test_causes_equal_the_book_without_the_account() -> None:
    found = table(eight())
    for convention in CONVENTIONS:
        if convention.metric != "net_retention" or convention.where:
            continue
        row = found.loc[("net_retention", convention.name)]
        for account, effect in row["causes"]:
            without = book_of([r for r in EIGHT if f"Account {r[0]}" != account])
            pair = [forms.under(without, c).iloc[0]["value"] for c in (convention, DEFAULTS["net_retention"])]
            assert effect == pytest.approx(row["difference"] - (pair[0] - pair[1]), abs=1e-12)


def test_enterprise_only_and_a_company_without_segments() -> None:
    row = forms.under(eight(), find("enterprise only", "net_retention")).iloc[0]
    assert (row["numerator"], row["denominator"], row["n_accounts"]) == (0, 120000 // 12, 1)
    assert np.isnan(forms.under(book_of(EIGHT), find("enterprise only", "net_retention")).iloc[0]["value"])


def test_a_company_may_define_its_own() -> None:
    own = define("over 75", {"metric": "net_retention", "minimum_mrr": 75, "where": "segment=SMB"})
    row = forms.under(eight(), own).iloc[0]
    assert (row["convention"], row["numerator"], row["denominator"]) == ("over 75", 31000, 30000)
    with pytest.raises(ValueError, match="by: found 'sgment'"):
        forms.under(eight(), define("x", {"metric": "net_retention", "where": "sgment=SMB"}))


@pytest.mark.parametrize(("record", "words"), [
    ({}, "metric: found None, expected one of arr, churn"),
    ({"metric": "net_retention", "fomr": "flows"}, "found 'fomr', expected one of metric, .*Did you mean form"),
    ({"metric": "net_retention", "form": "guess"}, "form: found 'guess', expected one of level, endpoints"),
    ({"metric": "net_retention", "minimum_mrr": "50"}, "minimum_mrr: found '50', expected int"),
])  # fmt: skip
def test_a_broken_convention_is_refused_with_what_it_may_be(record: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        define("mine", record)


def test_names_are_found_or_suggested() -> None:
    assert find("churn only", "gross_retention").losses == "churn"
    with pytest.raises(ValueError, match=r"expected one of endpoint, .*Did you mean 'trailing points'"):
        find("trailing point", "net_retention")


def test_levels_and_movements_have_no_other_form() -> None:
    with pytest.raises(ValueError, match="expected one of net_retention, gross_retention"):
        forms.under(eight(), DEFAULTS["arr"])


def test_known_errors_are_marked() -> None:
    assert {c.name for c in CONVENTIONS if c.known_error} == {"survivors only", "min of totals"}
    assert all(isinstance(c, Convention) and c.source and c.text.endswith(".") for c in CONVENTIONS)
