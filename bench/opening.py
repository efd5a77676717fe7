#!/usr/bin/env python3
"""Measure what opening a registry and a first match take, beside another version: bench/opening.py FOLDER [--runs 25].

FOLDER is a checkout of the other version (`git worktree add FOLDER COMMIT`), which runs with the same libraries. Both take turns in
processes of their own, after one that builds their indexes; printed are medians of processor seconds, and the ratio of this version's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = ("import", "open the registry", "load the matcher", "first match")
PROGRAM = """
import time
at = [time.process_time()]
import affil.match, affil.registry
at.append(time.process_time())
registry = affil.registry.Registry.open()
at.append(time.process_time())
matcher = affil.match.Matcher.load(registry)
at.append(time.process_time())
matcher.match("Dept. of CSE, CUHK, Shatin")
at.append(time.process_time())
print(*(after - before for before, after in zip(at, at[1:])))
"""


def one(source: Path, cache: Path) -> list[float]:
    """Processor seconds of each step in a new process."""
    environment = {**os.environ, "PYTHONPATH": str(source), "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, cwd=cache
    )
    return [float(number) for number in done.stdout.split()]


def main() -> None:
    """Run both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=25)
    args = parser.parse_args()
    sources = (args.folder.resolve() / "src", Path(__file__).parents[1] / "src")
    runs: tuple[list[list[float]], list[list[float]]] = ([], [])
    with tempfile.TemporaryDirectory(prefix="affil-bench-") as name:
        caches = [Path(name, side) for side in ("other", "this")]
        for number in range(args.runs + 1):
            for source, cache, kept in zip(sources, caches, runs, strict=True):
                cache.mkdir(exist_ok=True)
                took = one(source, cache)
                if number:
                    kept.append([*took, sum(took[1:]), sum(took)])
    for at, step in enumerate((*STEPS, "all but the import", "all")):
        other, this = (statistics.median(run[at] for run in kept) for kept in runs)
        print(f"{step}: {this:.3f} s, the other {other:.3f} s, {this / other:.2f} times")


if __name__ == "__main__":
    main()
