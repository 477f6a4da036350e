"""Frames of the health report -> findings. What a company did not give has no finding."""

from __future__ import annotations

import math
from typing import Any, Final, TypeGuard

import pandas as pd

from cslib.absent import Absent
from cslib.story.finding import LEVEL, Evidence, Finding

__all__ = ["health_facts"]

Given = pd.DataFrame | Absent
LIMIT: Final = 0.1  # of false discoveries, as `adoption.feature_retention` has it


def _there(frame: Given) -> TypeGuard[pd.DataFrame]:
    return not isinstance(frame, Absent) and not frame.empty


def health_facts(
    *,
    value: Given,
    shelf: Given,
    trial: Given,
    green: Given,
    lists: Given,
    record: Given,
    features: Given,
    reasons: Given,
    window: int,
) -> tuple[Finding, ...]:
    """What the health report says first, in this order; each only where its frame was given.

    Parameters
    ----------
    value, shelf, trial, green, lists, record, features, reasons : DataFrame or Absent
        Of ``time_to_value, shelfware, score_trial, green_churn, two_lists, two_lists_record, features_and_staying,
        reasons_by_money``.
    window : int
        Months of the reasons.
    """
    found: list[Finding] = []
    values: dict[str, Any]
    row: dict[Any, Any]
    if _there(value):
        row = value.iloc[0].to_dict()
        known = not math.isnan(row["median"])
        values = {
            "n": int(row["n_accounts"]), "waiting": int(row["waiting"]), "known": known,
            "days": int(row["median"]) if known else 0,
            "naive": 0 if math.isnan(row["naive"]) else round(row["naive"]),
        }  # fmt: skip
        found.append(Finding("health.value", values, (Evidence("time to value", table="tab-value"),)))
    if _there(shelf):
        arr, unused = int(shelf["arr"].sum()), int(shelf["shelf"].sum())
        if arr:
            values = {"arr": arr, "shelf": unused, "share": unused / arr}
            found.append(
                Finding(
                    "health.shelf", values, (Evidence("shelfware", table="tab-shelf"),), materiality=unused
                )
            )
    if _there(trial):
        row = trial.set_index("quarter").loc["all"].to_dict()
        if not math.isnan(row["auc"]):
            values = {
                "n": int(row["n_accounts"]), "n_left": int(row["n_left"]), "area": row["auc"], "low": row["low"],
                "high": row["high"], "tenure": row["auc_tenure"], "tells": row["verdict"] == "tells",
                "wrong": row["verdict"] == "wrong way", "level": LEVEL,
            }  # fmt: skip
            table = (Evidence("score trial", table="tab-trial"),)
            verdict = str(row["verdict"])
            found.append(Finding("health.trial", values, table, verdict=verdict, certainty=LEVEL))
    if _there(green):
        days = int(green["days"].max())
        own = green[(green["days"] == days) & (green["band"] == "green")]
        values = {
            "days": days, "n": int(own["n_left"].sum()), "n_all": int(green["n_all"].iloc[0]),
            "arr": int(own["arr"].sum()),
        }  # fmt: skip
        found.append(
            Finding(
                "health.green",
                values,
                (Evidence("green churn", table="tab-green"),),
                materiality=values["arr"],
            )
        )
    if _there(lists) and _there(record):
        risk, ready = (lists[lists["list"] == name] for name in ("at risk", "ready to grow"))
        row = record.set_index("list").loc["at risk"].to_dict()
        if not math.isnan(row["precision"]):
            values = {
                "n_risk": len(risk), "risk": int(risk["arr"].sum()), "n_ready": len(ready),
                "ready": int(ready["arr"].sum()),
                "precision": row["precision"], "base": row["base"],
            }  # fmt: skip
            found.append(Finding("health.lists", values, (Evidence("two lists", table="tab-lists"),)))
    if _there(features):
        passed = features[features["passed"] & (features["difference"] > 0)]
        against = features[features["passed"] & (features["difference"] < 0)]
        values = {
            "n": len(features),
            "n_passed": len(passed),
            "names": tuple(passed["feature"]),
            "against": tuple(against["feature"]),
            "n_against": len(against),
            "limit": LIMIT,
        }
        table = (Evidence("features", table="tab-features"),)
        found.append(Finding("health.features", values, table, certainty=1 - LIMIT))
    if _there(reasons):
        given = reasons[reasons["reason"] != "unknown"]
        if len(given):
            top: dict[Any, Any] = given.iloc[0].to_dict()
            without = float(reasons.loc[reasons["reason"] == "unknown", "share"].sum())
            values = {
                "arr": int(reasons["arr"].sum()),
                "n": round(float(reasons["accounts"].sum())),
                "window": window,
                "share": top["share"],
                "unknown": without,
                "reason": top["reason"],
            }
            found.append(Finding("health.lost", values, (Evidence("reasons", table="tab-reasons"),)))
    return tuple(found)
