"""A ledger that stays in its database, `[source]` of company.toml: the same frames as from rows, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cslib.absent import Absent
from cslib.book import Book
from cslib.cli import main
from cslib.conventions import define
from cslib.metrics import (
    actions,
    benchmarks,
    cohorts,
    concentration,
    curves,
    decomposition,
    first_renewal,
    forecast,
    forms,
    period,
    projection,
    proof,
    restatement,
    retention,
    sensitivity,
    spread,
    terms_ahead,
    uncertainty,
    vintage,
)
from cslib.metrics.drill import columns_to_compare, drill_down
from cslib.report.job import read_company
from cslib.report.parameters import ParameterError
from cslib.tables import TableError
from tests.engines import company
from tests.engines.company import toml

AS_OF = date(2025, 12, 31)
SIX = "SELECT customer, since, until, mrr, currency, plan FROM prices"

# Everything of the retention and cohort reports that a ledger in its database answers.
FIGURES: dict[str, Callable[[Book], Any]] = {
    "net_retention": retention.net_retention,
    "gross_retention by plan": lambda book: retention.gross_retention(book, by="plan"),
    "logo_retention of a quarter": lambda book: retention.logo_retention(book, window=3),
    "quick_ratio": retention.quick_ratio,
    "movements": retention.movements,
    "bridge": retention.bridge,
    "arr by plan": lambda book: retention.arr(book, by="plan"),
    "headline": lambda book: retention.headline(book, months_ago=(0, 3, 12)),
    "headline by plan": lambda book: retention.headline(book, by="plan"),
    "account_changes": lambda book: retention.account_changes(book, window=3),
    "triangle": lambda book: cohorts.triangle(book, metric="gross", grain="quarter"),
    "triangle by plan": lambda book: cohorts.triangle(book, metric="net", by="plan"),
    "vintages": lambda book: cohorts.vintages(book, metric="gross"),
    "layers": cohorts.layers,
    "intervals": uncertainty.intervals,
    "changes": lambda book: uncertainty.changes(book, delta=0.02, months_ago=(3, 12)),
    "single_accounts": uncertainty.single_accounts,
    "effective_accounts": concentration.effective_accounts,
    "leave_one_out": concentration.leave_one_out,
    "drill_down": lambda book: drill_down(book, by=["plan"], metric="net_retention", window=12),
    "compare_conventions": forms.compare_conventions,
    "exclusions": proof.exclusions,
    "flags": proof.flags,
    "spread": spread.spread,
    "position": benchmarks.position,
    "terms_ahead": terms_ahead.terms_ahead,
    "actions": lambda book: actions.actions(book, segments=[("plan", "Pro")]),
    "newest_vintage": vintage.newest_vintage,
    "vintage_intervals": lambda book: vintage.vintage_intervals(book, metric="gross_retention"),
    "period_or_vintage": period.period_or_vintage,
    "curves": lambda book: curves.curves(book, metric="net"),
    "curves by plan": lambda book: curves.curves(book, metric="gross", by="plan"),
    "loss_ages": curves.loss_ages,
    "first_renewals": first_renewal.first_renewals,
    "decompose": lambda book: decomposition.decompose(book, by="plan", metric="net_retention"),
    "decompose by age": lambda book: decomposition.decompose(
        book, by=decomposition.AGE, metric="gross_retention"
    ),
    "next_quarters": forecast.next_quarters,
    "residual_value": lambda book: projection.residual_value(book, discount=0.1),
    "project_cohorts": lambda book: projection.project_cohorts(book, metric="gross"),
    "sensitivity": sensitivity.sensitivity,
    "past_figures": restatement.past_figures,
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company in DuckDB; tests write its company.toml anew."""
    return company.kept(tmp_path_factory.mktemp("duckdb"), company.drawn(250, seed=7))[0]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, Book]:
    """The company asked in place, and the company read row by row."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    folders = company.kept(tmp_path_factory.mktemp(request.param), company.drawn(250, seed=7), url=url)
    there, here = (Book.load(folder, as_of=AS_OF) for folder in folders)
    return there, here


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_asked_in_place_is_the_figure_from_rows(figure: str, books: tuple[Book, Book]) -> None:
    there, here = (FIGURES[figure](book) for book in books)
    if isinstance(here, pd.DataFrame):
        assert len(here)
        pd.testing.assert_frame_equal(there, here)
    else:
        assert there == here


def test_the_account_of_the_data_is_that_of_the_rows(books: tuple[Book, Book]) -> None:
    there, here = books
    assert dict(there.tables) == {}
    assert there.n_accounts == here.n_accounts
    same = there.account.columns.drop("sha256")
    pd.testing.assert_frame_equal(there.account[same], here.account[same])
    pd.testing.assert_frame_equal(there.dropped, here.dropped)
    assert set(here.notes) <= set(there.notes)
    assert any("stays in connection warehouse" in note for note in there.notes)


def test_a_day_in_the_middle_is_read_as_rows_are(there: Path) -> None:
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"'))
    day = date(2023, 5, 15)
    asked = Book.load(there, as_of=day)
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"', source=""))
    read = Book.load(there, as_of=day)
    assert asked.account["rows_after_as_of"].iloc[0] > 100
    same = asked.account.columns.drop("sha256")
    pd.testing.assert_frame_equal(asked.account[same], read.account[same])
    pd.testing.assert_frame_equal(asked.dropped, read.dropped)
    for name in ("terms_ahead", "next_quarters", "flags", "actions", "compare_conventions", "loss_ages"):
        one, two = (FIGURES[name](book) for book in (asked, read))
        assert one.equals(two) if isinstance(one, pd.DataFrame) else one == two, name


def test_a_quarter_in_which_nobody_has_begun_is_refused_as_of_rows(tmp_path: Path) -> None:
    for folder in company.kept(tmp_path, company.drawn(20, seed=1)):
        assert read_company(folder, AS_OF).n_accounts == 20
        with pytest.raises(ParameterError, match="acme: no subscription starts on or before 2019-12-31"):
            read_company(folder, date(2019, 12, 31))


def test_a_ledger_in_which_nobody_pays_is_refused_as_of_rows(tmp_path: Path) -> None:
    for folder in company.kept(tmp_path, company.drawn(3, seed=1).assign(mrr=0.0)):
        with pytest.raises(ParameterError, match=r"no price above 0 is in force .* \(accounts: 3\)"):
            read_company(folder, AS_OF)


def test_the_proof_holds_there_and_tests_what_it_tests_of_rows(books: tuple[Book, Book]) -> None:
    asked, read = (proof.proof(book, by="plan").set_index("check") for book in books)
    assert asked["holds"].all()
    assert read["holds"].all()
    of_rows = {"nothing in a table is later than the as-of day", "the files, read again, are the book"}
    assert set(read.index) - set(asked.index) == of_rows
    assert set(asked.index) - set(read.index) == {
        "no reading is later than the as-of day", "the database, asked again, answers as before"
    }  # fmt: skip
    both = asked.index.intersection(read.index)
    pd.testing.assert_frame_equal(asked.loc[both], read.loc[both])


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE prices SET mrr = mrr + 1 WHERE customer = 'A0000003'",
        "UPDATE prices SET until = until + 1 WHERE customer = 'A0000004' AND product = 'Core'",
        "UPDATE prices SET plan = 'Basic' WHERE customer = 'A0000003'",
        "UPDATE prices SET product = 'Core' WHERE product = 'Add-on' AND mrr > 0",
        "UPDATE prices SET customer = 'B' || SUBSTR(customer, 2) WHERE customer = 'A0000005'",
        "UPDATE prices SET term_end_date = since WHERE customer = 'A0000006'",
        "DELETE FROM prices WHERE customer = 'A0000007'",
    ],
)
def test_a_change_of_the_ledger_changes_its_hash_and_breaks_the_proof(edit: str, tmp_path: Path) -> None:
    import duckdb

    there, _ = company.kept(tmp_path, company.drawn(60, seed=3))
    book = Book.load(there, as_of=AS_OF)
    assert not book.warehouse.changed()
    with duckdb.connect(there / "prices.duckdb") as opened:
        assert opened.execute(edit).fetchone()[0] > 0
    assert Book.load(there, as_of=AS_OF).account["sha256"].iloc[0] != book.account["sha256"].iloc[0]
    broken = proof.proof(book).query("not holds")
    assert "the database, asked again, answers as before" in set(broken["check"])


def test_a_column_that_the_query_adds_parts_the_book_as_one_of_accounts(tmp_path: Path) -> None:
    there, here = company.kept(tmp_path, company.drawn(120, seed=9))
    part = "CASE WHEN customer < 'A0000070' THEN 'low' ELSE 'high' END"
    query = company.QUERY.replace(" FROM", f", {part} AS half FROM")
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"', query=query))
    accounts = f"SELECT DISTINCT customer AS account_id, {part} AS half FROM prices"
    more = f'[tables.accounts]\nconnection = "warehouse"\nquery = "{accounts}"'
    (here / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"', source="", more=more))
    asked, read = (Book.load(folder, as_of=AS_OF) for folder in (there, here))
    assert columns_to_compare(asked) == columns_to_compare(read) == ["half"]
    for find in (
        lambda book: drill_down(book, by=["half"], metric="gross_retention", window=12),
        lambda book: actions.actions(book, segments=[("half", "low")]),
        lambda book: retention.headline(book, by="half"),
    ):
        pd.testing.assert_frame_equal(find(asked), find(read))
    assert "segment_review" in set(actions.actions(asked, segments=[("half", "low")])["play"])


def test_who_is_followed_otherwise_stays_local_and_says_so(books: tuple[Book, Book]) -> None:
    with pytest.raises(Absent, match="follows the parent"):
        forms.cut_ledger(books[0], entity="parent")
    with pytest.raises(Absent, match="row by row"):
        books[0].tables["subscriptions"]


def test_a_convention_of_the_companys_own_that_stays_local_is_left_out_and_named(there: Path) -> None:
    own = '[conventions."by product"]\nmetric = "net_retention"\nentity = "product"\n'
    own += '[conventions."large"]\nmetric = "net_retention"\nminimum_mrr = 1000\n'
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"', more=own))
    book = Book.load(there, as_of=AS_OF)
    names = forms.compare_conventions(book)["convention"].tolist()
    assert "large" in names
    assert "by product" not in names
    assert any(note.startswith("Convention by product is left out") for note in book.notes)
    with pytest.raises(Absent, match="follows the product"):
        forms.under(book, define("by product", {"metric": "net_retention", "entity": "product"}))


def test_the_command_answers_in_place(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"'))
    asked = ["metrics", str(there), "--as-of", "2025-12-31"]
    assert main([*asked, "--by", "plan", "--metric", "net_retention"]) == 0
    assert "O'Neill" in capsys.readouterr().out
    assert main([*asked, "--all-conventions"]) == 0
    assert "starters' flows" in capsys.readouterr().out
    assert main(["check", str(there)]) == 0
    assert "(the newest start in the ledger" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[settings]\nchurn_date = "notice"', "cannot be done in the database.*settings.churn_date"),
        ('[tables.accounts]\nfile = "accounts.csv"', "cannot be done in the database.*tables.accounts"),
    ],
)
def test_what_no_query_does_is_refused_before_anything_is_asked(
    more: str, told: str, there: Path, tmp_path: Path
) -> None:
    (tmp_path / "company.toml").write_text(toml('url = "duckdb:///nowhere.duckdb"', more=more))
    with pytest.raises(TableError, match=told):
        Book.load(tmp_path, as_of=AS_OF)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (SIX + " UNION ALL SELECT NULL, DATE '2024-01-01', NULL, 5, 'USD', NULL", "1 of .* have no account"),
        (SIX + " UNION ALL SELECT 'x', DATE '2024-01-01', NULL, 5, 'EUR', NULL", "another currency than USD"),
        (SIX + " UNION ALL SELECT 'x', DATE '2024-01-01', NULL, -5, 'USD', NULL", "price below 0"),
        (
            SIX + " UNION ALL SELECT 'x@y.org', DATE '2024-01-01', NULL, 5, 'USD', NULL",
            "1 of .* have a mail address",
        ),
        (
            SIX + " UNION ALL SELECT 'x', DATE '2024-02-01', DATE '2024-01-01', 5, 'USD', NULL",
            "before its start_date",
        ),
        (
            SIX.replace("currency", "currency, plan AS subscription_id"),
            "have the subscription_id and start_date of an",
        ),
        (SIX.replace("mrr,", "mrr / 7 AS mrr,"), "finer than the minor unit"),
        (SIX.replace("mrr,", ""), "arr missing"),
    ],
)
def test_rows_that_are_not_sound_are_counted_and_refused(query: str, told: str, there: Path) -> None:
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"', query=query))
    with pytest.raises(TableError, match=told):
        Book.load(there, as_of=AS_OF)
