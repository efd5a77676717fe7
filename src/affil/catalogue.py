"""What pages say: gettext catalogues, read by Babel.

A package keeps them in its folder `locale`: `messages.pot` with the messages in English, and for each other language
LOCALE/LC_MESSAGES/messages.po. The context of a message is the key by which code and templates name it; {0} is a place to fill.
`tools/catalogues` brings the languages up to date with messages.pot.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.pofile import read_po

SOURCE = "en"


def catalogue_file(folder: Path, language: str) -> Path:
    """The file of a language (a tag such as zh-hans) in the folder of a package's catalogues."""
    if language == SOURCE:
        return folder / "messages.pot"
    return folder / str(Locale.parse(language, sep="-")) / "LC_MESSAGES" / "messages.po"


def read_catalogue(file: Path) -> Catalog:
    """A catalogue.

    Raises:
        babel.messages.pofile.PoFileError: the file is no catalogue.
    """
    with file.open("rb") as content:
        return read_po(content, abort_invalid=True)


@cache
def messages(folder: Path, language: str) -> Mapping[str, str]:
    """The messages of a package in a language, by key, in the order of the file."""
    found = [m for m in read_catalogue(catalogue_file(folder, language)) if m.context]
    return {str(m.context): str(m.id if language == SOURCE else m.string) for m in found}
