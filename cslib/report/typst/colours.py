"""Colours as CSS writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

__all__ = ["ink_on", "rgb"]

_NAMED: Final = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff",
    "maroon": "800000", "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff", "green": "008000",
    "lime": "00ff00", "olive": "808000", "yellow": "ffff00", "navy": "000080", "blue": "0000ff",
    "teal": "008080", "aqua": "00ffff", "orange": "ffa500", "pink": "ffc0cb", "lightblue": "add8e6",
    "lightgreen": "90ee90", "lightgrey": "d3d3d3", "lightgray": "d3d3d3", "darkgrey": "a9a9a9",
    "darkgray": "a9a9a9", "darkred": "8b0000", "darkgreen": "006400", "darkblue": "00008b",
    "lightyellow": "ffffe0", "khaki": "f0e68c", "coral": "ff7f50", "salmon": "fa8072", "gold": "ffd700",
    "tomato": "ff6347", "crimson": "dc143c", "cyan": "00ffff", "magenta": "ff00ff", "steelblue": "4682b4",
    "lightcoral": "f08080", "skyblue": "87ceeb", "brown": "a52a2a", "beige": "f5f5dc", "whitesmoke": "f5f5f5",
}  # fmt: skip
_HEX: Final = re.compile(r"#([0-9a-f]{3,8})")
_CALL: Final = re.compile(r"rgba?\(([^()]*)\)")


@lru_cache(4096)
def rgb(css: str) -> str:
    """Six hexadecimal digits of a CSS colour, mixed with white as far as it is transparent; empty if none.

    >>> rgb("#ABC"), rgb("rgba(0, 0, 0, 50%)"), rgb("transparent"), rgb("var(--x)")
    ('aabbcc', '808080', '', '')
    """
    css = css.strip().lower()
    if css in _NAMED:
        return _NAMED[css]
    if found := _HEX.fullmatch(css):
        return _of_hex(found[1])
    if found := _CALL.fullmatch(css):
        return _of_call(re.split(r"[\s,/]+", found[1].strip()))
    return ""


def _of_hex(digits: str) -> str:
    if len(digits) in {3, 4}:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) == 6:
        return digits
    if len(digits) == 8:
        return _mixed([int(digits[i : i + 2], 16) for i in (0, 2, 4)], int(digits[6:], 16) / 255)
    return ""


def _of_call(parts: Sequence[str]) -> str:
    try:
        numbers = [float(part[:-1]) / 100 if part.endswith("%") else float(part) for part in parts]
    except ValueError:
        return ""
    if len(numbers) not in {3, 4} or not all(0 <= number <= 255 for number in numbers):
        return ""
    channels = [n * 255 if part.endswith("%") else n for n, part in zip(numbers[:3], parts, strict=False)]
    return _mixed([round(c) for c in channels], numbers[3] if len(numbers) == 4 else 1.0)


def _mixed(channels: Sequence[int], opacity: float) -> str:
    opacity = min(opacity, 1.0)
    if opacity == 0:
        return ""
    return "".join(f"{round(255 + (c - 255) * opacity):02x}" for c in channels)


def ink_on(ground: str) -> str:
    """Black or white, whichever is easier to read on a colour of six digits.

    >>> ink_on("ffff00"), ink_on("1d4270")
    ('000000', 'ffffff')
    """
    red, green, blue = (int(ground[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return "000000" if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 else "ffffff"
