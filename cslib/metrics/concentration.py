"""Concentration: how much of the book and of its net retention rests on single accounts."""

from __future__ import annotations

import pandas as pd

from cslib.book import Book
from cslib.metrics.retention import account_changes

__all__ = ["effective_accounts", "leave_one_out"]


def leave_one_out(book: Book, *, window: int = 12, top: int = 5) -> pd.DataFrame:
    """Net retention recomputed without each of the largest accounts at the opening; a ratio.

    Parameters
    ----------
    book : Book
        The company; the window closes on its as-of day.
    window : int
        Months between the two readings.
    top : int
        How many accounts, by opening ARR.

    Returns
    -------
    DataFrame
        A row per account: ``account_id, name, opening, closing`` (ARR, minor units), ``share`` of all opening ARR, and
        net retention without the account as ``value, numerator, denominator, n_accounts``; NaN when nothing is left.

    Source: the jackknife's leave-one-out values, Efron and Tibshirani (1993), chapter 11.
    """
    pairs = account_changes(book, window=window).query("opening > 0")
    opening, closing = int(pairs["opening"].sum()), int(pairs["closing"].sum())
    largest = pairs.sort_values(["opening", "account_id"], ascending=[False, True], ignore_index=True).head(
        top
    )
    numerator, denominator = closing - largest["closing"], opening - largest["opening"]
    return largest[["account_id", "name", "opening", "closing"]].assign(
        share=largest["opening"] / opening, value=(numerator / denominator.where(denominator > 0)).astype("float64"),
        numerator=numerator, denominator=denominator, n_accounts=len(pairs) - 1,
    )  # fmt: skip


def effective_accounts(book: Book, *, window: int = 12) -> float:
    """Effective number of accounts at the opening, ``1 / sum(share^2)``; NaN for an empty book.

    As many equally large accounts would leave the book as concentrated as it is.

    Source: inverse Herfindahl index, US Department of Justice.
    """
    opening = account_changes(book, window=window)["opening"].astype("float64")
    squares = float((opening**2).sum())
    return float(opening.sum()) ** 2 / squares if squares else float("nan")
