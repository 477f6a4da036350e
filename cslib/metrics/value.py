"""Value shown and confirmed: outcomes and use, contacts about value, the tree from challenge to workflow, its trace."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.expansion import utilisation
from cslib.metrics.health import arr_on
from cslib.metrics.linked import opening_day
from cslib.metrics.names import names_of
from cslib.metrics.rules import RULES

__all__ = ["adoption_and_outcome", "outcome_tree", "traceability", "value_contacts"]

STAGES: Final = ("library", "deal", "onboarding check", "review")


def adoption_and_outcome(
    book: Book, *, window: int = 12, adopted: float = 0.6, outcome: str = "first_value"
) -> pd.DataFrame:
    """Gross retention of the window by use and outcome, both as they stood at its opening.

    Adopted is a share of units in use of `adopted` or more. An outcome is one that the customer confirmed; where nobody
    records that, the milestone `outcome` reached, and ``basis`` says so.

    Returns
    -------
    DataFrame
        Four cells and ``all``: ``use, outcome, n_accounts, opening, kept`` (minor units), ``gross`` (ratio of sums),
        ``basis``. The cells add up to all.

    Raises
    ------
    Absent
        When nobody counts units, or there are no milestones.

    Source: adoption is not value to who pays. Systems: N33.
    """
    book.need("usage", "used_units", "licensed_units")
    steps = book.need("milestones")
    opened = opening_day(book, window)
    opening = arr_on(book, opened)
    closing = arr_on(book, pd.Timestamp(book.as_of)).reindex(opening.index).fillna(0)
    kept = pd.concat([opening, closing], axis=1).min(axis=1).astype("int64")
    steps = steps[steps["date"] <= opened]
    if "confirmed" in steps and steps["confirmed"].notna().any():
        basis, found = "confirmed by the customer", steps[steps["confirmed"].fillna(False).astype(bool)]
    else:
        basis, found = (
            f"{outcome.replace('_', ' ')} reached, not confirmed",
            steps[steps["milestone"] == outcome],
        )
    used = (utilisation(book, opened).reindex(opening.index) >= adopted).to_numpy()
    out = opening.index.isin(found["account_id"])
    rows = []
    for use, has_use in (("adopted", used), ("not adopted", ~used)):
        for result, has in (("outcome", out), ("no outcome", ~out)):
            rows.append((use, result, has_use & has))
    rows.append(("all", "all", np.ones(len(opening), dtype=bool)))
    return pd.DataFrame([
        {
            "use": use, "outcome": result, "n_accounts": int(part.sum()), "opening": int(opening[part].sum()),
            "kept": int(kept[part].sum()),
            "gross": kept[part].sum() / opening[part].sum() if opening[part].sum() else float("nan"),
            "basis": basis,
        }
        for use, result, part in rows
    ])  # fmt: skip


def value_contacts(
    book: Book, *, gap: int = int(RULES["value_gap_days"].value), window: int = 12,
    kinds: Sequence[str] = ("qbr",), purposes: Sequence[str] = ("value",),
) -> pd.DataFrame:  # fmt: skip
    """Contacts about value by account, and the longest time without one; accounts without any come first.

    Returns
    -------
    DataFrame
        A row an account that pays: ``account_id, name, arr`` (minor units), ``n, last`` (day, missing without any),
        ``longest`` (days without one in the window, or since the account began to pay), ``since`` (the last one),
        ``over`` (longest is more than `gap`).

    Raises
    ------
    Absent
        When no contact says that it was about value.

    Source: show value continuously. Systems: N36.
    """
    made = book.need("touches")
    about = made["kind"].isin(list(kinds))
    if "purpose" in made:
        about = about | made["purpose"].isin(list(purposes))
    made, day, opened = made[about], pd.Timestamp(book.as_of), opening_day(book, window)
    if made.empty:
        raise Absent("it needs touches about value, by kind or purpose")
    ledger = book.tables["subscriptions"]
    first = ledger[ledger["arr"] > 0].groupby("account_id")["start_date"].min()
    arr = arr_on(book, day)
    dates = made[made["date"] > opened].groupby("account_id")["date"].agg(lambda d: sorted(set(d)))
    rows = []
    for account, amount in zip(arr.index.astype(str), arr, strict=True):
        own = list(dates.get(account, []))
        marks = [max(opened, first[account]), *own, day]
        gaps = [(b - a).days for a, b in pairwise(marks)]
        rows.append({
            "account_id": account, "arr": int(amount), "n": len(own), "last": own[-1] if own else pd.NaT,
            "longest": max(gaps), "since": gaps[-1], "over": max(gaps) > gap,
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.insert(1, "name", names_of(book, frame["account_id"]))
    frame["none"] = frame["n"] == 0
    frame = frame.sort_values(["none", "longest", "arr", "account_id"], ascending=[False, False, False, True])
    return frame.drop(columns="none").reset_index(drop=True)


def outcome_tree(book: Book) -> pd.DataFrame:
    """Challenge, objective and workflow of every account, with what is wrong in the tree.

    Returns
    -------
    DataFrame
        A row a node: ``account_id, node, kind, parent, owner, metric, before, after, confirmed, leaf, fault`` (no
        parent; parent not known; no measure; empty where it is sound).

    Raises
    ------
    Absent
        When no milestone is of these kinds.

    Source: challenge, objective, workflow. Systems: N52.
    """
    steps = book.need("milestones")
    kinds = ("challenge", "objective", "workflow")
    if "kind" not in steps or not steps["kind"].isin(kinds).any():
        raise Absent("it needs milestones of the kinds challenge, objective and workflow")
    nodes = steps[steps["kind"].isin(kinds)].rename(columns={"milestone": "node"})
    nodes = nodes.reindex(columns=[
        "account_id", "node", "kind", "parent", "owner", "metric", "before", "after", "confirmed",
    ]).reset_index(drop=True)  # fmt: skip
    names = set(zip(nodes["account_id"], nodes["node"], strict=True))
    parents = set(zip(nodes["account_id"], nodes["parent"], strict=True))
    faults, leaves = [], []
    for row in nodes.to_dict("records"):
        leaf = (row["account_id"], row["node"]) not in parents
        leaves.append(leaf)
        if row["kind"] != "challenge" and pd.isna(row["parent"]):
            faults.append("no parent")
        elif row["kind"] != "challenge" and (row["account_id"], row["parent"]) not in names:
            faults.append("parent not known")
        else:
            faults.append("no measure" if leaf and pd.isna(row["metric"]) else "")
    return nodes.assign(leaf=leaves, fault=faults)


def traceability(book: Book, *, stages: Sequence[str] = STAGES) -> pd.DataFrame:
    """Outcomes from the library to the review: which stages each account's outcome has been through.

    A milestone's ``kind`` is the stage and its name the outcome.

    Returns
    -------
    DataFrame
        A row an account and outcome: ``account_id, outcome, reached`` (stages), ``missing, traced`` (none is missing).

    Raises
    ------
    Absent
        When no milestone is of one of the stages.

    Source: value hypothesis, revalidated. Systems: N53.
    """
    steps = book.need("milestones")
    if "kind" not in steps or not steps["kind"].isin(list(stages)).any():
        raise Absent(f"it needs milestones of the kinds {', '.join(stages)}")
    own = steps[steps["kind"].isin(list(stages))]
    held = own.groupby(["account_id", "milestone"])["kind"].agg(set).reset_index()
    lacking = [[s for s in stages if s not in has] for has in held["kind"]]
    return pd.DataFrame({
        "account_id": held["account_id"], "outcome": held["milestone"],
        "reached": [len(stages) - len(one) for one in lacking], "missing": [", ".join(one) for one in lacking],
        "traced": [not one for one in lacking],
    })  # fmt: skip
