"""Answers that assistants suggest: for people to see on the review card, and never counted.

A suggestion is open until a person decides its string, whatever they decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.errors import AffilError
from affil.io.checksums import read_json, sealed_json
from affil.io.outputs import atomic_path
from affil.ledger import Case, Key
from affil.wording import said
from affil.workspace.decisions import checked_ids
from affil.workspace.layout import WorkspaceFiles, locked

SUGGESTIONS = "suggestions.json"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What an assistant (`by`) suggests that a raw string names: ids of institutions, none of them where it names none; why, and when."""

    affiliation: str
    institutions: tuple[str, ...]
    by: str
    why: str
    at: datetime


def suggest(
    files: WorkspaceFiles, affiliation: str, institutions: Sequence[str], *, by: str, why: str
) -> tuple[Suggestion, tuple[str, ...]]:
    """See `Workspace.suggest`."""
    files.must_be_matched()
    by, why = " ".join(by.split()), " ".join(why.split())
    if not by or not why:
        raise AffilError(said("a suggestion needs a name (by) and a reason (why)"))
    ids, warnings = checked_ids(files, institutions)
    if not pc.any(pc.equal(pq.read_table(files.table("strings"), columns=["affiliation"]).column(0), affiliation)).as_py():
        raise AffilError(
            said(
                "{0!r} does not occur in {1}; a suggestion is for a string exactly as it stands there", affiliation, files.path
            )
        )
    made = Suggestion(affiliation, tuple(ids), by, why, datetime.now(UTC).replace(microsecond=0))
    with locked(files.path, files.settings.review.wait):
        cases = files.ledger.cases()
        holder = cases.get(Key(affiliation), Case()).holder
        if holder is not None:
            raise AffilError(
                said("{0} has decided {1!r} (entry {2}); only a person changes that", holder.by, affiliation, holder.number)
            )
        others = [s for s in open_suggestions(files, cases) if (s.affiliation, s.by) != (affiliation, by)]
        if len(others) >= files.settings.review.suggested:
            raise AffilError(
                said(
                    "{0:,} suggestions wait for a person already; no more until some are decided: affil review {1}",
                    len(others),
                    files.path,
                )
            )
        rows = [{**asdict(s), "at": s.at.isoformat()} for s in (*others, made)]
        with atomic_path(files.path / SUGGESTIONS) as temporary:
            temporary.write_text(sealed_json({"suggestions": rows}, indent=1), "utf-8")
    return made, tuple(warnings)


def open_suggestions(files: WorkspaceFiles, cases: Mapping[Key, Case]) -> list[Suggestion]:
    """The suggestions on strings that nobody has decided, oldest first.

    Raises:
        InputError: their file is damaged.
    """
    file = files.path / SUGGESTIONS
    if not file.exists():
        return []
    rows = read_json(file, files.mend, ("suggestions",))["suggestions"]
    found = [Suggestion(**{**r, "institutions": tuple(r["institutions"]), "at": datetime.fromisoformat(r["at"])}) for r in rows]
    return [s for s in found if cases.get(Key(s.affiliation), Case()).holder is None]
