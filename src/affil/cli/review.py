"""Review commands: page, spreadsheets, conflicts, agreement, new names, new institutions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affil.cli.language import say, shown
from affil.cli.show import Json, LedgerUrl, Rows, console, open_workspace, plain, plain_table, print_json, say_older, working
from affil.cli.words import Words
from affil.wording import counted, said

if TYPE_CHECKING:
    from affil.review.session import Session


_SHOWN = 20  # rows of a table where no number is asked for


class _PageFirst(Words):
    """`affil review WS` is short for `affil review page WS`, even if the folder is named like a command (`names`)."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and (args[0] not in self.commands or self._is_workspace(ctx, *args)):
            args = ["page", *args]
        return super().resolve_command(ctx, args)

    def _is_workspace(self, ctx: Any, word: str, *rest: str) -> bool:
        """Whether a command's name means a folder: it exists, and no other workspace argument follows."""
        if not Path(word).is_dir():
            return False
        command = self.commands[word]
        inner = command.make_context(word, [*rest], parent=ctx, resilient_parsing=True)
        return inner.params.get("workspace") is None and not {"-h", "--help"} & {*rest}


app = typer.Typer(
    cls=_PageFirst,
    help="Review doubtful matches on a web page (affil review WS) or in a spreadsheet.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
WorkspaceFolder = Annotated[Path, typer.Argument(metavar="WS", help="Workspace folder.", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Your name, recorded with your decisions.", show_default=False)]


@app.command()
def page(
    workspace: WorkspaceFolder,
    by: By = "",
    host: Annotated[str, typer.Option(help="Address to listen on; other than loopback, a token is required.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; default: 8371, or another free one.")
    ] = None,
    token: Annotated[
        str,
        typer.Option(envvar="AFFIL_TOKEN", metavar="TEXT", help="Access token; generated if omitted.", show_default=False),
    ] = "",
    ledger: LedgerUrl = None,
) -> None:
    """Serve the review page until Ctrl-C."""
    from contextlib import closing, suppress

    from affil.errors import needing

    with needing("web", said("the page")):
        from affil.pages.review import review_app
        from affil.service.security import Access
        from affil.service.server import address, listen, serve

    session = _session(workspace, ledger)
    settings = session.workspace.settings.web
    access = Access.of(host, token)
    listening = listen(host, settings.port if port is None else port, exactly=port is not None)
    if elsewhere := session.elsewhere:
        say(
            said(
                "warning: decisions are kept in {0}, but affil rank {1} counts those of {2}; to count these: affil ledger use {1} URL",
                elsewhere[0],
                workspace,
                elsewhere[1],
            ),
            err=True,
        )
    say(said("review at {0} (Ctrl-C ends)", address(listening, host, access.token)))
    with closing(session), suppress(KeyboardInterrupt):  # the normal way to stop
        serve(review_app(session, access, by=by), listening, settings)


@app.command("export")
def export_sheet(
    workspace: WorkspaceFolder,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Output: .csv or .xlsx.", show_default=False)],
    state: Annotated[str, typer.Option(help="open, decided or any.")] = "open",
    audit: Annotated[
        bool, typer.Option("--audit", help="Also the sample of sure answers and of strings without one, to check them.")
    ] = False,
    scope: Annotated[str, typer.Option(help="doubtful, queue (also the sample, as with --audit), or all.")] = "doubtful",
    decision: Annotated[str, typer.Option(help="Model's decision: review, match or none.", show_default=False)] = "",
    country: Annotated[str, typer.Option(help="ISO code of a matched country.", show_default=False)] = "",
    area: Annotated[str, typer.Option(help="One of the eight areas.", show_default=False)] = "",
    venue: Annotated[str, typer.Option(help="Venue, as written in the papers.", show_default=False)] = "",
    year: Annotated[str, typer.Option(help="Year or range: 2020 or 2014-2024.", show_default=False)] = "",
    low: Annotated[float, typer.Option(help="Minimum probability.")] = 0.0,
    high: Annotated[float, typer.Option(help="Maximum probability.")] = 1.0,
    text: Annotated[str, typer.Option(help="Text that the string contains.", show_default=False)] = "",
    doubt: Annotated[str, typer.Option(help="A reason of doubt, such as bearers or rival.", show_default=False)] = "",
    excel: Annotated[
        bool, typer.Option("--excel", help="CSV with semicolons, for an Excel with a decimal comma; .xlsx opens in every one.")
    ] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Export doubtful strings as a spreadsheet; fill in the column institution_ids: ids or names, none, or: not an organisation.

    The column reason says why each is asked.
    """
    from affil.review.items import Filters

    scope = "queue" if audit and scope == "doubtful" else scope
    filters = Filters(scope, state, decision, country, area, venue, year, low, high, text, doubt)  # type: ignore[arg-type]
    written = _session(workspace, ledger).export_sheet(output, filters.check(), excel=excel)
    if not written:
        say(said("{0}: no string fits, so its table has no row", output))
        return
    say(
        said(
            "{0} written to {1}; fill in institution_ids (an answer replaces what is taken; +NAME stands beside it), "
            "then: affil review import {2} {1}",
            counted(written, "string"),
            output,
            workspace,
        )
    )


@app.command("import")
def import_sheet(
    workspace: WorkspaceFolder,
    sheet: Annotated[Path, typer.Argument(metavar="FILE", help="A filled-in .csv or .xlsx.", show_default=False)],
    by: By = "",
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Record the decisions from a filled-in spreadsheet: all of them, or none if any row is wrong."""
    from dataclasses import asdict

    from affil.review.spreadsheet import left_out_note

    done = _session(workspace, ledger).import_sheet(sheet, by=by)
    if as_json:
        print_json(asdict(done))
        return
    say(
        said(
            "{0} recorded, {1} unchanged, {2:,} not filled in",
            counted(done.decided, "decision"),
            counted(done.unchanged, "row"),
            done.blank,
        )
    )
    if done.left_out:
        say(said("note: {0}", left_out_note(done.left_out)), err=True)
    if done.opinions:
        say(said("{0:,} of them differ from another person's decision: affil review conflicts {1}", done.opinions, workspace))


@app.command()
def suggestions(workspace: WorkspaceFolder, ledger: LedgerUrl = None, as_json: Json = False) -> None:
    """List what assistants suggest for strings that nobody has decided; decide on the page, or with affil decide."""
    from dataclasses import asdict

    found = open_workspace(workspace, ledger).suggestions
    if as_json:
        print_json([{**asdict(one), "at": one.at.isoformat()} for one in found])
        return
    if not found:
        say(said("no suggestions wait"))
        return
    table = plain_table("string", "names", "who", "when (UTC)", "why")
    for one in found:
        named = ", ".join(one.institutions) or "none"
        table.add_row(*map(plain, (one.affiliation, named, one.by, f"{one.at:%Y-%m-%d %H:%M}", one.why)))
    console().print(table)


@app.command()
def conflicts(workspace: WorkspaceFolder, ledger: LedgerUrl = None, as_json: Json = False) -> None:
    """List strings on which reviewers disagree, and their agreement on strings decided blind."""
    from dataclasses import asdict

    from affil.ledger.agreement import agreement, disputed

    cases = open_workspace(workspace, ledger).ledger.cases()
    keys, agreed = disputed(cases), agreement(cases)
    disputes = [(key, [e for e in (cases[key].holder, *cases[key].opinions.values()) if e is not None]) for key in keys]
    if as_json:
        rows = [
            {**key._asdict(), "said": [{**asdict(e), "at": e.at.isoformat()} for e in entries]} for key, entries in disputes
        ]
        print_json({"conflicts": rows, "agreement": [asdict(a) for a in agreed]})
        return
    table = plain_table("string", "entry>", "who", "names", "why")
    for key, entries in disputes:
        for n, e in enumerate(entries):
            named = ", ".join(e.institutions or ()) or "none"
            table.add_row(plain(key.affiliation) if n == 0 else "", str(e.number), *map(plain, (e.by, named, e.why)))
    if keys:
        console().print(table)
        say(said("settle one with: affil decide WS STRING --institution ID --by NAME --why TEXT --settle"))
    else:
        say(said("no conflicts"))
    for a in agreed:
        kappa = said("not defined") if a.kappa is None else f"{a.kappa:.2f}"
        say(
            said(
                "{0} and {1}: {2:.0%} of {3} alike, Cohen's kappa {4}",
                a.first,
                a.second,
                a.agreed,
                counted(a.strings, "string"),
                kappa,
            )
        )


@app.command()
def names(
    workspace: WorkspaceFolder,
    accept: Annotated[bool, typer.Option("--accept", help="Add them all to the workspace's table.")] = False,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Suggest decided strings as new names of their institutions."""
    from affil.review.feedback import suggest_names

    ws = open_workspace(workspace, ledger)
    with working(said("looking for names")):
        found = suggest_names(ws)
    if accept:
        added = ws.add_names((s.institution, s.name) for s in found)
        say(
            said(
                "{0} added to {1}; matched from the next run on: affil run -w {2}",
                counted(added, "name"),
                workspace / "own.csv",
                workspace,
            ),
            err=as_json,
        )
    if as_json:
        print_json([{"name": s.name, "institution_id": s.institution.id, "mentions": s.mentions} for s in found])
        return
    table = plain_table("mentions>", "name", "institution", "id")
    for s in found:
        table.add_row(f"{s.mentions:,}", *map(plain, (s.name, s.institution.name, s.institution.id)))
    if found:
        console().print(table)
    if not accept:
        say(said("{0}; add them with: affil review names {1} --accept", counted(len(found), "name"), workspace))


@app.command("simulate")
def play(
    workspace: WorkspaceFolder,
    answers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV: affiliation, and required or institution_ids; default: decided strings.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[bool, typer.Option("--model", help="Take the model's own answers as right.")] = False,
    low: Annotated[float, typer.Option(help="Of these, minimum probability.")] = 0.0,
    high: Annotated[float, typer.Option(help="Maximum probability.")] = 1.0,
    strings: Annotated[int, typer.Option(min=1, help="Maximum number, drawn at random.")] = 5000,
    decisions: Annotated[int, typer.Option(min=1, help="Decisions to play.")] = 100,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Play a reviewer who knows the answers: mentions settled by decisions, in the queue's order and in others."""
    from dataclasses import asdict

    from affil.review import simulate as plays

    session = _session(workspace, ledger)
    if answers is not None:
        known = plays.read_answers(answers)
    elif model:
        known = plays.model_answers(session, low, high, strings)
    else:
        known = plays.decided_answers(session)
    hidden = model and low >= session.settings.sure
    with working(said("playing")):
        played = plays.simulate(session, known, decisions=decisions, hidden=hidden)
    if as_json:
        print_json(asdict(played) | {"gain": played.gain(decisions)})
        return
    table = plain_table("decisions>", *(f"{order}>" for order in plays.ORDERS))
    for n in [n for n in (1, 10, 20, 50, 100, 200, 500) if n < decisions] + [decisions]:
        table.add_row(f"{n:,}", *(f"{played.settled[order][n]:,.0f}" for order in plays.ORDERS))
    console().print(table)
    say(
        said(
            "mentions settled, of {0:,} of {1}; groups settle {2:.2f} times those of the order by size "
            "({3:,} exceptions ticked off; {4:,} closed by the estimate, {5:,} of them wrongly)",
            played.mentions,
            counted(played.strings, "string"),
            played.gain(decisions),
            played.exceptions,
            played.closed,
            played.wrong,
        )
    )


def discover(
    workspace: WorkspaceFolder,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Output: .csv, .jsonl or .parquet.", show_default=False),
    ] = None,
    limit: Rows = None,
    ledger: LedgerUrl = None,
    as_json: Json = False,
) -> None:
    """Propose new institutions for unmatched strings; accept them on the review page (affil review WS)."""
    from dataclasses import asdict

    with working(said("opening the workspace")) as tell:
        everything = open_workspace(workspace, ledger).discover(tell)
    found = everything[: limit or None]
    if output is not None:
        from affil.io.tables import create_table

        columns = ("name", "country", "city", "kind", "mentions", "spellings", "strings")
        types = {c: "int64" if c == "mentions" else "string" for c in columns}
        with create_table(output, types) as rows:
            rows.write({c: [" | ".join(v) if isinstance(v := getattr(p, c), tuple) else v for p in found] for c in columns})
    if as_json:
        print_json([asdict(p) for p in found])
        return
    table = plain_table("mentions>", "name", "place", "strings>", "e.g.")
    for p in found[: _SHOWN if limit is None else None]:
        place = ", ".join(filter(None, (p.city, p.country)))
        table.add_row(f"{p.mentions:,}", plain(p.name), plain(place), f"{len(p.strings):,}", plain(p.strings[0][:100]))
    if found and output is None:
        console().print(table)
    say(
        said(
            "{0}{1}; accept them on the page: affil review {2}",
            counted(len(everything), "proposal"),
            said(", {0:,} written to {1}", len(found), output) if output else "",
            workspace,
        )
    )


def learn(
    workspace: Path,
    rows: list[Path] | None,
    output: Path | None,
    yes: bool,
    as_json: bool,
    external: Sequence[Path] = (),
    external_registry: Path | None = None,
) -> None:
    """Train with a workspace's ledger, show the change in metrics, and use the model if confirmed."""
    import sys

    from affil.io.outputs import scratch
    from affil.review.feedback import learn as train
    from affil.review.feedback import use_model

    ws = open_workspace(workspace)
    with scratch() as folder:
        with working(said("opening the workspace")) as tell:
            lesson = train(
                ws, output or folder / "matcher.skops", rows, tell, external=external, external_registry=external_registry
            )
        tests = {said("decided strings held out"): lesson.decided, said("shipped development rows"): lesson.gold}
        if as_json:
            changes = {
                name: {m: {"before": a, "after": b} for m, a, b in test.changes()} for name, test in tests.items() if test
            }
        for name, test in tests.items():
            if test is None or as_json:
                continue
            table = plain_table("metric", "before>", "after>", "change>", title=said("{0} ({1:,})", name, test.after.rows))
            for metric, before, after in test.changes():
                both = before is not None and after is not None
                values = ["-" if v is None else f"{v:.3f}" for v in (before, after)]
                table.add_row(metric, *values, f"{after - before:+.3f}" if both else "")  # type: ignore[operator]
            console().print(table, "")
        say(
            said(
                "trained with {0}, tested on {1}",
                counted(lesson.trained, "decided string"),
                counted(lesson.held_out, "other"),
            ),
            err=as_json,
        )
        used = yes or (
            not as_json
            and sys.stdin.isatty()
            and typer.confirm(shown(said("use this model in {0} from the next run on?", workspace)))
        )
        if used:
            say(said("in use: {0}; match again with: affil run -w {1}", use_model(ws, lesson.model), workspace), err=as_json)
        else:
            kept = said("; it is in {0}", output) if output else ""
            say(
                said("the workspace keeps its model{0}; replace it with: affil train --ledger {1} --yes", kept, workspace),
                err=as_json,
            )
        if as_json:
            print_json({"trained": lesson.trained, "held_out": lesson.held_out, "changes": changes, "used": used})


def _session(workspace: Path, ledger: str | None) -> Session:
    with working(said("opening the workspace")):
        from affil.review.session import Session

        ws = open_workspace(workspace, ledger)
        say_older(ws)
        return Session(ws)
