"""What assistants may ask and suggest: as a library, and over the protocol by its own client."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import Implementation, TextContent

from affil.errors import AffilError, InputError, UnknownIdError
from affil.match import Matcher
from affil.review.items import Filters
from affil.review.session import Session
from affil.service.assistant import Assistant
from affil.service.mcp import make_server
from affil.settings import ReviewSettings, ServeSettings, Settings
from affil.workspace import Workspace, doctor

STRING, OTHER = "Physics, OpenAI", "Chemistry, OpenAI"


@pytest.fixture
def assistant(review_ws: Workspace) -> Assistant:
    return Assistant(review_ws.matcher(), review_ws)


def test_strings_are_matched_and_explained(assistant: Assistant) -> None:
    answer = assistant.match(["OpenAI", "independent"], candidates=2)
    assert answer["version"] == assistant.matcher.version
    assert [m["institution_id"] for m in answer["results"][0]["matches"]] == ["affil:openai"]
    assert answer["results"][1]["decision"] == "none"
    explained = assistant.explain("Northeastern University")
    told = {c["institution_id"] for part in ("matches", "candidates") for c in explained[part]}
    assert {"affil:northeastern-boston", "affil:northeastern-shenyang"} <= told
    assert json.dumps(explained)


def test_the_registry_is_searched(assistant: Assistant) -> None:
    found = assistant.search_registry("港中大")["found"]
    assert found[0]["id"] == "affil:the-chinese-university-of-hong-kong"
    assert found[0]["exact"]
    assert len(assistant.search_registry("University", limit=2)["found"]) == 2


def test_the_workspace_is_ranked_and_explained(assistant: Assistant) -> None:
    ranked = assistant.rank(by="publications", limit=2)
    assert len(ranked["ranking"]) == 2
    assert ranked["ranking"][0]["name"] == "OpenAI"
    assert ranked["notes"] == assistant.workspace.rank(by="publications", limit=2).lines()
    why = assistant.why("OpenAI", limit=3)
    assert len(why["papers"]) == 3
    assert why["all_papers"] == ranked["ranking"][0]["publications"]
    assert json.dumps([ranked, why])
    with pytest.raises(AffilError, match="no measure 'fame'"):
        assistant.rank(by="fame")  # type: ignore[arg-type]


def test_limits_are_those_of_the_service(tiny_matcher: Matcher) -> None:
    limits = ServeSettings(strings=2, characters=40, found=1, most_candidates=1)
    assistant = Assistant(tiny_matcher)
    assistant.limits = limits
    with pytest.raises(AffilError, match="3 strings in one request; at most 2"):
        assistant.match(["a", "b", "c"])
    with pytest.raises(AffilError, match="string 1 has 41 characters; at most 40"):
        assistant.match(["a", "b" * 41])
    assert len(assistant.search_registry("University", limit=50)["found"]) == 1
    assert all(len(r["candidates"]) <= 1 for r in assistant.match(["University of Oxford"], candidates=9)["results"])


def test_without_a_workspace_there_is_nothing_to_count(tiny_matcher: Matcher) -> None:
    assistant = Assistant(tiny_matcher)
    for call in (assistant.rank, lambda: assistant.why("x"), lambda: assistant.propose_decision("x", [], "why", "by")):
        with pytest.raises(AffilError, match="affil mcp WS"):
            call()


def test_a_proposal_is_shown_to_people_and_decides_nothing(assistant: Assistant, review_ws: Workspace) -> None:
    before = review_ws.rank(by="publications").to_dict()
    session = Session(review_ws)
    number = session.queue.number(STRING)
    assert number is not None
    assert session.card(number, "ana").suggestions == ()
    said = assistant.propose_decision(STRING, ["affil:fernhollow-college"], "the  address\nsays so", "claude")
    assert said["next"].startswith("a person decides")
    assistant.propose_decision(STRING, ["affil:northeastern-boston"], "on second thought", "claude")  # replaces the first
    assistant.propose_decision(STRING, [], "none is named", "other")
    session.refresh()
    card = session.card(number, "ana")
    assert [(s.by, s.institutions, s.why) for s in card.suggestions] == [
        ("claude", ("affil:northeastern-boston",), "on second thought"),
        ("other", (), "none is named"),
    ]
    assert "suggested" in card.doubts
    assert "suggested" in session.doubts(number)
    offered = {c.institution.id: c.chosen for c in card.candidates}
    assert offered["affil:northeastern-boston"] is False, "people tick it themselves"
    assert review_ws.suggestions == list(card.suggestions)
    assert review_ws.rank(by="publications").to_dict() == before
    session.decide(number, ["affil:openai"], by="ana", why="the name stands there")
    assert review_ws.suggestions == []
    assert session.card(number, "ana").suggestions == ()
    with pytest.raises(AffilError, match="ana has decided 'Physics, OpenAI'"):
        assistant.propose_decision(STRING, ["affil:fernhollow-college"], "again", "claude")
    session.undo(review_ws.ledger.entries()[-1].number, by="ana", why="not sure")
    assert len(review_ws.suggestions) == 2, "it is open again, and so are they"
    session.close()


def test_a_sure_string_with_a_suggestion_is_in_the_queue(assistant: Assistant, review_ws: Workspace) -> None:
    session = Session(review_ws)
    sure = next(a for a in session.queue.affiliations if a.endswith("!"))
    number = session.queue.number(sure)
    assert number is not None
    wanted = Filters(doubt="suggested")
    assert session.select(wanted, "ana").tolist() == []
    assistant.propose_decision(sure, [], "it is a joke", "claude")
    session.refresh()
    assert session.select(wanted, "ana").tolist() == [number]
    session.close()


@pytest.mark.parametrize(
    ("affiliation", "ids", "by", "why", "problem"),
    [
        ("Nowhere in these papers", ["affil:openai"], "claude", "w", "does not occur"),
        (STRING, ["affil:opanai"], "claude", "w", "no institution 'affil:opanai'"),
        (STRING, ["affil:openai"], " ", "w", "needs a name"),
        (STRING, ["affil:openai"], "claude", "\n", "needs a name"),
    ],
)
def test_a_wrong_proposal_is_refused(
    assistant: Assistant, review_ws: Workspace, affiliation: str, ids: list[str], by: str, why: str, problem: str
) -> None:
    with pytest.raises(AffilError, match=problem) as raised:
        assistant.propose_decision(affiliation, ids, why, by)
    assert isinstance(raised.value, UnknownIdError) == (ids == ["affil:opanai"])
    assert review_ws.suggestions == []


def test_no_more_suggestions_wait_than_people_can_see(review_ws: Workspace) -> None:
    review_ws.settings = Settings(review=ReviewSettings(suggested=1))
    review_ws.suggest(STRING, ["affil:openai"], by="claude", why="w")
    review_ws.suggest(STRING, [], by="claude", why="in its place")
    with pytest.raises(AffilError, match="1 suggestions wait for a person already"):
        review_ws.suggest(OTHER, ["affil:openai"], by="claude", why="w")


def test_damaged_suggestions_are_told_and_put_aside(review_ws: Workspace) -> None:
    review_ws.suggest(STRING, ["affil:openai"], by="claude", why="w")
    file = review_ws.path / "suggestions.json"
    file.write_text(file.read_text("utf-8").replace("affil:openai", "affil:0penai"), "utf-8")
    with pytest.raises(InputError, match="is damaged"):
        _ = review_ws.suggestions
    assert "suggestions.json" in [p.name for p in doctor(review_ws.path).problems]
    mended = doctor(review_ws.path, mend=True)
    assert "suggestions.json" not in [p.name for p in mended.problems]
    assert any(said.startswith("suggestions.json: is put aside") for said in mended.mended)
    assert review_ws.suggestions == []


# over the protocol


async def _called(client: Client, tool: str, **arguments: Any) -> Any:
    done = await client.call_tool(tool, arguments)
    if done.is_error:
        (content,) = done.content
        assert isinstance(content, TextContent)
        return content.text
    return done.structured_content


def test_without_a_workspace_there_are_three_tools(tiny_matcher: Matcher) -> None:
    async def listed() -> list[str]:
        async with Client(make_server(Assistant(tiny_matcher), "1")) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    assert asyncio.run(listed()) == ["match", "explain", "search_registry"]


def test_a_client_of_its_own_talks_to_the_command(review_ws: Workspace) -> None:
    """As an assistant starts it: a process, standard input and output."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "affil", "mcp", str(review_ws.path)], env={**os.environ})

    async def talk() -> dict[str, Any]:
        async with Client(server, client_info=Implementation(name="parrot", version="1")) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            return {
                "tools": tools,
                "instructions": client.instructions,
                "match": await _called(client, "match", affiliations=["OpenAI", "港中大"]),
                "explain": await _called(client, "explain", affiliation="Northeastern University"),
                "search": await _called(client, "search_registry", text="CUHK"),
                "rank": await _called(client, "rank", by="publications", limit=1),
                "why": await _called(client, "why", entity="OpenAI", limit=1),
                "propose": await _called(
                    client, "propose_decision", affiliation=STRING, institutions=["affil:openai"], why="the name stands there"
                ),
                "unknown": await _called(client, "why", entity="Nobody's Institute"),
                "wrong": await _called(client, "rank", by="fame"),
                "many": await _called(client, "match", affiliations=["x"] * 1001),
            }

    said = asyncio.run(talk())
    assert [*said["tools"]] == ["match", "explain", "search_registry", "rank", "why", "propose_decision"]
    hints = {name: tool.annotations.read_only_hint for name, tool in said["tools"].items()}
    assert [name for name, reads in hints.items() if not reads] == ["propose_decision"]
    assert said["tools"]["match"].input_schema["properties"]["affiliations"]["description"]
    assert said["tools"]["rank"].description.startswith("Rank institutions or places")
    assert "You decide nothing" in said["instructions"]
    assistant = Assistant(review_ws.matcher(), review_ws)
    assert said["match"] == json.loads(json.dumps(assistant.match(["OpenAI", "港中大"])))
    assert said["explain"]["affiliation"] == "Northeastern University"
    assert said["search"]["found"][0]["name"] == "The Chinese University of Hong Kong"
    assert said["rank"]["ranking"][0]["name"] == "OpenAI"
    assert said["why"]["papers"][0]["title"].startswith("Paper")
    (made,) = review_ws.suggestions
    assert (made.by, made.institutions, said["propose"]["by"]) == ("parrot", ("affil:openai",), "parrot")
    assert review_ws.ledger.entries() == [], "nothing is decided"
    assert "Nobody's Institute" in said["unknown"]
    assert said["wrong"].startswith("'by' should be 'publications'")
    assert "1,001 strings in one request; at most 1,000" in said["many"]


