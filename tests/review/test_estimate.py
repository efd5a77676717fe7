"""What decisions say of open strings, against the rule spelt out string by string."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.review.estimate import Closing, Estimator
from affil.review.feedback import labelled
from affil.review.items import Filters
from affil.review.session import Session
from affil.review.store import Store
from affil.review.turns import Step
from affil.settings import ReviewSettings
from affil.types import Decision, Institution, Match, Stated
from affil.workspace import Workspace

SETTINGS = ReviewSettings()


class Tables:
    """Strings of one mention each, by these authors."""

    def __init__(self, authors: list[str]) -> None:
        n = len(authors)
        ids, strings = [f"p{i}" for i in range(n)], [f"string {i}" for i in range(n)]
        self.papers = pa.table(
            {"id": ids, "title": ids, "venue": ["V"] * n, "year": [2020] * n, "authors": [1] * n, "aligned": [True] * n}
        )
        self.mentions = pa.table({"paper": ids, "position": [0] * n, "author": authors, "affiliation": strings})
        text = pa.array([], pa.string())
        self.matches = pa.table(
            {"affiliation": text, "institution_id": text, "probability": pa.array([], pa.float64()), "decision": text}
        )
        self.institutions = pa.table({"id": text, "country": text, "city": text})
        self.strings = pa.table({"affiliation": strings, "mentions": [1] * n, "papers": [1] * n})


def match(name: str, alias: str, p: float, country: str = "", *, chosen: bool = True) -> Match:
    decision = Decision.REVIEW if chosen else Decision.NONE
    return Match(Institution(f"affil:{name}", name), p, decision, 0, 1, alias, (), Stated(country=country))


def estimator(rows: list[list[Match]], authors: list[str], groups: list[int]) -> Estimator:
    tables = Tables(authors)
    store = Store(tables, tables.strings, [])
    order = {a: n for n, a in enumerate(store.column("SELECT affiliation FROM string ORDER BY number"))}
    numbers = np.array([order[f"string {i}"] for i in range(len(rows))], np.int64)
    assert numbers.tolist() == list(range(len(rows)))
    return Estimator(store, numbers, np.array(groups, np.int64), rows, SETTINGS)


CASE = st.tuples(
    st.sampled_from("XY"), st.sampled_from("ab"), st.sampled_from((0.3, 0.7, 0.97)), st.sampled_from(("", "FR")), st.booleans()
)


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(
            st.lists(CASE, min_size=1, max_size=2, unique_by=lambda c: c[0]),
            st.sampled_from(("Ann Lee", "Bo Chen", "Cy")),
            st.integers(0, 3),
            st.one_of(st.none(), st.lists(st.sampled_from(("affil:X", "affil:Y")), unique=True)),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_votes_against_the_rule_spelt_out(strings: list[Any]) -> None:
    rows = [[match(*c[:4], chosen=c[4]) for c in cases] for cases, *_ in strings]
    authors, groups = [s[1] for s in strings], [s[2] for s in strings]
    decided = {i: tuple(s[3]) for i, s in enumerate(strings) if s[3] is not None}
    found, probability = estimator(rows, authors, groups).estimate(decided)
    told = {(r["number"], r["id"]): p for r, p in zip(found.to_pylist(), probability.tolist(), strict=True)}
    assert len(told) == sum(map(len, rows))
    for i, own in enumerate(rows):
        for m in own:
            one, agree, differ, placed, people = m.institution.id, set(), set(), set(), set()
            for j, ids in decided.items():
                if groups[j] == groups[i]:
                    continue
                for other in rows[j]:
                    if (other.institution.id, other.alias) == (one, m.alias):
                        (agree if one in ids else differ).add(groups[j])
                        if one in ids and m.stated.country and other.stated.country == m.stated.country:
                            placed.add(groups[j])
                if one in ids and authors[j] == authors[i] and " " in authors[i]:
                    people.add(groups[j])
            odds = m.probability / (1 - m.probability)
            odds *= SETTINGS.name_vote ** (len(agree) - len(differ)) * SETTINGS.place_vote ** len(placed)
            odds *= SETTINGS.people_vote if people else 1
            assert math.isclose(told[i, one], odds / (1 + odds), rel_tol=1e-9)


def test_a_string_is_closed_by_decisions_on_its_name_and_never_against_one() -> None:
    rows = [[match("X", "ex", 0.8)] for _ in range(4)] + [[match("X", "ex", 0.8), match("Y", "ex", 0.3, chosen=False)]]
    made = estimator(rows, [""] * 5, [0, 1, 2, 3, 4])
    assert made.closings({0: ["affil:X"]}) == [], "one decision does not make it sure"
    closed = made.closings({0: ["affil:X"], 1: ["affil:X"]})
    assert [(c.number, c.institutions, c.decisions) for c in closed] == [(2, ("affil:X",), 2), (3, ("affil:X",), 2)]
    assert all(c.probability >= SETTINGS.closes for c in closed)
    assert isinstance(closed[0], Closing)
    assert made.closings({0: ["affil:X"], 1: ["affil:X"], 2: []}) == [], "somebody said otherwise"
    same = estimator(rows, [""] * 5, [0, 0, 2, 3, 4])
    assert same.closings({0: ["affil:X"], 1: ["affil:X"]}) == [], "a group is one decision"
    likely = estimator([*rows[:1], [match("X", "ex", 0.9)]], [""] * 2, [0, 1])
    assert [(c.number, c.decisions) for c in likely.closings({0: ["affil:X"]})] == [(1, 1)], "one is enough for what was likely"


@pytest.fixture
def session(review_ws: Workspace) -> Any:
    review = review_ws.settings.review.model_copy(update={"estimate": 3, "closes": 0.8, "close_after": 1})
    review_ws.settings = review_ws.settings.model_copy(update={"review": review})
    made = Session(review_ws)
    yield made
    made.close()


def test_what_is_closed_is_one_step_and_not_closed_again(session: Session) -> None:
    queue = session.queue
    # alone each, so that one decides for the others
    queue.group = np.arange(len(queue))
    numbers = queue.doubtful
    found = [session._read[queue.affiliations[n]] for n in numbers.tolist()]
    session._estimator = Estimator(queue.store, numbers, numbers, found, session.settings)
    for department in ("Physics", "Chemistry", "Music"):
        number = queue.number(f"{department}, Fernhollow College")
        session.decide(number, ["affil:fernhollow-college"], by="ana", why="w")
    before = len(session.entries())
    closed = [c for _ in range(3) for c in session.estimate("ana")]
    assert {queue.affiliations[c.number].split(", ")[-1].split(" (")[0] for c in closed} == {"Fernhollow College"}
    entries = session.entries()[before:]
    assert {e.why.startswith("closed by the estimate: the same name in 3 decisions") for e in entries} == {True}
    assert {e.institutions for e in entries} == {("affil:fernhollow-college",)}
    assert session.last("ana") == Step(tuple(entries))
    assert len(labelled(session.workspace)) == 3, "models learn from people alone"
    session.take_back(session.last("ana"), by="ana", why="w")
    assert len(session.ledger.current()) == 3
    assert [c for _ in range(3) for c in session.estimate("ana")] == [], "what was taken back stays open"
    assert queue.number("Lab 4, Fernhollow College") in session.select(Filters(), "ana")
