"""Kinds of movement: what of expansion and contraction is volume, price or product, what is a longer term, what is FX.

Every frame has the columns of :mod:`cslib.metrics.retention`, and its parts add up to the movement, exactly.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS
from cslib.ledger import relation
from cslib.metrics.cuts import cut_ledger
from cslib.metrics.retention import BRIDGE, bridge
from cslib.metrics.rows import rows_of
from cslib.months import months_before

__all__ = [
    "PARTS",
    "bridge_with_extension",
    "bridge_with_fx",
    "changed_lines",
    "price_and_volume",
    "terms_of",
]

PARTS: Final = ("volume", "list price", "discount", "price", "list amount", "products", "not known")
"""What a change may be made of. ``price`` is price per unit where no list price tells discounts apart; ``list amount``
is list price or volume where no quantity tells them apart; ``products`` are lines added or dropped."""

_CHANGES: Final = {"expansion": 1, "contraction": -1}
_LINE: Final = ["entity", "line"]


def terms_of(book: Book, rows: pd.DataFrame) -> pd.Series[float]:
    """Months of the committed term of each row: from the first row with the same end; else the months paid at once."""
    ledger = book.tables["subscriptions"].loc[rows.index]
    paid = ledger["billing_months"] if "billing_months" in ledger else pd.Series(pd.NA, index=rows.index)
    if "term_end_date" not in ledger:
        return paid.astype("Float64")
    end = ledger["term_end_date"]
    first = rows["start_date"].groupby([rows["entity"], end], dropna=True).transform("min")
    months = (end.dt.year - first.dt.year) * 12 + end.dt.month - first.dt.month
    term: pd.Series[float] = months.astype("Float64").fillna(paid.astype("Float64"))
    return term


def _in_force(book: Book, day: date) -> pd.DataFrame:
    """Amount, list amount, quantity and term of every account's lines at the end of `day`; key ``entity, line``.

    A line is a product, or all of the account. ``extended`` is the first day of a price whose reason is an extension.
    """
    rows, at = rows_of(book), pd.Timestamp(day)
    rows = rows[(rows["amount"] > 0) & (rows["start_date"] <= at)]
    rows = rows.assign(term=terms_of(book, rows))
    rows = rows[rows["end_date"].isna() | (rows["end_date"] > at)]
    ledger = book.tables["subscriptions"].loc[rows.index]
    unknown = pd.Series(pd.NA, index=rows.index, dtype="Float64")
    reason = ledger["change_reason"] if "change_reason" in ledger else pd.Series("", index=rows.index)
    lines = rows.assign(
        line=ledger["product"].fillna("") if "product" in ledger else "",
        listed=ledger["list_arr"].astype("Float64") if "list_arr" in ledger else unknown,
        quantity=ledger["quantity"].astype("Float64") if "quantity" in ledger else unknown,
        extended=rows["start_date"].where(reason == "extension"),
    )
    grouped = lines.groupby(_LINE)
    every = {
        c: lines[c].notna().groupby([lines["entity"], lines["line"]]).all() for c in ("listed", "quantity")
    }
    return pd.DataFrame(
        {
            "amount": grouped["amount"].sum(),
            **{column: grouped[column].sum().where(known) for column, known in every.items()},
            "term": grouped["term"].max(),
            "extended": grouped["extended"].max(),
        }
    )


def changed_lines(book: Book, *, window: int) -> pd.DataFrame:
    """Lines of every account that expanded or contracted, at both ends of the window, with its ``metric``."""
    opened = months_before(book.as_of, window)
    cut = cut_ledger(book)
    pairs = relation("pairs", cut.source, as_of=book.as_of, window=window)
    metric = dict(zip(cut.named(pairs["entity"]), pairs["movement"], strict=True))
    then, now = _in_force(book, opened), _in_force(book, book.as_of)
    lines = then.add_suffix("_then").join(now.add_suffix("_now"), how="outer")
    for column in ("amount_then", "amount_now"):
        lines[column] = lines[column].fillna(0).astype("int64")
    lines["metric"] = lines.index.get_level_values("entity").map(metric)
    return lines[lines["metric"].isin(list(_CHANGES))].assign(opened=pd.Timestamp(opened))


def price_and_volume(book: Book, *, window: int = 12) -> pd.DataFrame:
    """What expansion and contraction are made of: volume, price, discount, products; ARR in minor units.

    A line is an account's money in one product. At both ends of the window it has an amount and, where the ledger
    says so, a quantity and a list amount. Volume is the change of quantity at the opening's price per unit; the rest
    is price, split into list price and discount where both ends have a list amount.

    Parameters
    ----------
    book : Book
        The company; the window closes on its as-of day.
    window : int
        Months between the two readings.

    Returns
    -------
    DataFrame
        Rows of ``expansion`` and of ``contraction`` for each ``part`` of :data:`PARTS` that occurs; the parts of a
        movement add up to it exactly. A part is negative where it worked against the movement: an account that
        expands may have lost discount and lost seats. ``n_accounts`` are those with the part.

    Source: the price and volume bridge of management accounting, volume at old prices, price at new volumes.
    """
    lines = changed_lines(book, window=window)
    then, now = lines["amount_then"], lines["amount_now"]
    change = now - then
    both = (then > 0) & (now > 0)
    counted = both & (lines["quantity_then"] > 0).fillna(False) & (lines["quantity_now"] > 0).fillna(False)
    listed = both & (lines["listed_then"] > 0).fillna(False) & lines["listed_now"].notna()
    grown = (lines["quantity_now"] / lines["quantity_then"]).where(counted, 1)
    volume = _rounded(then * (grown - 1), counted)
    per_list = then / lines["listed_then"]
    of_list = _rounded((lines["listed_now"] - lines["listed_then"] * grown) * per_list, listed)
    rest = change - volume - of_list
    parts = {
        "volume": volume, "list price": of_list.where(counted, 0), "discount": rest.where(listed, 0),
        "price": rest.where(counted & ~listed, 0), "list amount": of_list.where(~counted, 0),
        "products": change.where(~both, 0), "not known": change.where(both & ~counted & ~listed, 0),
    }  # fmt: skip
    entity = lines.index.get_level_values("entity")
    found = []
    for metric, sign in _CHANGES.items():
        for part in PARTS:
            here = parts[part].where(lines["metric"] == metric, 0)
            n = entity[(here != 0).to_numpy()].nunique()
            if n:
                found.append(
                    {"metric": metric, "part": part, "value": sign * int(here.sum()), "n_accounts": n}
                )
    return _tidy(pd.DataFrame(found, columns=["metric", "part", "value", "n_accounts"]), book, window=window)


def _rounded(amount: pd.Series[float], known: pd.Series[bool]) -> pd.Series[int]:
    return amount.where(known, 0).astype("Float64").round().astype("int64")


def bridge_with_extension(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Bridge of the window that closes on the as-of day, a lower price for a longer term apart; ARR in minor units.

    An account's fall is an extension as far as it stands on lines whose committed term at the close is longer than
    at the opening, or whose price began in the window with the reason ``extension``. The term is what
    ``term_end_date`` says, else ``billing_months``.

    Returns
    -------
    DataFrame
        The seven rows of :func:`cslib.metrics.retention.bridge` and ``extension`` between contraction and churn:
        ``opening + new + expansion + reactivation - contraction - extension - churn == closing``, exactly. With the
        setting ``extension = "contraction"`` it is 0 and contraction is whole.
    """
    lines = changed_lines(book, window=window)
    falls = (lines["amount_then"] - lines["amount_now"]).where(lines["metric"] == "contraction", 0)
    longer = (lines["term_now"] > lines["term_then"]).fillna(False) | (
        lines["extended_now"] > lines["opened"]
    )
    account = lines.index.get_level_values("entity")
    total = falls.groupby(account).sum()
    part = falls.clip(lower=0).where(longer & (lines["amount_now"] > 0), 0).groupby(account).sum()
    extended = pd.concat([part, total], axis="columns").min(axis="columns").clip(lower=0)
    if book.settings.extension == "contraction":
        extended = extended * 0
    values, counts = _as_dicts(bridge(book, window=window))
    values |= {"contraction": int((total - extended).sum()), "extension": int(extended.sum())}
    counts |= {"contraction": int((total > extended).sum()), "extension": int((extended > 0).sum())}
    return _framed(values, counts, [*BRIDGE[:-2], "extension", *BRIDGE[-2:]], book, window=window)


