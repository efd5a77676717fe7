"""A matcher with a ledger: what people decided stands above the model in every answer, and what they decide meanwhile counts at once."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import affil
from affil.batch import match_file
from affil.errors import AffilError, InputError, LedgerError, UnknownIdError
from affil.ledger import Ledger
from affil.match import why_not
from affil.match.decided import Decisions
from affil.service.security import Access
from affil.settings import ReviewSettings, ServeSettings

OXFORD, STANFORD, CUHK = "https://ror.org/052gg0110", "https://ror.org/00f54p054", "https://ror.org/00t33hh48"
UNKNOWN, WRONG, PLAIN = "Lab 7, Building B", "University of Oxford", "Stanford University"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Somebody knows what a laboratory is of, and that a string names none though it looks so."""
    made = Ledger(tmp_path / "ledger.sqlite")
    made.decide(UNKNOWN, [CUHK, STANFORD], by="ana", why="I asked them")
    made.decide(WRONG, None, by="bo", why="not an organisation")
    made.decide(PLAIN, [OXFORD], by="ana", why="of one paper", paper="p1", position=0)
    return made


@pytest.fixture
def matcher(tiny_matcher: affil.Matcher, ledger: Ledger) -> affil.Matcher:
    return affil.Matcher.load(tiny_matcher.registry, tiny_matcher.model_path, ledger=ledger)


def ids(results: Any) -> list[list[str]]:
    return [[m.institution.id for m in result.matches] for result in results]


def test_all_answers_are_those_decided(matcher: affil.Matcher, tiny_matcher: affil.Matcher) -> None:
    strings = [UNKNOWN, PLAIN, WRONG, UNKNOWN]
    wanted = [[CUHK, STANFORD], [STANFORD], [], [CUHK, STANFORD]]
    assert ids(tiny_matcher.match_many(strings)) == [[], [STANFORD], [OXFORD], []]
    results = matcher.match_many(strings)
    assert ids(results) == wanted
    assert ids([matcher.match(s) for s in strings]) == wanted
    decided = results[0].matches[0]
    assert (decided.probability, decided.decision, decided.evidence) == (1.0, "match", ("+ decided by ana: I asked them",))
    assert results[1] == tiny_matcher.match(PLAIN), "a decision on one mention says nothing of others"

    assert [result.why for result in results] == ["", "", "decided", ""]

    table = matcher.match_table(strings)
    assert [(r["row"], r["institution_id"], r["decision"]) for r in table.to_pylist()] == [
        (row, one, "match") for row, found in enumerate(wanted) for one in found
    ]
    assert table.column("alias").to_pylist() == ["", "", "Stanford University", "", ""]
    assert set(table.column("named").to_pylist()) == {""}

    frame = matcher.match_frame(pd.DataFrame({"affiliation": strings}))
    assert frame["institution_id"].fillna("").tolist() == [CUHK, STANFORD, STANFORD, "", CUHK, STANFORD]
    assert frame["evidence"].tolist()[0] == "+ decided by ana: I asked them"
    assert frame["evidence"].tolist()[3] == "decided"

    connection = duckdb.connect()
    affil.register_duckdb(connection, matcher=matcher)
    asked = "SELECT list_transform(affil_match(s), lambda m: m.institution_id) FROM unnest($1) AS t(s)"
    assert [row[0] for row in connection.execute(asked, [strings]).fetchall()] == wanted


def test_rivals_stand_behind_what_was_decided(matcher: affil.Matcher) -> None:
    (found,) = matcher.ranked([WRONG], [3])
    assert found[0].institution.id == OXFORD
    assert {m.decision for m in found} == {"none"}
    (none,) = why_not(matcher, [WRONG], 3)
    assert none.nothing
    assert none.nothing.said == "a person decided that it names no institution of the registry (bo: not an organisation)"
    (told,) = why_not(matcher, [UNKNOWN], 3)
    assert [m.institution.id for m in told.result.matches] == [CUHK, STANFORD]
    assert told.nothing is None


