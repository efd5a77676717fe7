#!/usr/bin/env python3
"""Write the present id for every former one in text files: labelled strings, decisions, tables of one's own, tests.

    tools/rename_ids.py FILE... [--check]

`alternative_ids.csv` beside the shipped tables says which id each former id became. A former id is replaced where it stands whole,
whatever the columns of the file; everything else stays byte for byte. With --check nothing is written and the exit code is 1 where
a file holds former ids.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "src" / "affil" / "registry" / "data" / "alternative_ids.csv"
ID = re.compile(rb"affil:[a-z0-9]+(?:-[a-z0-9]+)*(?![a-z0-9-])")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="report only")
    args = parser.parse_args()
    with TABLE.open(encoding="utf-8", newline="") as lines:
        present = {row["id"].encode(): row["institution_id"].encode() for row in csv.DictReader(lines)}
    total = 0
    for path in args.files:
        before = path.read_bytes()
        former = [found for found in ID.findall(before) if found in present]
        if former and not args.check:
            path.write_bytes(ID.sub(lambda m: present.get(m[0], m[0]), before))
        print(f"{path}: {len(former)} former ids" + ("" if args.check or not former else ", replaced"))
        total += len(former)
    return bool(args.check and total)


if __name__ == "__main__":
    sys.exit(main())
