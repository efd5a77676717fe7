"""Commands on registries: build, fetch, search, show, info, duplicates."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from affil.cli.language import say, translated
from affil.cli.show import Json, RegistryFile, Rows, console, downloading, plain, plain_table, print_json, tell_met, working
from affil.cli.words import Words
from affil.wording import counted, joined, marked, said

_FACTS = (  # of `Registry.info`
    marked("records"),
    marked("active"),
    marked("inactive"),
    marked("withdrawn"),
    marked("names"),
    marked("countries"),
    marked("with coordinates"),
    marked("without ror id"),
    marked("education without ror id"),
    marked("other ids"),
    marked("rows by id"),
    marked("rows by name"),
    marked("rows apart"),
    marked("sources"),
    marked("dates"),
    marked("hash"),
    marked("path"),
)
_SHOWN = 50  # rows of a table where no number is asked for

app = typer.Typer(
    cls=Words, help="Build, fetch and search registries of institutions.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def build(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="shipped, ror, a ROR dump (.json, .zip) or a table (.csv, .tsv, .xlsx); earlier sources take precedence.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Registry file to write.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Merge sources into one registry file."""
    from affil.registry import build_registry

    with working(said("reading")) as tell:
        built = build_registry(sources, output, tell)
    if as_json:
        print_json({**built.info(), "met": [one.as_json() for one in built.met]})
        return
    _print_info(built.info(), as_json)
    tell_met(built.met)


@app.command()
def fetch(
    record: Annotated[
        str | None, typer.Option(metavar="URL", help="URL of a record with Zenodo's API.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Download the latest ROR dump and build a registry from it, for use as: --registry ror."""
    from affil.registry import fetch_ror
    from affil.settings import FETCH

    with downloading("ROR") as (progress, tell):
        found = fetch_ror(progress, tell, record=record or FETCH.record)
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(found.dump), "new": found.new, "registry": found.registry.info()})
        return
    news = said("fetched") if found.new else said("already up to date")
    say(said("ROR {0} of {1}, {2:,} institutions: {3}", found.dump.version, found.dump.date, len(found.registry), news))
    say(said("use it with: affil match strings.csv -o matches.csv --registry ror"))


@app.command()
def search(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="A name or part of one, in any language, or an id.", show_default=False)
    ],
    limit: Annotated[int, typer.Option(help="Number of rows.", min=1)] = 10,
    registry: RegistryFile = None,
    as_json: Json = False,
) -> None:
    """Find institutions by name or id; if none has exactly that name, the most similar ones."""
    from affil.registry import Registry
    from affil.registry.registry import EXACT

    with working(said("opening the registry")):
        found = Registry.open(registry).search(text, limit)
    if as_json:
        from dataclasses import asdict

        print_json([{"score": s, "exact": s == EXACT, **asdict(one), "name_zh": one.name_zh} for one, s in found])
        return
    if not found:
        say(said("no institution has a name like {0!r}", text))
        return
    if found[0][1] != EXACT:
        say(said("no institution has exactly this name; the most similar are:"))
    table = plain_table("score>", "id", "name", "中文", "kind", "place", "status")
    for one, score in found:
        place = ", ".join(filter(None, (one.city, one.country)))
        table.add_row(f"{score:.3f}", *map(plain, (one.id, one.name, one.name_zh, one.kind, place, one.status)))
    console().print(table)


@app.command()
def show(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="Id in any form: 00t33hh48, grid.10784.3a ...", show_default=False)
    ],
    registry: RegistryFile = None,
    as_json: Json = False,
) -> None:
    """Show everything the registry has on one institution."""
    from affil.registry import Registry

    opened = Registry.open(registry)
    one = opened.get(identifier)
    if as_json:
        from dataclasses import asdict

        print_json({**asdict(one), "name_zh": one.name_zh, "resolves_to": opened.resolve(one.id)})
        return
    table = plain_table("", "")
    place = ", ".join(filter(None, (one.city, one.region, one.country)))
    position = f" ({one.lat:.4f}, {one.lon:.4f})" if one.lat is not None and one.lon is not None else ""
    successor = opened.resolve(one.id)
    status = one.status + (
        said(", succeeded by {0} ({1})", opened.get(successor).name, successor) if successor != one.id else ""
    )
    facts = {
        said("id"): one.id,
        said("name"): one.name,
        said("kind"): one.kind,
        said("place"): place + position,
        said("domain"): ", ".join(d for d in (one.domain, *one.other_domains) if d),
        said("status"): status,
    }
    for fact, value in facts.items():
        if value:
            table.add_row(plain(fact), plain(value))
    for parent in one.parents:
        known = f"{opened.get(parent).name} ({parent})" if parent in opened else parent
        table.add_row(plain(said("parent")), plain(known))
    for other in one.other_ids:
        table.add_row(plain(said("other id")), plain(other))
    for name in one.names:
        about = joined(", ", filter(None, (name.kind, name.language, said("until {0}", name.until) if name.until else "")))
        table.add_row(plain(said("also")), f"{plain(name.value)} [dim]({plain(about)})[/]")
    console().print(table)


@app.command()
def info(registry: RegistryFile = None, as_json: Json = False) -> None:
    """Show a registry's contents, sources and age."""
    from affil.registry import Registry

    with working(said("opening the registry")):
        opened = Registry.open(registry)
    _print_info(opened.info(), as_json)


@app.command()
def duplicates(
    registry: RegistryFile = None,
    least: Annotated[
        float | None, typer.Option(help="Minimum probability; default: the setting.", min=0, max=1, show_default=False)
    ] = None,
    limit: Rows = None,
    as_json: Json = False,
) -> None:
    """List possible duplicates in a registry."""
    from dataclasses import asdict

    from affil.discovery.proposals import find_duplicates
    from affil.registry import Registry
    from affil.settings import Settings

    settings = Settings().discover
    with working(said("comparing names")):
        everything = find_duplicates(
            Registry.open(registry), settings if least is None else settings.model_copy(update={"link": least})
        )
    found = everything[: limit or None]
    if as_json:
        print_json([asdict(d) for d in found])
        return
    table = plain_table("probability>", "country", "first", "id", "second", "id")
    for d in found[: _SHOWN if limit is None else None]:
        table.add_row(f"{d.probability:.3f}", d.country, *map(plain, (d.first_name, d.first, d.second_name, d.second)))
    if found:
        console().print(table)
    say(counted(len(everything), "pair"))


def _print_info(facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    table = plain_table("", "")
    for name, value in facts.items():
        if isinstance(value, dict):  # days by source
            shown: str = joined("; ", (said("{0} of {1}, {2}", source, day, _age(day)) for source, day in value.items()))
        elif isinstance(value, list):
            shown = ", ".join(map(str, value))
        else:
            shown = f"{value:,}" if isinstance(value, int) else str(value)
        if shown:
            table.add_row(translated(name.replace("_", " ")), plain(shown))
    console().print(table)


def _age(day: str) -> str:
    days = (date.today() - date.fromisoformat(day)).days
    return said("{0:,} days ago", days) if days > 1 else said("yesterday") if days == 1 else said("today")
