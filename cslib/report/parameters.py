"""Parameters of a notebook, read from its code before any kernel starts.

The cell tagged ``parameters`` holds imports and lines such as ``window: int = 12  # months``, nothing else.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cslib.report.kinds import BASES, Kind, Value

__all__ = ["Parameter", "ParameterError", "check_parameters", "check_session", "read_parameters"]


class ParameterError(ValueError):
    """A parameter that the notebook does not have, cannot take, or declares in a way nobody can check."""


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell."""

    name: str
    kind: Kind
    default: Value
    help: str
    required: bool = False

    def coerce(self, given: object) -> Value:
        """Value for this parameter.

        Raises
        ------
        ParameterError
            When `given` does not fit, saying what was found and what is expected.
        """
        try:
            return self.kind.coerce(given)
        except (ValueError, OverflowError):
            raise ParameterError(self.refusal(given)) from None

    def refusal(self, given: object, *, typed: bool = False) -> str:
        """Words for a value that does not fit; with `typed` the type of a text is told too."""
        told = typed or not isinstance(given, str)
        found = f"{given!r} ({type(given).__name__})" if told else repr(given)
        return f"parameter {self.name}: found {found}, expected {self.kind.expected()}"


def read_parameters(notebook: Mapping[str, Any]) -> dict[str, Parameter]:
    """Parameters that `notebook` (nbformat 4) declares, by name; empty without a parameters cell.

    Raises
    ------
    ParameterError
        When the cell holds anything but imports and ``name: type = literal  # help``.

    Examples
    --------
    >>> source = "window: int = 12  # months"
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
    >>> window = read_parameters({"cells": [cell]})["window"]
    >>> str(window.kind), window.default, window.help
    ('int', 12, 'months')
    """
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", []):
            source = cell["source"]
            return _parse(source if isinstance(source, str) else "".join(source), where=f"cell {number}")
    return {}


def _parse(source: str, *, where: str) -> dict[str, Parameter]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ParameterError(
            f"parameters, {where}, line {error.lineno}: {error.msg}; expected `name: type = literal  # help`"
        ) from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for node in tree.body:
        at = f"parameters, {where}, line {node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, kind = node.target.id, _kind(node.annotation, at=at)
        elif (
            isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        ):
            name, kind = node.targets[0].id, _kind_of(_literal(node.value, at=at), at=at)
        else:
            raise ParameterError(
                f"{at}: found `{ast.unparse(node)}`, expected `name: type = literal  # help`"
            )
        text = comments.get(node.end_lineno or node.lineno, "")
        if node.value is None:
            found[name] = Parameter(name, kind, None, text, required=True)
            continue
        literal = _literal(node.value, at=at)
        try:
            default = kind.coerce(literal)
        except ValueError:
            raise ParameterError(
                f"{at}: {name} starts as `{ast.unparse(node.value)}`, but {kind} expects {kind.expected()}"
            ) from None
        found[name] = Parameter(name, kind, default, text)
    return found


def check_session(namespace: Mapping[str, Any]) -> None:
    """Check the parameters of the notebook at hand as a run of it does, for whoever changes them and runs the cells.

    Called as ``check_session(globals())`` by the cell after the parameters. The declared types are those of the cells
    that were run in this session; outside of one there is nothing to check.

    Raises
    ------
    ParameterError
        When a value does not fit its type, naming each and the choices.

    Examples
    --------
    >>> check_session({"In": ["window: int = 12"], "window": 12})
    >>> check_session({"In": ["window: int = '12'"], "window": "12"})
    Traceback (most recent call last):
        ...
    cslib.report.parameters.ParameterError: parameter window: found '12' (str), expected a whole number
    """
    declared: dict[str, Parameter] = {}
    for source in namespace.get("In", ()):
        declared |= _declared(str(source))
    wrong = [
        parameter.refusal(namespace[name], typed=True)
        for name, parameter in declared.items()
        if name in namespace and not parameter.kind.holds(namespace[name])
    ]
    if wrong:
        raise ParameterError("; ".join(wrong))


def _declared(source: str) -> dict[str, Parameter]:
    """Names that a cell annotates with a type a parameter can have."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            try:
                kind = _kind(node.annotation, at="cell")
            except ParameterError:
                continue
            found[node.target.id] = Parameter(node.target.id, kind, None, "")
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").rstrip() for t in tokens if t.type == tokenize.COMMENT}


def _kind(node: ast.expr, *, at: str) -> Kind:
    """Kind that an annotation names."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if name in BASES:
        return Kind(BASES[name])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [side for side in (node.left, node.right) if not _is_none(side)]
        if len(sides) == 1:
            inner = _kind(sides[0], at=at)
            return Kind(inner.base, inner.choices, optional=True, many=inner.many)
    if isinstance(node, ast.Subscript):
        generic = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        if generic == "Literal":
            options = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            choices = [_literal(option, at=at) for option in options]
            plain = [choice for choice in choices if choice is not None]
            if plain and len({type(choice) for choice in plain}) == 1:
                return Kind(type(plain[0]), tuple(plain), optional=None in choices)
        if generic == "list":
            inner = _kind(node.slice, at=at)
            if not inner.many and not inner.optional:
                return Kind(inner.base, inner.choices, many=True)
        if generic == "Optional":
            inner = _kind(node.slice, at=at)
            return Kind(inner.base, inner.choices, optional=True, many=inner.many)
    raise ParameterError(
        f"{at}: type `{ast.unparse(node)}` cannot be checked; "
        "expected str, int, float, bool, date, Literal[...], list[...] or one of them with `| None`"
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _kind_of(value: Any, *, at: str) -> Kind:
    for base in (bool, int, float, str, dt.date):
        if isinstance(value, base):
            return Kind(base)
    raise ParameterError(f"{at}: found no type and {value!r}; expected `name: type = literal  # help`")


def _literal(node: ast.expr, *, at: str) -> Any:
    """Value of a literal, or of ``date(2026, 9, 30)``; nothing is executed."""
    if isinstance(node, ast.Call) and not node.keywords:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"date", "fromisoformat"}:
            arguments = [_literal(argument, at=at) for argument in node.args]
            try:
                return dt.date(*arguments) if name == "date" else dt.date.fromisoformat(*arguments)
            except (TypeError, ValueError) as error:
                raise ParameterError(f"{at}: `{ast.unparse(node)}` is no date: {error}") from None
    if isinstance(node, ast.List | ast.Tuple):
        return [_literal(element, at=at) for element in node.elts]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ParameterError(f"{at}: found `{ast.unparse(node)}`, expected a literal") from None


def check_parameters(parameters: Mapping[str, Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """Every parameter's value: `given` coerced to the declared types, the defaults for the rest.

    Raises
    ------
    ParameterError
        When a name is unknown, a value does not fit or a required one is missing.

    Examples
    --------
    >>> window = Parameter("window", Kind(int), 12, "months")
    >>> check_parameters({"window": window}, {"window": "24"})
    {'window': 24}
    """
    for name in given:
        if name not in parameters:
            near = get_close_matches(name, parameters, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            known = ", ".join(parameters) or "none (no cell is tagged `parameters`)"
            raise ParameterError(f"parameter {name}: not one of this notebook's: {known}.{hint}")
    missing = [p.name for p in parameters.values() if p.required and p.name not in given]
    if missing:
        raise ParameterError(
            f"parameter {missing[0]}: no value given, and the notebook has no default for it"
        )
    return {p.name: p.coerce(given[p.name]) if p.name in given else p.default for p in parameters.values()}
