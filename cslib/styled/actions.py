"""Who should do what: plays, and the accounts each is for."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, currency_of, day, exact_money, one_line, short_money
from cslib.styled.sheet import Sheet, account_names, distinct, lay_out
from cslib.words import say

__all__ = ["MIME", "actions_table", "plays_table"]

MIME: Final = "application/vnd.cslib.actions+json"
NAMES: Final = {
    "renewal_rescue": "Renewal rescue",
    "value_recapture": "Value recapture",
    "price_review": "Price review",
    "win_back": "Exit interview and win-back",
    "onboarding_fix": "Onboarding fix",
    "second_contact": "Second contact at the customer",
    "second_start": "Second onboarding of a returner",
    "next_offer": "Next offer",
    "segment_review": "Segment review",
}
STEPS: Final = {
    "renewal_rescue": "Under notice, or up for renewal and paying less than a year ago: talk to the sponsor in time.",
    "value_recapture": "Pays less than a year ago: find out what is no longer used, and show what it was worth.",
    "price_review": "Buys no less and pays less than a year ago: review the discount before the next term.",
    "win_back": "Left in the last quarter: ask why while it is fresh, and what would bring them back.",
    "onboarding_fix": "Began in the last year: check that first value was reached, and who has seen it.",
    "second_contact": "A tenth of the book or more: know the buyer, the sponsor and the users, not one person.",
    "second_start": "Came back after leaving: onboard again, as if new.",
    "next_offer": "Has paid the same for a year: find the next step that would be useful.",
    "segment_review": "Left or shrank in a segment that keeps less than the rest: find what they have in common.",
}


def plays_table(frame: pd.DataFrame, *, unit: str, title: str, locale: str = "en_US") -> Sheet:
    """Plays with what to do, how many accounts they are for and the money at stake, one row a play.

    Parameters
    ----------
    frame : DataFrame
        `play`, `n_accounts`, `at_stake` (minor units), one row a play; may be empty.
    unit : str
        Of the amounts, such as ``USD ARR``.
    title : str
        First words of the caption.
    locale : str
        Of words and numbers.

    Returns
    -------
    Sheet
        In the order of first appearance.

    Raises
    ------
    ValueError
        When a column is missing or a play is unknown.
    """
    kept = require(frame, columns=["play", "n_accounts", "at_stake"], by="plays_table", may_be_empty=True)
    _check(frame)
    currency, base = currency_of(unit), unit.split(" ")[-1]
    heads = [say(head, locale=locale, base=base) for head in ("What to do", "Accounts", "{base} concerned")]
    rows = [
        [
            say(STEPS[row["play"]], locale=locale),
            count(row["n_accounts"], locale=locale),
            short_money(row["at_stake"], currency, locale=locale),
        ]
        for row in frame.to_dict("records")
    ]
    names = [say(NAMES[play], locale=locale) for play in frame["play"]]
    cells = pd.DataFrame(rows or [[""] * len(heads)], names or [say("none", locale=locale)], heads)
    return lay_out(
        cells.rename_axis(say("Play", locale=locale), axis=1),
        rows=[kept],
        caption=f"{title}, {unit}.",
        label="tab-plays",
        text=heads[:1],
    )


def actions_table(
    frame: pd.DataFrame, *, unit: str, title: str, most: int = 5, locale: str = "en_US"
) -> Sheet:
    """Accounts of every play with their owner, what they pay and what it concerns, the most first.

    Parameters
    ----------
    frame : DataFrame
        `play`, `account_id`, `name`, `owner`, `arr`, `at_stake` (minor units), `day` (NaT where none); may be empty.
    unit : str
        Of the amounts, such as ``USD ARR``.
    title : str
        First words of the caption.
    most : int
        Accounts shown of each play; the caption says how many there are, and the output carries all of them.
    locale : str
        Of words, numbers and dates.

    Returns
    -------
    Sheet
        One row a play and account, to be sorted by any column on a page; all rows under :data:`MIME`.

    Raises
    ------
    ValueError
        When a column is missing, a play is unknown or `most` is not positive.
    """
    columns = ["play", "account_id", "name", "owner", "arr", "at_stake", "day"]
    kept = require(frame, columns=columns, by="actions_table", may_be_empty=True)
    _check(frame)
    if most < 1:
        raise ValueError(f"actions_table: most: found {most}, expected a number of accounts of 1 or more")
    shown = frame.groupby("play", sort=False).head(most)
    currency, base = currency_of(unit), unit.split(" ")[-1]
    heads = [
        say(head, locale=locale, base=base)
        for head in ("Play", "Owner", "{base} now", "{base} concerned", "Renewal due")
    ]
    rows = [
        [
            say(NAMES[row["play"]], locale=locale),
            one_line(row["owner"]),
            exact_money(row["arr"], currency, locale=locale),
            exact_money(row["at_stake"], currency, locale=locale),
            "" if pd.isna(row["day"]) else day(row["day"], locale=locale),
        ]
        for row in shown.to_dict("records")
    ]
    order = [
        [told[0], told[1], int(row["arr"]), int(row["at_stake"]), _iso(row["day"])]
        for told, row in zip(rows, shown.to_dict("records"), strict=True)
    ]
    first = account_names(frame.drop_duplicates("account_id"))
    named = dict(zip(frame["account_id"].drop_duplicates(), first, strict=True))
    names = distinct([named[account] for account in shown["account_id"]], mark="\N{ZERO WIDTH SPACE}")
    none = pd.DataFrame([[""] * len(heads)], [say("none", locale=locale)], heads)
    left = len(frame) - len(shown)
    caption = f"{title}, {unit}."
    if left:
        caption += " " + say(
            "The {most} largest of each play; actions.csv beside the report holds all {n} rows.",
            locale=locale,
            most=count(most, locale=locale),
            n=count(len(frame), locale=locale),
        )
    sheet = lay_out(
        (pd.DataFrame(rows, names, heads) if rows else none).rename_axis(
            say("Account", locale=locale), axis=1
        ),
        rows=[shown[kept.columns], pd.DataFrame({"most": [most], "n": [len(frame)]})],
        caption=caption,
        label="tab-actions",
        text=heads[:2],
        order=pd.DataFrame(order, names, heads) if rows else None,
    )
    return sheet.carrying(
        {MIME: {"actions": [_record(row, currency, locale) for row in frame.to_dict("records")]}}
    )


def _check(frame: pd.DataFrame) -> None:
    unknown = sorted(set(frame["play"]) - set(NAMES))
    if unknown:
        raise ValueError(f"play: found {', '.join(unknown)}, expected some of {', '.join(NAMES)}")


def _iso(when: Any) -> str:
    return "" if pd.isna(when) else str(pd.Timestamp(when).date())


def _record(row: dict[Any, Any], currency: str, locale: str) -> dict[str, Any]:
    texts = {name: str(row[name]) for name in ("account_id", "name", "owner")}
    return {
        "play": say(NAMES[row["play"]], locale=locale), **texts, "arr": int(row["arr"]),
        "at_stake": int(row["at_stake"]), "currency": currency, "by": _iso(row["day"]),
        "what_to_do": say(STEPS[row["play"]], locale=locale),
    }  # fmt: skip
