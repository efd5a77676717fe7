"""The page over HTTP: what it shows and does without a browser, and for who has no scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from affil.errors import AffilError
from affil.io.checksums import read_json, sealed_json
from affil.ledger import Draft, Key
from affil.pages.review import review_app
from affil.review.estimate import Estimator
from affil.review.session import Session
from affil.review.spreadsheet import string_key
from affil.service import texts
from affil.service.security import Access
from affil.workspace import Workspace
from affil.workspace.decisions import restore_ledger

BASE = "http://127.0.0.1:8000"
OPENAI = "affil:openai"


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form of a card."""
    return {k: unescape(v) for k, v in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)}


class Page:
    def __init__(self, session: Session, by: str = "ana", **options: Any) -> None:
        self.session = session
        self.client = TestClient(review_app(session, Access.of("127.0.0.1"), by=by), base_url=BASE, **options)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def card(self, number: int) -> dict[str, str]:
        """What the card of a string posts besides the decision, read off the page."""
        return hidden(self.get(f"/?string={string_key(self.session.queue.affiliations[number])}").text)

    def post(self, path: str, htmx: bool = True, **data: Any) -> Any:
        headers = {"origin": BASE, **({"hx-request": "true"} if htmx else {})}
        return self.client.post(path, data=data, headers=headers, follow_redirects=False)


@pytest.fixture
def session(review_ws: Workspace) -> Iterator[Session]:
    made = Session(review_ws)
    yield made
    made.close()


@pytest.fixture
def page(session: Session) -> Page:
    return Page(session)


def test_who_one_is_is_asked_first_and_kept(session: Session) -> None:
    page = Page(session, by="")
    assert "Who are you?" in page.get("/").text
    refused = page.post("/decide", **page.card(0), institution=OPENAI)
    assert (refused.status_code, session.entries()) == (409, [])
    answer = page.post("/name", name="  Łucja   Żak ")
    assert answer.status_code == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    page.post("/decide", **page.card(0), institution=OPENAI)
    assert session.entries()[0].by == "Łucja Żak"


def test_a_decision_brings_the_next_card_and_says_what_was_saved(page: Page, session: Session) -> None:
    answer = page.post("/decide", **page.card(3), institution=[OPENAI, "affil:fernhollow-college"], why="  asked  them ")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'hx-swap-oob="true"' in answer.text
    assert "OpenAI (San Francisco, US) affil:openai + Fernhollow College (Leeds, GB) affil:fernhollow-college" in answer.text
    (entry,) = session.entries()
    assert (entry.institutions, entry.why) == ((OPENAI, "affil:fernhollow-college"), "asked them")
    assert page.post("/decide", **page.card(4), only=OPENAI, institution="affil:fernhollow-college").status_code == 200
    assert session.entries()[-1].institutions == (OPENAI,), "only this stands above what is ticked"
    page.post("/decide", **page.card(5), how="not", why="a room", institution=OPENAI)
    page.post("/decide", **page.card(6), how="none")
    assert [(e.institutions, e.why) for e in session.entries()[2:]] == [
        ((), "not an organisation: a room"),
        ((), "none of the registry"),
    ]


