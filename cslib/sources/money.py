"""Own currency to reporting currency, at one constant rate, in exact integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.sources.canonical import Loaded
from cslib.sources.company import Company, currency_digits
from cslib.sources.parse import LARGEST
from cslib.tables import SHOWN, Problem, TableError

__all__ = ["annualise", "convert", "in_reporting"]


def convert(
    amounts: pd.Series, rate: Decimal | Fraction | int, *, digits: tuple[int, int] = (2, 2)
) -> pd.Series:
    """Minor units of one currency in minor units of another, rounded half to even, exactly.

    Parameters
    ----------
    amounts : Series of int64
        Minor units.
    rate : Decimal, Fraction or int
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


def in_reporting(
    amounts: pd.Series, currencies: pd.Series, rates: Mapping[str, Decimal | int], *, to: str
) -> pd.Series:
    """Minor units of each row's own currency in minor units of `to`; Int64, missing where the amount is.

    `rates` are units of `to` per one unit, for every currency there is.

    Examples
    --------
    >>> in_reporting(pd.Series([100, 100]), pd.Series(["USD", "EUR"]), {"USD": 1, "EUR": 2}, to="USD").tolist()
    [100, 200]
    """
    found = amounts.astype("Int64")
    for code in currencies[currencies != to].unique():
        at = (currencies == code) & found.notna()
        digits = (currency_digits(code), currency_digits(to))
        found = found.mask(at, convert(found[at].astype("int64"), rates[code], digits=digits).astype("Int64"))
    return found


def _problem(
    ledger: Loaded, at: npt.NDArray[np.int64], code: str, *, cause: str, expected: str, hint: str
) -> Problem:
    head = ledger.origin.iloc[at[:SHOWN]]
    rows = tuple(int(line) for line in head["line"])
    file, n, of = str(head["file"].iloc[0]), len(at), len(ledger.frame)
    return Problem("subscriptions", file, rows[0], "currency", repr(code), expected, hint, n, cause, of, rows)


def _unusable(
    ledger: Loaded, at: npt.NDArray[np.int64], code: str, base: str, rate: Decimal | None, to: str
) -> Problem | None:
    """Why the rows in `code` cannot be converted, if they cannot."""
    if rate is None:
        cause = f"are in {code}, for which there is no rate"
        hint = f"Add to company.toml: [rates] {code} = ... ({to} per 1 {code})"
        return _problem(ledger, at, code, cause=cause, expected=f"{to}, or a currency with a rate", hint=hint)
    largest = Fraction(int(ledger.frame[base].iloc[at].max())) * Fraction(rate)
    if largest * Fraction(10) ** (currency_digits(to) - currency_digits(code)) <= LARGEST:
        return None
    cause = f"are in {code}, and at {rate} {to} per {code} the largest is too large"
    return _problem(
        ledger, at, code, cause=cause, expected=f"less than {LARGEST:,} minor units", hint="Correct the rate"
    )


def _of_terms(ledger: Loaded) -> Loaded:
    """Ledger of prices per billing period, with ``arr``: 12 months or 52 weeks over those of the period.

    A year is 12 months and 52 weeks, never 365 days: a period is what was agreed, not how long it lasts.

    Raises
    ------
    TableError
        When a row says neither how many months nor how many weeks its price is for, or both.
    """
    frame = ledger.frame
    blank = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    months, weeks = (frame.get(name, blank) for name in ("billing_months", "billing_weeks"))
    wrong = np.flatnonzero((months.isna() == weeks.isna()).to_numpy()).astype(np.int64)
    if len(wrong):
        found = "both" if pd.notna(months.iloc[wrong[0]]) else ""
        hint = "Fill in billing_months = 12 for a yearly price, 1 for a monthly one, or billing_weeks"
        expected, cause = "either billing_months or billing_weeks", "have a price and do not say for how long"
        problem = _problem(ledger, wrong, found, cause=cause, expected=expected, hint=hint)
        raise TableError(replace(problem, column="price"))
    arr = pd.Series(0, index=frame.index, dtype="int64")
    for period, year in ((months, 12), (weeks, 52)):
        for n in period.dropna().unique():
            at = (period == n).fillna(False).astype(bool)
            arr[at] = convert(frame.loc[at, "price"].astype("int64"), Fraction(year, int(n)))
    return replace(ledger, frame=frame.assign(arr=arr))


def annualise(ledger: Loaded, config: Company) -> tuple[Loaded, tuple[str, ...], Literal["mrr", "arr"]]:
    """Add ``arr``, annualised minor units of the reporting currency, to every row of the ledger.

    Where the ledger has ``list_mrr``, ``list_arr`` is added in the same way (Int64).

    Returns
    -------
    Loaded, notes, base
        The ledger with ``arr`` and, where it quotes arr, the row's own as ``quoted_arr``; facts to print; what
        the ledger quotes.

    Raises
    ------
    TableError
        When a currency has no rate, or a price per billing period no period.
    """
    if not {"mrr", "arr"} & set(ledger.frame.columns):
        ledger = _of_terms(ledger)
    frame = ledger.frame
    base: Literal["mrr", "arr"] = "mrr" if "mrr" in frame else "arr"
    notes: list[str] = []
    if base == "mrr" and "arr" in frame:
        n = int((frame["arr"] != 12 * frame["mrr"]).sum())
        notes.append(
            f"subscriptions: mrr and arr are both given and mrr is used; arr is not 12 mrr in {n:,} rows."
        )
    yearly = np.zeros(len(frame), dtype=np.int64)
    wrong: list[Problem] = []
    codes, found = pd.factorize(frame["currency"])
    for i, code in enumerate(map(str, found)):
        at = np.flatnonzero(codes == i).astype(np.int64)
        rate = Decimal(1) if code == config.currency else config.rates.get(code)
        problem = _unusable(ledger, at, code, base, rate, config.currency)
        if problem is not None or rate is None:
            wrong += [problem] if problem else []
            continue
        digits = (currency_digits(code), currency_digits(config.currency))
        amounts = convert(frame[base].iloc[at].astype("int64"), rate, digits=digits)
        yearly[at] = amounts.to_numpy() * (12 if base == "mrr" else 1)
        if code != config.currency:
            n = len(at)
            notes.append(
                f"subscriptions: {n:,} rows in {code} are converted at {rate} {config.currency} per {code}."
            )
    if wrong:
        raise TableError(wrong)
    frame = frame.rename(columns={"arr": "quoted_arr"}) if base == "arr" else frame
    frame = frame.assign(arr=yearly)
    if "list_mrr" in frame:
        frame["list_arr"] = 12 * in_reporting(
            frame["list_mrr"], frame["currency"], config.rates, to=config.currency
        )
    return replace(ledger, frame=frame), tuple(notes), base
