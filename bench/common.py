"""What is measured, of how much, and how a command is measured."""

from __future__ import annotations

import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from affil import AffilError, Institution
from affil.demo import sample
from affil.papers.read import read_papers
from affil.registry.build import read_source
from affil.registry.merge import merge

ROOT = Path(__file__).resolve().parents[1]


SEED = 20261124


STARTED = time.perf_counter()


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    strings: dict[str, int]  # of each method in each round
    gold: int  # rows of each gold set
    registries: tuple[int, ...]
    inputs: tuple[int, ...]
    file_rows: int | None  # distinct ones; None: all
    repeats: int
    spark: tuple[int, int] | None  # distinct strings of a short and of a long run


FULL = Size(
    rounds=7,
    strings={"affil": 8192, "a": 24, "b": 768, "c": 256},
    gold=150,
    registries=(12_000, 50_000, 200_000),
    inputs=(1_000, 10_000, 100_000, 1_000_000),
    file_rows=None,
    repeats=3,
    spark=(10_000, 50_000),
)


QUICK = Size(
    rounds=3,
    strings={"affil": 1024, "a": 8, "b": 256, "c": 64},
    gold=20,
    registries=(3_000, 12_000),
    inputs=(1_000, 10_000),
    file_rows=5_000,
    repeats=1,
    spark=None,
)


@dataclass(frozen=True)
class Data:
    """What is matched and against what."""

    institutions: list[Institution]
    registry: str
    dump: Path | None
    stream: list[str]  # strings in the order of the papers, with their repeats
    distinct: list[str]  # each once, in random order
    gold: list[Path]


def load_data(folder: Path) -> Data:
    dumps = sorted((folder / "ror").glob("*.zip"))
    sources: list[str | Path] = ["shipped", *dumps[-1:]]
    institutions = merge(read_source(s) for s in sources)
    papers = sorted((folder / "papers").glob("*.jsonl.gz"))
    if papers:
        stream = [s for paper in read_papers(papers) for s in _cells(paper)]
    else:
        with sample("affiliations.csv").open(encoding="utf-8", newline="") as lines:
            stream = [row["affiliation"] for row in csv.DictReader(lines)] * 4
    distinct = list(dict.fromkeys(stream))
    np.random.default_rng(SEED).shuffle(distinct)
    gold = sorted((folder / "gold").glob("*.csv")) or [ROOT / "gold" / "dev.csv"]
    name = f"ROR dump {dumps[-1].name} under the shipped tables" if dumps else "shipped tables"
    return Data(institutions, name, dumps[-1] if dumps else None, stream, distinct, gold)


def _cells(paper: Any) -> Iterator[str]:
    for author in paper.authors:
        yield from author.affiliations
    yield from paper.paper_affiliations


# A process counts the memory of the one that started it as its own until it is another program: so a small one is in between.
LAUNCH = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
wall, cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "wall": wall, "cpu": cpu, "mb": usage.ru_maxrss / 1024}))
"""


def run(*command: str) -> dict[str, float]:
    """Run a command: seconds by the clock, seconds of all its processors, MB of its largest process."""
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCH, *command], capture_output=True, text=True)
    took: dict[str, float] = json.loads(done.stdout)
    if took.pop("code"):
        raise AffilError(f"{' '.join(command)}: {done.stderr.strip()}")
    return took


def affil(*arguments: str | Path) -> dict[str, float]:
    return run(sys.executable, "-m", "affil", *map(str, arguments))


def middle(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median run by the clock, the highest memory."""
    chosen = sorted(runs, key=lambda r: r["wall"])[len(runs) // 2]
    return {
        **chosen,
        "mb": max(r["mb"] for r in runs),
        "low": min(r["wall"] for r in runs),
        "high": max(r["wall"] for r in runs),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def write_csv(path: Path, strings: Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["affiliation"])
        rows.writerows([s] for s in strings)
    return path


def tell(text: str) -> None:
    print(f"{time.perf_counter() - STARTED:6.0f} s  {text}", file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = kilobytes("/proc/meminfo", "MemTotal") / 2**20
    return {"processor": model or platform.processor(), "cores": len(os.sched_getaffinity(0)), "memory_gb": round(memory),
            "system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 1)}  # fmt: skip


def kilobytes(path: str, key: str) -> int:
    return next((int(line.split()[1]) for line in _lines(path) if line.startswith(key)), 0)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


@cache
def commit() -> str:
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
