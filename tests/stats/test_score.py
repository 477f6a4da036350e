from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.score import auc, brier, calibration, compare_auc

scored = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: 0 < sum(row[1] for row in rows) < len(rows)
)
forecasts = st.lists(
    st.tuples(st.integers(0, 10).map(lambda k: k / 10), st.booleans()), min_size=1, max_size=40
)


def test_delong_published(published) -> None:
    """Turck 2010, aSAH; pROC tests test-auc.R, test-ci.auc.R, test-roc.test.R."""
    entry = published("delong_aSAH")
    given_, expected = entry.inputs, entry.expected
    for name, value in expected["auc"].items():
        assert auc(given_[name], given_["poor"]).value == pytest.approx(value, abs=entry.tolerance)
    ndka = auc(given_["ndka"], given_["poor"])
    assert (ndka.low, ndka.high) == pytest.approx(expected["ndka_ci95"], abs=entry.tolerance)
    for one, two in (("wfns", "s100b"), ("wfns", "ndka"), ("ndka", "s100b")):
        test, pair = compare_auc(given_[one], given_[two], given_["poor"]), expected[f"{one}_vs_{two}"]
        assert (test.z, test.p) == pytest.approx((pair["Z"], pair["p"]), abs=entry.tolerance)


def test_brier_published(published) -> None:
    """scikit-learn, brier_score_loss."""
    entry = published("brier")
    assert brier(entry.inputs["p"], entry.inputs["y"]).score == pytest.approx(
        entry.expected["brier"], abs=entry.tolerance
    )


@given(scored)
def test_auc_is_the_loop_over_pairs(rows: list[tuple[int, bool]]) -> None:
    score, case = [r[0] for r in rows], [r[1] for r in rows]
    wins = [(a > b) + (a == b) / 2 for a, c in rows if c for b, d in rows if not d]
    assert auc(score, case).value == pytest.approx(np.mean(wins))


@given(scored)
def test_turned_round(rows: list[tuple[int, bool]]) -> None:
    score, case = [r[0] for r in rows], [r[1] for r in rows]
    one, other = auc(score, case), auc([-s for s in score], case)
    assert one.value == pytest.approx(1 - other.value)
    assert one.se == pytest.approx(other.se, nan_ok=True)


def test_delong_by_hand() -> None:
    # Cases 3, 1; others 2, 0. Case 3 beats both, 1 beats one: placements 1, 1/2 (variance 1/8); others 1/2, 1 (1/8).
    found = auc([3, 1, 2, 0], [1, 1, 0, 0])
    assert found.value == 0.75 and found.se**2 == pytest.approx(1 / 8 / 2 + 1 / 8 / 2)


def test_the_same_score_does_not_differ() -> None:
    test = compare_auc([1, 3, 2, 4], [1, 3, 2, 4], [0, 0, 1, 1])
    assert test.difference == 0 and test.se == 0 and np.isnan(test.p)


@given(forecasts)
def test_the_split_is_exact(rows: list[tuple[float, bool]]) -> None:
    split = brier([r[0] for r in rows], [r[1] for r in rows])
    assert split.score == pytest.approx(split.reliability - split.resolution + split.uncertainty, abs=1e-12)
    assert min(split.reliability, split.resolution) >= 0


def test_brier_split_by_hand() -> None:
    # 0.2 twice (0 of 2 came), 0.7 twice (1 of 2): base 1/4.
    split = brier([0.2, 0.2, 0.7, 0.7], [0, 0, 1, 0])
    assert split.reliability == pytest.approx((0.04 + 0.04) / 2)
    assert split.resolution == pytest.approx(0.0625) and split.uncertainty == 0.1875


@given(forecasts, st.integers(1, 6))
def test_calibration_counts_everybody_once(rows: list[tuple[float, bool]], groups: int) -> None:
    p, came = [r[0] for r in rows], [r[1] for r in rows]
    table = calibration(p, came, groups=groups)
    assert table.n.sum() == len(rows) and len(table.n) <= groups
    assert (table.n * table.forecast).sum() == pytest.approx(sum(p))
    assert (table.n * table.observed).sum() == pytest.approx(sum(came))
    assert (np.diff(table.forecast) > 0).all()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: auc([1, 2], [1, 1]), r"found 2 cases and 0 others, expected some of each"),
        (lambda: auc([1, 2], [1, 2]), r"found other values than 0 and 1"),
        (lambda: brier([1.2], [1]), r"p: expected one or more probabilities, each 0 to 1"),
        (lambda: calibration([0.2], [1], groups=0), r"groups: found 0"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
