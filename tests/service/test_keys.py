"""Keys of users: who has one may ask, as often as it says, until it is revoked."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from affil.errors import AffilError
from affil.service import keys as module
from affil.service.keys import Keys, QuotaError
from affil.service.security import Access
from affil.settings import ServeSettings


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    with closing(Keys(tmp_path / "keys", create=True)) as made:
        yield made


def test_only_a_hash_is_kept(keys: Keys) -> None:
    key = keys.add("ana", per_minute=5)
    assert re.fullmatch(r"affil_[\w-]{43}", key)
    assert key != keys.add("bo")
    found = keys.find(key)
    assert found is not None
    assert (found.name, found.per_minute, found.used) == ("ana", 5, "")
    assert keys.all()[0].used != ""
    assert [keys.find(wrong) for wrong in ("", "affil_", key[:-1], key + "x", key.upper(), "Ä")] == [None] * 6
    keys.close()
    kept = b"".join(file.read_bytes() for file in keys.path.parent.iterdir())
    assert b"ana" in kept
    assert key.encode() not in kept
    assert keys.path.stat().st_mode & 0o077 == 0


def test_a_revoked_key_is_none_for_everybody_at_once(keys: Keys) -> None:
    key = keys.add("ana")
    with closing(Keys(keys.path)) as other:
        other.revoke("ana")
        assert keys.find(key) is None
        assert keys.all()[0].revoked
        for again in (lambda: other.revoke("ana"), lambda: other.revoke("bo")):
            with pytest.raises(AffilError, match="has no key"):
                again()
        with pytest.raises(AffilError, match="had one; choose another name"):
            other.add("ana")


def test_strings_of_a_day(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.add("ana", per_day=10)
    keys.add("bo")
    monkeypatch.setattr(module, "_today", lambda: "2026-01-01")
    keys.spend("ana", 6)
    with pytest.raises(QuotaError, match="more than 10 strings in a day"):
        keys.spend("ana", 5)
    keys.spend("ana", 4)
    keys.spend("bo", 1_000_000)
    assert [key.strings for key in keys.all()] == [10, 1_000_000]
    monkeypatch.setattr(module, "_today", lambda: "2026-01-02")
    assert [key.strings for key in keys.all()] == [0, 0]
    keys.spend("ana", 10)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a/b", "名"])
def test_names(keys: Keys, name: str) -> None:
    with pytest.raises(AffilError, match="cannot be a name"):
        keys.add(name)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="no such file; make it with: affil keys add"):
        Keys(tmp_path / "none")
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(AffilError, match="is no file of keys"):
        Keys(tmp_path / "text")
    with pytest.raises(AffilError, match="cannot be opened"):
        Keys(tmp_path / "no" / "folder", create=True)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_who_shows_a_key_may_ask(tiny_matcher: Any, serving: Any, keys: Keys) -> None:
    key, small = keys.add("ana", per_minute=8), keys.add("bo", per_day=3)
    access = Access.of("127.0.0.1", keys=keys)
    assert len(access.token) >= 32, "where some need a key, nobody does without"
    with serving(tiny_matcher, access, ServeSettings()) as made:
        client = made.client
        assert client.get("/health").status_code == 401
        wrong = client.get("/health", headers=bearer("affil_wrong"))
        assert (wrong.status_code, "not known here, or was revoked" in wrong.text) == (401, True)
        assert "a token is needed" in client.get("/health").text
        assert client.get("/health", headers=bearer("")).status_code == 401
        assert client.get("/health", headers=bearer(access.token)).status_code == 200
        assert client.get(f"/token/{key}/reconcile").status_code == 200
        assert client.get("/token/affil_wrong/reconcile").status_code == 401
        statuses = [client.get("/health", headers=bearer(key)).status_code for _ in range(9)]
        assert statuses == [200] * 7 + [429] * 2, "the requests of a key are counted, wherever they come from"
        assert "more than 8 requests in a minute" in client.get("/health", headers=bearer(key)).json()["errors"][0]
        three = client.post("/match", json={"affiliations": ["a", "b", "c"]}, headers=bearer(small))
        more = client.get("/match?affiliation=MIT", headers=bearer(small))
        assert (three.status_code, more.status_code) == (200, 429)
        now = datetime.now(UTC)
        left = 86_400 - (now.hour * 60 + now.minute) * 60 - now.second
        assert (int(more.headers["retry-after"]) - left) % 86_400 in (0, 1, 2), "seconds until the next day"
        asked = client.post("/reconcile", data={"queries": '{"q": {"query": "MIT"}}'}, headers=bearer(small))
        assert asked.status_code == 429
        keys.revoke("bo")
        assert client.get("/health", headers=bearer(small)).status_code == 401


@pytest.mark.slow
def test_the_commands_and_the_audit(serve: Any, python: str, tmp_path: Path, tiny_matcher: Any, tiny_model: Path) -> None:
    import urllib.request

    def affil(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-m", "affil", "keys", *arguments, "-f", str(tmp_path / "keys")]
        return subprocess.run(command, capture_output=True, text=True)

    key = affil("add", "ana", "--limit", "100", "--strings", "5000").stdout.strip()
    audit = tmp_path / "audit.jsonl"
    options = ["--keys", str(tmp_path / "keys"), "--audit", str(audit), "--quiet"]
    server = serve(None, *options, "--registry", str(tiny_matcher.registry.path), "--model", str(tiny_model))
    url = server.url.partition("?")[0]
    request = urllib.request.Request(f"{url}match?affiliation=Tanglewick+Robotics", headers=bearer(key))
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    (listed,) = json.loads(affil("list", "--json").stdout)
    assert (listed["name"], listed["per_minute"], listed["per_day"], listed["strings"]) == ("ana", 100, 5000, 1)
    assert "ana" in affil("list").stdout
    assert affil("revoke", "ana").stdout == "the key of ana is revoked\n"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request)
    again = affil("revoke", "ana")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("affil: ana has no key")
    assert server.stop() == "", "it is quiet"
    lines = [json.loads(line) for line in audit.read_text("utf-8").splitlines()]
    assert [(x.get("key"), x["method"], x["path"], x["status"], x.get("strings")) for x in lines] == [
        ("ana", "GET", "/match", 200, 1),
        (None, "GET", "other", 401, None),
    ]
    assert all(x["time"].endswith("+00:00") and x["ms"] >= 0 for x in lines)
    assert "Tanglewick" not in audit.read_text("utf-8")
    assert key not in audit.read_text("utf-8")
