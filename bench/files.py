"""Whole files by `affil match`, with one worker, with one for each processor, and with Spark; the time to start."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.common import Data, Size, affil, middle, tell, write_csv
from bench.spark import watched


def measure_start(path: Path, size: Size) -> dict[str, Any]:
    """From the command to the first answer, and to the help."""
    runs = 2 * size.repeats + 1
    first = [affil("match", "--text", "Dept. of CSE, CUHK, Shatin", "--registry", path) for _ in range(runs)]
    return {"first": middle(first), "help": middle([affil("--help") for _ in range(runs)])}


def measure_files(data: Data, path: Path, size: Size, folder: Path) -> dict[str, Any]:
    """`affil match` of whole files, with one worker and with one for each processor."""
    cores = len(os.sched_getaffinity(0))
    kinds = {"distinct": data.distinct[: size.file_rows], "stream": data.stream[: size.file_rows and 4 * size.file_rows]}
    out: dict[str, Any] = {"cores": cores}
    for kind, strings in kinds.items():
        file = write_csv(folder / f"{kind}.csv", strings)
        for workers in dict.fromkeys((1, cores) if size.repeats > 1 else (cores,)):
            command = ("match", file, "-o", folder / "out.csv", "--registry", path, "--workers", str(workers))
            runs = [affil(*command) for _ in range(size.repeats if workers > 1 else 1)]
            out[f"{kind}_{workers}"] = {**middle(runs), "rows": len(strings), "distinct": len(set(strings))}
            tell(f"{kind} strings, {workers} workers: {len(strings) / out[f'{kind}_{workers}']['wall']:,.0f} strings/s")
    return out


def measure_spark(data: Data, path: Path, size: Size, folder: Path) -> dict[str, float] | None:
    """Processor seconds that the Spark engine takes for a new string, for a row, and to start; None without Spark."""
    if not size.spark or shutil.which("java") is None or find_spec("pyspark") is None:
        return None
    few, many = (data.distinct[:n] for n in size.spark)
    took = []
    for strings in (few, many, many * 4):
        pq.write_table(pa.table({"affiliation": strings}), folder / "spark.parquet")
        command = ("match", folder / "spark.parquet", "-o", folder / "spark", "--engine", "spark", "--registry", path)
        took.append(sum(cpu for cpu, _ in watched([sys.executable, "-m", "affil", *command], os.environ).values()))
        tell(f"Spark: {len(strings):,} rows in {took[-1]:.0f} s of processor")
    row = max((took[2] - took[1]) / (3 * len(many)), 0.0)  # so little that it may drown
    string = (took[1] - took[0]) / (len(many) - len(few)) - row
    return {"string": string, "row": row, "start": took[0] - len(few) * (string + row)}
