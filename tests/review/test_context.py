"""The context of a card against loops over the tables."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from affil.review.context import context_of
from affil.review.doubts import DOUBTS, doubts_of
from affil.review.session import Session
from affil.types import Decision, Institution, Match, Reason
from affil.workspace import Workspace


def test_the_context_against_loops(review_folder: Path) -> None:
    ws = Workspace.open(review_folder, create=True)
    session = Session(ws)
    papers = {p["id"]: p for p in pq.read_table(ws.table("papers")).to_pylist()}
    mentions = pq.read_table(ws.table("mentions")).to_pylist()
    sure = defaultdict(set)
    for match in pq.read_table(ws.table("matches")).to_pylist():
        if match["decision"] == "match":
            sure[match["affiliation"]].add(match["institution_id"])
    for string in ("Music, OpenAI", "OpenAI!", "Room 12", "Chemistry, Fernhollow College"):
        own = [m for m in mentions if m["affiliation"] == string]
        beside, elsewhere = defaultdict(set), defaultdict(set)
        for m in mentions:
            if m["affiliation"] == string or m["affiliation"] not in sure:
                continue
            for one in sure[m["affiliation"]]:
                if m["paper"] in {o["paper"] for o in own}:
                    beside[one].add(m["paper"])
                if " " in (m["author"] or "") and m["author"] in {o["author"] for o in own}:
                    elsewhere[one].add(m["author"])
        number = session.queue.number(string)
        assert number is not None
        found = context_of(session.queue.store, number, 8)
        assert dict(found.beside) == {i: len(p) for i, p in beside.items()}
        assert dict(found.elsewhere) == {i: len(a) for i, a in elsewhere.items()}
        years = [papers[o["paper"]]["year"] for o in own]
        assert found.years == (min(years), max(years))
    session.close()


def test_reasons_of_doubt() -> None:
    def match(p: float, *reasons: str, chosen: bool = True) -> Match:
        told = tuple(Reason(r) for r in reasons)
        return Match(Institution("i", "I"), p, Decision.REVIEW if chosen else Decision.NONE, 0, 1, "a", told)

    def doubts(decision: str, *matches: Match, audit: bool = False) -> tuple[str, ...]:
        return doubts_of(decision, matches, audit=audit, sure=0.95, rival=0.05)

    assert doubts("none") == ("nothing",)
    assert doubts("match", match(0.99), audit=True) == ("audited",)
    assert doubts("review", match(0.6, "name_exact", "bearers"), match(0.3, chosen=False)) == ("bearers", "rival")
    assert doubts("review", match(0.6, "name_coverage"), match(0.99, "misspelt")) == ("partly",), "the sure are not doubted"
    assert doubts("review", match(0.6, "name_exact"), match(0.01, chosen=False)) == ("bare",)
    assert doubts("review", match(0.6, "name_exact", "country_named")) == ("unsure",)
    short = replace(match(0.6), reasons=(Reason("name_exact", "acronym"), Reason("country_named")))
    assert doubts("review", short) == ("acronym",)
    assert doubts("review", replace(short, reasons=short.reasons[:1])) == ("acronym", "bare")
    assert doubts("review", replace(short, reasons=(*short.reasons, Reason("misspelt")))) == ("misspelt",)
    assert doubts("match", match(0.99)) == (), "a sure answer that nobody asks about"
    assert doubts("match", match(0.9), match(0.3, chosen=False)) == ("rival",)
    assert len({*DOUBTS}) == len(DOUBTS)
