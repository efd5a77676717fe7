"""A real Chromium drives the page."""

from __future__ import annotations

import csv
import functools
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest

from affil.ledger import Key, Ledger
from affil.review.spreadsheet import string_key
from affil.workspace import Workspace
from tests.browser import accessible
from tests.pages.visitor import VIEWS, Visitor


@pytest.fixture
def ana(browser: Any, serve: Any, review_ws: Workspace) -> Iterator[Visitor]:
    server = serve(review_ws.path)
    watched = Visitor(browser, server.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    watched.open()
    watched.page.get_by_label("Name").fill("ana")
    watched.page.keyboard.press("Enter")
    watched.settle()
    yield watched
    watched.check()
    watched.context.close()
    assert server.stop() == ""


def test_an_afternoon_of_review(ana: Visitor, review_ws: Workspace) -> None:
    page, keys = ana.page, ana.page.keyboard
    ledger = Ledger(review_ws.path / "ledger.sqlite")
    decided: dict[str, tuple[str, ...]] = {}

    def expect(ids: tuple[str, ...]) -> None:
        decided[ana.string()] = ids

    def first() -> str:
        return str(page.locator("#candidates input").first.get_attribute("value"))

    for turn in range(28):  # by keyboard and by mouse, in turns, and each string alone
        ana.alone()
        if not page.locator("#candidates input").count():
            expect(())
            ana.next(lambda: keys.press("0"))
        elif page.locator("#candidates input:checked").count() > 1:  # a digit would tick beside them
            expect((first(),))
            ana.next(lambda: page.locator("#candidates .only").first.click())
        elif turn % 4 == 0:
            expect((first(),))
            ana.next(lambda: keys.press("1"))
        elif turn % 4 == 1:
            expect((first(),))
            ana.next(lambda: page.locator("#candidates .only").first.click())
        elif turn % 4 == 2:
            expect(())
            ana.next(lambda: keys.press("0"))
        else:
            expect(())
            ana.next(lambda: page.locator("#not").click())
    assert ledger.current() == decided

    # undo brings the last string back; the choice is made anew
    last = [*decided][-1]
    ana.next(lambda: keys.press("u"))
    assert ana.string() == last
    assert last not in ledger.current()
    assert "Taken back" in page.locator("#message").inner_text()

    # search in Chinese, by keyboard alone: the institution is added, and saved
    ana.alone()
    keys.press("/")
    keys.type("港中大")
    page.wait_for_selector("#found button")
    assert "The Chinese University of Hong Kong" in page.locator("#found button").first.inner_text()
    keys.press("Enter")
    cuhk = page.locator('#candidates input[value="affil:the-chinese-university-of-hong-kong"]')
    cuhk.wait_for()
    page.wait_for_function("() => document.getElementById('found').childElementCount === 0")
    assert cuhk.is_checked()
    for box in page.locator("#candidates input").all():
        if box.is_checked() and box.get_attribute("value") != "affil:the-chinese-university-of-hong-kong":
            box.uncheck()
    keys.press("e")
    keys.type("the abstract says Shatin")
    keys.press("Escape")
    expect(("affil:the-chinese-university-of-hong-kong",))
    ana.next(lambda: keys.press("Enter"))
    assert ledger.current() == decided
    assert ledger.entries()[-1].why == "the abstract says Shatin"

    # a new institution, first with a fault
    keys.press("n")
    page.wait_for_selector("#new[open]")
    form = page.locator("#new-form")
    assert form.locator("[name=name]").input_value() == ana.string().split(",")[0]
    assert [form.locator(f"[name={field}]").input_value() for field in ("country", "kind")] == ["", ""], "nothing is assumed"
    form.locator("[name=name]").fill("OpenAI")
    form.locator("[name=country]").select_option(label="United States")
    form.locator("[name=kind]").select_option("company")
    form.locator("[name=city]").press("Enter")
    page.wait_for_function("() => document.getElementById('new-error').textContent.includes('already an institution')")
    assert ana.faults
    assert all("409" in fault for fault in ana.faults), "notes of the refused form, which was refused on purpose"
    ana.faults.clear()
    form.locator("[name=name]").fill("Tanglewick Robotics")
    form.locator("[name=chinese]").fill("羽芒机器人")
    form.locator("[name=country]").select_option(label="United Kingdom")
    form.locator("[name=city]").press("Enter")
    made = page.locator('#candidates input[value="affil:tanglewick-robotics"]')
    made.wait_for()
    ana.alone()
    expect(("affil:tanglewick-robotics",))
    ana.next(lambda: page.locator('#candidates .only[value="affil:tanglewick-robotics"]').click())
    assert ledger.current() == decided
    assert "Tanglewick Robotics" in {one.name for one in review_ws.local.values()}
    ranked = review_ws.rank().to_frame()
    assert "affil:tanglewick-robotics" in set(ranked["id"]), "it counts at once"

    # the strings of one group are one decision and one undo
    while page.locator("#members input[name=also]").count() < 2:
        expect(())
        ana.alone()
        ana.next(lambda: keys.press("x"))
    lead, exception = ana.string(), page.locator("#members .raw").first.inner_text()
    page.locator("#members input[name=also]").first.click()
    members = [s.inner_text() for s in page.locator("#members li:has(:checked) .raw").all()]
    assert exception not in members
    assert f"and {len(members)} more" in page.locator("#will").inner_text()
    choice = first()
    before = len(ledger.entries())
    ana.next(lambda: page.locator("#candidates .only").first.click())
    assert f"all {len(members) + 1} strings" in page.locator("#message").inner_text()
    assert ledger.current() == decided | dict.fromkeys([lead, *members], (choice,))
    ana.next(lambda: keys.press("u"))
    assert ana.string() == lead
    assert ledger.current() == decided
    assert len(ledger.entries()) == before + 2 * (len(members) + 1)
    decided |= dict.fromkeys([lead, *members, exception], (choice,))
    ana.next(lambda: page.locator("#candidates .only").first.click())
    assert ledger.current() == decided
    assert len(decided) >= 30

    # skipped strings come back when asked for
    if ana.number():
        skipped = ana.string()
        ana.next(lambda: keys.press("s"))
        assert ana.number() == "" or ana.string() != skipped

    # help, and the other language
    keys.press("?")
    page.wait_for_selector("#help[open]")
    keys.press("Escape")
    page.click("#languages button")
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert "审核" in page.locator("nav").inner_text()
    page.click("#languages button")
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "en"

    # who, when and what stands in the history, and can be taken back there
    ana.open("history")
    assert page.locator("tbody tr").count() >= 30
    row = page.locator("tbody tr").first
    assert "ana" in row.inner_text()
    row.get_by_role("button", name=re.compile("Undo")).click()
    page.wait_for_load_state()
    assert "takes back" in page.locator("tbody tr").first.inner_text()


def test_a_new_institution_is_made_with_all_its_details_and_corrected(ana: Visitor, review_ws: Workspace) -> None:
    """Its parent is found while it is typed; what was made stands on the page of new ones, is corrected there, and counts."""
    page, keys = ana.page, ana.page.keyboard
    string = ana.string()
    ana.alone()
    keys.press("n")
    page.wait_for_selector("#new[open]")
    form = page.locator("#new-form")
    form.locator("[name=name]").fill("Tanglewick Robotics")
    form.locator("[name=country]").select_option(label="Germany")
    form.locator("[name=city]").fill("Leeds")
    form.locator("[name=kind]").select_option("company")
    form.locator("[name=parents]").press_sequentially("opena")
    offered = page.locator("#parents-new option")
    offered.first.wait_for(state="attached")
    assert offered.evaluate_all("all => all.map(o => o.value)") == [OPENAI]
    form.locator("[name=parents]").fill(OPENAI)
    form.locator("[name=ror]").fill("00t33hh48")
    assert accessible(page) == []
    form.locator("[name=ror]").press("Enter")
    made = "affil:tanglewick-robotics"
    page.locator(f'#candidates input[value="{made}"]').wait_for()
    found = review_ws.made_institutions[made]
    assert (found.country, found.city, found.kind, found.parents) == ("DE", "Leeds", "company", (OPENAI,))
    assert found.other_ids == ("https://ror.org/00t33hh48",)
    ana.next(lambda: page.locator(f'#candidates .only[value="{made}"]').click())
    # the country was a slip, and it has no parent
    ana.open("new")
    mine = page.locator(f'[id="{made}"]')
    mine.locator("summary").click()
    assert mine.locator("[name=ror]").input_value() == "https://ror.org/00t33hh48"
    assert mine.locator("[name=country]").input_value() == "DE"
    mine.locator("[name=name]").fill("Tanglewick Automation")
    mine.locator("[name=country]").select_option(label="United Kingdom")
    mine.locator("[name=parents]").fill("")
    assert accessible(page) == []
    mine.get_by_role("button", name="Save").click()
    page.locator("summary", has_text="Tanglewick Automation (Leeds, GB)").wait_for()
    found = review_ws.made_institutions[made]
    assert (found.name, found.country, found.parents, found.city) == ("Tanglewick Automation", "GB", (), "Leeds")
    # what is wrong is said, and nothing is changed
    mine.locator("summary").click()
    mine.locator("[name=parents]").fill("affil:nobody")
    mine.get_by_role("button", name="Save").click()
    page.wait_for_url("**/edit")
    assert "affil:nobody" in page.locator("main").inner_text()
    assert review_ws.made_institutions[made] == found
    ana.faults.clear()  # the refusal, which the browser notes
    assert review_ws.ledger.current() == {string: (made,)}
    (row,) = (r for r in review_ws.rank().to_frame().to_dict("records") if r["id"] == made)
    assert (row["name"], row["country"]) == ("Tanglewick Automation", "GB")


def test_two_people_differ_and_settle(ana: Visitor, browser: Any, review_ws: Workspace) -> None:
    page = ana.page
    string = ana.string()
    bo = Visitor(browser, ana.url, locale="en-GB")
    bo.open()
    bo.page.get_by_label("Name").fill("bo")
    bo.page.get_by_role("button", name="Start").click()
    bo.settle()
    assert bo.string() != string, "what is before one person is not given to another"
    bo.open(f"?string={string_key(string)}")
    bo.settle()
    ana.alone()
    ana.next(lambda: page.keyboard.press("1"))
    bo.alone()
    bo.next(lambda: bo.page.keyboard.press("0"))  # bo's page does not show yet what ana said
    assert "beside the decision of ana" in bo.page.locator("#message").inner_text()
    ledger = Ledger(review_ws.path / "ledger.sqlite")
    assert ledger.current()[string] != ()
    bo.open("conflicts")
    assert string in bo.page.locator("main").inner_text()
    assert bo.page.locator(".badge").inner_text() == "1"
    bo.page.get_by_role("button", name=re.compile(r"Settle with this\s*: bo")).click()
    bo.page.wait_for_load_state()
    assert "No conflicts" in bo.page.locator("main").inner_text()
    assert ledger.current()[string] == ()
    assert ledger.cases()[Key(string)].holder.role == "settlement"
    bo.check()
    bo.context.close()


def test_an_old_tab_decides_the_string_that_it_shows(
    browser: Any, serve: Any, review_ws: Workspace, review_registry: Any, doubter: Any, tmp_path: Path
) -> None:
    """Run, open a card, stop, run with more papers, start again at the same address, press Enter in the old tab."""
    server = serve(review_ws.path, "--by", "ana")
    watched = Visitor(browser, server.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    watched.open("?decision=review")
    watched.settle()
    string, number = watched.string(), watched.number()
    watched.alone()
    assert server.stop() == ""
    record = {"venue": "CVPR", "year": 2024, "authors": [{"name": "Eve", "affiliations": ["Alibaba Group, China"]}]}
    papers = tmp_path / "more.jsonl"
    papers.write_text("".join(json.dumps({"id": f"more{i}", "title": "T", **record}) + "\n" for i in range(99)), "utf-8")
    review_ws.add_papers(papers)
    review_ws.run(matcher=doubter(review_registry))
    review_ws.choose(registry=review_registry.path)
    now = pq.read_table(review_ws.table("strings")).column("affiliation").to_pylist()
    assert now[int(number)] != string, "the numbers have moved"
    again = serve(review_ws.path, "--by", "ana", "--port", str(urlsplit(server.url).port))
    watched.next(lambda: watched.page.keyboard.press("Enter"))
    (entry,) = review_ws.ledger.entries()
    assert entry.affiliation == string
    # a tab of an older version posts the number alone
    page = watched.page
    page.evaluate("for (const f of document.querySelectorAll('#decide [name=string], #decide [name=shown]')) f.remove()")
    page.keyboard.press("0")
    page.wait_for_selector("#message.failed")
    assert "does not have the string that this page showed" in page.locator("#message").inner_text()
    assert len(review_ws.ledger.entries()) == 1
    watched.faults = [f for f in watched.faults if "409" not in f]  # the browser tells the answer, as it should be
    watched.check()
    watched.context.close()
    assert again.stop() == ""


def look(page: Any, name: str) -> None:
    """No serious fault, nothing wider than the screen; a picture of it goes to AFFIL_SCREENSHOTS where that is set."""
    assert accessible(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    if folder := os.environ.get("AFFIL_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def settled_url(serve_all: Any, review_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The review page of a workspace with a conflict and proposals of new institutions, for those who only look."""
    ws = Workspace.open(shutil.copytree(review_folder, tmp_path_factory.mktemp("settled") / "ws"))
    ws.ledger.decide("Chemistry, OpenAI", "affil:openai", by="ana", why="w")
    ws.ledger.decide("Chemistry, OpenAI", None, by="bo", why="w", blind=True)
    ws.discover()
    server = serve_all(ws.path, "--by", "ana")
    yield server.url
    assert server.stop() == ""


@pytest.mark.parametrize("view", VIEWS)
def test_it_is_accessible(browser: Any, settled_url: str, view: str) -> None:
    watched = Visitor(browser, settled_url, **VIEWS[view])
    page = watched.page
    for name in ("", "list", "new", "conflicts", "history", "?who=1", f"?string={string_key('Chemistry, OpenAI')}"):
        watched.open(name)
        if page.locator("#similar").count():
            watched.settle()
        look(page, f"{view}-{name.strip('?=1').partition('=')[0] or 'review'}")
    page.locator(".filters summary").click()
    page.click("#help-button")
    assert accessible(page) == []
    page.keyboard.press("Escape")
    page.click("#new-button")
    assert accessible(page) == []
    watched.check()
    watched.context.close()


def test_hostile_strings_do_no_harm(browser: Any, serve: Any, hostile_ws: Workspace, hostile: tuple[str, ...]) -> None:
    server = serve(hostile_ws.path, "--by", '<img src=x onerror="alert(1)">')
    watched = Visitor(browser, server.url)
    dialogs: list[str] = []
    watched.page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    watched.open("list?scope=all")
    shown = watched.page.locator("tbody .raw").all_inner_texts()
    assert any("<script>" in s for s in shown)
    assert any("[U+202E]" in s for s in shown)
    assert any("␛" in s for s in shown)
    for string in hostile:
        watched.open(f"?scope=all&string={string_key(string)}")
        watched.settle()
        assert watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert watched.page.locator("#card script, #card img").count() == 0
        watched.next(lambda: watched.page.keyboard.press("x"))
    watched.open("history")
    assert watched.page.locator("main img").count() == 0
    assert dialogs == []
    watched.check()
    watched.context.close()
    assert set(hostile_ws.ledger.current()) == set(hostile), "each is kept to the letter"
    assert server.stop() == ""


EXAMPLE = ("Dept. of CSE, 港中大, Shatin; SenseTime Research", "國立清華大學資訊工程學系", "Univ. of Oxfrod", "独立研究者")


def test_strings_are_tried_on_the_page(browser: Any, service_url: str) -> None:
    watched = Visitor(browser, service_url, viewport={"width": 1280, "height": 900}, locale="en-GB", accept_downloads=True)
    page, keys = watched.page, watched.page.keyboard
    watched.open()
    assert page.evaluate("document.activeElement.id") == "affiliations"
    keys.insert_text("\n".join(EXAMPLE))
    keys.press("Control+Enter")
    page.wait_for_selector("#results")
    assert page.evaluate("document.activeElement.id") == "results-title", "what was found is read first"
    cards = page.locator(".results > li")
    assert cards.count() == 4
    assert cards.nth(0).locator("mark").all_inner_texts() == ["港中大", "SenseTime Research"]
    assert "The Chinese University of Hong Kong" in cards.nth(0).inner_text()
    assert "misspelt or glued words were corrected" in cards.nth(2).inner_text()
    assert "no institution found with enough certainty" in cards.nth(3).inner_text()
    assert " ".join(page.locator(".counts").inner_text().split()) == "3 matched 1 no institution found with enough certainty"
    # each institution is a dot within the map
    frame = page.locator(".map svg").bounding_box()
    dots = page.locator(".map .dot")
    assert dots.count() == 4
    for dot in dots.all():
        box = dot.evaluate("d => { const p = d.getPointAtLength(0).matrixTransform(d.getScreenCTM()); return [p.x, p.y]; }")
        assert frame["x"] <= box[0] <= frame["x"] + frame["width"]
        assert frame["y"] <= box[1] <= frame["y"] + frame["height"]
    with page.expect_download() as coming:
        page.click("#download")
    rows = list(csv.DictReader(Path(coming.value.path()).read_text("utf-8-sig").splitlines()))
    assert [r["affiliation"] for r in rows] == [EXAMPLE[0], *EXAMPLE]
    assert {r["institution_id"] for r in rows[:2]} == {"https://ror.org/00t33hh48", "https://ror.org/049wsmj07"}
    # an example for who has none, and the other language
    watched.open()
    page.click("#example")
    page.wait_for_selector("#affiliations:not(:placeholder-shown)")
    assert "港中大" in page.locator("#affiliations").input_value()
    page.click("#languages button")
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.click("#languages button")
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "en"
    watched.check()
    watched.context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_the_service_is_accessible(browser: Any, service_url: str, view: str) -> None:
    watched = Visitor(browser, service_url, **VIEWS[view])
    page = watched.page
    watched.open()
    look(page, f"{view}-serve-empty")
    watched.open("?example=1")
    page.click("#match")
    page.wait_for_selector("#results")
    look(page, f"{view}-serve-results")
    watched.open("docs")
    look(page, f"{view}-serve-docs")
    page.set_viewport_size({"width": 430, "height": 300})
    watched.open("reconcile/preview?id=https%3A%2F%2Fror.org%2F00t33hh48")
    look(page, f"{view}-serve-preview")
    watched.check()
    watched.context.close()


def test_hostile_strings_do_no_harm_on_the_page(browser: Any, service_url: str, hostile: tuple[str, ...]) -> None:
    watched = Visitor(browser, service_url)
    dialogs: list[str] = []
    watched.page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    watched.open()
    watched.page.fill("#affiliations", "\n".join(s[:5000] for s in hostile))
    watched.page.click("#match")
    watched.page.wait_for_selector("#results")
    assert watched.page.locator("main script, main img").count() == 0
    shown = watched.page.locator(".results .raw").all_inner_texts()
    assert any("<script>" in s for s in shown)
    assert any("[U+202E]" in s for s in shown)
    assert watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert dialogs == []
    watched.check()
    watched.context.close()


def test_openrefines_page_may_ask_and_frame(browser: Any, service_url: str, tmp_path: Path) -> None:
    """A page of this machine, as OpenRefine's is, asks across origins, loads JSONP, and shows the preview in a frame."""
    (tmp_path / "index.html").write_text("<!doctype html><title>refine</title><link rel=icon href=data:,>", "utf-8")
    handler = functools.partial(QuietFiles, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as refine:
        threading.Thread(target=refine.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{refine.server_port}/")
        asked = page.evaluate(
            """async (url) => {
                const queries = new URLSearchParams({queries: JSON.stringify({q: {query: "港中大"}})});
                return (await fetch(url, {method: "POST", body: queries})).json();
            }""",
            f"{service_url}reconcile",
        )
        assert asked["q"]["result"][0]["id"] == "https://ror.org/00t33hh48"
        called = page.evaluate(
            """(url) => new Promise((done, failed) => {
                window.called = done;
                document.head.append(Object.assign(document.createElement("script"), {src: url + "?callback=called", onerror: failed}));
            })""",
            f"{service_url}reconcile",
        )
        assert "0.2" in called["versions"]
        preview = called["preview"]["url"].replace("{{id}}", "00t33hh48")
        # OpenRefine's frame is a sandbox, where all of the service's own files come from elsewhere
        page.evaluate("url => { document.body.innerHTML = `<iframe sandbox src='${url}'></iframe>` }", preview)
        framed = page.frame_locator("iframe").locator("h1")
        framed.wait_for()
        assert framed.inner_text() == "The Chinese University of Hong Kong"
        styled = "() => getComputedStyle(document.querySelector('.small-map .dot')).strokeWidth"
        assert page.frames[1].evaluate(styled) != "1px", "the page has its style"
        drawn = "url => new Promise((done, failed) => Object.assign(new Image(), {onload: () => done(true), onerror: failed, src: url}))"
        assert page.evaluate(drawn, called["logo"])
        assert (
            page.evaluate("url => fetch(url).then(() => 'read', () => 'refused')", f"{service_url}match?affiliation=MIT")
            == "refused"
        ), "nothing else is shared"
        context.close()
        refine.shutdown()


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


OPENAI = "affil:openai"


def will(page: Any) -> str:
    return str(page.locator("#will").inner_text())


def test_no_key_saves_what_is_not_said(ana: Visitor, review_ws: Workspace) -> None:
    """A digit, a search and Enter twice, skip and undo; what Save would save is in view and in words all the time."""
    page, keys = ana.page, ana.page.keyboard
    ledger = Ledger(review_ws.path / "ledger.sqlite")
    ana.open(f"?string={string_key('Physics, Northeastern University')}")
    ana.settle()
    ana.alone()
    ticked = page.locator("#candidates input:checked")
    for number in "12":
        if not page.locator("#candidates input").nth(int(number) - 1).is_checked():
            keys.press(f"Shift+Digit{number}")
    said = will(page)
    assert "Northeastern University (Boston, US)" in said and "Northeastern University (Shenyang, CN)" in said
    keys.press("1")  # it does not drop the second one
    assert ticked.count() == 2
    assert "Ticked beside the others" in will(page)
    keys.press("Shift+Digit2")
    left = page.locator("#candidates input").first.get_attribute("data-said")
    assert will(page) == f"Will save: {left} · for this string"
    keys.press("Shift+Digit1")
    assert "saves nothing" in will(page)
    keys.press("Enter")
    page.wait_for_selector("#message.failed")
    ana.faults.clear()  # the refusal, which the browser notes
    assert ledger.entries() == []
    # a search replaces what was proposed, and says so
    ana.open(f"?string={string_key('Music, Fernhollow College')}")
    ana.settle()
    assert will(page).startswith("Will save: Fernhollow College (Leeds, GB) · for this string and ")
    ana.alone()
    string = ana.string()
    keys.press("/")
    keys.type("openai")
    page.wait_for_selector("#found .found[data-query=openai]")
    keys.press("Enter")
    page.wait_for_selector("#found:empty", state="attached")
    assert will(page).startswith(
        "Will save: OpenAI (San Francisco, US) · for this string · no longer ticked: Fernhollow College"
    )
    ana.next(lambda: keys.press("Enter"))
    assert ledger.current() == {string: (OPENAI,)}
    # undo after a skip takes back the skip
    skipped = ana.string()
    ana.next(lambda: keys.press("s"))
    assert "Undo skip" in page.locator("#undo").inner_text()
    ana.next(lambda: keys.press("u"))
    assert ana.string() == skipped
    assert ledger.current() == {string: (OPENAI,)}
    ana.next(lambda: keys.press("u"))
    assert ana.string() == string
    assert ledger.current() == {}


@pytest.mark.parametrize("view", VIEWS)
def test_the_actions_stay_in_view(browser: Any, settled_url: str, view: str) -> None:
    watched = Visitor(browser, settled_url, **VIEWS[view])
    page = watched.page
    watched.open(f"?string={string_key('Physics, OpenAI')}")
    watched.settle()
    height = VIEWS[view]["viewport"]["height"]
    for place in ("0", "document.body.scrollHeight / 2", "document.body.scrollHeight"):
        page.evaluate(f"window.scrollTo(0, {place})")
        for part in ("#will", "#save", "#none", "#not", "#new-button", "#skip", "#undo"):
            box = page.locator(part).bounding_box()
            assert box and box["y"] >= 0 and box["y"] + box["height"] <= height, (part, place)
    assert page.locator("#members li").count() > 2
    watched.check()
    watched.context.close()
