"""How often the retention report claims a change where nothing changed, and where something did.

``python -m benchmarks.sentences [books]``: books drawn of each kind (200). The sentences are those of the report: the
code cells of notebooks/retention.ipynb run on each book, without its figures and tables.

A null book is Pontavia of the demo without its worse newcomers, another draw each time. A planted book is a null book
in which accounts drawn by lot, whatever their size, leave in the last year, until net retention has lost a fifth more
than the smallest change that the book itself says it can show ("would be missed more than one time in five").
"""

from __future__ import annotations

import ast
import json
import re
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from benchmarks.alarms import null
from cslib.book import Book
from cslib.metrics import uncertainty
from cslib.metrics.pairs import pairs_at
from cslib.simulate import DATA_UNTIL, Spec, simulate_ledger
from cslib.stats.proportion import wilson
from cslib.story import Prose

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "retention.ipynb"
CLAIMS = re.compile(
    r"\b(rose|fell(?! inside)|grew(?! or shrank)|(?<!grew or )shrank|improved|worsened|declined|slipped)\b|"
    r"the direction of that change|began from .+ keep .+ before them"
)
LEVEL = 1 - 0.05 / 6
MORE = 1.2  # times what the book says it can show


def frames(spec: Spec, seed: int) -> dict[str, pd.DataFrame]:
    drawn = simulate_ledger(spec, seed)
    columns = ["account_id", "subscription_id", "start_date", "end_date", spec.quotes, "currency"]
    rows = drawn.subscriptions[columns]
    return {"subscriptions": rows.assign(**{spec.quotes: rows[spec.quotes] / 100}), "accounts": drawn.accounts,
            "account_links": drawn.account_links}  # fmt: skip


def made(spec: Spec, tables: dict[str, pd.DataFrame]) -> Book:
    from decimal import Decimal

    rates = {code: Decimal(rate) for code, rate in spec.rates.items()}
    return Book.from_frames(tables, as_of=DATA_UNTIL, name=spec.name, currency=spec.currency, rates=rates)


def nothing(edition: int) -> Book:
    spec = null(edition)
    return made(spec, frames(spec, 7))


def planted(edition: int) -> Book:
    """Null book of this edition in which a drawn lot of accounts leaves in the last year."""
    spec = null(edition)
    tables = frames(spec, 7)
    book = made(spec, tables)
    since = uncertainty.changes(book, delta=None, months_ago=(12,), level=LEVEL)
    can_show = float(since.loc[since["metric"] == "net_retention", "detectable"].iloc[0])
    pairs = pairs_at(book, window=12)
    paid = pairs[(pairs["opening"] > 0) & (pairs["closing"] > 0)]
    rng = np.random.default_rng(edition)
    order = paid.iloc[rng.permutation(len(paid))]
    lost = order["closing"].cumsum() / pairs["opening"].sum()
    leave = order.loc[lost.shift(fill_value=0) < MORE * can_show, "account_id"]
    days = pd.Timestamp(DATA_UNTIL) - pd.to_timedelta(rng.integers(5, 360, len(leave)), unit="D")
    end = dict(zip(leave, days.normalize(), strict=True))
    rows = tables["subscriptions"]
    gone = pd.to_datetime(rows["account_id"].map(end))
    starts, ends = pd.to_datetime(rows["start_date"]), pd.to_datetime(rows["end_date"])
    kept = rows.assign(end_date=gone.where(gone.notna() & (ends.isna() | (ends > gone)), ends))
    kept = kept[gone.isna() | (starts < gone)]
    return made(replace(spec, edition=f"planted {edition}"), {**tables, "subscriptions": kept})


@cache
def cells() -> tuple[CodeType | tuple[CodeType, CodeType], ...]:
    """Code cells of the report that measure or say something, the last expression of each apart."""
    found: list[CodeType | tuple[CodeType, CodeType]] = []
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"]).replace("book = Book.of_quarter(company, quarter)\n", "")
        drawn = re.search(r"^(charts|styled|restated_table|seal|.*= proof)\b", source, re.M)
        if cell["cell_type"] != "code" or (drawn and "import" not in source):
            continue
        *first, last = ast.parse(source).body
        if isinstance(last, ast.Expr):
            shown = ast.fix_missing_locations(ast.Expression(last.value))
            before = ast.Module(first, type_ignores=[])
            found.append((compile(before, cell["id"], "exec"), compile(shown, cell["id"], "eval")))
        else:
            found.append(compile(source, cell["id"], "exec"))
    return tuple(found)


def said(book: Book) -> list[str]:
    """Paragraphs of the retention report of one book."""
    names: dict[str, Any] = {"book": book}
    texts: list[str] = []
    for cell in cells():
        if isinstance(cell, CodeType):
            exec(cell, names)
            continue
        exec(cell[0], names)
        try:
            shown = eval(cell[1], names)
        except NameError:  # a name that only a skipped cell defines
            continue
        if isinstance(shown, Prose):
            texts += [line for line in shown.markdown.splitlines() if line]
    return texts


def claims(book: Book) -> list[str]:
    """Sentences of its report that claim a change."""
    return [text for text in said(book) if CLAIMS.search(text)]


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for name, make in (("nothing changes", nothing), ("planted", planted)):
        found = []
        for i in tqdm(range(first, first + n), desc=name, unit="book", mininterval=20):
            found.append(claims(make(i)))
        k = sum(map(bool, found))
        share, low, high = (float(x) for x in wilson(k, n))
        print(
            f"{name}: {k} of {n} reports claim a change ({share:.1%}, 95% {low:.1%} to {high:.1%})",
            flush=True,
        )
        for text in [texts[0] for texts in found if texts][:3]:
            print(f"    {text}")


if __name__ == "__main__":
    main()
