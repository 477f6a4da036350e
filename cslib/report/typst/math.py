"""Mathematics as TeX writes it, to Typst; what is not understood is shown as it was written."""

from __future__ import annotations

from cslib.report.typst.text import literal

__all__ = ["equation"]


def equation(tex: str, *, block: bool) -> str:
    """Typst expression of a formula with its TeX as alternative text."""
    return f"raw({literal(tex.strip())}, block: {'true' if block else 'false'})"
