"""Settings: every field documented, every wrong value refused with what it may be."""

from __future__ import annotations

from dataclasses import fields

import pytest

from cslib.settings import Settings, read_settings


def test_every_setting_is_documented() -> None:
    doc = Settings.__doc__ or ""
    assert all(f"    {field.name} : " in doc for field in fields(Settings))


@pytest.mark.parametrize(("record", "words"), [
    ({"churn_date": "end"}, "settings.churn_date: found 'end', expected one of end of service, notice, end of term"),
    ({"reactivation_days": -1}, "settings.reactivation_days: found -1, expected a number of days, 0 or more"),
    ({"reactivation_days": True}, "settings.reactivation_days: found True, expected a number of days"),
    ({"shortest_life_days": None}, "settings.shortest_life_days: found None, expected a number of days"),
    ({"not_recurring": [1]}, r"settings.not_recurring: found \(1,\), expected a list of texts"),
    ({"price": ["list"]}, r"settings.price: found \('list',\), expected one of billed, list"),
    ({"churndate": "notice"}, "settings: found 'churndate', expected one of entity, .*Did you mean churn_date"),
])  # fmt: skip
def test_what_cannot_be_is_refused(record: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_settings(record)


def test_departures_name_what_is_not_at_its_default() -> None:
    assert Settings(price="list", zero_reasons=()).departures() == (
        "price = 'list' (default 'billed')",
        "zero_reasons = () (default ('paused', 'free'))",
    )
