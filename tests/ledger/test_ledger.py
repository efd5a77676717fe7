from __future__ import annotations

import hashlib
import json
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from affil.errors import AffilError, InputError
from affil.ledger import Draft, Key, Ledger
from affil.ledger.database import Database, LostError

A, B = "https://ror.org/aaa", "affil:bbb"


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger is kept: what holds for the one database holds for the other."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    return str(request.getfixturevalue("postgres").database())


@pytest.fixture
def ledger(where: Path | str) -> Iterator[Ledger]:
    made = Ledger(where, model="m1", registry="r1", wait=0.1)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", model="m1", registry="r1", wait=0.1)


def test_an_entry_holds_who_when_why_and_what_held_before(ledger: Ledger) -> None:
    first = ledger.decide("MIT ", A, by="ana", why="asked them")
    second = ledger.decide("MIT ", [B, A, B], by="ana", why="two of them", model="m2", registry="r2")
    assert (first.number, first.institutions, first.previous, first.model, first.registry) == (1, (A,), None, "m1", "r1")
    assert (second.number, second.institutions, second.previous, second.model, second.registry) == (2, (B, A), (A,), "m2", "r2")
    assert abs(datetime.now(UTC) - first.at) < timedelta(minutes=1)
    assert ledger.entries() == [first, second]
    assert ledger.current() == {"MIT ": (B, A)}


def test_a_string_can_name_none_and_is_keyed_exactly(ledger: Ledger) -> None:
    ledger.decide("fax: 12", None, by="ana", why="a fax number")
    ledger.decide("Fax: 12", A, by="ana", why="another string")
    assert ledger.current() == {"fax: 12": (), "Fax: 12": (A,)}


def test_a_ledger_that_nobody_wrote_to(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.entries() == []
    assert ledger.current() == {}
    assert list(tmp_path.iterdir()) == []


def test_it_lasts(ledger: Ledger, where: Path | str) -> None:
    entry = ledger.decide("港中大", A, by="ana", why="简称")
    again = Ledger(where)
    assert again.entries() == [entry]
    assert again.entries(after=1) == []
    again.close()


def test_sqlite_writes_ahead(file: Ledger, tmp_path: Path) -> None:
    file.decide("X", A, by="ana", why="w")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_undo_restores_what_held_before(ledger: Ledger) -> None:
    ledger.decide("X", A, by="ana", why="w")
    ledger.decide("X", None, by="ana", why="w")
    undo = ledger.undo(2, by="bo", why="was right before")
    assert (undo.number, undo.undoes, undo.institutions, undo.previous) == (3, 2, (A,), ())
    assert ledger.current() == {"X": (A,)}
    ledger.undo(1, by="bo", why="unsure")
    assert ledger.current() == {}
    ledger.decide("X", B, by="bo", why="sure now")
    assert ledger.current() == {"X": (B,)}
    assert len(ledger.entries()) == 5


def test_undo_says_what_it_cannot_do(ledger: Ledger) -> None:
    with pytest.raises(AffilError, match="has no entry 1; list entries with: affil decisions WS"):
        ledger.undo(1, by="ana", why="w")
    ledger.decide("X", A, by="ana", why="w")
    ledger.decide("X", B, by="ana", why="w")
    with pytest.raises(AffilError, match="entry 1 was superseded by entry 2; undo that first"):
        ledger.undo(1, by="ana", why="w")
    ledger.undo(2, by="ana", why="w")
    with pytest.raises(AffilError, match="entry 2 was already undone by entry 3"):
        ledger.undo(2, by="ana", why="w")
    with pytest.raises(AffilError, match=r"entry 3 is an undo \(of 2\); make a new decision"):
        ledger.undo(3, by="ana", why="w")
    assert len(ledger.entries()) == 3


@pytest.mark.parametrize("blank", ["affiliation", "institution", "by", "why"])
def test_nothing_may_be_blank(ledger: Ledger, blank: str) -> None:
    values = {"affiliation": "X", "institution": A, "by": "ana", "why": "w", blank: " "}
    with pytest.raises(AffilError, match="blank"):
        ledger.decide(**values)
    assert ledger.entries() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET why = 'other'",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE number = 1",
        "INSERT OR REPLACE INTO ledger (number, at, by, key, affiliation, why, undoes, model, registry) "
        "SELECT 99, at, by, key, affiliation, why, undoes, model, registry FROM ledger WHERE number = 2",
    ],
)
def test_rows_can_never_be_changed(file: Ledger, tmp_path: Path, statement: str) -> None:
    file.decide("X", A, by="ana", why="w")
    file.undo(1, by="ana", why="w")
    before = file.entries()
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as raw, refused:
        raw.execute(statement)
    assert file.entries() == before


