"""Commands on a model: evaluate, train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from affil.cli.answers import evaluation_tables
from affil.cli.language import say
from affil.cli.loading import load_matcher
from affil.cli.show import (
    Json,
    ModelFile,
    PolicyName,
    RegistryFile,
    console,
    counting,
    plain,
    plain_table,
    print_json,
    refuse,
    working,
)
from affil.wording import counted, said


def evaluate(
    rows: Annotated[
        Path,
        typer.Argument(
            metavar="ROWS", help="Table with columns affiliation and institution_ids (or ror_ids).", show_default=False
        ),
    ],
    registry: RegistryFile = None,
    model: ModelFile = None,
    policy: PolicyName = None,
    outside: Annotated[
        bool, typer.Option("--outside", help="Count ids missing from the registry as errors instead of skipping their rows.")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the wrongly matched rows to this file.", show_default=False)
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Plot coverage, precision and reliability: .svg, .png or .pdf.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Score the matcher on labelled strings."""
    if picture is not None:
        from affil.evaluate.picture import check_picture, draw

        check_picture(picture)
    from affil.io.outputs import keep_inputs

    for written in filter(None, (errors, picture)):
        keep_inputs(written, rows)
    matcher = load_matcher(registry, model, policy)
    from affil.evaluate import evaluate as score

    with counting(said("matching"), said("strings")) as progress:
        result = score(rows, matcher, in_registry_only=not outside, settings=matcher.settings, progress=progress)
    if errors is not None:
        result.write_mistakes(errors)
    if picture is not None:
        draw({rows.stem: result}, picture, matcher.settings.decide.match)
    if as_json:
        print_json(result.to_dict())
        return
    out = console()
    for table in evaluation_tables(result):
        out.print(table, "")
    left = said("; {0:,} skipped because the registry lacks one of their ids", result.left_out) if result.left_out else ""
    say(said("{0}, {1} in {2:.1f} s{3}", counted(result.rows, "string"), counted(result.pairs, "answer"), result.seconds, left))
    say(said("registry {0}, model {1}", result.registry, result.model[:12]))
    if result.warning:
        say(said("warning: {0}", result.warning), err=True)
    if errors is not None:
        say(said("{0} written to {1}", counted(len(result.mistakes), "wrong row"), errors))


def train(
    rows: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[ROWS]...", help="CSV files with columns affiliation and institution_ids; default: the shipped ones."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Model file to write; default: matcher.skops.", show_default=False),
    ] = None,
    registry: RegistryFile = None,
    external: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Rows labelled with ids of another registry; repeatable.", show_default=False),
    ] = None,
    external_registry: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Registry of the --external rows.", show_default=False)
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option("--ledger", metavar="WS", help="Also train on the decisions made in this workspace.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --ledger: use the model in the workspace without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Train a model; the same input gives the same bytes.

    With --ledger, the new model is compared with the current one on held-out strings before it replaces it.
    """
    if ledger is not None:
        refuse(said("is not for --ledger, which uses the workspace's"), registry=registry)
        if not external:
            refuse(said("is for --external"), external_registry=external_registry)
        from affil.cli.review import learn

        learn(ledger, rows or None, output, yes, as_json, external or (), external_registry)
        return
    refuse(said("is for --ledger"), yes=yes)
    if not external:
        refuse(said("is for --external"), external_registry=external_registry)
    from affil.training import train as fit

    output = output or Path("matcher.skops")
    from affil.registry import Registry

    other = Registry.open(external_registry) if external_registry else None
    with working(said("loading the registry")) as tell:
        card = fit(
            output, rows or None, Registry.open(registry), progress=tell, external=external or (), external_registry=other
        )
    if as_json:
        print_json(card)
        return
    table = plain_table("", "")
    for name, value in _flat(card):
        table.add_row(plain(name), plain(value))
    console().print(table)
    say(said("model written to {0}; score it with: affil evaluate ROWS --model {0}", output))


def _flat(card: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in card.items():
        pairs += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(f"{before}{key}", value)]
    return pairs
