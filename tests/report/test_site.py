"""The site as files: what it holds, that its numbers are those of the library, and what happens when something is wrong."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html.parser
import json
import math
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import lxml.html
import numpy as np
import pandas as pd
import pytest

from affil.errors import AffilError
from affil.installed import pip_install
from affil.rank import AREAS, measure, profiles
from affil.rank.measure import areas_of
from affil.rank.profiles import spread
from affil.report import FORMATS, LANGUAGES, i18n, names, report
from affil.report.data import area_slug
from affil.types import Institution, Name
from affil.workspace import Workspace
from tests.chinese import faults
from tests.report.conftest import chart_table, counted_on, institutions, papers

AUTHOR = {"name": "A", "affiliations": ["Institute AA of Boston (0.99)"]}
ONLY = {"id": "p", "title": "T", "venue": "Some Workshop", "year": 2020, "authors": [AUTHOR]}


class Page(html.parser.HTMLParser):
    """What a page refers to, and the rows of its tables as texts."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.rows: list[list[str]] = []
        self.ids: list[str] = []
        self.lang = ""
        self._open = 0
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.lang = values["lang"] or ""
        if tag == "a":
            self.links.append(values["href"] or "")
        elif values.get("src") or values.get("href"):
            self.loads.append(values.get("src") or values["href"] or "")
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._open += 1

    def handle_endtag(self, tag: str) -> None:
        self._open -= tag in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._open and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def shown(file: Path) -> str:
    """What readers of a page see: its text without scripts."""
    tree = lxml.html.fromstring(file.read_text("utf-8"))
    return " ".join("".join(tree.xpath("//body//text()[not(ancestor::script or ancestor::style)]")).split())


def value(site: Path, name: str) -> Any:
    """What a script of data/ holds."""
    packed = re.fullmatch(r'affil\.put\("[\w/-]+","([^"]+)"\);\n', (site / "data" / f"{name}.js").read_text("utf-8"))
    assert packed
    return json.loads(gzip.decompress(base64.b64decode(packed[1])))


def test_every_page_is_there_in_every_language_and_every_link_leads_somewhere(site: Path) -> None:
    pages = {f.relative_to(site).as_posix() for f in site.rglob("*.html")}
    english = {p for p in pages if not p.startswith("zh-")}
    assert {f"{code}/{p}" for code in [*LANGUAGES][1:] for p in english} == pages - english
    assert {f"area/{area_slug(a)}.html" for a in AREAS} <= english
    assert len([p for p in english if p.startswith("institution/")]) == 30
    assert len([p for p in english if p.startswith("country/")]) >= 6
    for name in pages:
        page = Page(site / name)
        assert page.lang == {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}.get(name.split("/")[0], "en")
        assert len({*page.ids}) == len(page.ids), name
        for link in [*page.links, *page.loads]:
            if link.startswith("https://ror.org/") or link.startswith("#"):
                assert link in page.links  # nothing is loaded from there
                continue
            assert not re.match(r"[a-z]+:|//", link), (name, link)
            assert ((site / name).parent / link.split("#")[0]).resolve().exists(), (name, link)
    for file in [*site.glob("data/institution/*.js"), *site.glob("data/country/*.js")]:
        level = file.parent.name
        assert (site / level / f"{file.stem}.html").exists()
        tables = value(site, f"{level}/{file.stem}")
        linked = [("institution", r) for r in tables.get("members", ())] + [(level, r) for r in tables.get("partners", ())]
        assert all((site / of / f"{slug}.html").exists() for of, (slug, *_) in linked if slug)
        assert all((site / "area" / f"{area}.html").exists() for area, *_ in tables["profile"])


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_pages_in_chinese_are_written_with_its_marks(site: Path, language: str) -> None:
    folder, found = site / language, []
    pages = [*folder.glob("*.html"), *folder.glob("area/*.html"), *[*folder.glob("[ci]*/*.html")][::5]]
    for file in pages:
        tree = lxml.html.parse(str(file), lxml.html.HTMLParser(encoding="utf-8")).getroot()
        for raw in tree.xpath("//script | //style | //select | //*[contains(@class, 'raw')] | //svg"):
            raw.drop_tree()  # what others wrote, and axes of charts, which Vega describes
        texts = [*tree.xpath("//text()"), *tree.xpath("//@title | //@data-title | //@data-caveat | //@content | //@aria-label")]
        found += [(file.name, fault) for text in texts for fault in faults(" ".join(text.split()))]
        told = [" ".join(p.text_content().split()) for p in tree.xpath("//p")]
        found += [(file.name, blank) for text in told for blank in re.findall(r".{9}[，。；] .{9}", text)]
    assert len(pages) > 20
    assert found == []


