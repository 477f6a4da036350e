"""One customer's own report: the book is cut down to the account first, so that nothing else can be shown of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.expansion import utilisation
from cslib.metrics.health import arr_on
from cslib.months import months_before

__all__ = [
    "KEPT", "WITHHELD", "checks", "features", "largest", "next_steps", "only", "outcomes", "peers", "requests",
    "service", "tickets", "use",
]  # fmt: skip

KEPT: Final[Mapping[str, Sequence[str]]] = {
    "subscriptions": (
        "account_id", "start_date", "end_date", "mrr", "arr", "quoted_arr", "currency", "subscription_id", "product",
        "plan", "quantity", "billing_months", "signed_date", "term_end_date", "auto_renew",
    ),
    "accounts": ("account_id", "name", "segment", "industry", "region", "owner"),
    "usage": ("account_id", "date", "feature", "events", "seconds", "licensed_units", "used_units"),
    "surveys": ("account_id", "date", "score", "kind"),
    "milestones": ("account_id", "milestone", "date", "kind", "parent", "metric", "before", "after", "confirmed"),
    "touches": ("account_id", "date", "kind", "owner", "direction", "minutes"),
    "feedback": (
        "account_id", "date", "area", "status", "closed_date", "idea", "reason", "alternative", "notified_date",
    ),
    "tickets": ("account_id", "opened_at", "closed_at", "priority", "first_response_minutes"),
}  # fmt: skip
"""All that a customer's report may be made of. What is not named here, such as scores, deals and costs, stays out."""

WITHHELD: Final = "(withheld)"
LEAST: Final = 20  # peers below which nothing is said of them


def largest(book: Book) -> str:
    """Account that pays most on the as-of day; the first by id of several. Where nobody pays, who began last."""
    arr = arr_on(book, pd.Timestamp(book.as_of))
    if arr.empty:
        ledger = book.tables["subscriptions"].sort_values(
            ["start_date", "account_id"], ascending=[False, True]
        )
        return str(ledger["account_id"].iloc[0])
    return str(arr.sort_index().idxmax())


def only(book: Book, account: str) -> Book:
    """The book of one account: its own rows of :data:`KEPT`, and nothing that was computed from other rows.

    Gone with the others are all tables and columns not named there, the account of the data with its file names and
    hashes, dropped and rejected rows, notes, benchmarks, own conventions and the folder, so that nobody can read again.
    A text that holds another account's id or name is withheld. Accounts merged into this one are others.

    Raises
    ------
    ValueError
        When the ledger has no such account; without naming any that it has.

    Source: a report for a customer. Systems: C16.
    """
    if not (book.tables["subscriptions"]["account_id"] == account).any():
        raise ValueError(f"account: found no account {account!r} in the ledger as of {book.as_of}")
    others = _others(book, account)
    tables = {}
    for name, columns in KEPT.items():
        if name in book.tables:
            whole = book.tables[name]
            own = whole.loc[whole["account_id"] == account, [c for c in columns if c in whole]]
            tables[name] = _withheld(own.reset_index(drop=True).copy(), others)
    rows = [
        {"table": name, "file": "", "sha256": _hash(frame), "rows": len(frame)}
        for name, frame in tables.items()
    ]
    digest = hashlib.sha256("".join(str(row["sha256"]) for row in rows).encode()).hexdigest()
    return replace(
        book, folder=None, tables=tables, account=pd.DataFrame(rows), dropped=book.dropped.iloc[:0], rejected={},
        notes=(), fingerprint=digest, conventions=(), account_values=None, rates_on={}, peers=type(book.peers)(),
    )  # fmt: skip


def _hash(frame: pd.DataFrame) -> str:
    return hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()


def _others(book: Book, account: str) -> list[str]:
    """Every other account's id, and its name unless it is part of this one's own."""
    ids = {
        str(i)
        for frame in book.tables.values()
        if "account_id" in frame
        for i in frame["account_id"].unique()
    }
    accounts = book.tables.get("accounts")
    names: dict[str, str] = {}
    if accounts is not None and "name" in accounts:
        told = accounts.dropna(subset=["name"])
        names = dict(zip(told["account_id"].astype(str), told["name"].astype(str), strict=True))
    own = f"{account} {names.get(account, '')}".casefold()
    others = {*ids, *(name for key, name in names.items() if key != account)} - {account}
    return sorted(text.casefold() for text in others if text.strip() and text.casefold() not in own)


