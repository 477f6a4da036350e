"""Who does the work and what becomes of it: team, costs, renewals, opportunities, reasons for leaving."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cslib.simulate.ledger import Ledger
from cslib.simulate.names import PEOPLE
from cslib.simulate.panel import MONTH_ENDS
from cslib.simulate.world import DATA_FROM, DATA_UNTIL, Spec

__all__ = ["churn_reasons", "costs", "opportunities", "owners", "renewals", "team", "with_owner"]

ARR_PER_CSM: Final = 200_000_000  # minor units; one more is hired when the book has grown by this much
COST: Final = {
    "CSM": 98_000,
    "Onboarding": 84_000,
    "Support": 66_000,
    "CS operations": 90_000,
    "Head of CS": 165_000,
}
FUNCTIONS: Final = {  # share of ARR, and a floor in thousands a month, outside customer success
    "sales": (0.26, 90),
    "marketing": (0.13, 45),
    "product": (0.24, 130),
    "administration": (0.12, 40),
    "hosting": (0.09, 10),
}
REASONS: Final = (
    "price",
    "missing feature",
    "low adoption",
    "competitor",
    "sponsor left",
    "acquired",
    "budget cut",
)
SAVABLE: Final = {
    "price": 0.5,
    "missing feature": 0.4,
    "low adoption": 0.7,
    "competitor": 0.35,
    "sponsor left": 0.4,
}
LEFT: Final = 43  # month at whose end the second CSM leaves
COMPETITORS: Final = ("Cobalt", "Fernwell", "Ostrava One")


def team(spec: Spec, grid: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """People in customer success: hired as the book grows, one CSM left and was replaced."""
    book = grid.groupby("month")["arr"].sum().reindex(range(len(MONTH_ENDS)), fill_value=0)
    names = iter([PEOPLE[i] for i in draw.permutation(26)])
    bands = [segment.name for segment in reversed(spec.segments)]
    places = list(spec.regions)
    rows: list[tuple[object, ...]] = []

    def hire(role: str, month: int, segment: str | None = None, end: pd.Timestamp | None = None) -> None:
        start = (MONTH_ENDS[month] + pd.offsets.MonthBegin(-1)) if month else pd.Timestamp(DATA_FROM)
        cost = round(COST[role] * draw.uniform(0.9, 1.15) / 1000) * 100_000
        rows.append((next(names), role, start, end, places[len(rows) % len(places)], cost, segment))

    n = int(book.max() // ARR_PER_CSM) + 2
    for nth in range(n):
        reached = np.flatnonzero(book >= nth * ARR_PER_CSM * 0.9)
        month = 0 if nth == 0 else max(2, int(reached[0])) if len(reached) else 55
        if nth == 1:  # a book that never grows so far has her all the same, or nobody could leave
            month, left = min(month, LEFT - 6), MONTH_ENDS[LEFT] + pd.Timedelta(days=1)
        else:
            left = None
        hire("CSM", month, bands[nth % len(bands)], left)
    hire("CSM", LEFT, bands[1 % len(bands)])
    hire("Head of CS", 8)
    hire("Onboarding", 14)
    hire("Support", 4)
    for role, size in (
        ("Support", 2),
        ("Support", 5),
        ("Onboarding", 7),
        ("Support", 8),
        ("CS operations", 9),
    ):
        if book.max() > size * ARR_PER_CSM:
            hire(role, int(np.argmax(book.to_numpy() > size * ARR_PER_CSM)))
    columns = ["person", "role", "start_date", "end_date", "region", "annual_cost", "segment"]
    return pd.DataFrame(rows, columns=columns)


def owners(accounts: pd.DataFrame, people: pd.DataFrame, draw: np.random.Generator) -> pd.Series[str]:
    """Today's owner of each account: a CSM of its segment; a quarter of the small accounts have none."""
    now = people[(people["role"] == "CSM") & people["end_date"].isna()]
    everyone = now["person"].tolist()
    serves = {
        name: now.loc[now["segment"] == name, "person"].tolist() for name in accounts["segment"].unique()
    }
    luck, pooled = draw.random(len(accounts)), draw.random(len(accounts)) < 0.25
    chosen = []
    for segment, turn, none in zip(accounts["segment"], luck, pooled, strict=True):
        can = serves[segment] or everyone
        chosen.append(None if none and segment == "SMB" else can[int(turn * len(can))])
    return pd.Series(chosen, accounts.index, dtype="str")


