"""What passes between the company and its customers' people: contacts, steps, touches, answers, cases, wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.simulate.ledger import Ledger
from cslib.simulate.panel import some_day
from cslib.simulate.world import DATA_UNTIL

__all__ = ["contacts", "feedback", "lifetimes", "milestones", "surveys", "tickets", "touches"]

UNTIL: Final = pd.Timestamp(DATA_UNTIL)
ROLES: Final = ("Operations lead", "Finance director", "Administrator", "Team lead", "Executive sponsor")
PEOPLE_BY_SEGMENT: Final[Mapping[str, int]] = {"SMB": 1, "Mid-market": 3, "Enterprise": 4}
TOUCHES_A_MONTH: Final[Mapping[str, float]] = {"SMB": 0.3, "Mid-market": 0.9, "Enterprise": 2.0}
REVIEWED: Final[Mapping[str, float]] = {"SMB": 0.0, "Mid-market": 0.45, "Enterprise": 0.85}
COMMENTS: Final = (
    (
        "Support takes too long to answer.",
        "We use a fraction of what we pay for.",
        "Too many steps for a simple task.",
    ),
    (
        "Does what we need.",
        "Good product, the reports could be faster.",
        "Happy, though the price keeps rising.",
    ),
    ("Saved us a day a week.", "Our team would not go back.", "The onboarding was excellent."),
)
AREAS: Final = ("reporting", "integrations", "permissions", "mobile app", "billing", "performance", "support")


def _days(n: npt.ArrayLike) -> pd.TimedeltaIndex:
    return pd.to_timedelta(np.asarray(n), unit="D")


def lifetimes(ledger: Ledger) -> pd.DataFrame:
    """One row an account that ever paid: ``first`` paid day, ``last`` day inside its life, ``segment``, ``fit``."""
    paid = ledger.subscriptions[ledger.subscriptions["arr_home"] > 0]
    last = paid["end_date"] - pd.Timedelta(days=1)
    last = last.where(last < UNTIL, UNTIL)  # blank where the price is open
    life = pd.DataFrame(
        {
            "first": paid["start_date"].groupby(paid["account_id"]).min(),
            "last": last.groupby(paid["account_id"]).max(),
        }
    ).astype("datetime64[s]")
    life["segment"] = ledger.accounts.set_index("account_id")["segment"].reindex(life.index)
    life["fit"] = ledger.hidden.set_index("account_id")["fit"].reindex(life.index).fillna(0.0)
    signed = paid["signed_date"].groupby(paid["account_id"]).min()
    life["signed"] = signed.fillna(life["first"])
    return life.reset_index()


def contacts(life: pd.DataFrame, exits: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """People of an account. Champions move on, more often some months before an exit that nobody saw coming."""
    many = life["segment"].map(PEOPLE_BY_SEGMENT) + draw.integers(0, 2, len(life))
    frame = life.loc[life.index.repeat(many)].assign(nth=lambda f: f.groupby("account_id").cumcount())
    frame["start_date"] = frame["first"]
    stays = np.rint(draw.exponential(2600, len(frame))) + 60
    frame["end_date"] = (frame["first"] + _days(stays)).astype("datetime64[s]")
    unseen = exits[~exits["warned"].astype(bool)].drop_duplicates("account_id", keep="last")
    lost = unseen[draw.random(len(unseen)) < 0.45]
    before = lost["day"] - _days(draw.integers(60, 160, len(lost)))
    moved = pd.Series(before.to_numpy(), lost["account_id"], dtype="datetime64[s]")
    early = moved.reindex(frame["account_id"]).set_axis(frame.index).where(frame["nth"] == 0)
    frame["end_date"] = frame["end_date"].where(early.isna() | (early <= frame["first"]), early)
    after = frame[
        (frame["end_date"] < frame["last"] - pd.Timedelta(days=60)) & (draw.random(len(frame)) < 0.7)
    ]
    heirs = after.assign(start_date=after["end_date"] + _days(draw.integers(10, 50, len(after)))).drop(
        columns="end_date"
    )
    frame = pd.concat([frame.assign(heir=""), heirs.assign(heir="b")], ignore_index=True)
    frame = frame.sort_values(["account_id", "nth", "start_date"], ignore_index=True)
    frame["end_date"] = frame["end_date"].where(frame["end_date"] <= frame["last"])
    return pd.DataFrame(
        {
            "account_id": frame["account_id"],
            "contact_id": frame["account_id"] + "-c" + (frame["nth"] + 1).astype(str) + frame["heir"],
            "role": np.array(ROLES)[frame["nth"]],
            "is_champion": frame["nth"].eq(0) & frame["heir"].eq(""),
            "is_economic_buyer": frame["nth"].eq(1) | (frame["nth"].eq(0) & frame["segment"].eq("SMB")),
            "start_date": frame["start_date"].astype("datetime64[s]"),
            "end_date": frame["end_date"].astype("datetime64[s]"),
        }
    )


def _spoken_to(rows: pd.DataFrame, people: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """One person of the account who is there on the day, with role; blank when nobody is."""
    numbered = rows[["account_id", "date"]].assign(row=np.arange(len(rows)))
    met = numbered.merge(people, on="account_id")
    met = met[(met["start_date"] <= met["date"]) & (met["end_date"].isna() | (met["end_date"] > met["date"]))]
    met = met.assign(luck=draw.random(len(met))).sort_values(["row", "luck"]).drop_duplicates("row")
    return met.set_index("row")[["contact_id", "role"]].reindex(numbered["row"]).set_index(rows.index)


def milestones(life: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Steps from signature to first value; accounts that fit badly are slower, and some never get there."""
    slow = np.where(life["segment"] == "Enterprise", 2.0, np.where(life["segment"] == "SMB", 0.7, 1.2))
    drag = slow * np.exp(-0.25 * life["fit"])
    day, never = life["first"], np.zeros(len(life), dtype=bool)
    parts = [pd.DataFrame({"account_id": life["account_id"], "milestone": "signed", "date": life["signed"]})]
    steps = (("handover", 2, 0.1), ("kickoff", 7, 0.03), ("live", 26, 0.05), ("first_value", 24, 0.12))
    for step, wait, share in steps:
        odds = share * np.exp(-0.7 * life["fit"] - 0.25)
        missed = draw.random(len(life)) < odds
        never = (never | missed) if step != "handover" else never
        reached = (day + _days(1 + np.rint(draw.gamma(2.0, wait / 2, len(life)) * drag))).astype(
            "datetime64[s]"
        )
        kept = ~(never | missed) & (reached <= life["last"])
        parts.append(
            pd.DataFrame({"account_id": life["account_id"], "milestone": step, "date": reached})[kept]
        )
        day = day if step == "handover" else reached
    return pd.concat(parts).sort_values(["account_id", "date", "milestone"], ignore_index=True)


