"""Learn from decisions: train and evaluate a model with them before it replaces another, and suggest new names."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from affil.data import resource
from affil.errors import AffilError
from affil.evaluate import Evaluation, evaluate
from affil.io.outputs import atomic_path, scratch
from affil.ledger.cases import CLOSED
from affil.match import Matcher
from affil.names import fold, tokenize
from affil.names.tokens import COMMA
from affil.registry import Registry
from affil.settings import Settings
from affil.types import Institution
from affil.wording import said
from affil.workspace import Workspace

GOLD_TRAIN, GOLD_DEV = "gold/train.csv", "gold/dev.csv"
MODEL = "matcher.skops"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Scores of the current and a new model on the same strings."""

    before: Evaluation
    after: Evaluation

    def changes(self) -> list[tuple[str, float | None, float | None]]:
        """(metric, value before, value after)."""
        return [
            *((name, self.before.metrics[name].value, m.value) for name, m in self.after.metrics.items()),
            ("calibration_error", self.before.calibration_error, self.after.calibration_error),
        ]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A model trained with decisions, not yet in use.

    `model` is its file. `trained` and `held_out` are the numbers of decided strings used for training and testing; `decided`
    compares the models on the latter (None if there are none), `gold` on the shipped development rows whose ids the registry
    has.
    """

    model: Path
    trained: int
    held_out: int
    decided: Comparison | None
    gold: Comparison | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A string decided to name one institution, suggested as its new name."""

    institution: Institution
    name: str
    mentions: int


def labelled(workspace: Workspace) -> list[tuple[str, tuple[str, ...]]]:
    """Strings decided by people with their ids, sorted; disputed strings, single mentions and closed strings are left out."""
    cases = workspace.ledger.cases()
    decided = (
        (key.affiliation, case.institutions)
        for key, case in cases.items()
        if not key.paper and not case.disputed and case.holder is not None and not case.holder.why.startswith(CLOSED)
    )
    return sorted((affiliation, ids) for affiliation, ids in decided if ids is not None)


def learn(
    workspace: Workspace,
    model: Path,
    rows: Sequence[Path] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    *,
    external: Sequence[Path] = (),
    external_registry: Path | None = None,
) -> Lesson:
    """Train a model on labelled rows and decisions, and compare it with the current one.

    A share of the decided strings (settings) is held out, so that both models are tested on unseen strings.

    Args:
        workspace: the workspace, with its ledger, registry and settings.
        model: the file to write.
        rows: labelled CSV files; default: the shipped ones.
        tell: called with a message per step.
        external: labelled CSV files of other projects (see `affil.training.train`).
        external_registry: the registry of their ids.

    Raises:
        AffilError: there are no decisions.
    """
    from affil.training import train

    settings = workspace.settings
    decided = labelled(workspace)
    if not decided:
        raise AffilError(said("{0}: no decisions yet, or all are in conflict; first run: affil review {0}", workspace.path))
    tests = [row for row in decided if _share(row[0]) < settings.review.held_out]
    lessons = [row for row in decided if _share(row[0]) >= settings.review.held_out]
    current = workspace.matcher()
    with scratch() as folder:
        learned = folder / "decided.csv"
        _write_rows(learned, lessons)
        train(
            model,
            [*(rows if rows is not None else [resource(GOLD_TRAIN)]), learned],
            current.registry,
            settings,
            tell,
            external=external,
            external_registry=Registry.open(external_registry) if external_registry else None,
        )
        fresh = Matcher.load(current.registry, model, settings)
        held = folder / "held-out.csv"
        _write_rows(held, tests)
        return Lesson(
            model,
            len(lessons),
            len(tests),
            _compare(held, current, fresh, settings, tell) if tests else None,
            _compare(resource(GOLD_DEV), current, fresh, settings, tell),
        )


def use_model(workspace: Workspace, model: Path) -> Path:
    """Copy a model into the workspace and use it from the next run on; returns its path."""
    target = workspace.path / MODEL
    with atomic_path(target) as temporary:
        temporary.write_bytes(model.read_bytes())
    workspace.choose(model=target)
    return target


def suggest_names(workspace: Workspace) -> list[Suggestion]:
    """Suggest decided strings as new names of their institution, most mentioned first.

    Only short strings without separators that are not yet a name of any institution.
    """
    import pyarrow.parquet as pq

    registry = workspace.matcher().registry
    local = workspace.local
    counted = pq.read_table(workspace.table("strings"), columns=["affiliation", "mentions"])
    mentions = dict(zip(counted.column("affiliation").to_pylist(), counted.column("mentions").to_pylist(), strict=True))
    known = set(registry.arrays.alias_text.to_pylist())
    known |= {fold(n.value) for one in local.values() for n in one.names}
    offered: dict[str, Suggestion] = {}
    for affiliation, ids in labelled(workspace):
        if len(ids) != 1 or not _is_name(affiliation, workspace.settings.review.alias_words):
            continue
        folded = fold(affiliation)
        found = registry.get(ids[0]) if ids[0] in registry else local.get(ids[0])
        if found is None or not folded or folded in known:
            continue
        count = mentions.get(affiliation, 0)
        if folded not in offered or offered[folded].mentions < count:
            offered[folded] = Suggestion(found, " ".join(affiliation.split()), count)
    return sorted(offered.values(), key=lambda s: (-s.mentions, s.name))


def _is_name(affiliation: str, words: int) -> bool:
    tokens = tokenize([affiliation])
    spaced = len(affiliation.split())
    return 0 < spaced <= words and "|" not in affiliation and not any(gap >= COMMA for gap in tokens.gap[1:].tolist())


def _share(affiliation: str) -> float:
    """A reproducible pseudo-random number from 0 to 1 for a string."""
    return int.from_bytes(hashlib.sha256(b"held out:" + affiliation.encode(errors="surrogatepass")).digest()[:8], "big") / 2**64


def _write_rows(path: Path, rows: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("affiliation", "institution_ids"))
        writer.writerows((affiliation, " ".join(ids)) for affiliation, ids in rows)


def _compare(
    rows: Path, current: Matcher, fresh: Matcher, settings: Settings, tell: Callable[[str], None]
) -> Comparison | None:
    tell(said("scoring both models on {0}", rows.name))
    try:
        return Comparison(*(evaluate(rows, matcher, settings=settings) for matcher in (current, fresh)))
    except AffilError:  # the registry has none of the ids
        return None
