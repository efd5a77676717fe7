"""Merge the institutions of several sources: by id, and by name and country where one of them has no ROR id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from affil.names.ids import is_ror, normal_id
from affil.registry.homonyms import Words, folded
from affil.registry.met import SEVERAL, Met, changes
from affil.registry.same import contradiction, is_part, near
from affil.types import Institution


class Merged(NamedTuple):
    """Institutions by id, sorted, of all sources; what users' records met; and the id of today of any id that a record names."""

    institutions: list[Institution]
    met: list[Met]
    today: Callable[[str], str]


def merge(sources: Iterable[Iterable[Institution]]) -> list[Institution]:
    """The institutions of `merged`, of sources that nobody adds to by hand."""
    return merged(sources).institutions


def merged(sources: Iterable[Iterable[Institution]], own: Collection[int] = ()) -> Merged:
    """Merge sources into one list, sorted by id.

    Of two records with the same id, filled fields of the earlier source win ("A over B": A first); names and other ids are
    joined. An institution whose id is among the other ids of exactly one other is merged into it. So is one with a local
    (non-ROR) id if exactly one active ROR record of its country has its name and nothing contradicts, unless a single source has both
    and so tells them apart: its fields win there. A user's record that meets an institution by name only adds to it: names, ids and
    what that lacks. A merged institution's references follow the new id; its old id becomes one of the other ids.

    Args:
        sources: the institutions of each.
        own: the numbers of the sources that are users' tables.
    """
    known: dict[str, Institution] = {}
    origins: dict[str, set[int]] = {}
    theirs: dict[str, Institution] = {}  # without what users' tables say
    for number, source in enumerate(sources):
        for new in source:
            known[new.id] = _join(known[new.id], new) if new.id in known else new
            origins.setdefault(new.id, set()).add(number)
            if number not in own and own:
                theirs[new.id] = _join(theirs[new.id], new) if new.id in theirs else new
    owner_of = _other_id_owners(known.values())
    renamed = {i: to for i in known if (to := owner_of.get(normal_id(i), i)) != i and to in known}
    renamed = {i: to for i, to in renamed.items() if to not in renamed}  # break cycles: two records naming each other's ids

    def owner(identifier: str) -> str:
        found = identifier if identifier in known else owner_of.get(normal_id(identifier), identifier)
        return renamed.get(found, found)

    local, by_name = _namesakes({i: x for i, x in known.items() if i not in renamed}, origins, frozenset(own), owner)

    def today(identifier: str) -> str:
        found = owner(identifier)
        return local.get(found, found)

    adding = {i for i in local if origins[i] <= set(own)}  # by name, so that they change nothing
    out: dict[str, Institution] = {}
    for institution in sorted(known.values(), key=lambda one: one.id in local):
        target = today(institution.id)
        before = (normal_id(institution.id),) if institution.id != target else ()
        moved = replace(
            institution,
            id=target,
            parents=tuple(dict.fromkeys(map(today, institution.parents))),
            successors=tuple(dict.fromkeys(map(today, institution.successors))),
            other_ids=tuple(dict.fromkeys((*before, *institution.other_ids))),
        )
        if target in out:  # a local record takes precedence over its ROR record, whichever came first
            above = institution.id in local and institution.id not in adding
            moved = _join(moved, out[target]) if above else _join(out[target], moved)
        out[target] = moved
    before_of = {to: i for i, to in renamed.items()}
    by_id = []
    for i in (i for i in known if i not in adding and not origins[i].isdisjoint(own)):
        if found := next((theirs[j] for j in (i, today(i), before_of.get(i)) if j in theirs), None):
            by_id.append(Met(i, found.id, found.name, "id", changed=changes(found, out[today(i)])))
    return Merged([out[i] for i in sorted(out)], by_id + by_name, today)


def _join(upper: Institution, lower: Institution) -> Institution:
    known = {n.value for n in upper.names}
    added = tuple(replace(n, kind="label") if n.kind == "official" else n for n in lower.names if n.value not in known)
    same_place = upper.country == lower.country and (upper.city == lower.city or near(upper, lower))
    return replace(
        upper,
        names=upper.names + added,
        kind=upper.kind if upper.kind != "other" else lower.kind,
        country=upper.country or lower.country,
        region=upper.region or (lower.region if same_place else ""),
        city=upper.city or (lower.city if same_place else ""),
        lat=upper.lat if upper.lat is not None or not same_place else lower.lat,
        lon=upper.lon if upper.lon is not None or not same_place else lower.lon,
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


def _namesakes(
    known: dict[str, Institution], origins: dict[str, set[int]], own: frozenset[int], owner: Callable[[str], str]
) -> tuple[dict[str, str], list[Met]]:
    """The id that a local record takes of the one other that has its name and country, and what users' records met so.

    Records with local ids take the id of a ROR record, those of users' tables alone that of any record of another source.

    Args:
        known: the records by id.
        origins: the numbers of the sources of each.
        own: the numbers of users' tables.
        owner: the id of today of an id that a record names.
    """

    def placed(one: Institution) -> Institution:
        return replace(one, parents=tuple(map(owner, one.parents)))

    users = {i for i in known if origins[i] <= own}
    local = [one for one in known.values() if not is_ror(one.id)]
    called = dict(zip((one.id for one in local), folded([one.name for one in local]), strict=True))
    wanted = {(one.country, called[one.id]) for one in local}
    takers = [one for one in known.values() if one.status == "active" and (is_ror(one.id) or (users and one.id not in users))]
    names = [(one, name.value) for one in takers for name in one.names if name.kind != "acronym"] if local else []
    by_name: dict[tuple[str, Words], dict[str, Institution]] = {}
    for (one, _), words in zip(names, folded([value for _, value in names]), strict=True):
        if (key := (one.country, words)) in wanted:
            by_name.setdefault(key, {})[one.id] = one
    renamed: dict[str, str] = {}
    taken: set[tuple[str, bool]] = set()  # by which kind of record
    met = []
    for one in sorted(
        local, key=lambda one: one.id in users
    ):  # those of other sources first, so that users' meet what has become of them
        bearers = (
            other.id
            for other in by_name.get((one.country, called[one.id]), {}).values()
            if not origins[one.id] & origins[other.id] and (is_ror(other.id) or one.id in users)
        )
        found = [known[i] for i in dict.fromkeys(renamed.get(i, i) for i in bearers)]
        against = {other.id: contradiction(placed(one), placed(other)) for other in found}
        fit = [other for other in found if not against[other.id]]
        if len(fit) == 1 and (fit[0].id, one.id in users) not in taken:
            renamed[one.id] = fit[0].id
            taken.add((fit[0].id, one.id in users))
            if {one.id, fit[0].id} & users:
                user, other = (one, fit[0]) if one.id in users else (fit[0], one)
                met.append(Met(user.id, other.id, other.name, "name"))
        elif one.id in users and found and not any(is_part(placed(one), other) for other in found):
            other = (fit or found)[0]
            met.append(Met(one.id, other.id, other.name, "name", against[other.id] or SEVERAL))
    return renamed, met
