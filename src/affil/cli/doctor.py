"""The command doctor: whether a workspace is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affil.cli.language import say
from affil.cli.show import Json, console, plain, plain_table, print_json
from affil.cli.workspace import WorkspaceFolder
from affil.wording import said


def doctor(
    workspace: WorkspaceFolder,
    mend: Annotated[bool, typer.Option("--mend", help="Make again what can be made again.")] = False,
    as_json: Json = False,
) -> None:
    """Look at every file of a workspace: whether it is whole and fits the others; exit code 2 where one is not."""
    from dataclasses import asdict

    from affil.errors import AffilError
    from affil.workspace.health import doctor as look

    found = look(Path(workspace), mend=mend)
    if as_json:
        print_json({"mended": found.mended, "parts": [asdict(part) for part in found.parts]})
    else:
        for line in found.mended:
            say(said("mended: {0}", line))
        table = plain_table("file", "holds", "bytes>", "")
        for part in found.parts:
            state = said("{0}; {1}", part.problem, part.cure) if part.problem else said("whole")
            table.add_row(*map(plain, (part.name, part.holds, f"{part.size:,}", state)))
        console().print(table)
    if found.problems:
        first, more = found.problems[0], len(found.problems) - 1
        also = said(" (and {0:,} more)", more) if more else ""
        raise AffilError(said("{0}: {1}; {2}{3}", workspace / first.name, first.problem, first.cure, also))
