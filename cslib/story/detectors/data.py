"""What the data themselves warn of, and a past that was corrected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, Protocol

import pandas as pd

from cslib.story.finding import Evidence, Finding

__all__ = ["data_caveat_finding", "restatement_finding"]

MANY: Final = 0.01  # share of rows whose rejection an executive is told


def data_caveat_finding(*, account: pd.DataFrame, as_of: date, beyond: bool) -> Iterator[Finding]:
    """A ledger that may stop before the as-of day, and rejected rows where they are one in a hundred or more."""
    last = account.loc[account["table"] == "subscriptions", "last_date"].max()
    rejected, read = int(account["rows_rejected"].sum()), int(account["rows_read"].sum())
    rejected = rejected if rejected >= MANY * read else 0
    days = 0 if pd.isna(last) else (pd.Timestamp(as_of) - last).days
    values = {"beyond": beyond, "days": days, "last": last, "end": as_of, "rejected": rejected}
    yield Finding(
        "data_caveat", values, (Evidence("account of the data", table="tab-data"),), comparison="the as-of day",
        verdict="counted" if beyond or rejected else "absent",
    )  # fmt: skip


class Restated(Protocol):
    """What a comparison with an earlier report found; see :mod:`cslib.metrics.restatement`."""

    as_of: date
    n_compared: int
    figures: pd.DataFrame


def restatement_finding(*, restated: Restated | None) -> Iterator[Finding]:
    """Figures of the report before that are different now, the old and the new value side by side."""
    shown = (Evidence("past figures", table="tab-restated"),)
    if restated is None:
        yield Finding("restatement", {"n": 0}, comparison="the report before", verdict="cannot tell")
        return
    figures = restated.figures
    whole = figures[
        (figures["by"] == "") & figures["metric"].isin(["net_retention", "gross_retention", "arr"])
    ]
    rows = whole.sort_values("end", ascending=False).drop_duplicates("metric").to_dict("records")
    money = figures.loc[figures["unit"].str.endswith("ARR"), "change"].abs()
    kept = ("metric", "end", "old", "new")
    values = {
        "n": len(figures), "n_compared": restated.n_compared, "as_of": restated.as_of,
        "rows": [{name: row[name] for name in kept} | {"money": row["unit"] != "ratio"} for row in rows],
    }  # fmt: skip
    yield Finding(
        "restatement", values, shown, comparison="the report before",
        verdict="counted" if len(figures) else "absent",
        materiality=0 if money.empty else round(float(money.max())),
    )  # fmt: skip
