"""Commands on a workspace: run, decide, decisions, undo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from affil.cli.language import say, shown
from affil.cli.show import Json, LedgerUrl, begun_workspace, console, open_workspace, plain, plain_table, say_older, tell_met
from affil.errors import placed
from affil.wording import counted, said

if TYPE_CHECKING:
    from affil.papers.reading import Reading
    from affil.settings import Engine
    from affil.types import LedgerEntry, Progress
    from affil.workspace import Added, Run

WorkspaceFolder = Annotated[Path, typer.Argument(metavar="WS", help="Workspace folder.", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Your name, recorded with the decision.", show_default=False)]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Reason, for others to read.", show_default=False)]


PaperFormat = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Format of the papers instead of recognising it; see: affil formats."),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="HEADING=NAME", help="A heading of a table and the usual name it stands for; repeatable."),
]


SheetName = Annotated[
    str | None,
    typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook; default: the first that fits.", show_default=False),
]
TextEncoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Encoding of text, e.g. gb18030 or cp1252; default: what it looks like.",
        show_default=False,
    ),
]


def reading_of(format: str | None, mapped: list[str] | None, sheet: str | None, encoding: str | None) -> Reading:
    """The options of reading papers; `mapped` are the headings given with `--map`."""
    return {"format": format, "mapping": _mapping_of(mapped), "sheet": sheet, "encoding": encoding}


def _mapping_of(given: list[str] | None) -> dict[str, str]:
    from affil.errors import AffilError

    pairs = [one.rpartition("=") for one in given or ()]
    for one, (heading, _, name) in zip(given or (), pairs, strict=True):
        if not heading or not name:
            raise AffilError(said("--map {0!r}: write it as HEADING=NAME, such as --map Journal=venue", one))
    return {heading: name for heading, _, name in pairs}


def run(
    papers: Annotated[
        list[Path] | None,
        typer.Argument(help="Papers in any format of: affil formats; omit to resume."),
    ] = None,
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Workspace folder.", metavar="WS")] = Path("ws"),
    registry: Annotated[str | None, typer.Option(metavar="FILE", help="Registry file, or: shipped, ror.")] = None,
    model: Annotated[str | None, typer.Option(metavar="FILE", help="Model file, or: shipped.")] = None,
    format: PaperFormat = None,
    mapped: Mapped = None,
    sheet: SheetName = None,
    encoding: TextEncoding = None,
    ledger: LedgerUrl = None,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="local (default), or spark: match the strings on a Spark cluster.")
    ] = "local",
    as_json: Json = False,
) -> None:
    """Add papers to a workspace and match new strings."""
    with (
        begun_workspace(workspace, ledger, create=bool(papers)) as ws,
        matching_shown(workspace, said("reading papers") if papers else said("matching strings")) as show,
    ):
        say_older(ws)
        result = ws.run(
            papers or None,
            progress=show,
            read=lambda added: print_added(added, as_json),
            registry=registry,
            model=model,
            engine=cast("Engine", engine),  # told where it is none
            **reading_of(format, mapped, sheet, encoding),
        )
    if as_json:
        typer.echo(_run_json(result))
        return
    tell_met(result.met)
    if result.again:
        say(said("{0}: all strings were matched again", result.again))
    say(
        said(
            "strings: {0:,} looked up now, {1:,} in all; {2:,} {2:waits|wait} for review",
            result.matched,
            result.strings,
            result.waiting,
        )
    )
    if result.strings:
        say(said("next: affil rank {0}", workspace))
    else:
        say(
            said(
                "nothing can be ranked, as no paper has an affiliation; export the papers again with affiliations (Scopus: tick "
                "Affiliations in the export dialog; of others see: affil formats), or add those of another source"
            )
        )


@contextmanager
def matching_shown(workspace: Path, begin: str) -> Iterator[Progress]:
    """A bar on the way; an interrupted run says how to go on."""
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        err = console(stderr=True)
        with Bars(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
            bar = bars.add_task(shown(begin), total=None)
            yield lambda done, total: bars.update(bar, description=shown(said("matching strings")), completed=done, total=total)
    except KeyboardInterrupt:
        kept = (workspace / "manifest.json").exists()
        then = (
            said("finished batches are kept, resume with: affil run -w {0}", workspace)
            if kept
            else said("no papers were added yet")
        )
        say(said("interrupted; {0}", then), err=True)
        raise typer.Exit(130) from None


def print_added(added: Added, as_json: bool) -> None:
    """What was read, with warnings on standard error."""
    from affil.papers.formats import readers

    if not as_json:
        say(said("papers: {0:,} new, {1:,} replaced, {2:,} unchanged", added.new, added.replaced, added.unchanged))
        for path, format in added.formats:
            if format != "affil":
                say(said("{0}: {1}", path, readers()[format].title))
        for by, what in (
            ("id", said("id in another format")),
            ("doi", "DOI"),
            ("title", said("title, year and first author")),
        ):
            if several := [m for m in added.merged if m.by == by]:
                first = several[0]
                told = said("{0} with another of the same paper, by {1}", counted(len(several), "record"), what)
                instead = said(
                    "{0} as {1} has it, instead of {2} as {3} has it",
                    first.kept,
                    first.kept_format,
                    first.dropped,
                    first.dropped_format,
                )
                say(said("{0}; the one that tells most of affiliations is kept (first: {1})", told, instead))
        if added.apart:
            one = added.apart[0]
            pairs = counted(len(added.apart), "pair")
            say(
                said(
                    "papers: {0} of one DOI with different titles and first authors, counted as two papers (first: {1} and {2}, {3})",
                    pairs,
                    one.first,
                    one.second,
                    one.doi,
                )
            )
    for duplicate in added.duplicates[:5]:
        named = said("{0} ({1!r}, {2})", duplicate.id, duplicate.title[:60], duplicate.venue)
        what = said("a repeat of {0}", named) if duplicate.identical else said("another record of {0}", named)
        then = said("taken, as it tells more of affiliations") if duplicate.taken else said("left out")
        where = placed(duplicate.path, duplicate.unit, duplicate.row)
        say(
            said("warning: {0}: {1}, {2}", where, what, then),
            err=True,
        )
    if len(added.duplicates) > 5:
        say(said("warning: {0}", counted(len(added.duplicates) - 5, "more repeated id")), err=True)
    if added.emptied:
        emptied = counted(len(added.emptied), "paper")
        say(
            said("warning: {0} had affiliations, and none in the newer record (first: {1})", emptied, added.emptied[0]),
            err=True,
        )
    for line in added.problem_lines():
        say(said("warning: {0}", line), err=True)


def _run_json(result: Run) -> str:
    import json
    from dataclasses import asdict

    counts: dict[str, Any] = {}
    if added := result.added:
        counts = {
            "new": added.new,
            "replaced": added.replaced,
            "unchanged": added.unchanged,
            "repeated_ids": len(added.duplicates),
            "merged": [asdict(one) for one in added.merged],
            "apart": [asdict(one) for one in added.apart],
            "emptied": list(added.emptied),
            "formats": dict(added.formats),
            "problems": added.problem_lines(),
        }
    told = {name: value for name, value in asdict(result).items() if name != "added"}
    return json.dumps({**counts, **told}, ensure_ascii=False, indent=2)


def decide(
    workspace: WorkspaceFolder,
    affiliation: Annotated[str, typer.Argument(metavar="STRING", help="The exact raw string.", show_default=False)],
    institution: Annotated[
        list[str],
        typer.Option(
            "--institution",
            metavar="ID",
            help="Institution that it names, its id or name; repeatable; or none.",
            show_default=False,
        ),
    ],
    by: By,
    why: Why,
    paper: Annotated[str, typer.Option(metavar="ID", help="Decide for this paper only.", show_default=False)] = "",
    position: Annotated[
        int | None,
        typer.Option(metavar="N", help="With --paper: only for the author at this position, from 0.", show_default=False),
    ] = None,
    settle: Annotated[bool, typer.Option("--settle", help="Settle a conflict: this decision overrides all others.")] = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Decide what a raw string names. Takes effect at once and overrides the model.

    If another person decided differently, their decision holds until someone settles the conflict.
    """
    from affil.errors import AffilError
    from affil.ledger.cases import OPINIONS

    if "none" in institution and len(institution) > 1:
        raise AffilError(said("--institution none cannot be combined with others"))
    chosen = None if institution == ["none"] else institution
    entry, warnings = open_workspace(workspace, ledger).decide(
        affiliation, chosen, by=by, why=why, paper=paper, position=position, settle=settle
    )
    if as_json:
        typer.echo(_entries_json(entry))
    else:
        names, before = _named(entry.institutions), _named(entry.previous)
        if entry.role in OPINIONS:
            told = said("entry {0}: an opinion, that {1!r} names {2}", entry.number, entry.affiliation, names)
            say(said("{0} (what holds: {1})", told, before))
        else:
            say(said("entry {0}: {1!r} names {2} (before: {3})", entry.number, entry.affiliation, names, before))
    for warning in warnings:
        say(said("warning: {0}", warning), err=True)


