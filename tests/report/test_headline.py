"""A report is known by few numbers, the newest of each, uncut."""

from __future__ import annotations

from cslib.report.headline import headline


def number(metric: str, end: str | None, value: float, **by: str) -> dict[str, object]:
    return {"metric": metric, "end": end, "value": value, "by": by, "numerator": 1}


NUMBERS = [
    number("arr", "2026-06-30", 1),
    number("arr", "2026-09-30", 2),
    number("arr", "2026-09-30", 3, segment="SMB"),
    number("nrr", "2026-09-30", 4),
    *(number(name, None, 5) for name in "abc"),
]


def test_the_first_four_unless_the_notebook_names_them() -> None:
    assert [(one["metric"], one["value"]) for one in headline(NUMBERS)] == [
        ("arr", 2), ("nrr", 4), ("a", 5), ("b", 5),
    ]  # fmt: skip
    assert [one["metric"] for one in headline(NUMBERS, ["c", "none", "arr"])] == ["c", "arr"]
    assert headline([]) == []


def test_what_it_was_divided_from_stays_in_the_report() -> None:
    assert headline(NUMBERS)[0] == {"metric": "arr", "end": "2026-09-30", "value": 2}
