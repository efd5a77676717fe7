from __future__ import annotations

from affil.review import Key
from affil.review.mentions import set_apart
from affil.workspace import Workspace

OPENAI, FERN = "affil:openai", "affil:fernhollow-college"


def counted(ws: Workspace) -> dict[str, int]:
    frame = ws.rank(by="publications").to_frame()
    return dict(zip(frame["id"], frame["publications"], strict=True))


def test_a_decision_about_one_mention_counts_there_alone(review_ws: Workspace) -> None:
    import pyarrow.parquet as pq

    of_string = [m for m in pq.read_table(review_ws.path / "mentions.parquet").to_pylist() if m["affiliation"] == "OpenAI!"]
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


def test_without_such_decisions_nothing_is_read(review_ws: Workspace) -> None:
    path = review_ws.path / "mentions.parquet"
    assert set_apart(path, {Key("X"): (OPENAI,)}) == (path, {"X": (OPENAI,)})
