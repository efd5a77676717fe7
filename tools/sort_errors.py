#!/usr/bin/env python3
"""Sort a cross-validation's errors into wrong labels, other conventions and our own, and score a second time without the first two.

    tools/sort_errors.py draw ERRORS OUT [--rows 100] [--seed 1]     a sample of each set's wrong strings, with empty columns
                                                                    `verdict` and `cause`, for a reader
    tools/sort_errors.py score SORTED CV.json                        F1 once more, errors of the first two verdicts set aside

ERRORS is the folder of `scripts/cross_validate --errors`, CV.json what it prints with --json. The rule by which a reader gives a
verdict stands in docs/matcher.md. An error is a labelled institution that was missed or an answer that was not labelled; with s the
share of the errors of a sample that are ours, F1 becomes 1 / (1 + (1/F1 - 1) s), since F1 = 1 / (1 + errors / (2 right)).
The interval is over samples of the sorted strings, at a fixed F1.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from affil import AffilError, InputError
from affil.cli.show import console, plain_table, print_json
from affil.io.outputs import atomic_path

OURS = "we are wrong"
VERDICTS = ("label wrong", "other convention", OURS)
RESAMPLES = 2000


def draw(folder: Path, out: Path, rows: int, seed: int) -> int:
    """Write a random sample of the wrong strings of each set; returns their number."""
    drawn: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            wrong = list(csv.DictReader(lines))
        chosen = np.random.default_rng(seed).permutation(len(wrong))[:rows]
        drawn += [{"set": path.stem, **wrong[i], "verdict": "", "cause": ""} for i in sorted(chosen)]
    if not drawn:
        raise AffilError(f"{folder}: no tables of errors; write them with scripts/cross_validate --errors")
    with atomic_path(out) as path, path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(drawn[0]))
        writer.writeheader()
        writer.writerows(drawn)
    return len(drawn)


def errors(row: dict[str, str]) -> int:
    """Missed and unlabelled institutions of a wrong string."""
    return len(set(row["expected"].split()) ^ set(row["got"].split()))


def score(table: Path, measured: Path) -> list[dict[str, Any]]:
    """F1 of each set as measured, and with the errors set aside that are not ours.

    Raises:
        InputError: a verdict is missing or none of `VERDICTS`.
    """
    f1 = {x["set"]: x["own"]["metrics"]["f1"]["value"] for x in json.loads(measured.read_text(encoding="utf-8"))}
    by_set: dict[str, list[dict[str, str]]] = {}
    with table.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            if row["verdict"] not in VERDICTS:
                raise InputError(table, f"verdict {row['verdict']!r}", row=number, fix=f"give one of: {', '.join(VERDICTS)}")
            by_set.setdefault(row["set"], []).append(row)
    out = []
    for name, rows in by_set.items():
        if name not in f1:
            raise AffilError(f"{measured}: no set {name!r}, of which {table} has errors")
        count = np.array([errors(r) for r in rows])
        ours = count * np.array([r["verdict"] == OURS for r in rows])
        again = np.random.default_rng(0).integers(len(rows), size=(RESAMPLES, len(rows)))
        shares = ours[again].sum(axis=1) / count[again].sum(axis=1)

        def corrected(share: float, measured: float = f1[name]) -> float:
            return 1 / (1 + (1 / measured - 1) * share)

        low, high = np.quantile(shares, [0.025, 0.975])
        out.append(
            {
                "set": name, "strings": len(rows), "errors": int(count.sum()),
                **{v: int((count * np.array([r["verdict"] == v for r in rows])).sum()) for v in VERDICTS},
                "f1": f1[name], "f1_ours": corrected(ours.sum() / count.sum()), "low": corrected(high), "high": corrected(low),
                "causes": dict(Counter(r["cause"] for r in rows if r["verdict"] == OURS).most_common()),
            }
        )  # fmt: skip
    return out


def show(found: list[dict[str, Any]]) -> None:
    out = console()
    table = plain_table("set", "strings>", "errors>", *(f"{v}>" for v in VERDICTS), "F1>", "F1, only our errors>")
    for x in found:
        again = f"{x['f1_ours']:.3f} ({x['low']:.3f}-{x['high']:.3f})"
        table.add_row(x["set"], str(x["strings"]), str(x["errors"]), *(str(x[v]) for v in VERDICTS), f"{x['f1']:.3f}", again)
    out.print(table)
    for x in found:
        out.print(f"{x['set']}, ours: " + ", ".join(f"{cause} {count}" for cause, count in x["causes"].items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    drawing = verbs.add_parser("draw", help="sample the wrong strings")
    drawing.add_argument("errors", type=Path, metavar="ERRORS")
    drawing.add_argument("out", type=Path, metavar="OUT")
    drawing.add_argument("--rows", type=int, default=100, help="strings of each set")
    drawing.add_argument("--seed", type=int, default=1)
    scoring = verbs.add_parser("score", help="score without the errors that are not ours")
    scoring.add_argument("sorted", type=Path, metavar="SORTED")
    scoring.add_argument("measured", type=Path, metavar="CV.json")
    scoring.add_argument("--json", action="store_true", help="print JSON instead of tables")
    args = parser.parse_args()
    try:
        if args.verb == "draw":
            print(f"{draw(args.errors, args.out, args.rows, args.seed):,} strings to sort in {args.out}")
        else:
            found = score(args.sorted, args.measured)
            print_json(found) if args.json else show(found)
    except (AffilError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
