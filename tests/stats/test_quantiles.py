from __future__ import annotations

import subprocess
import sys
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats import quantiles

scipy_stats = pytest.importorskip("scipy.stats")


@given(st.floats(0.5, 0.999), st.floats(1, 500))
def test_student(level: float, df: float) -> None:
    half = quantiles.t(level, df)
    assert half == pytest.approx(scipy_stats.t.ppf(0.5 + level / 2, df), rel=1e-6)
    assert quantiles.t_two_sided(half, df) == pytest.approx(1 - level, abs=1e-9)


def test_no_interval_below_one_degree_of_freedom() -> None:
    assert isnan(quantiles.t(0.95, 0.99)) and isnan(quantiles.t_two_sided(2.0, 0.99))


def test_tables() -> None:
    assert quantiles.z(0.95) == pytest.approx(scipy_stats.norm.ppf(0.975))
    assert quantiles.chi2_upper(5.0, 3) == pytest.approx(scipy_stats.chi2.sf(5.0, 3))
    assert quantiles.beta_quantile(0.1, 2, 5) == pytest.approx(scipy_stats.beta.ppf(0.1, 2, 5))
    assert quantiles.normal_cdf([-1.0, 2.0]) == pytest.approx(scipy_stats.norm.cdf([-1.0, 2.0]))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_midranks(values: list[int]) -> None:
    ranks = quantiles.midranks(np.array(values, dtype=float))
    assert ranks.tolist() == scipy_stats.rankdata(values).tolist()


def test_import_is_light() -> None:
    """Reports that need no interval do not pay for scipy; those that do never load scipy.stats."""
    names = "concentration decompose exits forecast many projection proportion ratio score survival triangle"
    code = (
        f"import sys, importlib\nfor name in {names.split()}: importlib.import_module('cslib.stats.' + name)\n"
        "assert 'scipy' not in sys.modules and 'pandas' not in sys.modules\n"
        "from cslib.stats.ratio import ratio_of_sums\nratio_of_sums([1] * 6, [2] * 6)\n"
        "assert 'scipy.special' in sys.modules and 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
