"""A plan carried out: the files beside a company.toml, read once to prove it, every row of every file accounted for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cslib.sources.canonical import Loaded
from cslib.sources.company import TableConfig, currency_digits, load_config
from cslib.sources.files import load_table
from cslib.sources.importing import company_toml
from cslib.sources.plans import Plan
from cslib.sources.toml import FILE
from cslib.sources.vendors.origin import origins
from cslib.tables import TABLES, Problem, TableError

__all__ = ["Imported", "accounted", "load_each", "write"]


@dataclass(frozen=True)
class Imported:
    """A written company folder, its tables as they were read, and whose broken rows had to be left out."""

    folder: Path
    tables: dict[str, Loaded]
    rejecting: tuple[str, ...] = ()


def load_each(folder: Path, *, only: Sequence[str] = ()) -> dict[str, Loaded]:
    """Tables of a folder, each by itself: unlike a book, without a ledger too.

    Raises
    ------
    TableError
        With what is wrong in any of them.
    """
    config = load_config(folder)
    digits = currency_digits(config.currency)
    loaded: dict[str, Loaded] = {}
    wrong: list[Problem] = []
    for name, table in TABLES.items():
        if name not in (only or config.tables):
            continue
        entry = config.tables.get(name, TableConfig())
        try:
            one = load_table(folder, table, entry, config, digits, loaded.get("subscriptions"))
        except TableError as error:
            wrong += error.problems
            continue
        if one is not None:
            loaded[name] = one
    if wrong:
        raise TableError(wrong)
    return loaded


def write(
    plan: Plan, out: Path, *, name: str, sources: dict[str, Path], link: bool = False, again: bool = False
) -> Imported:
    """Write a company folder and read it once, so that what is written is known to work.

    Files are copied, so that the folder holds all that its figures come of; `link` refers to them where they are.
    Rows that are broken are left out, and named, where some are sound.

    Raises
    ------
    TableError
        When the folder is there already (unless `again`), or what is in the files cannot be used.
    """
    if (out / FILE).exists() and not again:
        hint = "Name another folder, or say --again to replace its files and its company.toml"
        raise TableError(
            Problem("", FILE, None, "", out.name, "a folder without one", hint, cause="is there already")
        )
    draft = out.with_name(f".{out.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        places = {}
        for table in plan.tables:
            for raw in table.files:
                places[raw.file] = (
                    os.path.relpath(sources[raw.file].resolve(), draft.resolve()) if link else raw.file
                )
                if not link and not (draft / raw.file).exists():
                    shutil.copyfile(sources[raw.file], draft / raw.file)
        reject: tuple[str, ...] = ()
        while True:
            text = company_toml(plan, name=name, places=places, reject=reject)
            (draft / FILE).write_text(text, encoding="utf-8")
            try:
                tables = load_each(draft)
                break
            except TableError as error:
                broken = {problem.table for problem in error.problems if problem.of} - set(reject)
                if not broken or any(not problem.of for problem in error.problems):
                    raise
                reject = (*reject, *sorted(broken))
        out.mkdir(parents=True, exist_ok=True)
        for path in draft.iterdir():
            path.replace(out / path.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Imported(out, tables, reject)


def accounted(plan: Plan, made: Imported) -> pd.DataFrame:
    """Every file: what it is, its rows, how many are used and how many are left out; those not read too.

    Returns
    -------
    DataFrame
        ``file, table, what, rows, used, left``, one row a file and table: ``rows == used + left``.
    """
    rows = []
    for table in plan.tables:
        account = made.tables[table.table].account.set_index("file")[
            ["rows_read", "rows_kept", "rows_rejected"]
        ]
        counts = {
            str(file): [int(n) for n in row]
            for file, row in zip(account.index, account.to_numpy(), strict=True)
        }
        for raw, guess in zip(table.files, table.guesses, strict=True):
            n_rows, kept, out = counts[raw.file]
            what = guess.title if guess.of is None else f"{origins()[guess.origin].title}: {guess.of.title}"
            rows.append((raw.file, table.table, f"{what} ({guess.sure})", n_rows, kept, out))
    for raw, why in plan.unread:
        rows.append((raw.file, "", f"not read: {why}", len(raw.frame), 0, len(raw.frame)))
    return pd.DataFrame(rows, columns=["file", "table", "what", "rows", "used", "left"])
