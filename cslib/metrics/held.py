"""What rows would tell of a ledger that stays in its database, asked there: aggregates, and one row an account.

The engine's relations know five columns. Here is what the reports need of the others, in the same core SQL.
"""

# ruff: noqa: S608 - a query is the company's own; days and months are put in as numbers
from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import pandas as pd

from cslib.book import Book, Warehouse
from cslib.ledger import relation
from cslib.metrics.cuts import cut_ledger
from cslib.months import anchor_day, month_of
from cslib.tables import TABLES

__all__ = ["bought_no_less", "contracts", "held_checks", "own_columns", "standings", "terms_due"]

YEAR: Final = 12


def _of(book: Book) -> Warehouse:
    assert book.warehouse is not None
    return book.warehouse


def _asked(book: Book, sql: str) -> pd.DataFrame:
    return _of(book).ask(sql).rename(columns=str.lower)


def _day(day: dt.date) -> str:
    return f"DATE '{day.isoformat()}'"


def _month(column: str, anchor: int) -> str:
    """First month whose reading sees a day, as ``ledger.sql`` has it."""
    return (
        f"CAST(EXTRACT(YEAR FROM {column}) * 12 + EXTRACT(MONTH FROM {column}) - 1"
        f" + CASE WHEN EXTRACT(DAY FROM {column}) > {anchor} THEN 1 ELSE 0 END AS BIGINT)"
    )


def own_columns(book: Book) -> dict[str, int]:
    """Columns that a query gives beyond those of a ledger, such as a segment, and how many values each has."""
    there = _of(book)
    names = [name for name in there.columns if name not in TABLES["subscriptions"].column]
    if not names:
        return {}
    counts = ", ".join(f"COUNT(DISTINCT {name}) AS n{i}" for i, name in enumerate(names))
    found = _asked(
        book, f"SELECT {counts} FROM ({there.rows}) AS r WHERE start_date <= {_day(book.as_of)}"
    ).iloc[0]
    return {name: int(found[f"n{i}"]) for i, name in enumerate(names)}


def standings(book: Book) -> pd.DataFrame:
    """Every account that the ledger names, and why a reading may not see it, from its rows and not from the engine.

    Returns
    -------
    DataFrame
        A row an account: ``account_id`` and, as 0 or 1, whether any of its rows is ``counted``, ``paid`` for a day,
        and ``seen`` by a reading of a month.
    """
    there, anchor = _of(book), anchor_day(book.as_of)
    counted = f"CASE WHEN {there.counts} THEN 1 ELSE 0 END"
    paid = f"CASE WHEN {there.counts} AND arr > 0 AND (end_date IS NULL OR end_date > start_date) THEN 1 ELSE 0 END"
    between = f"end_date IS NOT NULL AND {_month('start_date', anchor)} = {_month('end_date', anchor)}"
    rows = (
        f"SELECT account_id, {counted} AS counted, {paid} AS paid, "
        f"CASE WHEN {between} THEN 0 ELSE {paid} END AS seen FROM ({there.given}) AS g "
        f"WHERE start_date <= {_day(book.as_of)}"
    )
    found = _asked(
        book,
        "SELECT account_id, MAX(counted) AS counted, MAX(paid) AS paid, MAX(seen) AS seen "
        f"FROM ({rows}) AS r GROUP BY account_id",
    )
    return found.astype({"account_id": "str"}).sort_values("account_id", ignore_index=True)


def terms_due(book: Book, *, until: pd.Timestamp) -> pd.DataFrame:
    """Accounts whose committed term, or whose service, is known to end after the as-of day and by `until`.

    Returns
    -------
    DataFrame
        A row an account: ``entity``, ``due_date`` (the earliest), ``arr`` (of what ends) and ``notice``, whether an end
        of service is known.
    """
    there, now = _of(book), _day(book.as_of)
    noticed = f"notice_date <= {now}" if "notice_date" in there.columns else "1 = 0"
    term = "CAST(term_end_date AS DATE)" if "term_end_date" in there.columns else "CAST(NULL AS DATE)"
    known = f"CASE WHEN end_date <= {now} OR {noticed} THEN end_date END"
    live = (
        f"SELECT account_id, arr, {known} AS left_on, {term} AS term FROM ({there.rows}) AS r "
        f"WHERE arr > 0 AND start_date <= {now}"
    )
    due = (
        f"SELECT account_id, arr, left_on, COALESCE(left_on, term) AS due FROM ({live}) AS l "
        f"WHERE left_on IS NULL OR left_on > {now}"
    )
    found = _asked(
        book,
        "SELECT account_id AS entity, MIN(due) AS due_date, CAST(SUM(arr) AS BIGINT) AS arr, "
        f"MAX(CASE WHEN left_on IS NOT NULL THEN 1 ELSE 0 END) AS notice FROM ({due}) AS d "
        f"WHERE due > {now} AND due <= {_day(until.date())} GROUP BY account_id",
    )
    found = found.assign(due_date=pd.to_datetime(found["due_date"]).astype("datetime64[s]"))
    return found.astype({"entity": "str", "arr": "int64", "notice": "bool"})


