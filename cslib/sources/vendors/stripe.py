"""Stripe: subscriptions and their items, prices, coupons; changes of MRR; invoice lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading, missing_column
from cslib.sources.vendors.coupons import discounted
from cslib.sources.vendors.invoices import from_invoices
from cslib.sources.vendors.lines import as_lines, leave, rows_of, split, tell, trials, yearly
from cslib.sources.vendors.movements import from_movements
from cslib.sources.vendors.origin import FIELDS
from cslib.sources.vendors.table import Made, left_of, sides
from cslib.sources.vendors.terms import period_of

__all__ = ["subscriptions"]

_NEVER: Final = ("incomplete", "incomplete_expired")
_GONE: Final = ("canceled", "cancelled")


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger of a Stripe account, from the best of the files that are there.

    Source: docs.stripe.com/api (subscriptions, subscription items, prices, coupons, discounts) and
    docs.stripe.com/billing/subscriptions/analytics (what Stripe counts as MRR).
    """
    kinds = {part.kind.name for part in parts}
    if "changes" in kinds:
        return from_movements(parts, reading, "changes")
    if not kinds & {"subscriptions", "subscriptions_export"}:
        return from_invoices(parts, reading, "invoice_lines")
    notes = [note for part in parts for note in part.notes]
    heads, facts = _heads(parts)
    lines, others = _priced(parts, heads)
    notes += facts
    if "coupon" in lines and lines["coupon"].notna().any():
        has = lines["coupon"].notna()
        notes += tell(
            lines, has, "carry a coupon whose length the file does not say, and count at the price it gives"
        )
    lines = lines.drop(columns="coupon", errors="ignore")
    lines = _dated(lines)
    notes += _backdated(lines, reading)
    lines, facts = discounted(lines, sides(parts, "discounts"), sides(parts, "coupons"), reading)
    notes += facts
    endless = (lines["status"] == "trialing") & lines["trial_end"].isna() & lines["end"].isna()
    lines = leave(lines, endless, "in trial until a day the file does not say (a year)", yearly(lines))
    lines, facts = trials(lines, lines["trial_end"], still=lines["status"] == "trialing")
    notes += facts
    lines, facts = _paused(lines, reading)
    notes += facts
    for status, what in (("past_due", "past due"), ("unpaid", "unpaid")):
        notes += tell(lines, lines["status"] == status, f"{what}, and count until the subscription ends",
                      digits=reading.digits)  # fmt: skip
    used = lines["cause"] == ""
    free = used & (yearly(lines) == 0).fillna(False) & lines["reason"].isna()
    notes += tell(lines, free, "free, and make no customer of an account", digits=reading.digits)
    left = left_of(lines, heads, *others, *_sides_left(parts, lines))
    left = left[~_keys(left).isin(_keys(lines[used]))]
    made = rows_of(lines[list(as_lines(lines).columns)], digits=reading.digits)
    return Made(made, left, tuple(notes))


def _keys(frame: pd.DataFrame) -> pd.Series:
    return frame["file"].astype("str") + "\x1f" + frame["line"].astype("str")


def _heads(parts: Sequence[Part]) -> tuple[pd.DataFrame, list[str]]:
    """Subscriptions, the newest version of each; test data and those never begun left out."""
    heads = sides(parts, "subscriptions", "subscriptions_export")
    for name in (
        "latest",
        "live",
        "updated",
        "amount",
        "interval",
        "deleted",
        "paused",
        "resumed",
        "coupon",
        "price_id",
    ):
        if name not in heads:
            type_ = {"latest": "flag", "live": "flag", "deleted": "flag", "amount": "money"}.get(name, "text")
            type_ = "date" if name in ("updated", "paused", "resumed") else type_
            heads[name] = missing_column(type_, heads.index)
    heads = leave(heads, ~heads["live"].fillna(True).astype(bool), "test mode, not live", heads["amount"])
    newest = heads.sort_values("latest", kind="stable", na_position="last")
    again = newest["id"].duplicated(keep="last").reindex(heads.index)
    heads = leave(heads, again, "an earlier version of a subscription", heads["amount"])
    heads = leave(
        heads,
        heads["status"].isin(_NEVER),
        "never begun: the first payment failed (incomplete)",
        heads["amount"],
    )
    heads = leave(heads, heads["account"].isna(), "names no account", heads["amount"])
    heads["start"] = heads["start"].fillna(heads["created"])
    heads = leave(heads, heads["start"].isna(), "says no day on which it starts")
    return heads, []


