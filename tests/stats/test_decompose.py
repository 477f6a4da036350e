from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.decompose import das_gupta, kitagawa, product_sum
from cslib.stats.quantiles import Floats

shares = st.lists(st.tuples(*[st.integers(0, 100), st.floats(0, 2)] * 2), min_size=1, max_size=8).filter(
    lambda g: sum(row[0] for row in g) > 0 and sum(row[2] for row in g) > 0
)


def test_kitagawa_published(published) -> None:
    """Das Gupta 1993, example 5.1 (Kitagawa 1955)."""
    entry = published("kitagawa_5_1")
    given_, expected = entry.inputs, entry.expected
    split = kitagawa(given_["size_1970"], given_["rate_1970"], given_["size_1985"], given_["rate_1985"])
    assert [split.before, split.after] == pytest.approx(expected["crude"], abs=entry.tolerance)
    assert split.mix.sum() == pytest.approx(expected["mix_effect"], abs=entry.tolerance)
    assert split.rate.sum() == pytest.approx(expected["rate_effect"], abs=entry.tolerance)
    total = split.after - split.before
    assert total == pytest.approx(expected["total"], abs=entry.tolerance)
    assert [100 * split.mix.sum() / total, 100 * split.rate.sum() / total] == pytest.approx(
        expected["pct"], abs=0.01
    )


def test_simpson_published(published) -> None:
    """Charig 1986, BMJ 292:879: treatment A is better within both groups and worse overall."""
    entry = published("simpson_kidney")
    (a, b), expected = (entry.inputs["A"], entry.inputs["B"]), entry.expected["kitagawa"]
    split = kitagawa([n for _, n in b], [k / n for k, n in b], [n for _, n in a], [k / n for k, n in a])
    assert split.after - split.before == pytest.approx(expected["total"], abs=entry.tolerance)
    assert split.rate.sum() == pytest.approx(expected["rate"], abs=entry.tolerance)
    assert split.mix.sum() == pytest.approx(expected["mix"], abs=entry.tolerance)
    assert [split.after, split.before] == pytest.approx(entry.expected["pooled"], abs=entry.tolerance)


def test_two_factors_published(published) -> None:
    """Das Gupta 1993, example 2.1."""
    entry = published("dasgupta_2_1")
    found = das_gupta([entry.inputs["a"], entry.inputs["b"]])
    assert found.effect[:, 0, 1] == pytest.approx(entry.expected["effects"], abs=entry.tolerance)
    assert found.value == pytest.approx(entry.expected["crude"], abs=0.005)
    share = 100 * found.effect[:, 0, 1] / entry.expected["total"]
    assert share == pytest.approx(entry.expected["pct"], abs=0.005)


def test_four_factors_published(published) -> None:
    """Das Gupta 1993, example 2.3."""
    entry = published("dasgupta_2_3")
    found = das_gupta(list(zip(entry.inputs["pop1"], entry.inputs["pop2"], strict=True)))
    assert found.effect[:, 0, 1] == pytest.approx(entry.expected["effects"], abs=entry.tolerance)
    assert found.value[1] - found.value[0] == pytest.approx(entry.expected["total"], abs=entry.tolerance)


def illegitimacy(a: Floats, b: Floats, c: Floats, d: Floats) -> float:
    married, unmarried = (a * (1 - b) * d).sum(), (a * b * c).sum()
    return 1000 * float(unmarried / (unmarried + married))


def test_many_periods_published(published) -> None:
    """Das Gupta 1993, example 6.5: United States 1963 to 1983; 1978 and 1983 from the same table."""
    entry = published("dasgupta_transitivity")
    factors = [np.array(entry.inputs[name]) for name in "ABCD"]
    for (i, j), effect in zip([(0, 1), (1, 2), (0, 2)], entry.expected["pairwise_B"], strict=True):
        pair = das_gupta([factor[[i, j]] for factor in factors], illegitimacy)
        assert pair.effect[1, 0, 1] == pytest.approx(effect, abs=entry.tolerance)
    later = (
        [[0.205, 0.200, 0.181, 0.162, 0.134, 0.118], [0.169, 0.195, 0.190, 0.174, 0.150, 0.122]],
        [[0.900, 0.484, 0.243, 0.176, 0.155, 0.168], [0.931, 0.563, 0.311, 0.216, 0.199, 0.191]],
        [[0.014, 0.019, 0.015, 0.010, 0.005, 0.001], [0.018, 0.026, 0.023, 0.016, 0.008, 0.002]],
        [[0.313, 0.191, 0.143, 0.069, 0.021, 0.004], [0.380, 0.201, 0.149, 0.079, 0.025, 0.006]],
    )
    five = das_gupta([np.vstack(both) for both in zip(factors, later, strict=True)], illegitimacy)
    expected = entry.expected["multi_pop_1963_1968"]
    assert five.effect[:, 0, 1] == pytest.approx([expected[name] for name in "ABCD"], abs=entry.tolerance)
    assert five.value[1] - five.value[0] == pytest.approx(expected["total"], abs=entry.tolerance)


