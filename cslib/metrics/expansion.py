"""Expansion: what was sold to whom, what add-ons bring, who did not grow, what is paid of the list price."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.capacity.bands import band_of
from cslib.metrics.retention import account_changes
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = [
    "attach",
    "by_products_owned",
    "expansion_kinds",
    "not_expanded",
    "price_realisation",
    "utilisation",
]

KINDS: Final = (
    "same buyer, more of the same", "same buyer, new product", "new buyer, same product", "new buyer, new product",
)  # fmt: skip


def _owned(book: Book, day: pd.Timestamp) -> pd.DataFrame:
    """ARR of each account's products on a day."""
    ledger = book.need("subscriptions", "product")
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    owned: pd.DataFrame = live.groupby(["account_id", "product"])["arr"].sum().reset_index()
    return owned


def expansion_kinds(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Deals won in the window by kind of upsell: who bought, and whether the account had the product.

    A buyer is new where no earlier deal of the account, won or lost, names them; a product is new where the
    account did not have it on the day before the deal was opened. Deals whose buyer or product is not known are a
    kind of their own.

    Returns
    -------
    DataFrame
        A row a kind: ``kind, n`` (won), ``amount`` (minor units), ``share`` (of all won), ``decided`` (won or lost),
        ``win_rate, low, high`` (95%, Wilson). Kinds are disjoint and add up to all deals won.

    Raises
    ------
    Absent
        When there are no opportunities with their outcome.

    Source: Gainsight, three kinds of upsell. Systems: N62.
    """
    deals = book.need("opportunities", "won", "closed_date", "buyer", "product").sort_values(
        "created_date", kind="stable"
    )
    known = deals["buyer"].notna() & deals["product"].notna()
    again = deals.duplicated(["account_id", "buyer"])
    ledger = book.need("subscriptions", "product")
    first = (
        ledger[ledger["arr"] > 0]
        .groupby(["account_id", "product"])["start_date"]
        .min()
        .rename("first")
        .reset_index()
    )
    had = (
        deals.merge(first, on=["account_id", "product"], how="left")["first"].to_numpy()
        < deals["created_date"].to_numpy()
    )
    kind = np.select([~known, again & had, again, had], ["not known", KINDS[0], KINDS[1], KINDS[2]], KINDS[3])
    rows = deals.assign(kind=kind)[deals["closed_date"] > pd.Timestamp(months_before(book.as_of, window))]
    rows = rows[rows["won"].notna()].assign(won=lambda f: f["won"].astype(bool))
    total = int(rows.loc[rows["won"], "amount"].sum())
    told = []
    for name in (*KINDS, "not known"):
        own = rows[rows["kind"] == name]
        n, amount = int(own["won"].sum()), int(own.loc[own["won"], "amount"].sum())
        rate = wilson(n, len(own)) if len(own) else (float("nan"),) * 3
        told.append({
            "kind": name, "n": n, "amount": amount, "share": amount / total if total else float("nan"),
            "decided": len(own),
            "win_rate": rate[0], "low": rate[1], "high": rate[2],
        })  # fmt: skip
    return pd.DataFrame(told)


def attach(book: Book, *, window: int = 12, core: str | None = None) -> pd.DataFrame:
    """Share of accounts that own each product, and net retention with the add-ons and without them.

    Parameters
    ----------
    book : Book
        The company, whose ledger names products.
    window : int
        Months.
    core : str, optional
        The product that is no add-on; the one most accounts own where none is given.

    Returns
    -------
    DataFrame
        A row a product, the most owned first: ``product, core, n_accounts, attach`` (of all live accounts),
        ``arr`` (minor units), ``net_with, net_without`` (net retention of the whole book, add-on lines counted,
        and not; the same in every row), ``add_on_growth`` (ARR that add-on lines of the accounts at the opening
        gained, net, minor units), ``opening``. ``net_with - net_without`` is ``add_on_growth / opening``, where
        the opening counts all lines.

    Raises
    ------
    Absent
        When the ledger names no products.

    Source: NRR through add-ons. Systems: G36.
    """
    now = _owned(book, pd.Timestamp(book.as_of))
    then = _owned(book, pd.Timestamp(months_before(book.as_of, window)))
    counts = now.groupby("product")["account_id"].nunique().sort_values(ascending=False, kind="stable")
    base = core if core is not None else str(counts.index[0]) if len(counts) else ""
    opening = int(then["arr"].sum())
    kept = now[now["account_id"].isin(then["account_id"])]
    closing = int(kept["arr"].sum())
    growth = int(kept.loc[kept["product"] != base, "arr"].sum()) - int(
        then.loc[then["product"] != base, "arr"].sum()
    )
    frame = counts.rename("n_accounts").reset_index()
    frame["core"] = frame["product"] == base
    frame["attach"] = frame["n_accounts"] / max(now["account_id"].nunique(), 1)
    frame["arr"] = frame["product"].map(now.groupby("product")["arr"].sum())
    frame["net_with"] = closing / opening if opening else float("nan")
    frame["net_without"] = (closing - growth) / opening if opening else float("nan")
    return frame.assign(add_on_growth=growth, opening=opening)


def by_products_owned(book: Book, *, window: int = 12, most: int = 3) -> pd.DataFrame:
    """Net and gross retention by the number of products owned at the opening: raw, and at the sizes of all accounts.

    Adjusted is each size band's retention weighted by the band's share of all opening ARR; bands where a group has no
    account are left out of its average, and ``covered`` says how much of the book the rest is. An association.

    Returns
    -------
    DataFrame
        A row a number of products: ``products`` (`most` stands for that many or more), ``n_accounts, opening`` (minor
        units), ``net, gross`` (raw), ``net_adjusted, gross_adjusted, covered`` (ratios).

    Raises
    ------
    Absent
        When the ledger names no products.

    Source: direct standardisation. Systems: M02.
    """
    then = _owned(book, pd.Timestamp(months_before(book.as_of, window)))
    pairs = account_changes(book, window=window).query("opening > 0")
    pairs = pairs.assign(kept=pairs[["opening", "closing"]].min(axis=1))
    owned = pairs["account_id"].map(then.groupby("account_id")["product"].nunique()).fillna(1)
    pairs["products"] = owned.where(owned < most, most).astype("int64")
    pairs["size"] = band_of(pairs["opening"].to_numpy(), digits=book.minor_units)
    weight = pairs.groupby("size")["opening"].sum() / pairs["opening"].sum()
    rows = []
    for products, own in pairs.groupby("products"):
        sums = own.groupby("size")[["opening", "closing", "kept"]].sum()
        share = weight.reindex(sums.index)
        each = sums[["closing", "kept"]].div(sums["opening"], axis=0).mul(share / share.sum(), axis=0).sum()
        opening = int(own["opening"].sum())
        rows.append({
            "products": products, "n_accounts": len(own), "opening": opening, "net": own["closing"].sum() / opening,
            "gross": own["kept"].sum() / opening, "net_adjusted": each["closing"], "gross_adjusted": each["kept"],
            "covered": share.sum(),
        })  # fmt: skip
    columns = [
        "products",
        "n_accounts",
        "opening",
        "net",
        "gross",
        "net_adjusted",
        "gross_adjusted",
        "covered",
    ]
    return pd.DataFrame(rows, columns=columns)


def not_expanded(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Accounts that paid at both ends of the window and do not pay more: where the next step is to be found.

    Returns
    -------
    DataFrame
        A row an account, the largest first: ``account_id, name, arr`` (minor units), ``change`` (minor units),
        ``score`` (latest health; missing without), ``used`` (units in use over units paid for, latest; missing
        without), ``last_expansion`` (day of the last price above the one before it; missing where there was none).

    Source: a year without expansion. Systems: N51.
    """
    pairs = account_changes(book, window=window)
    still = pairs[(pairs["opening"] > 0) & (pairs["closing"] > 0) & (pairs["closing"] <= pairs["opening"])]
    told = still.rename(columns={"closing": "arr"})[["account_id", "name", "arr", "change"]]
    told["score"] = told["account_id"].map(_latest(book, "health", "as_of_date", "score"))
    told["used"] = told["account_id"].map(utilisation(book, pd.Timestamp(book.as_of)))
    ledger = book.tables["subscriptions"]
    line = ["account_id", *(["product"] if "product" in ledger else [])]
    rows = ledger[ledger["arr"] > 0].sort_values("start_date")
    grew = rows[rows["arr"] > rows.groupby(line, dropna=False)["arr"].shift()]
    told["last_expansion"] = (
        grew.groupby("account_id")["start_date"].max().reindex(told["account_id"]).to_numpy()
    )
    return told.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)


