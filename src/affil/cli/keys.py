"""The commands keys add, list and revoke: who may ask `affil serve`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from affil.cli.language import say, shown
from affil.cli.show import Json, console, plain_table, print_json
from affil.cli.words import Words
from affil.wording import said

app = typer.Typer(cls=Words, help="Keys of the users of affil serve, with their quotas.", no_args_is_help=True)
KeysFile = Annotated[Path, typer.Option("--file", "-f", metavar="FILE", help="The file of keys.", show_default=False)]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of whoever gets it.", show_default=False)],
    file: KeysFile,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Requests a minute.")] = 600,
    strings: Annotated[int, typer.Option(min=0, metavar="N", help="Strings a day; 0: any number.")] = 0,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    from affil.service.keys import Keys

    with closing(Keys(file, create=True)) as keys:
        typer.echo(keys.add(name, per_minute=limit, per_day=strings))


@app.command("list")
def list_(file: KeysFile, as_json: Json = False) -> None:
    """List the keys: limits, strings of today, when they were last used or revoked."""
    from affil.service.keys import Keys

    with closing(Keys(file)) as keys:
        found = keys.all()
    if as_json:
        print_json([asdict(key) for key in found])
        return
    table = plain_table("name", "requests a minute>", "strings today>", "at most>", "last used (UTC)", "revoked")
    for k in found:
        most = f"{k.per_day:,}" if k.per_day else shown(said("any"))
        table.add_row(k.name, f"{k.per_minute:,}", f"{k.strings:,}", most, k.used or shown(said("never")), k.revoked)
    console().print(table)


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.", show_default=False)], file: KeysFile
) -> None:
    """Revoke a key, from the next request on."""
    from affil.service.keys import Keys

    with closing(Keys(file)) as keys:
        keys.revoke(name)
    say(said("the key of {0} is revoked", name))
