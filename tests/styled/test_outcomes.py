"""What may come and what hangs on a choice, as tables."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled import ages_table, forecast_table, period_table, sensitivity_table
from tests.styled.reading import rows

NAN = float("nan")


def ahead() -> pd.DataFrame:
    return pd.DataFrame(
        {"metric": ["net_retention", "arr"], "end": pd.to_datetime(["2026-12-31", "2026-12-31"]), "quarters": 1,
         "value": [1.0301, 934_200_000.0], "low": [1.004, NAN], "high": [1.056, NAN], "level": 0.8,
         "unit": ["ratio", "USD ARR"], "n_past": [14, 3], "n_ranged": [10, 0], "n_inside": [8, 0],
         "crps": [0.0122, NAN], "naive_crps": [0.0131, NAN]}
    )  # fmt: skip


def test_a_forecast_stands_beside_its_record() -> None:
    sheet = forecast_table(ahead(), title="Next")
    assert rows(sheet) == [
        ["Metric", "To", "Expected", "Range", "Inside the range", "Error", "Error of the last value"],
        ["Net retention", "Dec 31, 2026", "103.0%", "100.4% to 105.6%", "8 of 10", "1.2", "1.3"],
        ["ARR", "Dec 31, 2026", "$9.34M", "none", "none", "none", "none"],
    ]
    assert sheet.caption.startswith("Next, 80% ranges.")
    assert rows(forecast_table(ahead().head(0), title="Next"))[1][0] == "none"


def test_terms_with_what_may_be_said() -> None:
    frame = pd.DataFrame(
        {"term": ["newer vintages", "recent months"], "start": pd.to_datetime(["2024-09-30", "2025-09-30"]),
         "value": [2.057, NAN], "low": [1.1, NAN], "high": [3.9, NAN], "numerator": [28, 4],
         "n_accounts": [174, 331], "passed": [True, False], "verdict": "vintage"}
    )  # fmt: skip
    assert rows(period_table(frame, title="Often"))[1:] == [
        ["Newer vintages", "Sep 30, 2024", "174", "28", "2.06", "1.10 to 3.90", "more often"],
        ["Recent months", "Sep 30, 2025", "331", "4", "none", "none", "cannot tell"],
    ]


def test_choices_with_their_verdicts() -> None:
    frame = pd.DataFrame(
        {"question": "net retention", "choice": ["as reported", "without <Acme>", "convention: x"],
         "value": [1.123, 0.98, 1.2], "low": [1.03, 0.9, NAN], "high": [1.21, 1.05, NAN], "level": 0.95, "unit": "ratio",
         "verdict": ["above 100%", "cannot tell", ""], "base": [True, False, False], "same": [True, False, True]}
    )  # fmt: skip
    sheet = sensitivity_table(frame, title="Choices")
    assert rows(sheet)[1:] == [
        ["Net retention, as reported", "112.3%", "103.0% to 121.0%", "above 100%", ""],
        ["Without <Acme>", "98.0%", "90.0% to 105.0%", "cannot tell", "no"],
        ["Convention: x", "120.0%", "none", "not tested", ""],
    ]
    assert "<Acme>" not in sheet._repr_mimebundle_()[0]["text/html"]
    changed = frame.assign(unit="ratio points", value=-0.019, low=-0.168, high=0.122, level=0.99)
    assert rows(sensitivity_table(changed, title="Choices"))[1][1:3] == ["−1.9", "−16.8 to +12.2 (99%)"]


def test_ages_by_segment_are_blank_where_too_few_are_old_enough() -> None:
    frame = pd.DataFrame(
        {"metric": "gross_retention", "segment": ["SMB", "SMB", "Big"], "age": [12, 24, 12], "value": [0.9, 0.8, 1.0],
         "low": [0.84, NAN, 0.9], "high": [0.94, NAN, 1.0], "level": 0.95, "n_accounts": [200, 200, 15],
         "n_at_risk": [150, 40, 10]}
    )  # fmt: skip
    sheet = ages_table(frame, by="segment", title="Kept")
    assert rows(sheet) == [
        ["Segment", "Accounts", "12 months", "24 months", "36 months"],
        ["SMB", "200", "90% (84% to 94%)", "80%", ""],
        ["Big", "15", "", "", ""],
    ]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: forecast_table(ahead().drop(columns="crps"), title="x"), "forecast_table.*crps"),
        (
            lambda: forecast_table(pd.concat([ahead(), ahead()]), title="x"),
            "found metric net_retention, quarters 1",
        ),
        (lambda: period_table(pd.DataFrame({"term": ["a"]}), title="x"), "period_table"),
        (lambda: sensitivity_table(pd.DataFrame({"choice": ["a"]}), title="x"), "sensitivity_table"),
        (lambda: ages_table(pd.DataFrame({"age": [1]}), by="segment", title="x"), "ages_table"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
