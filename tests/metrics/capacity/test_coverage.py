from __future__ import annotations

import numpy as np
import pytest

from cslib.metrics.capacity.coverage import covered_against_uncovered, covered_before, matched_difference
from tests.metrics.capacity.books import sized, touches


def company(*, effect: float, seed: int, by_size: bool = False):
    """400 accounts of two sizes; large ones stay more; `effect` is what being covered adds to the share that stays."""
    rng = np.random.default_rng(seed)
    large = rng.random(400) < 0.5
    covered = rng.random(400) < (np.where(large, 0.9, 0.1) if by_size else 0.5)
    stays = rng.random(400) < np.where(large, 0.85, 0.65) + effect * covered
    ids = [f"a{i:03}" for i in range(400)]
    return sized(
        {key: 50_000 if big else 10_000 for key, big in zip(ids, large, strict=True)},
        ends={key: "2026-03-01" for key, stay in zip(ids, stays, strict=True) if not stay},
        touches=touches(
            [(key, "2025-08-01", "call", "Ann") for key, served in zip(ids, covered, strict=True) if served]
        ),
    )


def gap(book, comparison):
    told = covered_against_uncovered(book)
    return told[(told["metric"] == "gross_retention") & (told["comparison"] == comparison)].iloc[0]


def test_m08_a_flag_drawn_at_random_shows_no_effect():
    verdicts = [gap(company(effect=0, seed=seed), "matched")["verdict"] for seed in range(20)]
    assert verdicts.count("cannot be told from chance") >= 18


def test_m08_fourteen_planted_points_are_recovered():
    told = gap(company(effect=0.14, seed=3), "matched")
    assert told["verdict"] == "higher"
    assert told["low"] < 0.14 < told["high"]


def test_m08_size_alone_looks_like_coverage_until_it_is_matched():
    book = company(effect=0, seed=5, by_size=True)
    assert gap(book, "naive")["verdict"] == "higher"
    assert gap(book, "matched")["verdict"] == "cannot be told from chance"


def test_m08_touches_after_the_opening_cover_nobody():
    rows = [
        ("a", "2025-10-01", "call", "Ann"),
        ("b", "2025-09-30", "call", "Ann"),
        ("c", "2025-03-30", "call", "Ann"),
    ]
    told = covered_before(sized({"a": 10, "b": 10, "c": 10}, touches=touches(rows))).set_index("account_id")[
        "covered"
    ]
    assert told.to_dict() == {"a": False, "b": True, "c": False}


def test_the_matched_difference_by_hand():
    # stratum 0: 9/10 - 4/5 = 0.1, weight 10; stratum 1: 1/2 - 1/2 = 0, weight 2; stratum 2 has no uncovered
    kept, opened = np.array([9.0, 4, 1, 1, 7]), np.array([10.0, 5, 2, 2, 7])
    covered, strata = np.array([True, False, True, False, True]), np.array([0, 0, 1, 1, 2])
    assert matched_difference(kept, opened, covered, strata) == pytest.approx(0.1 * 10 / 12)
