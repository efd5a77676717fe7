#!/usr/bin/env python3
"""Time and memory of counting and ranking synthetic papers: bench/rank.py [--papers N ...] [--levels ...].

Each size runs in a process of its own. The papers are drawn at random: 110 venues, 11 years, five authors on average, one string
each (one in ten has two), strings and institutions by a power law, one string in six in doubt. What is measured: the first count
of everything, rankings at all four levels by every measure, with intervals, a re-rank after one correction of a frequent string,
and the difference that it made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from affil.rank import LEVELS, MEASURES, Store, Tables, diff, load_venues, measure
from affil.settings import RankSettings


def synthesize(papers: int, folder: Path, seed: int = 7) -> Tables:
    """Write the four tables of a synthetic project."""
    random = np.random.default_rng(seed)
    venues = np.array(list(load_venues()))
    institutions, strings = 8000, max(2000, papers // 2)
    authors = 1 + random.poisson(4, papers)
    aligned = random.random(papers) < 0.9
    number = np.arange(papers)
    identifiers = np.char.add("paper-", number.astype(str))
    table = pa.table(
        {
            "id": identifiers,
            "title": np.char.add("A synthetic title of a paper about number ", number.astype(str)),
            "venue": venues[random.integers(0, len(venues), papers)],
            "year": (2014 + random.integers(0, 11, papers)).astype(np.int16),
            "authors": authors.astype(np.int32),
            "aligned": aligned,
            "digest": pa.array([n.to_bytes(16, "little") for n in range(papers)], pa.binary(16)),
        }
    )
    pq.write_table(table, folder / "papers.parquet")
    of_paper = np.repeat(number, authors)
    position = np.arange(len(of_paper)) - np.repeat(np.cumsum(authors) - authors, authors)
    twice = np.repeat(np.arange(len(of_paper)), 1 + (random.random(len(of_paper)) < 0.1))
    of_paper, position = of_paper[twice], position[twice]
    known = aligned[of_paper]
    person = np.char.add("Given Family-", (random.zipf(1.2, len(of_paper)) % (papers * 2)).astype(str))[
        twice.searchsorted(twice)
    ]
    string = random.zipf(1.3, len(of_paper)) % strings
    mentions = pa.table(
        {
            "paper": identifiers[of_paper],
            "position": pa.array(position.astype(np.int32), mask=~known),
            "author": pa.array(person, mask=~known),
            "affiliation": pa.array(_string(string), mask=random.random(len(string)) < 0.02),
        }
    )
    pq.write_table(mentions, folder / "mentions.parquet")
    asked = np.arange(strings)
    asked = np.concatenate([asked, asked[random.random(strings) < 0.15]])
    chance = np.where(
        random.random(len(asked)) < 0.85, 1 - random.random(len(asked)) * 0.02, 0.5 + random.random(len(asked)) / 2
    )
    decision = np.where(chance >= 0.9, "match", np.where(chance >= 0.6, "review", "none"))
    named = pa.array(_institution(random.zipf(1.3, len(asked)) % institutions), mask=decision == "none")
    pq.write_table(
        pa.table({"affiliation": _string(asked), "institution_id": named, "probability": chance, "decision": decision}),
        folder / "matches.parquet",
    )
    countries = np.array(
        ["US", "CN", "GB", "DE", "JP", "FR", "CA", "KR", "SG", "AU", "IT", "CH", "IN", "NL", "ES", "SE", "BR", "IL"]
    )
    one = np.arange(institutions)
    country = countries[random.zipf(1.5, institutions) % len(countries)]
    city = np.char.add("City ", (one % 900).astype(str))
    rows = {
        "id": _institution(one),
        "active_id": _institution(one),
        "name": np.char.add("University of ", one.astype(str)),
        "name_zh": np.full(institutions, ""),
        "kind": np.where(one % 7, "education", "company"),
        "country": country,
        "region": np.full(institutions, ""),
        "city": city,
        "parents": pa.array(
            [[] if n % 9 else [f"https://ror.org/{n // 9:09}"] for n in range(institutions)], pa.list_(pa.string())
        ),
    }
    pq.write_table(pa.table(rows), folder / "institutions.parquet")
    return Tables(*(folder / f"{name}.parquet" for name in ("papers", "mentions", "matches", "institutions")))


def _string(number: Any) -> Any:
    return np.char.add("Department of Computing, Synthetic University ", number.astype(str))


def _institution(number: Any) -> Any:
    return np.char.add("https://ror.org/", np.char.zfill(number.astype(str), 9))


def measured(papers: int, folder: Path) -> dict[str, Any]:
    """Seconds of each step, on the clock and of processors, and the largest memory."""
    tables = Tables(*(folder / f"{name}.parquet" for name in ("papers", "mentions", "matches", "institutions")))
    store, venues, settings = Store(folder / "counts"), load_venues(), RankSettings()
    cpu: dict[str, float] = {}
    memory: dict[str, float] = {}
    out: dict[str, Any] = {"papers": papers, "mentions": pq.read_metadata(tables.mentions).num_rows}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        start, worked = time.perf_counter(), time.process_time()
        result = step()
        out[name] = round(time.perf_counter() - start, 2)
        cpu[name] = round(time.process_time() - worked, 2)
        memory[name] = _peak()
        return result

    first = timed("count", lambda: store.refresh(tables, {}, venues, settings))
    with ExitStack() as stack:
        db, known = timed("open", lambda: stack.enter_context(store.opened(first)))
        for level in LEVELS:
            timed(level, partial(measure, db, known, settings, level=level))
        for by in MEASURES:
            timed(f"by {by}", partial(measure, db, known, settings, by=by, limit=20))
    for seconds in (out, cpu):
        seconds["full ranking"] = round(sum(seconds[step] for step in ("count", "open", *LEVELS)), 2)
    decided = {"Department of Computing, Synthetic University 7": ["https://ror.org/000000001"]}
    timed("nothing new", lambda: store.refresh(tables, {}, venues, settings))
    second = timed("recount", lambda: store.refresh(tables, decided, venues, settings, entries=1, strings=decided))
    timed("rank", lambda: store.rank(second, limit=20))
    timed("diff", lambda: diff(store, first, second, []))
    out["peak GB"] = max(memory.values())
    cpus = {f"{name} (cpu)": seconds for name, seconds in cpu.items()}
    return {**out, **cpus, **{f"{name} (GB)": peak for name, peak in memory.items()}}


def _peak() -> float:
    """The largest memory of this process since the last call, in GB; `ru_maxrss` would have that of the process that started it, which
    made the papers.
    """
    status = Path("/proc/self/status").read_text()
    found = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")  # begins anew
    return round(found / 1e6, 2)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--papers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one is not None:
        print(json.dumps(measured(given.papers[0], given.one)))
        return
    results = []
    for papers in given.papers:
        with TemporaryDirectory() as folder:
            synthesize(papers, Path(folder))
            command = [sys.executable, __file__, "--papers", str(papers), "--one", folder]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
        if done.returncode:
            sys.exit(done.stderr)
        results.append(json.loads(done.stdout))
    for step in results[0]:
        print(f"{step:<16}" + "".join(f"{r[step]:>14,}" for r in results))


if __name__ == "__main__":
    main()
