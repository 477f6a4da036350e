"""Several companies as of one day: those that can be read, and the cause for each that cannot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.months import quarter_bounds
from cslib.sources.company import load_config
from cslib.sources.toml import FILE

__all__ = ["HELD", "Portfolio", "company_folders"]

HELD: Final = "its ledger stays in its database ([source]), and this page reads rows"
UNREAD = ("company", "folder", "cause")


def company_folders(given: Iterable[Path | str]) -> list[Path]:
    """Company folders that `given` stands for: itself, or those inside a folder that holds no company of its own.

    Parameters
    ----------
    given : iterable of Path or str
        Folders of companies, or folders that hold such folders, in any mixture.

    Returns
    -------
    list of Path
        In the order given, those of one folder by name, each once. A folder in which no company lies stands for
        itself, so that it is reported and not lost.
    """
    found: dict[Path, None] = {}
    for folder in map(Path, given):
        inside = () if (folder / FILE).is_file() else sorted(path.parent for path in folder.glob(f"*/{FILE}"))
        found |= dict.fromkeys(inside or [folder])
    return list(found)


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Companies of one owner as known on one day.

    `books` are those that could be read, each with a name of its own; `unread` has a row for each of the others:
    ``company`` (its folder's name), ``folder``, ``cause``.
    """

    as_of: dt.date
    books: tuple[Book, ...]
    unread: pd.DataFrame

    @classmethod
    def of_quarter(
        cls, companies: Sequence[Path | str], quarter: str, *, fiscal_year_start: int = 1
    ) -> Portfolio:
        """Companies as known on the last day of a quarter of the group's year, such as ``2026Q3``.

        Parameters and errors as in :meth:`load`; `fiscal_year_start` is the month in which the group's year starts.
        """
        return cls.load(companies, as_of=quarter_bounds(quarter, fiscal_year_start=fiscal_year_start)[1])

    @classmethod
    def load(cls, companies: Sequence[Path | str], *, as_of: dt.date) -> Portfolio:
        """Companies as known at the end of `as_of`; one that cannot be read stops none of the others.

        Parameters
        ----------
        companies : sequence of Path or str
            Folders as :func:`company_folders` takes them.
        as_of : date
            Last day that is known (inclusive), the same for all.

        Raises
        ------
        ValueError
            When none of the companies can be read, with the cause of each.
        """
        books: list[tuple[Path, Book]] = []
        unread: list[tuple[str, str, str]] = []
        folders = company_folders(companies)
        for folder in folders:
            try:
                if load_config(folder).engine:
                    raise ValueError(HELD)
                book = Book.load(folder, as_of=as_of)
                if book.nothing:
                    raise ValueError(book.nothing)
                books.append((folder, book))
            except (ValueError, OSError) as error:
                unread.append((folder.resolve().name, folder.as_posix(), str(error)))
        if not books:
            causes = "".join(f"\n{name}: {cause}" for name, _, cause in unread)
            raise ValueError(f"companies: none of the {len(folders)} given can be read.{causes}")
        named = [book.name for _, book in books]
        told = (
            replace(book, name=f"{book.name} ({folder.resolve().name})")
            if named.count(book.name) > 1
            else book
            for folder, book in books
        )
        return cls(as_of, tuple(told), pd.DataFrame(unread, columns=list(UNREAD)).astype("str"))
