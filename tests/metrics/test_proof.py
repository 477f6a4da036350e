"""The proof holds on correct books and names what does not tie out on a wrong one."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics import proof as p
from cslib.metrics import retention
from tests.books import book_of, eight


def test_a_correct_book_ties_out() -> None:
    checks = p.prove(eight(), by="segment")
    assert checks["holds"].all()
    assert checks["n"].min() >= 1
    assert len(checks) == 7


def test_an_empty_book_ties_out() -> None:
    assert p.prove(book_of([("A", "2025-12-01", None, "0")]))["holds"].all()


def test_one_cent_in_one_month_breaks_the_proof_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    true = retention.movements

    def one_cent_off(book: Book, **kwargs: object) -> pd.DataFrame:
        rows = true(book, **kwargs)  # type: ignore[arg-type]
        rows.loc[rows.index[rows["metric"] == "churn"][-1], "value"] += 1
        return rows

    monkeypatch.setattr(retention, "movements", one_cent_off)
    with pytest.raises(
        p.ProofError, match=r"ARR bridge closes, every month: \d+ against \d+, difference -1, 1 of 24 unequal"
    ):
        p.prove(eight())


def test_a_lost_row_breaks_the_proof() -> None:
    from dataclasses import replace

    book = eight()
    account = book.account.assign(rows_kept=book.account["rows_kept"] - 1)
    with pytest.raises(p.ProofError, match=r"rows read are used or accounted for: .* difference 2"):
        p.prove(replace(book, account=account))
