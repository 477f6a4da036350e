"""People at the customer: how many we know, who sees what we do, whose word weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.health import arr_on
from cslib.metrics.linked import kept_by, opening_day
from cslib.metrics.names import names_of
from cslib.metrics.rules import RULES
from cslib.metrics.voice import DETRACTOR, PROMOTER
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = [
    "introduced", "introduced_and_kept", "kit", "multi_point", "org_chart",
    "reach", "seen", "unseen",
]  # fmt: skip

KIT: Final = ("success plan", "org chart", "runbook", "training material")
ROLES: Final = ("champion", "economic buyer", "administrator")


def _flag(frame: pd.DataFrame, column: str) -> pd.Series[bool]:
    if column not in frame:
        return pd.Series(False, frame.index)
    return frame[column].fillna(False).astype(bool)


def _there(people: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """People in their role on a day."""
    began = people["start_date"].isna() | (people["start_date"] <= day) if "start_date" in people else True
    gone = people["end_date"] <= day if "end_date" in people else pd.Series(False, people.index)
    return people[began & ~gone]


def _met(book: Book, start: str) -> pd.DataFrame:
    """People known on the day of each account's handover: ``n, key`` (a person who decides is among them)."""
    steps = book.need("milestones")
    on = steps[steps["milestone"] == start].groupby("account_id")["date"].min()
    if on.empty:
        raise Absent(f"it needs the milestone {start!r}, which the table milestones has not")
    people = book.need("contacts", "start_date")
    known = people[people["start_date"] <= people["account_id"].map(on)]
    frame = on.rename("day").to_frame()
    frame["n"] = (
        known.groupby("account_id")["contact_id"].nunique().reindex(on.index).fillna(0).astype("int64")
    )
    frame["key"] = frame.index.isin(known.loc[_flag(known, "is_economic_buyer"), "account_id"])
    frame["band"] = frame["n"].map(lambda n: str(n) if n < 2 else "2 or more")
    return frame


def introduced(book: Book, *, start: str = "handover", window: int = 24) -> pd.DataFrame:
    """People whom sales had introduced by the handover, of handovers in the window.

    Returns
    -------
    DataFrame
        A row a band: ``band`` (0, 1, 2 or more), ``n_accounts, key`` (accounts with the person who decides), ``share,
        low, high`` (of accounts with that person; 95%, Wilson).

    Raises
    ------
    Absent
        When there are no handovers or no contacts with a start.

    Source: introduce several people at the handover. Systems: C13.
    """
    frame = _met(book, start)
    frame = frame[frame["day"] > opening_day(book, window)]
    rows = []
    for band in ("0", "1", "2 or more"):
        part = frame[frame["band"] == band]
        n, k = len(part), int(part["key"].sum())
        share, low, high = wilson(k, n) if n else (float("nan"),) * 3
        rows.append({"band": band, "n_accounts": n, "key": k, "share": share, "low": low, "high": high})
    return pd.DataFrame(rows)


def introduced_and_kept(book: Book, *, start: str = "handover", window: int = 12) -> pd.DataFrame:
    """Accounts kept through the window by what the handover had been: two people or more, and the one who decides.

    Returns
    -------
    DataFrame
        As :func:`cslib.metrics.linked.kept_by`, with ``what``; of handovers before the window.

    Raises
    ------
    Absent
        As :func:`introduced`.

    Source: Sato 1989; an association. Systems: C13.
    """
    frame = _met(book, start)
    frame = frame[frame["day"] <= opening_day(book, window)]
    parts = {"two people or more": frame["n"] >= 2, "who decides was introduced": frame["key"]}
    told = [kept_by(book, flag, window=window).assign(what=name) for name, flag in parts.items()]
    return pd.concat(told, ignore_index=True)


def multi_point(book: Book, *, days: int = 90) -> pd.DataFrame:
    """Different roles met in the last days, by account, beside as many days before.

    Only a role counts, however often it was met; surveys are no meeting.

    Returns
    -------
    DataFrame
        A row an account that pays: ``account_id, name, arr`` (minor units), ``roles, before`` (numbers of roles),
        ``touches, change, within`` (days); the fewest roles with the most ARR first.

    Raises
    ------
    Absent
        When touches do not say with whom, or there are no contacts.

    Source: meet people in different posts. Systems: C14.
    """
    made, people = book.need("touches", "contact_id"), book.need("contacts")
    role = people.drop_duplicates("contact_id", keep="last").set_index("contact_id")["role"]
    day = pd.Timestamp(book.as_of)
    made = made[made["kind"] != "survey"].assign(role=made["contact_id"].map(role))
    arr = arr_on(book, day)
    frame = arr.rename("arr").rename_axis("account_id").reset_index()
    for name, back in (("roles", 0), ("before", days)):
        last, first = day - pd.Timedelta(days=back), day - pd.Timedelta(days=back + days)
        part = made[(made["date"] > first) & (made["date"] <= last)]
        found = part.groupby("account_id")["role"].nunique()
        frame[name] = frame["account_id"].map(found).fillna(0).astype("int64")
        if name == "roles":
            frame["touches"] = (
                frame["account_id"].map(part["account_id"].value_counts()).fillna(0).astype("int64")
            )
    frame["change"] = frame["roles"] - frame["before"]
    frame["within"] = days
    frame.insert(1, "name", names_of(book, frame["account_id"]))
    return frame.sort_values(["roles", "arr", "account_id"], ascending=[True, False, True], ignore_index=True)


