"""The voice of the customer: recommendation with its interval, who was answered, feedback by area, loops closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from math import sqrt
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import kruskal

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.capacity.bands import band_names, band_of
from cslib.metrics.health import arr_on
from cslib.metrics.linked import UNCLEAR, opening_day
from cslib.metrics.names import names_of
from cslib.metrics.rules import RULES
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = [
    "classified", "follow_up", "inbox", "merged", "needs_canvas", "nps", "nps_quarters", "ranking", "size_test",
    "themes",
]  # fmt: skip

DETRACTOR, PROMOTER = 6, 9  # up to, and from; the scale of the question
UNKNOWN: Final = "unknown"
_OPEN: Final = ("open", "planned", "under review")


def _answers(book: Book, window: int, until: pd.Timestamp | None = None) -> pd.DataFrame:
    """Each person's last answer to the question in the months up to a day, with its vote of -1, 0 or 1."""
    answers = book.need("surveys")
    if "kind" in answers:
        answers = answers[answers["kind"] == "nps"]
    last = until if until is not None else pd.Timestamp(book.as_of)
    since = pd.Timestamp(months_before(last.date(), window))
    answers = answers[(answers["date"] > since) & (answers["date"] <= last)].sort_values(
        "date", kind="stable"
    )
    who = answers["contact_id"] if "contact_id" in answers else pd.Series(pd.NA, answers.index)
    person = who.astype("str").where(who.notna(), answers["account_id"].astype("str"))
    answers = answers.assign(person=person).drop_duplicates("person", keep="last")
    score = answers["score"].to_numpy(float)
    return answers.assign(vote=np.where(score >= PROMOTER, 1, np.where(score <= DETRACTOR, -1, 0)))


def _sizes(book: Book, arr: pd.Series[int]) -> dict[str, str]:
    """Band of ARR of each account."""
    bands = band_of(np.asarray(arr, dtype=np.int64), digits=book.minor_units)
    return dict(zip(arr.index.astype(str), bands, strict=True))


def _row(group: str, votes: pd.Series[int], asked: int | None) -> dict[str, Any]:
    n = len(votes)
    up, down = int((votes == 1).sum()), int((votes == -1).sum())
    value = (up - down) / n if n else float("nan")
    half = 1.96 * sqrt(max((up + down) / n - value**2, 0.0) / n) if n > 1 else float("nan")
    rate = wilson(min(n, asked), asked) if asked else (float("nan"),) * 3
    return {
        "group": group, "n": n, "promoters": up, "passives": n - up - down, "detractors": down, "nps": value,
        "low": max(value - half, -1.0), "high": min(value + half, 1.0), "asked": asked, "rate": rate[0],
        "rate_low": rate[1], "rate_high": rate[2], "level": 0.95,
    }  # fmt: skip


