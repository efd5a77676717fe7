#!/usr/bin/env python3
"""Measure the service under load, beside the library on the same strings.

    bench/serve.py [--registry FILE] [--clients 50] [--seconds 120] [--steady 100000]
    bench/serve.py --jobs 200000 [--clients 50] [--seconds 120]
    bench/serve.py --jobs 200000 --kill [--clients 50]

`affil serve` is started on the loopback in a process of its own, and asked by 50 clients at once, each of which waits for its answer
before it asks again:

1. lists of 100 strings, against `Matcher.match_many` on the same lists in this process, before and after (their mean: the machine
   does other things as well): strings a second, and their ratio;
2. single strings: answers a second, median and 99th percentile;
3. as many requests as --steady says: memory after each tenth of them;
4. SIGTERM under load: whether every request that was sent on an accepted connection was answered.

With --jobs instead: single strings while a bulk job of so many strings is worked off. It prints statuses, median and 99th percentile, the
rows of the job that were matched meanwhile, and the strings a second of both together beside the library's.

With --kill, too: the service is killed (SIGKILL) in the midst of that when a quarter, and when half of the rows are matched, and started
again. It prints the rows of the result that are lost or there twice, and the parts that were matched again.

The strings are those of gold/train.csv and gold/dev.csv with an invented department before each, so that none comes twice.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).parents[1]


def strings() -> list[str]:
    """The labelled strings that may be looked at."""
    out = []
    for name in ("train", "dev"):
        with (ROOT / "gold" / f"{name}.csv").open(encoding="utf-8") as lines:
            out += [row["affiliation"] for row in csv.DictReader(lines)]
    return out


class Client:
    """One connection, kept open, that asks and waits."""

    def __init__(self, url: str) -> None:
        self.host, self.port = urlsplit(url).hostname, urlsplit(url).port
        self.reader: asyncio.StreamReader | None = None
        self.connected = self.sent = False

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; ConnectionRefusedError where nobody listens any more."""
        self.sent = False
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.writer.write(request)
        self.sent = True
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"content-length: (\d+)", head)
        assert length, head
        body = await self.reader.readexactly(int(length[1]))
        if "connection: close" in head:
            await self.close()
        return int(head.split()[1]), body

    async def close(self) -> None:
        if self.reader is not None:
            self.writer.close()
            self.reader = None


def single(string: str) -> bytes:
    return f"GET /match?affiliation={quote(string)} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


def listed(some: list[str]) -> bytes:
    body = json.dumps({"affiliations": some}).encode()
    head = f"POST /match HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def load(
    url: str, clients: int, make: Callable[[], bytes], until: Callable[[int], bool]
) -> tuple[list[float], Counter[int | str], float]:
    """Ask with so many clients until there is nothing more; times of answers, statuses, seconds in all."""
    times: list[float] = []
    statuses: Counter[int | str] = Counter()

    async def work() -> None:
        client = Client(url)
        try:
            while until(len(times)):
                request = make()
                begun = time.perf_counter()
                status, _ = await client.ask(request)
                times.append(time.perf_counter() - begun)
                statuses[status] += 1
        except ConnectionRefusedError:
            statuses["refused"] += 1
        except (OSError, asyncio.IncompleteReadError):
            statuses["lost"] += 1
        finally:
            await client.close()

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(clients)))
    return times, statuses, time.perf_counter() - begun