def _withheld(frame: pd.DataFrame, others: Sequence[str]) -> pd.DataFrame:
    texts = [c for c in frame if isinstance(frame[c].dtype, pd.StringDtype) or frame[c].dtype == object]
    for column in texts:
        if column in {"account_id", "currency"}:
            continue
        told = [str(value) for value in frame[column].dropna().unique()]
        bad = {value for value in told if any(other in value.casefold() for other in others)}
        if bad:
            frame[column] = frame[column].where(~frame[column].isin(bad), WITHHELD)
    return frame


def checks(book: Book, own: Book, account: str) -> pd.DataFrame:
    """Proof that a cut book is one account's: its rows and money are those of the whole book, and nobody else is in it.

    Returns
    -------
    DataFrame
        ``check, left, right, n, failed, detail, holds``; amounts in minor units. A detail names no one.
    """
    rows: list[tuple[str, int, int]] = []
    for name, frame in own.tables.items():
        whole = book.tables[name]
        rows.append((f"rows of {name}", len(frame), int((whole["account_id"] == account).sum())))
    day = pd.Timestamp(book.as_of)
    rows.append(("ARR on the as-of day", int(arr_on(own, day).sum()), int(arr_on(book, day).get(account, 0))))
    strangers = sum(int((frame["account_id"] != account).sum()) for frame in own.tables.values())
    rows.append(("rows of anybody else", strangers, 0))
    return pd.DataFrame([
        {
            "check": check, "left": left, "right": right, "n": 1, "failed": int(left != right),
            "detail": "", "holds": left == right,
        }
        for check, left, right in rows
    ])  # fmt: skip


def peers(book: Book, account: str, *, least: int = LEAST) -> pd.DataFrame:
    """Use of the account beside the mean of its peers, as an anonymous aggregate or not at all.

    Peers are live accounts of the same segment, without the account itself; all live accounts where the segment has
    fewer than `least`. Means are rounded to whole percent and their number down to tens, so that no one's figure can
    be worked out.

    Returns
    -------
    DataFrame
        One row: ``measure, own, peers`` (units in use over units paid for), ``n_peers`` (rounded down), ``group``.

    Raises
    ------
    Absent
        When nobody counts units, or there are fewer than `least` peers.

    Source: k-anonymity, Sweeney 2002. Systems: C16.
    """
    book.need("usage", "used_units", "licensed_units")
    used = utilisation(book, pd.Timestamp(book.as_of)).dropna()
    if account not in used.index:
        raise Absent("it needs the units in use of this account")
    own, rest = float(used[account]), used.drop(account)
    group, accounts = "all customers", book.tables.get("accounts")
    if accounts is not None and "segment" in accounts:
        segment = accounts.set_index("account_id")["segment"]
        like = rest[segment.reindex(rest.index) == segment.get(account)]
        if len(like) >= least:
            rest, group = like, "customers of your segment"
    if len(rest) < max(least, LEAST):
        raise Absent(f"it needs at least {max(least, LEAST)} other customers")
    mean, n = round(float(rest.mean()), 2), len(rest) // 10 * 10
    return pd.DataFrame(
        [{"measure": "units in use", "own": own, "peers": mean, "n_peers": n, "group": group}]
    )


