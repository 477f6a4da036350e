"""Text to typed columns. Every distinct text is read once; what cannot be read is a fault, never a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cslib.tables import Column, Fault

__all__ = ["LARGEST", "Style", "Typed", "blank", "parse"]

Mask = npt.NDArray[np.bool_]
LARGEST: Final = 10**15  # minor units a single amount may have: sums of 9,000 such still fit 64 bits
_NUMBER: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
# A thousands separator counts only where it cannot be a decimal point: followed by one, or there twice.
_GROUPED: Final = r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*|[+-]?[0-9]{1,3}(,[0-9]{3}){2,}"
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE: Final = r" ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)"
_TIME: Final = rf"{_DATE}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?({_ZONE})?"
_MIDNIGHT: Final = rf"{_DATE}[T ]00:00(:00(\.0+)?)?"
_MONTH: Final = r"[0-9]{4}-[0-9]{2}"
_NUMERIC_DATE: Final = r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{2,4}"
_FORMATS: Final = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
)
_FLAGS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}


@dataclass(frozen=True)
class Style:
    """How a file writes dates and numbers."""

    date_format: str = ""
    decimal: str = "."


@dataclass(frozen=True)
class Typed:
    """A column in its canonical dtype, the faults of its cells, and facts worth a note with their counts."""

    cells: pd.Series
    faults: tuple[Fault, ...] = ()
    notes: tuple[tuple[str, int], ...] = ()


def blank(texts: pd.Series) -> pd.Series:
    """Whether each text is missing, empty or only spaces."""
    return texts.isna() | (texts.str.strip() == "")


def _whole(pattern: str, texts: pd.Series) -> Mask:
    cells = pa.array(texts.array, type=pa.large_string())  # pandas would look into the pattern each time
    found = pc.match_substring_regex(cells, f"^({pattern})$").fill_null(False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _days(texts: pd.Series, format_: str) -> pd.Series:
    return pd.to_datetime(texts, format=format_, errors="coerce").astype("datetime64[s]").dt.normalize()


def _date_hint(odd: pd.Series) -> str:
    numeric = odd[_whole(_NUMERIC_DATE, odd)]
    if len(numeric):
        fit = [f for f in _FORMATS if _days(numeric, f).notna().all()]
        if fit:
            said = " or ".join(f'date_format = "{f}"' for f in fit)
            return f"Say in company.toml how this file writes dates: {said}"
        return 'Say in company.toml how this file writes dates, such as: date_format = "%d/%m/%Y"'
    return 'Correct the source, map another column, or map the value to a blank: values = { column = { theirs = "" } }'


def _dates(texts: pd.Series, column: Column, style: Style) -> tuple[pd.Series, Mask, str]:
    days = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[s]")
    if style.date_format:
        days = _days(texts, style.date_format)
    timed = _whole(_TIME, texts)
    for pattern, format_, head in ((_DATE, "%Y-%m-%d", 10), (_TIME, "%Y-%m-%d", 10), (_MONTH, "%Y-%m", 7)):
        if head == 7 and "month" not in column.unit:
            continue
        todo = _whole(pattern, texts) & days.isna().to_numpy()
        if todo.any():
            days[todo] = _days(texts[todo].str.slice(0, head), format_)
    late = timed & ~_whole(_MIDNIGHT, texts) & days.notna().to_numpy()
    return days, late, _date_hint(texts[days.isna()]) if days.isna().any() else ""


def _plain_numbers(texts: pd.Series, style: Style) -> tuple[pd.Series, Mask]:
    if style.decimal == ",":
        texts = texts.str.translate(str.maketrans(",.", ".,"))
    grouped = _whole(_GROUPED, texts)
    if grouped.any():
        texts = texts.mask(pd.Series(grouped, index=texts.index), texts.str.replace(",", ""))
    return texts, _whole(_NUMBER, texts) & (texts.str.len() <= 60).to_numpy()


def _number_hint(texts: pd.Series, style: Style) -> str:
    if texts.str.contains(",", regex=False).any() and style.decimal == ".":
        return (
            'Write numbers without thousands separators; if the comma is the decimal point, say decimal = ","'
        )
    if texts.str.contains(r"[$€£¥]", regex=True).any():
        return "Write the amount without a currency sign; the currency column holds the currency"
    return "Correct the source, map another column, or map the value: values = { column = { theirs = ours } }"


def _minor(text: str, digits: int) -> tuple[int, bool] | None:
    exact = Decimal(text)
    if exact and exact.adjusted() > 18:
        return None
    scaled = exact.scaleb(digits)
    whole = int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)) if scaled.adjusted() > -3 else 0
    if abs(whole) > LARGEST:
        return None
    return whole, abs(scaled - whole) > Decimal("0.000001")


def _money(texts: pd.Series, digits: int, style: Style) -> tuple[pd.Series, Mask, Mask]:
    plain, ok = _plain_numbers(texts, style)
    # Twelve digits and no surplus decimals: a double times a power of ten, rounded, is the exact integer.
    short = _whole(rf"[+-]?[0-9]{{1,12}}(\.[0-9]{{0,{digits}}})?", plain)
    values = pd.Series(0, index=texts.index, dtype="int64")
    values[short] = np.rint(pd.to_numeric(plain[short]).astype("float64") * 10.0**digits).astype("int64")
    broken, rounded = ~ok, np.zeros(len(texts), dtype=bool)
    for i in np.flatnonzero(ok & ~short).tolist():
        read = _minor(plain.iloc[i], digits)
        if read is None:
            broken[i] = True
        else:
            values.iloc[i], rounded[i] = read
    return values.astype("Int64").mask(broken), broken, rounded


def _numbers(texts: pd.Series, style: Style, *, whole: bool) -> tuple[pd.Series, Mask]:
    plain, ok = _plain_numbers(texts, style)
    values = pd.to_numeric(plain.where(pd.Series(ok, index=texts.index)), errors="coerce").astype("float64")
    broken = ~np.isfinite(values.to_numpy())
    if whole:
        broken |= (values % 1 != 0).to_numpy() | (values.abs() >= 2.0**53).to_numpy()
        return values.mask(pd.Series(broken, index=texts.index)).astype("Int64"), broken
    return values.mask(pd.Series(broken, index=texts.index)), broken


def _rows(codes: npt.NDArray[np.intp], of: pd.Index, n_texts: int) -> Mask:
    """Rows that hold one of the distinct texts numbered in `of`."""
    chosen = np.zeros(n_texts + 1, dtype=bool)  # the last stands for code -1, a missing cell
    chosen[of.to_numpy()] = True
    return chosen[codes]


def _expected(column: Column) -> str:
    return {
        "date": "a day such as 2024-03-31"
        + (" or a month such as 2024-03" if "month" in column.unit else ""),
        "money": "an amount such as 1234.50",
        "number": "a number such as 0.25",
        "count": "a whole number",
        "flag": "true or false",
        "text": "text",
    }[column.kind]


def parse(
    raw: pd.Series,
    column: Column,
    *,
    style: Style,
    values: Mapping[str, str],
    digits: int | npt.NDArray[np.int64] = 2,
) -> Typed:
    """Read a column of text in its canonical dtype.

    Parameters
    ----------
    raw : Series of str
        The cells as the file holds them; blank is missing.
    column : Column
        What they should be.
    style : Style
        How the file writes dates and numbers.
    values : mapping
        Their value to ours, looked up exactly; ours may be blank.
    digits : int or array of int
        Money only: decimals of each row's currency.

    Examples
    --------
    >>> from cslib.tables import TABLES
    >>> amount = TABLES["costs"].column["amount"]
    >>> parse(pd.Series(["1,234.50", "x"]), amount, style=Style(), values={}).cells.tolist()
    [123450, <NA>]
    """
    if isinstance(digits, np.ndarray):
        if column.kind == "money" and len(pd.unique(digits)) > 1:
            return _by_digits(raw, column, style, values, digits)
        digits = int(digits[0]) if len(digits) else 0
    codes, found = pd.factorize(raw)
    texts = pd.Series(found, dtype="str")
    if values:
        texts = texts.map(lambda text: values.get(text, text)).astype("str")
    if column.kind != "text":
        texts = texts.str.strip()
    empty = blank(texts).to_numpy()
    used = texts[~empty]
    hint = ""
    note = np.zeros(len(used), dtype=bool)
    noted = ""
    dtype: str
    match column.kind:
        case "text":
            read, broken, dtype = used, np.zeros(len(used), dtype=bool), "str"
        case "date":
            read, note, hint = _dates(used, column, style)
            broken, dtype, noted = (
                read.isna().to_numpy(),
                "datetime64[s]",
                "values carry a time of day or a zone, and only the date as written is used,",
            )
        case "money":
            read, broken, note = _money(used, digits, style)
            dtype, noted = (
                "Int64",
                "amounts have more decimals than their currency, and are rounded half to even,",
            )
        case "flag":
            read = used.str.lower().map(_FLAGS).astype("boolean")
            broken, dtype = read.isna().to_numpy(), "boolean"
        case _:
            read, broken = _numbers(used, style, whole=column.kind == "count")
            dtype = "Int64" if column.kind == "count" else "float64"
    every = read.reindex(range(len(texts))).astype(pd.api.types.pandas_dtype(dtype))
    cells = every.take(np.where(codes < 0, 0, codes)) if len(texts) else every.reindex(range(len(raw)))
    cells.index = raw.index
    cells = cells.mask(codes < 0).astype(pd.api.types.pandas_dtype(dtype))
    faults: tuple[Fault, ...] = ()
    if broken.any():
        odd = used[broken]
        if column.kind in ("money", "number", "count"):
            hint = _number_hint(odd, style)
        elif column.kind == "flag":
            hint = f"Map it: values = {{ {column.name} = {{ theirs = true }} }}"
        at = np.flatnonzero(_rows(codes, odd.index, len(texts))).astype(np.int64)
        kind = {"flag": "true or false", "count": "a whole number"}.get(
            column.kind, f"a {column.kind}"
        ).replace("a money", "an amount")
        faults = (Fault(column.name, f"cannot be read as {kind}", _expected(column), hint, at),)
    n_noted = int(_rows(codes, used.index[note], len(texts)).sum()) if note.any() else 0
    return Typed(cells, faults, ((noted, n_noted),) if n_noted else ())


def _by_digits(
    raw: pd.Series, column: Column, style: Style, values: Mapping[str, str], digits: npt.NDArray[np.int64]
) -> Typed:
    """Amounts of several currencies: each group of decimals is read by itself."""
    rows = [np.flatnonzero(digits == group) for group in np.sort(pd.unique(digits))]
    parts = [
        parse(raw.iloc[at], column, style=style, values=values, digits=int(digits[at[0]])) for at in rows
    ]
    cells = pd.concat([part.cells for part in parts]).iloc[np.argsort(np.concatenate(rows))]
    faults = [
        replace(fault, positions=at[fault.positions])
        for at, part in zip(rows, parts, strict=True)
        for fault in part.faults
    ]
    if faults:
        at = np.sort(np.concatenate([fault.positions for fault in faults]))
        faults = [replace(faults[0], positions=at)]
    notes: Counter[str] = Counter()
    for part in parts:
        notes.update(dict(part.notes))
    return Typed(cells, tuple(faults), tuple(notes.items()))
