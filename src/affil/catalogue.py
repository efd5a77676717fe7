"""Texts of pages: gettext catalogues, read by Babel.

A package has them in its folder `locale`: `messages.pot` with the English messages, and LOCALE/LC_MESSAGES/messages.po for each
other language. The context of a message is its key in code and templates; {0} is a placeholder, {0:paper|papers} the word for one
or for any other number. `tools/catalogues.py` updates the languages from messages.pot.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale
from babel.messages import Catalog
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
    found = [m for m in read_catalogue(catalogue_file(folder, language)) if m.context]
    return {str(m.context): str(m.id if language == SOURCE else m.string) for m in found}


class _Counted(Formatter):
    """Formats as `str.format` does; {0:paper|papers} is the first word where value 0 is written "1", else the second."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, choice, more = format_spec.partition("|")
        return (one if str(value) == "1" else more) if choice else str(super().format_field(value, format_spec))


_COUNTED = _Counted()


def filled(message: str, *values: object) -> str:
    """A message with its places filled."""
    return _COUNTED.format(message, *values)
