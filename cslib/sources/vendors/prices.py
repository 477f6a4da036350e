"""Lists of prices with the days they are in force, as most billing systems and CRMs keep them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd

from cslib.sources.money import convert
from cslib.sources.vendors.cells import Part, Reading, missing_column
from cslib.sources.vendors.lines import (
    LINE,
    as_lines,
    leave,
    of_total,
    plus_months,
    rows_of,
    sequence,
    split,
    tell,
    trials,
    yearly,
)
from cslib.sources.vendors.origin import FIELDS
from cslib.sources.vendors.table import Made, left_of, sides
from cslib.sources.vendors.terms import period_of

__all__ = ["READ", "filled", "from_prices", "keys", "made_of", "priced"]

_DAY = pd.Timedelta(days=1)
_NEVER = "draft|incomplete|failed|declined|rejected|in approval|future never|not started"
_PAID_LATE = "past.?due|unpaid|overdue|in.?collection"


def filled(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Frame with all of these fields, missing where it has none."""
    lacking = {name: missing_column(FIELDS[name].kind, frame.index) for name in names if name not in frame}
    return frame.assign(**lacking)


READ = [
    "account",
    "id",
    "subscription",
    "product",
    "plan",
    "quantity",
    "amount",
    "unit_amount",
    "mrr",
    "arr",
    "total",
    "interval",
    "interval_count",
    "term",
    "months",
    "start",
    "end",
    "created",
    "trial_end",
    "canceled",
    "cancel_at",
    "ended",
    "term_end",
    "signed",
    "auto_renew",
    "status",
    "type",
    "deleted",
    "latest",
    "live",
    "currency",
    "notice",
    "paused",
    "resumed",
    "reason",
    "renews",
    "list_amount",
    "discount",
    "percent_off",
    "add_ons",
    "inclusive",
]


def _less(amounts: pd.Series, percent: pd.Series) -> pd.Series:
    """Amounts less a percentage, exact, rounded once, half to even."""
    at = (percent != 0) & amounts.notna()
    for share in percent[at].unique():
        rows = at & (percent == share)
        rest = 1 - Fraction(str(share)) / 100
        amounts = amounts.mask(rows, convert(amounts[rows].astype("int64"), rest).astype("Int64"))
    return amounts