def test_nothing_of_another_host_is_named_in_what_runs(site: Path) -> None:
    for file in [*site.glob("static/*.js"), *site.glob("static/*.css")]:
        if file.name == "vega.js":  # names of formats and addresses of its manual; tests in a browser see that it loads nothing
            continue
        assert "http" not in file.read_text("utf-8").replace("http://www.w3.org/2000/svg", ""), file


@pytest.mark.parametrize(
    ("file", "level"),
    [("institutions.html", "institution"), ("cities.html", "city"), ("regions.html", "region"), ("countries.html", "country")],
)
def test_the_first_table_is_the_ranking(site: Path, report_ws: Workspace, file: str, level: Any) -> None:
    ranking = report_ws.rank(level=level, years=(2017, 2021))
    compared = report_ws.compare((2012, 2016), (2017, 2021), level=level).frame.set_index("id")
    rows = Page(site / file).rows[1:]
    assert len(rows) == min(10, len(ranking.frame))
    for shown, row in zip(rows, ranking.frame.to_dict("records"), strict=False):
        assert shown[0] == f"{row['rank']:,}"
        doubtful = row["low"] < row["high"]
        assert shown[1].removesuffix("\xa0≈") == (f"{row['low']}–{row['high']}" if doubtful else str(row["rank"]))
        before, after = (compared[f"rank_{when}"][row["id"]] for when in ("before", "after"))
        assert shown[2] == f"{'▲' if before > after else '▼' if before < after else '='} {before}→{after}", (
            "in the venues of both"
        )
        assert row["name"] in shown[3]
        numbers = [f"{row[m]:,.2f}" for m in ("adjusted", "index")] + [f"{row[m]:,}" for m in ("publications", "authors")]
        assert shown[4:9] == [*numbers, f"{row['share']:.2%}"]


def test_how_uneven_profiles_are_on_the_page_is_what_the_sentence_is_about(site: Path, report_ws: Workspace) -> None:
    state = report_ws.count()
    with report_ws.counts.opened(state, level="country") as (db, venues):
        ranking = measure(db, venues, state.settings, level="country", years=(2017, 2021))
        own = profiles(db, ranking.frame["id"].tolist())
        held = db.execute("SELECT venue, year, papers FROM stats WHERE year BETWEEN 2017 AND 2021").fetchall()
    papers_of = {a: sum(n for v, y, n in held if a in areas_of(v, y, venues)) for a in AREAS}
    least = report_ws.settings.report.story_papers
    told = [a for a in AREAS if papers_of[a] >= max(least, 1)]
    table = lxml.html.parse(str(site / "areas.html")).xpath("//table[@class='heat']")[0]
    shown = {row[0].text_content(): row[1].text_content() for row in table.iter("tr")}
    for one in ranking.frame.head(report_ws.settings.report.leading_countries).to_dict("records"):
        found = spread(own[one["id"]], told)
        assert shown.get(one["name"]) == (f"×{found.times:.1f}" if found and found.times < math.inf else "–"), one["name"]
    assert len(told) > 1 and len(shown) > 3


def test_where_nothing_was_before_the_years_of_growth_are_compared(workspace: Any, tmp_path: Path) -> None:
    ws = workspace("[report]\nyears = 10\nrows = 10\n", papers()[:400])
    report(ws, tmp_path / "site")
    years = ws.trend(level="country", by="publications").compared
    assert years is not None and years[1] - years[0] >= ws.settings.rank.panel_years
    moved = ws.compare(*years, level="country").frame.set_index("id")
    rows = Page(tmp_path / "site" / "countries.html").rows[1:]
    for shown, one in zip(rows, ws.rank(level="country").frame["id"], strict=False):
        before, after = (moved[f"rank_{when}"].get(one) for when in ("before", "after"))
        assert shown[2].endswith(f"{before}→{after}")
    told = (tmp_path / "site" / "movers.html").read_text("utf-8")
    assert f"{years[1]} against {years[0]}" in told and "nothing to compare" not in told


