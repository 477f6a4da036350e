"""What was planted in a simulated company, in numbers worked out without the retention engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from cslib.simulate.ledger import Ledger
from cslib.simulate.panel import MONTH_ENDS
from cslib.simulate.world import DATA_UNTIL, Spec

__all__ = ["book_on", "retention", "truths"]


def book_on(ledger: Ledger, day: date | pd.Timestamp) -> pd.Series[int]:
    """ARR by account at the end of `day`, minor units of the reporting currency; merged accounts are one."""
    rows, day = ledger.subscriptions, pd.Timestamp(day)
    open_then = rows["end_date"].isna() | (rows["end_date"] > day)
    held = rows[(rows["start_date"] <= day) & open_then & (rows["arr_home"] > 0)]
    into = ledger.account_links.set_index("account_id")["into_id"].to_dict()
    return held.groupby(held["account_id"].replace(into))["arr_home"].sum()


def retention(opening: pd.Series[int], closing: pd.Series[int]) -> dict[str, Any]:
    """Net, gross (least of the two ends for each account) and logo retention of the accounts in `opening`."""
    now = closing.reindex(opening.index).fillna(0).astype("int64")
    total = int(opening.sum())
    return {
        "n_accounts": len(opening),
        "opening_arr": total,
        "closing_arr": int(now.sum()),
        "net_retention": round(int(now.sum()) / total, 4),
        "gross_retention": round(int(now.clip(upper=opening).sum()) / total, 4),
        "logo_retention": round(int((now > 0).sum()) / len(opening), 4),
    }


def _vintages(ledger: Ledger, after: int = 12) -> dict[str, dict[str, Any]]:
    """Retention `after` months from the end of the first paid month, by year of start, where it is known."""
    books = [book_on(ledger, end) for end in MONTH_ENDS]
    into = ledger.account_links.set_index("account_id")["into_id"].to_dict()
    paid = ledger.subscriptions[ledger.subscriptions["arr_home"] > 0]
    first = paid["start_date"].groupby(paid["account_id"].replace(into)).min()
    found = {}
    for year in sorted(set(first.dt.year)):
        opening, now = {}, {}
        for who, day in first[first.dt.year == year].items():
            month = int(MONTH_ENDS.searchsorted(day))
            if month + after < len(books) and who in books[month]:
                opening[who], now[who] = books[month][who], books[month + after].get(who, 0)
        if opening:
            found[str(year)] = retention(pd.Series(opening, dtype="int64"), pd.Series(now, dtype="int64"))
    return found


def truths(spec: Spec, ledger: Ledger) -> dict[str, Any]:
    """What is planted in one company, with the figures of the year to ``DATA_UNTIL``.

    Money is in minor units of the reporting currency, ratios are 0 to 1; retention by the endpoint convention.
    """
    opening = book_on(ledger, date(DATA_UNTIL.year - 1, DATA_UNTIL.month, 30))
    closing = book_on(ledger, DATA_UNTIL)
    rows = ledger.subscriptions
    merger = ledger.account_links.iloc[0]
    moved = rows[(rows["change_reason"] == "merger") & (rows["start_date"] == merger["effective_date"])]
    later = rows["end_date"] > pd.Timestamp(DATA_UNTIL)
    life = rows.groupby("account_id").agg(
        first=("start_date", "min"),
        last=("end_date", "max"),
        paid=("arr_home", "max"),
        prices=("end_date", "size"),
        ended=("end_date", "count"),
    )
    never = life.index[life["paid"] == 0]
    gone = life[(life["paid"] > 0) & (life["ended"] == life["prices"])]
    blink = gone.index[gone["first"].dt.to_period("M") == gone["last"].dt.to_period("M")]
    told: dict[str, Any] = {
        "name": spec.name,
        "story": spec.story,
        "currency": spec.currency,
        "as_of": DATA_UNTIL.isoformat(),
        "n_accounts_ever": int((life["paid"] > 0).sum()),
        "n_accounts": len(closing),
        "arr": int(closing.sum()),
        "trailing_twelve_months": retention(opening, closing),
        "largest_share_of_opening": round(float(opening.max() / opening.sum()), 4),
        "twelve_months_after_start": _vintages(ledger),
        "merger": {
            "account_id": merger["account_id"],
            "into_id": merger["into_id"],
            "effective_date": merger["effective_date"].date().isoformat(),
            "arr_moved": int(moved["arr_home"].sum()),
        },
        "joined_and_left_inside_a_month": sorted(blink),
        "never_paid": sorted(never),
        "n_reactivated": int(rows.loc[rows["change_reason"] == "reactivation", "account_id"].nunique()),
        "notified_losses": {
            "n_accounts": int(rows.loc[later, "account_id"].nunique()),
            "arr": int(rows.loc[later, "arr_home"].sum()),
        },
        "goes_with_staying_but_does_not_cause_it": f"use of {spec.features[2]}",
        "share_of_exits_without_warning": round(float((~ledger.exits["warned"].astype(bool)).mean()), 4),
    }
    if spec.newer_from:
        told["newer_accounts"] = {
            "from": spec.newer_from.isoformat(),
            "loss_against_older": spec.newer_loss,
            "growth_against_older": spec.newer_growth,
            "where": "every segment, region and channel",
        }
    if spec.whale:
        who = str(ledger.accounts.loc[ledger.accounts["name"] == spec.whale.name, "account_id"].iloc[0])
        told["single_account"] = {
            "account_id": who,
            "name": spec.whale.name,
            "share_of_opening": round(float(opening[who] / opening.sum()), 4),
            "growth": round(float(closing[who] / opening[who]), 4),
            "without_it": retention(opening.drop(who), closing),
        }
    return told
