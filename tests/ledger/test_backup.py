"""Copies of a ledger, and a ledger that comes back from one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from affil.errors import AffilError, InputError
from affil.io.outputs import sweep
from affil.ledger import Ledger, backup

A, B = "https://ror.org/aaa", "affil:bbb"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    where = tmp_path / "ledger.sqlite" if request.param == "sqlite" else str(request.getfixturevalue("postgres").database())
    made = Ledger(where, wait=0.1)
    for name in "XYZ":
        made.decide(name, A, by="ana", why="w")
    made.undo(2, by="ana", why="wrong")
    yield made
    made.close()


def test_a_copy_is_the_same_ledger(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.backup(tmp_path / "copy.sqlite") == 4
    copy = Ledger(tmp_path / "copy.sqlite")
    assert copy.entries() == ledger.entries()
    copy.decide("later", B, by="bo", why="w")
    assert [e.number for e in copy.entries()] == [1, 2, 3, 4, 5]
    assert copy.current() == {"X": (A,), "Z": (A,), "later": (B,)}


def test_a_lost_ledger_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    lost = Ledger(file)
    lost.decide("X", A, by="ana", why="w")
    lost.backup(tmp_path / "copy.sqlite")
    before = lost.entries()
    file.write_bytes(b"")
    assert Ledger(file).restore(tmp_path / "copy.sqlite") == 1
    assert Ledger(file).entries() == before
    assert len(list(tmp_path.glob("ledger.sqlite.before-*"))) == 1, "what was there is kept"


def test_a_whole_ledger_with_more_entries_is_not_replaced_unless_told(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.decide("X", A, by="ana", why="w")
    ledger.backup(tmp_path / "copy.sqlite")
    ledger.decide("Y", A, by="ana", why="w")
    with pytest.raises(AffilError, match="is whole and has 2 entries, the backup 1; to go back all the same: --force"):
        ledger.restore(tmp_path / "copy.sqlite")
    assert len(ledger.entries()) == 2
    ledger.restore(tmp_path / "copy.sqlite", force=True)
    assert len(ledger.entries()) == 1


def test_a_server_gets_a_ledger_back_only_where_it_has_none(postgres: Any, tmp_path: Path) -> None:
    source = Ledger(tmp_path / "ledger.sqlite")
    source.decide("X", A, by="ana", why="w")
    source.backup(tmp_path / "copy.sqlite")
    server = Ledger(str(postgres.database()))
    assert server.restore(tmp_path / "copy.sqlite") == 1
    server.decide("Y", B, by="bo", why="w")
    assert [e.affiliation for e in server.entries()] == ["X", "Y"]
    with pytest.raises(AffilError, match="has 2 entries; a backup is only restored into an empty ledger"):
        server.restore(tmp_path / "copy.sqlite")
    server.close()


@pytest.mark.parametrize("spoil", [lambda f: f.write_bytes(b""), lambda f: f.unlink(), lambda f: f.write_text("no database")])
def test_a_backup_that_is_none_replaces_nothing(spoil: Callable[[Path], Any], tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.decide("X", A, by="ana", why="w")
    ledger.backup(tmp_path / "copy.sqlite")
    spoil(tmp_path / "copy.sqlite")
    with pytest.raises(InputError):
        ledger.restore(tmp_path / "copy.sqlite", force=True)
    assert len(ledger.entries()) == 1


def test_every_day_with_decisions_has_a_copy(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in ("2020-01-01", "2020-01-02", "2020-01-03"):
        (folder / f"ledger-{day}.sqlite").write_bytes(b"old")
    ledger = Ledger(tmp_path / "ledger.sqlite", backups=folder, kept=2)
    assert ledger.entries() == [] and len(list(folder.iterdir())) == 3, "reading copies nothing"
    ledger.decide("X", A, by="ana", why="w")
    names = sorted(f.name for f in folder.iterdir())
    assert len(names) == 2 and names[0] == "ledger-2020-01-03.sqlite", "the oldest go"
    assert len(Ledger(folder / names[1]).entries()) == 1
    ledger.decide("Y", A, by="ana", why="w")
    ledger.close()
    assert len(Ledger(folder / names[1]).entries()) == 2, "at the end it has all of the day"


def test_two_processes_may_copy_into_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one that begins a copy sweeps the folder of what killed processes left; a copy under way is none of it."""
    mark, insert = backup.mark, backup._insert

    def swept(act: Callable[..., None]) -> Callable[..., None]:
        def run(*args: Any) -> None:
            act(*args)
            sweep(tmp_path / "backups")
            assert [f.name for f in (tmp_path / "backups").iterdir()] == [
                f.name for f in (tmp_path / "backups").glob("*.sqlite")
            ]

        return run

    monkeypatch.setattr(backup, "mark", swept(mark))
    monkeypatch.setattr(backup, "_insert", swept(insert))
    ledger = Ledger(tmp_path / "ledger.sqlite", backups=tmp_path / "backups")
    ledger.decide("X", A, by="ana", why="w")
    (copy,) = (tmp_path / "backups").glob("ledger-*.sqlite")
    assert Ledger(copy).entries() == ledger.entries()


def test_an_error_of_the_database_in_a_copy_harms_no_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(backup, "_insert", broken)
    ledger = Ledger(tmp_path / "ledger.sqlite", backups=tmp_path / "backups")
    assert ledger.decide("X", A, by="ana", why="w").number == 1
    assert "no backup of the ledger today" in caplog.text


def test_a_copy_that_cannot_be_made_harms_no_decision(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "backups").write_text("a file, no folder")
    ledger = Ledger(tmp_path / "ledger.sqlite", backups=tmp_path / "backups")
    assert ledger.decide("X", A, by="ana", why="w").number == 1
    assert "no backup of the ledger today" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger SET institutions = '[\"affil:other\"]' WHERE number = 2",
        "UPDATE ledger SET by = 'eve' WHERE number = 1",
        "UPDATE ledger SET at = '2020-01-01T00:00:00+00:00' WHERE number = 3",
        "UPDATE ledger SET key = 'x' WHERE number = 3",
        "DELETE FROM ledger WHERE number = 2",
        "UPDATE ledger SET number = 20 WHERE number = 2",
    ],
)
def test_no_change_of_an_entry_goes_unnoticed(change: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for name in "XYZ":
        ledger.decide(name, A, by="ana", why="w")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as raw:
        for name in ("update", "delete", "replace"):
            raw.execute(f"DROP TRIGGER ledger_no_{name}")
        raw.execute(change)
        raw.commit()
    with pytest.raises(InputError, match=r"entry \d+ is not as it was written.*affil ledger restore WS"):
        Ledger(tmp_path / "ledger.sqlite").entries()
