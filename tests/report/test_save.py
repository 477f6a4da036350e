"""A folder holds the files of one run, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.report.save import InfrastructureError, prepare, publish, slug, write_whole

OWNED = ["report.*", "rejected/*.csv"]


def tree(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_files_replace_those_of_the_last_run(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    folder = tmp_path / "a" / "b"
    (folder / "mine.txt").write_text("kept")
    publish(folder, {"report.pdf": b"1", "rejected/x.csv": b"1", "manifest.json": b"1"}, owned=OWNED)
    publish(folder, {"report.html": b"2", "manifest.json": b"2"}, owned=OWNED)
    assert tree(folder) == {"mine.txt": "kept", "report.html": "2", "manifest.json": "2"}
    assert not (folder / "rejected").exists()


def test_a_file_that_cannot_be_written_leaves_the_last_run(tmp_path: Path) -> None:
    publish(tmp_path, {"report.pdf": b"1", "manifest.json": b"1"}, owned=OWNED)
    too_long = "rejected/" + "x" * 300 + ".csv"
    with pytest.raises(InfrastructureError, match=r"cannot write into .*: File name too long"):
        publish(tmp_path, {"report.pdf": b"2", too_long: b"2", "manifest.json": b"2"}, owned=OWNED)
    assert tree(tmp_path) == {"report.pdf": "1", "manifest.json": "1"}


def test_an_unfinished_folder_has_no_manifest(tmp_path: Path) -> None:
    """A directory in the place of a file stops the renames half-way."""
    publish(tmp_path, {"report.pdf": b"1", "manifest.json": b"1"}, owned=OWNED)
    (tmp_path / "report.html" / "x").mkdir(parents=True)
    with pytest.raises(InfrastructureError):
        publish(tmp_path, {"report.pdf": b"2", "report.html": b"2", "manifest.json": b"2"}, owned=OWNED)
    assert "manifest.json" not in tree(tmp_path)


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InfrastructureError, match="Not a directory"):
        prepare(tmp_path / "file" / "out")


@pytest.mark.skipif(
    not Path("/proc/version").exists(), reason="needs a file system that even root cannot write"
)
def test_a_read_only_folder_is_refused() -> None:
    with pytest.raises(InfrastructureError, match="Free space there, or choose another --out"):
        prepare(Path("/proc/reports"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_slug_is_one_plain_name(name: str) -> None:
    found = slug(name)
    assert found
    assert found not in {".", ".."}
    assert not set(found) & set('/\\:*?"<>|\0\n ')
    assert len(found.encode()) <= 100
    assert slug(found) == found
    assert Path("out", found).parent == Path("out")


def test_one_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    write_whole(path, b"one")
    path.chmod(0o640)
    write_whole(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
    with pytest.raises(InfrastructureError, match=r"cannot write into .*: File name too long"):
        write_whole(tmp_path / ("x" * 300), b"three")
    assert tree(tmp_path) == {"new/page.html": "two"}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The operating system refuses the bytes half-way, as it does where there is no room."""
    path = tmp_path / "page.html"
    write_whole(path, b"old")
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom cslib.report.save import InfrastructureError, write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write_whole(Path(sys.argv[1]), b'x' * 100_000)\nexcept InfrastructureError as error:\n    print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert (
        said == f"cannot write into {tmp_path}: File too large. Free space there, or choose another --out.\n"
    )
    assert tree(tmp_path) == {"page.html": "old"}
