"""Facets against plain counts, orders of a list, and many strings decided in one step."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import AffilError
from affil.review.bulk import as_found, bulk_of
from affil.review.doubts import DOUBTS, coded, decoded
from affil.review.facets import FACETS, facets, value_of, within, without
from affil.review.items import SORTS, Filters
from affil.review.session import Session
from affil.settings import Settings
from affil.workspace import Workspace

OPENAI, LEEDS = "affil:openai", "affil:fernhollow-college"


@given(st.sets(st.sampled_from(DOUBTS)))
def test_reasons_are_coded(told: set[str]) -> None:
    assert {*decoded(coded([*told]))} == told


def test_strings_beyond_those_that_are_read_again_are_counted_as_such(review_ws: Workspace) -> None:
    """Every doubtful string has a reason, or it is said that none was sought: none is missing from the facet."""
    review_ws.settings = Settings(review={"grouped": 2})
    session = Session(review_ws)
    everything = Filters(state="any")
    numbers = session.queue.select(everything)
    assert all(session.doubts(n) for n in numbers.tolist())
    unread = [n for n in numbers.tolist() if session.doubts(n) == ("unread",)]
    assert dict(facets(session.queue, everything, "ana")["doubt"])["unread"] == len(unread) > 2
    assert session.queue.select(replace(everything, doubt="unread")).tolist() == unread
    session.close()


def test_facets_against_plain_counts(shared: Session, review_folder: Path) -> None:
    ws, queue = Workspace.open(review_folder, create=True), shared.queue
    papers = {p["id"]: p for p in pq.read_table(ws.table("papers")).to_pylist()}
    stands: dict[str, list[dict[str, Any]]] = {}
    for m in pq.read_table(ws.table("mentions")).to_pylist():
        stands.setdefault(m["affiliation"], []).append(papers[m["paper"]])
    country = {one["id"]: one["country"] for one in pq.read_table(ws.table("institutions")).to_pylist()}
    filters = Filters(venue="ICRA", country="GB")

    def expected(facet: str) -> Counter[str]:
        out: Counter[str] = Counter()
        for n in queue.select(without(filters, facet), "ana").tolist():
            item = queue.item(n)
            values = {
                "doubt": set(shared.doubts(n)),
                "decision": {item.decision},
                "country": {country[i] for i in item.institutions},
                "venue": {p["venue"] for p in stands[item.affiliation]},
                "year": {str(p["year"]) for p in stands[item.affiliation]},
                "probability": {f"{np.floor(item.probability * 10) / 10:g}-{np.floor(item.probability * 10) / 10 + 0.1:g}"},
            }
            out.update(values[facet])
        return out

    found = facets(queue, filters, "ana")
    assert (*found,) == FACETS
    for facet, counts in found.items():
        assert dict(counts) == expected(facet), facet
        for value, count in counts:  # a click leads to as many strings
            narrowed = within(filters, facet, value).check()
            assert value_of(narrowed, facet) == value
            assert len(queue.select(narrowed, "ana")) == count
    assert [year for year, _ in found["year"]] == sorted((y for y, _ in found["year"]), reverse=True)
    assert len(found["venue"]) == 3, "a facet shows what else there is"
    assert len(found["country"]) > 1


def test_reasons_of_doubt_are_those_of_the_card(shared: Session) -> None:
    for number in shared.queue.select(Filters(scope="all", state="any")).tolist():
        assert shared.doubts(number) == shared.card(number, "ana").doubts
    with pytest.raises(AffilError, match="no reason of doubt"):
        shared.queue.select(Filters(doubt="gloomy"))


@pytest.mark.parametrize("sort", SORTS)
def test_orders(shared: Session, sort: str) -> None:
    queue = shared.queue
    numbers = queue.select(Filters(scope="all", state="any"))
    key = {
        "value": lambda n: numbers.tolist().index(n),
        "mentions": lambda n: -queue.mentions[n],
        "probability": lambda n: -queue.probability[n],
        "string": lambda n: queue.affiliations[n].casefold(),
    }[sort]
    there, back = (queue.ordered(numbers, way).tolist() for way in (sort, f"-{sort}"))
    assert there == sorted(numbers.tolist(), key=key)
    assert [key(n) for n in back] == [key(n) for n in reversed(there)]
    with pytest.raises(AffilError, match="no order"):
        queue.ordered(numbers, "colour")


def test_many_strings_in_one_step(session: Session) -> None:
    queue = session.queue
    numbers = queue.select(Filters(text="Music"))
    session.decide(int(numbers[0]), [OPENAI], by="bo", why="w")
    bulk = bulk_of(session, numbers, "ana")
    assert (len(bulk.items), bulk.decided) == (len(numbers) - 1, 1)
    assert bulk.mentions == int(queue.mentions[numbers[1:]].sum())
    entries = session.decide_each(as_found(bulk), by="ana", why="w")
    assert {e.affiliation: e.institutions for e in entries} == {i.affiliation: i.institutions for i in bulk.items}
    assert bulk_of(session, numbers, "ana").state != bulk.state
    assert len(session.take_back(session.last("ana"), by="ana", why="w")) == len(entries)
    assert {*session.ledger.current()} == {queue.affiliations[numbers[0]]}
    assert bulk_of(session, numbers, "ana") == replace(bulk, state=bulk.state)
    session.decide_each({i.number: [LEEDS] for i in bulk.items}, by="ana", why="w")
    assert [*session.ledger.current().values()].count((LEEDS,)) == len(bulk.items)


def test_a_step_has_bounds(review_ws: Workspace) -> None:
    review = review_ws.settings.review.model_copy(update={"bulk": 5})
    review_ws.settings = review_ws.settings.model_copy(update={"review": review})
    session = Session(review_ws)
    numbers = session.queue.select(Filters())
    assert len(bulk_of(session, numbers[:5], "ana").items) == 5
    with pytest.raises(AffilError, match="too many for one step: at most 5"):
        bulk_of(session, numbers, "ana")
    session.close()


def test_strings_to_decide_second_are_decided_blind(review_ws: Workspace) -> None:
    review = review_ws.settings.review.model_copy(update={"double": 1.0})
    review_ws.settings = review_ws.settings.model_copy(update={"review": review})
    session = Session(review_ws)
    numbers = session.queue.select(Filters(text="Music"))
    session.decide_each({n: [OPENAI] for n in numbers.tolist()}, by="ana", why="w")
    bulk = bulk_of(session, numbers, "bo")
    assert (len(bulk.items), bulk.decided) == (len(numbers), 0)
    session.decide_each(as_found(bulk), by="bo", why="w")
    assert {e.role for e in session.entries() if e.by == "bo"} == {"blind"}
    session.close()
