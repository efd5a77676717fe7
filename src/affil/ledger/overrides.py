"""Apply decisions on single mentions to counting: the mention gets a string of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from affil.io.database import connect
from affil.ledger.cases import Key

# a decision on one author overrides one on the whole paper
_APART = """
SELECT m.paper, m.position, m.author, coalesce(one.apart, whole.apart, m.affiliation) AS affiliation
FROM mentions AS m
LEFT JOIN apart AS one ON one.affiliation = m.affiliation AND one.paper = m.paper AND one.position = m.position
LEFT JOIN apart AS whole ON whole.affiliation = m.affiliation AND whole.paper = m.paper AND whole.position IS NULL
"""


# such decisions change a paper's digest, so that it is recounted
_DIGEST = """
SELECT p.* REPLACE (CASE WHEN apart.names IS NULL THEN p.digest ELSE unhex(md5(concat(hex(p.digest), apart.names))) END AS digest)
FROM papers AS p
LEFT JOIN (SELECT paper, string_agg(apart, chr(31) ORDER BY apart) AS names FROM apart GROUP BY paper) AS apart ON apart.paper = p.id
"""


@dataclass(frozen=True, slots=True)
class Apart:
    """Papers and mentions, with artificial strings for mentions decided separately."""

    papers: Path | pa.Table
    mentions: Path | pa.Table


def apart_name(key: Key) -> str:
    """The artificial string of a mention decided separately."""
    return json.dumps(key, ensure_ascii=False)


def set_apart(papers: Path, mentions: Path, decided: Mapping[Key, tuple[str, ...]]) -> tuple[Apart, dict[str, tuple[str, ...]]]:
    """Rewrite papers, mentions and decisions so that decisions on single mentions apply to these only.

    Args:
        papers: Parquet with id and digest.
        mentions: Parquet with paper, position, author, affiliation.
        decided: current decisions (`Cases.current()`).

    Returns:
        The tables, and string -> ids.
    """
    single = {apart_name(key): key for key in decided if key.paper}
    by_string = {key.affiliation: ids for key, ids in decided.items() if not key.paper}
    if not single:
        return Apart(papers, mentions), by_string
    columns = zip(*single.values(), strict=True)
    schema = {"affiliation": pa.string(), "paper": pa.string(), "position": pa.int32()}
    apart = {name: pa.array(column, kind) for (name, kind), column in zip(schema.items(), columns, strict=True)}
    with connect() as db:
        db.read_parquet(str(papers)).create_view("papers")
        db.read_parquet(str(mentions)).create_view("mentions")
        db.register("apart", pa.table({**apart, "apart": pa.array(list(single), pa.string())}))
        tables = Apart(db.sql(_DIGEST).to_arrow_table(), db.sql(_APART).to_arrow_table())
    return tables, by_string | {name: decided[key] for name, key in single.items()}
