"""Institutions and names added during review: a table in the workspace, merged over its registry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from anyascii import anyascii

from affil.errors import AffilError
from affil.names import fold
from affil.registry.tables import read_table, write_table
from affil.types import KINDS, Institution, Name

_LONGEST = 60  # characters of a generated id


def read_own(path: Path) -> dict[str, Institution]:
    """The institutions of the table by id; empty if the file does not exist."""
    return {one.id: one for one in read_table(path)} if path.exists() else {}


def write_own(path: Path, institutions: Iterable[Institution]) -> None:
    """Replace the table."""
    write_table(path, sorted(institutions, key=lambda one: one.id))


def make_institution(
    name: str, country: str, *, city: str = "", kind: str = "other", names: Iterable[Name] = (), taken: Collection[str] = ()
) -> Institution:
    """Create an institution whose id is derived from its name and differs from those `taken`.

    Raises:
        AffilError: the name is blank, the country is not an ISO 3166-1 code, or the kind is unknown.
    """
    import pycountry

    name, country = " ".join(name.split()), country.strip().upper()
    if not fold(name):
        raise AffilError("a new institution needs a name")
    if pycountry.countries.get(alpha_2=country) is None and country != "XK":
        raise AffilError(f"no country {country!r}; write its ISO 3166-1 code of two letters, e.g. CN")
    if kind not in KINDS:
        raise AffilError(f"no kind {kind!r}; known are: {', '.join(KINDS)}")
    slug = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower()).strip("-")[:_LONGEST].strip("-") or "institution"
    forms = (f"affil:{slug}" if n == 1 else f"affil:{slug}-{n}" for n in range(1, len(taken) + 2))
    identifier = next(form for form in forms if form not in taken)
    chinese = bool(re.search("[\u3400-\u9fff]", name))
    official = Name(name, "zh" if chinese else "", "label" if chinese else "official")
    return Institution(identifier, name, (official, *names), kind, country, city=" ".join(city.split()))


def add_name(institution: Institution, value: str) -> Institution:
    """Add an alias, unless the institution already has the name."""
    value = " ".join(value.split())
    known = {fold(n.value) for n in institution.names} | {fold(institution.name)}
    if not value or fold(value) in known:
        return institution
    return replace(institution, names=(*institution.names, Name(value, "", "alias")))
