"""The counts and rankings of a workspace, and results as files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa
import pyarrow.parquet as pq

import affil.rank as ranks
from affil.errors import AffilError, BusyError
from affil.installed import version
from affil.io.checksums import digest_of
from affil.io.database import connect
from affil.io.outputs import atomic_path
from affil.io.tables import table_in
from affil.io.writers import harmless
from affil.ledger.cases import Cases, Key, key_of
from affil.ledger.overrides import apart_name, set_apart
from affil.rank import Comparison, Diff, Lookup, Query, Ranking, RanksByYear, Span, State, Trend, VenueList, Venues, Why
from affil.rank.named import find_row
from affil.types import LedgerEntry
from affil.wording import counted, said
from affil.workspace.layout import WorkspaceFiles, hash_of, identity_of, locked, sha256_of, table_files

if TYPE_CHECKING:
    import altair
    import duckdb
    import pandas as pd

Result = Ranking | RanksByYear | Trend | Comparison | Why | Diff | VenueList
# manifest entries irrelevant for reproduction
_OF_THE_FOLDER = {"by_hand", "chosen", "digests", "replaced", "runs", "step", "tables", "time", "workspace"}


def count(files: WorkspaceFiles) -> State:
    """See `Workspace.count`."""
    files.must_be_matched()
    with locked(files.path) if files.writable else nullcontext():
        return count_anew(files)


def count_or_last(files: WorkspaceFiles) -> State:
    """The current counts, or the last ones with a warning if they cannot be updated."""
    try:
        return count(files)
    except BusyError as error:
        last = files.counts.last()
        if last is None:
            raise
        return replace(last, warnings=(*last.warnings, said("{0}; showing the state of {1}", error, last.time)))


def count_anew(files: WorkspaceFiles) -> State:
    """Update the counts; the caller holds the lock."""
    ledger = files.ledger
    entries, tables = ledger.entries(), files.tables
    cases = Cases(entries)
    current = cases.current()
    apart, decisions = set_apart(tables.papers, tables.mentions, current)
    manifest, last = files.manifest, files.counts.last()
    about = {
        "registry": manifest.get("registry", {}).get("hash", ""),
        "model": manifest.get("model", {}).get("hash", ""),
        "matching": identity_of(tables.matches).get("settings", ""),
        "runs": manifest.get("runs", 0),
        "ledger": ledger.where,
        "workspace": {k: v for k, v in manifest.items() if k not in _OF_THE_FOLDER},
    }
    older, venues, settings = older_ledger(files, cases), files.venues, files.settings.rank
    about |= {"besides": _besides_decisions(files, manifest, venues), "decided": _decided(current)}
    state = files.counts.refresh(
        replace(tables, papers=apart.papers, mentions=apart.mentions),
        decisions,
        venues,
        settings,
        entries=cases.number,
        about=about,
        run=last is None or last.about.get("runs", 0) != about["runs"],  # also after a run killed before counting
        inputs=f"{about['besides']} {about['decided']}",
        strings=None if last is None or last.about.get("besides") != about["besides"] else _decided_since(last, entries),
    )
    return replace(state, warnings=(*state.warnings, older)) if older else state


def _besides_decisions(files: WorkspaceFiles, manifest: Mapping[str, Any], venues: Venues) -> str:
    """A digest of all that counts rest on, but for decisions."""
    local = files.path / "own.csv"
    tables = {"files": table_files(files.path, manifest), "digests": manifest.get("digests"), "time": manifest.get("time")}
    own = digest_of(local) if local.exists() else ""
    return hash_of([version(), tables, own, [astuple(v) for v in venues.values()], files.settings.rank.model_dump(mode="json")])


def _decided(current: Mapping[Key, tuple[str, ...]]) -> str:
    """A digest of decisions."""
    return hash_of(sorted(current.items(), key=repr))


def _decided_since(last: State, entries: Sequence[LedgerEntry]) -> set[str] | None:
    """The strings that people decided since a state; None where that is not known, or one decision is on a mention alone."""
    then = Cases(entry for entry in entries if entry.number <= last.decisions).current()
    new = [entry for entry in entries if entry.number > last.decisions]
    if last.about.get("decided") != _decided(then) or any(key.paper for key in (*then, *map(key_of, new))):
        return None
    return {entry.affiliation for entry in new}


def older_ledger(files: WorkspaceFiles, cases: Cases | None = None) -> str:
    """That the ledger, whose cases these are, has fewer entries than were counted, as an older copy has; "" where it has not."""
    last, ledger = files.counts.last(), files.ledger
    if last is None or not last.decisions or last.about.get("ledger", ledger.where) != ledger.where:
        return ""
    entries = (ledger.cases() if cases is None else cases).number
    if entries >= last.decisions:
        return ""
    return said(
        "the ledger has {0}, the last count had {1:,}: an older copy was put in its place",
        counted(entries, "entry", "entries"),
        last.decisions,
    )


def rank(
    files: WorkspaceFiles,
    lookup: Lookup,
    *,
    limit: int | None,
    ranges: bool | None,
    around: str | None,
    **query: Unpack[Query],
) -> Ranking:
    """See `Workspace.rank`."""
    state = count_or_last(files)
    if ranges is not None:
        state = replace(state, settings=state.settings.model_copy(update={"ranges": ranges}))
    return files.counts.rank(state, limit=limit, around=around, lookup=lookup, **query)


def world_map(files: WorkspaceFiles, lookup: Lookup, *, limit: int | None, **query: Unpack[Query]) -> altair.LayerChart:
    """See `Workspace.map`."""
    from affil.drawing.altair_chart import drawn
    from affil.drawing.worldmap import places, still_map

    level = query.setdefault("level", "city")
    if level not in ("city", "institution"):
        raise AffilError(said("a map shows cities or institutions, not {0!r}", level))
    ranking = rank(files, lookup, limit=limit, ranges=False, around=None, **query)
    with connect() as db:
        db.register("institutions", files.institutions(["id", "country", "region", "city", "lat", "lon"]))
        key = "id" if level == "institution" else "concat_ws('/', country, nullif(region, ''), city)"
        found = db.execute(
            f"SELECT {key}, median(lon), median(lat) FROM institutions WHERE lat IS NOT NULL GROUP BY ALL"
        ).fetchall()
    at = {identifier: (lon, lat) for identifier, lon, lat in found}
    rows = [(r["name"], *at[r["id"]], r[ranking.by], "") for r in ranking.table.to_pylist() if r["id"] in at]
    return drawn(still_map(f"{level} by {ranking.by}"), places(rows))


def trend(
    files: WorkspaceFiles, lookup: Lookup, *, panel: bool, limit: int | None, entity: str | None, **query: Unpack[Query]
) -> Trend:
    """See `Workspace.trend`."""
    state = count_or_last(files)
    everything: Query = {**query, "years": None, "by": "adjusted"}
    with files.counts.opened(state, **everything) as (db, venues):
        if entity is None:
            return replace(ranks.trend(db, venues, state.settings, panel=panel, limit=limit, **query), state=state)
        meant = _meant(db, venues, state, lookup, entity, everything)
        return replace(ranks.trend(db, venues, state.settings, panel=panel, **query).of(meant), state=state)


def _meant(db: duckdb.DuckDBPyConnection, venues: Venues, state: State, lookup: Lookup, entity: str, query: Query) -> str:
    """The id of an entity in the ranking of all years."""
    ranking = ranks.measure(db, venues, state.settings.model_copy(update={"ranges": False}), **query)
    return str(find_row(db, ranking.frame, ranking.level, entity, lookup).row["id"])


def ranks_by_year(
    files: WorkspaceFiles, lookup: Lookup, *, limit: int | None, entity: str | None, **query: Unpack[Query]
) -> RanksByYear:
    """See `Workspace.ranks_by_year`."""
    state = count_or_last(files)
    everything: Query = {**query, "years": None, "by": "adjusted"}
    with files.counts.opened(state, **everything) as (db, venues):
        meant = None if entity is None else _meant(db, venues, state, lookup, entity, everything)
        found = ranks.ranks_by_year(db, venues, state.settings, limit=limit if meant is None else None, **query)
        found = found if meant is None else found.of(meant)
        return replace(found, trend=replace(found.trend, state=state))


def compare(files: WorkspaceFiles, before: Span, after: Span, **query: Unpack[Query]) -> Comparison:
    """See `Workspace.compare`."""
    state = count_or_last(files)
    everything: Query = {**query, "years": None, "by": "adjusted"}
    with files.counts.opened(state, **everything) as (db, venues):
        return replace(ranks.compare(db, venues, state.settings, before, after, **query), state=state)


def why(files: WorkspaceFiles, lookup: Lookup, entity: str, **query: Unpack[Query]) -> Why:
    """See `Workspace.why`."""
    state = count_or_last(files)
    plain = state.settings.model_copy(update={"ranges": False})
    with files.counts.opened(state, **query) as (db, venues):
        found = ranks.why(db, venues, plain, entity, files.table("papers"), lookup=lookup, **query)
        return replace(found, state=state)


def diff(files: WorkspaceFiles, lookup: Lookup, since: str, *, entity: str | None, **query: Unpack[Query]) -> Diff:
    """See `Workspace.diff`."""
    now = count_or_last(files)
    entries = [replace(e, affiliation=apart_name(key_of(e))) if e.paper else e for e in files.ledger.entries()]
    return ranks.diff(files.counts, files.counts.since(since), now, entries, entity=entity, lookup=lookup, **query)


def list_venues(files: WorkspaceFiles) -> VenueList:
    """See `Workspace.list_venues`."""
    state = count_or_last(files)
    held = {(p.venue, p.year): p.stats["papers"] for p in state.partitions}
    return replace(ranks.list_venues(files.venues, held), state=state)


def snapshot(files: WorkspaceFiles, name: str) -> State:
    """See `Workspace.snapshot`."""
    files.must_be_matched()
    with locked(files.path):
        return files.counts.snapshot(name, count_anew(files))


def save(result: Result, path: Path, *, excel: bool = False) -> Path:
    """See `Workspace.save`."""
    manifest = path.with_name(path.name + ".manifest.json")
    with atomic_path(manifest) as beside, atomic_path(path) as temporary:
        save_table(result, temporary, shown=path, excel=excel)
        _write_manifest(result, beside, {"file": path.name, "sha256": sha256_of(temporary)})
    return manifest


def save_as(result: Result, files: Sequence[Path], manifest: Path) -> None:
    """Write a result in several formats, each as `save_table` does, beside one manifest of them all; nothing may read them meanwhile."""
    for file in files:
        save_table(result, file)
    _write_manifest(result, manifest, {"files": {file.name: sha256_of(file) for file in files}})


def _write_manifest(result: Result, path: Path, files: Mapping[str, Any]) -> None:
    """Write which files hold a result, what was asked, and what it was counted from."""
    content = {
        **files,
        "rows": len(main_table(result)),
        **about_result(result),
        **counted_from(result),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", "utf-8")


def counted_from(result: Result) -> dict[str, Any]:
    """What a result was counted from: `workspace` (what its manifest said), `last_decision` and `counted` (when); nothing where it is
    of no workspace.
    """
    state = result.after if isinstance(result, Diff) else result.state
    if state is None:
        return {}
    hashes = {part: {"hash": state.about.get(part, "")} for part in ("registry", "model")}  # all that older states have
    return {
        "workspace": state.about.get("workspace", hashes),
        "last_decision": state.decisions,
        "counted": state.time,
    }


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of which no spreadsheet runs a cell: titles and strings are what anybody wrote."""
    from pandas.api.types import is_any_real_numeric_dtype

    out = frame.copy(deep=False)
    for name in frame.columns[~frame.dtypes.map(is_any_real_numeric_dtype)]:
        out[name] = frame[name].map(lambda cell: harmless(cell) if isinstance(cell, str) else cell)
    return out


