"""From a number in a sentence to the cell that shows it: links on a page, references to tables on paper."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Places", "linked", "places", "referring"]

MARKDOWN: Final = "text/markdown"


@dataclass(frozen=True)
class Places:
    """What can be pointed at in a notebook.

    Attributes
    ----------
    labels : Mapping
        Label of a table or figure -> its kind (``table`` or ``figure``) and its number, counted as they are printed.
    cells : Mapping
        Name of a number (see :mod:`cslib.evidence`) -> id of the table's cell that shows it.
    """

    labels: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)


def _outputs(notebook: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            words = output.get("metadata", {}).get("cslib", {})
            if isinstance(words, Mapping) and output.get("data"):
                yield output, words


def places(notebook: Any) -> Places:
    """Tables, figures and cells that sentences of this notebook may point at."""
    labels: dict[str, tuple[str, int]] = {}
    cells: dict[str, str] = {}
    counted = {"table": 0, "figure": 0}
    for output, words in _outputs(notebook):
        kind = (
            "figure"
            if "image/svg+xml" in output["data"]
            else "table"
            if "text/html" in output["data"]
            else ""
        )
        if not kind or not words.get("caption"):
            continue
        counted[kind] += 1
        if words.get("label") and words["label"] not in labels:
            labels[str(words["label"])] = (kind, counted[kind])
        for name, cell in words.get("cells", {}).items():
            cells.setdefault(str(name), str(cell))
    return Places(labels, cells)


def referring(notebook: Any) -> Any:
    """Copy of a notebook in whose sentences each paragraph names the tables its numbers stand in: ``([](#label))``.

    A link without words prints as what it leads to, such as "Table 2".
    """
    known = places(notebook)
    told = copy.copy(notebook)
    told["cells"] = [_with_references(cell, known) for cell in notebook.cells]
    return told


def _with_references(cell: Any, known: Places) -> Any:
    """Cell whose sentences name their tables: a copy down to what differs, the same cell where nothing does."""
    outputs = []
    for output in cell.get("outputs", []):
        words, data = output.get("metadata", {}).get("cslib", {}), output.get("data", {})
        if MARKDOWN in data and isinstance(words, Mapping) and words.get("refers"):
            text = _inserted(_joined(data[MARKDOWN]), _references(words, known))
            output = type(output)({**output, "data": type(data)({**data, MARKDOWN: text})})
        outputs.append(output)
    return cell if outputs == cell.get("outputs", []) else type(cell)({**cell, "outputs": outputs})


def linked(notebook: Any, output: Any, known: Places) -> str:
    """Markdown of an output with a link on every number that some cell, or at least some table, shows."""
    words = output.get("metadata", {}).get("cslib", {})
    text = _joined(output["data"][MARKDOWN])
    after = [(int(at), [str(label) for label in labels]) for at, labels in words.get("refers", [])]
    pieces: list[tuple[int, str]] = []
    for start, end, name in words.get("numbers", []):
        near = next((labels for at, labels in after if at >= end), [])
        target = known.cells.get(name) or next((label for label in near if label in known.labels), "")
        if target:
            pieces += [(int(start), "["), (int(end), f"](#{target})")]
    return _inserted(text, pieces)


def _references(words: Mapping[str, Any], known: Places) -> list[tuple[int, str]]:
    found = []
    for at, labels in words["refers"]:
        shown = [str(label) for label in labels if label in known.labels][:3]
        if shown:
            found.append((int(at), " (" + ", ".join(f"[](#{label})" for label in shown) + ")"))
    return found


def _inserted(text: str, pieces: list[tuple[int, str]]) -> str:
    for at, piece in sorted(pieces, key=lambda p: p[0], reverse=True):
        text = text[:at] + piece + text[at:]
    return text


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)
