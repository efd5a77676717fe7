"""Train the matcher: labelled rows and strings written from registry names, into one model file with its card."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from affil.errors import InputError
from affil.match.decoys import make_decoys
from affil.match.features import NAMES, Pairs, featurize
from affil.match.index import Floats, Index, Ints
from affil.match.mentions import STRIDE, prepare
from affil.match.model import POLICIES, fit
from affil.match.modelfile import save_model
from affil.match.resources import resource
from affil.match.retrieve import Candidates, retrieve
from affil.match.synthesize import Labelled, Writer
from affil.registry import Registry
from affil.registry.build import write_registry
from affil.registry.index import checksums
from affil.settings import Policy, Settings
from affil.text import fold

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """Candidates of strings with all that training needs of them.

    For each pair: `labels` is 1 where it is right, `weights` its weight (0: it trains nothing), `labelled` whether people
    labelled its string, `group` a checksum of the folded string, by which repeats are kept together. `strings` is the number of
    strings, also of those without candidates.
    """

    pairs: Pairs
    labels: Ints
    weights: Floats
    labelled: Ints
    group: Ints
    strings: int

    def take(self, chosen: Ints) -> Sample:
        """The pairs of some strings, given as a mask over all strings; the strings keep their numbers."""
        rows = np.flatnonzero(chosen[self.pairs.candidates.string])
        place = np.full(len(self.labels), -1)
        place[rows] = np.arange(len(rows))
        family = np.flatnonzero((place[self.pairs.child] >= 0) & (place[self.pairs.parent] >= 0))
        child, parent = place[self.pairs.child[family]], place[self.pairs.parent[family]]
        p = self.pairs
        pairs = Pairs(p.candidates.take(rows), p.first[rows], p.last[rows], p.features[rows], child, parent)
        return Sample(pairs, self.labels[rows], self.weights[rows], self.labelled[rows], self.group[rows], self.strings)


def read_rows(path: Path, policies: Mapping[str, Policy] | None = None) -> list[Labelled]:
    """Read labelled rows: a CSV with `affiliation` and `institution_ids` or `ror_ids` (separated by blanks; empty: none).

    Rows whose `in_registry` is false are left out. A `source` column chooses the policy of the labels from `policies`.

    Raises:
        InputError: a column is missing or the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = reader.fieldnames or []
            ids = next((c for c in ("institution_ids", "ror_ids") if c in columns), "institution_ids")
            for column in ("affiliation", ids):
                if column not in columns:
                    raise InputError(path, f"no column {column!r}", row=1, fix="needed are affiliation, institution_ids")
            return [
                Labelled(r["affiliation"], tuple(r[ids].split()), (policies or {}).get(r.get("source", ""), "most-specific"))
                for r in reader
                if r.get("in_registry") != "false"
            ]
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from error


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
        registry: whose names the training strings are about; default the shipped one.
        settings: training settings.
        progress: told what is being done.
        external: labelled CSV files of other projects, whose ids are those of another registry.
        external_registry: the registry of these; default `registry`.

    Returns:
        The model's card: data and their hashes, settings, library versions, out-of-fold metrics.
    """
    tell = progress or (lambda _: None)
    settings = settings or Settings()
    t = settings.train
    registry = registry or Registry.open()
    external_registry = external_registry or registry
    paths = list(rows) if rows is not None else [resource("gold/train.csv")]
    labelled = [r for p in paths for r in read_rows(p)]
    others = [r for p in external for r in read_rows(p, t.policies)]
    with threadpool_limits(1):
        parts = base_samples(labelled, registry, settings, tell)
        if others:
            tell(f"matching {len(others):,} external strings against {len(external_registry):,} institutions")
            others += most_specific(others, external_registry)
            parts.append(labelled_sample(others, Index(external_registry), settings, t.external_weight))
        sample = join(parts)
        tell(f"fitting on {len(sample.labels):,} pairs, {int(sample.labels.sum()):,} of them right")
        model, probability = fit(sample.pairs, sample.labels, sample.weights, sample.group % t.folds, sample.labelled, t)
    card = {
        "data": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in [*paths, *external]},
        "registry": registry.hash,
        "rows": len(labelled),
        "composed": t.synthetic,
        "pairs": len(sample.labels),
        "settings": t.model_dump(),
        "out_of_fold": _metrics(probability, sample.labels, sample.weights),
    }
    if others:
        card |= {
            "external_rows": sum(len(read_rows(p, t.policies)) for p in external),
            "external_registry": external_registry.hash,
        }
    save_model(model, card, out)
    return card


def base_samples(labelled: Sequence[Labelled], registry: Registry, settings: Settings, tell: Tell) -> list[Sample]:
    """What every model is trained on: labelled strings of a registry, and strings composed of its names.

    Half of the composed strings are about the registry alone, half about the registry crowded with made-up institutions, of
    which a part is withheld so that the model meets names that it must not match.
    """
    t = settings.train
    parts: list[Sample] = []
    real = [x for x in registry if x.status == "active"]
    taken = frozenset(fold(n.value) for x in real for n in x.names)
    tell(f"making {t.decoys:,} decoys")
    decoys = make_decoys(t.decoys, t.seed, taken)
    withheld = np.random.default_rng(t.seed).random(len(decoys)) < t.withheld
    known = [d for d, w in zip(decoys, withheld, strict=True) if not w]
    unknown = [d for d, w in zip(decoys, withheld, strict=True) if w]
    kept = {d.id for d in known}
    with tempfile.TemporaryDirectory() as folder:
        crowd = write_registry(
            [*real, *(d for d in known if not d.parents or d.parents[0] in kept)],
            Path(folder) / "crowd.affil",
            {"sources": ["decoys"]},
        )
        for number, (reg, strangers) in enumerate(((registry, decoys), (crowd, unknown))):
            index = Index(reg)
            strings = Writer([reg.at(i) for i in range(len(reg))], strangers, t.seed + number).write(t.synthetic // 2)
            tell(f"matching {len(strings):,} composed strings against {len(reg):,} institutions")
            parts.append(_sample(strings, index, settings, t.composed_weight, labelled=False))
            if number == 0 and labelled:
                parts.append(labelled_sample(labelled, index, settings, t.gold_weight))
    return parts


def most_specific(rows: Sequence[Labelled], registry: Registry) -> list[Labelled]:
    """The rows labelled with parents and children once more, labelled as the default policy wants them: without the parents."""
    above: dict[str, frozenset[str]] = {}

    def ancestors(identifier: str) -> frozenset[str]:
        if identifier not in above:
            above[identifier] = frozenset()  # ends a cycle
            parents = [p for p in registry.get(identifier).parents if p in registry]
            above[identifier] = frozenset(parents).union(*map(ancestors, parents))
        return above[identifier]

    out = []
    for row in (r for r in rows if r.policy == "all"):
        ids = [registry.get(x).id if x in registry else x for x in row.institutions]
        wider = frozenset().union(*map(ancestors, (x for x in ids if x in registry)))
        out.append(Labelled(row.affiliation, tuple(x for x in ids if x not in wider)))
    return out


def labelled_sample(rows: Sequence[Labelled], index: Index, settings: Settings, weight: float) -> Sample:
    """Candidates of strings that people labelled.

    A string none of whose labelled institutions is a candidate trains nothing: what it names stands nowhere in it, or its
    label is wrong, and either way it would teach the model to doubt what does stand there.
    """
    return _sample(rows, index, settings, weight, labelled=True)


def _sample(rows: Sequence[Labelled], index: Index, settings: Settings, weight: float, *, labelled: bool) -> Sample:
    """Candidates of labelled rows; ids that the registry lacks count as nothing to find."""
    number = {x: i for i, x in enumerate(index.registry.ids)}
    mentions = prepare([r.affiliation for r in rows], index, settings.retrieve)
    pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
    string = pairs.candidates.string
    policy = np.array([POLICIES.index(r.policy) for r in rows], np.int64)[string]
    for code, name in enumerate(("policy_all", "policy_one"), 1):
        pairs.features[:, NAMES.index(name)] = policy == code
    resolve = index.registry.resolve
    right = [i * STRIDE + number[resolve(x)] for i, r in enumerate(rows) for x in r.institutions if x in index.registry]
    labels = np.isin(string * STRIDE + pairs.candidates.inst, np.array(right, np.int64)).astype(np.int64)
    named = np.bincount(np.array(right, np.int64) // STRIDE, minlength=len(rows)) > 0
    reached = np.bincount(string, labels, len(rows)) > 0
    weights = np.where((named & ~reached)[string], 0.0, weight)
    group = checksums([fold(r.affiliation) or r.affiliation for r in rows]).astype(np.int64)[string]
    return Sample(pairs, labels, weights, np.full(len(labels), labelled), group, len(rows))


def join(parts: Sequence[Sample]) -> Sample:
    """Put several samples into one, strings and words numbered through."""
    columns: list[list[Ints]] = [[] for _ in range(8)]
    rest: list[tuple[Ints, Ints, Floats, Ints, Ints]] = []
    strings = words = rows = 0
    for part in parts:
        pairs = part.pairs
        c = pairs.candidates
        for column, name in zip(columns, ("string", "inst", "alias", "kind", "owner", "exact", "first", "length"), strict=True):
            column.append(getattr(c, name) + (strings if name == "string" else 0))
        rest.append((pairs.first + words, pairs.last + words, pairs.features, pairs.child + rows, pairs.parent + rows))
        strings, words, rows = strings + part.strings, words + int(pairs.last.max(initial=0)) + 1, rows + len(c.string)
    joined = Pairs(Candidates(*map(np.concatenate, columns)), *map(np.concatenate, zip(*rest, strict=True)))
    labels, weights, labelled, group = (
        np.concatenate([getattr(p, f) for p in parts]) for f in ("labels", "weights", "labelled", "group")
    )
    return Sample(joined, labels, weights, labelled, group, strings)


def _metrics(probability: Floats, labels: Ints, weights: Floats) -> dict[str, float]:
    got = probability >= 0.5
    right = float((weights * labels * got).sum())
    return {
        "precision": round(right / max(float((weights * got).sum()), 1e-9), 4),
        "recall_of_retrieved": round(right / max(float((weights * labels).sum()), 1e-9), 4),
        "brier": round(float(np.average((probability - labels) ** 2, weights=weights)), 5),
    }
