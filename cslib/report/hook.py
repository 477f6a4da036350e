"""What papermill loads under the name ``cslib``: the engine, fetched when it is first used.

Papermill loads every registered engine whenever it is imported, also while the engine's own file is only half loaded.
"""

from __future__ import annotations

from typing import Any

__all__ = ["engine"]


class _Engine:
    """Stands for :class:`cslib.report.engine.CslibEngine`."""

    def __getattr__(self, name: str) -> Any:
        from cslib.report.engine import CslibEngine

        return getattr(CslibEngine, name)


engine = _Engine()
