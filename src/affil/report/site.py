"""The site: pages from templates, in all languages, with the data that they count from, in one folder that needs no server."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

from affil.catalogue import SOURCE
from affil.drawing.worldmap import world
from affil.io.beside import Ask, here
from affil.io.outputs import replace_folder, scratch
from affil.io.writers import harmless
from affil.rank import AREAS
from affil.report.cards import page_card
from affil.report.charts import bundle, png
from affil.report.collect import WITH_PAGES
from affil.report.data import Data, area_slug
from affil.report.names import LANGUAGES
from affil.report.pack import pack, script
from affil.report.pages.areas import area, areas
from affil.report.pages.board import board
from affil.report.pages.downloads import downloads, write_downloads
from affil.report.pages.entity import common, entity
from affil.report.pages.frame import BOARDS, Frame, Shared
from affil.report.pages.home import home
from affil.report.pages.map import GREY, MAP, map_page
from affil.report.pages.method import method
from affil.report.pages.movers import movers
from affil.report.pages.ranks import bumps
from affil.report.pages.tables import tables
from affil.report.pages.trends import trends
from affil.wording import said

_STATIC = (
    "style.css",
    "theme.js",
    "page.js",
    "engine.js",
    "ranges.js",
    "board.js",
    "chart.js",
    "explore.js",
    "entity.js",
    "papers.js",
    "map.js",
    "icon.svg",
    "LICENSES.txt",
)

File = tuple[str, bytes]  # path below the site's folder, content
Page = tuple[str, str, dict[str, Any]]  # path below the language's folder, template, template values


def write_site(
    data: Data, version: str, folder: Path, ask: Ask | None = None, tell: Callable[[str], None] = lambda _: None
) -> int:
    """Write the site to a new folder, or replace an older site, atomically.

    Args:
        data: what it shows.
        version: affil's.
        folder: where.
        ask: another process, which writes a part; None: this process writes all.
        tell: called with a message per step.

    Returns the number of files.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a killed process
    try:
        files = _write(data, version, part, ask, tell)
        replace_folder(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return files


def _write(data: Data, version: str, folder: Path, ask: Ask | None, tell: Callable[[str], None]) -> int:
    """Write all files into a new folder; returns their number."""
    folder.mkdir(parents=True)
    shared = Shared(data, version)
    others = (ask or here)(made_aside, shared.of_pages())
    tell(said("packing the data"))
    _write_static(data, folder)
    tell(said("writing the pages"))
    frame = Frame(shared, SOURCE)
    _put(folder, chain(pages(frame), _tables(shared)))
    tell(said("writing the tables"))
    tables, made = others()
    _put(folder, chain(made, downloads_page(frame, tables)))
    return sum(1 for f in folder.rglob("*") if f.is_file())


def made_aside(shared: Shared) -> tuple[list[dict[str, Any]], list[File]]:
    """The downloadable tables, and as files these and all pages in each of the languages that are translated to.

    Nothing is written where the site is: another process may live on for a moment when this one is killed.
    """
    with scratch() as folder:
        tables = write_downloads(shared.data, folder / "downloads")
        made = [(f.relative_to(folder).as_posix(), f.read_bytes()) for f in sorted((folder / "downloads").iterdir())]
    for language in LANGUAGES:
        if language != SOURCE:
            frame = Frame(shared, language)
            made += chain(pages(frame), downloads_page(frame, tables))
    return tables, made


def _put(folder: Path, files: Iterable[File]) -> None:
    made: set[Path] = set()
    for path, content in files:
        file = folder / path
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        file.write_bytes(content)


def downloads_page(frame: Frame, files: Sequence[Mapping[str, Any]]) -> Iterator[File]:
    """The page of the downloadable tables in a language."""
    yield from _rendered(frame, [("downloads.html", "downloads.html", downloads(frame, files))])


def pages(frame: Frame) -> Iterator[File]:
    """All else that is written in a language: pages, their pictures, what pages of a level have in common, and the tables of charts."""
    yield from _rendered(frame, _pages(frame))
    for level in WITH_PAGES:
        name = f"{level}-{frame.language}"
        yield f"data/{name}.js", script(name, common(frame, level)).encode()
    yield from _figures(frame)


def _rendered(frame: Frame, found: Iterable[Page]) -> Iterator[File]:
    """Pages, and the pictures that are shown where somebody links to them."""
    for path, template, values in found:
        picture = page_card(frame.title, values["heading"], values, frame.at) if frame.address and "/" not in path else None
        if picture:
            card = f"{frame.folder}cards/{Path(path).stem}.png"
            yield card, picture
            values = {**values, "card": f"{frame.address}{card}"}
        yield f"{frame.folder}{path}", frame.render(path, template, values).encode()


def _figures(frame: Frame) -> Iterator[File]:
    """The tables of the charts of the main pages."""
    for figure in frame.figures:
        if figure.zooms and not figure.empty and not frame.folder:
            yield "static/map.png", png(figure, MAP, ink=GREY, scale=1)
        out = StringIO(newline="")
        rows = [figure.columns, *(row[: len(figure.columns)] for row in figure.rows), *([text] for text in frame.below(figure))]
        csv.writer(out).writerows([harmless(c) if isinstance(c, str) else c for c in row] for row in rows)
        yield f"{frame.folder}{figure.file}.csv", out.getvalue().encode("utf-8-sig")


def _write_static(data: Data, folder: Path) -> None:
    """Write styles, scripts, and the data for the scripts."""
    for sub in ("static", "data"):
        (folder / sub).mkdir(parents=True)
    for name in _STATIC:
        (folder / "static" / name).write_bytes(resources.files("affil.report").joinpath(f"static/{name}").read_bytes())
    (folder / "static" / "vega.js").write_text(bundle(), "utf-8")
    for name, content in {**pack(data), "world": script("world", world())}.items():
        (folder / "data" / f"{name}.js").write_text(content, "utf-8")


def _tables(shared: Shared) -> Iterator[File]:
    """The tables of the pages of entities, once for all languages; where papers are shown, which are those of each entity."""
    data = shared.data
    if data.report.papers:
        yield "data/titles.js", script("titles", data.papers.pack_titles()).encode()
    for level, identifiers in data.pages.items():
        for identifier in identifiers:
            name = f"{level}/{data.entities[level][identifier].slug}"
            yield f"data/{name}.js", script(name, tables(shared, level, identifier)).encode()
            if data.report.papers:
                name = f"papers/{name}"
                yield f"data/{name}.js", script(name, data.papers.pack_held(level, identifier)).encode()


def _pages(frame: Frame) -> Iterator[Page]:
    """All pages in one language but that of the downloadable tables."""
    found = trends(frame)
    yield "index.html", "home.html", home(frame, found)
    for level, file in BOARDS:
        yield file, "board.html", board(frame, level)
    yield "trends.html", "trends.html", {**found, "bumps": bumps(frame), "lowest": frame.data.report.bump_lowest}
    yield "map.html", "map.html", map_page(frame)
    yield "areas.html", "areas.html", areas(frame)
    yield "movers.html", "movers.html", movers(frame)
    yield "method.html", "method.html", method(frame)
    for name in AREAS:
        yield f"area/{area_slug(name)}.html", "area.html", area(frame, name)
    for level in WITH_PAGES:
        for identifier in frame.data.pages[level]:
            slug = frame.data.entities[level][identifier].slug
            yield f"{level}/{slug}.html", "entity.html", entity(frame, level, identifier)
