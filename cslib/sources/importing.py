"""From files as they are to a company folder: what each is, what to ask, and the company.toml that reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cslib.sources.detect import Found, Guess, detect
from cslib.sources.parse import Style
from cslib.sources.plans import Plan, Question, TablePlan, corrections, refused
from cslib.sources.questions import questions
from cslib.sources.read import SUFFIXES, Raw, read
from cslib.sources.vendors.cells import Reading, part_of
from cslib.tables import listed

__all__ = ["company_toml", "gather", "plan"]


def gather(paths: Sequence[Path]) -> dict[str, Path]:
    """Files that are named, and those in folders that are named, by the name each is known by.

    Raises
    ------
    TableError
        When there is none, or two have one name.
    """
    found: dict[str, Path] = {}
    for path in paths:
        inside = (
            sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        )
        for one in inside:
            if one.name in found and found[one.name].resolve() != one.resolve():
                raise refused(
                    "two files have one name", found=one.name, expected="each name once", hint="Rename one"
                )
            found[one.name] = one
    if not found:
        expected = "files ending in " + ", ".join(SUFFIXES)
        raise refused("no file to read", found=listed(path.name for path in paths), expected=expected)
    return found


def plan(paths: Sequence[Path], answers: Mapping[str, str] | None = None) -> Plan:
    """What the files are and how they would be read.

    Parameters
    ----------
    paths : sequence of Path
        Files, or folders of files.
    answers : mapping, optional
        To questions, by their key; and corrections, ``field = column``.

    Raises
    ------
    TableError
        When a file cannot be read, nothing is recognised, or an answer is none.
    """
    said = dict(answers or {})
    fields = corrections(said)
    found_files = gather(paths)
    stems = [Path(name).stem for name in found_files]
    raws = {stem if stems.count(stem) == 1 else name: read(path, name)
            for stem, (name, path) in zip(stems, found_files.items(), strict=True)}  # fmt: skip
    found = detect({stem: _renamed(raw, fields) for stem, raw in raws.items()}, origin=said.get("origin", ""))
    asked: list[Question] = []
    for one in found:
        if one.rivals and "origin" not in said:
            names = (one.guesses[0].origin, *dict.fromkeys(guess.origin for guess in one.rivals))
            titles = " and of ".join(guess.title for guess in (one.guesses[0], *one.rivals))
            text = f"{one.raw.file} has the columns of {titles}. Whose is it?"
            asked.append(Question("origin", text, names, names[0]))
    tables, unread = _tables(found, {raw.file: raw for raw in raws.values()})
    if not tables:
        told = "; ".join(f"{one.raw.file}: {one.why or 'not recognised'}" for one in found[:8])
        hint = "Say which column is which: --map account=... --map start=... --map end=... --map mrr=..."
        raise refused(
            "no file is recognised",
            found=told,
            expected="files of a billing system, a CRM, or a list of prices",
            hint=hint,
        )
    made = Plan(tuple(tables), tuple(unread), tuple({q.key: q for q in asked}.values()))
    made = questions(replace(made, tables=tuple(_corrected(table, fields) for table in made.tables)), said)
    return _dated(made)


def _dated(made: Plan) -> Plan:
    """Plan with the newest day in files of kinds that have no later one, as those of a snapshot have not."""
    days: list[pd.Timestamp] = []
    for table in made.tables:
        reading = Reading(table.options, Style(table.date_format, table.decimal), corrections=table.columns)
        for raw, guess in zip(table.files, table.guesses, strict=True):
            if guess.of is not None and guess.of.past:
                frame = part_of(raw, guess.of, reading).frame
                days += [frame[field].max() for field in guess.of.past]
    known = [day for day in days if not pd.isna(day)]
    if not known:
        return made
    until = max(known).date()
    told = (
        f"data_until = {until}, the newest day in the files; where they are newer, say the day of the export"
    )
    return replace(made, data_until=until, decided=(*made.decided, told))


def _renamed(raw: Raw, fields: Mapping[str, str]) -> Raw:
    """File in which corrected columns also go by a name that is known, so that it is recognised by them."""
    extra = {
        ours: raw.frame[theirs]
        for ours, theirs in fields.items()
        if theirs in raw.frame and ours not in raw.frame
    }
    return replace(raw, frame=raw.frame.assign(**extra)) if extra else raw


def _corrected(table: TablePlan, fields: Mapping[str, str]) -> TablePlan:
    if not fields:
        return table
    if table.importer:
        return replace(table, columns={**table.columns, **fields})
    ours = {"account": "account_id", "start": "start_date", "end": "end_date", "id": "subscription_id"}
    return replace(
        table, columns={**table.columns, **{ours.get(key, key): column for key, column in fields.items()}}
    )


def _tables(found: Sequence[Found], raws: Mapping[str, Raw]) -> tuple[list[TablePlan], list[tuple[Raw, str]]]:
    by_table: dict[str, list[tuple[Raw, Guess]]] = {}
    unread = [(raws[one.raw.file], one.why) for one in found if not one.guesses]
    for one in found:
        for guess in one.guesses:
            by_table.setdefault(guess.table, []).append((raws[one.raw.file], guess))
    tables = []
    for name, entries in by_table.items():
        origin = _best_origin(name, entries)
        ours = [(raw, guess) for raw, guess in entries if guess.origin == origin]
        ranked = [guess.of.rank for _, guess in ours if guess.of and guess.of.ledger]
        best = min(ranked, default=0)
        alone = name == "subscriptions" and best == 0 and bool(ranked)  # a log of changes says it all
        kept: list[tuple[Raw, Guess]] = []
        for raw, guess in ours:
            other = guess.of is not None and (
                (guess.of.ledger and guess.of.rank != best) or (alone and guess.of.rank != 0)
            )
            if other and name == "subscriptions" and ranked:
                unread.append((raw, f"{guess.title}: not needed beside the better source of the ledger"))
            elif kept and guess.of is None:
                unread.append((raw, f"{guess.title}: there is one already"))
            else:
                kept.append((raw, guess))
        unread += [
            (raw, f"{guess.title}: another origin gives this table")
            for raw, guess in entries
            if guess.origin != origin
        ]
        first = kept[0][1]
        if name == "subscriptions" and not ranked and first.of is not None:
            unread += [
                (raw, f"{guess.title}: no use without the prices of subscriptions") for raw, guess in kept
            ]
            continue
        tables.append(
            TablePlan(
                name, origin, tuple(raw for raw, _ in kept), tuple(guess for _, guess in kept),
                columns={} if first.of is not None else dict(first.columns),
                shape="matrix" if first.kind == "mrr_per_subscriber" else "rows",
            )
        )  # fmt: skip
    read_files = {raw.file for table in tables for raw in table.files}
    return tables, [(raw, why) for raw, why in unread if raw.file not in read_files]


def _best_origin(name: str, entries: Sequence[tuple[Raw, Guess]]) -> str:
    """Origin of a table several origins could give: for a ledger the best kind of file, else the best fit."""

    def merit(entry: tuple[Raw, Guess]) -> tuple[float, float]:
        kind = entry[1].of
        rank = float(kind.rank) if kind is not None and kind.ledger else 3.5 if kind is None else 99.0
        return (-rank if name == "subscriptions" else 0.0, entry[1].fit)

    return max(entries, key=merit)[1].origin


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key) else _toml(key)


def company_toml(made: Plan, *, name: str, places: Mapping[str, str], reject: Sequence[str] = ()) -> str:
    """Text of the company.toml; `places` say where each file lies seen from its folder, `reject` whose broken rows go.

    Examples
    --------
    >>> print(company_toml(Plan((), currency="USD"), name="Acme", places={}))
    name = "Acme"
    currency = "USD"
    <BLANKLINE>
    """
    lines = [f"name = {_toml(name)}", f"currency = {_toml(made.currency)}"]
    if made.data_until:
        lines.append(
            f"data_until = {made.data_until}  # the newest day in the files; or the day of the export"
        )
    lines.append("")
    if made.rates:
        lines += ["[rates]", *(f"{code} = {rate}" for code, rate in made.rates.items()), ""]
    for table in made.tables:
        lines.append(f"[tables.{table.table}]")
        lines += [f"# {line}" for line in dict.fromkeys(guess.title for guess in table.guesses)]
        if table.importer:
            lines.append(f"importer = {_toml(table.importer)}")
        files = [places[raw.file] for raw in table.files]
        lines.append(f"file = {_toml(files[0] if len(files) == 1 else files)}")
        if table.shape != "rows":
            lines.append(f"shape = {_toml(table.shape)}")
        for word, value in (("date_format", table.date_format), ("decimal", table.decimal)):
            lines += [f"{word} = {_toml(value)}"] if value else []
        if table.table in reject:
            lines.append('broken_rows = "reject"')
        for part, pairs in (
            ("columns", table.columns),
            ("constants", table.constants),
            ("options", table.options),
        ):
            lines += [f"{part} = {_toml(pairs)}"] if pairs else []
        lines.append("")
    return "\n".join(lines)
