"""Why accounts left: by money, by exit, to whom; what sets lost accounts apart; where an hour may still save
something."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.capacity.bands import band_names, band_of
from cslib.metrics.expansion import utilisation
from cslib.metrics.health import arr_on, left_in, score_on
from cslib.months import months_before
from cslib.stats.exits import aalen_johansen
from cslib.stats.proportion import wilson

__all__ = ["competitors", "exits", "reasons_by_money", "savability", "three_groups"]

UNKNOWN: Final = "unknown"


def _told(book: Book, window: int) -> pd.DataFrame:
    """Accounts that left in the window with every reason given for them: ``account_id, arr, reason, weight,
    source``."""
    reasons = book.need("churn_reasons")
    gone = left_in(
        book, since=pd.Timestamp(months_before(book.as_of, window)), until=pd.Timestamp(book.as_of)
    )
    both = gone.merge(reasons, on="account_id", how="left", suffixes=("", "_told"))
    both["reason"] = both["reason"].fillna(UNKNOWN)
    both["weight"] = 1 / both.groupby("account_id")["account_id"].transform("size")
    return both


def reasons_by_money(book: Book, *, window: int = 12) -> pd.DataFrame:
    """ARR lost by the reason given; an account with several reasons counts once, in equal parts.

    Returns
    -------
    DataFrame
        A row a reason, the most money first, ``unknown`` where none was given: ``reason, accounts`` (sum of
        weights), ``arr`` (minor units, half to even), ``share`` (of all lost; shares add up to 1), ``first``
        (share of accounts whose first given reason it is), ``savable`` (share of the accounts that were called
        savable; missing where nobody said).

    Raises
    ------
    Absent
        When there are no reasons.

    Source: reasons by money, first mentioned and deep. Systems: N30.
    """
    told = _told(book, window)
    told["part"] = told["arr"] * told["weight"]
    order = "date" if "date" in told else "day"
    first = told.sort_values(order, kind="stable").drop_duplicates("account_id")
    grouped = told.groupby("reason")
    frame = pd.DataFrame({"accounts": grouped["weight"].sum(), "arr": grouped["part"].sum()})
    frame["share"] = frame["arr"] / frame["arr"].sum() if len(frame) else np.nan
    frame["first"] = (first["reason"].value_counts() / max(len(first), 1)).reindex(frame.index).fillna(0)
    frame["savable"] = np.nan
    if "savable" in told:
        known = told[told["savable"].notna()]
        said = known.groupby("reason")["savable"].apply(lambda s: float(s.astype(bool).mean()))
        frame["savable"] = said.reindex(frame.index)
    frame["arr"] = frame["arr"].round().astype("int64")
    return frame.sort_values(["arr", "accounts"], ascending=False).rename_axis("reason").reset_index()


def competitors(book: Book, *, windows: int = 3) -> pd.DataFrame:
    """ARR lost to each competitor, year by year, and what was lost otherwise; shares of a year add up to 1.

    Returns
    -------
    DataFrame
        A row a year (12 months to the as-of day's month) and competitor: ``end, competitor`` (``none named``,
        ``unknown`` without any reason), ``n_accounts, arr`` (minor units, half to even), ``share``.

    Raises
    ------
    Absent
        When there are no reasons.

    Source: rivals sell against you once you are a platform. Systems: G28.
    """
    reasons = book.need("churn_reasons")
    rows = []
    for back in range(windows - 1, -1, -1):
        since, until = (pd.Timestamp(months_before(book.as_of, 12 * m)) for m in (back + 1, back))
        gone = left_in(book, since=since, until=until)
        if gone.empty:
            continue
        rival = (
            reasons.dropna(subset=["competitor"]).drop_duplicates("account_id", keep="last")
            if "competitor" in reasons
            else reasons.iloc[:0]
        )
        names = (
            gone["account_id"].map(rival.set_index("account_id")["competitor"])
            if len(rival)
            else pd.Series(pd.NA, index=gone.index)
        )
        given = gone["account_id"].isin(reasons["account_id"])
        gone["competitor"] = names.astype("object").where(
            names.notna(), np.where(given, "none named", UNKNOWN)
        )
        for name, part in gone.groupby("competitor"):
            rows.append({
                "end": until, "competitor": name, "n_accounts": len(part), "arr": int(part["arr"].sum()),
                "share": float(part["arr"].sum() / gone["arr"].sum()),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["end", "competitor", "n_accounts", "arr", "share"])


def exits(book: Book, *, ages: tuple[int, ...] = (12, 24, 36)) -> pd.DataFrame:
    """Share of accounts that has left by each age through each exit; exits compete, so their shares never add to
    over 1.

    Returns
    -------
    DataFrame
        A row an age (months) and exit: ``age, exit`` (the customer's decision, not the customer's decision,
        unknown), ``value, low, high`` (Aalen-Johansen, 95% by its standard error), ``n_accounts``.

    Raises
    ------
    Absent
        When there are no reasons.

    Source: Aalen and Johansen 1978. Systems: N30.
    """
    reasons = book.need("churn_reasons")
    paid = book.tables["subscriptions"].query("arr > 0")
    day = pd.Timestamp(book.as_of)
    first = paid.groupby("account_id")["start_date"].min()
    gone = left_in(book, since=pd.Timestamp.min, until=day).set_index("account_id")["day"]
    until = gone.reindex(first.index).fillna(day + pd.Timedelta(days=1))
    time = (until - first).dt.days / (365.25 / 12)
    chosen = reasons.drop_duplicates("account_id", keep="last").set_index("account_id")
    flag = chosen["voluntary"] if "voluntary" in chosen else pd.Series(pd.NA, index=chosen.index)
    own = flag.reindex(first.index)
    names = ["the customer's decision", "not the customer's decision", UNKNOWN]
    kind = np.select([own.fillna(False).astype(bool), own.notna()], [1, 2], 3)
    cause = np.where(first.index.isin(gone.index), kind, 0)
    keep = time.to_numpy() > 0
    found = aalen_johansen(time[keep], cause[keep])
    rows = []
    for age in ages:
        at = int(np.searchsorted(found.time, age, side="right")) - 1
        for i, label in enumerate(found.cause):
            value, se = (float(found.incidence[i, at]), float(found.se[i, at])) if at >= 0 else (0.0, 0.0)
            rows.append({
                "age": age, "exit": names[int(label) - 1], "value": value, "low": max(value - 1.96 * se, 0.0),
                "high": min(value + 1.96 * se, 1.0), "n_accounts": int(keep.sum()),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["age", "exit", "value", "low", "high", "n_accounts"])


def three_groups(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Healthy, unhealthy and lost accounts compared in what was known of them at the opening of the window.

    Lost are those that left in it; of the others, healthy are those whose band is green today, unhealthy the rest.

    Returns
    -------
    DataFrame
        A row a signal and group: ``signal`` (score, units in use, tickets, touches, NPS; as of the opening, counts
        of the 90 days before), ``group, n, mean, low, high`` (95%, normal), ``effect`` (standardised difference
        from the healthy; 0 for them), ``effect_low, effect_high`` (95%). Signals that nobody has are left out.

    Raises
    ------
    Absent
        When there are no scores.

    Source: Hedges and Olkin 1985, standardised mean difference. Systems: N31.
    """
    book.need("health", "band")
    opened, day = pd.Timestamp(months_before(book.as_of, window)), pd.Timestamp(book.as_of)
    arr = arr_on(book, opened)
    now = score_on(book, day)["band"]
    lost = ~arr.index.isin(arr_on(book, day).index)
    group = pd.Series(
        np.where(lost, "lost", np.where(now.reindex(arr.index).eq("green"), "healthy", "unhealthy")),
        index=arr.index,
    )
    signals = {"score": score_on(book, opened)["score"], "units in use": utilisation(book, opened)}
    for name, table, column in (
        ("tickets in 90 days", "tickets", "opened_at"),
        ("touches in 90 days", "touches", "date"),
    ):
        if book.has(table):
            frame = book.tables[table]
            recent = frame[(frame[column] <= opened) & (frame[column] > opened - pd.Timedelta(days=90))]
            signals[name] = recent["account_id"].value_counts().reindex(arr.index).fillna(0).astype(float)
    if book.has("surveys"):
        answers = book.tables["surveys"]
        signals["last answer"] = (
            answers[answers["date"] <= opened].sort_values("date").groupby("account_id")["score"].last()
        )
    rows = []
    for signal, values in signals.items():
        own = values.reindex(arr.index).dropna().astype(float)
        if own.empty:
            continue
        healthy = own[group.reindex(own.index) == "healthy"]
        for name in ("healthy", "unhealthy", "lost"):
            part = own[group.reindex(own.index) == name]
            n, se = len(part), float(part.std() / np.sqrt(len(part))) if len(part) > 1 else float("nan")
            effect, half = _effect(part, healthy) if name != "healthy" else (0.0, 0.0)
            rows.append({
                "signal": signal, "group": name, "n": n, "mean": float(part.mean()) if n else float("nan"),
                "low": float(part.mean()) - 1.96 * se if n else float("nan"),
                "high": float(part.mean()) + 1.96 * se if n else float("nan"),
                "effect": effect, "effect_low": effect - half, "effect_high": effect + half,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _effect(one: pd.Series[float], other: pd.Series[float]) -> tuple[float, float]:
    """Difference of means in pooled standard deviations, corrected for small samples, and half its 95% interval."""
    n, m = len(one), len(other)
    if n < 2 or m < 2:
        return float("nan"), float("nan")
    pooled = float(np.sqrt(((n - 1) * one.var() + (m - 1) * other.var()) / (n + m - 2)))
    if pooled == 0:
        return float("nan"), float("nan")
    effect = (float(one.mean()) - float(other.mean())) / pooled * (1 - 3 / (4 * (n + m) - 9))
    return effect, 1.96 * float(np.sqrt((n + m) / (n * m) + effect**2 / (2 * (n + m))))


def savability(book: Book, *, window: int = 24) -> pd.DataFrame:
    """Where an hour may return most: accounts at risk by what was savable among those who left like them, and by
    size.

    Savable is the share of lost accounts of the same size that were called savable; worth is ARR at stake times that
    share, which ranks by what can be changed, not by risk alone.

    Returns
    -------
    DataFrame
        A row a band of size that has accounts: ``size, n_accounts, arr`` (minor units, live), ``n_lost, said``
        (lost accounts of which somebody said), ``savable, low, high`` (95%, Wilson), ``left`` (share of those live
        at the opening that left), ``worth`` (minor units: ARR times left times savable, half to even).

    Raises
    ------
    Absent
        When nobody said what was savable.

    Source: uplift before risk; Ascarza 2018. Systems: N60.
    """
    reasons = book.need("churn_reasons", "savable")
    opened, day = pd.Timestamp(months_before(book.as_of, window)), pd.Timestamp(book.as_of)
    live, then = arr_on(book, day), arr_on(book, opened)
    gone = left_in(book, since=opened, until=day).set_index("account_id")
    sizes = {
        name: (band_of(np.asarray(values, dtype=np.int64), digits=book.minor_units), values)
        for name, values in (("live", live), ("then", then), ("lost", gone["arr"]))
    }
    said = (
        reasons.dropna(subset=["savable"])
        .drop_duplicates("account_id", keep="last")
        .set_index("account_id")["savable"]
    )
    rows = []
    for name in band_names():
        own, old, lost = (values[[band == name for band in bands]] for bands, values in sizes.values())
        if own.empty and lost.empty:
            continue
        known = said.reindex(lost.index).dropna().astype(bool)
        share, low, high = wilson(int(known.sum()), len(known)) if len(known) else (float("nan"),) * 3
        left = float((~old.index.isin(live.index)).mean()) if len(old) else float("nan")
        worth = float(own.sum()) * left * share
        rows.append({
            "size": name, "n_accounts": len(own), "arr": int(own.sum()), "n_lost": len(lost),
            "said": len(known), "savable": share,
            "low": low, "high": high, "left": left, "worth": round(worth) if not np.isnan(worth) else None,
        })  # fmt: skip
    if not any(row["said"] for row in rows):
        raise Absent("it needs savable in the table churn_reasons for accounts that left in the window")
    return pd.DataFrame(rows).astype({"worth": "Int64"})
