"""A company folder to canonical tables. Every table is tried, so that one message tells all that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cslib.sources.canonical import Loaded, canonical
from cslib.sources.company import Company, TableConfig, currency_digits, load_config
from cslib.sources.database import query_table
from cslib.sources.read import SUFFIXES, Raw, read
from cslib.sources.vendors.table import imported
from cslib.tables import TABLES, Problem, Table, TableError, listed, nearest

__all__ = ["Loaded", "chosen", "load_config", "load_table", "load_tables", "owners", "raw_table"]


def _data_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def chosen(folder: Path, name: str, config: TableConfig) -> dict[str, Path]:
    """Files of table `name` by the name to show: those of company.toml, else the one called like the table."""
    if config.files:
        shown = [file if not Path(file).is_absolute() else Path(file).name for file in config.files]
        labels = shown if len(set(shown)) == len(shown) else list(config.files)
        if len(set(labels)) == len(labels):
            return {label: folder / file for label, file in zip(labels, config.files, strict=True)}
        hint = "Take the copy out of the list"
        raise TableError(
            Problem(
                name,
                folder.name,
                None,
                f"tables.{name}.file",
                listed(labels),
                "each file once",
                hint,
                cause="a file is listed twice",
            )
        )
    found = {file: folder / file for file in _data_files(folder) if Path(file).stem == name}
    hint = f'Say in company.toml which: [tables.{name}] file = "..."'
    if len(found) > 1:
        raise TableError(
            Problem(
                name,
                folder.name,
                None,
                name,
                listed(found),
                "one file",
                hint,
                cause="several files for this table",
            )
        )
    if not found and (name == "subscriptions" or config != TableConfig()):
        near = nearest(name, [Path(file).stem for file in _data_files(folder)])
        raise TableError(
            Problem(
                name,
                folder.name,
                None,
                name,
                "files: " + listed(_data_files(folder)),
                f"{name}.csv, or the file that holds it",
                (f"Did you mean {near}? " if near else "") + hint,
                cause="no file for this table",
            )
        )
    return found


def owners(ledger: Loaded) -> dict[str, str]:
    """Account of each subscription.

    Raises
    ------
    TableError
        When the ledger has no subscription_id, or one belongs to two accounts.
    """
    if "subscription_id" not in ledger.frame:
        hint = "Map subscription_id in [tables.subscriptions]"
        raise TableError(
            Problem(
                "subscriptions", "", None, "subscription_id", "", "", hint, cause="account_of needs a column"
            )
        )
    pairs = ledger.frame[["subscription_id", "account_id"]].dropna().drop_duplicates()
    twice = pairs[pairs["subscription_id"].duplicated()]
    if len(twice):
        found = repr(str(twice["subscription_id"].iloc[0]))
        cause = "account_of cannot tell: a subscription belongs to two accounts"
        raise TableError(
            Problem("subscriptions", "", None, "subscription_id", found, "one account", "", cause=cause)
        )
    return dict(zip(pairs["subscription_id"], pairs["account_id"], strict=True))


def raw_table(folder: Path, table: Table, config: TableConfig, company: Company) -> list[Raw]:
    """Files of one table, or the answer to its query, as text; none where the folder has no such table."""
    if config.query:
        connection = company.connections[config.connection]
        return [query_table(connection, config.query, table.name, limits=company.limits)]
    return [
        read(path, label, sheet=config.sheet, encoding=config.encoding, limits=company.limits)
        for label, path in chosen(folder, table.name, config).items()
    ]


def load_table(
    folder: Path, table: Table, config: TableConfig, company: Company, digits: int, ledger: Loaded | None
) -> Loaded | None:
    """One table of the folder, if it is there; `ledger` tells whose a subscription is where that is needed."""
    raws = raw_table(folder, table, config, company)
    if not raws:
        return None
    if config.importer:
        return imported(raws, table, config=config, company=company, digits=digits)
    known: Mapping[str, str] = owners(ledger) if config.account_of and ledger else {}
    return canonical(raws, table, config=config, digits=digits, owners=known)


def load_tables(folder: Path, config: Company, *, broken_rows: str = "") -> dict[str, Loaded]:
    """Every table the folder holds, in the order of the contract.

    Parameters
    ----------
    folder : Path
        Company folder; files named in company.toml are relative to it.
    config : Company
        What `load_config` made of its company.toml.
    broken_rows : str
        "fail" or "reject", whatever company.toml says of a table; as it says when empty.

    Raises
    ------
    TableError
        With what is wrong in any table: no ledger, a file that cannot be read, columns missing, rows broken.
    """
    digits = currency_digits(config.currency)
    loaded: dict[str, Loaded] = {}
    wrong: list[Problem] = []
    for name, table in TABLES.items():
        entry = config.tables.get(name, TableConfig())
        ledger = loaded.get("subscriptions")
        if entry.account_of and ledger is None:
            continue  # The ledger itself is at fault, and said so.
        try:
            if not entry.query and not chosen(folder, name, entry):
                continue
            entry = replace(entry, broken_rows=broken_rows or entry.broken_rows)
            one = load_table(folder, table, entry, config, digits, ledger)
        except TableError as error:
            wrong += error.problems
            continue
        if one is not None:
            loaded[name] = one
    if wrong:
        raise TableError(wrong)
    return loaded
