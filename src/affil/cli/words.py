"""Words that people try on the command line, and what affil calls them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from affil.wording import said

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
# Of two of these only the last would count, while who gives two means both; of others the last is meant to stand for the first.
ONE = ("--area", "--in", "--kind", "--level")
# Answered, as there is no such option anywhere.
_SEPARATOR = said("a table's separator is found from its content; what affil sees in a file: affil formats FILE")
_THRESHOLD = said("from which probability an answer counts is a setting: [decide] in settings.toml (docs/settings.md)")
_LEVEL = said("what is ranked is chosen with --level country, --level city ...")
ANSWERS = {
    **dict.fromkeys(("--sep", "--separator", "--delimiter", "--delim"), _SEPARATOR),
    **dict.fromkeys(("--threshold", "--min-score", "--cutoff"), _THRESHOLD),
    **dict.fromkeys(("--countries", "--cities", "--regions", "--institutions"), _LEVEL),
}
_OPTION = {word: option for option, words in SYNONYMS.items() for word in words}
_MATCH = said("strings are matched with: affil match FILE -o OUT, or affil match --text STRING")
COMMANDS = {
    "clean": _MATCH,
    "disambiguate": _MATCH,
    "normalize": _MATCH,
    "normalise": _MATCH,
    "resolve": _MATCH,
    "parse": _MATCH,
    "search": said("institutions are found with: affil registry search NAME"),
    "lookup": said("institutions are found with: affil registry search NAME"),
    "find": said("institutions are found with: affil registry search NAME"),
    "info": said("an institution is shown with: affil registry show ID, a workspace with: affil doctor WS"),
    "status": said("a workspace is shown with: affil doctor WS"),
    "check": said("a workspace is checked with: affil doctor WS, a file with: affil formats FILE"),
    "explain": said("an answer is explained with: affil match --text STRING --candidates 3, a rank with: affil why WS NAME"),
    "build": said("a registry is built with: affil registry build"),
    "download": said("papers are fetched with: affil fetch, the registry ROR with: affil registry fetch"),
    "export": said("doubtful strings are exported with: affil review export WS -o FILE, rankings with: affil rank WS -o FILE"),
    "import": said("papers are read with: affil run FILE... -w WS, a filled-in sheet with: affil review import WS FILE"),
    "init": said("a workspace is made by the first: affil run FILE... -w WS"),
    "new": said("a workspace is made by the first: affil run FILE... -w WS"),
    "add": said("papers are added with: affil run FILE... -w WS"),
    "read": said("papers are read with: affil run FILE... -w WS"),
    "ranking": said("rankings are shown with: affil rank WS"),
    "top": said("rankings are shown with: affil rank WS"),
    "trends": said("trends are shown with: affil trend WS"),
    "compare": said("rankings are compared with: affil diff WS"),
    "history": said("decisions are listed with: affil decisions WS"),
    "site": said("the site is made with: affil report WS -o FOLDER"),
    "map": said("the site, which has a map, is made with: affil report WS -o FOLDER"),
    "server": said("a service is run with: affil serve"),
    "version": said("the version is shown with: affil --version"),
    "help": said("help is shown with: affil -h, or affil COMMAND -h"),
}


class Words(TyperGroup):
    """Commands that understand `SYNONYMS` of their options, and answer words of `ANSWERS` and `COMMANDS` that they do not have, and
    options of `ONE` that are given twice.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command meant, with its arguments."""
        if args and args[0] not in self.commands and args[0] in COMMANDS:
            ctx.fail(said("no command '{0}': {1}", args[0], COMMANDS[args[0]]))
        name, command, rest = super().resolve_command(ctx, args)
        if command is None or isinstance(command, TyperGroup):
            return name, command, rest
        own = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
        once: set[str] = set()
        end = rest.index("--") if "--" in rest else len(rest)
        for at, given in enumerate(rest[:end]):
            word, equals, value = given.partition("=")
            if word not in own and word in ANSWERS:
                ctx.fail(said("no option {0}: {1}", word, ANSWERS[word]))
            meant = word if word in own else _OPTION.get(word)
            if meant in own:
                rest[at] = f"{meant}{equals}{value}"
                if meant in once:
                    ctx.fail(said("{0} is given more than once; it takes one value", word))
                once |= {meant} & {*ONE}
        return name, command, rest
