"""Upstream of retention: who was sold to, by whom, with which promise, through which channel, at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log, sqrt
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.cuts import NOT_GIVEN
from cslib.metrics.health import arr_on
from cslib.metrics.linked import UNCLEAR, kept_by, opening_day
from cslib.metrics.rules import RULES
from cslib.months import months_before
from cslib.stats.many import benjamini_hochberg
from cslib.stats.proportion import newcombe, wilson

__all__ = ["channels", "fit_bands", "founder_sold", "ill_fit", "promises", "promises_and_kept"]

ATTRIBUTES: Final = ("segment", "industry", "region", "channel")
NAN: Final = float("nan")
EARLY: Final = 90  # days of an account in which its tickets are early


def _begun(book: Book, *, within: int, window: int) -> pd.DataFrame:
    """Accounts that began in the window and could be seen for `within` months: first day, whether they left by then."""
    paid = book.tables["subscriptions"].query("arr > 0")
    first = paid.groupby("account_id")["start_date"].min()
    last = paid.groupby("account_id")["end_date"].max()
    last = last.where(~last.index.isin(paid.loc[paid["end_date"].isna(), "account_id"]))
    frame = pd.DataFrame({"first": first, "last": last})
    seen = frame["first"] <= pd.Timestamp(months_before(book.as_of, within))
    frame = frame[seen & (frame["first"] > opening_day(book, window))].copy()
    frame["left"] = frame["last"] <= frame["first"] + pd.DateOffset(months=within)
    return frame


def _values(book: Book, column: str) -> pd.Series[str]:
    accounts = book.need("accounts", column)
    return accounts.set_index("account_id")[column].astype("str")


def ill_fit(
    book: Book, *, by: str = "sold_by", within: int = 12, window: int = 36, limit: float = 0.1
) -> pd.DataFrame:
    """Accounts that left within a year of their start, by seller, segment or month of start, the most first.

    Each group is held against all the others; among several groups the worst is worst by chance, so that a group is
    named only where its p stays under the limit after Benjamini and Hochberg.

    Parameters
    ----------
    book : Book
        The company.
    by : str
        Column of accounts, or ``month``, that of the start.
    within, window : int
        Months in which leaving is early; months in which accounts began. All could be seen so long.
    limit : float
        Share of false names that is borne.

    Returns
    -------
    DataFrame
        ``group, n_accounts, left, rate, low, high`` (95%, Wilson), ``others`` (rate), ``difference, p`` (Fisher),
        ``adjusted, verdict, tickets`` (an account in its first days; missing without tickets), ``within`` (those
        days: 90).

    Raises
    ------
    Absent
        When accounts have no such column.

    Source: Benjamini and Hochberg 1995. Systems: G12.
    """
    frame = _begun(book, within=within, window=window)
    if by == "month":
        names = frame["first"].dt.strftime("%Y-%m")
    else:
        names = _values(book, by).reindex(frame.index).fillna(NOT_GIVEN)
    cases = _early_tickets(book, frame["first"], days=EARLY)
    rows = []
    for name, part in frame.groupby(names):
        k, n = int(part["left"].sum()), len(part)
        m, o = int(frame["left"].sum()) - k, len(frame) - n
        rate, low, high = wilson(k, n)
        p = float(fisher_exact([[k, n - k], [m, o - m]])[1]) if o else NAN
        rows.append({
            "group": name, "n_accounts": n, "left": k, "rate": rate, "low": low, "high": high,
            "others": m / o if o else NAN, "difference": rate - m / o if o else NAN, "p": p,
            "tickets": cases.reindex(part.index).mean() if cases is not None else NAN,
        })  # fmt: skip
    columns = ["group", "n_accounts", "left", "rate", "low", "high", "others", "difference", "p", "tickets"]
    found = pd.DataFrame(rows, columns=columns)
    tested = found["p"].notna()
    found["adjusted"] = NAN
    if tested.any():
        found.loc[tested, "adjusted"] = benjamini_hochberg(found.loc[tested, "p"], limit=limit).adjusted
    worse = (found["adjusted"] <= limit) & (found["difference"] > 0)
    found["verdict"] = np.where(worse, "more than others", UNCLEAR)
    found["within"] = EARLY
    return found.sort_values(["difference", "group"], ascending=[False, True], ignore_index=True)


def _early_tickets(book: Book, first: pd.Series[pd.Timestamp], *, days: int) -> pd.Series[int] | None:
    if not book.has("tickets"):
        return None
    cases = book.tables["tickets"]
    age = (cases["opened_at"] - cases["account_id"].map(first)).dt.days
    early = cases.loc[(age >= 0) & (age < days), "account_id"].value_counts()
    counted: pd.Series[int] = early.reindex(first.index).fillna(0).astype("int64")
    return counted


def founder_sold(
    book: Book, *, founders: Sequence[str], seller: str = "sold_by", within: int = 12, window: int = 60
) -> pd.DataFrame:
    """Accounts that founders sold beside those of others: who stayed a year, and how much support they asked for.

    Returns
    -------
    DataFrame
        ``measure`` (stayed; tickets an account in 90 days), ``founders, others, n_founders, n_others, difference, low,
        high`` (95%; Newcombe, Welch), ``verdict``.

    Raises
    ------
    Absent
        When no founder is named, or sellers are not recorded, or one of the kinds has fewer than two accounts.

    Source: Newcombe 1998. Systems: G13.
    """
    if not founders:
        raise Absent("it needs the names of the founders who sold (parameter founders)")
    frame = _begun(book, within=within, window=window)
    own = _values(book, seller).reindex(frame.index).isin(list(founders))
    a, b = frame[own], frame[~own]
    if len(a) < 2 or len(b) < 2:
        raise Absent("it needs two accounts or more sold by founders, and by others")
    stayed = [int((~part["left"]).sum()) for part in (a, b)]
    gap = newcombe(stayed[0], len(a), stayed[1], len(b))
    rows = [("stayed a year", stayed[0] / len(a), stayed[1] / len(b), *gap)]
    cases = _early_tickets(book, frame["first"], days=EARLY)
    if cases is not None:
        x, y = cases[own], cases[~own]
        difference = float(x.mean() - y.mean())
        half = 1.96 * sqrt(float(x.var()) / len(x) + float(y.var()) / len(y))
        rows.append(
            ("tickets in 90 days", x.mean(), y.mean(), difference, difference - half, difference + half)
        )
    return pd.DataFrame([
        {
            "measure": name, "founders": one, "others": two, "n_founders": len(a), "n_others": len(b),
            "difference": d, "low": low, "high": high,
            "verdict": "higher" if low > 0 else "lower" if high < 0 else UNCLEAR,
        }
        for name, one, two, d, low, high in rows
    ])  # fmt: skip


def fit_bands(book: Book, *, attributes: Sequence[str] = ATTRIBUTES, window: int = 12) -> pd.DataFrame:
    """Fit to the profile of those who stay: a score made in the window before, tried on the window that followed.

    The score adds up, over the attributes, the log odds of staying in the earlier window with that value against all;
    with one account of each outcome added, so that rare values say little. No outcome of the tried window is in it.

    Returns
    -------
    DataFrame
        A row a third by score, the best first, and ``all``: ``band, n_accounts, kept, rate, low, high`` (accounts;
        95%, Wilson), ``lift`` (to all), ``opening`` (minor units), ``net`` (ratio of sums).

    Raises
    ------
    Absent
        When accounts have none of the attributes, or there was nobody in the earlier window.

    Source: naive Bayes with Laplace's prior. Systems: C05.
    """
    accounts = book.need("accounts")
    known = [name for name in attributes if name in accounts]
    if not known:
        raise Absent(f"it needs one of {', '.join(attributes)} in the table accounts")
    days = [opening_day(book, 2 * window), opening_day(book, window), pd.Timestamp(book.as_of)]
    before, opening, closing = (arr_on(book, day) for day in days)
    if before.empty or opening.empty:
        raise Absent(f"it needs accounts that paid {2 * window} months ago")
    values = accounts.drop_duplicates("account_id", keep="last").set_index("account_id")[known].astype("str")
    train = values.reindex(before.index).fillna(NOT_GIVEN)
    stays = before.index.isin(opening.index)
    base = log((stays.sum() + 1) / ((~stays).sum() + 1))
    tried = values.reindex(opening.index).fillna(NOT_GIVEN)
    score = pd.Series(0.0, index=opening.index)
    for name in known:
        odds = {}
        for value, part in pd.Series(stays, index=train.index).groupby(train[name]):
            odds[value] = log((part.sum() + 1) / ((~part).sum() + 1)) - base
        score += tried[name].map(odds).fillna(0.0).astype("float64")
    order = pd.DataFrame({"score": score, "id": score.index}).sort_values(
        ["score", "id"], ascending=[False, True]
    )
    third = np.array_split(order.index.to_numpy(), 3)
    kept = opening.index[opening.index.isin(closing.index)]
    rows = []
    parts = dict(zip(("best third", "middle", "worst third"), third, strict=True)) | {
        "all": order.index.to_numpy()
    }
    for band, ids in parts.items():
        k, n = int(np.isin(ids, kept).sum()), len(ids)
        rate, low, high = wilson(k, n) if n else (NAN,) * 3
        start = int(opening.reindex(ids).sum())
        rows.append({
            "band": band, "n_accounts": n, "kept": k, "rate": rate, "low": low, "high": high, "opening": start,
            "net": float(closing.reindex(ids).fillna(0).sum()) / start if start else NAN,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["lift"] = frame["rate"] / frame["rate"].iloc[-1]
    return frame


def promises(book: Book) -> pd.DataFrame:
    """Promises made to win deals, by seller: kept, broken and open are all of them.

    Returns
    -------
    DataFrame
        A row a seller, the most broken first, then ``all``: ``seller, n, kept, broken, open, rate, low, high`` (of
        those settled; 95%, Wilson).

    Raises
    ------
    Absent
        When no deal has a promise.

    Source: promises are true and can be kept. Systems: C07.
    """
    deals = book.need("opportunities", "promised")
    deals = deals[deals["promised"].notna()]
    state = deals["promise_kept"] if "promise_kept" in deals else pd.Series(pd.NA, deals.index)
    seller = deals["seller"].fillna(NOT_GIVEN) if "seller" in deals else pd.Series(NOT_GIVEN, deals.index)
    rows = []
    for name in [*sorted(seller.unique()), "all"]:
        own = state[(seller == name) | (name == "all")]
        kept, settled = int(own.fillna(False).astype(bool).sum()), int(own.notna().sum())
        rate, low, high = wilson(kept, settled) if settled else (NAN,) * 3
        rows.append({
            "seller": name, "n": len(own), "kept": kept, "broken": settled - kept, "open": len(own) - settled,
            "rate": rate, "low": low, "high": high,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    return pd.concat(
        [frame.iloc[:-1].sort_values(["broken", "seller"], ascending=[False, True]), frame.iloc[-1:]],
        ignore_index=True,
    )


def promises_and_kept(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Accounts kept through the window: every promise settled before it was kept, against one broken; an association.

    Returns
    -------
    DataFrame
        As :func:`cslib.metrics.linked.kept_by`.

    Raises
    ------
    Absent
        When no promise was settled before the window.

    Source: Sato 1989. Systems: C07.
    """
    deals = book.need("opportunities", "promised", "promise_kept", "settled_date")
    deals = deals[deals["promise_kept"].notna() & (deals["settled_date"] <= opening_day(book, window))]
    if deals.empty:
        raise Absent("it needs promises settled before the window")
    return kept_by(book, deals["promise_kept"].astype(bool).groupby(deals["account_id"]).all(), window=window)


