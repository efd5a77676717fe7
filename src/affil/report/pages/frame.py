"""Common parts of all pages of a language: texts, names, and the frame around each page."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from importlib import resources
from typing import Any, get_args

import minify_html
import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from affil.catalogue import SOURCE
from affil.names import visible
from affil.rank import AREAS, Comparison, Level, Trend
from affil.rank.places import HongKong, country_name, hong_kong_groups
from affil.report import i18n
from affil.report.charts import Figure
from affil.report.data import Data, area_slug
from affil.report.doubts import PageDoubts
from affil.report.entities import Entity
from affil.report.formats import Names, as_json, number, percent, span, two
from affil.report.names import LANGUAGES, html_tag, in_languages
from affil.report.story import growth_basis, moved_basis, say

BOARDS: tuple[tuple[Level, str], ...] = (
    ("institution", "institutions.html"),
    ("city", "cities.html"),
    ("region", "regions.html"),
    ("country", "countries.html"),
)
NAV = (
    ("index.html", "home"),
    ("institutions.html", "rankings"),
    ("trends.html", "trends"),
    ("areas.html", "areas"),
    ("map.html", "map"),
    ("movers.html", "movers"),
    ("method.html", "method"),
    ("downloads.html", "downloads"),
)


@cache
def environment(*, escaped: bool = True) -> Environment:
    """The template environment, whose templates are compiled once in a process; `escaped` as HTML."""
    made = Environment(
        loader=PackageLoader("affil.report"),
        autoescape=select_autoescape() if escaped else False,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        n=number,
        f2=two,
        pct=percent,
        pct1=partial(percent, digits=1),
        pct0=partial(percent, digits=0),
        years=span,
        visible=visible,
        slug=area_slug,
        json=as_json,
        cell=lambda value: str(value).replace("|", "\\|"),
    )
    return made


@dataclass
class Shared:
    """Common to all languages: data, affil's version, templates, style sheet."""

    data: Data
    version: str

    def of_pages(self) -> Shared:
        """The same without what only scripts of pages count from, to be handed to another process."""
        nothing = pa.table({})
        return Shared(replace(self.data, facts=nothing, people=nothing, doubts=PageDoubts(), placed={}), self.version)

    @cached_property
    def css(self) -> str:
        """The style sheet, for inlining."""
        return resources.files("affil.report").joinpath("static/style.css").read_text("utf-8")

    @cached_property
    def papers(self) -> str:
        """The number of papers, as pages show it."""
        return number(sum(papers for *_, papers in self.data.held))

    @cached_property
    def world_share(self) -> Mapping[str, float]:
        """The share of each area in the total over areas."""
        credit = {
            a: self.data.rankings["institution", a].coverage.credit for a in AREAS if ("institution", a) in self.data.rankings
        }
        total = sum(credit.values())
        return {a: credit.get(a, 0.0) / total if total else 0.0 for a in AREAS}


