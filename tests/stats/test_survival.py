from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.survival import influence, kaplan_meier, log_rank, restricted_mean

subjects = st.lists(
    st.tuples(st.integers(1, 12), st.booleans(), st.integers(-3, 11), st.integers(1, 5)).filter(
        lambda s: s[2] < s[0]
    ),
    min_size=1,
    max_size=40,
)


def by_hand(rows: list[tuple[int, bool, int, int]]) -> list[float]:
    """Survival at each time of an end, walking over every subject at every time."""
    left, curve = 1.0, []
    for time in sorted({row[0] for row in rows if row[1]}):
        at_risk = sum(w for t, _, entry, w in rows if entry < time <= t)
        ended = sum(w for t, event, _, w in rows if event and t == time)
        left *= 1 - ended / at_risk
        curve.append(left)
    return curve


@given(subjects)
def test_slow_loop(rows: list[tuple[int, bool, int, int]]) -> None:
    time, event, entry, weight = (list(column) for column in zip(*rows, strict=True))
    curve = kaplan_meier(time, event, entry=entry, weight=weight)
    assert curve.survival.tolist() == pytest.approx(by_hand(rows), abs=1e-12)
    assert curve.n_at_risk.tolist() == [sum(e < s <= t for t, _, e, _ in rows) for s in curve.time]


@given(subjects, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows: list[tuple[int, bool, int, int]], random) -> None:
    one, two = (
        kaplan_meier([r[0] for r in t], [r[1] for r in t], entry=[r[2] for r in t])
        for t in (rows, random.sample(rows, len(rows)))
    )
    assert repr(one) == repr(two)


@given(subjects)
def test_equal_weights_change_nothing_and_the_error_is_greenwood(
    rows: list[tuple[int, bool, int, int]],
) -> None:
    time, event = [r[0] for r in rows], [r[1] for r in rows]
    plain, heavy = kaplan_meier(time, event), kaplan_meier(time, event, weight=[7.0] * len(rows))
    n, d = plain.n_at_risk, plain.n_events
    some = n > d
    greenwood = np.cumsum(d[some] / (n[some] * (n[some] - d[some])))
    assert plain.log_variance[some] == pytest.approx(greenwood, abs=1e-12)
    for name in ("survival", "se", "low", "high"):
        assert getattr(plain, name) == pytest.approx(getattr(heavy, name), abs=1e-12, nan_ok=True)


@given(subjects)
def test_squared_influences_add_up_to_the_variance(rows: list[tuple[int, bool, int, int]]) -> None:
    time, event, entry, weight = (list(column) for column in zip(*rows, strict=True))
    curve = kaplan_meier(time, event, entry=entry, weight=weight)
    if not len(curve.time):
        return
    each = influence(time, event, at=curve.time, entry=entry, weight=weight)
    alive = curve.survival > 0
    assert (each**2).sum(axis=0)[alive] == pytest.approx(curve.se[alive] ** 2, abs=1e-12)
    assert each.sum(axis=0) == pytest.approx(0, abs=1e-10)


def test_therneau_grambsch_published(published) -> None:
    """Therneau & Grambsch 2000, appendix E.1; survival tests/book1.R. The Cox models are not of this room."""
    entry = published("tg_test1")
    time, status = entry.inputs["time"], entry.inputs["status"]
    curve = kaplan_meier(time, status)
    at = [1, 6, 8, 9]
    assert [curve.at(t) for t in at] == pytest.approx(entry.expected["km_S"], abs=entry.tolerance)
    order = np.argsort(
        np.array(time) * 2 + (1 - np.array(status)), kind="stable"
    )  # as printed: by time, ends first
    each = 144 * influence(time, status, at=[1, 6, 9])[order]
    for column, name in enumerate(("t1", "t6", "t9")):
        assert each[:, column] == pytest.approx(
            entry.expected["km_influence_x144"][name], abs=144 * entry.tolerance
        )


def test_aml_published(published) -> None:
    """survival tests/difftest.Rout.save: AML maintenance study."""
    entry = published("km_aml")
    given_, expected = entry.inputs, entry.expected
    maintained = kaplan_meier(given_["maintained_time"], given_["maintained_status"])
    other = kaplan_meier(given_["non_time"], given_["non_status"])
    for time, share in expected["S_maint"].items():
        assert maintained.at(float(time)) == pytest.approx(share, abs=entry.tolerance)
    assert maintained.se == pytest.approx(expected["se"], abs=entry.tolerance)
    assert [maintained.quantile(), other.quantile()] == expected["medians"]
    time = given_["maintained_time"] + given_["non_time"]
    status = given_["maintained_status"] + given_["non_status"]
    group = ["a"] * len(given_["maintained_time"]) + ["b"] * len(given_["non_time"])
    test = log_rank(time, status, group)
    assert test.chi2 == pytest.approx(expected["logrank_chisq"], abs=entry.tolerance)
    assert test.p == pytest.approx(expected["p"], abs=entry.tolerance)
    assert test.observed.tolist() == expected["observed"]
    assert test.expected == pytest.approx(expected["expected"], abs=0.005)  # printed to two decimals


def test_log_rank_without_censoring_published(published) -> None:
    """R survdiff; lifelines test_statistics.py."""
    entry = published("logrank_small_1")
    test = log_rank(entry.inputs["time"], entry.inputs["status"], entry.inputs["group"])
    assert (test.chi2, test.p) == pytest.approx(
        (entry.expected["chisq"], entry.expected["p"]), abs=entry.tolerance
    )


