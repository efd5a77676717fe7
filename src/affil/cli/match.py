"""Commands on strings: match, evaluate, train."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

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
from affil.errors import AffilError

if TYPE_CHECKING:
    from rich.table import Table

    from affil.batch import MatchSummary
    from affil.evaluate import Evaluation
    from affil.io.tables import Format
    from affil.match import Explained, Matcher
    from affil.match.why_not import Nothing
    from affil.settings import Settings
    from affil.types import Match, Result


ENGINES = ("local", "spark")


def match(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[IN]",
            help="Input: .csv, .tsv, .jsonl (each also .gz) or .parquet; - is standard input.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="Output, in the same formats; - is standard output.", show_default=False
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="STRING", help="String to match instead of a file; repeatable.", show_default=False),
    ] = None,
    candidates: Annotated[
        int, typer.Option(min=0, metavar="N", help="With --text: also show N rejected candidates, and why.")
    ] = 0,
    column: Annotated[str, typer.Option(metavar="NAME", help="Column with the affiliation strings.")] = "affiliation",
    registry: RegistryFile = None,
    model: ModelFile = None,
    policy: PolicyName = None,
    input_format: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="csv, tsv, jsonl or parquet; default: from the file name.", show_default=False),
    ] = None,
    output_format: Annotated[str | None, typer.Option(metavar="FORMAT", help="Format of OUT.", show_default=False)] = None,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Number of worker processes.")] = 1,
    engine: Annotated[
        str,
        typer.Option(metavar="NAME", help="local (default), or spark: match Parquet into a folder of Parquet on a cluster."),
    ] = "local",
    as_json: Json = False,
) -> None:
    """Find the institutions that affiliation strings name.

    Writes one row per matched institution, in input order: the input columns, then the match.
    """
    if text:
        if source is not None or output is not None:
            raise AffilError("--text cannot be combined with IN or OUT")
        of_files = {"column": column != "affiliation", "workers": workers > 1, "engine": engine != "local"}
        refuse("is for files; omit it with --text", **of_files, input_format=input_format, output_format=output_format)
        _match_strings(text, candidates, load_matcher(registry, model, policy, tables=False), as_json)
        return
    if candidates:
        raise AffilError("--candidates needs --text")
    if source is None:
        raise AffilError('give a file to match (- is standard input), or one string: affil match --text "..."')
    if engine == "local" and not is_file_name(source):
        raise AffilError(f"{source}: no such file; to match the string itself: affil match --text {shlex.quote(source)}")
    if output is None:
        raise AffilError("give an output with -o FILE (-o - is standard output)")
    if output == "-":
        refuse("prints a summary on standard output, where the rows go; write them to a file with -o FILE", json=as_json)
    from affil.io.tables import FORMATS

    checked(engine, ENGINES, "engine")
    formats = [checked(f, FORMATS, "format") for f in (input_format, output_format)]
    load = partial(load_matcher, registry, model, policy)
    if engine == "spark":
        if workers > 1 or {source, output} & {"-"} or {*formats} - {None, "parquet"}:
            raise AffilError("--engine spark reads and writes Parquet files, with as many workers as the cluster has")
        summary = _match_on_spark(source, output, column, load)
    else:
        summary = _match_file(source, output, column, formats, workers, load)
    _print_summary(summary, output, as_json)


def _match_strings(strings: list[str], candidates: int, matcher: Matcher, as_json: bool) -> None:
    from affil.match import explained_dict, why_not

    explained = why_not(matcher, strings, candidates)
    if as_json:
        said = [explained_dict(x) for x in explained]
        print_json(said if len(said) > 1 else said[0])
    else:
        console().print(explained_table(explained))


def _match_on_spark(source: str, output: str, column: str, load: Callable[[], Matcher]) -> MatchSummary:
    from affil.batch import match_spark

    with working("matching on Spark"):
        matcher = load()
        return match_spark(source, output, matcher=matcher, column=column, settings=matcher.settings)


def _match_file(
    source: str, output: str, column: str, formats: list[Format | None], workers: int, load: Callable[[], Matcher]
) -> MatchSummary:
    from affil.batch import match_file
    from affil.io.tables import table_format

    table_format(source, formats[0])  # fail before loading a matcher
    table_format(output, formats[1], output=True)
    matcher = load()
    with counting("matching", "rows") as progress:
        return match_file(
            source,
            output,
            matcher=matcher,
            column=column,
            input_format=formats[0],
            output_format=formats[1],
            settings=matcher.settings,
            workers=workers,
            progress=progress,
        )


def _print_summary(summary: MatchSummary, output: str, as_json: bool) -> None:
    if as_json:
        print_json(summary.to_dict())
        return
    rate = f" ({summary.rows / summary.seconds:,.0f} rows/s)" if summary.rows else ""
    typer.echo(
        f"{summary.rows:,} rows in {summary.seconds:,.1f} s{rate}: {summary.matched:,} match, {summary.review:,} review, "
        f"{summary.none:,} none; {summary.written:,} rows written to {'standard output' if output == '-' else output}",
        err=True,
    )


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
    matcher = load_matcher(registry, model, policy)
    from affil.evaluate import evaluate as score

    with counting("matching", "strings") as progress:
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
    left = f"; {result.left_out:,} skipped because the registry lacks one of their ids" if result.left_out else ""
    typer.echo(f"{result.rows:,} strings, {result.pairs:,} answers in {result.seconds:.1f} s{left}")
    typer.echo(f"registry {result.registry}, model {result.model[:12]}")
    if errors is not None:
        typer.echo(f"{len(result.mistakes):,} wrong rows written to {errors}")


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
        refuse("is not for --ledger, which uses the workspace's", registry=registry)
        if not external:
            refuse("is for --external", external_registry=external_registry)
        from affil.cli.review import learn

        learn(ledger, rows or None, output, yes, as_json, external or (), external_registry)
        return
    refuse("is for --ledger", yes=yes)
    if not external:
        refuse("is for --external", external_registry=external_registry)
    from affil.training import train as fit

    output = output or Path("matcher.skops")
    from affil.registry import Registry

    other = Registry.open(external_registry) if external_registry else None
    with working("loading the registry") as tell:
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
    typer.echo(f"model written to {output}; score it with: affil evaluate ROWS --model {output}")


def load_matcher(
    registry: Path | None, model: Path | None, policy: str | None, settings: Settings | None = None, *, tables: bool = True
) -> Matcher:
    """Load a matcher for the given options; `tables=False` loads faster but cannot make Arrow tables."""
    from affil.settings import Policy

    chosen = checked(policy, get_args(Policy), "policy")
    with working("loading registry and model"):
        from affil.io.interrupts import undisturbed
        from affil.match import Matcher

        matcher = Matcher.load(registry, model, settings, policy=chosen)
        with undisturbed():  # trigger lazy imports now: some libraries swallow an interrupt while being imported
            warm: Callable[[list[str]], object] = matcher.match_table if tables else matcher.match_many  # tables need pandas
            warm(["University of Oxford"])
    if matcher.differences:
        said = "; ".join(matcher.differences)
        typer.echo(f"note: these have changed since the model was trained: {said}. Retrain with: affil train", err=True)
    return matcher


def is_file_name(source: str) -> bool:
    """Whether this is an existing file or can only be a file name: "-", or a name with an extension."""
    try:
        return source == "-" or Path(source).exists() or re.fullmatch(r"\.[A-Za-z0-9]{1,8}", Path(source).suffix) is not None
    except (OSError, ValueError):  # too long for a file name
        return False


def checked(value: str | None, known: tuple[str, ...], what: str) -> Any:
    """The value, if it is None or a known one."""
    if value is not None and value not in known:
        raise AffilError(f"no {what} {value!r}; known are: {', '.join(known)}")
    return value


COLORS = {"match": "green", "review": "yellow", "none": "dim"}


def result_table(results: list[Result], title: str = "") -> Table:
    """Results as a table: raw strings with the matched words highlighted, and the evidence for each institution."""
    return _answers([(result, [_cells(m) for m in result.matches] or [_NONE]) for result in results], title)


def explained_table(explained: list[Explained]) -> Table:
    """The same, with rejected candidates and why, and why a string has no match."""
    rows = []
    for x in explained:
        cells = [_cells(m) for m in x.result.matches]
        if x.nothing is not None:
            cells.append((*_NONE[:2], _nothing_cell(x.nothing)))
        for r in x.rejected:
            name, answer, evidence = _cells(r.match)
            cells.append((f"[dim]{name}[/]", answer, f"not chosen: {plain(r.said)}\n[dim]{evidence}[/]"))
        rows.append((x.result, cells))
    return _answers(rows)


_NONE = ("", "[dim]none[/]", "")  # no match


def _answers(rows: list[tuple[Result, list[tuple[str, str, str]]]], title: str = "") -> Table:
    table = plain_table("affiliation", "institution", "answer", "evidence", title=title)
    table.padding = (0, 2, 0, 0)
    for column, share in zip(table.columns, (4, 6, None, 6), strict=True):
        column.ratio = share
    for result, cells in rows:
        if table.rows:
            table.add_row()
        for i, row in enumerate(cells):
            table.add_row(_highlighted(result) if i == 0 else "", *row)
    return table


def _nothing_cell(nothing: Nothing) -> str:
    nearest = [f"nearest: {plain(_place_and_name(nothing.nearest))}"] if nothing.nearest else []
    return "\n".join([plain(nothing.said), *nearest, *(f"next: {plain(n)}" for n in nothing.next)])


def _place_and_name(m: Match) -> str:
    one = m.institution
    return f"{one.name}, {', '.join(filter(None, (one.city, one.country)))} ({one.id}), {m.probability:.3f}"


def _cells(m: Match) -> tuple[str, str, str]:
    one = m.institution
    place = ", ".join(filter(None, (one.city, one.country)))
    about = "\n".join(plain(line) for line in (one.name_zh, place) if line)
    return f"{plain(one.name)}\n[dim]{about}[/]", _answer(m), "\n".join(map(plain, m.evidence))


def _answer(m: Match) -> str:
    return f"[{COLORS[m.decision]}]{m.decision}[/] {m.probability:.3f}"


def _highlighted(result: Result) -> str:
    """The raw string with the matched words in bold; overlapping spans are joined."""
    out, at = "", 0
    for start, end in sorted((m.start, m.end) for m in result.matches):
        start = max(start, at)
        if start < end:
            out += plain(result.affiliation[at:start]) + f"[bold cyan]{plain(result.affiliation[start:end])}[/]"
            at = end
    return out + plain(result.affiliation[at:])


def evaluation_tables(result: Evaluation) -> list[Table]:
    """The scores with intervals, then each slice."""
    from affil.evaluate import METRICS

    table = plain_table("metric", "value>", "interval>", "meaning")
    for name, m in result.metrics.items():
        interval = f"{m.low:.3f} to {m.high:.3f}" if m.low is not None and m.high is not None else ""
        table.add_row(name, _number(m.value), interval, METRICS[name].meaning)
    table.add_row("calibration_error", _number(result.calibration_error), "", "gap between probability and observed precision")
    curve = plain_table("threshold of match>", "precision>", "coverage>")
    for point in result.curve:
        curve.add_row(f"{point.threshold:.2f}", _number(point.precision), _number(point.coverage))
    tables = [table, curve]
    shown = ("precision", "recall", "f1", "nil_precision", "nil_recall", "match_precision", "match_coverage")
    for name, values in result.slices.items():
        table = plain_table(name, "rows>", *(f"{c}>" for c in shown))
        for value, scores in values.items():
            table.add_row(plain(value), f"{scores['rows']:,}", *(_number(scores[c]) for c in shown))
        tables.append(table)
    return tables


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _flat(card: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in card.items():
        pairs += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(f"{before}{key}", value)]
    return pairs
