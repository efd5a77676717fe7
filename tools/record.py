#!/usr/bin/env python3
"""Renew models/recorded.json, which tests hold the shipped model to, after scripts/retrain.

    tools/record.py [--test]

Scored are gold/dev.csv, the registry's own names (see scripts/self_test) and pairs of them. --test scores gold/test.csv as well: once a
release, when nothing is chosen any more; without it there are no figures of it, as those of another model would say nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from affil import AffilError, Matcher
from affil.cli.show import working
from affil.evaluate import Evaluation, evaluate, pair_test, self_test
from affil.evaluate.pairs import Both
from affil.evaluate.self_test import Shares
from affil.io.outputs import atomic_path

TOP = Path(__file__).resolve().parents[1]
RECORD = TOP / "models" / "recorded.json"
SAMPLE = 1000  # institutions whose names are given back


def figures(found: Evaluation) -> dict[str, float]:
    return {name: round(metric.value or 0, 4) for name, metric in sorted(found.metrics.items())}


def shares(found: Shares | Both) -> dict[str, float]:
    names = ("found", "match", "wrong_match") if isinstance(found, Shares) else ("found", "match")
    return {name: round(getattr(found, name).value or 0, 4) for name in names}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true", help="score gold/test.csv as well")
    args = parser.parse_args()
    record = json.loads(RECORD.read_text("utf-8"))
    try:
        with working("scoring") as tell:
            matcher = Matcher.load()
            tell("gold/dev.csv")
            record["gold/dev.csv"] = figures(evaluate(TOP / "gold" / "dev.csv", matcher))
            record.pop("gold/test.csv", None)
            if args.test:
                tell("gold/test.csv")
                record["gold/test.csv"] = figures(evaluate(TOP / "gold" / "test.csv", matcher))
            tell("names of the registry")
            pairs = {joiner: shares(both) for joiner, both in pair_test(matcher).joiners.items()}
            forms = {form: shares(found) for form, found in self_test(matcher, sample=SAMPLE).forms.items()}
        record |= {"model": matcher.model_hash, "self_test": {"sample": SAMPLE, **forms, "pairs": pairs}}
        with atomic_path(RECORD) as path:
            path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except AffilError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
