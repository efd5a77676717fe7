"""Training samples: labelled rows and synthetic strings with their candidates, weights and label reliability."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from affil.errors import InputError
from affil.io.outputs import scratch
from affil.io.tables import open_table
from affil.match.calibrate import POLICIES, policies
from affil.match.candidates import Candidates, retrieve
from affil.match.features.featurize import Pairs, featurize
from affil.match.features.table import NAMES
from affil.match.index import Index
from affil.match.labels import Labelled, Trust
from affil.match.mentions import prepare
from affil.match.pairs import STRIDE
from affil.match.parts import parts_of
from affil.names import fold
from affil.registry import Registry
from affil.registry.arrays import Bools, Floats, Ints
from affil.registry.hashes import checksums
from affil.registry.registry import write_registry
from affil.settings import Policy, Settings
from affil.training.decoys import make_decoys
from affil.training.synthesize import Writer
from affil.types import Institution
from affil.wording import said

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """Candidate pairs of strings, ready for training.

    For each pair: `labels` is 1 if it is correct, `weights` its weight (0: not trained on), `string` the number of its string
    (`pairs` has the part), `trust` the reliability of the string's labels, `group` a checksum of the folded string, which keeps
    repeats in one fold. `strings` is the number of strings, including those without candidates.
    """

    pairs: Pairs
    labels: Ints
    weights: Floats
    string: Ints
    trust: Ints
    group: Ints
    strings: int

    def take(self, chosen: Ints) -> Sample:
        """The pairs of the strings in a mask over all strings; strings keep their numbers."""
        rows = np.flatnonzero(chosen[self.string])
        place = np.full(len(self.labels), -1)
        place[rows] = np.arange(len(rows))
        family = np.flatnonzero((place[self.pairs.child] >= 0) & (place[self.pairs.parent] >= 0))
        child, parent = place[self.pairs.child[family]], place[self.pairs.parent[family]]
        p = self.pairs
        pairs = Pairs(p.candidates.take(rows), p.first[rows], p.last[rows], p.features[rows], child, parent)
        labels, weights, string = self.labels[rows], self.weights[rows], self.string[rows]
        return Sample(pairs, labels, weights, string, self.trust[rows], self.group[rows], self.strings)


def read_rows(path: Path, policies: Mapping[str, Policy] | None = None) -> list[Labelled]:
    """Read labelled rows in any table format (see `affil.evaluate.read_gold`).

    Rows whose `in_registry` is false are left out. Labels of files with a column `acceptable` are complete, and representative
    unless the row's `sample` is `hard`; for other files the column `source` selects the policy from `policies`.

    Raises:
        InputError: a column is missing or the file cannot be read.
    """
    with open_table(path) as table:
        table.require("affiliation")
        ids = next((c for c in _ID_COLUMNS if c in table.columns), None)
        if ids is None:
            raise InputError(
                path, said("no column 'institution_ids'"), row=1, fix=said("needed are affiliation, institution_ids")
            )
        complete = "acceptable" in table.columns
        out = []
        for batch in table.batches(_BATCH):
            for row in (dict(zip(batch.columns, cells, strict=True)) for cells in zip(*batch.columns.values(), strict=True)):
                if str(row.get("in_registry")).lower() == "false":
                    continue
                fair = row.get("sample") != "hard"
                trust = (Trust.REPRESENTATIVE if fair else Trust.COMPLETE) if complete else Trust.NOISY
                policy = "most-specific" if complete else (policies or {}).get(row.get("source") or "", "most-specific")
                either = tuple((row.get("acceptable") or "").split())
                out.append(Labelled(row["affiliation"] or "", tuple((row[ids] or "").split()), policy, either, trust))
    return out


_ID_COLUMNS = ("institution_ids", "ror_ids", "required")
_BATCH = 10_000


def base_samples(labelled: Sequence[Labelled], registry: Registry, settings: Settings, tell: Tell) -> list[Sample]:
    """The samples every model is trained on: labelled strings of a registry, and synthetic ones.

    Half of the synthetic strings use the registry alone, half the registry crowded with decoys, some of which are withheld so
    that the model sees names it must not match.
    """
    t = settings.train
    parts: list[Sample] = []
    real = [x for x in registry if x.status == "active"]
    taken = frozenset(fold(n.value) for x in real for n in x.names)
    tell(said("making {0:,} decoys", t.decoys))
    decoys = make_decoys(t.decoys, t.seed, taken)
    withheld = np.random.default_rng(t.seed).random(len(decoys)) < t.withheld
    known = [d for d, w in zip(decoys, withheld, strict=True) if not w]
    unknown = [d for d, w in zip(decoys, withheld, strict=True) if w]
    kept = {d.id for d in known}
    with scratch() as folder:
        crowd = write_registry(
            [*real, *(d for d in known if not d.parents or d.parents[0] in kept)],
            folder / "crowd.affil",
            {"sources": ["decoys"]},
        )
        for number, (reg, strangers) in enumerate(((registry, decoys), (crowd, unknown))):
            index = Index(reg)
            parts.append(composed_sample(index, settings, tell, strangers, t.synthetic // 2, number))
            if number == 0 and labelled:
                parts.append(labelled_sample(labelled, index, settings, complete=t.gold_weight))
    return parts


def default_rows(rows: Sequence[Labelled], registry: Registry) -> list[Labelled]:
    """All rows, plus copies of those labelled with parents and children with labels for the default policy, without parents.

    If a string has complete labels, only those are used for the default policy.
    """
    complete = {fold(r.affiliation) or r.affiliation for r in rows if r.trust >= Trust.COMPLETE}
    found = [*rows, *most_specific(rows, registry)]
    return [
        r
        for r in found
        if r.trust >= Trust.COMPLETE or r.policy != "most-specific" or (fold(r.affiliation) or r.affiliation) not in complete
    ]


def _ancestors(row: Labelled, registry: Registry) -> frozenset[str]:
    """All ancestors of a row's institutions, which the default policy excludes."""
    return frozenset().union(*(registry.ancestors(x) for x in row.institutions if x in registry))


