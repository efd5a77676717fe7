"""Files: text in common encodings, gzip, standard streams, and atomic outputs."""

from __future__ import annotations

import ctypes
import errno
import gzip
import io
import itertools
import os
import secrets
import shutil
import stat
import sys
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO, cast

from affil.errors import AffilError, InputError
from affil.io.encoding import detect
from affil.settings import INPUT

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where open files cannot be deleted anyway
    fcntl = None  # type: ignore[assignment]

STANDARD = "-"  # standard input or output
_GZIP = b"\x1f\x8b"
_MARKED = ("utf-8-sig", "utf-16", "utf-32")  # what a byte-order mark tells
TEMPORARY = ".affil-"  # how the names of files begin that are not finished
_SCRATCH = ".folder"  # put behind the name of such a file: what it locks
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Text:
    """An opened text.

    Attributes:
        stream: the decoded stream, line ends untouched.
        lines: its number of lines.
        name: the name to use in messages.
        mark: whether it begins with a byte-order mark.
        notes: what was guessed: a phrase on the encoding, or nothing.
    """

    stream: TextIO
    lines: int
    name: str
    mark: bool = False
    notes: tuple[str, ...] = ()


def shown_name(path: Path | str, *, output: bool = False) -> str:
    """The name of a file in messages."""
    return str(path) if str(path) != STANDARD else "standard output" if output else "standard input"


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
            raise AffilError(f"{path}: the disk is full; free some space or choose another output") from error
        raise
    finally:
        with suppress(OSError):
            os.close(handle)
        part.unlink(missing_ok=True)


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
    lock, handle = _begin_temporary()
    folder = lock.with_name(lock.name + _SCRATCH)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _end_temporary(lock, handle)


def _begin_temporary() -> tuple[Path, int]:
    """Create a file among the system's temporary ones, locked by its handle; those of killed processes go."""
    place = Path(tempfile.gettempdir())
    sweep(place, deep=False)
    begun = _begin(place / secrets.token_hex(6))
    assert begun is not None, "there is no special file of that name"
    if hasattr(os, "fchmod"):
        os.fchmod(begun[1], 0o600)
    return begun


def _end_temporary(file: Path, handle: int) -> None:
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
def alone(lock: Path) -> Iterator[None]:
    """Lock the file `lock` while the block runs: others that want it wait, in this process or another. Afterwards it is gone.

    Where it cannot be locked nobody waits.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            while True:
                lock.parent.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context(lock.open("ab"))
                if fcntl is None:
                    break
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
            raise AffilError(f"{path}: is a folder; name a file in it")
        if target.exists():
            if not target.is_file():
                return None
            if not os.access(target, os.W_OK):
                raise AffilError(f"{path}: cannot be written (read-only); choose another output, or make it writable")
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
        raise AffilError(f"{path}: there is no folder {Path(path).parent}; create it or choose another output") from error
    except OSError as error:
        raise AffilError(f"{path}: cannot be written ({error.strerror}); choose another output") from error


def _sync(path: Path) -> None:
    """Flush a file (or a folder's entries) to disk, so that a power failure leaves the old or the new file."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Copy:
    """What can be read only once (standard input, a pipe), unpacked into a file of its own: `open_input` reads that while this lives."""

    def __init__(self, path: Path | str) -> None:
        self.file, handle = _begin_temporary()
        weakref.finalize(self, _end_temporary, self.file, handle)
        with self.file.open("wb") as file, open_input(path) as raw:
            _spool(raw, file, shown_name(path))
        _COPIES[str(path)] = self


_COPIES: weakref.WeakValueDictionary[str, Copy] = weakref.WeakValueDictionary()


def copied(path: Path | str) -> Copy | None:
    """A copy of what is to be opened several times and cannot be, to be held until then; None for what can.

    Raises:
        InputError: it cannot be read, or its gzip is damaged.
    """
    if str(path) != STANDARD and (Path(path).is_file() or not Path(path).exists()):
        return None
    return _COPIES.get(str(path)) or Copy(path)


@contextmanager
def open_input(path: Path | str) -> Iterator[IO[bytes]]:
    """Open a file, or standard input for `-`, as seekable bytes; gzip is recognised by content and unpacked.

    Unseekable input (a pipe) is first copied to an unnamed temporary file.

    Raises:
        InputError: the file does not exist, is a folder, or cannot be read.
    """
    name = shown_name(path)
    with ExitStack() as stack:
        try:
            copy = _COPIES.get(str(path))
            if copy is None and str(path) == STANDARD:
                raw: IO[bytes] = sys.stdin.buffer
            else:
                raw = stack.enter_context(_opened(Path(path) if copy is None else copy.file, name))
            if copy is None and (str(path) == STANDARD or not raw.seekable()):
                spool = stack.enter_context(tempfile.TemporaryFile())
                _spool(raw, spool, name)
                spool.seek(0)
                raw = spool
            packed = raw.read(2) == _GZIP
            raw.seek(0)
        except FileNotFoundError as error:
            raise InputError(name, "no such file", fix="check the path") from error
        except IsADirectoryError as error:
            raise InputError(name, "is a folder", fix="name a file in it") from error
        except OSError as error:
            raise InputError(name, f"cannot be read: {error.strerror or error}") from error
        yield stack.enter_context(cast(IO[bytes], gzip.GzipFile(fileobj=raw))) if packed else raw


def _opened(path: Path, name: str) -> IO[bytes]:
    """A file opened for reading; a named pipe once somebody writes to it, no other device than a terminal.

    Raises:
        InputError: nobody writes to the pipe, or it is a device, which never ends.
    """
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        return _written_to(path, name)
    file = path.open("rb")
    if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and not file.isatty() and str(path) != os.devnull:
        file.close()
        raise InputError(name, "is a device", fix="name a file")
    return file


def _written_to(path: Path, name: str) -> IO[bytes]:
    """A named pipe, opened once somebody writes to it."""
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(path.open, "rb")
        try:
            return opening.result(INPUT.patience)
        except TimeoutError as error:
            raise InputError(name, "is a pipe to which nobody writes", fix="start what writes to it first") from error
        finally:
            if not opening.done():
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))  # so that it need not wait any longer
                opening.result().close()


