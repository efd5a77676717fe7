"""Institutions and names added during review: a table in the workspace, merged over its registry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from anyascii import anyascii

from affil.errors import AffilError
from affil.names import fold
from affil.names.ids import ROR_FORM, is_ror, mistyped, normal_id
from affil.registry import checks
from affil.registry.tables import read_table, write_table
from affil.types import Institution, Name
from affil.wording import said

_LONGEST = 60  # characters of a generated id


def read_own(path: Path) -> dict[str, Institution]:
    """The institutions of the table by id; empty if the file does not exist."""
    return {one.id: one for one in read_table(path)} if path.exists() else {}


def write_own(path: Path, institutions: Iterable[Institution]) -> None:
    """Replace the table."""
    write_table(path, sorted(institutions, key=lambda one: one.id))


@dataclass(frozen=True, slots=True)
class Details:
    """What people say of an institution that the registry lacks.

    `country` is an ISO 3166-1 code or a name, `kind` one of `affil.types.KINDS`, `parents` ids of institutions, `ror` its ROR id in any
    usual form, if it has one.
    """

    name: str
    country: str
    city: str = ""
    kind: str = "other"
    names: tuple[Name, ...] = ()
    parents: tuple[str, ...] = ()
    ror: str = ""

    def check(self) -> Details:
        """Validate and return the details, in normal form.

        Raises:
            AffilError: the name is blank, the country is neither a code nor a name of one, the kind is unknown, or the ROR id cannot be one.
        """
        name, ror = " ".join(self.name.split()), normal_id(self.ror) if self.ror else ""
        if not fold(name):
            raise AffilError(said("a new institution needs a name"))
        country, kind = checks.country(self.country), checks.kind(self.kind)
        if ror and not is_ror(ror):
            raise AffilError(said("no ROR id {0!r}: {1}", self.ror, mistyped(ror) or ROR_FORM))
        return replace(self, name=name, country=country, city=" ".join(self.city.split()), kind=kind, ror=ror)


def make_institution(details: Details, taken: Collection[str] = ()) -> Institution:
    """Create an institution whose id is derived from its name and differs from those `taken`.

    Raises:
        AffilError: a detail is invalid.
    """
    details = details.check()
    slug = re.sub(r"[^a-z0-9]+", "-", anyascii(details.name).lower()).strip("-")[:_LONGEST].strip("-") or "institution"
    forms = (f"affil:{slug}" if n == 1 else f"affil:{slug}-{n}" for n in range(1, len(taken) + 2))
    return with_details(Institution(next(form for form in forms if form not in taken), details.name), details)


def with_details(institution: Institution, details: Details) -> Institution:
    """The institution with these details in place of its own; further names (but for Chinese labels) and ids stay.

    Raises:
        AffilError: a detail is invalid.
    """
    details = details.check()
    chinese = bool(re.search("[\u3400-\u9fff]", details.name))
    official = Name(details.name, "zh" if chinese else "", "label" if chinese else "official")
    kept = [n for n in institution.names if n.value != institution.name and (n.language, n.kind) != ("zh", "label")]
    names = {fold(n.value): n for n in (official, *details.names, *kept)}
    others = [i for i in institution.other_ids if not is_ror(i)]
    return replace(
        institution,
        name=details.name,
        names=tuple(names.values()),
        kind=details.kind,
        country=details.country,
        city=details.city,
        parents=details.parents,
        other_ids=(*filter(None, [details.ror]), *others),
    )


def add_name(institution: Institution, value: str) -> Institution:
    """Add an alias, unless the institution already has the name."""
    value = " ".join(value.split())
    known = {fold(n.value) for n in institution.names} | {fold(institution.name)}
    if not value or fold(value) in known:
        return institution
    return replace(institution, names=(*institution.names, Name(value, "", "alias")))
