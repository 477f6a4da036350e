"""What the tables of a book say for themselves: rows, money, dates and hashes, tested without the retention engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.held import held_checks
from cslib.tables import TABLES

__all__ = ["Row", "ledger_checks"]

SHOWN: Final = 3
HASH: Final = 64  # characters of a SHA-256 in hexadecimal
HALF: Final = 0.500001  # of a minor unit: what rounding may take or give, and a float's doubt about it

Row = tuple[str, int, int, int, int, str]
"""What is tested, the two sides, how many equalities, how many fail, and who or what breaks it."""


def ledger_checks(book: Book) -> Iterator[Row]:
    """Rows in against rows used, money, dates, hashes, and the files read once more."""
    yield _read(book)
    yield _dropped(book)
    if book.warehouse is not None:
        yield from held_checks(book)
        yield _hashed(book)
        return
    yield _kept(book)
    yield _priced(book)
    yield _known(book)
    yield _hashed(book)
    if book.folder is not None:
        yield _again(book)


def _read(book: Book) -> Row:
    account = book.account
    used = account[["rows_kept", "rows_after_as_of", "rows_rejected"]].sum(axis="columns")
    wrong = account[account["rows_read"] != used]
    where = [
        f"{row['file']}: {row['rows_read']:,} rows read, {row['used']:,} accounted for"
        for row in wrong.assign(used=used[wrong.index]).head(SHOWN).to_dict("records")
    ]
    sides = int(account["rows_read"].sum()), int(used.sum())
    return "rows read are used or accounted for", *sides, len(account), len(wrong), "; ".join(where)


def _dropped(book: Book) -> Row:
    """Rows left out, as the files count them, against the list of causes."""
    account = book.account.groupby("table")[["rows_after_as_of", "rows_rejected"]].sum().sum(axis="columns")
    causes = book.dropped.groupby("table")["n_rows"].sum().reindex(account.index, fill_value=0)
    wrong = account[account != causes]
    where = [
        f"{table}: {n:,} left out, {of:,} with a cause"
        for table, n, of in zip(wrong.index, wrong, causes[wrong.index], strict=True)
    ]
    sides = int(account.sum()), int(causes.sum())
    return "rows left out have a cause", *sides, len(account), len(wrong), "; ".join(where)


def _kept(book: Book) -> Row:
    """Rows of each table against those its files hold, or, where a row of a file may make several, those it made."""
    kept = book.account.groupby("table")["rows_kept"].sum()
    kept.update(pd.Series(book.made, dtype="int64"))
    there = pd.Series({table: len(_frame(book, str(table))) for table in kept.index})
    wrong = kept[kept != there]
    where = [
        f"{table}: {found:,} rows in the book, {n:,} read from its files{_suspects(book, table, found - n)}"
        for table, n, found in zip(wrong.index, wrong, there[wrong.index], strict=True)
    ]
    sides = int(there.sum()), int(kept.sum())
    return "rows in the book are the rows read", *sides, len(kept), len(wrong), "; ".join(where)


def _frame(book: Book, table: str) -> pd.DataFrame:
    """Table as its files hold it: of dated accounts every row, not only the last."""
    dated = book.account_values
    return dated if table == "accounts" and dated is not None else book.tables[table]


def _suspects(book: Book, table: str, surplus: int) -> str:
    """Rows that stand twice where there are too many; accounts without a row where the ledger has too few."""
    frame = _frame(book, table)
    if surplus > 0:
        twice = frame[frame.duplicated()]
        return "".join(f", duplicated: {_row(row)}" for _, row in twice.head(SHOWN).iterrows())
    if table != "subscriptions":
        return ""
    absent = sorted(set(book.tables["accounts"]["account_id"]) - set(frame["account_id"]))
    return f", dropped perhaps: account {', '.join(absent[:SHOWN])}" if absent else ""


def _row(row: pd.Series) -> str:
    day = row.get("start_date")
    since = f" from {day.date()}" if isinstance(day, pd.Timestamp) else ""
    return f"account {row['account_id']}{since}" if "account_id" in row else "a row"


def _priced(book: Book) -> Row:
    """ARR of every row against its own price: a twelfth is whole, and one rate explains all rows of a currency."""
    ledger = book.tables["subscriptions"]
    price = ledger["mrr" if book.base == "mrr" else "quoted_arr"].astype("float64").to_numpy()
    times = 12 if book.base == "mrr" else 1
    arr = ledger["arr"].to_numpy()
    wrong = arr % times != 0
    for code in ledger["currency"].unique():
        mine = (ledger["currency"] == code).to_numpy()
        own, quoted = price[mine], arr[mine] / times
        large = own >= np.quantile(own, 0.5) if len(own) else own > 0
        paid = large & (own > 0)
        rate = 1.0 if code == book.currency or not paid.any() else float(np.median(quoted[paid] / own[paid]))
        # The rate itself is read off a rounded row, so it may be wrong by that row's half a unit.
        doubt = 0.0 if code == book.currency else HALF / own[paid].max() if paid.any() else 0.0
        wrong[mine] |= np.abs(own * rate - quoted) > (0 if code == book.currency else HALF + own * doubt)
    broken = ledger[wrong]
    where = [
        f"{_row(row)}: ARR {int(row['arr']):,} minor units is not its price, annualised"
        for _, row in broken.head(SHOWN).iterrows()
    ]
    n = len(ledger)
    return "ARR of each row is its price, annualised", n - len(broken), n, n, len(broken), "; ".join(where)


def _known(book: Book) -> Row:
    """Nothing that became known after the as-of day is in a table."""
    day, tested, late = pd.Timestamp(book.as_of), 0, []
    for name in book.tables:
        frame, table = _frame(book, name), TABLES[name]
        dated = [column for column in (table.date, *table.later) if column is not None and column in frame]
        after = {column: frame[column] > day for column in dated}
        if name == "subscriptions":
            told = frame["notice_date"] <= day if "notice_date" in frame else False
            after["end_date"] = (frame["end_date"] > day) & ~pd.Series(told, index=frame.index)
        for column, is_late in after.items():
            tested += len(frame)
            late += [
                f"{name}: {_row(row)} has {column} {row[column].date()}, after {book.as_of}"
                for _, row in frame[is_late].iterrows()
            ]
    check = "nothing in a table is later than the as-of day"
    return check, tested - len(late), tested, tested, len(late), "; ".join(late[:SHOWN])


def _hashed(book: Book) -> Row:
    account = book.account
    without = account[account["sha256"].astype("str").str.len() != HASH]
    n = len(account)
    return "every input has its hash", n - len(without), n, n, len(without), "; ".join(without["file"])


def _again(book: Book) -> Row:
    """The files read once more: what a cell changed in the shared frames since shows, row by row.

    Each file is hashed again, and parsed again where it is not as it was (:mod:`cslib.sources.held`).
    """
    assert book.folder is not None
    fresh = Book.load(book.folder, as_of=book.as_of)
    n = sum(len(frame) for frame in fresh.tables.values())
    failed, where = 0, list[str]()
    for name in dict.fromkeys([*fresh.tables, *book.tables]):
        if name not in fresh.tables or name not in book.tables:
            failed, where = failed + 1, [*where, f"{name}: on one side only"]
            continue
        missing, extra = _apart(fresh.tables[name], book.tables[name])
        failed += max(len(missing), len(extra))
        where += [f"{name}: {text}" for text in _pairs(missing, extra)]
    return "the files, read again, are the book", n - failed, n, n, failed, "; ".join(where[:SHOWN])


def _apart(fresh: pd.DataFrame, held: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `fresh` that `held` lacks, and the other way round; as often as they stand there."""
    if fresh.equals(held):
        return fresh.iloc[:0], held.iloc[:0]
    columns = [column for column in fresh.columns if column in held]
    keys = []
    for frame in (fresh, held):
        digest = pd.util.hash_pandas_object(frame[columns], index=False)
        keys.append(pd.MultiIndex.from_arrays([digest, digest.groupby(digest).cumcount()]))
    return fresh[~keys[0].isin(keys[1])], held[~keys[1].isin(keys[0])]


def _pairs(missing: pd.DataFrame, extra: pd.DataFrame) -> Iterator[str]:
    """Words for rows that differ: changed where both sides have one of the account, else missing or surplus."""
    if "account_id" not in missing:
        if len(missing) or len(extra):
            yield f"{len(missing):,} rows are missing, {len(extra):,} are not in the files"
        return
    for account in dict.fromkeys([*missing["account_id"], *extra["account_id"]]):
        was, now = (rows[rows["account_id"] == account] for rows in (missing, extra))
        if len(was) == len(now) == 1:
            columns = [c for c in was.columns if c in now and str(was[c].iloc[0]) != str(now[c].iloc[0])]
            told = (f"{c} {now[c].iloc[0]} instead of {was[c].iloc[0]}" for c in columns)
            yield f"account {account}: {', '.join(told)}"
        else:
            counts = [f"{len(was):,} rows are missing"] * bool(len(was))
            counts += [f"{len(now):,} rows are not in the files"] * bool(len(now))
            yield f"account {account}: {', '.join(counts)}"
