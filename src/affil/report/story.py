"""What the data say, in sentences. A sentence is computed from rankings, trends and comparisons: a key of the message catalogue, the
values of its places, a chart, what it rests on, and the page of the table behind it. Where its condition does not hold there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from affil.rank import AREAS, Comparison, Level, Profiles, Ranking, Trend
from affil.rank.profiles import spread
from affil.report.entities import continent_of
from affil.report.formats import factor, number, percent, points, span
from affil.settings import ReportSettings

if TYPE_CHECKING:
    import pandas as pd

    from affil.rank.families import Family


_FIRST = 10  # rows that charts show, and sentences speak of


@dataclass(frozen=True, slots=True)
class Named:
    """The name of an entity in the reader's language."""

    level: Level
    id: str


@dataclass(frozen=True, slots=True)
class Area:
    """The name of an area in the reader's language."""

    name: str


@dataclass(frozen=True, slots=True)
class Together:
    """The names of entities, the last behind an "and"."""

    names: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the catalogue and the values of its places, among which may be messages."""

    key: str
    values: tuple[Value, ...] = ()


Who = Named | Area | Said
Value = str | int | Who | Together | tuple[Named | Area | str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows, as `kind` draws it: `bars` of shares, of `growth` or of `times` a mean, `lines` or ranks as `slopes` over
    years. `rows` are who, when ("" in bars) and how much, NaN in a year that is not known; `axis` are the names in the title of its axis.
    """

    kind: str
    rows: tuple[tuple[Who, str, float], ...]
    axis: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: what is said, its chart if it has one, what it rests on, and the page (without `.html`) of the table behind it;
    `beside` is what must be read with it.
    """

    topic: str
    said: Said
    caveats: tuple[Said, ...]
    link: str
    chart: Chart | None = None
    beside: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What sentences are made of: parts of `Data`; `profiles` are those of countries."""

    rankings: Mapping[tuple[Level, str], Ranking]
    trends: Mapping[tuple[Level, str], Trend]
    comparisons: Mapping[tuple[Level, str], Comparison]
    report: ReportSettings
    profiles: Profiles = field(default_factory=dict)


def story(source: Source) -> tuple[Sentence, ...]:
    """The sentences whose conditions hold, in the order in which they are told; none of fewer papers than `report.story_papers`."""
    if source.rankings["country", "adjusted"].coverage.papers < source.report.story_papers:
        return ()
    tellers = (leader, passed, gap, growth, rose, uneven, latest, asia, first_places)
    return tuple(said for teller in tellers if (said := teller(source)))


def leader(source: Source) -> Sentence | None:
    """Which country leads and which is second, or that they are equal; nothing of one country.

    Shares are told in whole percent: a venue that is missing in one year moves them by less.
    """
    ranking = source.rankings["country", "adjusted"]
    said = _led(ranking)
    if said is None:
        return None
    first, second = ranking.frame.head(2).to_dict("records")
    close = first["rank"] != second["rank"] and first.get("ahead", 1.0) < ranking.settings.confidence
    caveats = (
        _counted(ranking),
        *((Said("s_close"),) if close else ()),
    )
    shares = _shares(ranking.frame.head(_FIRST), "country")
    return Sentence("leader", said, caveats, "countries", shares, _other_way(source, ranking))


def _led(ranking: Ranking) -> Said | None:
    """Who is first and who second in a ranking of countries; nothing of one country."""
    rows = ranking.frame.head(2).to_dict("records")
    if len(rows) < 2:
        return None
    (first, second), names = rows, [Named("country", row["id"]) for row in rows]
    if first["rank"] == second["rank"]:
        return Said("s_tie", (*names, percent(first["share"], 0)))
    return Said("s_leader", (names[0], percent(first["share"], 0), names[1], percent(second["share"], 0)))


def _other_way(source: Source, ranking: Ranking) -> tuple[Said, ...]:
    """Who would lead if Hong Kong and Macao were counted with China, or apart from it, where that is somebody else."""
    other = source.rankings.get(("country", "hong_kong"))
    if other is None or [*other.frame["id"].head(1)] == [*ranking.frame["id"].head(1)]:
        return ()
    said = _led(other)
    return () if said is None else (Said("s_if_with" if other.hong_kong == "with" else "s_if_apart", (said,)),)


