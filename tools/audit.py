#!/usr/bin/env python3
"""Hold the matcher against author mentions of papers that were labelled by hand: what is decided, and how much of that is right.

    tools/audit.py PAPERS... [--labels gold/audits/papers.csv] [--registry FILE] [--json]

A mention is an author with a raw affiliation string; the labels name it by paper id and author position, the string is read from
PAPERS (JSON Lines, plain or gzip). Labels of papers that are not among PAPERS are left out, and counted.

A mention names an organisation unless its note begins with "no organisation", also where the registry does not have that
organisation. It is a match where all that was found is sure, review as soon as one institution needs a person, none where nothing
was found. A match is entirely right if it has all labelled institutions and no other; under a label whose note begins with
"ambiguous", if all its institutions are among the labelled ones. Closed institutions stand for their successor. Each share has
the 95% interval of Wilson (1927). Wrong matches are listed by paper and position, never with the string.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from affil import AffilError, InputError, Matcher, Registry, UnknownIdError
from affil.cli.show import console, plain, plain_table, working
from affil.io.tables import open_table
from affil.papers.read import read_papers
from affil.types import Decision

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools.common import papers_parser, run

LABELS = Path(__file__).resolve().parents[1] / "gold" / "audits" / "papers.csv"
COLUMNS = ("paper", "position", "institution_ids", "note")
CONFIDENCE = 0.95
Mention = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Label:
    """What a mention names: ids, resolved to those of today. `named` is false where it names no organisation at all."""

    ids: frozenset[str]
    named: bool
    ambiguous: bool


def audit(papers: list[Path], labels: Path, registry: Path | None) -> dict[str, Any]:
    """Match the labelled mentions: shares with intervals, and the wrong matches.

    Raises:
        AffilError: a file cannot be read, a label is broken, or none of the labelled mentions is in the papers.
    """
    with working("matching"):
        matcher = Matcher.load(registry)
        labelled = read_labels(labels, matcher.registry)
        strings = read_strings(papers, labelled.keys())
        if not strings:
            raise AffilError(f"{labels}: none of its papers is among those given")
        results = dict(zip(strings, matcher.match_many(list(strings.values())), strict=True))
    known = {mention: labelled[mention] for mention in strings}
    named = [results[m].decision for m, label in known.items() if label.named]
    matched = {
        m: frozenset(matcher.registry.resolve(x.institution.id) for x in results[m].matches)
        for m in known
        if results[m].decision is Decision.MATCH
    }
    wrong = [m for m, ids in matched.items() if not right(known[m], ids)]
    return {
        "registry": matcher.registry.version,
        "model": matcher.model_hash,
        "labels": len(labelled),
        "labelled": len(known),
        "ambiguous": sum(label.ambiguous for label in known.values()),
        "ambiguous_matched": sum(known[m].ambiguous for m in matched),
        "named": share(len(named), len(known)),
        **{decision.value: share(named.count(decision), len(named)) for decision in Decision},
        "unnamed_matched": sum(not known[m].named for m in matched),
        "right": share(len(matched) - len(wrong), len(matched)),
        "pairs": share(sum(len(ids & known[m].ids) for m, ids in matched.items()), sum(map(len, matched.values()))),
        "wrong": [
            {
                "paper": m[0],
                "position": m[1],
                "labelled": names(known[m].ids, matcher.registry),
                "matched": names(matched[m], matcher.registry),
            }
            for m in sorted(wrong)
        ],
    }


def read_labels(path: Path, registry: Registry) -> dict[Mention, Label]:
    """The labels by paper and position; raises InputError for a row that is none."""
    labels: dict[Mention, Label] = {}
    with open_table(path) as table:
        for column in COLUMNS:
            if column not in table.columns:
                raise InputError(path, f"no column {column!r}", row=1, fix=f"its columns must be {', '.join(COLUMNS)}")
        for batch in table.batches(10_000):
            cells = (["" if v is None else str(v) for v in batch.columns[c]] for c in COLUMNS)
            for row, paper, position, ids, note in zip(batch.rows, *cells, strict=True):
                if not position.isdecimal():
                    raise InputError(path, f"position {position!r} is no number", row=row, fix="count authors from 0")
                mention = (paper, int(position))
                if mention in labels:
                    raise InputError(path, f"{paper} {position} is labelled twice", row=row, fix="remove one of them")
                try:
                    resolved = frozenset(registry.resolve(i) for i in ids.split())
                except UnknownIdError as error:
                    raise InputError(path, str(error), row=row) from error
                named = not note.startswith("no organisation")
                if bool(resolved) > named or not (resolved or note):
                    fix = 'give ids, or a note that begins with "unknown: NAME" or "no organisation"'
                    raise InputError(path, "ids and note do not go together", row=row, fix=fix)
                labels[mention] = Label(resolved, named, note.startswith("ambiguous"))
    return labels


def read_strings(papers: list[Path], mentions: Iterable[Mention]) -> dict[Mention, str]:
    """The raw strings of the mentions whose papers are there; a label is for the only string of its author."""
    positions: dict[str, list[int]] = {}
    for paper, position in mentions:
        positions.setdefault(paper, []).append(position)
    strings: dict[Mention, str] = {}
    for read in read_papers(papers):
        for position in positions.get(read.id, ()):
            found = read.authors[position].affiliations if position < len(read.authors) else ()
            if len(found) != 1:
                raise AffilError(f"{read.id}: author {position} has {len(found)} affiliations, a label is for one; correct it")
            strings[read.id, position] = found[0]
    return strings


def right(label: Label, ids: frozenset[str]) -> bool:
    """Whether what was matched is entirely what was labelled."""
    return ids <= label.ids if label.ambiguous else ids == label.ids


def share(part: int, whole: int) -> dict[str, Any]:
    """A share with its Wilson interval; None where there is nothing to divide by."""
    if not whole:
        return {"count": part, "of": whole, "share": None, "low": None, "high": None}
    interval = binomtest(part, whole).proportion_ci(CONFIDENCE, "wilson")
    return {"count": part, "of": whole, "share": part / whole, "low": float(interval.low), "high": float(interval.high)}


def names(ids: Iterable[str], registry: Registry) -> list[dict[str, str]]:
    return [{"id": i, "name": registry.get(i).name} for i in sorted(ids)]


def show(found: dict[str, Any]) -> None:
    out = console()
    out.print(f"{found['labelled']:,} mentions labelled; {found['labels'] - found['labelled']:,} more in papers not given")
    table = plain_table("", "mentions>", "of>", "share>", "95% interval>")
    rows = {
        "name an organisation": "named",
        **{f"  decided {decision}": decision.value for decision in Decision},
        "decided match, entirely right": "right",
        "  institutions matched, right": "pairs",
    }
    for what, key in rows.items():
        row = found[key]
        interval = "" if row["share"] is None else f"{row['low']:.1%} to {row['high']:.1%}"
        value = "" if row["share"] is None else f"{row['share']:.1%}"
        table.add_row(what, f"{row['count']:,}", f"{row['of']:,}", value, interval)
    out.print(table)
    out.print(f"Decided match though they name no organisation (wrong): {found['unnamed_matched']:,}")
    out.print(
        f"Ambiguous labels: {found['ambiguous']:,}, decided match: {found['ambiguous_matched']:,}; "
        "right if what is matched is among the labelled institutions\n"
    )
    table = plain_table("paper", "position>", "labelled", "matched", title=f"{len(found['wrong']):,} wrong matches")
    for row in found["wrong"]:
        cells = ("; ".join(f"{i['name']} ({i['id']})" for i in row[key]) for key in ("labelled", "matched"))
        table.add_row(plain(row["paper"]), str(row["position"]), *map(plain, cells))
    out.print(table)


def main() -> int:
    parser = papers_parser(__doc__)
    parser.add_argument("--labels", type=Path, default=LABELS, metavar="FILE", help="default: gold/audits/papers.csv")
    return run(parser, lambda args: audit(args.papers, args.labels, args.registry), show)


if __name__ == "__main__":
    sys.exit(main())
