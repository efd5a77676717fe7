"""The doubtful strings of a file as a spreadsheet, and its answers back into the matches; without a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import pyarrow as pa

from affil.batch.answers import AnswerRows, decided_answer
from affil.batch.files import Matching, Opening, matched, strings_in
from affil.io.database import database
from affil.io.files import shown_name
from affil.ledger.cases import NOT_AN_ORGANISATION
from affil.match import Matcher
from affil.registry import Registry
from affil.registry.written import Written
from affil.review.doubts import doubts_of
from affil.review.spreadsheet import asked_in, check_sheet_name, listed, read_answers, reason, string_key, write_sheet
from affil.settings import Settings
from affil.types import Decision, Match
from affil.wording import said

if TYPE_CHECKING:
    import duckdb

# Those of a workspace's sheet (`affil.review.spreadsheet`) that a file has something to say in.
COLUMNS = ("key", "affiliation", "mentions", "probability", "candidates", "reason", "institution_ids", "why")


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Statistics of `write_doubtful`: `rows` were read, `doubtful` of them hold one of the distinct `strings` written."""

    rows: int
    doubtful: int
    strings: int


def write_doubtful(source: Path | str, out: Path | str, *, matcher: Matcher, **matching: Unpack[Matching]) -> Doubtful:
    """Match a file, and write each distinct string that waits for review once, the most frequent first, as a sheet to fill in.

    `mentions` is how often it occurs, `candidates` are the institutions found and others that may be meant, `probability` that of the
    least sure one found, `reason` says why it is in doubt. `institution_ids` and `why` are for people to fill in; `read_decided` reads
    them. Memory does not grow with the file.

    Args:
        source: what `affil.match_file` matches.
        out: .csv or .xlsx.
        matcher: a loaded matcher.
        matching: as for `affil.match_file`.

    Raises:
        InputError: the input cannot be read, or lacks the column. AffilError: the output cannot be written, or a worker died.
    """
    check_sheet_name(out)
    settings = matching.get("settings") or Settings()
    rows = doubtful = 0
    with database(settings.read.memory) as db:
        db.execute("CREATE TABLE doubt (affiliation VARCHAR, mentions BIGINT, place BIGINT)")
        with matched(source, matcher, **matching) as run:
            for batch, cells, answers in run.batches:
                given = [
                    [string for string, answer in zip(parts, found, strict=True) if answer.decision == Decision.REVIEW]
                    for parts, found in zip(cells, answers, strict=True)
                ]
                _count(db, Counter(string for strings in given for string in strings), rows)
                rows += len(batch)
                doubtful += sum(map(bool, given))
        strings = write_sheet(out, _rows(db, matcher, settings), COLUMNS)
    return Doubtful(rows, doubtful, strings)


def _count(db: duckdb.DuckDBPyConnection, found: Mapping[str, int], place: int) -> None:
    places = pa.array(range(place, place + len(found)), pa.int64())
    db.register("new", pa.table({"a": pa.array(found, pa.string()), "n": pa.array(found.values(), pa.int64()), "p": places}))
    db.execute("INSERT INTO doubt SELECT a, n, p FROM new")
    db.unregister("new")


def _rows(db: duckdb.DuckDBPyConnection, matcher: Matcher, settings: Settings) -> Iterator[dict[str, str]]:
    review = settings.review
    counted = db.execute(
        "SELECT affiliation, CAST(sum(mentions) AS BIGINT) FROM doubt GROUP BY affiliation ORDER BY 2 DESC, min(place), affiliation"
    )
    while pairs := counted.fetchmany(settings.retrieve.batch):
        strings = [string for string, _ in pairs]
        # with rivals, which tell why a string is in doubt
        ranked = matcher.ranked(strings, [2 * review.candidates] * len(strings), review.least)
        for (string, mentions), matches in zip(pairs, ranked, strict=True):
            yield {
                "key": string_key(string),
                "affiliation": string,
                "mentions": str(mentions),
                **_asked(matches, settings),
                "institution_ids": "",
                "why": "",
            }


def _asked(matches: tuple[Match, ...], settings: Settings) -> dict[str, str]:
    """What is thought of a string: probability, candidates, and why it is asked."""
    found = [m for m in matches if m.decision != Decision.NONE]
    rivals = [m for m in matches if m.decision == Decision.NONE and m.probability >= settings.review.rival]
    doubts = doubts_of(Decision.REVIEW, matches, audit=False, sure=settings.review.sure, rival=settings.review.rival)
    return {
        "probability": f"{min((m.probability for m in found), default=0.0):.3f}",
        "candidates": listed({m.institution.id: m.institution for m in (*found, *rivals)}.values()),
        "reason": reason(doubts),
    }


def read_decided(
    filled: Path | str, source: Path | str, *, registry: Registry, **opening: Unpack[Opening]
) -> dict[str, AnswerRows]:
    """The answers filled into a sheet of `write_doubtful`, for `affil.match_file(..., decided=...)`.

    The rows of a decided string name its institutions with probability 1 and decision `match`, or none; the evidence says in which sheet
    it was decided, why, and by whom, if the sheet has a column `by`. Rows that are not filled in decide nothing.

    Args:
        filled: the sheet, .csv or .xlsx; ids or names in `institution_ids`, `none`, or `not an organisation`.
        source: the file that the strings are of; opened as for `affil.match_file`.
        registry: the registry of the matcher.
        opening: see `Opening`.

    Raises:
        InputError: the sheet or the file cannot be read. ImportProblemsError: rows are invalid (an unknown id, a name of several
            institutions, cells that were moved, a string that the file has not); all are listed.
    """
    is_asked = asked_in(filled)
    strings = {string_key(s): s for batch in strings_in(source, **opening) for s in dict.fromkeys(batch) if is_asked(s)}
    answers, _ = read_answers(
        filled, strings=strings, institutions=Written(registry), of=shown_name(source), so=said("nothing was written")
    )
    out = {}
    for one in answers:
        by = f"decided{f' by {one.by}' if one.by else ''} in {Path(filled).name}"
        why = "; ".join(filter(None, (NOT_AN_ORGANISATION if one.refused else "", one.why)))
        institutions = [registry.get(identifier) for identifier in one.ids]
        out[one.affiliation] = decided_answer(institutions, f"{by}: {why}" if why else by)
    return out
