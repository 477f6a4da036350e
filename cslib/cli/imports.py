"""``cslib import``: files as they are to a company folder, with what was recognised, mapped, left out and asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cslib.cli.text import aligned, money, printable, rows

if TYPE_CHECKING:
    from cslib.sources.folder import Imported
    from cslib.sources.plans import Plan, Question

__all__ = ["import_files", "tables"]


def import_files(arguments: argparse.Namespace) -> int:
    """Recognise files, ask what they leave open, write a company folder and account for every row."""
    from cslib.sources.folder import write
    from cslib.sources.importing import gather, plan

    answers = dict(arguments.map)
    made = plan(arguments.files, answers)
    while made.asked:
        said = _answers(made.asked, yes=arguments.yes)
        answers |= said
        made = plan(arguments.files, answers)
        made = _answered(made, answers)
    name = answers.get("name") or arguments.out.resolve().name
    _mapping(made)
    written = write(
        made,
        arguments.out,
        name=name,
        sources=gather(arguments.files),
        link=arguments.link,
        again=arguments.again,
    )
    _told(made, written)
    return 0


def _answered(made: Plan, answers: Mapping[str, str]) -> Plan:
    """Plan without questions that have been answered."""
    from dataclasses import replace

    return replace(made, asked=tuple(q for q in made.asked if q.key not in answers))


def _answers(asked: tuple[Question, ...], *, yes: bool) -> dict[str, str]:
    """What is said to each question: typed, or the documented default with ``--yes``.

    Raises
    ------
    ValueError
        Without a terminal to ask at, or where a question has no default.
    """
    said = {}
    open_ones = []
    for question in asked:
        if yes and question.default:
            said[question.key] = question.default
            print(
                f"{printable(question.text)} Taken: {printable(question.default)} (--map {question.key}=...)"
            )
        elif yes or not sys.stdin.isatty():
            open_ones.append(question)
        else:
            said[question.key] = _ask(question)
    if open_ones:
        told = [f"  {q.text}\n    --map {q.key}={'|'.join(q.choices) or '...'}"
                + (f"   (--yes takes {q.default})" if q.default else "") for q in open_ones]  # fmt: skip
        raise ValueError("the files leave open:\n" + "\n".join(told))
    return said


def _ask(question: Question) -> str:
    choices = ", ".join(question.choices)
    hint = f" ({choices})" if choices else ""
    default = f" [{question.default}]" if question.default else ""
    while True:
        answer = (
            input(f"{printable(question.text)}{printable(hint)}{printable(default)} ").strip()
            or question.default
        )
        if answer and (not question.choices or answer in question.choices):
            return answer
        print(f"Found {answer!r}, expected {'one of ' + choices if choices else 'an answer'}.")


def _mapping(made: Plan) -> None:
    for table in made.tables:
        for raw, guess in zip(table.files, table.guesses, strict=True):
            read = {**guess.columns, **{k: v for k, v in table.columns.items() if v in raw.frame}}
            used = {column for column in read.values() if column in raw.frame}
            print(f"\n{printable(raw.file)} -> {table.table}: {guess.title} ({guess.sure})")
            if raw.title:
                print(f"  above the header, not read: {printable(raw.title[:200])!r}")
            if read:
                print(
                    "  "
                    + printable(", ".join(f"{ours} = {theirs!r}" for ours, theirs in read.items() if theirs))
                )
                rest = [name for name in map(str, raw.frame) if name not in used]
                if rest and table.shape == "rows":
                    more = f" and {len(rest) - 12} more" if len(rest) > 12 else ""
                    print(f"  not read: {printable(', '.join(rest[:12]))}{more}")
    for line in made.decided:
        print(f"\nDecided: {printable(line)}")


def _told(made: Plan, written: Imported) -> None:
    from cslib.sources.company import currency_digits
    from cslib.sources.folder import accounted

    print()
    print(aligned(rows(accounted(made, written))))
    digits = currency_digits(made.currency)
    left = [["table", "cause", "rows", made.currency]]
    for name, table in written.tables.items():
        for cause, n in table.rejected["cause"].value_counts(sort=False).items():
            stake = table.left_amounts.get(str(cause))
            left.append([name, str(cause), f"{n:,}", "" if stake is None else money(stake, digits)])
    if len(left) > 1:
        print("\nLeft out:")
        print(aligned(left))
    for table in written.tables.values():
        for note in table.notes:
            print(f"\nNote: {printable(note)}.")
    for name in written.rejecting:
        print(f'\nNote: {name} has broken rows, which are left out and named above (broken_rows = "reject").')
    print(
        f"\n{_folder(written.folder)}/company.toml says how all this is read; "
        "edit it, or correct with --map and --again."
    )
    if "subscriptions" in written.tables:
        print(f"Next: cslib check {_folder(written.folder)}")
        print(f"      cslib run retention --company {_folder(written.folder)} --quarter latest")
    else:
        print(
            "No ledger is among them: reports need prices of subscriptions. Import those files together with these."
        )


def _folder(path: Path) -> str:
    text = str(path)
    return f"'{text}'" if " " in text else text


def tables(arguments: argparse.Namespace) -> int:
    """Print the data contract, or the origins that are recognised.

    Raises
    ------
    ValueError
        When there is no such table.
    """
    from cslib.tables import TABLES, listed, nearest

    if arguments.origins:
        return _origins()
    name = arguments.table
    if name and name not in TABLES:
        near = nearest(name, TABLES)
        raise ValueError(
            f"found {name!r}, expected one of {listed(TABLES)}." + (f" Did you mean {near}?" if near else "")
        )
    for table in [TABLES[name]] if name else TABLES.values():
        print(f"\n{table.name}: {table.row}")
        head = ["  column", "kind", "must be there", "unit", "holds"]
        groups = {column for group in table.one_of for column in group}
        body = []
        for column in table.columns:
            must = (
                "one of them"
                if column.name in groups
                else "yes, may be blank"
                if column.nullable
                else "yes"
                if column.required
                else ""
            )
            choices = f" ({', '.join(column.choices)})" if column.choices else ""
            body.append([f"  {column.name}", column.kind, must, column.unit, column.doc + choices])
        print(aligned([head, *body]))
    return 0


def _origins() -> int:
    from cslib.sources.vendors.origin import origins

    table = [["origin", "file", "gives", "where"]]
    for origin in origins().values():
        table += [[origin.title, kind.title, kind.table, kind.where] for kind in origin.kinds.values()]
    print(aligned(table))
    return 0
