"""The ranking against a recomputation in plain Python with exact fractions, which shares no code with it."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.papers.read import paper_digest
from affil.rank import AREAS, LEVELS, MEASURES, Ranking, Tables, Venue, Venues, measure, rank
from affil.rank.measure import counts
from affil.rank.places import hong_kong_groups
from affil.settings import RankSettings
from affil.types import Author, Paper
from tests.examples import examples

from .recompute import person, tops

Answers = dict[str, list[tuple[str, str]]]  # string -> (id, decision); empty: none; absent: not matched yet

VENUES = Venues(
    [
        Venue("CV", "Vision", ("computer vision",)),
        Venue("RL", "Robot Learning", ("robotics", "machine learning"), 1.5, ("Robots",)),
        Venue("NL", "Language", ("natural language processing",), 0.7),
        Venue("WEB", "The Web", ()),
    ]
)
INSTITUTIONS = [  # id, successor, name, kind, country, region, city
    ("a", "a", "Alpha", "education", "US", "US-MA", "Cambridge"),
    ("b", "b", "Beta", "company", "US", "", "Cambridge"),
    ("c", "c", "Gamma", "education", "GB", "GB-ENG", "Cambridge"),
    ("d", "d", "Delta", "education", "CN", "CN-BJ", "Beijing"),
    ("h", "h", "Eta", "education", "HK", "HK-NTP", "Hong Kong"),
    ("n", "n", "Nowhere", "other", "", "", ""),
    ("o", "a", "Old Alpha", "education", "DE", "DE-BY", "München"),
]
PARENTS = {"b": ["a"], "d": ["c", "o"]}
CONTINENTS = {"US": "North America", "GB": "Europe", "CN": "Asia", "HK": "Asia", "DE": "Europe"}
IDS = [row[0] for row in INSTITUTIONS]
STRINGS = [f"s{i}" for i in range(8)]


def tables(
    papers: list[Paper],
    answers: Answers,
    institutions: list[tuple[str, ...]] = INSTITUTIONS,
    beside: dict[str, list[str]] | None = None,
) -> Tables:
    mentions: list[tuple[str, int | None, str | None, str | None]] = []
    for paper in papers:
        if paper.aligned:
            for position, author in enumerate(paper.authors):
                mentions += [(paper.id, position, author.name, cell) for cell in author.affiliations or (None,)]
        else:
            mentions += [(paper.id, None, None, cell) for cell in paper.paper_affiliations or (None,)]
    chances = {"match": 0.95, "review": 0.6, "none": None}
    matches = [(s, i, chances[d], d) for s, found in answers.items() for i, d in found or [(None, "none")]]
    found = columns(
        ["affiliation", "institution_id", "probability", "decision"],
        [pa.string(), pa.string(), pa.float64(), pa.string()],
        matches,
    )
    if beside is not None:
        named = pa.array([beside.get(s) for s, *_ in matches], pa.list_(pa.string()))
        found = found.append_column("named_parents", named)
    return Tables(
        columns(
            ["id", "title", "venue", "year", "authors", "aligned", "digest"],
            [pa.string(), pa.string(), pa.string(), pa.int16(), pa.int32(), pa.bool_(), pa.binary(16)],
            [(p.id, p.title, p.venue, p.year, len(p.authors), p.aligned, paper_digest(p)) for p in papers],
        ),
        columns(["paper", "position", "author", "affiliation"], [pa.string(), pa.int32(), pa.string(), pa.string()], mentions),
        found,
        columns(
            ["id", "active_id", "name", "kind", "country", "region", "city", "name_zh", "parents"],
            [*[pa.string()] * 8, pa.list_(pa.string())],
            [(*row, "", PARENTS.get(row[0], [])) for row in institutions],
        ),
    )


def columns(names: list[str], types: list[pa.DataType], rows: list[Any]) -> pa.Table:
    return pa.table({n: pa.array([row[i] for row in rows], t) for i, (n, t) in enumerate(zip(names, types, strict=True))})


def entity(identifier: str, level: str, groups: dict[str, str]) -> str | None:
    country, region, city = next(row[4:7] for row in INSTITUTIONS if row[0] == identifier)
    if level == "institution":
        return identifier
    if level == "country":
        return groups.get(country, country) or None
    if level == "continent":
        return CONTINENTS.get(country)
    if level == "region":
        return (region if region != "HK-NTP" else country) or country or None
    if not city:
        return None
    # "b" is in the one US Cambridge that the registry knows a region of.
    return {"b": "US/US-MA/Cambridge"}.get(identifier, f"{country}/{region}/{city}")


def lies_within(identifier: str, within: str | None, groups: dict[str, str]) -> bool:
    country = next(row[4] for row in INSTITUTIONS if row[0] == identifier)
    if within is None:
        return True
    if within == "asia":
        return country in ("CN", "HK")
    asked = {"uk": "GB", "中国": "CN"}[within]
    return country != "" and groups.get(country, country) == groups.get(asked, asked)


def counted_as(
    identifier: str, level: str, groups: dict[str, str], kind: str | None, roll_up: str, named: tuple[str, ...]
) -> dict[str, Fraction]:
    """The entities that an institution counts for, each with its part, where a string names others beside it."""
    successor = {row[0]: row[1] for row in INSTITUTIONS}
    kinds = {row[0]: row[3] for row in INSTITUTIONS}
    if level == "institution":
        parents = {i: [successor[p] for p in PARENTS.get(i, [])] for i in IDS}
        found = tops(identifier, parents, roll_up, named)
        return {top: Fraction(part) for top, part in found.items() if kind in (None, kinds[top])}
    where = entity(identifier, level, groups)
    return {where: Fraction(1)} if where is not None and kind in (None, kinds[identifier]) else {}


def naive(
    papers: list[Paper],
    answers: Answers,
    decisions: dict[str, list[str]],
    config: RankSettings,
    level: str,
    area: str | None = None,
    venue: str | None = None,
    years: tuple[int, int] | None = None,
    kind: str | None = None,
    roll_up: str = "none",
    within: str | None = None,
    beside: dict[str, list[str]] | None = None,
) -> tuple[dict[str, dict[str, float]], dict[str, Fraction]]:
    successor = {row[0]: row[1] for row in INSTITUTIONS}
    areas = (area,) if area else AREAS
    whole: dict[str, set[str]] = defaultdict(set)
    loose: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    adjusted: dict[str, Fraction] = defaultdict(Fraction)
    by_area: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    kinds: dict[str, int] = defaultdict(int)
    for paper in papers:
        known = VENUES.resolve(paper.venue)
        of_venue = known.areas if known else ()
        if (years and not years[0] <= paper.year <= years[1]) or (venue and (known.venue if known else paper.venue) != venue):
            continue
        if area and area not in of_venue:
            continue
        weight = Fraction(str(known.weight)) if known else Fraction(1)
        shares = {a: Fraction(1, len(of_venue)) for a in of_venue if a in areas}
        in_slice = sum(shares.values()) if area else Fraction(1)
        groups = [(a.name, a.affiliations) for a in paper.authors] if paper.aligned else [(None, paper.paper_affiliations)]
        for name, cells in groups:
            claims: dict[str, tuple[str, ...]] = {}  # with what is named beside: by the first string that does
            for cell in sorted(cells) or (None,):
                if cell is None:
                    kinds["missing"] += 1
                    continue
                decided = cell in decisions
                answer = [(i, "match") for i in decisions[cell]] if decided else answers.get(cell, [])
                found = [(i, d) for i, d in answer if i in successor]
                if cell not in decisions and cell not in answers:
                    kinds["pending"] += 1
                elif not found:
                    kinds["none"] += 1
                else:
                    kinds["matched" if any(d == "match" for _, d in found) else "review"] += 1
                counted = {successor[i] for i, d in found if d == "match" or config.include_review}
                model = {successor[i] for i, _ in answers.get(cell, [])}
                named = tuple(successor[i] for i in (beside or {}).get(cell, []) if i in successor)
                for one in counted or {f"unknown {cell}"}:
                    claims[one] = claims.get(one) or (named if one in model else ())
            for one in claims:
                if one not in successor:
                    continue
                part = weight / (len(paper.authors) if paper.aligned else 1) / len(claims)
                for where, own in counted_as(one, level, config.country_groups, kind, roll_up, claims[one]).items():
                    if not lies_within(where if level == "institution" else one, within, config.country_groups):
                        continue
                    whole[where].add(paper.id)
                    if not paper.aligned:
                        loose[where].add(paper.id)
                    elif name is not None and person(name):
                        names[where].add(person(name))
                    adjusted[where] += part * own * in_slice
                    for a, share in shares.items():
                        by_area[where][a] += part * own * share
    out = {}
    for where in whole:
        values = [float(by_area[where][a]) + config.offset for a in areas]
        out[where] = {
            "publications": len(whole[where]),
            "authors": len(names[where]),
            "adjusted": float(adjusted[where]),
            "index": math.prod(values) ** (1 / len(areas)),
            "unaligned": len(loose[where]),
        }
    mentions = sum(kinds.values())
    return out, {kind: Fraction(count, mentions) for kind, count in kinds.items()}


cells = st.lists(st.sampled_from(STRINGS), max_size=3).map(tuple)
authors = st.builds(Author, st.sampled_from(["Wei Wang", "wei-wang", "Wang, Wei", "J. Müller", "J Muller", "王伟", "."]), cells)
paper = st.one_of(
    st.builds(
        Paper,
        st.uuids().map(str),
        st.just(""),
        st.sampled_from(["CV", "RL", "Robots", "NL", "WEB", "Elsewhere"]),
        st.integers(2018, 2022),
        st.lists(authors, max_size=4).map(tuple),
    ),
    st.builds(
        Paper,
        st.uuids().map(str),
        st.just(""),
        st.sampled_from(["CV", "RL", "WEB"]),
        st.integers(2018, 2022),
        st.lists(st.builds(Author, st.just("A")), max_size=3).map(tuple),
        st.just(False),
        cells,
    ),
)
found = st.lists(
    st.tuples(st.sampled_from(IDS), st.sampled_from(["match", "review"])), max_size=3, unique_by=lambda pair: pair[0]
)
decided_ids = st.lists(st.sampled_from([*IDS, "gone"]), max_size=2, unique=True)
configs = st.builds(
    RankSettings,
    offset=st.sampled_from([0.0, 0.5, 1.0]),
    include_review=st.booleans(),
    ranges=st.booleans(),
    country_groups=st.sampled_from([{}, {"HK": "CN"}, {"HK": "CN", "CN": "CN", "GB": "US"}]),
)


asked = st.builds(
    lambda by, query, more: (by, query | more),
    st.sampled_from(MEASURES),
    st.fixed_dictionaries(
        {
            "level": st.sampled_from(LEVELS),
            "area": st.sampled_from([None, None, "robotics", "computer vision"]),
            "venue": st.sampled_from([None, None, "RL", "Elsewhere"]),
            "years": st.sampled_from([None, (2019, 2021)]),
            "within": st.sampled_from([None, None, "asia", "uk", "中国"]),
        }
    ),
    st.sampled_from([{}, {}, {"kind": "education"}, {"roll_up": "parent"}, {"roll_up": "top", "kind": "company"}]),
)


@examples(12)
@given(
    papers=st.lists(paper, min_size=1, max_size=12, unique_by=lambda p: p.id),
    answers=st.dictionaries(st.sampled_from(STRINGS), found),
    decisions=st.dictionaries(
        st.sampled_from(STRINGS), st.lists(st.sampled_from([*IDS, "gone"]), max_size=2, unique=True), max_size=3
    ),
    config=configs,
    queries=st.lists(asked, min_size=2, max_size=2),
    beside=st.none() | st.dictionaries(st.sampled_from(STRINGS), decided_ids),
)
def test_equals_the_naive_recomputation(
    papers: list[Paper],
    answers: Answers,
    decisions: dict[str, list[str]],
    config: RankSettings,
    queries: list[tuple[str, dict[str, Any]]],
    beside: dict[str, list[str]] | None,
) -> None:
    with counts(tables(papers, answers, beside=beside), decisions, VENUES, config) as db:
        for by, query in queries:
            expected, shares = naive(papers, answers, decisions, config, **query, beside=beside)
            try:
                ranking = measure(db, VENUES, config, by=by, **query)
            except AffilError as error:
                assert "there is no paper" in str(error) or "no venue 'Elsewhere'" in str(error)
                assert not expected
            else:
                check(ranking, by, expected, shares)


def check(ranking: Ranking, by: str, expected: dict[str, dict[str, float]], shares: dict[str, Any]) -> None:
    rows = ranking.to_frame().set_index("id")
    assert set(rows.index) == set(expected)
    for where, measures in expected.items():
        for name, value in measures.items():
            assert rows.loc[where, name] == pytest.approx(value, abs=1e-9), (where, name)
    values = sorted((round(m[by], 9) for m in expected.values()), reverse=True)
    for where, measures in expected.items():
        assert rows.loc[where, "rank"] in {values.index(v) + 1 for v in values if abs(v - measures[by]) < 1e-8}
    for kind in ("matched", "review", "none", "missing", "pending"):
        assert getattr(ranking.coverage, kind) == pytest.approx(float(shares.get(kind, 0)), abs=1e-12), kind


@examples(5)
@given(
    papers=st.lists(paper, min_size=3, max_size=12, unique_by=lambda p: p.id),
    answers=st.dictionaries(st.sampled_from(STRINGS), found, min_size=3),
    config=configs,
    level=st.sampled_from(LEVELS),
)
def test_the_same_input_gives_the_same_table_bit_for_bit(
    papers: list[Paper], answers: Answers, config: RankSettings, level: Any
) -> None:
    one, other = (rank(tables(papers, answers), venues=VENUES, settings=config, level=level).frame for _ in range(2))
    assert one.equals(other)


def one_each(*pairs: tuple[str, str]) -> tuple[list[Paper], Answers]:
    papers = [Paper(f"p{n}", "", "CV", 2020, (Author(f"A{n}", (s,)),)) for n, (s, _) in enumerate(pairs)]
    return papers, {s: [(i, "match")] for s, i in pairs}


def test_ties_share_a_rank_and_are_ordered_by_name() -> None:
    papers, answers = one_each(("s0", "d"), ("s1", "c"), ("s2", "a"), ("s2", "a"))
    frame = rank(tables(papers, answers), venues=VENUES, by="publications").to_frame()
    assert list(zip(frame["rank"], frame["name"], strict=True)) == [(1, "Alpha"), (2, "Delta"), (2, "Gamma")]


def test_thirds_tie_with_a_whole() -> None:
    papers, answers = one_each(("s0", "d"))
    three = tuple(Author(f"B{i}", ("s1",)) for i in range(3))
    papers.append(Paper("three", "", "CV", 2020, three))
    frame = rank(tables(papers, {**answers, "s1": [("a", "match")]}), venues=VENUES).to_frame()
    assert list(frame["rank"]) == [1, 1]


def test_a_decision_beats_the_model_and_review_is_not_counted() -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "d"))
    answers["s1"] = [("d", "review")]

    def counted(**kwargs: Any) -> set[str]:
        return set(rank(tables(papers, answers), venues=VENUES, **kwargs).to_frame()["id"])

    assert counted() == {"a"}
    assert counted(settings=RankSettings(include_review=True)) == {"a", "d"}
    assert counted(decisions={"s1": ["c"], "s0": []}) == {"c"}
    assert counted(decisions={"s1": ["o"]}) == {"a"}, "a closed institution counts for its successor"


def test_a_sure_match_beats_a_doubtful_one_of_the_same_institution() -> None:
    papers, _ = one_each(("s0", "a"))
    ranking = rank(tables(papers, {"s0": [("a", "match"), ("o", "review")]}), venues=VENUES)
    assert list(ranking.to_frame()["id"]) == ["a"], "o was merged into a"


def test_a_decided_id_that_the_registry_lost_is_said() -> None:
    papers, answers = one_each(("s0", "a"), ("s1", "d"))
    ranking = rank(tables(papers, answers), venues=VENUES, decisions={"s0": ["gone"], "x": ["gone"]})
    assert set(ranking.to_frame()["id"]) == {"d"}
    assert len(ranking.warnings) == 1
    assert "no longer has gone, decided for 's0' and 1 more strings; the decision is kept" in ranking.warnings[0]


def test_unknown_venues_are_counted_outside_any_area_and_reported() -> None:
    papers = [Paper("p", "", v, 2020, (Author("A", ("s0",)),)) for v in ("Elsewhere",)]
    papers.append(Paper("q", "", "WEB", 2020, (Author("A", ("s0",)),)))
    ranking = rank(tables(papers, {"s0": [("a", "match")]}), venues=VENUES)
    row = ranking.to_frame().iloc[0]
    assert (row["publications"], row["adjusted"], row["index"], row["authors"]) == (2, 2.0, 1.0, 1)
    assert ranking.coverage.unknown_venues == (("Elsewhere", 1),)
    assert ranking.coverage.outside == 2
    assert "Unknown venues, counted outside any area: Elsewhere (1)." in ranking.coverage.lines()


def test_unknown_venues_that_only_letter_case_tells_apart_are_one() -> None:
    names = ("ELSEWHERE", "Elsewhere", "Elsewhere", "elsewhere", "Nowhere")
    papers = [Paper(f"p{n}", "", v, 2020, (Author("A", ("s0",)),)) for n, v in enumerate(names)]
    for asked in ("Elsewhere", "ELSEWHERE", "elseWhere"):
        ranking = rank(tables(papers, {"s0": [("a", "match")]}), venues=VENUES, venue=asked)
        assert (ranking.venue, ranking.coverage.unknown_venues) == ("Elsewhere", (("Elsewhere", 4),))
        assert ranking.to_frame()["publications"].tolist() == [4]
    whole = rank(tables(papers, {"s0": [("a", "match")]}), venues=VENUES)
    assert whole.coverage.unknown_venues == (("Elsewhere", 4), ("Nowhere", 1))


def test_what_a_string_hides_is_not_given_to_the_others() -> None:
    loose = Paper("p", "", "CV", 2020, (), False, ("s0", "s1", "s1", "s2"))
    frame = rank(tables([loose], {"s0": [("a", "match")], "s1": [], "s2": [("a", "match")]}), venues=VENUES).to_frame()
    assert frame[["publications", "authors", "adjusted", "unaligned"]].values.tolist() == [[1, 0, 0.5, 1]]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Wang, Wei", "Wei Wang", True),
        ("MÜLLER, Jörg", "Jorg Muller", True),
        ("Diaz, C., Jr.", "C. Diaz Jr.", True),
        ("Diaz, Jr., Carlos", "Carlos Diaz, Jr", True),
        ("Diaz, III", "Diaz III", True),
        ("Wang, W.", "Wei Wang", False),
        ("Wang Wei", "Wei Wang", False),
        ("Wang,", "Wang", True),
    ],
)
def test_a_name_with_the_family_in_front_is_turned_round(one: str, other: str, same: bool) -> None:
    papers = [Paper(f"p{n}", "", "CV", 2020, (Author(name, ("s0",)),)) for n, name in enumerate((one, other))]
    found = rank(tables(papers, {"s0": [("a", "match")]}), venues=VENUES)
    assert found.frame["authors"].tolist() == [1 if same else 2]
    assert len({person(one), person(other)}) == (1 if same else 2)


def test_two_thousand_authors() -> None:
    many = Paper("p", "", "CV", 2020, tuple(Author(f"A{i}", ("s0",)) for i in range(2000)))
    row = rank(tables([many], {"s0": [("a", "match")]}), venues=VENUES).to_frame().iloc[0]
    assert (row["publications"], row["authors"]) == (1, 2000)
    assert row["adjusted"] == pytest.approx(1, abs=1e-9)


def test_names_of_places() -> None:
    papers, answers = one_each(("s0", "d"), ("s1", "h"), ("s2", "b"))

    def named(level: Any, **kwargs: Any) -> dict[str, str]:
        frame = rank(tables(papers, answers), venues=VENUES, level=level, **kwargs).to_frame()
        return dict(zip(frame["id"], frame["name"], strict=True))

    assert named("country") == {"CN": "China", "HK": "Hong Kong", "US": "United States"}
    assert named("country", settings=RankSettings(country_groups={"HK": "CN"})) == {"CN": "China", "US": "United States"}
    assert named("region") == {"CN-BJ": "Beijing", "HK": "Hong Kong", "US": "United States (region unknown)"}
    assert named("city") == {
        "CN/CN-BJ/Beijing": "Beijing",
        "HK/HK-NTP/Hong Kong": "Hong Kong",
        "US/US-MA/Cambridge": "Cambridge",
    }
    assert "name_zh" in rank(tables(papers, answers), venues=VENUES, level="country").to_frame()


def test_a_place_where_nothing_is_counted_is_said() -> None:
    """AS is American Samoa, which few mean."""
    papers, answers = one_each(("s0", "d"))
    found = rank(tables(papers, answers), venues=VENUES, within="AS")
    assert found.frame.empty
    assert found.warnings == ("nothing is counted in American Samoa; continents go by their names, such as Asia",)
    assert rank(tables(papers, answers), venues=VENUES, within="Asia").warnings == ()


def test_hong_kong_is_counted_with_china_or_apart() -> None:
    papers, answers = one_each(("s0", "d"), ("s1", "h"), ("s2", "b"))
    grouped, china = RankSettings(country_groups={"HK": "CN", "GB": "EU"}), {"CN": "China", "US": "United States"}

    def named(**kwargs: Any) -> dict[str, str]:
        frame = rank(tables(papers, answers), venues=VENUES, level="country", **kwargs).to_frame()
        return dict(zip(frame["id"], frame["name"], strict=True))

    assert named(hong_kong="with") == named(settings=grouped) == named(settings=grouped, hong_kong="with") == china
    assert named(hong_kong="apart") == named() == named(settings=grouped, hong_kong="apart") == {**china, "HK": "Hong Kong"}
    assert named(hong_kong="with", within="China") == {"CN": "China"}
    assert hong_kong_groups({"HK": "CN", "GB": "EU"}, "apart") == {"GB": "EU"}
    assert hong_kong_groups({"GB": "EU"}, "with") == {"GB": "EU", "HK": "CN", "MO": "CN"}
    assert hong_kong_groups({"GB": "EU"}, None) == {"GB": "EU"}


def test_credit_without_a_place_is_said() -> None:
    papers, answers = one_each(("s0", "n"), ("s1", "a"), ("s2", "a"), ("s3", "a"))
    assert rank(tables(papers, answers), venues=VENUES, level="country").coverage.unplaced == 0.25
    assert rank(tables(papers, answers), venues=VENUES).coverage.unplaced == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "town"}, "no level 'town'; it is one of: institution, city, region, country, continent"),
        ({"level": "contry"}, r"no level 'contry'; did you mean country\? It is one of: institution"),
        ({"by": "ajusted"}, "no measure 'ajusted'; did you mean adjusted"),
        ({"kind": "universites"}, "no kind 'universites'; did you mean education"),
        ({"area": "roboitcs"}, r"no area 'roboitcs'; did you mean: robotics\? The areas are: computer vision \(cv\)"),
        ({"within": "Germny"}, "no country or continent 'Germny'; did you mean: Germany"),
        ({"hong_kong": "aprt"}, "no way to count Hong Kong 'aprt'; did you mean apart"),
        ({"preset": "csranking"}, "no preset of venues 'csranking'; did you mean csrankings-like"),
        ({"preset": "csrankings-like"}, "there is no paper of the venues of csrankings-like; there are papers of 2020 in CV"),
        ({"by": "h-index"}, "no measure 'h-index'"),
        ({"area": "chess"}, "no area 'chess'; the areas are: computer vision"),
        ({"venue": "Elsewher"}, "no venue 'Elsewher'"),
        ({"years": "2022-2020"}, "run backwards; did you mean 2020-2022"),
        ({"years": "soon"}, "e.g. 2020 or 2014-2024, not 'soon'"),
        ({"years": "1-2-3"}, "years are one year or a range"),
        ({"limit": 0}, "a limit is at least 1"),
        ({"years": 1999}, r"there is no paper in 1999; there are papers of 2020 in CV"),
        ({"area": "simulation"}, "there is no paper in simulation"),
    ],
)
def test_impossible_requests(arguments: dict[str, Any], message: str) -> None:
    papers, answers = one_each(("s0", "a"))
    with pytest.raises(AffilError, match=message):
        rank(tables(papers, answers), venues=VENUES, **arguments)


def test_limit_and_json() -> None:
    papers, answers = one_each(("s0", "d"), ("s1", "c"))
    ranking = rank(tables(papers, answers), venues=VENUES, limit=1, years="2019-2020", area="Computer-Vision")
    out = ranking.to_dict()
    assert [row["id"] for row in out["ranking"]] == ["d"]
    assert (out["years"], out["area"], out["coverage"]["mentions"]) == ([2019, 2020], "computer vision", 2)


def test_a_year_in_which_the_venue_did_not_exist_is_reported() -> None:
    venues = Venues([Venue("CV", "Vision", ("computer vision",), years=(2019, None))])
    papers = [Paper(f"p{y}", "", "CV", y, (Author("A", ("s0",)),)) for y in (2018, 2019)]
    ranking = rank(tables(papers, {"s0": [("a", "match")]}), venues=venues)
    assert (ranking.coverage.misdated, ranking.coverage.outside) == ((("CV 2018", 1),), 1)
    assert "Years in which the venue did not exist, counted outside any area: CV 2018 (1)." in ranking.coverage.lines()
    assert ranking.frame["index"][0] == pytest.approx(2 ** (1 / 8))


def test_a_paper_that_is_there_twice_counts_once() -> None:
    title = "On the Folding of Paper Boats"
    ana, bo = Author("Ana Lí", ("s0",)), Author("Bo Chen", ("s1",))
    papers = [
        Paper("p1", title, "CV", 2020, (ana,)),
        Paper("p2", title.upper() + "!", "CV", 2020, (Author("ana-li", ("s0",)), bo)),
        Paper("p3", title, "CV", 2020, (), False, ("s0",)),
        Paper("p4", title, "CV", 2021, (ana,)),
        Paper("p5", title, "CV", 2020, (Author("Someone Else", ("s1",)),)),
        Paper("p6", "Editorial", "CV", 2020, (ana,)),
        Paper("p7", "Editorial", "CV", 2020, (ana,)),
    ]
    ranking = rank(tables(papers, {"s0": [("a", "match")], "s1": [("d", "match")]}), venues=VENUES)
    rows = ranking.to_frame().set_index("id")
    assert (ranking.coverage.papers, ranking.coverage.repeated, ranking.coverage.mentions) == (5, 2, 6)
    assert rows["publications"].to_dict() == {"a": 4, "d": 2}, (
        "p2, which says most, stands for p1 and p3; p5 is by somebody else"
    )
    assert "2 more records of a paper that is counted already." in ranking.coverage.lines()


def test_parents_and_kinds() -> None:
    papers, answers = one_each(("s0", "b"), ("s1", "d"), ("s2", "c"))

    def counted(**query: Any) -> dict[str, tuple[float, int]]:
        rows = rank(tables(papers, answers), venues=VENUES, **query).frame
        return {i: (a, p) for i, a, p in zip(rows["id"], rows["adjusted"], rows["publications"], strict=True)}

    assert counted(roll_up="parent") == {"c": (1.5, 2), "a": (1.5, 2)}, "d has the parents c and o, which was merged into a"
    assert counted(roll_up="top", kind="company") == {}
    assert counted(kind="company") == {"b": (1.0, 1)}
    assert counted(kind="universities", level="country") == {"CN": (1.0, 1), "GB": (1.0, 1)}
    assert counted(roll_up="parent", settings=RankSettings(not_parents=("a",))) == {"b": (1.0, 1), "c": (2.0, 2)}


def test_groups_of_regions_and_weights_of_areas() -> None:
    papers, answers = one_each(("s0", "d"), ("s1", "h"), ("s2", "c"))
    groups = RankSettings(region_groups={"HK": "Bay", "CN-BJ": "Bay", "GB-ENG": "US-MA"}, ranges=False)
    frame = rank(tables(papers, answers), venues=VENUES, level="region", settings=groups).frame
    assert frame[["id", "name", "country", "publications"]].values.tolist() == [
        ["Bay", "Bay", "", 2],
        ["US-MA", "Massachusetts", "", 1],
    ]
    only = RankSettings(area_weights={a: 0 for a in AREAS if a != "computer vision"})
    assert rank(tables(papers, answers), venues=VENUES, settings=only).frame["index"].tolist() == pytest.approx([2, 2, 2])
    for weights, message in (
        ({"chess": 1.0}, "knows no area 'chess'"),
        (dict.fromkeys(AREAS, 0.0), "leaves no area any weight"),
    ):
        with pytest.raises(AffilError, match=message):
            rank(tables(papers, answers), venues=VENUES, settings=RankSettings(area_weights=weights))
