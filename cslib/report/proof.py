"""The proof that a notebook displayed, and the mark that a report bears when it does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cslib.seal import MIME

__all__ = ["Outcome", "marked", "read_proof", "with_mark"]

CHECK: Final = ("check", "left", "right", "n", "failed", "holds")
VERDICT: Final = "The proof failed. This report must not be used."


@dataclass(frozen=True)
class Outcome:
    """Every check a notebook displayed, in order, and what it flagged."""

    checks: tuple[Mapping[str, Any], ...]
    flags: tuple[str, ...]

    @property
    def broken(self) -> list[Mapping[str, Any]]:
        """Checks that do not hold."""
        return [check for check in self.checks if not check["holds"]]

    @property
    def holds(self) -> bool:
        """Whether all of them do; a proof without a check proves nothing."""
        return bool(self.checks) and not self.broken

    @property
    def words(self) -> list[str]:
        """One line for each check that does not hold, naming it, its two sides and what breaks it."""
        lines = [
            f"{check['check']}: {check['left']:,} against {check['right']:,}, "
            f"{check['failed']:,} of {check['n']:,} unequal."
            + (f" {check['detail']}." if check.get("detail") else "")
            for check in self.broken
        ]
        return lines or ([] if self.checks else ["no check was displayed."])


def read_proof(notebook: Any) -> Outcome | None:
    """Proof that the cells of an executed notebook displayed (see :mod:`cslib.seal`); None without one.

    Raises
    ------
    ValueError
        When an output of that type holds something else.
    """
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    shown = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    for bundle in shown:
        checks = bundle.get("checks") if isinstance(bundle, dict) else None
        if not isinstance(checks, list) or not all(_is_check(check) for check in checks):
            raise ValueError(
                f'{MIME}: found {str(bundle)[:60]!r}, expected {{"checks": [{{{", ".join(CHECK)}}}]}}'
            )
    if not shown:
        return None
    return Outcome(
        tuple(check for bundle in shown for check in bundle["checks"]),
        tuple(str(flag) for bundle in shown for flag in bundle.get("flags", [])),
    )


def _is_check(check: Any) -> bool:
    whole = ("left", "right", "n", "failed")
    return (
        isinstance(check, dict)
        and set(CHECK) <= check.keys()
        and isinstance(check["holds"], bool)
        and all(isinstance(check[name], int) for name in whole)
    )


def marked(notebook: Any, outcome: Outcome) -> Any:
    """Copy of `notebook` that says at its top that and why its proof failed."""
    return with_mark(notebook, VERDICT, outcome.words, name="proof-failed")


def with_mark(notebook: Any, verdict: str, words: Sequence[str], *, name: str) -> Any:
    """Copy of `notebook` that says at its top, after the first cell of text, why nobody may use it.

    The mark is the output of an error, which every page that can be made of a notebook sets apart; `name` is its
    cell's id and tag.
    """
    make = type(notebook)
    cells = list(notebook.cells)
    at = next((n for n, cell in enumerate(cells, start=1) if cell.cell_type == "markdown"), 0)
    error = make(output_type="error", ename=verdict, evalue="", traceback=list(words))
    mark = make(
        cell_type="code",
        id=name,
        metadata=make(tags=[name]),
        source="",
        outputs=[error],
        execution_count=None,
    )
    copied = make(notebook)
    copied.cells = [*cells[:at], mark, *cells[at:]]
    return copied