def test_a_folder_that_is_no_workspace_is_one_line(tmp_path: Path, python: str) -> None:
    import subprocess

    done = subprocess.run([python, "-m", "affil", "mcp", tmp_path], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "not a workspace" in done.stderr


def test_people_list_what_is_suggested(review_ws: Workspace, python: str) -> None:
    import subprocess

    def listed(*more: str) -> str:
        command = [python, "-m", "affil", "review", "suggestions", str(review_ws.path), *more]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert listed() == "no suggestions wait\n"
    review_ws.suggest(STRING, ["affil:openai"], by="claude", why="the name stands there")
    assert "affil:openai" in listed()
    (one,) = json.loads(listed("--json"))
    assert (one["affiliation"], one["institutions"], one["by"]) == (STRING, ["affil:openai"], "claude")


def test_errors_are_one_line_in_affils_words(
    tiny_matcher: Matcher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = Assistant(tiny_matcher)

    def crash(text: str, limit: int = 10) -> dict[str, Any]:
        """Fail in a way that nobody foresaw."""
        raise KeyError(f"what {text!r} says\nis private")

    monkeypatch.setattr(assistant, "search_registry", crash)
    crash.__name__ = "search_registry"

    async def talk() -> list[str]:
        calls: list[tuple[str, dict[str, Any]]] = [
            ("match", {}),
            ("match", {"affiliations": "MIT"}),
            ("match", {"affiliations": [7, None], "candidates": -1}),
            ("match", {"affiliations": ["MIT"], "policy": "all"}),
            ("match", {"affiliations": ["x" * 10_001]}),
            ("rank", {}),
            ("search_registry", {"text": "Lab 7"}),
        ]
        async with Client(make_server(assistant, "1")) as client:
            return [await _called(client, tool, **arguments) for tool, arguments in calls]

    told = asyncio.run(talk())
    assert told[0] == "'affiliations' is missing"
    assert told[1] == "'affiliations' should be a valid list"
    assert told[2].startswith("'affiliations.0' should be a valid string; 'affiliations.1' should be")
    assert told[3] == "'policy' is unknown; known are: affiliations, candidates"
    assert told[4] == "string 0 has 10,001 characters; at most 10,000"
    assert told[5] == "no tool 'rank'; known are: match, explain, search_registry"
    assert told[6] == "this should not have happened; the log of affil mcp says where"
    for line in told:
        assert "\n" not in line
        assert not {
            word
            for word in ("Error executing", "Arguments", "pydantic", "Traceback", "KeyError", "input_value")
            if word in line
        }
    (record,) = [r for r in caplog.records if r.name == "affil.mcp"]
    assert "KeyError at " in record.getMessage()
    assert not record.exc_info
    assert "Lab 7" not in caplog.text
