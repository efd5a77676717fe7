"""Rows of one university or company are told to be: with what they are together, and nothing where there are none."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.rank import Tables, Venues, rank
from affil.rank.families import Family, families
from affil.rank.measure import counts, measure, with_families
from affil.rank.rollup import Ways
from affil.settings import RankSettings
from tests.examples import examples

KINDS = {
    "mit": "education", "csail": "facility", "media": "facility", "alphabet": "company", "google": "company", "mind": "company",
    "oxford": "education", "joint": "facility", "campus": "education", "system": "education",
}  # fmt: skip
PARENTS = {
    "csail": ["mit"], "media": ["mit"], "google": ["alphabet"], "mind": ["google"], "joint": ["mit", "oxford"], "campus": ["system"],
}  # fmt: skip


def tables(papers: Sequence[str]) -> Tables:
    """A paper of one author for each of these institutions."""
    ids, n = [f"p{k}" for k in range(len(papers))], len(papers)
    records = pa.table({
        "id": ids, "title": ids, "venue": ["CV"] * n, "year": pa.array([2020] * n, pa.int16()),
        "authors": pa.array([1] * n, pa.int32()), "aligned": [True] * n, "digest": pa.array([b"x" * 16] * n, pa.binary(16)),
    })  # fmt: skip
    mentions = {
        "paper": ids, "position": pa.array([0] * n, pa.int32()), "author": [f"author of {p}" for p in ids],
        "affiliation": [*papers],
    }  # fmt: skip
    sure = {"probability": [0.95] * len(KINDS), "decision": ["match"] * len(KINDS)}
    matches = {"affiliation": [*KINDS], "institution_id": [*KINDS], **sure}
    blank = {"name_zh": "", "country": "US", "region": "", "city": "Here"}
    rows = [
        {"id": i, "active_id": i, "name": i.title(), "kind": kind, "parents": PARENTS.get(i, []), **blank}
        for i, kind in KINDS.items()
    ]
    return Tables(records, pa.table(mentions), pa.table(matches), pa.Table.from_pylist(rows))


def found(*papers: str, settings: RankSettings | None = None, **query: object) -> tuple[Family, ...]:
    plain = settings or RankSettings(ranges=False)
    return rank(tables(papers), venues=Venues([]), settings=plain, **query).families  # type: ignore[arg-type]


THREE = ("oxford",) * 3 + ("csail", "csail", "mit", "media")


def test_rows_of_one_university_with_their_rank_as_one() -> None:
    assert [*found(*THREE)] == [Family(("csail", "media", "mit"), ("Csail", "Media", "Mit"), "mit", "Mit", 1)]
    assert found(*THREE[:-1]) == (Family(("csail", "mit"), ("Csail", "Mit"), "mit", "Mit", 1),), "three papers each"
    alphabet = found("google", "mind", "oxford", "oxford", "oxford")
    assert alphabet == (Family(("google", "mind"), ("Google", "Mind"), "alphabet", "Alphabet", 2),)


@pytest.mark.parametrize(
    "query",
    [{"limit": 1}, {"level": "city"}, {"roll_up": "labs"}, {"roll_up": "parent"}, {"kind": "facility"}, {"within": "China"}],
)
def test_nothing_is_told_where_it_is_not_so(query: dict[str, object]) -> None:
    papers = tuple(i for i in THREE if i != "media")
    assert found(*papers, **query) == ()


def test_nothing_is_told_of_others_or_where_it_is_not_wanted() -> None:
    papers = tuple(i for i in THREE if i != "media")
    assert found("mit", "oxford", "joint", "campus", "system") == (), "of two universities, and of kinds that are not rolled up"
    assert found(*papers, settings=RankSettings(ranges=False, families=0)) == ()
    assert found(*papers, settings=RankSettings(ranges=False, not_parents=("mit",))) == ()


def test_what_a_reader_is_told() -> None:
    told = rank(tables(THREE), venues=Venues([]), settings=RankSettings())
    assert told.lines()[-1] == "Csail, Media and Mit are counted apart; as one they have rank 1 (--roll-up labs)."
    assert told.about()["families"][0]["rank"] == 1
    alphabet = rank(tables(("google", "mind")), venues=Venues([]), settings=RankSettings())
    assert alphabet.lines()[-1] == "Google and Mind are counted apart; as one, Alphabet, they have rank 1 (--roll-up labs)."
    none = rank(tables(("mit", "oxford")), venues=Venues([]), settings=RankSettings())
    assert none.lines() == none.coverage.lines()


@examples(10)
@given(st.lists(st.sampled_from([*KINDS]), min_size=1, max_size=12))
def test_those_of_the_ranking_rolled_up(papers: list[str]) -> None:
    """A family has its rank of the ranking by `labs`, and at least as many papers there as its rows have here."""
    settings = RankSettings(ranges=False)
    venues = Venues([])
    with counts(tables(papers), {}, venues, settings) as db:
        apart = with_families(db, venues, measure(db, venues, settings))
        whole = measure(db, venues, settings, roll_up="labs").frame.set_index("id")
    rows = apart.frame.set_index("id")["publications"]
    told = {i for family in apart.families for i in family.ids}
    for family in apart.families:
        assert whole.loc[family.whole, "rank"] == family.rank
        assert whole.loc[family.whole, "publications"] >= sum(rows[i] for i in family.ids)
        assert len(family.ids) > 1
    ends = {"csail": "mit", "media": "mit", "mit": "mit", "google": "alphabet", "mind": "alphabet", "alphabet": "alphabet"}
    alike = [i for i in rows.index if i in ends and sum(ends.get(j) == ends[i] for j in rows.index) > 1]
    assert told == {*alike}


def test_the_other_ranking_is_not_asked_for_in_vain() -> None:
    def never() -> pa.Table:
        raise AssertionError

    shown = pa.table({"id": ["mit", "oxford"], "name": ["Mit", "Oxford"]})
    assert families(shown, Ways(dict.fromkeys(KINDS, ()) | PARENTS, "labs", KINDS), never) == ()
