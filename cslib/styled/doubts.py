"""What is doubtful in the data, as tables to be handed to those who can correct it."""

from __future__ import annotations

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, one_line, short_money
from cslib.styled.sheet import Sheet, lay_out

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
        Of the table.
    locale : str
        Of numbers.

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
    cells = pd.DataFrame(
        {
            "Where": [one_line(f"{r['table']}, {r['column']}" if r["column"] else r["table"]) for r in rows],
            "What was found": [_short(r["what"], 200) for r in rows],
            "What to do": [_short(r["fix"], 200) for r in rows],
            "Rows": [count(r["n_rows"], locale=locale) if r["n_rows"] else "" for r in rows],
            "Accounts": [count(r["n_accounts"], locale=locale) if r["n_accounts"] else "" for r in rows],
            "ARR at stake": [
                "" if pd.isna(r["amount"]) else short_money(int(r["amount"]), currency, locale=locale)
                for r in rows
            ],
        }
    )
    cells.index = pd.Index([str(r["no"]) for r in rows], name="No.")
    text = ["Where", "What was found", "What to do"]
    return lay_out(cells, rows=[kept], caption=f"{title}.", label=label, text=text)


def examples_table(
    examples: pd.DataFrame, *, title: str = "Examples", label: str = "tab-examples", limit: int = 60
) -> Sheet:
    """Single rows to look at, by the number of the doubt: file, row, account and what stands there.

    Parameters
    ----------
    examples : DataFrame
        `no`, `file`, `line`, `account`, `column`, `found`.
    title, label : str
        Of the table.
    limit : int
        The most rows shown; of each doubt at least one where there are fewer doubts than that.
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
    cells = pd.DataFrame(
        {
            "File": [_short(str(r["file"]).replace("\\", "/").rpartition("/")[2], 60) for r in rows],
            "Row": [str(r["line"]) for r in rows],
            "Account": [_short(r["account"], 40) for r in rows],
            "Column": [_short(r["column"], 40) for r in rows],
            "Found": [_short(r["found"], 60) or "(blank)" for r in rows],
        }
    )
    cells.index.name = "No."
    names = [str(r["no"]) for r in rows]
    text = ["File", "Account", "Column", "Found"]
    return lay_out(cells, rows=[kept], caption=f"{title}.", label=label, text=text, names=names)


def passed_table(
    passed: pd.DataFrame, *, title: str = "Looked for and not found", label: str = "tab-passed"
) -> Sheet:
    """Checks that found nothing: `check`, `what` each looks for."""
    kept = require(passed, columns=["check", "what"], by="passed_table", may_be_empty=True)
    cells = pd.DataFrame({"Looked for": [one_line(text) for text in passed["what"]]})
    cells.index = pd.Index([one_line(check) for check in passed["check"]], name="Check")
    return lay_out(cells, rows=[kept], caption=f"{title}.", label=label, text=["Looked for"])


def _short(text: object, most: int) -> str:
    line = "" if text is None or text != text else one_line(str(text))
    return line if len(line) <= most else line[: most - 3] + "..."
