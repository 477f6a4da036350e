"""Commands that make reports: ``run`` makes them, ``plan`` says which it would, ``params`` what a notebook takes."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from cslib.cli.text import aligned, printable

if TYPE_CHECKING:
    from cslib.report.plan import Task, Wish
    from cslib.report.run import How, Record

__all__ = ["params", "plan", "run"]

LOCAL: Final = Path("notebooks")


def params(arguments: argparse.Namespace) -> int:
    """List a notebook's parameters."""
    from cslib.report.job import GIVEN, SHIPPED, find_notebook, load_notebook
    from cslib.report.parameters import read_parameters

    path = find_notebook(arguments.notebook, shelves=(LOCAL, SHIPPED))
    rows = [["name", "type", "default", "help"]]
    for parameter in read_parameters(load_notebook(path)).values():
        given = GIVEN.get(parameter.name)
        default = f"set by {given}" if given else str(parameter.default)
        rows.append([parameter.name, str(parameter.kind), default, parameter.help])
    print(aligned(rows) if len(rows) > 1 else f"{path}: no cell is tagged `parameters`")
    return 0


def _notebooks(word: str, folder: Path) -> list[Path]:
    """Notebooks that a word means: a path, a name in ./notebooks or among those shipped, or all that a run can set."""
    from cslib.report.job import SHIPPED, find_notebook, load_notebook
    from cslib.report.parameters import ParameterError, read_parameters

    if word != "all":
        there = folder / word
        return [there if there.is_file() else find_notebook(word, shelves=(LOCAL, SHIPPED))]
    found = []
    shelf = LOCAL if LOCAL.is_dir() else SHIPPED
    for path in sorted(shelf.glob("*.ipynb")):
        declared = read_parameters(load_notebook(path))
        if "quarter" in declared and declared.keys() & {"company", "companies"}:
            found.append(path)
    if not found:
        raise ParameterError(f"notebook all: no notebook in {shelf} declares a company and a quarter")
    return found


def _companies(word: str, folder: Path) -> list[Path]:
    """Company folders that a word means; `all` are those in the current folder or one below it."""
    if word != "all":
        return [folder / word]
    found = {path.parent for depth in ("*", "*/*") for path in Path().glob(f"{depth}/company.toml")}
    return sorted(path for path in found if not any(part.startswith(".") for part in path.parts))


def _tasks(arguments: argparse.Namespace) -> list[Task]:
    from cslib.report.job import held
    from cslib.report.lists import read_list
    from cslib.report.parameters import ParameterError
    from cslib.report.plan import Wish, plan
    from cslib.report.quarters import words_of

    wishes: list[Wish] = []
    for path in arguments.list:
        wishes += read_list(path, notebooks=_notebooks, companies=_companies)
    if arguments.notebook:
        for name, value in (("--company", arguments.company), ("--quarter", arguments.quarter)):
            if not value:
                raise ParameterError(f"{name}: say which; see cslib {arguments.call.__name__} --help")
        wishes.append(
            Wish(
                notebooks=tuple(p for word in arguments.notebook for p in _notebooks(word, Path())),
                companies=tuple(p for word in arguments.company for p in _companies(word, Path())),
                quarters=tuple(words_of(arguments.quarter)),
                parameters=dict(arguments.parameter),
            )
        )
    if not wishes:
        raise ParameterError("notebook: say which, or give a --list; see cslib run --help")
    told: dict[str, None] = {}
    tasks = plan(wishes, out=arguments.out, say=told.setdefault)
    for line in (*told, *held(company for task in tasks for company in task.companies)):
        print(printable(line), file=sys.stderr)
    return tasks


def plan(arguments: argparse.Namespace) -> int:
    """Print the reports that a run would make, a line of JSON each; 2 where it would refuse some."""
    from dataclasses import replace

    from cslib.report.plan import as_lines
    from cslib.report.refused import refusals

    asked = _tasks(arguments)
    refused = refusals(asked)
    for name, cause in refused.items():
        print(printable(f"{name}: would be refused. {cause}"), file=sys.stderr)
    tasks = [
        replace(task, after=tuple(name for name in task.after if name not in refused))
        for task in asked
        if task.name not in refused
    ]
    for task, line in zip(tasks, as_lines(tasks), strict=True):
        if arguments.why:
            from cslib.report.fresh import reasons

            line = json.dumps({**json.loads(line), "why": reasons(task)}, ensure_ascii=False)
        print(line)
    return 2 if refused else 0


