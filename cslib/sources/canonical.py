"""One table's files as text to its canonical frame: columns named, cells read, broken rows told or rejected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.sources.company import CURRENCY_DIGITS, TableConfig
from cslib.sources.matrix import month_columns, totals, unfold
from cslib.sources.parse import Style, Typed, parse
from cslib.sources.read import Raw
from cslib.tables import (
    SHOWN,
    Column,
    Fault,
    Problem,
    Table,
    TableError,
    faults,
    listed,
    missing,
    nearest,
    quoted,
)

__all__ = ["Loaded", "canonical"]

Ints = npt.NDArray[np.int64]
_OWN_CURRENCY: Final = {"subscriptions": ("mrr", "arr", "price", "list_mrr")}


@dataclass(frozen=True)
class Loaded:
    """One canonical table: `origin` names file and line of each row, `account` has one row a file.

    `rejected` holds the text of the rows left out, with file, line and cause; `notes` are facts to print;
    `covers_until` is the last day of a matrix; `left_amounts`
    what is at stake in rejected rows, by cause, in minor units of the reporting currency where it is known;
    `several` says that `account` counts rows of a file, of which one may have made several of the table.
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    account: pd.DataFrame
    rejected: pd.DataFrame
    notes: tuple[str, ...] = ()
    covers_until: pd.Timestamp | None = None
    left_amounts: Mapping[str, int] = field(default_factory=dict)
    several: bool = False


def _unmapped(raw: Raw, table: Table, ours: str, theirs: str) -> Problem:
    near = nearest(theirs, raw.frame.columns)
    return Problem(
        table.name,
        raw.file,
        None,
        ours,
        "columns: " + listed(raw.frame.columns),
        f"a column {theirs!r}, as company.toml says",
        f"Did you mean {ours} = {near!r}?" if near else "Correct columns in company.toml",
        cause="mapped column is missing",
    )


def _pick(raw: Raw, table: Table, config: TableConfig) -> dict[str, pd.Series]:
    """Columns of the file by our names, as text, in the order of the contract."""
    frame = raw.frame
    mapped = {ours: theirs for ours, theirs in config.columns.items() if theirs}
    missing = [_unmapped(raw, table, *pair) for pair in mapped.items() if pair[1] not in frame]
    if config.account_of and config.account_of not in frame:
        missing.append(_unmapped(raw, table, "account_of", config.account_of))
    if missing:
        raise TableError(missing)
    picked = {ours: frame[theirs] for ours, theirs in mapped.items()}
    if config.account_of:
        picked["account_id"] = frame[config.account_of]
    picked |= {
        ours: pd.Series(text, index=frame.index, dtype="str") for ours, text in config.constants.items()
    }
    spoken_for = {*config.columns, *picked, *config.columns.values()}
    for name in frame.columns:
        if (name in table.column and name not in config.columns and name not in picked) or (
            table.name == "accounts" and name not in spoken_for and name not in raw.nameless
        ):
            picked[name] = frame[name]
    order = [name for name in table.column if name in picked]
    return {name: picked[name] for name in [*order, *(name for name in picked if name not in order)]}


def _digits(currency: pd.Series, *, unknown: int) -> Ints:
    """Decimals of each row's currency; `unknown` where there is no such currency."""
    codes, found = pd.factorize(currency)
    known = pd.Series(found, dtype="object").map(CURRENCY_DIGITS).fillna(unknown)
    return np.append(known.to_numpy(dtype=np.int64), unknown)[codes]


def _typed(
    picked: Mapping[str, pd.Series], table: Table, config: TableConfig, digits: int
) -> dict[str, Typed]:
    style = Style(config.date_format, config.decimal)
    typed: dict[str, Typed] = {}
    own = _OWN_CURRENCY.get(table.name, ())
    for name in sorted(picked, key=lambda name: name != "currency"):
        column = table.column.get(name, Column(name, "text"))
        each: int | Ints = digits
        if column.kind == "money" and "currency" in typed and (name in own or config.shape == "matrix"):
            each = _digits(typed["currency"].cells, unknown=digits)
        typed[name] = parse(
            picked[name], column, style=style, values=config.recode.get(name, {}), digits=each
        )
    return {name: typed[name] for name in picked}


def _ragged(raw: Raw) -> list[Fault]:
    if not len(raw.ragged):
        return []
    at = np.flatnonzero(raw.frame.index.isin(raw.ragged)).astype(np.int64)
    found = quoted(" | ".join(raw.frame.loc[raw.ragged[0]]))
    hint = "Put text that holds the separator in double quotes"
    expected = f"{raw.frame.shape[1]} cells, like the header"
    return [Fault("", "have another number of cells than the header", expected, hint, at, found)]


