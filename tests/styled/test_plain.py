from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled.plain import plain_table

COLUMNS = {
    "band": ("Band", "text"),
    "arr": ("ARR", "money"),
    "share": ("Share", "percent"),
    "over": ("Over", "flag"),
}


def frame(n: int = 2) -> pd.DataFrame:
    return pd.DataFrame(
        {"band": ["a & b", "all"][:n], "arr": [250000, 1][:n], "share": [0.5, None][:n], "over": [True] * n}
    )


def test_each_form_and_a_missing_value_as_a_dash():
    table = plain_table(frame(), columns=COLUMNS, title="Bands", label="tab-bands", total="all")
    cells = table.styler.data
    assert cells.loc[0].tolist() == ["$2,500", "50.0%", "yes"]
    assert cells.loc[1].tolist() == ["$0", "–", "yes"]
    assert "a &amp; b" in table.styler.to_html()
    assert "a & b<" not in table.styler.to_html()


def test_it_leaves_the_rows_and_columns_that_it_prints_and_how_many_more_there_are():
    rows = frame().assign(owner="Ann", level=0.95)
    table = plain_table(rows, columns=COLUMNS, title="Bands", label="t", most=1)
    assert table._repr_mimebundle_()[1]["cslib"]["rows"] == [
        {"columns": [*COLUMNS, "level"], "rows": [["a & b", 250000, 0.5, True, 0.95]]},
        {"columns": ["more"], "rows": [[1]]},
    ]


def test_a_negative_number_has_a_minus_sign_in_every_form():
    forms = ("count", "signed count", "number", "plain", "money", "points", "percent")
    rows = pd.DataFrame([dict.fromkeys(forms, -1)]).assign(name="A")
    columns = {"name": ("Name", "text")} | {form: (form, form) for form in forms}
    told = plain_table(rows, columns=columns, title="T", label="t").styler.data.loc[0].tolist()
    assert [text[0] for text in told] == ["−"] * len(forms)


def test_names_of_ours_are_spelled_and_a_value_takes_the_form_of_its_unit():
    rows = pd.DataFrame({
        "metric": ["net_retention", "arr"], "step": ["first_value", "qbr"], "value": [1.117, 76], "unit": ["percent", "count"],
    })  # fmt: skip
    columns = {"metric": ("Metric", "metric"), "step": ("Step", "value"), "value": ("Answer", "by unit")}
    table = plain_table(rows, columns=columns, title="Told", label="t")
    assert table.styler.data.to_numpy().tolist() == [["first value", "111.7%"], ["QBR", "76"]]
    assert ">Net retention</th>" in table.styler.to_html() and ">ARR</th>" in table.styler.to_html()


def test_rows_not_shown_are_counted():
    assert (
        plain_table(frame(), columns=COLUMNS, title="Bands", label="t", most=1).caption
        == "Bands; 1 more not shown."
    )


def test_no_rows_is_said():
    assert ">none</th>" in plain_table(frame(0), columns=COLUMNS, title="Bands", label="t").styler.to_html()


def test_two_rows_may_have_one_name():
    table = plain_table(frame().assign(band="same"), columns=COLUMNS, title="Bands", label="t")
    assert table.styler.to_html().count(">same</th>") == 2


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="owner"):
        plain_table(frame(), columns={"owner": ("Owner", "text")}, title="Bands", label="t")


SAID = {"owner": ("Owner", "text"), "state": ("State", "said"), "signs": ("Signs", "list"), "step": ("Step", "value"),
        "late": ("Late", "flag")}  # fmt: skip


def told(locale: str):
    rows = pd.DataFrame({
        "owner": ["Net", "(no owner)", "all"], "state": ["full", "ours", None], "signs": ["red (3), term near (1)", "", "red"],
        "step": ["first_value", "our_own", "qbr"], "late": [True, False, None],
    })  # fmt: skip
    return plain_table(
        rows, columns=SAID, title="Accounts at risk", label="t", total="all", most=3, locale=locale
    )


def test_words_are_told_in_the_language_and_names_from_data_stay():
    table = told("tr_TR")
    cells = table.styler.data
    assert list(cells.columns) == ["Durum", "Belirtiler", "Adım", "Geç"]
    assert cells.loc[0].tolist() == ["dolu", "kırmızı (3), dönem sonu yakın (1)", "ilk değer", "evet"]
    assert cells.loc[1].tolist() == ["ours", "", "our own", "hayır"]
    assert table.caption == "Riskteki müşteriler."
    page = table.styler.to_html()
    assert (
        ">Net</th>" in page and ">(sorumlu yok)</th>" in page and ">tümü</th>" in page
    )  # though "Net" has a word
    assert told("zh_CN").styler.data.loc[0].tolist()[1] == "红 (3)，期限临近 (1)"


def test_in_english_nothing_is_another_word():
    cells = told("en_US").styler.data
    assert list(cells.columns) == ["State", "Signs", "Step", "Late"]
    assert cells.loc[0].tolist() == ["full", "red (3), term near (1)", "first value", "yes"]
