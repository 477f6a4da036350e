"""Words for quarters, as a person types them, to the quarters of one company."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cslib.months import quarter_bounds, quarter_of
from cslib.report.parameters import ParameterError
from cslib.sources.canonical import Loaded
from cslib.sources.company import load_config
from cslib.sources.cut import Reach, reach
from cslib.sources.files import load_tables
from cslib.sources.warehouse import asked_starts

__all__ = ["Known", "all_quarters", "known_quarters", "needs_data", "quarters_asked", "words_of"]

LATEST: Final = "latest"
ALL: Final = "all"
_FORM: Final = re.compile(r"(\d{4})-?Q([1-4])", re.I)
_FORMS: Final = "2026Q3, a range such as 2025Q1..2026Q3 or 2025Q1..latest, latest, all"


def words_of(given: Iterable[str]) -> list[str]:
    """Words in what was given, which may be separated by commas.

    >>> words_of(["2026Q1,2026Q2", "latest"])
    ['2026Q1', '2026Q2', 'latest']
    """
    return [word.strip() for text in given for word in text.split(",") if word.strip()]


def _number(word: str) -> int:
    """Quarters since year 0."""
    match = _FORM.fullmatch(word)
    if not match:
        raise ParameterError(
            f"quarter: found {word!r}, expected a year and a quarter such as 2026Q3; or one of {_FORMS}"
        )
    return int(match[1]) * 4 + int(match[2]) - 1


def _name(number: int) -> str:
    return f"{number // 4:04d}Q{number % 4 + 1}"


def all_quarters(first: str, last: str) -> list[str]:
    """Quarters from `first` to `last`, both included.

    >>> all_quarters("2025Q4", "2026Q2")
    ['2025Q4', '2026Q1', '2026Q2']
    """
    start, end = _number(first), _number(last)
    if start > end:
        raise ParameterError(f"quarter: the range {first}..{last} runs backwards; write {last}..{first}")
    return [_name(number) for number in range(start, end + 1)]


def needs_data(words: Iterable[str]) -> bool:
    """Whether the words mean other quarters for other companies, which only their data tell."""
    return any(part.lower() in (LATEST, ALL) for word in words for part in word.split(".."))


@dataclass(frozen=True)
class Known:
    """First quarter in which a company has a subscription, and the last that its data, which `reach` so far, cover."""

    first: str
    last: str
    reach: Reach

    def __str__(self) -> str:
        """Words for whoever asked for `latest`.

        >>> str(Known("2026Q2", "2026Q2", Reach(dt.date(2026, 9, 29), "data_until in company.toml")))
        '2026Q2, the last quarter that is over in its data, which reach to 2026-09-29 (data_until in company.toml)'
        """
        until = f"its data, which reach to {self.reach.day} ({self.reach.why})"
        return f"{self.last}, the last quarter that is over in {until}"


def known_quarters(company: Path, *, first: bool) -> Known:
    """First quarter in which a company has a subscription, and the last that its data cover to the end.

    How far the data reach, :func:`cslib.sources.cut.reach` says. Without `first` the ledger is read only where it must
    be, and both are the last quarter.

    Raises
    ------
    TableError
        When the company's data cannot be used.
    ParameterError
        When they cover no quarter to its end.
    """
    config = load_config(company)

    @cache
    def ledger() -> Loaded:
        return asked_starts(config) if config.engine else load_tables(company, config)["subscriptions"]

    until = reach(config, ledger)
    if until is None:
        raise ParameterError(f"quarter: the ledger of {company.name} holds no subscription; name the quarter")
    fiscal = config.fiscal_year_start
    final = opening = _last_whole(until.day, fiscal_year_start=fiscal)
    if first or config.data_until is None:
        starts = ledger().frame["start_date"].dropna()
        opening = final if starts.empty else quarter_of(starts.min().date(), fiscal_year_start=fiscal)
    if opening > final:
        raise ParameterError(
            f"quarter: the data of {company.name} end on {until.day} ({until.why}) and cover no quarter to its end; "
            "say `data_until` in company.toml, or name the quarter"
        )
    return Known(opening, final, until)


def _last_whole(day: dt.date, *, fiscal_year_start: int) -> str:
    quarter = quarter_of(day, fiscal_year_start=fiscal_year_start)
    begin, end = quarter_bounds(quarter, fiscal_year_start=fiscal_year_start)
    if end == day:
        return quarter
    return quarter_of(begin - dt.timedelta(days=1), fiscal_year_start=fiscal_year_start)


def quarters_asked(words: Iterable[str], *, first: str = "", last: str = "") -> list[str]:
    """Quarters that `words` mean for a company whose data begin in `first` and end in `last`, in order, each once.

    Parameters
    ----------
    words : iterable of str
        Such as ``2026Q3``, ``2025Q1..2026Q3``, ``2025Q1..latest``, ``latest``, ``all``.
    first, last : str
        As :func:`known_quarters` says; needed only where :func:`needs_data`.

    Raises
    ------
    ParameterError
        When a word has another form.

    Examples
    --------
    >>> quarters_asked(["2025Q4..latest"], last="2026Q2"), quarters_asked(["2026-q3"])
    (['2025Q4', '2026Q1', '2026Q2'], ['2026Q3'])
    """
    found: set[str] = set()
    for word in words:
        if word.lower() == ALL:
            found |= set(all_quarters(first, last))
            continue
        ends = [last if part.strip().lower() == LATEST else part.strip() for part in word.split("..")]
        if len(ends) > 2:
            raise ParameterError(f"quarter: found {word!r}, expected one of {_FORMS}")
        names = [_name(_number(end)) for end in ends]
        found |= set(all_quarters(names[0], names[-1]))
    return sorted(found)
