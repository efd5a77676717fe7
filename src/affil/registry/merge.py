"""Merge the institutions of several sources: by id, and by name and place where one of them has no ROR id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from affil.text import fold
from affil.types import Institution


def merge(sources: Iterable[Iterable[Institution]]) -> list[Institution]:
    """Merge sources into one list, sorted by id.

    Of two records with one id, filled fields of the earlier source stand ("A laid over B": A first), names are joined. An
    institution under a local id (not a ROR URL) is the same as a ROR record when exactly one active record of its country
    bears its name: then it takes that id, wherever it is referred to.
    """
    merged: dict[str, Institution] = {}
    for source in sources:
        for new in source:
            merged[new.id] = _join(merged[new.id], new) if new.id in merged else new
    renamed = _crosswalk(merged)
    out: dict[str, Institution] = {}
    for institution in merged.values():
        target = renamed.get(institution.id, institution.id)
        moved = replace(
            institution,
            id=target,
            parents=tuple(renamed.get(p, p) for p in institution.parents),
            successors=tuple(renamed.get(p, p) for p in institution.successors),
        )
        if target in out:  # the local record lies over the ROR record, whichever came first
            moved = _join(moved, out[target]) if institution.id in renamed else _join(out[target], moved)
        out[target] = moved
    return [out[i] for i in sorted(out)]


def _join(upper: Institution, lower: Institution) -> Institution:
    known = {n.value for n in upper.names}
    added = tuple(replace(n, kind="label") if n.kind == "official" else n for n in lower.names if n.value not in known)
    same_place = upper.country == lower.country
    return replace(
        upper,
        names=upper.names + added,
        kind=upper.kind if upper.kind != "other" else lower.kind,
        country=upper.country or lower.country,
        region=upper.region or (lower.region if same_place else ""),
        city=upper.city or (lower.city if same_place else ""),
        lat=upper.lat if upper.lat is not None else lower.lat,
        lon=upper.lon if upper.lon is not None else lower.lon,
        domain=upper.domain or lower.domain,
        parents=tuple(dict.fromkeys(upper.parents + lower.parents)),
        successors=tuple(dict.fromkeys(upper.successors + lower.successors)),
        prominence=max(upper.prominence, lower.prominence),
        usage=max(upper.usage, lower.usage),
    )


def _crosswalk(merged: dict[str, Institution]) -> dict[str, str]:
    local = [i for i in merged.values() if not i.id.startswith("https://ror.org/")]
    if not local or len(local) == len(merged):
        return {}
    wanted = {(i.country, fold(i.name)) for i in local}
    by_name: dict[tuple[str, str], set[str]] = {}
    for institution in merged.values():
        if institution.status == "active" and institution.id.startswith("https://ror.org/"):
            for name in institution.names:
                key = (institution.country, fold(name.value))
                if name.kind != "acronym" and key in wanted:
                    by_name.setdefault(key, set()).add(institution.id)
    taken: set[str] = set()
    renamed = {}
    for i in local:
        found = by_name.get((i.country, fold(i.name)), set())
        if len(found) == 1 and not found & taken:
            renamed[i.id] = next(iter(found))
            taken |= found
    return renamed
