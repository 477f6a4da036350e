"""Bring the catalogues up to date: ``python -m cslib.words notebooks/*.ipynb`` adds the new and drops the gone."""

from __future__ import annotations

import ast
import csv
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from cslib.words import LANGUAGES
from cslib.words.notes import NOTES
from cslib.words.values import VALUES

__all__ = ["of_code", "of_notebook", "texts", "titles", "updated"]

PACKAGE = Path(__file__).parents[1]
CALLS = {"say", "tell"}
Text = str | tuple[str, str]


def of_code(source: str) -> Iterator[Text]:
    """Texts that a piece of code says: the literal arguments of ``say``, ``tell`` and ``say_n``.

    A name stands for every text that the module gives it: by assignment, or in a loop over texts.

    >>> list(of_code("say('Accounts', locale=locale)"))
    ['Accounts']
    >>> list(of_code("HEADS = {'a': 'Read', 'b': 'Kept'}\\nsay(HEADS[x], locale=locale)"))
    ['Read', 'Kept']
    """
    tree = ast.parse(source)
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.comprehension | ast.For) and isinstance(node.target, ast.Name):
            named.setdefault(node.target.id, []).append(node.iter)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            named.setdefault(node.target.id, []).append(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "say_n":
            one, many = (ast.literal_eval(argument) for argument in node.args[:2])
            yield one, many
        elif name in CALLS and node.args:
            yield from _said(node.args[0], named, seen=frozenset())


def _said(node: ast.expr, named: dict[str, list[ast.expr]], *, seen: frozenset[str]) -> Iterator[str]:
    """Texts that an expression may stand for: literals, the texts of names, the values of dictionaries."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.Name):
        for value in named.get(node.id, ()) if node.id not in seen else ():
            yield from _said(value, named, seen=seen | {node.id})
    elif isinstance(node, ast.Subscript):
        yield from _said(node.value, named, seen=seen)
    elif isinstance(node, ast.IfExp):
        yield from _said(node.body, named, seen=seen)
        yield from _said(node.orelse, named, seen=seen)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _said(value, named, seen=seen)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for value in node.elts:
            yield from _said(value, named, seen=seen)


def titles(source: str) -> Iterator[str]:
    """Texts that a cell gives to tables and figures, which tell them: titles, heads of columns, totals, lines, axes.

    >>> list(titles("t(f, columns={'arr': ('ARR now', 'money')}, title='Book', marks={'full': 2}, label='tab-a')"))
    ['ARR now', 'Book', 'full']
    """
    for node in ast.walk(ast.parse(source)):
        for given in node.keywords if isinstance(node, ast.Call) else ():
            if given.arg in {"title", "x_label", "total"}:
                yield from _said(given.value, {}, seen=frozenset())
            elif given.arg in {"columns", "marks"} and isinstance(given.value, ast.Dict):
                heads = given.value.keys if given.arg == "marks" else given.value.values
                firsts = [head.elts[0] if isinstance(head, ast.Tuple) else head for head in heads]
                yield from (
                    text for head in firsts if head for text in _said(head, {}, seen=frozenset()) if text
                )


def of_notebook(path: Path) -> Iterator[Text]:
    """Texts of a notebook: its title, its Markdown cells, and what its code says or has told."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    about = notebook["metadata"].get("cslib", {})
    yield from (about[name] for name in ("title", "subtitle") if about.get(name))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source
        else:
            yield from of_code(source)
            yield from titles(source)


def texts(*notebooks: Path) -> dict[Text, None]:
    """Every text that a catalogue must hold, in order of first appearance."""
    from cslib.conventions import CONVENTIONS
    from cslib.formats import metric_name

    found: list[Text] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += of_code(path.read_text(encoding="utf-8"))
    found += [*NOTES, *VALUES]
    for convention in CONVENTIONS:
        found += [
            metric_name(convention.metric),
            convention.name,
            convention.title,
            convention.text,
            convention.source,
        ]
    with (PACKAGE / "sources" / "benchmarks.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            notes = [part for part in row.get("n_note", "").split(", ") if part]
            found += [row["population"], row["statistic"], *notes]
    for notebook in notebooks:
        found += of_notebook(notebook)
    return dict.fromkeys(found)


def updated(language: str, wanted: dict[Text, None]) -> bytes:
    """Catalogue of a language with exactly the texts that are wanted; what was translated stays."""
    path = Path(__file__).with_name(f"{language}.po")
    old = read_po(BytesIO(path.read_bytes()), locale=language) if path.is_file() else Catalog(locale=language)
    new = Catalog(locale=language, project="cslib", fuzzy=False, charset="utf-8")
    for text in wanted:
        known = old.get(text[0] if isinstance(text, tuple) else text)
        new.add(
            text,
            known.string if known else None,
            flags=known.flags - {"python-brace-format"} if known else (),
        )
    stream = BytesIO()
    write_po(stream, new, omit_header=False, sort_output=False, width=110)
    lines = [line for line in stream.getvalue().decode().split("\n") if not line.startswith(_DATED)]
    return "\n".join(lines).encode()


_DATED = (
    '"POT-Creation-Date',
    '"PO-Revision-Date',
    '"Report-Msgid',
    '"Last-Translator',
    '"Generated-By',
    "#",
)


def main(*given: str) -> int:
    """Update every catalogue; the number of texts without translation is printed."""
    wanted = texts(*map(Path, given))
    for language in LANGUAGES[1:]:
        content = updated(language, wanted)
        Path(__file__).with_name(f"{language}.po").write_bytes(content)
        lacking = sum(
            not entry.string or entry.string == ("",) for entry in read_po(BytesIO(content)) if entry.id
        )
        sys.stdout.write(f"{language}: {len(wanted)} texts, {lacking} without translation\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
