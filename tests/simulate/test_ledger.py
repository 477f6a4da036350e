from __future__ import annotations

from dataclasses import replace

import pytest

from cslib.simulate import COMPANIES, Spec, simulate_ledger


@pytest.mark.parametrize("spec", COMPANIES, ids=lambda spec: spec.story)
def test_small_accounts_leave_more_often(spec: Spec) -> None:
    lost, ever = {"SMB": 0, "Enterprise": 0}, {"SMB": 0, "Enterprise": 0}
    for seed in range(4):  # one draw of eighty accounts proves nothing
        ledger = simulate_ledger(spec, seed)
        segment = ledger.accounts.set_index("account_id")["segment"]
        for name in lost:
            lost[name] += segment.reindex(ledger.exits["account_id"]).eq(name).sum()
            ever[name] += segment.eq(name).sum()
    assert lost["SMB"] / ever["SMB"] > lost["Enterprise"] / ever["Enterprise"]


def test_every_kind_of_change_occurs() -> None:
    reasons = set(simulate_ledger(COMPANIES[0], 7).subscriptions["change_reason"])
    assert reasons == {
        "new", "trial", "uplift", "renewal", "more seats", "fewer seats", "cross-sell", "upgrade", "extension",
        "reactivation", "merger",
    }  # fmt: skip


def test_quarters_end_busy() -> None:
    rows = simulate_ledger(COMPANIES[0], 7).subscriptions
    month = rows.loc[rows["change_reason"] == "new", "start_date"].dt.month
    assert month.isin([3, 6, 9, 12]).mean() > 1.15 * 4 / 12


def test_newer_accounts_leave_faster_in_any_draw() -> None:
    newer, older = 0.0, 0.0
    for seed in range(4):
        ledger = simulate_ledger(COMPANIES[1], seed)
        hidden = ledger.hidden.set_index("account_id")
        start = ledger.subscriptions.groupby("account_id")["start_date"].min()
        exits = ledger.exits.drop_duplicates("account_id").set_index("account_id")["day"]
        within = (exits - start.reindex(exits.index)).dt.days <= 366
        young = start[hidden.index].dt.year == 2025
        old = start[hidden.index].dt.year.isin([2022, 2023, 2024])
        newer += within.reindex(young.index[young], fill_value=False).mean()
        older += within.reindex(old.index[old], fill_value=False).mean()
    assert newer > 1.5 * older


@pytest.mark.parametrize("seed", [*range(1, 9), 51])
def test_no_account_is_its_own_parent_by_way_of_a_merger(seed: int) -> None:
    # seed 4 of the third company drew the account that merged away as the parent of the one it merged into
    ledger = simulate_ledger(COMPANIES[2], seed)
    accounts = ledger.accounts.dropna(subset=["parent_id"])
    into = dict(zip(accounts["account_id"], accounts["parent_id"], strict=True))
    into |= dict(zip(ledger.account_links["account_id"], ledger.account_links["into_id"], strict=True))
    for account in into:
        seen = [account]
        while (above := into.get(seen[-1])) is not None:
            assert above not in seen, " -> ".join([*seen, above])
            seen.append(above)


def test_a_merger_without_candidates_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"Thornbury Signal: \d accounts in GBP could merge on 2025-02-10, expected 2 or more",
    ):
        simulate_ledger(replace(COMPANIES[2], n_accounts=3), 7)
