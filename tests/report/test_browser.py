"""A real Chromium reads the site from its folder, without a server."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from affil.rank import AREAS, MEASURES, compare, measure, trend
from affil.workspace import Workspace
from tests.browser import accessible
from tests.report.conftest import Reader, drawn

FIELDS = ("rank", "publications", "authors", "adjusted", "index", "share", "unaligned")


MEASURED = ("adjusted", "index", "publications", "authors", "share")


def same_numbers(rows: list[list[str]], frame: Any) -> bool:
    """Whether a table shows the measures of a ranking; what lies on the half between two digits may go either way."""
    read = [[float(re.sub("[,%]", "", c)) for c in row[4:9]] for row in rows]
    wanted = [[row[m] * (100 if m == "share" else 1) for m in MEASURED] for row in frame.head(len(rows)).to_dict("records")]
    return len(rows) > 0 and all(r == pytest.approx(w, abs=0.005001) for r, w in zip(read, wanted, strict=True))


QUERIES: list[dict[str, Any]] = [
    {},
    {"years": (2015, 2018)},
    {"years": (2020, 2020), "by": "publications"},
    {"kind": "company"},
    {"kind": "education", "by": "authors", "years": (2013, 2019)},
    *({"area": a, "years": (2014, 2021)} for a in AREAS if a not in ("simulation", "multi-agent systems")),
    {"area": "robotics", "by": "index", "kind": "facility"},
    {"by": "index"},
]


def test_the_page_counts_as_the_library_does(reader: Reader, report_ws: Workspace) -> None:
    """All levels, roll-ups, slices: ranks and order are equal, measures to 1e-9."""
    reader.open("institutions.html")
    page = reader.page
    page.evaluate(
        """async () => {
            window.engine = await affil.engine();
            window.people = await affil.load("people");
            window.named = await affil.load("names-en");
        }"""
    )
    compared, state = 0, report_ws.count()
    plain = state.settings.model_copy(update={"ranges": False})
    ways = [("institution", "parent"), ("institution", "top")]
    ways += [(level, "none") for level in ("institution", "city", "region", "country")]
    with report_ws.counts.opened(state, level="institution") as (db, venues):
        for level, roll_up in ways:
            for query in QUERIES:
                area, years = query.get("area"), query.get("years", (2012, 2021))
                asked = {
                    "level": level,
                    "rollUp": roll_up,
                    "kind": query.get("kind", ""),
                    "by": query.get("by", "adjusted"),
                    "areas": [AREAS.index(area)] if area else list(range(len(AREAS))),
                    "outside": area is None,
                    "years": list(years),
                }
                found = page.evaluate(
                    """(q) => engine.rank({...q, areas: new Set(q.areas), without: new Set()}, people).map((r) => [
                        named[q.level][r.e][0], r.rank, r.publications, r.authors, r.adjusted, r.index, r.share, r.unaligned])""",
                    asked,
                )
                asked_of_library: Any = {"level": level, "roll_up": roll_up, **query, "years": years}
                frame = measure(db, venues, plain, **asked_of_library).frame
                assert [r[0] for r in found] == frame["name"].tolist(), (level, roll_up, query)
                for at, name in enumerate(FIELDS, 1):
                    assert [r[at] for r in found] == pytest.approx(frame[name].tolist(), abs=1e-9), (level, query, name)
                compared += len(found)
    assert compared > 1000


def test_the_address_of_a_view_without_an_area_gives_the_same_view_and_notes_follow(reader: Reader) -> None:
    """Venues of no area stay in when an area is taken out, which heading and address say; what is said of the first view alone goes."""
    reader.page.goto("about:blank")
    reader.open("countries.html")
    own = reader.page.locator(".notes [data-own]")
    assert own.count() >= 2 and own.evaluate_all("all => all.every((one) => !one.hidden)")
    box = reader.page.locator("input[name=outside]")
    reader.page.locator("input[name=area]").first.uncheck()
    reader.settled()
    assert not own.evaluate_all("all => all.some((one) => !one.hidden)"), "they are of all areas"
    live = reader.rows(), reader.page.locator("h1").inner_text(), reader.page.locator("#lead").inner_text()
    there = reader.page.url
    assert box.count() == 0 or ("outside=1" in there and box.locator("..").inner_text().strip() in live[1])
    reader.page.goto("about:blank")
    reader.page.goto(there)
    reader.settled()
    again = reader.rows(), reader.page.locator("h1").inner_text(), reader.page.locator("#lead").inner_text()
    assert again == live
    reader.page.locator("#reset").click()
    reader.page.wait_for_function("!document.querySelector('.notes [data-own]').hidden")


def test_rows_of_one_university_are_those_of_the_library(reader: Reader, report_ws: Workspace) -> None:
    told = {}
    for query in ({}, {"by": "publications", "area": "machine learning"}, {"kind": "company"}, {"within": "Singapore"}):
        ranking = report_ws.rank(years=(2017, 2021), **query)  # type: ignore[arg-type]
        shown = {*ranking.frame["id"].head(10)}
        families = [f for f in ranking.families if len(shown & {*f.ids}) > 1]
        lines = []
        for family in families:
            names = [n for i, n in zip(family.ids, family.names, strict=True) if i in shown]
            whole = "" if family.whole in shown else f", {family.name},"
            lines.append(f"{' and '.join(names)} are counted apart; as one{whole} they have rank {family.rank}.")
        view = {
            "by": query.get("by", ""),
            "kind": query.get("kind", ""),
            "where": "SG" if "within" in query else "",
            "areas": "2" if "area" in query else "",
        }
        reader.page.goto("about:blank")
        reader.open(f"institutions.html#{urlencode({k: v for k, v in view.items() if v})}")
        if query:
            reader.settled()
        place = reader.page.locator("#families")
        assert place.is_visible() == bool(lines), query
        assert not lines or place.locator("span").inner_text() == " ".join(lines)
        told[str(query)] = lines
    assert {bool(lines) for lines in told.values()} == {True, False}, "told where it is so, and only there"
    reader.open("institutions.html")
    reader.page.locator("#families a").click()
    reader.settled()
    assert reader.page.locator("[name=rollup]").input_value() == "labs"
    assert not reader.page.locator("#families").is_visible(), "nothing is counted apart there"
    labs = report_ws.rank(years=(2017, 2021), roll_up="labs").frame
    assert [row[0] for row in reader.rows()] == [str(rank) for rank in labs["rank"].head(10)]


def test_several_areas_and_venues_left_out_follow_the_definition(reader: Reader, report_ws: Workspace) -> None:
    """Two areas: the sum of what each gives, and the geometric mean over both; a venue left out takes its papers along."""
    reader.open("institutions.html")
    found = reader.page.evaluate(
        """async () => {
            const engine = await affil.engine(), people = await affil.load("people");
            const q = {level: "country", rollUp: "none", kind: "", by: "adjusted", areas: new Set([2, 5]), outside: false,
                years: [2012, 2021], without: new Set()};
            const code = engine.entities.country.code;
            const plain = (rows) => Object.fromEntries(rows.map((r) => [code[r.e], [r.adjusted, r.index, r.publications]]));
            const icra = new Set([engine.venues.indexOf("ICRA")]);
            return [plain(engine.rank(q, people)), plain(engine.rank({...q, areas: new Set([5]), without: icra}, people))];
        }"""
    )
    ml, robotics = (
        report_ws.rank(level="country", area=a, ranges=False).frame.set_index("id") for a in ("machine learning", "robotics")
    )
    icra = report_ws.rank(level="country", area="robotics", venue="ICRA", ranges=False).frame.set_index("id")
    both, without = found
    for code in ("US", "CN", "HK"):
        adjusted = ml["adjusted"][code] + robotics["adjusted"][code]
        index = ((ml["adjusted"][code] + 1) * (robotics["adjusted"][code] + 1)) ** 0.5
        assert both[code][:2] == pytest.approx([adjusted, index])
        assert without[code][0] == pytest.approx(robotics["adjusted"][code] - icra["adjusted"][code])
        assert without[code][2] == robotics["publications"][code] - icra["publications"][code]


def test_a_reader_chooses_and_the_table_follows(reader: Reader, report_ws: Workspace) -> None:
    page = reader.page
    reader.open("institutions.html")
    page.locator("[data-tick=none]").click()
    page.get_by_label("Robotics").check()
    page.locator("[name=from]").select_option("2015")
    page.locator("[name=to]").select_option("2019")
    reader.settled()
    frame = report_ws.rank(area="robotics", years=(2015, 2019)).frame
    rows = reader.rows()
    assert same_numbers(rows, frame)
    assert [r[0] for r in rows] == [f"{r:,}" for r in frame["rank"].head(10)]
    assert page.locator("#shown-years").inner_text() == "2015–2019"
    compared = report_ws.compare((2010, 2014), (2015, 2019), area="robotics")
    assert (compared.years_before, compared.years_after) == ((2012, 2014), (2017, 2019)), "there is no paper of 2010 and 2011"
    one = compared.frame.set_index("id").loc[frame["id"].iloc[0]]
    before, after = one["rank_before"], one["rank_after"]
    assert rows[0][2] == f"{'▲' if before > after else '▼' if before < after else '='} {before}→{after}", (
        "in the venues of both"
    )

    page.get_by_role("button", name="Papers").click()  # sort
    reader.settled()
    frame = report_ws.rank(area="robotics", years=(2015, 2019), by="publications").frame
    assert same_numbers(reader.rows(), frame)
    assert page.locator("th[aria-sort]").inner_text().startswith("Papers")

    address = page.url  # share
    assert "areas=5" in address
    assert "years=2015-2019" in address
    second = Reader(page.context.browser, reader.site)
    second.page.goto(address)
    second.settled()
    assert second.rows() == reader.rows()
    assert second.page.get_by_label("Robotics").is_checked()
    assert not second.page.get_by_label("Computer vision").is_checked()
    second.check()
    second.context.close()

    page.locator("#more").click()
    reader.settled()
    assert len(reader.rows()) == len(frame)
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("document.getElementById('shown-years').textContent === '2017–2021'")
    assert page.get_by_label("Computer vision").is_checked()
    assert len(reader.rows()) == 10


def test_where_nothing_was_before_the_years_of_growth_are_compared(reader: Reader, report_ws: Workspace) -> None:
    page = reader.page
    reader.open("institutions.html")
    page.locator("[name=from]").select_option("2012")
    page.locator("[name=to]").select_option("2021")
    reader.settled()
    years = report_ws.trend(level="institution", by="publications").compared
    assert years is not None
    moved = report_ws.compare(*years).frame.set_index("id")
    frame = report_ws.rank().frame
    for row, one in zip(reader.rows(), frame["id"], strict=False):
        ranks = [moved[f"rank_{when}"].get(one) for when in ("before", "after")]
        assert [*map(int, re.findall(r"\d+", row[2]))] == ([] if None in ranks else ranks), row
    assert f"Ranks in {years[0]} and in {years[1]}" in page.locator("#status").inner_text()


def test_ranges_of_a_counted_view_are_those_of_the_library(reader: Reader, report_ws: Workspace) -> None:
    reader.open("institutions.html#areas=5")
    reader.settled()
    reader.page.wait_for_function("document.querySelector('#board tbody .range').textContent !== '–'")
    frame = report_ws.rank(area="robotics", years=(2017, 2021)).frame
    for row, told in zip(reader.rows(), frame.to_dict("records"), strict=False):
        doubtful = told["low"] < told["high"]
        assert re.sub(r"\s≈", "", row[1]) == (f"{told['low']}–{told['high']}" if doubtful else str(told["rank"]))


def test_ranges_of_any_slice_are_those_of_the_library(reader: Reader, report_ws: Workspace) -> None:
    """By every measure, at all levels, of a kind, a preset and of some years: ranges, doubt in review, and decided ranks."""
    reader.open("institutions.html")
    page = reader.page
    page.evaluate(
        """async () => {
            window.engine = await affil.engine();
            window.people = await affil.load("people");
            window.doubts = await affil.load("doubts");
            window.namings = await affil.load("namings");
        }"""
    )
    state, compared, equal, decided = report_ws.count(), 0, 0, 0
    queries: list[dict[str, Any]] = [{}, {"kind": "company"}, {"area": "robotics", "years": (2014, 2018)}, {"by": "index"}]
    queries += [{"by": "publications"}, {"by": "authors", "kind": "education"}, {"by": "authors", "years": (2016, 2020)}]
    queries += [{"by": "publications", "area": "robotics", "kind": "company"}, {"by": "authors"}]
    queries += [{"by": "publications", "within": "Asia"}, {"hong_kong": "with"}]
    levels = (("institution", "none"), ("city", "none"), ("institution", "parent"), ("country", "none"))
    with report_ws.counts.opened(state, level="institution") as (db, venues):
        for number, query in enumerate(queries):
            for level, roll_up in levels[number % 2 :: 2]:
                area, years, by = query.get("area"), query.get("years", (2012, 2021)), query.get("by", "adjusted")
                asked = {"level": level, "rollUp": roll_up, "kind": query.get("kind", ""), "by": by, "outside": area is None}
                asked |= {"areas": [AREAS.index(area)] if area else list(range(len(AREAS))), "years": list(years)}
                asked |= {"hongKong": query.get("hong_kong"), "asia": "within" in query}
                found = page.evaluate(
                    """(asked) => {
                        const q = {...asked, areas: new Set(asked.areas), without: new Set()}, all = engine.rank(q, people);
                        const {country} = engine.entities[q.level], {continent} = engine.entities.country;
                        const inside = (r) => continent[q.level === "country" ? r.e : country[r.e]] === "AS";
                        const rows = asked.asia ? engine.ordered(all.filter(inside), q.level, q.by) : all;
                        return [...affil.ranges(engine, doubts, q, rows, 0.95, namings).values()].map((r) => [
                            r.low, r.high, r.ahead, r.inReview, r.decided]);
                    }""",
                    asked,
                )
                asked_of_library: Any = {"level": level, "roll_up": roll_up, **query, "years": years}
                frame = measure(db, venues, state.settings, **asked_of_library).frame
                wanted = frame[["low", "high", "ahead", "in_review", "rank_decided"]].to_numpy()
                for got, row in zip(found, wanted, strict=True):
                    assert np.abs(np.array(got[:2]) - row[:2]).max() <= 1, (asked, got, row)
                    assert got[3] == pytest.approx(row[3], abs=0.02), (asked, got, row)
                    compared += 1
                    equal += got[:2] == [*row[:2]]
                    decided += got[4] == row[4]
                assert [got[2] for got in found[:-1]] == pytest.approx(wanted[:-1, 2].tolist(), abs=0.05)
    assert compared > 250
    assert (equal / compared, decided / compared) > (0.9, 0.9)
    assert decided / compared > 0.9, (equal / compared, decided / compared)


def test_a_chosen_view_shows_ranges_and_what_waits(reader: Reader) -> None:
    reader.open("institutions.html#kind=company&areas=5")
    reader.settled()
    reader.page.wait_for_function("document.querySelector('#board tbody .range').textContent !== '–'")
    assert all(row[1] != "–" for row in reader.rows())
    assert "waits in review" in reader.page.locator("#board tbody .range").first.get_attribute("title")


def test_search_in_both_scripts_finds_by_names_that_are_not_shown(reader: Reader) -> None:
    reader.open("institutions.html")
    for typed in ("港科大", "HKUST", "hong kong univ science", "香港科技大學", "香港科技大学"):
        reader.page.get_by_label("Find by any name").fill(typed)
        reader.page.wait_for_function("q => new URLSearchParams(location.hash.slice(1)).get('q') === q", arg=typed)
        assert len(reader.rows()) == 1
        assert "Hong Kong University of Science and Technology" in reader.rows()[0][3]
    assert "q=" in reader.page.url
    reader.page.get_by_label("Find by any name").fill("zzz")
    reader.page.wait_for_selector("#board td.none")
    assert "Nothing is found here" in reader.rows()[0][0]


def test_where_and_kind(reader: Reader, report_ws: Workspace) -> None:
    reader.open("institutions.html#kind=company&where=AS")
    reader.settled()
    frame = report_ws.rank(years=(2017, 2021), kind="company", ranges=False).frame
    frame = frame[frame["country"].isin(["CN", "HK", "SG", "TW"])]
    assert [r[4] for r in reader.rows()] == [f"{a:,.2f}" for a in frame["adjusted"].head(10)]
    assert [r[0] for r in reader.rows()][:1] == ["1"]
    assert "Ranks are those within what is shown" in reader.page.locator("#status").inner_text()


def test_pages_are_opened_and_languages_keep_the_view(reader: Reader) -> None:
    page = reader.page
    reader.open("institutions.html#q=HKUST")
    reader.settled()
    page.get_by_role("link", name="繁體").click()
    page.wait_for_selector("html[lang=zh-Hant]")
    reader.settled()
    assert [r[3].split()[0] for r in reader.rows()] == ["香港科技大學"]
    page.get_by_role("link", name="香港科技大學").click()
    page.wait_for_selector("h1:has-text('香港科技大學')")
    page.get_by_role("link", name="简体").click()
    page.wait_for_selector("h1:has-text('香港科技大学')")
    page.get_by_role("link", name="English").click()
    page.wait_for_selector("h1:has-text('Hong Kong University')")


def test_a_number_leads_to_its_papers(reader: Reader, report_ws: Workspace) -> None:
    one = "https://ror.org/00q4vv597"
    reader.open("institution/00q4vv597.html")
    assert len(reader.rows("#papers-table")) == 5
    reader.page.click("td a[href='#papers']")
    reader.page.wait_for_function("() => document.getElementById('papers-status').textContent")
    papers = report_ws.why(one, years=(2017, 2021)).papers
    assert len(papers) < 50
    assert sorted(r[2] for r in reader.rows("#papers-table")) == sorted(papers["title"])
    reader.page.select_option("#papers-form [name=years]", "")
    every = report_ws.why(one).papers
    assert len(reader.rows("#papers-table")) == 50
    reader.page.click("#papers-pages [data-step='1']")
    assert len(reader.rows("#papers-table")) == len(every) - 50
    reader.page.fill("#papers-form [name=text]", "cvpr")
    assert {r[1] for r in reader.rows("#papers-table")} == {"CVPR"}
    assert len(reader.rows("#papers-table")) == (every["venue"] == "CVPR").sum()
    reader.check()


def test_a_city_has_a_page(reader: Reader) -> None:
    reader.open("cities.html")
    reader.page.click("#board a:text-is('Beijing')")
    reader.page.wait_for_selector("[data-table=members] a")
    assert reader.page.locator("h1").inner_text() == "Beijing"
    reader.page.locator("#chart-profile").scroll_into_view_if_needed()
    reader.page.wait_for_selector("#chart-profile svg")
    assert (
        len({*reader.page.locator("#chart-profile .role-legend-label text").all_text_contents()}) == 3
    )  # its own, its country's, the world's
    reader.check()


def test_themes(browser: Any, site: Path) -> None:
    reader = Reader(browser, site, color_scheme="dark")
    reader.open("institutions.html")
    back = "getComputedStyle(document.body).backgroundColor"
    dark = reader.page.evaluate(back)
    reader.page.locator("#theme").click()
    light = reader.page.evaluate(back)
    assert dark == "rgb(19, 22, 26)"
    assert light == "rgb(247, 248, 250)"
    reader.open("method.html")
    assert reader.page.evaluate(back) == light  # it is kept
    reader.check()
    reader.context.close()


def test_a_view_is_downloaded(reader: Reader, report_ws: Workspace) -> None:
    reader.open("countries.html#areas=5&by=index")
    reader.settled()
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name="Download as CSV").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(text))]
    frame = report_ws.rank(level="country", area="robotics", by="index", years=(2017, 2021), ranges=False).frame
    assert [r["name"] for r in rows] == frame["name"].tolist()
    for by in MEASURES:
        assert [float(r[by]) for r in rows] == pytest.approx(frame[by].tolist(), abs=1e-9)
    reader.open("downloads.html")
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name="PARQUET").first.click()
    assert Path(download.value.path()).read_bytes()[:4] == b"PAR1"


def test_trends_are_those_of_the_library(reader: Reader, report_ws: Workspace) -> None:
    page = reader.page
    reader.open("trends.html")
    assert page.locator("#chart svg:visible").count() == 1
    page.wait_for_selector("#picked button")
    page.locator("#trend-form [name=by]").select_option("adjusted")
    drawn(page)
    trend = report_ws.trend(level="country", by="adjusted", years="2017-2021").frame.set_index("name")
    rows = reader.rows("#trend-table")
    assert len(rows) == 3
    for name, *values, growth in rows:
        assert values == [f"{trend[y][name]:,.2f}" for y in range(2017, 2022)]
        assert growth == f"{trend['growth'][name]:+.0%}"
    page.locator("#pick").fill("singapore")
    page.locator("#pick").press("Enter")
    page.wait_for_function("document.querySelectorAll('#trend-table tbody tr').length === 4")
    page.locator("#trend-form [name=mode]").select_option("share")
    page.wait_for_function("document.querySelector('#trend-table tbody td').textContent.includes('%')")
    share = report_ws.trend(level="country", by="share", years="2017-2021").frame.set_index("name")
    for name, *values, _ in reader.rows("#trend-table"):
        assert values == [f"{share[y][name] * 100:.1f}".removesuffix(".0") + "%" for y in range(2017, 2022)]
    for row, (name, *_, growth) in zip(
        share.loc[[r[0] for r in reader.rows("#trend-table")]].itertuples(), reader.rows("#trend-table"), strict=True
    ):
        assert growth == f"{100 * row.growth:+.1f} points", name
    page.locator("#trend-form [name=panel]").check()
    panel = report_ws.trend(level="country", by="share", years="2017-2021", panel=True).frame.set_index("name")
    page.wait_for_function("location.hash.includes('panel=1')")
    for name, *values, _ in reader.rows("#trend-table"):
        assert values == pytest.approx([f"{panel[y][name] * 100:.1f}".removesuffix(".0") + "%" for y in range(2017, 2022)])


def test_growth_in_the_page_is_that_of_the_library(reader: Reader, report_ws: Workspace) -> None:
    """UAI has no papers of 2015."""
    reader.open("trends.html#level=country&by=adjusted&mode=matched&from=2013&to=2015")
    drawn(reader.page)
    trend = report_ws.trend(level="country", by="adjusted", years="2013-2015")
    assert trend.lacking == ("UAI",)
    frame = trend.frame.set_index("name")
    rows = reader.rows("#trend-table")
    assert len(rows) == 3
    for name, *_, growth in rows:
        assert growth == f"{frame['growth'][name]:+.0%}"
    basis = reader.page.locator("#basis").inner_text()
    assert trend.base is not None
    assert f"{', '.join(trend.base.venues)}, with {trend.base.share(2013):.0%} of the papers of 2013" in basis
    assert "2015* is incomplete: it lacks UAI" in basis
    assert "2015*" in reader.page.locator("#chart").inner_text()
    reader.open("institutions.html#years=2015-2015")
    reader.settled()
    moved = report_ws.compare((2014, 2014), (2015, 2015)).frame.set_index("name")
    for row in reader.rows("#board")[:10]:
        if row[2] not in ("new", "–"):
            known = next(n for n in sorted(moved.index, key=len, reverse=True) if row[3].startswith(n))
            ranks = (moved["rank_before"][known], moved["rank_after"][known])
            assert tuple(map(int, re.findall(r"\d+", row[2]))) == ranks, row
            assert ("▲" in row[2], "▼" in row[2]) == (ranks[1] < ranks[0], ranks[1] > ranks[0]), row


@pytest.mark.parametrize(("least", "change"), [(1, 1e9), (60, 1e9), (85, 1e9), (10_000, 1e9), (1, 1.05), (1, 1.2), (60, 1.4)])
def test_the_page_compares_the_years_and_venues_that_the_library_compares(
    reader: Reader, report_ws: Workspace, least: int, change: float
) -> None:
    """About ninety papers a year: some years compare, some do not, or none."""
    reader.open("trends.html")
    read = """async ([least, change]) => {
        const engine = await affil.engine(), { country } = engine.entities;
        engine.linkPapers = least;
        engine.linkChange = change;
        const asked = { ...all(engine), level: "country", by: "publications" }, periods = [[2012, 2016], [2017, 2021]];
        const trend = engine.trend(asked, null, false), numbers = {};
        country.code.forEach((code, e) => {
            const value = (rows) => rows.get(e)?.publications ?? 0, share = (rows) => rows.get(e)?.share ?? 0;
            numbers[code] = [engine.growth(trend, value, false), engine.comparable(trend, value, false), engine.comparable(trend, share, true)];
        });
        const base = trend.base && [trend.base.years, trend.base.papers, trend.base.all], left = trend.leftOut.map((v) => engine.venues[v]);
        const compared = engine.compared(asked).map((p) => [p.years, p.papers]);
        return { base, left, numbers, compared, pairs: engine.pairs(asked, ...periods).map((p) => [p.years, p.papers, p.all]) };
    }"""
    every = """const all = (engine) => ({
        areas: new Set(engine.areas.map((_, k) => k)), outside: true, without: new Set(), kind: "", rollUp: "none", years: engine.years,
    });"""
    found = reader.page.evaluate(f"(limits) => {{ {every} return ({read})(limits); }}", [least, change])
    state = report_ws.count()
    settings = state.settings.model_copy(update={"link_papers": least, "link_change": change})
    with report_ws.counts.opened(state, level="institution") as (db, venues):
        known = trend(db, venues, settings, level="country", by="publications")
        shares = trend(db, venues, settings, level="country", by="share").matched.set_index("id")
        periods = compare(db, venues, settings, (2012, 2016), (2017, 2021), level="country")
    assert found["base"] == (known.base and [[*known.base.years], [*known.base.papers], [*known.base.all_papers]])
    assert sorted(found["left"]) == [*known.left_out]
    assert found["pairs"] == [[[*p.years], [*p.papers], [*p.all_papers]] for p in periods.pairs]
    ends = known.base and ([*known.base.ends], [known.base.papers[0], known.base.papers[-1]])
    assert found["compared"] == ([[*ends]] if ends else []), "nothing was before"
    matched = known.matched.set_index("id")
    for row in known.frame.to_dict("records"):
        growth, *carried = found["numbers"][row["id"]]
        assert growth == pytest.approx(row["growth"]) if row["growth"] == row["growth"] else growth is None
        for own, table in zip(carried, (matched, shares), strict=True):
            values = table.loc[row["id"], list(known.years)].tolist()
            assert own == [None if v != v else pytest.approx(v, abs=1e-9) for v in values]


@pytest.mark.parametrize("years", ["2017-2021", "2015-2015"])
def test_a_ranking_by_index_says_which_areas_are_empty_in_the_years_shown(
    reader: Reader, report_ws: Workspace, years: str
) -> None:
    reader.open(f"institutions.html#by=index&years={years}")
    reader.settled()
    empty = report_ws.rank(by="index", years=years).coverage.empty_areas
    assert empty
    told = reader.page.locator("#empty").inner_text()
    named = ", ".join(area[:1].upper() + area[1:] for area in empty)
    assert (
        told
        == f"The index is the geometric mean over the areas; {named} have no paper here, so each such area counts 1 for everybody."
    )
    reader.open(f"institutions.html#by=index&years={years}&areas=0")
    reader.settled()
    assert reader.page.locator("#empty").inner_text() == ""


def test_where_no_years_compare_the_page_draws_them_as_counted_and_says_so(reader: Reader) -> None:
    reader.open("trends.html")
    reader.page.evaluate("affil.engine().then((e) => { e.linkPapers = 10000; })")
    reader.page.locator("#trend-form [name=by]").select_option("adjusted")
    drawn(reader.page)
    assert "Adjusted – numbers as counted by year" in reader.page.locator("#chart").get_attribute("data-title")
    assert "too few to tell growth" in reader.page.locator("#basis").inner_text()
    assert "numbers as counted" in reader.page.locator("#why").inner_text()
    assert all(row[-1] == "–" for row in reader.rows("#trend-table"))
    assert reader.page.locator("#chart .vega-embed [aria-roledescription=point]").count() == 15, "three countries in five years"


WRONG = {
    "index.html#embed=wrong": ["embed=wrong"],
    "trends.html#mode=wrong&by=size&from=1800&who=country:XX&what=1": [
        "mode=wrong",
        "by=size",
        "from=1800",
        "country:XX",
        "what=1",
    ],
    "trends.html#level=planet": ["level=planet"],
    "institutions.html#by=wrong&years=a-b&areas=9.x&without=99&kind=robot": [
        "by=wrong",
        "years=a-b",
        "areas=9.x",
        "without=99",
        "kind=robot",
    ],
    "countries.html#outside=maybe&hongkong=both&q=china": ["outside=maybe", "hongkong=both"],
    "map.html#level=wrong&zoom=moon&view=x,y&theme=dark": ["level=wrong", "zoom=moon", "view=x,y"],
    "areas.html#who=nobody": ["nobody"],
    "movers.html#mode=wrong&theme=pink": ["mode=wrong", "theme=pink"],
    "method.html#embed=chart": ["embed=chart"],
    "institution/00q4vv597.html#by=index": ["by=index"],
    "zh-hans/trends.html#mode=wrong": ["mode=wrong"],
}


@pytest.mark.parametrize("address", WRONG)
def test_an_address_that_asks_for_what_is_not_there_shows_the_default_and_says_so(reader: Reader, address: str) -> None:
    page = reader.page
    reader.open(address)
    page.wait_for_function("document.getElementById('unknown').textContent")
    if "trends" in address or "areas.html" in address or "map" in address:
        drawn(page)
    told = page.locator("#unknown")
    assert told.is_visible()
    assert all(wrong in told.inner_text() for wrong in WRONG[address])
    assert "theme=dark" not in told.inner_text()
    assert page.locator("h1").is_visible()
    if "trends" in address:
        assert page.locator("#trend-form [name=mode]").input_value() == "matched"
        assert page.locator("#trend-form [name=from]").input_value() == "2017"
        assert page.locator("#trend-table tbody tr").count() == 3
    if address.startswith("institutions"):
        assert page.locator("#board tbody tr").count() == 10
    reader.open(f"{address.split('#')[0]}#main")
    page.reload()
    assert told.is_hidden(), "a place in the page is no choice"


def test_a_panel_without_a_venue_draws_all_venues_and_says_so(reader: Reader) -> None:
    reader.open("trends.html#area=3&from=2012&to=2021")
    drawn(reader.page)
    reader.page.evaluate("affil.engine().then((e) => { e.everyYear = () => []; })")
    reader.page.locator("#trend-form [name=panel]").click()
    reader.page.wait_for_function("document.getElementById('status').textContent.includes('No venue')")
    assert not reader.page.locator("#trend-form [name=panel]").is_checked()
    assert reader.page.locator("#trend-table tbody tr").count() == 3


def test_map_and_profiles_are_drawn_for_what_is_chosen(reader: Reader, report_ws: Workspace) -> None:
    page = reader.page
    reader.open("map.html")
    assert page.locator("#chart img:visible").count() == 1
    page.locator("#map-form [name=level]").select_option("institution")
    page.locator("#map-form [name=zoom]").select_option("asia")
    page.wait_for_function("location.hash.includes('zoom=asia')")
    drawn(page)
    first = report_ws.rank(by="publications", years=(2017, 2021)).frame.iloc[0]
    assert reader.rows("#map-table")[0][2] == f"{first['publications']:,}"
    reader.open("areas.html#who=institution:00q4vv597")
    drawn(page)
    assert "Hong Kong University of Science and Technology" in page.locator("#chart").inner_text()


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "institutions.html",
        "zh-hans/countries.html",
        "trends.html",
        "map.html",
        "areas.html",
        "institution/00q4vv597.html",
    ],
)
def test_without_scripts_all_is_there_to_read(browser: Any, site: Path, path: str) -> None:
    reader = Reader(browser, site, java_script_enabled=False)
    reader.open(path)
    assert reader.page.locator("table:visible").count() > 0
    if path in ("trends.html", "map.html", "areas.html"):
        assert reader.page.locator("#chart :is(svg, img):visible").count() == 1
    if path == "index.html":
        assert "need JavaScript" in reader.page.locator("#leader noscript").inner_text()
        assert reader.page.locator("#leader details.behind").is_visible()
    assert not reader.page.locator("form").first.is_visible()
    reader.check()
    reader.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_read_it(browser: Any, site: Path, scheme: Any) -> None:
    reader = Reader(browser, site, color_scheme=scheme)
    paths = [
        "index.html",
        "institutions.html",
        "zh-hant/countries.html",
        "trends.html",
        "map.html",
        "areas.html",
        "movers.html",
        "method.html",
        "downloads.html",
    ]
    for path in [*paths, "area/robotics.html", "zh-hans/institution/00q4vv597.html", "country/us.html"]:
        reader.open(path)
        assert accessible(reader.page) == [], path
    reader.check()
    reader.context.close()


PHONE = (
    "index.html",
    "institutions.html",
    "zh-hans/institutions.html#by=index",
    "trends.html",
    "map.html",
    "areas.html",
    "method.html",
)


@pytest.mark.parametrize("path", [*PHONE, "movers.html", "institution/long.html"])
def test_a_phone_shows_it_without_sliding_sideways(browser: Any, site: Path, path: str) -> None:
    reader = Reader(browser, site, viewport={"width": 360, "height": 740})
    reader.open(path)
    wide = reader.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    reader.check()
    reader.context.close()


def test_what_scrolls_once_it_is_filled_is_reached_by_keys(browser: Any, site: Path) -> None:
    """A table grows in a place that keeps its size."""
    reader = Reader(browser, site, viewport={"width": 1600, "height": 900})
    reader.open("trends.html")
    place = reader.page.locator(".scroll:has(> #trend-table)")
    place.evaluate("place => { place.style.height = '300px'; }")
    assert place.get_attribute("tabindex") is None
    place.evaluate("place => { place.firstElementChild.style.minWidth = '4000px'; }")
    reader.page.wait_for_selector(".scroll[tabindex='0'] > #trend-table")
    reader.check()
    reader.context.close()


def test_keys_are_enough(reader: Reader) -> None:
    page = reader.page
    reader.open("institutions.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.get_by_label("Computer vision").focus()
    page.keyboard.press("Space")
    reader.settled()
    page.locator("th button[data-by=index]").focus()
    page.keyboard.press("Enter")
    reader.settled()
    assert page.locator("th[aria-sort]").inner_text().startswith("AI index")


def test_print_leaves_out_what_is_no_use_on_paper(reader: Reader) -> None:
    reader.open("institutions.html")
    reader.page.emulate_media(media="print")
    assert not reader.page.locator("#controls").is_visible()
    assert not reader.page.locator("#theme").is_visible()
    assert reader.page.locator("#board").is_visible()


def test_a_chart_in_view_is_drawn_without_any_input(browser: Any, site: Path) -> None:
    reader = Reader(browser, site, viewport={"width": 1280, "height": 4000})
    reader.open("institution/00q4vv597.html")
    reader.page.wait_for_selector("#chart-trend svg")
    reader.page.wait_for_selector("#chart-collaboration svg")
    reader.check()
    reader.context.close()


@pytest.mark.parametrize("path", ["institution/00q4vv597.html", "index.html"])
def test_all_charts_are_drawn_before_a_page_is_printed(browser: Any, site: Path, path: str) -> None:
    """The second listener sees what the page's own has drawn when pages are laid out; what media queries see is drawn, too."""
    empty = """[...document.querySelectorAll("figure.chart:not(.empty)")].filter((f) => !f.querySelector(".plot svg")).length"""
    for media in (False, True):
        reader = Reader(browser, site, viewport={"width": 1280, "height": 200})
        reader.open(path)
        reader.page.wait_for_function("affil.vega && document.querySelector('figure.chart:not(.empty)')")
        assert reader.page.evaluate(empty) > 0
        if media:
            reader.page.emulate_media(media="print")
            reader.page.wait_for_function(f"{empty} === 0")
        else:
            reader.page.evaluate(f"addEventListener('beforeprint', () => {{ window.left = {empty}; }})")
            reader.page.pdf()
            assert reader.page.evaluate("window.left") == 0
        reader.check()
        reader.context.close()


def test_data_that_cannot_be_loaded_is_said(browser: Any, site: Path, tmp_path: Path) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    (copy / "data" / "facts.js").unlink()
    reader = Reader(browser, copy)
    reader.open("institutions.html")
    reader.page.get_by_label("Robotics").uncheck()
    reader.page.wait_for_function("document.getElementById('status').textContent.includes('facts.js')")
    assert len(reader.rows()) == 10
    reader.context.close()