def _latest(book: Book, table: str, day: str, column: str) -> pd.Series[float]:
    if not book.has(table) or column not in book.tables[table]:
        return pd.Series(dtype="float64")
    rows = book.tables[table].dropna(subset=[column]).sort_values(day)
    last: pd.Series[float] = rows.groupby("account_id")[column].last().astype("float64")
    return last


def utilisation(book: Book, day: pd.Timestamp, *, months: int = 3) -> pd.Series[float]:
    """Units in use over units paid for, at the last reading of each account in the `months` up to `day`; a ratio.

    Empty where the company gave no use, or no units paid for.
    """
    if not book.has("usage") or not {"used_units", "licensed_units"} <= set(book.tables["usage"]):
        return pd.Series(dtype="float64")
    usage = book.tables["usage"].dropna(subset=["used_units", "licensed_units"])
    usage = usage[(usage["date"] <= day) & (usage["date"] > day - pd.DateOffset(months=months))]
    last = usage[usage["date"] == usage.groupby("account_id")["date"].transform("max")]
    each = last.groupby("account_id")[["used_units", "licensed_units"]].max()
    share: pd.Series[float] = each["used_units"] / each["licensed_units"].where(each["licensed_units"] > 0)
    return share


def price_realisation(book: Book, *, by: str = "cohort") -> pd.DataFrame:
    """ARR that is paid over ARR at list price, of what is live, by the year an account began or by product.

    Returns
    -------
    DataFrame
        A row a cohort (calendar year) or product and one ``all``: the column named by `by`, ``n_accounts, paid,
        listed`` (minor units), ``value`` (paid over listed). Lines without a list price are left out and counted
        in ``unlisted`` (minor units).

    Raises
    ------
    Absent
        When the ledger has no list prices, or `by` is product and it names none.

    Source: a new product is sold low first; value is recaptured later. Systems: G33.
    """
    ledger = book.need(
        "subscriptions", "list_arr" if "list_arr" in book.tables["subscriptions"] else "list_mrr"
    )
    day = pd.Timestamp(book.as_of)
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    if by == "product":
        key = book.need("subscriptions", "product")["product"].loc[live.index].astype("str")
    else:
        first = ledger[ledger["arr"] > 0].groupby("account_id")["start_date"].min()
        key = live["account_id"].map(first).dt.year.astype("str")
    rows = []
    for name in [*sorted(key.unique()), "all"]:
        own = live if name == "all" else live[key == name]
        known = own[own["list_arr"].notna()]
        paid, listed = int(known["arr"].sum()), int(known["list_arr"].sum())
        rows.append({
            by: name, "n_accounts": known["account_id"].nunique(), "paid": paid, "listed": listed,
            "value": paid / listed if listed else float("nan"), "unlisted": int(own.loc[own["list_arr"].isna(),
            "arr"].sum()),
        })  # fmt: skip
    return pd.DataFrame(rows)
