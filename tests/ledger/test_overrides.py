from __future__ import annotations

import pyarrow.parquet as pq

from affil.ledger import Key
from affil.ledger.overrides import Apart, set_apart
from affil.workspace import Workspace

OPENAI, FERN = "affil:openai", "affil:fernhollow-college"


def counted(ws: Workspace) -> dict[str, int]:
    frame = ws.rank(by="publications").to_frame()
    return dict(zip(frame["id"], frame["publications"], strict=True))


def test_a_decision_about_one_mention_counts_there_alone(review_ws: Workspace) -> None:
    of_string = [m for m in pq.read_table(review_ws.table("mentions")).to_pylist() if m["affiliation"] == "OpenAI!"]
    before = counted(review_ws)
    one = next(m for m in of_string if m["position"] == 1)
    review_ws.decide("OpenAI!", FERN, by="ana", why="w", paper=one["paper"], position=1)
    after = counted(review_ws)
    assert after[FERN] == before.get(FERN, 0) + 1
    assert after[OPENAI] == before[OPENAI] - 1
    coverage = review_ws.rank().coverage
    assert round(coverage.decided * coverage.mentions) == 1
    review_ws.decide("OpenAI!", None, by="ana", why="w", paper=one["paper"])
    assert counted(review_ws) == after, "what is decided about an author stands above what is about the paper"
    review_ws.ledger.undo(1, by="ana", why="w")
    assert counted(review_ws)[OPENAI] == before[OPENAI] - 1, "none for the whole paper"


def test_an_undone_decision_about_a_mention_is_counted_no_more(review_ws: Workspace) -> None:
    of_string = [m for m in pq.read_table(review_ws.table("mentions")).to_pylist() if m["affiliation"] == "OpenAI!"]
    before = counted(review_ws)
    review_ws.decide("OpenAI!", FERN, by="ana", why="w", paper=of_string[0]["paper"], position=of_string[0]["position"])
    assert counted(review_ws) != before
    review_ws.ledger.undo(1, by="ana", why="w")
    assert counted(review_ws) == before


def test_diff_says_who_decided_about_a_mention(review_ws: Workspace) -> None:
    of_string = [m for m in pq.read_table(review_ws.table("mentions")).to_pylist() if m["affiliation"] == "OpenAI!"]
    review_ws.count()
    review_ws.decide("OpenAI!", FERN, by="ana", why="seen", paper=of_string[0]["paper"], position=of_string[0]["position"])
    causes = review_ws.diff(by="publications").causes
    assert "ana" in set(causes["who"])


def test_without_such_decisions_nothing_is_read(review_ws: Workspace) -> None:
    papers, mentions = (review_ws.path / f"{name}.parquet" for name in ("papers", "mentions"))
    assert set_apart(papers, mentions, {Key("X"): (OPENAI,)}) == (Apart(papers, mentions), {"X": (OPENAI,)})
