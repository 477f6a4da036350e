"""Lives of accounts on their own clock: what each pays at every age, without a row for every month."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.cuts import By, cut_ledger, listed
from cslib.metrics.pairs import clusters_of
from cslib.months import anchor_day, month_of

__all__ = ["Lives", "lives"]

Floats = npt.NDArray[np.float64]


class Lives(NamedTuple):
    """Accounts with their steps by age.

    `accounts` has a row per ``<by>`` and account that ever paid: ``account_id``, ``cluster``, ``cohort`` (month of the
    first paid reading), ``last`` (age at the as-of day), ``first`` (first ARR, minor units), ``left`` (age at the first
    reading without pay; NaN while none). `steps` has ``row`` (position in `accounts`), ``age``, ``delta``.
    """

    accounts: pd.DataFrame
    steps: pd.DataFrame

    def levels(self) -> Iterator[tuple[int, Floats]]:
        """Age and the ARR of every account at that age, from 0 to the oldest; valid until the next age is asked for.

        Beyond an account's own last age its last level stands: compare ``last``.
        """
        level = np.zeros(len(self.accounts))
        oldest = int(self.accounts["last"].max()) if len(self.accounts) else -1
        ages = self.steps["age"].to_numpy()
        rows, delta = (self.steps[name].to_numpy() for name in ("row", "delta"))
        bounds = np.searchsorted(ages, np.arange(oldest + 2))
        for age in range(oldest + 1):
            now = slice(bounds[age], bounds[age + 1])
            level[rows[now]] += delta[now]  # an account takes one step a month at most
            yield age, level


def lives(book: Book, *, by: By = None) -> Lives:
    """Every account from its first paid reading to the as-of day; see :class:`Lives`.

    Raises
    ------
    ValueError
        When a column is unknown.
    """
    return _lives(book, listed(by))


@lru_cache(maxsize=8)
def _lives(book: Book, by: tuple[str, ...]) -> Lives:
    cut = cut_ledger(book, by=by)
    keys = ["cut", "entity"]
    steps = cut.steps.sort_values([*keys, "month"], kind="stable")
    first = steps.drop_duplicates(keys).reset_index(drop=True)
    steps = steps.assign(
        row=steps.groupby(keys).ngroup(), age=(steps["month"] - steps["first_month"]).astype("int64")
    )
    last = month_of(book.as_of, anchor=anchor_day(book.as_of))
    left = steps[steps["closing"] == 0].groupby("row")["age"].min()
    ids = pd.Series(cut.entities.take(first["entity"].to_numpy()), dtype="str")
    accounts = pd.DataFrame(
        {
            "cut": first["cut"],
            "account_id": ids,
            "cluster": clusters_of(book, ids),
            "cohort": first["first_month"].astype("int64"),
            "last": last - first["first_month"].astype("int64"),
            "first": first["closing"].astype("int64"),
            "left": left.reindex(first.index).astype("float64"),
        }
    )
    order = steps.sort_values(["age", "row"], ignore_index=True)[["row", "age", "delta"]]
    return Lives(cut.label(accounts), order)
