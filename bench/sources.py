#!/usr/bin/env python3
"""Memory of reading a large file of papers, and a fetch that is killed on its way: bench/sources.py [--gigabytes 2] [--works 250000].

A file of works as OpenAlex writes them, about 9 kB each with authors of their own, is read, then added to a new workspace, then run, each in
a process of its own; told are its greatest memory and what it took. Then as many small works are fetched from a server on this machine that
answers as OpenAlex does, page by page; the fetch is killed (SIGKILL) three times and begun again, and what came is compared with what the
server has: all of it, none twice, in order.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[1]
CITIES = ("Lyon", "Kyoto", "Nanjing", "Leeds", "Austin", "Porto", "Graz", "Busan")
WORDS = ("learning", "graph", "vision", "robust", "language", "agents", "sparse", "planning", "bounds", "speech")


def works(gigabytes: float) -> Iterator[bytes]:
    """Lines of works, as many as fill so many gigabytes (10^9 bytes)."""
    chance = random.Random(20261127)
    left, number = int(gigabytes * 1e9), 0
    while left > 0:
        number += 1
        authorships = [
            {
                "author_position": "middle",
                "author": {"id": f"https://openalex.org/A{chance.randrange(10**6)}", "display_name": f"Ana Li {number}-{n}"},
                "raw_author_name": f"Ana Li {number}-{n}",
                "raw_affiliation_strings": [
                    f"Department {chance.randrange(400)}, University of {chance.choice(CITIES)}, {chance.choice(CITIES)}"
                ],
                "institutions": [
                    {"id": f"https://openalex.org/I{chance.randrange(10**5)}", "display_name": "University", "ror": None}
                ],
            }
            for n in range(1 + chance.randrange(8))
        ]
        work = {
            "id": f"https://openalex.org/W{number}",
            "doi": f"https://doi.org/10.1000/{number}",
            "title": " ".join(chance.choices(WORDS, k=9)),
            "publication_year": 2014 + number % 11,
            "primary_location": {"source": {"id": "https://openalex.org/S1", "display_name": "ICML"}},
            "authorships": authorships,
            "abstract_inverted_index": {f"{word}{n}": [n, n + 1] for n, word in enumerate(chance.choices(WORDS, k=300))},
        }
        line = json.dumps(work).encode() + b"\n"
        left -= len(line)
        yield line


_READ = """
import sys
from affil.papers.read import read_papers
print(sum(1 for _ in read_papers([sys.argv[1]])))
"""
_ADD = """
import sys
from affil import Workspace
print(Workspace.open(sys.argv[2], create=True).add_papers([sys.argv[1]]).new)
"""
_RUN = """
import sys
from affil import Workspace
print(Workspace.open(sys.argv[2], create=True).run(papers=[sys.argv[1]]).added.new)
"""


def read(gigabytes: float, folder: Path) -> Iterator[dict[str, Any]]:
    """What a file of so many gigabytes takes of memory and time: to read, to add to a new workspace, and with matching and counting."""
    file = folder / "works.jsonl"
    with file.open("wb") as out:
        out.writelines(works(gigabytes))
    for what, script in (("read", _READ), ("add", _ADD), ("run", _RUN)):
        process = subprocess.Popen([sys.executable, "-c", script, file, folder / what], stdout=subprocess.PIPE, text=True)
        papers = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{what} ended with {status}")
        yield {
            "what": what,
            "bytes": file.stat().st_size,
            "papers": int(papers),
            "peak_mb": round(used.ru_maxrss / 1024),
            "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        }


class _Works(BaseHTTPRequestHandler):
    total = 0
    asked = 0

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        begin, many = int(query.get("cursor", "*").replace("*", "0")), int(query.get("per_page", 25))
        type(self).asked += 1
        end = min(begin + many, self.total)
        page = [
            {
                "id": f"https://openalex.org/W{n}",
                "title": f"Title {n}",
                "publication_year": 2024,
                "authorships": [{"raw_author_name": "Ana Li", "raw_affiliation_strings": ["MIT"]}],
            }
            for n in range(begin, end)
        ]
        body = json.dumps(
            {"meta": {"count": self.total, "next_cursor": str(end) if end < self.total else None}, "results": page}
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed for a request."""


_FETCH = """
import sys
from pathlib import Path
from affil.fetch import fetch_openalex, openalex
from affil.io import http
http.FETCH = openalex.FETCH = http.FETCH.model_copy(update={"per_second": 1e9})
fetch_openalex(Path(sys.argv[1]), openalex.Query(filter="all"), key="a-key", base=sys.argv[2])
"""


def fetch(total: int, folder: Path, kills: int = 3) -> dict[str, Any]:
    """What came of so many works after so many kills, at moments spread over the pages."""
    _Works.total = total
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Works)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    began, done = time.perf_counter(), 0
    pages = total // 100  # at least so many
    while True:
        process = subprocess.Popen([sys.executable, "-c", _FETCH, str(folder / "fetched"), base], env={**os.environ})
        stop = _Works.asked + random.Random(done).randrange(pages // (4 * kills), pages // (2 * kills))
        while process.poll() is None and (done == kills or _Works.asked < stop):
            time.sleep(0.001)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        done += 1
    server.shutdown()
    if process.returncode:
        raise SystemExit(f"the fetch ended with {process.returncode}")
    (file,) = (folder / "fetched").glob("*.jsonl.gz")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        ids = [json.loads(line)["id"] for line in lines]
    return {
        "works": total,
        "kills": done,
        "records": len(ids),
        "distinct": len(set(ids)),
        "in_order": ids == [f"https://openalex.org/W{n}" for n in range(total)],
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--works", type=int, default=250_000)
    args = parser.parse_args()
    with TemporaryDirectory(prefix="affil-bench-") as folder:
        for figures in read(args.gigabytes, Path(folder)):
            print(json.dumps(figures), flush=True)
        print(json.dumps({"what": "fetch", **fetch(args.works, Path(folder))}))


if __name__ == "__main__":
    main()
