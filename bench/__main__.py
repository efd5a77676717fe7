"""Measure affil against plain ways to match, on the same strings and the same registry, in one process and one run.

    scripts/bench [--data FOLDER] [--model FILE] [--quick] [--write] [--json FILE] [--note TEXT] [--from FILE]

FOLDER holds `ror/*.zip` (a ROR dump), `papers/*.jsonl.gz` and `gold/*.csv`; default: `../shared/data`. What is not there is
replaced by what the project brings along (the shipped registry, the demo's strings, gold/dev.csv), and the figures say so. A
model that was trained on rows of the gold sets is flattered by them: give one that was not with `--model`.
`--write` puts the figures into docs/performance.md, its picture and docs/scale.md, and needs `pip install '.[dev,spark]'`. All takes
about a quarter of an hour on two cores, with `--quick` under two minutes, for smaller samples and fewer rounds.

Baselines, each of which may choose the threshold that suits it best on the very rows that it is scored on:

(a) rapidfuzz `process.extractOne` with `token_set_ratio` over all names;
(b) TF-IDF vectors of character trigrams, and `sparse_dot_topn` for each part between commas;
(c) recordlinkage: sorted neighbourhood of the parts between commas among the names, then Jaro and Winkler.

All of them run on one thread, and so does affil where it is compared; rates for ratios are by processor time, and rounds of all
methods alternate, so that what else the machine does spoils no ratio.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from affil import AffilError
from bench.common import FULL, QUICK, ROOT, Data, Size, affil, commit, load_data, machine, tell
from bench.files import measure_files, measure_spark, measure_start
from bench.methods import measure_methods, measure_ratios, measure_stages
from bench.performance import cluster, draw, put, report
from bench.scaling import measure_inputs, measure_registries


def measure(data: Data, size: Size, folder: Path, model: Path | None) -> dict[str, Any]:
    out: dict[str, Any] = {"machine": machine(), "commit": commit(), "date": datetime.now(UTC).date().isoformat(), "quick": size is QUICK,
                           "registry": data.registry, "institutions": len(data.institutions), "stream": len(data.stream),
                           "strings": len(data.distinct)}  # fmt: skip
    path = folder / "registry.affil"
    out["build"] = affil("registry", "build", "shipped", *([data.dump] if data.dump else []), "-o", path)
    tell(f"registry built in {out['build']['wall']:.1f} s")
    out["start"] = measure_start(path, size)
    out["ratios"] = measure_ratios(data, path, size, model)
    out["methods"] = measure_methods(path)
    out["stages"] = measure_stages(data, path, size)
    out["files"] = measure_files(data, path, size, folder)
    out["inputs"] = measure_inputs(data, path, size, folder)
    out["spark"] = measure_spark(data, path, size, folder)
    out["registries"] = measure_registries(data, size, folder)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", metavar="FOLDER")
    parser.add_argument("--model", type=Path, metavar="FILE", help="a model for rates and F1; default: the shipped one")
    parser.add_argument("--quick", action="store_true", help="small samples, under two minutes")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md, its picture, docs/scale.md")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--note", default="", metavar="TEXT", help="what a reader must know of this machine and run")
    parser.add_argument(
        "--from", dest="made", type=Path, metavar="FILE", help="measure nothing; take the figures that --json wrote"
    )
    args = parser.parse_args()
    try:
        if args.made:
            result = json.loads(args.made.read_text("utf-8"))
        else:
            with tempfile.TemporaryDirectory(prefix="affil-bench-") as folder:
                result = measure(load_data(args.data), QUICK if args.quick else FULL, Path(folder), args.model)
        result["note"] = args.note or result.get("note", "")
        text = report(result)
        if args.json:
            args.json.write_text(json.dumps(result, indent=1), "utf-8")
        if args.write:
            draw(result, ROOT / "docs" / "images" / "performance.svg")
            (ROOT / "docs" / "performance.md").write_text(text, "utf-8")
            if result["spark"]:
                put(ROOT / "docs" / "scale.md", cluster(result))
    except AffilError as error:
        print(error, file=sys.stderr)
        return 2
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
