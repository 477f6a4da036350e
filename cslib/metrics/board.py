"""For the board: six numbers that lead to their cells, results quarter by quarter, plan against what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.capacity.service import stages
from cslib.metrics.expansion import utilisation
from cslib.metrics.health import arr_on, score_on
from cslib.metrics.linked import opening_day
from cslib.metrics.uncertainty import intervals
from cslib.metrics.voice import nps
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = ["conformance", "conformance_steps", "scorecard", "six_numbers", "stage_by_role"]

NAN: Final = float("nan")
SERVING: Final = ("hosting", "support", "customer success")  # what it costs to serve ARR
NO_DATA: Final = "no data"
STEPS: Final[Mapping[str, int]] = {"handover": 30, "kickoff": 45, "live": 120, "first_value": 180}
"""Days after signature by which each step of onboarding is done; a choice of this report."""
DUE: Final[Mapping[str, Sequence[str]]] = {
    "onboarding": ("Administrator", "Operations lead"),
    "first year": ("Operations lead", "Finance director"),
    "later": ("Operations lead",),
    "renewal near": ("Operations lead", "Finance director", "Executive sponsor"),
}
"""Roles that each account is in touch with in a quarter, by stage; a choice of this report."""


def _ratio(book: Book, metric: str, back: int) -> dict[str, Any]:
    rows = intervals(book, window=12, months_ago=(back,))
    row = rows[rows["metric"] == metric]
    return {} if row.empty else {str(name): cell for name, cell in row.iloc[0].items()}


def _used(book: Book, day: pd.Timestamp) -> tuple[float, int]:
    used = utilisation(book, day)
    used = used[used.index.isin(arr_on(book, day).index)].dropna()
    return (float(used.mean()) if len(used) else NAN), len(used)


def _green(book: Book, day: pd.Timestamp) -> tuple[float, int]:
    if not book.has("health") or "band" not in book.tables["health"]:
        return NAN, 0
    arr = arr_on(book, day)
    band = score_on(book, day)["band"].reindex(arr.index)
    known = arr[band.notna()]
    return (float(arr[band == "green"].sum() / known.sum()) if len(known) else NAN), len(known)


def _said(book: Book, back: int) -> tuple[float, float, float, int]:
    day = pd.Timestamp(months_before(book.as_of, back))
    try:
        found = nps(replace(book, as_of=day.date())).iloc[0]
    except Absent:
        return NAN, NAN, NAN, 0
    return float(found["nps"]), float(found["low"]), float(found["high"]), int(found["n"])


def six_numbers(book: Book, *, back: int = 12) -> pd.DataFrame:
    """ARR, net and gross retention, use, sentiment and health, each with where it comes from; no data is said.

    Returns
    -------
    DataFrame
        ``number, amount`` (minor units, of ARR), ``value, low, high`` (ratios, where there is an interval), ``before``
        (`back` months ago), ``amount_before, n, link`` (label of the table that holds it), ``source`` (table of the
        data), ``state`` (empty, or no data).

    Source: what a board is shown. Systems: N24.
    """
    day, old = pd.Timestamp(book.as_of), opening_day(book, back)
    arr, then = arr_on(book, day), arr_on(book, old)
    rows: list[dict[str, Any]] = [{
        "number": "ARR", "amount": int(arr.sum()), "amount_before": int(then.sum()), "n": len(arr),
        "link": "tab-arr", "source": "subscriptions",
    }]  # fmt: skip
    for name, metric in (("Net retention", "net_retention"), ("Gross retention", "gross_retention")):
        now, past = _ratio(book, metric, 0), _ratio(book, metric, back)
        rows.append({
            "number": name, **{key: now.get(key, NAN) for key in ("value", "low", "high")},
            "before": past.get("value", NAN), "n": now.get("n_accounts", 0), "link": "tab-retention",
            "source": "subscriptions",
        })  # fmt: skip
    for name, measure, source in (
        ("Units in use", _used, "usage"), ("ARR in green health", _green, "health")
    ):  # fmt: skip
        value, n = measure(book, day)
        rows.append({
            "number": name, "value": value, "before": measure(book, old)[0], "n": n, "link": "tab-scorecard",
            "source": source,
        })  # fmt: skip
    value, low, high, n = _said(book, 0)
    rows.append({
        "number": "Promoters less detractors", "value": value, "low": low, "high": high,
        "before": _said(book, back)[0], "n": n, "link": "tab-scorecard", "source": "surveys",
    })  # fmt: skip
    columns = ["number", "amount", "value", "low", "high", "before", "amount_before", "n", "link", "source"]
    frame = pd.DataFrame(rows).reindex(columns=columns)
    frame["amount"] = frame["amount"].astype("Int64")
    frame["amount_before"] = frame["amount_before"].astype("Int64")
    empty = frame["value"].isna() & frame["amount"].isna()
    frame["state"] = empty.map({True: NO_DATA, False: ""})
    return frame


def scorecard(book: Book, *, functions: Sequence[str] = SERVING) -> pd.DataFrame:
    """The six results that success leads to, this quarter beside the one before; what is not known is said.

    Returns
    -------
    DataFrame
        ``result, value, before, change`` (ratios; of growth, a quarter's), ``n, source`` (table), ``state`` (empty, or
        no data).

    Source: renewal and upsell, recommendation, brand, easier selling, growth, margin. Systems: C11.
    """
    day, old = pd.Timestamp(book.as_of), opening_day(book, 3)
    rows: list[tuple[str, float, float, int, str]] = []
    for name, metric in (
        ("Renewal: gross retention", "gross_retention"),
        ("Upsell: net retention", "net_retention"),
    ):
        now, past = _ratio(book, metric, 0), _ratio(book, metric, 3)
        rows.append(
            (
                name,
                now.get("value", NAN),
                past.get("value", NAN),
                int(now.get("n_accounts", 0)),
                "subscriptions",
            )
        )
    said = _said(book, 0)
    rows.append(("Recommendation", said[0], _said(book, 3)[0], said[3], "surveys"))
    rows.append(("Brand: deals that customers referred", *_referred(book, day, old), "opportunities"))
    rows.append(("Easier selling: deals won of those decided", *_won(book, day, old), "opportunities"))
    sums = [
        int(arr_on(book, opening_day(book, m)).sum()) if m else int(arr_on(book, day).sum())
        for m in (0, 3, 6)
    ]
    growth = [a / b - 1 if b else NAN for a, b in pairwise(sums)]
    rows.append(
        (
            "Revenue: growth of ARR in the quarter",
            growth[0],
            growth[1],
            len(arr_on(book, day)),
            "subscriptions",
        )
    )
    rows.append(("Margin: ARR left after serving it", *_margin(book, functions), "costs"))
    frame = pd.DataFrame(rows, columns=["result", "value", "before", "n", "source"])
    frame["change"] = frame["value"] - frame["before"]
    frame["state"] = [NO_DATA if pd.isna(value) else "" for value in frame["value"]]
    return frame


def _deals(book: Book, day: pd.Timestamp) -> pd.DataFrame:
    deals = book.tables["opportunities"]
    return deals[(deals["closed_date"] > day - pd.DateOffset(months=3)) & (deals["closed_date"] <= day)]


def _won(book: Book, day: pd.Timestamp, old: pd.Timestamp) -> tuple[float, float, int]:
    if not book.has("opportunities") or not {"won", "closed_date"} <= set(book.tables["opportunities"]):
        return NAN, NAN, 0
    now, past = (_deals(book, on)["won"].dropna().astype(bool) for on in (day, old))
    return float(now.mean()), float(past.mean()), len(now)


def _referred(book: Book, day: pd.Timestamp, old: pd.Timestamp) -> tuple[float, float, int]:
    if not book.has("opportunities") or "source" not in book.tables["opportunities"]:
        return NAN, NAN, 0
    if not book.tables["opportunities"]["source"].eq("referral").any():
        return NAN, NAN, 0
    now, past = (_deals(book, on)["source"].eq("referral") for on in (day, old))
    return float(now.mean()), float(past.mean()), len(now)


def _margin(book: Book, functions: Sequence[str]) -> tuple[float, float, int]:
    if not book.has("costs"):
        return NAN, NAN, 0
    found = []
    for back in (0, 3):
        last, first = (
            opening_day(book, back) if back else pd.Timestamp(book.as_of),
            opening_day(book, back + 3),
        )
        costs = book.tables["costs"]
        spent = costs[
            costs["function"].isin(list(functions)) & (costs["month"] > first) & (costs["month"] <= last)
        ]
        arr = int(arr_on(book, last).sum())
        found.append((1 - 4 * int(spent["amount"].sum()) / arr if arr and len(spent) else NAN, len(spent)))
    return found[0][0], found[1][0], found[0][1]


def stage_by_role(book: Book, *, due: Mapping[str, Sequence[str]] = DUE, days: int = 90) -> pd.DataFrame:
    """Contacts of the last quarter by the account's stage and the role met, against the roles due at that stage.

    Returns
    -------
    DataFrame
        A row a stage and role (``not known`` where a contact has no person): ``stage, role, touches, due`` (accounts
        that ought to be met), ``done`` (of them, met), ``missing``. Touches add up to those of live accounts.

    Raises
    ------
    Absent
        When there are no touches, or no contacts.

    Source: right things at each stage, many points of contact. Systems: C19.
    """
    made, people = book.need("touches", "contact_id"), book.need("contacts")
    role = people.drop_duplicates("contact_id", keep="last").set_index("contact_id")["role"]
    made = made[made["date"] > pd.Timestamp(book.as_of) - pd.Timedelta(days=days)]
    live = stages(book).set_index("account_id")["stage"].astype("str")
    made = made.assign(
        stage=made["account_id"].map(live), role=made["contact_id"].map(role).fillna("not known")
    )
    made = made[made["stage"].notna()]
    met = set(zip(made["account_id"], made["role"], strict=True))
    rows = []
    for stage in [s for s in due if (live == s).any()] + sorted(set(live) - set(due)):
        ids = live.index[live == stage]
        asked = tuple(due.get(stage, ()))
        here = made[made["stage"] == stage]
        for name in [*asked, *sorted(set(here["role"]) - set(asked))]:
            wanted = len(ids) if name in asked else 0
            done = sum((account, name) in met for account in ids) if wanted else 0
            rows.append({
                "stage": stage, "role": name, "touches": int((here["role"] == name).sum()), "due": wanted,
                "done": done, "missing": wanted - done,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["stage", "role", "touches", "due", "done", "missing"])


def conformance_steps(
    book: Book, *, plan: Mapping[str, int] = STEPS, start: str = "signed", window: int = 24
) -> pd.DataFrame:
    """Each planned step of each account that began: done in time, late, skipped, not due yet, or overdue.

    A step is skipped when a later one of the plan was done without it. Replaying the log gives the same.

    Returns
    -------
    DataFrame
        ``account_id, step, due`` (day), ``done`` (day, missing), ``state``.

    Raises
    ------
    Absent
        When the milestone `start` is not there.

    Source: a structured process, or reactive support. Systems: N11.
    """
    steps = book.need("milestones").sort_values("date", kind="stable")
    first = steps.drop_duplicates(["account_id", "milestone"]).set_index(["account_id", "milestone"])["date"]
    began = steps[steps["milestone"] == start].groupby("account_id")["date"].min()
    began = began[began > opening_day(book, window)]
    if began.empty:
        raise Absent(f"it needs the milestone {start!r} in the window")
    day, names, rows = pd.Timestamp(book.as_of), list(plan), []
    for account, on in zip(began.index.astype(str), began, strict=True):
        done = [first.get((account, name), pd.NaT) for name in names]
        for i, name in enumerate(names):
            due = on + pd.Timedelta(days=plan[name])
            later = any(not pd.isna(x) for x in done[i + 1 :])
            if not pd.isna(done[i]):
                state = "in time" if done[i] <= due else "late"
            elif later:
                state = "skipped"
            else:
                state = "not due yet" if due >= day else "overdue"
            rows.append({"account_id": account, "step": name, "due": due, "done": done[i], "state": state})
    return pd.DataFrame(rows)


def conformance(
    book: Book, *, plan: Mapping[str, int] = STEPS, start: str = "signed", window: int = 24
) -> pd.DataFrame:
    """Planned steps of the last accounts by what became of them.

    Returns
    -------
    DataFrame
        A row a step and ``all``: ``step, days`` (plan), ``n, in_time, late, skipped, overdue, open`` (not due yet),
        ``rate, low, high`` (in time, of those due; 95%, Wilson).

    Raises
    ------
    Absent
        As :func:`conformance_steps`.

    Source: a structured process, or reactive support. Systems: N11.
    """
    found = conformance_steps(book, plan=plan, start=start, window=window)
    rows = []
    for name in [*plan, "all"]:
        part = found[(found["step"] == name) | (name == "all")]["state"].value_counts()
        n, k = int(part.sum()), int(part.get("in time", 0))
        open_ = int(part.get("not due yet", 0))
        rate, low, high = wilson(k, n - open_) if n > open_ else (NAN,) * 3
        rows.append({
            "step": name, "days": plan.get(name), "n": n, "in_time": k, "late": int(part.get("late", 0)),
            "skipped": int(part.get("skipped", 0)), "overdue": int(part.get("overdue", 0)), "open": open_,
            "rate": rate, "low": low, "high": high,
        })  # fmt: skip
    return pd.DataFrame(rows).astype({"days": "Int64"})
