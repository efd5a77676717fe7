"""Run a matcher over labelled strings and score it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affil.errors import AffilError, UnknownIdError
from affil.evaluate.gold import GoldRow, read_gold
from affil.evaluate.metrics import (
    COUNTS,
    Bin,
    Floats,
    Metric,
    Point,
    bootstrap,
    calibration_error,
    coverage_curve,
    reliability,
    summarize,
)
from affil.io.tables import create_table
from affil.match.labels import contradiction
from affil.settings import Settings
from affil.types import Decision, Progress
from affil.wording import said

if TYPE_CHECKING:
    import pandas as pd

    from affil.match.interface import MatcherLike
    from affil.registry import Registry


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrongly answered string: labelled and predicted ids and names, and the matched words."""

    affiliation: str
    expected: str
    expected_names: str
    got: str
    got_names: str
    probability: str
    decision: str
    alias: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of a matcher on labelled strings (see `affil.evaluate.metrics` for what each means).

    `rows` is the number scored, `left_out` those with an id that the registry lacks. `metrics` have intervals; `curve` gives
    coverage and precision at other `match` thresholds; `slices` are the values by stratum, language and source, with the number
    of strings as `rows`. `warning` says where labels contradict each other, if they do.
    """

    rows: int
    left_out: int
    pairs: int
    metrics: dict[str, Metric]
    calibration_error: float | None
    bins: tuple[Bin, ...]
    curve: tuple[Point, ...]
    slices: dict[str, dict[str, dict[str, float | int | None]]]
    registry: str
    model: str
    seconds: float
    mistakes: tuple[Mistake, ...] = field(repr=False)
    warning: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A JSON-serialisable dictionary, without the mistakes."""
        out = asdict(self)
        del out["mistakes"]
        return out

    def write_mistakes(self, path: Path | str) -> None:
        """Write the mistakes to a table.

        Raises:
            AffilError: `path` cannot be written.
        """
        columns = Mistake.__dataclass_fields__
        with create_table(path, dict.fromkeys(columns, "string")) as table:
            table.write({c: [getattr(m, c) for m in self.mistakes] for c in columns})


@dataclass(frozen=True, slots=True)
class Answer:
    """An institution found in a string, under its current id."""

    id: str
    probability: float
    decision: str
    alias: str


