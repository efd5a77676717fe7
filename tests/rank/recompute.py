"""All measures recomputed in plain pandas, from the definitions of docs/ranking.md; it shares no code with the ranking."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from affil.registry.geonames import CONTINENTS, countries

AREAS = 8


def folded(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if unicodedata.category(c) != "Mn")
    return " ".join("".join(c if c.isalnum() or unicodedata.combining(c) else " " for c in plain).split())


def person(name: str) -> str:
    """A name with what stands first in front: "Diaz, C., Jr." and "C. Diaz Jr." are one."""
    parts = [folded(part) for part in name.split(",")]
    suffixes = {"jr", "sr", "ii", "iii", "iv", "2nd", "3rd"}
    if len(parts) == 2 and all(name.split(",")) and parts[1] not in suffixes:
        parts = [parts[1], parts[0]]
    elif len(parts) == 3 and all(name.split(",")) and parts[1] in suffixes:
        parts = [parts[2], parts[0], parts[1]]
    elif len(parts) == 3 and all(name.split(",")) and parts[2] in suffixes:
        parts = [parts[1], parts[0], parts[2]]
    return " ".join(filter(None, parts))


def over(institution: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    """All above an institution, in a registry without circles."""
    above = {p for p in parents.get(institution, ()) if p in parents and p != institution}
    return above.union(*(over(p, parents) for p in above))


def tops(institution: str, parents: Mapping[str, Sequence[str]], how: str, named: Sequence[str] = ()) -> dict[str, float]:
    """What an institution is counted as, each with its part, where a string names others beside it."""
    above = sorted({p for p in parents.get(institution, ()) if p in parents and p != institution})
    stated = over(institution, parents) & {*named}
    lowest = {one for one in stated if not any(one in over(other, parents) for other in stated)}
    if lowest:
        above = [p for p in above if lowest & {p, *over(p, parents)}]
    if how == "none" or not above:
        return {institution: 1.0}
    if how == "parent":
        return {p: 1 / len(above) for p in above}
    out: dict[str, float] = {}
    for p in above:
        for top, part in tops(p, parents, "top", named).items():
            out[top] = out.get(top, 0) + part / len(above)
    return out


def recompute(
    papers: pd.DataFrame,
    mentions: pd.DataFrame,
    matches: pd.DataFrame,
    institutions: pd.DataFrame,
    venues: Mapping[str, tuple[float, Sequence[str], int, int]],
    *,
    decisions: Mapping[str, Sequence[str]],
    area: str | None = None,
    years: tuple[int, int] = (0, 9999),
    include_review: bool = False,
    **counted: Any,
) -> pd.DataFrame:
    """publications, authors, adjusted, index, share by entity. `venues`: weight, areas, first and last year; for `counted` see `count`."""
    credit = credited(
        papers,
        mentions,
        matches,
        institutions,
        venues,
        decisions=decisions,
        area=area,
        years=years,
        include_review=include_review,
    )
    return count(credit, institutions, area=area, **counted)


def credited(
    papers: pd.DataFrame,
    mentions: pd.DataFrame,
    matches: pd.DataFrame,
    institutions: pd.DataFrame,
    venues: Mapping[str, tuple[float, Sequence[str], int, int]],
    *,
    decisions: Mapping[str, Sequence[str]],
    area: str | None = None,
    years: tuple[int, int] = (0, 9999),
    include_review: bool = False,
) -> pd.DataFrame:
    """The credit of a slice, wherever it counts: a row for each holder of a part and institution."""
    active = institutions.set_index("id")["active_id"]

    # What a string names.
    found = matches[matches["decision"].isin(["match", "review"]) & ~matches["affiliation"].isin(list(decisions))]
    found = found[["affiliation", "institution_id", "decision"]]
    decided = [(a, i, "match") for a, ids in decisions.items() for i in ids]
    found = pd.concat([found, pd.DataFrame(decided, columns=["affiliation", "institution_id", "decision"])])
    found = found[found["institution_id"].isin(active.index)]
    found = found.assign(institution=found["institution_id"].map(active))
    found = found[(found["decision"] == "match") | include_review][["affiliation", "institution"]].drop_duplicates()

    # The papers of the slice, with their weight in it.
    slice_ = papers[papers["year"].between(*years)].copy()
    about = [venues.get(v, (1.0, (), 0, 9999)) for v in slice_["venue"]]
    slice_["weight"] = [weight for weight, *_ in about]
    slice_["areas"] = [
        list(areas) if first <= year <= last else []
        for (_, areas, first, last), year in zip(about, slice_["year"], strict=True)
    ]
    if area is not None:
        slice_ = slice_[[area in areas for areas in slice_["areas"]]]
        slice_ = slice_.assign(weight=slice_["weight"] / slice_["areas"].map(len))

    # Claims of each holder of a part: an author, or a paper that is not aligned.
    held = mentions.merge(slice_, left_on="paper", right_on="id", suffixes=("", "_paper")).drop(columns="id")
    held["position"] = held["position"].astype(float).fillna(-1)
    claims = held.merge(found, on="affiliation", how="left")
    claims["claim"] = claims["institution"].where(claims["institution"].notna(), "? " + claims["affiliation"].fillna(""))
    # of several strings that name an institution the first counts, or the first that names what is above it
    named_too = beside(matches, active)
    claims["beside"] = [named_too.get(one, ()) for one in zip(claims["affiliation"], claims["institution"], strict=True)]
    claims = claims.assign(silent=claims["beside"].map(len) == 0).sort_values(["silent", "affiliation"])
    claims = claims.drop_duplicates(["paper", "position", "claim"])
    number = claims.groupby(["paper", "position"])["claim"].transform("nunique")
    claims["part"] = claims["weight"] / np.where(claims["aligned"], claims["authors"], 1) / number
    return claims[claims["institution"].notna()]


def count(
    credit: pd.DataFrame,
    institutions: pd.DataFrame,
    *,
    level: str = "institution",
    area: str | None = None,
    kind: str | None = None,
    roll_up: str = "none",
    offset: float = 1.0,
    country_groups: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The measures of the entities of a level, of the credit of a slice."""
    where = institutions.set_index("id")
    active = where["active_id"]
    everything = credit["part"].sum()

    # Where institutions are counted.
    known = where.index.tolist()
    parents = {i: [active[p] for p in where.loc[i, "parents"] if p in active.index] for i in known}
    rows: list[tuple[str, tuple[str, ...], str, float, str]] = []
    different = {*credit[["institution", "beside"]].itertuples(index=False, name=None)}
    for key in different:
        i, stated = key
        one = where.loc[i]
        if level == "institution":
            rows += [(*key, top, part, where.loc[top, "kind"]) for top, part in tops(i, parents, roll_up, stated).items()]
        elif level == "country" and one["country"]:
            rows.append((*key, (country_groups or {}).get(one["country"], one["country"]), 1.0, one["kind"]))
        elif level == "continent" and one["country"]:
            rows.append((*key, CONTINENTS[countries()[one["country"]].continent], 1.0, one["kind"]))
        elif level == "region" and one["country"]:
            rows.append((*key, one["region"] or one["country"], 1.0, one["kind"]))
        elif level == "city" and one["country"] and one["city"]:
            rows.append((*key, "/".join(filter(None, [one["country"], one["region"], one["city"]])), 1.0, one["kind"]))
    place = pd.DataFrame(rows, columns=["institution", "beside", "entity", "share_of", "kind_of"])
    if kind is not None:
        place = place[place["kind_of"] == kind]
    credit = credit.merge(place, on=["institution", "beside"])
    credit["part"] *= credit["share_of"]

    out = pd.DataFrame({"publications": credit.groupby("entity")["paper"].nunique()})
    named = credit[credit["author"].notna()].assign(person=lambda c: c["author"].map(person))
    named = named[named["person"] != ""]
    out["authors"] = named.groupby("entity")["person"].nunique()
    out["authors"] = out["authors"].fillna(0)
    out["adjusted"] = credit.groupby("entity")["part"].sum()
    out["share"] = out["adjusted"] / everything
    if area is not None:
        out["index"] = out["adjusted"] + offset
        return out
    by_area = credit.assign(part=credit["part"] / credit["areas"].map(len).clip(lower=1)).explode("areas")
    table = by_area.pivot_table(index="entity", columns="areas", values="part", aggfunc="sum").reindex(out.index).fillna(0)
    missing = AREAS - table.shape[1]
    logs = np.log(table + offset).sum(axis=1) + missing * np.log(offset)
    out["index"] = np.exp(logs / AREAS)
    return out


def beside(matches: pd.DataFrame, active: Mapping[str, str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """What each string names beside an institution, above or not."""
    out: dict[tuple[str, str], set[str]] = {}
    if "named_parents" in matches:
        for string, found, parents in zip(
            matches["affiliation"], matches["institution_id"], matches["named_parents"], strict=True
        ):
            if found in active and parents is not None:
                out.setdefault((string, active[found]), set()).update(active[p] for p in parents if p in active)
    return {pair: tuple(sorted(ids)) for pair, ids in out.items()}


def frames(tables: Any) -> tuple[pd.DataFrame, ...]:
    """The four tables as pandas frames."""
    return tuple(t.to_pandas() for t in (tables.papers, tables.mentions, tables.matches, tables.institutions))
