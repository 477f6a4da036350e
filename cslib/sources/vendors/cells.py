"""One file of a vendor as typed columns by our names for its fields; what cannot be read is named, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from cslib.sources.company import CURRENCY_DIGITS
from cslib.sources.parse import Style, blank, parse
from cslib.sources.read import Raw
from cslib.sources.vendors.origin import FIELDS, OPTIONS, Kind, spelled
from cslib.tables import DTYPES, Column

__all__ = ["Part", "Reading", "decimals", "missing_column", "part_of"]

_FAR: Final = pd.Timestamp("2200-01-01")  # 9999-12-31 and the like mean: open
_NEAR: Final = pd.Timedelta(hours=14)  # the farthest that local time is ahead of UTC


@dataclass(frozen=True)
class Reading:
    """How a table is read: options, style of dates and numbers, decimals of the reporting currency.

    `currency` is that of rows whose file names none.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    style: Style = field(default_factory=Style)
    digits: int = 2
    corrections: Mapping[str, str] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    currency: str = ""

    def option(self, name: str) -> str:
        """What is said about `name`, else its documented default."""
        return self.options.get(name, (OPTIONS[name] or ("",))[0])


@dataclass(frozen=True)
class Part:
    """One file as one kind: `frame` has a column for every field of the kind, and ``file, line, cause, left_amount``.

    `cause` is blank while the row is used; `notes` are facts about the cells.
    """

    kind: Kind
    frame: pd.DataFrame
    columns: Mapping[str, str]
    notes: tuple[str, ...] = ()


def missing_column(kind: str, index: pd.Index) -> pd.Series:
    """Column of one kind of the contract without a value."""
    blank = pd.NaT if kind == "date" else np.nan if kind == "number" else pd.NA
    return pd.Series(blank, index=index, dtype="object").astype(pd.api.types.pandas_dtype(DTYPES[kind]))


def decimals(currency: pd.Series | None, index: pd.Index, unknown: int) -> pd.Series:
    """Decimals of each row's currency; `unknown` where it has none or no known one."""
    if currency is None:
        return pd.Series(unknown, index=index, dtype="int64")
    return currency.astype("object").map(CURRENCY_DIGITS).fillna(unknown).astype("int64")


def _moments(texts: pd.Series, zone: str) -> tuple[pd.Series, pd.Series]:
    """Days of moments, in `zone` where one is given, and whether each is so near a month's end that zones decide."""
    seconds = texts.str.fullmatch(r"[0-9]{9,10}|[0-9]{13}").to_numpy(dtype=bool)
    moments = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[s, UTC]")
    if seconds.any():
        numbers = pd.to_numeric(texts[seconds]).astype("int64")
        numbers = numbers.where(numbers < 10**11, numbers // 1000)
        moments[seconds] = pd.to_datetime(numbers, unit="s", utc=True).dt.as_unit("s")
    timed = texts.str.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?"
    ).to_numpy(dtype=bool)
    if timed.any():
        read = pd.to_datetime(
            texts[timed].str.replace(r" ?UTC$", "Z", regex=True), utc=True, errors="coerce", format="ISO8601"
        )
        moments[timed] = read.dt.as_unit("s")
    known = moments.notna()
    wall = moments.dt.tz_localize(None)
    midnight = (wall == wall.dt.normalize()).to_numpy() & ~seconds
    near = (wall - _NEAR).dt.month.ne((wall + _NEAR).dt.month) & known & ~midnight
    if zone:
        local = moments.dt.tz_convert(zone).dt.tz_localize(None)
        wall = wall.where(pd.Series(midnight, index=texts.index), local)
    return wall.dt.normalize().astype("datetime64[s]"), near


def _days(texts: pd.Series, column: Column, reading: Reading) -> tuple[pd.Series, pd.Series, int]:
    """Days, whether each text could not be read, and how many the time zone decides the month of."""
    codes, found = pd.factorize(texts)
    known = pd.Series(found, dtype="str").str.strip()
    days, close = _moments(known, reading.option("time_zone"))
    rest = days.isna()
    if rest.any():
        plain = parse(known[rest], column, style=reading.style, values={})
        days[rest] = plain.cells.to_numpy()
    odd = days.isna()
    days = days.mask(days >= _FAR)
    cells = days.reindex(range(len(known) + 1)).take(np.where(codes < 0, len(known), codes))
    cells.index = texts.index
    broken = pd.Series(np.append(odd.to_numpy(dtype=bool), False)[codes], index=texts.index)
    n_near = int(close.to_numpy(dtype=bool)[codes[codes >= 0]].sum())
    return cells, broken, n_near


def part_of(raw: Raw, kind: Kind, reading: Reading) -> Part:
    """Read a file as `kind`: every field typed, every cell that cannot be read a cause to leave its row out.

    Parameters
    ----------
    raw : Raw
        The file as text.
    kind : Kind
        What it is.
    reading : Reading
        Options, style and corrections.
    """
    columns = spelled(kind, raw.frame.columns, reading.corrections)
    columns = {ours: theirs for ours, theirs in columns.items() if theirs in raw.frame}
    frame = pd.DataFrame(index=pd.RangeIndex(len(raw.frame)))
    texts = {ours: raw.frame[theirs].reset_index(drop=True) for ours, theirs in columns.items()}
    texts |= {ours: pd.Series(text, index=frame.index, dtype="str") for ours, text in kind.constants.items()}
    frame["file"] = pd.Series(raw.file, index=frame.index, dtype="str")
    frame["line"] = raw.frame.index.to_numpy()
    frame["cause"] = pd.Series("", index=frame.index, dtype="str")
    frame["left_amount"] = missing_column("money", frame.index)
    notes = []
    for ours in sorted({*kind.columns, *texts}, key=lambda name: name != "currency"):
        column = FIELDS[ours]
        type_ = column.kind
        if ours not in texts:
            frame[ours] = missing_column(type_, frame.index)
            continue
        values = {**kind.recode.get(ours, {}), **reading.recode.get(ours, {})}
        text = texts[ours].map(lambda cell, known=values: known.get(cell, cell)) if values else texts[ours]
        text = text.astype("str").where(~blank(text.astype("str")))
        if type_ == "date":
            frame[ours], broken, near = _days(text, column, reading)
            if near and not reading.option("time_zone") and ours in ("start", "end", "ended", "created"):
                notes.append(
                    f"{raw.file}: {near:,} moments in {columns[ours]!r} lie so near a month's end that the time zone "
                    'decides their month; they are read in UTC. Another one: options = { time_zone = "Europe/Paris" }'
                )
        elif type_ == "text":
            frame[ours], broken = text.str.strip(), pd.Series(False, index=frame.index)
            if ours == "currency":
                frame[ours] = frame[ours].str.upper()
        else:
            digits = decimals(frame.get("currency"), frame.index, reading.digits)
            each = digits * 0 if kind.minor else digits
            typed = parse(text, column, style=reading.style, values={}, digits=each.to_numpy())
            frame[ours] = typed.cells
            broken = pd.Series(False, index=frame.index)
            for fault in typed.faults:
                broken.iloc[fault.positions] = True
        new = broken & (frame["cause"] == "")
        noun = {"date": "a day", "money": "an amount", "flag": "true or false", "count": "a whole number"}
        frame["cause"] = frame["cause"].mask(new, f"{ours}: cannot be read as {noun.get(type_, 'a number')}")
    if "inclusive" not in frame:
        frame["inclusive"] = missing_column("flag", frame.index)
    return Part(kind, frame, columns, tuple(notes))