@pytest.mark.parametrize("statement", ["UPDATE ledger SET why = 'other'", "DELETE FROM ledger", "TRUNCATE ledger"])
def test_rows_can_never_be_changed_on_a_server(postgres: Any, statement: str) -> None:
    url = postgres.database()
    ledger = Ledger(url)
    ledger.decide("X", A, by="ana", why="w")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as raw:
        raw.exec_driver_sql(statement)
    assert len(ledger.entries()) == 1
    engine.dispose()
    ledger.close()


def test_a_locked_ledger(file: Ledger, tmp_path: Path) -> None:
    file.decide("X", A, by="ana", why="w")
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AffilError, match="locked by another writer; try again"):
        file.decide("X", B, by="ana", why="w")
    assert file.current() == {"X": (A,)}, "readers never wait"
    other.execute("ROLLBACK")
    other.close()
    file.decide("X", B, by="ana", why="w")


def test_a_read_only_ledger_can_be_read(file: Ledger, tmp_path: Path) -> None:
    file.decide("X", A, by="ana", why="w")
    read_only = Ledger(f"sqlite:///file:{tmp_path / 'ledger.sqlite'}?mode=ro&uri=true")
    assert read_only.current() == {"X": (A,)}
    with pytest.raises(AffilError, match="read-only; make the file and its folder writable"):
        read_only.decide("X", B, by="ana", why="w")


def test_files_that_are_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("this is not a database" * 100)
    with pytest.raises(InputError, match="not a ledger, or damaged"):
        Ledger(tmp_path / "x").entries()
    with pytest.raises(InputError, match="not a ledger, or damaged"):
        Ledger(tmp_path / "x").decide("X", A, by="ana", why="w")
    with pytest.raises(AffilError, match="no such folder; create it for the ledger"):
        Ledger(tmp_path / "no" / "ledger.sqlite").decide("X", A, by="ana", why="w")
    with pytest.raises(AffilError, match="install the database driver"):
        Ledger("nosuch://host/db")


def test_a_file_that_was_replaced_is_not_written_to_behind_its_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    lasting = Ledger(path, lasting=True)
    lasting.decide("X", A, by="ana", why="w")
    lasting.close()
    shutil.copy(path, tmp_path / "copy")
    lasting.decide("Y", A, by="ana", why="w")
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    for ask in (lasting.entries, lambda: lasting.decide("W", A, by="ana", why="w")):
        with pytest.raises(InputError, match="the ledger is gone"):
            ask()
    assert not path.exists(), "no empty one takes its place"
    (tmp_path / "copy").rename(path)
    lasting.decide("Z", A, by="ana", why="w")
    assert [e.affiliation for e in Ledger(path).entries()] == ["X", "Z"]
    lasting.close()


