"""Add papers to the tables of a workspace."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Unpack

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.errors import AffilError, InputError
from affil.io.database import connect, database
from affil.papers.duplicates import Apart, Merged, Merger, OwnIds, identity, identity_of, title_key
from affil.papers.reading import Reading
from affil.papers.tally import Problems, Tally
from affil.types import Paper
from affil.wording import said
from affil.workspace.layout import MENTIONS, MERGED, PAPERS, TEXT, Change, WorkspaceFiles, sha256_of

if TYPE_CHECKING:  # the readers are imported where papers are read: that takes as long as a ranking
    from affil.papers.read import Duplicate, Record

_CHUNK = 4_000  # papers in memory at a time


@dataclass(frozen=True, slots=True)
class Added:
    """Result of `add_papers`: numbers of papers in the workspace that are new, are of a newer or richer record, or stay as they were.

    Records that another one of their paper stands for count nowhere. `merged` are records of one paper, under several ids or of several
    formats, of which the one richest in affiliations was kept.
    `duplicates` are ids that occur twice in these files in one format; again the richest was taken, of equally rich ones the first.
    `apart` are papers that share a DOI and stay two. `emptied` are papers whose newer record has no affiliations, where the older had some.
    `problems` are records that were left out or read only in part. `formats` are the files with the formats that they were read as.
    """

    new: int
    replaced: int
    unchanged: int
    duplicates: tuple[Duplicate, ...] = ()
    problems: tuple[Problems, ...] = ()
    merged: tuple[Merged, ...] = ()
    formats: tuple[tuple[str, str], ...] = ()
    apart: tuple[Apart, ...] = ()
    emptied: tuple[str, ...] = ()

    def problem_lines(self) -> list[str]:
        """The problems in a few plain sentences."""
        return [problems.line() for problems in self.problems]


def _files(paths: Path | str | Iterable[Path | str]) -> list[Path]:
    """The files that are meant."""
    several = [paths] if isinstance(paths, str | PathLike) else paths
    if not isinstance(several, Iterable) or hasattr(several, "columns"):  # the columns of a frame are no files
        raise AffilError(said("papers are read from files: give their paths, not {0}", type(paths).__name__))
    return [Path(path) for path in several]


def add_papers(
    change: Change,
    paths: Path | str | Iterable[Path | str],
    **reading: Unpack[Reading],
) -> Added:
    """Add papers as a part of a step, read as `read_papers` reads them."""
    files = _files(paths)
    with change.writing("papers") as papers, change.writing("mentions") as mentions, tempfile.TemporaryFile() as later:
        adding = _Adding(change, _Spool(later))
        with (
            pq.ParquetWriter(papers, PAPERS, compression="zstd") as to_papers,
            pq.ParquetWriter(mentions, MENTIONS, compression="zstd") as to_mentions,
        ):
            for some in adding.fresh(files, reading):
                write_papers(some, to_papers, to_mentions)
            gone = adding.written.keys() | adding.merger.dropped
            keep_rows(change.file("papers"), "id", gone, to_papers)
            keep_rows(change.file("mentions"), "paper", gone, to_mentions)
        adding.put_right(papers, mentions)
        with change.writing("strings") as strings:
            pq.write_table(count_strings(mentions, change.settings.read.memory), strings, compression="zstd")
    told = {name: value for name, value in reading.items() if value is not None}
    inputs = {str(f): {"file": str(f), "sha256": sha256_of(f), **told} for f in files if f.is_file()}
    older = {i["file"]: i for i in change.before.get("inputs", [])}
    change.news["inputs"] = [*({**older, **inputs}).values()]
    _write_merged(change, adding.merger.merged)
    return adding.added()


class _Adding:
    """Records sorted into those to write and those that are there already, or are another record of a paper."""

    def __init__(self, change: Change, later: _Spool) -> None:
        self._settings = change.settings.read
        self._known = digests_of(change.file("papers"))
        self._own = OwnIds()
        self.merger = _merger(change, self._own)
        self.written: dict[str, bytes] = {}  # with the digests of the records that were taken last
        self._later = later  # records of papers that are written already
        self._seen: dict[str, bytes] = {}
        self._met: set[str] = set()  # ids whose records are as they were
        self._emptied: list[str] = []
        self._duplicates: list[Duplicate] = []
        self._problems = Tally()
        self._formats: dict[str, str] = {}

    def fresh(self, files: Sequence[Path], reading: Reading) -> Iterator[list[tuple[Paper, bytes, str]]]:
        """Papers to write, with digest and format, some at a time."""
        from affil.papers.read import paper_digest, read_records

        some: list[tuple[Paper, bytes, str]] = []
        for record in read_records(files, self._problems.meet, self._settings, **reading):
            self._formats[record.path] = record.format
            self._refuse_another(record)
            digest = paper_digest(record.paper)
            if self._takes(record, digest):
                taken = record.paper, digest, record.format
                if record.paper.id in self.written:
                    self._later.put(taken)
                else:
                    some.append(taken)
                self.written[record.paper.id] = digest
            if len(some) == _CHUNK:
                yield some
                some = []
        yield some

    def put_right(self, papers: Path, mentions: Path) -> None:
        """Take out of the written tables what was written before a richer record of the paper came, and write that."""
        again = {paper.id: digest for paper, digest, _ in self._later}
        late = self.written.keys() & (self.merger.dropped | again.keys())
        if not late:
            return
        with _appending(papers, "id", late) as to_papers, _appending(mentions, "paper", late) as to_mentions:
            for paper, digest, format in self._later:
                if again[paper.id] == digest and paper.id not in self.merger.dropped:  # the last is the richest
                    write_papers([(paper, digest, format)], to_papers, to_mentions)

    def _takes(self, record: Record, digest: bytes) -> bool:
        from affil.papers.formats import readers
        from affil.papers.read import repeat_of

        paper = record.paper
        before, earlier = self._known.get(paper.id), self._seen.get(paper.id)
        if earlier is None:
            self._seen[paper.id] = digest
            if before == digest:
                self._met.add(paper.id)
                self.merger.met(paper.id)
                return False
        elif earlier == digest:
            self._duplicates.append(repeat_of(record, identical=True))
            return False
        again = earlier is not None and self.merger.source_of(paper.id) == record.format
        stated = self.merger.strings_of(paper.id)
        kept = self.merger.add(paper, record.format, partial=readers()[record.format].partial)
        if again:
            self._duplicates.append(repeat_of(record, identical=False, taken=kept is None))
        if kept is None and stated and not self.merger.strings_of(paper.id):
            self._emptied.append(paper.id)
        return kept is None

    def _refuse_another(self, record: Record) -> None:
        """Refuse a record whose id a person gave to another paper: one of them would be lost.

        Raises:
            InputError: it is such a one.
        """
        from affil.papers.formats import readers

        paper = record.paper
        if not readers()[record.format].own_ids:
            return
        place = f"{record.path}, {record.unit} {record.row}"
        if other := self._own.know(paper.id, identity_of(paper), place):
            problem = said(
                "paper {0!r} ({1!r}, {2}) is another than the one of this id in {3}",
                paper.id,
                paper.title[:60],
                paper.year,
                other,
            )
            fix = said(
                "give each paper an id that no other has, such as its DOI, or leave ids out: titles tell papers apart too"
            )
            raise InputError(record.path, problem, row=record.row, fix=fix, unit=record.unit)

    def added(self) -> Added:
        kept = self.written.keys() - self.merger.dropped
        same = {id for id in kept if self._known.get(id) == self.written[id]}
        older = {self.merger.stands_for(id) for id in self._known}  # what is kept of papers that were there
        return Added(
            new=len(kept - older),
            replaced=len((kept & older) - same),
            unchanged=len(same | (self._met - self.written.keys() - self.merger.dropped)),
            apart=tuple(self.merger.apart),
            emptied=tuple(self._emptied),
            duplicates=tuple(self._duplicates),
            problems=self._problems.found(),
            merged=tuple(self.merger.merged),
            formats=tuple(self._formats.items()),
        )


def _merger(change: Change, own: OwnIds) -> Merger:
    """What finds several records of one paper, told of all papers that the workspace has, as `own` is of those with ids that people gave.

    A paper with decisions about single mentions is kept, however rich another record is: the decisions hold for this one.
    """
    from affil.papers.formats import readers

    merger = Merger(change.settings.read.least_title)
    papers, mentions = change.file("papers"), change.file("mentions")
    if papers is None or mentions is None:
        return merger
    decided = {e.paper for e in WorkspaceFiles(change.folder, change.settings).open_ledger().entries() if e.paper}
    partial = {name for name, reader in readers().items() if reader.partial}
    by_hand = {name for name, reader in readers().items() if reader.own_ids}
    columns = pq.read_schema(papers).names
    doi, format = ("p.doi" if "doi" in columns else "NULL"), ("p.format" if "format" in columns else "NULL")
    with connect() as db:
        db.read_parquet(str(papers)).create_view("papers")
        db.read_parquet(str(mentions)).create_view("mentions")
        rows = db.execute(
            f"""SELECT p.id, coalesce({format}, 'affil'), coalesce({doi}, ''), p.title, p.year, p.venue,
                any_value(m.author) FILTER (m.position = 0), p.aligned,
                 count(DISTINCT m.position) FILTER (m.affiliation IS NOT NULL), count(m.affiliation),
                coalesce(sum(length(m.affiliation)), 0)
            FROM papers AS p LEFT JOIN mentions AS m ON m.paper = p.id GROUP BY ALL"""
        )
        while some := rows.fetchmany(_CHUNK):
            for id, source, doi, title, year, venue, author, aligned, stated, strings, length in some:
                rich = source not in partial, bool(aligned and stated), stated, strings, int(length)
                key = title_key(title, year, author or "", merger.least)
                what = identity(title, year, author or "", venue)
                merger.know(id, source, doi, key, rich, what, fixed=id in decided)
                if source in by_hand:
                    own.know(id, what, str(change.folder))
    return merger


def _write_merged(change: Change, merged: Sequence[Merged]) -> None:
    """Add to the table of records left out for a richer one of the same paper."""
    before = change.file("merged")
    if not merged and before is None:
        return
    with change.writing("merged") as file:
        known = [] if before is None else [Merged(**row) for row in pq.read_table(before, schema=MERGED).to_pylist()]
        rows: dict[tuple[str, str | None], Merged] = {}
        for one in (*known, *merged):
            own = one.kept_format if one.by == "id" else ""  # of one id, what tells the records apart is the format
            rows.pop((one.kept, own), None)  # it is kept now
            rows[one.dropped, one.dropped_format if own else ""] = one
        pq.write_table(pa.Table.from_pylist([asdict(one) for one in rows.values()], MERGED), file, compression="zstd")


def write_papers(
    papers: Sequence[tuple[Paper, bytes, str]], to_papers: pq.ParquetWriter, to_mentions: pq.ParquetWriter
) -> None:
    """Append papers and their mentions to the two files."""
    records = [
        {
            "id": p.id,
            "title": p.title,
            "venue": p.venue,
            "year": p.year,
            "authors": len(p.authors),
            "aligned": p.aligned,
            "digest": digest,
            "doi": p.doi,
            "format": format,
        }
        for p, digest, format in papers
    ]
    mentions = [row for p, _, _ in papers for row in _mentions(p)]
    to_papers.write_table(pa.Table.from_pylist(records, PAPERS))
    columns = zip(*mentions, strict=True) if mentions else [()] * len(MENTIONS)
    to_mentions.write_table(pa.table([pa.array(c, f.type) for c, f in zip(columns, MENTIONS, strict=True)], MENTIONS))


def _mentions(paper: Paper) -> Iterator[tuple[str, int | None, str | None, str | None]]:
    if not paper.aligned:
        for affiliation in paper.paper_affiliations or (None,):
            yield paper.id, None, None, affiliation
        return
    for position, author in enumerate(paper.authors):
        for affiliation in author.affiliations or (None,):
            yield paper.id, position, author.name, affiliation


def digests_of(papers: Path | None) -> dict[str, bytes]:
    """The digests of papers, by id."""
    if papers is None:
        return {}
    table = pq.read_table(papers, columns=["id", "digest"])
    return dict(zip(table.column("id").to_pylist(), table.column("digest").to_pylist(), strict=True))


def keep_rows(table: Path | None, column: str, gone: Set[str], writer: pq.ParquetWriter) -> None:
    """Copy the rows of an older table but those of papers that are gone; columns that it lacks are null."""
    if table is None:
        return
    values = pa.array(gone, TEXT)
    with pq.ParquetFile(table) as old:
        for batch in old.iter_batches():
            kept = batch.filter(pc.invert(pc.is_in(batch.column(column), value_set=values)))
            columns = [
                kept.column(f.name) if f.name in kept.schema.names else pa.nulls(len(kept), f.type) for f in writer.schema
            ]
            writer.write_batch(pa.record_batch(columns, schema=writer.schema))


@contextmanager
def _appending(table: Path, column: str, gone: Set[str]) -> Iterator[pq.ParquetWriter]:
    """Take the rows of papers out of a table that is being written, and write others behind the rest.

    It stays the same file, which its lock tells from what a killed process left (`affil.io.outputs.sweep`).
    """
    with tempfile.TemporaryFile() as whole:
        with pq.ParquetWriter(whole, pq.read_schema(table), compression="zstd") as writer:
            keep_rows(table, column, gone, writer)
            yield writer
        whole.seek(0)
        with table.open("wb") as file:
            shutil.copyfileobj(whole, file)


class _Spool:
    """Papers kept in a file until they are written, with digest and format."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def put(self, one: tuple[Paper, bytes, str]) -> None:
        self._file.seek(0, os.SEEK_END)
        pickle.dump(one, self._file)

    def __iter__(self) -> Iterator[tuple[Paper, bytes, str]]:
        self._file.seek(0)
        with suppress(EOFError):
            while True:
                yield pickle.load(self._file)


def count_strings(mentions: Path, memory: str) -> pa.Table:
    """Distinct strings with numbers of mentions and papers, most frequent first; beyond a limit of memory it uses the disk."""
    with database(memory) as db:
        db.read_parquet(str(mentions)).create_view("mentions")
        return db.sql(
            "SELECT affiliation, count(*) AS mentions, count(DISTINCT paper) AS papers FROM mentions "
            "WHERE affiliation IS NOT NULL GROUP BY affiliation ORDER BY mentions DESC, affiliation"
        ).to_arrow_table()
