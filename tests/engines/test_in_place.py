"""A ledger that stays in its database, `[source]` of company.toml: the same frames as from rows, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from benchmarks import data
from cslib.absent import Absent
from cslib.book import Book
from cslib.cli import main
from cslib.metrics import cohorts, concentration, forms, proof, retention, uncertainty
from cslib.metrics.drill import drill_down
from cslib.tables import TableError

AS_OF = date(2025, 12, 31)
COLUMNS = ["customer", "since", "until", "mrr", "currency", "plan"]
CREATE = "CREATE TABLE prices (customer TEXT, since DATE, until DATE, mrr DECIMAL(12, 2), currency TEXT, plan TEXT)"
QUERY = "SELECT customer, since, until, mrr, currency, plan FROM prices"

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
}
LOCAL: dict[str, Callable[[Book], Any]] = {
    "compare_conventions": forms.compare_conventions,
    "flags of the proof": proof.exclusions,
    "parents": lambda book: forms.cut_ledger(book, entity="parent"),
}


def rows() -> pd.DataFrame:
    frame = data.ledger(250, seed=7).rename(
        columns={"account_id": "customer", "start_date": "since", "end_date": "until"}
    )
    plans = (
        frame["customer"].str[-1].map(lambda digit: [None, "Basic", "pro", "Pro", "O'Neill"][int(digit) % 5])
    )
    return frame.assign(plan=plans)[COLUMNS]


def toml(
    connection: str, *, source: str = '[source]\nconnection = "warehouse"', query: str = QUERY, more: str = ""
) -> str:
    return f"""
name = "Acme"
currency = "USD"
{source}
[connections.warehouse]
{connection}
[tables.subscriptions]
connection = "warehouse"
query = "{query}"
columns = {{ account_id = "customer", start_date = "since", end_date = "until" }}
{more}
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("acme")
    with duckdb.connect(folder / "prices.duckdb") as opened:
        opened.execute(CREATE)
        opened.register("given", rows())
        opened.execute("INSERT INTO prices SELECT * FROM given")
    return folder


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def books(
    request: pytest.FixtureRequest, there: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Book, Book]:
    """The company asked in place, and the company read row by row."""
    connection = 'url = "duckdb:///prices.duckdb"'
    folder = there
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        import adbc_driver_postgresql.dbapi

        with adbc_driver_postgresql.dbapi.connect(url) as opened, opened.cursor() as cursor:
            cursor.execute(CREATE)
            given = ", ".join(
                "("
                + ", ".join("NULL" if pd.isna(v) else "'" + str(v).replace("'", "''") + "'" for v in row)
                + ")"
                for row in rows().itertuples(index=False)
            )
            cursor.execute(f"INSERT INTO prices VALUES {given}")
            opened.commit()
        connection, folder = f'url = "{url}"', tmp_path_factory.mktemp("postgres")
    made = []
    for source in ('[source]\nconnection = "warehouse"', ""):
        (folder / "company.toml").write_text(toml(connection, source=source), encoding="utf-8")
        made.append(Book.load(folder, as_of=AS_OF))
    return made[0], made[1]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_asked_in_place_is_the_figure_from_rows(figure: str, books: tuple[Book, Book]) -> None:
    there, here = (FIGURES[figure](book) for book in books)
    if isinstance(here, pd.DataFrame):
        assert len(here)
        pd.testing.assert_frame_equal(there, here)
    else:
        assert there == here


def test_no_row_comes_back_but_one_an_account(books: tuple[Book, Book]) -> None:
    there, here = books
    assert there.warehouse is not None
    assert dict(there.tables) == {}
    assert there.n_accounts == here.n_accounts
    assert there.account["rows_read"].tolist() == here.account["rows_read"].tolist()
    assert any("stays in connection warehouse" in note for note in there.notes)


@pytest.mark.parametrize("figure", LOCAL)
def test_what_must_stay_local_says_so(figure: str, books: tuple[Book, Book]) -> None:
    with pytest.raises(Absent, match="database"):
        LOCAL[figure](books[0])


def test_the_command_answers_in_place_and_refuses_what_it_cannot_before_it_starts(
    there: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"'))
    asked = ["metrics", str(there), "--as-of", "2025-12-31"]
    assert main([*asked, "--by", "plan", "--metric", "net_retention"]) == 0
    assert "O'Neill" in capsys.readouterr().out
    assert main([*asked, "--all-conventions"]) == 2
    assert "the ledger stays in its database" in capsys.readouterr().err
    run = ["run", "retention", "--company", str(there), "--quarter", "2025Q4", "--out", str(tmp_path)]
    assert main(run) == 2
    assert "a report reads its rows" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ipynb"))


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
        (
            QUERY + " UNION ALL SELECT NULL, DATE '2024-01-01', NULL, 5, 'USD', NULL",
            "1 of .* have no account",
        ),
        (
            QUERY + " UNION ALL SELECT 'x', DATE '2024-01-01', NULL, 5, 'EUR', NULL",
            "another currency than USD",
        ),
        (QUERY + " UNION ALL SELECT 'x', DATE '2024-01-01', NULL, -5, 'USD', NULL", "price below 0"),
        (
            QUERY + " UNION ALL SELECT 'x', DATE '2024-02-01', DATE '2024-01-01', 5, 'USD', NULL",
            "before its start_date",
        ),
        (QUERY.replace("mrr,", "mrr / 7 AS mrr,"), "finer than the minor unit"),
        (QUERY.replace("mrr,", ""), "arr missing"),
    ],
)
def test_rows_that_are_not_sound_are_counted_and_refused(query: str, told: str, there: Path) -> None:
    (there / "company.toml").write_text(toml('url = "duckdb:///prices.duckdb"', query=query))
    with pytest.raises(TableError, match=told):
        Book.load(there, as_of=AS_OF)