def decisions(workspace: WorkspaceFolder, ledger: LedgerUrl = None, as_json: Json = False) -> None:
    """List all decisions, oldest first."""
    from affil.ledger.cases import OPINIONS

    ws = open_workspace(workspace, ledger)
    entries = ws.ledger.entries()
    say_older(ws)
    if as_json:
        typer.echo(_entries_json(entries))
        return
    if not entries:
        say(said('no decisions yet; decide with: affil decide WS "raw string" --institution ID --by NAME --why TEXT'))
        return
    table = plain_table("no.>", "when (UTC)", "who", "string", "names", "why")
    for e in entries:
        why = said("takes back {0}: {1}", e.undoes, e.why) if e.undoes is not None else e.why
        names = said("{0} (an opinion)", _named(e.institutions)) if e.role in OPINIONS else _named(e.institutions)
        table.add_row(str(e.number), f"{e.at:%Y-%m-%d %H:%M}", *map(plain, (e.by, e.affiliation, names, why)))
    console().print(table)


def undo(
    workspace: WorkspaceFolder,
    number: Annotated[int, typer.Argument(metavar="N", help="Number of the decision.", show_default=False)],
    by: By,
    why: Why,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Undo a decision; the previous one holds again."""
    entry = open_workspace(workspace, ledger).ledger.undo(number, by=by, why=why)
    if as_json:
        typer.echo(_entries_json(entry))
        return
    say(said("entry {0}: takes back {1}; {2!r} names {3}", entry.number, number, entry.affiliation, _named(entry.institutions)))


def _entries_json(entries: LedgerEntry | list[LedgerEntry]) -> str:
    """One entry, or a list of them, as JSON."""
    import json
    from dataclasses import asdict

    several = entries if isinstance(entries, list) else [entries]
    rows = [{**asdict(e), "at": e.at.isoformat()} for e in several]
    return json.dumps(rows if isinstance(entries, list) else rows[0], ensure_ascii=False, indent=2)


def _named(institutions: tuple[str, ...] | None) -> str:
    if institutions is None:
        return said("what the model says")
    return ", ".join(institutions) or "none"
