"""One table of the contract from a vendor's files: read, joined and ruled by its importer, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Final

import numpy as np
import pandas as pd

from cslib.sources.canonical import Loaded, canonical
from cslib.sources.company import Company, TableConfig
from cslib.sources.money import in_reporting
from cslib.sources.parse import Style
from cslib.sources.read import Raw
from cslib.sources.vendors.cells import Part, Reading, decimals, part_of
from cslib.sources.vendors.lines import as_text
from cslib.sources.vendors.origin import FIELDS, Kind, Origin, origins
from cslib.tables import SHOWN, Problem, Table, TableError, listed, quoted

__all__ = ["Made", "best_kind", "imported"]

LEFT: Final = ["file", "line", "cause", "left_amount", "currency"]


@dataclass(frozen=True)
class Made:
    """What an importer made: `rows` of the table as text with ``file, line``; `left`, the rows it left out, with cause
    and amount in minor units of their currency; facts about the rest."""

    rows: pd.DataFrame
    left: pd.DataFrame
    notes: tuple[str, ...] = ()


Importer = Callable[[Sequence[Part], Reading], Made]


def best_kind(origin: Origin, header: Sequence[str], *, table: str = "") -> Kind | None:
    """Kind of file of `origin` that the columns fit best, if they fit one."""
    fits = [(kind.fits(header), kind) for kind in origin.kinds.values() if not table or kind.table == table]
    fit, kind = max(fits, key=lambda pair: pair[0], default=(0.0, None))
    return kind if fit > 0 else None


def _refused(
    table: str, file: str, cause: str, *, found: str = "", expected: str = "", hint: str = ""
) -> TableError:
    return TableError(Problem(table, file, None, "", found, expected, hint, cause=cause))


def _parts(raws: Sequence[Raw], origin: Origin, table: Table, reading: Reading) -> list[Part]:
    parts = []
    for raw in raws:
        header = [*raw.frame.columns]
        kind = best_kind(origin, [*header, *_spelled(origin, table, reading)], table=table.name)
        if kind is None:
            expected = " or ".join(
                f"{kind.title} ({', '.join(kind.columns[need][0] for need in kind.needs)})"
                for kind in origin.kinds.values()
                if kind.table == table.name
            )
            hint = 'Map a column: columns = { field = "theirs" }, or take the file out of the list'
            raise _refused(
                table.name, raw.file, f"is no file of {origin.title}",
                found="columns: " + listed(header), expected=expected or "another table", hint=hint,
            )  # fmt: skip
        parts.append(part_of(raw, kind, reading))
    return parts


def _spelled(origin: Origin, table: Table, reading: Reading) -> list[str]:
    """First spelling of every field that the company.toml maps itself, so that a kind that needs it fits."""
    return [
        kind.columns[field][0]
        for kind in origin.kinds.values()
        if kind.table == table.name
        for field in reading.corrections
        if field in kind.columns
    ]


def plainly(parts: Sequence[Part], reading: Reading) -> Made:
    """Rows of files whose columns need only our names: those deleted at the source, or of no account, are left out."""
    every = [_plain_rows(part) for part in parts]
    notes = [note for part in parts for note in part.notes]
    frame = pd.concat([frame for frame, _ in every], ignore_index=True)
    rows = pd.concat([rows for _, rows in every], ignore_index=True)
    if "account_id" in rows:
        frame = frame.assign(cause=_left(frame, rows["account_id"].isna(), "names no account"))
    key = frame["account"] if parts[0].kind.table == "accounts" else frame.get("id")
    if key is not None:
        order = [name for name in ("latest", "updated") if name in frame]
        newest = frame.assign(key=key)[(frame["cause"] == "") & key.notna()][::-1]
        newest = newest.sort_values(order, kind="stable", na_position="first") if order else newest
        again = newest.index[newest["key"].duplicated(keep="last")]
        frame.loc[again, "cause"] = "an earlier version, or a copy"
    frame = _with_currency(frame)
    used = frame["cause"] == ""
    return Made(rows[used].reset_index(drop=True), frame[~used][LEFT].reset_index(drop=True), tuple(notes))


def _left(frame: pd.DataFrame, at: pd.Series, cause: str) -> pd.Series:
    return frame["cause"].mask((frame["cause"] == "") & at.fillna(False).astype(bool), cause)


def _plain_rows(part: Part) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One file's rows with the causes that it says itself, and the columns of the contract that it gives."""
    frame, kind = part.frame.copy(), part.kind
    if "is_closed" in frame:  # the day an open one is hoped to close on is no fact
        still = frame["is_closed"].eq(False).fillna(False).astype(bool)
        hoped = [name for name in ("closed", "won", "outcome", "renewed") if name in frame]
        frame = frame.assign(**{name: frame[name].mask(still) for name in hoped})
    if "deleted" in frame:
        frame["cause"] = _left(frame, frame["deleted"], "deleted at the source")
    if "latest" in frame:
        frame["cause"] = _left(
            frame, ~frame["latest"].fillna(True).astype(bool), "an earlier version, or a copy"
        )
    for field, wanted in kind.only.items():
        other = ~frame[field].str.lower().str.contains(wanted, regex=False, na=True)
        frame["cause"] = _left(frame, other, f"another {field} than {wanted}")
    given = {
        ours: field
        for ours, field in kind.gives.items()
        if field in part.columns or frame[field].notna().any()
    }
    rows = pd.DataFrame({"file": frame["file"], "line": frame["line"]})
    for ours, field in given.items():
        rows[ours] = _as_text(frame[field], frame)
    return frame, rows


