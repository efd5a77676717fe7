#!/usr/bin/env python3
"""Match a long file of which one string is a third, on a cluster of this machine: bench/spark.py [--rows 5000000] [--new 0.25].

The cluster is a standalone master with two workers of one processor each on the loopback; the command is its client, as it is of YARN in client
mode. Prints the processor's time and the largest process of each kind, for a tenth of the rows and for all; then what the local
engine takes for the same file, and whether its rows are the same. Processes are looked at five times a second, so what one does in
its last fifth is not seen.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.common import SEED, affil, load_data
from bench.scaling import inputs

KINDS = {  # of processes, by a word of their command lines
    "CoarseGrainedExecutorBackend": "Java of the executors",
    "pyspark.daemon": "Python of the executors",
    "deploy.SparkSubmit": "Java of the command",
    "\0-m\0affil\0": "Python of the command",
}
SHORT_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # Java compiles what runs for half a minute as if it ran for days
LONG_JAVA = "-XX:+UseSerialGC"  # with one processor it has no other


@contextmanager
def standalone(folder: Path, workers: int = 2, memory: str = "1g") -> Iterator[str]:
    """A standalone cluster on the loopback, each of its workers with one processor; the address of its master."""
    import pyspark

    program = Path(pyspark.__file__).parent / "bin" / "spark-class"
    own = {"SPARK_DAEMON_JAVA_OPTS": SHORT_JAVA, "SPARK_DAEMON_MEMORY": "256m", "PYSPARK_PYTHON": sys.executable}
    with ExitStack() as started:

        def start(name: str, said: str, *arguments: str) -> str:
            """Start a process; what it said when it was ready."""
            log = folder / f"{name}.log"
            command = [
                str(program),
                f"org.apache.spark.deploy.{arguments[0]}",
                *arguments[1:],
                "--host",
                "127.0.0.1",
                "--webui-port",
                "0",
            ]
            with log.open("wb") as stream:
                process = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, **own})
            started.callback(process.wait)
            started.callback(process.terminate)
            while not (found := re.search(said, log.read_text())):
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: {log.read_text()}")
                time.sleep(0.05)
            return found[0]

        master = start("master", r"spark://127.0.0.1:\d+", "master.Master", "--port", "0")
        for number in range(workers):
            work = ("--cores", "1", "--memory", memory, "--work-dir", str(folder / f"worker-{number}"))
            start(f"worker-{number}", "Successfully registered", "worker.Worker", master, *work)
        yield master


def watched(command: Sequence[str | Path], environment: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Run a command on a cluster: processor seconds and MB of the largest process of each kind, of all that this process and those that it
    started have started.
    """
    seconds: dict[tuple[str, str], tuple[str, float]] = {}
    largest: dict[str, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    with subprocess.Popen([*map(str, command)], env=environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for number, stat, words, peak in _descendants():
                kind = next((kind for word, kind in KINDS.items() if word in words), None)
                if kind:
                    seconds[number, stat[19]] = kind, (int(stat[11]) + int(stat[12])) / tick
                    largest[kind] = max(largest.get(kind, 0), peak)
            time.sleep(0.2)
    if process.returncode:
        sys.exit(process.returncode)
    return {k: (sum(s for kind, s in seconds.values() if kind == k), largest[k]) for k in KINDS.values() if k in largest}


def _descendants() -> Iterator[tuple[str, list[str], str, float]]:
    """Number, fields of `stat` from the state on, command line and largest MB of all processes below this one."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            peak = re.search(r"VmHWM:\s+(\d+)", (folder / "status").read_text())
            found[folder.name] = stat, (folder / "cmdline").read_text(), int(peak[1]) / 1024 if peak else 0
        except OSError:  # it has ended
            continue
    below = {str(os.getpid())}
    while more := {number for number, (stat, _, _) in found.items() if stat[1] in below} - below:
        below |= more
    return ((number, *found[number]) for number in below & found.keys())


def skewed(strings: Sequence[str], rows: int, new: float) -> Iterator[str]:
    """A stream of which a third is one string; the rest is as `inputs`."""
    rng, rest = np.random.default_rng(SEED), inputs(strings[1:], rows, new)
    return (strings[0] if rng.random() < 1 / 3 else next(rest) for _ in range(rows))


def write_parquet(path: Path, strings: Iterator[str]) -> Path:
    schema = pa.schema([("id", pa.int64()), ("affiliation", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        first = 0
        while some := list(islice(strings, 100_000)):
            writer.write_table(pa.table([range(first, first + len(some)), some], schema=schema))
            first += len(some)
    return path


def on_spark(file: Path, out: Path, master: str, memory: str, java: str) -> dict[str, tuple[float, float]]:
    """What `affil match` on a cluster takes."""
    options = f"--master {master} --executor-memory {memory} --driver-java-options '{SHORT_JAVA}'"
    options += f" --conf 'spark.executor.extraJavaOptions={java}'"
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": f"{options} pyspark-shell"}
    return watched([sys.executable, "-m", "affil", "match", file, "-o", out, "--engine", "spark"], environment)


def fingerprint(rows: str) -> tuple[int, int]:
    """The number of rows of Parquet files, and a sum of their hashes, which does not depend on their order."""
    with duckdb.connect() as db:
        db.execute("SET memory_limit = '1GB'")
        found = db.execute("SELECT count(*), sum(hash(r)::HUGEINT) FROM read_parquet(?) AS r", [rows]).fetchone()
    assert found
    return found[0], found[1]


def main() -> None:
    """Make the files, and match them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--new", type=float, default=0.25, help="share of new strings in the two thirds that are not the one")
    parser.add_argument("--memory", default="1g", help="Java's memory of an executor")
    parser.add_argument("--java", default=LONG_JAVA, metavar="OPTIONS", help=f"of the executors' Java, default: {LONG_JAVA}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="affil-bench-") as name:
        folder = Path(name)
        strings = load_data(folder).distinct  # the shipped ones
        for rows in (args.rows // 10, args.rows):
            file = write_parquet(folder / "in.parquet", skewed(strings, rows, args.new))
            with standalone(folder, memory=args.memory) as master:
                took = on_spark(file, folder / "spark", master, args.memory, args.java)
            print(f"{rows:,} rows: {sum(cpu for cpu, _ in took.values()):.0f} s of processor", flush=True)
            for kind, (cpu, mb) in took.items():
                print(f"    {kind}: {cpu:.0f} s, the largest {mb:.0f} MB", flush=True)
            local = affil("match", file, "-o", folder / "local.parquet")
            print(f"    local engine: {local['cpu']:.0f} s, {local['mb']:.0f} MB", flush=True)
            same = fingerprint(f"{folder}/spark/*.parquet") == fingerprint(f"{folder}/local.parquet")
            print(f"    rows of both are {'the same' if same else 'NOT THE SAME'}", flush=True)


if __name__ == "__main__":
    main()
