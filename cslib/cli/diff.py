"""The command ``diff``: which past figures moved between two readings, by how much and why."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cslib.cli.text import aligned, money, percent, printable

if TYPE_CHECKING:
    import pandas as pd

    from cslib.book import Book

__all__ = ["diff"]

SHOWN: Final = 60  # rows and figures in the text; the JSON document has all


@dataclass(frozen=True)
class _Side:
    """One reading of a company."""

    told: str
    as_of: dt.date
    currency: str
    minor_units: int
    figures: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    names: Mapping[str, str]


def diff(arguments: argparse.Namespace) -> int:
    """Compare two runs, or two readings of a company."""
    from cslib.archive import changed_inputs, is_run, read_run
    from cslib.metrics.restatement import moved_figures, moved_rows, n_common, with_reasons

    given = [folder for folder in (arguments.old, arguments.new) if folder is not None]
    if all(map(is_run, given)):
        if len(given) < 2 or arguments.as_of:
            raise ValueError("diff: of runs, expected two folders and no --as-of")
        runs = [read_run(folder) for folder in given]
        inputs = changed_inputs(*runs)
        old, new = (
            _Side(str(folder), run.as_of, run.currency, run.minor_units, run.figures, run.tables, {})
            for folder, run in zip(given, runs, strict=True)
        )
    else:
        old, new, inputs = _books(arguments)
    if (old.currency, old.minor_units) != (new.currency, new.minor_units):
        raise ValueError(f"diff: {old.told} is in {old.currency}, {new.told} in {new.currency}")
    until = min(old.as_of, new.as_of)
    past = until if old.as_of != new.as_of else None
    figures = moved_figures(old.figures, new.figures, until=past)
    n = n_common(old.figures, new.figures, until=past)
    kept = "subscriptions" in old.tables and "subscriptions" in new.tables
    rows = moved_rows(old.tables, new.tables, until=until) if kept else None
    names = {**old.names, **new.names}
    changed = [row for row in inputs if row["what"] != "run"]
    reasons = (f"changed {row['what']}" + f" {row['name']}" * (row["name"] != row["what"]) for row in changed)
    otherwise = "; ".join(reasons)
    figures = with_reasons(
        figures, rows if rows is not None else _nothing(), otherwise=otherwise, names=names
    )
    text = _document if arguments.json else _page
    print(text(old, new, figures, rows, changed, names, until=until, n=n))
    return 0


def _nothing() -> pd.DataFrame:
    import pandas as pd

    from cslib.metrics.restatement import ROW

    return pd.DataFrame(columns=ROW)


def _books(arguments: argparse.Namespace) -> tuple[_Side, _Side, list[dict[str, str]]]:
    from cslib.book import Book

    days, folders = arguments.as_of, [arguments.old, arguments.new or arguments.old]
    for folder in folders:
        if not (folder / "company.toml").is_file():
            raise ValueError(
                f"diff: {folder} is neither a run (numbers.json) nor a company folder (company.toml)"
                if not (folder / "numbers.json").is_file()
                else f"diff: {folder} is a run; expected two runs or two company folders"
            )
    wanted = (1, 2) if arguments.new else (2,)
    if len(days) not in wanted:
        expected = (
            "--as-of once (for both) or twice" if arguments.new else "a second folder, or --as-of twice"
        )
        raise ValueError(f"diff: found --as-of {len(days)} times, expected {expected}")
    books = [Book.load(f, as_of=day) for f, day in zip(folders, (days[0], days[-1]), strict=True)]
    old, new = (_meanings(book) for book in books)
    changed = [
        {"what": what, "name": name, "old": old.get((what, name), ""), "new": new.get((what, name), "")}
        for what, name in dict.fromkeys([*old, *new])
        if old.get((what, name)) != new.get((what, name))
    ]
    return _side(books[0], folders[0]), _side(books[1], folders[1]), changed


def _meanings(book: Book) -> dict[tuple[str, str], str]:
    """What the company says its numbers mean."""
    own = {("convention", f"{c.metric}: {c.name}"): repr(c) for c in book.conventions}
    settings = {("setting", text): "yes" for text in book.settings.departures()}
    return {("convention", "default"): book.convention, **own, **settings}


def _side(book: Book, folder: Path) -> _Side:
    from cslib.archive import figures
    from cslib.metrics.restatement import past_figures
    from cslib.record import record

    accounts = book.tables["accounts"]
    return _Side(
        str(folder),
        book.as_of,
        book.currency,
        book.minor_units,
        figures(record(past_figures(book)).records),
        book.tables,
        dict(zip(accounts["account_id"], accounts["name"], strict=True)),
    )


# --- what is printed


def _document(
    old: _Side, new: _Side, figures: pd.DataFrame, rows: pd.DataFrame | None, changed: list[dict[str, str]],
    names: Mapping[str, str], *, until: dt.date, n: int,
) -> str:  # fmt: skip
    """The one JSON document of ``cslib diff --json``."""
    found = {
        "old": {"folder": old.told, "as_of": old.as_of.isoformat()},
        "new": {"folder": new.told, "as_of": new.as_of.isoformat()},
        "until": until.isoformat(),
        "currency": new.currency,
        "minor_units": new.minor_units,
        "changed": changed,
        "n_compared": n,
        "rows": None
        if rows is None
        else [
            {"name": names.get(row["account_id"], row["account_id"]), **_plain(row)}
            for row in rows.to_dict("records")
        ],
        "figures": [_plain(row) for row in figures.drop(columns="cause").to_dict("records")],
    }
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    money = not str(row.get("unit", "")).startswith("ratio")
    return {str(name): _value(value, money=money) for name, value in row.items()}


def _value(value: Any, *, money: bool) -> Any:
    """Value as JSON holds it: days in ISO form, none as null, money whole."""
    if value != value or value is None:
        return None
    if hasattr(value, "date"):
        return value.date().isoformat()
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if money and isinstance(value, float) and value.is_integer() else value


def _page(
    old: _Side, new: _Side, figures: pd.DataFrame, rows: pd.DataFrame | None, changed: list[dict[str, str]],
    names: Mapping[str, str], *, until: dt.date, n: int,
) -> str:  # fmt: skip
    """What a person reads: what else changed, the rows that explain it, the figures that moved."""
    digits = new.minor_units
    lines = [f"{old.told} as of {old.as_of} against {new.told} as of {new.as_of}, in {new.currency}", ""]
    if changed:
        table = [
            ["changed", "name", "old", "new"],
            *([c["what"], c["name"], c["old"], c["new"]] for c in changed),
        ]
        lines += [aligned(table), ""]
    if rows is None:
        lines += ["Rows cannot be compared: a run did not keep its ledger.", ""]
    elif len(rows):
        lines += [_rows(rows, names, digits=digits), ""]
        change = money(int(rows["change"].sum()), digits, sign=True)
        counts = _counted(len(rows), "row"), _counted(rows["account_id"].nunique(), "account")
        lines += [f"{counts[0]} of {counts[1]} different; in all, ARR on {until} changes by {change}.", ""]
    if len(figures):
        lines += [_figures(figures, digits=digits), ""]
        lines += [f"{_counted(len(figures), 'past figure')} of {n:,} moved."]
    elif n:
        lines += [f"No past figure moved; {n:,} compared."]
    else:
        lines += ["No figure can be compared: the two are read on other days of the month."]
    return printable("\n".join(lines))


def _rows(rows: pd.DataFrame, names: Mapping[str, str], *, digits: int) -> str:
    table = [["cause", "account", "name", "since", "end", "ARR was", "is", "change"]]
    for row in rows.head(SHOWN).to_dict("records"):
        account = str(row["account_id"])
        into = f" -> {row['into_id']}" if row["into_id"] else ""
        ends = " -> ".join(_day(row[side]) for side in ("old_end", "new_end"))
        table.append(
            [
                str(row["cause"]), account + into, names.get(account, ""), _day(row["since"]), ends,
                money(row["old_arr"], digits), money(row["new_arr"], digits), money(row["change"], digits, sign=True),
            ]
        )  # fmt: skip
    return aligned(table) + _rest(len(rows))


def _figures(figures: pd.DataFrame, *, digits: int) -> str:
    table = [["metric", "convention", "from", "to", "by", "was", "is", "change", "why"]]
    for row in figures.head(SHOWN).to_dict("records"):
        ratio = str(row["unit"]).startswith("ratio")
        cells = [
            percent(row[side], unit=row["unit"])
            if ratio or row[side] != row[side]
            else money(row[side], digits)
            for side in ("old", "new")
        ]
        change = row["change"]
        points = f"{100 * change:+.2f} points" if row["unit"] == "ratio" else f"{change:+.3f}"
        moved = "" if change != change else points if ratio else money(change, digits, sign=True)
        days = [_day(row[side], none="") for side in ("start", "end")]
        table.append([row["metric"], row["convention"], *days, row["by"], *cells, moved, row["why"]])
    return aligned(table) + _rest(len(figures))


def _counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}" + ("" if n == 1 else "s")


def _rest(n: int) -> str:
    return f"\nand {n - SHOWN:,} more; --json has all" if n > SHOWN else ""


def _day(day: Any, *, none: str = "open") -> str:
    return none if day != day else str(day.date())
