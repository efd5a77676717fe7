"""The command that matches strings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from affil.cli.answers import explained_table
from affil.cli.language import say
from affil.cli.loading import checked, load_matcher
from affil.cli.show import (
    DecisionsOf,
    Json,
    ModelFile,
    PolicyName,
    RegistryFile,
    console,
    counting,
    print_json,
    refuse,
    working,
)
from affil.cli.workspace import SheetName, TextEncoding
from affil.errors import AffilError
from affil.wording import counted, said

if TYPE_CHECKING:
    from affil.batch import Matching, MatchSummary, Opening
    from affil.io.tables import Format
    from affil.match import Matcher
    from affil.review.file_sheet import Doubtful


# Longer than other functions by its options; its docstring is the help text.
def match(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[IN]",
            help="Input: a table (CSV, Excel, JSON Lines, Parquet), or papers (see: affil formats); - is standard input.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Output: .csv, .tsv, .jsonl (each also .gz), .parquet or .xlsx; - is standard output.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="STRING", help="String to match instead of a file; repeatable.", show_default=False),
    ] = None,
    candidates: Annotated[
        int, typer.Option(min=0, metavar="N", help="With --text: also show N rejected candidates, and why.")
    ] = 0,
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Column with the affiliation strings; default: the one with a usual name.", show_default=False
        ),
    ] = None,
    registry: RegistryFile = None,
    model: ModelFile = None,
    policy: PolicyName = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT", help="csv, tsv, jsonl, parquet or xlsx; default: what the content tells.", show_default=False
        ),
    ] = None,
    output_format: Annotated[str | None, typer.Option(metavar="FORMAT", help="Format of OUT.", show_default=False)] = None,
    sheet: SheetName = None,
    encoding: TextEncoding = None,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help="Write CSV that Excel opens rightly: byte-order mark, no formulas; with --review-only semicolons, for a decimal comma.",
        ),
    ] = False,
    review_only: Annotated[
        bool,
        typer.Option("--review-only", help="Write only the doubtful strings, each once, as a sheet to fill in: .csv or .xlsx."),
    ] = False,
    decided: Annotated[
        Path | None,
        typer.Option(
            metavar="SHEET", help="A filled-in sheet of --review-only: its answers stand above the model's.", show_default=False
        ),
    ] = None,
    ledger: DecisionsOf = None,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Number of worker processes.")] = 1,
    engine: Annotated[
        str,
        typer.Option(metavar="NAME", help="local (default), or spark: match Parquet into a folder of Parquet on a cluster."),
    ] = "local",
    as_json: Json = False,
) -> None:
    """Find the institutions that affiliation strings name.

    Writes one row per matched institution, in input order: the input columns (of papers: paper, author, affiliation), then the match.
    Decisions are match (taken), review (a person should look) and none (no institution found with enough certainty).
    """
    if text:
        if source is not None or output is not None:
            raise AffilError(said("--text cannot be combined with IN or OUT"))
        of_files = {"workers": workers > 1, "engine": engine != "local", "column": column, "sheet": sheet, "encoding": encoding}
        of_files |= {"excel": excel, "input_format": input_format, "output_format": output_format}
        refuse(said("is for files; omit it with --text"), **of_files, review_only=review_only, decided=decided)
        _match_strings(text, candidates, load_matcher(registry, model, policy, ledger=ledger, tables=False), as_json)
        return
    if candidates:
        raise AffilError(said("--candidates needs --text"))
    if source is None:
        raise AffilError(said('give a file to match (- is standard input), or one string: affil match --text "..."'))
    if engine == "local" and not is_file_name(source):
        raise AffilError(
            said("{0}: no such file; to match the string itself: affil match --text {1}", source, shlex.quote(source))
        )
    if output is None:
        raise AffilError(said("give an output with -o FILE (-o - is standard output)"))
    if output == "-":
        refuse(said("prints a summary on standard output, where the rows go; write them to a file with -o FILE"), json=as_json)
    from affil.io.tables import FORMATS
    from affil.settings import Engine

    checked(engine, get_args(Engine), said("engine"))
    formats = [checked(f, FORMATS, said("format")) for f in (input_format, output_format)]
    load = partial(load_matcher, registry, model, policy, ledger=ledger)
    if engine == "spark":
        if workers > 1 or {source, output} & {"-"} or {*formats} - {None, "parquet"}:
            raise AffilError(said("--engine spark reads and writes Parquet files, with as many workers as the cluster has"))
        refuse(
            said("is not for --engine spark"),
            excel=excel,
            sheet=sheet,
            encoding=encoding,
            review_only=review_only,
            decided=decided,
            ledger=ledger,
        )
        _print_summary(_match_on_spark(source, output, column, load), output, as_json)
        return
    if review_only:
        refuse(said("is not for --review-only, which writes .csv or .xlsx"), output_format=output_format)
    opening: Opening = {"column": column, "input_format": formats[0], "sheet": sheet, "encoding": encoding}
    _match_file(source, output, opening, formats[1], workers, load, excel, review_only, decided, as_json)


def _match_strings(strings: list[str], candidates: int, matcher: Matcher, as_json: bool) -> None:
    from affil.io.cells import addresses
    from affil.match import explained_dict, why_not

    explained = why_not(matcher, [one for string in strings for one in addresses(string)], candidates)
    if as_json:
        dicts = [explained_dict(x) for x in explained]
        print_json(dicts if len(dicts) > 1 else dicts[0])
    else:
        console().print(explained_table(explained))


def _match_on_spark(source: str, output: str, column: str | None, load: Callable[[], Matcher]) -> MatchSummary:
    from affil.batch import match_spark

    with working(said("matching on Spark")):
        matcher = load()
        return match_spark(source, output, matcher=matcher, column=column, settings=matcher.settings)


def _match_file(
    source: str,
    output: str,
    opening: Opening,
    output_format: Format | None,
    workers: int,
    load: Callable[[], Matcher],
    excel: bool,
    review_only: bool,
    filled: Path | None,
    as_json: bool,
) -> None:
    from affil.batch import match_file
    from affil.io.files import copied, open_input
    from affil.io.outputs import STANDARD, keep_inputs
    from affil.io.tables import table_format
    from affil.review.spreadsheet import keep_answers

    for path in (source, filled):
        if path is not None and path != STANDARD:
            with open_input(path):  # fail before loading a matcher
                pass
    keep_inputs(output, source, *filter(None, (filled,)))
    keep_answers(output)
    if excel and table_format(output, output_format) not in ("csv", "tsv", "xlsx"):
        raise AffilError(said("--excel is for .csv, .tsv and .xlsx"))

    def tell(note: str) -> None:
        say(said("note: {0}", note), err=True)

    matcher = load()
    decided = None
    held = copied(source) if filled is not None else None  # as it is read twice
    if filled is not None:
        from affil.review.file_sheet import read_decided

        decided = read_decided(filled, source, registry=matcher.registry, tell=tell, **opening)
    with counting(said("matching"), said("rows")) as progress:
        matching: Matching = {
            **opening,
            "settings": matcher.settings,
            "workers": workers,
            "decided": decided,
            "progress": progress,
            "tell": tell,
        }
        if review_only:
            from affil.review.file_sheet import write_doubtful

            doubtful = write_doubtful(source, output, matcher=matcher, excel=excel, **matching)
        else:
            summary = match_file(source, output, matcher=matcher, output_format=output_format, excel=excel, **matching)
    if review_only:
        _print_doubtful(doubtful, source, output, as_json)
    else:
        _print_summary(summary, output, as_json)
    del held


def _print_doubtful(doubtful: Doubtful, source: str, output: str, as_json: bool) -> None:
    if as_json:
        print_json(asdict(doubtful))
        return
    say(
        said(
            "{0}, in {1:,} of {2}, written to {3}; fill in institution_ids (an answer replaces what is taken; +NAME stands beside it), "
            "then: affil match {4} -o OUT --decided {5}",
            counted(doubtful.strings, "doubtful string"),
            doubtful.doubtful,
            counted(doubtful.rows, "row"),
            output,
            shlex.quote(source),
            shlex.quote(output),
        ),
        err=True,
    )


def _print_summary(summary: MatchSummary, output: str, as_json: bool) -> None:
    if as_json:
        print_json(summary.to_dict())
        return
    rate = said(" ({0:,.0f} rows/s)", summary.rows / summary.seconds) if summary.rows else ""
    say(
        said(
            "{0} in {1:,.1f} s{2}: {3:,} match, {4:,} review, {5:,} none; {6} written to {7}",
            counted(summary.rows, "row"),
            summary.seconds,
            rate,
            summary.matched,
            summary.review,
            summary.none,
            counted(summary.written, "row"),
            said("standard output") if output == "-" else output,
        ),
        err=True,
    )


def is_file_name(source: str) -> bool:
    """Whether this is an existing file or can only be a file name: "-", or a name with an extension."""
    try:
        return source == "-" or Path(source).exists() or re.fullmatch(r"\.[A-Za-z0-9]{1,8}", Path(source).suffix) is not None
    except (OSError, ValueError):  # too long for a file name
        return False