def memory(pid: int) -> float:
    """Megabytes that a process has of its own and in use."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def start(registry: str | None, *options: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "affil", "serve", "--port", "0", "--quiet", *options]
    server = subprocess.Popen([*command, *(["--registry", registry] if registry else [])], stdout=subprocess.PIPE, text=True)
    assert server.stdout
    line = server.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    return server, found[0]


def singles(times: list[float], statuses: Counter[int | str], took: float) -> str:
    """What answers to single strings took."""
    times = sorted(times) or [0.0]
    return (
        f"single strings: {len(times) / took:,.0f} answers/s; median {1000 * times[len(times) // 2]:.0f} ms, "
        f"p99 {1000 * times[int(len(times) * 0.99)]:.0f} ms, most {1000 * times[-1]:.0f} ms; statuses {dict(statuses)}"
    )


def ask(address: str, content: bytes | None = None) -> dict[str, Any]:
    """What the service answers."""
    with urllib.request.urlopen(urllib.request.Request(address, content)) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def rows_of(given: argparse.Namespace, fresh: Callable[[], str]) -> bytes:
    """The file of a job, of numbered strings."""
    return "".join(json.dumps({"n": n, "affiliation": fresh()}) + "\n" for n in range(given.jobs)).encode()


def beside_a_job(given: argparse.Namespace, fresh: Callable[[], str]) -> float:
    """Ask single strings while a job is worked off; strings a second of both."""
    rows = rows_of(given, fresh)
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(given.registry, "--jobs", folder)
        try:
            asyncio.run(load(url, given.clients, lambda: single(fresh()), lambda done: done < 10 * given.clients))  # warm
            job_url = f"{url}jobs/{ask(f'{url}jobs', rows)['id']}"
            while (begun := ask(job_url))["rows"] == 0:  # it is being cut
                assert begun["state"] != "failed", begun["error"]
                time.sleep(0.1)
            end = time.perf_counter() + given.seconds
            times, statuses, took = asyncio.run(
                load(url, given.clients, lambda: single(fresh()), lambda _: time.perf_counter() < end)
            )
            job = ask(job_url)
        finally:
            server.terminate()
            server.wait(60)
    matched = job["done"] - begun["done"]
    rate: float = (len(times) + matched) / took
    print(singles(times, statuses, took))
    print(f"job: {job['state']}, {job['done']:,} of {job['rows']:,} rows, {matched:,} meanwhile; both {rate:,.0f} strings/s")
    return rate


def killed_in_a_job(given: argparse.Namespace, fresh: Callable[[], str]) -> None:
    """Kill the service in the midst of a job and of single strings, twice, and look for the rows of the job."""
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(given.registry, "--jobs", folder)
        id = ask(f"{url}jobs", rows_of(given, fresh))["id"]

        async def until(least: float) -> None:
            """Ask single strings until so many rows of the job are matched; then kill the service."""
            asking = asyncio.create_task(load(url, given.clients, lambda: single(fresh()), lambda _: True))
            while (job := await asyncio.to_thread(ask, f"{url}jobs/{id}"))["done"] < least:
                assert job["state"] in ("waiting", "running"), job
                await asyncio.sleep(0.2)
            server.kill()
            times, statuses, took = await asking
            print(f"killed after {job['done']:,} of {job['rows']:,} rows; {singles(times, statuses, took)}", flush=True)

        try:
            whole: dict[Path, int] = {}
            for share in (0.25, 0.5):
                asyncio.run(until(share * given.jobs))
                server.wait()
                whole |= {part: part.stat().st_mtime_ns for part in Path(folder, id, "done").glob("[0-9]*")}
                server, url = start(given.registry, "--jobs", folder)
            while (job := ask(f"{url}jobs/{id}"))["state"] in ("waiting", "running"):
                time.sleep(0.5)
            again = sum(part.stat().st_mtime_ns != before for part, before in whole.items())
            with urllib.request.urlopen(f"{url}jobs/{id}/result") as answer:
                lines = Counter(answer)
        finally:
            server.terminate()
            server.wait(60)
    lost, twice = given.jobs - len({json.loads(line)["n"] for line in lines}), sum(n - 1 for n in lines.values())
    parts = f"of {len(whole):,} parts {again:,} matched again"
    print(f"job: {job['state']}; of {given.jobs:,} rows {lost:,} lost, {twice:,} twice; {parts}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--steady", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, metavar="STRINGS")
    parser.add_argument("--kill", action="store_true", help="kill the service in the midst of the job")
    given = parser.parse_args()
    if given.kill and not given.jobs:
        parser.error("--kill needs --jobs")
    pool, number = strings(), count()

    def fresh() -> str:
        n = next(number)
        return f"Group {n} of Optics, {pool[n % len(pool)]}"

    if given.kill:
        killed_in_a_job(given, fresh)
        return
    from affil.match import Matcher

    matcher = Matcher.load(given.registry)

    def hundred() -> list[str]:
        return [fresh() for _ in range(100)]

    def library(seconds: float) -> float:
        done, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            matcher.match_many(hundred())
            done += 100
        return done / (time.perf_counter() - begun)

    matcher.match_many(hundred())
    if given.jobs:
        before = library(given.seconds / 6)
        rate = beside_a_job(given, fresh)
        after = library(given.seconds / 6)
        print(f"library {before:,.0f} and {after:,.0f} strings/s: {rate / ((before + after) / 2):.0%}")
        return
    server, url = start(given.registry)
    pid = server.pid
    print(f"{url}, {given.clients} clients, {given.seconds:g} s each; {len(matcher.registry):,} institutions")
    before = library(given.seconds / 6)
    end = time.perf_counter() + given.seconds
    times, statuses, took = asyncio.run(
        load(url, given.clients, lambda: listed(hundred()), lambda _: time.perf_counter() < end)
    )
    after = library(given.seconds / 6)
    rate, own = 100 * len(times) / took, (before + after) / 2
    print(
        f"lists of 100: {rate:,.0f} strings/s; library {before:,.0f} and {after:,.0f}: {rate / own:.0%}; statuses {dict(statuses)}"
    )
    end = time.perf_counter() + given.seconds
    times, statuses, took = asyncio.run(load(url, given.clients, lambda: single(fresh()), lambda _: time.perf_counter() < end))
    print(singles(times, statuses, took))
    held = [memory(pid)]
    for _ in range(10 if given.steady else 0):
        asked = given.steady // 10
        left = count(asked, -1)

        def more(_: int, left: Iterator[int] = left) -> bool:
            return next(left) > 0

        _, statuses, _ = asyncio.run(load(url, given.clients, lambda: single(fresh()), more))
        held.append(memory(pid))
    if given.steady:
        print(f"memory over {given.steady:,} requests, MB: {' '.join(f'{m:.0f}' for m in held)}; statuses {dict(statuses)}")

    async def ended() -> tuple[list[float], Counter[int | str], float]:
        async def later() -> None:
            await asyncio.sleep(2)
            server.send_signal(signal.SIGTERM)

        stop = asyncio.create_task(later())
        done = await load(url, given.clients, lambda: single(fresh()), lambda _: True)
        await stop
        return done

    times, statuses, took = asyncio.run(ended())
    code = server.wait(60)
    print(f"SIGTERM under load: {len(times):,} answered, statuses {dict(statuses)}; exit code {code}")


if __name__ == "__main__":
    main()
