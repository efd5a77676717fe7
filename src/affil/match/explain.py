"""Reasons for and against a match, from the model's features."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from affil.settings import FeatureSettings
from affil.types import Reason

# features used for reasons
READ = ("exact", "coverage", "city_agrees", "country_agrees", "other_names", "parent_found", "changed", "country_differs",
        "city_differs", "nested", "number_missing", "hospital_left", "university_left", "institute_left",
        "missing_word")  # fmt: skip

_reason = cache(Reason)  # few distinct ones, except for shares


def explain(f: Mapping[str, float], kind: str, homonyms: int, settings: FeatureSettings) -> tuple[Reason, ...]:
    """List the reasons for the match, then those against it.

    Args:
        f: feature values by name, those of `READ` at least.
        kind: kind of the matched name, one of `affil.types.NAME_KINDS`.
        homonyms: number of institutions with the name.
        settings: thresholds for reporting missing words.
    """
    out = [_reason("name_exact", kind) if f["exact"] else Reason("name_coverage", kind, f["coverage"])]
    if f["city_agrees"]:
        out.append(_reason("city_named"))
    if f["country_agrees"]:
        out.append(_reason("country_named"))
    if f["other_names"] > 0:
        out.append(_reason("other_name_named"))
    if f["parent_found"]:
        out.append(_reason("parent_named"))
    if f["changed"] > 0:
        out.append(_reason("misspelt"))
    if f["country_differs"]:
        out.append(_reason("other_country_named"))
    if f["city_differs"]:
        out.append(_reason("other_place_named"))
    if homonyms > 1:
        out.append(_reason("bearers", "", homonyms))
    if f["nested"]:
        out.append(_reason("part_of_longer_name"))
    if f["number_missing"]:
        out.append(_reason("numbers_differ"))
    if f["hospital_left"] or f["university_left"] or f["institute_left"]:
        out.append(_reason("other_kind_named"))
    if f["missing_word"] > settings.telling and not f["exact"]:
        out.append(_reason("word_missing"))
    return tuple(out)
