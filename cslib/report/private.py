"""A private report is about one customer of the company: its folder holds nothing of the company's other data.

A notebook says so of itself (metadata ``cslib.private``). Then its files name no input and no hash of one, hold no
ledger and no rejected row, and a failure is told without its words, as a message may quote what was at hand. What is
said to whoever asked for the report, on the terminal and in the log of all runs, is said in full.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from cslib.book import Book
from cslib.report.failure import Failure
from cslib.report.notice import Notice
from cslib.report.parameters import ParameterError
from cslib.report.subject import Subject

__all__ = ["ACCOUNT", "bare", "check_account", "hushed", "hushed_notice", "is_private"]

ACCOUNT: Final = "account"
"""Parameter of a private report that says whose it is."""
_HUSHED: Final = "what it said is left out of a private report"
_IN_THE_LOG: Final = "What was wrong is left out of a private report; the log beside all reports says it."


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


def hushed_notice(notice: Notice) -> Notice:
    """The notice without the words of what went wrong."""
    return replace(notice, detail=_IN_THE_LOG)


def check_account(book: Book, account: str) -> None:
    """Raise ParameterError when the ledger has no such account, with those that are nearest by id or name.

    Checked before anything of the report exists, so that the other accounts are named to whoever asks, and nowhere
    else.
    """
    known = sorted(book.tables["subscriptions"]["account_id"].astype(str).unique())
    if account in known:
        return
    accounts = book.tables.get("accounts")
    names: dict[str, str] = {}
    if accounts is not None and "name" in accounts:
        told = accounts.dropna(subset=["name"])
        names = dict(zip(told["account_id"].astype(str), told["name"].astype(str), strict=True))
    words = {text.casefold(): key for key in known for text in (names.get(key, ""), key) if text}
    near = get_close_matches(account.casefold(), words, n=3)
    ids = list(dict.fromkeys(words[word] for word in near))
    hint = ", ".join(f"{key} ({names[key]})" if names.get(key, key) != key else key for key in ids)
    raise ParameterError(
        f"parameter {ACCOUNT}: found {account!r}, and {book.name} has no such account in its ledger on "
        f"{book.as_of}." + (f" Did you mean {hint}?" if hint else "")
    )
