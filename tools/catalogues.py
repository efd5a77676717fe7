#!/usr/bin/env python3
"""Bring the message catalogues up to date with their messages.pot: tools/catalogues.py [LANGUAGE [PACKAGE]].

That of the command line (cli) is written here: its messages stand in English in the code (see affil.wording) and in the help.

A new message is added to each language without a text, a changed one keeps its old text, marked fuzzy, and one that is gone is
dropped; the tests fail until all are translated and no mark is left. Traditional Chinese is converted from simplified by OpenCC,
with the words and quotation marks of Taiwan, but for messages with a comment of the translator (# ...), which stay as they are.
With a LANGUAGE (a tag such as fr), each package gets a catalogue of it, to be translated, or only PACKAGE: report (the site and the
bulletin), service (pages of a server) or cli (the command line).
"""

from __future__ import annotations

import argparse
import ast
import functools
import io
import re
from pathlib import Path

import opencc
import typer
from babel.messages import Catalog
from babel.messages.pofile import write_po

from affil.catalogue import SOURCE, catalogue_file, read_catalogue
from affil.cli import app
from affil.cli.help import help_texts
from affil.wording import counted

PACKAGE = Path(__file__).parents[1] / "src" / "affil"
HEADER = """\
# What {package} says{keys}; {{0}} is a place to fill.
# See tools/catalogues.py.
msgid ""
msgstr ""
{language}"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

SAID = "cli"  # the package whose messages are found in the code

QUOTES = str.maketrans("“”‘’", "「」『』")
# What OpenCC leaves, or takes for the software word of that name: reviewing, codes of countries, what speaks for a match ...
WORDS = {
    "稽核": "審核",
    "程式碼": "代碼",
    "程序": "行程",
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
    "賬": "帳",
}
# A column, which the mainland calls what is a row in Taiwan; 列 in other words stays.
COLUMN = re.compile("(?<![序系排下並佇所])列(?![表出舉入印隊])")


@functools.cache
def converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2twp")


def in_traditional(text: str) -> str:
    """A message in traditional Chinese, from simplified."""
    out = re.sub(" ?([「」『』]) ?", r"\1", str(converter().convert(text)).translate(QUOTES))
    for theirs, ours in WORDS.items():
        out = out.replace(theirs, ours)
    return COLUMN.sub("欄", out)


def messages_in_code() -> list[str]:
    """The templates of all messages of the command line, in the order of files and lines, then the texts of its help."""
    found = [text for file in sorted(PACKAGE.rglob("*.py")) for text in messages_of(file.read_text("utf-8"))]
    return list(dict.fromkeys(found + help_texts(typer.main.get_command(app))))


def messages_of(code: str) -> list[str]:
    """The templates in a module: of `said` and `marked`, nouns of `counted`, what `joined` puts between, headings of `plain_table`."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    found = []
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else "" for a in call.args]
        match call.func:
            case ast.Name("said" | "marked" | "joined"):
                found += texts[:1]
            case ast.Name("counted"):
                found.append(counted(0, *texts[1:]).template)
            case ast.Name("plain_table"):
                found += [text.removesuffix(">") for text in texts if re.search("[a-z]", text)]
    return [text for text in found if text.strip()]


def written(catalogue: Catalog, package: str) -> str:
    """The catalogue as a file."""
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, ignore_obsolete=True)
    language = f'"Language: {catalogue.locale}\\n"\n' if catalogue.locale else ""
    keys = "" if package == SAID else " in its pages. The context is the key by which code and templates name a message"
    return HEADER.format(package=package, language=language, keys=keys) + body.getvalue().decode().strip() + "\n"


def convert(catalogue: Catalog, simplified: Catalog) -> None:
    """Fill traditional Chinese from simplified, but for what a translator wrote."""
    for message in catalogue:
        source = simplified.get(message.id, message.context)
        if message.id and source is not None and not message.user_comments:
            message.string, message.flags = in_traditional(str(source.string)), set(source.flags)


def source_of(folder: Path) -> Catalog:
    """The English messages of a package."""
    if folder.parent.name != SAID:
        return read_catalogue(catalogue_file(folder, SOURCE))
    found = Catalog()
    for text in messages_in_code():
        found.add(text)
    return found


def update(folder: Path, language: str | None = None) -> list[Path]:
    """Bring the languages of one package up to date, and start one if it is named; returns the files that changed."""
    package = folder.parent.name
    source = source_of(folder)
    files = sorted({*folder.glob("*/LC_MESSAGES/messages.po"), *([catalogue_file(folder, language)] if language else [])})
    made = {}
    for file in files:  # zh_Hans comes before zh_Hant
        name = file.parts[-3]
        made[name] = read_catalogue(file) if file.exists() else Catalog(locale=name)
        made[name].update(source_of(folder))  # whose new messages become the language's own
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
    parser.add_argument("package", nargs="?", choices=("report", "service", "cli"))
    args = parser.parse_args()
    for folder in sorted(PACKAGE.glob("*/locale")):
        for file in update(folder, args.language if args.package in (None, folder.parent.name) else None):
            print(file.relative_to(PACKAGE.parents[1]))


if __name__ == "__main__":
    main()