def _as_text(values: pd.Series, frame: pd.DataFrame) -> pd.Series:
    kind = FIELDS[str(values.name)].kind
    if kind in ("money", "number"):
        return as_text(values, kind, decimals(frame.get("currency"), frame.index, 2))
    if pd.api.types.is_datetime64_dtype(values.dtype):
        days: pd.Series = values.dt.strftime("%Y-%m-%d").astype("str")
        return days
    text = values.astype("str").where(values.notna())
    return text.str.lower() if pd.api.types.is_bool_dtype(values.dtype) else text


def _unreadable(left: pd.DataFrame, raws: Sequence[Raw], table: str, parts: Sequence[Part]) -> None:
    """Raise for rows with a cell that cannot be read."""
    wrong = left[left["cause"].str.contains(": cannot be read", regex=False)]
    problems = []
    for _, group in wrong.groupby(["file", "cause"], sort=False):
        file, cause = str(group["file"].iloc[0]), str(group["cause"].iloc[0])
        field, _, words = str(cause).partition(": ")
        part = next(part for part in parts if part.columns.get(field) and file in set(part.frame["file"]))
        raw = next(raw for raw in raws if raw.file == file)
        lines = [int(line) for line in group["line"].head(SHOWN)]
        found = quoted(raw.frame[part.columns[field]].loc[lines[0]])
        hint = 'Correct the source, or leave such rows out: broken_rows = "reject"'
        problems.append(
            Problem(
                table,
                file,
                lines[0],
                part.columns[field],
                found,
                f"{field}",
                hint,
                len(group),
                words,
                len(raw.frame),
                tuple(lines),
            )
        )
    if problems:
        raise TableError(problems)


def _importer(origin: str, table: str) -> Importer:
    if table != "subscriptions":
        return plainly
    found: Importer = import_module(f"{__package__}.{origin}").subscriptions
    return found


def imported(
    raws: Sequence[Raw], table: Table, *, config: TableConfig, company: Company, digits: int
) -> Loaded:
    """Read one table of the contract from files of the origin that `config.importer` names.

    Parameters
    ----------
    raws : sequence of Raw
        The files as text.
    table : Table
        Of the contract.
    config : TableConfig
        What company.toml says about the table; `columns` correct the importer's fields.
    company : Company
        For its currency and rates.
    digits : int
        Decimals of the reporting currency.

    Raises
    ------
    TableError
        When a file is none of the origin's, a cell cannot be read, or what comes of it breaks the contract.
    """
    origin = origins()[config.importer]
    constants = dict(config.constants)
    options = dict(config.options)
    currency = options.get("currency", company.currency)
    style = Style(config.date_format, config.decimal)
    reading = Reading(options, style, digits, config.columns, config.recode, currency)
    parts = _parts(raws, origin, table, reading)
    made = _importer(config.importer, table.name)(parts, reading)
    if config.broken_rows == "fail":
        _unreadable(made.left, raws, table.name, parts)
    if made.rows.empty and table.name == "subscriptions":
        why = "; ".join(f"{n:,} {cause}" for cause, n in made.left["cause"].value_counts().items())
        raise _refused(table.name, raws[0].file, "holds no recurring price", found=why or "no rows")
    rows = made.rows.assign(**{name: text for name, text in constants.items() if name in table.column})
    if "currency" in table.column and table.name == "subscriptions":
        rows["currency"] = rows["currency"].fillna(currency)
    rows = rows[[name for name in rows if name not in ("file", "line")]].assign(
        file=rows["file"], line=rows["line"]
    )
    one = _checked(
        rows, table, raws, config=replace(config, columns={}, constants={}, recode={}), digits=digits
    )
    used = set(one.origin["file"])
    limits = {
        part.kind.title: part.kind.cannot
        for part in parts
        if part.kind.ledger and set(part.frame["file"]) & used
    }
    told = [f"{origin.title}, {title}, cannot carry {cannot}" for title, cannot in limits.items() if cannot]
    return _accounted(one, replace(made, notes=(*told, *made.notes)), raws, table.name, company)


