"""Why a notebook did not reach its end, in words for a manager and as a status for a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Failure", "Fate", "human_bytes"]

Fate = Literal["failed", "died", "out of memory", "timed out", "not started"]

_FATES: Final[dict[str, Fate]] = {
    "CellTimeoutError": "timed out",
    "TimeLimitError": "timed out",
    "MemoryError": "out of memory",
    "MemoryLimitError": "out of memory",
    "DeadKernelError": "died",
}


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not reach its end.

    `kind` is ``cell`` when a cell raised, ``kernel`` when the kernel died, was ended, did not start or did not answer
    in time, ``file`` when a page could not be made. `cell` counts the cells of the executed notebook from 1; 0 when it
    is about none.
    """

    kind: Literal["cell", "kernel", "file"]
    cell: int
    name: str
    message: str

    def __str__(self) -> str:
        """Words for the page and the terminal.

        >>> str(Failure("cell", 5, "ZeroDivisionError", "division by zero"))
        'Cell 5 stopped with ZeroDivisionError: division by zero'
        """
        if self.kind == "file":
            return f"All cells ran, but a file could not be made: {self.message} ({self.name})"
        if self.kind == "kernel" and not self.cell:
            return f"The kernel did not start: {self.message}"
        return f"Cell {self.cell} stopped with {self.name}: {self.message}"

    @property
    def fate(self) -> Fate:
        """What became of the run.

        >>> Failure("kernel", 3, "DeadKernelError", "the kernel died").fate
        'died'
        >>> Failure("cell", 3, "MemoryError", "").fate
        'out of memory'
        """
        if self.kind == "kernel" and not self.cell:
            return "not started"
        return _FATES.get(self.name, "died" if self.kind == "kernel" else "failed")

    @property
    def passing(self) -> bool:
        """Whether the machine failed the report, so that another try may do: the kernel died or did not start.

        >>> Failure("kernel", 0, "RuntimeError", "no memory").passing
        True
        >>> Failure("kernel", 3, "CellTimeoutError", "no answer within 60 s").passing
        False
        """
        return self.fate in {"died", "not started"}


def human_bytes(n: int) -> str:
    """Number of bytes as a person reads it.

    >>> human_bytes(1_500_000_000), human_bytes(256 * 10**6)
    ('1.5 GB', '256 MB')
    """
    return f"{n / 1e9:.1f} GB" if n >= 10**9 else f"{n / 1e6:.0f} MB"
