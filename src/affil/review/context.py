"""What the papers of a string tell of it: where its authors' co-authors are, where they stood elsewhere, and when."""

from __future__ import annotations

from dataclasses import dataclass

from affil.review.store import Store

_BESIDE = """
SELECT institution_id, count(DISTINCT other.paper) AS papers
FROM mention AS own JOIN mention AS other USING (paper) JOIN answer ON answer.number = other.number
WHERE own.number = $number AND other.number <> $number AND institution_id IS NOT NULL AND answer.decision = 'match'
GROUP BY ALL ORDER BY papers DESC, institution_id LIMIT $limit
"""
_ELSEWHERE = """
SELECT institution_id, count(DISTINCT other.author) AS authors
FROM (SELECT DISTINCT author FROM mention WHERE number = $number AND contains(author, ' ')) AS own
JOIN mention AS other USING (author) JOIN answer ON answer.number = other.number
WHERE other.number <> $number AND institution_id IS NOT NULL AND answer.decision = 'match'
GROUP BY ALL ORDER BY authors DESC, institution_id LIMIT $limit
"""
_YEARS = "SELECT min(year), max(year) FROM mention JOIN paper USING (paper) WHERE number = $number"


@dataclass(frozen=True, slots=True)
class Context:
    """Institutions around a string, as far as they are sure.

    `beside`: those of other strings on the same papers, with the number of these papers. `elsewhere`: those of other strings of
    the same authors (by their full names, on any paper), with the number of these authors. `years`: first and last year.
    """

    beside: tuple[tuple[str, int], ...]
    elsewhere: tuple[tuple[str, int], ...]
    years: tuple[int, int] | None


def context_of(store: Store, number: int, limit: int) -> Context:
    """The context of a string, at most `limit` institutions each."""
    values = {"number": number, "limit": limit}
    first, last = store.rows(_YEARS, {"number": number})[0]
    beside, elsewhere = (tuple((str(i), int(n)) for i, n in store.rows(query, values)) for query in (_BESIDE, _ELSEWHERE))
    return Context(beside, elsewhere, None if first is None else (int(first), int(last)))
