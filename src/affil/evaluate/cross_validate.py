"""Cross-validate on labelled sets of other projects, with folds that share no institution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from affil.data import resource
from affil.evaluate.gold import GoldRow, read_gold
from affil.evaluate.score import Answer, Evaluation, answer, resolve, summarize_answers
from affil.io.outputs import scratch
from affil.io.tables import open_table
from affil.match import Matcher
from affil.match.calibrate import POLICIES, policies
from affil.match.decide import decide
from affil.match.index import Index
from affil.match.labels import Labelled, Trust
from affil.match.modelfile import save_model
from affil.match.pairs import STRIDE
from affil.names import fold
from affil.registry import Registry
from affil.registry.arrays import Floats, Ints
from affil.settings import Policy, Settings
from affil.training.fit import fit_sample
from affil.training.samples import Sample, base_samples, default_rows, external_composed, join, labelled_sample, read_rows
from affil.wording import said


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Scores of one labelled set, each row answered by a model trained on neither the row nor any of its institutions.

    `default` is scored with the default policy, `own` with the policy of the set's labels. `review` are the review thresholds
    chosen on the training folds, one per fold. A set with complete labels is scored on its randomly drawn rows, then by source,
    and on those that name several institutions.
    """

    name: str
    policy: Policy
    default: Evaluation
    own: Evaluation
    review: tuple[float, ...]


