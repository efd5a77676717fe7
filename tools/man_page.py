#!/usr/bin/env python3
"""Write docs/affil.1, the manual page, from the commands.

tools/man_page.py [-o FILE]     default: docs/affil.1; - is standard output
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from affil.cli import app

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.common import write_page

PAGE = Path(__file__).parents[1] / "docs" / "affil.1"
LAST = """\
.SH FILES
.TP
.I WS
A workspace: papers, matches, decisions and counts, and settings.toml with its settings.
.SH ENVIRONMENT
.TP
.B AFFIL_LANG
The language of help, errors and tables: en, zh_CN or zh_TW; without it that of the locale (LC_ALL, LC_MESSAGES, LANG), else English.
.TP
.B AFFIL_TOKEN
The access token of pages and services.
.TP
.B OPENALEX_API_KEY
The key with which OpenAlex is asked by affil fetch.
.TP
.B XDG_CACHE_HOME
Built registries are kept in its folder affil.
.SH EXIT STATUS
0: done; 2: something that the user can mend, said in one line; 130: interrupted.
"""


def main() -> int:
    return write_page(__doc__, PAGE, page)


def page() -> str:
    """The page in the language of man(7)."""
    top = typer.main.get_command(app)
    context = top.make_context("affil", [], resilient_parsing=True)
    lines = [
        '.\\" Written by tools/man_page.py from the commands.',
        '.TH AFFIL 1 "" affil',
        ".SH NAME",
        "affil \\- affiliation strings to institutions, and papers to rankings",
        ".SH SYNOPSIS",
        ".B affil",
        "COMMAND [OPTIONS] ...",
        ".SH DESCRIPTION",
        *_text(top.help),
        *_options(top, context),
        ".SH COMMANDS",
        *_commands(top, context),
    ]
    return "\n".join(lines) + "\n" + LAST


def _commands(group: Any, context: Any) -> Iterator[str]:
    """Each command with its arguments and options, those of groups after them."""
    for name, command in group.commands.items():
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from _commands(command, inner)
            continue
        usage = " ".join(command.collect_usage_pieces(inner)).replace("[[", "[").replace("]]", "]")
        yield f'.SS "{_plain(inner.command_path)} {_plain(usage)}"'
        yield from _text(command.help)
        yield from _options(command, inner)


def _options(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (".TP", f".B {_plain(record[0])}", _plain(record[1]) or "\\&")


def _text(text: str | None) -> Iterator[str]:
    """Paragraphs of a help text."""
    for number, paragraph in enumerate((text or "").strip().split("\n\n")):
        if number:
            yield ".PP"
        yield _plain(paragraph)


def _plain(text: str) -> str:
    """A text on one line, without what man(7) would read as a command."""
    one = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{one}" if one.startswith((".", "'")) else one


if __name__ == "__main__":
    raise SystemExit(main())
