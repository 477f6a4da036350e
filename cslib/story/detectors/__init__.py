"""Detectors: metric frames -> findings, one small function a kind. ``DETECTORS`` lists them all.

>>> sorted(DETECTORS)[:3]
['benchmark', 'concentration', 'data_caveat']
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cslib.story.detectors.accounts import (
    concentration_finding,
    expansion_dependence_finding,
    reactivation_finding,
    single_account_finding,
)
from cslib.story.detectors.data import data_caveat_finding, restatement_finding
from cslib.story.detectors.level import headline_finding, masking_finding
from cslib.story.detectors.outlook import benchmark_finding, forecast_finding, renewals_ahead_finding
from cslib.story.detectors.parts import segment_finding, vintage_finding
from cslib.story.finding import Finding

__all__ = ["DETECTORS", "detect"]

DETECTORS: Final[Mapping[str, Callable[..., Iterator[Finding]]]] = {
    "headline": headline_finding,
    "data_caveat": data_caveat_finding,
    "masking": masking_finding,
    "segment": segment_finding,
    "vintage": vintage_finding,
    "concentration": concentration_finding,
    "single_account": single_account_finding,
    "reactivation": reactivation_finding,
    "expansion_dependence": expansion_dependence_finding,
    "benchmark": benchmark_finding,
    "forecast": forecast_finding,
    "renewals_ahead": renewals_ahead_finding,
    "restatement": restatement_finding,
}


def detect(**frames: Any) -> tuple[Finding, ...]:
    """Findings of every detector whose frames are given, by the names of its parameters.

    A kind whose frames are missing yields one finding with the verdict ``not looked at``, so that none is forgotten.

    Raises
    ------
    TypeError
        When a frame is given that no detector reads.
    """
    needs = {kind: set(inspect.signature(function).parameters) for kind, function in DETECTORS.items()}
    unknown = set(frames) - set().union(*needs.values())
    if unknown:
        known = ", ".join(sorted(set().union(*needs.values())))
        raise TypeError(f"detect: found {', '.join(sorted(unknown))}; expected some of {known}")
    found: list[Finding] = []
    for kind, function in DETECTORS.items():
        if needs[kind] <= set(frames):
            found += function(**{name: frames[name] for name in needs[kind]})
        else:
            found.append(
                Finding(kind, {"missing": sorted(needs[kind] - set(frames))}, verdict="not looked at")
            )
    return tuple(found)
