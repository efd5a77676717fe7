from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError, InputError
from affil.review import Ledger

A, B = "https://ror.org/aaa", "affil:bbb"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", model="m1", registry="r1", wait=0.1)


def test_an_entry_holds_who_when_why_and_what_held_before(ledger: Ledger) -> None:
    first = ledger.decide("MIT ", A, by="ana", why="asked them")
    second = ledger.decide("MIT ", [B, A, B], by="bo", why="two of them", model="m2", registry="r2")
    assert (first.number, first.institutions, first.previous, first.model, first.registry) == (1, (A,), None, "m1", "r1")
    assert (second.number, second.institutions, second.previous, second.model, second.registry) == (2, (B, A), (A,), "m2", "r2")
    assert abs(datetime.now(UTC) - first.at) < timedelta(minutes=1)
    assert ledger.entries() == [first, second]
    assert ledger.current() == {"MIT ": (B, A)}


def test_a_string_can_name_none_and_is_keyed_exactly(ledger: Ledger) -> None:
    ledger.decide("fax: 12", None, by="ana", why="a fax number")
    ledger.decide("Fax: 12", A, by="ana", why="another string")
    assert ledger.current() == {"fax: 12": (), "Fax: 12": (A,)}


def test_a_ledger_that_nobody_wrote_to_leaves_no_file(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.entries() == []
    assert ledger.current() == {}
    assert list(tmp_path.iterdir()) == []


def test_it_lasts(ledger: Ledger, tmp_path: Path) -> None:
    entry = ledger.decide("港中大", A, by="ana", why="简称")
    assert Ledger(tmp_path / "ledger.sqlite").entries() == [entry]
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
    with pytest.raises(AffilError, match="has no entry 1; list them with: affil decisions WS"):
        ledger.undo(1, by="ana", why="w")
    ledger.decide("X", A, by="ana", why="w")
    ledger.decide("X", B, by="ana", why="w")
    with pytest.raises(AffilError, match="entry 1 was superseded by entry 2; take that back first"):
        ledger.undo(1, by="ana", why="w")
    ledger.undo(2, by="ana", why="w")
    with pytest.raises(AffilError, match="entry 2 was already taken back by entry 3"):
        ledger.undo(2, by="ana", why="w")
    with pytest.raises(AffilError, match=r"entry 3 is itself an undo \(of 2\); decide again"):
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
def test_rows_can_never_be_changed(ledger: Ledger, tmp_path: Path, statement: str) -> None:
    ledger.decide("X", A, by="ana", why="w")
    ledger.undo(1, by="ana", why="w")
    before = ledger.entries()
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as raw, refused:
        raw.execute(statement)
    assert ledger.entries() == before


def test_a_locked_ledger(ledger: Ledger, tmp_path: Path) -> None:
    ledger.decide("X", A, by="ana", why="w")
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AffilError, match="locked by another writer; try again"):
        ledger.decide("X", B, by="ana", why="w")
    assert ledger.current() == {"X": (A,)}, "readers never wait"
    other.execute("ROLLBACK")
    other.close()
    ledger.decide("X", B, by="ana", why="w")


def test_a_read_only_ledger_can_be_read(ledger: Ledger, tmp_path: Path) -> None:
    ledger.decide("X", A, by="ana", why="w")
    read_only = Ledger(f"sqlite:///file:{tmp_path / 'ledger.sqlite'}?mode=ro&uri=true")
    assert read_only.current() == {"X": (A,)}
    with pytest.raises(AffilError, match="is read-only; make the file and its folder writable"):
        read_only.decide("X", B, by="ana", why="w")


def test_files_that_are_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("this is not a database" * 100)
    with pytest.raises(InputError, match="not a ledger, or damaged"):
        Ledger(tmp_path / "x").entries()
    with pytest.raises(InputError, match="not a ledger, or damaged"):
        Ledger(tmp_path / "x").decide("X", A, by="ana", why="w")
    with pytest.raises(AffilError, match="no such folder for a ledger"):
        Ledger(tmp_path / "no" / "ledger.sqlite").decide("X", A, by="ana", why="w")
    with pytest.raises(AffilError, match="install the database's driver"):
        Ledger("nosuch://host/db")


def test_a_memory_ledger_by_url() -> None:
    ledger = Ledger("sqlite://")
    ledger.decide("X", A, by="ana", why="w")
    assert ledger.current() == {"X": (A,)}


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    def write(name: str) -> None:
        own = Ledger(tmp_path / "ledger.sqlite", wait=30)
        for i in range(20):
            own.decide("X", f"{name}{i}", by=name, why="w")

    writers = [threading.Thread(target=write, args=(f"p{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    entries = Ledger(tmp_path / "ledger.sqlite").entries()
    assert [e.number for e in entries] == list(range(1, 81))
    assert [e.previous for e in entries] == [None, *(e.institutions for e in entries[:-1])]


class Naive:
    """What a ledger means, as a stack for each string."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        self.count = 0

    def decide(self, affiliation: str, ids: tuple[str, ...]) -> None:
        self.count += 1
        self.stacks.setdefault(affiliation, []).append((self.count, ids))

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
