"""Text that is safe to print: string literals of Typst, and characters that the fonts have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = [
    "LONGEST",
    "SUBSTITUTE",
    "breakable",
    "content",
    "cut",
    "literal",
    "missing_note",
    "printable",
    "prose",
    "visible",
]

SUBSTITUTE: Final = "□"
_BREAK: Final = "\u200b"  # a place where a line may break, without width
_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\n", "\t": " "})
# Invisible in print, or able to turn the order of what follows: joiners, marks of direction, variation selectors.
_DROPPED: Final = frozenset(
    map(
        chr,
        [0xAD, 0x61C, 0x180E, 0xFEFF, *range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)],
    )
) | frozenset(map(chr, range(0xFE00, 0xFE10)))
_WITHOUT_TRACE: Final = dict.fromkeys(map(ord, {*_DROPPED, _BREAK}))
_SAME: Final = {"\u2028": " ", "\u2029": " ", "\u2011": "-", "\u2007": "\u00a0", "\u202f": "\u00a0"}
_WORD: Final = re.compile(rf"[^\s{_BREAK}]+")
_MINUS: Final = re.compile(r"(?<![\w.,-])-(?=[\d$€£.])")
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|points?|months?|days?|years?|accounts?|of|x|USD|EUR|GBP)\b)")
_QUOTE: Final = re.compile("([\"'])")
_PIECE: Final = re.compile("\u2068([^\u2068\u2069]+)\u2069")  # a first strong isolate, as of a name


def literal(text: str) -> str:
    r"""Typst string literal of a text: nothing in it is markup or code.

    >>> print(literal('#read("/etc/passwd") \\ [*'))
    "#read(\"/etc/passwd\") \\ [*"
    """
    return f'"{text.translate(_ESCAPED)}"'


def breakable(text: str, *, longest: int = 32) -> str:
    """Text in which a word that no line can hold may break.

    >>> breakable("short"), len(breakable("a" * 64))
    ('short', 65)
    """
    if len(text) <= longest or max(map(len, text.split()), default=0) <= longest:
        return text
    return _WORD.sub(lambda word: _BREAK.join(_pieces(word.group(), longest)), text)


def _pieces(word: str, longest: int) -> Iterable[str]:
    return (word[i : i + longest] for i in range(0, len(word), longest))


LONGEST: Final = 4000  # characters of what a PDF holds as one string: alternatives, bookmarks, addresses


def cut(text: str, *, longest: int = 800) -> str:
    """Text that leaves room for something else on the page.

    >>> cut("a long story", longest=8)
    'a long …'
    """
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()} …"


def content(parts: Iterable[str]) -> str:
    """One Typst expression that joins expressions.

    >>> content(['"a"', 'emph("b")']), content(['"a"']), content([])
    ('{"a"; emph("b")}', '"a"', '""')
    """
    kept = list(parts)
    if len(kept) < 2:
        return kept[0] if kept else '""'
    return "{" + "; ".join(kept) + "}"


def prose(text: str) -> list[str]:
    """Typst expressions of running text: quotes curl as the language wants, minus signs and units are set.

    >>> prose("it's -3 points")
    ['"it"', 'smartquote(double: false)', '"s −3\\xa0points"']
    >>> prose("\\u2068Studio 54\\u2069: 3")
    ['piece("Studio 54")', '": 3"']
    """
    if _PIECE.search(text):
        parts = enumerate(_PIECE.split(text))
        return [
            told
            for i, part in parts
            for told in ([f"piece({content(prose(part))})"] if i % 2 else prose(part))
        ]
    text = _UNIT.sub("\u00a0", _MINUS.sub("−", text))
    quotes = {'"': "smartquote()", "'": "smartquote(double: false)"}
    return [quotes.get(part, literal(breakable(part))) for part in _QUOTE.split(text) if part]


def visible(text: str) -> str:
    """Text without marks that leave nothing on paper; empty when nothing is left.

    >>> visible(" \u202e\ufeff\u200b ")
    ''
    """
    return text.translate(_WITHOUT_TRACE).strip()


def printable(source: str, *, covered: frozenset[str]) -> tuple[str, list[str]]:
    """Text with every character that no font has replaced by a visible one, and the characters replaced.

    Marks that are invisible or turn the direction of writing are left out.

    >>> printable("a\\u202eb\\x07", covered=frozenset("ab"))
    ('ab□', ['\\x07'])
    """
    found = {character: _shown(character, covered) for character in set(source) - {"\n"}}
    missing = sorted(character for character, shown in found.items() if shown == SUBSTITUTE != character)
    changed = {ord(a): b for a, b in found.items() if a != b}
    return source.translate(changed) if changed else source, missing


def _shown(character: str, covered: frozenset[str]) -> str:
    if character in _DROPPED:
        return ""
    if character == _BREAK or character in covered:
        return character
    plain = _SAME.get(character) or unicodedata.normalize("NFKC", character)
    return plain if plain != character and set(plain) <= covered and plain.isprintable() else SUBSTITUTE


def missing_note(characters: Sequence[str], *, most: int = 8) -> str:
    """Sentence that names the characters a report could not print.

    >>> missing_note(["\\x07"])
    'Shown as □, because the fonts of this document lack them: U+0007.'
    """
    named = [f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip() for c in characters[:most]]
    rest = f" and {len(characters) - most} more" if len(characters) > most else ""
    return f"Shown as {SUBSTITUTE}, because the fonts of this document lack them: {', '.join(named)}{rest}."
