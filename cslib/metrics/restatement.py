"""Restatement: which past figures moved between two readings of the same company, by how much, and because of what.

Two readings are compared as of the last day that both knew. Row order, other ids, and periods that are cut up another
way but say the same are no restatement and are not reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics import retention

__all__ = [
    "CAUSES", "ROW", "Restated", "moved_figures", "moved_rows", "n_common", "past_figures", "restated", "told",
    "with_reasons",
]  # fmt: skip

CAUSES: Final = (
    "backdated cancellation", "merged account", "late row", "removed row", "changed row", "changed rate",
)  # fmt: skip
KEY: Final = ["metric", "convention", "start", "end", "by"]
NEVER: Final = pd.Timestamp("1900-01-01")  # stands for no date in a key, as NaN equals nothing
EQUAL: Final = 1e-12  # of a ratio; money is compared exactly
FIGURE: Final = [*KEY, "unit", "old", "new", "change", "cause"]
ROW: Final = [
    "cause", "account_id", "into_id", "since", "start_date", "old_end", "new_end", "old_arr", "new_arr", "change",
]  # fmt: skip
SHOWN: Final = 3


def past_figures(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Figures of every month up to the as-of day, that a later reading of the company should give again.

    Returns the tidy frames of :mod:`cslib.metrics.retention` one below the other: ARR, the five movements of each
    month, net, gross and logo retention over trailing windows.
    """
    moves = retention.movements(book)
    frames = [
        retention.arr(book),
        moves[moves["metric"].isin(retention.MOVEMENTS)],
        *(make(book, window=window) for make in (
            retention.net_retention, retention.gross_retention, retention.logo_retention)),
    ]  # fmt: skip
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def moved_figures(old: pd.DataFrame, new: pd.DataFrame, *, until: date | None = None) -> pd.DataFrame:
    """Figures that both readings give, and give differently.

    Parameters
    ----------
    old, new : DataFrame
        ``metric, convention, start, end, by, value, unit``; see :func:`cslib.archive.figures`.
    until : date or None
        Last day that both readings knew, where they are not as of the same day: later figures, and cells of cohorts,
        which go on growing, are then left out.

    Returns
    -------
    DataFrame
        ``metric, convention, start, end, by, unit, old, new, change, cause``, latest end first. The cause is ``changed
        convention`` where the one reading has the figure under another convention only, else empty.
    """
    if until is not None:
        old, new = (_settled(frame, until) for frame in (old, new))
    old, new = (frame.drop_duplicates(KEY) for frame in (old, new))
    sides = [frame[[*KEY, "value", "unit"]].fillna({"start": NEVER, "end": NEVER}) for frame in (old, new)]
    both = sides[0].merge(sides[1].drop(columns="unit"), on=KEY, suffixes=("_old", "_new"))
    same = both["value_old"].isna() & both["value_new"].isna()
    scale = both["value_old"].abs().clip(lower=1)
    moved = both[~same & ~((both["value_old"] - both["value_new"]).abs() <= EQUAL * scale)]
    found = pd.concat([moved.assign(cause=""), _renamed(*sides)], ignore_index=True)
    found = found.rename(columns={"value_old": "old", "value_new": "new"})
    found["change"] = found["new"] - found["old"]
    for name in ("start", "end"):
        found[name] = found[name].mask(found[name] == NEVER)
    rows = found.sort_values(
        ["end", "metric", "by"], ascending=[False, True, True], na_position="last", kind="stable"
    )
    return rows[FIGURE].reset_index(drop=True)


def n_common(old: pd.DataFrame, new: pd.DataFrame, *, until: date | None = None) -> int:
    """Count the figures that both readings give; parameters as of :func:`moved_figures`.

    None are where the two are read on other days of the month: a month end has no figure of a fifteenth.
    """
    sides = [_settled(frame, until) if until is not None else frame for frame in (old, new)]
    keys = [side[KEY].fillna({"start": NEVER, "end": NEVER}).drop_duplicates() for side in sides]
    return len(keys[0].merge(keys[1]))


def _settled(figures: pd.DataFrame, until: date) -> pd.DataFrame:
    of_cohorts = figures["by"].str.contains("cohort=", regex=False)
    return figures[(figures["end"] <= pd.Timestamp(until)) & ~of_cohorts]