def with_owner(touched: pd.DataFrame, accounts: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Add who made each touch: today's owner since being hired, before that the first CSM."""
    csm = people[people["role"] == "CSM"]
    owner = touched["account_id"].map(accounts.set_index("account_id")["owner"])
    since = owner.map(csm.set_index("person")["start_date"])
    there = since <= touched["date"]
    return touched.assign(owner=owner.where(there | owner.isna(), csm["person"].iloc[0]))


def costs(grid: pd.DataFrame, people: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Cost by function and month: customer success from its people and tools, the rest as shares of ARR."""
    book = grid.groupby("month")["arr"].sum().reindex(range(len(MONTH_ENDS)), fill_value=0).to_numpy()
    parts = []
    for function in ("customer success", "support", *FUNCTIONS):
        if function in FUNCTIONS:
            share, floor = FUNCTIONS[function]
            amount = (
                share * book / 12 + floor * 100_000 + 0.5 * share * np.maximum(0, np.diff(book, prepend=0))
            )
        else:
            ours = people[(people["role"] == "Support") == (function == "support")]
            there = [ours[(ours["start_date"] <= e) & ~(ours["end_date"] <= e)] for e in MONTH_ENDS]
            amount = np.array([float(frame["annual_cost"].sum()) for frame in there]) / 12 * 1.12
        noisy = np.rint(amount * draw.uniform(0.97, 1.03, len(amount)) / 10_000).astype("int64") * 10_000
        first = MONTH_ENDS + pd.offsets.MonthBegin(-1)
        parts.append(pd.DataFrame({"function": function, "month": first, "amount": noisy}))
    return pd.concat(parts, ignore_index=True)


def renewals(ledger: Ledger) -> pd.DataFrame:
    """Every renewal that fell due: the ARR whose term was up, what was decided, and the list price rise asked."""
    key = ["account_id", "due_date"]
    asked = ledger.decisions.drop_duplicates(key)
    both = asked.merge(ledger.subscriptions, on="account_id")
    due, start, end = both["due_date"], both["start_date"], both["end_date"]
    up = both[(both["term_end_date"] == due) & (start < due) & (end.isna() | (end >= due))]
    on = both[(start <= due) & (end.isna() | (end > due))]
    on = on.merge(up[[*key, "subscription_id"]].drop_duplicates(), on=[*key, "subscription_id"])
    target = up.groupby(key)["arr_home"].sum().rename("target_arr")
    kept = on.groupby(key)["arr_home"].sum().rename("renewed_arr")
    frame = asked.set_index(key).join(target, how="inner").join(kept).reset_index()
    frame["renewed_arr"] = frame["renewed_arr"].fillna(0).astype("int64")
    lost, less = frame["renewed_arr"] == 0, frame["renewed_arr"] < frame["target_arr"]
    frame["outcome"] = np.select([lost, less], ["lost", "reduced"], "renewed")
    frame["list_uplift"] = frame["list_uplift"].where(~lost)
    columns = ["account_id", "due_date", "target_arr", "outcome", "closed_date", "renewed_arr", "list_uplift"]
    return frame[columns].sort_values(["account_id", "due_date"], ignore_index=True)


def opportunities(
    ledger: Ledger, life: pd.DataFrame, grid: pd.DataFrame, draw: np.random.Generator
) -> pd.DataFrame:
    """Expansion deals: most growth in the ledger has one that was won; others were lost or are open."""
    rows = ledger.subscriptions.sort_values(["subscription_id", "start_date"])
    before = rows.groupby("subscription_id")["arr_home"].shift().fillna(0)
    rows = rows.assign(amount=rows["arr_home"] - before, date=rows["start_date"])
    grew = rows[
        rows["change_reason"].isin(["more seats", "cross-sell", "upgrade"]) & (rows["amount"] > 60_000)
    ]
    grew = grew[draw.random(len(grew)) < 0.8][["account_id", "date", "amount", "product", "change_reason"]]
    grew["won"] = True
    missed = grid[(grid["tenure"] > 2) & (draw.random(len(grid)) < 0.035)]
    lost = pd.DataFrame(
        {
            "account_id": missed["account_id"],
            "date": MONTH_ENDS[missed["month"]]
            - pd.to_timedelta(draw.integers(0, 15, len(missed)), unit="D"),
            "amount": (missed["arr"] * draw.uniform(0.08, 0.35, len(missed)) // 100_000 + 1).astype("int64")
            * 100_000,
            "product": draw.choice(sorted(ledger.subscriptions["product"].unique()), len(missed)),
            "change_reason": draw.choice(["more seats", "cross-sell"], len(missed), p=[0.45, 0.55]),
            "won": False,
        }
    )
    deals = pd.concat([grew, lost], ignore_index=True)
    deals = deals.merge(life[["account_id", "first", "last"]], on="account_id")
    lead = pd.to_timedelta(draw.integers(12, 95, len(deals)), unit="D")
    created = (deals["date"] - lead).where(deals["date"] - lead > deals["first"], deals["first"])
    recent = ~deals["won"] & (deals["date"] > pd.Timestamp(DATA_UNTIL) - pd.Timedelta(days=100))
    open_now = recent & (deals["last"] >= pd.Timestamp(DATA_UNTIL)) & (draw.random(len(deals)) < 0.75)
    source = draw.choice(["CSM", "sales", "product usage"], len(deals), p=[0.46, 0.34, 0.20])
    under_way = draw.choice(["qualified", "proposal", "negotiation"], len(deals))
    stage = np.where(open_now, under_way, np.where(deals["won"], "won", "lost"))
    crossed = np.where(deals["change_reason"] == "cross-sell", "cross-sell", "expansion")
    buyers = ["Operations lead", "Finance director", "Executive sponsor"]
    return pd.DataFrame(
        {
            "account_id": deals["account_id"],
            "created_date": created,
            "amount": deals["amount"],
            "kind": np.where(source == "CSM", "csql", crossed),
            "source": source,
            "stage": stage,
            "closed_date": deals["date"].where(~open_now),
            "won": deals["won"].astype("boolean").mask(open_now),
            "product": deals["product"],
            "buyer": draw.choice(buyers, len(deals), p=[0.5, 0.3, 0.2]),
        }
    ).sort_values(["account_id", "created_date"], ignore_index=True, kind="stable")


def churn_reasons(exits: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Why an account left, for six of seven that did; told at notice or at the end."""
    until = pd.Timestamp(DATA_UNTIL)
    given = exits["notice"].fillna(exits["day"])
    told = exits.assign(date=given)[(given <= until) & (draw.random(len(exits)) < 0.86)]
    n, free = len(told), told["voluntary"].astype(bool).to_numpy()
    seen = draw.choice(REASONS, n, p=[0.20, 0.18, 0.30, 0.16, 0.06, 0.04, 0.06])
    unseen = draw.choice(REASONS, n, p=[0.14, 0.06, 0.02, 0.20, 0.24, 0.16, 0.18])
    forced = draw.choice(["failed payment", "closed down"], n, p=[0.6, 0.4])
    reason = np.where(~free, forced, np.where(told["warned"].astype(bool), seen, unseen))
    return pd.DataFrame(
        {
            "account_id": told["account_id"].to_numpy(),
            "date": told["date"].to_numpy(),
            "reason": reason,
            "voluntary": free,
            "competitor": pd.Series(draw.choice(COMPETITORS, n, p=[0.5, 0.3, 0.2])).where(
                reason == "competitor"
            ),
            "savable": draw.random(n) < np.array([SAVABLE.get(name, 0.05) for name in reason]),
            "source": draw.choice(["exit interview", "CSM", "cancellation form"], n, p=[0.25, 0.45, 0.30]),
        }
    ).sort_values(["account_id", "date"], ignore_index=True)
