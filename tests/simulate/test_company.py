"""The sixteen tables of each company fit the contract and each other."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cslib.simulate import COMPANIES, DATA_UNTIL, simulate_company
from cslib.tables import TABLES, check

Tables = dict[str, pd.DataFrame]
END = pd.Timestamp(DATA_UNTIL)
WITH_ACCOUNT = [
    name for name, table in TABLES.items() if "account_id" in table.required and name != "accounts"
]
DAYS = {
    "usage": "date",
    "health": "as_of_date",
    "surveys": "date",
    "touches": "date",
    "contacts": "start_date",
    "opportunities": "created_date",
    "feedback": "date",
    "tickets": "opened_at",
    "churn_reasons": "date",
}


@pytest.fixture(scope="module")
def life(tables: Tables) -> pd.DataFrame:
    """First paid day and the day after the last, of each account that ever paid."""
    rows = tables["subscriptions"]
    paid = rows[rows["mrr" if "mrr" in rows else "arr"] > 0]
    ends = paid["end_date"].fillna(END + pd.Timedelta(days=1))
    return pd.DataFrame(
        {
            "first": paid.groupby("account_id")["start_date"].min(),
            "after": ends.groupby(paid["account_id"]).max(),
        }
    )


FEW_KEEP = {
    "parent",
    "owner",
    "metric",
    "before",
    "after",
    "confirmed",
    "channel",
}  # outcomes; cost by channel


def test_every_table_is_filled_and_clean(tables: Tables) -> None:
    assert list(tables) == list(TABLES)
    for name, frame in tables.items():
        assert len(frame) > 0, name
        assert check(frame, name).empty, name
        missing = set(TABLES[name].column) - set(frame)
        assert missing <= {
            "mrr",
            "arr",
            "price",
            "billing_weeks",
            "user_id",
            "valid_from",
            "valid_to",
            *FEW_KEEP,
        }, name
        for column in set(TABLES[name].column) & set(frame):
            assert frame[column].notna().any(), f"{name}.{column} is blank throughout"


def test_same_seed_same_frames() -> None:
    one, two = (simulate_company(COMPANIES[2], 11) for _ in range(2))
    for name in TABLES:
        pd.testing.assert_frame_equal(one[name], two[name])


@pytest.mark.parametrize(
    ("nth", "n_accounts", "seed"), [(0, 15, 1), (1, 60, 1), (2, 12, 1), (2, 12, 2), (2, 15, 3)]
)
def test_a_small_company_fits_the_contract_too(nth: int, n_accounts: int, seed: int) -> None:
    # its second CSM was hired after she left, and a book that nobody left could not be simulated
    made = simulate_company(replace(COMPANIES[nth], n_accounts=n_accounts), seed)
    for name, frame in made.items():
        assert check(frame, name).empty, name
    assert (made["team"]["end_date"] > made["team"]["start_date"]).any()


@pytest.mark.parametrize("name", WITH_ACCOUNT)
def test_accounts_exist(tables: Tables, name: str) -> None:
    assert set(tables[name]["account_id"]) <= set(tables["accounts"]["account_id"])


def test_names_are_distinct_and_from_many_alphabets(tables: Tables) -> None:
    accounts = tables["accounts"]
    assert accounts["name"].is_unique
    assert accounts["name"].str.split().str.len().eq(2).all()
    assert (~accounts["name"].str.isascii()).sum() > 3
    assert set(accounts["parent_id"].dropna()) <= set(accounts["account_id"])


def test_nothing_happens_after_the_data_ends(tables: Tables) -> None:
    known_later = {("subscriptions", "end_date"), ("subscriptions", "term_end_date")}
    for name, frame in tables.items():
        for column in frame.select_dtypes("datetime"):
            if (name, column) not in known_later:
                assert not (frame[column] > END).any(), f"{name}.{column}"
    rows = tables["subscriptions"]
    later = rows[rows["end_date"] > END]
    assert len(later) > 0 and (later["notice_date"] <= END).all()


@pytest.mark.parametrize("name", DAYS)
def test_events_lie_inside_the_life_of_their_account(tables: Tables, life: pd.DataFrame, name: str) -> None:
    frame = tables[name].merge(life, left_on="account_id", right_index=True, how="left")
    first = frame["first"].dt.to_period("M").dt.start_time if name == "usage" else frame["first"]
    assert frame["first"].notna().all()
    assert (frame[DAYS[name]] >= first).all()
    assert (frame[DAYS[name]] <= frame["after"]).all()


def test_prices_of_a_subscription_follow_each_other(tables: Tables) -> None:
    rows = tables["subscriptions"]
    price = "mrr" if "mrr" in rows else "arr"
    assert (rows[price] >= 0).all()
    assert (rows.loc[rows["plan"] == "Trial", price] == 0).all()
    assert (rows.loc[rows["plan"] != "Trial", price] > 0).all()
    assert not (rows["end_date"] <= rows["start_date"]).any()
    ordered = rows.sort_values(["subscription_id", "start_date"])
    before = ordered.groupby("subscription_id").shift()
    follows = before["start_date"].notna()
    assert (ordered["start_date"] == before["end_date"])[follows].all()
    told = [price, "term_end_date", "quantity", "plan", "list_mrr"]
    same = (ordered[told] == before[told]) | (ordered[told].isna() & before[told].isna())
    assert not (same.all(axis=1) & follows).any(), "a new row without a new price or term"


def test_prices_are_those_people_write(tables: Tables) -> None:
    rows = tables["subscriptions"]
    whole = rows["mrr" if "mrr" in rows else "arr"]
    assert (whole % 100 == 0).all()
    assert (whole // 100 % 10).isin([0, 9]).all()


def test_discount_is_what_separates_list_and_price(tables: Tables) -> None:
    rows = tables["subscriptions"]
    paid = rows["mrr"] if "mrr" in rows else rows["arr"] / 12
    some = rows["list_mrr"] > 0
    off = 1 - paid[some] / rows.loc[some, "list_mrr"]
    assert ((off - rows.loc[some, "discount"]).abs() < 0.001).all()


def test_renewals_carry_the_money_of_the_ledger(tables: Tables) -> None:
    renewals = tables["renewals"]
    assert not renewals.duplicated(["account_id", "due_date"]).any()
    lost = renewals["outcome"] == "lost"
    assert (renewals.loc[lost, "renewed_arr"] == 0).all() and (renewals.loc[~lost, "renewed_arr"] > 0).all()
    assert (renewals["target_arr"] > 0).all()
    reduced = renewals["renewed_arr"] < renewals["target_arr"]
    assert (renewals.loc[reduced & ~lost, "outcome"] == "reduced").all()
    # by hand for the ledgers in one currency: the rows whose term ends on the day
    rows = tables["subscriptions"]
    if "arr" in rows:
        for due in renewals.itertuples():
            mine = rows[(rows["account_id"] == due.account_id) & (rows["term_end_date"] == due.due_date)]
            held = mine[(mine["start_date"] < due.due_date) & ~(mine["end_date"] < due.due_date)]
            assert held["arr"].sum() == due.target_arr


def test_a_merger_moves_the_contracts_to_the_survivor(tables: Tables) -> None:
    link, rows = tables["account_links"].iloc[0], tables["subscriptions"]
    price = "mrr" if "mrr" in rows else "arr"
    gone, survivor = (rows[rows["account_id"] == link[column]] for column in ("account_id", "into_id"))
    day = link["effective_date"]
    assert (gone["end_date"] <= day).all()
    moved = survivor[(survivor["start_date"] == day) & survivor["change_reason"].eq("merger")]
    assert moved[price].sum() == gone.loc[gone["end_date"] == day, price].sum() > 0
    assert link["account_id"] not in set(tables["churn_reasons"]["account_id"])


def test_people_are_there_when_they_are_met(tables: Tables) -> None:
    people = tables["contacts"].drop_duplicates("contact_id").set_index("contact_id")
    assert len(people) == len(tables["contacts"])
    for name in ("touches", "surveys"):
        met = tables[name].dropna(subset=["contact_id"])
        who = people.loc[met["contact_id"]]
        day = met["date"].to_numpy()
        assert (who["account_id"].to_numpy() == met["account_id"].to_numpy()).all()
        assert (who["start_date"].to_numpy() <= day).all()
    team = tables["team"].set_index("person")
    assert set(tables["accounts"]["owner"].dropna()) <= set(team.index[team["end_date"].isna()])
    touched = tables["touches"].dropna(subset=["owner"])
    assert (team["start_date"].loc[touched["owner"]].to_numpy() <= touched["date"].to_numpy()).all()


def test_use_never_exceeds_what_is_licensed(tables: Tables) -> None:
    usage = tables["usage"]
    assert (usage["used_units"] <= usage["licensed_units"]).all()
    assert not usage.duplicated(["account_id", "date", "feature"]).any()


def test_signals_fall_before_most_exits_and_not_before_all(tables: Tables, life: pd.DataFrame) -> None:
    health = tables["health"].merge(life, left_on="account_id", right_index=True)
    left = health[
        (health["after"] - health["as_of_date"]).dt.days.between(60, 100) & (health["after"] <= END)
    ]
    green_before_exit = (left["band"] == "green").mean()
    stayed = health[health["after"] > END]
    assert 0.02 < green_before_exit < 0.5
    assert (stayed["band"] == "green").mean() > green_before_exit + 0.15
    assert (stayed["band"] == "red").any(), "false alarms exist"


def test_some_never_reach_first_value_and_some_never_answer(tables: Tables, life: pd.DataFrame) -> None:
    steps = tables["milestones"].pivot_table(
        index="account_id", columns="milestone", values="date", aggfunc="min"
    )
    old = steps.loc[life.index[life["first"] < END - pd.DateOffset(years=1)].intersection(steps.index)]
    assert 0.05 < old["first_value"].isna().mean() < 0.45
    assert not (steps["live"] < steps["kickoff"]).any() and not (steps["first_value"] < steps["live"]).any()
    asked = tables["touches"].query("kind == 'survey'")
    answered = tables["surveys"].query("kind == 'nps'")
    assert 0.2 < len(answered) / len(asked) < 0.5