def most_specific(rows: Sequence[Labelled], registry: Registry) -> list[Labelled]:
    """Copies of the rows labelled with parents and children, relabelled for the default policy: without parents."""
    out = []
    for row in (r for r in rows if r.policy == "all"):
        ids = [registry.get(x).id if x in registry else x for x in row.institutions]
        wider = _ancestors(row, registry)
        out.append(Labelled(row.affiliation, tuple(x for x in ids if x not in wider)))
    return out


def labelled_sample(rows: Sequence[Labelled], index: Index, settings: Settings, *, complete: float) -> Sample:
    """Candidates of hand-labelled strings; `complete` is the weight of rows with complete labels.

    Noisy rows have three kinds of pairs excluded (weight 0): all pairs of a string whose labelled institutions are not among
    its candidates (the name is not in the string, or the label is wrong); unlabelled unambiguous names that fill their segment,
    unless related to a labelled institution (labels are often incomplete); and, under the policy `one`, pairs in parts without
    a labelled institution.
    """
    sample = _sample(rows, index, settings)
    pairs, labels = sample.pairs, sample.labels
    noisy = sample.trust == Trust.NOISY
    weights = sample.weights * np.where(noisy, settings.train.external_weight, complete)
    named = np.array([any(x in index.registry for x in r.institutions) for r in rows], bool)
    reached = np.bincount(sample.string, labels, len(rows)) > 0
    unknown = (named & ~reached)[sample.string]
    related = labels > 0
    related[pairs.child[labels[pairs.parent] > 0]] = True
    related[pairs.parent[labels[pairs.child] > 0]] = True
    whole = pairs.features[:, _EXACT] > 0
    whole &= (pairs.features[:, _LEFT] <= settings.features.whole) & (pairs.features[:, _AMBIGUITY] == 0)
    unknown |= whole & ~related
    part = pairs.candidates.string
    answered = np.bincount(part, labels, int(part.max(initial=0)) + 1) > 0
    unknown |= (policies(pairs) == POLICIES.index("one")) & ~answered[part] & reached[sample.string]
    return replace(sample, weights=np.where(noisy & unknown, 0.0, weights))


_EXACT, _LEFT, _AMBIGUITY, _APART = (NAMES.index(name) for name in ("exact", "segment_left", "ambiguity", "apart"))


