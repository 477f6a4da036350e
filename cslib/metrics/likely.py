"""Who is likely to expand, from what was known before, and how such lists did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.absent import Absent
from cslib.book import Book
from cslib.metrics.expansion import utilisation
from cslib.metrics.names import names_of
from cslib.months import months_before
from cslib.stats.proportion import wilson

__all__ = ["expansion_record", "likely_to_expand"]

Floats = npt.NDArray[np.float64]
_FEATURES: Final = ("used", "log_arr", "products", "age")


def _features(book: Book, day: pd.Timestamp) -> pd.DataFrame:
    """What was known of each live account at the end of `day`."""
    ledger = book.tables["subscriptions"]
    live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day) & (ledger["arr"] > 0)]
    arr = live.groupby("account_id")["arr"].sum()
    first = (
        ledger[(ledger["arr"] > 0) & (ledger["start_date"] <= day)].groupby("account_id")["start_date"].min()
    )
    owned = live.groupby("account_id")["product"].nunique() if "product" in live else arr * 0 + 1
    used = utilisation(book, day).reindex(arr.index)
    return pd.DataFrame({
        "arr": arr, "log_arr": np.log(arr.astype("float64")), "products": owned.astype("float64"),
        "age": (day - first.reindex(arr.index)).dt.days / 365.25,
        "used": used.fillna(used.median() if used.notna().any() else 0.0),
    })  # fmt: skip


def _expanded(book: Book, since: pd.Timestamp, until: pd.Timestamp, accounts: pd.Index) -> pd.Series[float]:
    ledger = book.tables["subscriptions"]

    def arr(day: pd.Timestamp) -> pd.Series[int]:
        live = ledger[(ledger["start_date"] <= day) & ~(ledger["end_date"] <= day)]
        total: pd.Series[int] = live.groupby("account_id")["arr"].sum()
        return total.reindex(accounts, fill_value=0)

    grew: pd.Series[float] = (arr(until) > arr(since)).astype("float64")
    return grew


def _fit(x: Floats, y: Floats, *, ridge: float = 1.0, steps: int = 25) -> Floats:
    """Logistic regression by Newton's method; all but the constant are drawn towards 0 by `ridge`."""
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.diag([0.0, *[ridge] * x.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (y - chance) - penalty @ weights
        curve = design.T @ (design * (chance * (1 - chance))[:, None]) + penalty + 1e-9 * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def _chances(past: Sequence[tuple[pd.DataFrame, pd.Series]], now: pd.DataFrame) -> Floats:
    known = pd.concat([features for features, _ in past])[list(_FEATURES)]
    grew = pd.concat([outcome for _, outcome in past]).to_numpy(float)
    centre, width = known.mean(), known.std().replace(0, 1).fillna(1)
    weights = _fit(((known - centre) / width).to_numpy(float), grew)
    x = ((now[list(_FEATURES)] - centre) / width).to_numpy(float)
    chance: Floats = 1 / (1 + np.exp(-(weights[0] + x @ weights[1:])))
    return chance


def _quarters(book: Book, n: int, *, until: int = 0) -> list[tuple[pd.DataFrame, pd.Series]]:
    """Features at the beginning of each of the `n` quarters that end `until` quarters ago, and who expanded in it."""
    found = []
    for back in range(n, 0, -1):
        since = pd.Timestamp(months_before(book.as_of, 3 * (back + until)))
        to = pd.Timestamp(months_before(book.as_of, 3 * (back + until - 1)))
        features = _features(book, since)
        if len(features):
            found.append((features, _expanded(book, since, to, features.index)))
    return found


def likely_to_expand(book: Book, *, quarters: int = 6) -> pd.DataFrame:
    """Live accounts with the chance that they pay more in a quarter's time, from quarters that are over.

    Logistic regression on what was known before each quarter: units used of those paid for, size, products, age.

    Returns
    -------
    DataFrame
        A row an account, the likeliest first: ``account_id, name, arr`` (minor units), ``used, products, age``
        (years), ``chance, headroom`` (ARR that use above what is paid for would cost, minor units).

    Raises
    ------
    Absent
        When no quarter before has both accounts that grew and accounts that did not.

    Source: the second question behind net retention. Systems: G04.
    """
    past = _quarters(book, quarters)
    if not past or not 0 < pd.concat([y for _, y in past]).mean() < 1:
        raise Absent("it needs quarters in which some accounts grew and some did not")
    now = _features(book, pd.Timestamp(book.as_of))
    told = now.assign(chance=_chances(past, now)).rename_axis("account_id").reset_index()
    told["headroom"] = (told["arr"] * (told["used"] - 1).clip(lower=0)).round().astype("int64")
    told["name"] = names_of(book, told["account_id"])
    ordered = told.sort_values(["chance", "account_id"], ascending=[False, True], ignore_index=True)
    return ordered[["account_id", "name", "arr", "used", "products", "age", "chance", "headroom"]]


def expansion_record(book: Book, *, held_out: int = 2, quarters: int = 6) -> pd.DataFrame:
    """How the list of likely accounts did in the last quarters, each told from the quarters before it.

    Returns
    -------
    DataFrame
        A row a quarter: ``quarter`` (its first day), ``n_accounts, expanded`` (share of all that grew), ``top``
        (share of the likeliest tenth that did), ``lift`` (top over all), ``low, high`` (95% of ``top``, Wilson),
        ``n_top``.

    Raises
    ------
    Absent
        When there is not history enough.

    Source: top-decile lift. Systems: G04.
    """
    rows = []
    for back in range(held_out, 0, -1):
        past, last = _quarters(book, quarters, until=back), _quarters(book, 1, until=back - 1)
        if not past or not last or not 0 < pd.concat([y for _, y in past]).mean() < 1:
            continue
        features, grew = last[0]
        ranked = grew.iloc[np.argsort(-_chances(past, features), kind="stable")]
        top = ranked.head(max(len(ranked) // 10, 1))
        all_, mean = float(grew.mean()), float(top.mean())
        low, high = wilson(float(top.sum()), len(top))[1:]
        rows.append({
            "quarter": pd.Timestamp(months_before(book.as_of, 3 * back)) + pd.Timedelta(days=1),
            "n_accounts": len(grew),
            "expanded": all_, "top": mean, "lift": mean / all_ if all_ else float("nan"), "low": low,
            "high": high, "n_top": len(top),
        })  # fmt: skip
    if not rows:
        raise Absent("it needs more quarters of history")
    return pd.DataFrame(rows)
