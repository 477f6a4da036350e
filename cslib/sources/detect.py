"""Whose file is this? Origins by the columns of a file, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cslib.sources.matrix import month_of_header
from cslib.sources.read import Raw
from cslib.sources.vendors.origin import Kind, origins, plain
from cslib.tables import TABLES, nearest

__all__ = ["Found", "Guess", "detect", "guesses"]

_TIE: Final = 0.08
_MATRIX: Final = 2  # month columns that make a matrix
_LISTS: Final = ("generic",)  # of no vendor: only where no vendor's file fits better


@dataclass(frozen=True)
class Guess:
    """One thing a file may be: a kind of an origin, a matrix, or a plain table of the contract."""

    origin: str
    kind: str
    table: str
    title: str
    fit: float
    columns: Mapping[str, str] = field(default_factory=dict)
    of: Kind | None = None

    @property
    def sure(self) -> str:
        """How sure, in words.

        >>> Guess("stripe", "items", "subscriptions", "", 0.95).sure
        'sure'
        """
        return "sure" if self.fit >= 0.75 else "likely" if self.fit >= 0.45 else "a guess"


@dataclass(frozen=True)
class Found:
    """What a file is taken for (`guesses` of one origin, best first), or why it is not read."""

    raw: Raw
    guesses: tuple[Guess, ...] = ()
    rivals: tuple[Guess, ...] = ()
    why: str = ""


def _matrix(header: Sequence[str]) -> Guess | None:
    months = [name for name in header if month_of_header(name) is not None]
    others = [name for name in header if name not in months]
    if len(months) < _MATRIX or not others:
        return None
    kind = origins()["stripe"].kinds["mrr_per_subscriber"]
    stripe = kind.found(others)
    ids = [
        name
        for name in others
        if plain(name) in ("accountid", "account", "customerid", "customer", "id", "client")
    ]
    account = stripe.get("account") or (ids[0] if ids else others[0])
    origin = "stripe" if "account" in stripe and {"name"} & set(stripe) else "matrix"
    columns = {"account_id": account}
    known = {plain(name): name for name in others}
    columns |= {ours: known[ours] for ours in ("product", "plan", "currency") if ours in known}
    fit = 0.95 if ids or stripe else 0.5
    return Guess(
        origin,
        "mrr_per_subscriber",
        "subscriptions",
        "a matrix: a row a customer, a column a month",
        fit,
        columns,
    )


def _canonical(header: Sequence[str], *, stem: str) -> Guess | None:
    """A plain table of the contract, by its own names; the name of the file decides between two."""
    fits = []
    for table in TABLES.values():
        there = {*header, *(["currency"] if table.name == "subscriptions" else [])}
        if not set(table.required) <= there or not all(set(group) & there for group in table.one_of):
            continue
        known = sum(name in table.column for name in header) / max(len(header), 1)
        if (
            table.name == "accounts"
            and len({"account_id"} & set(header))
            and stem != "accounts"
            and known < 0.6
        ):
            continue
        fits.append((known + (0.5 if stem.lower().startswith(table.name) else 0), known, table.name))
    if not fits:
        return None
    _, known, name = max(fits)
    return Guess("tables", name, name, f"the table {name} by our own names", 0.5 + known / 2, {})


def guesses(raw: Raw, *, stem: str = "", origin: str = "") -> list[Guess]:
    """Everything a file may be, the best fit first.

    Parameters
    ----------
    raw : Raw
        The file as text.
    stem : str
        Its name without the ending, which decides between tables that share their columns.
    origin : str
        Only this one, where it is known.
    """
    header = [*raw.frame.columns]
    found = []
    if not origin or origin in ("matrix", "stripe"):
        matrix = _matrix(header)
        found += [matrix] if matrix else []
    own = _canonical(header, stem=stem) if origin in ("", "tables") else None
    found += [own] if own else []
    for one in origins().values():
        if origin and one.name != origin:
            continue
        for kind in one.kinds.values():
            fit = 0.0 if kind.shape == "matrix" else kind.fits(header)
            fit = min(fit, 0.6) if one.name in _LISTS else fit
            if fit > 0:
                found.append(
                    Guess(
                        one.name,
                        kind.name,
                        kind.table,
                        f"{one.title}: {kind.title}",
                        fit,
                        kind.found(header),
                        kind,
                    )
                )
    return sorted(found, key=lambda guess: -guess.fit)


def _unused(raw: Raw, wanted: Iterable[str]) -> str:
    """Why a file of one of these origins is not read, where that is known by its columns."""
    header = {plain(name) for name in raw.frame.columns}
    for name in wanted:
        for why, columns in origins()[name].unused.values() if name in origins() else ():
            if {plain(column) for column in columns} <= header:
                return f"{origins()[name].title}: {why}"
    return ""


def detect(raws: Mapping[str, Raw], *, origin: str = "") -> list[Found]:
    """What each of some files is; files that came together are taken to be of one origin where that fits.

    Parameters
    ----------
    raws : mapping of str to Raw
        Files as text, by their name without the ending.
    origin : str
        What the user says they are.

    Returns
    -------
    list of Found
        In the order given. ``rivals`` holds a guess of another origin that fits as well.
    """
    every = {stem: guesses(raw, stem=stem, origin=origin) for stem, raw in raws.items()}
    votes: dict[str, float] = {}
    for found in every.values():
        for guess in {guess.origin: guess for guess in reversed(found)}.values():
            if guess.origin not in _LISTS:
                votes[guess.origin] = votes.get(guess.origin, 0.0) + guess.fit**2
    result = []
    for stem, raw in raws.items():
        found = every[stem]
        why = _unused(raw, [origin] if origin else sorted(origins()))
        best = found[0] if found else None
        if why and (best is None or best.fit < 0.75):
            result.append(Found(raw, why=why))
            continue
        if best is None:
            result.append(Found(raw, why=why or _stranger(raw)))
            continue
        near = [guess for guess in found if guess.fit > best.fit - _TIE]
        best = max(near, key=lambda guess: (votes.get(guess.origin, 0.0), guess.fit))
        same = tuple(
            guess
            for guess in found
            if guess.origin == best.origin
            and (guess is best or (guess.table != best.table and guess.of is not None and guess.of.rank == 9))
        )
        same = tuple(sorted(same, key=lambda guess: guess is not best))
        told = votes.get(best.origin, 0.0)
        rivals = tuple(
            guess
            for guess in near
            if guess.origin != best.origin and votes.get(guess.origin, 0.0) >= told - 0.01
        )
        result.append(Found(raw, same, rivals if not origin else ()))
    return result


def _stranger(raw: Raw) -> str:
    names = [*raw.frame.columns]
    hints = [
        f"{ours} = {theirs!r}"
        for ours in ("account_id", "start_date", "mrr")
        if ours not in names and (theirs := nearest(ours, names))
    ]
    return "no kind of file that is known" + (f"; did you mean {', '.join(hints)}?" if hints else "")
