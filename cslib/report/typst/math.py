r"""Mathematics as TeX writes it, to Typst; what is not understood is shown as it was written.

Everything is built of calls and string literals, never of Typst's own mathematical markup, so that no formula can
run code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cslib.report.typst.symbols import ACCENTS, FUNCTIONS, LIMITS, MATRICES, SPACES, STYLES, SYMBOLS
from cslib.report.typst.text import breakable, literal, visible

__all__ = ["equation"]

_TOKEN: Final = re.compile(r"\\(?:[a-zA-Z]+\*?|.)|\d+(?:[.,]\d+)*|\s+|.", re.S)
_LONGEST: Final = 5000  # characters of a formula
_DEEPEST: Final = 40  # groups within groups
_IGNORED: Final = {
    "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber", "notag", "hline", "big", "Big",
    "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle", "mathstrut", "rm", "it", "bf",
}  # fmt: skip
_LINES: Final = {
    "align",
    "aligned",
    "alignat",
    "gather",
    "gathered",
    "eqnarray",
    "multline",
    "equation",
    "split",
}
_TEXT: Final = {
    "text",
    "textrm",
    "textnormal",
    "mbox",
    "textit",
    "textbf",
    "textsf",
    "texttt",
    "operatorname",
}
_ROMAN: Final = {"mathrm", "mathsf", "mathtt", "mathop", "mathit"}
_GREEK_WORD: Final = re.compile(r"[A-Za-z][A-Za-z ]*")


class _UnknownError(ValueError):
    """TeX that is not understood."""


def equation(tex: str, *, block: bool) -> str:
    r"""Typst expression of a formula with its TeX as alternative text.

    >>> equation("x", block=False)
    'math.equation(block: false, alt: "x", symbol("x"))'
    >>> equation(r"\mystery", block=False)
    'raw("\\\\mystery", block: false)'
    """
    tex = visible(tex)
    kind = "true" if block else "false"
    try:
        if len(tex) > _LONGEST or not tex:
            raise _UnknownError
        return f"math.equation(block: {kind}, alt: {literal(tex)}, {_Reader(tex).whole()})"
    except _UnknownError:
        return f"raw({literal(breakable(tex))}, block: {kind})"


def _joined(parts: Sequence[str]) -> str:
    """One expression of several; led by content, because signs alone would join to upright text."""
    return parts[0] if len(parts) == 1 else "{" + "; ".join(["[]", *parts]) + "}"


def _symbol(character: str) -> str:
    # Escaped, so that a sign which only the mathematical font has is not taken for one that no font has.
    return f'symbol("{_escaped(character)}")'


def _escaped(text: str) -> str:
    return "".join(c if c.isascii() and c not in '"\\' else f"\\u{{{ord(c):x}}}" for c in text)


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, tex: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(re.sub(r"(?<!\\)%.*", "", tex))
        self.at = 0
        self.depth = 0

    def whole(self) -> str:
        said = self.row(frozenset())
        if self.at < len(self.tokens):
            raise _UnknownError
        return said

    # --- tokens

    def peek(self) -> str:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        if not token:
            raise _UnknownError
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise _UnknownError

    # --- grammar

    def row(self, ends: frozenset[str]) -> str:
        """Atoms with their scripts, up to a token of `ends`, which is left to the caller."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _UnknownError
        parts: list[str] = []
        while (token := self.peek()) and token not in ends:
            if token in {"^", "_", "'"}:
                base = parts.pop() if parts else '""'
                parts.append(self.scripts(base))
            elif token in {"}", "\\right", "\\end"}:
                raise _UnknownError
            else:
                said = self.atom()
                if said:
                    parts.append(said)
        self.depth -= 1
        return _joined(parts)

    def scripts(self, base: str) -> str:
        top: list[str] = []
        bottom: list[str] = []
        primes = 0
        while self.peek() in {"^", "_", "'"}:
            token = self.take()
            if token == "'":
                primes += 1
            else:
                (top if token == "^" else bottom).append(self.argument())
        top = [_symbol("′″‴⁗"[min(primes, 4) - 1]), *top] if primes else top
        said = [f"t: {_joined(top)}"] if top else []
        said += [f"b: {_joined(bottom)}"] if bottom else []
        return f"math.attach({', '.join([base, *said])})"

    def argument(self) -> str:
        if self.peek() == "{":
            return self.group()
        token = self.peek()
        if token[:1].isdigit():  # of a number without braces TeX takes the first figure
            self.tokens[self.at : self.at + 1] = list(token)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _UnknownError
        said = self.atom()
        self.depth -= 1
        return said or '""'

    def group(self) -> str:
        self.expect("{")
        said = self.row(frozenset("}"))
        self.expect("}")
        return said

    def verbatim(self) -> str:
        """Text of a group as it stands."""
        self.expect("{")
        taken: list[str] = []
        depth = 1
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if not depth:
                return "".join(taken)
            taken.append(
                {"\\%": "%", "\\$": "$", "\\&": "&", "\\_": "_", "\\#": "#", "~": " "}.get(token, token)
            )
        raise _UnknownError

    def atom(self) -> str:
        token = self.take()
        if token == "{":
            self.at -= 1
            return self.group()
        if token[0].isdigit():
            return literal(token)
        if token == "~":
            return "h(0.33em)"
        if token == "&":
            return "$&$.body"
        if not token.startswith("\\"):
            return _symbol({"-": "−", "*": "∗"}.get(token, token)) if token.isascii() else literal(token)
        return self.command(token[1:].rstrip("*"))

    def command(self, name: str) -> str:
        if name == "\\":
            if self.peek() == "[":
                while self.take() != "]":
                    pass
            return "linebreak()"
        if name in _IGNORED:
            return ""
        if name in SPACES:
            return f"h({SPACES[name]}em)"
        if name in SYMBOLS:
            return _symbol(SYMBOLS[name])
        if name in LIMITS:
            return f"math.op({literal(LIMITS[name])}, limits: true)"
        if name in FUNCTIONS:
            return f"math.op({literal(name)})"
        if name in ACCENTS:
            said = f"math.{ACCENTS[name]}({self.argument()})"
            return f"math.limits({said})" if name.endswith("brace") else said
        if name in _TEXT:
            said = literal(self.verbatim())
            return f"math.op({said})" if name == "operatorname" else said
        if name in _ROMAN:
            return self.roman()
        if name in STYLES:
            return f"math.{STYLES[name]}({self.argument()})"
        return self.construct(name)

    def roman(self) -> str:
        """A word of upright letters, or upright anything."""
        start = self.at
        if self.peek() == "{":
            word = self.verbatim()
            if _GREEK_WORD.fullmatch(word):
                return literal(word)
            self.at = start
        return f"math.upright({self.argument()})"

    def construct(self, name: str) -> str:
        if name in {"frac", "dfrac", "tfrac", "cfrac"}:
            return f"math.frac({self.argument()}, {self.argument()})"
        if name in {"binom", "dbinom", "tbinom"}:
            return f"math.binom({self.argument()}, {self.argument()})"
        if name == "sqrt":
            return self.root()
        if name in {"stackrel", "overset"}:
            above = self.argument()
            return f"math.attach(math.limits({self.argument()}), t: {above})"
        if name == "underset":
            below = self.argument()
            return f"math.attach(math.limits({self.argument()}), b: {below})"
        if name == "left":
            opened = self.delimiter()
            inner = self.row(frozenset({"\\right"}))
            self.expect("\\right")
            return f"math.lr({_joined([*opened, inner, *self.delimiter()])})"
        if name == "begin":
            return self.environment()
        if name in {"label", "tag"}:
            self.verbatim()
            return ""
        raise _UnknownError

    def root(self) -> str:
        if self.peek() != "[":
            return f"math.sqrt({self.argument()})"
        self.take()
        index = self.row(frozenset("]"))
        self.expect("]")
        return f"math.root({index}, {self.argument()})"

    def delimiter(self) -> list[str]:
        token = self.take()
        if token == ".":
            return []
        said = SYMBOLS.get(token[1:], "") if token.startswith("\\") else token.strip("{}")
        if not said or not token.isascii():
            raise _UnknownError
        return [_symbol(said)]

    def environment(self) -> str:
        name = self.verbatim().rstrip("*")
        if name in {"array", "alignat"}:
            self.verbatim()
        if name not in MATRICES and name not in _LINES and name not in {"cases", "array"}:
            raise _UnknownError
        ends = frozenset({"\\end"})
        said = self.row(ends) if name in _LINES else self.cells(name)
        self.expect("\\end")
        self.verbatim()
        return said

    def cells(self, name: str) -> str:
        ends = frozenset({"\\end", "&", "\\\\"})
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.row(ends))
            token = self.peek()
            if token == "\\end":
                break
            if self.take() == "\\\\":
                rows.append([])
        rows = [row for row in rows if row != ["{[]}"]]
        if name == "cases":
            return f"math.cases({', '.join(_joined(_spaced(row)) for row in rows)})"
        lines = ", ".join("(" + "".join(f"{cell}, " for cell in row) + ")" for row in rows)
        return f"math.mat(delim: {MATRICES.get(name, 'none')}, {lines})"


def _spaced(row: Sequence[str]) -> list[str]:
    return [part for i, cell in enumerate(row) for part in ([cell] if not i else ["h(1em)", cell])]
