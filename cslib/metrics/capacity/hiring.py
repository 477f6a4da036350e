"""When to hire: the next full book in each band, what triggers a hire, and what it must save to pay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.metrics.capacity.bands import EDGES, band_names, band_of, banded
from cslib.metrics.capacity.load import people
from cslib.metrics.retention import arr
from cslib.metrics.rules import RULES
from cslib.months import months_before

__all__ = [
    "book_against_capacity",
    "break_even",
    "hire_leader",
    "hiring_calendar",
    "months_to_full",
    "ratio_scenarios",
    "triggers",
]

LIGHTS: Final = ("hire now", "wait", "no need", "unknown")


def break_even(cost: float, arr: float, *, margin: float = RULES["gross_margin"].value) -> float:
    """Points of gross retention that `cost` a year must save to pay for itself: ``cost / (arr x margin)``; a ratio.

    NaN where there is no ARR or no margin.

    >>> break_even(100_000, 2_000_000, margin=0.8)
    0.0625

    Source: Lemkin, SaaStr, a CSM at about $100k. Systems: L04, M19.
    """
    return cost / (arr * margin) if arr > 0 and margin > 0 else float("nan")


def months_to_full(book_arr: float, capacity: float, *, growth: float) -> float:
    """Months until a book that grows by `growth` a month reaches `capacity`; 0 when it has, infinite if never.

    >>> round(months_to_full(2_000_000, 4_000_000, growth=0.06), 2)  # two CSMs with 1M each, 2M each at most
    11.9

    Source: Gleeson, SaaStr 2024, hiring arithmetic. Systems: G16.
    """
    if book_arr >= capacity:
        return 0.0
    if book_arr <= 0 or growth <= 0:
        return math.inf
    return math.log(capacity / book_arr) / math.log1p(growth)


def hire_leader(
    *,
    arr: float,
    manager_ramping: bool | None,
    sellers_on_quota: bool | None,
    leader_there: bool = False,
    leader_from: float = RULES["leader_from"].value,
    leader_by: float = RULES["leader_by"].value,
) -> tuple[str, tuple[str, ...]]:
    """Whether to hire the head of customer success: ``hire now``, ``wait``, ``no need``, ``unknown``; and the reasons.

    Neither too early (no customers that pay for it) nor too late (nobody to receive customers): below `leader_from`
    wait, from `leader_by` hire; between them both signals decide. A signal that is not known (None) leaves it open
    unless the other one already says wait.

    >>> hire_leader(arr=2_000_000, manager_ramping=True, sellers_on_quota=True)[0]
    'hire now'

    Source: Gleeson, SaaStr 2024. Systems: G15.
    """
    if leader_there:
        return "no need", ("one is there",)
    if arr < leader_from:
        return "wait", ("too few customers to pay for it",)
    if arr >= leader_by:
        return "hire now", ("renewals are more than founders can do",)
    signals = {
        "the sales manager is ramping": manager_ramping,
        "early sellers make their quota": sellers_on_quota,
    }
    if False in signals.values():
        return "wait", tuple(f"not yet: {text}" for text, value in signals.items() if value is False)
    if None in signals.values():
        return "unknown", tuple(f"not known: {text}" for text, value in signals.items() if value is None)
    return "hire now", tuple(signals)


def _history(book: Book, edges: Sequence[int], months: int) -> pd.DataFrame:
    """ARR of each of today's bands now and `months` ago, each day's accounts banded as they were."""
    earlier = months_before(book.as_of, months)
    past = _standing(book, pd.Timestamp(earlier), edges)
    now = banded(book, edges=edges).groupby("band", observed=False)["arr"].sum()
    return pd.DataFrame({"arr": now, "was": past})


def _standing(book: Book, day: pd.Timestamp, edges: Sequence[int]) -> pd.Series[int]:
    ledger = book.tables["subscriptions"]
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    each = live.groupby("account_id")["arr"].sum().to_numpy()
    total: pd.Series[int] = pd.Series(each).groupby(band_of(each, edges=edges, digits=book.minor_units)).sum()
    return total.reindex(band_names(edges), fill_value=0)


def hiring_calendar(
    book: Book,
    *,
    edges: Sequence[int] = EDGES,
    arr_per_csm: float = RULES["arr_per_csm"].value,
    lead_months: float = RULES["lead_months"].value,
    ramp_months: float = RULES["ramp_months"].value,
    window: int = 12,
    horizon: int = 24,
) -> pd.DataFrame:
    """Months in which to start each hire, so that a CSM is ready before the band's ARR fills the next book.

    A band's ARR goes on by the same amount a month as over the last `window`; a straight line, not a forecast with a
    range. Hires whose full book lies beyond `horizon` months are left out, as are bands that do not grow.

    Returns
    -------
    DataFrame
        A row a hire, in order of its start: ``band, csm`` (which of the band, from 1), ``arr`` (today, minor units),
        ``a_month`` (growth, minor units), ``full_in`` (months until the books of those before it are full),
        ``start_in`` (months until the search begins: lead and ramp earlier; negative when late), ``start`` (month),
        ``late``.

    Source: Lemkin, SaaStr, hire ahead of each $2M in a band. Systems: L12.
    """
    step = arr_per_csm * 10**book.minor_units
    rows = []
    for band, now, was in _history(book, edges, window).itertuples():
        grows = (now - was) / window
        if grows <= 0:
            continue
        first = int(now // step) + 1
        for csm in range(first, first + horizon):
            full_in = (csm * step - now) / grows
            if full_in > horizon:
                break
            start_in = full_in - lead_months - ramp_months
            rows.append({
                "band": str(band), "csm": csm + 1, "arr": int(now), "a_month": round(grows), "full_in": full_in,
                "start_in": start_in, "late": start_in < 0,
                "start": pd.Timestamp(months_before(book.as_of, -max(math.floor(start_in), 0))),
            })  # fmt: skip
    columns = ["band", "csm", "arr", "a_month", "full_in", "start_in", "start", "late"]
    return pd.DataFrame(rows, columns=columns).sort_values(["start_in", "band"], ignore_index=True)


def triggers(
    book: Book,
    *,
    enterprise_from: float = RULES["enterprise_from"].value,
    enterprise_at_once: float = RULES["enterprise_at_once"].value,
    middle_from: float = RULES["middle_band_from"].value,
    middle_to: float = RULES["middle_band_to"].value,
    margin: float = RULES["gross_margin"].value,
    cost: float = RULES["csm_cost"].value,
) -> pd.DataFrame:
    """What calls for a first CSM of a band, and since when.

    Enterprise: the second account from `enterprise_from` on, or the first from `enterprise_at_once` (both inclusive).
    A middle band: ``wait`` below `middle_from` of ARR, ``when cash allows`` below `middle_to`, ``hire`` from there.

    Returns
    -------
    DataFrame
        A row a band: ``band, arr`` (minor units), ``n_accounts, state`` (served where an account has an owner, hire,
        when cash allows, wait), ``since`` (day
        the enterprise trigger fired; missing for the others), ``break_even`` (ratio of the band's ARR that one CSM
        must save a year), ``payback_months`` (of a CSM who keeps a tenth of the band's ARR).

    Source: Lemkin, SaaStr. Systems: L13, L14.
    """
    scale = 10**book.minor_units
    names = band_names()
    live = banded(book)
    sums = live.groupby("band", observed=False)["arr"].agg(["sum", "size"])
    since = _enterprise_since(book, enterprise_from * scale, enterprise_at_once * scale)
    rows = []
    for band in names[:-1]:
        amount, n = int(sums["sum"][band]), int(sums["size"][band])
        if band == names[0]:
            state = "hire" if since is not None else "wait"
        else:
            state = (
                "hire"
                if amount >= middle_to * scale
                else "when cash allows"
                if amount >= middle_from * scale
                else "wait"
            )
        if (live.loc[live["band"] == band, "owner"].notna()).any():
            state = "served"
        saved = amount / scale * margin * 0.1
        rows.append({
            "band": band, "arr": amount, "n_accounts": n, "state": state,
            "since": since if band == names[0] else pd.NaT,
            "break_even": break_even(cost, amount / scale, margin=margin),
            "payback_months": 12 * cost / saved if saved > 0 else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"since": "datetime64[s]"})


def _enterprise_since(book: Book, low: float, top: float) -> pd.Timestamp | None:
    """First day on which two accounts were at `low` or one at `top`; None when it never was."""
    ledger = book.tables["subscriptions"]
    begun = ledger[["account_id", "start_date", "arr"]].rename(columns={"start_date": "day"})
    ended = ledger.loc[ledger["end_date"].notna(), ["account_id", "end_date", "arr"]].rename(
        columns={"end_date": "day"}
    )
    steps = pd.concat([begun, ended.assign(arr=-ended["arr"])])
    steps = steps[steps["day"] <= pd.Timestamp(book.as_of)]
    wide = steps.pivot_table(
        index="day", columns="account_id", values="arr", aggfunc="sum", fill_value=0
    ).cumsum()
    fired = ((wide >= low).sum(axis=1) >= 2) | (wide >= top).any(axis=1)
    return fired.index[fired][0] if fired.any() else None


def ratio_scenarios(
    book: Book,
    *,
    ratios: Sequence[float] = (RULES["arr_per_csm_funded"].value, RULES["arr_per_csm"].value),
    cost: float = RULES["csm_cost"].value,
    margin: float = RULES["gross_margin"].value,
) -> pd.DataFrame:
    """The same book at different ARR per CSM: people, cost, accounts each, and what they must save.

    Returns
    -------
    DataFrame
        A row a ratio: ``arr_per_csm`` (whole units), ``csms`` (rounded up), ``cost`` (minor units a year),
        ``cost_share`` (of ARR), ``accounts_each``, ``break_even`` (points of gross retention, a ratio).

    Source: Lemkin, SaaStr, $1M where growth is funded. Systems: L16.
    """
    now = arr(book).query("end == end.max()").iloc[0]
    amount, n, scale = int(now["value"]), int(now["n_accounts"]), 10**book.minor_units
    rows = []
    for ratio in ratios:
        csms = -(-amount // int(ratio * scale))
        spent = csms * cost
        share = spent * scale / amount if amount else float("nan")
        rows.append({
            "arr_per_csm": ratio, "csms": csms, "cost": round(spent * scale), "cost_share": share,
            "accounts_each": n / csms if csms else float("nan"),
            "break_even": break_even(spent, amount / scale, margin=margin),
        })  # fmt: skip
    return pd.DataFrame(rows)


def book_against_capacity(
    book: Book,
    *,
    arr_per_csm: float = RULES["arr_per_csm"].value,
    role: str = "CSM",
    window: int = 12,
    months: Sequence[int] = (0, 6, 12),
) -> pd.DataFrame:
    """ARR today and some months ahead, against what the CSMs who are there can look after.

    ARR goes on by the same rate a month as over the last `window`; not a forecast with a range.

    Returns
    -------
    DataFrame
        A row for each of `months`: ``months``, ``arr`` (minor units, half to even), ``there``, ``capacity`` (minor
        units), ``needed`` (CSMs, rounded up), ``short``, and ``full_in`` (months until the capacity is reached, the
        same in every row; infinite when it never is).

    Raises
    ------
    Absent
        When there is no team.

    Source: Gleeson, SaaStr 2024. Systems: G16.
    """
    there = len(people(book, role=role))
    levels = arr(book).set_index("end")["value"]
    now = int(levels.iloc[-1])
    was = int(levels.get(pd.Timestamp(months_before(book.as_of, window)), 0))
    growth = (now / was) ** (1 / window) - 1 if was else 0.0
    scale = 10**book.minor_units
    capacity = int(there * arr_per_csm * scale)
    rows = [{"months": m, "arr": round(now * (1 + growth) ** m)} for m in months]
    frame = pd.DataFrame(rows).assign(there=there, capacity=capacity)
    frame["needed"] = -(-frame["arr"] // int(arr_per_csm * scale))
    frame["short"] = frame["needed"] - there
    return frame.assign(full_in=months_to_full(now, capacity, growth=growth))
