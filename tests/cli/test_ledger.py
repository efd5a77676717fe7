"""The commands ledger check, backup, restore and use, and --ledger at every verb that reads decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from affil.cli import app, main
from affil.workspace import Workspace

OPENAI = "affil:openai"


def affil(capsys: Any, *arguments: str, code: int = 0) -> tuple[str, str]:
    """Run a command in this process; returns what it said."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["affil", *arguments])
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code or 0) == code, err
    return out, err


def decide(ws: Workspace, capsys: Any, string: str, *more: str) -> None:
    affil(capsys, "decide", str(ws.path), string, "--institution", OPENAI, "--by", "ana", "--why", "w", *more)


def test_a_backup_and_back(review_ws: Workspace, tmp_path: Path, capsys: Any) -> None:
    decide(review_ws, capsys, "OpenAI!")
    ws, copy = str(review_ws.path), str(tmp_path / "copy.sqlite")
    assert "1 entry, all as they were written" in affil(capsys, "ledger", "check", ws)[0]
    assert affil(capsys, "ledger", "backup", ws, "-o", copy)[0] == f"1 entry copied to {copy}\n"
    (review_ws.path / "ledger.sqlite").write_bytes(b"")
    one_more = ["decide", ws, "x", "--institution", "none", "--by", "a", "--why", "w"]
    for verb in (["ledger", "check", ws], ["decisions", ws], ["rank", ws], one_more):
        assert "restore the file from a backup: affil ledger restore WS" in affil(capsys, *verb, code=2)[1]
    assert "1 entry restored from" in affil(capsys, "ledger", "restore", ws, copy)[0]
    assert "OpenAI!" in affil(capsys, "decisions", ws)[0]


def test_the_backup_of_the_day_is_the_default(review_ws: Workspace, capsys: Any) -> None:
    decide(review_ws, capsys, "OpenAI!")
    affil(capsys, "rank", str(review_ws.path))
    (review_ws.path / "ledger.sqlite").unlink()
    assert "is gone; the last count had 1 of its entries" in affil(capsys, "rank", str(review_ws.path), code=2)[1]
    assert "1 entry restored" in affil(capsys, "ledger", "restore", str(review_ws.path))[0]
    affil(capsys, "rank", str(review_ws.path))


@pytest.mark.parametrize(
    "verb", ["rank WS", "run -w WS", "snapshot WS kept", "report WS -o OUT", "decisions WS", "ledger check WS"]
)
def test_an_older_copy_in_its_place_is_said(review_ws: Workspace, tmp_path: Path, capsys: Any, verb: str) -> None:
    """Above all by what counts anew: the next command finds nothing odd in what it counted."""
    decide(review_ws, capsys, "OpenAI!")
    affil(capsys, "ledger", "backup", str(review_ws.path), "-o", str(tmp_path / "old.sqlite"))
    decide(review_ws, capsys, "Physics, OpenAI")
    affil(capsys, "rank", str(review_ws.path))
    affil(capsys, "ledger", "restore", str(review_ws.path), str(tmp_path / "old.sqlite"), "--force")
    told = [{"WS": str(review_ws.path), "OUT": str(tmp_path / "site")}.get(word, word) for word in verb.split()]
    assert "the ledger has 1 entry, the last count had 2" in affil(capsys, *told)[1]


def test_decisions_on_a_server_count_where_they_are_told_to(review_ws: Workspace, postgres: Any, capsys: Any) -> None:
    ws, url = str(review_ws.path), str(postgres.database())
    decide(review_ws, capsys, "Physics, OpenAI", "--ledger", url)
    assert "no decisions yet" in affil(capsys, "decisions", ws)[0]
    assert "Physics, OpenAI" in affil(capsys, "decisions", ws, "--ledger", url)[0]
    before = json.loads(affil(capsys, "rank", ws, "--json")[0])
    with_them = json.loads(affil(capsys, "rank", ws, "--json", "--ledger", url)[0])
    assert before != with_them
    assert "are now kept in postgresql+psycopg://" in affil(capsys, "ledger", "use", ws, url)[0]
    assert "Physics, OpenAI" in affil(capsys, "decisions", ws)[0]
    assert json.loads(affil(capsys, "rank", ws, "--json")[0])["ranking"] == with_them["ranking"]
    affil(capsys, "ledger", "use", ws, "workspace")
    assert "no decisions yet" in affil(capsys, "decisions", ws)[0]


@pytest.mark.parametrize("wrong", ["not a url", "nosuch://host/db", "/no/folder/x.sqlite", "decisions.txt"])
def test_a_ledger_that_is_none_is_refused(review_ws: Workspace, capsys: Any, wrong: str) -> None:
    for verb in (["decisions"], ["rank"], ["review", "conflicts"], ["ledger", "check"]):
        out, err = affil(capsys, *verb, str(review_ws.path), "--ledger", wrong, code=2)
        assert out == "" and err.count("\n") == 1 and err.startswith("affil: ")


def test_every_command_on_decisions_has_the_option() -> None:
    import typer.main

    group: Any = typer.main.get_command(app)
    has = {name for name, c in group.commands.items() if any(p.name == "ledger" for p in getattr(c, "params", ()))}
    reads = {
        "run",
        "rankings",
        "rank",
        "trend",
        "why",
        "diff",
        "snapshot",
        "venues",
        "report",
        "decide",
        "decisions",
        "undo",
        "discover",
    }
    assert reads <= has
    for inner in ("review", "ledger"):
        lacking = {n for n, c in group.commands[inner].commands.items() if not any(p.name == "ledger" for p in c.params)}
        assert lacking <= {"use"}
