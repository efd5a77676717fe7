"""The command demo: match and rank a sample that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affil.cli.language import shown
from affil.cli.show import Json, RegistryFile, console, plain, plain_table, print_json, working
from affil.wording import said

if TYPE_CHECKING:
    from rich.table import Table

    from affil.rank import Ranking


# Longer than other functions by its options; its docstring is the help text.
def demo(
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            "-w",
            metavar="WS",
            help="Folder to keep the workspace in; default: a temporary one.",
            show_default=False,
        ),
    ] = None,
    registry: RegistryFile = None,
    as_json: Json = False,
) -> None:
    """Match and rank a small sample, and suggest what to try next."""
    from affil.cli.answers import result_table
    from affil.cli.loading import load_matcher

    matcher = load_matcher(registry, None, None)
    from affil.demo import run_demo
    from affil.io.outputs import scratch
    from affil.types import NOT_FOUND

    with scratch() as temporary, working(said("matching strings")) as tell:
        done = run_demo(workspace or temporary / "ws", matcher, tell)
    if as_json:
        print_json(
            {
                "strings": done.strings.to_dict(),
                "examples": [r.to_dict() for r in done.examples],
                "papers": done.papers,
                "countries": done.countries.to_dict(),
                "institutions": done.institutions.to_dict(),
            }
        )
        return
    out = console()
    about = said(
        "The sample: {0:,} affiliation strings and {1:,} papers. Titles and people are invented; "
        "the institutions are real, typed the way people type them.",
        done.strings.rows,
        done.papers,
    )
    out.print(shown(about) + "\n")
    out.print(result_table(done.examples, title=said("What the strings name")), "")
    s = done.strings
    told = said(
        "Of the {0:,} strings {1:,} match, {2:,} wait for a person, and in {3:,} {4}.",
        s.rows,
        s.matched,
        s.review,
        s.none,
        NOT_FOUND,
    )
    out.print(shown(told) + "\n")
    out.print(ranking_table(done.countries, said("Countries by publications")), "")
    out.print(ranking_table(done.institutions, said("Institutions by publications")), "")
    out.print("\n".join(map(shown, done.countries.coverage.lines())) + "\n")
    ws = workspace or Path("ws")
    next_steps = (
        (said("one string"), 'affil match --text "Dept. of CSE, 港中大, Shatin; SenseTime Research"'),
        (said("your strings"), "affil match strings.csv --column affiliation -o matches.csv"),
        (
            said("your papers"),
            f"affil run papers.jsonl -w {ws}" if workspace is None else f"affil rank {ws} --level city --years 2020-2024",
        ),
        (said("a correction"), f'affil decide {ws} "UCL, Gower Street" --institution ID --by NAME --why TEXT'),
        (said("an institution"), "affil registry search 港中大"),
        (said("all of ROR"), "affil registry fetch"),
    )
    table = plain_table("", "", title=said("What to try next"))
    for what, command in next_steps:
        table.add_row(plain(what), f"[bold]{plain(command)}[/]")
    out.print(table)


def ranking_table(ranking: Ranking, title: str) -> Table:
    """The first rows of a ranking."""
    level = ranking.level
    table = plain_table(
        "rank>", level, *(() if level == "country" else ("country",)), "publications>", "authors>", "adjusted>", title=title
    )
    for row in ranking.table.to_pylist():
        where = () if level == "country" else (plain(row["country"]),)
        table.add_row(
            str(row["rank"]),
            plain(row["name"]),
            *where,
            f"{row['publications']:,}",
            f"{row['authors']:,}",
            f"{row['adjusted']:,.2f}",
        )
    return table