def test_kitagawa_by_hand() -> None:
    # Halves at 0.9 and 0.7: 0.80. Then 80:20 at 0.9 and 0.6: 0.84. Midpoint of the averages 0.82.
    # Mix: 0.3 (0.9 - 0.82) and -0.3 (0.65 - 0.82). Rate: 0 and -0.1 * 0.35.
    split = kitagawa([50, 50], [0.9, 0.7], [80, 20], [0.9, 0.6])
    assert split.mix.tolist() == pytest.approx([0.024, 0.051])
    assert split.rate.tolist() == pytest.approx([0.0, -0.035])


@given(shares)
def test_effects_add_up(groups: list[tuple[int, float, int, float]]) -> None:
    w0, r0, w1, r1 = (list(column) for column in zip(*groups, strict=True))
    split = kitagawa(w0, r0, w1, r1)
    assert split.mix.sum() + split.rate.sum() == pytest.approx(split.after - split.before, abs=1e-12)


@given(shares)
def test_kitagawa_is_das_gupta_of_two_factors(groups: list[tuple[int, float, int, float]]) -> None:
    groups = [row for row in groups if row[0] and row[2]]
    if not groups:
        return
    w0, r0, w1, r1 = (np.array(column, dtype=float) for column in zip(*groups, strict=True))
    split = kitagawa(w0, r0, w1, r1)
    effects = das_gupta([[w0 / w0.sum(), w1 / w1.sum()], [r0, r1]]).effect[:, 0, 1]
    assert [split.mix.sum(), split.rate.sum()] == pytest.approx(effects.tolist(), abs=1e-12)


def test_a_group_that_is_new_is_all_mix() -> None:
    split = kitagawa([10, 0], [0.8, float("nan")], [10, 10], [0.8, 0.4])
    assert split.rate.tolist() == [0, 0] and split.mix.sum() == pytest.approx(-0.2)


@given(st.integers(1, 4), st.integers(2, 4), st.integers(0, 1000))
def test_effects_add_up_and_chain(k: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = das_gupta([rng.uniform(0, 2, (n, 3)) for _ in range(k)])
    assert found.effect.sum(axis=0) == pytest.approx(found.value[None, :] - found.value[:, None], abs=1e-12)
    assert found.effect[:, 0, 1:] == pytest.approx(
        np.cumsum(found.effect[:, range(n - 1), range(1, n)], axis=1), abs=1e-12
    )


def test_average_over_all_orders_by_hand() -> None:
    one, two = [2.0, 3.0, 5.0], [4.0, 1.0, 6.0]
    loop = np.zeros(3)
    for order in permutations(range(3)):
        state = list(one)
        for factor in order:
            before = np.prod(state)
            state[factor] = two[factor]
            loop[factor] += (np.prod(state) - before) / 6
    assert das_gupta(list(zip(one, two, strict=True))).effect[:, 0, 1] == pytest.approx(loop)


def test_product_of_scalars_and_vectors() -> None:
    assert product_sum(np.array([0.4, 0.6]), np.array([0.5, 1.0])) == pytest.approx(0.8)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: kitagawa([0, 0], [1, 1], [1, 1], [1, 1]), r"size_before: found no positive size"),
        (lambda: kitagawa([1, 1], [1, float("nan")], [1, 1], [1, 1]), r"rate_before: expected a finite rate"),
        (lambda: das_gupta([[1, 2], [1, 2, 3]]), r"found \[2, 3\] periods"),
        (lambda: das_gupta([[1]]), r"found \[1\] periods"),
        (lambda: das_gupta([]), r"found \[\] periods"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