def _priced(parts: Sequence[Part], heads: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One line an item with its price; for exports without items, one line a subscription."""
    items, prices = sides(parts, "items"), sides(parts, "prices")
    if not len(items) and not len(prices):
        months, weeks = period_of(heads["interval"], heads.get("interval_count"))
        quantity = heads["quantity"].fillna(1)
        lines = as_lines(
            heads, months=months, weeks=weeks, price=_times(heads["amount"], quantity), quantity=quantity
        )
        lines = _with(lines, heads)
        lines = leave(lines, lines["price"].isna(), "has no single price (several items, tiers or usage)")
        return leave(
            lines, months.isna() & weeks.isna(), "has no billing period: a one-off price", lines["price"]
        ), []
    if not len(items):
        items = heads.rename(columns={"id": "subscription"}).assign(id=heads["id"], deleted=False)
    prices = prices[~prices["id"].duplicated()].set_index("id")
    known = items["price_id"].map(lambda key: key if key in prices.index else None)
    of_price = prices.reindex(known).set_axis(items.index)
    of_head = heads[heads["cause"] == ""].drop_duplicates("id").set_index("id").reindex(items["subscription"])
    of_head = of_head.set_axis(items.index)
    months, weeks = period_of(of_price["interval"], of_price["interval_count"])
    quantity = items["quantity"].fillna(1)
    product = sides(parts, "products")
    names = dict(zip(product["id"], product["name"], strict=True)) if len(product) else {}
    lines = as_lines(
        items,
        account=of_head["account"], id=items["subscription"], start=of_head["start"], end=of_head["ended"],
        months=months, weeks=weeks, price=_times(of_price["unit_amount"], quantity), quantity=quantity,
        currency=of_price["currency"], product=of_price["product"].map(lambda key: names.get(key, key)).astype("str"),
        plan=of_price["name"].fillna(items["price_id"]),
    )  # fmt: skip
    lines = _with(lines, of_head)
    lines["item_created"] = items.get("created", pd.NaT)
    several = lines["id"].duplicated(keep=False) & lines["id"].notna()
    lines["head"] = lines["id"]
    lines["id"] = lines["id"].mask(several, lines["id"] + "/" + items["id"])
    stake = yearly(lines)
    lines = leave(
        lines,
        items.get("deleted", pd.Series(False, index=items.index)).fillna(False),
        "a deleted item",
        stake,
    )
    lines = leave(
        lines, of_head["account"].isna(), "an item of a subscription that is not used or not there", stake
    )
    lines = leave(lines, known.isna(), "an item whose price is not in the files")
    lines = leave(lines, of_price["mode"].eq("metered"), "usage: a metered price", lines["price"])
    lines = leave(
        lines,
        of_price["type"].eq("one_time") | (months.isna() & weeks.isna()),
        "a one-off price",
        lines["price"],
    )
    lines = leave(lines, lines["price"].isna(), "a tiered price, which has no single amount")
    with_items = set(items["subscription"])
    bare = leave(heads, ~heads["id"].isin(with_items), "a subscription without items in the files")
    return lines, [bare]


def _times(unit: pd.Series, quantity: pd.Series) -> pd.Series:
    return (unit.astype("float64") * quantity).round().astype("Int64")


def _with(lines: pd.DataFrame, heads: pd.DataFrame) -> pd.DataFrame:
    """Lines with what their subscription says of its life."""
    about = ("status", "created", "trial_end", "canceled", "cancel_at", "at_period_end", "period_start", "period_end",
             "ended", "paused", "resumed", "coupon")  # fmt: skip
    lines = lines.assign(
        head=lines["id"], item_created=pd.Series(pd.NaT, index=lines.index, dtype="datetime64[s]")
    )
    days = {name for name in about if FIELDS[name].kind == "date"}
    told = {name: heads[name] for name in about if name in heads}
    return lines.assign(
        **{name: one.astype("datetime64[s]") if name in days else one for name, one in told.items()}
    )


def _dated(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines that start with their item and end with their subscription; a scheduled end carries its notice."""
    later = (
        lines["item_created"].notna()
        & (lines["item_created"] > lines["created"])
        & (lines["item_created"] > lines["start"])
    )
    lines = lines.assign(start=lines["start"].mask(later, lines["item_created"]))
    gone = lines["status"].isin(_GONE)
    end = lines["ended"].fillna(lines["canceled"].where(gone))
    scheduled = lines["cancel_at"].fillna(
        lines["period_end"].where(lines["at_period_end"].fillna(False).astype(bool))
    )
    known = end.isna() & scheduled.notna()
    notice = lines["canceled"].where(known | (end.notna() & (lines["canceled"] < end)))
    end = end.fillna(scheduled)
    return lines.assign(end=end.mask(end < lines["start"], lines["start"]), notice=notice)


def _backdated(lines: pd.DataFrame, reading: Reading) -> list[str]:
    behind = (lines["created"] - lines["start"]).dt.days > 0
    return tell(lines, behind, "entered after the day they start (backdated), and count from that day: figures of the "
                "months between were printed without them", digits=reading.digits)  # fmt: skip


def _paused(lines: pd.DataFrame, reading: Reading) -> tuple[pd.DataFrame, list[str]]:
    """Days of a pause, marked as such: they count for nothing unless settings.zero_reasons says otherwise."""
    day = lines["paused"].fillna(lines["period_start"].where(lines["status"] == "paused"))
    day = day.where(lines["cause"] == "")
    if not day.notna().any():
        return lines, []
    note = tell(lines, day.notna(), "paused, and count for nothing meanwhile", digits=reading.digits)
    before, later = split(lines, day)
    later["reason"] = "paused"
    pause, after = split(later, later["resumed"])
    after["reason"] = pd.NA
    return pd.concat([before, pause, after]).sort_index(kind="stable"), note


def _sides_left(parts: Sequence[Part], lines: pd.DataFrame) -> list[pd.DataFrame]:
    """Prices, products, coupons and discounts that nothing here refers to."""
    items, heads = sides(parts, "items"), sides(parts, "subscriptions")
    wanted = set(items.get("price_id", pd.Series(dtype="str")).dropna()) | set(
        heads.get("price_id", pd.Series(dtype="str")).dropna()
    )
    prices, products = sides(parts, "prices"), sides(parts, "products")
    discounts, coupons = sides(parts, "discounts"), sides(parts, "coupons")
    left = []
    if len(prices):
        copy = prices["id"].duplicated()
        left.append(
            leave(
                leave(prices, ~prices["id"].isin(wanted), "a price of no item here"), copy, "repeats a price"
            )
        )
    if len(products):
        left.append(
            leave(
                products, ~products["id"].isin(set(prices.get("product", []))), "a product of no price here"
            )
        )
    if len(discounts):
        of_no = ~discounts["subscription"].isin(set(lines["head"]))
        left.append(leave(discounts, of_no, "a discount of no subscription here"))
    if len(coupons):
        left.append(
            leave(
                coupons, ~coupons["id"].isin(set(discounts.get("coupon", []))), "a coupon of no discount here"
            )
        )
    return left
