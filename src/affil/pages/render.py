"""Render templates in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from affil.names import visible
from affil.names.ids import is_ror
from affil.pages.language import language_of
from affil.review.items import Occurrence
from affil.service import texts
from affil.types import Institution

_SEARCHED = 300  # characters of a text searched for
STATIC = Path(__file__).with_name("static")


def templates() -> jinja2.Environment:
    """The templates; autoescaped, and undefined names are errors."""
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    known = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    known.tests["is_ror"] = is_ror
    known.filters |= {
        "placed": placed,
        "shortened": shortened,
        "links": links,
        "paper_link": paper_link,
        "web_search": web_search,
        "call": lambda value, function: function(value),
        "doubt": lambda name, html: texts.doubt(name, next(tag for tag, one in texts.LANGUAGES.items() if one == html)),
    }
    return known


# Links are for the reader to open; no page loads anything from them.


def web_search(text: str) -> str:
    """The address of a search of the web for a text."""
    return "https://duckduckgo.com/?" + urlencode({"q": visible(text[:_SEARCHED])})


def paper_link(mention: Occurrence) -> str:
    """The address of a paper by its DOI, or of a search for its title."""
    doi = mention.doi.removeprefix("https://doi.org/")
    return f"https://doi.org/{quote(doi)}" if doi else web_search(f'"{mention.title}"')


def links(institution: Institution) -> list[tuple[str, str]]:
    """Addresses that tell more of an institution, each with the key of its text."""
    place = ", ".join(filter(None, (institution.city, institution.country)))
    out = [("web_search", web_search(f"{institution.name} {place}"))]
    if institution.lat is not None and institution.lon is not None:
        at = f"{institution.lat:.4f}/{institution.lon:.4f}"
        mark = urlencode({"mlat": f"{institution.lat:.4f}", "mlon": f"{institution.lon:.4f}"})
        out.append(("link_map", f"https://www.openstreetmap.org/?{mark}#map=12/{at}"))
    return out


def placed(institution: Institution) -> str:
    """The name of an institution with its city and country, which tell it from others of that name."""
    place = ", ".join(filter(None, (institution.city, institution.country)))
    return visible(f"{institution.name} ({place})" if place else institution.name)


def shortened(identifier: str) -> str:
    """An id as people read it, without the protocol."""
    return visible(identifier.removeprefix("https://"))


def render(
    known: jinja2.Environment, request: Request, template: str, values: Mapping[str, Any], status: int = 200, *, vary: str
) -> HTMLResponse:
    """Render a page.

    Args:
        known: the template environment.
        request: the request, which determines the language.
        template: the name of the template.
        values: template variables, in addition to the common ones.
        status: the HTTP status.
        vary: request headers on which the page depends.
    """
    language = language_of(request)
    tools = {
        "t": lambda key, *more: texts.text(key, language, *more),
        "countries": lambda: texts.countries(language),
        "kind_of": lambda name: texts.kind(name, language),
        "evidence": lambda match: texts.evidence(match, language),
        "told": lambda message: texts.told(message, language),
        "visible": visible,
        "lang": texts.LANGUAGES[language],
        "others": [(tag, html, texts.text("language", tag)) for tag, html in texts.LANGUAGES.items() if tag != language],
    }
    html = known.get_template(template).render({**tools, **values})
    return HTMLResponse(html, status, headers={"vary": vary})
