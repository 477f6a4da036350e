"""Patterns of the finished English notes that data, proof and comparison print, so that they can be told again."""

from __future__ import annotations

from typing import Final

__all__ = ["NOTES"]

NOTES: Final = (
    # what the sources say of the data
    "as_of {day} lies {days} days after {last}, the last day on which any subscription starts or ends; if the data "
    "stops there, what happened since is not in it.",
    "subscriptions: mrr and arr are both given and mrr is used; arr is not 12 mrr in {n} rows.",
    "subscriptions: {n} rows in {code} are converted at {rate} {currency} per {code_again}.",
    "subscriptions: {n} rows start and end on the same day and count for nothing.",
    "subscriptions: {n} rows end after {day}; notice had been given for {noticed}, the others are open as of that day.",
    "subscriptions: {n} rows end after {day}; they are open as of that day.",
    "accounts: {n} of {of} accounts in subscriptions are not in accounts.",
    "{table}: {n} rows belong to {of} accounts that subscriptions and accounts do not hold.",
    "{table}: {n} rows repeat an earlier row in full; the contract allows it, and they count.",
    "{table}: {n} rows of monthly amounts are read as {periods} periods.",
    "settings: {name} = {value} (default {default}).",
    "By {columns}: the value of {day}, projected back; accounts does not say from when it held.",
    "By {columns}: the value of {day}, projected back; the settings ask for it.",
    "{table}: left out as personal data or free text: {columns} "
    '(personal = "keep" in company.toml keeps them).',
    "{table}: {n} cells that are mail addresses are replaced by pseudonyms.",
    "No subscription starts on or before {day}.",
    "The ledger stays in connection {name} and is asked there; no other table is read.",
    "Convention {name} is left out: it does not follow the account to the end of its service, and a ledger that stays "
    "in its database is asked for no other.",
    # identities and flags of the proof
    "ARR bridge closes, every month, each {by}",
    "rows read are used or accounted for",
    "rows left out have a cause",
    "rows in the book are the rows read",
    "ARR of each row is its price, annualised",
    "nothing in a table is later than the as-of day",
    "every input has its hash",
    "the files, read again, are the book",
    "no reading is later than the as-of day",
    "the database, asked again, answers as before",
    "counted in the account it belongs to",
    "left out by a setting",
    "no subscription",
    "never paid",
    "paid between two readings only",
    "ARR bridge closes, every month",
    "ARR bridge closes, every {n} months",
    "ARR bridge closes, every {n} months, each {by}",
    "ARR of each {by} adds up to the total",
    "ARR of all cohorts adds up to the total",
    "Every account has one {by}",
    "every account has one {by}",
    "net retention over {n} months: endpoints equal flows of the starters",
    "changes of all accounts add up to the change of ARR",
    "every account is in one movement class of {n} months, or left out for a reason",
    "Accounts in no movement of the last {n} months: {of} ({reasons}).",
    "Edge of the data: the last start or end in the ledger lies {days} days before the as-of day.",
    "Of {cells} cells of the quarterly cohorts {n} are blank, as not every member is old enough.",
    # other choices, and what becomes of the conclusions
    "as reported: {n} months, endpoint",
    "as reported: at {n} months, twelve months wide",
    "as reported: {n} months",
    "{n} months",
    "at {n} months",
    "cohort at {n} months",
    "half a year wide",
    "accounts instead of ARR",
    "convention: {convention}",
    "without {name}",
    # why a published figure is not compared
    "its source does not say how it was computed",
    "it was computed under another convention",
    "it looks back over another number of months",
    "it is about a year more than {n} years back",
    "it is about companies with the trait '{trait}', which company.toml does not state",
    "our ARR per account lies outside its population",
    "our ARR lies outside its population",
    "no account paid when the window opened",
    "ours has no interval, so nothing could be claimed",
    "it was published after the as-of day",
    "its bands are in {currency}, and company.toml has no rate for it",
    # what moved since an earlier report
    "No report of the quarter before was at hand, so nothing can be said about corrected history.",
    "The report as of {day} has no figure that this one gives again.",
    "All {n} past figures of the report as of {day} are the same now.",
    "Of {of} past figures of the report as of {day}, {n} are different now.",
    "Which rows of the ledger are behind it is not known: one of the two reports kept none.",
    "{cause}: {n}, the largest of {account}, seen since {day}.",
    "not known",
)
