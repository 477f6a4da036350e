"""Benchmark tables: ours hold together, a company's own are read or refused by file, row and column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from cslib.book import Book
from cslib.sources.benchmarks import BENCHMARKS, published, traits_in
from cslib.tables import TableError
from tests.report.conftest import make_company

HEADER = "id,metric,convention,window,statistic,value,year,published,population,source,traits,currency,arr_from,arr_to"
ROW = "mine-1,net_retention,endpoint,12,median,1.02,2025,2025,Our circle,Our circle's survey,private,USD,1000,5000"


def book_with(tmp_path: Path, *rows: str, header: str = HEADER, traits: str = '["private"]') -> Book:
    toml = f'name = "Acme"\ncurrency = "EUR"\n[rates]\nUSD = 0.9\n[benchmarks]\nfiles = ["mine.csv"]\ntraits = {traits}\n'
    folder = make_company(tmp_path / "acme", toml=toml)
    (folder / "mine.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return Book.load(folder, as_of=dt.date(2026, 9, 30))


def test_every_published_figure_has_a_source_and_a_name_of_its_own() -> None:
    rows = published()
    assert len(rows) > 60
    assert rows["id"].is_unique
    assert rows[["source", "year", "published", "population", "evidence"]].notna().all(axis=None)
    assert (rows["published"] >= rows["year"]).all()
    assert list(rows) == list(BENCHMARKS.column)


def test_public_and_private_figures_are_marked_as_such() -> None:
    """No row mixes them: one that is about public companies asks for that trait."""
    rows = published()
    public = rows["population"].str.contains("public", case=False)
    assert public.sum() >= 3
    assert rows.loc[public, "traits"].eq("public").all()
    assert not rows.loc[~public, "traits"].fillna("").str.contains("public").any()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("saas-capital-2025-net-all", 1.01),
        ("saas-capital-2025-net-25k-50k-high", 1.11),
        ("saas-capital-2025-gross-over-250k", 0.95),
        ("benchmarkit-2025-gross-all", 0.88),
        ("aleph-2026-gross-all-median", 0.84),
    ],
)
def test_figures_are_those_of_their_source(key: str, value: float) -> None:
    assert published().set_index("id").loc[key, "value"] == value


def test_the_shipped_figures_agree_with_the_sourced_list() -> None:
    """Every number taken over is in the list it was taken from, for the same metric and source."""
    path = Path(__file__).parents[2] / "../shared/spec/benchmarks.csv"
    if not path.exists():
        pytest.skip("the sourced list is not at hand")
    listed = pd.read_csv(path, dtype="str")
    names = {"NRR": "net_retention", "GRR": "gross_retention", "Logo churn, monthly": "logo_retention"}
    known = set()
    for row in listed.to_dict("records"):
        for cell in ("p25", "median", "p75"):
            if row["metric"] in names and isinstance(row[cell], str) and row[cell].replace(".", "").isdigit():
                value = float(row[cell]) / 100
                known.add((names[row["metric"]], round(1 - value if "churn" in row["metric"] else value, 4), int(row["year"])))  # fmt: skip
    ours = {(r["metric"], round(r["value"], 4), r["published"]) for r in published().to_dict("records")}
    assert ours <= known, ours - known


def test_own_rows_stand_beside_the_published_ones(tmp_path: Path) -> None:
    book = book_with(tmp_path, ROW)
    own = book.peers.benchmarks.iloc[-1]
    assert (own["id"], own["value"], own["arr_to"]) == ("mine-1", 1.02, 5000.0)
    assert pd.isna(own["n"])
    assert len(book.peers.benchmarks) == len(published()) + 1
    assert book.peers.rates == {"USD": Decimal("0.9")}
    assert [file for file, _ in book.peers.files] == ["mine.csv"]


def test_another_table_is_another_fingerprint(tmp_path: Path) -> None:
    one = book_with(tmp_path / "one", ROW)
    other = book_with(tmp_path / "other", ROW.replace("1.02", "1.03"))
    assert one.fingerprint != other.fingerprint


def test_a_company_without_benchmarks_has_the_published_ones(tmp_path: Path) -> None:
    book = Book.load(make_company(tmp_path / "acme"), as_of=dt.date(2026, 9, 30))
    assert book.peers.traits == ()
    pd.testing.assert_frame_equal(book.peers.benchmarks, published())


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROW.replace("1.02", "102"), "mine.csv: value: 1 of 2 rows are above 3, first: row 3"),
        (ROW.replace("median", "mode"), "mine.csv: statistic: 1 of 2 rows hold an unknown value"),
        (ROW.replace("net_retention", "nrr"), "expected one of net_retention, gross_retention, logo_retention, quick_ratio"),
        (ROW.replace("endpoint", "endpoints"), "mine.csv: convention: is no convention of net_retention, row 3"),
        (ROW.replace("USD", "DOL"), "mine.csv: currency: 1 of 2 rows hold no known currency, first: row 3. Found 'DOL'"),
        (ROW.replace("USD", ""), "mine.csv: currency: is blank, and the bands are money, row 3"),
        (ROW.replace("5000", "500"), "mine.csv: arr_to: ends before it starts, row 3. Found 500, expected more than 1000"),
        (ROW.replace("2025,2025", "2025,2024"), "mine.csv: published: is before the year it is about, row 3"),
        (ROW.replace("mine-1", "mine-0"), "mine.csv: id: 1 of 2 rows repeat an earlier row"),
        (ROW.replace("Our circle's survey", ""), "mine.csv: source: 1 of 2 rows are blank"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(TableError) as refused:
        book_with(tmp_path, ROW.replace("mine-1", "mine-0"), row)
    assert words in str(refused.value)
    assert "Map it" not in str(refused.value)


def test_a_missing_column_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"mine\.csv: source: required column is missing"):
        book_with(tmp_path, ROW, header=HEADER.replace("source", "from"))
    toml = 'name = "A"\ncurrency = "USD"\n[benchmarks]\nfiles = ["gone.csv"]\n'
    with pytest.raises(TableError, match=r"gone\.csv"):
        Book.load(make_company(tmp_path / "b", toml=toml), as_of=dt.date(2026, 9, 30))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('traits = ["privat"]', "benchmarks.traits: unknown trait. Found 'privat', expected what some benchmark asks for"),
        ('traits = "private"', 'benchmarks.traits: unknown value'),
        ("files = [1]", "benchmarks.files: unknown value"),
        ('file = "x.csv"', "Did you mean files?"),
    ],
)  # fmt: skip
def test_company_toml_is_refused_in_words(tmp_path: Path, line: str, words: str) -> None:
    toml = f'name = "A"\ncurrency = "USD"\n[benchmarks]\n{line}\n'
    with pytest.raises(TableError) as refused:
        Book.load(make_company(tmp_path / "a", toml=toml), as_of=dt.date(2026, 9, 30))
    assert words in str(refused.value)
    assert "private" in str(refused.value) or "trait" not in line


def test_traits_are_parted() -> None:
    assert traits_in(" private;bootstrapped ; ") == ["private", "bootstrapped"]