def channels(
    book: Book,
    *,
    window: int = 12,
    margin: float = RULES["gross_margin"].value,
    functions: Sequence[str] = ("sales", "marketing"),
) -> pd.DataFrame:
    """What a channel keeps and what it costs: retention, cost of new ARR, payback, and whether it earns it back.

    Cost is that of the channel where costs name one; what names none is shared out by new accounts, as ``basis`` says.
    A channel loses money where the margin on its new ARR, over the life that its gross retention gives, is less than
    its cost.

    Returns
    -------
    DataFrame
        A row a channel and ``all``: ``channel, n_accounts`` (at the opening), ``opening, closing, kept`` (minor units),
        ``net, gross`` (ratios of sums), ``n_new, new`` (minor units), ``cost`` (minor units), ``payback`` (months),
        ``loses, basis``. Parts add up to all.

    Raises
    ------
    Absent
        When accounts have no channel, or there are no costs of these functions.

    Source: cost of acquisition over margin. Systems: N58.
    """
    names, costs, opened = _values(book, "channel"), book.need("costs"), opening_day(book, window)
    costs = costs[costs["function"].isin(list(functions)) & (costs["month"] > opened)]
    if costs.empty:
        raise Absent(f"it needs costs of {' and '.join(functions)}")
    opening, closing = arr_on(book, opened), arr_on(book, pd.Timestamp(book.as_of))
    both = pd.DataFrame({"opening": opening, "closing": closing}).fillna(0).astype("int64")
    paid = book.tables["subscriptions"].query("arr > 0")
    first = paid.groupby("account_id")["start_date"].min().reindex(both.index)
    both["channel"] = names.reindex(both.index).fillna(NOT_GIVEN)
    both["fresh"] = first > opened
    own = costs["channel"] if "channel" in costs else pd.Series(pd.NA, costs.index)
    shared = int(costs.loc[own.isna(), "amount"].sum())
    groups = sorted({*both["channel"], *own.dropna().astype("str")})
    fresh = [int((both["fresh"] & (both["channel"] == g)).sum()) for g in groups]
    parts = _shared_out(shared, fresh)
    rows = []
    for group, part in (*zip(groups, parts, strict=True), ("all", 0)):
        mine = both if group == "all" else both[both["channel"] == group]
        old, new = mine[mine["opening"] > 0], mine[mine["fresh"]]
        start, kept = int(old["opening"].sum()), int(old[["opening", "closing"]].min(axis=1).sum())
        cost = (
            int(costs["amount"].sum())
            if group == "all"
            else int(costs.loc[own == group, "amount"].sum()) + part
        )
        gained, gross = int(new["closing"].sum()), kept / start if start else NAN
        life = inf if gross == 1 else 1 / (1 - gross) if start else NAN
        rows.append({
            "channel": group, "n_accounts": len(old), "opening": start,
            "closing": int(old["closing"].sum()), "kept": kept,
            "net": int(old["closing"].sum()) / start if start else NAN, "gross": gross, "n_new": len(new),
            "new": gained, "cost": cost, "payback": cost / (gained * margin / 12) if gained else NAN,
            "loses": bool(gained * margin * life < cost) if gained else cost > 0,
            "basis": "shared by new accounts" if shared else "by channel",
        })  # fmt: skip
    return pd.DataFrame(rows)


def _shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a total by weight; largest remainders, so that the parts are the whole."""
    whole = sum(weights) or len(weights)
    used = list(weights) if sum(weights) else [1] * len(weights)
    parts = [total * w // whole for w in used]
    order = sorted(range(len(used)), key=lambda i: (-(total * used[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
