#!/usr/bin/env python3
"""Match a file of very many lines, most of which repeat others: bench/millions.py [--rows 10000000] [--new 0.005].

Prints the memory of the largest process, the processor's time and the seconds by the clock: memory is flat if it is what a tenth of the
rows takes, too.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.common import affil, load_data, write_csv
from bench.scaling import inputs


def main() -> None:
    """Make the file, and match it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--new", type=float, default=0.005, help="share of the lines that occur for the first time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="affil-bench-") as folder:
        strings = load_data(Path(folder)).distinct  # the shipped ones
        for rows in (args.rows // 10, args.rows):
            file = write_csv(Path(folder) / "in.csv", inputs(strings, rows, args.new))
            took = affil("match", file, "-o", Path(folder) / "out.csv")
            with (Path(folder) / "out.csv").open("rb") as out:
                lines = sum(chunk.count(b"\n") for chunk in iter(lambda: out.read(1 << 20), b""))
            print(
                f"{rows:,} rows: {took['mb']:.0f} MB, {took['cpu']:.0f} s of processor, {took['wall']:.0f} s; {lines:,} lines written",
                flush=True,
            )


if __name__ == "__main__":
    main()
