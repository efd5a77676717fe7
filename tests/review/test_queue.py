from __future__ import annotations

from typing import Any

import pytest

from affil.errors import AffilError
from affil.ledger import Key
from affil.ledger.agreement import agreement
from affil.registry.local import Details
from affil.review.items import Filters
from affil.review.queue import Queue
from affil.review.session import Session
from affil.review.turns import Step
from affil.settings import ReviewSettings
from affil.workspace import Workspace

OPENAI = "affil:openai"


@pytest.fixture
def queue(session: Session) -> Queue:
    return session.queue


def strings(queue: Queue, **filters: Any) -> list[str]:
    return [queue.affiliations[n] for n in queue.select(Filters(**filters))]


def test_the_order_is_credit_times_uncertainty_against_the_naive_sum(queue: Queue, review_ws: Workspace) -> None:
    import pyarrow.parquet as pq

    papers = {p["id"]: p for p in pq.read_table(review_ws.table("papers")).to_pylist()}
    mentions = pq.read_table(review_ws.table("mentions")).to_pylist()
    answers = {m["affiliation"]: m for m in pq.read_table(review_ws.table("matches")).to_pylist()}
    weights = {"CVPR": 1.0, "ICRA": 1.0, "ACL": 1.0}
    credit: dict[str, float] = {}
    for m in mentions:
        paper = papers[m["paper"]]
        named = sum(n["paper"] == m["paper"] and n["position"] == m["position"] for n in mentions)
        credit[m["affiliation"]] = credit.get(m["affiliation"], 0) + weights[paper["venue"]] / paper["authors"] / named
    doubt = {"review": 0.3, "match": 0.03, "none": queue.settings.missed}
    worth = {a: round(c * doubt[answers[a]["decision"]], 9) for a, c in credit.items()}
    found = strings(queue, scope="all", state="any")
    assert set(found) == set(worth)
    assert [worth[a] for a in found] == sorted(worth.values(), reverse=True)
    item = queue.item(queue.number("OpenAI!"))
    assert (item.decision, item.audit, round(item.credit, 6)) == ("match", True, round(credit["OpenAI!"], 6))


def test_the_queue_holds_doubtful_strings_and_a_sample_of_the_others(review_ws: Workspace) -> None:
    settings = ReviewSettings(audit=2)
    review_ws.settings = review_ws.settings.model_copy(update={"review": settings})
    session = Session(review_ws)
    items = [session.queue.item(n) for n in session.queue.select(Filters(), "ana").tolist()]
    counts = {d: sum(i.decision == d for i in items) for d in ("review", "match", "none")}
    assert counts["review"] == sum(session.queue.decision == "review")
    assert (counts["match"], counts["none"]) == (2, 2)
    assert all(i.audit == (i.decision != "review") for i in items)
    again = Session(review_ws)
    assert again.queue.select(Filters(), "bo").tolist() == session.queue.select(Filters(), "ana").tolist(), (
        "the same sample every time"
    )
    session.close()
    again.close()


def test_filters(queue: Queue) -> None:
    everything = set(strings(queue, scope="all"))
    assert set(strings(queue, decision="none")) == {
        s for s in everything if "Tanglewick" in s or s in ("independent", "Room 12")
    }
    assert {s.split(", ")[-1] for s in strings(queue, country="HK", decision="review")} >= {
        "The Chinese University of Hong Kong"
    }
    assert all("Chinese University" in s for s in strings(queue, country="HK"))
    assert strings(queue, text="LEEDS") == ["Tanglewick Robotics, Leeds, UK"]
    assert strings(queue, text="100%_") == []
    assert set(strings(queue, low=0.9)) == {s for s in everything if s.endswith("!")}
    by_year = [set(strings(queue, year=str(y))) for y in range(2019, 2024)]
    assert set.union(*by_year) == everything
    assert set(strings(queue, year="2019-2020")) == by_year[0] | by_year[1]
    vision = set(strings(queue, area="computer vision"))
    assert vision == set(strings(queue, venue="CVPR"))
    assert vision < everything
    assert queue.store.choices()["venue"] == ["ACL", "CVPR", "ICRA"]
    assert "HK" in queue.store.choices()["country"]
    assert "robotics" in queue.store.choices()["area"]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"scope": "x"}, "no scope 'x'; known are: queue, doubtful, all"),
        ({"state": "x"}, "no state"),
        ({"decision": "x"}, "no decision"),
        ({"low": 0.9, "high": 0.1}, "need 0 <= low <= high <= 1"),
        ({"year": "soon"}, "invalid year 'soon'; write e.g. 2020 or 2014-2024"),
    ],
)
def test_filters_that_cannot_be(queue: Queue, filters: dict[str, Any], message: str) -> None:
    with pytest.raises(AffilError, match=message):
        queue.select(Filters(**filters))


