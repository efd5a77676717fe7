"""A short printable bulletin: what the data say, with the charts, and top tables, each with the command that reproduces it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from affil.errors import AffilError, needing
from affil.io.outputs import atomic_path
from affil.rank import AREAS, Level, years_text
from affil.report import charts, i18n
from affil.report.data import Data
from affil.report.formats import Names, number, percent, span, two
from affil.report.names import LANGUAGES, html_tag
from affil.report.pages.board import families
from affil.report.pages.frame import Frame, Shared, environment
from affil.report.pages.home import Teller, counts
from affil.wording import said

_TRADITIONAL = '"Noto Sans CJK HK", "Noto Sans CJK TC", "Noto Sans TC", "Source Han Sans TC"'
_SIMPLIFIED = '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei"'


def write_bulletin(data: Data, path: Path, format: str, language: str) -> list[Path]:
    """Write a bulletin as PDF, or as Markdown with its charts as NAME-TOPIC.svg; returns the files.

    Raises:
        AffilError: a library or font is missing, or the file cannot be written.
    """
    bulletin = Bulletin(data, language)
    pictures = bulletin.pictures()
    if format == "md":
        files = {topic: path.with_name(f"{path.stem}-{topic}.svg") for topic in pictures}
        with ExitStack() as stack:
            for topic, drawn in pictures.items():
                stack.enter_context(atomic_path(files[topic])).write_text(drawn, "utf-8")
            text = bulletin.render("bulletin.md", {topic: file.name for topic, file in files.items()})
            stack.enter_context(atomic_path(path)).write_text(text, "utf-8")
        return [path, *files.values()]
    inline = {k: "data:image/svg+xml;base64," + base64.b64encode(v.encode()).decode() for k, v in pictures.items()}
    with atomic_path(path) as temporary:
        print_pdf(bulletin.render("bulletin.html", inline), temporary, language)
    return [path]


def print_pdf(html: str, path: Path, language: str) -> None:
    """Render HTML as PDF with WeasyPrint.

    Raises:
        AffilError: WeasyPrint or Pango is missing, or no font has Chinese characters.
    """
    import contextlib
    import io
    import logging

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), needing("report", said("a PDF"), said("use --format md")):
            from weasyprint import HTML  # it greets on standard output before it fails
    except OSError as error:
        raise AffilError(
            said("a PDF needs the library Pango (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0), or use --format md")
        ) from error
    if LANGUAGES[language].chinese and not _has_chinese_font():
        raise AffilError(
            said("no font on this machine has Chinese characters (Debian: apt-get install fonts-noto-cjk), or use --format md")
        )
    HTML(string=html).write_pdf(path)


def _has_chinese_font() -> bool:
    """Whether fontconfig, used by WeasyPrint, has a Chinese font; assumed true without the fc-list command."""
    import shutil
    import subprocess

    program = shutil.which("fc-list")
    if program is None:
        return True
    return bool(subprocess.run([program, ":lang=zh", "family"], capture_output=True, text=True, check=False).stdout.strip())


def _from_to(row: Mapping[Any, Any]) -> str:
    """The ranks of a row of a comparison, the earlier first."""
    return f"{number(row['rank_before'])} → {number(row['rank_after'])}" if row else "–"


class Bulletin:
    """The bulletin in one language."""

    def __init__(self, data: Data, language: str) -> None:
        self.data, self.language, self.at, self.names = data, language, [*LANGUAGES].index(language), Names(language)
        self.frame = Frame(Shared(data, ""), language)
        self.teller = Teller(self.frame)

    @property
    def chinese_fonts(self) -> str:
        """Fonts for names in Chinese, by the script of the language."""
        return _TRADITIONAL if self.language == "zh-hant" else _SIMPLIFIED

    def t(self, key: str, *values: object) -> str:
        """A text in the bulletin's language."""
        return i18n.text(key, self.language, *values)

    def name(self, level: Level, identifier: str) -> str:
        """The name of an entity."""
        return self.data.entities[level][identifier].names[self.at]

    def pictures(self) -> dict[str, str]:
        """The charts as SVG, that of countries over the years first, each by its topic."""
        drawn = {s.topic: self.teller.chart(s) for s in self.teller.sentences}
        figures = {"trend": (self.chart(), 760), **{topic: (chart, 430) for topic, chart in drawn.items() if chart}}
        fonts = "Noto Sans, DejaVu Sans, " + self.chinese_fonts.replace('"', "")
        return {topic: charts.svg(figure, width, ink="#222", font=fonts) for topic, (figure, width) in figures.items()}

    def render(self, template: str, charts: Mapping[str, str]) -> str:
        """The bulletin as HTML or Markdown; `charts` are the addresses of the charts by topic."""
        data, templates = self.data, environment(escaped=not template.endswith(".md"))
        cover = data.ranking("institution").coverage
        against = data.comparisons.get(("institution", "before"))
        venues = {v for v, y, _ in data.held if data.window[0] <= y <= data.window[1]}
        return templates.get_template(template).render(
            t=self.t,
            gap=self.frame.gap,
            html_lang=html_tag(self.language),
            site_title=data.title or self.t("title"),
            heading=self.t("b_title", span(data.window)),
            sentences=self.teller.told(),
            numbers=counts(data, self.t),
            meta=self.t("b_papers", number(cover.papers), number(len(venues)), percent(cover.counted, 0)),
            grouped=self.frame.grouped(),
            charts=charts,
            chart_title=self.frame.by_year_title(),
            chart_label=self.t("trend_chart", self.frame.papers_by_year(), self.frame.listed(n for n, _ in self.lines())),
            tables=self.tables(),
            notes=[
                *data.state.warnings,
                self.t("measures_why", f"{data.settings.offset:g}"),
                *self.frame.empty_areas(),
                *([self.frame.range_why()] if data.settings.ranges else []),
                self.frame.growth_basis(data.trends["country", "publications"]),
                self.frame.by_year_why(),
                *([self.frame.outside()] if cover.outside else []),
                self.t("b_compared_why", percent(against.rests_on, 0), self.t("s_and").join(against.pairs_told))
                if against
                else self.t("change_none", data.settings.link_papers),
                self.t("m_unknown_1"),
                self.t("m_unknown_3", percent(cover.review, 1)),
                *data.notes,
            ],
            cjk=self.chinese_fonts,
        )

    def lines(self) -> list[tuple[str, list[float]]]:
        """The trend of the countries of most papers."""
        trend = self.data.trends["country", "publications"]
        years = list(trend.years)
        total = trend.frame.assign(total=trend.frame[years].sum(axis=1))
        first = total.sort_values(["total", "name"], ascending=[False, True]).head(5)
        drawn = self.data.by_year(trend)
        return [(self.name("country", i), drawn.loc[i].tolist()) for i in first["id"]]

    def chart(self) -> charts.Figure:
        """The trend chart."""
        lines, trend, measure = self.lines(), self.data.trends["country", "publications"], self.frame.papers_by_year()
        label = self.t("trend_chart", measure, self.frame.listed(n for n, _ in lines))
        return charts.trend_figure("trend", label, measure, self.t("year"), trend, dict(lines))

    def tables(self) -> list[dict[str, Any]]:
        """Top countries, institutions and cities, and the leaders by area."""
        levels: tuple[Level, ...] = ("country", "institution", "city")
        return [*(self.top(level) for level in levels), self.leaders()]

    def top(self, level: Level) -> dict[str, Any]:
        """The first rows of a ranking, with changes from the previous period."""
        data, ranking = self.data, self.data.ranking(level)
        against = data.comparisons.get((level, "before"))
        before = {} if against is None else against.frame.set_index("id").to_dict("index")
        head = [
            (self.t("rank"), True),
            (self.t("range"), False),
            (self.names.levels(level), False),
            *((self.names.measures(m), True) for m in ("adjusted", "index", "publications", "authors", "share")),
            *([(self.t("b_compared", span(against.years_before), span(against.years_after)), True)] if against else []),
        ]
        rows = []
        for row in ranking.frame.head(data.report.bulletin).to_dict("records"):
            span_ = f"{row['low']:,}–{row['high']:,}" if row.get("low", 0) < row.get("high", 0) else number(row["rank"])
            place = self.data.entities[level][row["id"]].place
            name = self.frame.beside(self.name(level, row["id"]), place[-1][self.at] if place and level != "country" else "")
            rows.append(
                [
                    number(row["rank"]),
                    span_,
                    name,
                    two(row["adjusted"]),
                    two(row["index"]),
                    number(row["publications"]),
                    number(row["authors"]),
                    percent(row["share"]),
                    *([_from_to(before.get(row["id"], {}))] if against else []),
                ]
            )
        years = years_text(data.window)
        how = f" --hong-kong {data.hong_kong}" if data.hong_kong else ""
        example = ranking.frame["id"].iloc[0] if len(ranking.frame) else "ID"
        return {
            "title": f"{self.names.levels(level)}{self.t('comma')}{span(data.window)}",
            "head": head,
            "rows": rows,
            "note": self.frame.sentences(
                families(self.frame, ranking, data.report.bulletin),
                self.frame.grouped() if level == "country" else "",
                self.frame.authors_why(),
            ),
            "trace": f'affil why WS "{example}" --level {level} --years {years}' + (how if level == "country" else ""),
        }

    def leaders(self) -> dict[str, Any]:
        """The first institution and country of each area."""
        data, rows = self.data, []
        for area in AREAS:
            if ("institution", area) not in data.rankings:
                continue
            first: list[Any] = []
            levels: Sequence[Level] = ("institution", "country")
            for level in levels:
                frame = data.rankings[level, area].frame
                first += (
                    [self.name(level, frame["id"].iloc[0]), percent(frame["share"].iloc[0], 1)] if len(frame) else ["–", "–"]
                )
            rows.append([self.names.areas(area), *first])
        head = [
            (self.t("area"), False),
            (self.t("b_first_institution"), False),
            (self.names.measures("share"), True),
            (self.t("b_first_country"), False),
            (self.names.measures("share"), True),
        ]
        years = years_text(data.window)
        return {
            "title": self.t("b_area_leaders"),
            "head": head,
            "rows": rows,
            "note": self.frame.grouped(),
            "trace": f'affil why WS NAME --area "computer vision" --years {years}',
        }
