"""Strings that wait for a person: the model doubts an institution that they may name, and nobody has decided them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.wording import joined, said
from affil.workspace.layout import WorkspaceFiles


@dataclass(frozen=True, slots=True)
class Candidate:
    """An institution that a string may name: id, name, and the probability that it does."""

    id: str
    name: str
    probability: float


Waiting = dict[str, tuple[Candidate, ...]]


def waiting(files: WorkspaceFiles) -> Waiting:
    """See `Workspace.waiting`."""
    names = dict(zip(*files.institutions(["id", "name"]).to_pydict().values(), strict=True))
    return {
        string: tuple(Candidate(i, str(names.get(i, i)), p) for i, p in found)
        for string, found in in_review(files.table("strings"), files.table("matches"), files.ledger.current()).items()
    }


def in_review(strings: Path, matches: Path, decided: Container[str]) -> dict[str, list[tuple[str, float]]]:
    """The ids in review of each string of the papers that nobody has decided, with their probabilities, the most probable first."""
    columns = ["affiliation", "institution_id", "probability"]
    rows = pq.read_table(matches, columns=columns, filters=pc.field("decision") == "review")
    rows = rows.filter(pc.is_in(rows["affiliation"], value_set=pq.read_table(strings, columns=["affiliation"])["affiliation"]))
    out: dict[str, list[tuple[str, float]]] = {}
    for row in rows.sort_by([("probability", "descending"), ("institution_id", "ascending")]).to_pylist():
        if row["affiliation"] not in decided:
            out.setdefault(row["affiliation"], []).append((row["institution_id"], row["probability"]))
    return out


def told(string: str, candidates: tuple[Candidate, ...]) -> str:
    """That a string waits, for whom it may stand, and how to decide."""
    found = joined(", ", (said("{0} ({1}, {2:.2f})", one.name, one.id, one.probability) for one in candidates))
    return said(
        "the string {0!r} waits for review and is not counted for: {1}; decide it with affil review WS, or affil decide WS {0!r} "
        "--institution ID --by NAME --why TEXT",
        string,
        found,
    )
