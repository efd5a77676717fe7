"""Files and folders that are written: they appear at once, whole, or not at all; and temporary ones."""

from __future__ import annotations

import atexit
import ctypes
import errno
import gzip
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from affil.errors import AffilError
from affil.wording import said

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where open files cannot be deleted anyway
    fcntl = None  # type: ignore[assignment]

STANDARD = "-"  # standard input or output
TEMPORARY = ".affil-"  # how the names of files begin that are not finished
_SCRATCH = ".folder"  # put behind the name of such a file: what it locks
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_path(path: Path | str, *, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary file in the folder of `path`, which replaces `path` when the block succeeds.

    On any exception, including Ctrl-C, the temporary file is removed and `path` is unchanged. Links are followed. Special files
    (`/dev/null`, a named pipe) are yielded as they are. `sync` flushes to disk, and deletes what killed processes left in the folder; many
    reproducible files in one folder need neither.

    Raises:
        AffilError: the folder is missing, `path` is a folder or cannot be written, or the disk is full.
    """
    target, begun = Path(path).resolve(), _begin(path)
    if begun is None:
        yield target
        return
    part, handle = begun
    if sync:
        sweep(target.parent, deep=False)
    try:
        yield part
        if target.exists():
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        if sync:
            _sync(part)
        if fcntl is None:
            os.close(handle)  # Windows cannot rename open files
            handle = -1
        part.replace(target)
        if sync:
            _sync(target.parent)
    except OSError as error:
        if error.errno in _FULL:
            raise AffilError(said("{0}: the disk is full; free some space or choose another output", path)) from error
        raise
    finally:
        with suppress(OSError):
            os.close(handle)
        part.unlink(missing_ok=True)


def keep_inputs(out: Path | str, *sources: Path | str) -> None:
    """Check that an output is none of the files that it is made from, under whatever name.

    Raises:
        AffilError: it is one of them.
    """
    for source in sources:
        with suppress(OSError, ValueError):  # one is not there: two files
            if STANDARD not in (str(out), str(source)) and Path(out).is_file() and Path(out).samefile(source):
                raise AffilError(
                    said("{0}: is the file that is read, {1}, which would be lost; choose another output", out, source)
                )


def files_in(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder, sorted, without unfinished ones of `atomic_path`."""
    return sorted(file for file in folder.glob(pattern) if not file.name.startswith(TEMPORARY))


def sweep(folder: Path, *, deep: bool = True) -> None:
    """Delete unfinished files of killed processes in a folder and, with `deep`, its subfolders (see `atomic_path`).

    Files being written by another process are locked and kept.
    """
    for part in (folder.rglob if deep else folder.glob)(TEMPORARY + "*"):
        with suppress(OSError):
            with part.open("rb") as file:
                if fcntl is not None:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(part.with_name(part.name + _SCRATCH), ignore_errors=True)
            part.unlink()


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder, for files that are needed while the block runs. One of a process that was killed goes when the next is made.

    Raises:
        AffilError: the system's folder for temporary files cannot be written.
    """
    lock, handle = begin_temporary()
    folder = lock.with_name(lock.name + _SCRATCH)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        end_temporary(lock, handle)


def lasting_scratch() -> Path:
    """`scratch`, as long as the process lasts."""
    held = ExitStack()
    atexit.register(held.close)
    return held.enter_context(scratch())


def begin_temporary() -> tuple[Path, int]:
    """Create a file among the system's temporary ones, locked by its handle; those of killed processes go."""
    place = Path(tempfile.gettempdir())
    sweep(place, deep=False)
    begun = _begin(place / secrets.token_hex(6))
    assert begun is not None, "there is no special file of that name"
    if hasattr(os, "fchmod"):
        os.fchmod(begun[1], 0o600)
    return begun


def end_temporary(file: Path, handle: int) -> None:
    """Delete what `begin_temporary` made."""
    file.unlink(missing_ok=True)
    with suppress(OSError):
        os.close(handle)


def replace_folder(new: Path, target: Path) -> None:
    """Put a folder in the place of another, which is deleted: at once where the system can exchange two (Linux), so that one of them is
    always there.
    """
    if not target.exists():
        new.rename(target)
        return
    if not _exchange(new, target):
        old = new.with_name(f"{new.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        new.rename(target)
        new = old
    shutil.rmtree(new)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders; whether that was possible."""
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(rename(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0)


@contextmanager
def alone(lock: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Lock the file `lock` while the block runs: others that want it wait, in this process or another. Afterwards it is gone.

    Where it cannot be locked nobody waits. `waiting` is called before waiting for somebody.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            while True:
                lock.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(lock.open("ab"))
                if fcntl is None:
                    break
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    waiting()
                    fcntl.flock(file, fcntl.LOCK_EX)
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                        break
                stack.close()  # who held it before has deleted it
            stack.callback(_forget, lock)
        yield


def _forget(lock: Path) -> None:
    with suppress(OSError):
        lock.unlink()


def _begin(path: Path | str) -> tuple[Path, int] | None:
    """Create the temporary file of an output, locked by its handle (see `sweep`); None for special files."""
    target = Path(path).resolve()
    try:
        if target.is_dir():
            raise AffilError(said("{0}: is a folder; name a file in it", path))
        if target.exists():
            if not target.is_file():
                return None
            if not os.access(target, os.W_OK):
                raise AffilError(said("{0}: cannot be written (read-only); choose another output, or make it writable", path))
        # a new name, since the output's may already have the maximum length; suffixes are kept for the format
        while True:
            part = target.with_name(f"{TEMPORARY}{secrets.token_hex(6)}" + "".join(target.suffixes[-2:])[:20])
            handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)  # 0o666: subject to umask
            if fcntl is not None:
                with suppress(OSError):  # file system without locks
                    fcntl.flock(handle, fcntl.LOCK_EX)
            if fcntl is None or os.fstat(handle).st_nlink:
                return part, handle
            os.close(handle)  # swept before being locked
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AffilError(
            said("{0}: there is no folder {1}; create it or choose another output", path, Path(path).parent)
        ) from error
    except OSError as error:
        raise AffilError(said("{0}: cannot be written ({1}); choose another output", path, error.strerror)) from error


def _sync(path: Path) -> None:
    """Flush a file (or a folder's entries) to disk, so that a power failure leaves the old or the new file."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def open_output(path: Path | str) -> Iterator[IO[bytes]]:
    """Open a binary output: standard output for `-`, else a file that appears only when the block succeeds.

    Names in `.gz` are compressed reproducibly.

    Raises:
        AffilError: see `atomic_path`.
    """
    if str(path) == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomic_path(path) as part, part.open("wb") as raw:
        if str(path).lower().endswith(".gz"):
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield raw
