"""The pages with many rows in a real Chromium, with one server and one workspace: strings, mentions of one, history, conflicts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from affil.ledger import Draft, Key, Ledger
from affil.review.spreadsheet import string_key
from tests.browser import accessible
from tests.pages.visitor import VIEWS, Visitor

LEEDS = "affil:fernhollow-college"
LISTED = 8  # rows a page, so that there are several


@pytest.fixture(scope="module")
def folder(review_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("lists") / "ws"
    shutil.copytree(review_folder, to)
    (to / "settings.toml").write_text(f"[web]\nlisted = {LISTED}\n[review]\ndouble = 0\n", "utf-8")
    return to


@pytest.fixture(scope="module")
def url(folder: Path, serve_all: Any) -> Iterator[str]:
    server = serve_all(folder, "--by", "ana")
    yield server.url
    note = f"note: {folder / 'settings.toml'}: is not as it was at the last run; if nobody changed it: affil doctor {folder}\n"
    assert server.stop() == note


@pytest.fixture
def visit(browser: Any, url: str) -> Iterator[Any]:
    made: list[Visitor] = []

    def at(view: str = "desktop") -> Visitor:
        options = VIEWS[view]
        made.append(Visitor(browser, url, **{"locale": "en-GB", **options}))
        return made[-1]

    yield at
    for visitor in made:
        visitor.check()
        visitor.context.close()


def look(visitor: Visitor, name: str, tmp_path: Path) -> None:
    """No serious fault, nothing wider than the screen; a screenshot goes to AFFIL_SCREENSHOTS where that is set."""
    page = visitor.page
    assert accessible(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=Path(os.environ.get("AFFIL_SCREENSHOTS", tmp_path)) / f"{name}.png", full_page=True)


def will(visitor: Visitor) -> str:
    return str(visitor.page.locator("#will").inner_text())


def mentions_page(**rule: str) -> str:
    return "mentions?" + urlencode({"string": string_key("OpenAI!"), **rule})


def test_mentions_are_decided_by_a_rule(visit: Any, folder: Path, tmp_path: Path) -> None:
    """By keyboard: a rule, an exception on the first page, the second page, a digit; undo by a key."""
    ana, ledger = visit(), Ledger(folder / "ledger.sqlite")
    page, keys = ana.page, ana.page.keyboard
    ana.open("?" + urlencode({"string": string_key("OpenAI!")}))
    ana.settle()
    keys.press("m")
    page.wait_for_url("**/mentions?*")
    page.get_by_label("Year").fill("2020-2021")
    keys.press("Enter")
    page.wait_for_url("**year=2020-2021*")
    total = int(page.locator(".papers legend").inner_text().split()[-1])
    assert total > 2 * LISTED
    assert page.locator("#rows li").count() == LISTED
    assert will(ana).endswith(f"mentions: {total}")
    keys.press("j")
    keys.press("j")
    keys.press("Space")
    out = page.locator("#rows input[type=checkbox]").nth(1)
    assert not out.is_checked()
    exception = out.get_attribute("value")
    assert will(ana).endswith(f"mentions: {total - 1}")
    keys.press("ArrowRight")
    page.wait_for_url("**page=2*")
    assert will(ana).endswith(f"mentions: {total - 1}"), "the exception is kept"
    number = 1 + [b.get_attribute("value") for b in page.locator("#candidates input").all()].index("affil:openai")
    keys.press(str(number))
    page.wait_for_selector("#message:not(.quiet)")
    assert f"mentions ({total - 1}): OpenAI (San Francisco, US)" in page.locator("#message").inner_text()
    current = ledger.cases().current()
    assert len(current) == total - 1
    assert {*current.values()} == {("affil:openai",)}
    assert all(key.affiliation == "OpenAI!" and key.paper for key in current)
    # decided ones are marked, and stay as they are
    page.goto(ana.url + mentions_page(year="2020-2021"))
    assert page.locator("#rows .done").count() == LISTED - 1
    assert "decided: OpenAI" in page.locator("#rows .done").first.inner_text()
    assert will(ana).endswith("mentions: 1")
    assert page.locator("#rows input:checked").get_attribute("value") == exception
    keys.press("u")
    page.wait_for_function("n => document.querySelector('#will').dataset.count === String(n)", arg=total)
    assert ledger.cases().current() == {}


def test_many_strings_are_decided_after_a_look(visit: Any, folder: Path) -> None:
    """A facet, ticks on two pages and all of them, an exception, each as found; undo from the list."""
    ana, ledger = visit(), Ledger(folder / "ledger.sqlite")
    page, keys = ana.page, ana.page.keyboard
    ana.open("list")
    total = int(page.locator("main > .facts").inner_text().split(":")[1].split()[0])
    facet = page.locator("#facets section").filter(has_text="Venue").locator("li").first
    venue, count = facet.locator("a").inner_text(), int(facet.locator(".num").inner_text())
    assert count < total
    facet.locator("a").click()
    page.wait_for_url("**venue=*")
    assert page.locator("main > .facts").inner_text().startswith(f"strings: {count} ")
    assert page.locator("#facets a.on").inner_text().startswith(venue)
    page.get_by_role("link", name="Affiliation as published").click()
    page.wait_for_url("**sort=string")
    shown = page.locator("#rows .raw").all_inner_texts()
    assert shown == sorted(shown, key=str.casefold)
    # rows of two pages
    keys.press("j")
    keys.press("Space")
    keys.press("ArrowRight")
    page.wait_for_url("**page=2*")
    assert will(ana) == "ticked strings: 1"
    second = page.locator("#rows .raw").all_inner_texts()
    assert shown + second == sorted(shown + second, key=str.casefold)
    keys.press("j")
    keys.press("j")
    keys.press("Space")
    assert will(ana) == "ticked strings: 2"
    keys.press("Enter")
    page.wait_for_selector("#model")
    assert sorted(page.locator("#rows .raw").all_inner_texts()) == sorted([shown[0], second[1]])
    assert "strings: 2" in will(ana)
    # all of them but one, as the model found them
    keys.press("m")
    page.wait_for_selector("#tick")
    page.click("#tick")
    page.wait_for_selector("#untick")
    assert will(ana) == f"ticked strings: {count}"
    page.locator("#rows input[type=checkbox]").first.uncheck()
    assert will(ana) == f"ticked strings: {count - 1}"
    keys.press("Enter")
    page.wait_for_selector("#model")
    out = page.locator("#rows .raw").first.inner_text()
    keys.press("j")
    keys.press("Space")
    assert will(ana).endswith(f"strings: {count - 2}")
    assert ledger.cases().current() == {}, "nothing is saved yet"
    keys.press("y")
    page.wait_for_selector("#message:not(.quiet)")
    assert f"all {count - 2} strings" in page.locator("#message").inner_text()
    current = ledger.current()
    assert len(current) == count - 2
    assert out not in current
    assert len({*current.values()}) > 3
    assert page.locator("main > .facts").inner_text().startswith("strings: 2 ")
    assert f"({count - 2})" in page.locator("#undo").inner_text()
    keys.press("u")
    page.wait_for_function("n => document.querySelector('main > .facts').innerText.includes(`strings: ${n} `)", arg=count)
    assert ledger.current() == {}


def test_history_and_conflicts_are_searched_and_steps_taken_back(visit: Any, folder: Path) -> None:
    ana, ledger = visit(), Ledger(folder / "ledger.sqlite")
    page = ana.page
    at = datetime.now(UTC).date().isoformat()
    drafts = [Draft(Key(f"{what}, OpenAI"), (LEEDS,), "bo", "a whole faculty") for what in ("Physics", "Music", "Chemistry")]
    ledger.decide_all(drafts)
    for n in range(LISTED + 2):
        ledger.decide(f"nowhere {n}", None, by="cy", why="not an organisation")
    ledger.decide("Music, OpenAI", "affil:openai", by="cy", why="a blind guess", blind=True)
    ana.open("history")
    assert page.locator("tbody tr").count() == LISTED
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**page=2")
    page.get_by_label("Text").fill("fernhollow")
    page.get_by_label("Who").select_option("bo")
    page.get_by_label("Since").fill(at)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**text=fernhollow*")
    assert page.locator("tbody tr").count() == 1
    assert "3 at once: Physics, OpenAI" in page.locator("tbody").inner_text()
    # one of the step alone, then what is left of it
    page.locator("tbody summary").click()
    page.locator("tbody details").get_by_role("button", name="Undo").first.click()
    page.get_by_role("button", name="Undo the step (2)").wait_for()
    assert {s for s in ledger.current() if "OpenAI" in s} == {"Music, OpenAI", "Chemistry, OpenAI"}
    assert "text=fernhollow" in page.url, "the search is kept"
    # what the search leaves out of a step stays, unless the whole step is asked for
    ana.open("history?text=chemistry&holds=1")
    page.get_by_role("button", name="Undo the step (2)").wait_for()
    ledger.decide_all([Draft(Key(f"{what}, OpenAI"), (LEEDS,), "bo", "w") for what in ("Botany", "Zoology", "Botany of Mars")])
    ana.open("history?text=botany&holds=1")
    page.get_by_role("button", name="Undo the step (3)").wait_for()
    page.get_by_role("button", name="Undo those found (2), not the 1 others of the step").click()
    page.wait_for_function("() => !document.querySelector('tbody')")
    assert {s for s in ledger.current() if "OpenAI" in s} == {"Music, OpenAI", "Chemistry, OpenAI", "Zoology, OpenAI"}
    ana.open("history?text=zoology&holds=1")
    page.get_by_role("button", name="Undo", exact=False).first.click()
    page.wait_for_function("() => !document.querySelector('tbody')")
    ana.open("conflicts?text=blind&by=cy")
    assert page.locator(".opinions").count() == 1
    ana.open("conflicts?text=zebra")
    assert "Nothing fits these filters" in page.locator("main").inner_text()
    ana.open("history?by=bo&holds=1")
    page.get_by_role("button", name="Undo the step (2)").click()
    page.wait_for_function("() => !document.querySelector('tbody')")
    assert {s for s in ledger.current() if "OpenAI" in s} == set()


@pytest.mark.parametrize("view", VIEWS)
def test_pages_with_many_rows_are_accessible(visit: Any, tmp_path: Path, view: str) -> None:
    ana = visit(view)
    paths = {
        "mentions": mentions_page(),
        "history": "history",
        "conflicts": "conflicts?text=o",
        "list": "list?venue=ICRA&all=1",
    }
    for name, path in paths.items():
        ana.open(path)
        look(ana, f"{view}-{name}", tmp_path)
    ana.page.click("#save")
    ana.page.wait_for_selector("#model")
    look(ana, f"{view}-bulk", tmp_path)


def test_an_old_page_decides_no_mention(visit: Any, folder: Path) -> None:
    ana, old, ledger = visit(), visit(), Ledger(folder / "ledger.sqlite")
    for one in (ana, old):
        one.open(mentions_page(year="2019"))
    ana.page.keyboard.press("0")
    ana.page.wait_for_selector("#message:not(.quiet)")
    before = len(ledger.entries())
    old.page.keyboard.press("x")
    old.page.wait_for_selector("[role=alert]")
    assert "have changed since this page was loaded" in old.page.locator("main").inner_text()
    old.faults = [f for f in old.faults if "409" not in f]
    assert len(ledger.entries()) == before
    ana.page.keyboard.press("u")
    ana.page.wait_for_selector("#message.quiet", state="attached")
    assert [key for key in ledger.cases().current() if key.paper] == []
