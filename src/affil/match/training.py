"""Train the matcher: labelled rows and strings written from registry names, into one model file with its card."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from affil.errors import InputError
from affil.match.decoys import make_decoys
from affil.match.features import Pairs, featurize
from affil.match.index import Floats, Index, Ints
from affil.match.mentions import STRIDE, prepare
from affil.match.model import fit
from affil.match.modelfile import save_model
from affil.match.resources import resource
from affil.match.retrieve import Candidates, retrieve
from affil.match.synthesize import Labelled, Writer
from affil.registry import Registry
from affil.registry.build import write_registry
from affil.settings import Settings
from affil.text import fold


def read_rows(path: Path) -> list[Labelled]:
    """Read labelled rows: a CSV with `affiliation` and `institution_ids` (ids separated by blanks; empty: none).

    Raises:
        InputError: a column is missing or the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            for column in ("affiliation", "institution_ids"):
                if column not in (reader.fieldnames or []):
                    raise InputError(path, f"no column {column!r}", row=1, fix="needed are affiliation, institution_ids")
            return [Labelled(r["affiliation"], tuple(r["institution_ids"].split())) for r in reader]
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from error


def train(
    out: Path,
    rows: Sequence[Path] | None = None,
    registry: Registry | None = None,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train a model and write it to `out`; the same inputs give the same bytes.

    Half of the composed strings are about the registry alone, half about the registry crowded with made-up institutions, of
    which a part is withheld so that the model meets names that it must not match.

    Args:
        out: the model file.
        rows: labelled CSV files; default `gold/train.csv`.
        registry: whose names the training strings are about; default the shipped one.
        settings: training settings.
        progress: told what is being done.

    Returns:
        The model's card: data and their hashes, settings, library versions, out-of-fold metrics.
    """
    tell = progress or (lambda _: None)
    settings = settings or Settings()
    t = settings.train
    registry = registry or Registry.open()
    paths = list(rows) if rows is not None else [resource("gold/train.csv")]
    labelled = [r for p in paths for r in read_rows(p)]
    rng = np.random.default_rng(t.seed)
    parts: list[tuple[Pairs, Ints, Floats, int]] = []
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        real = [x for x in registry if x.status == "active"]
        taken = frozenset(fold(n.value) for x in real for n in x.names)
        tell(f"making {t.decoys:,} decoys")
        decoys = make_decoys(t.decoys, t.seed, taken)
        withheld = rng.random(len(decoys)) < t.withheld
        known = [d for d, w in zip(decoys, withheld, strict=True) if not w]
        unknown = [d for d, w in zip(decoys, withheld, strict=True) if w]
        kept = {d.id for d in known}
        crowd = write_registry(
            [*real, *(d for d in known if not d.parents or d.parents[0] in kept)],
            Path(folder) / "crowd.affil",
            {"sources": ["decoys"]},
        )
        for number, (reg, strangers) in enumerate(((registry, decoys), (crowd, unknown))):
            index = Index(reg)
            strings = Writer([reg.at(i) for i in range(len(reg))], strangers, t.seed + number).write(t.synthetic // 2)
            tell(f"matching {len(strings):,} composed strings against {len(reg):,} institutions")
            parts.append(_pairs(strings, index, settings, 1.0))
            if number == 0 and labelled:
                parts.append(_pairs(labelled, index, settings, t.gold_weight))
        pairs, labels, weights, part = _join(parts, t.folds)
        tell(f"fitting on {len(labels):,} pairs, {int(labels.sum()):,} of them right")
        model, probability = fit(pairs, labels, weights, part, t)
    card = {
        "data": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths},
        "registry": registry.hash,
        "rows": len(labelled),
        "composed": t.synthetic,
        "pairs": len(labels),
        "settings": t.model_dump(),
        "out_of_fold": _metrics(probability, labels, weights),
    }
    save_model(model, card, out)
    return card


def _pairs(rows: Sequence[Labelled], index: Index, settings: Settings, weight: float) -> tuple[Pairs, Ints, Floats, int]:
    """Candidates of labelled rows with features, labels and weights; ids that the registry lacks count as nothing to find."""
    number = {x: i for i, x in enumerate(index.registry.ids)}
    mentions = prepare([r.affiliation for r in rows], index, settings.retrieve)
    pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
    resolve = index.registry.resolve
    right = [i * STRIDE + number[resolve(x)] for i, r in enumerate(rows) for x in r.institutions if x in number]
    labels = np.isin(pairs.candidates.string * STRIDE + pairs.candidates.inst, np.array(right, np.int64)).astype(np.int64)
    return pairs, labels, np.full(len(labels), weight), len(rows)


def _join(parts: Sequence[tuple[Pairs, Ints, Floats, int]], folds: int) -> tuple[Pairs, Ints, Floats, Ints]:
    """Put the pairs of several batches into one, strings and words numbered through; strings are dealt to folds in turn."""
    columns: list[list[Ints]] = [[] for _ in range(8)]
    rest: list[tuple[Ints, Ints, Floats, Ints, Ints]] = []
    strings = words = rows = 0
    for pairs, _, _, count in parts:
        c = pairs.candidates
        for column, name in zip(columns, ("string", "inst", "alias", "kind", "owner", "exact", "first", "length"), strict=True):
            column.append(getattr(c, name) + (strings if name == "string" else 0))
        rest.append((pairs.first + words, pairs.last + words, pairs.features, pairs.child + rows, pairs.parent + rows))
        strings, words, rows = strings + count, words + int(pairs.last.max(initial=0)) + 1, rows + len(c.string)
    joined = Pairs(Candidates(*map(np.concatenate, columns)), *map(np.concatenate, zip(*rest, strict=True)))
    labels, weights = (np.concatenate([p[i] for p in parts]) for i in (1, 2))
    return joined, labels, weights, joined.candidates.string % folds


def _metrics(probability: Floats, labels: Ints, weights: Floats) -> dict[str, float]:
    got = probability >= 0.5
    right = float((weights * labels * got).sum())
    return {
        "precision": round(right / max(float((weights * got).sum()), 1e-9), 4),
        "recall_of_retrieved": round(right / max(float((weights * labels).sum()), 1e-9), 4),
        "brier": round(float(np.average((probability - labels) ** 2, weights=weights)), 5),
    }