def passed(source: Source) -> Sentence | None:
    """Where the lead among countries changed hands, and when: over the venues that growth compares, else at the venue of most papers where it
    did; nothing where it did not.
    """
    leads = source.trends["country", "publications"].leads
    if not leads:
        return None
    lead, most = leads[0], source.report.story_venues
    names = Named("country", lead.ids[0]), Named("country", lead.ids[1])
    now, then = ([number(v) for v in of] for of in (lead.values, lead.values_before))
    when = (lead.year,) if lead.year - lead.before == 1 else (lead.before, lead.year)
    said = Said("s_passed" if len(when) == 1 else "s_passed_between", (at_venues(lead.venues, most), *names, *when, *now))
    caveats = (Said("s_passed_before", (lead.before, names[0], then[0], names[1], then[1])), *_all_venues(lead.venues, most))
    return Sentence("passed", said, caveats, "trends")


def gap(source: Source) -> Sentence | None:
    """How many papers of the leader's the second country has in the first and the last year that growth compares, over the venues of both;
    nothing without such years. What all papers say stands beside it where that is something else.
    """
    trend, ranking = source.trends["country", "publications"], source.rankings["country", "adjusted"].frame
    base = trend.base
    if base is None or len(ranking) < 2:
        return None
    first, last = base.ends
    matched, counted = trend.matched.set_index("id"), trend.frame.set_index("id")
    ids = ranking["id"].head(2).tolist()
    if any(i not in matched.index or not matched.loc[i, y] > 0 for i in ids for y in base.ends):
        return None
    ratio = {y: float(matched.loc[ids[1], y] / matched.loc[ids[0], y]) for y in trend.years if first <= y <= last}
    plain = [float(counted.loc[ids[1], y] / counted.loc[ids[0], y]) for y in base.ends]
    names = Named("country", ids[1]), Named("country", ids[0])
    values = (
        *names,
        percent(ratio[first], 0),
        first,
        percent(ratio[last], 0),
        last,
        at_venues(base.venues, source.report.story_venues),
    )
    rows = tuple(
        (names[0], f"{y}*" if trend.lacking and y == trend.years[-1] else str(y), ratio.get(y, math.nan))
        for y in range(first, last + 1)
    )
    steady = source.report.story_change
    otherwise = _direction(plain[0], plain[1], steady) != _direction(ratio[first], ratio[last], steady)
    beside = (Said("s_gap_all", (first, last, *(percent(r, 0) for r in plain))),) if otherwise else ()
    said = Said(_told_of_gap(ratio[first], ratio[last], steady), values)
    return Sentence("gap", said, growth_basis(trend), "trends", Chart("lines", rows, names), beside)


def _direction(before: float, after: float, steady: float) -> int:
    """Whether a ratio rises (1), falls (-1) or stays about the same (0)."""
    return 1 if after >= before * (1 + steady) else -1 if after * (1 + steady) <= before else 0


def _told_of_gap(before: float, after: float, steady: float) -> str:
    """What a change of the second country's ratio to the leader is called: it may pass, fall back, be ahead in both years, or stay
    behind and come closer or not.
    """
    if before < 1 < after:
        return "s_gap_passed"
    if after < 1 < before:
        return "s_gap_back"
    if before >= 1 and after >= 1:
        return "s_gap_ahead"
    return {1: "s_gap_closing", 0: "s_gap_steady", -1: "s_gap_widening"}[_direction(before, after, steady)]


