"""The evidence of a match in plain words, from the features that the model saw."""

from __future__ import annotations

from collections.abc import Mapping

from affil.types import Institution

KINDS = ("its official name", "one of its names", "another name of it", "an acronym of it", "a former name of it", "its internet domain",
         "a variant of its name")  # fmt: skip


def explain(f: Mapping[str, float], institution: Institution, alias: str, kind: int, bearers: int) -> tuple[str, ...]:
    """Say what speaks for the match, then what speaks against it, each in a few words, marked + and -.

    Args:
        f: feature values by name.
        institution: the institution matched.
        alias: the registry's name that matched.
        kind: what that name is to the institution (position in `affil.registry.index.NAME_KINDS`).
        bearers: how many institutions bear the name.
    """
    out = []
    if f["exact"]:
        out.append(f"+ “{alias}” is {KINDS[kind]}")
    else:
        out.append(f"+ {f['coverage']:.0%} of “{alias}”, {KINDS[kind]}")
    if f["city_agrees"]:
        out.append(f"+ the city {institution.city} is named")
    if f["country_agrees"]:
        out.append(f"+ the country {institution.country} is named")
    if f["other_names"] > 0:
        out.append("+ another of its names is there too")
    if f["parent_found"]:
        out.append("+ its parent is named too")
    if f["changed"] > 0:
        out.append("- misspelt or glued words were corrected")
    if f["country_differs"]:
        out.append("- another country is named")
    if f["city_differs"]:
        out.append("- a place in another country is named")
    if bearers > 1:
        out.append(f"- {bearers} institutions bear this name")
    if f["nested"]:
        out.append("- the words are part of a longer name")
    if f["number_missing"]:
        out.append("- numbers differ")
    if f["hospital_left"] or f["university_left"] or f["institute_left"]:
        out.append("- beside it stand words of another kind of organisation")
    if f["missing_word"] > 0.3 and not f["exact"]:
        out.append("- a telling word of the name is missing")
    return tuple(out)
