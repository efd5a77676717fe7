"""Group strings that would get the same answer for the same reason, so that one decision settles them all.

Two strings are in one group if the matcher chose the same institutions in both with the same reasons for and against them, and sees
the same other institutions that they might name. A full name that one institution alone has is one reason, whichever of its names it
is; acronyms, names of several institutions and parts of names are told apart, and so is what speaks for one of several bearers.
Strings in which nothing was found are in one group if they have the same words in any order. A string that names something beside
what was found stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.io.database import connect
from affil.names import tokenize
from affil.names.fold import generic, roles
from affil.names.tokens import COMMA, HARD
from affil.settings import ReviewSettings
from affil.types import AGAINST, Decision, Match

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Words = frozenset[str]

# Heads of organisations of their own; colleges, institutes, centres and laboratories are more often part of one.
_OWN = frozenset({"university", "hospital", "company", "foundation", "clinic"})
_SPELLING = frozenset({"misspelt", "word_missing"})  # how a full name was written tells no answers apart
_SHARED = "bearers"
_SHORT = ("acronym", "domain", "id")
_NOTHING = ""  # the key of a string in which nothing was found


def group_strings(strings: Sequence[str], matches: Sequence[Sequence[Match]], settings: ReviewSettings) -> Numbers:
    """A number for each string, the same for strings that would get the same answer for the same reason.

    Args:
        strings: distinct strings.
        matches: what the matcher makes of each: the institutions that it chose and, as decided `none`, others
            (`Matcher.ranked`).
        settings: `rival`: minimum probability of an institution that was not chosen, to tell strings apart.
    """
    if not strings:
        return np.zeros(0, np.int64)
    keys = _keys(matches, settings.rival)
    words = _words(strings)
    alone = _names_more(strings, matches) & (keys != _NOTHING)
    keys = np.where(keys == _NOTHING, np.char.add("words\t", words), keys)
    distinct = np.char.add("alone\t", np.arange(len(strings)).astype(str))
    return np.unique(np.where(alone, distinct, keys), return_inverse=True)[1].astype(np.int64)


def _keys(matches: Sequence[Sequence[Match]], rival: float) -> npt.NDArray[np.str_]:
    """What each string is grouped by: what was chosen and why, and what else may be meant, but for the parents of what was chosen."""
    above = [_parents(found) for found in matches]
    rows = [
        (k, m)
        for k, found in enumerate(matches)
        for m in found
        if m.decision != Decision.NONE or m.institution.id not in above[k]
    ]
    found = pa.table(
        {
            "string": pa.array([k for k, _ in rows], pa.int64()),
            "id": pa.array([m.institution.id for _, m in rows], pa.string()),
            "alias": pa.array([m.alias for _, m in rows], pa.string()),
            "probability": pa.array([m.probability for _, m in rows], pa.float64()),
            "chosen": pa.array([m.decision != Decision.NONE for _, m in rows], pa.bool_()),
            "reasons": pa.array([_doubts(m) for _, m in rows], pa.string()),
            "plain": pa.array([_plainly(m) for _, m in rows], pa.bool_()),
        }
    )
    aliases = sorted({m.alias for _, m in rows})
    named = pa.table({"alias": pa.array(aliases, pa.string()), "name": pa.array(folded(aliases), pa.string())})
    with connect() as db:
        db.register("found", found)
        db.register("folded", named)
        db.register("strings", pa.table({"string": pa.array(np.arange(len(matches)))}))
        answer = db.sql(
            """
            SELECT
                coalesce(string_agg(id || chr(9) || CASE WHEN plain THEN '' ELSE name END || chr(9) || reasons, chr(10) ORDER BY id)
                    FILTER (chosen), '') AS answer,
                coalesce(string_agg(id || chr(9) || name || chr(9) || reasons, chr(10) ORDER BY id)
                    FILTER (NOT chosen AND probability >= ?), '') AS rivals
            FROM strings LEFT JOIN found USING (string) LEFT JOIN folded USING (alias)
            GROUP BY string ORDER BY string""",
            params=[rival],
        ).to_arrow_table()
    columns = [np.array(answer.column(name).to_pylist(), str) for name in ("answer", "rivals")]
    return np.where(columns[0] == "", _NOTHING, np.char.add(np.char.add(columns[0], "\nbeside "), columns[1]))


def _doubts(match: Match) -> str:
    """The reasons that tell answers apart: those against, and all of them where several institutions have the name."""
    told = {r.name for r in match.reasons if not _plainly(match) or r.name not in _SPELLING}
    return " ".join(sorted(told if _SHARED in told else told & AGAINST.keys()))


def _plainly(match: Match) -> bool:
    """Whether a full name was found that only this institution has."""
    told = {r.name for r in match.reasons}
    return _SHARED not in told and any(r.name == "name_exact" and r.kind not in _SHORT for r in match.reasons)


def folded(names: Sequence[str]) -> list[str]:
    """Each name folded (see `affil.names.fold`), all of them at once."""
    tokens = tokenize(names)
    return [" ".join(tokens.words[a:b]) for a, b in zip(tokens.ptr[:-1].tolist(), tokens.ptr[1:].tolist(), strict=True)]


def _words(strings: Sequence[str]) -> npt.NDArray[np.str_]:
    """The distinct folded words of each string in alphabetical order; the string itself where it has none."""
    tokens = tokenize(strings)
    cuts = zip(tokens.ptr[:-1].tolist(), tokens.ptr[1:].tolist(), strict=True)
    return np.array([" ".join(sorted({*tokens.words[a:b]})) or s for s, (a, b) in zip(strings, cuts, strict=True)], str)


def _names_more(strings: Sequence[str], matches: Sequence[Sequence[Match]]) -> Flags:
    """Whether a string has a part that holds none of the names found in it, and may name another organisation.

    Such parts are whole ones (set apart by ; or +), and those between commas that have the head of an organisation. A part that holds
    another name of what was found, or the parent found beside it, names nothing else ("GRASP Lab, University of Pennsylvania").
    """
    tokens, vague = tokenize(strings), generic()
    heads = _OWN | {w for w, role in roles().items() if role == "legal"}
    left: dict[int, list[Words]] = {}  # the parts of each string in which no name was found
    found = [[m for m in told if m.decision != Decision.NONE or m.institution.id in _parents(told)] for told in matches]
    spelt = _spelt(m.alias for told in found for m in told)
    for k, (a, b) in enumerate(pairwise(tokens.ptr.tolist())):
        words, gaps = tokens.words[a:b], tokens.gap[a:b].tolist()
        names = [spelt[m.alias] for m in found[k]]
        suspects = [part for part in _parts(words, gaps, COMMA) if part & heads]
        suspects += [part for part in _parts(words, gaps, HARD) if part - vague]
        if other := [part for part in suspects if not any(_holds(part, name, vague) for name in names)]:
            left[k] = other
    spelt = _spelt(n.value for k in left for m in found[k] for n in m.institution.names)
    out = np.zeros(len(strings), bool)
    for k, parts in left.items():
        names = [spelt[n.value] for m in found[k] for n in m.institution.names]
        out[k] = not all(any(name and name <= part for name in names) for part in parts)
    return out


def _parents(matches: Sequence[Match]) -> set[str]:
    """The institutions right above those chosen."""
    return {p for m in matches if m.decision != Decision.NONE for p in m.institution.parents}


def _spelt(names: Iterable[str]) -> dict[str, Words]:
    """The words of each name, folded."""
    distinct = sorted(set(names))
    return dict(zip(distinct, (frozenset(name.split()) for name in folded(distinct)), strict=True))


def _parts(words: Sequence[str], gaps: Sequence[int], least: int) -> list[Words]:
    """The words of each part of a string, which is cut where words are at least so far apart."""
    cuts = [0, *(i for i in range(1, len(words)) if gaps[i] >= least), len(words)]
    return [frozenset(words[a:b]) for a, b in pairwise(cuts)]


def _holds(part: Words, name: Words, vague: Words) -> bool:
    """Whether a part holds a name: a telling word of it, or all of its words ("Peking University", of which none is telling), or no others
    ("University of California", before ", Berkeley").
    """
    return bool(name and (name & part - vague or name <= part or part <= name))