def _currencies(frame: pd.DataFrame) -> list[Fault]:
    if "currency" not in frame:
        return []
    unknown = (_digits(frame["currency"], unknown=-1) < 0) & frame["currency"].notna().to_numpy()
    at = np.flatnonzero(unknown).astype(np.int64)
    hint = 'Map it: values = { currency = { theirs = "USD" } }'
    return (
        [Fault("currency", "hold no known currency", "an ISO 4217 code such as USD", hint, at)]
        if len(at)
        else []
    )


def _new(found: Iterable[Fault], before: Iterable[Fault], n_rows: int) -> list[Fault]:
    """Faults less the cells that an earlier fault already names, and less all cells of ragged rows."""
    told: dict[str, npt.NDArray[np.bool_]] = {"": np.zeros(n_rows, dtype=bool)}
    for fault in before:
        told.setdefault(fault.column, np.zeros(n_rows, dtype=bool))[fault.positions] = True
    left = []
    for fault in found:
        if not len(fault.positions):
            left.append(fault)
            continue
        known = told[""] | told.get(fault.column, told[""])
        rest = fault.positions[~known[fault.positions]]
        if len(rest):
            left.append(replace(fault, positions=rest))
    return left


def _problems(
    found: Iterable[Fault], table: Table, text: pd.DataFrame, origin: pd.DataFrame, file: str
) -> TableError:
    told = []
    for fault in found:
        if not len(fault.positions):
            told.append(
                Problem(
                    table.name,
                    file,
                    None,
                    fault.column,
                    fault.found,
                    fault.expected,
                    fault.hint,
                    cause=fault.cause,
                )
            )
            continue
        first = origin.iloc[fault.positions[:SHOWN]]
        head = text.iloc[fault.positions[0]]
        lines = [int(line) for line in first.loc[first["file"] == first["file"].iloc[0], "line"]]
        found_text = fault.found or quoted(head.get(fault.column))
        if fault.cause == "end before they start":
            found_text += f" before start {quoted(head.get('start_date'))}"
        told.append(
            Problem(
                table.name,
                str(first["file"].iloc[0]),
                lines[0],
                fault.column,
                found_text,
                fault.expected,
                fault.hint,
                len(fault.positions),
                fault.cause,
                len(text),
                tuple(lines),
                f"account_id {quoted(head['account_id'])}"
                if "account_id" in text and fault.column != "account_id"
                else "",
            )
        )
    return TableError(told)


def _accounts_of(ids: pd.Series, owners: Mapping[str, str]) -> tuple[pd.Series, list[Fault]]:
    accounts = ids.map(owners).astype("str")
    lost = np.flatnonzero((accounts.isna() & ids.notna()).to_numpy(dtype=bool)).astype(np.int64)
    hint = "Correct account_of in company.toml, or add the subscriptions"
    cause = "name a subscription that the ledger does not hold"
    return accounts, [Fault("account_id", cause, "a subscription_id of subscriptions", hint, lost)] if len(
        lost
    ) else []