def save_table(result: Result, path: Path, *, shown: Path | None = None, excel: bool = False) -> None:
    """Write a result as CSV or an Excel workbook (the table), JSON (everything) or Parquet (the table, the rest in its metadata), by the
    extension; .csv.gz and .json.gz are compressed. With `excel` CSV is for an Excel whose decimal sign is a comma.

    Raises:
        AffilError: the extension is unknown, or the file cannot be written.
    """
    shown, frame = shown or path, main_table(result)
    try:
        if excel and shown.suffix not in (".csv", ".xlsx"):
            raise AffilError(said("{0}: --excel is for .csv and .xlsx", shown))
        if shown.suffix == ".csv" and excel:
            _harmless(frame).to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")
        elif shown.suffix == ".csv":
            _harmless(frame).to_csv(path, index=False)
        elif shown.suffix == ".xlsx":
            table = pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
            with (
                path.open("wb") as raw,
                table_in(raw, {f.name: f.type for f in table.schema}, "xlsx", name=str(shown)) as writer,
            ):
                writer.write(table.to_pydict())
        elif shown.suffix == ".json":
            path.write_text(json.dumps(result.to_dict(), ensure_ascii=False, indent=2) + "\n", "utf-8")
        elif shown.name.endswith((".csv.gz", ".json.gz")):
            text = _harmless(frame).to_csv(index=False) if shown.name.endswith(".csv.gz") else _on_one_line(result)
            path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        elif shown.suffix == ".parquet":
            about = json.dumps(about_result(result), ensure_ascii=False, default=str)
            table = pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
            # without a second copy of the schema and its metadata, in the encoding of Arrow
            with pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=9, store_schema=False) as out:
                out.write_table(table)
                out.add_key_value_metadata({**(table.schema.metadata or {}), "affil": about})
        else:
            raise AffilError(
                said(
                    "{0}: the format must be .csv, .xlsx, .json or .parquet, not {1}",
                    shown,
                    shown.suffix or said("without extension"),
                )
            )
    except OSError as error:
        raise AffilError(said("{0}: cannot be written: {1}", shown, error.strerror or error)) from error


def _on_one_line(result: Result) -> str:
    return json.dumps(result.to_dict(), ensure_ascii=False, separators=(",", ":")) + "\n"


def main_table(result: Result) -> pd.DataFrame:
    """The main table of a result."""
    return result.papers if isinstance(result, Why) else result.moves if isinstance(result, Diff) else result.frame


def about_result(result: Result) -> dict[str, Any]:
    """Everything except the tables of a result, JSON-serialisable."""
    if isinstance(result, Ranking | Trend):
        return result.about()
    tables = ("ranks", "values", "comparison", "papers", "waiting", "moves", "causes", "table")
    return {name: value for name, value in result.to_dict().items() if name not in tables}
