"""Stripe: every rule on rows worked by hand. Amounts of the API are in cents."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.sources.canonical import Loaded
from cslib.tables import TableError
from tests.sources.vendors.cases import causes, loaded, prices

HEADS = "id,customer_id,status,created,start_date,current_period_start,current_period_end,trial_start,trial_end,canceled_at,cancel_at,cancel_at_period_end,ended_at,livemode\n"
ITEMS = "id,subscription_id,price_id,quantity,created\n"
PRICES = """id,currency,unit_amount,recurring_interval,recurring_interval_count,type,recurring_usage_type,product_id
    m,usd,1000,month,1,recurring,licensed,p
    y,usd,12000,year,1,recurring,licensed,p
    w,usd,100,week,2,recurring,licensed,p
    u,usd,5,month,1,recurring,metered,p
    o,usd,50000,,,one_time,,p
    free,usd,0,month,1,recurring,licensed,p
    j,jpy,1500,month,1,recurring,licensed,p
"""


def head(
    name: str, *, status: str = "active", start: str = "2024-01-10", created: str = "", trial: str = "", canceled: str = "",
    at: str = "", at_period_end: str = "false", ended: str = "", live: str = "true", period_end: str = "2025-01-10",
) -> str:  # fmt: skip
    created = created or start
    return f"{name},c{name},{status},{created} 10:00:00,{start} 10:00:00,,{period_end} 10:00:00,,{trial},{canceled},{at},{at_period_end},{ended},{live}\n"


def item(name: str, price: str, *, quantity: int = 1, created: str = "2024-01-10", no: int = 1) -> str:
    return f"i{name}{no},{name},{price},{quantity},{created} 10:00:00\n"


def stripe(
    folder: Path,
    heads: str,
    items: str,
    *,
    more: str = "",
    extra: dict[str, str] | None = None,
    head: str = "",
) -> Loaded:
    files = {
        "subscriptions.csv": HEADS + heads,
        "items.csv": ITEMS + items,
        "prices.csv": PRICES,
        **(extra or {}),
    }
    return loaded(folder, "stripe", files, more=more, head=head)


def test_terms_quantities_and_currencies(tmp_path: Path) -> None:
    one = stripe(
        tmp_path,
        head("a") + head("b") + head("c") + head("d"),
        item("a", "m", quantity=3) + item("b", "y") + item("c", "w") + item("d", "j"),
        head="[rates]\nJPY = 0.007\n",
    )
    # 3 x $10 a month; $120 a year; $1 every two weeks is 26 a year; 1,500 yen a month, which has no cents
    assert prices(one) == [
        ("ca", "2024-01-10", "open", 36000),
        ("cb", "2024-01-10", "open", 12000),
        ("cc", "2024-01-10", "open", 2600),
        ("cd", "2024-01-10", "open", 18000),
    ]
    assert one.frame["currency"].tolist() == ["USD", "USD", "USD", "JPY"]


def test_usage_and_one_off_prices_are_left_out_with_their_money(tmp_path: Path) -> None:
    one = stripe(
        tmp_path, head("a") + head("b"), item("a", "m") + item("a", "u", no=2, quantity=7) + item("b", "o")
    )
    assert prices(one) == [("ca", "2024-01-10", "open", 12000)]
    found = causes(one)
    assert found["usage: a metered price"] == found["a one-off price"] == 1
    assert one.left_amounts["a one-off price"] == 50000
    assert one.left_amounts["usage: a metered price"] == 35


def test_a_trial_counts_for_nothing_and_ends_in_a_price(tmp_path: Path) -> None:
    one = stripe(
        tmp_path,
        head("a", trial="2024-02-10 10:00:00") + head("b", status="trialing", trial="2024-02-10 10:00:00")
        + head("c", status="canceled", trial="2024-02-10 10:00:00", ended="2024-02-01 10:00:00"),
        item("a", "m") + item("b", "m") + item("c", "m"),
    )  # fmt: skip
    assert prices(one) == [
        ("ca", "2024-01-10", "2024-02-10", 0),
        ("ca", "2024-02-10", "open", 12000),
        ("cb", "2024-01-10", "2024-02-10", 0),
        ("cc", "2024-01-10", "2024-02-01", 0),
    ]
    assert "days in trial count for nothing: 3 rows, 360.00 USD a year" in one.notes


def test_a_trial_without_an_end_pays_nothing(tmp_path: Path) -> None:
    one = stripe(tmp_path, head("a") + head("b", status="trialing"), item("a", "m") + item("b", "m"))
    assert prices(one) == [("ca", "2024-01-10", "open", 12000)]
    what = "in trial until a day the file does not say (a year)"
    assert causes(one)[what] == 1
    assert one.left_amounts[what] == 12000


def test_free_never_begun_and_test_mode(tmp_path: Path) -> None:
    one = stripe(
        tmp_path,
        head("a") + head("b", status="incomplete_expired") + head("c", live="false") + head("d"),
        item("a", "free") + item("b", "m") + item("c", "m") + item("d", "m"),
    )
    assert prices(one) == [("ca", "2024-01-10", "open", 0), ("cd", "2024-01-10", "open", 12000)]
    assert causes(one)["never begun: the first payment failed (incomplete)"] == 1
    assert causes(one)["test mode, not live"] == 1
    assert one.left_amounts["an item of a subscription that is not used or not there"] == 24000
    assert any(note.startswith("free, and make no customer") for note in one.notes)


def test_past_due_counts_and_is_told(tmp_path: Path) -> None:
    one = stripe(
        tmp_path, head("a", status="past_due") + head("b", status="unpaid"), item("a", "m") + item("b", "y")
    )
    assert [row[3] for row in prices(one)] == [12000, 12000]
    assert "past due, and count until the subscription ends: 1 rows, 120.00 USD a year" in one.notes
    assert "unpaid, and count until the subscription ends: 1 rows, 120.00 USD a year" in one.notes


def test_a_scheduled_end_carries_its_notice_and_an_end_that_has_come_its_day(tmp_path: Path) -> None:
    one = stripe(
        tmp_path,
        head("a", at_period_end="true", canceled="2024-06-01 09:00:00")
        + head("b", status="canceled", canceled="2024-03-01 09:00:00", ended="2024-04-10 10:00:00")
        + head("c", at="2024-12-31 10:00:00", canceled="2024-08-08 10:00:00"),
        item("a", "y") + item("b", "m") + item("c", "m"),
    )  # fmt: skip
    assert [row[:3] for row in prices(one)] == [
        ("ca", "2024-01-10", "2025-01-10"), ("cb", "2024-01-10", "2024-04-10"), ("cc", "2024-01-10", "2024-12-31")
    ]  # fmt: skip
    assert one.frame["notice_date"].dt.strftime("%m-%d").tolist() == ["06-01", "03-01", "08-08"]


def test_a_coupon_lowers_the_price_while_it_lasts(tmp_path: Path) -> None:
    coupons = "id,amount_off,percent_off,duration,duration_in_months,currency\nf,,50,forever,,\nr,200,,repeating,3,usd\no,,90,once,,\n"
    discounts = "id,coupon_id,subscription_id,start,end,customer_id\nd1,f,a,2024-01-10 00:00:00,,\nd2,r,b,2024-01-10 00:00:00,,\nd3,o,c,2024-01-10 00:00:00,,\n"
    files = {"coupons.csv": coupons, "discounts.csv": discounts}
    heads, items = head("a") + head("b") + head("c"), item("a", "m") + item("b", "m") + item("c", "m")
    one = stripe(tmp_path, heads, items, extra=files)
    assert prices(one) == [
        ("ca", "2024-01-10", "open", 6000),  # half for ever
        ("cb", "2024-01-10", "2024-04-10", 9600),  # $2 off for three months
        ("cb", "2024-04-10", "open", 12000),
        ("cc", "2024-01-10", "open", 12000),  # once: the recurring price stays
    ]
    assert one.frame["list_mrr"].dropna().unique().tolist() == [1000]
    assert "coupons for one invoice leave the recurring price as it is: 1 rows" in one.notes
    assert "priced less a coupon while it lasts: 2 rows, 84.00 USD a year off the list price" in one.notes
    ignored = stripe(tmp_path, heads, items, extra=files, more='options = { coupons = "ignored" }')
    assert {row[3] for row in prices(ignored)} == {12000}
    assert "3 discounts are not applied, as options say" in ignored.notes


def test_backdated_and_added_later(tmp_path: Path) -> None:
    one = stripe(
        tmp_path,
        head("a", start="2023-11-01", created="2024-01-10"),
        item("a", "m", created="2024-01-10") + item("a", "y", created="2024-03-05", no=2),
    )
    # the first item was there from the start, which is before it was entered; the second came in March (a co-termed add-on)
    assert prices(one) == [("ca", "2023-11-01", "open", 12000), ("ca", "2024-03-05", "open", 12000)]
    assert any("(backdated)" in note and "1 rows, 120.00 USD" in note for note in one.notes)
    assert one.frame["subscription_id"].is_unique


@pytest.mark.parametrize(("zone", "day"), [("", "2024-02-01"), ("America/New_York", "2024-01-31")])
def test_the_time_zone_decides_the_month(tmp_path: Path, zone: str, day: str) -> None:
    more = f'options = {{ time_zone = "{zone}" }}' if zone else ""
    text = "a,ca,active,2024-02-01 03:00:00,2024-02-01 03:00:00,,2025-02-01 03:00:00,,,,,false,,true\n"
    one = stripe(tmp_path, text, "ia1,a,m,1,2024-02-01 03:00:00\n", more=more)
    assert prices(one)[0][1] == day
    assert any("time zone decides their month" in note for note in one.notes) == (not zone)


def test_unix_seconds_are_days(tmp_path: Path) -> None:
    one = stripe(
        tmp_path, "a,ca,active,1704880800,1704880800,,1736503200,,,,,false,,true\n", "ia1,a,m,1,1704880800\n"
    )
    assert prices(one) == [("ca", "2024-01-10", "open", 12000)]


def test_what_cannot_be_read_is_named_or_left_out(tmp_path: Path) -> None:
    heads = head("a") + head("b").replace("2024-01-10 10:00:00,,2025", "soon,,2025")
    with pytest.raises(
        TableError,
        match=r"subscriptions.csv: start_date: 1 of 2 rows cannot be read as a day.*found 'soon'|'soon'",
    ):
        stripe(tmp_path, heads, item("a", "m") + item("b", "m"))
    one = stripe(tmp_path, heads, item("a", "m") + item("b", "m"), more='broken_rows = "reject"')
    assert causes(one)["start: cannot be read as a day"] == 1
    assert [row[0] for row in prices(one)] == ["ca"]


def test_the_export_of_the_dashboard(tmp_path: Path) -> None:
    text = """id,Customer ID,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Current Period End (UTC),Trial End (UTC),Canceled At (UTC),Ended At (UTC),Coupon
        s1,c1,x@example.com,Pro,2,usd,month,49.50,active,2024-01-31 23:30,2024-01-31 23:30,2025-01-31 23:30,,,,
        s2,c2,x@example.com,Team,1,usd,year,1200.00,canceled,2024-01-01 00:00,2024-01-01 00:00,2025-01-01 00:00,,2024-03-01 00:00,2025-01-01 00:00,
        s3,c3,x@example.com,,1,usd,,,active,2024-01-01 00:00,2024-01-01 00:00,2025-01-01 00:00,,,,
    """
    one = loaded(tmp_path, "stripe", {"x.csv": text})
    assert prices(one) == [("c1", "2024-01-31", "open", 118800), ("c2", "2024-01-01", "2025-01-01", 120000)]
    assert causes(one) == {"has no single price (several items, tiers or usage)": 1}
    assert "x@example.com" not in one.rejected.to_csv() + one.frame.to_csv()
