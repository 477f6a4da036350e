"""Published figures of other companies, with their population and source: ours, and tables of the same form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from math import inf
from pathlib import Path
from typing import Final

import pandas as pd

from cslib.conventions import CONVENTIONS
from cslib.sources.canonical import Loaded, canonical
from cslib.sources.company import Company, TableConfig, refuse
from cslib.sources.read import Raw, read
from cslib.tables import DTYPES, Column, Problem, Table, TableError, listed, nearest, quoted

__all__ = ["BENCHMARKS", "UNSTATED", "Peers", "peers_of", "published", "traits_in"]

PUBLISHED: Final = Path(__file__).with_name("benchmarks.csv")
UNSTATED: Final = "not stated"  # convention of a figure whose source does not say how it was computed
METRICS: Final = ("net_retention", "gross_retention", "logo_retention", "quick_ratio")
STATISTICS: Final = ("lower quartile", "median", "upper quartile")

BENCHMARKS: Final = Table(
    "benchmarks",
    "a figure that someone published about a population of companies",
    (
        Column("id", "text", required=True, doc="name of the row"),
        Column("metric", "text", required=True, choices=METRICS, doc="as in `cslib conventions`"),
        Column(
            "convention",
            "text",
            required=True,
            doc="how it was computed: a convention's name, or 'not stated'",
        ),
        Column("window", "count", required=True, unit="months", minimum=1, doc="length of the window"),
        Column("statistic", "text", required=True, choices=STATISTICS, doc="what of the population"),
        Column("value", "number", required=True, unit="ratio", minimum=0, maximum=3, doc="1.02 for 102%"),
        Column("year", "count", required=True, minimum=1990, maximum=2200, doc="year the figure is about"),
        Column("published", "count", required=True, minimum=1990, maximum=2200, doc="year it was published"),
        Column("population", "text", required=True, doc="the companies, in words"),
        Column("source", "text", required=True, doc="who published it, and where"),
        Column("traits", "text", doc="what a ledger cannot show and all of them are, parted by ;"),
        Column("n", "count", minimum=1, doc="number of companies"),
        Column(
            "n_note", "text", doc="what the number counts, where it is not the companies of this very row"
        ),
        Column("currency", "text", doc="of the bands; ISO 4217"),
        Column("arr_from", "number", unit="currency", minimum=0, doc="ARR of a company, inclusive"),
        Column("arr_to", "number", unit="currency", minimum=0, doc="ARR of a company, exclusive"),
        Column("acv_from", "number", unit="currency", minimum=0, doc="ARR per account, inclusive"),
        Column("acv_to", "number", unit="currency", minimum=0, doc="ARR per account, exclusive"),
        Column("url", "text", doc="address"),
        Column(
            "evidence", "text", choices=("primary", "second hand"), doc="how the figure reached the table"
        ),
    ),
    key=("id",),
    date=None,
)
"""Form of a benchmark table; every file of benchmarks, ours and a company's own, is read by it."""


@dataclass(frozen=True, eq=False)
class Peers:
    """What a company says of itself that no ledger shows, and the benchmark tables of its own.

    `traits` are its words, such as ``private``; `rates` reporting currency per one unit, for bands in another
    currency; `own` the rows of its own tables; `files` their names and hashes.
    """

    traits: tuple[str, ...] = ()
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    own: pd.DataFrame | None = None
    files: tuple[tuple[str, str], ...] = ()

    @property
    def benchmarks(self) -> pd.DataFrame:
        """All rows: the published ones, then the company's own; columns of `BENCHMARKS`."""
        if self.own is None:
            return published().copy()
        return pd.concat([published(), self.own], ignore_index=True)


@cache
def published() -> pd.DataFrame:
    """Figures that ship with cslib, in the form of `BENCHMARKS`; shared, so copy before changing it."""
    return _read([read(PUBLISHED, PUBLISHED.name)])


def peers_of(config: Company) -> Peers:
    """What `config` says in ``[benchmarks]``, its files read.

    Raises
    ------
    TableError
        When a file cannot be read, a row is broken, or the company claims a trait that no row asks for.
    """
    own, raws = None, []
    if config.benchmarks.files:
        assert config.folder is not None
        raws = [read(config.folder / file, file) for file in config.benchmarks.files]
        own = _read(raws)
    peers = Peers(
        traits=config.benchmarks.traits,
        rates=config.rates,
        own=own,
        files=tuple((raw.file, raw.sha256) for raw in raws),
    )
    if not peers.traits:
        return peers
    known = sorted({trait for text in peers.benchmarks["traits"].dropna() for trait in traits_in(text)})
    for trait in peers.traits:
        if trait not in known:
            near = nearest(trait, known)
            hint = f"Did you mean {near!r}?" if near else ""
            expected = "what some benchmark asks for: " + listed(known)
            raise refuse(
                "unknown trait", key="benchmarks.traits", found=quoted(trait), expected=expected, hint=hint
            )
    return peers


def traits_in(text: str) -> list[str]:
    """Traits of a row, as its cell lists them.

    >>> traits_in("private; bootstrapped")
    ['private', 'bootstrapped']
    """
    return [trait.strip() for trait in text.split(";") if trait.strip()]


def _read(raws: Sequence[Raw]) -> pd.DataFrame:
    try:
        loaded = canonical(list(raws), BENCHMARKS, config=TableConfig(), digits=0)
    except TableError as error:  # nothing maps the columns of these files
        raise TableError(replace(problem, hint=_hint(problem.hint)) for problem in error.problems) from None
    if wrong := list(_wrong(loaded)):
        raise TableError(wrong)
    frame = loaded.frame
    lacking = {c.name: DTYPES[c.kind] for c in BENCHMARKS.columns if c.name not in frame}
    return frame.reindex(columns=list(BENCHMARKS.column)).astype(lacking)


def _hint(hint: str) -> str:
    for words in ("Map it", "map the column", "or leave the column out"):
        hint = hint.partition(words)[0]
    return hint.rstrip(", ") or "Correct the file"


def _wrong(loaded: Loaded) -> Iterator[Problem]:
    """What no single cell shows: a convention that the metric does not have, bands without sense."""
    names = {metric: [c.name for c in CONVENTIONS if c.metric == metric] for metric in METRICS}
    bands = ("arr_from", "arr_to", "acv_from", "acv_to")
    for row, origin in zip(loaded.frame.to_dict("records"), loaded.origin.to_dict("records"), strict=True):
        given = {name: row[name] for name in bands if pd.notna(row.get(name))}
        known = [*names[row["metric"]], UNSTATED]
        wrong: dict[str, tuple[str, str, str]] = {}
        if row["convention"] not in known:
            cause = f"is no convention of {row['metric']}"
            wrong["convention"] = (cause, quoted(row["convention"]), "one of " + listed(known))
        if given and pd.isna(row.get("currency")):
            wrong["currency"] = ("is blank, and the bands are money", "", "an ISO 4217 code such as USD")
        for band in ("arr", "acv"):
            low, high = given.get(f"{band}_from", 0.0), given.get(f"{band}_to", inf)
            if low >= high:
                wrong[f"{band}_to"] = ("ends before it starts", f"{high:g}", f"more than {low:g}")
        if row["published"] < row["year"]:
            wrong["published"] = (
                "is before the year it is about",
                str(row["published"]),
                f"{row['year']} or later",
            )
        for column, (cause, found, expected) in wrong.items():
            yield Problem(
                BENCHMARKS.name, origin["file"], int(origin["line"]), column, found, expected, "", cause=cause
            )