def _visible(book: Book, window: int) -> pd.DataFrame:
    """Service of the window, each with whether an executive of the customer was there or was told."""
    made = book.need("touches")
    made = made[(made["date"] > opening_day(book, window)) & (made["kind"] != "survey")]
    told = _flag(made, "executive")
    named = False
    if "contact_id" in made and book.has("contacts"):
        people = book.tables["contacts"]
        named = bool(_flag(people, "is_economic_buyer").any())
        told = told | made["contact_id"].isin(people.loc[_flag(people, "is_economic_buyer"), "contact_id"])
    if not named and "executive" not in made:
        raise Absent("it needs executive in the table touches, or contacts that hold the budget")
    return made.assign(visible=told)


def seen(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Share of service that an executive of the customer could see: there, told, or the one who holds the budget.

    Returns
    -------
    DataFrame
        A row a kind of contact and one ``all``: ``kind, n, visible, share, low, high`` (95%, Wilson).

    Raises
    ------
    Absent
        When nobody recorded with whom.

    Source: let the boss know each time you helped. Systems: C15.
    """
    made = _visible(book, window)
    rows = []
    for kind in ["all", *sorted(made["kind"].unique())]:
        part = made[(made["kind"] == kind) | (kind == "all")]
        n, k = len(part), int(part["visible"].sum())
        share, low, high = wilson(k, n) if n else (float("nan"),) * 3
        rows.append({"kind": kind, "n": n, "visible": k, "share": share, "low": low, "high": high})
    return pd.DataFrame(rows)


def unseen(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Accounts that pay and were served, but no executive of theirs could see it.

    Returns
    -------
    DataFrame
        ``account_id, name, arr`` (minor units), ``n`` (contacts), ``last`` (day), the most ARR first.

    Raises
    ------
    Absent
        As :func:`seen`.

    Source: "nobody served us". Systems: C15.
    """
    made = _visible(book, window)
    arr = arr_on(book, pd.Timestamp(book.as_of))
    served = made.groupby("account_id").agg(
        n=("date", "size"), last=("date", "max"), visible=("visible", "any")
    )
    found = served[~served["visible"] & served.index.isin(arr.index)].drop(columns="visible").reset_index()
    found["arr"] = found["account_id"].map(arr)
    found["name"] = names_of(book, found["account_id"])
    return found.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)


def kit(book: Book, *, required: Sequence[str] = KIT) -> pd.DataFrame:
    """Documents that stay with the customer, against the list of those required.

    Returns
    -------
    DataFrame
        A row an account that pays: ``account_id, name, arr`` (minor units), ``there, complete`` (ratio), ``missing``;
        the least complete with the most ARR first.

    Raises
    ------
    Absent
        When no milestone is of the kind document.

    Source: keep documents on the customer's side. Systems: C17.
    """
    steps = book.need("milestones")
    if "kind" not in steps or not (steps["kind"] == "document").any():
        raise Absent("it needs milestones of the kind document")
    own = steps[(steps["kind"] == "document") & steps["milestone"].isin(list(required))]
    held: dict[str, set[str]] = {
        str(account): set(part["milestone"]) for account, part in own.groupby("account_id")
    }
    return _against(book, held, required)


def _against(book: Book, held: Mapping[str, set[str]], required: Sequence[str]) -> pd.DataFrame:
    arr = arr_on(book, pd.Timestamp(book.as_of))
    rows = []
    for account, amount in arr.items():
        has = held.get(str(account), set())
        lacking = [name for name in required if name not in has]
        there = len(required) - len(lacking)
        rows.append({
            "account_id": account, "arr": int(amount), "there": there, "complete": there / len(required),
            "missing": ", ".join(lacking),
        })  # fmt: skip
    frame = pd.DataFrame(rows, columns=["account_id", "arr", "there", "complete", "missing"])
    frame.insert(1, "name", names_of(book, frame["account_id"]))
    return frame.sort_values(
        ["complete", "arr", "account_id"], ascending=[True, False, True], ignore_index=True
    )


