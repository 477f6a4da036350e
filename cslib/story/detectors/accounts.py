"""Accounts that a result hangs on: large ones, one large loss, few that expand, some that came back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from cslib.story.facts import at, is_small
from cslib.story.finding import Driver, Evidence, Finding

__all__ = [
    "concentration_finding",
    "expansion_dependence_finding",
    "reactivation_finding",
    "single_account_finding",
]

LARGE_LOSS: Final = 0.20  # share of all losses from which one account's is told
HALF: Final = 0.5  # share of all expansion whose few accounts are told
MOST: Final = 3  # accounts that may hold it and still be few


def concentration_finding(
    *, singles: pd.DataFrame, headline: pd.DataFrame, effective: float
) -> Iterator[Finding]:
    """Accounts, or groups under one parent, with a tenth of opening ARR or more, and the rest of the book."""
    net = at(headline, "net_retention")[0]
    heavy = singles[singles["heavy"]].sort_values("share", ascending=False)
    first = heavy.iloc[0] if len(heavy) else None
    values: dict[str, Any] = {
        "n": net["n_accounts"],
        "n_eff": round(effective) if effective == effective else 0,
    }
    if first is not None:
        opening, closing = int(heavy["opening"].sum()), int(heavy["closing"].sum())
        values |= {
            "names": list(heavy["name"]), "n_heavy": len(heavy), "share": opening / int(net["denominator"]),
            "opening": opening, "closing": closing, "rest_opening": int(net["denominator"]) - opening,
            "rest_closing": int(net["numerator"]) - closing,
            "n_rest": int(net["n_accounts"]) - int(heavy["n_accounts"].sum()),
            "group": bool((heavy["n_accounts"] > 1).any()), "turns": bool(heavy["turns"].any()),
            "few": is_small(net["n_accounts"], effective),
        }  # fmt: skip
    yield Finding(
        "concentration", values, (Evidence("leave one out", table="tab-concentration"),),
        subject=", ".join(heavy["name"]), comparison="the book without it",
        verdict="counted" if len(heavy) else "absent",
        materiality=int(heavy["closing"].sum()), drivers=_named(heavy), plays=("second_contact",) if len(heavy) else (),
        accounts=tuple(heavy["account_id"]),
    )  # fmt: skip


def single_account_finding(*, moves: pd.DataFrame, window: int) -> Iterator[Finding]:
    """The largest loss of the window, where one account makes a fifth of all losses or more."""
    losses = moves[moves["movement"].isin(["churn", "contraction"])]
    total = -int(losses["change"].sum())
    largest = losses.sort_values(["change", "account_id"]).head(1)
    loss = -int(largest["change"].sum())
    values: dict[str, Any] = {
        "months": window,
        "total": total,
        "loss": loss,
        "share": loss / total if total else 0.0,
    }
    if len(largest):
        values |= {"name": str(largest["name"].iloc[0]), "left": bool(largest["closing"].iloc[0] == 0),
                   "opening": int(largest["opening"].iloc[0]), "closing": int(largest["closing"].iloc[0])}  # fmt: skip
    large = len(losses) > 1 and loss >= LARGE_LOSS * total
    yield Finding(
        "single_account", values, (Evidence("account changes of the window", table="tab-losses-window"),),
        subject=values.get("name", ""),
        comparison="all that was lost", verdict="counted" if large else "absent", materiality=loss,
        plays=("win_back",), accounts=tuple(largest["account_id"]),
    )  # fmt: skip


def reactivation_finding(*, moves: pd.DataFrame, window: int) -> Iterator[Finding]:
    """ARR of accounts that had left before the window opened and pay again; net retention never counts it."""
    back = moves[moves["movement"] == "reactivation"].sort_values(
        ["closing", "account_id"], ascending=[False, True]
    )
    value = int(back["closing"].sum())
    values = {
        "months": window,
        "n": len(back),
        "value": value,
        "name": str(back["name"].iloc[0]) if len(back) else "",
    }
    yield Finding(
        "reactivation", values, (Evidence("account changes of the window"),), comparison="net retention",
        verdict="counted" if value else "absent", materiality=value, drivers=_named(back.head(MOST)),
        plays=("second_start",), accounts=tuple(back["account_id"]),
    )  # fmt: skip


def expansion_dependence_finding(*, moves: pd.DataFrame, window: int) -> Iterator[Finding]:
    """Fewest accounts that hold half of all expansion, where they are few among those that expanded."""
    grown = moves[moves["movement"] == "expansion"].sort_values(
        ["change", "account_id"], ascending=[False, True]
    )
    total = int(grown["change"].sum())
    enough = int((grown["change"].cumsum() < HALF * total).sum()) + 1 if total else 0
    most = grown.head(enough)
    few = 0 < enough <= MOST and len(grown) > 2 * enough
    amount = int(most["change"].sum())
    values = {
        "months": window, "names": list(most["name"]) if few else [], "n_few": enough, "n": len(grown),
        "amount": amount, "total": total, "share": amount / total if total else 0.0,
    }  # fmt: skip
    yield Finding(
        "expansion_dependence", values, (Evidence("account changes of the window", table="tab-expansions-window"),),
        subject=", ".join(most["name"]) if few else "", comparison="all expansion",
        verdict="counted" if few else "absent", materiality=amount, drivers=_named(most) if few else (),
        plays=("next_offer",), accounts=tuple(most["account_id"]) if few else (),
    )  # fmt: skip


def _named(rows: pd.DataFrame) -> tuple[Driver, ...]:
    return tuple(
        Driver(str(row["name"]), float(row["closing"] - row["opening"])) for row in rows.to_dict("records")
    )
