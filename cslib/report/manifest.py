"""What a run used and what became of it, as a document that is the same whenever the inputs are."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import cslib
from cslib.book import Book

__all__ = ["code_sha256", "inputs", "meanings", "sha256", "versions"]


def sha256(content: bytes) -> str:
    """Hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def code_sha256(notebook: Any) -> str:
    """Hash of the code cells in their order; prose and outputs do not change what a notebook computes."""
    digest = hashlib.sha256()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            text = source if isinstance(source, str) else "".join(source)
            digest.update(text.encode() + b"\x1e")
    return digest.hexdigest()


def inputs(book: Book) -> list[dict[str, str]]:
    """Every file the book was read from, with its table and hash; first the company.toml."""
    assert book.folder is not None
    toml = ["", "company.toml", sha256((book.folder / "company.toml").read_bytes())]
    files: list[list[str]] = book.account[["table", "file", "sha256"]].astype("str").to_numpy().tolist()
    return [dict(zip(("table", "file", "sha256"), row, strict=True)) for row in (toml, *sorted(files))]


def meanings(book: Book) -> dict[str, Any]:
    """What the company says its numbers mean: its default convention, its own ones, and settings off their default."""
    own = {f"{c.metric}: {c.name}": repr(c) for c in book.conventions}
    return {"conventions": {"default": book.convention, **own}, "settings": list(book.settings.departures())}


def versions() -> dict[str, str]:
    """Versions of cslib, Python and every package that cslib declares it stands on."""
    found: Mapping[str, str] = {"cslib": cslib.__version__, "python": platform.python_version()}
    return {**found, **_packages()}


def _packages() -> dict[str, str]:
    declared = [line for line in requires("cslib") or [] if "extra ==" not in line]
    names = sorted(match[0] for line in declared if (match := re.match(r"[\w.-]+", line)))
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
