"""The contract itself: sixteen tables written out as data, one line a column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, get_args

from cslib.tables.columns import Column, Kind, Table

_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}


def _columns(text: str) -> tuple[Column, ...]:
    """Columns from lines of `name kind values unit doc`, two spaces apart.

    ``name*`` is required, ``name+`` must be there but may be blank; values are ``low..high`` or ``a|b``.
    """
    made = []
    for line in text.strip().splitlines():
        name, kind, values, unit, doc = re.split(r"\s{2,}", line.strip())
        low, bounded, high = values.partition("..")
        made.append(
            Column(
                name.rstrip("*+"),
                _KINDS[kind],
                required=name[-1] in "*+",
                unit="" if unit == "-" else unit,
                doc=doc,
                choices=tuple(values.split("|")) if "|" in values else (),
                minimum=float(low) if bounded and low else None,
                maximum=float(high) if bounded and high else None,
                nullable=name[-1] == "+",
            )
        )
    return tuple(made)


_CONTRACT: Final = (
    Table(
        "subscriptions",
        "a price in force over an interval",
        _columns("""
            account_id*      text    -     -              the customer; one id, one customer
            start_date*      date    -     day            first day the price is in force
            end_date+        date    -     day            first day it is not; blank while it is open
            mrr              money   0..   minor units    monthly recurring revenue, in the row's own currency
            arr              money   0..   minor units    annual recurring revenue, in the row's own currency
            price            money   0..   minor units    price of one billing period, in the row's own currency
            currency*        text    -     -              ISO 4217, such as USD; of all its prices
            subscription_id  text    -     -              the subscription; its prices follow each other
            product          text    -     -              what is sold
            plan             text    -     -              edition or price plan
            quantity         number  0..   units          seats or units paid for
            list_mrr         money   0..   minor units    mrr before discount, in the row's own currency
            discount         number  0..1  share of list  0.2 is 20% off
            billing_months   count   1..   months         months paid at once; 12 is annual
            billing_weeks    count   1..   weeks          weeks paid at once, where the period is not of months
            signed_date      date    -     day            the contract was signed (bookings, CARR)
            term_end_date    date    -     day            first day after the committed term
            notice_date      date    -     day            the end became known
            auto_renew       flag    -     -              renews unless notice is given
            change_reason    text    -     -              why this price differs from the one before
        """),
        ("subscription_id", "start_date"),
        "start_date",
        one_of=(("mrr", "arr", "price"),),
        later={"signed_date": (), "notice_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "accounts",
        "an account, and any further column to cut by; with valid_from, one row a value",
        _columns("""
            account_id*  text  -  -    the customer; one id, one customer
            name         text  -  -    the account's name in a report
            segment      text  -  -    band or tier
            industry     text  -  -    line of business
            region       text  -  -    where it is
            channel      text  -  -    how it was won
            owner        text  -  -    who looks after it
            parent_id    text  -  -    the account that owns it
            valid_from   date  -  day  first day on which the row holds; blank for ever since
            valid_to     date  -  day  first day on which it does not; the next row of the account takes over
        """),
        ("account_id",),
        "valid_from",
        order=(("valid_from", "valid_to"),),
    ),
    Table(
        "account_links",
        "a merger, alias or parent, with its date",
        _columns("""
            account_id*      text  -                    -    the account that is tied
            into_id*         text  -                    -    the account it belongs to from then on
            kind*            text  merger|alias|parent  -    what ties them
            effective_date*  date  -                    day  first day it holds
        """),
        ("account_id", "kind", "effective_date"),
        "effective_date",
    ),
    Table(
        "renewals",
        "a renewal decision",
        _columns("""
            account_id*   text    -    -              the customer
            due_date*     date    -    day            first day after the term that is up
            target_arr*   money   0..  minor units    ARR up for renewal, in the reporting currency
            outcome       text    -    -              what was decided
            closed_date   date    -    day            it was decided
            renewed_arr   money   0..  minor units    ARR renewed, in the reporting currency
            list_uplift   number  -    share of list  price rise asked for; 0.05 is 5%
        """),
        (),
        "due_date",
        later={"closed_date": ("outcome", "renewed_arr", "list_uplift")},
    ),
    Table(
        "usage",
        "account (x user) x feature x day or month",
        _columns("""
            account_id*     text    -    -             the customer
            date*           date    -    day or month  the day, or the first day of the month
            user_id         text    -    -             the person
            feature         text    -    -             what was used
            events          number  0..  events        how often
            seconds         number  0..  seconds       how long
            licensed_units  number  0..  units         units paid for
            used_units      number  0..  units         units in use
        """),
        (),
        "date",
    ),
    Table(
        "health",
        "a score as it stood on a day",
        _columns("""
            account_id*  text    -       -       the customer
            as_of_date*  date    -       day     the score was read
            score*       number  0..100  points  0 is worst, 100 best
            band         text    -       -       red, amber, green, or the company's own
            components   text    -       -       what the score is made of
        """),
        ("account_id", "as_of_date"),
        "as_of_date",
    ),
    Table(
        "surveys",
        "an answer",
        _columns("""
            account_id*  text    -             -       the customer
            date*        date    -             day     it was answered
            score*       number  0..100        points  the answer; nps 0 to 10
            kind         text    nps|csat|ces  -       which question
            contact_id   text    -             -       who answered
            role         text    -             -       the person's role
            comment      text    -             -       free text
        """),
        (),
        "date",
    ),
    Table(
        "milestones",
        "a lifecycle step",
        _columns("""
            account_id*  text  -  -    the customer
            milestone*   text  -  -    signed, kickoff, live, first_value ...
            date*        date  -  day  it was reached
            kind         text  -  -    step, document, challenge, objective, workflow, or stage of an outcome
            parent       text  -  -    the milestone it serves
            owner        text  -  -    who answers for it
            metric       text  -  -    what it is measured by
            before       number  -  -    the measure before
            after        number  -  -    the measure now
            confirmed    flag  -  -    the customer confirmed it
        """),
        ("account_id", "milestone", "date"),
        "date",
    ),
    Table(
        "touches",
        "a contact with a customer",
        _columns("""
            account_id*  text    -    -        the customer
            date*        date    -    day      it took place
            kind*        text    -    -        call, mail, meeting, qbr ...
            owner        text    -    -        who made it
            purpose      text    -    -        what for
            direction    text    -    -        outbound: we began it; inbound: the customer did
            contact_id   text    -    -        with whom
            minutes      number  0..  minutes  how long
            executive    flag    -    -        an executive of the customer was there, or was told
        """),
        (),
        "date",
    ),
    Table(
        "contacts",
        "a person",
        _columns("""
            account_id*        text  -  -    the customer
            contact_id*        text  -  -    the person
            role*              text  -  -    the person's role
            is_champion        flag  -  -    speaks for us
            is_economic_buyer  flag  -  -    holds the budget
            start_date         date  -  day  first day in the role
            end_date           date  -  day  first day no longer in it; blank while in it
            reports_to         text  -  -    contact_id of the person's head
            influence          number  0..  -  weight of the person's word
        """),
        ("account_id", "contact_id", "role", "start_date"),
        "start_date",
        later={"end_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "opportunities",
        "a CSQL or expansion deal",
        _columns("""
            account_id*    text   -  -            the customer
            created_date*  date   -  day          it was opened
            amount*        money  -  minor units  ARR at stake, in the reporting currency
            kind*          text   -  -            csql, expansion, cross-sell ...
            source         text   -  -            who found it
            stage          text   -  -            how far it is
            closed_date    date   -  day          it was won or lost
            won            flag   -  -            blank while it is open
            product        text   -  -            what is to be sold
            buyer          text   -  -            who decides
            seller         text   -  -            who sells
            promised       text   -  -            what was promised to win it
            settled_date   date   -  day          the promise was kept or broken
            promise_kept   flag   -  -            blank while it is open
        """),
        (),
        "created_date",
        later={"closed_date": ("stage", "won"), "settled_date": ("promise_kept",)},
        order=(("created_date", "closed_date"),),
    ),
    Table(
        "feedback",
        "an idea or complaint",
        _columns("""
            account_id*  text   -    -      the customer
            date*        date   -    day    it was given
            area*        text   -    -      part of the product or service
            status       text   -    -      where it stands
            votes        count  0..  votes  how many want it
            closed_date  date   -    day    it was settled
            idea         text   -    -      the idea it is about; the same for all who ask for it
            channel      text   -    -      how it came
            text         text   -    -      in the customer's words
            replies      count  0..  replies  answers of other customers
            reason       text   -    -      why it was declined
            alternative  text   -    -      what was offered instead
            notified_date  date  -   day    the customer was told
        """),
        (),
        "date",
        later={"closed_date": ("status", "reason", "alternative"), "notified_date": ()},
        order=(("date", "closed_date"),),
    ),
    Table(
        "churn_reasons",
        "why an account left or shrank",
        _columns("""
            account_id*  text  -  -    the customer
            date*        date  -  day  the reason was given
            reason*      text  -  -    the reason
            voluntary    flag  -  -    the customer decided; false for failed payment or closure
            competitor   text  -  -    who won
            savable      flag  -  -    could have been kept
            source       text  -  -    who says so
        """),
        (),
        "date",
    ),
    Table(
        "tickets",
        "a support case",
        _columns("""
            account_id*             text    -       -        the customer
            opened_at*              date    -       day      it was opened
            closed_at               date    -       day      it was closed; blank while it is open
            priority                text    -       -        how urgent
            first_response_minutes  number  0..     minutes  until the first answer
            csat                    number  0..100  points   satisfaction with the case
            escalated               flag    -       -        was escalated
        """),
        (),
        "opened_at",
        later={"closed_at": ("csat",)},
        order=(("opened_at", "closed_at"),),
    ),
    Table(
        "team",
        "a person in customer success",
        _columns("""
            person*      text   -    -            who
            role*        text   -    -            as what
            start_date*  date   -    day          first day in the role
            end_date     date   -    day          first day no longer in it; blank while in it
            region       text   -    -            where
            annual_cost  money  0..  minor units  full cost of a year, in the reporting currency
            quota        money  0..  minor units  ARR to bring in a year, in the reporting currency
            quota_kind   text    -    -            what the quota is of: renewal, expansion
            segment      text   -    -            the band or tier served
        """),
        ("person", "role", "start_date"),
        "start_date",
        later={"end_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "costs",
        "a cost by function and month",
        _columns("""
            function*  text   -  -            customer success, support, sales, product ...
            month*     date   -  month        first day of the month
            amount*    money  -  minor units  cost, in the reporting currency
            channel    text   -  -            channel it was spent on
        """),
        ("function", "month", "channel"),
        "month",
    ),
)

TABLES: Final[dict[str, Table]] = {table.name: table for table in _CONTRACT}
