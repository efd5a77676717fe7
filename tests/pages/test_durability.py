"""What was acknowledged is there, whatever happens to the server, to its database, or to a second server beside it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from affil.ledger import Ledger
from affil.review.spreadsheet import string_key
from affil.workspace import Workspace

STREAM = 400
OPENAI = "affil:openai"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, review_ws: Workspace) -> tuple[Path | str, list[str]]:
    """Where the ledger is, and the options that say so."""
    if request.param == "sqlite":
        return review_ws.path / "ledger.sqlite", []
    url = request.getfixturevalue("postgres").database()
    return url, ["--ledger", url]


def whys(database: Path | str) -> list[str]:
    ledger = Ledger(database)
    found = [e.why for e in ledger.entries()]
    ledger.close()
    return found


def stopped(server: Any) -> str:
    """What a server said until its end, but that its decisions are not those that the workspace counts."""
    return "".join(line for line in server.stop().splitlines(True) if "decisions are kept in" not in line)


def strings_of(ws: Workspace) -> list[str]:
    return [str(s) for s in pq.read_table(ws.table("strings")).column("affiliation").to_pylist()]


def test_a_killed_server_loses_nothing(review_ws: Workspace, database: Any, serve: Any, reviewer: Any) -> None:
    strings = strings_of(review_ws)
    where, options = database
    server = serve(review_ws.path, "--by", "ana", *options)
    acknowledged: list[str] = []
    person = reviewer(server.url)

    def kill() -> None:
        while len(acknowledged) < STREAM // 4:
            time.sleep(0.001)
        server.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    for i in range(STREAM):
        if not person.decide(strings[i % 30], OPENAI, f"decision {i}"):
            break
        acknowledged.append(f"decision {i}")
    killer.join()
    assert STREAM // 4 <= len(acknowledged) < STREAM
    kept = whys(where)
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) <= len(acknowledged) + 1, "at most the one that was under way"
    again = serve(review_ws.path, "--by", "ana", *options)
    rest = reviewer(again.url)
    for i in range(len(acknowledged), STREAM):
        assert rest.decide(strings[i % 30], OPENAI, f"decision {i}")
    assert set(whys(where)) == {f"decision {i}" for i in range(STREAM)}
    assert stopped(again) == ""


def test_two_servers_at_once_lose_nothing(review_ws: Workspace, database: Any, serve: Any, reviewer: Any) -> None:
    strings = strings_of(review_ws)
    where, options = database
    servers = [serve(review_ws.path, "--by", who, *options) for who in ("ana", "bo")]
    acknowledged: list[str] = []

    def stream(who: str, url: str) -> None:
        person = reviewer(url)
        for i in range(60):
            if person.decide(strings[i % 20], OPENAI, f"{who} {i}"):
                acknowledged.append(f"{who} {i}")

    threads = [threading.Thread(target=stream, args=(who, s.url)) for who, s in zip(("ana", "bo"), servers, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(acknowledged) == 120
    assert sorted(whys(where)) == sorted(acknowledged)
    assert [stopped(s) for s in servers] == ["", ""]


def test_a_restarted_database_loses_nothing(review_ws: Workspace, postgres: Any, serve: Any, reviewer: Any) -> None:
    strings = strings_of(review_ws)
    url = postgres.database()
    server = serve(review_ws.path, "--by", "ana", "--ledger", url)
    person = reviewer(server.url)
    acknowledged: list[str] = []
    refused = 0

    def restart() -> None:
        while len(acknowledged) < STREAM // 2:
            time.sleep(0.001)
        postgres.stop("immediate")
        time.sleep(0.5)
        postgres.start()

    other = threading.Thread(target=restart)
    other.start()
    for i in range(STREAM):
        while not person.decide(strings[i % 30], OPENAI, f"decision {i}"):
            refused += 1
            assert refused < 200
            time.sleep(0.05)
        acknowledged.append(f"decision {i}")
    other.join()
    kept = whys(url)
    assert set(kept) == set(acknowledged)
    assert len(kept) <= len(acknowledged) + refused
    assert stopped(server) == ""


def test_what_a_failing_ledger_says(review_ws: Workspace, postgres: Any, serve: Any, reviewer: Any) -> None:
    strings = strings_of(review_ws)
    url = postgres.database()
    settings = review_ws.path / "settings.toml"
    settings.write_text(settings.read_text("utf-8").replace("wait = 10.0", "wait = 0.2"), "utf-8")
    server = serve(review_ws.path, "--by", "ana", "--ledger", url)
    person = reviewer(server.url)
    assert person.decide(strings[0], OPENAI, "kept")
    postgres.stop()
    try:
        status, said = person.post("/decide", htmx=True, string=string_key(strings[1]), shown=strings[1], institution=OPENAI)
    finally:
        postgres.start()
    assert status == 409
    assert 'role="alert"' in said
    assert "postgresql+psycopg://affil@127.0.0.1" in said
    assert "Traceback" not in said
    assert person.decide(strings[1], OPENAI, "kept too")
    assert whys(url) == ["kept", "kept too"]
    assert (
        stopped(server).strip()
        == f"note: {settings}: is not as it was at the last run; if nobody changed it: affil doctor {review_ws.path}"
    )