def nps(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Share of promoters (9 and 10) less that of detractors (0 to 6), whole and by the account's ARR.

    Each person counts once, by the last answer in the window. The interval is that of a difference of two shares of
    one multinomial. The response rate is by account: those that answered over those asked (touches of the kind
    survey).

    Returns
    -------
    DataFrame
        ``group`` (all; a band of ARR; ``not paying``), ``n`` (people), ``promoters, passives, detractors, nps, low,
        high`` (from -1 to 1; 95%), ``asked`` (accounts), ``rate, rate_low, rate_high`` (95%, Wilson; missing where
        invitations were not recorded), ``level`` of both intervals.

    Raises
    ------
    Absent
        When nobody was asked the question in the window.

    Source: Reichheld 2003; multinomial variance. Systems: M03, C10.
    """
    answers = _answers(book, window)
    if answers.empty:
        raise Absent("it needs answers of the kind nps in the table surveys")
    arr = arr_on(book, pd.Timestamp(book.as_of))
    size = _sizes(book, arr)
    invited: set[str] | None = None
    if book.has("touches"):
        sent = book.tables["touches"]
        sent = sent[(sent["kind"] == "survey") & (sent["date"] > opening_day(book, window))]
        if "purpose" in sent:
            sent = sent[sent["purpose"].fillna("nps") == "nps"]
        invited = set(sent["account_id"]) or None
    band = answers["account_id"].map(size).fillna("not paying")
    rows = []
    for group in ["all", *band_names(), "not paying"]:
        part = answers if group == "all" else answers[band == group]
        asked = (
            None if invited is None
            else {a for a in invited if group == "all" or size.get(a, "not paying") == group}
        )  # fmt: skip
        if len(part) or asked:
            row = _row(group, part["vote"], None if asked is None else len(asked))
            if asked:
                k = len(set(part["account_id"]) & asked)
                row |= dict(zip(("rate", "rate_low", "rate_high"), wilson(k, len(asked)), strict=True))
            rows.append(row)
    return pd.DataFrame(rows).astype({"asked": "Int64"})


def size_test(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Whether recommendation differs by the account's size: ``n_groups, n, statistic, p, verdict``; Kruskal-Wallis.

    Raises
    ------
    Absent
        When fewer than two sizes have five answers.

    Source: Kruskal and Wallis 1952. Systems: M03.
    """
    answers = _answers(book, window)
    arr = arr_on(book, pd.Timestamp(book.as_of))
    size = _sizes(book, arr)
    groups = [
        g["vote"].to_numpy() for _, g in answers.groupby(answers["account_id"].map(size)) if len(g) >= 5
    ]
    if len(groups) < 2 or len(np.unique(np.concatenate(groups))) < 2:
        raise Absent("it needs five answers in each of two sizes, and answers that differ")
    found = kruskal(*groups)
    verdict = "differs by size" if found.pvalue < 0.05 else UNCLEAR
    return pd.DataFrame([{
        "n_groups": len(groups), "n": sum(map(len, groups)), "statistic": float(found.statistic),
        "p": float(found.pvalue), "verdict": verdict,
    }])  # fmt: skip


def nps_quarters(book: Book, *, quarters: int = 8) -> pd.DataFrame:
    """Recommendation quarter by quarter, each from the answers of that quarter alone.

    Returns
    -------
    DataFrame
        ``quarter`` (its last day), ``n, nps, low, high`` (from -1 to 1; 95%).

    Raises
    ------
    Absent
        When there are no answers.

    Source: multinomial variance. Systems: M03, C10.
    """
    rows = []
    for back in range(quarters - 1, -1, -1):
        day = pd.Timestamp(months_before(book.as_of, 3 * back))
        row = _row("all", _answers(book, 3, day)["vote"], None)
        rows.append({"quarter": day, **{k: row[k] for k in ("n", "nps", "low", "high")}})
    return pd.DataFrame(rows)


def follow_up(
    book: Book, *, within: int = int(RULES["detractor_days"].value), window: int = 12
) -> pd.DataFrame:
    """Detractors of the window, and how soon somebody got in touch after the answer.

    Any contact from our side after the day of the answer counts, but for another survey.

    Returns
    -------
    DataFrame
        A row a detractor, ARR first: ``account_id, name, date, score, role, arr`` (minor units), ``days`` (to the first
        contact), ``state`` (in time, late, not yet, never: the time is not over yet, or is).

    Raises
    ------
    Absent
        When there are no answers or no touches.

    Source: a rule, printed with the report. Systems: C10.
    """
    answers = _answers(book, window)
    found = answers[answers["vote"] == -1].copy()
    touches = book.need("touches")
    touches = touches[touches["kind"] != "survey"]
    if "direction" in touches:
        touches = touches[touches["direction"].fillna("outbound") != "inbound"]
    days = []
    by_account = {key: part["date"].sort_values().to_numpy() for key, part in touches.groupby("account_id")}
    for account, day in zip(found["account_id"], found["date"], strict=True):
        on = by_account.get(account, np.array([], dtype="datetime64[s]"))
        at = int(np.searchsorted(on, np.datetime64(day), side="right"))
        days.append((pd.Timestamp(on[at]) - day).days if at < len(on) else float("nan"))
    found["days"] = days
    age = (pd.Timestamp(book.as_of) - found["date"]).dt.days
    found["state"] = np.select(
        [found["days"] <= within, found["days"].notna(), age <= within],
        ["in time", "late", "not yet"],
        "never",
    )
    found["arr"] = found["account_id"].map(arr_on(book, pd.Timestamp(book.as_of))).fillna(0).astype("int64")
    found["name"] = names_of(book, found["account_id"])
    columns = ["account_id", "name", "date", "score", "role", "arr", "days", "state"]
    return found.reindex(columns=columns).sort_values(
        ["arr", "account_id"], ascending=[False, True], ignore_index=True
    )


def needs_canvas(book: Book, *, window: int = 24) -> pd.DataFrame:
    """What customers need by stage and part of the product; a cell without a source is shown as a gap.

    Stages are by the account's age when it spoke: the first 90 days, the first year, later.

    Returns
    -------
    DataFrame
        A row a stage and area, all combinations: ``stage, area, n, n_accounts, first`` (most asked-for sources by
        account and day, at most three), ``gap``.

    Raises
    ------
    Absent
        When there is no feedback.

    Source: lean canvas of needs after the sale. Systems: G07.
    """
    items = book.need("feedback")
    items = items[items["date"] > opening_day(book, window)]
    ledger = book.tables["subscriptions"]
    first = ledger.groupby("account_id")["start_date"].min()
    age = (items["date"] - items["account_id"].map(first)).dt.days
    stages = ["first 90 days", "first year", "later"]
    stage = np.select([age <= 90, age <= 365], stages[:2], stages[2])
    votes = items["votes"].fillna(0) if "votes" in items else 0
    items = items.assign(stage=stage, weight=votes).sort_values(["weight", "date"], ascending=[False, False])
    rows = []
    for name in stages:
        for area in sorted(items["area"].unique()):
            part = items[(items["stage"] == name) & (items["area"] == area)]
            source = [f"{a} {d.date()}" for a, d in zip(part["account_id"], part["date"], strict=True)]
            rows.append({
                "stage": name, "area": area, "n": len(part), "n_accounts": part["account_id"].nunique(),
                "first": "; ".join(source[:3]), "gap": part.empty,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["stage", "area", "n", "n_accounts", "first", "gap"])


def merged(items: pd.DataFrame, *, like: float = 0.85) -> pd.Series[int]:
    """Group of each item: the same idea, or words of the same area as like as `like` (0 to 1); else its own.

    Source: Ratcliff and Metzener 1988, likeness of texts. Systems: N13.
    """
    group = pd.Series(np.arange(len(items)), index=items.index)
    if "idea" in items and items["idea"].notna().any():
        named = items["idea"].notna()
        first = group[named].groupby(items.loc[named, "idea"]).transform("min")
        group[named] = first
    if "text" not in items:
        return group
    loose = items[items["text"].notna() & (items["idea"].isna() if "idea" in items else True)]
    seen: list[tuple[str, str, int]] = []
    for at, area, text in zip(loose.index, loose["area"], loose["text"], strict=True):
        words = " ".join(sorted(str(text).casefold().split()))
        same = (g for a, w, g in seen if a == area and SequenceMatcher(None, w, words).ratio() >= like)
        found = next(same, None)
        group[at] = group[at] if found is None else found
        if found is None:
            seen.append((str(area), words, int(group[at])))
    return group


def inbox(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Feedback of the window by the channel it came through, and how many ideas are left once duplicates are merged.

    Returns
    -------
    DataFrame
        A row a channel and one ``all``: ``channel, items, ideas`` (that came first through it), ``duplicates,
        captured, low, high`` (share with a status; 95%, Wilson). Items are ideas plus duplicates.

    Raises
    ------
    Absent
        When there is no feedback.

    Source: one central place for feedback. Systems: N13.
    """
    items = book.need("feedback").sort_values("date", kind="stable", ignore_index=True)
    items = items[items["date"] > opening_day(book, window)].reset_index(drop=True)
    channel = items["channel"].fillna(UNKNOWN) if "channel" in items else pd.Series(UNKNOWN, items.index)
    new = ~merged(items).duplicated()
    status = items["status"].notna() if "status" in items else pd.Series(False, items.index)
    rows = []
    for name in [*sorted(channel.unique()), "all"]:
        part = (channel == name) | (name == "all")
        n, k = int(part.sum()), int((part & status).sum())
        share, low, high = wilson(k, n) if n else (float("nan"),) * 3
        ideas = int((part & new).sum())
        rows.append({
            "channel": name, "items": n, "ideas": ideas, "duplicates": n - ideas, "captured": share, "low": low,
            "high": high,
        })  # fmt: skip
    return pd.DataFrame(rows)


def classified(items: pd.DataFrame, taxonomy: Mapping[str, Sequence[str]]) -> pd.Series[str]:
    """Area of each item: as given, or by the words of its text in `taxonomy`; ``unknown`` where none or several fit.

    Source: a taxonomy that anybody can read. Systems: N14.
    """
    given = items["area"].astype("str") if "area" in items else pd.Series(UNKNOWN, items.index)
    text = (items["text"] if "text" in items else pd.Series("", items.index)).fillna("").str.casefold()
    fits = {area: text.map(lambda t, w=words: any(x in t for x in w)) for area, words in taxonomy.items()}
    table = pd.DataFrame(fits, index=items.index)
    named = table.idxmax(axis=1).where(table.sum(axis=1) == 1, UNKNOWN) if len(table.columns) else UNKNOWN
    blank = given.str.strip().isin(["", UNKNOWN, "other"])
    return given.where(~blank, named)


def themes(
    book: Book, *, window: int = 12, taxonomy: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """Feedback of the window by part of the product, beside the window before.

    Returns
    -------
    DataFrame
        ``area, n, before, change`` (items), ``n_accounts, votes, share`` (of all items); ``unknown`` is always there.

    Raises
    ------
    Absent
        When there is no feedback.

    Source: structured feedback. Systems: N14.
    """
    items = book.need("feedback")
    items = items.assign(area=classified(items, taxonomy or {}))
    opened, start = opening_day(book, window), opening_day(book, 2 * window)
    now, past = items[items["date"] > opened], items[(items["date"] > start) & (items["date"] <= opened)]
    names = sorted({*now["area"], *past["area"], UNKNOWN})
    rows = []
    for name in names:
        part, old = now[now["area"] == name], int((past["area"] == name).sum())
        rows.append({
            "area": name, "n": len(part), "before": old, "change": len(part) - old,
            "n_accounts": part["account_id"].nunique(),
            "votes": int(part["votes"].fillna(0).sum()) if "votes" in part else 0,
            "share": len(part) / len(now) if len(now) else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values(["n", "area"], ascending=[False, True], ignore_index=True)


def ranking(book: Book) -> pd.DataFrame:
    """What is asked for and not settled, by votes and by the ARR behind it, each account counted once.

    Returns
    -------
    DataFrame
        A row an idea (an area where ideas have no name): ``idea, n, n_accounts, votes, replies, arr`` (minor units, of
        accounts that pay today), ``share`` (of all ARR), most votes first, then ARR, then by name.

    Raises
    ------
    Absent
        When there is no feedback with a status.

    Source: rank by engagement, filter by ARR. Systems: N15.
    """
    items = book.need("feedback", "status")
    items = items[items["status"].isin(_OPEN)]
    idea = items["idea"].fillna(items["area"]) if "idea" in items else items["area"]
    arr = arr_on(book, pd.Timestamp(book.as_of))
    rows = []
    for name, part in items.groupby(idea):
        behind = int(arr.reindex(part["account_id"].unique()).fillna(0).sum())
        told = {c: int(part[c].fillna(0).sum()) if c in part else 0 for c in ("votes", "replies")}
        rows.append({
            "idea": str(name), "n": len(part), "n_accounts": part["account_id"].nunique(), **told, "arr": behind,
            "share": behind / int(arr.sum()) if len(arr) else float("nan"),
        })  # fmt: skip
    frame = pd.DataFrame(rows, columns=["idea", "n", "n_accounts", "votes", "replies", "arr", "share"])
    return frame.sort_values(["votes", "arr", "idea"], ascending=[False, False, True], ignore_index=True)