def growth(source: Source) -> Sentence | None:
    """Which of the first countries grew most up to the last year compared, and by how much the leader did (the second, if it is the
    leader itself).

    The papers of both in the two years, and those of all in these venues, stand beside it, and that a share fell though its papers became more.

    Countries of fewer papers than `report.story_output` in the first year compared, in the venues of both years, are left out: their growth
    says little. What all papers say stands beside it where these rise and the others fall, or the other way round.
    """
    trend, ranking = source.trends["country", "publications"], source.rankings["country", "adjusted"].frame
    base = trend.base
    if base is None or len(ranking) < 2:
        return None
    years = base.ends
    found, matched = trend.frame.set_index("id"), trend.matched.set_index("id")
    enough = found["growth"][matched[years[0]] >= source.report.story_output].dropna()
    ids = [i for i in ranking["id"].head(source.report.story_countries) if i in enough.index]
    if len(ids) < 2:
        return None
    order = sorted(ids, key=lambda i: (-enough[i], i))
    best = order[0]
    if enough[best] <= 0 or round(enough[best], 3) == round(enough[order[1]], 3):
        return None
    other = next(i for i in [*ranking["id"].head(2), *order[1:]] if i != best and i in enough.index)
    names = Named("country", best), Named("country", other)
    values = (number(len(ids)), names[0], factor(1 + enough[best]), *years, names[1], factor(1 + enough[other]))
    said = Said("s_growth", (*values, at_venues(base.venues, source.report.story_venues)))
    everyone = base.papers[-1] / base.papers[0]
    plain = {i: float(found.loc[i, years[1]] / found.loc[i, years[0]]) for i in (best, other)}
    otherwise = any((enough[i] > 0) != (ratio > 1) for i, ratio in plain.items())
    told = (names[0], factor(plain[best]), names[1], factor(plain[other]))
    slower = 0 < enough[other] < everyone - 1
    numbers = [[number(matched.loc[i, y]) for y in years] for i in (best, other)]
    there = (number(base.papers[0]), number(base.papers[-1]), factor(everyone))
    from_to = Said("s_growth_slower" if slower else "s_growth_from", (names[0], *numbers[0], names[1], *numbers[1], *there))
    beside = (from_to, *([Said("s_growth_all", (*years, *told))] if otherwise else []))
    rows: tuple[tuple[Who, str, float], ...] = (
        *((Named("country", i), "", 1 + float(enough[i])) for i in order),
        (Said("all_there"), "", everyone),
    )
    caveats = (Said("growth_differs"), *growth_basis(trend))
    return Sentence("growth", said, caveats, "trends", Chart("times", rows), beside)


def rose(source: Source) -> Sentence | None:
    """Which of the first institutions rose most, over the venues of both periods; nothing without an earlier period or a rise.

    Laboratories are counted with the university or company that they belong to, as what was written "Adobe Research" and is now "Adobe" has not
    risen.
    """
    comparison = source.comparisons.get(("institution", "moved"))
    if comparison is None or not len(comparison.frame):
        return None
    among = source.report.rose_among
    up = [m for m in moves(comparison, among, source.report.moved) if m["moved"] > 0 and m["rank_after"] <= among]
    if not up:
        return None
    best, years = up[0], (span(comparison.years_before), span(comparison.years_after))
    values = (number(among), Named("institution", best["id"]), *years, number(best["rank_before"]), number(best["rank_after"]))
    rows = tuple(
        (Named("institution", m["id"]), when, float(m[rank]))
        for m in up[:5]
        for when, rank in zip(years, ("rank_before", "rank_after"), strict=True)
    )
    caveats = (
        *moved_basis(comparison),
        Said("s_moved", (f"{source.report.moved:g}",)),
        *_incomplete(comparison.years_after[1], comparison.lacking),
    )
    return Sentence("rose", Said("s_rose", values), caveats, "movers", Chart("slopes", rows))


def uneven(source: Source) -> Sentence | None:
    """Which of the first countries is most uneven against the world, and where it is strong and weak: its share of an area against the
    one that its papers of the same years lead to expect (`affil.rank.profiles`).

    An area counts if it has at least `report.story_papers` papers; a country, if its strongest area is at least `report.uneven`
    times its weakest.
    """
    ranking = source.rankings["country", "adjusted"]
    areas = told_areas(source.rankings, source.report)
    if len(areas) < 2 or len(ranking.frame) < 2:
        return None
    found = []
    for identifier in ranking.frame["id"].head(source.report.uneven_among):
        between = spread(source.profiles.get(identifier, {}), areas)
        if between is not None and between.times >= source.report.uneven:
            found.append((between, identifier))
    if not found:
        return None
    between, identifier = max(found, key=lambda one: one[0].times)
    own = source.profiles[identifier]
    told = [(Area(a), percent(own[a].share, 1), factor(own[a].ratio)) for a in (between.strong, between.weak)]
    others = len(ranking.frame) > source.report.uneven_among
    caveats = (
        Said("s_expected"),
        *((Said("s_among", (number(source.report.uneven_among),)),) if others else ()),
        Said("s_areas", (number(min(source.rankings["country", a].coverage.papers for a in areas)),)),
        *((Said("s_empty", (tuple(Area(a) for a in missing),)),) if (missing := empty_areas(ranking)) else ()),
    )
    rows = tuple((Area(a), "", own[a].ratio) for a in areas if a in own and own[a].expected)
    said = Said("s_uneven", (Named("country", identifier), *told[0], *told[1]))
    return Sentence("uneven", said, caveats, "areas", Chart("times", rows))


