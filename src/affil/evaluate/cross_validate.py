"""Score the method on labelled strings of other projects that its models never saw, with folds that share no institution."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from affil.data import resource
from affil.evaluate.gold import GoldRow, read_gold
from affil.evaluate.score import Answer, Evaluation, answer, resolve, summarize_answers
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


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Scores of one labelled set, each row answered by a model that saw neither it nor any of its institutions.

    `default` is scored with the default policy, `own` with the policy of the set's labels. `review` are the review thresholds
    chosen on the training folds, one a fold. A set with complete labels is scored on the rows that are a random draw, then on
    those of each source, and those that name several.
    """

    name: str
    policy: Policy
    default: Evaluation
    own: Evaluation
    review: tuple[float, ...]


def institution_folds(rows: Sequence[tuple[GoldRow, frozenset[str]]], count: int, seed: int) -> Ints:
    """Deal rows to folds so that rows which share an institution, or the folded string, stay together.

    Rows that name two institutions connect these; connected components are dealt whole, largest first, to the fold that is
    smallest so far.
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

    Every model is also trained on `gold/train.csv` and composed strings, which hold no external row. The review threshold is
    the one with the best F1 on the training folds.

    Args:
        external: labelled sets (see `read_gold`); rows with an id that the registry lacks are left out.
        registry: the registry of their ids.
        settings: of training, evaluation and decisions.
        base_registry: the registry of `gold/train.csv`; default the shipped one.
        progress: told what is being done.
    """
    tell = progress or (lambda _: None)
    settings = settings or Settings()
    t = settings.train
    kept = [(path.stem, *resolve(read_gold(path), registry, only=True)) for path in external]
    names = [name for name, rows, _ in kept for _ in rows]
    rows = [row for _, part, _ in kept for row in part]
    complete = [_is_complete(path) for path, (_, part, _) in zip(external, kept, strict=True) for _ in part]
    policy: dict[str, Policy] = {name: t.policies.get(name, "most-specific") for name, _, _ in kept}
    folds = institution_folds(rows, settings.evaluate.folds, settings.evaluate.seed)
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        gold = [replace(r, trust=Trust.REPRESENTATIVE) for r in read_rows(resource("gold/train.csv"))]
        base = join(base_samples(gold, base_registry or Registry.open(), settings, tell))
        tell(f"matching {len(rows):,} external strings against {len(registry):,} institutions")
        labelled = [
            Labelled(row.affiliation, tuple(ids), policy[n], row.acceptable, _trust(row, whole))
            for n, (row, ids), whole in zip(names, rows, complete, strict=True)
        ]
        number = {fold(r.affiliation) or r.affiliation: int(f) for r, f in zip(labelled, folds, strict=True)}
        labelled = default_rows(labelled, registry)
        index = Index(registry)
        everything = labelled_sample(labelled, index, settings, complete=t.complete_weight)
        base = join([base, external_composed(index, settings, tell)])
        fold_of = np.array([number[fold(r.affiliation) or r.affiliation] for r in labelled])
        found: dict[str, list[list[Answer]]] = {kind: [[] for _ in rows] for kind in ("default", "own")}
        thresholds: list[float] = []
        for k in range(settings.evaluate.folds):
            tell(f"fold {k + 1} of {settings.evaluate.folds}: training")
            seen = everything.take(fold_of != k)
            model, probability = fit_sample(join([seen, base]), settings)
            named = np.array([len(row.institutions) for row in labelled])[fold_of != k].sum()
            model_path = Path(folder) / f"fold{k}.skops"
            save_model(model, {}, model_path)
            thresholds.append(best_review(probability[: len(seen.labels)], seen, int(named), settings))
            here = np.flatnonzero(folds == k)
            for kind in found:
                for wanted in POLICIES:
                    chosen = [i for i in here if (policy[names[i]] if kind == "own" else settings.decide.policy) == wanted]
                    matcher = _matcher(registry, model_path, settings, wanted, thresholds[-1])
                    answers = answer([rows[i][0].affiliation for i in chosen], matcher, settings.batch.rows, None)
                    for row, got in zip(chosen, answers, strict=True):
                        found[kind][row] = got
    out = []
    for path, (name, part, left_out) in zip(external, kept, strict=True):
        own = [i for i, n in enumerate(names) if n == name]
        subsets = _subsets(name, part) if _is_complete(path) else {name: list(range(len(part)))}
        for title, scored in subsets.items():
            default, by_policy = (
                summarize_answers([part[i] for i in scored], [found[kind][own[i]] for i in scored], matcher, settings, left_out)
                for kind in ("default", "own")
            )
            out.append(CrossValidation(title, policy[name], default, by_policy, tuple(thresholds)))
    return out


def _is_complete(path: Path) -> bool:
    with open_table(path) as table:
        return "acceptable" in table.columns


def _trust(row: GoldRow, complete: bool) -> Trust:
    if not complete:
        return Trust.NOISY
    return Trust.COMPLETE if ("sample", "hard") in row.slices else Trust.REPRESENTATIVE


def _subsets(name: str, rows: Sequence[tuple[GoldRow, frozenset[str]]]) -> dict[str, list[int]]:
    """The rows of a set with complete labels that are a random draw: all, those of each source, those that name several."""
    drawn = [i for i, (row, _) in enumerate(rows) if ("sample", "hard") not in row.slices]
    out = {name: drawn, f"{name}, several organisations": [i for i in drawn if len(rows[i][1]) > 1]}
    for source in sorted({value for i in drawn for key, value in rows[i][0].slices if key == "source"}):
        out[f"{name}, {source}"] = [i for i in drawn if ("source", source) in rows[i][0].slices]
    return {title: chosen for title, chosen in out.items() if chosen}


def best_review(probability: Floats, sample: Sample, named: int, settings: Settings) -> float:
    """The review threshold with the best F1 on a sample, each string decided by its policy.

    Args:
        probability: of each pair, by models that did not see its string.
        sample: the pairs.
        named: how many pairs of string and institution are labelled, candidates or not.
        settings: whose `evaluate.thresholds` are tried.
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
            # each institution once a string; what is acceptable or unknown is neither right nor wrong
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