def priced(raw: pd.DataFrame, reading: Reading, *, inclusive: bool = False) -> tuple[pd.DataFrame, list[str]]:
    """Lines of a list of prices; `raw` has every field of the vocabulary that this reads, missing where unknown.

    The price is, in this order: of a period (``unit_amount`` times ``quantity``, or ``amount``, with ``interval``, less
    ``discount`` or ``percent_off``, with ``add_ons``), ``mrr``, ``arr``, else ``total`` over the term.
    """
    notes: list[str] = []
    raw = raw.assign(currency=raw["currency"].fillna(reading.currency))
    last = reading.options.get("end_date", "inclusive" if inclusive else "exclusive") == "inclusive"
    shift = pd.Series(last, index=raw.index)
    if "end_date" not in reading.options:
        shift = raw["inclusive"].fillna(shift).astype(bool)
    end = raw["end"].mask(shift, raw["end"] + _DAY)
    if (shift & raw["end"].notna()).any():
        n = int((shift & raw["end"].notna()).sum())
        notes.append(f"end dates are the last day of service, and the day after is counted from: {n:,} rows")
    term_months, _ = period_of(raw["term"])
    term_months = term_months.fillna(raw["months"])
    start = raw["start"].fillna(raw["created"])
    end = end.fillna(plus_months(start, term_months))
    months, weeks = period_of(raw["interval"], raw["interval_count"])
    quantity = raw["quantity"].fillna(1)
    gross = (raw["unit_amount"].astype("float64") * quantity).round().astype("Int64").fillna(raw["amount"])
    net = gross - raw["discount"].fillna(0)
    percent = raw["percent_off"].fillna(0)
    net = _less(net, percent)
    net = net + raw["add_ons"].fillna(0)
    has_period = months.notna() | weeks.notna()
    price = net.where(has_period)
    lines = as_lines(
        raw, start=start, end=end, months=months.where(has_period), weeks=weeks, price=price,
        mrr=raw["mrr"].where(price.isna()), arr=raw["arr"].where(price.isna() & raw["mrr"].isna()),
        list_price=gross.where(has_period & (gross != net)), id=raw["subscription"].fillna(raw["id"]),
        notice=raw["notice"].fillna(raw["canceled"]),
    )  # fmt: skip
    lines["arr"] = lines["arr"].fillna(of_total(raw["total"].where(yearly(lines).isna()), start, end))
    money = gross.fillna(raw["total"])
    about = raw["type"].fillna("").str.lower()
    status = raw["status"].fillna("").str.lower()
    lines = leave(lines, raw["deleted"], "deleted at the source", money)
    lines = leave(lines, ~raw["live"].fillna(True).astype(bool), "test mode, not live", money)
    lines = leave(lines, ~raw["latest"].fillna(True).astype(bool), "an earlier version", money)
    lines = leave(lines, raw["account"].isna(), "names no account", money)
    lines = leave(
        lines, status.str.contains(_NEVER, regex=True), "never begun (draft, failed or in approval)", money
    )
    lines = leave(lines, about.str.contains("usage|metered|consumption", regex=True), "usage", money)
    one_off = about.str.contains("one.?time|one.?off|setup|non.?recurring", regex=True)
    lines = leave(lines, one_off, "a one-off price", money)
    lines = leave(
        lines, about.str.contains("discount", regex=False), "a discount as a line of its own", money
    )
    lines = leave(lines, start.isna(), "says no day on which it starts", money)
    lines = leave(
        lines, yearly(lines).isna() & gross.notna(), "has no billing period: a one-off price", money
    )
    lines = leave(lines, yearly(lines).isna(), "has no amount")
    lines = leave(lines, (yearly(lines) < 0).fillna(False), "credits (a negative price)", money)
    lines = leave(lines, (end < start).fillna(False), "ends before it starts", money)
    lines["notice"] = lines["notice"].where(lines["notice"] < lines["end"].fillna(pd.Timestamp("2200-01-01")))
    notes += tell(
        lines,
        status.str.fullmatch(_PAID_LATE),
        "past due, and count until the subscription ends",
        digits=reading.digits,
    )
    behind = (raw["created"] - start).dt.days > 31
    notes += tell(lines, behind, "entered more than a month after they start (backdated), and count from the start",
                  digits=reading.digits)  # fmt: skip
    lines = lines.assign(paused=raw["paused"], resumed=raw["resumed"])
    trialing = status.str.fullmatch("in.?trial|trialing|trial")
    lines, facts = trials(lines, raw["trial_end"].fillna(end.where(trialing)), still=trialing)
    notes += facts
    day = lines["paused"].where(lines["cause"] == "")
    if day.notna().any():
        notes += tell(lines, day.notna(), "paused, and count for nothing meanwhile", digits=reading.digits)
        before, later = split(lines, day)
        pause, after = split(later.assign(reason="paused"), later["resumed"])
        after["reason"] = missing_column("text", after.index)
        lines = pd.concat([before, pause, after]).sort_index(kind="stable")
    free = (yearly(lines) == 0).fillna(False) & lines["reason"].isna()
    notes += tell(lines, free, "free, and make no customer of an account", digits=reading.digits)
    return lines.reset_index(drop=True), notes


def keys(frame: pd.DataFrame) -> pd.Series:
    """File and line of each row as one text."""
    return frame["file"].astype("str") + "\x1f" + frame["line"].astype("str")


def made_of(
    lines: pd.DataFrame, others: Sequence[pd.DataFrame], notes: Sequence[str], reading: Reading
) -> Made:
    """What comes of lines: rows, and all that is left out of them and of the other files."""
    used = lines[lines["cause"] == ""]
    left = left_of(lines, *others)
    left = left[~keys(left).isin(set(keys(used)))]
    plain = lines[["file", "line", "cause", "left_amount", *LINE]]
    return Made(rows_of(plain, digits=reading.digits), left.reset_index(drop=True), tuple(notes))


def from_prices(
    parts: Sequence[Part],
    reading: Reading,
    *kinds: str,
    raw: pd.DataFrame | None = None,
    chained: bool = True,
) -> Made:
    """Ledger from the files of the named kinds, each row a price in force over an interval.

    `raw` are their rows where the importer has joined more to them; the other files it has used must then be given to
    it by `left`. `chained`: whether rows of one id follow each other.
    """
    raw = sides(parts, *kinds) if raw is None else raw
    raw = filled(raw, *(name for name in READ if name in FIELDS))
    notes = [note for part in parts for note in part.notes]
    inclusive = any(part.kind.inclusive for part in parts if part.kind.name in kinds)
    lines, facts = priced(raw, reading, inclusive=inclusive)
    notes += facts
    if chained:
        grace = int(reading.option("grace_days") or 0)
        chain = lines["account"].fillna("") + "\x1f" + lines["id"] + "\x1f" + lines["product"].fillna("")
        lines, facts = sequence(lines, chain, grace=grace, digits=reading.digits)
        notes += facts
    others: list[pd.DataFrame] = [
        part.frame.assign(
            cause=part.frame["cause"].mask(part.frame["cause"] == "", "not needed beside the prices")
        )
        for part in parts
        if part.kind.name not in kinds and part.kind.ledger
    ]
    return made_of(lines, others, notes, reading)
