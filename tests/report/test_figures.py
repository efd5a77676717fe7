"""Charts that readers take along, the map, and what no page may do on any screen: in a real Chromium."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

import playwright.sync_api
import pytest

from affil.drawing.vega import lines
from affil.rank import presets
from affil.report.charts import Figure
from affil.workspace import Workspace
from tests.browser import accessible
from tests.report.conftest import Reader, chart_table, counted_on, drawn, papers

# Text that lies outside what shows it: outside its chart, or a number outside its cell, or its cell outside a table that does not slide.
CLIPPED = """() => {
    const shown = (e) => e.checkVisibility({ contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true });
    const out = [], wide = document.documentElement.clientWidth, slack = 1.5;
    for (const text of document.querySelectorAll("svg text")) {
        const own = text.getBoundingClientRect(), svg = text.closest("svg").getBoundingClientRect();
        if (!shown(text) || !own.width) continue;
        const beside = own.left < Math.max(0, svg.left) - slack || own.right > Math.min(wide, svg.right) + slack;
        if (beside || own.top < svg.top - slack || own.bottom > svg.bottom + slack) out.push(`text of a chart: ${text.textContent}`);
    }
    for (const cell of document.querySelectorAll("td.num, td.range, td.change, dd")) {
        if (!shown(cell) || !cell.textContent.trim()) continue;
        const range = document.createRange();
        range.selectNodeContents(cell);
        const own = range.getBoundingClientRect(), box = cell.getBoundingClientRect();
        const beside = own.left < box.left - slack || own.right > box.right + slack;
        if (beside || cell.scrollWidth > cell.clientWidth + 1) out.push(`cell: ${cell.textContent}`);
        const slides = cell.closest(".scroll"), still = slides && slides.scrollWidth <= slides.clientWidth;
        const room = still ? slides.getBoundingClientRect() : null;
        if (room ? box.right > room.right + slack : !slides && box.right > wide + slack) out.push(`beyond its table: ${cell.textContent}`);
    }
    if (document.documentElement.scrollWidth > wide) out.push("the page slides sideways");
    return out;
}"""
# Axes with no data in them, or a chart that is smaller than its frame.
EMPTY = """() => [...document.querySelectorAll("figure.chart:not(.empty)")].flatMap((figure) => {
    const svg = [...figure.querySelectorAll(".plot svg")].find((one) => one.getClientRects().length), out = [];
    if (!svg) return figure.querySelector(".none") ? [] : [`${figure.id}: no chart`];
    const marks = "[role=graphics-symbol]:not([aria-roledescription=axis], [aria-roledescription=legend])";
    if (!svg.querySelector(marks)) out.push(`${figure.id}: axes without data`);
    const ticks = [...svg.querySelectorAll(".role-axis-label text")].map((t) => t.textContent);
    if (ticks.some((t) => /^0[a-z]|\\.0+%?$|\\dk$/.test(t))) out.push(`${figure.id}: ${ticks}`);
    const room = figure.clientWidth - parseFloat(getComputedStyle(figure).paddingLeft) * 2;
    if (svg.getBoundingClientRect().width < room - 2) out.push(`${figure.id}: ${svg.getBoundingClientRect().width} of ${room}`);
    return out;
})"""
PAGES = (
    "index.html",
    "institutions.html",
    "countries.html",
    "cities.html",
    "trends.html",
    "areas.html",
    "map.html",
    "movers.html",
    "method.html",
    "downloads.html",
)
PAGES += ("institution/00q4vv597.html", "country/us.html", "area/robotics.html", "area/simulation.html")
VIEWS = (
    "trends.html#mode=growth&level=institution",
    "trends.html#mode=share&level=institution",
    "trends.html#panel=1",
    "map.html#level=institution&zoom=asia",
    "countries.html#areas=5",
)
SCREENS = {
    "desktop": {"width": 1280, "height": 900},
    "tablet": {"width": 800, "height": 1000},
    "phone": {"width": 390, "height": 844},
}


@pytest.fixture
def phone(browser: Any, site: Path) -> Iterator[Reader]:
    made = Reader(browser, site, viewport=SCREENS["phone"], has_touch=True)
    yield made
    made.check()
    made.context.close()


@pytest.fixture(scope="module")
def looked_at(browser: Any, site: Path) -> Iterator[Reader]:
    """A page for tests that look at one address after the other."""
    made = Reader(browser, site)
    yield made
    made.context.close()


def all_drawn(page: Any) -> None:
    """Bring every chart into view, and wait until it is drawn."""
    page.mouse.move(5, 5)
    page.mouse.move(9, 9)  # a pointer that stands where it stood before moves nothing
    for figure in page.locator("figure.chart:not(.empty)").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".plot :is(svg, .none):visible").first.wait_for()


# The same once a page that stands is of another size: a chart is drawn anew a moment later.
FAULTS = f"() => [...({CLIPPED})(), ...({EMPTY})()]"
WIDE_FIRST = [("desktop", "light"), ("tablet", "dark"), ("phone", "light")]


def faults(page: Any) -> list[str]:
    """What is wrong with the numbers and axes of a page, if it does not go away."""
    with suppress(playwright.sync_api.TimeoutError):
        page.wait_for_function(f"() => !({FAULTS})().length", timeout=5_000)
    return [str(one) for one in page.evaluate(FAULTS)]


# A page is opened on a desk and made narrow, or on a phone and made wide. The two kinds of Chinese take turns, as their words are of a length.
@pytest.mark.parametrize("path", [*PAGES, *VIEWS])
@pytest.mark.parametrize("chinese", [False, True], ids=["english", "chinese"])
def test_no_number_is_clipped_and_no_axis_is_empty(looked_at: Reader, path: str, chinese: bool) -> None:
    turn = [*PAGES, *VIEWS].index(path) % 2
    language = ("zh-hans/", "zh-hant/")[turn] if chinese else ""
    page = looked_at.page
    for number, (screen, colours) in enumerate(reversed(WIDE_FIRST) if chinese else WIDE_FIRST):
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size(SCREENS[screen])
        if number == 0:
            page.goto("about:blank")  # else the same page with another view is not opened anew
            looked_at.open(f"{language}{path}")
            if "#" in path:
                page.wait_for_function(
                    "document.getElementById('chart')?.shown ?? document.getElementById('status').textContent"
                )
            all_drawn(page)
        assert faults(page) == [], screen
        if not chinese and "#" in path:
            assert accessible(page) == [], screen
    looked_at.check()


def test_long_numbers_fit_into_a_drawing_in_the_font_of_its_reader(browser: Any) -> None:
    rows = [(str(year), 1_000_000.0 * (year - 2015)) for year in range(2016, 2022)]
    figure = Figure("key", "label", lines("label", "Papers"), ("Year", "China"), rows).at_once()
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    for number, drawing in enumerate(figure.drawn):
        page.set_content(f"<body style='margin: 0 100px'>{drawing}")
        assert page.locator("svg text", has_text="4,000,000").count() == 1
        assert page.evaluate(CLIPPED) == [], number
    page.close()


def test_a_phone_shows_ranks_with_their_ranges(phone: Reader) -> None:
    phone.open("countries.html")
    assert phone.page.locator("#board td.range").first.is_visible()
    box, room = (phone.page.locator(s).first.bounding_box() for s in ("#board td.adjusted", ".results .scroll"))
    assert box["x"] + box["width"] <= room["x"] + room["width"] + 1


def test_charts_are_drawn_when_they_come_near_the_view(phone: Reader) -> None:
    phone.open("index.html")
    page = phone.page
    assert page.locator("#chart svg:visible").count() == 1  # drawn by the library
    assert page.evaluate("window.affil.vega") is None
    last = page.locator("figure.chart").last
    assert last.locator("svg").count() == 0
    last.scroll_into_view_if_needed()
    last.locator("svg").wait_for()
    page.locator("#chart").scroll_into_view_if_needed()
    page.wait_for_selector("#chart .vega-embed svg")
    numbers = "document.querySelector('#chart').getBoundingClientRect().height"
    assert page.evaluate(numbers) > 200


def test_the_page_draws_what_the_library_draws(reader: Reader, site: Path) -> None:
    """The marks of both, and what they say; where labels stand depends on the fonts of each."""
    reader.open("trends.html")
    points = "#chart :is(.wide, .vega-embed) [aria-roledescription=point]"
    said = f"() => [...document.querySelectorAll('{points}')].map((e) => e.ariaLabel)"
    before = reader.page.evaluate(said)
    reader.page.mouse.move(400, 400)
    reader.page.wait_for_selector("#chart .vega-embed svg")
    assert reader.page.evaluate(said) == before != []


@pytest.mark.parametrize("path", ["trends.html", "areas.html", "map.html"])
def test_a_chart_is_taken_as_svg_png_and_csv(reader: Reader, path: str, tmp_path: Path) -> None:
    reader.open(path)
    taken = {}
    for kind in ("svg", "png", "csv"):
        with reader.page.expect_download() as download:
            reader.page.locator(f"[data-take={kind}]").first.click()
        assert download.value.suggested_filename.endswith(f".{kind}")
        taken[kind] = Path(download.value.path()).read_bytes()
    assert taken["png"][:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(taken["png"][16:20], "big") >= 1600
    svg = taken["svg"].decode()
    assert "Source: AI Research Rankings" in svg
    title, caveat = (reader.page.locator("#chart").get_attribute(f"data-{name}") for name in ("title", "caveat"))
    words = " ".join(re.findall(r">([^<>]+)</", unescape(svg)))
    assert title in words
    assert caveat in words, "in lines, each a text of its own"
    (tmp_path / "taken.csv").write_bytes(taken["csv"])
    head, rows, below = chart_table(tmp_path / "taken.csv")
    assert len(rows) >= 5
    assert {len(r) for r in rows} == {len(head)}
    assert [below[0], below[2]] == [title, caveat]
    assert below[1].startswith("Source: AI Research Rankings")


def test_what_is_taken_is_what_is_chosen(reader: Reader, report_ws: Workspace) -> None:
    reader.open("trends.html#level=country&by=adjusted&mode=absolute&from=2015&to=2021")
    drawn(reader.page)
    with reader.page.expect_download() as download:
        reader.page.locator("[data-take=csv]").first.click()
    head, rows, _ = chart_table(Path(download.value.path()))
    trend = report_ws.trend(level="country", by="adjusted", years="2015-2021").frame.set_index("name")
    assert [r[0] for r in rows] == [str(y) for y in range(2015, 2022)]
    for k, name in enumerate(head[1:], 1):
        assert [float(r[k]) for r in rows] == pytest.approx(trend.loc[name, [*range(2015, 2022)]].tolist())


def test_an_embedded_chart_stands_alone_with_its_source(browser: Any, site: Path) -> None:
    reader = Reader(browser, site, viewport={"width": 600, "height": 600})
    reader.open("zh-hant/trends.html#level=country&by=adjusted&mode=share&theme=dark&embed=chart")
    drawn(reader.page)
    page = reader.page
    assert page.locator("#chart svg:visible").count() == 1
    assert [
        page.locator(one).first.is_visible() for one in ("header", "h1", "#trend-form", "#trend-table", "footer", ".take")
    ] == [False] * 6
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    source = page.locator(".source a")
    assert "來源" in source.inner_text()
    whole = source.get_attribute("href")
    assert "embed" not in whole
    assert "mode=share" in whole
    assert page.locator("p.caveat").inner_text().startswith("增長（佔比，2017–2021）"), "what a reader must know stands below"
    assert page.evaluate("document.documentElement.scrollHeight") <= 600
    assert accessible(page) == []
    page.goto(whole)
    page.reload()
    page.wait_for_selector("h1")
    assert page.locator("#trend-form [name=mode]").input_value() == "share"
    reader.check()
    reader.context.close()


def test_an_address_restores_the_view_and_the_theme(browser: Any, site: Path) -> None:
    reader = Reader(browser, site, permissions=["clipboard-read", "clipboard-write"])
    reader.open("countries.html#areas=5&hongkong=with&preset=airankings-like")
    reader.settled()
    reader.page.locator("#theme").click()
    reader.page.locator("#share").click()
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    assert "theme=dark" in copied
    rows, heading = reader.rows(), reader.page.locator("h1").inner_text()
    other = Reader(browser, site)
    other.page.goto(copied)
    other.settled()
    assert (other.rows(), other.page.locator("h1").inner_text()) == (rows, heading)
    assert other.page.evaluate("document.documentElement.dataset.theme") == "dark"
    reader.open("trends.html#level=continent")
    drawn(reader.page)
    reader.page.locator("[data-take=embed]").first.click()
    frame = reader.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r'<iframe src="file://[^"]*trends\.html#[^"]*embed=chart[^"]*" title="[^"]+" [^>]*></iframe>', frame)
    for one in (reader, other):
        one.check()
        one.context.close()


def test_heading_lead_title_and_download_speak_of_the_view(reader: Reader, report_ws: Workspace) -> None:
    page = reader.page
    reader.open("cities.html#areas=0&years=2018-2020&where=CN&kind=education")
    reader.settled()
    ranking = report_ws.rank(level="city", area="computer vision", years=(2018, 2020), kind="education", ranges=False)
    for text in (page.locator("h1").inner_text(), page.title()):
        assert all(word in text for word in ("Computer vision", "universities", "China", "2018–2020")), text
    lead = page.locator("#lead").inner_text()
    assert f"Papers: {ranking.coverage.papers}" in lead
    assert "Computer vision, universities, China" in lead
    with page.expect_download() as download:
        page.locator("#download").click()
    assert download.value.suggested_filename == "city-Computer-vision-universities-China-2018-2020-adjusted.csv"
    page.locator("#reset").click()
    page.wait_for_function("!document.getElementById('shown').textContent.includes('vision')")
    assert "Computer vision" not in page.title()


@pytest.mark.parametrize("preset", ["airankings-like", "csrankings-like"])
def test_a_preset_counts_as_in_the_library(reader: Reader, report_ws: Workspace, preset: Any) -> None:
    reader.open(f"countries.html#preset={preset}&by=index")
    reader.settled()
    frame = report_ws.rank(level="country", by="index", years=(2017, 2021), preset=preset, ranges=False).frame
    assert [r[3] for r in reader.rows()] == frame["name"].tolist()
    assert [(r[4], r[5], r[6]) for r in reader.rows()] == [
        (f"{a:,.2f}", f"{i:,.2f}", f"{p:,}")
        for a, i, p in zip(frame["adjusted"], frame["index"], frame["publications"], strict=True)
    ]
    assert {*presets()} == {"airankings-like", "csrankings-like"}


def test_hong_kong_is_counted_with_china_or_apart(
    reader: Reader, report_ws: Workspace, browser: Any, tmp_path: Path, workspace: Any
) -> None:
    reader.open("countries.html#hongkong=with")
    reader.settled()
    frame = report_ws.rank(level="country", years=(2017, 2021), ranges=False, hong_kong="with").frame
    assert "HK" not in set(frame["id"])
    assert [(r[3], r[4]) for r in reader.rows()] == [
        (n, f"{a:,.2f}") for n, a in zip(frame["name"], frame["adjusted"], strict=True)
    ]
    reader.open("trends.html#hongkong=with&by=adjusted&mode=absolute&who=country:CN")
    drawn(reader.page)
    trend = report_ws.trend(level="country", by="adjusted", years="2017-2021", hong_kong="with").frame.set_index("id")
    assert reader.rows("#trend-table")[0][1:6] == [f"{trend[y]['CN']:,.2f}" for y in range(2017, 2022)]

    from affil.report import report

    settings = '[rank]\nranges = false\ncountry_groups = {HK = "CN"}\n[report]\nyears = 5\ninstitutions = 2\n'
    ws = workspace(settings, papers()[::5])
    other = Reader(browser, report(ws, tmp_path / "other").path)
    other.open("countries.html#hongkong=apart")
    other.settled()
    apart = ws.rank(level="country", years=(2017, 2021), hong_kong="apart").frame
    assert [(r[3], r[4]) for r in other.rows()] == [
        (n, f"{a:,.2f}") for n, a in zip(apart["name"], apart["adjusted"], strict=True)
    ]
    other.open("countries.html#by=publications")
    other.settled()
    assert len(other.rows()) == len(apart) - 1
    other.check()
    other.context.close()


def test_continents_by_year_are_those_of_the_library(reader: Reader, report_ws: Workspace) -> None:
    reader.open("trends.html#level=continent&by=adjusted&mode=absolute")
    drawn(reader.page)
    trend = report_ws.trend(level="continent", by="adjusted", years="2017-2021").frame.set_index("name")
    rows = reader.rows("#trend-table")
    assert {r[0] for r in rows} == {*trend.index}
    for name, *values, growth in rows:
        assert values == [f"{trend[y][name]:,.2f}" for y in range(2017, 2022)]
        assert growth == f"{trend['growth'][name]:+.0%}"


def partners(chosen: str, years: range) -> dict[str, int]:
    """Counted paper by paper: with whom one shares how many."""
    shared = [found - {chosen} for year, found in counted_on().values() if chosen in found and year in years]
    return dict(Counter(i for found in shared for i in found))


def test_the_map_shows_with_whom_one_shares_papers(reader: Reader, report_ws: Workspace) -> None:
    page, hkust = reader.page, "https://ror.org/00q4vv597"
    reader.open("map.html#level=institution")
    drawn(page)
    page.locator("#pick").fill("港科大")
    page.locator("#pick").press("Enter")
    page.wait_for_function("location.hash.includes('who=institution')")
    frame = report_ws.rank(years=(2017, 2021), ranges=False).frame.set_index("id")
    counted = partners(hkust, range(2017, 2022))
    rows = reader.rows("#map-table")
    assert {re.match("|".join(map(re.escape, frame["name"])), r[1])[0]: int(r[2]) for r in rows} == {  # type: ignore[index]
        frame["name"][i]: n for i, n in counted.items()
    }
    assert page.locator("#chart .curves path").count() == len(counted)
    assert accessible(page) == []
    address = page.url
    reader.open("index.html")
    page.goto(address)
    drawn(page)
    assert reader.rows("#map-table") == rows


def test_the_map_is_zoomed_and_moved_and_spreads_a_city(reader: Reader) -> None:
    page = reader.page
    reader.open("map.html#level=institution&zoom=asia")
    drawn(page)
    plot = page.locator("#chart .plot")
    box = plot.bounding_box()

    def zoom() -> float:
        page.wait_for_timeout(200)
        return float((page.evaluate("affil.options().get('view')") or "0,0,3.6").split(",")[2])

    start = zoom()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    closer = zoom()
    assert closer > start * 1.5
    before = page.locator("#chart .land path").first.get_attribute("d")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 80, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert zoom() == closer
    assert page.locator("#chart .land path").first.get_attribute("d") != before
    plot.focus()
    page.keyboard.press("+")
    assert zoom() > closer
    page.get_by_role("button", name="Farther").click()
    assert zoom() == pytest.approx(closer * 1.5 * 0.625, rel=0.01)
    view = page.evaluate("affil.options().get('view')")
    assert view
    page.reload()
    drawn(page)
    assert page.evaluate("affil.options().get('view')") == view
    overlaps = page.evaluate(
        """() => {
            const circles = [...document.querySelectorAll(".points path")].map((p) => p.__data__.datum);
            const meet = (a, b) => Math.hypot(a.cx - b.cx, a.cy - b.cy) < a.r + b.r - 0.5;
            const pairs = circles.flatMap((a, k) => circles.slice(k + 1).map((b) => [a, b]));
            return pairs.filter(([a, b]) => a.place === b.place && meet(a, b)).map((both) => both.map((c) => c.told));
        }"""
    )
    assert overlaps == []
    page.keyboard.press("Escape")
    page.locator("#chart .plot").focus()
    page.keyboard.press("0")
    assert zoom() < start


def test_a_phone_zooms_the_map(phone: Reader) -> None:
    phone.open("map.html")
    phone.page.get_by_role("button", name="Closer").tap()
    phone.page.wait_for_selector("#chart .points path")
    phone.page.wait_for_function("(affil.options().get('view') ?? '').endsWith(',1.60')")
    assert phone.page.evaluate(CLIPPED) == []