def test_a_file_in_several_processes(matcher: affil.Matcher, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f'affiliation\n"{UNKNOWN}"\n{WRONG}\n{PLAIN}\n', "utf-8")
    for workers in (1, 2):
        match_file(source, tmp_path / f"{workers}.csv", matcher=matcher, workers=workers)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    found = pd.read_csv(tmp_path / "1.csv")
    assert found["institution_id"].fillna("").tolist() == [CUHK, STANFORD, "", STANFORD]
    again = pickle.loads(pickle.dumps(matcher))
    assert ids(again.match_many([UNKNOWN])) == [[CUHK, STANFORD]]


def test_what_is_decided_meanwhile_counts(matcher: affil.Matcher, ledger: Ledger) -> None:
    other = Ledger(Path(ledger.where))  # as another process has it open
    assert ids(matcher.match_many([PLAIN])) == [[STANFORD]]
    entry = other.decide(PLAIN, OXFORD, by="bo", why="for a test")
    assert ids(matcher.match_many([PLAIN])) == [[OXFORD]]
    other.undo(entry.number, by="bo", why="tested")
    assert ids(matcher.match_many([PLAIN])) == [[STANFORD]]


def test_a_ledger_is_read_again_only_when_it_changed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    decisions, read, cases = Decisions(ledger, ReviewSettings()), [], Ledger.cases
    monkeypatch.setattr(Ledger, "cases", lambda self: read.append(self) or cases(self))
    for _ in range(5):
        assert set(decisions.of([UNKNOWN, "other"])) == {UNKNOWN}
    assert read == []
    ledger.decide("other", OXFORD, by="bo", why="for a test")
    for _ in range(5):
        assert set(decisions.of([UNKNOWN, "other"])) == {UNKNOWN, "other"}
    assert len(read) == 1


def test_a_ledger_behind_a_connection_is_asked_now_and_then(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    ledger = Ledger(url)
    patient, eager = (Decisions(ledger, ReviewSettings(look=look)) for look in (3600, 0))
    ledger.decide(UNKNOWN, OXFORD, by="ana", why="I asked them")
    assert eager.of([UNKNOWN]) == {UNKNOWN: ((OXFORD,), "ana: I asked them")}
    assert patient.of([UNKNOWN]) == {}
    assert Decisions(url, ReviewSettings()).of([UNKNOWN]), "by its URL"


@settings(max_examples=20, deadline=None)
@given(blank=st.text(" \t\u00a0\n", min_size=1, max_size=3))
def test_white_space_makes_no_other_string(tmp_path_factory: pytest.TempPathFactory, blank: str) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    ledger.decide("Lab 7", OXFORD, by="ana", why="I asked them")
    string = f"{blank}Lab{blank}7{blank}"
    assert set(Decisions(ledger, ReviewSettings()).of([string])) == {string}


def test_what_cannot_be_used_is_said(tiny_matcher: affil.Matcher, ledger: Ledger, tmp_path: Path) -> None:
    files = tiny_matcher.registry, tiny_matcher.model_path
    with pytest.raises(InputError, match="no such ledger; name the file or URL of a ledger"):
        affil.Matcher.load(*files, ledger=tmp_path / "nothing.sqlite")
    with pytest.raises(InputError, match=r"no such ledger; .*affil\.Workspace\.open"):
        affil.Matcher.load(*files, ledger=tmp_path)
    (tmp_path / "text.sqlite").write_text("no ledger at all, but long enough to look like something " * 20)
    with pytest.raises(InputError, match="not a ledger"):
        affil.Matcher.load(*files, ledger=tmp_path / "text.sqlite")
    matcher = affil.Matcher.load(*files, ledger=ledger.where)
    ledger.decide("Lab 9", "https://ror.org/04xfq0f34", by="ana", why="known elsewhere")
    assert ids(matcher.match_many([UNKNOWN])) == [[CUHK, STANFORD]], "others are answered"
    with pytest.raises(LedgerError, match=r"'Lab 9' cannot be used: .*04xfq0f34"):
        matcher.match("Lab 9")
    with pytest.raises(UnknownIdError, match=r"04xfq0f34.*ledger\.sqlite decides on it"):
        affil.Matcher.load(*files, ledger=ledger)


def test_a_workspace_has_its_own(matcher: affil.Matcher, tmp_path: Path) -> None:
    paper = {"id": "p", "title": "T", "venue": "CVPR", "year": 2023, "authors": [{"name": "A", "affiliations": [UNKNOWN]}]}
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper) + "\n", "utf-8")
    with pytest.raises(AffilError, match="its own ledger"):
        affil.Workspace.open(tmp_path / "ws", create=True).run(papers=tmp_path / "papers.jsonl", matcher=matcher)


