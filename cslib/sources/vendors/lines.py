"""Lines of a contract or subscription to rows of the ledger: trials, pauses, terms, renewals and gaps, each counted.

A line is a price over an interval: ``file, line, cause, left_amount`` and `LINE`. Where `cause` is not blank the line
is left out and `left_amount` says what is at stake, in minor units of its currency.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
import pandas as pd

from cslib.sources.money import convert
from cslib.sources.vendors.cells import decimals, missing_column

__all__ = [
    "LINE",
    "amounts",
    "as_lines",
    "leave",
    "months_between",
    "of_total",
    "plus_months",
    "rows_of",
    "split",
    "tell",
    "trials",
    "yearly",
]

LINE: Final = {
    "account": "text",
    "id": "text",
    "start": "date",
    "end": "date",
    "mrr": "money",
    "arr": "money",
    "price": "money",
    "months": "count",
    "weeks": "count",
    "currency": "text",
    "quantity": "number",
    "list_price": "money",
    "product": "text",
    "plan": "text",
    "signed": "date",
    "term_end": "date",
    "notice": "date",
    "auto_renew": "flag",
    "reason": "text",
}
_CONTRACT: Final = {
    "account": "account_id",
    "id": "subscription_id",
    "start": "start_date",
    "end": "end_date",
    "months": "billing_months",
    "weeks": "billing_weeks",
    "signed": "signed_date",
    "term_end": "term_end_date",
    "notice": "notice_date",
    "reason": "change_reason",
}


def as_lines(frame: pd.DataFrame, **columns: pd.Series) -> pd.DataFrame:
    """Lines from a typed file: the columns that are called the same, and those given; the others missing."""
    made = frame[["file", "line", "cause", "left_amount"]].copy()
    for name, kind in LINE.items():
        found = columns.get(name, frame.get(name))
        made[name] = missing_column(kind, frame.index) if found is None else found
    return made


def leave(frame: pd.DataFrame, at: pd.Series, cause: str, amount: pd.Series | None = None) -> pd.DataFrame:
    """Frame in which the rows `at`, unless left out already, are left out for `cause`, with what is at stake."""
    new = at.fillna(False).astype(bool) & (frame["cause"] == "")
    if not new.any():
        return frame
    left = frame["left_amount"] if amount is None else frame["left_amount"].mask(new, amount.astype("Int64"))
    return frame.assign(cause=frame["cause"].mask(new, cause), left_amount=left)


def months_between(start: pd.Series, end: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Whole months from `start` to the exclusive `end`, days left over, and days of the month they lie in.

    A month ends on the same day of the next one, or on its last where it has no such day: a year is 12 months, 31
    January to 28 February is one.

    >>> day = lambda text: pd.Series([text]).astype("datetime64[s]")
    >>> [int(part[0]) for part in months_between(day("2024-01-15"), day("2025-01-15"))]
    [12, 0, 31]
    >>> [int(part[0]) for part in months_between(day("2024-01-01"), day("2024-02-16"))]
    [1, 15, 29]
    """
    months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    clamped = np.minimum(start.dt.day, end.dt.days_in_month)
    whole = months - (end.dt.day < clamped).astype("int64")
    first = plus_months(start, whole)
    after = plus_months(start, whole + 1)
    return whole, (end - first).dt.days, (after - first).dt.days


def plus_months(day: pd.Series, months: pd.Series) -> pd.Series:
    """Day so many months later, on the last of its month where that has no such day."""
    at = (day.dt.year * 12 + day.dt.month - 1 + months).fillna(0).astype("int64")
    first = pd.Series(
        (at.to_numpy() - 1970 * 12).astype("datetime64[M]").astype("datetime64[s]"), index=day.index
    )
    moved = first + pd.to_timedelta(np.minimum(day.dt.day, first.dt.days_in_month) - 1, unit="D")
    there: pd.Series = moved.astype("datetime64[s]").where(day.notna() & months.notna())
    return there


