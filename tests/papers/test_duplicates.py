"""Records of one paper from several sources."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.papers.common import bare_doi
from affil.papers.duplicates import Apart, Merged, Merger, OwnIds, are_another, identity_of, richness, title_key
from affil.types import Author, Paper

TITLE = "Learning to Rank Institutions from Messy Strings"
LEAST = 20


def paper(id: str, *affiliations: str, doi: str = "", title: str = TITLE, year: int = 2024, first: str = "Li, Ana") -> Paper:
    return Paper(id, title, "ICML", year, (Author(first, affiliations), Author("Bo Chen")), doi=doi)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1000/ABC.1", "10.1000/abc.1"),
        ("https://doi.org/10.1000/abc.1", "10.1000/abc.1"),
        ("doi:10.1000/abc(2)3", "10.1000/abc(2)3"),
        ("DOI 10.1000/abc.", "10.1000/abc"),
        ("http://dx.doi.org/10.1000%2Fabc", "10.1000/abc"),
        ("", ""),
        ("not one", ""),
        ("11.1000/abc", ""),
    ],
)
def test_dois_in_all_forms(text: str, doi: str) -> None:
    assert bare_doi(text) == doi


def test_the_richer_record_of_one_doi_is_kept_whichever_comes_first() -> None:
    poor, rich = paper("a", doi="10.1000/X"), paper("b", "MIT", doi="https://doi.org/10.1000/x")
    merger = Merger(LEAST)
    assert merger.add(poor, "crossref") is None
    assert merger.add(rich, "scopus") is None
    assert merger.dropped == {"a"}
    assert merger.merged == [Merged("b", "a", "doi", "scopus", "crossref")]
    merger = Merger(LEAST)
    assert merger.add(rich, "scopus") is None
    assert merger.add(poor, "crossref") == "b"
    assert merger.dropped == {"a"}


def test_without_a_doi_title_year_and_first_author_tell_across_sources() -> None:
    merger = Merger(LEAST)
    assert merger.add(paper("a", "MIT", doi="10.1000/x"), "scopus") is None
    assert merger.add(paper("b", title="Learning to rank institutions, from messy strings!", first="A. Li"), "dblp") == "a"
    assert merger.add(paper("c", year=2023), "dblp") is None
    assert merger.add(paper("d", first="Bo Chen"), "dblp") is None
    assert merger.add(paper("e", title="Editorial"), "dblp") is None
    assert merger.add(paper("f", title="Editorial"), "scopus") is None
    assert merger.dropped == {"b"}


def test_two_papers_of_one_title_stay_two_where_the_source_or_the_dois_say_so() -> None:
    merger = Merger(LEAST)
    assert merger.add(paper("a", "MIT"), "affil") is None
    assert merger.add(paper("b"), "affil") is None
    merger = Merger(LEAST)
    assert merger.add(paper("a", "MIT", doi="10.1000/x"), "scopus") is None
    assert merger.add(paper("b", doi="10.1000/y"), "dblp") is None
    assert not merger.dropped


def test_three_records_that_are_tied_by_different_things_are_one() -> None:
    merger = Merger(LEAST)
    merger.add(paper("a", doi="10.1000/x", title="Something else that is long enough"), "crossref")
    merger.add(paper("b"), "dblp")
    assert merger.add(paper("c", "MIT", doi="10.1000/x"), "scopus") is None
    assert merger.dropped == {"a", "b"}
    assert merger.add(paper("a", doi="10.1000/x", title="Something else that is long enough"), "crossref") == "c"


def test_what_stands_in_a_workspace_already_is_known() -> None:
    held = paper("a", "MIT", doi="10.1000/x")
    merger = Merger(LEAST)
    merger.know("a", "scopus", held.doi, title_key(held.title, held.year, "Li, Ana", LEAST), richness(held), identity_of(held))
    assert merger.add(paper("b", doi="10.1000/X"), "crossref") == "a"
    assert merger.add(paper("c", "MIT", "CMU", doi="10.1000/x"), "wos") is None
    assert merger.dropped == {"a", "b"}


def test_of_one_id_in_two_formats_the_richer_is_kept_whichever_comes_first() -> None:
    poor, rich = paper("a"), paper("a", "MIT")
    merger = Merger(LEAST)
    assert (merger.add(poor, "crossref"), merger.add(rich, "scopus")) == (None, None)
    assert merger.merged == [Merged("a", "a", "id", "scopus", "crossref")]
    merger = Merger(LEAST)
    assert (merger.add(rich, "scopus"), merger.add(poor, "crossref")) == (None, "a")
    assert merger.merged == [Merged("a", "a", "id", "scopus", "crossref")]
    assert not merger.dropped


def test_a_newer_version_of_the_same_source_replaces_an_older_one_however_rich() -> None:
    merger = Merger(LEAST)
    old = paper("a", "MIT", "CSAIL")
    merger.know("a", "scopus", "", b"", richness(old), identity_of(old))
    assert merger.add(paper("a", "MIT"), "crossref") == "a", "another source"
    assert merger.add(paper("a"), "scopus") is None, "the same source"
    assert merger.add(paper("a", "MIT"), "scopus") is None, "of one reading, the richest"
    assert merger.add(paper("a", "CMU"), "scopus") == "a", "of equally rich ones of a source, the first"


def test_a_record_that_ties_two_together_does_so_even_when_it_is_the_poorest() -> None:
    tie = paper("a", doi="10.1000/x", title="")
    others = [(paper("a", "MIT", title=""), "scopus"), (paper("b", "MIT", "CMU", doi="10.1000/x", title=""), "pubmed")]
    for order in itertools.permutations([(tie, "crossref"), *others]):
        merger = Merger(LEAST)
        for one, source in order:
            merger.add(one, source)
        assert merger.dropped == {"a"}


def test_a_fixed_record_is_kept_however_rich_others_are() -> None:
    merger = Merger(LEAST)
    merger.know("a", "scopus", "10.1000/x", b"", richness(paper("a")), identity_of(paper("a")), fixed=True)
    assert merger.add(paper("a"), "scopus") is None
    assert merger.add(paper("b", "MIT", doi="10.1000/x"), "crossref") == "a"
    assert merger.add(paper("a", "MIT"), "crossref") == "a"


OTHER = "A volume of proceedings has one DOI too"


def test_papers_of_one_source_with_a_volumes_doi_stay_two() -> None:
    merger = Merger(LEAST)
    assert merger.add(paper("a", "MIT", doi="10.1000/v"), "table") is None
    assert merger.add(paper("b", doi="10.1000/v", title=OTHER, first="Bo Chen"), "table") is None
    assert (merger.dropped, merger.merged, merger.apart) == (frozenset(), [], [Apart("10.1000/v", "a", "b")])


@pytest.mark.parametrize(
    ("source", "title", "first"),
    [("scopus", OTHER, "Bo Chen"), ("table", OTHER, "Li, Ana"), ("table", TITLE, "Bo Chen")],
    ids=["another source may translate", "a title corrected", "a name corrected"],
)
def test_one_doi_is_one_paper_where_not_both_title_and_author_of_one_source_differ(source: str, title: str, first: str) -> None:
    merger = Merger(LEAST)
    merger.add(paper("a", "MIT", doi="10.1000/v"), "table")
    assert merger.add(paper("b", doi="10.1000/v", title=title, first=first), source) == "a"
    assert not merger.apart


@pytest.mark.parametrize(
    ("changed", "another"),
    [
        ({"title": OTHER}, False),
        ({"year": 2020}, False),
        ({"year": 2020, "first": "Bo Chen"}, False),
        ({"title": OTHER, "year": 2020}, True),
        ({"title": OTHER, "first": "Bo Chen"}, True),
        ({"title": "", "year": 2020}, False),
        ({"title": TITLE.upper() + "!", "year": 2020}, False),
    ],
)
def test_of_one_id_a_title_that_differs_with_something_else_is_of_another_paper(changed: dict[str, Any], another: bool) -> None:
    one, other = paper("1"), paper("1", **changed)
    assert are_another(identity_of(one), identity_of(other)) is another
    assert are_another(identity_of(other), identity_of(one)) is another
    ids = OwnIds()
    assert ids.know("1", identity_of(one), "a.csv, row 2") == ""
    assert ids.know("2", identity_of(other), "b.csv, row 2") == ""
    assert ids.know("1", identity_of(other), "b.csv, row 3") == ("a.csv, row 2" if another else "")


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.booleans(), st.lists(st.sampled_from(["MIT", "CMU"]), max_size=3)), max_size=6
    ),
    st.randoms(),
)
def test_the_order_across_formats_does_not_matter(given: list[tuple[str, bool, list[str]]], order: random.Random) -> None:
    """Each record is of a format of its own; all have one id, or another and the same DOI."""
    records = [(paper(id, *strings, doi="10.1000/x"), f"f{n}", part) for n, (id, part, strings) in enumerate(given)]
    best = max(records, key=lambda r: (richness(r[0], partial=r[2]), -int(r[1][1:])), default=None)
    order.shuffle(records)
    merger = Merger(LEAST)
    held: dict[str, str] = {}
    for one, source, partial in records:
        if merger.add(one, source, partial=partial) is None:
            held[one.id] = source
    kept = [(id, source) for id, source in held.items() if id not in merger.dropped]
    assert kept == ([(best[0].id, best[1])] if best else [])


records = st.lists(
    st.tuples(st.sampled_from(["", "10.1000/x", "10.1000/y"]), st.sampled_from([TITLE, TITLE + " again"]), st.integers(0, 3)),
    max_size=8,
)


@given(records, st.randoms())
@settings(max_examples=200)
def test_one_is_kept_of_each_paper_and_it_is_the_richest_of_those_it_stands_for(
    given: list[tuple[str, str, int]], order: random.Random
) -> None:
    papers = [paper(f"p{n}", *["MIT"] * count, doi=doi, title=title) for n, (doi, title, count) in enumerate(given)]
    order.shuffle(papers)
    merger = Merger(LEAST)
    for n, one in enumerate(papers):
        merger.add(one, f"source {n}")
    kept = [p for p in papers if p.id not in merger.dropped]
    by_id = {p.id: p for p in papers}
    assert bool(kept) == bool(papers)
    for one in merger.merged:
        assert richness(by_id[one.kept]) >= richness(by_id[one.dropped])
    for doi in {p.doi for p in papers} - {""}:
        assert sum(p.doi == doi for p in kept) <= 1
        assert any(p.doi == doi for p in papers)
