"""Chargebee, Recurly, Zuora, HubSpot, Salesforce, Planhat and the logs of changes: each rule on rows worked by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cslib.sources.vendors.terms import period_of
from tests.sources.vendors.cases import causes, loaded, prices


def test_periods_are_months_or_weeks_and_never_days() -> None:
    words = [
        "Monthly",
        "Annual",
        "Semi-annual",
        "quarter",
        "P1Y",
        "6 months",
        "Week",
        "every 2 weeks",
        "P14D",
        "day",
        "once",
        None,
    ]
    months, weeks = period_of(pd.Series(words))
    assert months.tolist() == [1, 12, 6, 3, 12, 6, pd.NA, pd.NA, pd.NA, pd.NA, pd.NA, pd.NA]
    assert weeks.tolist() == [*[pd.NA] * 6, 1, 2, 2, pd.NA, pd.NA, pd.NA]


def test_chargebee(tmp_path: Path) -> None:
    text = """subscriptions.id,customers.id,subscriptions.plan_id,subscriptions.plan_quantity,subscriptions.plan_unit_price,subscriptions.currency_code,subscriptions.billing_period,subscriptions.billing_period_unit,subscriptions.status,subscriptions.activated_at,subscriptions.trial_end,subscriptions.cancelled_at,subscriptions.current_term_end,subscriptions.pause_date,subscriptions.resume_date,subscriptions.deleted
        1,A,pro,3,10.00,USD,1,month,active,2024-01-01,,,2024-02-01,,,false
        2,B,pro,1,120.00,USD,1,year,cancelled,2024-01-01,,2024-07-01,,,,false
        3,C,pro,1,10.00,USD,1,month,non_renewing,2024-01-01,,2024-05-01,2024-05-01,,,false
        4,D,pro,1,10.00,USD,1,month,in_trial,2024-01-01,2024-01-15,,,,,false
        5,E,pro,1,10.00,USD,1,month,future,2030-01-01,,,,,,false
        6,F,pro,1,10.00,USD,1,month,paused,2024-01-01,2024-01-15,,,2024-03-01,2024-04-01,false
        7,G,pro,1,10.00,USD,1,month,active,2024-01-01,,,,,,true
    """
    one = loaded(tmp_path, "chargebee", {"Subscriptions.csv": text})
    assert prices(one) == [
        ("A", "2024-01-01", "open", 36000),
        ("B", "2024-01-01", "2024-07-01", 12000),
        ("C", "2024-01-01", "2024-05-01", 12000),
        ("D", "2024-01-01", "2024-01-15", 0),
        ("F", "2024-01-01", "2024-01-15", 0),
        ("F", "2024-01-15", "2024-03-01", 12000),
        ("F", "2024-03-01", "2024-04-01", 12000),
        ("F", "2024-04-01", "open", 12000),
    ]
    assert one.frame.query("account_id == 'F'")["change_reason"].fillna("").tolist() == [
        "trial",
        "",
        "paused",
        "",
    ]
    assert causes(one) == {"has not begun (future)": 1, "deleted at the source": 1}
    assert one.left_amounts == {"has not begun (future)": 1000, "deleted at the source": 1000}


def test_recurly_versions_are_prices(tmp_path: Path) -> None:
    text = """id,account_id,plan_id,state,activated_at,updated_at,canceled_at,expires_at,currency,unit_amount,quantity,add_ons_total,trial_ends_at,current_period_ends_at
        s,A,p,active,2024-01-01 10:00:00,2024-01-01 10:00:00,,,USD,10.00,1,0.0,,2024-02-01 10:00:00
        s,A,p,active,2024-01-01 10:00:00,2024-03-05 10:00:00,,,USD,10.00,2,5.0,,2024-04-01 10:00:00
        s,A,p,canceled,2024-01-01 10:00:00,2024-06-01 10:00:00,2024-06-01 10:00:00,2024-07-01 10:00:00,USD,10.00,2,5.0,,2024-07-01 10:00:00
        f,B,p,future,2030-01-01 10:00:00,2024-01-01 10:00:00,,,USD,10.00,1,0.0,,2030-02-01 10:00:00
    """
    plans = "id,name,interval_unit,interval_length,updated_at\np,Pro,months,1,2020-01-01 00:00:00\nq,Old,months,1,2020-01-01 00:00:00\n"
    one = loaded(tmp_path, "recurly", {"subscription_history.csv": text, "plan_history.csv": plans})
    assert prices(one) == [
        ("A", "2024-01-01", "2024-03-05", 12000),
        ("A", "2024-03-05", "2024-06-01", 30000),
        ("A", "2024-06-01", "2024-07-01", 30000),
    ]
    assert causes(one) == {"has not begun (future)": 1, "a plan of no subscription here": 1}
    bare = loaded(tmp_path, "recurly", {"subscription_history.csv": text})
    assert any(note.startswith("say no billing period, and count as monthly") for note in bare.notes)


def test_zuora_takes_the_newest_version_of_a_charge(tmp_path: Path) -> None:
    charges = """id,charge_number,segment,version,account_id,subscription_id,rate_plan_id,charge_type,mrr,effective_start_date,effective_end_date,amendment_id,name
        c1,C-1,1,1,A,s1,r1,Recurring,100,2024-01-01,2025-01-01,,Seats
        c2,C-1,1,2,A,s2,r1,Recurring,100,2024-01-01,2024-06-01,,Seats
        c3,C-1,2,2,A,s2,r1,Recurring,150,2024-06-01,2025-01-01,m1,Seats
        c4,C-2,1,2,A,s2,r1,OneTime,,2024-01-01,2024-01-02,,Setup
        c5,C-3,1,2,A,s2,r1,Usage,,2024-01-01,2025-01-01,,Calls
        c6,C-4,1,2,A,s2,r1,Recurring,70,2024-03-01,2024-03-01,,Seats
    """
    heads = """id,account_id,name,status,version,is_latest_version,cancelled_date,term_end_date,auto_renew
        s1,A,A-S1,Expired,1,false,,2025-01-01,true
        s2,A,A-S1,Cancelled,2,true,2024-11-11,2025-01-01,false
    """
    amendments = "id,subscription_id,type,booking_date,contract_effective_date\nm1,s2,UpdateProduct,2024-05-20,2024-06-01\n"
    accounts = "id,currency,name,status,account_number\nA,EUR,Ann,Active,A-1\n"
    files = {
        "charges.csv": charges,
        "subscription.csv": heads,
        "amendment.csv": amendments,
        "account.csv": accounts,
    }
    one = loaded(tmp_path, "zuora", files, head="[rates]\nEUR = 1.5\n")
    assert prices(one) == [
        ("A", "2024-01-01", "2024-06-01", 120000),
        ("A", "2024-06-01", "2025-01-01", 180000),
    ]
    assert set(one.frame["currency"]) == {"EUR"}
    assert one.frame["change_reason"].fillna("").tolist() == ["", "UpdateProduct"]
    assert one.frame["signed_date"].dt.strftime("%m-%d").fillna("").tolist() == ["", "05-20"]
    assert one.frame["notice_date"].dt.strftime("%m-%d").dropna().unique().tolist() == ["11-11"]
    assert causes(one) == {
        "of an earlier version of its subscription": 1, "usage": 1, "a one-off price": 1,
        "removed by an amendment before it began": 1, "a subscription of no charge that is used": 1,
    }  # fmt: skip
    assert one.left_amounts["of an earlier version of its subscription"] == 180000  # EUR 1,200.00 at 1.5


def test_hubspot_takes_the_account_and_the_day_from_the_deal(tmp_path: Path) -> None:
    items = """Record ID,Associated Deal ID,Name,Quantity,Unit price,Billing frequency,Term,Discount percentage,Currency
        1,d1,Core,10,12.00,Monthly,P12M,,USD
        2,d1,Setup,1,500.00,,,,USD
        3,d2,Core,1,1200.00,Annually,P24M,10,USD
        4,d3,Core,1,99.00,Monthly,P12M,,USD
    """
    deals = """Record ID,Associated Company ID,Deal Stage,Close Date,Is Closed Won
        d1,A,Closed won,2024-01-15,true
        d2,B,Closed won,2024-02-01,true
        d3,C,Closed lost,2024-02-01,false
    """
    one = loaded(tmp_path, "hubspot", {"items.csv": items, "deals.csv": deals})
    assert prices(one) == [
        ("A", "2024-01-15", "2025-01-15", 144000),
        ("B", "2024-02-01", "2026-02-01", 108000),
    ]
    assert one.frame["list_mrr"].dropna().tolist() == [10000]
    assert causes(one) == {
        "has no billing period: a one-off price": 1,
        "of a deal that is not won": 1,
        "a deal of no line item that is used": 1,
    }
    assert one.left_amounts["has no billing period: a one-off price"] == 50000


def test_salesforce_contracts_end_on_their_last_day(tmp_path: Path) -> None:
    text = """Contract Number,Account ID,Status,Contract Start Date,Contract Term (months),Contract End Date,TCV,Contract Currency
        1,A,Activated,2024-01-01,24,2025-12-31,2400.00,USD
        2,B,Draft,2024-01-01,12,2024-12-31,1200.00,USD
        3,C,Activated,2024-03-01,12,,600.00,USD
    """
    one = loaded(tmp_path, "salesforce", {"contracts.csv": text})
    assert prices(one) == [
        ("A", "2024-01-01", "2026-01-01", 120000),
        ("C", "2024-03-01", "2025-03-01", 60000),
    ]
    assert causes(one) == {"never begun (draft, failed or in approval)": 1}


def test_planhat_says_itself_whether_an_end_is_included(tmp_path: Path) -> None:
    text = """_id,companyId,product,value,fromDate,toDate,toDateIncluded,currency
        1,A,Core,1200,2024-01-01T00:00:00.000Z,2024-12-31T00:00:00.000Z,true,USD
        2,B,Core,1200,2024-01-01T00:00:00.000Z,2025-01-01T00:00:00.000Z,false,USD
    """
    one = loaded(tmp_path, "planhat", {"licenses.csv": text})
    assert prices(one) == [
        ("A", "2024-01-01", "2025-01-01", 120000),
        ("B", "2024-01-01", "2025-01-01", 120000),
    ]


def test_changes_are_summed_and_what_is_missing_before_them_is_told(tmp_path: Path) -> None:
    text = """Customer External ID,Subscription External ID,Date,Type,MRR Movement,Currency
        A,s,2024-01-05,New Business,10.00,USD
        A,s,2024-03-05,Expansion,5.00,USD
        A,s,2024-03-05,Expansion,1.00,USD
        A,s,2024-05-05,Churn,-16.00,USD
        A,s,2024-07-05,Reactivation,10.00,USD
        B,t,2024-01-05,Contraction,-3.00,USD
        B,t,2024-02-05,FX adjustment,1.00,USD
    """
    one = loaded(tmp_path, "chartmogul", {"activities.csv": text})
    assert prices(one) == [
        ("A", "2024-01-05", "2024-03-05", 12000),
        ("A", "2024-03-05", "2024-05-05", 19200),
        ("A", "2024-07-05", "open", 12000),
    ]
    assert causes(one) == {"a movement of exchange rates, not of the price": 1}
    assert "events of one day count together: 1 rows" in one.notes
    assert any(note.startswith("sums below zero count as none") for note in one.notes)


def test_other_tables(tmp_path: Path) -> None:
    renewals = """Company,Due Date,Target Amount,Final Amount,Close Date,Stage,Booking Type
        A,2024-12-31,1200,1300,2024-12-01,Closed Won,Renewal
        A,2024-06-30,500,500,2024-06-01,Closed Won,Upsell
    """
    one = loaded(tmp_path, "gainsight", {"gs.csv": renewals}, table="renewals")
    assert one.frame[["account_id", "target_arr", "renewed_arr", "outcome"]].values.tolist() == [
        ["A", 120000, 130000, "Closed Won"]
    ]
    assert causes(one) == {"another type than renewal": 1}
    tickets = """Organization,Requester email,Subject,Created at,Solved at,Priority,Status,First reply time in minutes
        Acme,jo@example.com,help me,2024-01-05 10:00,2024-01-06 11:00,High,Solved,12
        ,jo@example.com,help me,2024-01-05 10:00,,High,Open,
    """
    one = loaded(tmp_path, "zendesk", {"tickets.csv": tickets}, table="tickets")
    assert one.frame["first_response_minutes"].tolist() == [12.0]
    assert causes(one) == {"names no account": 1}
    assert "jo@example.com" not in one.frame.to_csv() + one.rejected.to_csv()
    deals = """Opportunity ID,Account ID,Created Date,Close Date,Amount,Type,Stage,Won,Closed
        1,A,2024-01-05,2024-02-05,100.50,Expansion,Closed Won,true,true
        2,A,2024-01-05,2024-12-05,10,Expansion,Proposal,false,false
    """
    one = loaded(tmp_path, "salesforce", {"opps.csv": deals}, table="opportunities")
    assert one.frame["amount"].tolist() == [10050, 1000]
    assert one.frame["won"].tolist() == [True, pd.NA] and one.frame["closed_date"].isna().tolist() == [
        False,
        True,
    ]
