"""What is to be run, checked before any work is spent: notebook, parameters, quarter, the company's data."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from cslib.archive import is_run
from cslib.book import Book
from cslib.months import quarter_bounds, quarter_of
from cslib.report.dress import Dress, dress_of
from cslib.report.kinds import Value, assignments
from cslib.report.manifest import code_sha256, notebook_sha256, sha256, steady_sha256
from cslib.report.normal import inject, number_cells
from cslib.report.parameters import ParameterError, check_parameters, read_parameters
from cslib.report.private import ACCOUNT, check_account, is_private
from cslib.report.save import MANIFEST, slug
from cslib.report.subject import Subject, of_company
from cslib.report.translate import translate
from cslib.sources.company import load_config

__all__ = [
    "GIVEN",
    "PREVIOUS",
    "SHIPPED",
    "Aim",
    "Job",
    "absolute",
    "aim_company",
    "check_job",
    "check_name",
    "check_place",
    "check_private",
    "check_values",
    "find_notebook",
    "held",
    "job_of",
    "load_notebook",
    "own_folder",
    "read_company",
    "refuse_given",
]

GIVEN: Final[Mapping[str, str]] = {"company": "--company", "companies": "--company", "quarter": "--quarter"}
"""Parameters that the runner sets, and the option of the command that says to what."""
SHIPPED: Final = Path(__file__).parents[1] / "notebooks"
"""Notebooks that an installed cslib brings along; a checkout has them beside the package instead."""
PREVIOUS: Final = "previous"  # and this one, where the run of the quarter before is at hand


@dataclass(frozen=True)
class Job:
    """One report to be made; everything in it has been checked.

    `notebook` has its parameters injected, `home` is the folder it runs in, which holds the company's; `folder` is
    where the files go; `earlier` names the run of the quarter before, where the notebook is shown it, by its hash.
    `path` is where the notebook lies, `sources` are the companies' folders, `dress` is how its pages look.
    """

    name: str
    notebook: Any
    code_sha256: str
    notebook_sha256: str
    parameters: Mapping[str, Value]
    subject: Subject
    home: Path
    quarter: str
    folder: Path
    path: Path
    sources: tuple[Path, ...]
    dress: Dress
    earlier: tuple[Mapping[str, str], ...] = ()


def load_notebook(path: Path, *, outputs: bool = False) -> Any:
    """Notebook at `path`, in the current format; with the outputs of its last run only where they are asked for.

    Raises
    ------
    ParameterError
        When there is none, or it is none.
    """
    import nbformat
    from nbformat.v4.rwbase import rejoin_lines

    try:
        raw = json.loads(path.read_bytes())
        if raw["nbformat"] != 4:
            raise ParameterError(f"notebook {path}: found format {raw['nbformat']}, expected 4; save it anew")
        if not outputs:
            _forget(raw)
        number_cells(raw)
        notebook = rejoin_lines(nbformat.from_dict(raw))  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except ParameterError:
        raise
    except OSError as error:
        raise ParameterError(f"notebook {path}: {error.strerror}") from None
    except (ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ParameterError(f"notebook {path}: not a Jupyter notebook ({reason})") from None
    return notebook


def _forget(raw: Any) -> None:
    """Drop what an earlier run left: a run leaves its own, and figures are most of a notebook."""
    for cell in raw["cells"]:
        if cell.get("outputs"):
            cell["outputs"] = []


def find_notebook(given: str, *, shelves: Sequence[Path]) -> Path:
    """Notebook at the path `given`, or of that bare name in the first of the folders `shelves` that has one.

    Raises
    ------
    ParameterError
        When there is neither, naming those on the shelves.
    """
    path = Path(given)
    if path.is_file():
        return path
    for shelf in shelves:
        named = shelf / f"{given}.ipynb"
        if path.name == given and named.is_file():
            return named
    known = sorted({file.stem for shelf in shelves for file in shelf.glob("*.ipynb")})
    near = get_close_matches(path.stem, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    there = ", ".join(known) or "none"
    places = " or ".join("cslib itself" if shelf == SHIPPED else str(shelf) for shelf in shelves)
    raise ParameterError(
        f"notebook {given}: no such file, nor a notebook of that name in {places} ({there}).{hint}"
    )


def check_values(
    notebook: Any, *, company: Path, quarter: str, given: Mapping[str, object]
) -> dict[str, Value]:
    """Every parameter's value for a run of `notebook`: what is `given`, the company's folder name, the quarter.

    Raises
    ------
    ParameterError
        When the notebook cannot take them, or the folder has no usable name.
    """
    refuse_given(given)
    check_name(company)
    return check_parameters(read_parameters(notebook), {**given, "company": company.name, "quarter": quarter})


def refuse_given(given: Mapping[str, object]) -> None:
    """Raise ParameterError when `given` holds what the run itself sets."""
    for name, option in GIVEN.items():
        if name in given:
            raise ParameterError(f"parameter {name}: set by the run itself; give it as {option}")


def check_name(company: Path) -> None:
    """Raise ParameterError when a company's folder has no usable name."""
    if not company.name or not company.name.isprintable():
        raise ParameterError(f"company: found the folder name {company.name!r}, expected printable text")