def _renamed(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Figures that each side gives once, under different conventions."""
    rest = [name for name in KEY if name != "convention"]
    alone = []
    for one, other in ((old, new), (new, old)):
        missing = one[~pd.MultiIndex.from_frame(one[KEY]).isin(pd.MultiIndex.from_frame(other[KEY]))]
        alone.append(missing[~missing.duplicated(rest, keep=False)])
    pairs = alone[0].merge(alone[1].drop(columns="unit"), on=rest, suffixes=("_old", "_new"))
    told = pairs["convention_old"] + " -> " + pairs["convention_new"]
    renamed = pairs.drop(columns=["convention_old", "convention_new"])
    return renamed.assign(convention=told.astype("str"), cause="changed convention")


def moved_rows(
    old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame], *, until: date
) -> pd.DataFrame:
    """Rows of the ledger that make the past look different, and what happened to each.

    Parameters
    ----------
    old, new : mapping of str to DataFrame
        Tables of a book: ``subscriptions`` with ``arr``, and ``account_links`` where there are any.
    until : date
        Last day that both readings knew.

    Returns
    -------
    DataFrame
        ``cause`` (one of :data:`CAUSES`), ``account_id, into_id`` (of a merger), ``since`` (first day that looks
        different), ``start_date, old_end, new_end, old_arr, new_arr`` (of the row, minor units) and ``change``, the
        effect on ARR at the end of `until`. The changes add up to the change of the book's ARR on that day.

    Examples
    --------
    >>> was = pd.DataFrame({"account_id": ["A"], "start_date": pd.to_datetime(["2024-01-01"]),
    ...     "end_date": pd.to_datetime([None]), "arr": [1200]})
    >>> now = was.assign(end_date=pd.Timestamp("2024-05-01"))
    >>> rows = moved_rows({"subscriptions": was}, {"subscriptions": now}, until=date(2024, 6, 30))
    >>> rows[["cause", "account_id", "change"]].values.tolist()
    [['backdated cancellation', 'A', -1200]]
    """
    sides = [_known(tables["subscriptions"], until) for tables in (old, new)]
    accounts = _restated(*sides)
    was, now = (side[side["account_id"].isin(accounts)].reset_index(drop=True) for side in sides)
    was, now = _apart(was, now)
    rows = [row for pair in _pairs(was, now) for row in _told(*pair, now=now)]
    linked = _merged(old, new, sides[1])
    frame = pd.DataFrame([*rows, *linked], columns=ROW)
    order = pd.DataFrame(
        {"size": -frame["change"].abs(), "account": frame["account_id"], "at": frame["start_date"]}
    )
    return frame.loc[order.sort_values(list(order.columns), kind="stable").index].reset_index(drop=True)


def _known(ledger: pd.DataFrame, until: date) -> pd.DataFrame:
    """Ledger as it looks at the end of a day: nothing later."""
    day = pd.Timestamp(until)
    frame = ledger[ledger["start_date"] <= day].copy()
    frame["end_date"] = frame["end_date"].mask(frame["end_date"] > day)
    frame["price"] = (
        frame["mrr"] if "mrr" in frame else frame["quoted_arr"] if "quoted_arr" in frame else frame["arr"]
    )
    if "subscription_id" not in frame:
        frame["subscription_id"] = ""
    columns = ["subscription_id", "account_id", "start_date", "end_date", "price", "arr"]
    frame["arr"] = frame["arr"].astype("int64")
    return frame[columns].reset_index(drop=True)


def _restated(was: pd.DataFrame, now: pd.DataFrame) -> set[str]:
    """Accounts whose money over time differs, however their rows are cut."""
    events = [
        pd.DataFrame({"account_id": side["account_id"], "day": side[column], "arr": sign * side["arr"]})
        for side, sign in ((was, -1), (now, 1))
        for column, sign in (("start_date", sign), ("end_date", -sign))
    ]
    net = (
        pd.concat(events, ignore_index=True).dropna(subset="day").groupby(["account_id", "day"])["arr"].sum()
    )
    return set(net[net != 0].index.get_level_values("account_id"))


def _numbered(frame: pd.DataFrame, key: Sequence[str]) -> pd.MultiIndex:
    """Key of each row, made unique by counting those that share it."""
    plain = frame[list(key)].fillna({"end_date": NEVER})
    return pd.MultiIndex.from_frame(plain.assign(nth=plain.groupby(list(key)).cumcount()))


def _apart(was: pd.DataFrame, now: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that are not the same on both sides, each as often as it stands there."""
    key = ["account_id", "start_date", "end_date", "price", "arr"]
    left, right = _numbered(was, key), _numbered(now, key)
    return was[~left.isin(right)], now[~right.isin(left)]


def _pairs(was: pd.DataFrame, now: pd.DataFrame) -> list[tuple[pd.Series | None, pd.Series | None]]:
    """Rows that are the same row: by subscription, by account and day, or moved whole to another account."""
    pairs: list[tuple[pd.Series | None, pd.Series | None]] = []
    keys = (
        ["subscription_id", "start_date"],
        ["account_id", "start_date"],
        ["start_date", "end_date", "arr"],
    )
    for key in keys:
        named = [side["subscription_id"].fillna("") != "" for side in (was, now)]
        usable = [flag | (key[0] != "subscription_id") for flag in named]
        left, right = (
            side[use].sort_values("arr", kind="stable") for side, use in zip((was, now), usable, strict=True)
        )
        at_left, at_right = _numbered(left, key), _numbered(right, key)
        place = at_right.get_indexer(at_left)
        pairs += [(left.iloc[i], right.iloc[int(at)]) for i, at in enumerate(place) if at >= 0]
        was = was.drop(left.index[place >= 0])
        now = now.drop(right.index[place[place >= 0]])
    pairs += [(row, None) for _, row in was.iterrows()]
    return pairs + [(None, row) for _, row in now.iterrows()]


def _told(was: pd.Series | None, new: pd.Series | None, *, now: pd.DataFrame) -> list[dict[str, object]]:
    """One record for each row that differs."""
    one = new if was is None else was
    assert one is not None
    old_arr, new_arr = (0 if row is None else int(row["arr"]) for row in (was, new))
    ends = [pd.NaT if row is None else row["end_date"] for row in (was, new)]
    standing = [
        0 if not pd.isna(end) else amount for end, amount in zip(ends, (old_arr, new_arr), strict=True)
    ]
    cause, since, into = _cause(was, new, now=now)
    return [
        {
            "cause": cause, "account_id": one["account_id"], "into_id": into, "since": since,
            "start_date": one["start_date"], "old_end": ends[0], "new_end": ends[1],
            "old_arr": old_arr, "new_arr": new_arr, "change": standing[1] - standing[0],
        }
    ]  # fmt: skip


def _cause(
    was: pd.Series | None, new: pd.Series | None, *, now: pd.DataFrame
) -> tuple[str, pd.Timestamp, str]:
    if was is None or new is None:
        row = new if was is None else was
        assert row is not None
        return ("late row" if was is None else "removed row"), row["start_date"], ""
    first = min(was["start_date"], new["start_date"])
    if was["account_id"] != new["account_id"]:
        return "merged account", first, str(new["account_id"])
    if was["arr"] != new["arr"]:
        return ("changed rate" if was["price"] == new["price"] else "changed row"), first, ""
    ends = [end for end in (was["end_date"], new["end_date"]) if not pd.isna(end)]
    earlier = not pd.isna(new["end_date"]) and (pd.isna(was["end_date"]) or new["end_date"] < was["end_date"])
    follows = (
        (now["account_id"] == new["account_id"]) & (now["start_date"] == new["end_date"]) & (now["arr"] > 0)
    )
    cancelled = earlier and not follows.any()
    return ("backdated cancellation" if cancelled else "changed row"), min(ends, default=first), ""


def _merged(
    old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame], ledger: pd.DataFrame
) -> list[dict[str, object]]:
    """Links of accounts that only the new reading knows; they hold for the whole history."""
    key = ["account_id", "into_id", "kind"]
    links = [tables[name][key].drop_duplicates() if name in tables else pd.DataFrame(columns=key)
             for tables, name in ((old, "account_links"), (new, "account_links"))]  # fmt: skip
    seen = set(links[0].itertuples(index=False, name=None))
    found: list[dict[str, object]] = []
    for account, into, kind in links[1].itertuples(index=False, name=None):
        rows = ledger[ledger["account_id"] == account]
        if (account, into, kind) in seen or kind == "parent" or rows.empty:
            continue
        amount = int(rows.loc[rows["end_date"].isna(), "arr"].sum())
        found.append(
            {
                "cause": "merged account", "account_id": account, "into_id": into, "since": rows["start_date"].min(),
                "start_date": rows["start_date"].min(), "old_end": pd.NaT, "new_end": pd.NaT,
                "old_arr": amount, "new_arr": amount, "change": 0,
            }
        )  # fmt: skip
    return found


