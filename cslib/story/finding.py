"""A finding: one typed fact with the values its sentence prints and the rows they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """A fact the report may state.

    Attributes
    ----------
    kind : str
        Names the template of its sentence.
    values : Mapping
        What the template prints: money in minor units, ratios from 0 upward, dates, counts, names as in the data.
    evidence : tuple of str
        Metrics whose frames hold the values.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
