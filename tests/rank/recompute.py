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


def tops(institution: str, parents: Mapping[str, Sequence[str]], how: str) -> dict[str, float]:
    """What an institution is counted as, each with its part."""
    above = sorted({p for p in parents.get(institution, ()) if p in parents and p != institution})
    if how == "none" or not above:
        return {institution: 1.0}
    if how == "parent":
        return {p: 1 / len(above) for p in above}
    out: dict[str, float] = {}
    for p in above:
        for top, part in tops(p, parents, "top").items():
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
    level: str = "institution",
    area: str | None = None,
    years: tuple[int, int] = (0, 9999),
    kind: str | None = None,
    roll_up: str = "none",
    offset: float = 1.0,
    include_review: bool = False,
    country_groups: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """publications, authors, adjusted, index, share by entity. `venues`: weight, areas, first and last year."""
    where = institutions.set_index("id")
    active = where["active_id"]

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
    claims = claims.drop_duplicates(["paper", "position", "claim"])
    number = claims.groupby(["paper", "position"])["claim"].transform("nunique")
    claims["part"] = claims["weight"] / np.where(claims["aligned"], claims["authors"], 1) / number
    credit = claims[claims["institution"].notna()]
    everything = credit["part"].sum()

    # Where institutions are counted.
    known = where.index.tolist()
    parents = {i: [active[p] for p in where.loc[i, "parents"] if p in active.index] for i in known}
    rows: list[tuple[str, str, float, str]] = []
    for i in known:
        one = where.loc[i]
        if level == "institution":
            rows += [(i, top, part, where.loc[top, "kind"]) for top, part in tops(i, parents, roll_up).items()]
        elif level == "country" and one["country"]:
            rows.append((i, (country_groups or {}).get(one["country"], one["country"]), 1.0, one["kind"]))
        elif level == "continent" and one["country"]:
            rows.append((i, CONTINENTS[countries()[one["country"]].continent], 1.0, one["kind"]))
        elif level == "region" and one["country"]:
            rows.append((i, one["region"] or one["country"], 1.0, one["kind"]))
        elif level == "city" and one["country"] and one["city"]:
            rows.append((i, "/".join(filter(None, [one["country"], one["region"], one["city"]])), 1.0, one["kind"]))
    place = pd.DataFrame(rows, columns=["institution", "entity", "share_of", "kind_of"])
    if kind is not None:
        place = place[place["kind_of"] == kind]
    credit = credit.merge(place, on="institution")
    credit["part"] *= credit["share_of"]

    out = pd.DataFrame({"publications": credit.groupby("entity")["paper"].nunique()})
    named = credit[credit["author"].notna()].assign(person=lambda c: c["author"].map(folded))
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


def frames(tables: Any) -> tuple[pd.DataFrame, ...]:
    """The four tables as pandas frames."""
    return tuple(t.to_pandas() for t in (tables.papers, tables.mentions, tables.matches, tables.institutions))
