"""Coupons by duration: for ever or for some months they lower the price while they last; once they do not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd

from cslib.sources.vendors.cells import Reading
from cslib.sources.vendors.lines import amounts, plus_months, yearly

__all__ = ["discounted"]


def _terms(discounts: pd.DataFrame, coupons: pd.DataFrame) -> pd.DataFrame:
    """Discounts with what their coupon takes off and until when; only those that last."""
    known = coupons[~coupons["id"].duplicated()].set_index("id")
    about = known.reindex(discounts["coupon"]).set_axis(discounts.index)
    for name in ("amount_off", "percent_off", "duration", "months"):
        if name not in about:
            about[name] = pd.NA
    months = about["months"].where(about["duration"].eq("repeating"))
    end = discounts["end"].fillna(plus_months(discounts["start"], months.astype("Int64")))
    return discounts.assign(
        end=end,
        amount_off=about["amount_off"],
        percent_off=about["percent_off"],
        duration=about["duration"].fillna(""),
    )


def _less(price: int, amount_off: Any, percent_off: Any) -> int:
    if pd.notna(percent_off):
        return round(price * (1 - Fraction(str(percent_off)) / 100))
    return max(price - int(amount_off), 0) if pd.notna(amount_off) else price


def discounted(
    lines: pd.DataFrame, discounts: pd.DataFrame, coupons: pd.DataFrame, reading: Reading
) -> tuple[pd.DataFrame, list[str]]:
    """Lines at the price that is billed while a discount lasts, with the list price kept; the money told.

    A coupon for one invoice (``once``) leaves the recurring price as it is. An amount off is taken from the first line
    of its subscription.
    """
    lines = lines.assign(list_price=lines["list_price"])
    if not len(discounts) or reading.option("coupons") == "ignored":
        n = len(discounts)
        return lines, [f"{n:,} discounts are not applied, as options say"] if n else []
    terms = _terms(discounts[discounts["subscription"].notna()], coupons)
    once = terms[terms["duration"].eq("once")]
    unknown = terms[terms["duration"].eq("") & terms["amount_off"].isna() & terms["percent_off"].isna()]
    lasting = terms[~terms["duration"].eq("once") & terms.index.isin(terms.index.difference(unknown.index))]
    notes = []
    for some, what in ((once, "coupons for one invoice leave the recurring price as it is"),
                       (unknown, "discounts whose coupon is not in the files are not applied")):  # fmt: skip
        n = int(some["subscription"].isin(set(lines.loc[lines["cause"] == "", "head"])).sum())
        notes += [f"{what}: {n:,} rows"] if n else []
    before = yearly(lines)
    out: list[dict[str, Any]] = []
    n_hit = 0
    by_head = {str(head): group for head, group in lasting.groupby("subscription")}
    hit = lines["head"].isin(set(by_head)) & (lines["cause"] == "") & lines["price"].notna()
    first = (~lines[hit].duplicated("head")).to_numpy()
    for no, (at, line) in enumerate(lines[hit].iterrows()):
        group = by_head[line["head"]]
        days = {line["start"], *group["start"], *group["end"].dropna()}
        cuts = sorted(d for d in days if d >= line["start"] and (pd.isna(line["end"]) or d < line["end"]))
        n_hit += 1
        for start, end in zip(cuts, [*cuts[1:], line["end"]], strict=True):
            price = int(line["price"])
            for one in group[(group["start"] <= start) & ~(group["end"] <= start)].itertuples():
                price = _less(price, one.amount_off if first[no] else pd.NA, one.percent_off)
            out.append(
                {
                    **{str(key): cell for key, cell in line.items()},
                    "start": start,
                    "end": end,
                    "list_price": line["price"],
                    "price": price,
                    "_at": at,
                }
            )
    if not out:
        return lines, notes
    pieces = pd.DataFrame(out).set_index("_at").astype(lines.dtypes.to_dict())
    saved = before.reindex(pieces.index).to_numpy() - yearly(pieces.reset_index(drop=True))
    lower = pd.Series(saved.to_numpy(), index=pieces.index).groupby(level=0).max()
    told = amounts(lower, lines.loc[lower.index, "currency"], digits=reading.digits)
    notes.append(f"priced less a coupon while it lasts: {n_hit:,} rows, {told} a year off the list price")
    rest = lines[~lines.index.isin(pieces.index)]
    return pd.concat([rest, pieces]).sort_index(kind="stable"), notes
