"""The mentions that a rule is about, against loops over the tables, and one decision on all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError, UnknownIdError
from affil.ledger import Key
from affil.review.mentions import Rule, beside, beside_each, chosen, state_of
from affil.review.session import Session
from affil.workspace import Workspace

OPENAI, LEEDS = "affil:openai", "affil:fernhollow-college"
STRING = "OpenAI!"


@pytest.fixture(scope="module")
def tables(review_folder: Path) -> dict[str, list[dict[str, Any]]]:
    ws = Workspace.open(review_folder, create=True)
    return {name: pq.read_table(ws.table(name)).to_pylist() for name in ("papers", "mentions", "matches", "institutions")}


def expected(tables: dict[str, list[dict[str, Any]]], rule: Rule) -> set[tuple[str, int]]:
    years = {p["id"]: p["year"] for p in tables["papers"]}
    places = {one["id"]: {one["id"], one["country"], f"{one['country']} {one['city']}"} for one in tables["institutions"]}
    sure: dict[str, set[str]] = {}
    for match in tables["matches"]:
        if match["decision"] == "match":
            sure.setdefault(match["affiliation"], set()).update(places[match["institution_id"]])
    around: dict[str, set[str]] = {}
    for m in tables["mentions"]:
        if m["affiliation"] != STRING:
            around.setdefault(m["paper"], set()).update(sure.get(m["affiliation"], ()))
    first, _, last = (rule.year or "0-9999").partition("-")
    return {
        (m["paper"], m["position"])
        for m in tables["mentions"]
        if m["affiliation"] == STRING
        if not rule.author or f" {rule.author} ".lower() in f" {m['author'] or ''} ".lower()
        if int(first) <= years[m["paper"]] <= int(last or first)
        if not rule.beside or rule.beside in around.get(m["paper"], ())
    }


@given(
    author=st.sampled_from(["", "Zoe", "zoe", "Zo", "Author", "author 38", "38 0", "8"]),
    place=st.sampled_from(["", LEEDS, "GB", "GB Leeds", "GB Oxford", "HK", "US", "XX"]),
    year=st.sampled_from(["", "2020", "2019-2021", "1990"]),
)
def test_a_rule_against_loops(shared: Session, tables: dict[str, Any], author: str, place: str, year: str) -> None:
    rule = Rule(author, place, year)
    found = shared.mentions(shared.queue.number(STRING), rule, "ana")
    assert {(m.at.paper, m.at.position) for m in found} == expected(tables, rule)
    assert len(found) == len({m.key for m in found})
    assert [m.at.year for m in found] == sorted((m.at.year for m in found), reverse=True)


def test_what_a_rule_can_name_finds_as_many_papers_as_it_says(shared: Session) -> None:
    number = shared.queue.number(STRING)
    offered = beside(shared.queue.store, number, 50)
    assert [*offered] == ["institution", "city", "country"]
    assert ("GB Leeds", 2) in offered["city"]
    for one, papers in (pair for found in offered.values() for pair in found):
        found = shared.mentions(number, Rule(beside=one), "ana")
        assert len({m.at.paper for m in found}) == papers
        each = beside_each(shared.queue.store, number, [m.at.paper for m in found])
        if one.startswith("affil:"):
            assert all(one in each[m.at.paper] for m in found)


def test_one_decision_on_the_mentions_of_a_rule(session: Session) -> None:
    number = session.queue.number(STRING)
    rule = Rule(year="2020-2021")
    found = session.mentions(number, rule, "ana")
    out = {found[0].key}
    before = state_of(found)
    entries = session.decide_mentions(number, chosen(found, without=out), [LEEDS], by="ana", why=str(rule))
    assert len(entries) == len(found) - 1
    assert {e.why for e in entries} == {"mentions of the string: year 2020-2021"}
    cases = session.queue.cases
    assert {(k.paper, k.position) for k in cases} == {(m.at.paper, m.at.position) for m in found[1:]}
    assert {case.institutions for case in cases.values()} == {(LEEDS,)}
    again = session.mentions(number, rule, "ana")
    assert before != state_of(again)
    assert [m.entry.institutions if m.entry else None for m in again] == [None] + [(LEEDS,)] * (len(found) - 1)
    # decided ones are decided again only if asked for
    assert chosen(again, without=out) == []
    assert chosen(again, again={again[2].key}) == [again[0], again[2]]
    session.decide_mentions(number, chosen(again, without=out, again={again[2].key}), [], by="ana", why="none")
    assert cases[Key(STRING, again[2].at.paper, again[2].at.position)].institutions == ()
    assert Key(STRING) not in cases, "the string elsewhere is as open as before"
    # each is one step
    session.take_back(session.last("ana"), by="ana", why="w")
    taken = session.take_back(session.last("ana"), by="ana", why="w")
    assert len(taken) == len(entries)
    assert session.ledger.cases().current() == {}


def test_what_is_refused(session: Session) -> None:
    number = session.queue.number(STRING)
    found = session.mentions(number, Rule(), "ana")
    with pytest.raises(AffilError, match="no mention is left"):
        session.decide_mentions(number, [], [OPENAI], by="ana", why="w")
    with pytest.raises(UnknownIdError):
        session.decide_mentions(number, found, ["affil:nobody"], by="ana", why="w")
    with pytest.raises(AffilError, match="invalid year"):
        session.mentions(number, Rule(year="soon"), "ana")
    assert session.ledger.entries() == []


def test_who_decides_second_is_not_told(review_ws: Workspace) -> None:
    review = review_ws.settings.review.model_copy(update={"double": 1.0})
    review_ws.settings = review_ws.settings.model_copy(update={"review": review})
    session = Session(review_ws)
    number = session.queue.number(STRING)
    session.decide(number, [OPENAI], by="ana", why="w")
    some = session.mentions(number, Rule(year="2020"), "ana")
    session.decide_mentions(number, some, [LEEDS], by="ana", why="w")
    seen = session.mentions(number, Rule(year="2020"), "bo")
    assert {m.entry for m in seen} == {None}
    session.decide_mentions(number, seen, [OPENAI], by="bo", why="w")
    assert {e.role for e in session.entries() if e.by == "bo"} == {"blind"}
    session.close()
