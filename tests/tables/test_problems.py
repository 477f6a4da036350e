from __future__ import annotations

from cslib.tables import Problem, TableError, listed, nearest


def test_a_problem_reads_as_a_sentence() -> None:
    problem = Problem(
        "subscriptions",
        "subs.csv",
        44,
        "end_date",
        "'2023-01-01'",
        "a day on or after start_date",
        "Correct the source",
        3,
        "end before they start",
        812,
        (44, 60, 61),
        "account_id 'A17'",
    )
    assert str(problem) == (
        "subs.csv: end_date: 3 of 812 rows end before they start, first: account_id 'A17', row 44 (also 60, 61). "
        "Found '2023-01-01', expected a day on or after start_date. Correct the source."
    )


def test_the_text_of_an_error_is_bounded_and_printable() -> None:
    error = TableError(
        [Problem("", f"{i}.csv\x1b[2J", None, "", "", "", "", cause="bad\n") for i in range(1000)]
    )
    assert len(error.problems) == 1000
    assert len(str(error)) < 1000
    assert "\x1b" not in str(error)
    assert str(error).endswith("... and 980 more kinds of problem.")
    assert len(listed("x" * 1000 for _ in range(1000))) < 2000


def test_nearest_ignores_case_and_punctuation() -> None:
    assert nearest("end_date", ["End Date", "send_data"]) == "End Date"
    assert nearest("mrr", ["plan", "owner"]) == ""
