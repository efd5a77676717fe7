#!/usr/bin/env python3
"""Count how often papers name each institution of a registry unmistakably, as the table that tells homonyms apart.

    tools/count_usage.py PAPERS... -o src/affil/registry/data/usage.csv [--registry FILE]

PAPERS is JSON Lines, plain or gzip. Only counts are written: columns id and mentions. Institutions named once only are left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from affil import AffilError, Registry, Workspace
from affil.cli.show import counting, working
from affil.io.outputs import atomic_path
from affil.training.usage import count_usage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", nargs="+", type=Path, metavar="PAPERS")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--registry", type=Path, metavar="FILE", help="a built registry; default: the shipped one")
    args = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="affil-usage-") as folder:
            workspace = Workspace.open(Path(folder) / "workspace", create=True)
            with working("reading"):
                workspace.add_papers(args.papers)
                counted = pq.read_table(workspace.table("strings"), columns=["affiliation", "mentions"])
            strings = dict(zip(counted["affiliation"].to_pylist(), counted["mentions"].to_pylist(), strict=True))
        with counting("counting", "strings") as progress:
            usage = count_usage(strings, Registry.open(args.registry), progress=progress)
        with atomic_path(args.output) as path, path.open("w", encoding="utf-8", newline="") as out:
            out.write("id,mentions\n")
            out.writelines(f"{identifier},{count}\n" for identifier, count in sorted(usage.items()) if count > 1)
    except AffilError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
