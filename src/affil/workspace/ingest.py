"""Add papers to the tables of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.types import Paper
from affil.workspace.layout import MENTIONS, PAPERS, TEXT, Change, sha256_of

if TYPE_CHECKING:
    from affil.papers.common import Problem
    from affil.papers.read import Duplicate

_CHUNK = 20_000  # papers in memory at a time


@dataclass(frozen=True, slots=True)
class Added:
    """Result of `add_papers`: numbers of papers that are new, replaced an older record, or were present already.

    `duplicates` are repeated ids in the files, of which the first record was used. `problems` are records skipped or partly
    read.
    """

    new: int
    replaced: int
    unchanged: int
    duplicates: tuple[Duplicate, ...] = ()
    problems: tuple[Problem, ...] = ()

    def problem_lines(self) -> list[str]:
        """The problems as messages, grouped by kind."""
        together: dict[tuple[str, str, bool], list[int]] = {}
        for one in self.problems:
            together.setdefault((one.path, one.what, one.lost), []).append(one.row)
        return [
            f"{path}: {len(rows):,} {'papers left out' if lost else 'papers'}, as each {what} (first: row {rows[0]})"
            for (path, what, lost), rows in together.items()
        ]


def add_papers(change: Change, paths: Path | str | Iterable[Path | str]) -> Added:
    """Add papers within a step."""
    from affil.papers.read import paper_digest, read_papers

    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(p) for p in paths]
    with change.writing("papers") as papers, change.writing("mentions") as mentions:
        known = digests_of(change.file("papers"))
        duplicates: list[Duplicate] = []
        problems: list[Problem] = []
        counts = {"new": 0, "replaced": 0, "unchanged": 0}
        with (
            pq.ParquetWriter(papers, PAPERS, compression="zstd") as to_papers,
            pq.ParquetWriter(mentions, MENTIONS, compression="zstd") as to_mentions,
        ):
            fresh: list[tuple[Paper, bytes]] = []
            newer: set[str] = set()
            for paper in read_papers(files, duplicates.append, problems.append, change.settings.read):
                before, digest = known.get(paper.id), paper_digest(paper)
                state = "new" if before is None else "unchanged" if before == digest else "replaced"
                counts[state] += 1
                if state == "unchanged":
                    continue
                newer.add(paper.id)
                fresh.append((paper, digest))
                if len(fresh) == _CHUNK:
                    write_papers(fresh, to_papers, to_mentions)
                    fresh = []
            write_papers(fresh, to_papers, to_mentions)
            keep_rows(change.file("papers"), "id", newer, to_papers)
            keep_rows(change.file("mentions"), "paper", newer, to_mentions)
        with change.writing("strings") as strings:
            pq.write_table(count_strings(mentions), strings, compression="zstd")
    inputs = {str(f): {"file": str(f), "sha256": sha256_of(f)} for f in files if f.is_file()}
    older = {i["file"]: i for i in change.before.get("inputs", [])}
    change.news["inputs"] = [*({**older, **inputs}).values()]
    return Added(**counts, duplicates=tuple(duplicates), problems=tuple(problems))


def write_papers(papers: Sequence[tuple[Paper, bytes]], to_papers: pq.ParquetWriter, to_mentions: pq.ParquetWriter) -> None:
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
        }
        for p, digest in papers
    ]
    mentions = [row for p, _ in papers for row in _mentions(p)]
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


def keep_rows(table: Path | None, column: str, newer: set[str], writer: pq.ParquetWriter) -> None:
    """Copy the rows of papers without a newer record."""
    if table is None:
        return
    replaced = pa.array(newer, TEXT)
    with pq.ParquetFile(table) as old:
        for batch in old.iter_batches():
            writer.write_batch(batch.filter(pc.invert(pc.is_in(batch.column(column), value_set=replaced))))


def count_strings(mentions: Path) -> pa.Table:
    """Distinct strings with numbers of mentions and papers, most frequent first."""
    with duckdb.connect() as db:
        db.read_parquet(str(mentions)).create_view("mentions")
        return db.sql(
            "SELECT affiliation, count(*) AS mentions, count(DISTINCT paper) AS papers FROM mentions "
            "WHERE affiliation IS NOT NULL GROUP BY affiliation ORDER BY mentions DESC, affiliation"
        ).to_arrow_table()