def evaluate(
    rows: Path | str | pd.DataFrame,
    matcher: MatcherLike,
    *,
    in_registry_only: bool = True,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Score a matcher on labelled strings, over (string, id) pairs; pairs decided `match` or `review` are predictions.

    Ids are compared by their active successors; acceptable predictions count neither as right nor as wrong.

    Args:
        rows: a file or frame (see `read_gold`).
        matcher: a loaded matcher.
        in_registry_only: leave out rows with an id that the registry lacks, or whose `in_registry` is false; else such an id
            counts as missed.
        settings: number of resamples, confidence level, bins and seed.
        progress: called with (strings done, total) after every batch.

    Raises:
        InputError: the rows cannot be read. AffilError: no row is left to score.
    """
    settings = settings or Settings()
    start = time.perf_counter()
    labelled = read_gold(rows)
    gold, left_out = resolve(labelled, matcher.registry, in_registry_only)
    if not gold:
        reason = (
            said("the registry has the ids of none of them; give the right one with --registry")
            if left_out
            else said("there are none")
        )
        raise AffilError(said("{0}: no row to score: {1}", rows if isinstance(rows, str | Path) else said("the frame"), reason))
    answers = answer([row.affiliation for row, _ in gold], matcher, settings.batch.rows, progress)
    found = summarize_answers(gold, answers, matcher, settings, left_out, time.perf_counter() - start)
    return replace(found, warning=contradiction((row.affiliation, ids) for row, ids in gold))


def summarize_answers(
    gold: Sequence[tuple[GoldRow, frozenset[str]]],
    answers: Sequence[Sequence[Answer]],
    matcher: MatcherLike,
    settings: Settings,
    left_out: int = 0,
    seconds: float = 0.0,
) -> Evaluation:
    """Score given answers, in the order of the rows; `matcher` only identifies registry and model."""
    scored = list(zip(gold, answers, strict=True))
    scored = [((row, ids), [a for a in found if a.id not in row.acceptable]) for (row, ids), found in scored]
    counts = np.array([_count(ids, found) for (_, ids), found in scored], float)
    pairs = [(a.probability, a.id in ids) for (_, ids), found in scored for a in found]
    e = settings.evaluate
    bins = reliability([p for p, _ in pairs], [r for _, r in pairs], e.bins)
    return Evaluation(
        rows=len(gold),
        left_out=left_out,
        pairs=len(pairs),
        metrics=bootstrap(counts, resamples=e.resamples, confidence=e.confidence, seed=e.seed),
        calibration_error=calibration_error(bins),
        bins=tuple(bins),
        curve=tuple(
            coverage_curve(
                [(i, a.probability, a.id in ids) for i, ((_, ids), found) in enumerate(scored) for a in found],
                [bool(ids) for _, ids in gold],
                e.curve,
            )
        ),
        slices=_slices([row for row, _ in gold], counts),
        registry=matcher.registry.version,
        model=matcher.model_hash,
        seconds=seconds,
        mistakes=tuple(
            _mistake(row.affiliation, ids, found, matcher.registry)
            for (row, ids), found in scored
            if ids != {a.id for a in found}
        ),
    )


def resolve(labelled: Sequence[GoldRow], registry: Registry, only: bool) -> tuple[list[tuple[GoldRow, frozenset[str]]], int]:
    """The rows to score with current ids (also of acceptable ones), and the number of rows left out."""
    kept = []
    for row in labelled:
        found = [_active(x, registry) for x in row.ids]
        ids = frozenset(x for x, _ in found)
        if not only or (row.in_registry and all(known for _, known in found)):
            either = (x for x, _ in (_active(x, registry) for x in row.acceptable) if x not in ids)
            kept.append((replace(row, acceptable=tuple(dict.fromkeys(either))), ids))
    return kept, len(labelled) - len(kept)


def _active(identifier: str, registry: Registry) -> tuple[str, bool]:
    """The current id, and whether the registry knows it."""
    try:
        return registry.resolve(identifier), True
    except UnknownIdError:
        return identifier, False


def answer(strings: list[str], matcher: MatcherLike, size: int, progress: Progress | None) -> list[list[Answer]]:
    """The predictions for each string, most probable first, each id once."""
    out: list[dict[str, Answer]] = [{} for _ in strings]
    for start in range(0, len(strings), size):
        part = strings[start : start + size]
        table = matcher.match_table(part)
        columns = [table.column(c).to_pylist() for c in ("row", "institution_id", "probability", "decision", "alias")]
        found = sorted(zip(*columns, strict=True), key=lambda x: (x[0], -x[2], x[1], x[3]))
        for row, identifier, probability, decision, alias in found:
            if decision != Decision.NONE:
                active = matcher.registry.resolve(identifier)
                out[start + row].setdefault(active, Answer(active, probability, decision, alias))
        if progress:
            progress(start + len(part), len(strings))
    return [list(found.values()) for found in out]


def _count(ids: frozenset[str], found: Sequence[Answer]) -> list[float]:
    """One row of `COUNTS`."""
    sure = [a for a in found if a.decision == Decision.MATCH]
    counted = {
        "right": sum(a.id in ids for a in found),
        "predicted": len(found),
        "labelled": len(ids),
        "nil_right": not ids and not found,
        "nil_predicted": not found,
        "nil_labelled": not ids,
        "sure_right": sum(a.id in ids for a in sure),
        "sure": len(sure),
        "named": bool(ids),
        "named_sure": bool(ids) and bool(found) and len(sure) == len(found),
        "named_first_right": bool(found) and found[0].id in ids,
    }
    return [float(counted[c]) for c in COUNTS]


def _slices(gold: Sequence[GoldRow], counts: Floats) -> dict[str, dict[str, dict[str, float | int | None]]]:
    """The metrics by slice and value, most frequent first; slices with a single value are left out."""
    members: dict[str, dict[str, list[int]]] = {}
    for i, row in enumerate(gold):
        for name, value in row.slices:
            members.setdefault(name, {}).setdefault(value, []).append(i)
    out: dict[str, dict[str, dict[str, float | int | None]]] = {}
    for name, values in members.items():
        if len(values) > 1 or sum(map(len, values.values())) < len(gold):
            ordered = sorted(values.items(), key=lambda x: (-len(x[1]), x[0]))
            out[name] = {value: {"rows": len(rows), **summarize(counts[rows])} for value, rows in ordered}
    return out


def _mistake(affiliation: str, ids: frozenset[str], found: Sequence[Answer], registry: Registry) -> Mistake:
    def name(identifier: str) -> str:
        try:
            return registry.get(identifier).name
        except UnknownIdError:
            return "(not in the registry)"

    return Mistake(
        affiliation=affiliation,
        expected=" ".join(sorted(ids)),
        expected_names="; ".join(name(i) for i in sorted(ids)),
        got=" ".join(a.id for a in found),
        got_names="; ".join(name(a.id) for a in found),
        probability="; ".join(f"{a.probability:.3f}" for a in found),
        decision="; ".join(a.decision for a in found),
        alias="; ".join(a.alias for a in found),
    )