def _checked(
    rows: pd.DataFrame, table: Table, raws: Sequence[Raw], *, config: TableConfig, digits: int
) -> Loaded:
    named = []
    for raw in raws:
        own = rows[rows["file"] == raw.file].drop(columns="file").set_index("line").rename_axis("line")
        if len(own):
            named.append(Raw(raw.file, own, raw.sha256))
    if not named:
        none = rows.drop(columns="file").set_index("line").rename_axis("line")
        named = [Raw(raws[0].file, none.astype("str"), raws[0].sha256)]
    return canonical(named, table, config=replace(config, date_format="", decimal="."), digits=digits)


def _accounted(one: Loaded, made: Made, raws: Sequence[Raw], table: str, company: Company) -> Loaded:
    """Loaded with every row of every file: used, or left out with cause and money."""
    left = made.left
    broken = one.rejected[["file", "line"]].drop_duplicates()
    account = []
    for raw in raws:
        out = set(left.loc[left["file"] == raw.file, "line"])
        unread = set(broken.loc[broken["file"] == raw.file, "line"])
        account.append(
            {
                "table": table,
                "file": raw.file,
                "rows_read": len(raw.frame),
                "rows_kept": len(raw.frame) - len(out | unread),
                "rows_rejected": len(out | unread),
                "sha256": raw.sha256,
            }
        )
        used = set(made.rows.loc[made.rows["file"] == raw.file, "line"])
        if out & used or not out <= set(raw.frame.index):
            raise AssertionError(f"{raw.file}: rows {sorted(out & used)[:3]} are both used and left out")
    mine = one.rejected[["file", "line", "cause"]]
    rejected = pd.concat([mine, left[["file", "line", "cause"]]], ignore_index=True)
    return replace(
        one,
        account=pd.DataFrame(account),
        rejected=rejected,
        left_amounts=_stakes(left, company),
        several=True,
        notes=(*made.notes, *one.notes),
    )


def _stakes(left: pd.DataFrame, company: Company) -> Mapping[str, int]:
    """Money at stake by cause, in minor units of the reporting currency, where every amount of the cause is known."""
    currency = left["currency"].astype("object").where(left["currency"].notna(), company.currency)
    known = currency.isin([company.currency, *company.rates]) & left["left_amount"].notna()
    if not known.any():
        return {}
    rates = company.rates
    amount = in_reporting(left.loc[known, "left_amount"], currency[known], rates, to=company.currency)
    return {str(cause): int(total) for cause, total in amount.groupby(left.loc[known, "cause"]).sum().items()}


def sides(parts: Sequence[Part], *names: str) -> pd.DataFrame:
    """Rows of all files of the named kinds, one after the other; none where there is no such file."""
    frames = [part.frame for name in names for part in parts if part.kind.name == name]
    if not frames:
        return pd.DataFrame(
            {name: pd.Series(dtype="str") for name in ("file", "cause", "id", "currency")}
        ).assign(line=np.array([], dtype="int64"), left_amount=pd.array([], dtype="Int64"))
    return pd.concat(frames, ignore_index=True)


def _with_currency(frame: pd.DataFrame) -> pd.DataFrame:
    if "currency" in frame:
        return frame
    return frame.assign(currency=pd.Series(pd.NA, index=frame.index, dtype="str"))


def left_of(*frames: pd.DataFrame) -> pd.DataFrame:
    """Rows left out of any of `frames`, once a row."""
    parts = [_with_currency(frame)[frame["cause"] != ""][LEFT] for frame in frames]
    parts = [part for part in parts if len(part)] or parts[:1]
    left = pd.concat(parts, ignore_index=True)
    return left.drop_duplicates(["file", "line"], ignore_index=True)
