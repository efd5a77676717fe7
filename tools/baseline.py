#!/usr/bin/env python3
"""Write down what a checkout answers, counts and shows, as checksums: before and after a change that must not change answers.

    tools/baseline.py PAPERS... -o before                       # on the commit before
    tools/baseline.py PAPERS... -o after                        # with the change
    diff -u before/sums.txt after/sums.txt                      # nothing

It matches the distinct strings of the papers, runs them in a workspace, ranks all levels by all measures, and builds the site.
Nothing in the sums depends on the time, the place or the commit: manifests are left out, days on pages too, and tables of the
workspace count by their rows. With --checkout another checkout is run than this one.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from affil.papers.read import read_papers
from affil.rank import LEVELS, MEASURES

ROOT = Path(__file__).resolve().parents[1]
AREAS = ("computer vision", "robotics")
DAY = re.compile(rb"\b20\d\d-\d\d-\d\d\b")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", nargs="+", type=Path, metavar="PAPERS")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="made anew")
    parser.add_argument("--checkout", type=Path, default=ROOT, metavar="FOLDER", help="default: this one")
    args = parser.parse_args()
    folder, papers = args.output.resolve(), [file.resolve() for file in args.papers]
    if folder.exists() and not (folder / "sums.txt").exists() and any(folder.iterdir()):
        print(f"{folder}: not empty and no baseline; choose a new folder", file=sys.stderr)
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "ranks").mkdir(parents=True)
    write_strings(papers, folder / "strings.csv")
    for command in commands(papers):
        print(*command[:4], file=sys.stderr)
        affil(args.checkout.resolve(), folder, *command)
    lines = sorted(sums(folder))
    (folder / "sums.txt").write_text("".join(f"{digest}  {name}\n" for name, digest in lines), "utf-8")
    print(f"{folder / 'sums.txt'}: {len(lines):,} files")
    return 0


def write_strings(papers: list[Path], file: Path) -> None:
    """The distinct strings of some papers, as a table."""
    strings = {
        s
        for paper in read_papers(papers)
        for of in (paper.paper_affiliations, *(a.affiliations for a in paper.authors))
        for s in of
    }
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([("affiliation",), *((s,) for s in sorted(strings) if s.strip())])


def commands(papers: list[Path]) -> Iterator[list[str]]:
    """What is run, one after the other, in the folder of the output."""
    yield ["match", "strings.csv", "-o", "matches.csv"]
    yield ["run", *map(str, papers), "-w", "ws"]
    for level in LEVELS:
        for by in MEASURES:
            yield ["rank", "ws", "--level", level, "--by", by, "--limit", "0", "-o", f"ranks/{level}-{by}.csv"]
    for area in AREAS:
        yield ["rank", "ws", "--area", area, "--limit", "0", "-o", f"ranks/institution-{area.replace(' ', '_')}.csv"]
    yield ["trend", "ws", "--limit", "0", "-o", "ranks/trend.json"]
    yield ["report", "ws", "-o", "site"]


def affil(checkout: Path, folder: Path, *arguments: str) -> None:
    """Run a command of a checkout; one without papers of an area is no fault."""
    settings = {
        "PYTHONPATH": str(checkout / "src"),
        "SOURCE_DATE_EPOCH": "0",
        "OMP_NUM_THREADS": "1",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "affil", *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False)
    if done.returncode and "no paper" not in done.stderr:
        sys.exit(f"{' '.join(arguments[:4])}: {done.stderr.strip()}")


def sums(folder: Path) -> Iterator[tuple[str, str]]:
    """The name and checksum of all that was written."""
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if not file.is_file() or "manifest" in name:
            continue
        if name.startswith("ws/tables/"):  # the files themselves name the library that wrote them
            table = pq.read_table(file)
            yield f"{name} (rows)", digest(repr((table.schema.names, table.to_pylist())).encode())
        elif name.startswith("site/") and name.endswith(".html"):
            yield f"{name} (no days)", digest(DAY.sub(b"DAY", file.read_bytes()))
        elif not name.startswith("ws/"):
            yield name, digest(file.read_bytes())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
