"""What the pages say, in each of their languages; see `affil.catalogue`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from affil.catalogue import messages
from affil.names import fold, visible
from affil.types import NAME_KINDS, REASONS, Match
from affil.wording import Said, filled

# By tag, as HTML has it. A further language is a line here, such as "fr": "fr", and its messages: tools/catalogues.py fr.
LANGUAGES = {"en": "en", "zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
LOCALE = Path(__file__).with_name("locale")
_COMMAND = Path(__file__).parents[1] / "cli" / "locale"


def text(key: str, language: str, *values: object) -> str:
    """A formatted text in a language."""
    return filled(messages(LOCALE, language)[key], *values)


def told(message: Said, language: str) -> str:
    """What the command line says, too, in a language."""
    found = messages(_COMMAND, language)
    return message.told(lambda template: found.get(template, template))


def kind(name: str, language: str) -> str:
    """The name of a kind of institution in a language; untranslated kinds are returned unchanged."""
    return messages(LOCALE, language).get(f"kinds.{name}", name)


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """The ISO 3166-1 codes of all countries with their names in a language, in the order of the names there."""
    import pycountry
    from babel import Locale

    names = Locale.parse(LANGUAGES[language], sep="-").territories
    known = {c.alpha_2: str(names.get(c.alpha_2, c.name)) for c in pycountry.countries}
    return tuple(sorted(known.items(), key=lambda one: fold(one[1]) or one[1]))


def doubt(name: str, language: str) -> str:
    """A reason of doubt (see `affil.review.doubts`) in a language."""
    return messages(LOCALE, language)[f"doubts.{name}"]


def evidence(match: Match, language: str) -> list[tuple[bool, str]]:
    """The reasons of a match as (whether it supports the match, text in a language)."""
    said = messages(LOCALE, language)
    reasons = {name: said[f"reasons.{name}"] for name in REASONS}
    kinds = {name: said[f"names.{name}"] for name in NAME_KINDS}
    return [(speaks_for, visible(sentence)) for speaks_for, sentence in match.told(reasons, kinds)]
