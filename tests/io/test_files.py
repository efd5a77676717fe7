from __future__ import annotations

import gzip
import io
import os
import random
import sys
from pathlib import Path

import pytest

from affil.errors import InputError
from affil.io.files import open_text
from affil.io.outputs import open_output


def test_gzip_in_and_out(tmp_path: Path) -> None:
    for name in ("a.txt.gz", "b.txt.gz"):
        with open_output(tmp_path / name) as raw:
            raw.write("id\n清华\n".encode())
    assert (tmp_path / "a.txt.gz").read_bytes() == (tmp_path / "b.txt.gz").read_bytes()  # no time, no name inside
    (tmp_path / "misnamed.csv").write_bytes((tmp_path / "a.txt.gz").read_bytes())
    with open_text(tmp_path / "misnamed.csv") as text:
        assert (text.stream.read(), text.lines) == ("id\n清华\n", 2)


def test_line_ends_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\r\nb\rc\n")
    with open_text(tmp_path / "a") as text:
        assert text.stream.read() == "a\r\nb\rc\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            gzip.compress(random.Random(1).randbytes(5000), mtime=0)[:-3000],
            "the gzip file is truncated; fetch or copy it again",
        ),
        (gzip.compress(b"id\n", mtime=0)[:-2], "the gzip file is truncated"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"\xff" * 99, "the gzip file is damaged"),
        (gzip.compress(b"id\nx\n", mtime=0)[:-8] + b"\0" * 8, "the gzip file is damaged"),
        (b"", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_broken_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.csv.gz").write_bytes(content)
    with pytest.raises(InputError, match=message), open_text(tmp_path / "a.csv.gz"):
        pass


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; check the path"), open_text(tmp_path / "a.csv"):
        pass
    with pytest.raises(InputError, match="is a folder"), open_text(tmp_path):
        pass


class Piped(io.TextIOWrapper):
    """A standard stream that cannot seek, as in a pipe."""

    def __init__(self, content: bytes = b"") -> None:
        self.bytes = io.BytesIO(content)
        self.bytes.seekable = lambda: False  # type: ignore[method-assign]
        super().__init__(self.bytes)


def test_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(gzip.compress("id\n清华大学\n".encode("gb18030"))))
    with open_text("-") as text:
        assert text.stream.read() == "id\n清华大学\n"
    monkeypatch.setattr(sys, "stdin", Piped())
    with pytest.raises(InputError, match="standard input: is empty"), open_text("-"):
        pass
    out = Piped()
    monkeypatch.setattr(sys, "stdout", out)
    with open_output("-") as raw:
        raw.write(b"x")
    assert out.bytes.getvalue() == b"x"
    assert not out.closed


def test_named_pipes_can_be_read(tmp_path: Path) -> None:
    from threading import Thread

    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_text("id\nMIT\n"))
    writer.start()
    with open_text(pipe) as text:
        assert text.stream.read() == "id\nMIT\n"
    writer.join()
