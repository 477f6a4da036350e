"""The vocabulary: every table cslib reads, its columns, units, keys, and `check`. Imports nothing of cslib.

A canonical frame has one dtype a kind (`DTYPES`): text is ``str``, date ``datetime64[s]`` at midnight without a
zone, money ``int64`` minor units (``Int64`` where the column is optional), number ``float64``, count ``Int64``,
flag ``boolean``. An index named ``line`` holds the line of the file each row came from, the header being line 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal

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
    "nearest",
    "problems",
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
SHOWN: Final = 5  # rows named in a message; the rest are counted


@dataclass(frozen=True)
class Column:
    """One column of a table: its kind, unit and the values it may hold (bounds inclusive)."""

    name: str
    kind: Kind
    required: bool = False
    unit: str = ""
    doc: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """One table of the data contract.

    `key` names the columns that identify a row; where one of them is absent or blank the whole row is the key,
    and where `key` is empty rows may repeat. `date` is the day a row became known. `later` maps a date column
    to the columns that are known only from that day on. `order` holds pairs (from, to) of which to may not come
    first. Of each group in `one_of` one column must be there.
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
        """Names of the columns that every row must fill.

        >>> TABLES["health"].required
        ('account_id', 'as_of_date', 'score')
        """
        return tuple(column.name for column in self.columns if column.required)


def _text(name: str, doc: str, *choices: str, required: bool = False) -> Column:
    return Column(name, "text", required=required, doc=doc, choices=choices)


def _date(name: str, doc: str, *, required: bool = False, unit: str = "day") -> Column:
    return Column(name, "date", required=required, unit=unit, doc=doc)


def _money(name: str, doc: str, *, required: bool = False, minimum: float | None = 0) -> Column:
    return Column(name, "money", required=required, unit="minor units", doc=doc, minimum=minimum)


def _number(name: str, unit: str, doc: str, low: float | None = None, high: float | None = None) -> Column:
    return Column(name, "number", required=name == "score", unit=unit, doc=doc, minimum=low, maximum=high)


def _count(name: str, unit: str, doc: str, minimum: float = 0) -> Column:
    return Column(name, "count", unit=unit, doc=doc, minimum=minimum)


def _flag(name: str, doc: str) -> Column:
    return Column(name, "flag", unit="true or false", doc=doc)


_ACCOUNT: Final = _text("account_id", "the customer; one id, one customer", required=True)

