"""What the data themselves warn of, and a past that was corrected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from cslib.story.finding import Evidence, Finding

__all__ = ["data_caveat_finding", "restatement_finding"]


def data_caveat_finding(*, account: pd.DataFrame, as_of: date, beyond: bool) -> Iterator[Finding]:
    """Rows that were rejected, and a ledger that may stop before the as-of day."""
    last = account.loc[account["table"] == "subscriptions", "last_date"].max()
    rejected = int(account["rows_rejected"].sum())
    days = 0 if pd.isna(last) else (pd.Timestamp(as_of) - last).days
    values = {"beyond": beyond, "days": days, "last": last, "end": as_of, "rejected": rejected}
    yield Finding(
        "data_caveat", values, (Evidence("account of the data", table="tab-data"),), comparison="the as-of day",
        verdict="counted" if beyond or rejected else "absent",
    )  # fmt: skip


def restatement_finding(*, restated: pd.DataFrame, n_compared: int, as_of: date | None) -> Iterator[Finding]:
    """Figures of the report before that are different now, the old and the new value side by side."""
    whole = restated[
        (restated["by"] == "") & restated["metric"].isin(["net_retention", "gross_retention", "arr"])
    ]
    rows = whole.sort_values("end", ascending=False).drop_duplicates("metric").to_dict("records")
    money = restated.loc[restated["unit"].str.endswith("ARR"), "change"].abs()
    kept = ("metric", "end", "old", "new")
    values = {
        "n": len(restated), "n_compared": n_compared, "as_of": as_of,
        "rows": [{name: row[name] for name in kept} | {"money": row["unit"] != "ratio"} for row in rows],
    }  # fmt: skip
    verdict = "counted" if len(restated) else "absent" if as_of else "cannot tell"
    yield Finding(
        "restatement", values, (Evidence("past figures", table="tab-restated"),), comparison="the report before",
        verdict=verdict, materiality=0 if money.empty else round(float(money.max())),
    )  # fmt: skip