@pytest.mark.parametrize("content", [b"", b"\0" * 8192])
def test_an_empty_file_is_no_ledger_without_decisions(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(content)
    for ask in (Ledger.entries, lambda ledger: ledger.decide("X", A, by="ana", why="w")):
        with pytest.raises(InputError, match="restore the file from a backup"):
            ask(Ledger(tmp_path / "ledger.sqlite"))
    assert (tmp_path / "ledger.sqlite").read_bytes() == content


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as raw:
        raw.execute("CREATE TABLE other (x)")
    with pytest.raises(InputError, match="holds no ledger"):
        Ledger(tmp_path / "other.sqlite").decide("X", A, by="ana", why="w")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_lost_while_writing_is_looked_into(postgres: Any, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The server goes away at the commit: what was recorded is an answer, what was not is said."""
    ledger = Ledger(str(postgres.database()), wait=5)
    ledger.decide("first", A, by="ana", why="w")
    write, lost = Database.write, []

    @contextmanager
    def losing(database: Database) -> Iterator[Any]:
        with write(database) as connection:
            yield connection
            if not lost and when == "before":
                lost.append(True)
                connection.rollback()
                raise LostError("connection lost; try again")
        if not lost:
            lost.append(True)
            raise LostError("connection lost; try again")

    monkeypatch.setattr(Database, "write", losing)
    if when == "before":
        with pytest.raises(AffilError, match="connection lost; nothing was recorded, try again"):
            ledger.decide("second", A, by="ana", why="w")
        assert [e.affiliation for e in ledger.entries()] == ["first"]
    else:
        assert ledger.decide("second", A, by="ana", why="w").number == 2
        assert [e.affiliation for e in ledger.entries()] == ["first", "second"]
    ledger.close()


def test_a_memory_ledger_by_url() -> None:
    ledger = Ledger("sqlite://")
    ledger.decide("X", A, by="ana", why="w")
    assert ledger.current() == {"X": (A,)}


def test_writers_at_the_same_time_lose_nothing(where: Path | str) -> None:
    def write(name: str) -> None:
        own = Ledger(where, wait=30)
        for i in range(20):
            own.decide("X", f"{name}{i}", by=name, why="w", settle=True)
        own.close()

    writers = [threading.Thread(target=write, args=(f"p{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    last = Ledger(where)
    entries = last.entries()
    last.close()
    assert [e.number for e in entries] == list(range(1, 81))
    assert [e.previous for e in entries] == [None, *(e.institutions for e in entries[:-1])]


def test_another_persons_decision_is_not_overwritten(ledger: Ledger) -> None:
    ledger.decide("X", A, by="ana", why="w")
    other = ledger.decide("X", B, by="bo", why="w")
    assert (other.role, other.previous, ledger.current()) == ("opinion", (A,), {"X": (A,)})
    case = ledger.cases()[Key("X")]
    assert case.disputed
    assert (case.holder.by, [*case.opinions]) == ("ana", ["bo"])
    ledger.decide("X", B, by="ana", why="bo is right")
    assert ledger.current() == {"X": (B,)}
    assert not ledger.cases().disputes()


def test_a_decision_sent_twice_is_one_entry(ledger: Ledger) -> None:
    first = ledger.decide("X", [A, B], by="ana", why="w")
    assert ledger.decide("X", [B, A], by=" ana ", why="w") == first
    opinion = ledger.decide("X", None, by="bo", why="w", blind=True)
    assert ledger.decide("X", None, by="bo", why="w", blind=True) == opinion
    settled = ledger.decide("X", A, by="cy", why="w", settle=True)
    assert ledger.decide("X", A, by="cy", why="w", settle=True) == settled
    assert ledger.decide_all([Draft(Key("Y"), (A,), "ana", "w")] * 2)[0].number == 4
    assert [e.number for e in ledger.entries()] == [1, 2, 3, 4]


def test_what_says_more_than_the_entry_there_is_another_entry(ledger: Ledger) -> None:
    ledger.decide("X", A, by="ana", why="w")
    ledger.decide("X", A, by="ana", why="another reason")
    ledger.decide("X", A, by="ana", why="another reason", model="m2")
    ledger.decide("X", A, by="ana", why="another reason", model="m2", paper="p1")
    ledger.decide("X", A, by="bo", why="another reason", model="m2")
    assert ledger.decide("X", A, by="ana", why="another reason", model="m2", settle=True).role == "settlement"
    assert ledger.decide("X", B, by="bo", why="w", model="m2").role == "opinion"
    ledger.decide("X", A, by="ana", why="another reason", model="m2", settle=True)
    assert len(ledger.entries()) == 8
    ledger.undo(8, by="ana", why="w")
    ledger.decide("X", A, by="ana", why="another reason", model="m2", settle=True)
    assert len(ledger.entries()) == 10


def test_a_dispute_is_settled_and_can_be_opened_again(ledger: Ledger) -> None:
    ledger.decide("X", A, by="ana", why="w")
    ledger.decide("X", None, by="bo", why="w", blind=True)
    settled = ledger.decide("X", B, by="cy", why="asked the author", settle=True)
    assert settled.role == "settlement"
    assert (ledger.current(), ledger.cases().disputes()) == ({"X": (B,)}, {})
    ledger.undo(settled.number, by="cy", why="the author was wrong")
    assert ledger.current() == {"X": (A,)}
    assert [*ledger.cases().disputes()] == [Key("X")]
    back = ledger.undo(2, by="bo", why="ana is right")
    assert (back.institutions, back.previous) == ((A,), (A,))
    assert not ledger.cases().disputes()


def test_single_mentions_are_decided_apart(ledger: Ledger) -> None:
    ledger.decide("X", A, by="ana", why="w")
    ledger.decide("X", B, by="bo", why="in this paper it is another", paper="p1", position=2)
    ledger.decide("X", None, by="bo", why="w", paper="p1")
    assert ledger.current() == {"X": (A,)}
    assert ledger.cases().current() == {Key("X"): (A,), Key("X", "p1", 2): (B,), Key("X", "p1"): ()}
    ledger.undo(2, by="bo", why="w")
    assert Key("X", "p1", 2) not in ledger.cases().current()
    with pytest.raises(AffilError, match="gives both"):
        ledger.decide("X", A, by="ana", why="w", position=1)


def test_several_are_recorded_together_or_not_at_all(ledger: Ledger) -> None:
    drafts = [Draft(Key(s), (A,), "ana", "w") for s in "XYZ"]
    assert [e.number for e in ledger.decide_all(drafts)] == [1, 2, 3]
    assert ledger.decide_all([]) == []
    with pytest.raises(AffilError, match="blank"):
        ledger.decide_all([Draft(Key("V"), (A,), "ana", "w"), Draft(Key("W"), (A,), "ana", " ")])
    assert [*ledger.current()] == ["X", "Y", "Z"]


@pytest.mark.parametrize("text", ["a\0b", "json:x", "\u202eevil", "\x1b[31m", "x" * 100_000, "<script>", "=1+1"])
def test_any_string_is_kept_as_it_is(ledger: Ledger, text: str) -> None:
    ledger.decide(text, A, by=text[:50], why=text)
    assert ledger.current() == {text: (A,)}
    ledger.undo(1, by="ana", why="w")
    assert next((e.affiliation, e.by) for e in ledger.entries()) == (text, text[:50].strip())


def test_a_ledger_of_the_first_version_is_read_and_continued(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as raw:
        raw.execute(
            "CREATE TABLE ledger (number INTEGER PRIMARY KEY AUTOINCREMENT, at VARCHAR(32) NOT NULL, by TEXT NOT NULL, "
            "key VARCHAR(64) NOT NULL, affiliation TEXT NOT NULL, institutions TEXT, why TEXT NOT NULL, previous TEXT, "
            "undoes INTEGER UNIQUE, model TEXT NOT NULL, registry TEXT NOT NULL)"
        )
        key = hashlib.sha256(b"X").hexdigest()
        row = ("2026-01-01T00:00:00+00:00", "ana", key, "X", json.dumps([A]), "w", "", "")
        raw.execute(
            "INSERT INTO ledger (at, by, key, affiliation, institutions, why, model, registry) VALUES (?,?,?,?,?,?,?,?)", row
        )
        raw.commit()
    old = Ledger(tmp_path / "old.sqlite")
    assert old.current() == {"X": (A,)}
    old.decide("X", B, by="bo", why="w")
    assert old.current() == {"X": (A,)}
    assert [e.role for e in old.entries()] == ["decision", "opinion"]


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://affil:hush@127.0.0.1:{free.getsockname()[1]}/nothing"
    with pytest.raises(AffilError, match="cannot") as error:
        Ledger(url, wait=0).entries()
    assert "hush" not in str(error.value)


def test_a_full_disk_is_said_and_loses_nothing(python: str, tmp_path: Path) -> None:
    """A process that may write no more than a little gets what a full disk gives."""
    path = tmp_path / "ledger.sqlite"
    kept = Ledger(path)
    kept.decide("kept", A, by="ana", why="w")
    code = (
        "import resource, signal, sys\n"
        "from affil.ledger import Ledger\nfrom affil.errors import AffilError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "done = 0\n"
        "try:\n"
        "    for i in range(10_000):\n"
        "        Ledger(sys.argv[1]).decide(f'{i}', 'affil:a', by='ana', why='w' * 500); done += 1\n"
        "except AffilError as error:\n"
        "    print(done, error)\n"
    )
    out = subprocess.run([python, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    acknowledged, said = out.split(" ", 1)
    assert "disk full or failing; nothing was recorded" in said
    assert [e.affiliation for e in kept.entries()] == ["kept", *(str(i) for i in range(int(acknowledged)))]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of a quarter of a megabyte, where this process may mount one."""
    folder = Path(tempfile.mkdtemp())
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("needs the right to mount a disk; the test with a limit on the size of files stands in")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def test_a_disk_that_is_full_is_said_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    ledger = Ledger(small_disk / "ledger.sqlite")
    acknowledged: list[str] = []
    with pytest.raises(AffilError, match="disk full or failing; nothing was recorded; free some space"):
        for i in range(10_000):
            ledger.decide(str(i), A, by="ana", why="w" * 500)
            acknowledged.append(str(i))
    assert len(acknowledged) > 10
    assert [e.affiliation for e in ledger.entries()] == acknowledged
    moved = shutil.copytree(small_disk, tmp_path / "moved")
    elsewhere = Ledger(moved / "ledger.sqlite")
    elsewhere.decide("later", A, by="ana", why="w")
    assert [e.affiliation for e in elsewhere.entries()] == [*acknowledged, "later"], "it goes on where there is room"


def test_a_read_only_file_is_said_and_loses_nothing(python: str) -> None:
    folder = Path(tempfile.mkdtemp())  # not below pytest's own, which another user cannot enter
    path = folder / "ledger.sqlite"
    kept = Ledger(path)
    kept.decide("kept", A, by="ana", why="w")
    path.chmod(0o444)
    folder.chmod(0o555)
    code = (
        "import os, sys\n"
        "from affil.ledger import Ledger\nfrom affil.errors import AffilError\n"
        "ledger = Ledger(sys.argv[1], wait=0.1); ledger.entries()\n"
        "if os.geteuid() == 0: os.seteuid(65534)  # root may write anything\n"
        "try:\n    ledger.decide('X', 'affil:a', by='b', why='w')\n"
        "except AffilError as error:\n    print(error)\n"
    )
    run = subprocess.run([python, "-c", code, str(path)], capture_output=True, text=True)
    folder.chmod(0o755)
    assert ": read-only" in run.stdout or "cannot be opened" in run.stdout, run.stderr
    assert kept.current() == {"kept": (A,)}
    shutil.rmtree(folder)


class Naive:
    """What a ledger means, as a stack for each string."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        self.count = 0

    def decide(self, affiliation: str, ids: tuple[str, ...]) -> None:
        stack = self.stacks.setdefault(affiliation, [])
        if not stack or set(stack[-1][1]) != set(ids):
            self.count += 1
            stack.append((self.count, ids))

    def undo(self, number: int) -> bool:
        for stack in self.stacks.values():
            if stack and stack[-1][0] == number:
                stack.pop()
                self.count += 1
                return True
        return False

    def current(self) -> dict[str, tuple[str, ...]]:
        return {a: s[-1][1] for a, s in self.stacks.items() if s}


step = st.one_of(
    st.tuples(st.sampled_from("XYZ"), st.lists(st.sampled_from([A, B]), max_size=2, unique=True).map(tuple)),
    st.integers(0, 12),
)


@given(st.lists(step, max_size=12))
def test_any_history_equals_a_stack_for_each_string(steps: list[tuple[str, tuple[str, ...]] | int]) -> None:
    ledger, naive = Ledger("sqlite://"), Naive()
    for one in steps:
        if isinstance(one, int):
            if naive.undo(one):
                ledger.undo(one, by="a", why="w")
            else:
                with pytest.raises(AffilError):
                    ledger.undo(one, by="a", why="w")
        else:
            naive.decide(*one)
            ledger.decide(one[0], one[1], by="a", why="w")
    assert ledger.current() == naive.current()
    assert len(ledger.entries()) == naive.count
