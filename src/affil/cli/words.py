"""Words that people try on the command line, and what affil calls them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

# Understood in place of an option, where a command has that and not the word.
SYNONYMS = {
    "--limit": ("--top", "--head", "--rows"),
    "--by": ("--sort", "--sort-by", "--order", "--order-by", "--measure", "--metric"),
    "--years": ("--year",),
    "--in": ("--country", "--within"),
    "--output": ("--out", "--outfile", "--save", "--csv", "--xlsx"),
    "--column": ("--col", "--field"),
    "--text": ("--string", "--query"),
    "--language": ("--lang", "--locale"),
    "--workers": ("--jobs", "--threads", "--processes"),
}
# Answered, as there is no such option anywhere.
_SEPARATOR = "a table's separator is found from its content; what affil sees in a file: affil formats FILE"
_THRESHOLD = "from which probability an answer counts is a setting: [decide] in settings.toml (docs/settings.md)"
_LEVEL = "what is ranked is chosen with --level country, --level city ..."
ANSWERS = {
    **dict.fromkeys(("--sep", "--separator", "--delimiter", "--delim"), _SEPARATOR),
    **dict.fromkeys(("--threshold", "--min-score", "--cutoff"), _THRESHOLD),
    **dict.fromkeys(("--countries", "--cities", "--regions", "--institutions"), _LEVEL),
}
_OPTION = {word: option for option, words in SYNONYMS.items() for word in words}
_MATCH = "strings are matched with: affil match FILE -o OUT, or affil match --text STRING"
COMMANDS = {
    "clean": _MATCH,
    "disambiguate": _MATCH,
    "normalize": _MATCH,
    "normalise": _MATCH,
    "resolve": _MATCH,
    "parse": _MATCH,
    "search": "institutions are found with: affil registry search NAME",
    "lookup": "institutions are found with: affil registry search NAME",
    "find": "institutions are found with: affil registry search NAME",
    "info": "an institution is shown with: affil registry show ID, a workspace with: affil doctor WS",
    "status": "a workspace is shown with: affil doctor WS",
    "check": "a workspace is checked with: affil doctor WS, a file with: affil formats FILE",
    "explain": "an answer is explained with: affil match --text STRING --candidates 3, a rank with: affil why WS NAME",
    "build": "a registry is built with: affil registry build",
    "download": "papers are fetched with: affil fetch, the registry ROR with: affil registry fetch",
    "export": "doubtful strings are exported with: affil review export WS -o FILE, rankings with: affil rank WS -o FILE",
    "import": "papers are read with: affil run FILE... -w WS, a filled-in sheet with: affil review import WS FILE",
    "init": "a workspace is made by the first: affil run FILE... -w WS",
    "new": "a workspace is made by the first: affil run FILE... -w WS",
    "add": "papers are added with: affil run FILE... -w WS",
    "read": "papers are read with: affil run FILE... -w WS",
    "ranking": "rankings are shown with: affil rank WS",
    "top": "rankings are shown with: affil rank WS",
    "trends": "trends are shown with: affil trend WS",
    "compare": "rankings are compared with: affil diff WS",
    "history": "decisions are listed with: affil decisions WS",
    "site": "the site is made with: affil report WS -o FOLDER",
    "map": "the site, which has a map, is made with: affil report WS -o FOLDER",
    "server": "a service is run with: affil serve",
    "version": "the version is shown with: affil --version",
    "help": "help is shown with: affil -h, or affil COMMAND -h",
}


class Words(TyperGroup):
    """Commands that understand `SYNONYMS` of their options, and answer words of `ANSWERS` and `COMMANDS` that they do not have."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command meant, with its arguments."""
        if args and args[0] not in self.commands and args[0] in COMMANDS:
            ctx.fail(f"no command '{args[0]}': {COMMANDS[args[0]]}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is None or isinstance(command, TyperGroup):
            return name, command, rest
        own = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
        end = rest.index("--") if "--" in rest else len(rest)
        for at, given in enumerate(rest[:end]):
            word, equals, value = given.partition("=")
            if word in own:
                continue
            if word in ANSWERS:
                ctx.fail(f"no option {word}: {ANSWERS[word]}")
            meant = _OPTION.get(word)
            if meant in own:
                rest[at] = f"{meant}{equals}{value}"
        return name, command, rest
