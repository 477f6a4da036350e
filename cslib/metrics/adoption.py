"""Adoption: what is used of what was bought, and what of it goes with staying."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.expansion import utilisation
from cslib.metrics.names import names_of
from cslib.metrics.retention import account_changes
from cslib.months import months_before
from cslib.stats.many import benjamini_hochberg
from cslib.stats.proportion import newcombe, wilson
from cslib.stats.quantiles import normal_two_sided

__all__ = [
    "accounts_returning",
    "feature_adoption",
    "feature_journey",
    "features_and_staying",
    "next_features",
    "one_action",
    "shelfware",
]

BANDS = (0.25, 0.5, 0.75, 0.9)


def _used(book: Book, *, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """Account and feature pairs with use in ``(since, until]``."""
    usage = book.need("usage", "feature")
    own = usage[(usage["date"] > since) & (usage["date"] <= until)]
    own = own[own["events"] > 0] if "events" in own else own
    return own[["account_id", "feature"]].drop_duplicates()


def _live(book: Book) -> pd.DataFrame:
    return account_changes(book, window=1).query("closing > 0").set_index("account_id")


def feature_adoption(book: Book, *, months: int = 3) -> pd.DataFrame:
    """Share of live accounts that used each feature in the last months: of all that could, never more than all.

    Returns
    -------
    DataFrame
        A row a feature, the most used first: ``feature, n_used, n_accounts`` (live), ``value, low, high`` (95%,
        Wilson), ``arr`` (of accounts that use it, minor units).

    Raises
    ------
    Absent
        When there is no use by feature.

    Source: adoption is users of a feature over those entitled. Systems: G30.
    """
    live = _live(book)
    until = pd.Timestamp(book.as_of)
    pairs = _used(book, since=pd.Timestamp(months_before(book.as_of, months)), until=until)
    pairs = pairs[pairs["account_id"].isin(live.index)]
    rows = []
    for feature, own in pairs.groupby("feature"):
        value, low, high = wilson(len(own), len(live))
        arr = int(live.loc[own["account_id"], "closing"].sum())
        rows.append({
            "feature": feature, "n_used": len(own), "n_accounts": len(live), "value": value, "low": low, "high": high,
            "arr": arr,
        })  # fmt: skip
    columns = ["feature", "n_used", "n_accounts", "value", "low", "high", "arr"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["n_used", "feature"], ascending=[False, True], ignore_index=True
    )


def next_features(book: Book, *, months: int = 3) -> pd.DataFrame:
    """The feature an account does not use that most accounts with its features do.

    Returns
    -------
    DataFrame
        A row an account with use and a step left, the largest first: ``account_id, name, arr`` (minor units),
        ``features`` (number used), ``next`` (feature), ``share`` (of accounts that use all of its features and
        more, that use it), ``n``.

    Raises
    ------
    Absent
        When there is no use by feature.

    Source: the next step gives more value. Systems: G30.
    """
    live = _live(book)
    pairs = _used(book, since=pd.Timestamp(months_before(book.as_of, months)), until=pd.Timestamp(book.as_of))
    owned = pairs[pairs["account_id"].isin(live.index)].groupby("account_id")["feature"].agg(frozenset)
    every = sorted({feature for features in owned for feature in features})
    rows = []
    for account, features in owned.items():
        like = [other for other in owned if features < other]
        if not like:
            continue
        share = {f: sum(f in other for other in like) / len(like) for f in every if f not in features}
        best = max(share, key=lambda f: (share[f], f))
        rows.append({
            "account_id": account, "name": live.loc[str(account), "name"], "arr": int(live["closing"][str(account)]),
            "features": len(features), "next": best, "share": share[best], "n": len(like),
        })  # fmt: skip
    columns = ["account_id", "name", "arr", "features", "next", "share", "n"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["arr", "account_id"], ascending=[False, True], ignore_index=True
    )


def shelfware(book: Book, *, window: int = 12, bands: Sequence[float] = BANDS) -> pd.DataFrame:
    """Units in use over units paid for: what lies on the shelf now, and what became of low and high use a window ago.

    Returns
    -------
    DataFrame
        A row a band of use: ``band, n_accounts, arr`` (live now, minor units), ``shelf`` (ARR of units not in use,
        half to even), then of accounts by their use at the opening of the window: ``n_then, shrank`` (share that
        pays less or left), ``low, high`` (95%, Wilson), ``lift`` (over the share of all). Use times the contract
        is what is used.

    Raises
    ------
    Absent
        When use does not say units paid for and in use.

    Source: the gap between entitlement and use. Systems: N07.
    """
    book.need("usage", "licensed_units", "used_units")
    pairs = account_changes(book, window=window).set_index("account_id")
    opened = pd.Timestamp(months_before(book.as_of, window))
    now, then = utilisation(book, pd.Timestamp(book.as_of)), utilisation(book, opened)
    edges = [-np.inf, *bands, np.inf]
    names = [
        f"under {bands[0]:.0%}",
        *(f"{a:.0%} to {b:.0%}" for a, b in pairwise(bands)),
        f"{bands[-1]:.0%} and more",
    ]
    live = pairs[pairs["closing"] > 0].assign(used=now)
    old = pairs[pairs["opening"] > 0].assign(used=then)
    live = live.assign(band=pd.cut(live["used"], edges, right=False, labels=names))
    old = old.assign(
        band=pd.cut(old["used"], edges, right=False, labels=names), less=old["closing"] < old["opening"]
    )
    known = old[old["band"].notna()]
    base = float(known["less"].mean()) if len(known) else float("nan")
    rows = []
    for name in names:
        own, past = live[live["band"] == name], known[known["band"] == name]
        k, n = int(past["less"].sum()), len(past)
        share, low, high = wilson(k, n) if n else (float("nan"),) * 3
        rows.append({
            "band": name, "n_accounts": len(own), "arr": int(own["closing"].sum()),
            "shelf": round(float((own["closing"] * (1 - own["used"]).clip(lower=0)).sum())),
            "n_then": n, "shrank": share, "low": low, "high": high, "lift": share / base if base else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows)


def features_and_staying(
    book: Book, *, within: int = 90, horizon: int = 365, limit: float = 0.10
) -> pd.DataFrame:
    """Features whose early use goes with staying: naive, from a landmark on, and what passes a false-discovery limit.

    Naive compares accounts that ever used the feature with those that never did; who stays longer has more time to
    use anything. From the landmark on, accounts still paying `within` days after their start are compared by use
    up to then.

    Returns
    -------
    DataFrame
        A row a feature, the largest difference first: ``feature, reach`` (share that used it by the landmark),
        ``n_used, n_other, naive`` (difference of the shares that still pay `horizon` days after the start),
        ``difference, low, high`` (landmark; 95%, Newcombe), ``p, passed`` (of all features tested at `limit`). An
        association.

    Raises
    ------
    Absent
        When there is no use by feature, or no account is old enough.

    Source: Anderson, Cain and Gelber 1983; Benjamini and Hochberg 1995. Systems: N47.
    """
    usage = book.need("usage", "feature")
    paid = book.tables["subscriptions"].query("arr > 0")
    first, day = paid.groupby("account_id")["start_date"].min(), pd.Timestamp(book.as_of)
    first = first[first + pd.Timedelta(days=horizon) <= day]
    ends = paid.groupby("account_id")["end_date"].max().reindex(first.index)
    ends = ends.where(~ends.index.isin(paid.loc[paid["end_date"].isna(), "account_id"]))
    stays = ends.isna() | (ends > first + pd.Timedelta(days=horizon))
    alive = ends.isna() | (ends > first + pd.Timedelta(days=within))
    if not alive.any():
        raise Absent(f"it needs accounts that began at least {horizon} days before")
    own = usage[usage["account_id"].isin(first.index)]
    own = own[own["events"] > 0] if "events" in own else own
    began = own.groupby(["feature", "account_id"])["date"].min()
    rows = []
    for feature in sorted(own["feature"].unique()):
        on = began.loc[feature].reindex(first.index)
        ever, early = on.notna(), on <= first + pd.Timedelta(days=within)
        used, other = alive & early, alive & ~early
        counts = [int(stays[used].sum()), int(used.sum()), int(stays[other].sum()), int(other.sum())]
        if not counts[1] or not counts[3]:
            continue
        gap = newcombe(*counts)
        pooled = (counts[0] + counts[2]) / (counts[1] + counts[3])
        se = float(np.sqrt(pooled * (1 - pooled) * (1 / counts[1] + 1 / counts[3])))
        rows.append({
            "feature": feature, "reach": float(early[alive].mean()), "n_used": counts[1], "n_other": counts[3],
            "naive": float(stays[ever].mean() - stays[~ever].mean()) if (~ever).any() else float("nan"),
            "difference": gap[0], "low": gap[1], "high": gap[2], "p": normal_two_sided(gap[0] / se) if se else 1.0,
        })  # fmt: skip
    columns = ["feature", "reach", "n_used", "n_other", "naive", "difference", "low", "high", "p"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["passed"] = benjamini_hochberg(frame["p"], limit=limit).passed if len(frame) else False
    return frame.sort_values(["difference", "feature"], ascending=[False, True], ignore_index=True)


def one_action(book: Book, *, months: int = 3) -> pd.DataFrame:
    """Live accounts by how many features they use, those that use one alone first.

    Returns
    -------
    DataFrame
        A row an account with use: ``account_id, name, arr`` (minor units), ``features, depth`` (features used over
        features anyone uses, 0 to 1), ``only`` (the feature, where it is one).

    Raises
    ------
    Absent
        When there is no use by feature.

    Source: single-action use. Systems: N48.
    """
    live = _live(book)
    pairs = _used(book, since=pd.Timestamp(months_before(book.as_of, months)), until=pd.Timestamp(book.as_of))
    own = pairs[pairs["account_id"].isin(live.index)]
    each = own.groupby("account_id")["feature"].agg(["nunique", "min"])
    told = each.rename(columns={"nunique": "features"}).reset_index()
    told["depth"] = told["features"] / max(own["feature"].nunique(), 1)
    told["only"] = told["min"].where(told["features"] == 1)
    told["arr"] = told["account_id"].map(live["closing"])
    told["name"] = names_of(book, told["account_id"])
    ordered = told.sort_values(
        ["features", "arr", "account_id"], ascending=[True, False, True], ignore_index=True
    )
    return ordered[["account_id", "name", "arr", "features", "depth", "only"]]


def accounts_returning(book: Book, *, months: int = 12, by: Sequence[str] = ()) -> pd.DataFrame:
    """Accounts that come back after their first use: in exactly that month, and in that month or any later one.

    Returns
    -------
    DataFrame
        A row a month since the first use, from 0: ``month, n_accounts`` (that could be seen so long), ``on``
        (share with use in that month), ``by`` (share with use in that month or later); both are 1 in month 0.

    Raises
    ------
    Absent
        When there is no use.

    Source: return-on and return-by curves. Systems: N46.
    """
    usage = book.need("usage")
    own = usage[usage["events"] > 0] if "events" in usage else usage
    month = own["date"].dt.year * 12 + own["date"].dt.month
    first = month.groupby(own["account_id"]).transform("min")
    pairs = pd.DataFrame({"account_id": own["account_id"], "age": month - first}).drop_duplicates()
    seen = book.as_of.year * 12 + book.as_of.month - month.groupby(own["account_id"]).min()
    last = pairs.groupby("account_id")["age"].max()
    rows = []
    for age in range(months + 1):
        there = seen.index[seen >= age]
        if not len(there):
            break
        came = pairs.loc[pairs["age"] == age, "account_id"]
        rows.append({
            "month": age, "n_accounts": len(there), "on": float(there.isin(came).mean()),
            "by": float((last.reindex(there) >= age).mean()),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["month", "n_accounts", "on", "by"])


def feature_journey(book: Book, *, steps: Sequence[str] | None = None, within: int = 180) -> pd.DataFrame:
    """How far accounts get along a path of features, each first used no earlier than the one before, in so many days.

    Parameters
    ----------
    book : Book
        The company, with use by feature.
    steps : sequence of str, optional
        Features in order; by the number of accounts that ever used them where none are given.
    within : int
        Days from the first step.

    Returns
    -------
    DataFrame
        A row a step, up to the first that nobody reaches: ``step, n_accounts, conversion`` (from the one before),
        ``overall, lost`` (accounts that stop before it), ``within``.

    Raises
    ------
    Absent
        When there is no use by feature.

    Source: funnels over sequences of events. Systems: N35.
    """
    usage = book.need("usage", "feature")
    own = usage[usage["events"] > 0] if "events" in usage else usage
    order = (
        list(steps)
        if steps is not None
        else list(
            own.groupby("feature")["account_id"].nunique().sort_values(ascending=False, kind="stable").index
        )
    )
    first = own.groupby(["account_id", "feature"])["date"].min().unstack().reindex(columns=order)
    there = first[first[order[0]].notna()]
    rows, entered, before = [], len(there), len(there)
    for i, step in enumerate(order):
        if i:
            ok = (there[step] >= there[order[i - 1]]) & (
                there[step] <= there[order[0]] + pd.Timedelta(days=within)
            )
            there = there[ok]
        n = len(there)
        rows.append({
            "step": step, "n_accounts": n, "conversion": n / before if before else float("nan"),
            "overall": n / entered if entered else float("nan"), "lost": before - n, "within": within,
        })  # fmt: skip
        before = n
        if not n:
            break
    return pd.DataFrame(rows)