def of_total(total: pd.Series, start: pd.Series, end: pd.Series) -> pd.Series:
    """ARR of an amount for the whole of an interval, in months of its term, exact and rounded once, half to even.

    >>> day = lambda text: pd.Series([text]).astype("datetime64[s]")
    >>> of_total(pd.Series([60_000_00]), day("2024-01-01"), day("2024-07-01")).tolist()
    [12000000]
    """
    whole, rest, of = months_between(start, end)
    made = [
        _rounded(Fraction(int(amount)) * 12 * int(d) / (int(m) * int(d) + int(r)))
        if pd.notna(amount) and pd.notna(m) and int(m) * int(d) + int(r) > 0
        else pd.NA
        for amount, m, r, d in zip(total, whole, rest, of, strict=True)
    ]
    return pd.Series(made, index=total.index, dtype="Int64")


def _rounded(value: Fraction) -> int:
    return round(value)  # Python rounds a Fraction half to even, exactly.


def yearly(lines: pd.DataFrame) -> pd.Series:
    """Recurring amount of a year of each line, in minor units of its own currency; missing where it has none."""
    year = lines["arr"].fillna(lines["mrr"] * 12)
    for period, of in (("months", 12), ("weeks", 52)):
        for n in lines[period].dropna().unique():
            at = (lines[period] == n).fillna(False) & lines["price"].notna() & year.isna()
            if n > 0 and at.any():
                year[at] = convert(lines.loc[at, "price"].astype("int64"), Fraction(of, int(n))).astype(
                    "Int64"
                )
    return year


def amounts(values: pd.Series, currency: pd.Series, *, digits: int) -> str:
    """Sums by currency as a note shows them.

    >>> amounts(pd.Series([150, 50], dtype="Int64"), pd.Series(["USD", "USD"]), digits=2)
    '2.00 USD'
    """
    told = []
    for code, group in values.dropna().groupby(currency.fillna("")):
        places = int(decimals(pd.Series([code or None]), pd.RangeIndex(1), digits).iloc[0])
        told.append(f"{int(group.sum()) / 10**places:,.{places}f} {code}".strip())
    return " and ".join(told)


def tell(
    lines: pd.DataFrame, at: pd.Series, what: str, *, amount: pd.Series | None = None, digits: int = 2
) -> list[str]:
    """One fact about the rows `at`: how many, and how much a year; none where there are no such rows."""
    at = at.fillna(False).astype(bool) & (lines["cause"] == "")
    if not at.any():
        return []
    money = amounts(
        (yearly(lines) if amount is None else amount)[at], lines.loc[at, "currency"], digits=digits
    )
    return [f"{what}: {int(at.sum()):,} rows{f', {money} a year' if money else ''}"]


