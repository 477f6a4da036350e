"""Bands of accounts by the size of their deal: each live account in exactly one, its lower edge inclusive."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.retention import account_changes
from cslib.metrics.rules import RULES

__all__ = ["EDGES", "band_names", "band_of", "banded", "spectrum"]

EDGES: Final = (100_000, 20_000, 5_000, 1_000)
"""Lower edges in whole units of the reporting currency. Source: Lemkin, SaaStr, "The $2 million man", 2013."""


def _short(amount: int) -> str:
    return f"{amount // 1000}k" if amount % 1000 == 0 else f"{amount:,}"


def band_names(edges: Sequence[int] = EDGES) -> list[str]:
    """Names of the bands, the largest first.

    >>> band_names()
    ['100k and more', '20k to 100k', '5k to 20k', '1k to 5k', 'under 1k']

    Raises
    ------
    ValueError
        When the edges do not fall.
    """
    if list(edges) != sorted(set(edges), reverse=True) or not edges:
        raise ValueError(f"edges: found {list(edges)}, expected amounts that fall, such as 100000, 20000")
    between = [f"{_short(low)} to {_short(high)}" for high, low in pairwise(edges)]
    return [f"{_short(edges[0])} and more", *between, f"under {_short(edges[-1])}"]


def band_of(arr: npt.NDArray[np.int64], *, edges: Sequence[int] = EDGES, digits: int = 2) -> list[str]:
    """Band of each amount in minor units, of which there are ten to the power of `digits` in a whole one.

    >>> band_of(np.array([2_000_000, 1_999_999]))
    ['20k to 100k', '5k to 20k']
    """
    rising = [edge * 10**digits for edge in reversed(edges)]
    names = band_names(edges)
    return [names[len(edges) - i] for i in np.searchsorted(rising, arr, side="right")]


def banded(book: Book, *, edges: Sequence[int] = EDGES) -> pd.DataFrame:
    """Accounts that pay on the as-of day, with owner and band.

    Returns
    -------
    DataFrame
        A row an account: ``account_id, name, arr`` (minor units), ``owner`` (missing where there is none), ``band``.
    """
    names = band_names(edges)
    live = account_changes(book, window=1).query("closing > 0")
    frame = live[["account_id", "name"]].assign(arr=live["closing"])
    frame = frame.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)
    accounts = book.tables.get("accounts")
    owners = (
        accounts.set_index("account_id")["owner"] if accounts is not None and "owner" in accounts else None
    )
    frame["owner"] = pd.NA if owners is None else frame["account_id"].map(owners)
    frame["owner"] = frame["owner"].astype("str").where(frame["owner"].notna())
    bands = band_of(frame["arr"].to_numpy(), edges=edges, digits=book.minor_units)
    frame["band"] = pd.Categorical(bands, categories=names, ordered=True)
    return frame


def spectrum(
    book: Book, *, edges: Sequence[int] = EDGES, arr_per_csm: float = RULES["arr_per_csm"].value
) -> pd.DataFrame:
    """Bands of the book with what one CSM could look after in each, and the CSMs each needs.

    Parameters
    ----------
    book : Book
        The company.
    edges : sequence of int
        Lower edges of the bands, whole units of the reporting currency, falling.
    arr_per_csm : float
        Whole units of ARR that one CSM looks after.

    Returns
    -------
    DataFrame
        A row a band and one ``all``: ``band, n_accounts, arr`` (minor units), ``share`` of ARR,
        ``accounts_per_csm`` (`arr_per_csm` over the band's lower edge; missing in the lowest), ``needed`` (CSMs, the
        band's ARR over `arr_per_csm` rounded up; ``all`` is the sum of the bands).

    Source: Lemkin, SaaStr, "The $2 million man", 2013. Systems: L03, L05.
    """
    live = banded(book, edges=edges)
    sums = live.groupby("band", observed=False)["arr"].agg(n_accounts="size", arr="sum").reset_index()
    capacity = int(arr_per_csm * 10**book.minor_units)
    sums["share"] = sums["arr"] / max(int(sums["arr"].sum()), 1)
    sums["accounts_per_csm"] = [*(arr_per_csm / edge for edge in edges), np.nan]
    sums["needed"] = -(-sums["arr"] // capacity)
    whole = {"band": "all", **sums[["n_accounts", "arr", "share", "needed"]].sum().to_dict()}
    told = pd.concat([sums.astype({"band": "str"}), pd.DataFrame([whole])], ignore_index=True)
    return told.astype({"n_accounts": "int64", "arr": "int64", "needed": "int64"})
