"""Files of one run saved together: written aside, renamed into place, the manifest last."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

__all__ = ["MANIFEST", "InfrastructureError", "prepare", "publish", "slug", "write_whole"]

MANIFEST: Final = "manifest.json"


class InfrastructureError(RuntimeError):
    """The machine, not the data: a folder that cannot be written, a disk that is full."""


def slug(name: str) -> str:
    """Folder name made of letters, digits, ``.``, ``_`` and ``-``; nothing in it can lead out of a folder.

    >>> slug("Acme & Söhne"), slug("../../etc/passwd"), slug("..")
    ('Acme-Söhne', 'etc-passwd', 'company')
    """
    plain = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFKC", name))
    cut = plain.encode()[:100].decode(errors="ignore")
    return re.sub(r"-+", "-", cut).strip("-.") or "company"


def prepare(folder: Path) -> None:
    """Make `folder` and prove that it can be written, before any work is spent.

    Raises
    ------
    InfrastructureError
        When it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_whole(path: Path, content: bytes) -> None:
    """Write one file so that a reader finds the old one or the new one, never a part.

    Raises
    ------
    InfrastructureError
        When it cannot be written; then the old file is untouched.
    """
    aside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
        aside = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        aside.chmod(_mode(path))
        aside.replace(path)
    except OSError as error:
        if aside:
            aside.unlink(missing_ok=True)
        raise _unwritable(path.parent, error) from None


def _mode(path: Path) -> int:
    """Permissions of the file that is there, or those that any new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".part-") as folder:
        new = Path(folder) / "new"
        new.touch()
        return new.stat().st_mode & 0o777


def publish(folder: Path, files: Mapping[str, bytes], *, owned: Iterable[str]) -> None:
    """Replace the files of the last run in `folder` by `files`, paths relative to it.

    While the manifest is missing the folder is unfinished; a failure to write leaves the last run untouched.

    Parameters
    ----------
    folder : Path
        Exists already.
    files : mapping
        What this run leaves; must hold the manifest.
    owned : iterable of str
        Patterns of all that a run may leave; what matches and is not in `files` is removed.

    Raises
    ------
    InfrastructureError
        When a file cannot be written.
    """
    aside: Path | None = None
    try:
        aside = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        for name, content in files.items():
            (aside / name).parent.mkdir(exist_ok=True)
            (aside / name).write_bytes(content)
            (folder / name).parent.mkdir(exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in [*(name for name in files if name != MANIFEST), MANIFEST]:
            if name == MANIFEST:
                _remove_stale(folder, owned, keep=files)
            (aside / name).replace(folder / name)
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        if aside:
            shutil.rmtree(aside, ignore_errors=True)


def _remove_stale(folder: Path, owned: Iterable[str], *, keep: Iterable[str]) -> None:
    kept = {folder / name for name in keep}
    for path in {path for pattern in owned for path in folder.glob(pattern)} - kept:
        path.unlink()
        if path.parent != folder and not any(path.parent.iterdir()):
            path.parent.rmdir()


def _unwritable(folder: Path, error: OSError) -> InfrastructureError:
    return InfrastructureError(
        f"cannot write into {folder}: {error.strerror or error}. Free space there, or choose another --out."
    )
