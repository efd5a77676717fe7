"""The mentions of one string, those that a rule is about, and one decision on all of them.

The rule says whose mentions: an author, who else stands on the paper, and when. "Northeastern University" of papers with somebody in
Boston is one institution, of papers with somebody in Shenyang another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from affil.errors import AffilError
from affil.ledger import Case, Draft, Key
from affil.review.items import Occurrence, years_of
from affil.review.queue import Queue
from affil.review.spreadsheet import string_key
from affil.review.store import Store
from affil.types import LedgerEntry
from affil.wording import said

_OTHERS = """
FROM (SELECT DISTINCT paper FROM mention WHERE number = $number) JOIN mention AS other USING (paper)
JOIN answer ON answer.number = other.number
WHERE other.number <> $number AND institution_id IS NOT NULL AND answer.decision = 'match'
"""
_FOUND = f"""
SELECT DISTINCT id, title, venue, year, coalesce(author, '') AS author, position, doi
FROM mention JOIN paper USING (paper)
WHERE number = $number AND year BETWEEN $first AND $last
    AND contains(' ' || strip_accents(lower(coalesce(author, ''))) || ' ', strip_accents(lower($author)))
    AND ($beside = '' OR paper IN
        (SELECT paper {_OTHERS} AND $beside IN (institution_id, answer.country, answer.country || ' ' || answer.city)))
ORDER BY year DESC, id, position
"""
_BESIDE = f"""
SELECT {{what}} AS what, count(DISTINCT paper) AS papers {_OTHERS} AND {{what}} <> ''
GROUP BY what ORDER BY papers DESC, what LIMIT $limit
"""
_EACH = f"""
SELECT id, institution_id, count(*) FROM (SELECT paper, institution_id {_OTHERS}) JOIN paper USING (paper)
WHERE list_contains($papers, id) GROUP BY ALL ORDER BY ALL
"""
_WHAT = {"institution": "institution_id", "city": "answer.country || ' ' || answer.city", "country": "answer.country"}
_ANY_YEAR = (-9999, 9999)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which mentions of a string; empty fields do not restrict.

    `author`: whole words of the author's name, accents and case aside. `beside`: what another string on the same paper surely names:
    the id of an institution, a country (its code), or a country and a city ("US Boston"). `year`: 2020 or 2014-2024.
    """

    author: str = ""
    beside: str = ""
    year: str = ""

    def __str__(self) -> str:
        """The rule in words, as a reason of decisions."""
        told = (("author", self.author), ("beside", self.beside), ("year", self.year))
        return "mentions of the string: " + (", ".join(f"{what} {value}" for what, value in told if value) or "all")


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of a string, and the decision on this mention alone that holds, if there is one."""

    at: Occurrence
    entry: LedgerEntry | None

    @property
    def key(self) -> str:
        """A short key of the mention among those of its string."""
        return string_key(json.dumps((self.at.paper, self.at.position)))


def mentions_of(queue: Queue, number: int, rule: Rule) -> list[Mention]:
    """The mentions of a string that a rule is about, newest first.

    Raises:
        AffilError: the rule's year is none.
    """
    first, last = years_of(rule.year) if rule.year else _ANY_YEAR
    words = rule.author.split()
    author = f" {' '.join(words)} " if words else ""
    values = {"number": number, "first": first, "last": last, "author": author, "beside": rule.beside}
    return with_entries(queue, number, [Occurrence(*row) for row in queue.store.rows(_FOUND, values)])


def with_entries(queue: Queue, number: int, occurrences: Sequence[Occurrence]) -> list[Mention]:
    """These mentions of a string with the decisions on them."""
    string = queue.affiliations[number]
    keys = [Key(string, o.paper, o.position) for o in occurrences]
    return [Mention(o, queue.cases.get(k, Case()).holder) for o, k in zip(occurrences, keys, strict=True)]


def beside(store: Store, number: int, limit: int) -> dict[str, list[tuple[str, int]]]:
    """What a rule can name in `beside`, by what it is (institution, city, country): each with the number of papers, most first."""
    values = {"number": number, "limit": limit}
    found = {what: store.rows(_BESIDE.format(what=column), values) for what, column in _WHAT.items()}
    return {what: [(str(one), int(papers)) for one, papers in rows] for what, rows in found.items() if rows}


def beside_each(store: Store, number: int, papers: Sequence[str]) -> dict[str, list[str]]:
    """For these papers of a string the institutions that other strings on them surely name."""
    out: dict[str, list[str]] = {}
    for paper, institution, _ in store.rows(_EACH, {"number": number, "papers": list(papers)}):
        out.setdefault(str(paper), []).append(str(institution))
    return out


def state_of(mentions: Sequence[Mention]) -> str:
    """A digest of mentions and of what holds for each, which changes with any of them."""
    rows = [(m.at.paper, m.at.position, m.entry.number if m.entry else 0) for m in mentions]
    return string_key(json.dumps(rows))


def chosen(mentions: Sequence[Mention], *, without: Collection[str] = (), again: Collection[str] = ()) -> list[Mention]:
    """Of these, the mentions to decide: undecided ones but for the keys `without`, and decided ones of the keys `again`."""
    return [m for m in mentions if (m.key in again if m.entry else m.key not in without)]


def drafts(
    affiliation: str, mentions: Sequence[Mention], institutions: Sequence[str], *, by: str, why: str, blind: bool
) -> list[Draft]:
    """One decision on each of these mentions of a string.

    Raises:
        AffilError: there is no mention.
    """
    if not mentions:
        raise AffilError(said("no mention is left to decide; choose another rule, or tick some"))
    return [Draft(Key(affiliation, m.at.paper, m.at.position), tuple(institutions), by, why, blind=blind) for m in mentions]
