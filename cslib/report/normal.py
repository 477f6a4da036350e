"""An executed notebook without what differs from run to run: times, random ids, paths of one machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import cslib

__all__ = ["inject", "normalise", "number_cells"]

_CELL_FILE: Final = re.compile(r"[^\s\"'(]*ipykernel_\d+[/\\]\d+\.py")
_ADDRESS: Final = re.compile(r"\b0x[0-9a-f]{6,16}\b")
Place = tuple[re.Pattern[str], str]
_KERNELSPEC: Final = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def number_cells(notebook: Any) -> None:
    """Give cells without an id of their own one that stays the same; nbformat would draw them at random."""
    seen = {""}
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell.get("id", "") in seen:
            cell["id"] = f"cell-{number}"
        seen.add(cell["id"])
    notebook["nbformat_minor"] = max(notebook.get("nbformat_minor", 0), 5)


def inject(notebook: Any, source: str) -> None:
    """Put `source` after the cell tagged ``parameters``, in place of what an earlier run injected."""
    cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    at = next(n for n, c in enumerate(cells, start=1) if "parameters" in c.metadata.get("tags", []))
    cell = type(notebook)(
        cell_type="code",
        id="injected-parameters",
        metadata=type(notebook)(tags=["injected-parameters"]),
        source=source,
        outputs=[],
        execution_count=None,
    )
    notebook.cells = [*cells[:at], cell, *cells[at:]]


def normalise(notebook: Any, *, folder: Path) -> None:
    """Rid `notebook`, which ran in `folder`, of what no input explains; each cell keeps its status."""
    notebook.metadata.pop("papermill", None)
    if notebook.metadata.get("kernelspec", {}).get("language", "python") == "python":
        notebook.metadata["kernelspec"] = dict(_KERNELSPEC)  # whichever way the kernel was started
    places = _places(folder)
    for cell in notebook.cells:
        status = cell.metadata.pop("papermill", {}).get("status", "pending")
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.metadata["papermill"] = {"status": status}
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        for output in cell.get("outputs", []):
            _clean(output, places)


def _places(folder: Path) -> list[Place]:
    """Folders of this machine that outputs may name, longest first, and what stands for each."""
    package = Path(cslib.__file__).parents[1]
    named = {folder: "", package: "", Path(sys.prefix): "<python>/", Path(sys.base_prefix): "<python>/"}
    found = [(str(place), word) for place, word in named.items() if len(place.parts) > 1]
    places: list[Place] = []
    for place, word in sorted(found, key=lambda pair: -len(pair[0])):
        places.append((re.compile(re.escape(place) + "/"), word))
        places.append((re.compile(re.escape(place) + r"(?![\w.-])"), word.rstrip("/") or "."))
    return places


def _clean(output: Any, places: Iterable[Place]) -> None:
    for key in ("text", "evalue"):
        if key in output:
            output[key] = _portable(output[key], places)
    if "traceback" in output:
        output["traceback"] = [_portable(line, places) for line in output["traceback"]]
    for mime, data in output.get("data", {}).items():
        if mime.startswith("text/"):
            output["data"][mime] = _portable(data, places)
    for kept in output.get("metadata", {}).get("cslib", {}).get("rows", []):
        for row in kept["rows"]:
            row[:] = [_portable(cell, places) if _may_differ(cell) else cell for cell in row]


def _may_differ(cell: Any) -> bool:
    """Whether what stands in a row may name a place of this machine; few do, and looking closely takes a while."""
    return isinstance(cell, str) and ("/" in cell or "0x" in cell)


def _portable(text: Any, places: Iterable[Place]) -> Any:
    if not isinstance(text, str):
        return [_portable(line, places) for line in text]
    for place, word in places:
        text = place.sub(word, text)
    return _ADDRESS.sub("0x0", _CELL_FILE.sub("<cell>", text))
