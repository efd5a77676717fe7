"""Papers into the tables of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from affil.types import Paper
from affil.workspace.layout import MENTIONS, PAPERS, TEXT


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
    """The digest of each paper, by its id."""
    if papers is None:
        return {}
    table = pq.read_table(papers, columns=["id", "digest"])
    return dict(zip(table.column("id").to_pylist(), table.column("digest").to_pylist(), strict=True))


def keep_rows(table: Path | None, column: str, newer: set[str], writer: pq.ParquetWriter) -> None:
    """Copy the rows of papers that have no newer record."""
    if table is None:
        return
    replaced = pa.array(newer, TEXT)
    with pq.ParquetFile(table) as old:
        for batch in old.iter_batches():
            writer.write_batch(batch.filter(pc.invert(pc.is_in(batch.column(column), value_set=replaced))))
