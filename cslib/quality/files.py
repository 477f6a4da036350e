"""Doubts that show in the files as they are, in columns that no table of ours has as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from cslib.quality.finding import Finding, Sight, in_file
from cslib.sources.parse import blank
from cslib.tables import TABLES, listed

__all__ = ["as_text", "blanks", "conflicts", "flags", "negatives", "repeats", "two_prices"]

_MOSTLY: Final = 0.5  # of its rows a column must fill before a blank in it is worth a word
_NUMERIC: Final = 0.95
_RARE: Final = 0.2
_NOT_ALWAYS: Final = {"contact_id", "user_id", "parent_id", "owner", "list_uplift", "renewed_arr"}
_OPEN: Final = re.compile(
    r"(^|_)(end|ended|until|close|closed|cancel|cancell?ed|expire[sd]?|valid_to|parent|renewal)"
)
_ENDED: Final = re.compile(r"(^|_)(is_)?(churn(ed)?|cancell?ed|terminated|ended|inactive|expired)(_|$)")
_TRUE: Final = {"true", "t", "yes", "y", "1"}
_FALSE: Final = {"false", "f", "no", "n", "0"}


def as_text(sight: Sight, table: str) -> pd.DataFrame:
    """All rows of a table's files as text, with file and line, and the account where the file names it."""
    frames = []
    for raw in sight.raws[table]:
        frame = raw.frame.reset_index(drop=True)
        frame["file (ours)"] = raw.file
        frame["line (ours)"] = raw.frame.index.to_numpy()
        frames.append(frame)
    frame = pd.concat(frames, ignore_index=True)
    name, entry = sight.theirs(table, "account_id", "account"), sight.entry(table)
    account = frame[name] if name in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
    if entry.account_of in frame and "subscription_id" in sight.loaded["subscriptions"].frame:
        ledger = sight.loaded["subscriptions"].frame[["subscription_id", "account_id"]].dropna()
        owner = ledger.drop_duplicates("subscription_id").set_index("subscription_id")["account_id"]
        account = frame[entry.account_of].map(owner).astype("str")
    return frame.assign(**{"account (ours)": account})


def _theirs(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if not str(name).endswith(" (ours)")]


def _ours(sight: Sight, table: str, column: str) -> str:
    back = {theirs: ours for ours, theirs in sight.entry(table).columns.items()}
    return back.get(column, column)


