"""From files as they are to a company folder: what each is, what is to be asked, and the company.toml that reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pandas as pd

from cslib.sources.company import CURRENCY_DIGITS, Company, TableConfig
from cslib.sources.detect import Found, Guess, detect
from cslib.sources.read import SUFFIXES, Raw, read
from cslib.sources.vendors.lines import months_between
from cslib.sources.vendors.origin import FIELDS, OPTIONS, plain
from cslib.sources.vendors.table import imported
from cslib.tables import TABLES, Problem, TableError, listed, nearest

__all__ = ["Plan", "Question", "TablePlan", "company_toml", "gather", "plan", "questions"]

_CLEAR: Final = ("totalvalue", "total", "tcv", "contractvalue", "totalcontractvalue", "lineamount")
_DATE_FORMATS: Final = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
)
_ANSWERS: Final = ("name", "currency", "origin", "date_format", "decimal", *OPTIONS)


@dataclass(frozen=True)
class Question:
    """Something the files do not say: `key` of the answer, choices, and the documented default; none means it must be said."""

    key: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True)
class TablePlan:
    """How one table of the contract is to be read: by whose importer, from which files, with what said."""

    table: str
    origin: str
    files: tuple[Raw, ...]
    guesses: tuple[Guess, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    shape: str = "rows"
    date_format: str = ""
    decimal: str = ""

    @property
    def importer(self) -> str:
        """Name of the importer, blank where the mapping of columns says all."""
        return "" if self.origin in ("tables", "matrix") or self.shape == "matrix" else self.origin


@dataclass(frozen=True)
class Plan:
    """What is to be written: tables, the files that are not read and why, questions, and what was decided and told."""

    tables: tuple[TablePlan, ...]
    unread: tuple[tuple[Raw, str], ...] = ()
    asked: tuple[Question, ...] = ()
    decided: tuple[str, ...] = ()
    currency: str = ""
    rates: Mapping[str, str] = field(default_factory=dict)


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
                raise _bad(
                    "two files have one name", found=one.name, expected="each name once", hint="Rename one"
                )
            found[one.name] = one
    if not found:
        expected = "files ending in " + ", ".join(SUFFIXES)
        raise _bad("no file to read", found=listed(path.name for path in paths), expected=expected)
    return found


def _bad(cause: str, *, found: str = "", expected: str = "", hint: str = "", file: str = "") -> TableError:
    return TableError(Problem("", file, None, "", found, expected, hint, cause=cause))


def _corrections(answers: Mapping[str, str]) -> dict[str, str]:
    """Answers that say which column holds a field."""
    known = {key for key in answers if key in _ANSWERS or key.startswith("rate.") or "=" in key}
    fields = {}
    for key, column in answers.items():
        if key in known:
            continue
        if key not in FIELDS and key not in ("account_id", "start_date", "end_date"):
            near = nearest(key, [*FIELDS, *_ANSWERS])
            hint = f"Did you mean {near}?" if near else ""
            raise _bad(
                f"nothing is called {key!r}",
                found=f"{key}={column}",
                expected="one of " + listed([*_ANSWERS, *FIELDS]),
                hint=hint,
            )
        fields[{"account_id": "account", "start_date": "start", "end_date": "end"}.get(key, key)] = column
    return fields


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
    fields = _corrections(said)
    found_files = gather(paths)
    raws = {Path(name).stem if sum(Path(n).stem == Path(name).stem for n in found_files) == 1 else name: read(path, name)
            for name, path in found_files.items()}  # fmt: skip
    found = detect({stem: _renamed(raw, fields) for stem, raw in raws.items()}, origin=said.get("origin", ""))
    asked: list[Question] = []
    for one in found:
        if one.rivals and "origin" not in said:
            names = (one.guesses[0].origin, *dict.fromkeys(guess.origin for guess in one.rivals))
            text = f"{one.raw.file} has the columns of {' and of '.join(g.title for g in (one.guesses[0], *one.rivals))}. Whose is it?"
            asked.append(Question("origin", text, names, names[0]))
    tables, unread = _tables(found, {raw.file: raw for raw in raws.values()})
    if not tables:
        told = "; ".join(f"{one.raw.file}: {one.why or 'not recognised'}" for one in found[:8])
        hint = "Say which column is which: --map account=... --map start=... --map end=... --map mrr=..."
        raise _bad(
            "no file is recognised",
            found=told,
            expected="files of a billing system, a CRM, or a list of prices",
            hint=hint,
        )
    made = Plan(tuple(tables), tuple(unread), tuple({q.key: q for q in asked}.values()))
    return questions(replace(made, tables=tuple(_corrected(table, fields) for table in made.tables)), said)


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
        kept = []
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


def _column(table: TablePlan, raw: Raw, guess: Guess, field: str) -> str:
    wanted = table.columns.get(field, guess.columns.get(field, ""))
    return wanted if wanted in raw.frame else ""


def questions(made: Plan, said: Mapping[str, str]) -> Plan:
    """Plan with what its files leave open asked, or decided where the data tells, or as it was answered."""
    asked, decided = list(made.asked), list(made.decided)
    tables = []
    for table in made.tables:
        table = _dates(table, said, asked, decided)
        if table.table == "subscriptions":
            table = _values(table, said, asked)
            table = _ends(table, said, asked, decided)
            _twofold(table, said, asked)
            named = {key: said[key] for key in ("time_zone", "grace_days", "coupons") if key in said}
            table = replace(table, options={**table.options, **named}) if table.importer else table
        tables.append(table)
    currency, rates, tables = _currencies(tables, said, asked, decided)
    return replace(
        made, tables=tuple(tables), asked=tuple(asked), decided=tuple(decided), currency=currency, rates=rates
    )


def _dates(table: TablePlan, said: Mapping[str, str], asked: list[Question], decided: list[str]) -> TablePlan:
    texts = []
    for raw, guess in zip(table.files, table.guesses, strict=True):
        names = [
            guess.columns[f]
            for f in guess.columns
            if f in FIELDS and FIELDS[f].kind == "date" and guess.columns[f] in raw.frame
        ]
        if guess.of is None:
            names = [
                name
                for name in raw.frame
                if name.endswith(("_date", "_at", "date", "month")) and name in raw.frame
            ]
        texts += [raw.frame[name].dropna() for name in names]
    cells = pd.concat(texts).str.strip() if texts else pd.Series(dtype="str")
    odd = cells[
        cells.str.fullmatch(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{2,4}")
        & ~cells.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
    ]
    if "date_format" in said:
        return replace(table, date_format=said["date_format"])
    if not len(odd):
        return table
    fit = tuple(f for f in _DATE_FORMATS if pd.to_datetime(odd, format=f, errors="coerce").notna().all())
    if len(fit) == 1:
        decided.append(f"{table.table}: days are written {fit[0]}: no other way fits all of them")
        return replace(table, date_format=fit[0])
    if fit:
        text = f"{table.files[0].file}: days such as {odd.iloc[0]!r} can be read in {len(fit)} ways. Which?"
        asked.append(Question("date_format", text, fit))
    return table


def _values(table: TablePlan, said: Mapping[str, str], asked: list[Question]) -> TablePlan:
    if table.origin != "generic":
        return table
    column = next(
        (
            c
            for raw, guess in zip(table.files, table.guesses, strict=True)
            if (c := _column(table, raw, guess, "total"))
        ),
        "",
    )
    priced = any(set(guess.columns) & {"mrr", "arr"} for guess in table.guesses) or {"mrr", "arr"} & set(
        table.columns
    )
    if "value" in said:
        return replace(table, options={**table.options, "value": said["value"]})
    if column and not priced and plain(column) not in _CLEAR:
        text = f"Is {column!r} the amount for the whole time from the first to the last day, for a month, or for a year?"
        asked.append(Question("value", text, OPTIONS["value"], "total"))
    return table


def _ends(table: TablePlan, said: Mapping[str, str], asked: list[Question], decided: list[str]) -> TablePlan:
    """Whether end dates are the last day of service: the reading under which more terms are whole months."""
    if "end_date" in said and table.importer:
        return replace(table, options={**table.options, "end_date": said["end_date"]})
    if table.origin not in ("generic", "chartmogul"):
        return table
    kind = table.guesses[0]
    days = []
    for raw, guess in zip(table.files, table.guesses, strict=True):
        start, end = _column(table, raw, guess, "start"), _column(table, raw, guess, "end")
        if start and end:
            form = table.date_format or "ISO8601"
            pair = raw.frame[[start, end]].set_axis(["start", "end"], axis=1)
            days.append(
                pair.apply(
                    lambda c, form=form: pd.to_datetime(
                        c.str.strip(), format=form, errors="coerce", utc=True
                    ).dt.tz_localize(None)
                )
            )
    both = pd.concat(days).dropna() if days else pd.DataFrame()
    if not len(both):
        return table
    _, last_rest, _ = months_between(both["start"], both["end"] + pd.Timedelta(days=1))
    _, rest, _ = months_between(both["start"], both["end"])
    inclusive, exclusive = int((last_rest == 0).sum()), int((rest == 0).sum())
    if inclusive > exclusive:
        decided.append(
            f"{kind.title}: end dates are the last day of service: {inclusive:,} of {len(both):,} terms are whole months so, "
            f"{exclusive:,} otherwise (--map end_date=exclusive)"
        )
        return replace(table, options={**table.options, "end_date": "inclusive"})
    if exclusive == inclusive:
        text = f"{table.files[0].file}: is the end date the last day of service (inclusive) or the first day without (exclusive)?"
        asked.append(Question("end_date", text, OPTIONS["end_date"], "exclusive"))
    return table


def _twofold(table: TablePlan, said: Mapping[str, str], asked: list[Question]) -> None:
    """Ask where a list has two columns that could hold one field."""
    if table.origin != "generic":
        return
    corrected = _corrections(said)
    for raw, guess in zip(table.files, table.guesses, strict=True):
        if guess.of is None:
            continue
        for name in ("account", "start", "end", "total", "mrr", "arr"):
            spelled = {plain(s) for s in guess.of.columns[name]}
            columns = tuple(column for column in raw.frame if plain(column) in spelled)
            if len(columns) > 1 and name not in corrected:
                meaning = {"account": "the customer", "start": "the first day", "end": "the last day"}.get(
                    name, "the amount"
                )
                asked.append(
                    Question(name, f"{raw.file}: which column holds {meaning}?", columns, guess.columns[name])
                )


def _currencies(
    tables: Sequence[TablePlan], said: Mapping[str, str], asked: list[Question], decided: list[str]
) -> tuple[str, dict[str, str], list[TablePlan]]:
    codes: dict[str, int] = {}
    for table in tables:
        if table.table != "subscriptions":
            continue
        for code, n in _codes(table).items():
            codes[code] = codes.get(code, 0) + n
    currency = said.get("currency", "")
    if currency and currency not in CURRENCY_DIGITS:
        raise _bad("unknown currency", found=currency, expected="an ISO 4217 code such as USD")
    if not currency and len(codes) == 1:
        currency = next(iter(codes))
    elif not currency and codes:
        asked.append(
            Question(
                "currency",
                "In which currency are figures to be reported?",
                tuple(codes),
                max(codes, key=codes.__getitem__),
            )
        )
        currency = max(codes, key=codes.__getitem__)
    elif not currency:
        asked.append(Question("currency", "The files name no currency. Which is it?", (), "USD"))
        currency = "USD"
    rates = {}
    for code in sorted(set(codes) - {currency}):
        if f"rate.{code}" in said:
            rates[code] = said[f"rate.{code}"]
        else:
            asked.append(
                Question(f"rate.{code}", f"How many {currency} is 1 {code} worth, as a constant rate?")
            )
    made = []
    for table in tables:
        bare = table.table == "subscriptions" and not table.importer
        lacks = (
            bare
            and "currency" not in table.columns
            and not any("currency" in raw.frame for raw in table.files)
        )
        made.append(replace(table, constants={**table.constants, "currency": currency}) if lacks else table)
    return currency, rates, made


def _codes(table: TablePlan) -> dict[str, int]:
    """Currencies of the prices that come of a table, with their rows; none where its files name none."""
    if table.importer:
        named = any(raw.frame[c].notna().any() for raw, g in zip(table.files, table.guesses, strict=True)
                    if (c := g.columns.get("currency", "")) in raw.frame)  # fmt: skip
        if not named:
            return {}
        config = TableConfig(importer=table.importer, columns=table.columns, options=table.options, broken_rows="reject",
                             date_format=table.date_format, decimal=table.decimal or ".")  # fmt: skip
        company = Company("", "USD")
        try:
            one = imported(table.files, TABLES[table.table], config=config, company=company, digits=2)
        except TableError:  # said when the folder is written, or settled by an answer that is still open
            return {}
        cells = one.frame["currency"]
    else:
        column = table.columns.get("currency", "currency")
        cells = pd.concat(
            [raw.frame[column] for raw in table.files if column in raw.frame] or [pd.Series(dtype="str")]
        )
    counts = cells.dropna().str.strip().value_counts()
    return {str(code): int(n) for code, n in counts.items() if code in CURRENCY_DIGITS}


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
    lines = [f"name = {_toml(name)}", f"currency = {_toml(made.currency)}", ""]
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
