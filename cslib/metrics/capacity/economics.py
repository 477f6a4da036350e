"""What customer success costs and returns: spend by band, profit and loss, coverage, quotas, owners of each driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.capacity.bands import EDGES, banded
from cslib.metrics.capacity.hiring import break_even
from cslib.metrics.retention import account_changes, bridge
from cslib.metrics.rules import RULES
from cslib.months import months_before

__all__ = [
    "cs_cost",
    "cut_scenario",
    "effort",
    "profit_and_loss",
    "returns",
    "scale_lanes",
    "spend",
]

FUNCTION: Final = "customer success"
DIGITAL: Final = ("email", "survey", "in-app", "message", "webinar")


def cs_cost(book: Book, *, window: int = 12, function: str = FUNCTION) -> int:
    """Cost of a function in the window, minor units.

    Raises
    ------
    Absent
        When there are no costs, or none of this function.
    """
    costs = book.need("costs")
    mine = costs[costs["function"] == function]
    if mine.empty:
        raise Absent(f"it needs costs of the function {function!r}, of which the table costs has none")
    return int(mine.loc[mine["month"] > pd.Timestamp(months_before(book.as_of, window)), "amount"].sum())


def _minutes(book: Book, window: int) -> pd.Series[float]:
    touches = book.need("touches", "minutes")
    recent = touches[touches["date"] > pd.Timestamp(months_before(book.as_of, window))]
    minutes: pd.Series[float] = recent.groupby("account_id")["minutes"].sum()
    return minutes


def spend(
    book: Book, *, window: int = 12, edges: Sequence[int] = EDGES, function: str = FUNCTION
) -> pd.DataFrame:
    """Cost of customer success by band, shared out by the minutes of touches.

    Returns
    -------
    DataFrame
        A row a band, one ``left since`` (accounts that no longer pay) and one ``all``: ``band, n_accounts, arr,
        minutes, cost`` (minor units; largest remainders, so that the parts are the whole), ``cost_share`` (of ARR;
        missing without ARR). The allocation key is minutes.

    Raises
    ------
    Absent
        When there are no costs or no minutes.

    Source: Mehta, SaaStr 2024, spend as a share of ARR by size of contract. Systems: M09.
    """
    total, minutes = cs_cost(book, window=window, function=function), _minutes(book, window)
    live = banded(book, edges=edges)
    band = pd.Series(live["band"].astype("str").to_numpy(), index=live["account_id"])
    per_band = minutes.groupby(band.reindex(minutes.index).fillna("left since").to_numpy()).sum()
    rows = live.groupby("band", observed=False)["arr"].agg(n_accounts="size", arr="sum")
    rows.index = rows.index.astype("str")
    rows = rows.reindex([*rows.index, "left since"], fill_value=0)
    rows["minutes"] = per_band.reindex(rows.index).fillna(0)
    rows["cost"] = _parts(total, rows["minutes"])
    told = pd.concat([rows, pd.DataFrame([rows.sum(axis=0)], index=["all"])]).astype(
        {"n_accounts": "int64", "arr": "int64", "cost": "int64"}
    )
    told["cost_share"] = told["cost"] / told["arr"].where(told["arr"] > 0)
    return told.rename_axis("band").reset_index()


def _parts(total: int, weights: pd.Series[float]) -> pd.Series[int]:
    """Shares of a whole amount in proportion to weights, to the minor unit: largest remainders first."""
    exact = weights / weights.sum() * total if weights.sum() else weights * 0
    floor: pd.Series[int] = (exact // 1).astype("int64")
    left = int(total - floor.sum()) if weights.sum() else 0
    more = (exact - floor).sort_values(ascending=False, kind="stable").index[:left]
    floor.loc[more] += 1
    return floor


def effort(book: Book, *, window: int = 12) -> pd.DataFrame:
    """How work grows with the size of an account: the elasticity of minutes to ARR.

    Ordinary least squares on logarithms, over accounts that pay at the opening and have minutes in the window; 1 is
    as much more work as ARR, 0.5 is twice the work for four times the ARR. The standard error allows for unequal
    scatter (HC1).

    Returns
    -------
    DataFrame
        One row: ``elasticity, low, high, level`` (95%), ``n_accounts``, ``times_work`` (for ten times the ARR); NaN
        below ten accounts.

    Raises
    ------
    Absent
        When touches have no minutes.

    Source: Mehta, SaaStr 2024: ten times the ARR is less than ten times the work. Systems: M10.
    """
    minutes = _minutes(book, window)
    opening = account_changes(book, window=window).set_index("account_id")["opening"]
    both = pd.concat([opening.rename("arr"), minutes.rename("minutes")], axis=1, join="inner")
    both = both[(both["arr"] > 0) & (both["minutes"] > 0)]
    n, nan = len(both), float("nan")
    row = {"elasticity": nan, "low": nan, "high": nan, "level": 0.95, "n_accounts": n, "times_work": nan}
    if n < 10 or both["arr"].min() == both["arr"].max():
        return pd.DataFrame([row])
    x, y = np.log(both["arr"].to_numpy(float)), np.log(both["minutes"].to_numpy(float))
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    error = float(np.sqrt(n / (n - 2) * (x**2 @ rest**2)) / (x @ x))
    row |= {"elasticity": slope, "low": slope - 1.96 * error, "high": slope + 1.96 * error}
    return pd.DataFrame([row | {"times_work": 10**slope}])


def profit_and_loss(
    book: Book,
    *,
    window: int = 12,
    near_days: int = 90,
    services: Sequence[str] = (),
    function: str = FUNCTION,
) -> pd.DataFrame:
    """Cost of customer success beside what it owns, and beside what it touched.

    Owned: deals it found (source CSM) and won in the window, and ARR of the `services` products it sells. Influenced:
    other deals won on accounts it had touched in `near_days` before they closed; shown apart, never added to owned.

    Returns
    -------
    DataFrame
        ``line`` (cost, paid services, found and won, net, influenced), ``amount`` (minor units, a year's ARR or
        cost), ``n`` (deals or accounts; missing for cost and net), ``kind`` (ledger, owned, sum, influenced). Net is
        paid services and deals found, less cost.

    Raises
    ------
    Absent
        When there are no costs or no opportunities.

    Source: Mehta, SaaStr 2024: never only a cost centre. Systems: M15.
    """
    cost = cs_cost(book, window=window, function=function)
    deals = book.need("opportunities", "won", "closed_date")
    opened = pd.Timestamp(months_before(book.as_of, window))
    won = deals[deals["won"].fillna(False).astype(bool) & (deals["closed_date"] > opened)]
    own = won["source"].eq("CSM") if "source" in won else pd.Series(False, index=won.index)
    touched = _touched(book, won, near_days=near_days) & ~own
    ledger, day = book.tables["subscriptions"], pd.Timestamp(book.as_of)
    sold = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day)]
    sold = sold[sold["product"].isin(list(services))] if "product" in sold else sold.iloc[:0]
    paid, found = int(sold["arr"].sum()), int(won.loc[own, "amount"].sum())
    lines = [
        ("cost", -cost, pd.NA, "ledger"),
        ("paid services", paid, sold["account_id"].nunique(), "owned"),
        ("found and won", found, int(own.sum()), "owned"),
        ("net", paid + found - cost, pd.NA, "sum"),
        ("influenced", int(won.loc[touched, "amount"].sum()), int(touched.sum()), "influenced"),
    ]
    return pd.DataFrame(lines, columns=["line", "amount", "n", "kind"]).astype({"n": "Int64"})


def _touched(book: Book, deals: pd.DataFrame, *, near_days: int) -> pd.Series[bool]:
    if not book.has("touches"):
        return pd.Series(False, index=deals.index)
    both = (
        deals[["account_id", "closed_date"]]
        .reset_index(names="deal")
        .merge(book.tables["touches"][["account_id", "date"]], on="account_id")
    )
    before = (both["date"] <= both["closed_date"]) & (
        both["date"] > both["closed_date"] - pd.Timedelta(days=near_days)
    )
    touched: pd.Series[bool] = pd.Series(deals.index.isin(both.loc[before, "deal"]), index=deals.index)
    return touched


def scale_lanes(book: Book, *, window: int = 12, services: Sequence[str] = ()) -> pd.DataFrame:
    """Four ways to scale customer success, now and in the window before: each amount from its own table.

    Returns
    -------
    DataFrame
        ``lane`` (digital touches, paid services, deals of its own, influenced deals), ``now, before`` (share of
        touches, or minor units), ``unit`` (ratio or money), ``table``. Missing where the table is not given.

    Source: Mehta, SaaStr 2024, four ways to scale. Systems: M14.
    """
    ends = [book.as_of, months_before(book.as_of, window)]
    rows: dict[str, list[object]] = {
        "digital touches": [],
        "paid services": [],
        "deals of its own": [],
        "influenced deals": [],
    }
    for end in ends:
        opened, closed = pd.Timestamp(months_before(end, window)), pd.Timestamp(end)
        share: object = pd.NA
        if book.has("touches"):
            touches = book.tables["touches"]
            there = touches[(touches["date"] > opened) & (touches["date"] <= closed)]
            share = float(there["kind"].isin(DIGITAL).mean()) if len(there) else pd.NA
        rows["digital touches"].append(share)
        ledger = book.tables["subscriptions"]
        sold = ledger[(ledger["start_date"] <= closed) & ~(ledger["end_date"] <= closed)]
        paid = (
            sold["product"].isin(list(services)) if "product" in sold else pd.Series(False, index=sold.index)
        )
        rows["paid services"].append(int(sold.loc[paid, "arr"].sum()) if services else pd.NA)
        owned: object = pd.NA
        influenced: object = pd.NA
        if book.has("opportunities"):
            deals = book.tables["opportunities"]
            won = deals[
                deals["won"].fillna(False).astype(bool)
                & (deals["closed_date"] > opened)
                & (deals["closed_date"] <= closed)
            ]
            own = won["source"].eq("CSM") if "source" in won else pd.Series(False, index=won.index)
            owned = int(won.loc[own, "amount"].sum())
            influenced = int(won.loc[_touched(book, won, near_days=90) & ~own, "amount"].sum())
        rows["deals of its own"].append(owned)
        rows["influenced deals"].append(influenced)
    tables = ["touches", "subscriptions", "opportunities", "opportunities, touches"]
    return pd.DataFrame([
        {"lane": lane, "now": now, "before": before, "unit": "ratio" if i == 0 else "money", "table": tables[i]}
        for i, (lane, (now, before)) in enumerate(rows.items())
    ])  # fmt: skip


def returns(
    book: Book,
    *,
    window: int = 12,
    margin: float = RULES["gross_margin"].value,
    baseline_gross: float = RULES["baseline_gross"].value,
    function: str = FUNCTION,
) -> pd.DataFrame:
    """Return on customer success judged by churn alone, and by all of net retention, side by side.

    Saved is ARR kept above `baseline_gross` of the opening, an assumption that is printed; grown is expansion. Both
    times `margin`, over cost. An account of what happened, not of what customer success caused.

    Returns
    -------
    DataFrame
        Two rows, ``churn alone`` and ``net retention``: ``by, saved, grown, gain`` (minor units, gain at margin, half
        to even), ``cost, value`` (gain over cost, a ratio).

    Raises
    ------
    Absent
        When there are no costs of the function.

    Source: Gainsight, the return on growth beside the return on churn. Systems: N61.
    """
    cost = cs_cost(book, window=window, function=function)
    pairs = account_changes(book, window=window).query("opening > 0")
    kept = int(pairs[["opening", "closing"]].min(axis=1).sum())
    saved = max(kept - round(baseline_gross * int(pairs["opening"].sum())), 0)
    grown = int((pairs["closing"] - pairs["opening"]).clip(lower=0).sum())
    rows = []
    for by, more in (("churn alone", 0), ("net retention", grown)):
        gain = round((saved + more) * margin)
        value = gain / cost if cost else float("nan")
        rows.append({"by": by, "saved": saved, "grown": more, "gain": gain, "cost": cost, "value": value})
    return pd.DataFrame(rows)


def cut_scenario(
    book: Book,
    *,
    window: int = 12,
    margin: float = RULES["gross_margin"].value,
    points: Sequence[float] = (0.01, 0.02, 0.05, 0.10),
    function: str = FUNCTION,
) -> pd.DataFrame:
    """What would be lost if customer success were cut and gross retention fell by so many points, against cost saved.

    Returns
    -------
    DataFrame
        A row for each of `points`: ``points`` (ratio), ``lost`` (ARR a year, minor units), ``lost_margin``, ``saved``
        (cost, minor units), ``net`` (saved less lost margin), ``break_even`` (points at which both are equal).

    Raises
    ------
    Absent
        When there are no costs of the function.

    Source: cost over ARR times margin. Systems: M19.
    """
    cost = cs_cost(book, window=window, function=function)
    arr = int(bridge(book, window=window).query("metric == 'closing'")["value"].iloc[0])
    frame = pd.DataFrame({"points": list(points)})
    frame["lost"] = (frame["points"] * arr).round().astype("int64")
    frame["lost_margin"] = (frame["lost"] * margin).round().astype("int64")
    return frame.assign(
        saved=cost, net=cost - frame["lost_margin"], break_even=break_even(cost, arr, margin=margin)
    )
