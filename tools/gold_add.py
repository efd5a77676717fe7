#!/usr/bin/env python3
"""Add labelled strings to gold/ from drafts, and deal them to train and dev.

    tools/gold_add.py DRAFT... [--gold FOLDER]

A draft is a TSV without header: affiliation, official names of the institutions (joined by " || "; empty: none of the
registry), language, stratum, note. What stands in a split stays there. A new string that names an institution which test has
and train has not goes to dev, so that it stays unseen in training; of the others a fifth go to dev, by a hash of their folded
form. test.csv is frozen: it is only read, and a string that folds to one of its own is refused.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections import defaultdict
from pathlib import Path

from affil.names import fold
from affil.registry import Registry

GOLD = Path(__file__).resolve().parents[1] / "gold"
FIELDS = ["affiliation", "institution_ids", "language", "stratum", "note"]
DEV = 20  # per cent of the new strings

Rows = dict[str, list[dict[str, str]]]  # by the folded string, which several strings may share


def key(affiliation: str) -> str:
    return fold(affiliation) or affiliation


def read(path: Path) -> Rows:
    rows: Rows = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rows[key(row["affiliation"])].append(row)
    return rows


def institutions(rows: Rows) -> set[str]:
    return {i for group in rows.values() for r in group for i in r["institution_ids"].split()}


def split(affiliation: str, ids: list[str], held_out: set[str]) -> str:
    at = int(hashlib.sha256(f"string {key(affiliation)}".encode()).hexdigest()[:8], 16) % 100
    return "dev" if at < DEV or held_out & set(ids) else "train"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drafts", nargs="+", type=Path, metavar="DRAFT")
    parser.add_argument("--gold", type=Path, default=GOLD, metavar="FOLDER")
    arguments = parser.parse_args()
    by_name: dict[str, list[str]] = defaultdict(list)
    for x in Registry.open():
        by_name[x.name].append(x.id)
        by_name[x.id] = [x.id]
    parts = {name: read(arguments.gold / f"{name}.csv") for name in ("train", "dev", "test")}
    held_out = institutions(parts["test"]) - institutions(parts["train"])
    faults = 0
    for draft in arguments.drafts:
        for number, line in enumerate(draft.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            affiliation, named, language, stratum, note = [*line.split("\t"), "", "", "", ""][:5]
            ids = []
            for name in filter(None, (n.strip() for n in named.split("||"))):
                if len(by_name[name]) != 1:
                    print(f"{draft}:{number}: {len(by_name[name])} institutions are called {name!r}")
                    faults += 1
                ids += by_name[name][:1]
            new = dict(zip(FIELDS, (affiliation, " ".join(ids), language, stratum, note.strip()), strict=True))
            there = next((name for name, rows in parts.items() if key(affiliation) in rows), None)
            if there == "test":
                print(f"{draft}:{number}: {affiliation!r} stands in test already, which is frozen")
                faults += 1
            elif there and any(r["institution_ids"] != new["institution_ids"] for r in parts[there][key(affiliation)]):
                print(f"{draft}:{number}: {affiliation!r} is labelled otherwise already")
                faults += 1
            elif not there:
                parts[split(affiliation, ids, held_out)][key(affiliation)].append(new)
    if faults:
        return 1
    for name in ("train", "dev"):
        with (arguments.gold / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
            writer.writeheader()
            rows = [r for group in parts[name].values() for r in group]
            writer.writerows(sorted(rows, key=lambda r: (r["stratum"], r["affiliation"])))
        print(name, len(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