def use(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Use of one account by month: units paid for and in use, and events.

    Returns
    -------
    DataFrame
        A row a month with use: ``month`` (its first day), ``licensed, used`` (units; the most of the month), ``share``,
        ``events``.

    Raises
    ------
    Absent
        When there is no use.

    Source: a quarterly report of use. Systems: C16.
    """
    usage = book.need("usage")
    usage = usage[usage["date"] > pd.Timestamp(months_before(book.as_of, window))]
    month = usage["date"].dt.to_period("M").dt.start_time
    columns = {"licensed_units": "licensed", "used_units": "used"}
    found = pd.DataFrame({"month": sorted(month.unique())}).set_index("month")
    for column, name in columns.items():
        found[name] = usage.groupby(month)[column].max() if column in usage else float("nan")
    found["share"] = found["used"] / found["licensed"].where(found["licensed"] > 0)
    found["events"] = usage.groupby(month)["events"].sum() if "events" in usage else float("nan")
    return found.reset_index()


def features(book: Book, *, months: int = 3) -> pd.DataFrame:
    """Use of each feature in the last months and in as many before: ``feature, events, before, change``.

    ``change`` is the ratio to the months before less 1; missing where there was no use then.

    Raises
    ------
    Absent
        When there is no use by feature.

    Source: a quarterly report of use. Systems: C16.
    """
    usage = book.need("usage", "feature", "events")
    last, first, start = (pd.Timestamp(months_before(book.as_of, m)) for m in (0, months, 2 * months))
    now = usage[(usage["date"] > first) & (usage["date"] <= last)].groupby("feature")["events"].sum()
    past = usage[(usage["date"] > start) & (usage["date"] <= first)].groupby("feature")["events"].sum()
    frame = pd.DataFrame({"events": now, "before": past}).fillna(0.0).rename_axis("feature").reset_index()
    frame["change"] = frame["events"] / frame["before"].where(frame["before"] > 0) - 1
    return frame.sort_values(["events", "feature"], ascending=[False, True], ignore_index=True)


def outcomes(book: Book) -> pd.DataFrame:
    """Steps and outcomes reached: ``milestone, date, days`` (since the first), ``metric, before, after, confirmed``.

    Raises
    ------
    Absent
        When there are none.

    Source: value shown, step by step. Systems: C16.
    """
    steps = book.need("milestones").sort_values(["date", "milestone"], ignore_index=True)
    frame = steps.reindex(columns=["milestone", "date", "metric", "before", "after", "confirmed"])
    frame["milestone"] = frame["milestone"].astype(str).str.replace("_", " ")
    frame["days"] = (frame["date"] - frame["date"].min()).dt.days
    return frame


def requests(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Requests that are open, and those settled in the window: ``date, area, idea, status, closed_date, reason, days``.

    Days are from the request to its answer, or to the as-of day while it is open.

    Raises
    ------
    Absent
        When there is no feedback.

    Source: requests and their answers. Systems: C16.
    """
    asked = book.need("feedback")
    names = ["date", "area", "idea", "status", "closed_date", "reason"]
    frame = asked.reindex(columns=names)
    day = pd.Timestamp(book.as_of)
    closed = pd.to_datetime(frame["closed_date"])
    frame["days"] = (closed.fillna(day) - frame["date"]).dt.days
    frame = frame[closed.isna() | (closed > pd.Timestamp(months_before(book.as_of, window)))]
    return frame.sort_values(["closed_date", "date"], na_position="first", kind="stable", ignore_index=True)


def service(book: Book, *, months: int = 3) -> pd.DataFrame:
    """Contacts of the last months and of as many before, by kind: ``kind, n, before, minutes, last``.

    Raises
    ------
    Absent
        When there are no touches.

    Source: service given. Systems: C16.
    """
    made = book.need("touches")
    first, start = (pd.Timestamp(months_before(book.as_of, m)) for m in (months, 2 * months))
    now, past = made[made["date"] > first], made[(made["date"] > start) & (made["date"] <= first)]
    frame = pd.DataFrame({
        "n": now["kind"].value_counts(), "before": past["kind"].value_counts(),
        "minutes": now.groupby("kind")["minutes"].sum() if "minutes" in now else float("nan"),
        "last": made.groupby("kind")["date"].max(),
    })  # fmt: skip
    frame[["n", "before"]] = frame[["n", "before"]].fillna(0).astype("int64")
    return frame.rename_axis("kind").reset_index().sort_values(["n", "kind"], ascending=[False, True])


def tickets(book: Book, *, months: int = 3) -> pd.DataFrame:
    """Support cases of the last months and of as many before.

    Returns
    -------
    DataFrame
        Two rows: ``period, opened, closed, open`` (at its end), ``first_response`` (median hours), ``days`` (median
        days to close, of those closed).

    Raises
    ------
    Absent
        When there are no tickets.

    Source: service given. Systems: C16.
    """
    cases = book.need("tickets")
    closed = pd.to_datetime(cases["closed_at"]) if "closed_at" in cases else pd.Series(pd.NaT, cases.index)
    rows = []
    for name, back in ((f"last {months} months", 0), (f"{months} months before", months)):
        last, first = (pd.Timestamp(months_before(book.as_of, back + m)) for m in (0, months))
        opened = cases[(cases["opened_at"] > first) & (cases["opened_at"] <= last)]
        done = (closed > first) & (closed <= last)
        wait = (
            opened["first_response_minutes"].median() / 60
            if "first_response_minutes" in opened
            else float("nan")
        )
        rows.append({
            "period": name, "opened": len(opened), "closed": int(done.sum()),
            "open": int(((cases["opened_at"] <= last) & ~(closed <= last)).sum()),
            "first_response": wait, "days": (closed - cases["opened_at"])[done].dt.days.median(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def next_steps(
    book: Book, *, near_days: int = 180, unused: float = 0.2, quiet_days: int = 90, slow_days: int = 30
) -> pd.DataFrame:
    """What to do next, each by a rule on the customer's own data; nothing where no rule applies.

    Parameters
    ----------
    book : Book
        Of one account.
    near_days : int
        Days before the end of a term from which the renewal is spoken of.
    unused : float
        Share of units not in use from which it is said.
    quiet_days, slow_days : int
        Days without a meeting, and days that a case is open, from which it is said.

    Returns
    -------
    DataFrame
        ``step, why, number`` (what `why` counts: days, units, requests, cases), ``by`` (date, or missing).

    Source: rules printed with the report. Systems: C16.
    """
    day = pd.Timestamp(book.as_of)
    found: list[tuple[str, str, float, object]] = []
    ledger = book.tables["subscriptions"]
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    if "term_end_date" in live and (live["term_end_date"] > day).any():
        end = live.loc[live["term_end_date"] > day, "term_end_date"].min()
        if (end - day).days <= near_days:
            found.append(("Speak about the renewal", "days until the term ends", (end - day).days, end))
    if book.has("usage"):
        last = use(book, window=3).tail(1)
        if len(last) and last["share"].iloc[0] <= 1 - unused:
            idle = float(last["licensed"].iloc[0] - last["used"].iloc[0])
            found.append(("Put unused units to work, or review them", "units not in use", idle, pd.NaT))
        if {"feature", "events"} <= set(book.tables["usage"]):
            gone = features(book).query("events == 0 and before > 0")
            found += [
                (f"Look at {name} again", "events three months before, none since", float(before), pd.NaT)
                for name, before in zip(gone["feature"], gone["before"], strict=True)
            ]
    if book.has("feedback"):
        open_ = requests(book)["closed_date"].isna().sum()
        if open_:
            found.append(("Answer the open requests", "requests without an answer", int(open_), pd.NaT))
    if book.has("tickets"):
        cases = book.tables["tickets"]
        waits = cases[cases["closed_at"].isna()] if "closed_at" in cases else cases.iloc[:0]
        slow = int(((day - waits["opened_at"]).dt.days > slow_days).sum())
        if slow:
            found.append(
                ("Close the cases that wait", f"cases open for more than {slow_days} days", slow, pd.NaT)
            )
    if book.has("touches"):
        made = book.tables["touches"]
        met = made.loc[made["kind"].isin(["meeting", "qbr", "visit"]), "date"].max()
        if pd.isna(met) or (day - met).days > quiet_days:
            days = float("nan") if pd.isna(met) else (day - met).days
            found.append(("Meet", "days since the last meeting", days, pd.NaT))
    return pd.DataFrame(found, columns=["step", "why", "number", "by"])
