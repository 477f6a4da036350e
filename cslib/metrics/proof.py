"""Proof: identities that hold to the cent in every correct book. A report prints them and fails when one does not."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from cslib.book import Book
from cslib.metrics import cohorts, retention

__all__ = ["ProofError", "proof", "prove"]


class ProofError(AssertionError):
    """An identity does not hold; the message names each and the difference."""


class Check(NamedTuple):
    """One identity: what must be equal, the two sides in minor units or rows, and how many equalities it holds."""

    check: str
    left: int
    right: int
    n: int
    failed: int


def proof(book: Book, *, by: str | None = None, window: int = 3) -> pd.DataFrame:
    """Every identity with both its sides: ``check, left, right, n`` (equalities tested) ``, failed, holds``."""
    checks = [
        _bridge(book, window=1, by=None),
        _bridge(book, window=window, by=None),
        _layers(book),
        _accounts(book, window=window),
        *_rows(book),
    ]
    if by is not None:
        checks[2:2] = [_bridge(book, window=window, by=by), _parts(book, by=by)]
    return pd.DataFrame(checks).assign(holds=lambda f: f["failed"] == 0)


def prove(book: Book, *, by: str | None = None, window: int = 3) -> pd.DataFrame:
    """Return :func:`proof`, or raise when an identity does not hold.

    Raises
    ------
    ProofError
        Naming each identity that fails, its two sides and their difference.
    """
    checks = proof(book, by=by, window=window)
    broken = checks[~checks["holds"]]
    if len(broken):
        lines = [
            "{check}: {left} against {right}, difference {difference}, {failed} of {n} unequal".format_map(
                row
            )
            for row in broken.assign(difference=broken["left"] - broken["right"]).to_dict("records")
        ]
        raise ProofError("the book does not tie out. " + "; ".join(lines))
    return checks


def _equal(check: str, left: pd.Series[int], right: pd.Series[int]) -> Check:
    return Check(check, int(left.sum()), int(right.sum()), len(left), int((left != right).sum()))


def _bridge(book: Book, *, window: int, by: str | None) -> Check:
    rows = retention.movements(book, window=window, by=by)
    keys = ["start", "end", *([by] if by else [])]
    wide = rows.assign(value=rows["value"].astype("int64")).set_index([*keys, "metric"])["value"].unstack()
    wide = wide.reindex(columns=list(retention.BRIDGE), fill_value=0)
    moved = (
        wide["opening"]
        + wide[list(retention.GAINS)].sum(axis="columns")
        - wide[list(retention.LOSSES)].sum(axis="columns")
    )
    each = "every month" if window == 1 else f"every {window} months"
    return _equal(f"ARR bridge closes, {each}" + (f", each {by}" if by else ""), moved, wide["closing"])


def _parts(book: Book, *, by: str) -> Check:
    whole = retention.arr(book).set_index("end")["value"]
    parts = retention.arr(book, by=by).groupby("end")["value"].sum().reindex(whole.index, fill_value=0)
    return _equal(f"ARR of each {by} adds up to the total", parts, whole)


def _layers(book: Book) -> Check:
    whole = retention.arr(book).set_index("end")["value"]
    cake = cohorts.layers(book).groupby("end")["value"].sum().reindex(whole.index, fill_value=0)
    return _equal("ARR of all cohorts adds up to the total", cake, whole)


def _accounts(book: Book, *, window: int) -> Check:
    """Sum of every account's own change against the change of the book: an account counted twice or lost shows."""
    changes = retention.account_changes(book, window=window)
    rows = retention.bridge(book, window=window).set_index("metric")["value"]
    change = int(rows.get("closing", 0)) - int(rows.get("opening", 0))
    return _equal(
        "changes of all accounts add up to the change of ARR",
        pd.Series([int(changes["change"].sum())]),
        pd.Series([change]),
    )


def _rows(book: Book) -> list[Check]:
    """Rows read against rows used and rows accounted for, table by table."""
    account = book.account
    used = account[["rows_kept", "rows_after_as_of", "rows_rejected"]].sum(axis="columns")
    return [_equal("rows read are used or accounted for", account["rows_read"], used)]
