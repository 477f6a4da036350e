from __future__ import annotations

import pytest

from cslib.tables import DTYPES, TABLES

DESIGN = """
subscriptions: account_id start_date end_date mrr arr price currency subscription_id product plan quantity list_mrr discount
    billing_months billing_weeks signed_date term_end_date notice_date auto_renew change_reason
accounts: account_id name segment industry region channel owner parent_id valid_from valid_to
account_links: account_id into_id kind effective_date
renewals: account_id due_date target_arr outcome closed_date renewed_arr list_uplift
usage: account_id date user_id feature events seconds licensed_units used_units
health: account_id as_of_date score band components
surveys: account_id date score kind contact_id role comment
milestones: account_id milestone date kind parent owner metric before after confirmed
touches: account_id date kind owner purpose direction contact_id minutes executive
contacts: account_id contact_id role is_champion is_economic_buyer start_date end_date reports_to influence
opportunities: account_id created_date amount kind source stage closed_date won product buyer
    seller promised settled_date promise_kept
feedback: account_id date area status votes closed_date idea channel text replies reason alternative notified_date
churn_reasons: account_id date reason voluntary competitor savable source
tickets: account_id opened_at closed_at priority first_response_minutes csat escalated
team: person role start_date end_date region annual_cost quota quota_kind segment
costs: function month amount channel
"""
REQUIRED = {
    "subscriptions": "account_id start_date end_date currency",
    "accounts": "account_id",
    "account_links": "account_id into_id kind effective_date",
    "renewals": "account_id due_date target_arr",
    "usage": "account_id date",
    "health": "account_id as_of_date score",
    "surveys": "account_id date score",
    "milestones": "account_id milestone date",
    "touches": "account_id date kind",
    "contacts": "account_id contact_id role",
    "opportunities": "account_id created_date amount kind",
    "feedback": "account_id date area",
    "churn_reasons": "account_id date reason",
    "tickets": "account_id opened_at",
    "team": "person role start_date",
    "costs": "function month amount",
}


def test_the_contract_is_the_design() -> None:
    design = {}
    for line in DESIGN.replace("\n    ", " ").strip().splitlines():
        name, _, columns = line.partition(": ")
        design[name] = columns.split()
    assert {name: [c.name for c in table.columns] for name, table in TABLES.items()} == design
    assert list(TABLES) == list(design)
    assert {name: " ".join(table.required) for name, table in TABLES.items()} == REQUIRED


@pytest.mark.parametrize("name", TABLES)
def test_every_name_in_a_table_is_one_of_its_columns(name: str) -> None:
    table = TABLES[name]
    named = {*table.key, *table.later, *(c for also in table.later.values() for c in also)}
    named |= {c for pair in table.order for c in pair} | {c for group in table.one_of for c in group}
    named |= {table.date} - {None}
    assert named <= set(table.column)
    assert all(table.column[c].kind == "date" for c in {table.date, *table.later} - {None})
    assert all(c.doc and c.kind in DTYPES for c in table.columns)
