from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.exits import aalen_johansen, landmark
from cslib.stats.survival import kaplan_meier, log_rank


def test_incidence_published(published) -> None:
    """R cmprsk cuminc, Stata stcompet; statsmodels test_survfunc.py test_incidence."""
    entry = published("aalen_johansen")
    found = aalen_johansen(entry.inputs["ftime"], entry.inputs["fstat"])
    expected = entry.expected
    assert found.time.tolist() == expected["times"]
    for cause in (1, 2, 3):
        assert found.incidence[cause - 1] == pytest.approx(expected[f"cif{cause}"], abs=entry.tolerance)
    assert found.se[0, :2] == pytest.approx(expected["se1"], abs=entry.tolerance)
    assert found.se[1, 2] == pytest.approx(expected["se2_at4"], abs=entry.tolerance)
    assert found.se[2, 3:] == pytest.approx(expected["se3"], abs=entry.tolerance)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=40))
def test_exits_and_survivors_are_all(rows: list[tuple[int, int]]) -> None:
    time, cause = [r[0] for r in rows], [r[1] for r in rows]
    found, curve = aalen_johansen(time, cause), kaplan_meier(time, [c > 0 for c in cause])
    if len(curve.time):
        assert found.incidence.sum(axis=0) + curve.survival == pytest.approx(1.0)
        assert (np.diff(found.incidence, axis=1) >= -1e-12).all()


def test_one_cause_has_greenwoods_error() -> None:
    time, event = [3, 5, 5, 8, 9], [1, 1, 0, 1, 0]
    assert aalen_johansen(time, event).se[0] == pytest.approx(kaplan_meier(time, event).se)


def test_immortal_time_published(published) -> None:
    """Stanford heart transplant: Crowley & Hu 1977, JASA 72:27.

    Naive grouping by "ever transplanted" looks like salvation; at the landmark, and with patients at risk in the group
    they are in at the time, nothing is left of it. The published numbers are Cox models; the log-rank test is the score
    test of the same, so sign and evidence are compared, and the landmark's counts exactly.
    """
    entry = published("immortal_time_stanford")
    time = np.array([max(t, 0.5) for t in entry.inputs["futime"]])
    death, ever = np.array(entry.inputs["death"]), np.array(entry.inputs["transplant"])
    wait = np.array([np.nan if w is None else w for w in entry.inputs["wait_time"]])

    naive = log_rank(time, death, ever)
    assert naive.p < 1e-6 and naive.observed[1] < naive.expected[1]

    at_30 = landmark(time, death, wait, at=30)
    published_30 = entry.expected["landmark_30d"]
    assert at_30.n_exposed + at_30.n_other == published_30["n"]
    assert at_30.n_exposed == published_30["exposed"]
    assert at_30.test.p == pytest.approx(published_30["p"], abs=0.01)

    # Every patient waits first and changes group when transplanted: rows of (entry, time].
    moved = ever == 1
    start = np.where(moved, np.maximum(wait, 0.0), 0.0)
    start = np.where(moved & (start >= time), time - 0.1, start)
    waiting = np.where(moved, start, time)
    waits = waiting > 0
    truth = log_rank(
        np.concatenate([waiting[waits], time[moved]]),
        np.concatenate([np.where(moved, 0, death)[waits], death[moved]]),
        np.concatenate([np.zeros(waits.sum()), np.ones(moved.sum())]),
        entry=np.concatenate([np.full(waits.sum(), -1.0), start[moved]]),
    )
    assert truth.p > 0.5 and truth.observed[1] > truth.expected[1]  # published hazard ratio 1.13, p 0.68


def test_landmark_by_hand() -> None:
    # At 5: a has left; b and c were exposed by then; d is exposed later and e never: both others.
    found = landmark([2, 9, 12, 20, 30], [1, 1, 1, 0, 1], [1, 3, 5, 7, np.nan], at=5)
    assert (found.n_exposed, found.n_other) == (2, 2)
    assert found.exposed.time.tolist() == [4, 7] and found.other.time.tolist() == [25]


def test_later_exposure_changes_nothing() -> None:
    time, event = [9, 12, 20, 30], [1, 1, 0, 1]
    one = landmark(time, event, [3, np.nan, 7, 15], at=5)
    two = landmark(time, event, [3, 8, np.nan, np.nan], at=5)
    assert repr(one) == repr(two)


def test_an_empty_group_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"at 5: found 0 exposed and 2 others at risk, expected some of each"
    ):
        landmark([9, 12], [1, 0], [6, np.nan], at=5)