_CONTRACT: Final = (
    Table(
        "subscriptions",
        "a price in force over an interval",
        (
            _ACCOUNT,
            _date("start_date", "first day the price is in force", required=True),
            _date("end_date", "first day it is no longer in force; blank while it is open"),
            _money("mrr", "monthly recurring revenue, in the row's own currency"),
            _money("arr", "annual recurring revenue, in the row's own currency"),
            _text("currency", "ISO 4217 code of mrr or arr", required=True),
            _text("subscription_id", "the subscription; prices of one follow each other"),
            _text("product", "what is sold"),
            _text("plan", "edition or price plan"),
            _number("quantity", "seats or units", "how many are paid for", 0),
            _money("list_mrr", "mrr before discount, in the row's own currency"),
            _number("discount", "share of list price", "0.2 is 20% off", 0, 1),
            _count("billing_months", "months", "months paid at once; 12 is annual", 1),
            _date("signed_date", "day the contract was signed (bookings, CARR)"),
            _date("term_end_date", "first day after the committed term"),
            _date("notice_date", "day on which the end became known"),
            _flag("auto_renew", "renews unless notice is given"),
            _text("change_reason", "why this price differs from the one before"),
        ),
        ("subscription_id", "start_date"),
        "start_date",
        one_of=(("mrr", "arr"),),
        later={"signed_date": (), "notice_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "accounts",
        "an account, and any further column to cut by",
        (
            _ACCOUNT,
            _text("name", "the account's name in a report"),
            _text("segment", "band or tier"),
            _text("industry", "line of business"),
            _text("region", "where it is"),
            _text("channel", "how it was won"),
            _text("owner", "who looks after it"),
            _text("parent_id", "the account that owns it"),
        ),
        ("account_id",),
        None,
    ),
    Table(
        "account_links",
        "a merger, alias or parent, with its date",
        (
            _ACCOUNT,
            _text("into_id", "the account it belongs to from then on", required=True),
            _text("kind", "what ties them", "merger", "alias", "parent", required=True),
            _date("effective_date", "first day it holds", required=True),
        ),
        ("account_id", "kind", "effective_date"),
        "effective_date",
    ),
    Table(
        "renewals",
        "a renewal decision",
        (
            _ACCOUNT,
            _date("due_date", "first day after the term that is up", required=True),
            _money("target_arr", "ARR up for renewal, in the reporting currency", required=True),
            _text("outcome", "what was decided"),
            _date("closed_date", "day it was decided"),
            _money("renewed_arr", "ARR renewed, in the reporting currency"),
            _number("list_uplift", "share of list price", "price rise asked for; 0.05 is 5%"),
        ),
        (),
        "due_date",
        later={"closed_date": ("outcome", "renewed_arr", "list_uplift")},
    ),
    Table(
        "usage",
        "account (x user) x feature x day or month",
        (
            _ACCOUNT,
            _date("date", "the day, or the first day of the month", required=True, unit="day or month"),
            _text("user_id", "the person"),
            _text("feature", "what was used"),
            _number("events", "events", "how often", 0),
            _number("seconds", "seconds", "how long", 0),
            _number("licensed_units", "units", "units paid for", 0),
            _number("used_units", "units", "units in use", 0),
        ),
        (),
        "date",
    ),
    Table(
        "health",
        "a score as it stood on a day",
        (
            _ACCOUNT,
            _date("as_of_date", "day the score was read", required=True),
            _number("score", "points", "0 is worst, 100 best", 0, 100),
            _text("band", "red, amber, green, or the company's own"),
            _text("components", "what the score is made of"),
        ),
        ("account_id", "as_of_date"),
        "as_of_date",
    ),
    Table(
        "surveys",
        "an answer",
        (
            _ACCOUNT,
            _date("date", "day of the answer", required=True),
            _number("score", "points", "the answer; nps 0 to 10", 0, 100),
            _text("kind", "which question", "nps", "csat", "ces"),
            _text("contact_id", "who answered"),
            _text("role", "the person's role"),
            _text("comment", "free text"),
        ),
        (),
        "date",
    ),
    Table(
        "milestones",
        "a lifecycle step",
        (
            _ACCOUNT,
            _text("milestone", "signed, kickoff, live, first_value ...", required=True),
            _date("date", "day it was reached", required=True),
        ),
        ("account_id", "milestone", "date"),
        "date",
    ),
    Table(
        "touches",
        "a contact with a customer",
        (
            _ACCOUNT,
            _date("date", "day of the contact", required=True),
            _text("kind", "call, mail, meeting, qbr ...", required=True),
            _text("owner", "who made it"),
            _text("purpose", "what for"),
            _text("contact_id", "with whom"),
            _number("minutes", "minutes", "how long", 0),
        ),
        (),
        "date",
    ),
    Table(
        "contacts",
        "a person",
        (
            _ACCOUNT,
            _text("contact_id", "the person", required=True),
            _text("role", "the person's role", required=True),
            _flag("is_champion", "speaks for us"),
            _flag("is_economic_buyer", "holds the budget"),
            _date("start_date", "first day in the role"),
            _date("end_date", "first day no longer in it; blank while in it"),
        ),
        ("account_id", "contact_id", "role", "start_date"),
        "start_date",
        later={"end_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "opportunities",
        "a CSQL or expansion deal",
        (
            _ACCOUNT,
            _date("created_date", "day it was opened", required=True),
            _money("amount", "ARR at stake, in the reporting currency", required=True, minimum=None),
            _text("kind", "csql, expansion, cross-sell ...", required=True),
            _text("source", "who found it"),
            _text("stage", "how far it is"),
            _date("closed_date", "day it was won or lost"),
            _flag("won", "won; blank while it is open"),
            _text("product", "what is to be sold"),
            _text("buyer", "who decides"),
        ),
        (),
        "created_date",
        later={"closed_date": ("stage", "won")},
        order=(("created_date", "closed_date"),),
    ),
    Table(
        "feedback",
        "an idea or complaint",
        (
            _ACCOUNT,
            _date("date", "day it was given", required=True),
            _text("area", "part of the product or service", required=True),
            _text("status", "where it stands"),
            _count("votes", "votes", "how many want it"),
            _date("closed_date", "day it was settled"),
        ),
        (),
        "date",
        later={"closed_date": ("status",)},
        order=(("date", "closed_date"),),
    ),
    Table(
        "churn_reasons",
        "why an account left or shrank",
        (
            _ACCOUNT,
            _date("date", "day the reason was given", required=True),
            _text("reason", "the reason", required=True),
            _flag("voluntary", "the customer decided; false for failed payment, closure"),
            _text("competitor", "who won"),
            _flag("savable", "could have been kept"),
            _text("source", "who says so"),
        ),
        (),
        "date",
    ),
    Table(
        "tickets",
        "a support case",
        (
            _ACCOUNT,
            _date("opened_at", "day it was opened", required=True),
            _date("closed_at", "day it was closed; blank while it is open"),
            _text("priority", "how urgent"),
            _number("first_response_minutes", "minutes", "until the first answer", 0),
            _number("csat", "points", "satisfaction with the case", 0, 100),
            _flag("escalated", "was escalated"),
        ),
        (),
        "opened_at",
        later={"closed_at": ("csat",)},
        order=(("opened_at", "closed_at"),),
    ),
    Table(
        "team",
        "a person in customer success",
        (
            _text("person", "who", required=True),
            _text("role", "as what", required=True),
            _date("start_date", "first day in the role", required=True),
            _date("end_date", "first day no longer in it; blank while in it"),
            _text("region", "where"),
            _money("annual_cost", "full cost of a year, in the reporting currency"),
            _text("segment", "the band or tier served"),
        ),
        ("person", "role", "start_date"),
        "start_date",
        later={"end_date": ()},
        order=(("start_date", "end_date"),),
    ),
    Table(
        "costs",
        "a cost by function and month",
        (
            _text("function", "customer success, support, sales, product ...", required=True),
            _date("month", "first day of the month", required=True, unit="month"),
            _money("amount", "cost, in the reporting currency", required=True, minimum=None),
        ),
        ("function", "month"),
        "month",
    ),
)

TABLES: Final[dict[str, Table]] = {table.name: table for table in _CONTRACT}


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place, or in `n` rows alike: the first of them, and up to five in `rows`."""

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
        """Sentence shown to the user: where, how many, what was found, what was expected, what to do."""
        where = ": ".join(part for part in (self.file or self.table, self.column) if part)
        if self.row is None:
            told = [f"{where}: {self.cause}"]
        else:
            count = f"{self.n:,} of {self.of:,} rows" if self.of else f"{self.n:,} row(s)"
            also = f" (also {', '.join(map(str, self.rows[1:]))}{', ...' if self.n > len(self.rows) else ''})"
            told = [
                f"{where}: {count} {self.cause}, first: {f'{self.who}, ' if self.who else ''}row {self.row}"
                + (also if len(self.rows) > 1 else "")
            ]
        if self.found or self.expected:
            found = f"Found {self.found}" if self.found else "Nothing found"
            told.append(found + (f", expected {self.expected}" if self.expected else ""))
        if self.hint:
            told.append(self.hint)
        return ". ".join(part.rstrip(".") for part in told) + "."


class TableError(ValueError):
    """Data or a `company.toml` that cannot be used. `problems` holds each finding; the text groups them."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        shown = [str(problem) for problem in self.problems[:20]]
        if len(self.problems) > len(shown):
            shown.append(f"... and {len(self.problems) - len(shown):,} more kinds of problem.")
        super().__init__("\n".join(shown))


@dataclass(frozen=True)
class Fault:
    """Cells of one column broken in one way: `positions` of the rows in the frame (empty: the whole column)."""

    column: str
    cause: str
    expected: str
    hint: str
    positions: Positions
    found: str = ""


def nearest(word: str, options: Iterable[str], *, n: int = 1) -> list[str]:
    """Return the `n` options most like `word`, best first, case and punctuation aside; empty when none is close.

    >>> nearest("Monthly Amount", ["monthly_amount", "plan"])
    ['monthly_amount']
    """
    plain = {"".join(c for c in option.lower() if c.isalnum()): option for option in options}
    close = get_close_matches("".join(c for c in word.lower() if c.isalnum()), plain, n=n, cutoff=0.6)
    return [plain[match] for match in close]


_NONE: Final[Positions] = np.empty(0, dtype=np.int64)


def _where(mask: pd.Series) -> Positions:
    return np.flatnonzero(mask.fillna(False).to_numpy(dtype=bool)).astype(np.int64)


def _is_canonical(column: pd.Series, kind: Kind) -> bool:
    match kind:
        case "date":
            return pd.api.types.is_datetime64_dtype(column.dtype)
        case "money" | "count":
            return pd.api.types.is_integer_dtype(column.dtype)
        case "number":
            return pd.api.types.is_float_dtype(column.dtype)
        case "flag":
            return pd.api.types.is_bool_dtype(column.dtype)
    return pd.api.types.is_string_dtype(column.dtype)


def _cells(values: pd.Series, column: Column, *, required: bool) -> Iterable[tuple[str, str, str, Positions]]:
    if required:
        blank = values.isna() | (values == "") if column.kind == "text" else values.isna()
        yield (
            "are blank",
            f"a {column.kind} ({column.doc})",
            "Fill it in the source, or map the column that holds it",
            _where(blank),
        )
    if column.minimum is not None:
        yield (
            "are negative" if column.minimum == 0 else f"are below {column.minimum:g}",
            f"{column.minimum:g} or more",
            "Correct the source; credits and refunds are not recurring revenue"
            if column.kind == "money"
            else "Correct the source",
            _where(values < column.minimum),
        )
    if column.maximum is not None:
        hint = (
            "Give a share: 0.2 for 20%, or leave the column unmapped"
            if column.maximum == 1
            else "Rescale the source"
        )
        yield (
            f"are above {column.maximum:g}",
            f"{column.maximum:g} or less",
            hint,
            _where(values > column.maximum),
        )
    if column.choices:
        yield (
            "hold an unknown value",
            "one of " + ", ".join(column.choices),
            f"Map it: values = {{ {column.name} = {{ theirs = ours }} }}",
            _where(~values.isin(column.choices) & values.notna()),
        )


def _repeated(frame: pd.DataFrame, table: Table) -> Positions:
    known = [column for column in frame.columns if column in table.column]
    if not set(table.key) <= set(known):
        return _where(frame.duplicated(known))
    blank = frame[list(table.key)].isna().any(axis=1)
    same = frame.duplicated(list(table.key)) & ~blank
    if blank.any():
        same |= frame[blank].duplicated(known).reindex(frame.index, fill_value=False)
    return _where(same)


def faults(frame: pd.DataFrame, name: str) -> list[Fault]:
    """Everything in a canonical frame that the contract of table `name` forbids, one entry a column and cause.

    Raises
    ------
    KeyError
        When `name` is no table of the contract.

    Examples
    --------
    >>> day = pd.Series(["2024-03-01"]).astype("datetime64[s]")
    >>> links = pd.DataFrame({"account_id": ["A"], "into_id": ["B"], "kind": ["sale"], "effective_date": day})
    >>> [(fault.column, fault.cause) for fault in faults(links, "account_links")]
    [('kind', 'hold an unknown value')]
    """
    table = TABLES[name]
    frame = frame.reset_index(drop=True)
    present = [str(column) for column in frame.columns]
    found: list[Fault] = []
    needed = [(column,) for column in table.required] + list(table.one_of)
    for group in needed:
        if not set(group) & set(present):
            near = [f"{ours} = {theirs!r}" for ours in group for theirs in nearest(ours, present)]
            hint = f"Did you mean {' or '.join(near)}? Say so" if near else "Map it"
            hint += " in company.toml: columns = { ours = theirs }"
            if "currency" in group:
                hint += ', or state one currency for all rows: constants = { currency = "USD" }'
            found.append(
                Fault(
                    group[0],
                    "required column is missing",
                    " or ".join(group),
                    hint,
                    _NONE,
                    "columns: " + ", ".join(present[:40]),
                )
            )
    required = {*table.required, *(next((c for c in group if c in present), "") for group in table.one_of)}
    sound = []
    for column in table.columns:
        if column.name not in present:
            continue
        values = frame[column.name]
        if not _is_canonical(values, column.kind):
            found.append(
                Fault(
                    column.name,
                    "wrong dtype",
                    DTYPES[column.kind],
                    "Load it through cslib.sources",
                    _NONE,
                    str(values.dtype),
                )
            )
            continue
        sound.append(column.name)
        found += [
            Fault(column.name, cause, expected, hint, positions)
            for cause, expected, hint, positions in _cells(values, column, required=column.name in required)
        ]
    for first, last in table.order:
        if first in sound and last in sound:
            found.append(
                Fault(
                    last,
                    "end before they start" if last == "end_date" else f"come before their {first}",
                    f"a day on or after {first}"
                    + (", or blank while it is open" if last == "end_date" else ""),
                    "Correct the source, or map the column that holds the "
                    + ("end of service" if name == "subscriptions" else "right day"),
                    _where(frame[last] < frame[first]),
                )
            )
    if name == "surveys" and {"kind", "score"} <= set(sound):
        found.append(
            Fault(
                "score",
                "are no nps answer",
                "0 to 10",
                "Correct the source, or the kind",
                _where((frame["kind"] == "nps") & frame["score"].between(10, 100, inclusive="right")),
            )
        )
    if table.key:
        key = table.key if set(table.key) <= set(present) else ("the whole row",)
        found.append(
            Fault(
                table.key[0],
                "repeat an earlier row",
                f"one row for each {', '.join(key)}",
                "Remove the copy"
                + (
                    "; if a subscription has several lines, map subscription_id to the id of the line"
                    if name == "subscriptions"
                    else ""
                ),
                _repeated(frame, table),
            )
        )
    return [fault for fault in found if fault.found or len(fault.positions)]


def _lines(frame: pd.DataFrame) -> Positions:
    if frame.index.name == "line":
        return frame.index.to_numpy(dtype=np.int64)
    return np.arange(2, len(frame) + 2, dtype=np.int64)


def _shown(value: object) -> str:
    if not isinstance(value, str) and pd.isna(value):  # type: ignore[call-overload]
        return "''"
    text = value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def check(frame: pd.DataFrame, name: str, *, file: str = "") -> pd.DataFrame:
    """Every broken cell of a canonical frame: one row a cell, none when the frame keeps the contract.

    Parameters
    ----------
    frame : DataFrame
        A canonical frame; where its index is named ``line`` those are the rows reported, else the header
        counts as row 1.
    name : str
        Table of the contract.
    file : str
        File to name.

    Returns
    -------
    DataFrame
        ``file, row, column, cause, found, expected, hint``, by column as in the contract, then row; the index is
        the position of the row in `frame`, -1 for a whole column, where `row` is missing.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-02-01", "2024-01-01"]).astype("datetime64[s]")
    >>> team = pd.DataFrame({"person": ["Ada"], "role": ["CSM"], "start_date": days[:1], "end_date": days[1:]})
    >>> check(team, "team")[["row", "column", "cause", "found"]].values.tolist()
    [[2, 'end_date', 'end before they start', "'2024-01-01'"]]
    """
    lines = _lines(frame)
    parts = []
    for fault in faults(frame, name):
        at = fault.positions if len(fault.positions) else np.array([-1])
        cells = (
            frame[fault.column].iloc[fault.positions].map(_shown).tolist()
            if len(fault.positions)
            else [fault.found]
        )
        parts.append(
            pd.DataFrame(
                {
                    "file": file,
                    "row": pd.array([lines[i] if i >= 0 else pd.NA for i in at], dtype="Int64"),
                    "column": fault.column,
                    "cause": fault.cause,
                    "found": cells,
                    "expected": fault.expected,
                    "hint": fault.hint,
                },
                index=pd.Index(at, name="position"),
            )
        )
    if parts:
        return pd.concat(parts)
    columns = ["file", "row", "column", "cause", "found", "expected", "hint"]
    return pd.DataFrame(
        {column: pd.Series(dtype="Int64" if column == "row" else "str") for column in columns}
    )


def problems(
    found: Iterable[Fault],
    table: str,
    *,
    shown: Mapping[str, pd.Series],
    place: Callable[[int], tuple[str, int]],
    n_rows: int,
) -> list[Problem]:
    """Faults as problems, the first five rows of each named.

    Parameters
    ----------
    found : iterable of Fault
        What `faults` returned.
    table : str
        Table of the contract.
    shown : mapping of str to Series
        For each column the values to quote, by position.
    place : callable
        From a position to its file and line.
    n_rows : int
        Rows looked at.
    """
    told = []
    for fault in found:
        if not len(fault.positions):
            file = place(0)[0] if n_rows else place(-1)[0]
            told.append(
                Problem(
                    table,
                    file,
                    None,
                    fault.column,
                    fault.found,
                    fault.expected,
                    fault.hint,
                    n_rows,
                    fault.cause,
                )
            )
            continue
        first = [place(int(i)) for i in fault.positions[:SHOWN]]
        head = int(fault.positions[0])
        who = f"account_id {_shown(shown['account_id'].iloc[head])}" if "account_id" in shown else ""
        told.append(
            Problem(
                table,
                first[0][0],
                first[0][1],
                fault.column,
                _shown(shown[fault.column].iloc[head]) if fault.column in shown else fault.found,
                fault.expected,
                fault.hint,
                len(fault.positions),
                fault.cause,
                n_rows,
                tuple(line for file, line in first if file == first[0][0]),
                "" if fault.column == "account_id" else who,
            )
        )
    return told