def absolute(company: Path) -> Path:
    """Folder of a company as an absolute path; links are not followed, as the name given is the name meant."""
    return Path(os.path.abspath(company))  # noqa: PTH100


def own_folder(notebook: Any, values: Mapping[str, object]) -> str:
    """Folder inside the company's that a notebook asks for, so that two reports do not share numbers.json.

    ``{name}`` in it stands for the value of that parameter; one that no folder can be named by has a few digits of its
    hash after it, so that two values never mean one folder.

    Raises
    ------
    ParameterError
        When it names what is no parameter.
    """
    wanted = str(notebook.metadata.get("cslib", {}).get("folder", ""))

    def told(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ParameterError(
                f"notebook: its folder is {wanted!r}, and {match[1]} is none of its parameters"
            )
        value = str(values[match[1]])
        plain = slug(value).encode()[:60].decode(errors="ignore") if value else ""
        return plain if plain == value else f"{plain}-{sha256(value.encode())[:6]}"

    return slug(re.sub(r"\{(\w+)\}", told, wanted)) if wanted else ""


def check_place(notebook: Any, *, companies: Sequence[Path]) -> None:
    """Raise ParameterError when a notebook reads rows and the ledger of one of the companies stays in its database.

    A notebook that does not says so of itself (metadata ``cslib.in_place``).
    """
    if notebook["metadata"].get("cslib", {}).get("in_place") is True:
        return
    held = [source.name for source in companies if load_config(source).engine]
    if held:
        raise ParameterError(
            f"company: the ledger of {', '.join(held)} stays in its database ([source]), and this report reads rows; "
            "take [source] out of company.toml, or run retention or cohorts, which are asked there"
        )


def held(companies: Iterable[Path]) -> list[str]:
    """What to say before a run of each company whose ledger stays in its database: what its reports will not hold."""
    told = []
    for source in dict.fromkeys(companies):
        with suppress(ValueError):  # what is wrong with a company.toml, its own run tells
            config = load_config(source)
            if config.engine:
                told.append(
                    f"{source.name}: the ledger stays in connection {config.engine} and is asked there. Not in its "
                    "reports is what only other tables say, such as names and owners of accounts and renewal "
                    "decisions, nor which rows are behind a corrected past."
                )
    return told


def read_company(source: Path, end: date) -> Book:
    """Book of a company, with a ledger on the last day of its quarter.

    Raises
    ------
    ParameterError
        When the ledger begins later, or nobody has paid.
    TableError
        When the company's data cannot be used.
    """
    book = Book.load(source, as_of=end)
    if book.nothing:
        raise ParameterError(f"quarter: {source.name}: {book.nothing}")
    return book


@dataclass(frozen=True)
class Aim:
    """What a run will make of which folders and where, known before any table is read.

    `notebook` is as it was found, `parameters` holds every value and `shown` the names of those that the run sets;
    `end` is the last day of the quarter.
    """

    name: str
    path: Path
    notebook: Any
    parameters: dict[str, Value]
    shown: frozenset[str]
    end: date
    fiscal_year_start: int
    quarter: str
    home: Path
    sources: tuple[Path, ...]
    folder: Path
    dress: Dress
    earlier: tuple[Mapping[str, str], ...] = ()

    def injected(self) -> Any:
        """The notebook with the values that the run sets."""
        translate(self.notebook, self.parameters)
        inject(self.notebook, assignments({n: v for n, v in self.parameters.items() if n in self.shown}))
        return self.notebook


def aim_company(path: Path, *, company: Path, quarter: str, out: Path, given: Mapping[str, object]) -> Aim:
    """Aim of the notebook at `path` for one company; errors as :func:`check_job`, but for the data's."""
    notebook, source = load_notebook(path), absolute(company)
    values = check_values(notebook, company=source, quarter=quarter, given=given)
    fiscal_year_start = load_config(source).fiscal_year_start
    try:
        start, end = quarter_bounds(quarter, fiscal_year_start=fiscal_year_start)
    except ValueError as error:
        raise ParameterError(str(error)) from None
    label = values["quarter"] = quarter_of(end, fiscal_year_start=fiscal_year_start)
    place = Path(slug(source.name), own_folder(notebook, values))
    shown = {*GIVEN, *given}
    earlier: tuple[Mapping[str, str], ...] = ()
    last = quarter_of(start - dt.timedelta(days=1), fiscal_year_start=fiscal_year_start)
    before = out / last / place
    if PREVIOUS in values and PREVIOUS not in given and is_run(before):
        values[PREVIOUS] = Path(os.path.relpath(before, source.parent)).as_posix()
        shown.add(PREVIOUS)
        name = Path(last, place, MANIFEST).as_posix()
        earlier = ({"table": "", "file": name, "sha256": steady_sha256(before / MANIFEST)},)
    return Aim(
        name=slug(path.stem),
        path=absolute(path),
        notebook=notebook,
        parameters=values,
        shown=frozenset(shown),
        end=end,
        fiscal_year_start=fiscal_year_start,
        quarter=label,
        home=source.parent,
        sources=(source,),
        folder=out / label / place,
        dress=dress_of((source,)),
        earlier=earlier,
    )


def check_job(path: Path, *, company: Path, quarter: str, out: Path, given: Mapping[str, object]) -> Job:
    """Job for the notebook at `path`; see :func:`cslib.report.run.run_report` for parameters and errors."""
    aim = aim_company(path, company=company, quarter=quarter, out=out, given=given)
    check_place(aim.notebook, companies=aim.sources)
    book = read_company(aim.sources[0], aim.end)
    check_private(aim, book)
    return job_of(aim, of_company(book))


def check_private(aim: Aim, book: Book | None = None) -> None:
    """Raise ParameterError when a private report is for an account that its ledger does not have."""
    account = str(aim.parameters.get(ACCOUNT) or "")
    if account and is_private(aim.notebook):
        check_account(read_company(aim.sources[0], aim.end) if book is None else book, account)


def job_of(aim: Aim, subject: Subject) -> Job:
    """Job for an aim whose data were read."""
    code, notebook_hash = code_sha256(aim.notebook), notebook_sha256(aim.notebook)
    return Job(
        name=aim.name,
        notebook=aim.injected(),
        code_sha256=code,
        notebook_sha256=notebook_hash,
        parameters=aim.parameters,
        subject=subject,
        home=aim.home,
        quarter=aim.quarter,
        folder=aim.folder,
        path=aim.path,
        sources=aim.sources,
        dress=aim.dress,
        earlier=aim.earlier,
    )
