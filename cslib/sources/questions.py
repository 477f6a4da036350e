"""What the files do not say: decided where the data tells, as it was answered, or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from cslib.sources.company import CURRENCY_DIGITS, Company, TableConfig
from cslib.sources.detect import Guess
from cslib.sources.plans import Plan, Question, TablePlan, corrections, refused
from cslib.sources.read import Raw
from cslib.sources.vendors.lines import months_between
from cslib.sources.vendors.origin import FIELDS, OPTIONS, plain
from cslib.sources.vendors.table import imported
from cslib.tables import TABLES, TableError

__all__ = ["questions"]

_NONE: Final = "XXX"  # ISO 4217 for no currency
_OURS: Final = {
    "account": "account_id",
    "start": "start_date",
    "end": "end_date",
    "id": "subscription_id",
    "signed": "signed_date",
}
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


def _column(table: TablePlan, raw: Raw, guess: Guess, field: str) -> str:
    wanted = table.columns.get(field, guess.columns.get(field, ""))
    return wanted if wanted in raw.frame else ""


def questions(made: Plan, said: Mapping[str, str]) -> Plan:
    """Plan with what its files leave open asked, or decided where the data tells, or as it was answered."""
    asked, decided = list(made.asked), list(made.decided)
    tables = []
    for table in made.tables:
        table = _dates(table, said, asked, decided)
        table = _decimal(table, said, decided)
        if table.table == "subscriptions":
            table = _values(table, said, asked)
            table = _ends(table, said, asked, decided)
            _twofold(table, said, asked)
            named = {key: said[key] for key in ("time_zone", "grace_days", "coupons") if key in said}
            table = replace(table, options={**table.options, **named}) if table.importer else table
        tables.append(table)
    currency, rates, tables = _currencies(tables, said, asked, decided)
    tables = [_mapped(table, currency) for table in tables]
    return replace(
        made, tables=tuple(tables), asked=tuple(asked), decided=tuple(decided), currency=currency, rates=rates
    )


def _mapped(table: TablePlan, currency: str) -> TablePlan:
    """A list of prices per month or year, whose columns need only our names, as a plain mapping of columns."""
    guess = table.guesses[0]
    read = {**guess.columns, **table.columns}
    needs_more = {"total", "renews", "type", "proration"} & set(read)
    if (
        table.origin != "generic"
        or table.table != "subscriptions"
        or len(table.files) > 1
        or needs_more
        or table.options
    ):
        return table
    columns = {_OURS.get(field, field): column for field, column in read.items() if column}
    lacks = "currency" not in columns
    named = {ours: theirs for ours, theirs in columns.items() if ours != theirs}
    constants = {"currency": currency} if lacks else {}
    return replace(table, origin="tables", columns=named, constants=constants)


def _texts(table: TablePlan, *kinds: str) -> pd.Series:
    """Cells of every column that is read as one of these kinds."""
    texts = []
    for raw, guess in zip(table.files, table.guesses, strict=True):
        read = {**guess.columns, **table.columns}
        known = {**{name: column.kind for name, column in FIELDS.items()}}
        if guess.of is None:
            ours = TABLES[table.table].column
            known = {name: column.kind for name, column in ours.items()}
            read = {**{name: name for name in ours}, **read}
        names = {
            column for field, column in read.items() if known.get(field) in kinds and column in raw.frame
        }
        texts += [raw.frame[name].dropna() for name in raw.frame if name in names]
    return pd.concat(texts).str.strip() if texts else pd.Series(dtype="str")


def _dates(table: TablePlan, said: Mapping[str, str], asked: list[Question], decided: list[str]) -> TablePlan:
    if "date_format" in said:
        return replace(table, date_format=said["date_format"])
    cells = _texts(table, "date")
    numeric = cells.str.fullmatch(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{2,4}")
    odd = cells[numeric & ~cells.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")]
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


def _decimal(table: TablePlan, said: Mapping[str, str], decided: list[str]) -> TablePlan:
    """Whether a comma is the decimal point: where some amount can be read in no other way."""
    if "decimal" in said:
        return replace(table, decimal=said["decimal"])
    cells = _texts(table, "money", "number")
    if cells.str.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]{1,2}|-?[0-9]+,[0-9]{1,2}").any():
        decided.append(
            f"{table.table}: the comma is the decimal point, as in {cells[cells.str.contains(',')].iloc[0]!r}"
        )
        return replace(table, decimal=",")
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
        text = (
            f"Is {column!r} the amount from the first to the last day, the amount for a month, or for a year?"
        )
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
            f"{kind.title}: end dates are the last day of service: {inclusive:,} of {len(both):,} terms are "
            f"whole months so, {exclusive:,} otherwise (--map end_date=exclusive)"
        )
        return replace(table, options={**table.options, "end_date": "inclusive"})
    if exclusive == inclusive:
        file = table.files[0].file
        text = (
            f"{file}: is the end date the last day of service (inclusive) or the first without (exclusive)?"
        )
        asked.append(Question("end_date", text, OPTIONS["end_date"], "exclusive"))
    return table


def _twofold(table: TablePlan, said: Mapping[str, str], asked: list[Question]) -> None:
    """Ask where a list has two columns that could hold one field."""
    if table.origin != "generic":
        return
    corrected = corrections(said)
    for raw, guess in zip(table.files, table.guesses, strict=True):
        if guess.of is None:
            continue
        for name in ("account", "start", "end", "total", "mrr", "arr"):
            spelled = {plain(s) for s in guess.of.columns[name]}
            columns = tuple(column for column in map(str, raw.frame) if plain(column) in spelled)
            ids = tuple(column for column in columns if not plain(column).endswith("name"))
            columns = ids or columns  # beside an id a name is no rival
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
        raise refused("unknown currency", found=currency, expected="an ISO 4217 code such as USD")
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
        config = TableConfig(importer=table.importer, columns=table.columns, options=table.options,
                             broken_rows="reject",
                             date_format=table.date_format, decimal=table.decimal or ".")  # fmt: skip
        company = Company("", _NONE)
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
    return {str(code): int(n) for code, n in counts.items() if code in CURRENCY_DIGITS and code != _NONE}
