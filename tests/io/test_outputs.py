"""What is written appears at once, or not at all."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from affil.errors import AffilError
from affil.io.outputs import atomic_path, open_output, replace_folder, scratch


def test_output_appears_only_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out.csv.gz"
    with atomic_path(out) as part:
        assert part.parent == tmp_path
        assert part.name.endswith(".csv.gz")
        part.write_text("new")
        assert not out.exists()
    assert out.read_text() == "new"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_any_exception_leaves_what_was_there(tmp_path: Path, fault: type[BaseException]) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    with pytest.raises(fault), atomic_path(out) as part:
        part.write_text("half")
        raise fault
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_permissions_are_kept_or_follow_the_umask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("")
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        for path in (old, new):
            with atomic_path(path):
                pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE(old.stat().st_mode) == stat.S_IMODE(new.stat().st_mode) == 0o640


def test_links_are_followed_and_devices_left_alone(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real" / "file")
    with atomic_path(link) as part:
        part.write_text("x")
    assert link.is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "x"
    with atomic_path("/dev/null") as part:
        part.write_text("x")
    assert Path("/dev/null").is_char_device()


def test_unwritable_outputs_are_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(path: Path) -> str:
        with pytest.raises(AffilError) as caught, atomic_path(path) as part:
            part.write_text("never")
        assert "\n" not in str(caught.value)
        return str(caught.value)

    missing = f"there is no folder {tmp_path / 'no'}; create it or choose another output"
    assert attempt(tmp_path / "no" / "out.csv").endswith(missing)
    (tmp_path / "file").write_text("")
    assert "there is no folder" in attempt(tmp_path / "file" / "out.csv")
    assert attempt(tmp_path).endswith("is a folder; name a file in it")
    assert "cannot be written (" in attempt(tmp_path / ("x" * 256))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "read-only" in attempt(tmp_path / "file")


def test_long_names_can_be_written(tmp_path: Path) -> None:
    out = tmp_path / ("x" * 251 + ".csv")
    with atomic_path(out) as part:
        part.write_text("x")
    assert out.read_text() == "x"


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="the disk is full"), atomic_path(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())
    if Path("/dev/full").exists():
        with pytest.raises(OSError, match="No space"), open_output("/dev/full") as raw:
            raw.write(b"x" * 100_000)


@pytest.mark.parametrize("possible", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path: Path, possible: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not possible:
        monkeypatch.setattr("affil.io.outputs._exchange", lambda first, second: False)
    for name in ("first", "second"):
        new = tmp_path / ".new"
        new.mkdir()
        (new / name).touch()
        replace_folder(new, tmp_path / "target")
        assert [f.name for f in (tmp_path / "target").iterdir()] == [name]
        assert [f.name for f in tmp_path.iterdir()] == ["target"]


def test_what_a_killed_process_left_beside_an_output_goes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    left = [tmp_path / ".affil-0123456789ab.csv", tmp_path / "deep" / ".affil-0123456789ab.csv"]
    for file in left:
        file.touch()
    with atomic_path(tmp_path / "out.csv") as temporary:
        temporary.write_text("x")
    assert [file.exists() for file in left] == [False, True], "other folders are other people's"


HOLD = """
import sys, time
from affil.io.files import Copy
from affil.io.outputs import scratch
with scratch() as folder:
    (folder / "spilled").write_text("x")
    held = Copy("-")
    print(folder, held.file, flush=True)
    time.sleep(60)
"""


def test_temporary_files_go_with_the_process_or_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Any
) -> None:
    """Also those of a killed one, but none that another process still needs; nobody else may read them."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "in.csv").write_text("affiliation\nx\n")
    with (tmp_path / "in.csv").open() as given:
        holding = start([sys.executable, "-c", HOLD], stdin=given, stdout=subprocess.PIPE, text=True)
        folder, copy = map(Path, holding.stdout.readline().split())
    with scratch() as mine:
        assert [*mine.iterdir()] == []
        assert (folder / "spilled").exists()
        assert copy.read_text() == "affiliation\nx\n"
        assert (folder.stat().st_mode & 0o77, copy.stat().st_mode & 0o77) == (0, 0)
    assert not mine.exists()
    holding.kill()
    holding.wait()
    with scratch():
        assert not folder.exists()
        assert not copy.exists()
    assert [f.name for f in tmp_path.iterdir()] == ["in.csv"]
