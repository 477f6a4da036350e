"""What a thorough company records besides: who began a touch, what was promised, quotas, replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from cslib.simulate.world import DATA_UNTIL

__all__ = ["thorough"]

UNTIL: Final = pd.Timestamp(DATA_UNTIL)
WEIGHT: Final = {"Executive sponsor": 5.0, "Finance director": 4.0, "Operations lead": 3.0, "Team lead": 2.0}
PROMISES: Final = (
    "a connector to the ledger system",
    "training on site",
    "single sign-on",
    "a second language",
)
CHANNELS: Final = ("call", "in-app", "e-mail", "review meeting")
WISHES: Final = ("faster", "in bulk", "by role", "on the phone")


def thorough(frames: Mapping[str, pd.DataFrame], draw: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Tables with the columns that few companies keep, drawn from a stream of their own: nothing else changes."""
    told = dict(frames)
    told["touches"] = _touches(frames["touches"], draw)
    told["contacts"] = _contacts(frames["contacts"])
    told["opportunities"] = _opportunities(frames["opportunities"], frames["accounts"], draw)
    told["feedback"] = _feedback(frames["feedback"], draw)
    told["team"] = _team(frames["team"], draw)
    told["milestones"] = frames["milestones"].assign(kind="step")
    return told


def _touches(touches: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    n = len(touches)
    asked = (touches["purpose"] == "support").to_numpy() & (draw.random(n) < 0.7) | (draw.random(n) < 0.2)
    sent = (touches["kind"] == "survey").to_numpy()
    direction = pd.Series(np.where(asked & ~sent, "inbound", "outbound"), index=touches.index)
    seen = touches["kind"].isin(["qbr", "meeting"]).to_numpy() & (draw.random(n) < 0.3)
    return touches.assign(direction=direction.where(draw.random(n) > 0.04), executive=seen)


def _contacts(contacts: pd.DataFrame) -> pd.DataFrame:
    buyers = contacts[contacts["is_economic_buyer"].astype(bool)]
    head = contacts["account_id"].map(
        buyers.drop_duplicates("account_id").set_index("account_id")["contact_id"]
    )
    influence = contacts["role"].map(WEIGHT).fillna(1.0)
    return contacts.assign(reports_to=head.where(head != contacts["contact_id"]), influence=influence)


def _opportunities(deals: pd.DataFrame, accounts: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    n = len(deals)
    seller = deals["account_id"].map(accounts.set_index("account_id")["sold_by"])
    promised = pd.Series(draw.choice(PROMISES, n), index=deals.index, dtype="object").where(
        draw.random(n) < 0.15
    )
    settled = deals["closed_date"] + pd.to_timedelta(draw.integers(20, 240, n), unit="D")
    settled = settled.where(promised.notna() & (settled <= UNTIL)).astype("datetime64[s]")
    kept = pd.Series(draw.random(n) < 0.8, index=deals.index, dtype="boolean").where(settled.notna())
    return deals.assign(seller=seller, promised=promised, settled_date=settled, promise_kept=kept)


def _feedback(feedback: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    n = len(feedback)
    wish = pd.Series(draw.choice(WISHES, n), index=feedback.index)
    declined, delivered = feedback["status"] == "declined", feedback["status"] == "delivered"
    reason = pd.Series(
        draw.choice(["not our direction", "too few ask", "done another way"], n), index=feedback.index
    )
    instead = pd.Series(draw.choice(["export", "a template", "the partner's tool"], n), index=feedback.index)
    told = (feedback["closed_date"] + pd.to_timedelta(draw.integers(1, 45, n), unit="D")).astype(
        "datetime64[s]"
    )
    told = told.where((delivered | declined) & (draw.random(n) < 0.7) & (told <= UNTIL))
    return feedback.assign(
        idea=feedback["area"] + ": " + wish, channel=draw.choice(CHANNELS, n),
        text="We would like " + feedback["area"] + " " + wish,
        replies=draw.poisson(1.5, n), reason=reason.where(declined & (draw.random(n) < 0.85)),
        alternative=instead.where(declined & (draw.random(n) < 0.5)), notified_date=told,
    )  # fmt: skip


def _team(team: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Every second CSM has a quota: most of renewals, some of expansion."""
    carries = (team["role"] == "CSM") & (np.arange(len(team)) % 2 == 0)
    kind = pd.Series(np.where(draw.random(len(team)) < 0.75, "renewal", "expansion"), index=team.index)
    quota = pd.Series(draw.integers(8, 16, len(team)) * 1_000_000, index=team.index, dtype="Int64")
    return team.assign(quota=quota.where(carries), quota_kind=kind.where(carries))