def split(lines: pd.DataFrame, day: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What of each line lies before `day`, and what from it on; a line without a day is all before."""
    inside = day.notna() & (day > lines["start"]) & (lines["end"].isna() | (day < lines["end"]))
    after = day.notna() & (day <= lines["start"])
    before = lines[~after].assign(end=lines["end"].mask(inside, day)[~after])
    later = lines[inside | after]
    return before, later.assign(start=later["start"].mask(inside[inside | after], day[inside | after]))


def trials(lines: pd.DataFrame, trial_end: pd.Series, *, still: pd.Series) -> tuple[pd.DataFrame, list[str]]:
    """Lines whose days in trial count for nothing; where one is `still` in trial, nothing is paid after it either."""
    used = lines["cause"] == ""
    end = trial_end.where(trial_end > lines["start"]).where(used)
    end = end.mask(still.fillna(False).astype(bool) & used, lines["end"].fillna(trial_end))
    on = end.notna()
    if not on.any():
        return lines, []
    note = tell(lines, on, "days in trial count for nothing")
    before, later = split(lines[on], end[on])
    money = [name for name in ("mrr", "arr", "price", "list_price") if lines[name].notna().any()]
    before = before.assign(
        **{name: before[name].where(before[name].isna(), 0) for name in money}, reason="trial"
    )
    trialing = still.reindex(later.index).fillna(False).astype(bool)
    return pd.concat([lines[~on], before, later[~trialing]]).sort_index(kind="stable"), note


def sequence(
    lines: pd.DataFrame, chain: pd.Series, *, grace: int, digits: int
) -> tuple[pd.DataFrame, list[str]]:
    """Lines of which each follows the one before it in its `chain`: no overlap, no gap of up to `grace` days."""
    used = lines[lines["cause"] == ""]
    order = used.assign(chain=chain).sort_values(["chain", "start"], kind="stable")
    following = order.groupby("chain")["start"].shift(-1)
    gap = (following - order["end"]).dt.days
    early = following.notna() & (order["end"].isna() | (gap < 0))
    late = (gap > 0) & (gap <= grace)
    order["end"] = order["end"].mask(early | late, following)
    notes = tell(
        order, early, "renewed early, so the term before ends where the new one starts", digits=digits
    )
    notes += tell(
        order, late, f"renewed late, within the {grace} days of grace, so there is no gap", digits=digits
    )
    near = (gap > grace) & (gap <= 31)
    notes += tell(order, near, f"gaps of {grace + 1} to 31 days before a renewal count as lost and won back; "
                  "options = { grace_days = 31 } closes them", digits=digits)  # fmt: skip
    lines = lines.copy()
    lines.loc[order.index, "end"] = order["end"]
    return lines, notes


def as_text(values: pd.Series, kind: str, digits: pd.Series) -> pd.Series:
    """Cells of one kind as text that the contract reads back exactly; `digits` are those of each row's currency."""
    if kind == "date":
        days: pd.Series = values.dt.strftime("%Y-%m-%d").astype("str")
        return days
    if kind == "money":
        out = pd.Series(pd.NA, index=values.index, dtype="str")
        for places in digits.unique():
            at = (digits == places) & values.notna()
            scaled = values[at].astype("int64")
            sign = np.where(scaled < 0, "-", "")
            whole, rest = scaled.abs() // 10**places, scaled.abs() % 10**places
            cents = "." + rest.astype("str").str.zfill(places) if places else ""
            out[at] = pd.Series(sign, index=scaled.index) + whole.astype("str") + cents
        return out
    if kind == "number":
        whole = (values % 1 == 0).fillna(False)
        return (
            values.astype("str")
            .mask(whole, values.where(whole).astype("Int64").astype("str"))
            .where(values.notna())
        )
    return (
        values.astype("str").where(values.notna()).str.lower()
        if kind == "flag"
        else values.astype("str").where(values.notna())
    )


def rows_of(lines: pd.DataFrame, *, digits: int) -> pd.DataFrame:
    """Lines that are used, as rows of ``subscriptions`` in text, with file and line; a column nobody has is left out.

    The price is ``mrr`` where every line has one, else ``price`` where every one has that and its period, else ``arr``.
    """
    used = lines[(lines["cause"] == "")].copy()
    if "list_price" in used and used["list_price"].notna().any():
        none = missing_column("money", used.index)
        listed = used.assign(price=used["list_price"], mrr=none, arr=none)
        used["list_mrr"] = [round(Fraction(int(v), 12)) if pd.notna(v) else pd.NA for v in yearly(listed)]
        used["list_mrr"] = used["list_mrr"].astype("Int64")
    if used["mrr"].notna().all():
        drop = ["arr", "price"]
    elif used["price"].notna().all() and (used["months"].notna() | used["weeks"].notna()).all():
        drop = ["arr", "mrr"]
    else:
        used["arr"], drop = yearly(used), ["mrr", "price"]
    used = used.drop(columns=[*drop, "list_price", "left_amount", "cause"])
    kinds = {**LINE, "list_mrr": "money"}
    places = decimals(used["currency"], used.index, digits)
    made = {"file": used["file"], "line": used["line"]}
    for name in used.columns.difference(["file", "line"], sort=False):
        needed = name in ("account", "start", "end", "currency", "mrr", "arr", "price")
        if used[name].notna().any() or needed:
            made[_CONTRACT.get(name, name)] = as_text(used[name], kinds[name], places)
    if "price" not in made:
        made.pop("billing_weeks", None)
    return pd.DataFrame(made)
