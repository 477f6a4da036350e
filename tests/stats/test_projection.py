from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from cslib.stats.projection import SurvivalModel, fit, residual_lifetime, survival, survival_rate


def test_sbg_published(published) -> None:
    """Fader & Hardie 2007, Table 1 and appendix B: the Regular segment, fitted on years 0 to 7."""
    entry = published("sbg_regular")
    shares = np.array(entry.inputs["pct_surviving_years_0_12"]) / 100
    model, expected = fit([shares[:8]]), entry.expected
    assert (model.alpha, model.beta) == pytest.approx(
        (expected["alpha"], expected["beta"]), abs=entry.tolerance
    )
    assert model.mean_hazard == pytest.approx(expected["mean_churn"], abs=0.005)  # printed to two decimals
    assert model.log_likelihood == pytest.approx(expected["loglik_per_customer"], abs=1e-5)
    projected = survival(model, range(8, 13))
    assert projected == pytest.approx(expected["S_8_12"], abs=entry.tolerance)
    assert 100 * (projected[-1] / shares[12] - 1) == pytest.approx(expected["year12_error_pct"], abs=0.05)


def test_several_cohorts_published(published) -> None:
    """Fader & Hardie, Fitting the sBG Model to Multi-Cohort Data."""
    entry = published("sbg_multi_case1")
    model, expected = fit(entry.inputs["cohorts"]), entry.expected
    assert (model.alpha, model.beta) == pytest.approx(
        (expected["alpha"], expected["beta"]), abs=entry.tolerance
    )
    assert model.log_likelihood == pytest.approx(expected["loglik"], abs=entry.tolerance)
    last = [(cohort[-2], cohort[-1]) for cohort in entry.inputs["cohorts"]]
    pooled = sum(after for _, after in last) / sum(before for before, _ in last)
    assert pooled == pytest.approx(expected["pooled_last_period_retention"], abs=entry.tolerance)


def test_residual_lifetime_published(published) -> None:
    """Fader & Hardie 2010, Marketing Science 29(1):85, eq. 6."""
    entry = published("sbg_derl")
    model = SurvivalModel(entry.inputs["alpha"], entry.inputs["beta"], 1.0, 0.0, 0.0)
    found = residual_lifetime(model, entry.inputs["n"], discount=entry.inputs["d"])
    assert found == pytest.approx(entry.expected["derl"], abs=entry.tolerance)


@pytest.mark.parametrize("discount", [0.01, 0.10])
def test_residual_lifetime_closed_form(discount: float) -> None:
    a, b = 0.7, 1.2
    for n in (0, 3, 20):
        closed = (b + n) / (a + b + n) * special.hyp2f1(1, b + n + 1, a + b + n + 1, 1 / (1 + discount))
        found = residual_lifetime(SurvivalModel(a, b, 1.0, 0.0, 0.0), [n], discount=discount)
        assert found[0] == pytest.approx(closed, rel=1e-9)


def test_survival_is_the_product_of_its_rates() -> None:
    # S(t) = prod (beta + k - 1) / (alpha + beta + k - 1), Fader & Hardie 2007, eq. 5.
    model = SurvivalModel(0.7, 1.2, 1.0, 0.0, 0.0)
    by_hand = [(1.2 + k - 1) / (0.7 + 1.2 + k - 1) for k in range(1, 6)]
    assert survival_rate(model, range(1, 6)) == pytest.approx(by_hand)
    assert survival(model, range(6)) == pytest.approx(np.cumprod([1, *by_hand]))


@settings(max_examples=10, deadline=None)
@given(st.floats(0.4, 4), st.floats(0.6, 12), st.floats(0.6, 1.8))
def test_what_was_made_is_found(alpha: float, beta: float, c: float) -> None:
    made = survival(SurvivalModel(alpha, beta, c, 0.0, 0.0), range(13))
    found = fit([1e6 * made, 1e6 * made[:6]], ageing=True)
    assert survival(found, range(13)) == pytest.approx(made, abs=2e-4)


def test_ageing_fits_no_worse() -> None:
    shares = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
    assert fit([shares], ageing=True).log_likelihood >= fit([shares]).log_likelihood - 1e-6


def test_order_and_splitting_of_cohorts_change_nothing() -> None:
    one = fit([[100, 80, 70], [50, 44]])
    two = fit([[25, 22], [25, 22], [100, 80, 70]])
    assert one[:2] == pytest.approx(two[:2], rel=1e-4)


@pytest.mark.parametrize(
    "cohorts, words",
    [
        ([[10, 11, 9]], r"survivors\[0\]: found a cohort that grows"),
        ([[10, 9]], r"found 1 periods, expected 2 or more"),
        ([], r"found 0 periods, expected 2 or more"),
        ([[10, 10, 10]], r"found no end, or nobody left"),
        ([[10, 5, 0]], r"found no end, or nobody left"),
    ],
)
def test_too_little_history_is_refused(cohorts: list[list[float]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fit(cohorts)


def test_discount_is_positive() -> None:
    with pytest.raises(ValueError, match="discount: found 0, expected a rate"):
        residual_lifetime(SurvivalModel(1, 1, 1, 0, 0), [0], discount=0)