def external_composed(index: Index, settings: Settings, tell: Tell) -> Sample:
    """Candidates of synthetic strings about an external registry and about decoys that it lacks."""
    t = settings.train
    strangers = make_decoys(t.decoys // 2, t.seed + 2, frozenset(index.alias_text))
    return composed_sample(index, settings, tell, strangers, t.synthetic_external, 2)


def composed_sample(
    index: Index, settings: Settings, tell: Tell, strangers: Sequence[Institution], count: int, turn: int
) -> Sample:
    """Candidates of `count` synthetic strings about a registry and about `strangers` that it lacks."""
    t = settings.train
    registry = index.registry
    strings = Writer([registry.at(i) for i in range(len(registry))], strangers, t.seed + turn).write(count)
    tell(said("matching {0:,} composed strings against {1:,} institutions", len(strings), len(registry)))
    sample = _sample(strings, index, settings)
    # whether a university named within its hospital's name is meant too is left to hand labels
    open_ = (sample.pairs.features[:, _APART] > 0) & (sample.labels == 0)
    return replace(sample, weights=np.where(open_, 0.0, sample.weights * t.composed_weight))


def _sample(rows: Sequence[Labelled], index: Index, settings: Settings) -> Sample:
    """Candidates of labelled rows with weight 1, acceptable ones 0; labels missing from the registry are ignored."""
    number = {x: i for i, x in enumerate(index.registry.ids)}
    parts = parts_of([r.affiliation for r in rows], index, settings.retrieve)
    mentions = prepare([parts.texts[t] for t in parts.text], index, settings.retrieve)
    pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
    string = parts.string[mentions.string[pairs.candidates.string]]
    policy = np.array([POLICIES.index(r.policy) for r in rows], np.int64)[string]
    for code, name in enumerate(("policy_all", "policy_one"), 1):
        pairs.features[:, NAMES.index(name)] = policy == code
    resolve = index.registry.resolve

    def among(ids: Callable[[Labelled], Iterable[str]]) -> Bools:
        keys = [i * STRIDE + number[resolve(x)] for i, r in enumerate(rows) for x in ids(r) if x in index.registry]
        return np.isin(string * STRIDE + pairs.candidates.inst, np.array(keys, np.int64))

    right = among(lambda r: r.institutions)
    either = among(lambda r: (*r.acceptable, *(_ancestors(r, index.registry) if r.policy == "most-specific" else ())))
    # an institution named exactly in one part is no error in another part that resembles its name
    key = string * STRIDE + pairs.candidates.inst
    _, group = np.unique(key, return_inverse=True)
    found = pairs.features[:, NAMES.index("found_mass")] * pairs.features[:, NAMES.index("coverage")]
    best = np.zeros(int(group.max(initial=-1)) + 1)
    np.maximum.at(best, group, found)
    lesser = right & (found < settings.features.lesser * best[group])
    checksum = checksums([fold(r.affiliation) or r.affiliation for r in rows]).astype(np.int64)[string]
    trust = np.array([r.trust for r in rows], np.int64)[string]
    weights = np.where((either & ~right) | lesser, 0.0, 1.0)
    return Sample(pairs, right.astype(np.int64), weights, string, trust, checksum, len(rows))


def join(parts: Sequence[Sample]) -> Sample:
    """Concatenate samples, renumbering strings, parts and words."""
    candidates: list[Candidates] = []
    rest: list[tuple[Ints, Ints, Floats, Ints, Ints]] = []
    string: list[Ints] = []
    strings = pieces = words = rows = 0
    for part in parts:
        pairs = part.pairs
        c = pairs.candidates
        candidates.append(replace(c, string=c.string + pieces))
        rest.append((pairs.first + words, pairs.last + words, pairs.features, pairs.child + rows, pairs.parent + rows))
        string.append(part.string + strings)
        strings, pieces = strings + part.strings, pieces + int(c.string.max(initial=-1)) + 1
        words, rows = words + int(pairs.last.max(initial=0)) + 1, rows + len(c.string)
    columns = (np.concatenate([getattr(c, f.name) for c in candidates]) for f in fields(Candidates))
    joined = Pairs(Candidates(*columns), *map(np.concatenate, zip(*rest, strict=True)))
    labels, weights, trust, group = (
        np.concatenate([getattr(p, f) for p in parts]) for f in ("labels", "weights", "trust", "group")
    )
    return Sample(joined, labels, weights, np.concatenate(string), trust, group, strings)
