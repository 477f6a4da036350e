"""Two lists for the week: who may leave, who may grow, by signs as they were known; and how such lists did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.expansion import utilisation
from cslib.metrics.health import arr_on, score_on
from cslib.metrics.names import names_of
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = ["two_lists", "two_lists_record"]

RISKS: Final[Mapping[str, int]] = {
    "red": 3,
    "score fell": 2,
    "use fell": 2,
    "ticket escalated": 1,
    "term near": 1,
}
"""Points of the signs of risk; a choice of this report, tried on past quarters beside the list."""
SIGNS: Final[Mapping[str, int]] = {"nearly all units in use": 3, "green": 1, "score rose": 1, "promoter": 1}


def _signs(book: Book, day: pd.Timestamp) -> pd.DataFrame:
    """Each live account's signs on `day`, from what was known then; 1 where a sign is there."""
    arr = arr_on(book, day)
    signs = pd.DataFrame(0, index=arr.index, columns=[*RISKS, *SIGNS])
    if book.has("health"):
        now, then = (score_on(book, d).reindex(arr.index) for d in (day, day - pd.Timedelta(days=90)))
        change = now["score"] - then["score"]
        signs["red"], signs["green"] = now["band"].eq("red"), now["band"].eq("green")
        signs["score fell"], signs["score rose"] = change <= -10, change >= 10
    used, before = (utilisation(book, d).reindex(arr.index) for d in (day, day - pd.Timedelta(days=90)))
    signs["use fell"] = used < before - 0.15
    signs["nearly all units in use"] = used >= 0.9
    if book.has("tickets") and "escalated" in book.tables["tickets"]:
        tickets = book.tables["tickets"]
        recent = tickets[(tickets["opened_at"] <= day) & (tickets["opened_at"] > day - pd.Timedelta(days=60))]
        signs["ticket escalated"] = arr.index.isin(
            recent.loc[recent["escalated"].fillna(False).astype(bool), "account_id"]
        )
    ledger = book.tables["subscriptions"]
    if "term_end_date" in ledger:
        live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day)]
        near = live[(live["term_end_date"] > day) & (live["term_end_date"] <= day + pd.Timedelta(days=90))]
        signs["term near"] = arr.index.isin(near["account_id"])
    if book.has("surveys"):
        answers = book.tables["surveys"]
        answers = answers[(answers["date"] <= day) & (answers["date"] > day - pd.Timedelta(days=365))]
        if "kind" in answers:
            answers = answers[answers["kind"] == "nps"]
        last = answers.sort_values("date").groupby("account_id")["score"].last()
        signs["promoter"] = last.reindex(arr.index) >= 9
    points = signs.fillna(0).astype(int)
    for name, weight in {**RISKS, **SIGNS}.items():
        points[name] *= weight
    points["risk"], points["ready"] = points[list(RISKS)].sum(axis=1), points[list(SIGNS)].sum(axis=1)
    return points.assign(arr=arr)


def _signed(book: Book) -> None:
    if not book.has("health") and utilisation(book, pd.Timestamp(book.as_of)).empty:
        raise Absent("it needs the table health or units in the table usage, of which neither was given")


def two_lists(book: Book, *, least: int = 3) -> pd.DataFrame:
    """Who may leave and who may grow: live accounts with `least` points of signs, the reasons and the ARR.

    Returns
    -------
    DataFrame
        A row an account and list, most points and ARR first: ``list`` (at risk, ready to grow), ``account_id,
        name, points, reasons`` (signs with their points, which add up), ``arr`` (minor units).

    Raises
    ------
    Absent
        When there are neither scores nor units in use.

    Source: early warning of risk and of opportunity. Systems: N12.
    """
    _signed(book)
    signs = _signs(book, pd.Timestamp(book.as_of))
    rows = []
    for name, total, weights in (("at risk", "risk", RISKS), ("ready to grow", "ready", SIGNS)):
        own = signs[signs[total] >= least].sort_values(
            [total, "arr"], ascending=[False, False], kind="stable"
        )
        for account, row in own.iterrows():
            reasons = ", ".join(f"{sign} ({row[sign]})" for sign in weights if row[sign])
            rows.append(
                {
                    "list": name,
                    "account_id": account,
                    "points": row[total],
                    "reasons": reasons,
                    "arr": row["arr"],
                }
            )
    told = pd.DataFrame(rows, columns=["list", "account_id", "points", "reasons", "arr"])
    told["name"] = names_of(book, told["account_id"])
    return told[["list", "account_id", "name", "points", "reasons", "arr"]]


def two_lists_record(book: Book, *, quarters: int = 4, least: int = 3) -> pd.DataFrame:
    """How both lists would have done at the beginning of past quarters: of those named how many, of those who did
    how many.

    Returns
    -------
    DataFrame
        A row a list: ``list, named`` (accounts and quarters), ``came`` (that left, or grew, in the quarter),
        ``precision, low, high`` (95%, Wilson), ``base`` (share of all accounts that did), ``recall`` (of all who
        did, those named).

    Raises
    ------
    Absent
        When there are neither scores nor units in use.

    Source: precision and recall. Systems: N12.
    """
    _signed(book)
    counts = {"at risk": np.zeros(4, int), "ready to grow": np.zeros(4, int)}
    for back in range(quarters, 0, -1):
        since, until = (pd.Timestamp(months_before(book.as_of, 3 * m)) for m in (back, back - 1))
        signs = _signs(book, since)
        later = arr_on(book, until).reindex(signs.index).fillna(0)
        for name, total, came in (
            ("at risk", "risk", later == 0),
            ("ready to grow", "ready", later > signs["arr"]),
        ):
            named = signs[total] >= least
            counts[name] += np.array([named.sum(), (named & came).sum(), came.sum(), len(signs)])
    rows = []
    for name, (named, hit, came, n) in counts.items():
        share, low, high = wilson(int(hit), int(named)) if named else (float("nan"),) * 3
        rows.append({
            "list": name, "named": named, "came": hit, "precision": share, "low": low, "high": high,
            "base": came / n if n else float("nan"), "recall": hit / came if came else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows)
