"""What is recognised, asked, decided and written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from cslib.sources.company import load_config
from cslib.sources.detect import detect
from cslib.sources.folder import accounted, write
from cslib.sources.importing import gather, plan
from cslib.sources.read import read
from cslib.tables import TableError

LIST = "customer,from,to,amount\nA,2024-01-01,2024-12-31,1200\nB,2024-02-01,2025-01-31,2400\n"


def file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_an_amount_that_could_mean_three_things_is_asked_about(tmp_path: Path) -> None:
    path = file(tmp_path, "list.csv", LIST)
    made = plan([path])
    assert [(question.key, question.default) for question in made.asked] == [
        ("value", "total"),
        ("currency", "USD"),
    ]
    assert "'amount'" in made.asked[0].text and made.asked[0].choices == ("total", "month", "year")
    said = plan([path], {"value": "year", "currency": "EUR"})
    assert said.asked == () and said.currency == "EUR"
    written = write(said, tmp_path / "c", name="C", sources=gather([path]))
    frame = written.tables["subscriptions"].frame
    assert frame["arr"].tolist() == [120000, 240000] and set(frame["currency"]) == {"EUR"}
    assert load_config(written.folder).tables["subscriptions"].options == {
        "value": "year",
        "end_date": "inclusive",
    }


@pytest.mark.parametrize(
    "header",
    [
        ("Customer", "Invoice number", "Service From", "Service To", "Net Amount", "Currency"),
        ("Customer name", "Contract no", "Service start date", "Service end date", "Net total", "Currency"),
        ("Account number", "Line no", "Billing period start", "Billing period end", "Line total", "Currency"),
    ],
)
def test_a_sheet_with_a_title_and_headers_in_words_is_a_ledger(
    tmp_path: Path, header: tuple[str, ...]
) -> None:

    book = openpyxl.Workbook()
    for row in (
        ["Invoices 2024, all customers"], [], header,
        ["A", "7", dt.date(2024, 1, 1), dt.date(2024, 12, 31), 1200, "EUR"],
        ["B", "8", dt.date(2024, 2, 1), dt.date(2025, 1, 31), 2400, "EUR"],
        ["C", "9", dt.date(2024, 2, 1), dt.date(2025, 1, 31), 240, "EUR"],
    ):  # fmt: skip
        book.active.append(row)
    path = tmp_path / "invoices.xlsx"
    book.save(path)
    made = plan([path], {"value": "total"})
    assert made.asked == ()
    frame = write(made, tmp_path / "c", name="C", sources=gather([path])).tables["subscriptions"].frame
    assert frame["arr"].tolist() == [120000, 240000, 24000] and set(frame["currency"]) == {"EUR"}
    assert frame["end_date"].dt.day.eq(1).all(), "the last day of service is inclusive"


def test_days_that_can_be_read_in_two_ways_are_asked_about_and_others_decided(tmp_path: Path) -> None:
    two = file(tmp_path, "two.csv", "customer,from,to,total_value,currency\nA,01/02/2024,01/02/2025,12,USD\n")
    asked = plan([two]).asked
    assert (
        [q.key for q in asked] == ["date_format", "currency"]
        and asked[0].choices == ("%d/%m/%Y", "%m/%d/%Y")
        and not asked[0].default
    )
    made = plan([two], {"date_format": "%d/%m/%Y"})
    frame = write(made, tmp_path / "c", name="C", sources=gather([two])).tables["subscriptions"].frame
    assert str(frame["start_date"][0].date()) == "2024-02-01"
    one = file(tmp_path, "one.csv", "customer,from,to,total_value,currency\nA,31/12/2024,31/12/2025,12,USD\n")
    sure = plan([one])
    assert not sure.asked and any("%d/%m/%Y" in line for line in sure.decided)


def test_two_columns_for_one_thing_are_asked_about(tmp_path: Path) -> None:
    path = file(
        tmp_path, "x.csv", "customer,company,from,to,total_value,currency\nA,B,2024-01-01,2025-01-01,12,USD\n"
    )
    asked = plan([path]).asked
    assert [(q.key, q.choices) for q in asked] == [("account", ("customer", "company"))]
    made = plan([path], {"account": "company"})
    assert not made.asked
    assert (
        write(made, tmp_path / "c", name="C", sources=gather([path]))
        .tables["subscriptions"]
        .frame["account_id"][0]
        == "B"
    )


def test_a_correction_makes_an_unknown_file_known(tmp_path: Path) -> None:
    path = file(tmp_path, "x.csv", "Kunde,Beginn,Ende,Betrag\nA,2024-01-01,2025-01-01,12\n")
    with pytest.raises(TableError, match=r"no file is recognised.*x.csv"):
        plan([path])
    answers = {"account": "Kunde", "start": "Beginn", "end": "Ende", "mrr": "Betrag", "currency": "USD"}
    made = plan([path], answers)
    assert not made.asked
    frame = write(made, tmp_path / "c", name="C", sources=gather([path])).tables["subscriptions"].frame
    assert frame["mrr"].tolist() == [1200]
    with pytest.raises(TableError, match="nothing is called 'beginn'"):
        plan([path], {"beginn": "Beginn"})


def test_rates_must_be_said_and_are_written(tmp_path: Path) -> None:
    text = "customer,from,to,total_value,currency\nA,2024-01-01,2025-01-01,12,USD\nB,2024-01-01,2025-01-01,12,EUR\nC,2024-01-01,2025-01-01,12,EUR\n"
    path = file(tmp_path, "x.csv", text)
    asked = {q.key: q for q in plan([path]).asked}
    assert asked["currency"].default == "EUR" and not asked["rate.USD"].default
    made = plan([path], {"currency": "EUR", "rate.USD": "0.9"})
    written = write(made, tmp_path / "c", name="C", sources=gather([path]))
    assert str(load_config(written.folder).rates["USD"]) == "0.9"


def test_a_matrix_and_its_row_of_totals(tmp_path: Path) -> None:
    text = "Customer ID,Customer Name,2024-01,2024-02\nc1,Ann,10,20\nc2,Bob,0,5\nTotal,,10,25\n"
    path = file(tmp_path, "mrr.csv", text)
    made = plan([path], {"currency": "USD"})
    assert made.tables[0].shape == "matrix"
    written = write(made, tmp_path / "c", name="C", sources=gather([path]))
    account = accounted(made, written)
    assert account[["rows", "used", "left"]].to_numpy().tolist() == [[3, 2, 1]]
    assert written.tables["subscriptions"].rejected["cause"].tolist() == ["a row of totals, not an account"]
    assert set(written.tables["subscriptions"].frame["account_id"]) == {"c1", "c2"}
    wrong = file(tmp_path, "wrong.csv", text.replace("10,25", "10,99"))
    made = plan([wrong], {"currency": "USD"})
    written = write(made, tmp_path / "d", name="D", sources=gather([wrong]))
    assert written.rejecting == ("subscriptions",)
    assert "are called a total and are not the sum" in written.tables["subscriptions"].rejected["cause"][0]


def test_plain_tables_by_our_own_names_need_no_importer(tmp_path: Path) -> None:
    a = file(
        tmp_path, "subscriptions.csv", "account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,10,USD\n"
    )
    b = file(tmp_path, "accounts.csv", "account_id,name,segment\nA,Ann,SMB\n")
    made = plan([a, b])
    assert not made.asked and {(t.table, t.importer) for t in made.tables} == {
        ("subscriptions", ""),
        ("accounts", ""),
    }
    tables = write(made, tmp_path / "c", name="C", sources=gather([a, b])).tables
    assert len(tables["subscriptions"].frame) == len(tables["accounts"].frame) == 1


def test_broken_rows_are_left_out_and_named(tmp_path: Path) -> None:
    text = "account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,10,USD\nB,soon,,10,USD\n"
    path = file(tmp_path, "subscriptions.csv", text)
    written = write(plan([path]), tmp_path / "c", name="C", sources=gather([path]))
    assert written.rejecting == ("subscriptions",)
    assert load_config(written.folder).tables["subscriptions"].broken_rows == "reject"


def test_a_folder_is_not_overwritten_unless_asked_and_files_may_stay_where_they_are(tmp_path: Path) -> None:
    path = file(
        tmp_path, "subscriptions.csv", "account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,10,USD\n"
    )
    made = plan([path])
    write(made, tmp_path / "c", name="C", sources=gather([path]), link=True)
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == ["company.toml"]
    with pytest.raises(TableError, match=r"company.toml: is there already.*--again"):
        write(made, tmp_path / "c", name="C", sources=gather([path]))
    write(made, tmp_path / "c", name="C", sources=gather([path]), again=True)
    assert (tmp_path / "c" / "subscriptions.csv").exists()


def test_names_from_data_stay_text_in_the_company_toml(tmp_path: Path) -> None:
    path = file(tmp_path, 'a"b.csv', 'cust"omer,from,to,mrr,currency\nA,2024-01-01,2024-06-01,10,USD\n')
    made = plan([path], {"account": 'cust"omer', "currency": "USD"})
    written = write(made, tmp_path / "c", name='x" [evil]', sources=gather([path]))
    assert load_config(written.folder).tables["subscriptions"].columns["account_id"] == 'cust"omer'


def test_how_sure_it_is_depends_on_the_columns(tmp_path: Path) -> None:
    known = file(
        tmp_path,
        "a.csv",
        "uuid,account_code,plan_code,state,currency,unit_amount,quantity,activated_at\n1,2,3,active,USD,1,1,2024-01-01\n",
    )
    vague = file(
        tmp_path, "b.csv", "customer,from,to,amount,w,x,y,z,q,r,s,t\nA,2024-01-01,2024-12-31,1,,,,,,,,\n"
    )
    found = detect({p.stem: read(p, p.name) for p in (known, vague)})
    assert (found[0].guesses[0].origin, found[0].guesses[0].sure) == ("recurly", "sure")
    assert found[1].guesses[0].sure == "a guess"


def test_days_and_amounts_as_they_are_written_elsewhere(tmp_path: Path) -> None:
    text = "Kunde;Von;Bis;Betrag\nMüller;01.01.2024;31.12.2024;1.200,00\nSchmidt;15.02.2024;14.02.2025;2.400,50\n"
    path = file(tmp_path, "x.csv", text)
    answers = {
        "account": "Kunde",
        "start": "Von",
        "end": "Bis",
        "total": "Betrag",
        "currency": "EUR",
        "value": "total",
    }
    made = plan([path], answers)
    assert made.asked == ()
    assert any("%d.%m.%Y" in line for line in made.decided) and any(
        "comma is the decimal" in line for line in made.decided
    )
    frame = write(made, tmp_path / "c", name="C", sources=gather([path])).tables["subscriptions"].frame
    assert frame["arr"].tolist() == [120000, 240050]
    assert [str(day.date()) for day in frame["end_date"]] == ["2025-01-01", "2025-02-15"]
    with pytest.raises(TableError, match="unknown value"):
        write(plan([path], {**answers, "decimal": "x"}), tmp_path / "d", name="D", sources=gather([path]))
