from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.concentration import concentration, leave_one_out, sign_flips


def test_herfindahl_published(published) -> None:
    """US DOJ, Herfindahl-Hirschman index."""
    entry = published("hhi")
    found = concentration(entry.inputs["shares_pct"])
    assert found.herfindahl * 10_000 == pytest.approx(entry.expected["hhi"], rel=entry.tolerance)
    assert found.n_eff == pytest.approx(entry.expected["n_eff"], rel=entry.tolerance)


def test_hand_numbers() -> None:
    # Two rows of a: 50, 30, 20 of 100. 0.25 + 0.09 + 0.04 = 0.38.
    found = concentration([20, 30, 30, 20], cluster=["a", "a", "b", "c"])
    assert found.n == 3 and found.herfindahl == pytest.approx(0.38)
    assert found.top.tolist() == pytest.approx([0.5, 0.8, 1.0])


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=50))
def test_between_one_and_all(weights: list[int]) -> None:
    found = concentration(weights)
    assert 1 - 1e-9 <= found.n_eff <= len(weights) + 1e-9
    assert found.top[-1] == pytest.approx(1) and (np.diff(found.top) <= found.top[0] + 1e-12).all()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=2, max_size=20))
def test_leave_one_out_is_the_loop(rows: list[tuple[int, int]]) -> None:
    y, x = [r[0] for r in rows], [r[1] for r in rows]
    loop = [sum(y[:i] + y[i + 1 :]) / sum(x[:i] + x[i + 1 :]) for i in range(len(rows))]
    assert leave_one_out(y, x).value.tolist() == pytest.approx(loop)


def test_the_one_that_turns_the_sign() -> None:
    # a falls from 100 to 50, b and c rise by 10 each: -30 with a, +20 without.
    book = [100, 50, 50]
    flips = sign_flips(book, book, [50, 60, 60], book, cluster=["a", "b", "c"])
    assert flips.cluster.tolist() == ["a"]
    assert flips.value.tolist() == pytest.approx([0.2])
    assert len(sign_flips(book, book, [50, 40, 40], book).cluster) == 0


def test_alone() -> None:
    assert np.isnan(leave_one_out([1], [2]).value).all()
    with pytest.raises(ValueError, match="weight: found no positive value"):
        concentration([0, 0])
