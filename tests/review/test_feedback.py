from __future__ import annotations

from pathlib import Path

import pytest

from affil.errors import AffilError
from affil.review.feedback import labelled, learn, suggest_names, use_model
from affil.settings import Settings, StageSettings, TrainSettings
from affil.workspace import Workspace

OPENAI = "affil:openai"
STAGE = StageSettings(iterations=8, max_leaf_nodes=8, min_samples_leaf=10)
SMALL = TrainSettings(synthetic=240, decoys=150, first=STAGE, second=STAGE, min_calibration=20)
pytestmark = pytest.mark.usefixtures("few_bins")


def test_what_is_learned_from(review_ws: Workspace) -> None:
    ledger = review_ws.ledger
    ledger.decide("Room 12", None, by="ana", why="w")
    ledger.decide("OpenAI!", OPENAI, by="ana", why="w")
    ledger.decide("Lab 4, OpenAI", OPENAI, by="ana", why="w")
    ledger.decide("Lab 4, OpenAI", None, by="bo", why="w")
    ledger.decide("Music, OpenAI", OPENAI, by="ana", why="w", paper="p1")
    assert labelled(review_ws) == [("OpenAI!", (OPENAI,)), ("Room 12", ())]


def test_a_model_is_tested_before_it_replaces_another(review_ws: Workspace, tmp_path: Path) -> None:
    review_ws.settings = Settings(train=SMALL, review=review_ws.settings.review)
    with pytest.raises(AffilError, match="no decisions yet"):
        learn(review_ws, tmp_path / "m.skops")
    rows = tmp_path / "rows.csv"
    rows.write_text(f"affiliation,institution_ids\nOpenAI,{OPENAI}\nnobody,\n", "utf-8")
    strings = [f"{d}, OpenAI" for d in ("Physics", "Dept. of Physics", "Chemistry", "School of Law", "Lab 4", "Music")]
    for string in strings:
        review_ws.decide(string, OPENAI, by="ana", why="w")
    lesson = learn(review_ws, tmp_path / "m.skops", [rows])
    assert lesson.trained + lesson.held_out == len(strings)
    assert lesson.held_out
    assert lesson.decided is not None
    assert lesson.decided.after.rows == lesson.held_out
    assert lesson.decided.before.model != lesson.decided.after.model
    changes = {name: (before, after) for name, before, after in lesson.decided.changes()}
    assert changes["recall"][0] is not None
    assert lesson.gold is not None
    assert lesson.gold.after.rows == lesson.gold.before.rows
    before = review_ws.matcher().model_hash
    assert before != lesson.decided.after.model, "not in use yet"
    use_model(review_ws, lesson.model)
    assert review_ws.matcher().model_hash == lesson.decided.after.model
    assert "the model" in review_ws.run().again


def test_accepted_strings_are_offered_as_names(review_ws: Workspace) -> None:
    for string, ids in (
        ("Room 12", [OPENAI]),
        ("independent", []),
        ("OpenAI!", [OPENAI]),  # a name already
        ("Physics, OpenAI", [OPENAI]),  # more than a name
        ("Tanglewick Robotics", [OPENAI, "affil:fernhollow-college"]),  # of two
    ):
        review_ws.decide(string, ids or None, by="ana", why="w")
    (offered,) = suggest_names(review_ws)
    assert (offered.institution.id, offered.name) == (OPENAI, "Room 12")
    review_ws.add_names([(offered.institution, offered.name)])
    assert suggest_names(review_ws) == []