def with_reasons(
    figures: pd.DataFrame, rows: pd.DataFrame, *, otherwise: str = "", names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Figures of :func:`moved_figures` with ``why``: the rows that differ on a day that the figure looks at.

    `otherwise` says what else changed, for figures that no row explains; `names` are those of accounts.
    """
    known = names or {}
    told = rows["cause"] + " of " + rows["account_id"].map(lambda a: known.get(a, a)).astype("str")
    since = rows["since"].to_numpy(dtype="datetime64[s]")
    why = []
    for end, cause in zip(figures["end"], figures["cause"], strict=True):
        reach = np.ones(len(rows), dtype=bool) if pd.isna(end) else since <= end.to_datetime64()
        some = list(dict.fromkeys(told[reach]))
        more = f" and {len(some) - SHOWN:,} more" if len(some) > SHOWN else ""
        why.append(cause or ("; ".join(some[:SHOWN]) + more if some else otherwise))
    return figures.assign(why=pd.Series(why, index=figures.index, dtype="str"))


# --- what a report says about the one before it


@dataclass(frozen=True, eq=False)
class Restated:
    """A report's figures for the past against those of an earlier one: what moved, the rows behind it, how many.

    `rows_known` says whether both ledgers were there to be compared.
    """

    as_of: date
    n_compared: int
    figures: pd.DataFrame
    rows: pd.DataFrame
    rows_known: bool = True


def restated(
    book: Book, figures: pd.DataFrame, *, was: pd.DataFrame, tables: Mapping[str, pd.DataFrame], as_of: date
) -> Restated:
    """Compare the figures of a report with those of an earlier one, `was`, made as of `as_of` from `tables`.

    Columns as in :func:`moved_figures` and :func:`with_reasons`; where `tables` holds no ledger, rows are not compared.
    """
    until = min(as_of, book.as_of)
    accounts = book.tables.get("accounts", pd.DataFrame({"account_id": [], "name": []}))
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    known = "subscriptions" in tables and book.warehouse is None
    rows = moved_rows(tables, book.tables, until=until) if known else pd.DataFrame(columns=ROW)
    moved = with_reasons(moved_figures(was, figures, until=until), rows, names=names)
    n = n_common(was, figures, until=until)
    named = rows.assign(account_id=rows["account_id"].map(lambda a: names.get(a, a)))
    return Restated(as_of, n, moved, named, rows_known=known)


def told(found: Restated | None) -> tuple[str, ...]:
    """Sentences about a comparison with an earlier report; None where there was none."""
    if found is None:
        return (
            "No report of the quarter before was at hand, so nothing can be said about corrected history.",
        )
    if not found.n_compared:
        return (f"The report as of {found.as_of} has no figure that this one gives again.",)
    n = len(found.figures)
    if not n:
        return (f"All {found.n_compared:,} past figures of the report as of {found.as_of} are the same now.",)
    lines = [
        f"Of {found.n_compared:,} past figures of the report as of {found.as_of}, {n:,} are different now."
    ]
    if not found.rows_known:
        lines.append("Which rows of the ledger are behind it is not known: one of the two reports kept none.")
    counts = Counter(found.rows["cause"])
    lines += [
        f"{cause[0].upper()}{cause[1:]}: {counts[cause]:,}, the largest of {_largest(found.rows, cause)}."
        for cause in CAUSES
        if counts[cause]
    ]
    return tuple(lines)


def _largest(rows: pd.DataFrame, cause: str) -> str:
    first = rows[rows["cause"] == cause].iloc[0]
    return f"{first['account_id']}, seen since {first['since'].date()}"