def _spool(raw: IO[bytes], file: IO[bytes], name: str) -> None:
    """Copy what can be read only once into a file.

    Raises:
        InputError: it is longer than any that is read.
    """
    left = INPUT.piped
    while chunk := raw.read(1 << 20):
        left -= len(chunk)
        if left < 0:
            raise InputError(name, f"does not end within {INPUT.piped:,} bytes", fix="name a file, or give it in parts")
        file.write(chunk)


def lines_in(raw: IO[bytes], name: str) -> Iterator[bytes]:
    """The lines of a file with their ends.

    Raises:
        InputError: one is longer than any that is read.
    """
    for number in itertools.count(1):
        line = raw.readline(INPUT.line + 1)
        if not line:
            return
        if len(line) > INPUT.line:
            raise InputError(name, f"is longer than {INPUT.line:,} bytes", row=number, unit="line", fix="check that it is text")
        yield line


def read_whole(raw: IO[bytes], name: str) -> bytes:
    """All bytes of a file that must be held in memory as a whole.

    Raises:
        InputError: it is too large for that.
    """
    content = raw.read(INPUT.whole + 1)
    check_size(name, len(content))
    return content


def check_size(name: str, size: int) -> None:
    """Raise InputError where a file of so many bytes, unpacked, is too large to be held in memory."""
    if size > INPUT.whole:
        raise InputError(
            name, f"is larger than {INPUT.whole:,} bytes, unpacked", fix="save it as CSV or JSON Lines, or in parts"
        )


def begins_as_json(path: Path | str) -> bool:
    """Whether a file begins as a JSON object or list does; False for what cannot be read.

    Of what can be read only once a copy must be held (see `copied`).
    """
    with suppress(InputError, OSError, EOFError, zlib.error), open_input(path) as raw:
        return raw.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return False


@contextmanager
def damage_said(name: str) -> Iterator[None]:
    """Say in one line what is wrong with a file that breaks while its bytes are read.

    Raises:
        InputError: that line.
    """
    try:
        yield
    except EOFError as error:
        raise InputError(name, "the gzip file is truncated", fix="fetch or copy it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(name, f"the gzip file is damaged: {error}", fix="fetch or copy it again") from error
    except OSError as error:
        raise InputError(name, f"cannot be read: {error.strerror or error}") from error


@contextmanager
def open_text(path: Path | str, encoding: str | None = None) -> Iterator[Text]:
    """Open a text file, or standard input for `-`, whatever of the known encodings it is in (see `affil.io.encoding`).

    It is read once completely beforehand, to detect the encoding and truncation, so that no such error occurs half-way. gzip is
    unpacked.

    Args:
        path: the file.
        encoding: the encoding, instead of telling it.

    Raises:
        InputError: the file cannot be opened, is empty, truncated, or in another encoding.
    """
    with open_input(path) as raw, as_text(raw, shown_name(path), encoding) as text:
        yield text


@contextmanager
def as_text(raw: IO[bytes], name: str, encoding: str | None = None) -> Iterator[Text]:
    """The text of an opened file (seekable, at its start); see `open_text`."""
    with damage_said(name):
        form = detect(raw, name, encoding)
    stream = io.TextIOWrapper(raw, encoding=form.encoding, newline="")
    try:
        yield Text(stream, form.lines, name, form.encoding in _MARKED, (form.note,) if form.note else ())
    finally:
        stream.detach()  # the bytes are closed by who opened them, standard input not at all


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
