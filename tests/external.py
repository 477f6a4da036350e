"""Company folders over data that nobody here wrote: a company.toml each, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = (Path(__file__).parents[1] / "../shared/data").resolve()

MRR_PLAYBOOK = """
name = "MRR playbook"
currency = "USD"

[tables.subscriptions]
file = "{data}/subscription_periods.csv"
columns = {{ account_id = "customer_id", mrr = "monthly_amount" }}
constants = {{ currency = "USD" }}
"""

CRM5 = """
name = "CRM5"
currency = "USD"

[tables.subscriptions]
file = "{data}/subscription.csv"
columns = {{ billing_months = "bill_period_months" }}
constants = {{ currency = "USD" }}

[tables.accounts]
file = "{data}/account.csv"
columns = {{ account_id = "id", region = "country" }}

[tables.usage]
file = "{data}/events_monthly.csv"
columns = {{ date = "month", feature = "event_type_id" }}
values = {{ feature = {{ 0 = "search", 1 = "create_search", 2 = "edit_search" }} }}
"""

RAVENSTACK = """
name = "RavenStack"
currency = "USD"
data_until = 2024-12-31

[tables.subscriptions]
file = "{data}/ravenstack_subscriptions.csv"
constants = {{ currency = "USD" }}
values = {{ billing_months = {{ monthly = 1, annual = 12 }} }}

[tables.subscriptions.columns]
mrr = "mrr_amount"
plan = "plan_tier"
quantity = "seats"
billing_months = "billing_frequency"
auto_renew = "auto_renew_flag"

[tables.accounts]
file = "{data}/ravenstack_accounts.csv"
columns = {{ name = "account_name", segment = "plan_tier", region = "country", channel = "referral_source" }}

[tables.usage]
file = "{data}/ravenstack_feature_usage.csv"
account_of = "subscription_id"
columns = {{ date = "usage_date", feature = "feature_name", events = "usage_count", seconds = "usage_duration_secs" }}

[tables.tickets]
file = "{data}/ravenstack_support_tickets.csv"

[tables.tickets.columns]
opened_at = "submitted_at"
first_response_minutes = "first_response_time_minutes"
csat = "satisfaction_score"
escalated = "escalation_flag"

[tables.churn_reasons]
file = "{data}/ravenstack_churn_events.csv"
columns = {{ date = "churn_date", reason = "reason_code" }}
"""


def _folder(tmp_path: Path, name: str, text: str) -> Path:
    data = SHARED / name
    if not data.is_dir():
        pytest.skip(f"data of others is not there: ../shared/data/{name}")
    folder = tmp_path / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.toml").write_text(text.format(data=data.as_posix()), encoding="utf-8")
    return folder


def mrr_playbook(tmp_path: Path) -> Path:
    """121 subscription periods of 55 customers, 2017-09 to 2020-02."""
    return _folder(tmp_path, "mrr_playbook", MRR_PLAYBOOK)


def crm5(tmp_path: Path) -> Path:
    """22,110 billing periods of a simulated CRM company, 2022 to 2024."""
    return _folder(tmp_path, "crm5", CRM5)


def ravenstack(tmp_path: Path) -> Path:
    """5,000 subscriptions of 500 accounts, with usage, tickets and churn events, 2023 and 2024."""
    return _folder(tmp_path, "ravenstack", RAVENSTACK)
