"""The language of what people read: help, errors, tables, progress. What programs read (files, JSON, the log) is English in all of them."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from affil.wording import Name, Said, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affil.types import Match

ENGLISH = "en"
SIMPLIFIED, TRADITIONAL = "zh-hans", "zh-hant"
LANGUAGES = (ENGLISH, SIMPLIFIED, TRADITIONAL)
LOCALE = Path(__file__).with_name("locale")
_ASKED = ("AFFIL_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


def language() -> str:
    """One of `LANGUAGES`: that of AFFIL_LANG, else of the locale in LC_ALL, LC_MESSAGES or LANG, as zh_TW.UTF-8 names it."""
    asked = next(filter(None, map(os.environ.get, _ASKED)), "")
    name, *regions = re.split(r"[-_]", re.split("[.@]", asked)[0].lower())
    if name != "zh":
        return ENGLISH
    return TRADITIONAL if not _TRADITIONAL.isdisjoint(regions) and "hans" not in regions else SIMPLIFIED


@cache
def messages_in(language: str) -> Mapping[str, str]:
    """The messages of the command line in a language, by their English."""
    from affil.catalogue import messages  # which takes a tenth of a second that English does not need

    return messages(LOCALE, language)


def translated(template: str) -> str:
    """A template in the language; one that its catalogue lacks in English."""
    return template if language() == ENGLISH else messages_in(language()).get(template, template)


def shown(message: object) -> str:
    """What a person reads of a message, or of an error, in the language; any other text as it is."""
    told = message_of(message) if isinstance(message, Exception) else message
    if language() == ENGLISH:
        return str(told)
    return told.told(translated, called) if isinstance(told, Said) else called(told) if isinstance(told, Name) else str(told)


def called(name: Name) -> str:
    """A name in the language, in its script; one that has no Chinese name in English."""
    if language() == ENGLISH or not name.chinese:
        return str(name)
    return _traditional(name.chinese) if language() == TRADITIONAL else name.chinese


@cache
def _traditional(text: str) -> str:
    from opencc import OpenCC

    return str(OpenCC("s2tw").convert(text))


def say(message: object, *, err: bool = False) -> None:
    """Print a message."""
    typer.echo(shown(message), err=err)


def evidence(match: Match) -> list[str]:
    """The reasons of a match, each behind + or -."""
    if language() == ENGLISH:
        return list(match.evidence)
    from affil.service.texts import evidence as reasons  # as the pages have them

    return [f"{'+' if speaks_for else '-'} {sentence}" for speaks_for, sentence in reasons(match, language())]
