"""Templates made into pages, in the language of who asks."""

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

STATIC = Path(__file__).with_name("static")


def templates() -> jinja2.Environment:
    """The templates; everything is escaped, and a name that is not given is an error."""
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(
    known: jinja2.Environment, request: Request, template: str, values: Mapping[str, Any], status: int = 200, *, vary: str
) -> HTMLResponse:
    """A page.

    Args:
        known: the templates.
        request: tells the language.
        template: the name of one of them.
        values: what it shows, besides what all of them use.
        status: of the answer.
        vary: the headers of a request on which the page depends.
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