def _invited(grid: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    asked = grid[(grid["tenure"] >= 3) & (grid["month"] % 6 == grid["account_id"].str[-1].map(ord) % 6)]
    return asked.assign(date=some_day(asked, draw))


def surveys(
    grid: pd.DataFrame, people: pd.DataFrame, draw: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers (NPS twice a year, effort after onboarding), and the invitations as touches of kind survey."""
    asked = _invited(grid, draw)
    asked = asked.join(_spoken_to(asked, people, draw))
    asked = asked[asked["contact_id"].notna()]
    answered = asked[draw.random(len(asked)) < 0.36 + 0.06 * np.clip(asked["mood"], -2, 1)]
    score = np.clip(np.rint(8.2 + 1.3 * answered["mood"] + 1.6 * draw.standard_normal(len(answered))), 0, 10)
    band = np.where(score >= 9, 2, np.where(score >= 7, 1, 0))
    told = np.array(COMMENTS)[band, draw.integers(0, 3, len(answered))]
    late = answered["date"] + _days(draw.integers(0, 9, len(answered)))
    nps = answered.assign(
        date=late.where(late < UNTIL, UNTIL).astype("datetime64[s]"), score=score, kind="nps",
        comment=pd.Series(told, answered.index).where(draw.random(len(answered)) < 0.4),
    )  # fmt: skip
    nps = nps[nps["left"].gt(1) | nps["date"].eq(answered["date"])]
    eased = grid[(grid["tenure"] == 2) & (draw.random(len(grid)) < 0.3)]
    ces = eased.assign(date=some_day(eased, draw), kind="ces", comment=None)
    ces["score"] = np.clip(np.rint(5.3 + 0.7 * ces["mood"] + draw.standard_normal(len(ces))), 1, 7)
    ces = ces.join(_spoken_to(ces, people, draw))
    columns = ["account_id", "date", "score", "kind", "contact_id", "role", "comment"]
    answers: pd.DataFrame = pd.concat([nps[columns], ces[columns]])
    answers = answers.sort_values(["account_id", "date", "kind"], ignore_index=True)
    sent = asked[["account_id", "date", "contact_id"]].assign(kind="survey", purpose="nps", minutes=0.0)
    return answers, sent


def touches(
    grid: pd.DataFrame,
    people: pd.DataFrame,
    segment: pd.Series[str],
    answers: pd.DataFrame,
    draw: np.random.Generator,
) -> pd.DataFrame:
    """Contacts with a customer by segment and need, reviews each quarter, calls back to six in ten detractors."""
    at = segment.reindex(grid["account_id"]).to_numpy()
    low = grid["mood"].to_numpy() < -1.3
    usual = np.array([TOUCHES_A_MONTH[name] for name in at])
    rate = usual * np.where(grid["tenure"] > 3, 1.0, 1.5) * np.where(low, 1.25, 1.0)
    rows = grid.loc[grid.index.repeat(draw.poisson(rate))]
    kind = draw.choice(["email", "call", "meeting", "training"], len(rows), p=[0.46, 0.27, 0.19, 0.08])
    plain = draw.choice(["adoption", "value", "renewal", "support"], len(rows), p=[0.42, 0.22, 0.18, 0.18])
    worried = (rows["mood"].to_numpy() < -1.3) & (draw.random(len(rows)) < 0.5)
    purpose = np.where(rows["tenure"] < 3, "onboarding", np.where(worried, "risk", plain))
    rows = rows.assign(date=some_day(rows, draw), kind=kind, purpose=purpose)
    quarterly = (grid["month"] % 3 == 2) & (grid["tenure"] >= 3)
    review = grid[quarterly & (draw.random(len(grid)) < np.array([REVIEWED[name] for name in at]))]
    review = review.assign(date=some_day(review, draw), kind="qbr", purpose="value")
    sore = answers[(answers["kind"] == "nps") & (answers["score"] <= 6)]
    sore = sore[draw.random(len(sore)) < 0.6].assign(kind="call", purpose="detractor follow-up")
    back = (sore["date"] + _days(draw.integers(1, 15, len(sore)))).astype("datetime64[s]")
    sore = sore.assign(date=back)[back <= UNTIL]
    alive = grid.groupby("account_id")["month"].max().reindex(sore["account_id"]).to_numpy()
    sore = sore[alive >= (sore["date"].dt.year * 12 + sore["date"].dt.month - 2021 * 12 - 10).to_numpy()]
    columns = ["account_id", "date", "kind", "purpose"]
    every: pd.DataFrame = pd.concat([rows[columns], review[columns], sore[columns]], ignore_index=True)
    every["contact_id"] = _spoken_to(every, people, draw)["contact_id"].where(every["kind"] != "email")
    length = every["kind"].map({"email": 6, "call": 24, "meeting": 48, "training": 85, "qbr": 60}).to_numpy()
    every["minutes"] = np.maximum(3, np.rint(length * draw.uniform(0.6, 1.4, len(every)) / 5) * 5)
    return every


def tickets(grid: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Support cases: more with seats, when new and when things go badly. Some are still open."""
    rate: pd.Series[float] = 0.10 + 0.045 * np.sqrt(grid["seats"]) * np.exp(-0.3 * grid["mood"]) * (
        1 + (grid["tenure"] < 3)
    )
    rows = grid.loc[grid.index.repeat(draw.poisson(rate))]
    n, mood = len(rows), rows["mood"].to_numpy()
    urgency = draw.choice(4, n, p=[0.22, 0.56, 0.17, 0.05])
    opened = some_day(rows, draw)
    took = np.floor(draw.exponential(np.array([6.5, 6.5, 3.5, 1.5])[urgency]))
    closed = (opened + _days(took)).astype("datetime64[s]")
    wait = np.array([1.0, 0.8, 0.45, 0.2])[urgency]
    closed = closed.where(closed <= UNTIL)
    rated = np.clip(np.rint(4.2 + 0.35 * mood - 0.03 * took + 0.8 * draw.standard_normal(n)), 1, 5)
    return pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "opened_at": opened,
            "closed_at": closed,
            "priority": np.array(["low", "normal", "high", "urgent"])[urgency],
            "first_response_minutes": np.rint(draw.lognormal(4.6, 0.9, n) * wait),
            "csat": pd.Series(rated, rows.index).where((draw.random(n) < 0.42) & closed.notna().to_numpy()),
            "escalated": draw.random(n) < np.clip(0.03 - 0.025 * mood, 0.005, 0.3),
        }
    ).sort_values(["account_id", "opened_at"], ignore_index=True, kind="stable")


def feedback(grid: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Ideas and complaints, with what became of them."""
    rows = grid.loc[grid.index.repeat(draw.poisson(0.035, len(grid)))]
    n = len(rows)
    day = some_day(rows, draw)
    settled = (day + _days(np.rint(draw.gamma(2, 130, n)))).astype("datetime64[s]")
    done = settled <= UNTIL
    end = draw.choice(["delivered", "declined"], n, p=[0.62, 0.38])
    status = np.where(done, end, draw.choice(["open", "planned"], n, p=[0.7, 0.3]))
    return pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "date": day,
            "area": draw.choice(AREAS, n, p=[0.26, 0.22, 0.1, 0.14, 0.08, 0.12, 0.08]),
            "status": status,
            "votes": draw.geometric(0.12, n),
            "closed_date": settled.where(done),
        }
    ).sort_values(["account_id", "date"], ignore_index=True, kind="stable")