def told_areas(rankings: Mapping[tuple[Level, str], Ranking], report: ReportSettings) -> list[str]:
    """The areas with enough papers (`report.story_papers`) to say that a country is strong or weak there."""
    counted = [a for a in AREAS if ("country", a) in rankings]
    return [a for a in counted if rankings["country", a].coverage.papers >= report.story_papers]


def latest(source: Source) -> Sentence | None:
    """The last year set against the one before over the venues of both; nothing where these have less than `report.story_last` of one's."""
    trend = source.trends["country", "publications"]
    step = trend.step
    if step is None or min(map(step.share, step.ends)) < source.report.story_last:
        return None
    (before, last), papers = step.ends, dict(zip(step.years, step.papers, strict=True))
    found = trend.frame.set_index("id")
    ids = [
        i for i in source.rankings["country", "adjusted"].frame["id"].head(source.report.story_countries) if i in found.index
    ]
    enough = [i for i in ids if found.loc[i, before] >= source.report.story_output]
    grown = [(i, float(found.loc[i, "growth_last"])) for i in enough]
    grown = [(i, g) for i, g in grown if g == g]
    if not grown:
        return None
    values = (before, last, points(papers[last] / papers[before] - 1), Named("country", grown[0][0]), points(grown[0][1]))
    counts = (number(len(step.venues)), before, number(papers[before]), last, number(papers[last]))
    rests = Said("s_latest_rests", (percent(step.rests_on, 0),))
    caveats = (Said("s_latest_counted", counts), rests, *_incomplete(last, trend.lacking))
    rows = tuple((Named("country", i), "", g) for i, g in grown)
    return Sentence("latest", Said("s_latest", values), caveats, "trends", Chart("growth", rows))


def asia(source: Source) -> Sentence | None:
    """Which of the first ten countries are Asian; nothing of fewer than ten, or of none."""
    ranking = source.rankings["country", "adjusted"]
    frame = ranking.frame.head(_FIRST)
    asian = frame[frame["id"].map(continent_of) == "AS"]
    if len(frame) < _FIRST or not len(asian):
        return None
    found = tuple(Named("country", i) for i in asian["id"])
    return Sentence(
        "asia", Said("s_asia", (number(len(found)), found)), (_counted(ranking),), "countries", _shares(asian, "country")
    )


def first_places(source: Source) -> Sentence | None:
    """The first three cities and universities; nothing of fewer."""
    cities, institutions = source.rankings["city", "adjusted"].frame, source.rankings["institution", "adjusted"].frame
    universities = institutions[institutions["kind"] == "education"]
    if len(cities) < 3 or len(universities) < 3:
        return None
    values = (
        tuple(Named("city", i) for i in cities["id"].head(3)),
        tuple(Named("institution", i) for i in universities["id"].head(3)),
        Named("institution", institutions["id"].iloc[0]),
    )
    shares = _shares(cities.head(_FIRST), "city")
    first = {*institutions["id"].head(_FIRST)}
    apart = [
        one
        for one in source.rankings["institution", "adjusted"].families
        if one.rank <= _FIRST and not first.isdisjoint(one.ids)
    ]
    caveats = (_counted(source.rankings["city", "adjusted"]), *map(_as_one, apart))
    return Sentence("places", Said("s_places", values), caveats, "institutions", shares)


