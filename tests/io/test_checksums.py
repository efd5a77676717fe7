"""A byte that is not as it was written is told, wherever it is, when it is read and not before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.io import checksums
from affil.io.checksums import Sealed, digest_of, read_json, seal, sealed_json, verify

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checksums")


def sealed(path: Path, content: bytes, first: int = 0, last: int = 0) -> Path:
    path.write_bytes(content)
    seal(path, first, last)
    return path


@given(content=st.binary(max_size=50), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_each_bit_counts(folder: Path, content: bytes, where: float, bit: int) -> None:
    path = sealed(folder / "file", content)
    assert bytes(Sealed(path, "fix").content) == content
    whole = bytearray(path.read_bytes())
    whole[int(where * len(whole))] ^= 1 << bit
    path.write_bytes(whole)
    with pytest.raises(InputError, match=r"is damaged.*; fix"):
        Sealed(path, "fix")


@given(content=st.binary(max_size=50), kept=st.floats(0, 1, exclude_max=True), more=st.binary(min_size=1))
def test_each_length_counts(folder: Path, content: bytes, kept: float, more: bytes) -> None:
    path = sealed(folder / "file", content)
    whole = path.read_bytes()
    for other in (whole[: int(kept * len(whole))], whole + more):
        path.write_bytes(other)
        with pytest.raises(InputError, match="damaged, incomplete"):
            Sealed(path, "fix")


def test_what_is_used_later_is_checked_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "_BLOCK", 10)
    path = sealed(tmp_path / "file", bytes(range(95)), 20, 80)
    with path.open("r+b") as file:
        file.seek(47)
        file.write(b"x")
    opened = Sealed(path, "fix")
    opened.check(20, 40)
    opened.check(50, 95)
    opened.check(45, 45)
    for first, last in ((40, 41), (49, 50), (0, 95)):
        with pytest.raises(InputError, match="is damaged"):
            opened.check(first, last)
    for place in (5, 93):
        sealed(path, bytes(range(95)), 20, 80)
        with path.open("r+b") as file:
            file.seek(place)
            file.write(b"x")
        with pytest.raises(InputError, match="is damaged"):
            Sealed(path, "fix")


@given(content=st.dictionaries(st.text().filter(lambda k: k != "checksum"), VALUES))
def test_json_comes_back_and_no_value_changes_unseen(folder: Path, content: dict[str, Any]) -> None:
    path = folder / "file.json"
    text = sealed_json(content, indent=1)
    path.write_text(text, "utf-8", errors="surrogatepass")
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert read_json(path, "fix", content) == content
        if content:
            with pytest.raises(InputError, match=r"is damaged.*; fix"):  # it is of another kind
                read_json(path, "fix", ())
    for other in ({**content, "": "other"}, {**content, "new": 1}):
        if other != content:
            path.write_text(json.dumps({**other, "checksum": json.loads(text)["checksum"]}), "utf-8")
            with pytest.raises(InputError, match=r"is damaged.*; fix"):
                read_json(path, "fix", other)


def test_json_of_older_versions_has_no_checksum_and_nothing_strange(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"a": 1}')
    assert read_json(path, "fix", ("a", "b")) == {"a": 1}
    for text in ('{"a": 1, "checksun": "x"}', "[1]", "{", "", '"a"', "[" * 100_000, '{"a": 1, "checksum": "x"}'):
        path.write_text(text)
        with pytest.raises(InputError, match=r"file\.json: is damaged.*; fix"):
            read_json(path, "fix", ("a", "b"))
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InputError, match="is damaged"):
        read_json(path, "fix", ("a", "b"))


def test_a_digest_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    first = digest_of(path)
    assert verify(path, first, "fix") == path
    path.write_bytes(b"abcd")
    assert digest_of(path) != first
    with pytest.raises(InputError, match=r"file: is damaged.*; fix"):
        verify(path, first, "fix")
    path.unlink()
    with pytest.raises(InputError, match=r"file: cannot be read: No such file.*; fix"):
        verify(path, first, "fix")
