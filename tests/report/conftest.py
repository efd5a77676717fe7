from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from affil.registry.registry import write_registry
from affil.types import Institution, Name
from affil.workspace import Workspace
from tests.browser import Watched

PLACES = [
    ("US", "US-MA", "Boston", 42.36, -71.06),
    ("US", "US-CA", "Berkeley", 37.87, -122.27),
    ("CN", "CN-BJ", "Beijing", 39.9, 116.4),
    ("CN", "CN-SH", "Shanghai", 31.2, 121.5),
    ("HK", "", "Hong Kong", 22.3, 114.2),
    ("GB", "GB-ENG", "Oxford", 51.75, -1.26),
    ("SG", "", "Singapore", 1.35, 103.8),
    ("TW", "TW-TPE", "Taipei", 25.04, 121.5),
]
DECIDED = ("nobody knows", "affil:i00")  # a string that only a person knows
VENUES = ("CVPR", "ACL", "NeurIPS", "ICRA", "CoRL", "AAAI", "UAI", "SIGGRAPH")


class Matching:
    """A matcher for made-up strings: "Name (0.93)" names that institution with that probability."""

    model_hash = "made-up"

    def __init__(self, registry: Any) -> None:
        self.registry = registry
        self.ids = {one.name: one.id for one in registry}

    def match_table(self, strings: list[str]) -> Any:
        import pyarrow as pa

        rows = []
        for row, string in enumerate(strings):
            for part in string.split(" & "):
                name, _, rest = part.rpartition(" (")
                if name in self.ids:
                    probability = float(rest.rstrip(")"))
                    rows.append((row, self.ids[name], probability, "match" if probability >= 0.8 else "review"))
        names = ("row", "institution_id", "probability", "decision")
        types = (pa.int64(), pa.string(), pa.float64(), pa.string())
        return pa.table({n: pa.array([r[k] for r in rows], t) for k, (n, t) in enumerate(zip(names, types, strict=True))})


