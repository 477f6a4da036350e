"""A ledger written in each vendor's shape, for round trips: what a vendor's export of the same company would hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd

from cslib.simulate import COMPANIES, simulate_ledger

DAY = pd.Timedelta(days=1)
LATER = pd.Timestamp("2028-01-01")
Files = Mapping[str, pd.DataFrame]


@cache
def ledger_of(company: int, *, n_accounts: int = 25) -> pd.DataFrame:
    """Subscriptions of some accounts of a demo company: ``account_id, id, start, end, year, currency`` and about them.

    `year` is a year's price in minor units of its own currency; a price that is 0, and a term of no day, is left out.
    """
    ledger = simulate_ledger(COMPANIES[company], 7).subscriptions
    kept = sorted(ledger["account_id"].unique())[:n_accounts]
    ledger = ledger[ledger["account_id"].isin(kept)].reset_index(drop=True)
    year = ledger["mrr"] * 12 if "mrr" in ledger else ledger["arr"]
    own = ledger["subscription_id"] if "subscription_id" in ledger else ledger["account_id"]
    made = pd.DataFrame(
        {
            "account_id": ledger["account_id"],
            "id": own,
            "start": ledger["start_date"],
            "end": ledger["end_date"],
            "year": year.astype("int64"),
            "currency": ledger["currency"],
            "product": ledger.get("product", "Product"),
        }
    )
    made = made[(made["year"] > 0) & ~(made["end"] <= made["start"])].sort_values(
        ["id", "start"], kind="stable"
    )
    before = made.groupby("id")["end"].shift()
    run = (before != made["start"]).groupby(made["id"]).cumsum()
    return made.assign(run=made["id"] + "-" + run.astype("str")).reset_index(drop=True)


def levels(rows: pd.DataFrame) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Price of a year of each account and currency, and the days on which it changes."""
    starts = rows[["account_id", "currency", "start", "year"]].rename(columns={"start": "day"})
    ends = rows.loc[rows["end"].notna(), ["account_id", "currency", "end", "year"]].rename(
        columns={"end": "day"}
    )
    moves = (
        pd.concat([starts, ends.assign(year=-ends["year"])])
        .groupby(["account_id", "currency", "day"])["year"]
        .sum()
    )
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (account, currency, day), move in moves[moves != 0].items():
        steps = found.setdefault((account, currency), [])
        steps.append((str(day.date()), (steps[-1][1] if steps else 0) + int(move)))
    return found


def read_back(frame: pd.DataFrame) -> pd.DataFrame:
    """What was imported, in the form of :func:`ledger_of`."""
    if "mrr" in frame:
        year = frame["mrr"] * 12
    elif "arr" in frame:
        year = frame["arr"]
    else:
        year = frame["price"] * 12 // frame["billing_months"]
    columns = {"start_date": "start", "end_date": "end"}
    made = frame.rename(columns=columns).assign(year=year.astype("int64"))
    return made[["account_id", "start", "end", "year", "currency"]]


