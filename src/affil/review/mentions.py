"""Decisions about single mentions, for whoever counts: the mention gets a string of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from affil.review.standing import Key

# A decision about one author stands above one about the whole paper.
_APART = """
SELECT m.paper, m.position, m.author, coalesce(one.apart, whole.apart, m.affiliation) AS affiliation
FROM mentions AS m
LEFT JOIN apart AS one ON one.affiliation = m.affiliation AND one.paper = m.paper AND one.position = m.position
LEFT JOIN apart AS whole ON whole.affiliation = m.affiliation AND whole.paper = m.paper AND whole.position IS NULL
"""


def set_apart(mentions: Path, decided: Mapping[Key, tuple[str, ...]]) -> tuple[Path | pa.Table, dict[str, tuple[str, ...]]]:
    """Mentions and decisions by string, such that what was decided about single mentions holds for these alone.

    Args:
        mentions: Parquet with paper, position, author, affiliation.
        decided: what holds (`Standing.current()`).

    Returns:
        The mentions, those decided singly under a string made up for them, and string -> ids.
    """
    single = {json.dumps(key, ensure_ascii=False): key for key in decided if key.paper}
    by_string = {key.affiliation: ids for key, ids in decided.items() if not key.paper}
    if not single:
        return mentions, by_string
    columns = zip(*single.values(), strict=True)
    schema = {"affiliation": pa.string(), "paper": pa.string(), "position": pa.int32()}
    apart = {name: pa.array(column, kind) for (name, kind), column in zip(schema.items(), columns, strict=True)}
    with duckdb.connect() as db:
        db.read_parquet(str(mentions)).create_view("mentions")
        db.register("apart", pa.table({**apart, "apart": pa.array(list(single), pa.string())}))
        table = db.sql(_APART).to_arrow_table()
    return table, by_string | {name: decided[key] for name, key in single.items()}