def chart_table(file: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """The headings and the rows of a chart's table, and the lines below it: title, source, what a reader must know."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = [*csv.reader(lines)]
    end = next(k for k, row in enumerate(rows) if not any(row))
    return rows[0], rows[1:end], [text for (text,) in rows[end + 1 :]]


def institutions() -> list[Institution]:
    made = []
    for k in range(40):
        country, region, city, lat, lon = PLACES[k % len(PLACES)]
        name = f"Institute {chr(65 + k // 26)}{chr(65 + k % 26)} of {city}"
        names = [Name(name, "en", "official"), Name(f"{city[:2].upper()}{k}", "", "acronym")]
        kind = ("education", "company", "facility")[k % 3]
        parents = (made[k - 8].id,) if k % 7 == 3 and k >= 8 else (made[k - 1].id, made[k - 2].id) if k % 11 == 5 else ()
        made.append(
            Institution(f"affil:i{k:02}", name, tuple(names), kind, country, region, city, lat + k / 100, lon, "", parents)
        )
    zh = (
        Name("香港科技大学", "zh", "label"),
        Name("港科大", "zh", "alias"),
        Name("HKUST", "", "acronym"),
        Name("香港科技大學", "zh-hant", "label"),
    )
    english = "Hong Kong University of Science and Technology"
    names = (Name(english, "en", "official"), *zh)
    made[4] = Institution("https://ror.org/00q4vv597", english, names, "education", "HK", "", "Hong Kong", 22.3, 114.2)
    long = 'Institute <b>for</b> the Very Long Names and "Quotes" that Nobody Would Ever Type into a Form of the Affiliation of an Author'
    made[6] = Institution("affil:long", long, (Name(long, "en", "official"),), "facility", "SG", "", "Singapore", 1.3, 103.8)
    return made


def papers() -> list[dict[str, Any]]:
    draw, out, made = random.Random(8), [], institutions()
    for k in range(900):
        venue, year = VENUES[draw.randrange(len(VENUES))], 2012 + draw.randrange(10)
        if venue == "UAI" and year == 2015:
            continue
        authors = []
        for _ in range(1 + draw.randrange(4)):
            named = [made[int(40 * draw.random() ** 2)].name for _ in range(1 + (draw.random() < 0.2))]
            strings = [" & ".join(f"{n} ({draw.choice(('0.99', '0.9', '0.82', '0.6'))})" for n in named)]
            strings = strings if draw.random() < 0.9 else [] if draw.random() < 0.5 else [*strings, "nobody knows"]
            authors.append({"name": f"Author {int(300 * draw.random() ** 1.5)}", "affiliations": strings})
        paper: dict[str, Any] = {"id": f"p{k}", "title": f"Paper number {k} about <teapots>", "venue": venue, "year": year}
        if k % 9:
            out.append({**paper, "authors": authors})
        else:
            all_strings = [s for a in authors for s in a["affiliations"]]
            out.append({**paper, "authors": [], "aligned": False, "paper_affiliations": all_strings})
    return out


def counted_on() -> dict[str, tuple[int, set[str]]]:
    """Year and institutions of every paper of `made_report` that has any, read off its strings."""
    ids = {one.name: one.id for one in institutions()}
    counted = {}
    for paper in papers():
        strings = [s for a in paper["authors"] for s in a["affiliations"]] + paper.get("paper_affiliations", [])
        parts = [part.rpartition(" (") for string in strings for part in string.split(" & ")]
        found = {ids[name] for name, _, rest in parts if name and float(rest.rstrip(")")) >= 0.8}
        found |= {DECIDED[1]} if DECIDED[0] in strings else set()
        if found:
            counted[paper["id"]] = (paper["year"], found)
    return counted


def make_workspace(folder: Path, settings: str = "", records: list[dict[str, Any]] | None = None) -> Workspace:
    """A workspace of made-up papers, the given or all; they are few, so any link of years counts where the settings say nothing of it."""
    if "link_papers" not in settings:
        head, rank, rest = settings.partition("[rank]\n")
        few = "[rank]\nlink_papers = 1\nlink_change = 1e9\n"
        settings = f"{head}{few}{rest}" if rank else f"{few}{settings}"
    registry = write_registry(sorted(institutions(), key=lambda one: one.id), folder / "small.affil", {"sources": ["test"]})
    file = folder / "papers.jsonl"
    file.write_text("".join(json.dumps(p) + "\n" for p in (papers() if records is None else records)), "utf-8")
    Workspace.open(folder / "ws", create=True)
    (folder / "ws" / "settings.toml").write_text(settings, "utf-8")
    ws = Workspace.open(folder / "ws", create=True)
    ws.add_papers(file)
    ws.run(matcher=Matching(registry))
    ws.choose(registry=registry.path)
    return ws


@pytest.fixture(scope="session")
def made_report(made_once: Any) -> Path:
    """The workspace `report_ws` and its site, for all processes; neither is changed."""
    from affil.report import report

    def make(folder: Path) -> None:
        ws = make_workspace(folder, "[report]\nyears = 5\nrows = 10\ninstitutions = 30\n")
        ws.decide(*DECIDED, by="ana <b>", why="she asked & was told")
        report(ws, folder / "site")

    return Path(made_once("report", make))


@pytest.fixture(scope="session")
def report_ws(made_report: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace of made-up papers with everything that counting knows: areas shared, unaligned, parents, doubts, decisions."""
    return Workspace.open(shutil.copytree(made_report / "ws", tmp_path_factory.mktemp("report") / "ws"))


@pytest.fixture(scope="session")
def site(made_report: Path) -> Path:
    return made_report / "site"


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    """Makes workspaces of one's own."""
    return lambda settings="", records=None: make_workspace(tmp_path, settings, records)


class Reader(Watched):
    """A page of a site that is opened from its folder."""

    def __init__(self, browser: Any, site: Path, **options: Any) -> None:
        super().__init__(browser, **{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options})
        self.site = site

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site.as_uri()}/{path}")
        self.page.wait_for_load_state("load")

    def rows(self, table: str = "#board") -> list[list[str]]:
        """The texts of the cells of a table."""
        read = "t => [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.innerText.trim()))"
        found: list[list[str]] = self.page.locator(table).evaluate(read)
        return found

    def settled(self) -> None:
        """Wait until a view is counted anew, with its authors."""
        done = "() => document.getElementById('status').textContent && !document.querySelector('#board tbody').textContent.includes('…')"
        self.page.wait_for_function(done)

    def check(self) -> None:
        assert self.faults == []
        own = (self.site.as_uri(), "blob:", "data:")
        assert [r for r in self.requests if not r.startswith(own)] == []


@pytest.fixture
def reader(browser: Any, site: Path) -> Iterator[Reader]:
    made = Reader(browser, site)
    yield made
    made.check()
    made.context.close()


def drawn(page: Any) -> None:
    """Wait until a chart is drawn anew."""
    page.wait_for_function("document.getElementById('chart').shown")
