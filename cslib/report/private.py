"""A private report is about one customer of the company: its folder holds nothing of the company's other data.

A notebook says so of itself (metadata ``cslib.private``). Then its files name no input and no hash of one, hold no
ledger and no rejected row, and a failure is told without its words, as a message may quote what was at hand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cslib.report.failure import Failure
from cslib.report.subject import Subject

__all__ = ["bare", "hushed", "is_private"]

_HUSHED: Final = "what it said is left out of a private report"


def is_private(notebook: Any) -> bool:
    """Whether a notebook says of itself that it is for one customer's eyes."""
    return notebook["metadata"].get("cslib", {}).get("private") is True


def bare(subject: Subject) -> Subject:
    """The subject without what was read: inputs, meanings, rejected rows, kept tables, warnings.

    Without inputs a run cannot be known to be unchanged, so a private report is made anew each time.
    """
    return replace(subject, inputs=(), meanings={}, rejected={}, kept={}, unread=(), warnings=())


def hushed(executed: Any, failure: Failure | None) -> Failure | None:
    """Take streams and the words of errors out of an executed notebook; the failure without its message."""
    for cell in executed.cells:
        if "outputs" not in cell:
            continue
        cell["outputs"] = [output for output in cell["outputs"] if output["output_type"] != "stream"]
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                output["evalue"], output["traceback"] = _HUSHED, []
    return failure and replace(failure, message=_HUSHED)
