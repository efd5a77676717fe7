"""Match the strings of a workspace, batch by batch, into the tables of matches and institutions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.errors import AffilError
from affil.io.checksums import digest, digest_of
from affil.io.outputs import atomic_path, files_in
from affil.papers.reading import Reading
from affil.rank import Known, Lookup
from affil.settings import Engine, Settings, again
from affil.types import Institution, Progress
from affil.wording import joined, said
from affil.workspace.ingest import Added, add_papers
from affil.workspace.layout import (
    INSTITUTIONS,
    MATCHES,
    TEXT,
    TOLD,
    Change,
    WorkspaceFiles,
    changing,
    hash_of,
    identity_of,
    institution_row,
    marked,
)
from affil.workspace.results import count_anew
from affil.workspace.waiting import in_review

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from affil.match import Matcher
    from affil.match.interface import MatcherLike
    from affil.registry import Registry
    from affil.registry.met import Met


@dataclass(frozen=True, slots=True)
class Run:
    """Result of `run`: strings in the workspace, strings that were looked up now, and why all had to be looked up again, if so.

    `added` is the result of `add_papers`, None if no papers were given; `met` is what rows of own.csv met in the registry. `waiting` is how
    many strings wait for review (see `Workspace.waiting`).
    """

    strings: int
    matched: int
    again: str = ""
    added: Added | None = None
    met: tuple[Met, ...] = ()
    waiting: int = 0


def run(
    files: WorkspaceFiles,
    papers: Path | str | Iterable[Path | str] | None = None,
    *,
    progress: Progress | None = None,
    read: Callable[[Added], None] | None = None,
    registry: Path | str | None = None,
    model: Path | str | None = None,
    matcher: MatcherLike | None = None,
    engine: Engine = "local",
    spark: SparkSession | None = None,
    **reading: Unpack[Reading],
) -> Run:
    """See `Workspace.run`."""
    if engine not in get_args(Engine):
        raise AffilError(said("no engine {0!r}; known are: {1}", engine, joined(", ", get_args(Engine))))
    with changing(files) as change:
        added = None if papers is None else add_papers(change, papers, **reading)
        if added is not None and read is not None:
            read(added)
        if (file := change.file("strings")) is None:
            raise AffilError(said("{0}: no papers yet; add some with: affil run PAPERS... -w {0}", files.path))
        chosen = choose(change, registry, model)
        matcher = matcher or open_matcher(files, chosen["registry"], chosen["model"])
        if getattr(matcher, "ledger", None) is not None:
            raise AffilError(said("a workspace counts decisions by its own ledger; give it a matcher without one"))
        identity = {
            "registry": matcher.registry.hash,
            "model": matcher.model_hash,
            "settings": hash_of(matching_settings(files.settings)),
            "columns": " ".join(MATCHES.names),
        }
        change.news["chosen"] = chosen
        again = _rematch_reason(change, identity)
        strings = pq.read_table(file, columns=["affiliation"]).column(0)
        using = partial(_engine, engine, matcher, files.settings, spark)
        matched = _match_new(change, using, matcher.registry, strings, identity, bool(again), progress)
        change.news |= {
            "registry": {"version": matcher.registry.version, "hash": identity["registry"]},
            "model": {"hash": identity["model"]},
            "runs": change.before.get("runs", 0) + 1,
        }
        change.commit()
        count_anew(files)
    met = tuple(matcher.registry.met) if (files.path / "own.csv").exists() else ()
    doubted = in_review(files.table("strings"), files.table("matches"), files.ledger.current())
    return Run(len(strings), matched, again, added, met, len(doubted))


def matching_settings(settings: Settings) -> dict[str, dict[str, Any]]:
    """The settings that answers depend on: where one changes, all strings are matched again."""
    sections = settings.model_dump(include={"retrieve", "features", "decide"})
    return {
        section: {key: value for key, value in values.items() if again(f"{section}.{key}") != "nothing"}
        for section, values in sections.items()
    }


def open_matcher(files: WorkspaceFiles, registry: str | None, model: str | None) -> Matcher:
    """The matcher of the chosen registry and model."""
    from affil.match import Matcher  # slow to import, and not needed for ranking

    return Matcher.load(registry=open_registry(files, registry), model=Path(model) if model else None, settings=files.settings)


def open_registry(files: WorkspaceFiles, chosen: str | None) -> Registry:
    """The chosen registry, with local institutions and names merged over it."""
    from affil.registry import Registry

    base = Registry.open(chosen)
    if not (local := files.path / "own.csv").exists():
        return base
    from affil.registry.build import merge_sources, source_note
    from affil.registry.registry import write_registry

    file, sources = files.path / "registry.affil", [source_note(local), f"registry sha256:{base.hash[:16]}"]
    again = f"affil doctor {files.path} --mend"
    if not file.exists() or Registry(file, again).meta["sources"] != sources:
        dates = base.meta.get("dates", {})
        institutions, met = merge_sources([local, base])
        write_registry(institutions, file, {"sources": sources, "dates": dates, "met": [one.as_json() for one in met]})
    return Registry(file, again)


def choose(change: Change, registry: Path | str | None, model: Path | str | None) -> dict[str, str | None]:
    """The registry and model to use: those given, else those of the last run."""
    last = change.before.get("chosen", {})
    return {"registry": _chosen(registry, last.get("registry")), "model": _chosen(model, last.get("model"))}


def _chosen(given: Path | str | None, remembered: str | None) -> str | None:
    """The file to use: the given one, else that of the last run; None is the shipped one, `ror` the fetched one."""
    if given is None:
        return remembered
    from affil.registry.dump import ROR

    return None if str(given) == "shipped" else str(given) if str(given) == ROR else str(Path(given).resolve())


def _rematch_reason(change: Change, identity: dict[str, str]) -> str:
    """Why existing matches are outdated; "" if they are not, or there are none."""
    if (matches := change.file("matches")) is None:
        return ""
    before = identity_of(matches)
    names = {
        "registry": said("the registry"),
        "model": said("the model"),
        "settings": said("the matching settings"),
        "columns": said("what is kept of a match"),
    }
    changed = [names[part] for part in names if before.get(part) != identity[part]]
    return said("{0} changed", joined(" and ", changed)) if changed else ""


@contextmanager
def _engine(
    engine: Engine, matcher: MatcherLike, settings: Settings, spark: SparkSession | None
) -> Iterator[tuple[MatcherLike, int]]:
    """What matches, and how many strings it is given at once."""
    if engine == "local":
        yield matcher, settings.retrieve.batch
        return
    from affil.match import Matcher
    from affil.spark import SparkMatcher, open_cluster

    if not isinstance(matcher, Matcher):
        raise AffilError(
            said("engine spark needs an affil.Matcher, whose files it can send, instead of {0}", type(matcher).__name__)
        )
    with open_cluster(spark, settings.batch) as cluster:
        yield SparkMatcher(matcher, cluster), settings.batch.spark_round


def _match_new(
    change: Change,
    using: Callable[[], AbstractContextManager[tuple[MatcherLike, int]]],
    registry: Registry,
    strings: pa.ChunkedArray,
    identity: dict[str, str],
    again: bool,
    progress: Progress | None,
) -> int:
    """Match unmatched strings, each batch into its own file, then merge the files; returns the number of strings."""
    parts = change.folder / "matching" / hash_of(identity)
    parts.mkdir(parents=True, exist_ok=True)
    for other in parts.parent.iterdir():
        if other != parts:
            shutil.rmtree(other)
    matches = None if again else change.file("matches")
    known = set() if matches is None else set(strings_of(matches))
    wanted = [s for s in strings.to_pylist() if s not in known]
    finished = finished_batches(parts)
    seen = {a for file in finished for a in strings_of(file)}
    todo = [s for s in wanted if s not in seen]
    try:
        if todo:
            with using() as (matcher, size):
                for start in range(0, len(todo), size):
                    batch = todo[start : start + size]
                    content = pa.BufferOutputStream()
                    pq.write_table(answers_of(matcher, batch), content)
                    _put_batch(parts, content.getvalue())
                    if progress:
                        progress(start + len(batch), len(todo))
    except KeyboardInterrupt:
        # a partial rematch is not mixed with old matches: these stay until the new ones are complete
        if not again:
            _merge_batches(change, parts, wanted, registry, identity, again)
        change.commit()
        raise
    _merge_batches(change, parts, wanted, registry, identity, again)
    return len(todo)


def _merge_batches(
    change: Change, parts: Path, wanted: list[str], registry: Registry, identity: dict[str, str], again: bool
) -> None:
    """Merge finished batches into the matches, and write the registry's institutions.

    A killed run may have left batches that are already merged, or strings of papers that were never added.
    """
    institutions, matches = change.file("institutions"), change.file("matches")
    if institutions is None or identity_of(institutions).get("registry") != identity["registry"]:
        from affil.registry.local import read_own

        with change.writing("institutions") as temporary:
            write_institutions(registry, read_own(change.folder / "own.csv"), temporary, {"registry": identity["registry"]})
    finished = finished_batches(parts)
    if finished or again or matches is None:
        new = pa.array(wanted, TEXT)
        with (
            change.writing("matches") as temporary,
            pq.ParquetWriter(temporary, marked(MATCHES, identity), compression="zstd") as writer,
        ):
            for file in [*([matches] if matches is not None and not again else []), *finished]:
                with pq.ParquetFile(file) as old:
                    for batch in old.iter_batches():
                        rows = batch if file == matches else batch.filter(pc.is_in(batch.column(0), value_set=new))
                        writer.write_batch(rows.replace_schema_metadata(writer.schema.metadata))
    change.done_with.append(change.folder / "matching")


def finished_batches(parts: Path) -> list[Path]:
    """The finished batches in a folder, in the order in which they were finished: NUMBER-DIGEST.parquet, by their content; what is not as
    its name says is deleted, to be matched again.
    """
    found = []
    for file in files_in(parts, "*.parquet"):
        if file.stem.partition("-")[2] == digest_of(file):
            found.append(file)
        else:
            file.unlink()
    return found


def _put_batch(parts: Path, content: pa.Buffer) -> None:
    number = 1 + max((int(f.name.partition("-")[0]) for f in files_in(parts, "*-*.parquet")), default=-1)
    with atomic_path(parts / f"{number:06}-{digest(memoryview(content))}.parquet") as temporary:
        temporary.write_bytes(content)


def strings_of(matches: Path) -> list[str]:
    """The strings in a table of matches."""
    out: list[str] = pq.read_table(matches, columns=["affiliation"]).column(0).to_pylist()
    return out


def answers_of(matcher: MatcherLike, strings: list[str]) -> pa.Table:
    """The matches of strings as rows of matches.parquet, in order."""
    table = matcher.match_table(strings)
    for name in TOLD:
        table = table if name in table.column_names else table.append_column(name, _untold(name, len(table)))
    found = table.select(["row", "institution_id", "probability", "decision", *TOLD])
    rows = found.column("row").to_pylist()
    silent = sorted(set(range(len(strings))) - set(rows))
    nothing = pa.table(
        {
            "row": pa.array(silent, pa.int64()),
            "institution_id": pa.nulls(len(silent), TEXT),
            "probability": pa.nulls(len(silent), pa.float64()),
            "decision": pa.array(["none"] * len(silent), TEXT),
            **{name: _untold(name, len(silent)) for name in TOLD},
        }
    )
    rows_first = pa.concat_tables([found.cast(nothing.schema), nothing]).sort_by(
        [("row", "ascending"), ("probability", "descending")]
    )
    affiliation = pa.array(strings, TEXT).take(rows_first.column("row").combine_chunks())
    by = pa.array(["model"] * len(rows_first), TEXT)
    columns = [affiliation, *(rows_first.column(n) for n in ("institution_id", "probability", "decision")), by]
    columns += [rows_first.column(n) for n in TOLD]
    return pa.table(columns, MATCHES)


def _untold(name: str, many: int) -> pa.Array:
    kind, nothing = TOLD[name]
    return pa.array([nothing] * many, kind)


def write_institutions(registry: Registry, local: Mapping[str, Institution], path: Path, identity: dict[str, str]) -> None:
    """Write the registry's institutions, and local ones under the ids used by decisions.

    If the registry now has a local institution under a ROR id, the old id maps to it.
    """
    table = registry.to_table().select(INSTITUTIONS.names).cast(INSTITUTIONS)
    known = {*table["id"].to_pylist(), *pc.list_flatten(table["other_ids"]).to_pylist()}
    if new := [one for one in local.values() if one.id not in known]:
        from affil.names import fold

        missing = {(one.country, fold(one.name)): one for one in new}
        same = {(one.country, fold(n.value)): one.id for one in registry for n in one.names if n.kind != "acronym"}
        rows = [institution_row(one, registry.resolve(same[k]) if k in same else one.id) for k, one in missing.items()]
        table = pa.concat_tables([table, pa.Table.from_pylist(rows, INSTITUTIONS)])
    pq.write_table(table.cast(marked(INSTITUTIONS, identity)), path, compression="zstd")


def lookup(files: WorkspaceFiles) -> Lookup:
    """Institutions of the workspace's registry by any of their names; it is opened when something is looked up."""

    def find(name: str) -> list[Known]:
        from affil.registry.registry import EXACT

        registry = open_registry(files, files.manifest.get("chosen", {}).get("registry"))
        found = registry.search(name, files.settings.retrieve.max_bearers)
        return [Known(registry.resolve(one.id), one.name, one.usage, likeness == EXACT) for one, likeness in found]

    return find
