"""Fractional credit of papers, author mentions and matches. The SQL in `sql/` is the published method (docs/ranking.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from affil.io.arrays import of_numpy, one_text, put, to_numpy
from affil.io.people import SUFFIX
from affil.rank.venues import Venues
from affil.settings import RankSettings
from affil.wording import said

# Authors and titles are equal up to case, accents, punctuation and blanks, but not word order and initials.
_FOLDED = r"""CREATE MACRO folded(name) AS
    nullif(trim(regexp_replace(lower(strip_accents(name)), '[^\p{L}\p{M}\p{N}]+', ' ', 'g')), '')"""
# Exports of one source write "Wang, Wei" and "Diaz, C., Jr." where others write "Wei Wang" and "C. Diaz Jr.".
_SUFFIXED = rf"({SUFFIX})"
_PERSON = rf"""CREATE MACRO person(name) AS folded(regexp_replace(regexp_replace(regexp_replace(name,
    '^([^,]+),\s*{_SUFFIXED}\s*$', '\1 \2', 'i'),
    '^([^,]+),\s*{_SUFFIXED}\s*,([^,]+)$', '\3 \1 \2', 'i'),
    '^([^,]+),([^,]+)(?:,\s*{_SUFFIXED}\s*)?$', '\2 \1 \3', 'i'))"""
VenueYear = tuple[str, int]
TEXTS = ("paper", "author", "affiliation", "institution", "stated", "named_parents")
_TEXT = pa.dictionary(pa.int32(), pa.string())
CREDIT = pa.schema(
    [
        *[("venue", _TEXT), ("year", pa.int16()), ("paper", _TEXT), ("aligned", pa.bool_()), ("position", pa.int32())],
        *[(name, _TEXT) for name in TEXTS[1:]],
        *[("probability", pa.float64()), ("credit", pa.decimal128(16, 15)), ("counted", pa.bool_()), ("several", pa.bool_())],
    ]
)
_NUMBERS = {"affiliation": "string"}  # names of the numbers of texts, where they are others
_NUMBERED = {  # the texts by number
    "paper": "SELECT id FROM paper ORDER BY paper",
    "author": "SELECT DISTINCT folded FROM person WHERE folded IS NOT NULL ORDER BY folded",
    "affiliation": "SELECT affiliation FROM string ORDER BY string",
    "institution": "SELECT DISTINCT id FROM naming WHERE id IS NOT NULL ORDER BY id",
    "stated": "SELECT '' AS place UNION SELECT place FROM naming ORDER BY place",
    "named_parents": "SELECT '' AS above UNION SELECT above FROM naming ORDER BY above",
}
_PLACE = ("country", "region", "city")


@dataclass(frozen=True, slots=True)
class Tables:
    """The input of a ranking, as Parquet files or Arrow tables; any matcher's output can be ranked.

    papers: id, title, venue, year, authors (their number), aligned. mentions: paper, position (null where not aligned), author,
    affiliation (null where missing). matches: affiliation, institution_id (null where none), probability (null: certain),
    decision (match, review, none); optional: stated_country, stated_region, stated_city (the place that the string gives),
    named (the id of the closed institution that the string names, whose successor institution_id is), named_parents (list of the
    ids of institutions above it that the string names beside it, of which a roll-up takes its way). institutions: id,
    active_id (the successor's id, else its own), name, name_zh, kind, country, region, city, parents (list of ids); optional:
    other_ids (list; decisions may use them), successor_from (the first year that counts for the successor).
    """

    papers: Path | pa.Table
    mentions: Path | pa.Table
    matches: Path | pa.Table
    institutions: Path | pa.Table


@cache
def sql(name: str) -> str:
    """One of the published queries."""
    return resources.files("affil.rank").joinpath(f"sql/{name}.sql").read_text("utf-8")


def attach(db: duckdb.DuckDBPyConnection, name: str, table: Path | pa.Table) -> None:
    """Register a table under a name."""
    if isinstance(table, pa.Table):
        db.register(name, table)
    else:
        db.read_parquet(str(table)).create_view(name)


def prepare(
    db: duckdb.DuckDBPyConnection,
    tables: Tables,
    decisions: Mapping[str, Sequence[str]],
    venues: Venues,
    settings: RankSettings,
    strings: Collection[str] | None = None,
) -> None:
    """Attach the tables, and create `answer` (institutions of each string, or of some) and `venue_name` (published name to short name)."""
    for name in Tables.__dataclass_fields__:
        attach(db, name, getattr(tables, name))
    db.execute(_FOLDED)
    db.execute(_PERSON)
    pairs = [(affiliation, identifier) for affiliation, ids in decisions.items() for identifier in ids]
    put(db, "decisions", affiliation=("VARCHAR", list(decisions)))
    put(db, "said", affiliation=("VARCHAR", [a for a, _ in pairs]), given=("VARCHAR", [i for _, i in pairs]))
    find_ids(db, {i for _, i in pairs})
    db.execute(sql("decided"))
    columns = _columns(db, "matches")
    has_stated = columns >= {f"stated_{f}" for f in _PLACE}
    place = "concat_ws('/', " + ", ".join(f"coalesce(stated_{f}, '')" for f in _PLACE) + ")" if has_stated else "''"
    named = "nullif(named, '')" if "named" in columns else "NULL"
    parents = "" if "named_parents" in columns else "CAST(NULL AS VARCHAR[]) AS named_parents, "
    if strings is not None:
        put(db, "asked", affiliation=("VARCHAR", sorted(strings)))
        db.execute("DELETE FROM decisions WHERE affiliation NOT IN (SELECT affiliation FROM asked)")
    some = "" if strings is None else " SEMI JOIN asked USING (affiliation)"
    db.execute(
        f"CREATE TEMP VIEW placed_match AS SELECT *, {named} AS former, {parents}"
        f"CASE {place} WHEN '//' THEN '' ELSE {place} END AS stated FROM matches{some}"
    )
    known = settings.successors and "successor_from" in _columns(db, "institutions")
    year = "CAST(successor_from AS SMALLINT)" if known else "CAST(NULL AS SMALLINT)"
    db.execute(
        f"CREATE TEMP VIEW succession AS SELECT id, active_id, {year} AS year FROM institutions "
        "WHERE id <> active_id AND year IS NOT NULL"
    )
    db.execute("SET VARIABLE stated_kinds = ?", [list(settings.stated_places)])
    db.execute(sql("forked"))
    db.execute(sql("answers"))
    _name_venues(db, venues)


def _name_venues(db: duckdb.DuckDBPyConnection, venues: Venues) -> None:
    """Create `venue_name`; names that the table lacks and only letter case tells apart are one venue, as most papers write it."""
    papers = db.execute("SELECT venue, count(*) AS papers FROM papers GROUP BY venue ORDER BY papers DESC, venue").fetchall()
    published = [str(venue) for venue, _ in papers]
    spelt: dict[str, str] = {}
    for name in published:
        spelt.setdefault(name.casefold(), name)
    found = [venues.resolve(name) for name in published]
    short = [spelt[name.casefold()] if venue is None else venue.venue for name, venue in zip(published, found, strict=True)]
    put(db, "venue_name", published=("VARCHAR", published), venue=("VARCHAR", short))


def find_ids(db: duckdb.DuckDBPyConnection, given: Iterable[str]) -> None:
    """Create the table `meant`: the institution of each given id or other id."""
    put(db, "given_id", id=("VARCHAR", sorted(given)))
    known = dict(db.execute("SELECT id, id IN (SELECT id FROM institutions) FROM given_id ORDER BY id").fetchall())
    forms = [(one, form, place) for one, there in known.items() for place, form in enumerate((one,) if there else _forms(one))]
    texts = {"given": ("VARCHAR", [g for g, _, _ in forms]), "form": ("VARCHAR", [f for _, f, _ in forms])}
    put(db, "form", **texts, place=("BIGINT", [p for _, _, p in forms]))
    others = "unnest(other_ids)" if "other_ids" in _columns(db, "institutions") else "NULL"  # optional column
    db.execute(f"CREATE OR REPLACE TEMP VIEW other AS SELECT id, {others} AS other_id FROM institutions")
    db.execute(sql("meant"))


def _forms(written: str) -> tuple[str, ...]:
    """The forms under which to look up an id that the registry does not have as it is written, likeliest first."""
    from affil.names.ids import id_forms  # and with it all that reads names, which takes long to load

    return id_forms(written)


def number(
    db: duckdb.DuckDBPyConnection, settings: RankSettings, wanted: Iterable[VenueYear] | None = None
) -> list[tuple[VenueYear, int, int]]:
    """Create the tables of numbered papers, strings and mentions, and `stats`, for the given venues and years (default: all).

    Returns (venue and year, number of its first paper, number of its last paper), in order.
    """
    if wanted is None:
        db.execute(
            "CREATE TEMP TABLE wanted AS SELECT DISTINCT venue_name.venue, papers.year "
            "FROM papers JOIN venue_name ON venue_name.published = papers.venue"
        )
    else:
        some = list(wanted)
        put(db, "wanted", venue=("VARCHAR", [venue for venue, _ in some]), year=("SMALLINT", [year for _, year in some]))
    db.execute("SET VARIABLE include_review = ?", [settings.include_review])
    db.execute("SET VARIABLE min_title = ?", [settings.min_title])
    db.execute(sql("papers"))
    db.execute(sql("mentions"))
    db.execute(f"CREATE TEMP TABLE stats AS {sql('stats').format(answer='answer')}")
    return _spans(db)


def number_again(db: duckdb.DuckDBPyConnection, settings: RankSettings) -> list[tuple[VenueYear, int, int]]:
    """The same, without `stats`, for the papers of `credit_before` that mention a string of the table `changed`."""
    db.execute("SET VARIABLE include_review = ?", [settings.include_review])
    db.execute(sql("again"))
    db.execute(sql("mentions"))
    return _spans(db)


def _spans(db: duckdb.DuckDBPyConnection) -> list[tuple[VenueYear, int, int]]:
    spans = db.execute("SELECT venue, year, min(paper), max(paper) FROM paper GROUP BY ALL ORDER BY ALL").fetchall()
    return [((str(venue), int(year)), first, last) for venue, year, first, last in spans]


def count_credit(
    db: duckdb.DuckDBPyConnection, spans: Iterable[tuple[VenueYear, int, int]], settings: RankSettings
) -> Iterator[tuple[VenueYear, pa.Table]]:
    """The credit of venues and years, as `number` returned them: see sql/credit.sql; texts are dictionaries, each in the order of its rows."""
    texts = {name: db.sql(query).to_arrow_table().column(0).combine_chunks() for name, query in _NUMBERED.items()}
    for some in batches(spans, settings.papers_at_once):
        db.execute("SET VARIABLE first_paper = ?", [some[0][1]])
        db.execute("SET VARIABLE last_paper = ?", [some[-1][2]])
        rows = db.sql(sql("credit")).to_arrow_table().combine_chunks()
        ends = np.searchsorted(to_numpy(rows.column("paper")), [last for *_, last in some], side="right").tolist()
        for (where, *_), start, end in zip(some, [0, *ends], ends, strict=False):
            yield where, _with_texts(rows.slice(start, end - start), where, texts)


def all_credit(db: duckdb.DuckDBPyConnection, spans: Iterable[tuple[VenueYear, int, int]], settings: RankSettings) -> pa.Table:
    """The same of all of them in one table."""
    parts = [part for _, part in count_credit(db, spans, settings)]
    return pa.concat_tables(parts) if parts else CREDIT.empty_table()  # which loads pandas


def as_credit(rows: pa.Table) -> pa.Table:
    """Credit of a venue and year with dictionaries for texts, as `count_credit` makes them."""
    columns = [rows.column(name).combine_chunks() for name in CREDIT.names]
    return pa.table([c.dictionary_encode() if pa.types.is_string(c.type) else c for c in columns], CREDIT)


def _with_texts(rows: pa.Table, where: VenueYear, texts: Mapping[str, pa.Array]) -> pa.Table:
    """Rows of a venue and year with texts for numbers."""
    columns = dict(zip(rows.column_names, (c.combine_chunks() for c in rows.columns), strict=True))
    columns |= {name: _as_text(columns[_NUMBERS.get(name, name)], texts[name]) for name in texts}
    venue = pa.DictionaryArray.from_arrays(of_numpy(np.zeros(len(rows), np.int32)), one_text(where[0]))
    columns |= {"venue": venue, "year": of_numpy(np.full(len(rows), where[1], np.int16))}
    return pa.table([columns[name] for name in CREDIT.names], CREDIT)


def _as_text(numbers: pa.Array, texts: pa.Array) -> pa.DictionaryArray:
    few = numbers.dictionary_encode()
    return pa.DictionaryArray.from_arrays(few.indices, texts.take(few.dictionary))


def batches(spans: Iterable[tuple[VenueYear, int, int]], papers: int) -> Iterator[list[tuple[VenueYear, int, int]]]:
    """Group venues and years to count together, until they have so many papers."""
    batch: list[tuple[VenueYear, int, int]] = []
    for one in spans:
        if batch and one[2] - batch[0][1] >= papers:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def lost_decisions(db: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """A warning for each decided id missing from the registry: the decision is kept, but counts for nothing."""
    lost = db.execute(
        "SELECT institution_id, min(affiliation), count(*) FROM decided "
        "ANTI JOIN institutions ON institutions.id = decided.institution_id GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(
        said("the registry no longer has {0}, decided for {1!r}", identifier, example)
        + (said(" and {0} more strings", strings - 1) if strings > 1 else "")
        + said("; the decision is kept but counts for nobody: decide again with an id of today")
        for identifier, example, strings in lost
    )


def _columns(db: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {name for name, *_ in db.execute(f"DESCRIBE {table}").fetchall()}
