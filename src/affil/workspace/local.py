"""Institutions and names that users add to a workspace, in its own.csv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from affil.errors import AffilError, UnknownIdError
from affil.names import fold
from affil.names.ids import mistyped
from affil.registry.local import Details, add_name, make_institution, with_details, write_own
from affil.types import Institution, Name
from affil.wording import said
from affil.workspace.decisions import find_in
from affil.workspace.layout import WorkspaceFiles, locked


def add_institution(files: WorkspaceFiles, details: Details) -> Institution:
    """See `Workspace.add_institution`."""
    files.must_be_matched()
    with locked(files.path, files.settings.review.wait):
        table, local = files.institutions(), files.local
        made = make_institution(details, {*table.column("id").to_pylist(), *local})
        write_own(files.path / "own.csv", [*local.values(), _fitted(files, table, made)])
    return files.local[made.id]


def made_institutions(files: WorkspaceFiles) -> dict[str, Institution]:
    """See `Workspace.made_institutions`."""
    if not (local := files.local):
        return {}
    from affil.registry import Registry

    base = Registry.open(files.manifest.get("chosen", {}).get("registry"))
    return {i: one for i, one in local.items() if i not in base}


def edit_institution(files: WorkspaceFiles, identifier: str, details: Details) -> Institution:
    """See `Workspace.edit_institution`."""
    with locked(files.path, files.settings.review.wait):
        local = files.local
        if identifier not in made_institutions(files):
            raise UnknownIdError(identifier, str(files.path / "own.csv"), mistyped(identifier))
        local[identifier] = _fitted(files, files.institutions(), with_details(local[identifier], details))
        write_own(files.path / "own.csv", local.values())
    return local[identifier]


def _fitted(files: WorkspaceFiles, table: pa.Table, made: Institution) -> Institution:
    """An institution with its parents' ids as the registry has them, and the place of another one in its city.

    Raises:
        UnknownIdError: a parent is unknown. AffilError: there is such an institution already: of that name in that country and no other
            place, or of that ROR id; or it would be its own parent.
    """
    rows = [one for one in table.to_pylist() if one["id"] != made.id]
    namesakes = [r for r in rows if r["country"] == made.country and fold(r["name"]) == fold(made.name)]
    if same := next((r for r in namesakes if not _told_apart(made, r)), None):
        raise AffilError(
            said(
                "there is already an institution {0!r} in {1}: {2}; decide for that one, or give the city that tells the two apart",
                made.name,
                made.country,
                same["id"],
            )
        )
    known, _ = find_in(files, [*made.other_ids, *made.parents])
    for other in made.other_ids:
        if known.get(other, made.id) != made.id:
            name = next(r["name"] for r in rows if r["id"] == known[other])
            raise AffilError(said("{0} is an existing institution: {1}; decide for that one", other, name))
    for parent in made.parents:
        if parent not in known:
            raise UnknownIdError(parent, said("the registry of {0}", files.path), mistyped(parent))
        if known[parent] == made.id:
            raise AffilError(said("{0} cannot be its own parent", made.name))
    parents = tuple(known[p] for p in made.parents)
    there = (made.country, fold(made.city))
    place = next((r for r in rows if made.city and (r["country"], fold(r["city"] or "")) == there), None)
    if place is None:
        return replace(made, parents=parents, region="", lat=None, lon=None)
    return replace(made, parents=parents, region=place["region"] or "", lat=place["lat"], lon=place["lon"])


def _told_apart(made: Institution, row: Mapping[str, Any]) -> bool:
    """Whether an institution cannot be that of a row of the registry, whose name and country it has."""
    if not made.city:
        return False  # and is not asked for gazetteers
    from affil.registry.same import near

    other = Institution(row["id"], row["name"], country=row["country"], region=row["region"] or "", city=row["city"] or "")
    return not near(made, replace(other, lat=row["lat"], lon=row["lon"]))


def add_names(files: WorkspaceFiles, names: Iterable[tuple[Institution, str]]) -> int:
    """See `Workspace.add_names`."""
    with locked(files.path, files.settings.review.wait):
        local, added = files.local, 0
        for institution, name in names:
            bare = replace(
                institution,
                names=(Name(institution.name, "", "official"),),
                parents=(),
                successors=(),
                other_ids=(),
                other_domains=(),
            )
            before = local.get(institution.id, bare)
            local[institution.id] = add_name(before, name)
            added += local[institution.id] is not before
        if added:
            write_own(files.path / "own.csv", local.values())
    return added
