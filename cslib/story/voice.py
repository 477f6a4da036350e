"""Frames of the voice and people report -> findings. What a company did not give has no finding."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

import pandas as pd

from cslib.absent import Absent
from cslib.story.finding import LEVEL, Evidence, Finding

__all__ = ["voice_facts"]

Given = pd.DataFrame | Absent


def _there(frame: Given) -> TypeGuard[pd.DataFrame]:
    return not isinstance(frame, Absent) and not frame.empty


def voice_facts(
    *,
    nps: Given,
    test: Given,
    unhappy: Given,
    ideas: Given,
    closed: Given,
    answers: Given,
    change: Given,
    seen: Given,
    unseen: Given,
    within: int,
    window: int,
) -> tuple[Finding, ...]:
    """What the voice and people report says first, in this order; each only where its frame was given.

    Parameters
    ----------
    nps, test, unhappy, ideas, closed, answers, change, seen, unseen : DataFrame or Absent
        Of ``nps, size_test, follow_up, ranking, closure, declined_rate, changes_and_leaving, seen, unseen``.
    within, window : int
        Days in which a detractor hears from us; months behind.
    """
    found: list[Finding] = []
    values: dict[str, Any]
    whole: Any
    if _there(nps):
        whole = nps.set_index("group").loc["all"]
        values = {"n": int(whole["n"])}
        values |= {name: float(whole[name]) for name in ("nps", "low", "high", "level")}
        values["rate"] = None if pd.isna(whole["asked"]) else float(whole["rate"])
        values["same"] = _there(test) and test["verdict"].iloc[0] != "differs by size"
        values["tested"] = _there(test)
        found.append(
            Finding("voice.nps", values, (Evidence("nps", table="tab-nps"),), certainty=float(whole["level"]))
        )
    if _there(unhappy):
        state = unhappy["state"].value_counts()
        never = unhappy[unhappy["state"] == "never"]
        values = {
            "n": len(unhappy), "in_time": int(state.get("in time", 0)), "late": int(state.get("late", 0)),
            "never": len(never), "arr": int(never["arr"].sum()), "days": within,
        }  # fmt: skip
        found.append(Finding("voice.unhappy", values, (Evidence("detractors", table="tab-detractors"),)))
    if _there(ideas):
        whole = ideas.iloc[0]
        values = {
            "n": len(ideas), "idea": str(whole["idea"]), "votes": int(whole["votes"]), "arr": int(whole["arr"]),
            "accounts": int(whole["n_accounts"]),
        }  # fmt: skip
        found.append(Finding("voice.ideas", values, (Evidence("ideas", table="tab-ideas"),)))
    if _there(closed):
        whole = closed.set_index("area").loc["all"]
        if whole["delivered"]:
            days = float(whole["days"])
            values = {
                "n": int(whole["delivered"]), "told": int(whole["notified"]), "share": float(whole["value"]),
                "days": None if math.isnan(days) else round(days), "window": window,
            }  # fmt: skip
            found.append(Finding("voice.closed", values, (Evidence("closure", table="tab-closure"),)))
    if _there(answers) and answers["n"].iloc[0]:
        whole = answers.iloc[0]
        values = {"n": int(whole["n"]), "without": int(whole["n"] - whole["k"])}
        found.append(Finding("voice.declined", values, (Evidence("declined", table="tab-declined"),)))
    if _there(change):
        whole = change.iloc[0]
        values = {name: float(whole[name]) for name in ("rate", "others_rate", "low", "high")}
        clear = whole["low"] > 0 or whole["high"] < 0
        values |= {"n": int(whole["n_changes"]), "clear": clear, "level": LEVEL}
        table = (Evidence("changes", table="tab-leaving"),)
        found.append(Finding("voice.champion", values, table, certainty=LEVEL))
    if _there(seen):
        whole = seen.set_index("kind").loc["all"]
        values = {"share": float(whole["share"]), "n": int(whole["n"])}
        values |= (
            {"unseen": len(unseen), "arr": int(unseen["arr"].sum())} if _there(unseen) else {"unseen": 0}
        )
        found.append(Finding("voice.seen", values, (Evidence("visible", table="tab-seen"),)))
    return tuple(found)
