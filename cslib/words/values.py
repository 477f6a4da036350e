"""Words that stand in the frames of metrics and in columns of the contract: states, bands, verdicts, parts, rules."""

from __future__ import annotations

from typing import Final

__all__ = ["STAND_INS", "VALUES"]

STAND_INS: Final = frozenset(
    {"(no owner)", "(not given)", "(none)", "(withheld)", "(blank)", "not known", "unknown", "no data", "none named"}
)  # fmt: skip
"""What stands in a column of names where the data have none."""

VALUES: Final = (
    *sorted(STAND_INS),
    # retention, cohorts and what both are cut by
    "opening", "closing", "Opening", "Closing", "new", "expansion", "reactivation", "contraction", "churn",
    "unchanged", "joined and left", "gone before", "month", "quarter", "year", "by due date", "Segment", "Industry",
    "Region", "Channel", "Plan", "Product", "Currency", "segment", "industry", "region", "channel", "plan", "product",
    "currency", "cohort", "fitted curve", "hazard ratio at equal age", "cohort by renewals", "private", "public",
    "bootstrapped", "equity-backed", "annual contracts", "month-to-month contracts", "multi-year contracts",
    "subscription pricing", "usage-based pricing", "hybrid pricing", "seat-based pricing", "product-led", "sales-led",
    "self-serve", "net retention", "change in a year", "newest vintage against older", "worse", "better",
    "above 100%", "below 100%", "age at opening", "under 1 year", "1 to 2 years", "2 to 3 years", "3 to 4 years",
    "4 years and more", "First renewal rate", "more often", "less often", "newer vintages", "renewal decisions",
    "recent months", "first anniversary", "tenure", "vintage", "changed", "cannot tell", "Net", "Gross", "Logo",
    "Left or pay less", "Pay more", "left", "over 25% less", "up to 25% less", "up to 25% more", "25% to 100% more",
    "more than double", "above", "below",
    # several reports
    "all", "none", "red", "amber", "green", "no score", "onboarding", "first year", "later", "renewal near",
    "first 90 days", "100k and more", "20k to 100k", "5k to 20k", "1k to 5k", "under 1k", "left since", "not paying",
    "naive", "matched", "landmark", "higher", "lower", "cannot be told from chance", "in time", "on time", "late",
    "early", "lost", "full", "over", "past", "ahead",
    # values of the contract that are usual
    "signed", "handover", "kickoff", "live", "first value", "call", "email", "meeting", "QBR", "survey", "training",
    "visit", "message", "webinar", "in-app", "open", "planned", "under review", "delivered", "declined", "opened",
    "decided", "won", "low", "normal", "high", "urgent", "renewal", "any", "document", "challenge", "objective",
    "workflow",
    # the board's
    "Units in use", "ARR in green health", "Promoters less detractors", "Renewal: gross retention",
    "Upsell: net retention", "Recommendation", "Brand: deals that customers referred",
    "Easier selling: deals won of those decided", "Revenue: growth of ARR in the quarter",
    "Margin: ARR left after serving it", "no loss after growth", "Lemkin, SaaStr: well above 100% before a listing",
    "What is our net retention?", "What is our gross retention?", "How many customers stay?",
    "Would they recommend us?", "How much ARR has a CSM?", "What does customer success cost?",
    "Do CSMs carry a quota?", "How long until first value?", "Does the health score tell?",
    "Is there a process, or reactive support?", "1. What is net retention?", "and against a year ago?",
    "2. Is it good, among like companies?", "3. How much of it is growth?",
    "4. Is there a process, or reactive support?", "5. How near are listed companies?", "of customers", "of ARR",
    "promoters less detractors", "a CSM, mean", "of CSMs", "days, median", "of pairs ranked right",
    "of planned steps in time", "of opening ARR", "difference", "net less gross", "of the gauge's edges are passed",
    "company.toml does not state one pricing model", "nothing of this pricing had been published", "more than others",
    "stayed a year", "tickets in 90 days", "best third", "middle", "worst third", "shared by new accounts",
    "by channel",
    # coverage
    "room", "hire", "hire now", "wait", "no need", "served", "when cash allows", "one is there",
    "too few customers to pay for it", "renewals are more than founders can do", "the sales manager is ramping",
    "early sellers make their quota", "on request", "looked after", "cost", "paid services", "found and won",
    "influenced", "owned", "ledger", "sum", "churn alone", "digital touches", "deals of its own", "influenced deals",
    "no ops",
    # for a customer
    "units in use", "all customers", "customers of your segment", "Speak about the renewal",
    "days until the term ends", "Put unused units to work, or review them", "units not in use",
    "events three months before, none since", "Answer the open requests", "requests without an answer",
    "Close the cases that wait", "Meet", "days since the last meeting",
    # renewals
    "due for renewal", "all ARR", "all ARR, a swap is a loss", "more of the same", "new product", "price or plan",
    "less of the same", "product dropped", "account left", "same buyer, more of the same", "same buyer, new product",
    "new buyer, same product", "new buyer, new product", "CSQL", "base", "win", "grow", "keep", "as it was",
    "landed larger", "Lifetime value",
    # health
    "under 25%", "25% to 50%", "50% to 75%", "75% to 90%", "90% and more", "tells", "wrong way", "at risk",
    "ready to grow", "score fell", "use fell", "ticket escalated", "term near", "nearly all units in use",
    "score rose", "promoter", "health score", "use", "ticket", "survey answer", "touch", "milestone", "contact",
    "renewal decision", "the customer's decision", "not the customer's decision", "score", "touches in 90 days",
    "last answer", "unhealthy", "healthy",
    # voice and people
    "differs by size", "never", "not yet", "with a reason", "with an alternative", "the customer was told",
    "2 or more", "two people or more", "who decides was introduced", "champion", "economic buyer", "administrator",
    "success plan", "org chart", "runbook", "training material", "adopted", "not adopted", "outcome", "no outcome",
    "confirmed by the customer", "no parent", "parent not known", "no measure", "library", "deal", "onboarding check",
    "review",
    # rules of thumb: their words, units and, where they hold words, sources
    "Lemkin, SaaStr, since 2013", "choice of this report", "ARR that one CSM looks after",
    "ARR per CSM where growth is funded", "ARR per CSM at growth of 100% to 200% a year",
    "book from which a CSM is full", "book from which a CSM is over",
    "full cost of a CSM where the team table has none", "visits to each of the largest accounts",
    "days a year on which a CSM calls", "customers a CSM reaches in a day, of the 3 to 5 that are usual",
    "size below which a CSM has hundreds of accounts", "size of which two accounts call for an enterprise CSM",
    "size of which one account calls for an enterprise CSM", "revenue that begins to pay for a CSM of its own",
    "revenue that pays for a CSM of its own", "ARR at which founders' renewals fill their time",
    "ARR by which a head of customer success is there", "from the decision to the first day of a CSM",
    "from the first day to a full book", "gross margin of ARR", "share of teams whose CSMs carry a renewal quota",
    "share of teams whose CSMs carry an expansion quota", "in which a detractor hears from us",
    "ideas of customers delivered in a year", "average of software companies", "SaaStr, no population given",
    "without value shown, from which it is a gap", "of an economic buyer's word", "of a champion's word",
    "gross retention had nobody looked after customers", "a year", "visits", "days", "calls", "ARR of the band",
    "months", "ratio", "ideas", "NPS from -1 to 1", "weight",
    # a row of each table of the contract
    "a price in force over an interval",
    "an account, and any further column to cut by; with valid_from, one row a value",
    "a merger, alias or parent, with its date", "a renewal decision", "account (x user) x feature x day or month",
    "a score as it stood on a day", "an answer", "a lifecycle step", "a contact with a customer", "a person",
    "a CSQL or expansion deal", "an idea or complaint", "why an account left or shrank", "a support case",
    "a person in customer success", "a cost by function and month",
)  # fmt: skip
