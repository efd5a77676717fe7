"""A built registry in the cache is built again when anything that decides how it is built is another."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

import affil
from affil.registry import folder
from affil.settings import TEXT


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what the hash reads, where it is read instead."""
    package = Path(affil.__file__).parent
    for part in ("names", "registry"):
        shutil.copytree(package / part, tmp_path / part)
    shutil.copy(package / "types.py", tmp_path)
    monkeypatch.setattr("affil.registry.folder.resources.files", lambda name: tmp_path.joinpath(*name.split(".")[1:]))
    yield tmp_path


@pytest.mark.parametrize(
    "file", ["names/words.csv", "names/things.csv", "names/tokens.py", "registry/data/names.csv", "registry/ror.py", "types.py"]
)
def test_code_tables_and_kinds_are_in_the_hash(source: Path, file: str) -> None:
    before = folder.sources_hash.__wrapped__()
    (source / file).write_bytes((source / file).read_bytes() + b"\n")
    assert folder.sources_hash.__wrapped__() != before


def test_a_new_table_is_in_the_hash_and_compiled_code_is_not(source: Path) -> None:
    before = folder.sources_hash.__wrapped__()
    (source / "names" / "__pycache__").mkdir(exist_ok=True)
    (source / "names" / "__pycache__" / "fold.pyc").write_bytes(b"x")
    assert folder.sources_hash.__wrapped__() == before
    (source / "registry" / "data" / "more.csv").write_bytes(b"x")
    assert folder.sources_hash.__wrapped__() != before


def other_library(name: str) -> str:
    return "0" if name == "ftfy" else version(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", other_library), ("TEXT", TEXT.model_copy(update={"flagship": TEXT.flagship + 1})), ("FORMAT", 999)],
)
def test_libraries_settings_and_format_are_in_the_hash(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Callable[[str], str] | object
) -> None:
    before = folder.sources_hash.__wrapped__()
    monkeypatch.setattr(folder, name, value)
    assert folder.sources_hash.__wrapped__() != before


def test_of_several_that_want_a_registry_one_builds_it(tmp_path: Path) -> None:
    built: list[Path] = []

    def build(out: Path) -> None:
        built.append(out)
        time.sleep(0.2)  # the others come meanwhile
        out.write_bytes(b"whole")

    out = tmp_path / "shipped-1.affil"
    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(folder.built_once, out, build) for _ in range(4)]]
    assert found == [out] * 4
    assert built == [out]
    assert [file.name for file in tmp_path.iterdir()] == [out.name]


def test_a_build_that_failed_is_begun_anew(tmp_path: Path) -> None:
    def fail(out: Path) -> None:
        raise KeyError(out)

    out = tmp_path / "shipped-1.affil"
    with pytest.raises(KeyError):
        folder.built_once(out, fail)
    assert not [*tmp_path.iterdir()]
    assert folder.built_once(out, lambda out: out.touch()) == out
    assert out.exists()


def test_what_is_kept_is_made_once_and_again_where_it_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "cache_folder", lambda: tmp_path)
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"content" * 20_000

    assert bytes(folder.kept("a.bin", make)) == bytes(folder.kept("a.bin", make)) == b"content" * 20_000
    assert len(made) == 1
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for harmed in (b"", whole[:-1], whole[:70_000] + b"?" + whole[70_001:], bytes(len(whole))):
        file.unlink()
        file.write_bytes(harmed)
        assert bytes(folder.kept("a.bin", make)) == b"content" * 20_000
        assert file.read_bytes() == whole
    assert len(made) == 5


def test_without_a_cache_it_is_made_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(folder, "cache_folder", lambda: tmp_path / "file" / "below")
    assert bytes(folder.kept("a.bin", lambda: b"x")) == b"x"


def test_why_it_takes_long_is_said_once_and_to_those_who_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out, begun = tmp_path / "shipped-1.affil", threading.Event()

    def build(out: Path) -> None:
        begun.set()
        end = time.monotonic() + 30  # until the other one waits, too
        while len(caplog.records) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        out.touch()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(folder.built_once, out, build, "building it")
        assert begun.wait(30)
        second = pool.submit(folder.built_once, out, build, "building it")
        assert first.result() == second.result() == out
    assert folder.built_once(out, build, "building it") == out, "nothing is said of what is there"
    assert [r.getMessage() for r in caplog.records] == ["building it", f"another process builds {out}; waiting for it"]
    assert {(r.name, r.levelname) for r in caplog.records} == {("affil.registry", "WARNING")}


FIRST = """
import os, shutil, sys
import affil.registry.registry as registry

registry._build_shipped = lambda out: (registry.LOG.info("a step"), shutil.copyfile(os.environ['BUILT'], out))  # in place of half a minute
"""


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("import affil\nprint(len(affil.Registry.open()))", "building the index of the shipped registry; this happens once"),
        (
            "from affil.cli import main\nsys.argv[1:] = ['registry', 'info']\nmain()",
            "affil: note: building the index",
        ),
    ],
    ids=["python", "command"],
)
def test_the_first_use_says_that_it_builds_the_index(
    tiny_matcher: affil.Matcher, tmp_path: Path, python: str, then: str, told: str
) -> None:
    """In a program without any logging, and with the command; the second use says nothing."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "BUILT": str(tiny_matcher.registry.path)}
    outputs = []
    for first in (True, False):
        done = subprocess.run([python, "-c", FIRST + then], env=environment, capture_output=True, text=True, check=True)
        outputs.append(done.stdout)
        assert done.stderr.startswith(told) if first else done.stderr == ""
        assert done.stderr.count("\n") == first
    assert outputs[0] == outputs[1] != ""
