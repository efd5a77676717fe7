"""Texts of pages, and of the command line: gettext catalogues, read by Babel.

A package has them in its folder `locale`: `messages.pot` with the English messages, and LOCALE/LC_MESSAGES/messages.po for each
other language. The context of a message is its key in code and templates; what the command line says (`affil.wording`) has none, its key
is the English text. {0} is a placeholder, {0:paper|papers} the word for one or for any other number. `tools/catalogues.py` finds what the
command line says, and updates the languages from messages.pot.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

SOURCE = "en"


def catalogue_file(folder: Path, language: str) -> Path:
    """The catalogue file of a language (a tag such as zh-hans) in a package's `locale` folder."""
    if language == SOURCE:
        return folder / "messages.pot"
    return folder / str(Locale.parse(language, sep="-")) / "LC_MESSAGES" / "messages.po"


def read_catalogue(file: Path) -> Catalog:
    """Read a catalogue.

    Raises:
        babel.messages.pofile.PoFileError: the file is not a catalogue.
    """
    with file.open("rb") as content:
        return read_po(content, abort_invalid=True)


@cache
def messages(folder: Path, language: str) -> Mapping[str, str]:
    """The messages of a package in a language, by key, in the order of the file."""
    found = [m for m in read_catalogue(catalogue_file(folder, language)) if m.id]
    return {key_of(m): str(m.id if language == SOURCE else m.string) for m in found}


def key_of(message: Message) -> str:
    """The key of a message: its context, or, of those that code says in English, the English text."""
    return str(message.context or message.id)
