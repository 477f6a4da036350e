"""Where a company stands among published figures: like is compared with like, and the rest refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, nan
from typing import Any, Final

import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS
from cslib.metrics.retention import arr
from cslib.metrics.uncertainty import RATIOS, intervals

__all__ = ["OLDEST", "nearest", "position", "size"]

EDGES: Final = {"from": 0.0, "to": inf}
BOUNDS: Final = ("arr_from", "arr_to", "acv_from", "acv_to")
OLDEST: Final = 3  # years after which a published figure no longer describes its population
COLUMNS: Final = (
    "metric", "convention", "value", "low", "high", "level", "unit", "statistic", "benchmark", "population", "source",
    "year", "n", "n_note", "comparable", "reason", "verdict", "narrowness", "id", "url", "evidence",
)  # fmt: skip


def size(book: Book) -> dict[str, float]:
    """Size of a company on its as-of day: ``arr``, ``acv`` (ARR per account that pays); NaN where nobody pays.

    Both in whole units of the reporting currency.
    """
    now = arr(book)
    if not len(now):
        return {"arr": nan, "acv": nan}
    last = now.iloc[-1]
    total, n = float(last["value"]) / 10**book.minor_units, int(last["n_accounts"])
    return {"arr": total, "acv": total / n if n else nan}


def position(book: Book, *, window: int = 12, oldest: int = OLDEST) -> pd.DataFrame:
    """Net, gross and logo retention beside every published figure, compared only where like meets like; ratios.

    Parameters
    ----------
    book : Book
        The company, with what ``[benchmarks]`` of its company.toml says of it, and the tables named there.
    window : int
        Months between the two readings; the window closes on the as-of day.
    oldest : int
        Years by which a figure may lie before the as-of day.

    Returns
    -------
    DataFrame
        A row per published figure, in order: ``metric, convention, value, low, high, level, unit`` (ours, with its 95%
        interval), ``statistic, benchmark`` (theirs: what of the population, and the figure), ``population, source,
        year`` (that it is about), ``n, n_note``, ``comparable``, ``reason`` (why not; empty where comparable),
        ``verdict`` (above, below, cannot tell; empty where not comparable), ``narrowness`` (traits and bounds that the
        population has), ``id, url, evidence``. A verdict holds our interval against the figure, taken as exact.

    Raises
    ------
    ValueError
        When the window is not positive.

    Notes
    -----
    Comparable are figures of the same metric, convention and window, published by the as-of day about a year not long
    before, on a population whose traits, ARR and ARR per account (ACV) are the company's. Bands in another currency
    need its rate in ``[rates]``.

    Examples
    --------
    >>> book = Book.from_frames({"subscriptions": pd.DataFrame({
    ...     "account_id": list("ABCD"), "start_date": "2024-01-01", "end_date": [None, None, None, "2025-10-01"],
    ...     "mrr": 100, "currency": "USD"})}, as_of=pd.Timestamp(2026, 1, 31).date(), name="Acme", currency="USD")
    >>> position(book)[["metric", "value", "benchmark"]].iloc[:1].to_dict("split")["data"]
    [['gross_retention', 0.75, 0.91]]
    >>> position(book)["reason"].iloc[0]
    "it is about companies with the trait 'private', which company.toml does not state"
    """
    ours = {row["metric"]: row for row in intervals(book, window=window).to_dict("records")}
    known = size(book)
    rows = [_row(book, ours, theirs, known, window=window, oldest=oldest) for theirs in _theirs(book)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"n": "Int64", "year": "int64", "comparable": "bool", "benchmark": "float64"})


def _theirs(book: Book) -> list[dict[str, Any]]:
    return [
        {str(name): cell for name, cell in row.items()} for row in book.peers.benchmarks.to_dict("records")
    ]


def _row(
    book: Book,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    known: Mapping[str, float],
    *,
    window: int,
    oldest: int,
) -> dict[str, Any]:
    metric = theirs["metric"]
    own = ours.get(metric, {"value": nan, "low": nan, "high": nan, "level": nan})
    reason = _unlike(theirs, window=window)
    reason = reason or _untimely(theirs, year=book.as_of.year, oldest=oldest)
    reason = reason or _others(book, theirs, known)
    if not reason and metric not in ours:
        reason = "no account paid when the window opened"
    return {
        "metric": metric,
        "convention": DEFAULTS[metric].name,
        **{name: own[name] for name in ("value", "low", "high", "level")},
        "unit": "ratio",
        "statistic": theirs["statistic"],
        "benchmark": theirs["value"],
        **{name: theirs[name] for name in ("population", "source", "year", "n", "id")},
        **{name: "" if pd.isna(theirs[name]) else theirs[name] for name in ("n_note", "url", "evidence")},
        "comparable": not reason,
        "reason": reason,
        "verdict": "" if reason else _verdict(own, theirs["value"]),
        "narrowness": len(_traits(theirs)) + sum(pd.notna(theirs[bound]) for bound in BOUNDS),
    }


def nearest(positions: pd.DataFrame) -> pd.DataFrame:
    """Comparable rows of :func:`position` that are about the narrowest population, by metric; the latest year of it."""
    rows = positions[positions["comparable"].astype("bool")]
    for column in ("narrowness", "year"):
        rows = rows[rows[column] == rows.groupby("metric")[column].transform("max")]
    return rows.reset_index(drop=True)


def _traits(theirs: Mapping[str, Any]) -> list[str]:
    asked = "" if pd.isna(theirs["traits"]) else str(theirs["traits"])
    return [trait for trait in map(str.strip, asked.split(";")) if trait]


def _verdict(own: Mapping[str, float], benchmark: float) -> str:
    if own["low"] > benchmark:
        return "above"
    return "below" if own["high"] < benchmark else "cannot tell"


def _unlike(theirs: Mapping[str, Any], *, window: int) -> str:
    """Why a figure measures something else than ours; empty when it does not."""
    metric, convention = theirs["metric"], theirs["convention"]
    if metric not in RATIOS:
        return "ours has no interval, so nothing could be claimed"
    if theirs["window"] != window:
        return "it looks back over another number of months"
    if convention == "not stated":
        return "its source does not say how it was computed"
    return "" if convention == DEFAULTS[metric].name else "it was computed under another convention"


def _untimely(theirs: Mapping[str, Any], *, year: int, oldest: int) -> str:
    if theirs["published"] > year:
        return "it was published after the as-of day"
    return f"it is about a year more than {oldest} years back" if theirs["year"] < year - oldest else ""


def _others(book: Book, theirs: Mapping[str, Any], known: Mapping[str, float]) -> str:
    """Why the population is another than the company's; empty when it is not."""
    lacking = [trait for trait in _traits(theirs) if trait not in book.peers.traits]
    if lacking:
        return f"it is about companies with the trait '{lacking[0]}', which company.toml does not state"
    bands = {
        band: tuple(
            edge if pd.isna(cell := theirs[f"{band}_{side}"]) else cell for side, edge in EDGES.items()
        )
        for band in ("arr", "acv")
    }
    if all(band == (0, inf) for band in bands.values()):
        return ""
    currency = theirs["currency"]
    rate = 1 if currency == book.currency else book.peers.rates.get(currency)
    if rate is None:
        return f"its bands are in {currency}, and company.toml has no rate for it"
    for band, name in (("arr", "ARR"), ("acv", "ARR per account")):
        low, high = bands[band]
        if not low <= known[band] / float(rate) < high:
            return f"our {name} lies outside its population"
    return ""
