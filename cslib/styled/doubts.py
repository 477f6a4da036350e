"""What is doubtful in the data, as tables to be handed to those who can correct it."""

from __future__ import annotations

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, one_line, short_money
from cslib.styled.sheet import Sheet, lay_out
from cslib.words import from_data, known, retell, say

__all__ = ["doubts_table", "examples_table", "passed_table"]


def doubts_table(
    findings: pd.DataFrame, *, currency: str, title: str, label: str, locale: str = "en_US"
) -> Sheet:
    """Doubts with rows, accounts, money at stake and what to do, in the order given.

    Parameters
    ----------
    findings : DataFrame
        `no`, `table`, `column`, `what`, `fix`, `n_rows`, `n_accounts`, `amount` (ARR, minor units; missing where none
        is known).
    currency : str
        ISO 4217 code of the amounts.
    title, label : str
        Of the table; the title is English words or finished text.
    locale : str
        Language of the words, form of numbers.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    kept = require(
        findings,
        columns=["no", "table", "column", "what", "fix", "n_rows", "n_accounts", "amount"],
        by="doubts_table",
        may_be_empty=True,
    )
    rows = findings.to_dict("records")
    words = ("Where", "What was found", "What to do", "Rows", "Accounts", "ARR at stake")
    heads = [say(head, locale=locale) for head in words]
    told = [
        [
            one_line(f"{r['table']}, {r['column']}" if r["column"] else r["table"]),
            _short(retell(one_line(r["what"]), locale=locale), 200),
            _short(retell(one_line(r["fix"]), locale=locale), 200),
            count(r["n_rows"], locale=locale) if r["n_rows"] else "",
            count(r["n_accounts"], locale=locale) if r["n_accounts"] else "",
            "" if pd.isna(r["amount"]) else short_money(int(r["amount"]), currency, locale=locale),
        ]
        for r in rows
    ]
    numbers = pd.Index([str(r["no"]) for r in rows], name=say("No.", locale=locale))
    cells = pd.DataFrame(told, numbers, heads)
    caption = f"{known(title, locale=locale)}."
    return lay_out(cells, rows=[kept], caption=caption, label=label, text=heads[:3])


def examples_table(
    examples: pd.DataFrame, *, label: str = "tab-examples", limit: int = 60, locale: str = "en_US"
) -> Sheet:
    """Single rows to look at, by the number of the doubt: file, row, account and what stands there.

    Parameters
    ----------
    examples : DataFrame
        `no`, `file`, `line`, `account`, `column`, `found`.
    label : str
        Of the table.
    limit : int
        The most rows shown; of each doubt at least one where there are fewer doubts than that.
    locale : str
        Language of the words.
    """
    kept = require(
        examples,
        columns=["no", "file", "line", "account", "column", "found"],
        by="examples_table",
        may_be_empty=True,
    )
    each = max(1, limit // max(examples["no"].nunique(), 1))
    kept = kept.groupby("no", sort=False).head(each).head(limit)
    rows = kept.to_dict("records")
    heads = [say(head, locale=locale) for head in ("File", "Row", "Account", "Column", "Found")]
    told = [
        [
            _short(str(r["file"]).replace("\\", "/").rpartition("/")[2], 60),
            str(r["line"]),
            from_data(_short(r["account"], 40), locale=locale),
            _short(r["column"], 40),
            from_data(_short(r["found"], 60) or "(blank)", locale=locale),
        ]
        for r in rows
    ]
    cells = pd.DataFrame(told, columns=heads)
    cells.index.name = say("No.", locale=locale)
    names = [str(r["no"]) for r in rows]
    text = [heads[0], *heads[2:]]
    caption = f"{say('Examples', locale=locale)}."
    return lay_out(cells, rows=[kept], caption=caption, label=label, text=text, names=names)


def passed_table(passed: pd.DataFrame, *, label: str = "tab-passed", locale: str = "en_US") -> Sheet:
    """Checks that found nothing: `check`, `what` each looks for."""
    kept = require(passed, columns=["check", "what"], by="passed_table", may_be_empty=True)
    head = say("Looked for", locale=locale)
    cells = pd.DataFrame({head: [retell(one_line(text), locale=locale) for text in passed["what"]]})
    names = [retell(one_line(check), locale=locale) for check in passed["check"]]
    cells.index = pd.Index(names, name=say("Check", locale=locale))
    caption = f"{say('Looked for and not found', locale=locale)}."
    return lay_out(cells, rows=[kept], caption=caption, label=label, text=[head])


def _short(text: object, most: int) -> str:
    line = "" if text is None or text != text else one_line(str(text))
    return line if len(line) <= most else line[: most - 3] + "..."
