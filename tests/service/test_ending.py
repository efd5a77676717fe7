"""The command under load and at its end: what it has accepted it answers."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import urllib.request
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_an_end_under_load_drops_nothing(serve: Any, bench: ModuleType, ending: signal.Signals) -> None:
    server = serve(None, "--quiet")
    strings = bench.strings()[:500]

    async def run() -> Counter[Any]:
        sent = 0

        async def end() -> None:
            while sent < 150:  # in the midst of it
                await asyncio.sleep(0.01)
            server.process.send_signal(ending)

        def make() -> bytes:
            nonlocal sent
            n, sent = sent, sent + 1
            if n % 10:
                request: bytes = bench.single(strings[n % 500])
            else:
                request = bench.listed(strings[n % 400 : n % 400 + 100])
            return request

        stop = asyncio.create_task(end())
        _, statuses, _ = await bench.load(server.url, 30, make, lambda _: True)
        await stop
        return Counter(statuses)

    statuses = asyncio.run(run())
    assert statuses.pop("refused", 0) == 30, "every client went on until nobody listened any more"
    assert set(statuses) == {200}
    assert statuses[200] >= 120
    assert server.process.wait(60) == 0
    assert server.process.stderr.read() == ""


def test_its_log(serve: Any) -> None:
    server = serve(None, "--log-strings")
    with urllib.request.urlopen(f"{server.url}match?affiliation=Tanglewick+Robotics") as answer:
        assert json.load(answer)["results"][0]["decision"] == "none"
    lines = [json.loads(line) for line in server.stop().splitlines()]
    assert [(x["event"], x["path"], x["affiliations"]) for x in lines] == [("request", "/match", ["Tanglewick Robotics"])]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--settings", "none.toml"], "none.toml: no such file"),
        (["--settings", "wrong.toml"], "wrong.toml: there is no setting serve.string; did you mean serve.strings?"),
        (["--policy", "every"], "no policy 'every'; known are: most-specific, all, one"),
        (["--registry", "none.affil"], "none.affil: "),
    ],
)
def test_what_cannot_be_served(python: str, tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "wrong.toml").write_text("[serve]\nstring = 5\n", "utf-8")
    command = [python, "-m", "affil", "serve", "--port", "0", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"affil: {said}")
    assert done.stderr.count("\n") == 1
