"""What a database says of a ledger that stays there, as of one day: account of the data, notes, a hash of it all."""

# ruff: noqa: S608 - every query is made of the company's own, and of plain names of columns
from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import pandas as pd

from cslib.engines import Engine
from cslib.sources.cut import edge_notes, ledger_notes

if TYPE_CHECKING:
    from cslib.sources.company import Company

__all__ = ["TEXT", "Standing", "fingerprint", "standing"]

TEXT: Final = "VARCHAR(1000)"  # text in every dialect of the engine
_PRIME: Final = 1_000_003


@dataclass(frozen=True, eq=False)
class Standing:
    """The ledger on one day, as rows that are read here would stand: see :class:`cslib.book.Book`."""

    account: pd.DataFrame
    dropped: pd.DataFrame
    notes: tuple[str, ...]
    n_accounts: int
    n_priced: int


_FACTS: Final = """
SELECT COUNT(*) AS n, SUM(CASE WHEN start_date > {day} THEN 1 ELSE 0 END) AS later,
  CAST(SUM(CASE WHEN start_date > {day} THEN arr ELSE 0 END) AS BIGINT) AS later_arr,
  COUNT(DISTINCT CASE WHEN start_date <= {day} THEN account_id END) AS accounts,
  COUNT(DISTINCT CASE WHEN start_date <= {day} AND arr > 0 AND (end_date IS NULL OR end_date > start_date)
    THEN account_id END) AS priced,
  MIN(CASE WHEN start_date <= {day} THEN start_date END) AS first_day,
  MAX(CASE WHEN start_date <= {day} AND end_date <= {day} THEN end_date WHEN start_date <= {day} THEN start_date END)
    AS last_day,
  SUM(CASE WHEN start_date <= {day} AND end_date = start_date THEN 1 ELSE 0 END) AS none,
  SUM(CASE WHEN start_date <= {day} AND end_date > {day} THEN 1 ELSE 0 END) AS open,
  SUM(CASE WHEN start_date <= {day} AND end_date > {day} AND {noticed} THEN 1 ELSE 0 END) AS noticed
FROM ({rows}) AS r
"""


def standing(
    ask: Engine, rows: str, config: Company, *, as_of: dt.date, columns: tuple[str, ...]
) -> Standing:
    """Look at the `rows` of a ledger, asked where they are: what they are as of a day.

    Parameters
    ----------
    ask : callable
        Who answers.
    rows : str
        Query for ``account_id, start_date, end_date, arr`` and `columns`.
    config : Company
        The company.
    as_of : date
        Last day that is known.
    columns : tuple of str
        What else of a row a figure may look at.
    """
    day = f"DATE '{as_of.isoformat()}'"
    noticed = f"notice_date <= {day}" if "notice_date" in columns else "1 = 0"
    facts = ask(_FACTS.format(rows=rows, day=day, noticed=noticed)).rename(columns=str.lower).iloc[0]
    n, later, none, still, known = (
        int(0 if pd.isna(facts[name]) else facts[name]) for name in ("n", "later", "none", "open", "noticed")
    )
    first, last = (pd.to_datetime(facts[name]) for name in ("first_day", "last_day"))
    account = pd.DataFrame(
        {
            "table": "subscriptions", "file": f"{config.engine} (subscriptions)", "rows_read": n,
            "rows_kept": n - later, "rows_after_as_of": later, "rows_rejected": 0, "first_date": first,
            "last_date": last, "sha256": fingerprint(ask, rows, columns),
        }, index=[0],
    ).astype({"first_date": "datetime64[s]", "last_date": "datetime64[s]"})  # fmt: skip
    left = [("subscriptions", f"start_date: after {as_of}", later, int(facts["later_arr"]))] if later else []
    dropped = pd.DataFrame(left, columns=["table", "cause", "n_rows", "amount"])
    notes = [
        *ledger_notes(none, still, known, pd.Timestamp(as_of)),
        *edge_notes(last, pd.Timestamp(as_of), complete=config.data_until is not None),
        f"The ledger stays in connection {config.engine} and is asked there; no other table is read.",
    ]
    kinds = {"table": "str", "cause": "str", "n_rows": "int64", "amount": "Int64"}
    return Standing(
        account, dropped.astype(kinds), tuple(notes), int(facts["accounts"]), int(facts["priced"])
    )


def fingerprint(ask: Engine, rows: str, columns: tuple[str, ...]) -> str:
    """Hash of a ledger that stays where it is: one row an account comes back, made of all its rows.

    A database has no hash that all databases have, so sums and extremes stand for the rows of an account. A change of a
    price, a day or a label moves them; only one that was made to leave them alone would not be seen.
    """
    number = "EXTRACT(YEAR FROM {0}) * 372 + EXTRACT(MONTH FROM {0}) * 31 + EXTRACT(DAY FROM {0})"
    start, end = (f"COALESCE({number.format(name)}, 0)" for name in ("start_date", "end_date"))
    # The place of a label among those of its account: a row that changes sides is seen where both sides stay.
    texts = {name: f"COALESCE(CAST({name} AS {TEXT}), '')" for name in columns}
    places = "".join(
        f", {text} AS t{i}, DENSE_RANK() OVER (PARTITION BY account_id ORDER BY {text}) AS p{i}"
        for i, text in enumerate(texts.values())
    )
    inner = (
        f"SELECT account_id, arr, MOD(arr, {_PRIME}) AS money, CAST({start} AS BIGINT) AS since, "
        f"CAST({end} AS BIGINT) AS until{places} FROM ({rows}) AS r"
    )
    row = f"MOD(since * 7 + until * 13 + money, {_PRIME})"
    sums = [
        "arr",
        "money * since",
        "money * until",
        "since * until",
        *(f"p{i} * {row}" for i in range(len(texts))),
    ]
    asked = ", ".join(f"CAST(SUM({one}) AS BIGINT) AS s{i}" for i, one in enumerate(sums))
    ends = "".join(f", MIN(t{i}) AS a{i}, MAX(t{i}) AS z{i}" for i in range(len(texts)))
    answer = ask(
        f"SELECT account_id, COUNT(*) AS n, {asked}{ends} FROM ({inner}) AS i GROUP BY account_id"
    ).rename(columns=str.lower)
    kinds = {name: "int64" if name == "n" or name.startswith("s") else "str" for name in answer.columns}
    hashes = pd.util.hash_pandas_object(answer.astype(kinds), index=False).sort_values()
    return sha256("\x1f".join([*columns, ""]).encode() + hashes.to_numpy().tobytes()).hexdigest()