def cents(values: pd.Series) -> pd.Series:
    return (values // 100).astype("str") + "." + (values % 100).astype("str").str.zfill(2)


def monthly(rows: pd.DataFrame) -> pd.Series:
    return rows["year"] // 12


def stripe_changes(rows: pd.DataFrame) -> Files:
    before = rows.groupby("run")["year"].shift(fill_value=0)
    up = rows.assign(
        event_timestamp=rows["start"], mrr_change=(rows["year"] - before) // 12, event_type="ACTIVE_UPGRADE"
    )
    last = rows[~rows["run"].duplicated(keep="last") & rows["end"].notna()]
    down = last.assign(event_timestamp=last["end"], mrr_change=-last["year"] // 12, event_type="ACTIVE_END")
    events = pd.concat([up, down]).rename(
        columns={"account_id": "customer_id", "run": "subscription_id", "product": "product_id"}
    )
    events["event_timestamp"] = events["event_timestamp"].dt.strftime("%Y-%m-%d 00:00:00")
    events["currency"] = events["currency"].str.lower()
    columns = [
        "customer_id",
        "subscription_id",
        "product_id",
        "event_timestamp",
        "event_type",
        "currency",
        "mrr_change",
    ]
    return {"subscription_item_change_events.csv": events[columns]}


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    firsts = rows.groupby("run")["start"].first()
    newest = rows[~rows["run"].duplicated(keep="last")]
    return newest.assign(begun=newest["run"].map(firsts))


def stripe_api(rows: pd.DataFrame) -> Files:
    now = _newest(rows)
    day = "%Y-%m-%d 00:00:00"
    heads = pd.DataFrame(
        {
            "id": now["run"], "customer_id": now["account_id"], "status": now["end"].isna().map({True: "active", False: "canceled"}),
            "created": now["begun"].dt.strftime(day), "start_date": now["begun"].dt.strftime(day),
            "current_period_start": now["begun"].dt.strftime(day), "current_period_end": LATER.strftime(day),
            "trial_start": None, "trial_end": None, "canceled_at": now["end"].dt.strftime(day), "cancel_at": None,
            "cancel_at_period_end": "false", "ended_at": now["end"].dt.strftime(day), "livemode": "true",
        }
    )  # fmt: skip
    items = pd.DataFrame({"id": "si_" + now["run"], "subscription_id": now["run"], "price_id": "price_" + now["run"],
                          "quantity": 1, "created": now["begun"].dt.strftime(day)})  # fmt: skip
    prices = pd.DataFrame({"id": "price_" + now["run"], "currency": now["currency"].str.lower(), "unit_amount": now["year"],
                           "recurring_interval": "year", "recurring_interval_count": 1, "type": "recurring",
                           "recurring_usage_type": "licensed", "product_id": now["product"]})  # fmt: skip
    return {"subscriptions.csv": heads, "subscription_items.csv": items, "prices.csv": prices}


def stripe_dashboard(rows: pd.DataFrame) -> Files:
    now = _newest(rows)
    day = "%Y-%m-%d %H:%M"
    return {
        "subscriptions.csv": pd.DataFrame(
            {
                "id": now["run"], "Customer ID": now["account_id"], "Customer Email": "a@example.com", "Plan": now["product"],
                "Quantity": 1, "Currency": now["currency"].str.lower(), "Interval": "month", "Amount": cents(monthly(now)),
                "Status": now["end"].isna().map({True: "active", False: "canceled"}),
                "Created (UTC)": now["begun"].dt.strftime(day), "Start Date (UTC)": now["begun"].dt.strftime(day),
                "Current Period End (UTC)": LATER.strftime(day), "Canceled At (UTC)": now["end"].dt.strftime(day),
                "Ended At (UTC)": now["end"].dt.strftime(day),
            }
        )
    }  # fmt: skip


def matrix(rows: pd.DataFrame) -> Files:
    months = pd.date_range("2021-10-31", "2026-09-30", freq="ME")
    key = ["account_id", "currency"]
    wide = rows[key].drop_duplicates().reset_index(drop=True)
    for month in months:
        on = rows[(rows["start"] <= month) & ~(rows["end"] <= month)]
        at = (on.groupby(key)["year"].sum() // 12).rename("value").reset_index()
        wide[month.strftime("%Y-%m-%d")] = cents(
            wide[key].merge(at, how="left")["value"].fillna(0).astype("int64")
        )
    return {
        "mrr_per_subscriber.csv": wide.rename(columns={"account_id": "Customer ID", "currency": "Currency"})
    }


def chartmogul_activities(rows: pd.DataFrame) -> Files:
    events = stripe_changes(rows)["subscription_item_change_events.csv"]
    change = events["mrr_change"]
    return {
        "activities.csv": pd.DataFrame(
            {
                "Customer External ID": events["customer_id"], "Customer Name": "x", "Subscription External ID": events["subscription_id"],
                "Date": events["event_timestamp"].str.slice(0, 10), "Type": "Expansion", "Description": "x",
                "Currency": events["currency"].str.upper(),
                "MRR Movement": change.map(lambda v: f"{'-' if v < 0 else ''}{abs(v) // 100}.{abs(v) % 100:02d}"),
            }
        )
    }  # fmt: skip


def chartmogul_lines(rows: pd.DataFrame) -> Files:
    """One line a month of service: what a monthly invoice would hold."""
    out = []
    for row in rows.itertuples():
        end = row.end if pd.notna(row.end) else LATER
        start, n = row.start, 1
        while start < end:
            after = min(row.start + pd.DateOffset(months=n), end)
            whole = row.start + pd.DateOffset(months=n)
            if after == whole:
                out.append(
                    (
                        row.account_id,
                        row.run,
                        row.product,
                        "subscription",
                        start,
                        after,
                        row.year // 12,
                        row.currency,
                    )
                )
            else:
                last = (after - start).days / (whole - start).days
                out.append(
                    (
                        row.account_id,
                        row.run,
                        row.product,
                        "subscription",
                        start,
                        after,
                        round(row.year / 12 * last),
                        row.currency,
                    )
                )
            start, n = after, n + 1
    names = [
        "Customer external ID",
        "Subscription external ID",
        "Plan",
        "Type",
        "Service period start",
        "Service period end",
        "Amount",
        "Currency",
    ]
    lines = pd.DataFrame(out, columns=names)
    return {"lines.csv": lines.assign(Amount=cents(lines["Amount"]), Prorated="false")}


def recurly(rows: pd.DataFrame) -> Files:
    day = "%Y-%m-%d 00:00:00"
    gone = rows.groupby("run")["end"].transform(lambda ends: ends.iloc[-1])
    firsts = rows.groupby("run")["start"].transform("first")
    return {
        "subscription_history.csv": pd.DataFrame(
            {
                "id": rows["run"], "created_at": firsts.dt.strftime(day), "updated_at": rows["start"].dt.strftime(day),
                "activated_at": firsts.dt.strftime(day), "canceled_at": None, "expires_at": gone.dt.strftime(day),
                "account_id": rows["account_id"], "plan_id": rows["product"], "state": gone.isna().map({True: "active", False: "expired"}),
                "current_period_ends_at": LATER.strftime(day), "currency": rows["currency"], "unit_amount": cents(rows["year"]),
                "quantity": 1, "add_ons_total": "0.0",
            }
        ),
        "plan_history.csv": pd.DataFrame({"id": rows["product"].unique(), "name": rows["product"].unique(), "interval_unit": "months",
                                          "interval_length": 12, "updated_at": "2020-01-01 00:00:00"}),
    }  # fmt: skip


def chargebee(rows: pd.DataFrame) -> Files:
    now = _newest(rows)
    return {
        "Subscriptions.csv": pd.DataFrame(
            {
                "subscriptions.id": now["run"], "customers.id": now["account_id"], "subscriptions.plan_id": now["product"],
                "subscriptions.plan_quantity": 1, "subscriptions.plan_unit_price": cents(now["year"]),
                "subscriptions.currency_code": now["currency"], "subscriptions.billing_period": 1,
                "subscriptions.billing_period_unit": "year", "subscriptions.activated_at": now["begun"].dt.strftime("%Y-%m-%d"),
                "subscriptions.status": now["end"].isna().map({True: "active", False: "cancelled"}),
                "subscriptions.cancelled_at": now["end"].dt.strftime("%Y-%m-%d"),
            }
        )
    }  # fmt: skip


def zuora(rows: pd.DataFrame) -> Files:
    segment = rows.groupby("run").cumcount() + 1
    return {
        "RatePlanCharge.csv": pd.DataFrame(
            {
                "RatePlanCharge.Id": [f"c{i}" for i in range(len(rows))], "RatePlanCharge.ChargeNumber": "C-" + rows["run"],
                "RatePlanCharge.Segment": segment, "RatePlanCharge.Version": 1, "Account.AccountNumber": rows["account_id"],
                "Account.Currency": rows["currency"], "Subscription.Name": rows["run"], "Product.Name": rows["product"],
                "RatePlanCharge.ChargeType": "Recurring", "RatePlanCharge.MRR": cents(monthly(rows)),
                "RatePlanCharge.EffectiveStartDate": rows["start"].dt.strftime("%Y-%m-%d"),
                "RatePlanCharge.EffectiveEndDate": rows["end"].dt.strftime("%Y-%m-%d"),
            }
        )
    }  # fmt: skip


def salesforce(rows: pd.DataFrame) -> Files:
    return {
        "contracts.csv": pd.DataFrame(
            {
                "Contract Number": [f"{i:08d}" for i in range(len(rows))], "Account ID": rows["account_id"], "Status": "Activated",
                "Start Date": rows["start"].dt.strftime("%Y-%m-%d"), "End Date": (rows["end"] - DAY).dt.strftime("%Y-%m-%d"),
                "ARR": cents(rows["year"]), "Contract Currency": rows["currency"], "Product": rows["product"],
            }
        )
    }  # fmt: skip


def hubspot(rows: pd.DataFrame) -> Files:
    return {
        "line_items.csv": pd.DataFrame(
            {
                "Record ID": [str(i) for i in range(len(rows))], "Associated Company ID": rows["account_id"], "Name": rows["product"],
                "Quantity": 1, "Unit price": cents(rows["year"]), "Billing frequency": "Annually",
                "Billing start date": rows["start"].dt.strftime("%Y-%m-%d"), "Billing end date": rows["end"].dt.strftime("%Y-%m-%d"),
                "Currency": rows["currency"],
            }
        )
    }  # fmt: skip


def planhat(rows: pd.DataFrame) -> Files:
    return {
        "licenses.csv": pd.DataFrame(
            {
                "_id": [f"l{i}" for i in range(len(rows))], "companyId": rows["account_id"], "product": rows["product"],
                "arr": cents(rows["year"]), "fromDate": rows["start"].dt.strftime("%Y-%m-%dT00:00:00.000Z"),
                "toDate": (rows["end"] - DAY).dt.strftime("%Y-%m-%dT00:00:00.000Z"), "toDateIncluded": "true",
                "currency": rows["currency"], "status": "ongoing",
            }
        )
    }  # fmt: skip


def generic(rows: pd.DataFrame) -> Files:
    return {
        "contracts.csv": pd.DataFrame(
            {
                "customer": rows["account_id"], "contract": [f"k{i}" for i in range(len(rows))], "annual_value": cents(rows["year"]),
                "from": rows["start"].dt.strftime("%Y-%m-%d"), "to": rows["end"].dt.strftime("%Y-%m-%d"),
                "currency": rows["currency"],
            }
        )
    }  # fmt: skip


def tables(rows: pd.DataFrame) -> Files:
    return {
        "subscriptions.csv": pd.DataFrame(
            {
                "account_id": rows["account_id"], "start_date": rows["start"].dt.strftime("%Y-%m-%d"),
                "end_date": rows["end"].dt.strftime("%Y-%m-%d"), "arr": cents(rows["year"]), "currency": rows["currency"],
                "subscription_id": rows["id"], "product": rows["product"],
            }
        )
    }  # fmt: skip


WHOLE: Mapping[str, Callable[[pd.DataFrame], Files]] = {  # shapes that carry every price and day
    "stripe changes": stripe_changes,
    "chartmogul activities": chartmogul_activities,
    "recurly": recurly,
    "zuora": zuora,
    "salesforce": salesforce,
    "hubspot": hubspot,
    "planhat": planhat,
    "generic": generic,
    "tables": tables,
}
NEWEST: Mapping[str, Callable[[pd.DataFrame], Files]] = {  # shapes that carry the price of today only
    "stripe api": stripe_api,
    "stripe dashboard": stripe_dashboard,
    "chargebee": chargebee,
}