def test_decisions_leave_the_queue_and_undo_brings_them_back(session: Session) -> None:
    number = session.next(Filters(), "ana")
    before = session.queue.progress()
    (entry,) = session.decide(number, [OPENAI], by="ana", why="w")
    assert number not in session.queue.select(Filters(), "ana")
    assert number in session.queue.select(Filters(state="decided"), "ana")
    after = session.queue.progress()
    assert (after.decided, after.disputed) == (before.decided + 1, 0)
    assert after.right > before.right
    assert after.mentions_decided == pytest.approx(
        session.queue.mentions[number] / session.queue.mentions[session.queue.queued].sum()
    )
    assert session.last("ana") == Step((entry,))
    assert session.last("bo") is None
    session.undo(entry.number, by="ana", why="w")
    assert session.queue.progress() == before
    assert session.last("ana") is None


def test_expected_right_by_hand(session: Session) -> None:
    queue = session.queue
    shares = {
        "match": queue.probability,
        "review": 1 - queue.probability,
        "none": 1 - queue.settings.missed + 0 * queue.probability,
    }
    by_hand = sum(float(shares[d][i]) * queue.mentions[i] for i, d in enumerate(queue.decision)) / queue.mentions.sum()
    assert session.queue.progress().right == pytest.approx(by_hand)


def test_a_second_person_decides_a_share_blindly(review_ws: Workspace) -> None:
    settings = review_ws.settings.review.model_copy(update={"double": 0.5})
    review_ws.settings = review_ws.settings.model_copy(update={"review": settings})
    session = Session(review_ws)
    numbers = session.queue.select(Filters(), "ana").tolist()
    for number in numbers:
        session.decide(number, [OPENAI], by="ana", why="w")
    assert session.queue.select(Filters(), "ana").tolist() == [], "nobody is asked twice"
    second = session.queue.select(Filters(), "bo").tolist()
    assert 0.3 < len(second) / len(numbers) < 0.7
    card = session.card(second[0], "bo")
    assert (card.second, card.case, card.history, card.seen) == (True, None, (), 0)
    (entry,) = session.decide(second[0], [], by="bo", why="w", seen=card.seen)
    assert entry.role == "blind"
    assert second[0] not in session.queue.select(Filters(), "bo")
    assert second[0] not in session.queue.select(Filters(), "cy"), "two are enough"
    assert [key.affiliation for key, _ in session.disputes()] == [entry.affiliation]
    (agreed,) = agreement(session.queue.cases)
    assert (agreed.strings, agreed.agreed) == (1, 0.0)
    session.close()


def test_strings_of_one_reason_are_one_card(session: Session) -> None:
    queue = session.queue
    number = queue.number("Physics, OpenAI")
    card = session.card(number, "ana")
    members = [m.item.affiliation for m in card.members]
    assert {"Dept. of Physics, OpenAI", "Chemistry, OpenAI"} <= {*members}
    assert not [s for s in members if "OpenAI" not in s]
    assert "OpenAI!" not in members, "the sure ones stay out"
    shown = session.select(Filters(), "ana").tolist()
    assert sum(n in shown for n in (number, *(m.item.number for m in card.members))) == 1
    entries = session.decide(number, [OPENAI], by="ana", why="w", also=[m.item.number for m in card.members[1:]])
    assert len({e.at for e in entries}) == 1, "one step"
    assert session.card(card.members[0].item.number, "ana").members == (), "what was ticked off stays, alone"
    assert card.members[0].item.number in session.select(Filters(), "ana")
    assert session.last("ana") == Step(tuple(entries))
    session.take_back(session.last("ana"), by="ana", why="w")
    assert session.ledger.current() == {}
    assert session.last("ana") is None
    assert session.card(number, "ana").members == card.members