def test_a_page_of_an_institution_tells_its_numbers(site: Path, report_ws: Workspace) -> None:
    one = "https://ror.org/00q4vv597"
    page = Page(site / "zh-hant" / "institution" / "00q4vv597.html")
    text = (site / "zh-hant" / "institution" / "00q4vv597.html").read_text("utf-8")
    assert "<h1>香港科技大學</h1>" in text
    for level_by in ("publications", "authors", "adjusted", "index"):
        row = report_ws.rank(by=level_by, years=(2017, 2021)).frame.set_index("id").loc[one]
        shown = f"{row[level_by]:,}" if level_by in ("publications", "authors") else f"{row[level_by]:,.2f}"
        assert [shown, f"{row['rank']:,}"] in [r[1:3] for r in page.rows], level_by


def test_as_many_strings_wait_on_a_page_as_why_lists(site: Path, report_ws: Workspace) -> None:
    """Also those of papers that name the institution through another author, which add no paper but credit."""
    seen = set()
    for level in ("institution", "city", "country"):
        texts = [file.read_text("utf-8") for file in (site / level).glob("*.html")]
        pages = {unescape(text.split("<h1>")[1].split("</h1>")[0]): text for text in texts}
        for one in report_ws.rank(level=level, years=(2017, 2021)).frame.head(8).to_dict("records"):
            waiting = report_ws.why(one["id"], level=level, years=(2017, 2021)).waiting
            strings, papers = waiting["affiliation"].nunique(), waiting["papers"].sum()
            page = pages[one["name"]]
            told = re.search(r"Strings in review that may name it<dd>(\d+) strings?, (\d+) papers?", page)
            assert told, one["name"]
            assert int(told[1]) == strings
            assert int(told[2]) <= papers, "a paper with two of them is one"
            assert "How well founded, 2017–2021" in page
            seen.add(strings)
    assert len(seen) > 1


