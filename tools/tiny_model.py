#!/usr/bin/env python3
"""Train the tiny model that unit tests match with (tests/tiny/matcher.skops) on the table beside it.

    tools/tiny_model.py [FILE]

It is the tests' own, so that another shipped model or registry moves no unit test, and need not be good. It is made again when the
features, the rules of text or its table change; tests/tools/test_tiny_model.py says when.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.registry.tables import read_table
from affil.settings import Settings, StageSettings, TrainSettings
from affil.training import train

TINY = Path(__file__).resolve().parents[1] / "tests" / "tiny"
_STAGE = StageSettings(iterations=30, max_leaf_nodes=10, min_samples_leaf=20)
SETTINGS = Settings(train=TrainSettings(synthetic=3_000, decoys=1_000, first=_STAGE, second=_STAGE, min_calibration=100))


def tiny_registry(out: Path) -> Registry:
    """The tests' own registry, written to `out`; how often papers name its institutions is left out, as that is counted anew."""
    return write_registry(list(read_table(TINY / "institutions.csv")), out, {"sources": ["tiny"]})


def tiny_model(out: Path) -> dict[str, Any]:
    """Train on strings composed of its names alone; returns the card."""
    with tempfile.TemporaryDirectory() as folder:
        return train(out, [], tiny_registry(Path(folder) / "tiny.affil"), SETTINGS)


if __name__ == "__main__":
    card = tiny_model(Path(sys.argv[1]) if len(sys.argv) > 1 else TINY / "matcher.skops")
    print("\n".join(f"{key}: {card[key]}" for key in ("registry", "composed", "pairs", "out_of_fold")))