def contracts(book: Book) -> pd.DataFrame:
    """The contract that each account began last in each month in which it began one: what a forecast knew of it.

    A year of months comes back at a time, one row an account.

    Returns
    -------
    DataFrame
        ``entity, begins, ends`` (months) ``, length`` (months of the term, not bounded), in order of account and month.
    """
    there, anchor = _of(book), anchor_day(book.as_of)
    months = {name: pd.Series(dtype="int64") for name in ("begins", "ends", "length")}
    none = pd.DataFrame({"entity": pd.Series(dtype="str"), **months})
    if "term_end_date" not in there.columns:
        return none
    term, paid = "CAST(term_end_date AS DATE)", "0"
    if "billing_months" in there.columns:
        paid = "COALESCE(CAST(billing_months AS BIGINT), 0)"
    rows = (
        f"SELECT account_id, {_month('start_date', anchor)} AS begins, {_month(term, anchor)} AS ends, {paid} AS paid, "
        f"start_date, {term} AS term FROM ({there.rows}) AS r "
        f"WHERE arr > 0 AND start_date <= {_day(book.as_of)} AND {term} > start_date"
    )
    last = (
        f"SELECT account_id, begins, ends, paid, ROW_NUMBER() OVER (PARTITION BY account_id, begins "
        f"ORDER BY start_date DESC, term DESC, paid DESC) AS nth FROM ({rows}) AS r"
    )
    length = "CASE WHEN paid > ends - begins THEN paid ELSE ends - begins END"
    known = f"SELECT account_id, begins, ends, {length} AS length FROM ({last}) AS l WHERE nth = 1"
    spans = _asked(book, f"SELECT MIN(begins) AS first, MAX(begins) AS last FROM ({known}) AS k").iloc[0]
    parts = [none]
    for year in range(int(spans["first"]), int(spans["last"]) + 1, YEAR) if pd.notna(spans["first"]) else ():
        cells = ", ".join(
            f"MAX(CASE WHEN begins = {year + month} THEN {name} END) AS {name}_{month}"
            for name in ("ends", "length")
            for month in range(YEAR)
        )
        wide = _asked(
            book,
            f"SELECT account_id, {cells} FROM ({known}) AS k "
            f"WHERE begins >= {year} AND begins < {year + YEAR} GROUP BY account_id",
        )
        parts += [
            pd.DataFrame(
                {
                    "entity": wide["account_id"].astype("str"), "begins": year + month,
                    "ends": wide[f"ends_{month}"], "length": wide[f"length_{month}"],
                }
            ).dropna()
            for month in range(YEAR)
        ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True).sort_values(["entity", "begins"], ignore_index=True)
    return found.astype({"begins": "int64", "ends": "int64", "length": "int64"})


def bought_no_less(book: Book, *, opened: dt.date) -> set[str]:
    """Accounts whose every line, at `opened` or now, has a known number of units, and none has fewer now than then."""
    there = _of(book)
    if "quantity" not in there.columns:
        return set()
    line = "COALESCE(CAST(product AS VARCHAR(1000)), '')" if "product" in there.columns else "''"
    sides = {"then": _day(opened), "now": _day(book.as_of)}
    force = {
        side: f"start_date <= {day} AND (end_date IS NULL OR end_date > {day})" for side, day in sides.items()
    }
    # An end after the as-of day is not known on it, unless notice was given: open, and in force either way.
    sums = ", ".join(
        f"SUM(CASE WHEN {inside} THEN quantity END) AS q_{side}, "
        f"SUM(CASE WHEN {inside} AND quantity IS NULL THEN 1 WHEN {inside} THEN 0 END) AS lacking_{side}"
        for side, inside in force.items()
    )
    rows = (
        f"SELECT account_id, {line} AS line, start_date, end_date, CAST(quantity AS DECIMAL(18, 4)) AS quantity "
        f"FROM ({there.rows}) AS r WHERE arr > 0"
    )
    lines = f"SELECT account_id, line, {sums} FROM ({rows}) AS r GROUP BY account_id, line"
    fine = "lacking_then = 0 AND lacking_now = 0 AND q_now >= q_then"
    found = _asked(
        book,
        f"SELECT account_id FROM ({lines}) AS l WHERE lacking_then IS NOT NULL OR lacking_now IS NOT NULL "
        f"GROUP BY account_id HAVING MIN(CASE WHEN {fine} THEN 1 ELSE 0 END) = 1",
    )
    return set(found["account_id"].astype("str"))


def held_checks(book: Book) -> Iterator[tuple[str, int, int, int, int, str]]:
    """Rows, money and days of a ledger that stays in its database, counted there, and what it answers now.

    Yields what is tested, both sides, how many equalities, how many fail, and what breaks it, as
    :func:`cslib.metrics.witness.ledger_checks` does for rows that are here.
    """
    there, day = _of(book), _day(book.as_of)
    times = 10**book.minor_units * (YEAR if book.base == "mrr" else 1)
    facts = _asked(
        book,
        f"SELECT COUNT(*) AS n, SUM(CASE WHEN arr = price * {times} THEN 1 ELSE 0 END) AS whole "
        f"FROM ({there.given}) AS g WHERE start_date <= {day}",
    ).iloc[0]
    n, kept = int(facts["n"]), int(book.account["rows_kept"].sum())
    yield "rows in the book are the rows read", n, kept, 1, int(n != kept), ""
    whole = int(facts["whole"] or 0)
    yield "ARR of each row is its price, annualised", whole, n, n, n - whole, ""
    last = month_of(book.as_of, anchor=anchor_day(book.as_of))
    months = relation("levels", cut_ledger(book).source, as_of=book.as_of)["month"]
    late = int((months > last).sum())
    yield "no reading is later than the as-of day", len(months) - late, len(months), len(months), late, ""
    changed = int(there.changed())
    where = "its rows are others now than when this report began: run it again" if changed else ""
    yield "the database, asked again, answers as before", 1 - changed, 1, 1, changed, where