def _finish(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Money that every row must hold as plain int64."""
    one_of = {name for group in table.one_of for name in group}
    for column in table.columns:
        sure = column.required or column.name in one_of
        if column.kind == "money" and column.name in frame and sure and not frame[column.name].isna().any():
            frame[column.name] = frame[column.name].astype("int64")
    return frame


def canonical(
    raws: list[Raw],
    table: Table,
    *,
    config: TableConfig,
    digits: int,
    owners: Mapping[str, str] | None = None,
) -> Loaded:
    """Read the files of one table, as text, into its canonical frame.

    Parameters
    ----------
    raws : list of Raw
        The files; rows are appended in this order.
    table : Table
        Of the contract.
    config : TableConfig
        What company.toml says about the table.
    digits : int
        Decimals of the reporting currency.
    owners : mapping, optional
        Account of each subscription, where `config.account_of` is set.

    Raises
    ------
    TableError
        With every broken cell, unless `config.broken_rows` is "reject", some rows are sound, and only rows are
        at fault.
    """
    contract = (
        month_columns([raw.frame.columns for raw in raws], table, raws[0].file)
        if config.shape == "matrix"
        else table
    )
    frames, texts, origins = [], [], []
    found: list[Fault] = []
    facts: dict[str, int] = {}
    start = 0
    for raw in raws:
        picked = _pick(raw, contract, config)
        if lacking := missing(picked, contract, offered=raw.frame.columns):
            raise _problems(lacking, table, raw.frame, raw.frame, raw.file)
        typed = _typed(picked, contract, config, digits)
        frame = pd.DataFrame({name: column.cells for name, column in typed.items()}, index=raw.frame.index)
        here = [*_ragged(raw), *(fault for column in typed.values() for fault in column.faults)]
        if config.account_of:
            frame["account_id"], lost = _accounts_of(frame["account_id"], owners or {})
            here += lost
        found += [replace(fault, positions=fault.positions + start) for fault in here]
        for name, column in typed.items():
            for fact, n in column.notes:
                key = f"{table.name}.{name}: {fact}"
                facts[key] = facts.get(key, 0) + n
        frames.append(frame)
        texts.append(pd.DataFrame(picked, index=raw.frame.index))
        origins.append(pd.DataFrame({"file": raw.file, "line": raw.frame.index.to_numpy()}))
        start += len(frame)
    frame = pd.concat(frames, ignore_index=True)
    origin = pd.concat(origins, ignore_index=True)
    text = pd.concat(texts, ignore_index=True)
    if config.shape == "matrix":
        contract = replace(contract, key=tuple(name for name in contract.key if name in frame))
    aside = np.zeros(len(frame), dtype=bool)
    if config.shape == "matrix":
        aside, mistaken = totals(frame)
        found = _totals(mistaken) + [_without(fault, aside) for fault in found]
    ragged = [fault for fault in found if not fault.column]
    found = ragged + _new([fault for fault in found if fault.column], ragged, len(frame))
    held = [_without(fault, aside) for fault in (*faults(frame, contract), *_currencies(frame))]
    found += _new([fault for fault in held if fault.found or len(fault.positions)], found, len(frame))
    found = [fault for fault in found if fault.found or len(fault.positions)]
    broken = np.zeros(len(frame), dtype=bool)
    cause = np.full(len(frame), "", dtype=object)
    for fault in reversed(found):
        broken[fault.positions] = True
        cause[fault.positions] = f"{fault.column}: {fault.cause}" if fault.column else fault.cause
    broken[aside], cause[aside] = True, "a row of totals, not an account"
    whole = [fault for fault in found if not len(fault.positions)]
    if whole or (found and (config.broken_rows == "fail" or broken.all())):
        raise _problems(whole or found, table, text, origin, raws[0].file)
    if not len(frame) and table.name == "subscriptions":
        raise TableError(
            Problem(
                table.name,
                raws[0].file,
                None,
                "",
                "no rows",
                "at least one subscription",
                "",
                cause="no rows",
            )
        )
    kept, origin_kept, until = (
        frame[~broken].reset_index(drop=True),
        origin[~broken].reset_index(drop=True),
        None,
    )
    notes = [f"{key} in {n:,} rows" for key, n in facts.items()]
    rows_used = origin_kept["file"]
    if config.shape == "matrix":
        n, rows_used = len(kept), origin_kept["file"]
        kept, origin_kept, until = unfold(kept, origin_kept)
        notes.append(f"{table.name}: {n:,} rows of monthly amounts are read as {len(kept):,} periods")
    rejected = _rejected(raws, origin[broken], broken, cause)
    account = pd.DataFrame(
        {
            "table": table.name,
            "file": [raw.file for raw in raws],
            "rows_kept": [int((rows_used == raw.file).sum()) for raw in raws],
            "rows_rejected": [int((origin.loc[broken, "file"] == raw.file).sum()) for raw in raws],
            "sha256": [raw.sha256 for raw in raws],
        }
    )
    account.insert(2, "rows_read", account["rows_kept"] + account["rows_rejected"])
    several = config.shape == "matrix"
    made = Loaded(_finish(kept, table), origin_kept, account, rejected, tuple(notes), until)
    return replace(made, several=several)


def _without(fault: Fault, aside: npt.NDArray[np.bool_]) -> Fault:
    """Fault less the rows that are set aside."""
    return (
        replace(fault, positions=fault.positions[~aside[fault.positions]]) if len(fault.positions) else fault
    )


def _totals(mistaken: npt.NDArray[np.bool_]) -> list[Fault]:
    at = np.flatnonzero(mistaken).astype(np.int64)
    hint = "Take the row out; or give the account another id, if it is one"
    expected = "an account, or the sum of the other rows"
    return (
        [Fault("account_id", "are called a total and are not the sum of the others", expected, hint, at)]
        if len(at)
        else []
    )


def _rejected(
    raws: list[Raw], origin: pd.DataFrame, broken: npt.NDArray[np.bool_], cause: npt.NDArray[np.object_]
) -> pd.DataFrame:
    ours = ("file", "line", "cause")
    theirs = pd.concat(
        [raw.frame.rename(columns={name: f"{name} (source)" for name in ours}) for raw in raws]
    )
    left = theirs.loc[broken].reset_index(drop=True)
    return pd.concat(
        [origin.reset_index(drop=True), left, pd.Series(cause[broken], name="cause", dtype="str")], axis=1
    )