class Frame:
    """Texts, names and the frame around each page in one language.

    `at` is the index of the language in `LANGUAGES` and in names of entities; `folder` holds its pages.
    """

    def __init__(self, shared: Shared, language: str) -> None:
        self.shared, self.data, self.language = shared, shared.data, language
        self.at = [*LANGUAGES].index(language)
        self.names = Names(language)
        self.folder = "" if language == SOURCE else f"{language}/"
        self.figures: list[Figure] = []
        self._sections: dict[tuple[str, str], Markup] = {}

    def text(self, key: str, *values: Hashable) -> str:
        """A formatted text."""
        return i18n.text(key, self.language, *values)

    def name(self, level: Level, identifier: str) -> str:
        """The name of an entity."""
        return self.data.entities[level][identifier].names[self.at]

    def beside(self, name: str, more: str) -> str:
        """A name with what tells it from others, where there is anything and the name does not end with it already."""
        known = not more or name.endswith(self.text("beside", "", more).strip())
        return name if known else self.text("beside", name, more)

    def listed(self, names: Iterable[str]) -> str:
        """Names behind one another, as the language has it."""
        return self.text("s_and").join(names)

    def place(self, entity: Entity) -> str:
        """Where an entity is."""
        return LANGUAGES[self.language].place([p[self.at] for p in entity.place])

    @property
    def title(self) -> str:
        """The title of the site."""
        return self.data.title or self.text("title")

    @property
    def address(self) -> str:
        """The address of the site, with a slash at its end; empty if it is not known."""
        known = self.data.report.address
        return f"{known.rstrip('/')}/" if known else ""

    def kept(self, figure: Figure, name: str, *, tabled: bool = False) -> Figure:
        """A figure of which the table is also a file of this name, for readers without scripts; `tabled`: it is on its page, too."""
        self.figures.append(replace(figure, file=f"charts/{name}", tabled=tabled))
        return self.figures[-1]

    @property
    def source(self) -> str:
        """Where a chart is from, for those who see it alone."""
        return self.text("source", self.title, f"{self.data.made:%Y-%m-%d}")

    def below(self, figure: Figure) -> list[str]:
        """What stands below the table of a chart that is taken along: nothing, its title, its source, what a reader must know of it."""
        return ["", figure.label, self.source, *([figure.caveat] if figure.caveat else [])]

    def against(self, comparison: Comparison) -> str:
        """The years of a comparison."""
        return self.text("against", span(comparison.years_after), span(comparison.years_before))

    def basis(self, comparison: Comparison) -> str:
        """What a comparison rests on, and whether its last year is whole."""
        rests = (say(said, self.text, self.name, self.names.areas) for said in moved_basis(comparison))
        return self.sentences(*rests, self.lacking(comparison.years_after[1], comparison.lacking))

    def papers_by_year(self) -> str:
        """What charts of papers by year show: numbers in comparable venues, or where there are too few papers those counted."""
        return self.names.measures("publications") if self.data.few else self.text("comparable")

    def by_year_why(self) -> str:
        """How charts come to their numbers by year, and how far these go."""
        if self.data.few:
            return self.text("few_why")
        return self.sentences(self.text("matched_why"), self.text("between_why"), self.text("growth_differs"))

    def comparable_why(self, trend: Trend) -> str:
        """The same where no growth is shown: what comparable numbers are, and whether the last year is whole."""
        told = (
            (self.text("comparable_why", self.listed(trend.base.venues)), self.text("between_why"))
            if trend.base and not self.data.few
            else (self.text("few_why"),)
        )
        return self.sentences(*told, self.lacking(trend.years[-1], trend.lacking))

    def by_year_title(self) -> str:
        """The title of the chart of countries over the years."""
        return self.text("home_trend_counted" if self.data.few else "home_trend")

    def authors_why(self) -> str:
        """How many papers of the window count no authors, as they do not tie affiliations to them; nothing where all do."""
        cover = self.data.ranking("institution").coverage
        numbers = number(cover.unaligned), number(cover.papers)
        return self.text("authors_why", *numbers, span(self.data.window)) if cover.unaligned else ""

    def outside(self) -> str:
        """How many papers are in none of the eight areas; nothing where all are."""
        cover = self.data.ranking("institution").coverage
        return self.text("outside_why", number(cover.outside), number(cover.papers)) if cover.outside else ""

    def grouped(self, whole: str = "", how: HongKong | None = None) -> str:
        """Which countries are counted with which, one sentence for each of these; nothing where none are.

        Args:
            whole: only what is counted with this country.
            how: Hong Kong and Macao `with` China or `apart`; None: as the setting `country_groups` says.
        """
        parts: dict[str, list[str]] = {}
        for code, into in hong_kong_groups(self.data.settings.country_groups, how).items():
            if into != code and into in self.data.entities["country"] and whole in ("", into):
                parts.setdefault(into, []).append(in_languages(*country_name(code), code)[self.at])
        return self.sentences(*(self.text("grouped", self.name("country", c), self.listed(of)) for c, of in parts.items()))

    def grouped_ways(self) -> dict[str, str]:
        """The same for either way to count Hong Kong and Macao, for scripts."""
        return {how: self.grouped(how=how) for how in get_args(HongKong)}

    def growth_basis(self, trend: Trend) -> str:
        """Which years growth compares, what it rests on, where it breaks off, and whether the last year is whole."""
        return self.sentences(*(say(said, self.text, self.name, self.names.areas) for said in growth_basis(trend)))

    @property
    def gap(self) -> str:
        """What stands between sentences: nothing in Chinese."""
        return "" if LANGUAGES[self.language].chinese else " "

    def sentences(self, *told: str) -> str:
        """Sentences behind one another, as the language has it; empty ones are left out."""
        return self.gap.join(filter(None, told))

    def range_why(self, *, close: bool = False, moves: bool = False) -> str:
        """What ranges cover, and what the marks ≈ (`close`) and ↑ ↓ (`moves`) beside them mean, where they are shown."""
        return self.sentences(
            self.text("range_why", percent(self.data.settings.confidence, 0)),
            self.text("range_close") if close else "",
            self.text("range_moves", self.data.settings.marked) if moves else "",
        )

    def lacking(self, year: int, venues: Sequence[str]) -> str:
        """That a year is incomplete, where it lacks venues that the year before had."""
        return self.text("incomplete", year, self.listed(venues), year - 1) if venues else ""

    def empty_areas(self) -> list[str]:
        """How the mean of the index was taken where areas have no papers in the window; nothing where all have."""
        empty = self.data.ranking("institution").coverage.empty_areas
        named = self.listed(map(self.names.areas, empty))
        return [self.text("empty_why", named, f"{self.data.settings.offset:g}")] if empty else []

    def script_texts(self) -> dict[str, Any]:
        """Texts for a page's scripts."""
        return {
            **i18n.script_texts(self.language),
            "confidence": percent(self.data.settings.confidence, 0),
            "rows": self.data.report.rows,
        }

    def sections(self, base: str, section: str) -> Markup:
        """The head of pages below `base` with the links to all sections, of which one is the page's; thousands of pages have the same."""
        if (base, section) not in self._sections:
            values = {"t": self.text, "base": base, "section": section, "site_title": self.title, "nav": NAV}
            self._sections[base, section] = Markup(environment().get_template("sections.html").render(values))
        return self._sections[base, section]

    def render(self, path: str, template: str, values: Mapping[str, Any]) -> str:
        """Render the page at a path below the language's folder."""
        data = self.data
        base = "../" * path.count("/")
        root = base + ("../" if self.folder else "")
        common = {
            "t": self.text,
            "names": self.names,
            "at": self.at,
            "language": self.language,
            "html_lang": html_tag(self.language),
            "address": self.address,
            "path": f"{self.folder}{path}",
            "card": "",
            "root": root or "./",
            "base": base or "./",
            "sections": self.sections,
            "languages": [
                (html_tag(code), i18n.text("language", code), f"{root}{'' if code == SOURCE else code + '/'}{path}")
                for code in LANGUAGES
            ],
            "site_title": self.title,
            "version": self.shared.version,
            "made": f"{data.made:%Y-%m-%d}",
            "source": self.source,
            "papers": self.shared.papers,
            "years": data.years,
            "window": data.window,
            "warnings": data.state.warnings,
            "description": "",
            "inline": False,
            "css": "",
            "scripts": (),
            "texts": None,
            "gap": self.gap,
            "grouped": self.grouped(),
            "section": "rankings",
        }
        if "heading" in values and not values.get("description"):
            values = {**values, "description": f"{values['heading']}{self.text('comma')}{span(data.window)} – {self.title}"}
        return minify_html.minify(environment().get_template(template).render({**common, **values}))