def institution_folds(rows: Sequence[tuple[GoldRow, frozenset[str]]], count: int, seed: int) -> Ints:
    """Assign rows to folds so that rows with a common institution or folded string stay together.

    Connected components of rows and institutions are assigned whole, largest first, to the currently smallest fold.
    """
    number: dict[tuple[str, str], int] = {}
    edges = []
    for i, (row, ids) in enumerate(rows):
        keys = [("string", fold(row.affiliation) or row.affiliation), *(("id", x) for x in ids)]
        edges += [(i, number.setdefault(key, len(rows) + len(number))) for key in keys]
    size = len(rows) + len(number)
    left, right = np.array(edges, np.int64).reshape(-1, 2).T
    graph = sparse.coo_matrix((np.ones(len(edges), bool), (left, right)), shape=(size, size))
    of_row = sparse.csgraph.connected_components(graph, directed=False)[1][: len(rows)]
    of_row = np.unique(of_row, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(of_row)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.zeros(len(sizes), np.int64), np.zeros(count, np.int64)
    for k in order.tolist():
        fold_of[k] = filled.argmin()
        filled[fold_of[k]] += sizes[k]
    folds: Ints = fold_of[of_row]
    return folds


def cross_validate(
    external: Sequence[Path],
    registry: Registry,
    settings: Settings | None = None,
    *,
    base_registry: Registry | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[CrossValidation]:
    """Train as `affil train` does on all folds but one, answer that one, and score each set over all folds.

    Every model is also trained on `gold/train.csv` and synthetic strings, which contain no external row. The review threshold
    is the one with the best F1 on the training folds.

    Args:
        external: labelled sets (see `read_gold`); rows with an id that the registry lacks are left out.
        registry: the registry of their ids.
        settings: training, evaluation and decision settings.
        base_registry: the registry of `gold/train.csv`; default the shipped one.
        progress: called with a message per step.
    """
    tell = progress or (lambda _: None)
    settings = settings or Settings()
    sets = [_read_set(path, registry, settings) for path in external]
    rows = [row for one in sets for row in one.rows]
    policy = [one.policy for one in sets for _ in one.rows]
    folds = institution_folds(rows, settings.evaluate.folds, settings.evaluate.seed)
    with threadpool_limits(1), scratch() as folder:
        trainer = _Trainer(sets, folds, registry, base_registry or Registry.open(), settings, tell)
        default: list[list[Answer]] = [[] for _ in rows]
        own: list[list[Answer]] = [[] for _ in rows]
        thresholds: list[float] = []
        for k in range(settings.evaluate.folds):
            tell(said("fold {0} of {1}: training", k + 1, settings.evaluate.folds))
            model = folder / f"fold{k}.skops"
            thresholds.append(trainer.train_without(k, model))
            here = np.flatnonzero(folds == k)
            for found, of in ((default, [settings.decide.policy] * len(rows)), (own, policy)):
                for wanted in POLICIES:
                    chosen = [i for i in here if of[i] == wanted]
                    matcher = _matcher(registry, model, settings, wanted, thresholds[-1])
                    answers = answer([rows[i][0].affiliation for i in chosen], matcher, settings.batch.rows, None)
                    for row, got in zip(chosen, answers, strict=True):
                        found[row] = got
    out = []
    start = 0
    for one in sets:
        for title, scored in one.subsets().items():
            part = [one.rows[i] for i in scored]
            of_default, of_own = (
                summarize_answers(part, [found[start + i] for i in scored], matcher, settings, one.left_out)
                for found in (default, own)
            )
            out.append(CrossValidation(title, one.policy, of_default, of_own, tuple(thresholds)))
        start += len(one.rows)
    return out


@dataclass(frozen=True, slots=True)
class _Set:
    """A labelled set: rows with their registry ids, and the number of rows left out."""

    name: str
    rows: list[tuple[GoldRow, frozenset[str]]]
    left_out: int
    policy: Policy
    complete: bool  # whether its labels are complete

    def labelled(self) -> list[Labelled]:
        return [
            Labelled(row.affiliation, tuple(ids), self.policy, row.acceptable, _trust(row, self.complete))
            for row, ids in self.rows
        ]

    def subsets(self) -> dict[str, list[int]]:
        return _subsets(self.name, self.rows) if self.complete else {self.name: list(range(len(self.rows)))}


def _read_set(path: Path, registry: Registry, settings: Settings) -> _Set:
    rows, left_out = resolve(read_gold(path), registry, only=True)
    policy: Policy = settings.train.policies.get(path.stem, "most-specific")
    return _Set(path.stem, rows, left_out, policy, _is_complete(path))


class _Trainer:
    """Trains on all folds but one, `gold/train.csv`, and synthetic strings."""

    def __init__(
        self,
        sets: Sequence[_Set],
        folds: Ints,
        registry: Registry,
        base: Registry,
        settings: Settings,
        tell: Callable[[str], None],
    ) -> None:
        self.settings = settings
        gold = [replace(r, trust=Trust.REPRESENTATIVE) for r in read_rows(resource("gold/train.csv"))]
        always = join(base_samples(gold, base, settings, tell))
        rows = [row for one in sets for row in one.labelled()]
        tell(said("matching {0:,} external strings against {1:,} institutions", len(rows), len(registry)))
        number = {fold(r.affiliation) or r.affiliation: int(f) for r, f in zip(rows, folds, strict=True)}
        self.labelled = default_rows(rows, registry)
        index = Index(registry)
        self.sample = labelled_sample(self.labelled, index, settings, complete=settings.train.complete_weight)
        self.always = join([always, external_composed(index, settings, tell)])
        self.fold = np.array([number[fold(r.affiliation) or r.affiliation] for r in self.labelled])

    def train_without(self, k: int, path: Path) -> float:
        """Train and write the model without fold k; return its review threshold."""
        rest = self.fold != k
        seen = self.sample.take(rest)
        model, probability = fit_sample(join([seen, self.always]), self.settings)
        save_model(model, {}, path)
        named = np.array([len(row.institutions) for row in self.labelled])[rest].sum()
        return best_review(probability[: len(seen.labels)], seen, int(named), self.settings)


def _is_complete(path: Path) -> bool:
    with open_table(path) as table:
        return "acceptable" in table.columns


def _trust(row: GoldRow, complete: bool) -> Trust:
    if not complete:
        return Trust.NOISY
    return Trust.COMPLETE if ("sample", "hard") in row.slices else Trust.REPRESENTATIVE


def _subsets(name: str, rows: Sequence[tuple[GoldRow, frozenset[str]]]) -> dict[str, list[int]]:
    """Row numbers of the randomly drawn rows of a set with complete labels: all, those with several institutions, by source."""
    drawn = [i for i, (row, _) in enumerate(rows) if ("sample", "hard") not in row.slices]
    out = {name: drawn, f"{name}, several organisations": [i for i in drawn if len(rows[i][1]) > 1]}
    for source in sorted({value for i in drawn for key, value in rows[i][0].slices if key == "source"}):
        out[f"{name}, {source}"] = [i for i in drawn if ("source", source) in rows[i][0].slices]
    return {title: chosen for title, chosen in out.items() if chosen}


def best_review(probability: Floats, sample: Sample, named: int, settings: Settings) -> float:
    """The review threshold with the best F1 on a sample, deciding each string by its policy.

    Args:
        probability: out-of-fold probability of each pair.
        sample: the pairs.
        named: number of labelled (string, institution) pairs, whether candidates or not.
        settings: tries each of `evaluate.thresholds`.
    """
    policy = policies(sample.pairs)
    scores = []
    for threshold in settings.evaluate.thresholds:
        right = predicted = 0
        for number, wanted in enumerate(POLICIES):
            chosen = settings.decide.model_copy(
                update={"review": threshold, "homonym": min(settings.decide.homonym, threshold), "policy": wanted}
            )
            got = decide(np.where(policy == number, probability, 0.0), sample.pairs, chosen)
            # an institution counts once per string; acceptable and excluded pairs are ignored
            key = sample.string[got] * STRIDE + sample.pairs.candidates.inst[got]
            right += len(np.unique(key[sample.labels[got] > 0]))
            predicted += len(np.unique(key[(sample.labels[got] > 0) | (sample.weights[got] > 0)]))
        scores.append(2 * right / max(predicted + named, 1))
    return settings.evaluate.thresholds[int(np.argmax(scores))]


def _matcher(registry: Registry, model: Path, settings: Settings, policy: Policy, review: float) -> Matcher:
    chosen = settings.decide.model_copy(
        update={"policy": policy, "review": review, "homonym": min(settings.decide.homonym, review)}
    )
    return Matcher(registry, model, settings.model_copy(update={"decide": chosen}))
