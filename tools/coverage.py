#!/usr/bin/env python3
"""Count how many author mentions of papers a registry decides, and which strings it does not.

    tools/coverage.py PAPERS... [--registry FILE] [--top 100] [--json]

A mention is an author with one raw affiliation string (or, in papers whose affiliations are not aligned to authors, the paper with
one). It is a match where its string names an institution for sure, review where one is only likely, none where nothing was found;
mentions without any string are left out. Reported are all, each year, each venue, and the strings without a match that are
mentioned most, with the likeliest institution and its probability where there is one. PAPERS is JSON Lines, plain or gzip.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from affil import Workspace
from affil.cli.show import console, counting, plain, plain_table, working

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.common import papers_parser, run

DECISIONS = ("match", "review", "none")
# A string has one row for each institution found; the likeliest sure one stands for it, else the likeliest.
DECIDED = """
CREATE TEMP TABLE decided AS
SELECT affiliation, arg_max(
    {decision: decision, institution: institution_id, probability: probability}, (decision = 'match', probability)
) AS answer
FROM matches GROUP BY affiliation
"""
SHARES = """
SELECT {by} AS name, count(*) AS mentions,
    avg((answer.decision = 'match')::INT) AS match,
    avg((answer.decision = 'review')::INT) AS review,
    avg((answer.decision = 'none')::INT) AS none
FROM mentions JOIN decided USING (affiliation) JOIN papers ON papers.id = mentions.paper
GROUP BY ALL ORDER BY ALL
"""
OPEN = """
SELECT affiliation, mentions, answer.decision AS decision, answer.institution AS id, i.name AS guess, i.city, i.country,
    answer.probability AS probability
FROM strings JOIN decided USING (affiliation) LEFT JOIN institutions AS i ON i.id = answer.institution
WHERE answer.decision <> 'match'
ORDER BY mentions DESC, affiliation LIMIT ?
"""


def coverage(papers: list[Path], registry: Path | None, top: int) -> dict[str, Any]:
    """Match the papers in a workspace that is thrown away: shares `overall`, `by_year`, `by_venue`, and strings `open`."""
    with tempfile.TemporaryDirectory(prefix="affil-coverage-") as folder, duckdb.connect() as db:
        workspace = Workspace.open(Path(folder) / "workspace", create=True)
        with working("reading"):
            workspace.add_papers(papers)
        with counting("matching", "strings") as progress:
            workspace.run(progress=progress, registry=registry)
        for table in ("papers", "mentions", "strings", "matches", "institutions"):
            db.read_parquet(str(workspace.table(table))).create_view(table)
        db.execute(DECIDED)
        groups = {"overall": "'all'", "by_year": "year", "by_venue": "venue"}
        shares = {key: records(db, SHARES.format(by=by)) for key, by in groups.items()}
        return {"registry": workspace.manifest["registry"]["version"], **shares, "open": records(db, OPEN, top)}


def records(db: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = db.sql(query, params=list(values)).to_arrow_table().to_pylist()
    return rows


def show(found: dict[str, Any]) -> None:
    out = console()
    for what in ("overall", "by_year", "by_venue"):
        table = plain_table(what.removeprefix("by_"), "mentions>", *(f"{d}>" for d in DECISIONS))
        for row in found[what]:
            table.add_row(plain(row["name"]), f"{row['mentions']:,}", *(f"{row[d]:.1%}" for d in DECISIONS))
        out.print(table, "")
    table = plain_table(
        "mentions>", "decision", "string", "best guess", "probability>", title="Most frequent strings not matched"
    )
    for row in found["open"]:
        guess = f"{row['guess']} ({row['city']}, {row['country']})" if row["guess"] else ""
        likely = "" if row["probability"] is None else f"{row['probability']:.2f}"
        table.add_row(f"{row['mentions']:,}", row["decision"], plain(row["affiliation"]), plain(guess), likely)
    out.print(table)


def main() -> int:
    parser = papers_parser(__doc__)
    parser.add_argument("--top", type=int, default=100, help="strings not matched to list (default: 100)")
    return run(parser, lambda args: coverage(args.papers, args.registry, args.top), show)


if __name__ == "__main__":
    sys.exit(main())
