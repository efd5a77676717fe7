#!/usr/bin/env python3
"""Measure the review of a large workspace: how long its queue takes to open, and a decision to be acknowledged.

    bench/review.py [--strings 100000] [--decisions 1000] [--ledger URL]

A workspace with that many distinct strings is made up in a temporary folder (the shipped registry's names behind invented
departments, a fifth of them doubtful), `affil review` is started on it, and asked over HTTP as the page asks.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from affil.registry import Registry
from affil.review.items import Filters
from affil.review.queue import Queue
from affil.workspace import Workspace
from affil.workspace.layout import MATCHES, MENTIONS, PAPERS
from affil.workspace.matching import write_institutions


def first(pattern: str, text: str) -> str:
    """The first group of the first place that fits a pattern."""
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def make(folder: Path, strings: int) -> Workspace:
    rng = np.random.default_rng(7)
    registry = Registry.open()
    ids, names = registry.ids, registry.arrays.inst_name.to_pylist()
    which = rng.integers(len(ids), size=strings)
    affiliations = [f"Group {i} of Optics, {names[w]}" for i, w in enumerate(which.tolist())]
    counts = np.minimum(rng.zipf(1.9, size=strings), 500)
    of = np.repeat(np.arange(strings), counts)
    rng.shuffle(of)
    papers = len(of) // 4 + 1
    paper = [f"p{i}" for i in (np.arange(len(of)) // 4).tolist()]
    venues = np.array(["CVPR", "ICRA", "ACL", "ICML", "AAAI"])
    ws = Workspace.open(folder / "ws", create=True)
    table = {
        "id": [f"p{i}" for i in range(papers)],
        "title": [f"On the optics of paper {i}" for i in range(papers)],
        "venue": venues[rng.integers(5, size=papers)].tolist(),
        "year": rng.integers(2014, 2025, size=papers).tolist(),
        "authors": [4] * papers,
        "aligned": [True] * papers,
        "digest": [b"0" * 16] * papers,
    }
    pq.write_table(pa.table(table, PAPERS), ws.path / "papers.parquet")
    mentions = {
        "paper": paper,
        "position": (np.arange(len(of)) % 4).tolist(),
        "author": [f"Author {i % 9973}" for i in range(len(of))],
        "affiliation": [affiliations[i] for i in of.tolist()],
    }
    pq.write_table(pa.table(mentions, MENTIONS), ws.path / "mentions.parquet")
    order = np.argsort(-counts, kind="stable").tolist()
    pq.write_table(
        pa.table({"affiliation": [affiliations[i] for i in order], "mentions": counts[order], "papers": counts[order]}),
        ws.path / "strings.parquet",
    )
    doubtful = rng.random(strings) < 0.2
    answers = {
        "affiliation": affiliations,
        "institution_id": [ids[w] for w in which.tolist()],
        "probability": np.where(doubtful, rng.uniform(0.4, 0.9, strings), 0.97),
        "decision": np.where(doubtful, "review", "match").tolist(),
        "by": ["model"] * strings,
    }
    pq.write_table(pa.table(answers, MATCHES), ws.path / "matches.parquet")
    write_institutions(registry, {}, ws.path / "institutions.parquet", {"registry": registry.hash})
    return ws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strings", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=1000)
    parser.add_argument("--ledger", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ws = make(Path(folder), chosen.strings)
        begin = time.perf_counter()
        queue = Queue(ws.tables, ws.path / "strings.parquet", [], ws.settings.review)
        waiting = len(queue.select(Filters()))
        built = time.perf_counter() - begin
        begin = time.perf_counter()
        command = [sys.executable, "-m", "affil", "review", str(ws.path), "--by", "bench", "--port", "0"]
        command += ["--ledger", chosen.ledger] if chosen.ledger else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as server:
            assert server.stdout
            host = urlsplit(first(r"(http://\S+)", server.stdout.readline())).netloc
            started = time.perf_counter() - begin
            connection = http.client.HTTPConnection(host)

            def ask(method: str, path: str, **fields: object) -> tuple[str, float]:
                start = time.perf_counter()
                headers = {"origin": f"http://{host}", "hx-request": "true"} if fields else {}
                connection.request(method, path, urlencode(fields) if fields else None, headers)
                answer = connection.getresponse()
                text = answer.read().decode()
                assert answer.status == 200, text
                return text, time.perf_counter() - start

            text, opened = ask("GET", "/")
            times = []
            for _ in range(chosen.decisions):
                string, shown = (unescape(first(rf'name="{f}" value="([^"]*)"', text)) for f in ("string", "shown"))
                text, seconds = ask("POST", "/decide", string=string, shown=shown, how="none")
                times.append(seconds)
            connection.close()
            server.terminate()
        report = {
            "strings": chosen.strings,
            "in the queue": waiting,
            "queue built, s": round(built, 3),
            "server started, s": round(started, 3),
            "page opened, s": round(opened, 3),
            "decision acknowledged with the next card, ms": {
                f"p{q}": round(float(np.percentile(times, q)) * 1000, 1) for q in (50, 95, 99)
            },
        }
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
