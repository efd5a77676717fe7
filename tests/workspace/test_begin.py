"""A step that fails in a new workspace leaves nothing behind, and takes away nothing that it did not make."""

from __future__ import annotations

from pathlib import Path

import pytest

from affil.errors import AffilError, BusyError, InputError
from affil.workspace import Workspace, begun
from affil.workspace.layout import locked

PAPER = '{"id": "1", "venue": "J", "year": 2020, "authors": [{"name": "A", "affiliations": ["MIT"]}]}\n'


def fail(folder: Path) -> None:
    """Add papers that cannot be read."""
    with pytest.raises(InputError), begun(folder) as ws:
        ws.add_papers(folder.parent / "no such file")


def test_what_was_made_is_taken_away_with_the_folders_around_it(tmp_path: Path) -> None:
    fail(tmp_path / "a" / "b" / "ws")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "a" / "ws").mkdir(parents=True)
    fail(tmp_path / "a" / "ws")
    assert list((tmp_path / "a" / "ws").iterdir()) == []


def test_a_workspace_that_was_there_stays_as_it_was(tmp_path: Path) -> None:
    Workspace.open(tmp_path / "ws", create=True)
    fail(tmp_path / "ws")
    assert (tmp_path / "ws" / "settings.toml").exists()


@pytest.mark.parametrize("name", ["notes.txt", "fetched/openalex-1.part", "matching/0.parquet"])
def test_what_somebody_put_there_or_what_came_is_kept(tmp_path: Path, name: str) -> None:
    with pytest.raises(AffilError), begun(tmp_path / "ws") as ws:
        (ws.path / name).parent.mkdir(exist_ok=True)
        (ws.path / name).write_text("kept")
        raise AffilError("failed")
    assert {"settings.toml", name} <= {str(f.relative_to(tmp_path / "ws")) for f in (tmp_path / "ws").rglob("*")}


def test_papers_that_were_added_are_kept(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(PAPER)
    with pytest.raises(KeyboardInterrupt), begun(tmp_path / "ws") as ws:
        ws.add_papers(tmp_path / "p.jsonl")
        raise KeyboardInterrupt
    assert Workspace.open(tmp_path / "ws", create=False).manifest


def test_a_workspace_that_another_uses_meanwhile_is_kept(tmp_path: Path) -> None:
    with pytest.raises(BusyError), begun(tmp_path / "ws") as ws, locked(ws.path):
        with pytest.raises(AffilError), begun(tmp_path / "ws"):
            raise AffilError("failed")
        assert (tmp_path / "ws" / "settings.toml").exists()
        ws.add_papers(tmp_path / "p.jsonl")


def test_a_folder_of_something_else_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(AffilError, match="not an empty folder"), begun(tmp_path):
        pass
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.tex"]