def test_the_service_answers_so_and_sees_new_decisions(matcher: affil.Matcher, ledger: Ledger, serving: Any) -> None:
    with serving(matcher, Access.of("127.0.0.1"), ServeSettings(per_minute=1_000_000)) as service:

        def asked(string: str) -> Any:
            return service.client.get("/match", params={"affiliation": string, "candidates": 3}).json()["results"][0]

        assert [m["institution_id"] for m in asked(UNKNOWN)["matches"]] == [CUHK, STANFORD]
        assert asked(UNKNOWN)["matches"][0]["evidence"] == ["+ decided by ana: I asked them"]
        assert (asked(WRONG)["decision"], asked(WRONG)["matches"]) == ("none", [])
        assert asked(WRONG)["candidates"][0]["institution_id"] == OXFORD
        ledger.decide(PLAIN, CUHK, by="bo", why="for a test")
        assert [m["institution_id"] for m in asked(PLAIN)["matches"]] == [CUHK]
        (item,) = service.client.get("/organizations", params={"affiliation": PLAIN, "page": 1}).json()["items"][:1]
        assert (item["organization"]["id"], item["chosen"], item["score"]) == (CUHK, True, 1)
        queries = json.dumps({"q": {"query": PLAIN}})
        best = service.client.post("/reconcile", data={"queries": queries}).json()["q"]["result"][0]
        assert (best["id"], best["match"]) == (CUHK, True)
        page = service.client.post("/", data={"affiliations": UNKNOWN}, headers={"origin": "http://127.0.0.1:8372"}).text
        assert "decided by ana: I asked them" in page
        # what is wrong with the ledger is no fault of who asks, and is over once it is put back
        file = Path(ledger.where)
        aside = file.rename(file.with_name("aside"))
        gone = service.client.get("/match", params={"affiliation": PLAIN})
        assert (gone.status_code, gone.headers["retry-after"]) == (503, "1")
        assert "the ledger is gone" in gone.json()["errors"][0]
        aside.rename(file)
        assert [m["institution_id"] for m in asked(PLAIN)["matches"]] == [CUHK]


def test_the_command(tiny_matcher: affil.Matcher, tiny_model: Path, ledger: Ledger, tmp_path: Path, python: str) -> None:
    """With a ledger's file, and with a workspace that keeps its decisions in it."""
    ws = affil.Workspace.open(tmp_path / "ws", create=True)
    (ws.path / "settings.toml").write_text(f'[review]\nledger = "{ledger.where}"\n')
    files = ["--registry", str(tiny_matcher.registry.path), "--model", str(tiny_model)]
    for named in (ledger.where, str(ws.path)):
        command = [python, "-m", "affil", "match", "--text", UNKNOWN, *files, "--ledger", named, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert [m["institution_id"] for m in json.loads(done.stdout)["matches"]] == [CUHK, STANFORD]
    command = [sys.executable, "-m", "affil", "match", "--text", UNKNOWN, "--ledger", str(tmp_path / "no.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no such ledger" in done.stderr