def _as_one(family: Family) -> Said:
    """The rank of rows that are counted apart, as one."""
    names = Together(tuple(Named("institution", one) for one in family.ids))
    if family.whole in family.ids:
        return Said("family", (names, number(family.rank)))
    return Said("family_as", (names, Named("institution", family.whole), number(family.rank)))


def moves(comparison: Comparison, compared: int, least: float) -> list[dict[str, Any]]:
    """Rows of a comparison that are among the first in either period and of at least some output in the better one, those that
    rose most first.
    """
    frame = comparison.frame
    first = frame[(frame["rank_after"] <= compared) | (frame["rank_before"] <= compared)]
    first = first[first[["before", "after"]].max(axis=1) >= least]
    first = first.assign(moved=first["rank_before"] - first["rank_after"])
    first = first.sort_values(["moved", "after", "name"], ascending=[False, False, True])
    return [{str(k): v for k, v in row.items()} for row in first.to_dict("records")]


def empty_areas(ranking: Ranking) -> tuple[str, ...]:
    """The areas of the index's mean without papers."""
    return ranking.coverage.empty_areas


def say(said: Said, text: Callable[..., str], name: Callable[[Level, str], str], area: Callable[[str], str]) -> str:
    """A message with its values, in the language of the functions given."""

    def shown(value: Value) -> object:
        if isinstance(value, Said):
            return say(value, text, name, area)
        if isinstance(value, Together):
            return text("and").join(str(shown(one)) for one in (value.names[:-1], value.names[-1]))
        if isinstance(value, tuple):
            return text("s_and").join(str(shown(v)) for v in value)
        return (
            name(value.level, value.id) if isinstance(value, Named) else area(value.name) if isinstance(value, Area) else value
        )

    return text(said.key, *map(shown, said.values))


def _shares(frame: pd.DataFrame, level: Level) -> Chart:
    """Bars of the shares of a ranking's rows."""
    return Chart("bars", tuple((Named(level, i), "", float(s)) for i, s in zip(frame["id"], frame["share"], strict=True)))


def _counted(ranking: Ranking) -> Said:
    """How much of the papers' weight was matched, and how much waits for review."""
    return Said("s_review", (percent(ranking.coverage.review, 1), percent(ranking.coverage.counted, 0)))


def at_venues(venues: Sequence[str], most: int) -> Said:
    """Where something was counted: the venues, or, of more than `most`, how many."""
    return Said("s_at", (tuple(venues),)) if len(venues) <= most else Said("s_at_many", (number(len(venues)),))


def _all_venues(venues: Sequence[str], most: int) -> tuple[Said, ...]:
    """The names of venues of which a sentence says only how many."""
    return () if len(venues) <= most else (Said("s_venues", (tuple(venues),)),)


def growth_basis(trend: Trend) -> tuple[Said, ...]:
    """What growth rests on: the two years and the venues, which are left out, why no other years; and whether the last year is incomplete."""
    limits = (percent(trend.settings.panel_share, 0), trend.settings.link_papers)
    if trend.base is None:
        return (Said("growth_none", limits), *_incomplete(trend.years[-1], trend.lacking))
    first, last = trend.base.ends
    shares = (percent(trend.base.share(y), 0) for y in (first, last))
    told = [Said("growth_basis", (first, last, trend.base.venues, *shares, Said(f"measures.{trend.by}")))]
    if trend.left_out:
        told.append(Said("growth_left_out", (trend.left_out,)))
    if trend.base.ends != (trend.years[0], trend.years[-1]):
        told.append(Said("growth_from", (trend.years[0], trend.years[-1], *limits)))
    return (*told, *_incomplete(trend.years[-1], trend.lacking))


def moved_basis(comparison: Comparison) -> tuple[Said, ...]:
    """What a comparison of two periods rests on: the years that are set against each other, what share of their papers, and whether
    laboratories are counted with what they belong to.
    """
    rests = Said("rests_on", (percent(comparison.rests_on, 0), comparison.pairs_told))
    return (rests, Said("s_labs")) if comparison.roll_up == "labs" else (rests,)


def _incomplete(year: int, lacking: Sequence[str]) -> tuple[Said, ...]:
    return (Said("incomplete", (year, tuple(lacking), year - 1)),) if lacking else ()