def test_a_card_is_worth_what_its_open_strings_are(session: Session) -> None:
    queue = session.queue
    leads = session.select(Filters(), "ana").tolist()
    groups = [[n, *queue.members(n).tolist()] for n in leads]
    worth = [round(sum(queue.value[n] for n in group), 9) for group in groups]
    assert worth == sorted(worth, reverse=True)
    assert sorted(n for g in groups for n in g if queue.queued[n]) == sorted(queue.select(Filters(), "ana").tolist())
    assert all(queue.mentions[group[0]] == max(queue.mentions[group]) for group in groups)


def test_the_last_step_is_the_skip_that_came_last(session: Session) -> None:
    first = session.next(Filters(), "ana")
    entries = session.decide(first, [OPENAI], by="ana", why="w")
    skipped = session.next(Filters(), "ana")
    session.skip(skipped, "ana")
    assert session.last("ana") == Step(skipped=skipped)
    assert session.select(Filters(state="skipped"), "ana").tolist() == [skipped]
    assert session.take_back(session.last("ana"), by="ana", why="w") == []
    assert session.next(Filters(), "ana") == skipped
    assert session.last("ana") == Step(tuple(entries))
    session.skip(skipped, "ana")
    later = session.decide(session.next(Filters(), "ana"), [], by="ana", why="w")
    assert session.last("ana") == Step(tuple(later)), "a later decision comes first"


def test_alike_strings(session: Session) -> None:
    queue = session.queue
    twin = queue.number("Tanglewick Robotics Inc.")
    assert [m.item.affiliation for m in session.card(twin, "ana").members] == ["Tanglewick Robotics"]
    assert session.alike(twin) == [], "members are not offered twice"
    number, other = (queue.number(f"{what}, Northeastern University") for what in ("School of Law", "Music"))
    found = {m.item.affiliation: m for m in session.alike(number)}
    assert {one.city for one in found["Music, Northeastern University"].named} == {"Boston", "Shenyang"}
    assert found["Music, Northeastern University"].named[0].name == "Northeastern University"
    assert not [s for s in found if "Northeastern" not in s], "only those in which the same was found"
    assert "Northeastern University!" not in found, "the sure ones stay out"
    session.decide(number, [OPENAI], by="ana", why="w", also=[other])
    assert len(session.ledger.current()) == 2
    assert "Music, Northeastern University" not in [m.item.affiliation for m in session.alike(number)]


def test_occurrences_are_of_the_newest_papers(session: Session) -> None:
    number = session.queue.number("OpenAI!")
    found = session.queue.store.occurrences(number, 3, 100)
    assert len({o.paper for o in found}) == 3
    assert {o.author for o in found} >= {"Zoe"}
    years = [o.year for o in found]
    assert years == sorted(years, reverse=True)
    assert len(session.queue.store.occurrences(number, 3, 2)) == 2


def test_what_others_decide_is_taken_in(session: Session, review_ws: Workspace) -> None:
    other = Session(review_ws)
    number = session.next(Filters(), "ana")
    other.decide(number, [], by="bo", why="w")
    assert not session.queue.decided[number]
    session.refresh()
    assert session.queue.decided[number]
    assert Key(session.queue.affiliations[number]) in session.queue.cases
    made = other.add_institution(Details("Yarrowby Labs", "GB", city="York"))
    assert session.institutions.find(made.id) is None
    session.refresh()
    assert session.institutions.find(made.id).city == "York"
    assert session.institutions.search("yarrowby")[0].id == made.id
    other.close()
