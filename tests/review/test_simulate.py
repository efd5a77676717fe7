from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from affil.errors import AffilError, InputError
from affil.review.session import Session
from affil.review.simulate import ORDERS, decided_answers, model_answers, read_answers, simulate
from affil.workspace import Workspace


@pytest.fixture(scope="module")
def session(review_folder: Path) -> Any:
    made = Session(Workspace.open(review_folder, create=True))
    yield made
    made.close()


def test_mentions_settled_against_a_naive_play(session: Session) -> None:
    queue = session.queue
    answers = model_answers(session, 0.0, 0.9, 1000)
    odd = "Music, OpenAI"
    answers[odd] = frozenset({"affil:other"})
    played = simulate(session, answers, decisions=6, closing=False)
    numbers = [queue.number(a) for a in answers]
    sizes = sorted((int(queue.mentions[n]) for n in numbers), reverse=True)
    assert (played.strings, played.mentions) == (len(numbers), sum(sizes))
    assert played.settled["size"] == [sum(sizes[:n]) for n in range(7)]
    assert played.settled["random"] == pytest.approx([sum(sizes) * n / len(sizes) for n in range(7)])
    alone = sorted(numbers, key=lambda n: (-round(queue.value[n], 9), n))
    assert played.settled["one by one"] == [sum(int(queue.mentions[m]) for m in alone[:n]) for n in range(7)]
    assert {*played.settled} == {*ORDERS}
    # cards one after another, as a session gives them
    groups: dict[int, list[int]] = {}
    for n in numbers:
        groups.setdefault(int(queue.group[n]), []).append(n)
    worth = sorted((-round(sum(queue.value[n] for n in g), 9), g) for g in groups.values())
    first = worth[0][1]
    lead = max(first, key=lambda n: (queue.mentions[n], -n))
    right = [n for n in first if answers[queue.affiliations[n]] == answers[queue.affiliations[lead]]]
    assert played.settled["groups"][1] == sum(int(queue.mentions[n]) for n in right)
    assert played.exceptions >= 1
    assert played.gain(6) == played.settled["groups"][6] / played.settled["size"][6] > 1
    assert not queue.decided.any() and np.array_equal(queue.cards(np.sort(queue.doubtful)), queue.cards(queue.doubtful))


def test_wrong_closings_settle_nothing(session: Session) -> None:
    every = session.settings
    session.settings = every.model_copy(update={"estimate": 4, "closes": 0.51, "close_after": 1})
    try:
        answers = model_answers(session, 0.0, 0.9, 1000)
        played = simulate(session, answers, decisions=3)
        assert played.wrong <= played.closed
        whole = simulate(session, answers, decisions=50)
        assert whole.settled["groups"][-1] <= whole.mentions
        assert (whole.settled["groups"][-1] == whole.mentions) == (whole.wrong == 0)
    finally:
        session.settings = every


def test_answers_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("affiliation,required\nMIT,042nb2s44 affil:x\nnobody,\n", "utf-8")
    assert read_answers(file) == {"MIT": frozenset({"https://ror.org/042nb2s44", "affil:x"}), "nobody": frozenset()}
    file.write_text("affiliation,institution_ids\nMIT,https://ror.org/042nb2s44\n", "utf-8")
    assert read_answers(file) == {"MIT": frozenset({"https://ror.org/042nb2s44"})}
    for bad in ("affiliation\nMIT\n", "a,required\nMIT,x\n", ""):
        file.write_text(bad, "utf-8")
        with pytest.raises(InputError, match="no answers in it"):
            read_answers(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_answers(tmp_path / "missing.csv")


def test_decided_strings_are_answers(review_ws: Workspace) -> None:
    session = Session(review_ws)
    with pytest.raises(AffilError, match="no string of the workspace has a known answer"):
        simulate(session, decided_answers(session))
    for string in ("Music, OpenAI", "Physics, OpenAI", "OpenAI!"):
        session.decide(session.queue.number(string), ["affil:openai"], by="ana", why="w")
    assert decided_answers(session) == dict.fromkeys(
        ("Music, OpenAI", "Physics, OpenAI", "OpenAI!"), frozenset({"affil:openai"})
    )
    assert simulate(session, decided_answers(session), decisions=2).settled["groups"][2] > 0
    assert len(session.entries()) == 3
    session.close()


def test_the_command(review_folder: Path) -> None:
    from affil.cli import app

    ran = CliRunner().invoke(app, ["review", "simulate", str(review_folder), "--model", "--decisions", "5", "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert len(said["settled"]["groups"]) == 6
    assert said["gain"] == said["settled"]["groups"][5] / said["settled"]["size"][5]
    ran = CliRunner().invoke(app, ["review", "simulate", str(review_folder), "--model", "--decisions", "5"])
    assert "times those of the order by size" in " ".join(ran.stdout.split())
