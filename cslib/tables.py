"""The vocabulary: every table cslib reads, its columns, units, keys, and `check`. Imports nothing of cslib.

A canonical frame has one dtype a kind (`DTYPES`): text is ``str``, date ``datetime64[s]`` at midnight without
a zone, money ``int64`` minor units (``Int64`` where it may be blank), number ``float64``, count ``Int64``, flag
``boolean``. An index named ``line`` holds the line of the file each row came from; the header is line 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "DTYPES",
    "TABLES",
    "Column",
    "Fault",
    "Problem",
    "Table",
    "TableError",
    "check",
    "faults",
    "listed",
    "missing",
    "nearest",
    "quoted",
]

Kind = Literal["text", "date", "money", "number", "count", "flag"]
Positions = npt.NDArray[np.int64]

DTYPES: Final[Mapping[str, str]] = {
    "text": "str",
    "date": "datetime64[s]",
    "money": "Int64",
    "number": "float64",
    "count": "Int64",
    "flag": "boolean",
}
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}
SHOWN: Final = 5  # rows named in a message; the rest are counted
TOLD: Final = 20  # kinds of problem in one message


@dataclass(frozen=True)
class Column:
    """One column: its kind, unit and values (bounds inclusive). `nullable`: must be there, may be blank."""

    name: str
    kind: Kind
    required: bool = False
    unit: str = ""
    doc: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table of the data contract.

    `key` names the columns that identify a row; where one of them is absent or blank the whole row is the key;
    where `key` is empty rows may repeat. `date` is the day a row became known. `later` maps a date column to
    the columns that are known only from that day on. `order` holds pairs (from, to): to may not come first.
    Of each group in `one_of` one column must be there.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    date: str | None
    one_of: tuple[tuple[str, ...], ...] = ()
    later: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[tuple[str, str], ...] = ()

    @property
    def column(self) -> dict[str, Column]:
        """Columns by name.

        >>> TABLES["costs"].column["amount"].kind
        'money'
        """
        return {column.name: column for column in self.columns}

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there.

        >>> TABLES["health"].required
        ('account_id', 'as_of_date', 'score')
        """
        return tuple(column.name for column in self.columns if column.required)


def _columns(text: str) -> tuple[Column, ...]:
    """Columns from lines of `name kind values unit doc`, two spaces apart.

    ``name*`` is required, ``name+`` must be there but may be blank; values are ``low..high`` or ``a|b``.
    """
    made = []
    for line in text.strip().splitlines():
        name, kind, values, unit, doc = re.split(r"\s{2,}", line.strip())
        low, bounded, high = values.partition("..")
        made.append(
            Column(
                name.rstrip("*+"),
                _KINDS[kind],
                required=name[-1] in "*+",
                unit="" if unit == "-" else unit,
                doc=doc,
                choices=tuple(values.split("|")) if "|" in values else (),
                minimum=float(low) if bounded and low else None,
                maximum=float(high) if bounded and high else None,
                nullable=name[-1] == "+",
            )
        )
    return tuple(made)


