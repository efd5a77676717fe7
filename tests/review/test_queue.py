from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from affil.errors import AffilError
from affil.ledger import Key
from affil.review.queue import Filters, Queue
from affil.review.session import Desk
from affil.settings import ReviewSettings
from affil.workspace import Workspace

OPENAI = "affil:openai"


@pytest.fixture
def desk(review_ws: Workspace) -> Iterator[Desk]:
    made = Desk(review_ws)
    yield made
    made.close()


@pytest.fixture
def queue(desk: Desk) -> Queue:
    return desk.queue


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
    desk = Desk(review_ws)
    items = [desk.queue.item(n) for n in desk.select(Filters(), "ana").tolist()]
    counts = {d: sum(i.decision == d for i in items) for d in ("review", "match", "none")}
    assert counts["review"] == sum(desk.queue.decision == "review")
    assert (counts["match"], counts["none"]) == (2, 2)
    assert all(i.audit == (i.decision != "review") for i in items)
    again = Desk(review_ws)
    assert again.select(Filters(), "bo").tolist() == desk.select(Filters(), "ana").tolist(), "the same sample every time"
    desk.close()
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
    assert queue.choices()["venue"] == ["ACL", "CVPR", "ICRA"]
    assert "HK" in queue.choices()["country"]
    assert "robotics" in queue.choices()["area"]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"scope": "x"}, "no scope 'x'; known are: queue, all"),
        ({"state": "x"}, "no state"),
        ({"decision": "x"}, "no decision"),
        ({"low": 0.9, "high": 0.1}, "the lower one first"),
        ({"year": "soon"}, "no year 'soon'; write 2020 or 2014-2024"),
    ],
)
def test_filters_that_cannot_be(queue: Queue, filters: dict[str, Any], message: str) -> None:
    with pytest.raises(AffilError, match=message):
        queue.select(Filters(**filters))


def test_decisions_leave_the_queue_and_undo_brings_them_back(desk: Desk) -> None:
    number = desk.next(Filters(), "ana")
    before = desk.progress()
    (entry,) = desk.decide(number, [OPENAI], by="ana", why="w")
    assert number not in desk.select(Filters(), "ana")
    assert number in desk.select(Filters(state="decided"), "ana")
    after = desk.progress()
    assert (after.decided, after.disputed) == (before.decided + 1, 0)
    assert after.right > before.right
    assert after.mentions_decided == pytest.approx(desk.queue.mentions[number] / desk.queue.mentions[desk.queue.queued].sum())
    assert desk.last("ana") == entry
    assert desk.last("bo") is None
    desk.undo(entry.number, by="ana", why="w")
    assert desk.progress() == before
    assert desk.last("ana") is None


def test_expected_right_by_hand(desk: Desk) -> None:
    queue = desk.queue
    shares = {
        "match": queue.probability,
        "review": 1 - queue.probability,
        "none": 1 - queue.settings.missed + 0 * queue.probability,
    }
    by_hand = sum(float(shares[d][i]) * queue.mentions[i] for i, d in enumerate(queue.decision)) / queue.mentions.sum()
    assert desk.progress().right == pytest.approx(by_hand)


def test_a_second_person_decides_a_share_blindly(review_ws: Workspace) -> None:
    settings = review_ws.settings.review.model_copy(update={"double": 0.5})
    review_ws.settings = review_ws.settings.model_copy(update={"review": settings})
    desk = Desk(review_ws)
    numbers = desk.select(Filters(), "ana").tolist()
    for number in numbers:
        desk.decide(number, [OPENAI], by="ana", why="w")
    assert desk.select(Filters(), "ana").tolist() == [], "nobody is asked twice"
    second = desk.select(Filters(), "bo").tolist()
    assert 0.3 < len(second) / len(numbers) < 0.7
    card = desk.card(second[0], "bo")
    assert (card.second, card.case, card.history, card.seen) == (True, None, (), 0)
    (entry,) = desk.decide(second[0], [], by="bo", why="w", seen=card.seen)
    assert entry.role == "blind"
    assert second[0] not in desk.select(Filters(), "bo")
    assert second[0] not in desk.select(Filters(), "cy"), "two are enough"
    assert [key.affiliation for key, _ in desk.disputes()] == [entry.affiliation]
    (agreed,) = desk.agreement()
    assert (agreed.strings, agreed.agreed) == (1, 0.0)
    desk.close()


def test_alike_strings(desk: Desk) -> None:
    queue = desk.queue
    number = queue.number("Dept. of Physics, OpenAI")
    found = [i.affiliation for i in desk.alike(number)]
    assert "Physics, OpenAI" in found
    assert not [s for s in found if "OpenAI" not in s], "only those in which the same was found"
    assert "OpenAI!" not in found, "the sure ones stay out"
    twin = queue.number("Tanglewick Robotics Inc.")
    assert "Tanglewick Robotics" in [i.affiliation for i in desk.alike(twin)]
    desk.decide(number, [OPENAI], by="ana", why="w", also=[queue.number("Physics, OpenAI")])
    assert desk.ledger.current() == {"Dept. of Physics, OpenAI": (OPENAI,), "Physics, OpenAI": (OPENAI,)}
    assert "Physics, OpenAI" not in [i.affiliation for i in desk.alike(number)]


def test_occurrences_are_of_the_newest_papers(desk: Desk) -> None:
    number = desk.queue.number("OpenAI!")
    found = desk.queue.occurrences(number, 3, 100)
    assert len({o.paper for o in found}) == 3
    assert {o.author for o in found} >= {"Zoe"}
    years = [o.year for o in found]
    assert years == sorted(years, reverse=True)
    assert len(desk.queue.occurrences(number, 3, 2)) == 2


def test_what_others_decide_is_taken_in(desk: Desk, review_ws: Workspace) -> None:
    other = Desk(review_ws)
    number = desk.next(Filters(), "ana")
    other.decide(number, [], by="bo", why="w")
    assert not desk.queue.decided[number]
    desk.refresh()
    assert desk.queue.decided[number]
    assert Key(desk.queue.affiliations[number]) in desk.queue.cases
    made = other.add_institution("Yarrowby Labs", "GB", city="York")
    assert desk.find(made.id) is None
    desk.refresh()
    assert desk.find(made.id).city == "York"
    assert desk.search("yarrowby")[0].id == made.id
    other.close()
