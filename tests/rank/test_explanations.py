"""Differences between states, the papers behind a number, and trends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.ledger.cases import DECISION, Case, Cases, Key
from affil.rank import LEVELS, ROLL_UPS, Diff, State, Store, Why, diff, roll_up, trend, why
from affil.settings import RankSettings
from affil.types import Author, LedgerEntry, Paper
from tests.examples import examples

from .test_credit import VENUES, Answers, decided_ids, found, one_each, paper, tables
from .test_store import STRINGS


class Kept:
    """A project with its store and ledger."""

    def __init__(self, folder: Path, papers: list[Paper], answers: Answers) -> None:
        self.store, self.papers, self.answers = Store(folder), papers, answers
        self.entries: list[LedgerEntry] = []
        self.settings = RankSettings(ranges=False, link_papers=1, link_change=1e9)  # its papers are few

    def decide(self, string: str, *ids: str, by: str = "ana", undoes: int | None = None) -> None:
        role = DECISION if undoes else Cases(self.entries).get(Key(string), Case()).role(by)
        number = len(self.entries) + 1
        self.entries.append(LedgerEntry(number, datetime.now(UTC), by, string, ids, "asked", undoes=undoes, role=role))

    def count(self, **about: Any) -> State:
        decisions = {key.affiliation: ids for key, ids in Cases(self.entries).current().items()}
        return self.store.refresh(
            tables(self.papers, self.answers), decisions, VENUES, self.settings, entries=len(self.entries), about=about
        )

    def diff(self, before: State, after: State, **query: Any) -> Diff:
        return diff(self.store, before, after, self.entries, **query)

    def why(self, entity: str, **query: Any) -> Why:
        with self.store.opened(self.count(), **query) as (db, venues):
            return why(db, venues, self.settings, entity, tables(self.papers, self.answers).papers, **query)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    papers, answers = one_each(("s0", "a"), ("s1", "a"), ("s2", "d"))
    return Kept(tmp_path / "counts", papers, answers)


def causes(result: Diff) -> list[tuple[Any, ...]]:
    return [
        (r["id"], r["cause"], r["what"], None if r["entry"] != r["entry"] else r["entry"], r["papers"], round(r["adjusted"], 9))
        for r in result.causes.to_dict("records")
    ]


def test_a_correction_is_named_as_the_cause(kept: Kept) -> None:
    before = kept.count()
    kept.decide("s1", "d")
    result = kept.diff(before, kept.count())
    moves = {r["id"]: (r["rank_before"], r["rank_after"], r["change"]) for r in result.moves.to_dict("records")}
    assert moves == {"a": (1, 2, -1.0), "d": (2, 1, 1.0)}
    assert causes(result) == [("a", "decision", "s1", 1, -1, -1.0), ("d", "decision", "s1", 1, 1, 1.0)]
    one = result.causes.to_dict("records")[0]
    assert (one["who"], one["why"], one["was"], one["now"]) == ("ana", "asked", "a", "d")
    assert json.dumps(result.to_dict())


def test_the_cause_is_the_decision_that_holds_not_an_opinion_beside_it(kept: Kept) -> None:
    before = kept.count()
    kept.decide("s1", "d")
    kept.decide("s1", "a", by="bo")
    assert {(r["entry"], r["who"]) for r in kept.diff(before, kept.count()).causes.to_dict("records")} == {(1, "ana")}
    with_both = kept.count()
    kept.decide("s1", by="bo", undoes=2)
    assert kept.diff(with_both, kept.count()).causes.empty
    kept.decide("s1", by="bo", undoes=1)
    assert {(r["entry"], r["who"]) for r in kept.diff(with_both, kept.count()).causes.to_dict("records")} == {(4, "bo")}


def test_a_string_that_was_in_review_is_said_to_have_been_there(kept: Kept) -> None:
    kept.answers["s1"] = [("a", "review")]
    before = kept.count()
    kept.decide("s1", "d")
    assert {*kept.diff(before, kept.count()).causes["was"]} == {"in review"}


def test_what_the_model_answers_anew_is_named_too(kept: Kept) -> None:
    before = kept.count(model="m1", registry="r1")
    kept.answers["s1"] = []
    result = kept.diff(before, kept.count(model="m2", registry="r1"))
    assert causes(result) == [("a", "answer", "s1", None, -1, -1.0)]
    assert result.causes["now"].tolist() == ["none"]
    assert result.notes == ("the model changed",)


def test_papers_that_come_change_and_go(kept: Kept) -> None:
    before = kept.count()
    kept.papers = [
        replace(kept.papers[0], authors=(*kept.papers[0].authors, Author("B", ("s2",)))),
        replace(kept.papers[1], id="new"),
        kept.papers[2],
    ]
    result = kept.diff(before, kept.count())
    assert causes(result) == [
        ("a", "paper added", "CV 2020", None, 1, 1.0),
        ("a", "paper removed", "CV 2020", None, -1, -1.0),
        ("a", "paper or settings changed", "CV 2020", None, 0, -0.5),
        ("d", "paper or settings changed", "CV 2020", None, 1, 0.5),
    ]


def test_settings_and_venues_that_changed_are_noted(kept: Kept) -> None:
    before = kept.count()
    kept.settings = RankSettings(ranges=False, link_papers=1, link_change=1e9, country_groups={"US": "CN"})
    result = kept.diff(before, kept.count(), level="country")
    assert result.notes == ("the setting rank.country_groups was {} and is {'US': 'CN'}",)
    ranks = result.moves.set_index("id")[["rank_before", "rank_after"]]
    assert ranks.loc["US"].isna().tolist() == [False, True], "gone"
    assert ranks.loc["CN"].tolist() == [2, 1]


def test_who_only_was_overtaken_has_no_cause(kept: Kept) -> None:
    kept.papers += [Paper("p9", "", "CV", 2020, (Author("Z", ("s9",)),))]
    before = kept.count()
    kept.decide("s9", "d")
    kept.decide("s2", "d")
    kept.papers += [replace(kept.papers[2], id="q1"), replace(kept.papers[2], id="q2")]
    result = kept.diff(before, kept.count(), by="publications")
    assert {*result.moves["id"]} == {"a", "d"}
    assert {*result.causes["id"]} == {"d"}


def test_moves_are_led_by_what_changed_and_those_by_one_are_apart(kept: Kept) -> None:
    kept.papers, kept.answers = one_each(*((f"s{n}", i) for n, i in enumerate("aaaabbbccd")))
    before = kept.count()
    for string in ("s0", "s1", "s2", "s4"):
        kept.decide(string, "d")
    result = kept.diff(before, kept.count())
    assert result.moves[["id", "rank_before", "rank_after", "country"]].values.tolist() == [
        *(["d", 4, 1, "CN"], ["a", 1, 4, "US"], ["b", 2, 2, "US"]),
        ["c", 3, 2, "GB"],
    ]
    own, others, by_one = (part["id"].tolist() for part in result.split())
    assert (own, others, by_one) == (["d", "a", "b"], [], ["c"])
    assert {*result.causes["id"]} == {*own}
    one = kept.diff(before, kept.count(), entity="delta")
    assert (one.moves["id"].tolist(), {*one.causes["id"]}) == (["d"], {"d"})
    with pytest.raises(AffilError, match="no institution 'Dleta' is in this ranking; did you mean: Delta"):
        kept.diff(before, kept.count(), entity="Dleta")


def test_strings_that_wait_are_listed_by_their_mentions(kept: Kept) -> None:
    kept.papers.append(Paper("many", "", "CV", 2021, tuple(Author(f"B{n}", ("s6",)) for n in range(4))))
    kept.papers += [Paper(f"q{n}", "", "CV", 2021, (Author("C", ("s7",)),)) for n in range(2)]
    kept.answers |= {"s6": [("a", "review")], "s7": [("a", "review")]}
    waiting = kept.why("a").waiting
    assert waiting[["affiliation", "mentions", "papers"]].values.tolist() == [["s6", 4, 1], ["s7", 2, 2]]


def test_nothing_moved_and_nothing_there_before(kept: Kept) -> None:
    state = kept.count()
    assert kept.diff(state, state).moves.empty
    before = kept.count()
    kept.papers += [Paper("r", "", "RL", 2020, (Author("A", ("s0",)),))]
    result = kept.diff(before, kept.count(), area="robotics")
    assert result.moves[["id", "rank_after"]].values.tolist() == [["a", 1]]
    assert result.moves["rank_before"].isna().all()


change = st.one_of(
    st.tuples(st.just("decide"), st.sampled_from(STRINGS), decided_ids),
    st.tuples(st.just("answer"), st.sampled_from(STRINGS), found),
    st.tuples(st.just("add"), paper),
)


@examples(8)
@given(
    papers=st.lists(paper, min_size=1, max_size=5, unique_by=lambda p: p.id),
    answers=st.dictionaries(st.sampled_from(STRINGS), found, min_size=1),
    changes=st.lists(change, min_size=1, max_size=3),
    level=st.sampled_from(LEVELS),
    by=st.sampled_from(["adjusted", "publications"]),
)
def test_causes_add_up_to_the_change(
    tmp_path_factory: pytest.TempPathFactory, papers: list[Paper], answers: Answers, changes: list[Any], level: Any, by: Any
) -> None:
    kept = Kept(tmp_path_factory.mktemp("counts"), list(papers), dict(answers))
    before = kept.count()
    for what, *how in changes:
        if what == "decide":
            kept.decide(how[0], *how[1])
        elif what == "answer":
            kept.answers[how[0]] = how[1]
        elif how[0].id not in {p.id for p in kept.papers}:
            kept.papers.append(how[0])
    after = kept.count()
    result = kept.diff(before, after, level=level, by=by)
    added = result.causes.groupby("id")[{"adjusted": "adjusted", "publications": "papers"}[by]].sum()
    for row in result.moves.to_dict("records"):
        assert added.get(row["id"], 0.0) == pytest.approx(row["change"], abs=1e-9), row


def test_the_papers_behind_a_number(kept: Kept) -> None:
    kept.papers.append(Paper("loose", "On Teacups", "RL", 2021, (), False, ("s0", "s2", "s5")))
    kept.answers["s5"] = [("a", "review")]
    result = kept.why("alpha")
    assert (result.row["id"], result.row["publications"]) == ("a", 3)
    rows = result.papers.to_dict("records")
    assert [(r["paper"], round(r["credit"], 9), r["aligned"], list(r["authors"]), list(r["strings"])) for r in rows] == [
        ("loose", 0.5, False, [], ["s0"]),
        ("p0", 1.0, True, ["a0"], ["s0"]),
        ("p1", 1.0, True, ["a1"], ["s1"]),
    ]
    assert rows[0]["title"] == "On Teacups"
    assert sum(r["credit"] for r in rows) == pytest.approx(result.row["adjusted"])
    assert (result.waiting["affiliation"].tolist(), result.waiting_papers) == (["s5"], 1), "s5 has a part of its own"
    kept.answers["s5"].append(("d", "match"))
    assert kept.why("alpha").waiting.empty, "s5 names d, and the paper names both anyway"
    assert kept.why("Beijing", level="city").papers["paper"].tolist() == ["loose", "p2"]
    kept.answers["s2"] = [("a", "review")]
    assert kept.why("a").waiting_papers == 2, "one with two such strings is one"
    waiting = kept.why("a").waiting.to_dict("records")
    assert [(w["affiliation"], w["institution"], w["mentions"], w["papers"]) for w in waiting] == [("s2", "a", 2, 2)]
    assert json.dumps(result.to_dict())
    with pytest.raises(AffilError, match="no institution 'Alfa' is in this ranking; did you mean: Alpha"):
        kept.why("Alfa")
    with pytest.raises(AffilError, match="no institution 'zzz' is in this ranking; see the ids with"):
        kept.why("zzz")


def test_a_name_that_several_have(kept: Kept) -> None:
    kept.papers += [Paper(f"x{n}", "", "CV", 2020, (Author("A", (s,)),)) for n, s in enumerate(("s6", "s7"))]
    kept.answers |= {"s6": [("b", "match")], "s7": [("c", "match")]}
    with pytest.raises(
        AffilError, match=r"several entities are called 'cambridge': .*US/US-MA/Cambridge \(3 papers\).*; give an id"
    ):
        kept.why("cambridge", level="city")
    assert kept.why("GB/GB-ENG/Cambridge", level="city").row["publications"] == 1


def test_a_trend_says_which_venues_its_years_have(kept: Kept) -> None:
    kept.papers = [
        Paper(f"{venue}{year}", "", venue, year, (Author("A", (s,)),))
        for venue, year, s in [
            ("CV", 2019, "s0"),
            ("CV", 2020, "s0"),
            ("RL", 2020, "s0"),
            ("CV", 2021, "s2"),
            ("CV", 2021, "s0"),
        ]
    ]
    kept.papers[-1] = replace(kept.papers[-1], id="more")
    with kept.store.opened(kept.count()) as (db, venues):
        free = trend(db, venues, kept.settings, by="publications")
        fixed = trend(db, venues, kept.settings, by="publications", panel=True)
        two = trend(db, venues, kept.settings, by="share", years="2019,2021", level="country")
        for wrong, message in (
            ("2021-2019", "years are written like"),
            ("soon", "years are written like"),
            ("1999", "no paper"),
        ):
            with pytest.raises(AffilError, match=message):
                trend(db, venues, kept.settings, years=wrong)
        with pytest.raises(AffilError, match=r"no measure 'size'; it is one of: .*, share"):
            trend(db, venues, kept.settings, by="size")  # type: ignore[arg-type]
    values = free.frame.set_index("id")
    assert values.loc["a", [2019, 2020, 2021]].tolist() == [1, 2, 1]
    assert (values.loc["a", "growth"], values.loc["a", "growth_last"]) == (0, 0), "RL, which 2021 lacks, is not compared"
    assert free.matched.set_index("id").loc["a", [2019, 2020, 2021]].tolist() == [1, 1, 1], "in CV"
    assert (free.lacking, free.reference, free.compared) == (("RL",), 2021, (2019, 2021))
    assert free.base is not None
    assert (free.base.papers, free.base.all_papers) == ((1, 1, 2), (1, 2, 2))
    assert values.loc["d"].isna()[["growth", "growth_last"]].all(), "it grew from nothing"
    assert free.venues == {2019: ("CV",), 2020: ("CV", "RL"), 2021: ("CV",)}
    assert "in every year CV; only in some RL" in free.lines()[0]
    assert free.lines()[1].startswith(
        "Growth by publications, 2019 to 2021, compares the two years over the venues of both: CV, with 100%"
    )
    assert free.lines()[2] == "* 2021 is incomplete: it lacks RL, which 2020 had."
    assert fixed.frame.set_index("id").loc["a", [2019, 2020, 2021]].tolist() == [1, 1, 1]
    assert fixed.lines() == ["A fixed panel, counted in every year (2019 to 2021): CV."]
    assert two.frame.set_index("id").loc["CN", [2019, 2021]].tolist() == [0, 0.5]
    assert two.lines() == ["The same venues in every year (2019 and 2021): CV.", free.lines()[2]], (
        "whatever years are asked for"
    )
    assert json.dumps(free.to_dict())


def test_a_panel_without_a_venue(kept: Kept) -> None:
    kept.papers = [Paper(v, "", v, y, (Author("A", ("s0",)),)) for v, y in (("CV", 2019), ("RL", 2020))]
    with (
        kept.store.opened(kept.count()) as (db, venues),
        pytest.raises(
            AffilError, match=r"no venue has papers in every one of these years; most often there are CV \(1 of 2 years\)"
        ),
    ):
        trend(db, venues, kept.settings, panel=True)


nodes = [f"n{i}" for i in range(6)]


@given(
    st.dictionaries(st.sampled_from(nodes), st.lists(st.sampled_from([*nodes, "gone"]), max_size=3)), st.sampled_from(ROLL_UPS)
)
def test_roll_up_keeps_everything(parents: dict[str, list[str]], how: Any) -> None:
    rows = list(roll_up(parents, how))
    parts: dict[str, float] = {}
    for institution, counted_as, part in rows:
        assert counted_as in parents
        parts[institution] = parts.get(institution, 0) + part
    assert parts == pytest.approx(dict.fromkeys(parents, 1.0))
    assert len({(i, c) for i, c, _ in rows}) == len(rows)
    if how == "none":
        assert all(i == c for i, c, _ in rows)


KINDS_OF_TEST = ("facility", "company", "education", "government", "healthcare")


def ends_of_labs(at: str, parents: dict[str, list[str]], kinds: dict[str, str], path: tuple[str, ...] = ()) -> set[str]:
    """Where the paths upwards from a laboratory or company end that end at a university or company."""
    steps = {"facility": ("facility", "education", "company"), "company": ("company",)}.get(kinds[at], ())
    above = [p for p in parents[at] if p in parents and p not in (*path, at) and kinds[p] in steps]
    found = {end for p in above for end in ends_of_labs(p, parents, kinds, (*path, at))}
    return found or ({at} if kinds[at] in ("education", "company") else set())


@given(
    st.dictionaries(st.sampled_from(nodes), st.lists(st.sampled_from(nodes), max_size=3)),
    st.tuples(*(st.sampled_from(KINDS_OF_TEST) for _ in nodes)),
)
def test_laboratories_roll_up_to_universities_and_companies(above: dict[str, list[str]], of_kind: tuple[str, ...]) -> None:
    parents = {i: [p for p in own if p < i] for i, own in above.items()}  # without circles
    kinds = dict(zip(nodes, of_kind, strict=True))
    found: dict[str, set[str]] = {}
    for institution, counted_as, _ in roll_up(parents, "labs", kinds):
        found.setdefault(institution, set()).add(counted_as)
    assert found == {i: ends_of_labs(i, parents, kinds) or {i} for i in parents}
    assert all(found[i] == {i} for i in parents if kinds[i] not in ("facility", "company"))


def test_campuses_and_institutes_of_an_academy_stay_when_laboratories_roll_up() -> None:
    parents = {"system": [], "campus": ["system"], "lab": ["campus"], "group": ["lab"], "academy": [], "institute": ["academy"],
               "firm": [], "research": ["firm"], "shared": ["campus", "academy", "research"]}  # fmt: skip
    kinds = {"system": "education", "campus": "education", "academy": "government", "firm": "company", "research": "company"}
    found = {(i, c): p for i, c, p in roll_up(parents, "labs", dict.fromkeys(parents, "facility") | kinds) if i != c}
    assert found == {("lab", "campus"): 1, ("group", "campus"): 1, ("research", "firm"): 1,
                     ("shared", "campus"): 0.5, ("shared", "firm"): 0.5}  # fmt: skip


def test_roll_up_to_parents_and_tops() -> None:
    parents = {"lab": ["school", "institute"], "school": ["university"], "university": [], "institute": ["institute"]}
    assert dict.fromkeys(["school", "institute"], 0.5) == {c: p for i, c, p in roll_up(parents, "parent") if i == "lab"}
    assert dict.fromkeys(["university", "institute"], 0.5) == {c: p for i, c, p in roll_up(parents, "top") if i == "lab"}
    circle = {"a": ["b"], "b": ["c"], "c": ["a"]}
    assert [(i, c) for i, c, _ in roll_up(circle, "top")] == [("a", "c"), ("b", "a"), ("c", "b")]
