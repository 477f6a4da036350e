"""A server's socket is named after everything it keeps from its start, so a stale one is never found."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

import cslib
from cslib.report.kernels.place import place_for, server_environment, why_not

ENV = {"HOME": "here", "OPENBLAS_NUM_THREADS": "1"}


def test_what_a_kernel_can_still_be_given_makes_no_new_place() -> None:
    place = place_for(ENV)
    assert place == place_for({**ENV, "JPY_SESSION_NAME": "x", "PATH": "y"})
    assert place == place_for(server_environment(ENV))  # as the server sees it


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "PYTHONHASHSEED", "LC_ALL", "TZ", "MPLBACKEND", "OMP_NUM_THREADS"]
)
def test_what_is_read_once_makes_a_new_place(name: str) -> None:
    assert place_for(ENV) != place_for({**ENV, name: "other"})


def test_a_changed_package_makes_a_new_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code, its SQL, its templates: all are read when they are imported, or kept from then on."""
    package = tmp_path / "cslib"
    (package / "story").mkdir(parents=True)
    monkeypatch.setattr(cslib, "__file__", str(package / "__init__.py"))
    places = [place_for(ENV)]
    for change in (
        lambda: (package / "book.py").write_text("one = 1"),
        lambda: (package / "book.py").write_text("one = 2"),
        lambda: (package / "story" / "words.toml").touch(),
        lambda: shutil.rmtree(package / "story"),
    ):
        change()
        os.utime(package / "book.py", ns=(0, len(places)))  # a clock too coarse would hide the change
        places.append(place_for(ENV))
    assert len(set(places)) == len(places)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "book.pyc").touch()
    assert place_for(ENV) == places[-1]


def test_a_changed_installation_makes_a_new_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    before = place_for(ENV)
    (tmp_path / "pandas-99.dist-info").mkdir()
    os.utime(tmp_path, ns=(0, 1))
    assert place_for(ENV) != before


def test_the_folder_is_this_users_alone(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    short = tempfile.TemporaryDirectory()  # a path that leaves room for a socket
    request.addfinalizer(short.cleanup)
    monkeypatch.setattr(tempfile, "tempdir", short.name)
    folder = place_for(ENV).socket.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    with pytest.raises(OSError, match="expected a folder that only this user can enter"):
        place_for(ENV)
    folder.rmdir()
    folder.symlink_to(short.name)
    with pytest.raises(OSError, match="expected a folder that only this user can enter"):
        place_for(ENV)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_kernels_are_forked_on_linux_only(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert why_not() == f"kernels are forked on Linux only, and this is {system}"