def test_small_published(published) -> None:
    """R; statsmodels test_survfunc.py."""
    entry = published("km_sm_1")
    one = kaplan_meier(entry.inputs["ti1"], entry.inputs["st1"])
    two = kaplan_meier(entry.inputs["ti2"], entry.inputs["st2"])
    assert one.survival == pytest.approx(entry.expected["S1"], abs=entry.tolerance)
    assert one.se[:3] == pytest.approx(entry.expected["se1"][:3], abs=entry.tolerance) and np.isnan(one.se[3])
    # Printed where the curve moves: at 1, 5 and 7 the values; at 9 nothing is left.
    assert [two.at(t) for t in (1, 5, 7, 9)] == pytest.approx(entry.expected["S2"], abs=entry.tolerance)
    group = [1] * len(entry.inputs["ti1"]) + [2] * len(entry.inputs["ti2"])
    test = log_rank(
        entry.inputs["ti1"] + entry.inputs["ti2"], entry.inputs["st1"] + entry.inputs["st2"], group
    )
    assert (test.chi2, test.p) == pytest.approx(
        (entry.expected["logrank"], entry.expected["p"]), abs=entry.tolerance
    )


def test_band_by_hand() -> None:
    # 4 subjects, one ends at 3: S = 3/4, Greenwood 1/(4*3) = 1/12. log(-log S) = log 0.287682;
    # exp(+-1.959964 sqrt(1/12) / 0.287682) = 7.1475 and 0.13991: 0.75 ** those.
    curve = kaplan_meier([3, 5, 5, 8], [1, 0, 0, 0])
    assert curve.low[0] == pytest.approx(0.75**7.1475, abs=1e-4)
    assert curve.high[0] == pytest.approx(0.75**0.13991, abs=1e-4)


def test_late_entry_counts_only_from_entry() -> None:
    # b enters at 2, so at 1 only a and c are at risk; at 3: b and c.
    curve = kaplan_meier([1, 3, 4], [1, 1, 0], entry=[0, 2, 0])
    assert curve.n_at_risk.tolist() == [2, 2] and curve.survival.tolist() == [0.5, 0.25]


def test_cutting_a_life_in_pieces_changes_nothing() -> None:
    whole = kaplan_meier([5, 8, 9], [1, 0, 1])
    pieces = kaplan_meier([2, 5, 8, 4, 9], [0, 1, 0, 0, 1], entry=[0, 2, 0, 0, 4])
    assert (
        pieces.survival.tolist() == whole.survival.tolist()
        and pieces.se.tolist()[:1] == whole.se.tolist()[:1]
    )


def test_clustered_variance_by_hand() -> None:
    """Each subject twice, as one cluster: the error is that of the single ones."""
    time, event = np.array([3, 5, 5, 8]), np.array([1, 1, 0, 1])
    twice = influence(np.repeat(time, 2), np.repeat(event, 2), at=[3, 5])
    clustered = np.sqrt((twice.reshape(4, 2, 2).sum(axis=1) ** 2).sum(axis=0))
    assert clustered == pytest.approx(kaplan_meier(time, event).se[:2])


def test_log_rank_of_three_groups_and_late_entry_is_the_loop() -> None:
    rng = np.random.default_rng(1)
    time, entry = rng.integers(5, 15, 60), rng.integers(0, 5, 60)
    event, group = rng.random(60) < 0.7, rng.integers(0, 3, 60)
    gap, spread = np.zeros(3), np.zeros((3, 3))
    for moment in sorted(set(time[event])):
        at = (entry < moment) & (moment <= time)
        n, d = at.sum(), (event & (time == moment)).sum()
        share = np.array([(at & (group == g)).sum() for g in range(3)]) / n
        gap += [(event & (time == moment) & (group == g)).sum() for g in range(3)] - d * share
        if n > 1:
            spread += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    test = log_rank(time, event, group, entry=entry)
    assert test.chi2 == pytest.approx(gap[:2] @ np.linalg.inv(spread[:2, :2]) @ gap[:2]) and test.df == 2


def test_restricted_mean_by_hand() -> None:
    # S: 1 to 3, 0.75 to 5, 0.5 to 8: 3 + 1.5 + 1.5 = 6. Areas beyond 3 and 5: 3 and 1.5.
    # Greenwood terms 1/12 and 1/6 (3 at risk, 1 ends): variance 9/12 + 2.25/6 = 1.125.
    mean = restricted_mean(kaplan_meier([3, 5, 5, 8], [1, 1, 0, 1]), 8)
    assert mean.value == 6 and mean.se**2 == pytest.approx(1.125)


def test_nothing_ends() -> None:
    curve = kaplan_meier([3, 4], [0, 0])
    assert len(curve.time) == 0 and curve.at(9) == 1 and np.isnan(curve.quantile())
    assert restricted_mean(curve, 5).value == 5


def test_everything_ends() -> None:
    curve = kaplan_meier([3, 4], [1, 1])
    assert curve.survival[-1] == 0 and np.isnan([curve.se[-1], curve.low[-1], curve.high[-1]]).all()


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda: kaplan_meier([3], [1], entry=[3]),
            r"entry: 1 of 1 subjects enter at or after their own time",
        ),
        (lambda: kaplan_meier([3], [1, 0]), r"event: found 2 values, expected 1"),
        (lambda: log_rank([3], [1], ["a"]), r"group: found 1 groups, expected two or more"),
        (lambda: restricted_mean(kaplan_meier([3], [1]), 0), r"horizon: found 0"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
