#!/usr/bin/env python3
"""Bring the message catalogues up to date with their messages.pot: tools/catalogues.py [LANGUAGE [PACKAGE]].

A new message is added to each language without a text, a changed one keeps its old text, marked fuzzy, and one that is gone is
dropped; the tests fail until all are translated and no mark is left. Traditional Chinese is converted from simplified by OpenCC,
with the words and quotation marks of Taiwan, but for messages with a comment of the translator (# ...), which stay as they are.
With a LANGUAGE (a tag such as fr), each package gets a catalogue of it, to be translated, or only PACKAGE: report (the site and the
bulletin) or service (pages of a server).
"""

from __future__ import annotations

import argparse
import functools
import io
import re
from pathlib import Path

import opencc
from babel.messages import Catalog
from babel.messages.pofile import write_po

from affil.catalogue import SOURCE, catalogue_file, read_catalogue

PACKAGE = Path(__file__).parents[1] / "src" / "affil"
HEADER = """\
# What {package} says in its pages. The context is the key by which code and templates name a message; {{0}} is a place to fill.
# See tools/catalogues.py.
msgid ""
msgstr ""
{language}"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

QUOTES = str.maketrans("“”‘’", "「」『』")
# What OpenCC leaves, or takes for the software word of that name: reviewing, codes of countries, what speaks for a match ...
WORDS = {
    "稽核": "審核",
    "程式碼": "代碼",
    "物件": "對象",
    "型別": "類型",
    "引數": "參數",
    "支援：": "支持：",
    "名稱查詢": "名稱尋找",
    "計算機視覺": "電腦視覺",
    "搜索": "搜尋",
    "質量": "品質",
    "置信度": "信賴水準",
    "伙伴": "夥伴",
}


@functools.cache
def converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2twp")


def in_traditional(text: str) -> str:
    """A message in traditional Chinese, from simplified."""
    out = re.sub(" ?([「」『』]) ?", r"\1", str(converter().convert(text)).translate(QUOTES))
    for theirs, ours in WORDS.items():
        out = out.replace(theirs, ours)
    return out


def written(catalogue: Catalog, package: str) -> str:
    """The catalogue as a file."""
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, ignore_obsolete=True)
    language = f'"Language: {catalogue.locale}\\n"\n' if catalogue.locale else ""
    return HEADER.format(package=package, language=language) + body.getvalue().decode().strip() + "\n"


def convert(catalogue: Catalog, simplified: Catalog) -> None:
    """Fill traditional Chinese from simplified, but for what a translator wrote."""
    for message in catalogue:
        source = simplified.get(message.id, message.context)
        if message.context and source is not None and not message.user_comments:
            message.string, message.flags = in_traditional(str(source.string)), set(source.flags)


def update(folder: Path, language: str | None = None) -> list[Path]:
    """Bring the languages of one package up to date, and start one if it is named; returns the files that changed."""
    package = folder.parent.name
    source = read_catalogue(catalogue_file(folder, SOURCE))
    files = sorted({*folder.glob("*/LC_MESSAGES/messages.po"), *([catalogue_file(folder, language)] if language else [])})
    made = {}
    for file in files:  # zh_Hans comes before zh_Hant
        name = file.parts[-3]
        made[name] = read_catalogue(file) if file.exists() else Catalog(locale=name)
        made[name].update(read_catalogue(catalogue_file(folder, SOURCE)))  # whose new messages become the language's own
        if name == "zh_Hant":
            convert(made[name], made["zh_Hans"])
    changed = []
    for file, catalogue in [(catalogue_file(folder, SOURCE), source), *zip(files, made.values(), strict=True)]:
        text = written(catalogue, package)
        if not file.exists() or file.read_text("utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            changed.append(file)
    return changed


def main() -> None:
    """Update all packages that have catalogues."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", nargs="?")
    parser.add_argument("package", nargs="?", choices=("report", "service"))
    args = parser.parse_args()
    for folder in sorted(PACKAGE.glob("*/locale")):
        for file in update(folder, args.language if args.package in (None, folder.parent.name) else None):
            print(file.relative_to(PACKAGE.parents[1]))


if __name__ == "__main__":
    main()
