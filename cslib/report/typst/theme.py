"""A theme of one's own: a Typst file, and the pictures that lie beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["beside"]

_PICTURES: Final = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}


def beside(theme: Path) -> list[Path]:
    """Pictures in the folder of `theme`, such as its logo; other files there may be data, and large."""
    return sorted(
        path for path in theme.parent.iterdir() if path.suffix.lower() in _PICTURES and path.is_file()
    )
