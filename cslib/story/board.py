"""Frames of the board report -> findings: six numbers, each with the table that holds it."""

from __future__ import annotations

from typing import Any, TypeGuard

import pandas as pd

from cslib.absent import Absent
from cslib.story.finding import LEVEL, Evidence, Finding

__all__ = ["board_facts"]

Given = pd.DataFrame | Absent


def _there(frame: Given) -> TypeGuard[pd.DataFrame]:
    return not isinstance(frame, Absent) and not frame.empty


def board_facts(*, six: pd.DataFrame, process: Given, channels: Given, sellers: Given) -> tuple[Finding, ...]:
    """What the board report says first: the six numbers in their order, then what lies upstream.

    Parameters
    ----------
    six, process, channels, sellers : DataFrame or Absent
        Of ``six_numbers, conformance, channels, ill_fit``.
    """
    found: list[Finding] = []
    values: dict[str, Any]
    for row in six.to_dict("records"):
        number = str(row["number"])
        values = {
            "number": number,
            "missing": row["state"] != "",
            "n": int(row["n"]),
            "source": str(row["source"]),
        }
        if not values["missing"]:
            money = not pd.isna(row["amount"])
            values |= {"amount": int(row["amount"])} if money else {"value": float(row["value"])}
            past = row["amount_before"] if money else row["before"]
            values["past"] = None if pd.isna(past) else int(past) if money else float(past)
            if not pd.isna(row["low"]):
                values |= {"low": float(row["low"]), "high": float(row["high"]), "level": LEVEL}
        certainty = LEVEL if "low" in values else 1.0
        found.append(
            Finding("board.number", values, (Evidence(number, table=str(row["link"])),), certainty=certainty)
        )
    if _there(process):
        whole: Any = process.set_index("step").loc["all"]
        values = {
            "rate": float(whole["rate"]),
            "n": int(whole["n"] - whole["open"]),
            "skipped": int(whole["skipped"]),
        }
        if not pd.isna(whole["rate"]):
            found.append(Finding("board.process", values, (Evidence("process", table="tab-process"),)))
    if _there(channels):
        names = tuple(channels.loc[channels["loses"] & (channels["channel"] != "all"), "channel"])
        values = {"n": len(channels) - 1, "names": names}
        found.append(Finding("board.channels", values, (Evidence("channels", table="tab-channels"),)))
    if _there(sellers):
        names = tuple(sellers.loc[sellers["verdict"] == "more than others", "group"])
        values = {"n": len(sellers), "names": names}
        found.append(Finding("board.sellers", values, (Evidence("sellers", table="tab-sellers"),)))
    return tuple(found)
