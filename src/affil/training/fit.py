"""Train the matcher: labelled rows and synthetic strings in, one model file with its card out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from affil.data import resource
from affil.match.classifier import Model
from affil.match.index import Index
from affil.match.labels import Trust, contradiction
from affil.match.modelfile import save_model
from affil.match.provenance import settings_told
from affil.registry import Registry
from affil.registry.arrays import Floats, Ints
from affil.settings import Settings
from affil.training.boosting import fit
from affil.training.provenance import commit, rules_hash
from affil.training.samples import Sample, Tell, base_samples, default_rows, external_composed, join, labelled_sample, read_rows
from affil.wording import said


def train(
    out: Path,
    rows: Sequence[Path] | None = None,
    registry: Registry | None = None,
    settings: Settings | None = None,
    progress: Tell | None = None,
    *,
    external: Sequence[Path] = (),
    external_registry: Registry | None = None,
) -> dict[str, Any]:
    """Train a model and write it to `out`; the same inputs give the same bytes.

    Args:
        out: the model file.
        rows: labelled CSV files; default `gold/train.csv`.
        registry: the registry that synthetic strings are made from and rows are matched against; default the shipped one.
        settings: training settings.
        progress: called with a message per step.
        external: labelled CSV files of other projects.
        external_registry: the registry of their ids; default `registry`.

    Returns:
        The model card: hashes of the data, settings, library versions, out-of-fold metrics.
    """
    tell = progress or (lambda _: None)
    settings = settings or Settings()
    t = settings.train
    registry = registry or Registry.open()
    external_registry = external_registry or registry
    paths = list(rows) if rows is not None else [resource("gold/train.csv")]
    labelled = [replace(r, trust=Trust.REPRESENTATIVE) for p in paths for r in read_rows(p)]
    others = [r for p in external for r in read_rows(p, t.policies)]
    if contrary := contradiction((r.affiliation, r.institutions) for r in labelled):
        tell(said("warning: {0}", contrary))
    with threadpool_limits(1):
        parts = base_samples(labelled, registry, settings, tell)
        if others:
            tell(said("matching {0:,} external strings against {1:,} institutions", len(others), len(external_registry)))
            index = Index(external_registry)
            parts.append(labelled_sample(default_rows(others, external_registry), index, settings, complete=t.complete_weight))
            parts.append(external_composed(index, settings, tell))
        sample = join(parts)
        tell(said("fitting on {0:,} pairs, {1:,} of them right", len(sample.labels), int(sample.labels.sum())))
        model, probability = fit_sample(sample, settings)
    card = {
        "data": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in [*paths, *external]},
        "registry": registry.hash,
        "rows": len(labelled),
        "composed": t.synthetic,
        "pairs": len(sample.labels),
        "rules": rules_hash(),
        "commit": commit(),
        "settings": settings_told(settings),
        "out_of_fold": _metrics(probability, sample.labels, sample.weights),
    }
    if others:
        card |= {
            "external_rows": sum(len(read_rows(p, t.policies)) for p in external),
            "external_registry": external_registry.hash,
        }
    save_model(model, card, out)
    return card


def fit_sample(sample: Sample, settings: Settings) -> tuple[Model, Floats]:
    """Fit a model on a sample (see `affil.training.boosting.fit`)."""
    t = settings.train
    return fit(sample.pairs, sample.labels, sample.weights, sample.group % t.folds, sample.trust, t)


def _metrics(probability: Floats, labels: Ints, weights: Floats) -> dict[str, float]:
    got = probability >= 0.5
    right = float((weights * labels * got).sum())
    return {
        "precision": round(right / max(float((weights * got).sum()), 1e-9), 4),
        "recall_of_retrieved": round(right / max(float((weights * labels).sum()), 1e-9), 4),
        "brier": round(float(np.average((probability - labels) ** 2, weights=weights)), 5),
    }
