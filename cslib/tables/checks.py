"""What a frame holds that its table forbids: `missing` columns, `faults`, and `check`, a row a broken cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.tables.columns import DTYPES, Column, Kind, Table
from cslib.tables.contract import TABLES
from cslib.tables.problems import listed, nearest, quoted

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fault:
    """Cells of `column` broken in one way, at these `positions` of the frame; none means the whole column."""

    column: str
    cause: str
    expected: str
    hint: str
    positions: Positions = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    found: str = ""


def _where(mask: pd.Series) -> Positions:
    return np.flatnonzero(mask.fillna(False).to_numpy(dtype=bool)).astype(np.int64)


def _alike(column: Column, source: list[str]) -> str:
    """Name in `source` most like that of `column`; failing that, one that shares a word with what it means."""
    if near := nearest(column.name, source):
        return near
    words = set(re.findall(r"[a-z]+", f"{column.name} {re.split('[,;(]', column.doc)[0]}")) - {
        "the",
        "a",
        "of",
        "id",
    }
    shared = [len(words & set(re.findall(r"[a-z]+", name.lower()))) for name in source]
    return source[shared.index(max(shared))] if column.kind in ("text", "money") and any(shared) else ""


def missing(present: Iterable[str], table: Table, *, offered: Iterable[str] | None = None) -> list[Fault]:
    """Columns that `table` needs and `present` lacks, with the nearest of the `offered` names of the source.

    >>> [fault.hint[:38] for fault in missing(["function", "month", "amounts"], TABLES["costs"])]
    ["Did you mean amount = 'amounts'? Map i"]
    """
    names = list(present)
    source = names if offered is None else list(offered)
    found = "columns: " + listed(source)
    lacking: list[Fault] = []
    for group in (*((column,) for column in table.required), *table.one_of):
        if set(group) & set(names):
            continue
        near = [f"{ours} = {theirs!r}" for ours in group if (theirs := _alike(table.column[ours], source))]
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        hint += "Map it in company.toml: columns = { ours = theirs }"
        if group[0] in ("currency", "end_date"):
            same = '"USD"' if group[0] == "currency" else '""'
            hint += f", or give all rows one value: constants = {{ {group[0]} = {same} }}"
        lacking.append(Fault(group[0], "required column is missing", " or ".join(group), hint, found=found))
        found = "no such column"
    return lacking


_IS: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    "text": pd.api.types.is_string_dtype,
    "date": pd.api.types.is_datetime64_dtype,
    "money": pd.api.types.is_integer_dtype,
    "number": pd.api.types.is_float_dtype,
    "count": pd.api.types.is_integer_dtype,
    "flag": pd.api.types.is_bool_dtype,
}


def _cells(values: pd.Series, column: Column, *, filled: bool) -> Iterable[Fault]:
    fix = "Correct the source"
    if filled:
        blank = values.isna() | (values == "") if column.kind == "text" else values.isna()
        hint = "Fill it in the source, or map the column that holds it"
        yield Fault(column.name, "are blank", f"{column.kind}: {column.doc}", hint, _where(blank))
    if column.minimum is not None:
        cause = f"are below {column.minimum:g}" if column.minimum else "are negative"
        hint = f"{fix}; credits and refunds are not recurring" if column.kind == "money" else fix
        yield Fault(column.name, cause, f"{column.minimum:g} or more", hint, _where(values < column.minimum))
    if column.maximum is not None:
        hint = f'{fix}, or leave the column out: columns = {{ {column.name} = "" }}'
        above = _where(values > column.maximum)
        yield Fault(column.name, f"are above {column.maximum:g}", f"{column.maximum:g} or less", hint, above)
    if column.choices:
        hint = f"Map it: values = {{ {column.name} = {{ theirs = ours }} }}"
        odd = _where(~values.isin(column.choices) & values.notna())
        yield Fault(column.name, "hold an unknown value", "one of " + ", ".join(column.choices), hint, odd)


def _order(frame: pd.DataFrame, first: str, last: str) -> Fault:
    cause = "end before they start" if last == "end_date" else f"come before their {first}"
    hint = "Correct the source, or map the column that holds the "
    hint += "end of service" if last == "end_date" else "right day"
    expected = f"a day on or after {first}, or a blank while it is open"
    return Fault(last, cause, expected, hint, _where(frame[last] < frame[first]))


def _repeated(frame: pd.DataFrame, table: Table) -> Fault:
    known = [column for column in table.column if column in frame]
    key, column = list(table.key), table.key[0] if table.key[0] in known else known[0]
    hint = "Remove the copy"
    if table.name == "accounts" and "valid_from" in known:
        key.append("valid_from")
        same = frame.duplicated(key) & frame["account_id"].notna()
    elif not set(key) <= set(known):
        same = frame.duplicated(known)
        key = ["whole row"]
    else:
        blank = frame[key].isna().any(axis=1)
        same = frame.duplicated(key) & ~blank
        same[blank] = frame[blank].duplicated(known)
        if table.name == "subscriptions":
            hint += "; where a subscription has several lines, map subscription_id to the id of the line"
    return Fault(column, "repeat an earlier row", f"each {' and '.join(key)} once", hint, _where(same))


def faults(frame: pd.DataFrame, table: Table) -> list[Fault]:
    """Everything in a canonical frame that `table` forbids, one entry a column and cause.

    Examples
    --------
    >>> day = pd.Series(["2024-03-01"]).astype("datetime64[s]")
    >>> links = pd.DataFrame({"account_id": ["A"], "into_id": ["B"], "kind": ["sale"], "effective_date": day})
    >>> [(fault.column, fault.cause) for fault in faults(links, TABLES["account_links"])]
    [('kind', 'hold an unknown value')]
    """
    frame = frame.reset_index(drop=True)
    found = missing([str(column) for column in frame.columns], table)
    priced = {next((name for name in group if name in frame), "") for group in table.one_of}
    sound: set[str] = set()
    for column in table.columns:
        if column.name not in frame:
            continue
        values = frame[column.name]
        if not _IS[column.kind](values.dtype):
            held, hint = str(values.dtype), "Load it through cslib.sources"
            found.append(Fault(column.name, "wrong dtype", DTYPES[column.kind], hint, found=held))
            continue
        sound.add(column.name)
        filled = (column.required and not column.nullable) or column.name in priced
        found += _cells(values, column, filled=filled)
    found += [_order(frame, first, last) for first, last in table.order if {first, last} <= sound]
    if table.name == "surveys" and {"kind", "score"} <= sound:
        above = _where((frame["kind"] == "nps") & (frame["score"] > 10))
        found.append(Fault("score", "are no nps answer", "0 to 10", "Correct the source, or the kind", above))
    if table.key:
        found.append(_repeated(frame, table))
    return [fault for fault in found if fault.found or len(fault.positions)]


def check(frame: pd.DataFrame, name: str, *, file: str = "") -> pd.DataFrame:
    """Every broken cell of a canonical frame, one row a cell; no rows when the frame keeps the contract.

    Parameters
    ----------
    frame : DataFrame
        Where its index is named ``line`` those are the rows reported, else the header counts as row 1.
    name : str
        Table of the contract.
    file : str
        File to name.

    Returns
    -------
    DataFrame
        ``file, row, column, cause, found, expected, hint``, column by column, then row by row. The index is
        the position of the row in `frame`; -1, and a missing `row`, for a whole column.

    Examples
    --------
    >>> day = pd.Series(["2024-02-01"]).astype("datetime64[s]")
    >>> team = pd.DataFrame({"person": ["Ada"], "role": ["CSM"], "start_date": day})
    >>> broken = check(team.assign(end_date=day - pd.Timedelta(days=1)), "team")
    >>> broken[["row", "cause", "found"]].values.tolist()
    [[2, 'end before they start', "'2024-01-31'"]]
    """
    lines = frame.index.to_numpy() if frame.index.name == "line" else np.arange(2, len(frame) + 2)
    parts = [
        pd.DataFrame(columns=["file", "row", "column", "cause", "found", "expected", "hint"], dtype="str")
    ]
    for fault in faults(frame, TABLES[name]):
        whole = not len(fault.positions)
        cells = pd.DataFrame(
            {
                "file": file,
                "row": pd.array([pd.NA] if whole else lines[fault.positions], dtype="Int64"),
                "column": fault.column,
                "cause": fault.cause,
                "found": [fault.found]
                if whole
                else frame[fault.column].iloc[fault.positions].map(quoted).array,
                "expected": fault.expected,
                "hint": fault.hint,
            },
            index=pd.Index([-1] if whole else fault.positions, dtype="int64"),
        )
        parts.append(cells)
    return pd.concat(parts[1:] or parts).astype({"row": "Int64"})