_CONTRACT: Final = (
    Table(
        "subscriptions",
        "a price in force over an interval",
        _columns("""
            account_id*      text    -     -              the customer; one id, one customer
            start_date*      date    -     day            first day the price is in force
            end_date+        date    -     day            first day it is not; blank while it is open
            mrr              money   0..   minor units    monthly recurring revenue, in the row's own currency
            arr              money   0..   minor units    annual recurring revenue, in the row's own currency
            price            money   0..   minor units    price of one billing period, in the row's own currency
            currency*        text    -     -              ISO 4217, such as USD; of all its prices
            subscription_id  text    -     -              the subscription; its prices follow each other
            product          text    -     -              what is sold
            plan             text    -     -              edition or price plan
            quantity         number  0..   units          seats or units paid for
            list_mrr         money   0..   minor units    mrr before discount, in the row's own currency
            discount         number  0..1  share of list  0.2 is 20% off
            billing_months   count   1..   months         months paid at once; 12 is annual
            billing_weeks    count   1..   weeks          weeks paid at once, where the period is not of months
            signed_date      date    -     day            the contract was signed (bookings, CARR)
            term_end_date    date    -     day            first day after the committed term
            notice_date      date    -     day            the end became known
            auto_renew       flag    -     -              renews unless notice is given
            change_reason    text    -     -              why this price differs from the one before
        """),
        ("subscription_id", "start_date"),
        "start_date",
        one_of=(("mrr", "arr", "price"),),
        later={"signed_date": (), "notice_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "accounts",
        "an account, and any further column to cut by; with valid_from, one row a value",
        _columns("""
            account_id*  text  -  -    the customer; one id, one customer
            name         text  -  -    the account's name in a report
            segment      text  -  -    band or tier
            industry     text  -  -    line of business
            region       text  -  -    where it is
            channel      text  -  -    how it was won
            owner        text  -  -    who looks after it
            parent_id    text  -  -    the account that owns it
            valid_from   date  -  day  first day on which the row holds; blank for ever since
            valid_to     date  -  day  first day on which it does not; the next row of the account takes over
        """),
        ("account_id",),
        "valid_from",
        order=(("valid_from", "valid_to"),),
    ),
    Table(
        "account_links",
        "a merger, alias or parent, with its date",
        _columns("""
            account_id*      text  -                    -    the account that is tied
            into_id*         text  -                    -    the account it belongs to from then on
            kind*            text  merger|alias|parent  -    what ties them
            effective_date*  date  -                    day  first day it holds
        """),
        ("account_id", "kind", "effective_date"),
        "effective_date",
    ),
    Table(
        "renewals",
        "a renewal decision",
        _columns("""
            account_id*   text    -    -              the customer
            due_date*     date    -    day            first day after the term that is up
            target_arr*   money   0..  minor units    ARR up for renewal, in the reporting currency
            outcome       text    -    -              what was decided
            closed_date   date    -    day            it was decided
            renewed_arr   money   0..  minor units    ARR renewed, in the reporting currency
            list_uplift   number  -    share of list  price rise asked for; 0.05 is 5%
        """),
        (),
        "due_date",
        later={"closed_date": ("outcome", "renewed_arr", "list_uplift")},
    ),
    Table(
        "usage",
        "account (x user) x feature x day or month",
        _columns("""
            account_id*     text    -    -             the customer
            date*           date    -    day or month  the day, or the first day of the month
            user_id         text    -    -             the person
            feature         text    -    -             what was used
            events          number  0..  events        how often
            seconds         number  0..  seconds       how long
            licensed_units  number  0..  units         units paid for
            used_units      number  0..  units         units in use
        """),
        (),
        "date",
    ),
    Table(
        "health",
        "a score as it stood on a day",
        _columns("""
            account_id*  text    -       -       the customer
            as_of_date*  date    -       day     the score was read
            score*       number  0..100  points  0 is worst, 100 best
            band         text    -       -       red, amber, green, or the company's own
            components   text    -       -       what the score is made of
        """),
        ("account_id", "as_of_date"),
        "as_of_date",
    ),
    Table(
        "surveys",
        "an answer",
        _columns("""
            account_id*  text    -             -       the customer
            date*        date    -             day     it was answered
            score*       number  0..100        points  the answer; nps 0 to 10
            kind         text    nps|csat|ces  -       which question
            contact_id   text    -             -       who answered
            role         text    -             -       the person's role
            comment      text    -             -       free text
        """),
        (),
        "date",
    ),
    Table(
        "milestones",
        "a lifecycle step",
        _columns("""
            account_id*  text  -  -    the customer
            milestone*   text  -  -    signed, kickoff, live, first_value ...
            date*        date  -  day  it was reached
        """),
        ("account_id", "milestone", "date"),
        "date",
    ),
    Table(
        "touches",
        "a contact with a customer",
        _columns("""
            account_id*  text    -    -        the customer
            date*        date    -    day      it took place
            kind*        text    -    -        call, mail, meeting, qbr ...
            owner        text    -    -        who made it
            purpose      text    -    -        what for
            contact_id   text    -    -        with whom
            minutes      number  0..  minutes  how long
        """),
        (),
        "date",
    ),
    Table(
        "contacts",
        "a person",
        _columns("""
            account_id*        text  -  -    the customer
            contact_id*        text  -  -    the person
            role*              text  -  -    the person's role
            is_champion        flag  -  -    speaks for us
            is_economic_buyer  flag  -  -    holds the budget
            start_date         date  -  day  first day in the role
            end_date           date  -  day  first day no longer in it; blank while in it
        """),
        ("account_id", "contact_id", "role", "start_date"),
        "start_date",
        later={"end_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "opportunities",
        "a CSQL or expansion deal",
        _columns("""
            account_id*    text   -  -            the customer
            created_date*  date   -  day          it was opened
            amount*        money  -  minor units  ARR at stake, in the reporting currency
            kind*          text   -  -            csql, expansion, cross-sell ...
            source         text   -  -            who found it
            stage          text   -  -            how far it is
            closed_date    date   -  day          it was won or lost
            won            flag   -  -            blank while it is open
            product        text   -  -            what is to be sold
            buyer          text   -  -            who decides
        """),
        (),
        "created_date",
        later={"closed_date": ("stage", "won")},
        order=(("created_date", "closed_date"),),
    ),
    Table(
        "feedback",
        "an idea or complaint",
        _columns("""
            account_id*  text   -    -      the customer
            date*        date   -    day    it was given
            area*        text   -    -      part of the product or service
            status       text   -    -      where it stands
            votes        count  0..  votes  how many want it
            closed_date  date   -    day    it was settled
        """),
        (),
        "date",
        later={"closed_date": ("status",)},
        order=(("date", "closed_date"),),
    ),
    Table(
        "churn_reasons",
        "why an account left or shrank",
        _columns("""
            account_id*  text  -  -    the customer
            date*        date  -  day  the reason was given
            reason*      text  -  -    the reason
            voluntary    flag  -  -    the customer decided; false for failed payment or closure
            competitor   text  -  -    who won
            savable      flag  -  -    could have been kept
            source       text  -  -    who says so
        """),
        (),
        "date",
    ),
    Table(
        "tickets",
        "a support case",
        _columns("""
            account_id*             text    -       -        the customer
            opened_at*              date    -       day      it was opened
            closed_at               date    -       day      it was closed; blank while it is open
            priority                text    -       -        how urgent
            first_response_minutes  number  0..     minutes  until the first answer
            csat                    number  0..100  points   satisfaction with the case
            escalated               flag    -       -        was escalated
        """),
        (),
        "opened_at",
        later={"closed_at": ("csat",)},
        order=(("opened_at", "closed_at"),),
    ),
    Table(
        "team",
        "a person in customer success",
        _columns("""
            person*      text   -    -            who
            role*        text   -    -            as what
            start_date*  date   -    day          first day in the role
            end_date     date   -    day          first day no longer in it; blank while in it
            region       text   -    -            where
            annual_cost  money  0..  minor units  full cost of a year, in the reporting currency
            segment      text   -    -            the band or tier served
        """),
        ("person", "role", "start_date"),
        "start_date",
        later={"end_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "costs",
        "a cost by function and month",
        _columns("""
            function*  text   -  -            customer success, support, sales, product ...
            month*     date   -  month        first day of the month
            amount*    money  -  minor units  cost, in the reporting currency
        """),
        ("function", "month"),
        "month",
    ),
)

TABLES: Final[dict[str, Table]] = {table.name: table for table in _CONTRACT}


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place, or in `n` of `of` rows alike: the first one, and up to five in `rows`."""

    table: str
    file: str
    row: int | None
    column: str
    found: str
    expected: str
    hint: str
    n: int = 1
    cause: str = ""
    of: int = 0
    rows: tuple[int, ...] = ()
    who: str = ""

    def __str__(self) -> str:
        """Where, how many, what was found, what was expected, what to do."""
        where = ": ".join(part for part in (self.file or self.table, self.column) if part)
        cause = f"{self.n:,} of {self.of:,} rows {self.cause}" if self.of else self.cause
        told = [f"{where}: {cause}" if where else cause]
        if self.row is not None:
            first = f"{self.who}, row {self.row:,}" if self.who else f"row {self.row:,}"
            more = [f"{row:,}" for row in self.rows[1:]] + ["..."] * (self.n > len(self.rows) > 1)
            told[0] += (
                (", first: " if self.of else ", ") + first + (f" (also {', '.join(more)})" if more else "")
            )
        if self.found or self.expected:
            found = f"Found {self.found}" if self.found else "Found nothing"
            told.append(found + (f", expected {self.expected}" if self.expected else ""))
        text = ". ".join(part.rstrip(".") for part in (*told, self.hint) if part) + "."
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class TableError(ValueError):
    """Data or a company.toml that cannot be used: `problems` holds each finding, the text a line for each."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        told = [str(problem) for problem in self.problems[:TOLD]]
        if len(self.problems) > TOLD:
            told.append(f"... and {len(self.problems) - TOLD:,} more kinds of problem.")
        super().__init__("\n".join(told))


@dataclass(frozen=True)
class Fault:
    """Cells of `column` broken in one way, at these `positions` of the frame; none means the whole column."""

    column: str
    cause: str
    expected: str
    hint: str
    positions: Positions = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    found: str = ""


def nearest(word: str, options: Iterable[str]) -> str:
    """Option most like `word`, case and punctuation aside; empty when none is close.

    >>> nearest("Monthly Amount", ["plan", "monthly_amount"]), nearest("zzz", ["plan"])
    ('monthly_amount', '')
    """
    plain = {"".join(filter(str.isalnum, option.lower())): option for option in reversed(list(options))}
    close = get_close_matches("".join(filter(str.isalnum, word.lower())), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else ""


def listed(names: Iterable[str]) -> str:
    """Names of columns, files or sheets as a message lists them: at most 40, each at most 40 characters.

    >>> listed(["mrr", "x" * 50])[-8:], listed([])
    ('xxxxx...', 'none')
    """
    every = [name if len(name) <= 40 else name[:37] + "..." for name in names]
    return ", ".join([*every[:40], *["..."] * (len(every) > 40)]) or "none"


def quoted(value: object) -> str:
    """Value as a message shows it: in quotes, at most 60 characters.

    >>> quoted(pd.Timestamp("2024-03-01")), quoted("x" * 99)[-5:], quoted(None)
    ("'2024-03-01'", "x...'", "''")
    """
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return "''"
    text = value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


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
