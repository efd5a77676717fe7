"""Files that are read: text in common encodings, gzip, pipes and standard input."""

from __future__ import annotations

import gzip
import io
import itertools
import os
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

from affil.errors import InputError
from affil.io.encoding import detect
from affil.io.outputs import STANDARD, begin_temporary, end_temporary
from affil.settings import INPUT
from affil.wording import said

_GZIP = b"\x1f\x8b"
_MARKED = ("utf-8-sig", "utf-16", "utf-32")  # what a byte-order mark tells


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


class Copy:
    """What can be read only once (standard input, a pipe), unpacked into a file of its own: `open_input` reads that while this lives."""

    def __init__(self, path: Path | str) -> None:
        self.file, handle = begin_temporary()
        weakref.finalize(self, end_temporary, self.file, handle)
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
            raise InputError(name, said("no such file"), fix=said("check the path")) from error
        except IsADirectoryError as error:
            raise InputError(name, said("is a folder"), fix=said("name a file in it")) from error
        except OSError as error:
            raise InputError(name, said("cannot be read: {0}", error.strerror or error)) from error
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
        raise InputError(name, said("is a device"), fix=said("name a file"))
    return file


def _written_to(path: Path, name: str) -> IO[bytes]:
    """A named pipe, opened once somebody writes to it."""
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(path.open, "rb")
        try:
            return opening.result(INPUT.patience)
        except TimeoutError as error:
            raise InputError(
                name, said("is a pipe to which nobody writes"), fix=said("start what writes to it first")
            ) from error
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
            raise InputError(
                name, said("does not end within {0:,} bytes", INPUT.piped), fix=said("name a file, or give it in parts")
            )
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
            raise InputError(
                name, said("is longer than {0:,} bytes", INPUT.line), row=number, unit="line", fix=said("check that it is text")
            )
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
            name,
            said("is larger than {0:,} bytes, unpacked", INPUT.whole),
            fix=said("save it as CSV or JSON Lines, or in parts"),
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
        raise InputError(name, said("the gzip file is truncated"), fix=said("fetch or copy it again")) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(name, said("the gzip file is damaged: {0}", error), fix=said("fetch or copy it again")) from error
    except OSError as error:
        raise InputError(name, said("cannot be read: {0}", error.strerror or error)) from error


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
