"""Style sheets inside a piece of HTML, as pandas writes them: their rules, and which hold for an element."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

__all__ = ["NONE", "Found", "Node", "Styles", "classes_of", "declarations"]

NONE: Final[frozenset[str]] = frozenset()
_STYLE: Final = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.S | re.I)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.S)
_BLOCK: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_ID: Final = re.compile(r"\s*#([\w-]+)\s*")
_STEP: Final = re.compile(r"([a-zA-Z][\w-]*|\*)?((?:[.#][\w-]+)*)")


class Node(NamedTuple):
    """An element, and what its styles come to once they are known."""

    tag: str
    id: str
    classes: frozenset[str]
    style: Mapping[str, str]


class _Rule(NamedTuple):
    steps: tuple[tuple[str, str, frozenset[str]], ...]  # tag, id, classes; the last is the element itself
    style: Mapping[str, str]
    weight: tuple[int, int, int]
    sure: bool = False  # matches whatever is found by its key


_weight: Final = attrgetter("weight")

Found = dict[tuple[str, frozenset[str]], list[_Rule]]
"""Rules of an element's tag and classes, at one place of the document."""


class Styles:
    """Rules of all sheets in a piece of HTML, and those found so far for each place in it."""

    def __init__(self, text: str) -> None:
        self._rules = _sheets(text)
        named = (step[2] for found in self._rules.values() for rule in found for step in rule.steps)
        self._telling: frozenset[str] = NONE.union(*named)  # classes that some rule asks for
        self._places: dict[tuple[object, ...], Found] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def within(self, ancestors: Sequence[Node]) -> Found:
        """Rules found so far for elements that stand in `ancestors`."""
        if not self._rules:
            return {}
        around = tuple((node.tag, node.id, self._telling & node.classes) for node in ancestors)
        return self._places.setdefault(around, {})

    def of(self, node: Node, ancestors: Sequence[Node], found: Found) -> dict[str, str]:
        """What all rules say of an element; `found` is that of its `ancestors`, and grows."""
        key = node.tag, self._telling & node.classes
        if key not in found:
            keys = (*[f".{name}" for name in key[1]], node.tag, "*")
            found[key] = [r for one in keys for r in self._rules.get(one, ()) if _matches(r, node, ancestors)]
        holding = found[key]
        if node.id and (own := self._rules.get(f"#{node.id}")):
            holding = holding + [rule for rule in own if rule.sure or _matches(rule, node, ancestors)]
        style: dict[str, str] = {}
        for rule in sorted(holding, key=_weight) if len(holding) > 1 else holding:
            style |= rule.style
        return style


def declarations(text: str) -> dict[str, str]:
    """Properties and values of a block.

    >>> declarations("Color: RED; background: white !important")
    {'color': 'red', 'background-color': 'white'}
    """
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    return {
        {"background": "background-color"}.get(n := name.strip().lower(), n): value.replace("!important", "")
        .strip()
        .lower()
        for name, value in pairs
    }


@lru_cache(maxsize=20_000)
def classes_of(text: str) -> frozenset[str]:
    """Classes that an attribute names."""
    return frozenset(text.split())


def _matches(rule: _Rule, node: Node, ancestors: Sequence[Node]) -> bool:
    *above, own = rule.steps
    if not _is(own, node):
        return False
    if not above:
        return True
    chain = iter(reversed(ancestors))
    return all(any(_is(step, ancestor) for ancestor in chain) for step in reversed(above))


def _is(step: tuple[str, str, frozenset[str]], node: Node) -> bool:
    tag, name, classes = step
    return tag in {"", "*", node.tag} and name in {"", node.id} and classes <= node.classes


def _sheets(text: str) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    order = 0
    for sheet in _STYLE.findall(text):
        for selectors, body in _BLOCK.findall(_COMMENT.sub("", sheet)):
            style = declarations(body)
            for selector in selectors.split(","):
                order += 1
                rule = _rule(selector, style, order)
                if rule is not None:
                    rules.setdefault(_key(rule), []).append(rule)
    return rules


def _rule(selector: str, style: Mapping[str, str], order: int) -> _Rule | None:
    steps: list[tuple[str, str, frozenset[str]]] = []
    if found := _ID.fullmatch(selector):  # as pandas writes one for every cell
        return _Rule((("", found[1], NONE),), style, (1, 0, order), sure=True)
    for word in selector.replace(">", " ").split():
        found = _STEP.fullmatch(word)
        if not found:  # pseudo-classes, attributes: nothing that stands on paper
            return None
        marks = re.findall(r"([.#])([\w-]+)", found[2])
        name = next((text for mark, text in marks if mark == "#"), "")
        steps.append((found[1] or "", name, frozenset(text for mark, text in marks if mark == ".")))
    if not steps:
        return None
    ids = sum(1 for step in steps if step[1])
    return _Rule(tuple(steps), style, (ids, sum(len(step[2]) for step in steps), order))


def _key(rule: _Rule) -> str:
    tag, name, classes = rule.steps[-1]
    return f"#{name}" if name else f".{min(classes)}" if classes else tag or "*"
