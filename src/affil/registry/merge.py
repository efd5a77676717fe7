"""Merge the institutions of several sources: by id, and by name and country where one of them has no ROR id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from affil.names.ids import is_ror, normal_id
from affil.registry.homonyms import Words, folded
from affil.types import Institution


def merge(sources: Iterable[Iterable[Institution]]) -> list[Institution]:
    """Merge sources into one list, sorted by id.

    Of two records with the same id, filled fields of the earlier source win ("A over B": A first); names and other ids are
    joined. An institution whose id is among the other ids of exactly one other is merged into it. So is one with a local
    (non-ROR) id if exactly one active ROR record of its country has its name, unless a single source has both and so tells them
    apart. A merged institution's references follow the new id; its old id becomes one of the other ids.
    """
    merged: dict[str, Institution] = {}
    origins: dict[str, set[int]] = {}
    for number, source in enumerate(sources):
        for new in source:
            merged[new.id] = _join(merged[new.id], new) if new.id in merged else new
            origins.setdefault(new.id, set()).add(number)
    owner_of = _other_id_owners(merged.values())
    renamed = {i: to for i in merged if (to := owner_of.get(normal_id(i), i)) != i and to in merged}
    renamed = {i: to for i, to in renamed.items() if to not in renamed}  # break cycles: two records naming each other's ids
    local = _crosswalk({i: x for i, x in merged.items() if i not in renamed}, origins)
    renamed = local | {i: local.get(to, to) for i, to in renamed.items()}

    def today(identifier: str) -> str:
        known = identifier if identifier in merged else owner_of.get(normal_id(identifier), identifier)
        return renamed.get(known, known)

    out: dict[str, Institution] = {}
    for institution in merged.values():
        target = renamed.get(institution.id, institution.id)
        before = (normal_id(institution.id),) if institution.id in renamed else ()
        moved = replace(
            institution,
            id=target,
            parents=tuple(dict.fromkeys(map(today, institution.parents))),
            successors=tuple(dict.fromkeys(map(today, institution.successors))),
            other_ids=tuple(dict.fromkeys((*before, *institution.other_ids))),
        )
        if target in out:  # a local record takes precedence over its ROR record, whichever came first
            moved = _join(moved, out[target]) if institution.id in local else _join(out[target], moved)
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
        successor_from=upper.successor_from or lower.successor_from,
        prominence=max(upper.prominence, lower.prominence),
        usage=max(upper.usage, lower.usage),
        other_ids=tuple(dict.fromkeys(upper.other_ids + lower.other_ids)),
        other_domains=tuple(dict.fromkeys(upper.other_domains + lower.other_domains)),
    )


def _other_id_owners(institutions: Iterable[Institution]) -> dict[str, str]:
    """The institution of each other id; ids of several institutions are left out unless exactly one of them is active."""
    holders: dict[str, list[Institution]] = {}
    for one in institutions:
        for other in one.other_ids:
            holders.setdefault(other, []).append(one)
    active = {other: [x for x in some if x.status == "active"] if len(some) > 1 else some for other, some in holders.items()}
    return {other: some[0].id for other, some in active.items() if len(some) == 1}


def _crosswalk(merged: dict[str, Institution], origins: dict[str, set[int]]) -> dict[str, str]:
    """Map local ids to ROR ids by name and country; `origins` are the source numbers of each id."""
    local = [i for i in merged.values() if not is_ror(i.id)]
    if not local or len(local) == len(merged):
        return {}
    called = dict(zip((i.id for i in local), folded([i.name for i in local]), strict=True))
    wanted = {(i.country, called[i.id]) for i in local}
    by_name: dict[tuple[str, Words], set[str]] = {}
    ror = [i for i in merged.values() if i.status == "active" and is_ror(i.id)]
    names = [(i, name.value) for i in ror for name in i.names if name.kind != "acronym"]
    for (institution, _), words in zip(names, folded([value for _, value in names]), strict=True):
        if (key := (institution.country, words)) in wanted:
            by_name.setdefault(key, set()).add(institution.id)
    taken: set[str] = set()
    renamed = {}
    for i in local:
        found = by_name.get((i.country, called[i.id]), set())
        if len(found) == 1 and not found & taken and not any(origins[i.id] & origins[x] for x in found):
            renamed[i.id] = next(iter(found))
            taken |= found
    return renamed
