"""The home page: what the data say, with the charts and tables that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from affil.catalogue import SOURCE
from affil.rank import AREAS, SHORT_AREAS, Level
from affil.report.charts import Figure
from affil.report.data import Data
from affil.report.formats import number, with_article
from affil.report.pages.areas import heat
from affil.report.pages.board import families
from affil.report.pages.frame import Frame
from affil.report.story import Named, Said, Sentence, Source, Who, say, story
from affil.report.story_charts import story_figure


class Teller:
    """Tells the story in the language of a frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences whose conditions hold."""
        data = self.frame.data
        return story(Source(data.rankings, data.trends, data.comparisons, data.report, data.profiles["country"]))

    def say(self, said: Said) -> str:
        """A message in the language."""
        text = say(said, self.frame.text, self.named, self.frame.names.areas)
        return text[:1].upper() + text[1:]

    def named(self, level: Level, identifier: str) -> str:
        """The name of an entity in a sentence: of a city with its country; in English some countries take an article."""
        if level == "country" and self.frame.language == SOURCE:
            return with_article(self.frame.name(level, identifier))
        place = self.frame.data.entities[level][identifier].place if level == "city" else ()
        name, country = self.frame.name(level, identifier), place[-1][self.frame.at] if place else ""
        return self.frame.beside(name, country if country != name else "")

    def called(self, who: Who) -> str:
        """The name of an entity, an area or what else is in a chart."""
        if isinstance(who, Said):
            return self.say(who)
        return self.frame.name(who.level, who.id) if isinstance(who, Named) else self.frame.names.areas(who.name)

    def chart(self, sentence: Sentence) -> Figure | None:
        """The chart of a sentence, if it has one."""
        if sentence.chart is None:
            return None
        axis = self.say(Said(f"axis_{sentence.topic}", sentence.chart.axis))
        figure = story_figure(
            f"story-{sentence.topic}", self.say(sentence.said), sentence.chart, self.called, self.frame.text("year"), axis
        )
        countries = any(isinstance(who, Named) and who.level == "country" for who, *_ in sentence.chart.rows)
        told = (*map(self.say, (*sentence.beside, *sentence.caveats)), self.frame.grouped() if countries else "")
        return replace(figure, caveat=self.frame.sentences(*told))

    def told(self) -> list[dict[str, Any]]:
        """The sentences as templates show them."""
        return [
            {
                "topic": s.topic,
                "title": self.frame.text(f"topic_{s.topic}"),
                "text": self.frame.sentences(*map(self.say, (s.said, *s.beside))),
                "caveats": [self.say(c) for c in s.caveats],
                "link": f"{s.link}.html",
                "chart": s.chart is not None,
            }
            for s in self.sentences
        ]


def home(frame: Frame, found: Mapping[str, Any]) -> dict[str, Any]:
    """What the data say: numbers, countries over the years, sentences, areas by country, and the first of each level and area.

    `found` are the values of the trends page, whose chart comes first here, too.
    """
    data = frame.data
    teller = Teller(frame)
    told = [{**one, "chart": teller.chart(s)} for one, s in zip(teller.told(), teller.sentences, strict=True)]
    return {
        "heading": frame.text("home_title"),
        "description": frame.sentences(*(t["text"] for t in told[:2])),
        "section": "home",
        "numbers": counts(data, frame.text),
        "chart": replace(found["chart"], tabled=False),
        "outside": frame.outside(),
        "chart_title": frame.by_year_title(),
        "basis": found["basis"],
        "why": frame.by_year_why(),
        "scripts": ("chart",),
        "sentences": told,
        **matrix(data),
        "families": families(frame, data.ranking("institution"), _FIRST, hidden=True),
        "tops": [(level, file, _first(data, level)) for level, file in _TOPS],
        "leaders": [
            (a, _first(data, "country", a, 1), _first(data, "institution", a, 1))
            for a in AREAS
            if ("country", a) in data.rankings
        ],
        "empty": frame.empty_areas(),
    }


_FIRST = 10  # rows of a level
_TOPS: tuple[tuple[Level, str], ...] = (
    ("country", "countries.html"),
    ("city", "cities.html"),
    ("institution", "institutions.html"),
)


def counts(data: Data, text: Callable[..., str]) -> list[tuple[str, str]]:
    """The numbers of papers, authors, institutions, cities and countries of the window, each with its name in the language of `text`.

    Only papers that tie affiliations to authors have authors that count; where others do not, the name says so.
    """
    ranking = data.ranking("institution")
    papers, untied = ranking.coverage.papers, ranking.coverage.unaligned
    return [
        (text("n_papers"), number(papers)),
        (text("n_authors_of", number(papers - untied)) if untied else text("n_authors"), number(data.authors)),
        (text("n_institutions"), number(len(ranking.frame))),
        (text("n_cities"), number(len(data.ranking("city").frame))),
        (text("n_countries"), number(len(data.ranking("country").frame))),
    ]


def matrix(data: Data) -> dict[str, Any]:
    """What share the first countries have of each area, and how many times the expected one that is."""
    present = [a for a in AREAS if ("country", a) in data.rankings]
    short = {a: s.upper() for s, a in SHORT_AREAS.items()}
    rows = [heat(data, "country", i, present) for i in data.ranking("country").frame["id"].head(data.report.matrix)]
    return {"present": [(a, short[a]) for a in present], "matrix": rows}


def _first(data: Data, level: Level, what: str = "adjusted", most: int = _FIRST) -> list[dict[str, Any]]:
    """The first rows of a ranking, with their entities."""
    rows = data.ranking(level, what).frame.head(most).to_dict("records")
    return [{**{str(k): v for k, v in r.items()}, "entity": data.entities[level][r["id"]]} for r in rows]
