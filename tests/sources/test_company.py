from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.sources.company import load_config
from cslib.tables import TableError

HEAD = 'name = "Acme"\ncurrency = "USD"\n'


def config(folder: Path, text: str | bytes) -> Path:
    (folder / "company.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_what_company_toml_may_say(tmp_path: Path) -> None:
    text = """
fiscal_year_start = 2
convention = "starters' flows"
data_until = 2019-11-30
[rates]
EUR = 1.08
JPY = 0.0065
[tables.subscriptions]
file = ["a.csv", "../b.parquet"]
sheet = "S"
columns = { account_id = "customer_id", discount = "" }
constants = { currency = "USD", billing_months = 12, auto_renew = true, start_date = 2024-01-01 }
values = { plan = { "Pro " = "Pro" } }
broken_rows = "reject"
date_format = "%d/%m/%Y"
decimal = ","
encoding = "latin-1"
[tables.accounts]
columns = { tier_of_2024 = "Tier" }
"""
    acme = load_config(config(tmp_path, HEAD + text))
    assert (acme.name, acme.currency, acme.fiscal_year_start, acme.convention) == (
        "Acme",
        "USD",
        2,
        "starters' flows",
    )
    assert str(acme.data_until) == "2019-11-30"
    assert acme.rates == {"EUR": Decimal("1.08"), "JPY": Decimal("0.0065")}
    ledger = acme.tables["subscriptions"]
    assert ledger.files == ("a.csv", "../b.parquet")
    assert ledger.constants == {
        "currency": "USD", "billing_months": "12", "auto_renew": "true", "start_date": "2024-01-01"
    }  # fmt: skip
    assert ledger.recode == {"plan": {"Pro ": "Pro"}}
    assert (ledger.broken_rows, ledger.decimal, ledger.encoding, ledger.sheet) == (
        "reject",
        ",",
        "latin-1",
        "S",
    )
    assert acme.tables["accounts"].columns == {"tier_of_2024": "Tier"}


def test_defaults(tmp_path: Path) -> None:
    acme = load_config(config(tmp_path, HEAD))
    assert (acme.fiscal_year_start, acme.convention, acme.data_until, dict(acme.tables)) == (
        1,
        "endpoint",
        None,
        {},
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "A"\n', "currency: required key is missing. Found keys: name, expected name"),
        (HEAD + "fiscal_year_star = 2\n", "unknown key.*'fiscal_year_star'.*Did you mean fiscal_year_start"),
        (HEAD + "fiscal_year_start = 13\n", "fiscal_year_start: not a month. Found '13', expected 1 to 12"),
        (HEAD + 'data_until = "2019-11-30"\n', "data_until: not a date.*without quotes"),
        ('name = "A"\ncurrency = "usd"\n', "currency: unknown currency. Found 'usd'.*Did you mean USD"),
        ('name = "A\\nB"\ncurrency = "USD"\n', "name: unusable name"),
        (HEAD + "[rates]\nEUR = 0\n", "rates.EUR: unusable rate. Found '0', expected a number above 0"),
        (HEAD + "[rates]\nEUR = nan\n", "rates.EUR: unusable rate"),
        (HEAD + '[rates]\nEUR = "1.08"\n', "rates.EUR: unusable rate"),
        (HEAD + "[rates]\nEURO = 1.08\n", "rates.EURO: unknown currency. Found 'EURO'"),
        (
            HEAD + "[tables.subscription]\n",
            "tables: unknown table.*'subscription'.*Did you mean subscriptions",
        ),
        (HEAD + "[tables.costs]\nfiles = 'a'\n", "tables.costs: unknown key.*'files'.*Did you mean file"),
        (HEAD + "[tables.costs]\nfile = 3\n", "tables.costs.file: unknown value. Found '3'"),
        (
            HEAD + "[tables.costs]\ncolumns = { amont = 'x' }\n",
            "costs.columns: unknown column.*Did you mean amount",
        ),
        (
            HEAD + "[tables.costs]\nconstants = { amount = [1] }\n",
            "costs.constants.amount: not a single value",
        ),
        (HEAD + "[tables.costs]\nvalues = { month = 'x' }\n", "costs.values.month: not a table"),
        (HEAD + "[tables.costs]\nbroken_rows = 'drop'\n", "broken_rows: unknown value.*'drop'.*fail, reject"),
        (HEAD + "[tables.costs]\nshape = 'matrix'\n", "only subscriptions may be a matrix"),
        (HEAD + "[tables.costs]\ndate_format = '%Q'\n", "date_format: cannot tell a day"),
        (HEAD + "[tables.costs]\ndate_format = '%Y-%m'\n", "date_format: cannot tell a day"),
        (HEAD + "[tables.costs]\nencoding = 'utf-99'\n", "encoding: unknown encoding"),
        (HEAD + "[tables.costs]\nencoding = 'hex'\n", "encoding: unknown encoding"),
        (
            HEAD + "[tables.costs]\ncolumns = {amount='x'}\nconstants = {amount=1}\n",
            "mapped and constant.*'amount'",
        ),
        ("name = Acme\n", "not TOML. Found Invalid value.*line 1"),
        (b'name = "\xff"', "not TOML"),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_known(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(TableError, match=words) as error:
        load_config(config(tmp_path, text))
    assert str(error.value).startswith("company.toml: ")


def test_no_folder_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"no such folder. Found 'nowhere'"):
        load_config(tmp_path / "nowhere")
    (tmp_path / "subs.csv").write_text("x")
    with pytest.raises(
        TableError, match=r"no such file. Found files: subs\.csv, expected a file company\.toml"
    ):
        load_config(tmp_path)


SCALAR = st.one_of(
    st.integers(), st.booleans(), st.dates().map(str), st.text("ab\"'[]{}=", max_size=5).map(repr)
)


@given(
    st.one_of(st.binary(max_size=60), st.text("nametblsucrow.=[]{}\"'\n 123", max_size=80).map(str.encode))
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        load_config(config(folder, HEAD.encode() + data))
    except TableError as error:
        assert "company.toml" in str(error)


@given(
    st.sampled_from(
        ["file", "sheet", "columns", "constants", "values", "shape", "decimal", "date_format", "encoding"]
    ),
    SCALAR,
)
def test_any_value_of_a_key_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        load_config(config(folder, f"{HEAD}[tables.costs]\n{key} = {str(value).lower()}\n"))
    except TableError as error:
        assert "company.toml" in str(error)
