"""The outcome of a proof -> what a notebook leaves of it; the runner marks a report whose proof does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

__all__ = ["MIME", "Seal", "seal"]

MIME: Final = "application/vnd.cslib.proof+json"


@dataclass(frozen=True)
class Seal:
    """Checks and flags that show as nothing in a notebook and stay in its file as JSON."""

    checks: tuple[Mapping[str, Any], ...]
    flags: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every check holds; without a check nothing is proved."""
        return bool(self.checks) and all(check["holds"] for check in self.checks)

    def __repr__(self) -> str:
        broken = sum(not check["holds"] for check in self.checks)
        return f"Seal: {len(self.checks)} checks, {broken} broken, {len(self.flags)} flags"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        outcome = {"holds": self.holds, "checks": list(self.checks), "flags": list(self.flags)}
        return {MIME: outcome}


def seal(checks: pd.DataFrame, flags: Iterable[str] = ()) -> Seal:
    """Outcome of a proof, to be displayed by the last line of a cell.

    Parameters
    ----------
    checks : DataFrame
        One row a check: ``check, left, right, n, failed, holds, detail``.
    flags : iterable of str
        What a reader must know although every check holds.

    Examples
    --------
    >>> checks = pd.DataFrame({"check": ["a = b"], "left": [1], "right": [2], "n": [1], "failed": [1],
    ...     "holds": [False], "detail": ["b is 1 too high"]})
    >>> seal(checks, ["edge of data"]).holds
    False
    """
    whole = ("left", "right", "n", "failed")
    records = (
        {
            "check": str(row["check"]),
            **{name: int(row[name]) for name in whole},
            "holds": bool(row["holds"]),
            "detail": str(row["detail"]),
        }
        for row in checks.to_dict("records")
    )
    return Seal(tuple(records), tuple(flags))
