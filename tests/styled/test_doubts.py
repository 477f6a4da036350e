from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled.doubts import doubts_table, examples_table, passed_table

DOUBTS = pd.DataFrame(
    {
        "no": [1, 2], "table": ["subscriptions", "usage"], "column": ["mrr", ""], "what": ["<b>odd</b>", "x" * 300],
        "fix": ["Ask", "Look"], "n_rows": [1234, 0], "n_accounts": [5, 0], "amount": pd.array([1_250_000, None], dtype="Int64"),
    }
)  # fmt: skip
EXAMPLES = pd.DataFrame(
    {
        "no": [1] * 5,
        "file": ["a/b/subs.csv"] * 5,
        "line": range(2, 7),
        "account": ["A"] * 5,
        "column": ["mrr"] * 5,
        "found": [""] * 5,
    }
)


def test_a_doubt_says_where_what_how_much_and_what_to_do() -> None:
    sheet = doubts_table(DOUBTS, currency="USD", title="Doubts", label="tab-doubts")
    cells = sheet.styler.data
    assert cells.loc["1"].tolist() == ["subscriptions, mrr", "<b>odd</b>", "Ask", "1,234", "5", "$12.5k"]
    assert cells.loc["2"].tolist() == ["usage", "x" * 197 + "...", "Look", "", "", ""]
    page = sheet._repr_mimebundle_()[0]["text/html"]
    assert "<b>odd" not in page
    assert "&lt;b&gt;odd" in page


def test_examples_name_the_file_and_not_where_it_lies() -> None:
    cells = examples_table(EXAMPLES, limit=3).styler.data
    assert cells["File"].tolist() == ["subs.csv"] * 3
    assert cells["Found"].tolist() == ["(blank)"] * 3


def test_a_missing_column_is_told() -> None:
    with pytest.raises(ValueError, match="fix"):
        doubts_table(DOUBTS.drop(columns="fix"), currency="USD", title="t", label="l")
    assert passed_table(pd.DataFrame({"check": ["sign"], "what": ["signs"]})).styler.data.loc[
        "sign"
    ].tolist() == ["signs"]
