"""First renewal: what is left of an account's contract after the first time it could leave."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.metrics.lives import lives
from cslib.metrics.uncertainty import codes
from cslib.months import anchor_day, reading
from cslib.stats.ratio import ratio_of_sums

__all__ = ["first_renewals"]

BEFORE: Final = 11  # age of the last reading before the first anniversary
AFTER: Final = 13  # late signatures are in


def first_renewals(book: Book, *, level: float = 0.95) -> pd.DataFrame:
    """ARR renewed over ARR that was up at accounts' first renewal, growth not counted; a ratio, by year it fell due.

    Parameters
    ----------
    book : Book
        The company. Its renewal decisions are read where it has them; elsewhere the ledger's first anniversary stands
        in: ARR at 13 months over ARR at 11 of every account that paid then, whatever its term.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        A row per calendar year, in order: the columns of :mod:`cslib.metrics.retention` (``numerator, denominator`` in
        ARR minor units, ``start, end`` first and last due), ``n_kept`` (accounts that kept anything) and ``low, high,
        level, n_effective``. ``convention`` says which of the two it is. Decisions still open are left out.

    Source: renewal rate over ARR available to renew (SaaS Metrics Standards Board), first decision of each account.
    """
    convention, rows = (
        ("renewal decisions", _decided(book)) if book.has("renewals") else ("first anniversary", _aged(book))
    )
    found = []
    for _, own in rows.groupby(rows["due"].dt.year):
        ratio = ratio_of_sums(
            own["kept"], own["up"], cluster=codes(own["cluster"]), bounded=True, level=level
        )
        found.append(
            {"metric": "first_renewal_rate", "convention": convention, "start": own["due"].min(),
             "end": own["due"].max(), "value": ratio.value, "numerator": int(own["kept"].sum()),
             "denominator": int(own["up"].sum()), "n_accounts": len(own), "unit": "ratio",
             "n_kept": int((own["kept"] > 0).sum()), "low": ratio.low, "high": ratio.high, "level": level,
             "n_effective": ratio.n_eff}
        )  # fmt: skip
    columns = ["metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit",
               "n_kept", "low", "high", "level", "n_effective"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def _decided(book: Book) -> pd.DataFrame:
    table = book.tables["renewals"]
    first = table[table["target_arr"] > 0].sort_values(["account_id", "due_date"], kind="stable")
    first = first.drop_duplicates("account_id")
    known = pd.Series(False, index=first.index)
    for column in ("outcome", "renewed_arr"):
        if column in first:
            known |= first[column].notna()
    first = first[known]
    renewed = (
        first["renewed_arr"].fillna(0).astype("int64") if "renewed_arr" in first else first["target_arr"] * 0
    )
    up = first["target_arr"].astype("int64")
    return pd.DataFrame(
        {
            "due": first["due_date"],
            "up": up,
            "kept": renewed.where(renewed < up, up),
            "cluster": first["account_id"],
        }
    )


def _aged(book: Book) -> pd.DataFrame:
    found = lives(book)
    levels = {age: amount.astype("int64") for age, amount in found.levels() if age in (BEFORE, AFTER)}
    if AFTER not in levels:
        return pd.DataFrame({"due": pd.to_datetime([]), "up": [], "kept": [], "cluster": []})
    rows = found.accounts.assign(up=levels[BEFORE], then=levels[AFTER])
    rows = rows[(rows["last"] >= AFTER) & (rows["up"] > 0)]
    anchor = anchor_day(book.as_of)
    due = pd.to_datetime((rows["cohort"] + 12).map(lambda month: reading(month, anchor=anchor)))
    kept = rows["then"].where(rows["then"] < rows["up"], rows["up"])
    return pd.DataFrame({"due": due, "up": rows["up"], "kept": kept, "cluster": rows["cluster"]})