def bridge_with_fx(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Bridge with the movement of currencies apart: opening and movements at the opening's rates, closing at its own.

    Parameters
    ----------
    book : Book
        The company, with rates of single days (``rates_on``) on or before both ends of the window.
    window : int
        Months; the window closes on the as-of day.

    Returns
    -------
    DataFrame
        The seven rows of :func:`cslib.metrics.retention.bridge` and ``fx`` before the closing, which may be negative:
        ``opening + new + expansion + reactivation - contraction - churn + fx == closing``, exactly. Nobody expands
        or churns by a rate.

    Raises
    ------
    ValueError
        When a rate is missing.
    """
    opened = months_before(book.as_of, window)
    values, counts = _as_dicts(bridge(book.at_rates(opened), window=window))
    after, accounts = _as_dicts(bridge(book.at_rates(book.as_of), window=window))
    values |= {"fx": after["closing"] - values["closing"], "closing": after["closing"]}
    counts |= {"fx": accounts["closing"], "closing": accounts["closing"]}
    return _framed(values, counts, [*BRIDGE[:-1], "fx", "closing"], book, window=window)


def _as_dicts(rows: pd.DataFrame) -> tuple[dict[str, int], dict[str, int]]:
    """Values and counts of a bridge by metric; a book without a row has zeros."""
    zeros = dict.fromkeys(BRIDGE, 0)
    values, counts = (
        dict(zip(rows["metric"], rows[c].astype("int64"), strict=True)) for c in ("value", "n_accounts")
    )
    return {**zeros, **values}, {**zeros, **counts}


def _framed(
    values: dict[str, int], counts: dict[str, int], order: list[str], book: Book, *, window: int
) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"metric": order, "value": [values[m] for m in order], "n_accounts": [counts[m] for m in order]}
    )
    return _tidy(rows, book, window=window)


def _tidy(rows: pd.DataFrame, book: Book, *, window: int) -> pd.DataFrame:
    frame = rows.assign(
        convention=[DEFAULTS[metric].name if metric in DEFAULTS else "" for metric in rows["metric"]],
        start=pd.Timestamp(months_before(book.as_of, window)),
        end=pd.Timestamp(book.as_of),
        numerator=rows["value"],
        unit=f"{book.currency} ARR",
    )
    frame["denominator"] = pd.NA
    by = ["part"] if "part" in rows else []
    tail = ["value", "numerator", "denominator", "n_accounts", "unit"]
    return frame[["metric", "convention", "start", "end", *by, *tail]]
