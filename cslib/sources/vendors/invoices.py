"""Invoice lines to prices over intervals: what was billed for which days; credits, tax and parts of a period apart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading, missing_column
from cslib.sources.vendors.lines import as_lines, leave, months_between, of_total, rows_of, sequence, tell
from cslib.sources.vendors.table import Made, left_of, sides

__all__ = ["from_invoices"]

_DAY = pd.Timedelta(days=1)
_NOT_RECURRING = "one.?time|one.?off|setup|set.?up|service|implementation|onboarding|training|hardware"


def from_invoices(parts: Sequence[Part], reading: Reading, *kinds: str) -> Made:
    """Ledger from lines with a value, a first and a last day, an account and an id.

    A line is worth its amount over the months of its term. Lines of one id follow each other: a renewal that starts
    early ends the term before it, one that starts within ``grace_days`` leaves no gap. Lines of other ids add up, so a
    co-termed add-on is a line of its own.
    """
    lines, raw, notes = _lines(parts, reading, *kinds)
    grace = int(reading.option("grace_days") or 0)
    chain = lines["account"].fillna("") + "\x1f" + _chain(raw, lines) + "\x1f" + lines["product"].fillna("")
    chain = chain.where(raw["id"].notna() | raw["subscription"].notna() | (grace > 0))
    alone = lines["id"].isna() & (grace == 0)
    lines, facts = sequence(lines, chain.mask(alone), grace=grace, digits=reading.digits)
    notes += facts
    notes += _reversed(raw, lines, reading)
    short = (raw["whole"] == 0) & raw["of_total"]
    notes += tell(lines, short & (raw["rest"] > 0), "terms of parts of a month, worth the same share of one",
                  digits=reading.digits)  # fmt: skip
    others = [
        leave(p.frame, p.frame["cause"] == "", "not needed beside the lines")
        for p in parts
        if p.kind.name not in kinds
    ]
    return Made(rows_of(lines, digits=reading.digits), left_of(lines, *others), tuple(notes))


def _reversed(raw: pd.DataFrame, lines: pd.DataFrame, reading: Reading) -> list[str]:
    """What is said to renew a line that starts later: they are put in the order of their days."""
    named = raw[raw["id"].notna()]  # without its id a line is renewed by none; a blank must not meet a blank
    starts = dict(zip(named["id"], named["start"], strict=True))
    parent = raw["renews"].str.replace(r"\.0$", "", regex=True).map(starts).where(raw["renews"].notna())
    what = "start before the contract they are said to renew, and count in the order of their days"
    return tell(lines, raw["start"] < parent.astype("datetime64[s]"), what, digits=reading.digits)


def _chain(raw: pd.DataFrame, lines: pd.DataFrame) -> pd.Series:
    """What a line belongs to: its subscription; where lines renew each other, the first of them; else its id."""
    of = raw["subscription"].fillna(raw["id"]).astype("object")
    if raw["renews"].notna().any():
        whole = raw["renews"].str.replace(r"\.0$", "", regex=True)
        parent = {own: of for own, of in zip(raw["id"], whole, strict=True) if pd.notna(own)}
        roots = []
        for own in raw["id"]:
            seen: set[str] = set()
            while pd.notna(parent.get(own)) and own not in seen and parent[own] in parent:
                seen.add(own)
                own = parent[own]
            roots.append(own)
        of = pd.Series(roots, index=raw.index, dtype="object")
    return of.where(pd.notna(of), "line " + lines["line"].astype("str"))


def _lines(
    parts: Sequence[Part], reading: Reading, *kinds: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    raw = sides(parts, *kinds)
    notes = [note for part in parts if part.kind.name in kinds for note in part.notes]
    for name, type_ in {"id": "text", "subscription": "text", "renews": "text", "type": "text", "mode": "text",
                        "proration": "flag", "deleted": "flag", "quantity": "number", "product": "text", "plan": "text",
                        "status": "text", "canceled": "date", "total": "money", "mrr": "money", "arr": "money",
                        "signed": "date", "term": "text", "interval": "text"}.items():  # fmt: skip
        if name not in raw:
            raw[name] = missing_column(type_, raw.index)
    if "currency" not in raw:
        raw["currency"] = missing_column("text", raw.index)
    raw["currency"] = raw["currency"].fillna(reading.currency)
    if "account" not in raw or raw["account"].isna().all():
        raw["account"] = raw["subscription"].map(_accounts(parts)).astype("str")
    inclusive = (
        reading.options.get("end_date", "inclusive" if _says_inclusive(parts, kinds) else "exclusive")
        == "inclusive"
    )
    shift = pd.Series(inclusive, index=raw.index)
    if "inclusive" in raw and "end_date" not in reading.options:
        shift = raw["inclusive"].fillna(shift).astype(bool)
    end = raw["end"].mask(shift, raw["end"] + _DAY)
    n_last = int((shift & raw["end"].notna()).sum())
    if n_last:
        notes.append(
            f"end dates are the last day of service, and the day after is counted from: {n_last:,} rows"
        )
    raw["whole"], raw["rest"] = _whole(raw["start"], end)
    value = reading.option("value")
    total = raw["total"]
    arr = (
        of_total(total, raw["start"], end) if value == "total" else total * 12 if value == "month" else total
    )
    known = raw["arr"].fillna(raw["mrr"] * 12)
    raw["of_total"] = known.isna() & (value == "total")
    lines = as_lines(raw, end=end, arr=known.fillna(arr), id=raw["subscription"].fillna(raw["id"]),
                     mrr=missing_column("money", raw.index),
                     notice=raw["canceled"].where(raw["canceled"] < end))  # fmt: skip
    about = raw["type"].fillna("").str.lower() + " " + raw["mode"].fillna("").str.lower()
    lines = leave(lines, raw["deleted"], "deleted at the source", total)
    lines = leave(lines, raw["account"].isna(), "names no account", total)
    lines = leave(lines, about.str.contains("tax|vat", regex=True), "tax (amount billed)", total)
    lines = leave(
        lines,
        (total < 0).fillna(False) | about.str.contains("credit|refund", regex=True),
        "credits and refunds (amount)",
        total,
    )
    lines = leave(
        lines, raw["proration"], "proration: a part of a period, not a price (amount billed)", total
    )
    lines = leave(
        lines, about.str.contains("usage|metered|overage", regex=True), "usage (amount billed)", total
    )
    lines = leave(lines, about.str.contains(_NOT_RECURRING, regex=True), "one-off (amount billed)", total)
    lines = leave(lines, raw["start"].isna(), "says no first day", total)
    value_known = known.notna() | (reading.option("value") != "total")
    lines = leave(lines, raw["end"].isna() & ~value_known, "says no last day (amount billed)", total)
    lines = leave(
        lines,
        (end <= raw["start"]).fillna(False),
        "ends before it starts, or on the same day (amount billed)",
        total,
    )
    lines = leave(lines, lines["arr"].isna(), "has no amount")
    notes += tell(lines, lines["arr"] == 0, "free, and make no customer of an account", digits=reading.digits)
    return lines, raw, notes


def _says_inclusive(parts: Sequence[Part], kinds: tuple[str, ...]) -> bool:
    return any(part.kind.inclusive for part in parts if part.kind.name in kinds)


def _accounts(parts: Sequence[Part]) -> dict[str, str]:
    heads = sides(parts, "subscriptions", "subscriptions_export")
    return dict(zip(heads["id"], heads["account"], strict=True)) if "account" in heads else {}


def _whole(start: pd.Series, end: pd.Series) -> tuple[pd.Series, pd.Series]:
    whole, rest, _ = months_between(start, end)
    return whole, rest
