"""Own currency to reporting currency, at one constant rate, in exact integers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import pandas as pd

from cslib.sources.canonical import Loaded
from cslib.sources.company import Company, currency_digits
from cslib.tables import Problem, TableError

__all__ = ["annualise", "convert"]


def convert(amounts: pd.Series, rate: Decimal | int, *, digits: tuple[int, int] = (2, 2)) -> pd.Series:
    """Minor units of one currency in minor units of another, rounded half to even, exactly.

    Parameters
    ----------
    amounts : Series of int64
        Minor units.
    rate : Decimal or int
        Units of the other currency per one unit.
    digits : (int, int)
        Decimals of the one and the other.

    Examples
    --------
    >>> convert(pd.Series([50, 150]), Decimal("1.05")).tolist()
    [52, 158]
    """
    factor = Fraction(rate) * Fraction(10) ** (digits[1] - digits[0])
    if factor == 1:
        return amounts
    top, bottom = factor.numerator, factor.denominator
    if int(amounts.abs().max() if len(amounts) else 0) * top >= 2**62 or bottom >= 2**62:
        amounts = amounts.astype(object)  # Python integers, which do not overflow
    whole, rest = amounts * top // bottom, amounts * top % bottom
    up = (2 * rest > bottom) | ((2 * rest == bottom) & (whole % 2 == 1))
    return (whole + up).astype("int64")


def annualise(ledger: Loaded, config: Company) -> tuple[Loaded, tuple[str, ...], Literal["mrr", "arr"]]:
    """Add ``arr``, annualised minor units of the reporting currency, to every row of the ledger.

    Raises
    ------
    TableError
        When a currency has no rate.
    """
    frame = ledger.frame
    base: Literal["mrr", "arr"] = "mrr" if "mrr" in frame else "arr"
    notes: list[str] = []
    if base == "mrr" and "arr" in frame:
        differ = int((frame["arr"] != 12 * frame["mrr"]).sum())
        notes.append(
            f"subscriptions: mrr and arr are both given; mrr is used, {differ:,} rows differ from arr / 12"
        )
    digits = currency_digits(config.currency)
    yearly = np.zeros(len(frame), dtype=np.int64)
    missing: list[Problem] = []
    codes, found = pd.factorize(frame["currency"])
    for i, code in enumerate(found):
        at = np.flatnonzero(codes == i)
        rate = config.rates.get(code, Decimal(1) if code == config.currency else None)
        if rate is None:
            head = ledger.origin.iloc[at[0]]
            rows = tuple(int(line) for line in ledger.origin["line"].iloc[at[:5]])
            missing.append(
                Problem(
                    "subscriptions",
                    str(head["file"]),
                    rows[0],
                    "currency",
                    repr(str(code)),
                    f"{config.currency}, the reporting currency, or a currency with a rate",
                    f"Add to company.toml: [rates] {code} = ... ({config.currency} per 1 {code})",
                    len(at),
                    f"are in {code}, for which there is no rate",
                    len(frame),
                    rows,
                )
            )
            continue
        own = frame[base].iloc[at].astype("int64")
        amounts = convert(own, rate, digits=(currency_digits(str(code)), digits))
        yearly[at] = amounts.to_numpy() * (12 if base == "mrr" else 1)
        if code != config.currency:
            notes.append(
                f"subscriptions: {len(at):,} rows in {code} are converted at {rate} {config.currency} per {code}."
            )
    if missing:
        raise TableError(missing)
    frame = frame.rename(columns={"arr": "quoted_arr"}) if base == "arr" else frame
    return replace(ledger, frame=frame.assign(arr=yearly)), tuple(notes), base
