"""Render templates in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from affil.names import visible
from affil.pages.language import language_of
from affil.service import texts
from affil.types import Institution

STATIC = Path(__file__).with_name("static")


def templates() -> jinja2.Environment:
    """The templates; autoescaped, and undefined names are errors."""
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    known = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    known.filters["placed"] = placed
    return known


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
        "kind_of": lambda name: texts.kind(name, language),
        "evidence": lambda match: texts.evidence(match, language),
        "visible": visible,
        "lang": texts.LANGUAGES[language],
        "others": [(tag, html, texts.text("language", tag)) for tag, html in texts.LANGUAGES.items() if tag != language],
    }
    html = known.get_template(template).render({**tools, **values})
    return HTMLResponse(html, status, headers={"vary": vary})