def run(arguments: argparse.Namespace) -> int:
    """Run notebooks for companies and quarters; the worst exit code of all."""
    from cslib.report.batch import run_batch
    from cslib.report.run import How

    tasks = _rest(arguments) if arguments.resume else _tasks(arguments)
    if not tasks:
        print("nothing to resume: the last run in this folder came to its end")
        return 0
    how = How(
        warm=not arguments.cold,
        timeout=arguments.timeout,
        time_limit=arguments.time_limit,
        memory=arguments.memory,
        force=arguments.force,
    )
    before = signal.signal(signal.SIGTERM, _interrupted)  # what a scheduler sends first
    try:
        with _cluster(arguments.dask):
            return _run(run_batch, tasks, how, arguments)
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _rest(arguments: argparse.Namespace) -> list[Task]:
    from cslib.report.log import unfinished
    from cslib.report.parameters import ParameterError
    from cslib.report.plan import read_lines

    if arguments.notebook or arguments.list:
        raise ParameterError("--resume takes up the last run as it was planned; give no notebooks with it")
    last = unfinished(arguments.out)
    if last is None:
        return []
    _, lines, ended = last
    return [task for task in read_lines(lines) if task.name not in ended]


def _cluster(address: str | None) -> Any:
    """Joblib's backend for a Dask cluster, if one was named."""
    from contextlib import nullcontext

    if address is None:
        return nullcontext()
    import joblib

    from cslib.report.parameters import ParameterError

    try:
        return joblib.parallel_config(backend="dask", scheduler_host=address)
    except (ImportError, ValueError, OSError) as error:
        raise ParameterError(
            f"--dask {address}: {error}. It needs the package distributed and a scheduler that answers."
        ) from None


def _run(run_batch: Any, tasks: list[Task], how: How, arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from cslib.report.index import write_index

    worst, counted = 0, dict.fromkeys(("made", "unchanged", "failed"), 0)
    try:
        with tqdm(total=len(tasks), unit="report", disable=not sys.stderr.isatty(), leave=False) as bar:
            records: Iterator[Record] = run_batch(
                tasks,
                out=arguments.out,
                how=how,
                jobs=arguments.jobs,
                on_cell=lambda index, n: bar.set_postfix_str(f"cell {index + 1} of {n}"),
            )
            for record in records:
                if record.trace and arguments.debug:
                    bar.write(record.trace, file=sys.stderr)
                worst = max(worst, record.exit_code)
                counted[
                    "failed" if record.exit_code else "unchanged" if record.status == "unchanged" else "made"
                ] += 1
                bar.update()
                bar.write(
                    printable(_outcome(record, why=arguments.why)),
                    file=sys.stderr if record.exit_code else sys.stdout,
                )
                sys.stdout.flush()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_left(arguments.out, len(tasks), counted)) from None
    if arguments.out.is_dir():
        page = write_index(arguments.out)
        if len(tasks) > 1:
            print(f"{_counts(counted)}; {page} lists all")
    return worst


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {word}" for word, n in counted.items() if n)


def _left(out: Path, n_tasks: int, counted: Mapping[str, int]) -> str:
    """Words for whoever stopped a run: what there is, where it is listed, and how to go on."""
    from cslib.report.index import write_index
    from cslib.report.save import InfrastructureError

    told = _counts({**counted, "left": n_tasks - sum(counted.values())})
    again = f"`cslib run --resume --out {shlex.quote(str(out))}` makes what is left"
    try:
        return f"{told}; {write_index(out)} lists all; {again}"
    except InfrastructureError as error:
        return f"{told}; {again}; {error}"


def _outcome(record: Record, *, why: bool) -> str:
    reasons = f"\n  why: {'; '.join(record.reasons)}" if why and record.reasons else ""
    if record.status == "unchanged":
        return f"{record.company} {record.quarter}: unchanged, {record.folder}"
    if not record.exit_code:
        pdf = next((name for name in record.files if name.endswith(".pdf")), "")
        return f"{record.company}: done, {record.folder / pdf}{reasons}"
    see = f"\n  what there is of it: {record.folder}" if record.files else ""
    return f"{record.company}: {record.status}. {record.error}{see}{reasons}"