@pytest.fixture(scope="module")
def of_two_years(report_ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `report` says of a site that shows two years first, and Hong Kong with China."""
    return report(report_ws, tmp_path_factory.mktemp("two years") / "site", years=(2019, 2020), hong_kong="with")


def test_a_site_can_begin_with_hong_kong_counted_with_china(of_two_years: Any, report_ws: Workspace, tmp_path: Path) -> None:
    asked = report_ws.rank(level="country", years=(2019, 2020), hong_kong="with").frame
    rows = Page(of_two_years.path / "countries.html").rows[1:]
    assert [row[4] for row in rows] == [f"{v:,.2f}" for v in asked["adjusted"]]
    assert "HK" not in set(asked["id"])
    first = re.search(r"<select name=hongkong><option value=(\w+)", (of_two_years.path / "countries.html").read_text("utf-8"))
    assert first
    assert first[1] == "with"
    text = report(report_ws, tmp_path / "b.md", format="md", hong_kong="with").path.read_text("utf-8")
    assert re.search(r'affil why WS "\w\w" --level country --years 2017-2021 --hong-kong with', text)
    assert text.count("Counted with China: Hong Kong, Macao.") == 3, "above, and at both tables of countries"


@pytest.mark.parametrize("page", ["index", "countries", "trends", "areas", "area/robotics", "country/cn"])
def test_where_numbers_of_china_stand_it_is_said_that_hong_kong_is_counted_with_it(
    of_two_years: Any, site: Path, page: str
) -> None:
    for folder, told in (("", "Counted with China: Hong Kong, Macao."), ("zh-hans/", "中国的数字包括香港、澳门。")):
        assert told in shown(of_two_years.path / f"{folder}{page}.html")
        assert told not in shown(site / f"{folder}{page}.html")
    assert "Counted with" not in shown(of_two_years.path / "country" / "us.html")


def test_a_way_to_count_hong_kong_that_there_is_not_is_refused(report_ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="no way to count Hong Kong 'both'"):
        report(report_ws, tmp_path / "other", hong_kong="both")  # type: ignore[arg-type]


def test_years_are_told_as_far_as_they_have_papers(workspace: Any, tmp_path: Path) -> None:
    """Of the ten years before the window only the last has papers."""
    kept = [p for p in papers() if p["year"] in (2014, *range(2016, 2022)) and p["id"] != "p1"][::3]
    made = report(
        workspace("[rank]\nranges = false\n[report]\nyears = 7\ninstitutions = 2\n", kept),
        tmp_path / "site",
        years=(2015, 2030),
    ).path
    board = (made / "institutions.html").read_text("utf-8")
    assert "2016–2021" in board
    assert "2015–2" not in board
    assert "2030" not in board
    page = next((made / "institution").glob("*.html")).read_text("utf-8")
    head = re.search(r"<thead><tr><td><th class=num>2016–2021<th class=num>Rank<th>[^<]*<th class=num>([^<]*)<", page)
    assert head
    assert head[1] == "2014"


def test_the_tables_of_an_institution_stand_once_for_all_languages(site: Path, report_ws: Workspace) -> None:
    one = "https://ror.org/00q4vv597"
    tables = value(site, "institution/00q4vv597")
    for folder in ("", "zh-hans/", "zh-hant/"):
        texts = (site / f"{folder}institution/00q4vv597.html").read_text("utf-8")
        assert '"pack":"institution/00q4vv597"' in texts
    for language in ("en", "zh-hans", "zh-hant"):
        heads = value(site, f"institution-{language}")["tables"]
        assert {*re.findall(r"data-table=(\w+)", heads)} == {*tables}
    why = report_ws.why(one, years=(2017, 2021))
    by_venue = why.papers.groupby("venue")["credit"].agg(["size", "sum"])
    for venue, found in by_venue.iterrows():
        assert [venue, f"{found['size']:,.0f}", f"{found['sum']:,.2f}"] in tables["venues"]
    by_year = why.papers.groupby("year")["credit"].agg(["size", "sum"])
    for year, found in by_year.iterrows():
        assert [r[2:4] for r in tables["trend"] if r[0] == str(year)] == [[f"{found['size']:,.0f}", f"{found['sum']:,.2f}"]]
    strings = why.papers.explode("strings")["strings"].value_counts()
    assert [strings.index[0], str(strings.iloc[0])] in [r[:2] for r in tables["strings"]]


@pytest.mark.parametrize(
    ("level", "one"), [("institution", "https://ror.org/00q4vv597"), ("city", "HK/Hong Kong"), ("country", "CN")]
)
def test_the_papers_of_a_page_are_those_of_why(site: Path, report_ws: Workspace, level: Any, one: str) -> None:
    slug = {"https://ror.org/00q4vv597": "00q4vv597"}.get(one, one.lower().replace("/", "-").replace(" ", "-"))
    titles, held = value(site, "titles"), value(site, f"papers/{level}/{slug}")
    of = [(venue, year) for venue, year, length in titles["runs"] for _ in range(length)]
    numbers = np.cumsum(held["steps"]).tolist()
    found = {(titles["titles"][n], *of[n]) for n in numbers}
    papers = report_ws.why(one, level=level).papers
    assert len(found) == len(numbers)
    assert found == {*zip(papers["title"], papers["venue"], papers["year"], strict=True)}
    if level == "institution":
        through = {
            titles["titles"][n]: [held["strings"][k] for k in own] for n, own in zip(numbers, held["through"], strict=True)
        }
        assert through == {p["title"]: [*p["strings"]] for p in papers.to_dict("records")}


def test_few_papers_are_shown_as_counted_and_titles_left_out_if_asked(workspace: Any, tmp_path: Path) -> None:
    ws = workspace("[rank]\nlink_papers = 100\nranges = false\n[report]\npapers = false\ncities = 2\n", papers()[::30])
    made = report(ws, tmp_path / "site").path
    head, rows, below = chart_table(made / "charts" / "trends.csv")
    counted = ws.trend(level="country", by="publications").frame.set_index("name")
    for k, name in enumerate(head[1:], 1):
        assert [float(r[k] or 0) for r in rows] == [counted[int(r[0].rstrip("*"))][name] for r in rows]
    home = (made / "index.html").read_text("utf-8")
    outside = ws.rank().coverage
    few = "No two years have 50% of their papers, and 100 papers, in the venues of both: too few to tell growth."
    assert few in home
    assert few in below[-1]
    assert below[0].startswith("Papers by year"), "not comparable papers"
    assert "Countries over the years, numbers of papers as counted" in home
    assert "Adjusted publications as counted" in (made / "institutions.html").read_text("utf-8")
    movers = (made / "movers.html").read_text("utf-8")
    assert movers.count("There is nothing to compare: no year has an earlier counterpart with 100 papers") == 1
    board = (made / "institutions.html").read_text("utf-8")
    assert "Ranks are not compared with the years before" in board
    assert 'class="new"' not in board
    assert (
        f"{outside.outside} of the {outside.papers} papers are in venues of none of the eight areas" in home
        or not outside.outside
    )
    assert re.findall(r"value=(absolute|matched)", (made / "trends.html").read_text("utf-8")) == ["absolute", "matched"]
    assert not (made / "data" / "titles.js").exists()
    assert len([*(made / "city").glob("*.html")]) == 2
    assert not [f for f in made.rglob("*.html") if "teapots" in f.read_text("utf-8")]


@pytest.mark.parametrize(("level", "one"), [("institution", "affil:i02"), ("city", "CN/CN-BJ/Beijing"), ("country", "CN")])
def test_collaboration_is_counted_as_it_is_defined(site: Path, level: Any, one: str) -> None:
    known = {i.id: i for i in institutions()}
    of = {
        i.id: {"institution": i.id, "city": f"{i.country}/{i.region}/{i.city}", "country": i.country}[level]
        for i in known.values()
    }
    counted: dict[int, list[int]] = {}
    for published, found in counted_on().values():
        own = {i for i in found if of[i] == one}
        if not own:
            continue
        others = found - {one}
        domestic = sum(known[i].country == "CN" for i in others) >= (1 if level == "institution" else 2)
        year = counted.setdefault(published, [0, 0, 0])
        for k, add in enumerate((True, domestic, any(known[i].country != "CN" for i in others))):
            year[k] += add
    slug = one.removeprefix("affil:").lower().replace("/", "-")
    rows = value(site, f"{level}/{slug}")["collaboration"]
    expected = {str(y): [str(n), f"{a / n:.1%}", f"{b / n:.1%}"] for y, (n, a, b) in counted.items() if y >= 2017}
    assert {y: cells for y, *cells in rows} == expected


def test_every_chart_says_what_a_reader_must_know_of_it(site: Path) -> None:
    pages = {file.name: file.read_text("utf-8") for file in site.glob("*.html")}
    packs = {name: value(site, name)["tables"] for name in ("institution-en", "city-zh-hans", "country-zh-hant")}
    found = [(name, tag) for name, text in {**pages, **packs}.items() for tag in re.findall(r"<figure[^>]*>", text)]
    assert {name for name, _ in found} >= {"index.html", "trends.html", "map.html", "areas.html", *packs}
    assert [one for one in found if "empty" not in one[1] and not re.search(r"data-caveat=[^ >]", one[1])] == []


def test_an_area_page_is_the_ranking_of_the_area(site: Path, report_ws: Workspace) -> None:
    rows = Page(site / "area" / "robotics.html").rows
    for level in ("institution", "country"):
        first = report_ws.rank(level=level, area="robotics", years=(2017, 2021)).frame.iloc[0]  # type: ignore[arg-type]
        assert [first["name"], f"{first['adjusted']:,.2f}", f"{first['publications']:,}"] in [r[2:5] for r in rows]
    assert "class=empty" in (site / "area" / "simulation.html").read_text("utf-8")


def test_an_area_page_compares_years_over_the_venues_of_all_of_them(site: Path, report_ws: Workspace) -> None:
    """Its comparable numbers are counted, not carried from one year to another."""
    base = report_ws.trend(level="country", area="robotics", years="2017-2021").base
    page = Page(site / "area" / "robotics.html")
    told = {int(r[0]): r[2] for r in page.rows if re.fullmatch(r"20(17|18|19|20|21)", r[0])}
    assert base is not None
    assert told == dict.fromkeys(told, "–") | {y: f"{n:,}" for y, n in zip(base.years, base.papers, strict=True)}
    assert f"the papers at {', '.join(base.venues)}" in unescape((site / "area" / "robotics.html").read_text("utf-8"))


def test_movers_are_told_by_both_rankings_over_the_same_venues(site: Path, report_ws: Workspace) -> None:
    compared = report_ws.compare((2012, 2016), (2017, 2021), roll_up="labs")
    assert [p.years for p in compared.pairs] == [(2012 + k, 2017 + k) for k in range(5)]
    rows = compared.frame.set_index("name")
    rows = rows[rows[["before", "after"]].max(axis=1) >= report_ws.settings.report.moved]
    best = (rows["rank_before"] - rows["rank_after"]).max()
    first = next(r for r in Page(site / "movers.html").rows if r[0] in rows.index)
    assert rows["rank_before"][first[0]] - rows["rank_after"][first[0]] == best
    assert first[1:3] == [str(rows["rank_before"][first[0]]), str(rows["rank_after"][first[0]])]
    text = (site / "movers.html").read_text("utf-8")
    assert (
        f"(2012/2017, 2013/2018, 2014/2019, 2015/2020, 2016/2021): {compared.rests_on:.0%} of the papers of these years" in text
    )


def test_what_strings_and_names_hold_is_no_markup(site: Path) -> None:
    from lxml import html

    for file in site.rglob("*.html"):
        assert html.parse(file).find(".//b") is None, file
        assert html.parse(file).find(".//teapots") is None, file
    assert "ana <b>" in html.parse(site / "method.html").getroot().text_content()


def test_a_table_of_papers_as_counted_is_spoken_of_only_where_it_stands(site: Path) -> None:
    told = "The table has all papers as counted."
    assert told in shown(site / "trends.html")
    assert [file.name for file in site.glob("*.html") if told in shown(file)] == ["trends.html"]
    for level in ("institution", "city", "country"):
        tables = value(site, f"{level}-en")["tables"]
        assert "Comparable papers are those at " in tables
        assert not re.search(r"Growth \(|The table has", tables), "no growth is shown there"


def test_papers_that_count_no_authors_are_told_where_authors_stand(site: Path, report_ws: Workspace) -> None:
    cover = report_ws.rank(years=(2017, 2021)).coverage
    told = f"Of the {cover.papers:,} papers of 2017–2021, {cover.unaligned:,} do not tie affiliations to authors: these count no authors."
    for board in ("institutions", "cities", "regions", "countries"):
        tree = lxml.html.parse(str(site / f"{board}.html")).getroot()
        assert tree.xpath("//th[contains(@class, 'authors')]/@title") == [told]
        assert told in shown(site / f"{board}.html")


def test_the_method_page_tells_which_kinds_count_for_the_place_that_a_string_states(site: Path) -> None:
    told = "Institutions of these kinds count for the city, region and country that the string states, where it states any: companies."
    assert told in shown(site / "method.html")


def test_the_method_page_tells_the_run(site: Path, report_ws: Workspace) -> None:
    text = unescape((site / "method.html").read_text("utf-8"))
    cover = report_ws.rank().coverage
    shares = [f"{share:.1%}" for share in (cover.matched, cover.review, cover.counted)]
    for told in (f"{cover.papers:,}", *shares, "she asked & was told", "rank.offset"):
        assert told in text, told
    assert "made-up" in text  # the model whose precision is not known


def test_downloads_are_the_tables_with_their_manifests(site: Path, report_ws: Workspace) -> None:
    ranking = report_ws.rank(level="country", years=(2017, 2021)).frame
    written = pd.read_csv(site / "downloads/country-2017-2021.csv.gz")
    kept = ["rank", "id", "name", "publications", "authors", "adjusted", "index", "share", "unaligned"]
    pd.testing.assert_frame_equal(written[kept], ranking[kept], check_dtype=False)
    assert pd.read_parquet(site / "downloads/country-2017-2021.parquet")["id"].tolist() == ranking["id"].tolist()
    told = json.loads((site / "downloads/institution-robotics.manifest.json").read_text("utf-8"))
    for suffix in ("csv.gz", "json.gz", "parquet"):
        content = (site / f"downloads/institution-robotics.{suffix}").read_bytes()
        assert told["files"][f"institution-robotics.{suffix}"] == hashlib.sha256(content).hexdigest()
    whole = json.loads(gzip.decompress((site / "downloads/country-2017-2021.json.gz").read_bytes()))
    assert [row["adjusted"] for row in whole["ranking"]] == ranking["adjusted"].tolist()
    assert told["area"] == "robotics"
    assert told["years"] == [2017, 2021]
    assert len([*site.glob("downloads/*.csv.gz")]) >= 12


def test_the_data_of_the_pages_hold_every_paper_once(site: Path, report_ws: Workspace) -> None:
    facts = value(site, "facts")
    assert sum(papers for _, _, papers, *_ in facts["cells"]) == len(facts["n"])
    assert sum(abs(n) for n in facts["n"]) == len(facts["inst"]) == len(facts["credit"])
    total = sum(facts["credits"][k] for k in facts["credit"])
    assert total == pytest.approx(report_ws.rank().coverage.credit, abs=1e-9)


def test_two_processes_write_what_one_does(site: Path, report_ws: Workspace, tmp_path: Path) -> None:
    two = report(report_ws, tmp_path / "two", workers=2).path
    names = {f.relative_to(site) for f in site.rglob("*") if f.is_file()}
    assert names == {f.relative_to(two) for f in two.rglob("*") if f.is_file()}
    differ = {n for n in names if (site / n).read_bytes() != (two / n).read_bytes()}
    assert {n for n in differ if not n.name.endswith(".manifest.json")} == set()  # these say when they were made


def test_other_years_are_shown_first_if_asked(of_two_years: Any, report_ws: Workspace) -> None:
    first = report_ws.rank(years=(2019, 2020)).frame.iloc[0]
    row = Page(of_two_years.path / "institutions.html").rows[1]
    assert first["name"] in row[3]
    assert row[4] == f"{first['adjusted']:,.2f}"
    assert of_two_years.files == sum(1 for f in of_two_years.path.rglob("*") if f.is_file())
    assert of_two_years.bytes == sum(f.stat().st_size for f in of_two_years.path.rglob("*") if f.is_file())


def test_what_is_wrong_is_one_line_and_leaves_what_was_there(
    report_ws: Workspace, site: Path, workspace: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").write_text("mine")
    for words, arguments in (
        ("not a site made by affil", {"output": full}),
        ("is a file", {"output": full / "thesis.tex"}),
        ("no such folder", {"output": tmp_path / "a" / "b"}),
        ("no papers from 1950-1951", {"output": tmp_path / "s", "years": (1950, 1951)}),
        ("no format 'docx'", {"output": tmp_path / "s", "format": "docx"}),
        ("no language 'fr'", {"output": tmp_path / "s.md", "format": "md", "language": "fr"}),
    ):
        with pytest.raises(AffilError, match=words):
            report(report_ws, **arguments)  # type: ignore[arg-type]
    assert [*full.iterdir()] == [full / "thesis.tex"]
    assert not (tmp_path / "s").exists()

    old = shutil.copytree(site, tmp_path / "old")
    (old / "left over").write_text("")
    from affil.report import site as site_module

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    small = workspace("[rank]\nranges = false\n", [ONLY])
    before = sorted(p.name for p in tmp_path.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(site_module, "write_downloads", fails)
        with pytest.raises(KeyboardInterrupt):
            report(small, old)
    assert (old / "index.html").exists()
    assert (old / "left over").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    report(small, old)
    assert not (old / "left over").exists()


def test_without_the_library_of_charts_it_says_what_to_install(
    workspace: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace('[report]\naddress = "https://rankings.example/ai"\n')
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(AffilError, match=re.escape(pip_install("report"))):
        report(ws, tmp_path / "site")


def metas(head: str) -> dict[str, str]:
    """What the tags meta of a page say."""
    from lxml import html

    tags = [m for m in html.fromstring(head).iter("meta") if m.get("content")]
    return {named: m.get("content") for m in tags for named in (m.get("name"), m.get("property")) if named}


def test_a_page_that_is_shared_shows_a_picture_of_itself(workspace: Any, tmp_path: Path) -> None:
    ws = workspace(
        '[rank]\nranges = false\n[report]\naddress = "https://rankings.example/ai"\ninstitutions = 1\n', papers()[::50]
    )
    made = report(ws, tmp_path / "site").path
    for path in ("countries.html", "zh-hant/trends.html", "map.html", "zh-hans/areas.html"):
        head = (made / path).read_text("utf-8").split("</head>")[0]
        told = metas(head)
        assert told["og:title"]
        assert told["og:description"] == told["description"]
        assert told["og:url"] == f"https://rankings.example/ai/{path}"
        assert told["twitter:card"] == "summary_large_image"
        picture = made / told["og:image"].removeprefix("https://rankings.example/ai/")
        data = picture.read_bytes()
        assert (data[:8], data[16:24]) == (b"\x89PNG\r\n\x1a\n", (1200).to_bytes(4, "big") + (630).to_bytes(4, "big"))
    assert "og:image" not in (made / "method.html").read_text("utf-8")


def test_a_site_without_an_address_names_none(site: Path) -> None:
    head = (site / "trends.html").read_text("utf-8").split("</head>")[0]
    assert metas(head)["og:title"]
    assert "og:image" not in head
    assert "canonical" not in head
    assert not (site / "cards").exists()


def test_the_tables_of_charts_of_main_pages_are_files_too(site: Path, report_ws: Workspace) -> None:
    head, rows, below = chart_table(site / "charts" / "trends.csv")
    trend = report_ws.trend(level="country", by="publications", years=(2017, 2021)).matched.set_index("name")
    assert [r[0] for r in rows] == [str(y) for y in range(2017, 2022)]
    for k, name in enumerate(head[1:], 1):
        assert [float(r[k]) for r in rows] == pytest.approx(trend.loc[name, [*range(2017, 2022)]].tolist())
    title, source, caveat = below
    assert title == f"Comparable papers by year: {', '.join(head[1:])}"
    assert source.startswith("Source: AI Research Rankings, ")
    assert "Growth (Papers), 2017–2021, compares the two years over the venues that both have" in caveat
    assert (site / "static" / "map.png").read_bytes().startswith(b"\x89PNG")


def test_a_further_language_is_a_catalogue_and_a_line(workspace: Any, french: Any, tmp_path: Path) -> None:
    french(i18n, names.LANGUAGES, names.Language())
    ws = workspace("[rank]\nranges = false\n", [ONLY])
    made = report(ws, tmp_path / "site").path
    page = (made / "fr" / "cities.html").read_text("utf-8")
    assert "lang=fr>" in page
    assert "fr:Rank" in page
    assert "Boston" in page
    assert ">Français</a>" in (made / "zh-hans" / "institutions.html").read_text("utf-8")
    assert value(made, "names-fr") == value(made, "names-en")
    assert "fr:" in report(ws, tmp_path / "b.md", format="md", language="fr").path.read_text("utf-8")


def test_names_of_the_registry_stand_above_english_ones(french: Any) -> None:
    french(i18n, names.LANGUAGES, names.Language())
    known = Institution(
        "x", "University of Geneva", (Name("Université de Genève", "fr", "label"), Name("UNIGE", "fr", "acronym"))
    )
    assert names.institution_names("University of Geneva", "日内瓦大学", "CH", known) == (
        "University of Geneva",
        "日内瓦大学",
        "日內瓦大學",
        "Université de Genève",
    )
    assert names.institution_names("X", "", "CH", None) == ("X",) * 4


def test_a_workspace_of_one_paper(workspace: Any, tmp_path: Path) -> None:
    """No year before, no other institution, no place to lead."""
    made = report(workspace("[rank]\nranges = false\n", [{**ONLY, "venue": "ICRA"}]), tmp_path / "site").path
    rows = Page(made / "institutions.html").rows
    assert rows[1][0] == "1"
    assert rows[1][4] == "1.00"
    said = "no two years have 50% of their papers of this area, and 1 paper, in the venues of both, so none are compared"
    area = unescape((made / "area" / "robotics.html").read_text("utf-8"))
    assert said in area
    assert "1.00 adjusted papers of 2020, from 1 paper" in area
    assert "from 1 paper of 2020." in area
    for file in made.glob("*.html"):
        assert "nan" not in file.read_text("utf-8").lower().split("<main")[1].split("</main>")[0].replace("finance", "")
    (tmp_path / "b.md").touch()
    report(Workspace.open(tmp_path / "ws", create=True), tmp_path / "b.md", format="md")


def test_groups_of_countries_and_roll_up_of_the_settings_hold(workspace: Any, tmp_path: Path) -> None:
    ws = workspace(
        '[rank]\nranges = false\nroll_up = "parent"\n[rank.country_groups]\nHK = "CN"\n[report]\nyears = 5\nrows = 10\ninstitutions = 2\n',
        papers()[::5],
    )
    made = report(ws, tmp_path / "site").path
    first = ws.rank(years=(2017, 2021)).frame.iloc[0]
    assert Page(made / "institutions.html").rows[1][4] == f"{first['adjusted']:,.2f}"
    assert value(made, "facts")["rollUp"] == "parent"
    assert not (made / "country" / "hk.html").exists()
    assert "Counted with China: Hong Kong." in shown(made / "index.html")
    assert "HK → CN" in (made / "method.html").read_text("utf-8")


def test_where_the_registry_is_gone_names_are_those_of_the_run(workspace: Any, tmp_path: Path) -> None:
    ws = workspace("[rank]\nranges = false\n", papers()[::30])
    (tmp_path / "small.affil").unlink()
    made = report(ws, tmp_path / "site").path
    assert "香港科技大学" in (made / "zh-hans" / "institutions.html").read_text("utf-8")
    assert "names are those of the last run only" in (made / "method.html").read_text("utf-8")


def test_formats() -> None:
    assert FORMATS == ("site", "pdf", "md")