def blanks(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Cells that are blank in a column that is filled as a rule."""
    contract = TABLES[table]
    may_be = (
        {c.name for c in contract.columns if c.nullable}
        | set(contract.later)
        | {b for _, b in contract.order}
    )
    told = {_ours(sight, table, name) for name in _theirs(frame)} & set(contract.column)
    may_be |= {*contract.required, *(name for group in contract.one_of for name in group if name in told)}
    for name in _theirs(frame):
        ours = _ours(sight, table, name)
        if table == "team" or ours in may_be or ours in _NOT_ALWAYS or _OPEN.search(name.lower()):
            continue
        empty = frame[name].isna() | blank(frame[name].astype("str").fillna(""))
        since = [sight.theirs(table, date) for date, also in contract.later.items() if ours in also]
        for date in since:  # known only from that day on
            if date in frame:
                empty &= ~blank(frame[date].astype("str").fillna(""))
        n = int(empty.sum())
        if n and 1 - n / len(frame) >= _MOSTLY:
            yield from in_file(
                sight, table, frame, empty.to_numpy(dtype=bool), check="blank", severity="look", column=name,
                what=f"{name} is blank in {n:,} of {len(frame):,} rows",
                fix="Fill it in the source; a cut by it shows these rows as one group without a name",
            )  # fmt: skip


def negatives(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Numbers with a minus sign in a column that has none as a rule."""
    for name in _theirs(frame):
        text = frame[name].astype("str").str.strip()
        filled = text.notna() & (text != "")
        signed = text.str.match(r"-\s*[0-9.]").fillna(False)
        n = int(signed.sum())
        ours = TABLES[table].column.get(_ours(sight, table, name))
        bounded = ours is not None and ours.minimum is not None  # such rows are left out, and told so
        if not n or n > _RARE * filled.sum() or "date" in name.lower() or bounded:
            continue
        if pd.to_numeric(text[filled], errors="coerce").notna().mean() < _NUMERIC:
            continue
        yield from in_file(
            sight, table, frame, signed.to_numpy(dtype=bool), check="sign", severity="wrong", column=name,
            what=f"{name} is negative in {n:,} rows and positive in all others",
            fix="Ask the source whether it is a credit, a code for unknown, or a sign error; correct it there",
        )  # fmt: skip


def _id_column(sight: Sight, table: str, frame: pd.DataFrame) -> str:
    """Column that numbers the rows, if the first one does."""
    first = _theirs(frame)[0]
    if not re.search(r"(?i)(^|[a-z_ ])id$", first) or first == sight.entry(table).account_of:
        return ""
    if _ours(sight, table, first) in {*TABLES[table].key, "account_id"}:
        return ""  # the contract sees to it
    values = frame[first].dropna()
    return first if len(values) and values.nunique() / len(frame) >= _MOSTLY else ""


def repeats(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Rows under the number of an earlier row, and in what they differ from it."""
    name = _id_column(sight, table, frame)
    again = frame.duplicated(name).to_numpy() & frame[name].notna().to_numpy() if name else np.array([False])
    if not again.any():
        return
    others = [column for column in _theirs(frame) if column != name]
    first = frame.drop_duplicates(name).set_index(name)[others]
    later = frame.loc[again, others].apply(_plain)
    before = first.loc[frame.loc[again, name]].set_index(later.index).apply(_plain)
    differ = (later != before).sum()
    changed = [f"{column} ({n:,})" for column, n in differ[differ > 0].sort_values(ascending=False).items()]
    same = int((later == before).all(axis=1).sum())
    yield from in_file(
        sight, table, frame, again, check="repeated id", severity="wrong", column=name,
        what=f"{int(again.sum()):,} rows carry the {name} of an earlier row; {same:,} repeat it in full"
        + (f", the others differ in {listed(changed)}" if changed else ""),
        fix="Keep one version of each: all of them count now, for this table has no key",
    )  # fmt: skip


def _plain(values: pd.Series) -> pd.Series:
    """Text without what a spreadsheet adds to a number."""
    return values.astype("str").fillna("").str.strip().str.removesuffix(".0")


def conflicts(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Rows that repeat the key of an earlier row and say something else, column by column."""
    key = [sight.theirs(table, name) for name in TABLES[table].key]
    if not key or not set(key) <= set(frame):
        return
    again = (frame.duplicated(key) & frame[key].notna().all(axis=1)).to_numpy(dtype=bool)
    first = frame.groupby(key, sort=False).cumcount() == 0
    if not again.any():
        return
    before = frame[first].set_index(key)
    for name in (name for name in _theirs(frame) if name not in key):
        ties = pd.MultiIndex.from_frame(frame.loc[again, key]) if len(key) > 1 else frame.loc[again, key[0]]
        was = _plain(before[name].reindex(ties)).to_numpy()
        differs = again.copy()
        differs[again] = (_plain(frame.loc[again, name]) != was).to_numpy(dtype=bool)
        yield from in_file(
            sight, table, frame, differs, check="conflict", severity="wrong", column=name,
            what=f"{int(differs.sum()):,} rows repeat the key of an earlier row, with another {name}",
            fix="Decide which is right: the first is read, the later ones are left out",
        )  # fmt: skip


def _truth(values: pd.Series) -> pd.Series | None:
    """Column as true, false or missing, where it holds nothing else."""
    text = values.astype("str").str.strip().str.lower()
    filled = set(text.dropna().unique()) - {""}
    if not filled or not filled <= _TRUE | _FALSE:
        return None
    return text.map({**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}).astype("boolean")


def flags(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Flags that say an account or a subscription has ended, against the days and events that say otherwise."""
    end = sight.theirs(table, "end_date", "end")
    for name in _theirs(frame):
        said = _truth(frame[name]) if _ENDED.search(name.lower()) else None
        if said is None:
            continue
        if table == "subscriptions" and end in frame:
            ended = frame[end].notna() & (frame[end].astype("str").str.strip() != "")
            for mask, what in (
                (said.fillna(False) & ~ended, f"{name} says it has ended, and {end} is blank"),
                (~said.fillna(True) & ended, f"{name} says it has not ended, and {end} is filled"),
            ):
                yield from in_file(
                    sight, table, frame, mask.to_numpy(dtype=bool), check="flag against days", severity="wrong",
                    column=name, what=f"{what}: {int(mask.sum()):,} rows",
                    fix=f"Decide which of the two is right; {end} is what counts here",
                )  # fmt: skip
        if table == "accounts" and "churn_reasons" in sight.loaded:
            left = frame["account (ours)"].isin(sight.loaded["churn_reasons"].frame["account_id"])
            named = "churn_reasons names"
            for check, mask, what in (
                (
                    "flag without event",
                    said.fillna(False) & ~left,
                    f"{name} says they left, and {named} no day",
                ),
                (
                    "event without flag",
                    ~said.fillna(True) & left,
                    f"{name} says they did not, and {named} a day",
                ),
            ):
                yield from in_file(
                    sight, table, frame, mask.to_numpy(dtype=bool), check=check, severity="wrong",
                    column=name, what=f"{what}: {int(mask.sum()):,} rows",
                    fix="Decide which of the two is right; here the ledger counts, and neither of them",
                )  # fmt: skip


def two_prices(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """Rows whose yearly price is not twelve of the monthly one."""
    if table != "subscriptions":
        return
    monthly, yearly = sight.theirs(table, "mrr"), sight.theirs(table, "arr")
    near = [name for name in _theirs(frame) if re.match(r"(?i)arr($|[ _])", name)]
    yearly = yearly if yearly in frame else near[0] if near else ""
    if monthly not in frame or not yearly:
        return
    month, year = (pd.to_numeric(frame[name], errors="coerce") for name in (monthly, yearly))
    odd = ((month * 12 - year).abs() > 0.01 * year.abs().clip(lower=1)) & month.notna() & year.notna()
    yield from in_file(
        sight, table, frame, odd.to_numpy(dtype=bool), check="two prices", severity="wrong", column=yearly,
        what=f"{yearly} is not 12 {monthly} in {int(odd.sum()):,} rows; {monthly} is what counts",
        fix="Correct the source, or map the one that is right",
    )  # fmt: skip
