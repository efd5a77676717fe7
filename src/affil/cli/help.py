"""Help, and what is wrong with a command line, in another language than English: what Typer writes, with its words looked up."""

from __future__ import annotations

import inspect
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import typer

from affil.cli.language import ENGLISH, language, say, shown, translated
from affil.wording import Said, marked

# What Typer says by itself; its texts come filled.
_ERRORS = (
    marked("Missing argument {0}."),
    marked("Missing option {0}."),
    marked("Missing command."),
    marked("No such command {0}. Did you mean {1}?"),
    marked("No such command {0}."),
    marked("No such option: {0} (Possible options: {1})"),
    marked("No such option: {0}"),
    marked("Invalid value for {0}: {1}"),
    marked("Got unexpected extra argument(s) ({0})"),
    marked("Option {0} requires an argument."),
    marked("Option {0} does not take a value."),
    marked("Input should be a valid integer, unable to parse string as an integer"),
    marked("Input should be a valid number, unable to parse string as a number"),
    marked("Input should be greater than or equal to {0}"),
    marked("Input should be less than or equal to {0}"),
)
_NOTES = (marked("default: {0}"), marked("env var: {0}"), marked("required"))
_ERROR, _TRY, _USAGE, _ABORTED = marked("Error: {0}"), marked("Try '{0}' for help."), marked("Usage: "), marked("Aborted!")
_OF_TYPER = (  # the headings, and options that Typer adds
    marked("Arguments"),
    marked("Options"),
    marked("Commands"),
    marked("Show this message and exit."),
    marked("Install completion for the current shell."),
    marked("Show completion for the current shell, to copy it or customize the installation."),
)
_OPENING, _CLOSING = "[（「『“《", "]，。；：、！？）」』”》"
_PIECE = re.compile(  # what stays on one line: a word, or a Han character, with the marks before and behind it
    rf"\s+|[{re.escape(_OPENING)}]*(?:[^\s{re.escape(_OPENING)}{re.escape(_CLOSING)}⺀-鿿！-￯]+|[⺀-鿿])?[{re.escape(_CLOSING)}]*|."
)


def run(app: typer.Typer) -> None:
    """Run a command line with its help and errors in the language."""
    if language() == ENGLISH:
        app()
        return
    try:
        sys.exit(localized(typer.main.get_command(app))(standalone_mode=False) or 0)
    except typer.Abort:
        say(translated(_ABORTED), err=True)
        sys.exit(1)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        _show(error)
        sys.exit(error.exit_code)  # type: ignore[attr-defined]


def help_texts(command: Any) -> list[str]:
    """All English texts of the help of a command, and of the commands in it."""
    own = [command.help, *(text for p in command.params for text in (p.help, p.show_default) if isinstance(text, str))]
    inner = [text for one in getattr(command, "commands", {}).values() for text in help_texts(one)]
    return [inspect.cleandoc(text) for text in own if text] + inner


def localized(command: Any) -> Any:
    """A command, and all commands in it, with help in the language."""
    command.context_class = _with_formatter(command.context_class)
    if command.help:
        command.short_help = re.split("[。；：\n]", translated(inspect.cleandoc(command.help)))[0] + "。"
    for parameter in command.params:
        if isinstance(parameter.show_default, str):
            parameter.show_default = translated(parameter.show_default)
    for inner in getattr(command, "commands", {}).values():
        localized(inner)
    return command


def _with_formatter(context: Any) -> Any:
    """A class of contexts whose help looks its texts up."""

    class Formatter(context.formatter_class):  # type: ignore[misc]
        """Writes help in the language, lines broken by what a terminal shows of Han characters."""

        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, translated(_USAGE) if prefix is None else prefix)

        def write_heading(self, heading: str) -> None:
            self.write(f"{'':>{self.current_indent}}{translated(heading)}：\n")

        def write_text(self, text: str) -> None:
            width = self.width - self.current_indent
            paragraphs = translated(text).split("\n\n")
            super().write_text("\n\n".join("\b\n" + "\n".join(wrapped(one, width)) for one in paragraphs))

        def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
            first = min(max((len(name) for name, _ in rows), default=0), col_max) + col_spacing
            width = max(self.width - first - 2, 10)
            told = [(name, "\b\n" + "\n".join(wrapped(_described(text), width)) if text else "") for name, text in rows]
            super().write_dl(told, col_max, col_spacing)

    return type(context.__name__, (context,), {"formatter_class": Formatter})


def _described(text: str) -> str:
    """The help of an option, and what Typer adds to it in brackets."""
    found = re.fullmatch(r"(.*?)(?:  )?(?:\[((?:default|env var|required|-?\d+<=x|x[<>]=).*)\])?", text, re.DOTALL)
    about, notes = (found[1], found[2]) if found else (text, None)
    added = [shown(_of_typer(note, _NOTES)) for note in notes.split("; ")] if notes else []
    return "  ".join(filter(None, (translated(about), f"[{'；'.join(added)}]" if added else "")))


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a paragraph, none wider than so many cells of a terminal where that can be; no line begins with a closing mark."""
    lines, line = [], ""
    for piece in filter(None, _PIECE.findall(" ".join(text.split()))):
        if cells(line + piece.rstrip()) > width and line:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def cells(text: str) -> int:
    """The cells of a terminal that a text takes; a Han character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _show(error: Any) -> None:
    """Print what is wrong with a command line."""
    context, text = getattr(error, "ctx", None), error.format_message()
    if context is not None and text == context.get_help():  # as there were no arguments
        say(text, err=True)
        return
    if context is not None:
        say(context.get_usage(), err=True)
        say(Said(_TRY, (f"{context.command_path} {context.help_option_names[0]}",)) + "\n", err=True)
    say(Said(_ERROR, (_of_typer(text, _ERRORS),)), err=True)


def _of_typer(text: str, templates: Sequence[str]) -> str:
    """A text of Typer as the message of the template by which it was made; text of affil stays."""
    for template in () if isinstance(text, Said) else templates:
        if found := re.fullmatch(re.sub(r"\\{\d\\}", "(.+)", re.escape(template)), text, re.DOTALL):
            return Said(template, tuple(_of_typer(part, templates) for part in found.groups()))
    return text