def test_a_decision_posted_twice_is_one_entry_and_saved_both_times(page: Page, session: Session) -> None:
    """A double click."""
    card = page.card(3)
    answers = [page.post("/decide", **card, only=OPENAI, why="sure") for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    assert all("OpenAI" in a.text and "Saved" in a.text for a in answers)
    assert [(e.by, e.institutions) for e in session.entries()] == [("ana", (OPENAI,))]
    page.post("/decide", **page.card(3), how="none")
    assert len(session.entries()) == 2, "another answer is another entry"


def test_what_an_assistant_suggests_is_shown_and_not_ticked(page: Page, session: Session, review_ws: Workspace) -> None:
    string = "Physics, OpenAI"
    review_ws.suggest(string, ["affil:fernhollow-college"], by="<b>parrot", why="<i>said so")
    text = page.get(f"/?string={string_key(string)}").text
    assert "The assistant &lt;b&gt;parrot suggested on" in text
    assert "<q>&lt;i&gt;said so</q>" in text
    assert re.search(r'value="affil:fernhollow-college" data-said="[^"]*">', text), "offered, not ticked"
    page.post("/decide", **hidden(text), only=OPENAI, why="no")
    assert "parrot" not in page.get(f"/?string={string_key(string)}").text
    assert review_ws.suggestions == []


def test_one_mention_is_decided(page: Page, session: Session) -> None:
    number = session.queue.number("OpenAI!")
    text = page.get(f"/?string={string_key('OpenAI!')}").text
    value = re.search(r'name="mention" value="(\[[^"]+)"', text)[1].replace("&#34;", '"')
    assert page.post("/decide", **page.card(number), how="none", mention=value).status_code == 200
    (entry,) = session.entries()
    assert entry.paper
    assert entry.position in (0, 1)
    assert Key("OpenAI!") not in session.queue.cases
    assert page.post("/decide", **page.card(number), how="none", mention="{").status_code == 409


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("/decide", {}, "Choose an institution first"),
        (
            "/decide",
            {"string": "", "number": "3", "only": OPENAI},
            "the workspace does not have the string that this page showed",
        ),
        ("/decide", {"string": "99999", "only": OPENAI}, "the workspace does not have the string"),
        ("/decide", {"shown": "another string", "only": OPENAI}, "the workspace does not have the string"),
        ("/decide", {"also": "3", "only": OPENAI}, "the workspace does not have the string"),
        ("/decide", {"only": OPENAI, "mention": '["p0-0", 0, "Nobody"]'}, "no longer stands where this page showed it"),
        ("/decide", {"only": OPENAI, "mention": "[1, 2, 3]"}, "not a mention"),
        ("/decide", {"only": "affil:nobody"}, "affil:nobody"),
        ("/skip", {"string": "3"}, "the workspace does not have the string"),
        ("/undo", {}, "nothing of yours to take back"),
        ("/undo", {"entry": "7"}, "entry 7 of the ledger is not the one that this page showed"),
        ("/institution", {"name": "X", "country": "??"}, "no country"),
        ("/settle", {"entry": "9"}, "entry 9 of the ledger is not the one"),
        ("/accept", {"proposal": "x"}, "decided already"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_recorded(
    page: Page, session: Session, path: str, data: dict[str, str], message: str
) -> None:
    data = page.card(3) | data
    answer = page.post(path, **data)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert message in answer.text
    whole = page.post(path, htmx=False, **data)
    assert (whole.status_code, message in whole.text, "<html" in whole.text) == (409, True, True)
    assert session.ledger.entries() == []


def test_it_works_without_scripts(page: Page, session: Session) -> None:
    answer = page.post("/decide", htmx=False, **(page.card(3) | {"filters": "decision=review&text=OpenAI"}), only=OPENAI)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?decision=review&text=OpenAI"
    assert page.post("/skip", htmx=False, **page.card(4)).headers["location"] == "/?"
    assert len(session.turns.skipped("ana")) == 1
    assert page.post("/unskip", htmx=False).status_code == 303
    assert session.turns.skipped("ana") == []
    assert page.post("/undo", htmx=False, **page.card(3)).status_code == 303
    assert session.ledger.current() == {}


def test_the_language(session: Session) -> None:
    page = Page(session)
    assert 'lang="en"' in page.get("/").text
    assert 'lang="zh-Hans"' in page.get("/", **{"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    for back, to in (
        ("/list?scope=all", "/list?scope=all"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("http://evil", "/"),
    ):
        answer = page.post("/language", htmx=False, to="zh-hans", back=back)
        assert (answer.status_code, answer.headers["location"]) == (303, to)
    assert "匹配" in page.get("/").text


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [
        ("", "en"),
        ("de-DE, zh-TW;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de;q=0.9", "en"),
        (";;,,x", "en"),
    ],
)
def test_the_first_language_that_the_browser_asks_for_and_there_is(page: Page, accepted: str, shown: str) -> None:
    assert f'<html lang="{shown}">' in page.get("/", **{"accept-language": accepted}).text


def test_a_further_language_is_a_catalogue_and_a_line(page: Page, french: Any) -> None:
    french(texts, texts.LANGUAGES, "fr")
    text = page.get("/", **{"accept-language": "fr"}).text
    assert '<html lang="fr">' in text
    assert re.findall(r'name="to" value="([\w-]+)" lang="([\w-]+)">(\w+)<', text) == [
        ("en", "en", "English"),
        ("zh-hans", "zh-Hans", "简体中文"),
        ("zh-hant", "zh-Hant", "繁體中文"),
    ]
    assert "fr:" in text
    assert page.post("/language", htmx=False, to="fr", back="/").cookies["affil_language"] == "fr"


def test_filters_in_the_address(page: Page) -> None:
    text = page.get("/list?scope=all&text=tanglewick&decision=none").text
    assert text.count('<bdi class="raw">') == 3
    assert page.get("/list?low=x").status_code == 409
    assert page.get("/list?state=nonsense").status_code == 409
    assert "Nothing is left here" in page.get("/?text=zzzz").text


def test_the_blind_are_not_told(review_ws: Workspace) -> None:
    review = review_ws.settings.review.model_copy(update={"double": 1.0})
    review_ws.settings = review_ws.settings.model_copy(update={"review": review})
    session = Session(review_ws)
    session.decide(3, [OPENAI], by="Ana Secret", why="hush hush")
    card = f"/?string={string_key(session.queue.affiliations[3])}"
    for path in (card, "/history", "/conflicts", "/list?state=decided"):
        told = Page(session, by="bo").get(path).text
        assert "Ana Secret" not in told
        assert "hush hush" not in told
    assert "Second opinion" in Page(session, by="bo").get(card).text
    assert "Ana Secret" in Page(session, by="Ana Secret").get("/history").text
    session.close()


@pytest.fixture
def later(session: Session, page: Page, doubter: Any, tmp_path: Path) -> Iterator[tuple[Page, str, dict[str, str], Page]]:
    """A card opened before the workspace ran with more papers: its page, its string, what it posts, and the page of the new server."""
    number = session.queue.number("Music, OpenAI")
    card = page.card(number)
    session.close()
    record = {"venue": "CVPR", "year": 2024, "authors": [{"name": "Eve", "affiliations": ["Alibaba Group, China"]}]}
    papers = tmp_path / "more.jsonl"
    papers.write_text("".join(json.dumps({"id": f"more{i}", "title": "T", **record}) + "\n" for i in range(99)), "utf-8")
    workspace = Workspace.open(session.workspace.path)
    workspace.add_papers(papers)
    workspace.run(matcher=doubter(session.matcher.registry))
    again = Session(workspace)
    assert again.queue.affiliations[number] != "Music, OpenAI", "the numbers have moved"
    yield page, "Music, OpenAI", card, Page(again)
    again.close()


def test_an_open_page_decides_the_string_that_it_showed(later: Any) -> None:
    """Run, open a card, stop, run with more papers, start again, post from the old page."""
    _, string, card, now = later
    assert now.post("/skip", **card).status_code == 200
    assert now.session.turns.skipped("ana") == [now.session.queue.number(string)]
    assert now.post("/decide", **card, institution=OPENAI).status_code == 200
    assert [(e.affiliation, e.institutions) for e in now.session.ledger.entries()] == [(string, (OPENAI,))]


def test_an_open_page_of_before_this_version_decides_nothing(later: Any) -> None:
    """It posts the number of a row, which is another string's by now."""
    now = later[-1]
    old = {"number": str(now.session.queue.number("Alibaba Group, China")), "seen": "0", "filters": ""}
    for language, said in (
        ("en", "does not have the string that this page showed"),
        ("zh-hans", "未保存"),
        ("zh-hant", "未儲存"),
    ):
        for path, more in (("/decide", {"institution": OPENAI}), ("/decide", {"how": "none"}), ("/skip", {})):
            now.client.cookies.set("affil_language", language)
            answer = now.post(path, **old, **more)
            assert (answer.status_code, said in answer.text) == (409, True)
    assert now.session.ledger.entries() == []
    assert now.session.turns.skipped("ana") == []


def test_a_card_and_its_text_must_agree(page: Page, session: Session) -> None:
    card, other = page.card(3), page.card(4)
    answer = page.post("/decide", **(card | {"string": other["string"]}), institution=OPENAI)
    assert (answer.status_code, session.ledger.entries()) == (409, [])


def test_a_mention_that_is_no_longer_there_is_not_decided(later: Any, tmp_path: Path) -> None:
    _, string, card, now = later
    shown = now.get(f"/?string={string_key(string)}").text
    mention = unescape(re.search(r'name="mention" value="(\[[^"]+)"', shown)[1])
    paper = json.loads(mention)[0]
    authors = [{"name": "Eve", "affiliations": ["OpenAI!"]}] * 3
    known = pq.read_table(now.session.workspace.table("papers"), columns=["id", "title", "venue", "year"]).to_pylist()
    record = {**next(one for one in known if one["id"] == paper), "authors": authors}
    (tmp_path / "corrected.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    workspace = Workspace.open(now.session.workspace.path)
    workspace.add_papers(tmp_path / "corrected.jsonl")
    session = Session(workspace)
    answer = Page(session).post("/decide", **card, how="none", mention=mention)
    assert (answer.status_code, session.ledger.entries()) == (409, [])
    session.close()


def test_undo_takes_back_what_the_page_says_and_nothing_else(page: Page, session: Session) -> None:
    page.post("/decide", **page.card(3), institution=OPENAI)
    old = page.card(5)
    page.post("/decide", **page.card(4), institution=OPENAI)  # in another tab
    answer = page.post("/undo", filters="", last=old["last"])
    assert (answer.status_code, "does not show your last step" in answer.text) == (409, True)
    assert len(session.ledger.current()) == 2
    assert page.post("/undo", filters="", last=page.card(5)["last"]).status_code == 200
    assert [*session.ledger.current()] == [session.queue.affiliations[3]]
    wrong = page.post("/undo", entry=1, string=string_key("another"))
    assert (wrong.status_code, len(session.ledger.current())) == (409, 1)
    assert page.post("/settle", entry=1, string=string_key("another")).status_code == 409


def test_of_a_step_only_what_the_page_shows_is_taken_back(page: Page, session: Session) -> None:
    """A step of which part was taken back meanwhile is not what the page shows."""
    strings = session.queue.affiliations[:4]
    made = session.ledger.decide_all([Draft(Key(s), (), "bo", "w") for s in strings])
    numbers = [e.number for e in made]
    first = {"entry": str(numbers[0]), "string": string_key(strings[0]), "back": "/history"}
    assert page.post("/undo", **first, step=f"{numbers[0]} {numbers[2]}").status_code == 303
    assert {*session.ledger.current()} == {strings[1], strings[3]}
    last = {"entry": str(numbers[3]), "string": string_key(strings[3]), "back": "/history"}
    answer = page.post("/undo", **last, step=" ".join(map(str, numbers)))
    assert answer.status_code == 409
    assert "the step is no longer as this page shows it" in answer.text
    assert {*session.ledger.current()} == {strings[1], strings[3]}


def test_a_proposal_that_was_made_anew_is_not_accepted(page: Page, session: Session) -> None:
    session.workspace.discover()
    key = re.search(r'name="proposal" value="(\w+)"', page.get("/new").text)[1]
    file = session.workspace.path / "proposals.json"
    content = read_json(file, "", ("proposals",))
    content["proposals"][0]["strings"].append("Room 12")
    file.write_text(sealed_json(content), "utf-8")
    for path in ("/accept", "/refuse"):
        answer = page.post(path, proposal=key, name="Tanglewick", country="GB", kind="company")
        assert (answer.status_code, "was made anew" in answer.text) == (409, True)
    assert session.ledger.entries() == []
    assert session.workspace.local == {}


def test_the_servers_by_wins_over_an_older_name(session: Session) -> None:
    page = Page(session, by="")
    page.post("/name", name="bo")
    cookie = page.client.cookies["affil_name"]
    later = Page(session, by="ana")
    later.client.cookies.set("affil_name", cookie)
    later.post("/decide", **later.card(0), institution=OPENAI)
    assert session.entries()[-1].by == "ana", "the server was started with --by since"
    later.client.cookies.clear()
    later.post("/name", name="bo")
    later.post("/decide", **later.card(1), institution=OPENAI)
    assert session.entries()[-1].by == "bo", "who gives a name in the page means it"


def test_what_is_saved_is_never_called_not_saved(page: Page, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger goes away just after the entry was stored."""
    card, decide_all = page.card(3), session.ledger.decide_all

    def stored_and_gone(*args: Any, **options: Any) -> Any:
        entries = decide_all(*args, **options)
        monkeypatch.setattr(session.ledger, "entries", gone)
        return entries

    def gone(after: int = 0) -> Any:
        raise AffilError("the ledger is gone")

    monkeypatch.setattr(session.ledger, "decide_all", stored_and_gone)
    answer = page.post("/decide", **card, only=OPENAI)
    assert (answer.status_code, "Saved" in answer.text) == (200, True)
    assert page.get("/").status_code == 409, "and the next page says what happened"


def test_a_ledger_that_was_restored_is_noticed(page: Page, session: Session, tmp_path: Path) -> None:
    page.post("/decide", **page.card(3), only=OPENAI, why="before the copy")
    session.ledger.backup(tmp_path / "copy.sqlite")
    page.post("/decide", **page.card(4), only=OPENAI, why="after the copy")
    restore_ledger(session.workspace, tmp_path / "copy.sqlite", force=True)
    text = page.get("/history").text
    assert "before the copy" in text and "after the copy" not in text
    assert Key(session.queue.affiliations[4]) not in session.queue.cases
    page.post("/decide", **page.card(4), only=OPENAI, why="again")
    assert [e.why for e in session.ledger.entries()] == ["before the copy", "again"]


def test_a_ledger_that_is_gone_gets_no_empty_successor(page: Page, session: Session) -> None:
    page.post("/decide", **page.card(3), only=OPENAI)
    card = page.card(4)
    for file in session.workspace.path.glob("ledger.sqlite*"):
        file.unlink()
    answer = page.post("/decide", **card, only=OPENAI)
    assert (answer.status_code, "the ledger is gone" in answer.text) == (409, True)
    assert not (session.workspace.path / "ledger.sqlite").exists()


def test_a_page_says_that_the_workspace_was_matched_again(later: Any) -> None:
    page, *_, now = later
    assert "start affil review again" in page.get("/list").text
    assert "start affil review again" not in now.get("/list").text


def test_a_page_says_that_its_decisions_count_elsewhere(review_ws: Workspace, tmp_path: Path) -> None:
    session = Session(review_ws.with_ledger(str(tmp_path / "other.sqlite")))
    said = f"kept in {tmp_path / 'other.sqlite'}, but the rankings of this workspace count those of {review_ws.path / 'ledger.sqlite'}"
    assert said in unescape(Page(session).get("/").text)
    session.close()


def test_what_the_estimate_closes_is_shown_and_taken_back_in_one_step(review_ws: Workspace) -> None:
    review = review_ws.settings.review.model_copy(update={"estimate": 2, "closes": 0.7, "close_after": 1})
    review_ws.settings = review_ws.settings.model_copy(update={"review": review})
    session = Session(review_ws)
    queue, page = session.queue, Page(session)
    queue.group = np.arange(len(queue))  # each alone, so that one decision speaks for the others
    numbers = queue.doubtful
    found = [session._read[queue.affiliations[n]] for n in numbers.tolist()]
    session._estimator = Estimator(queue.store, numbers, numbers, found, session.settings)
    one, two = (queue.number(f"{what}, Fernhollow College") for what in ("Physics", "Chemistry"))
    page.post("/decide", **page.card(one), only="affil:fernhollow-college")
    answer = page.post("/decide", **page.card(two), only="affil:fernhollow-college")
    closed = [e for e in session.entries() if e.why.startswith("closed by the estimate")]
    assert len(closed) > 3
    assert f"from your decisions on the same names: {len(closed)}" in answer.text
    assert answer.text.count("→ Fernhollow College (Leeds, GB) affil:fernhollow-college</li>") == len(closed)
    assert page.post("/undo", filters="", last=hidden(answer.text)["last"]).status_code == 200
    assert {*session.ledger.current()} == {queue.affiliations[one], queue.affiliations[two]}
    session.close()


def test_a_new_institution_is_corrected_later(page: Page, session: Session) -> None:
    details = {
        "name": "Tanglewick Robotics",
        "country": "GB",
        "city": "Leeds",
        "kind": "company",
        "parents": OPENAI,
        "ror": "00t33hh48",
    }
    assert page.post("/institution", **details).status_code == 200
    made = "affil:tanglewick-robotics"
    assert session.institutions.find(made).parents == (OPENAI,)
    text = unescape(page.get("/new").text)
    assert f'name="parents" list="parents-affil-tanglewick-robotics" maxlength="300" value="{OPENAI}"' in text
    assert 'value="https://ror.org/00t33hh48"' in text
    assert f'<option value="{OPENAI}">OpenAI (San Francisco, US)</option>' in page.get("/parents?parents=openai").text
    again = page.post("/institution", **(details | {"name": "Tanglewick Automation"}))
    assert (again.status_code, "is an existing institution: Tanglewick Robotics" in again.text) == (409, True)
    assert page.post("/edit", id=made, **(details | {"name": "Tanglewick Automation", "parents": ""})).status_code == 303
    changed = session.institutions.find(made)
    assert (changed.name, changed.parents, changed.other_ids) == ("Tanglewick Automation", (), ("https://ror.org/00t33hh48",))
    assert page.post("/edit", **(details | {"id": OPENAI})).status_code == 409, "the registry's own are not edited here"
