"""Where rows of users' tables met institutions of other sources, and how that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from affil.errors import placed
from affil.types import Institution
from affil.wording import Said, joined, marked, said

PLACE, KIND, PARENTS, SEVERAL = "place", "kind", "parents", "several"  # what stands against one of the same name

_AGAINST = {
    PLACE: marked("it is another place"),
    KIND: marked("it is of another kind"),
    PARENTS: marked("it has other parents"),
    SEVERAL: marked("several may be meant"),
}
_FIELDS = {
    "name": marked("name"),
    "kind": marked("kind"),
    "country": marked("country"),
    "region": marked("region"),
    "city": marked("city"),
    "lat": marked("latitude"),
    "lon": marked("longitude"),
    "domain": marked("domain"),
    "status": marked("status"),
}


@dataclass(frozen=True, slots=True)
class Met:
    """A row of a user's table that met an institution of another source `by` its id, or by its name in its country.

    `id` is that of the row, `institution` and `name` those of the institution. The two are one unless something stands `against` it
    (place, kind, parents; several: more than one may be meant). `changed` are the fields in which the row replaced what the institution
    had, with both values; a row that came by its name replaces nothing.
    """

    id: str
    institution: str
    name: str
    by: Literal["id", "name"]
    against: str = ""
    changed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    file: str = ""
    row: int = 0

    @property
    def worth_telling(self) -> bool:
        """Whether more happened than that a row added to the institution whose id it states."""
        return self.by == "name" or bool(self.changed)

    def line(self) -> Said:
        """What happened, and what to write if it should not have."""
        where, other = placed(self.file, "row", self.row), f"{self.institution} {self.name}"
        if self.by == "id":
            parts = (
                said("{0} {1!r} instead of {2!r}", Said(_FIELDS[f]), now, before) for f, (before, now) in self.changed.items()
            )
            return said("{0}: {1} now has {2}", where, other, joined(", ", parts))
        if self.against:
            reason = Said(_AGAINST[self.against])
            return said("{0}: stays apart from {1}, as {2}; write that id if they are one", where, other, reason)
        return said(
            "{0}: adds to {1}, by its name; write that id to replace what it has there, or another place to keep apart",
            where,
            other,
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self)


def changes(before: Institution, now: Institution) -> dict[str, tuple[str, str]]:
    """The fields that were filled and are something else now, with both values."""
    pairs = {f: (getattr(before, f), getattr(now, f)) for f in _FIELDS}
    return {f: (str(a), str(b)) for f, (a, b) in pairs.items() if a not in ("", None) and a != b}


def met_counts(met: Iterable[Met]) -> dict[str, int]:
    """How many rows there are of each kind, of the kinds that there are."""
    found = [("rows_apart" if one.against else f"rows_by_{one.by}") for one in met]
    return {kind: found.count(kind) for kind in dict.fromkeys(sorted(found))}