def org_chart(
    book: Book, *, required: Sequence[str] = ROLES, low: int = 0, high: int | None = None
) -> pd.DataFrame:
    """Roles we know a person for today, of those required, by account, with our owner and the last contact.

    Champion and economic buyer are flags of a contact; any other name is a role, or part of one, in any case.

    Parameters
    ----------
    book : Book
        The company.
    required : sequence of str
        Roles.
    low, high : int
        ARR of the accounts, whole units; from, and below.

    Returns
    -------
    DataFrame
        ``account_id, name, arr`` (minor units), ``there, complete`` (filled over required), ``missing, owner`` (missing
        where there is none), ``last`` (contact); the least complete with the most ARR first.

    Raises
    ------
    Absent
        When there are no contacts.

    Source: draw the org chart with owners. Systems: L08.
    """
    people = _there(book.need("contacts"), pd.Timestamp(book.as_of))
    held: dict[str, set[str]] = {}
    for name in required:
        column = {"champion": "is_champion", "economic buyer": "is_economic_buyer"}.get(name)
        fits = (
            _flag(people, column) if column else people["role"].str.casefold().str.contains(name.casefold())
        )
        for account in people.loc[fits, "account_id"]:
            held.setdefault(account, set()).add(name)
    frame = _against(book, held, required)
    scale = 10**book.minor_units
    top = float("inf") if high is None else high * scale
    inside = (frame["arr"] >= low * scale) & (frame["arr"] < top)
    frame = pd.DataFrame(frame.loc[inside].reset_index(drop=True))
    accounts = book.tables.get("accounts")
    frame["owner"] = pd.NA
    if accounts is not None and "owner" in accounts:
        frame["owner"] = frame["account_id"].map(accounts.set_index("account_id")["owner"])
    frame["last"] = pd.NaT
    if book.has("touches"):
        frame["last"] = frame["account_id"].map(book.tables["touches"].groupby("account_id")["date"].max())
    return frame


def reach(book: Book, *, window: int = 12, buyer: float = RULES["reach_buyer"].value,
          champion: float = RULES["reach_champion"].value) -> pd.DataFrame:  # fmt: skip
    """Sentiment with each person's word weighed by influence, beside the plain mean; detractors by their reach.

    A weight is the contact's own ``influence`` where the company keeps it; else `buyer` for who holds the budget,
    `champion` for a champion, 1 for others. Weights are scaled to add up to the number of people.

    Returns
    -------
    DataFrame
        A row a person and one ``all`` first: ``account_id, name, role, score, vote`` (1, 0, -1; on the row all the
        plain mean), ``weight`` (mean 1), ``weighted`` (the weighted mean on the row all, else weight times vote),
        detractors with the most weight next.

    Raises
    ------
    Absent
        When answers do not say who gave them, or there are no contacts.

    Source: negativity of the influential spreads. Systems: N34.
    """
    answers, people = book.need("surveys", "contact_id"), book.need("contacts")
    if "kind" in answers:
        answers = answers[answers["kind"] == "nps"]
    answers = answers[answers["date"] > pd.Timestamp(months_before(book.as_of, window))]
    answers = answers.sort_values("date", kind="stable").drop_duplicates("contact_id", keep="last")
    people = people.drop_duplicates("contact_id", keep="last").set_index("contact_id")
    answers = answers[answers["contact_id"].isin(people.index)]
    if answers.empty:
        raise Absent("it needs answers of people in the table contacts")
    who = people.reindex(answers["contact_id"])
    weight = pd.Series(1.0, who.index).mask(_flag(who, "is_champion"), champion)
    weight = weight.mask(_flag(who, "is_economic_buyer"), buyer)
    if "influence" in who and who["influence"].notna().any():
        weight = who["influence"].astype("float64").fillna(who["influence"].mean())
    scaled = (weight / weight.mean()).to_numpy()
    vote = (answers["score"] >= PROMOTER).astype(int) - (answers["score"] <= DETRACTOR).astype(int)
    frame = answers[["account_id", "score"]].assign(
        name=names_of(book, answers["account_id"]), role=who["role"].to_numpy(), vote=vote.astype("float64"),
        weight=scaled, weighted=scaled * vote.to_numpy(),
    )  # fmt: skip
    frame = frame.sort_values(["vote", "weight", "account_id"], ascending=[True, False, True])
    whole = {"account_id": "all", "name": "all", "vote": frame["vote"].mean(), "weight": 1.0}
    whole |= {
        "weighted": float((frame["weighted"]).mean()),
        "score": float(frame["score"].mean()),
        "role": pd.NA,
    }
    return pd.concat([pd.DataFrame([whole]), frame], ignore_index=True)
