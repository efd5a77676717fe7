"""Group strings that would get the same answer for the same reason, so that one decision settles them all.

Two strings are in one group if the matcher chose the same institutions in both with the same reasons for and against them, and sees
the same other institutions that they might name. A full name that one institution alone has is one reason, whichever of its names it
is; acronyms, names of several institutions and parts of names are told apart, and so is what speaks for one of several bearers.
Strings in which nothing was found are in one group if they have the same words in any order. A string that names something beside
what was found stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    names, keys = _keys(matches, settings.rival)
    words = _words(strings)
    alone = _names_more(strings, names) & (keys != _NOTHING)
    keys = np.where(keys == _NOTHING, np.char.add("words\t", words), keys)
    distinct = np.char.add("alone\t", np.arange(len(strings)).astype(str))
    return np.unique(np.where(alone, distinct, keys), return_inverse=True)[1].astype(np.int64)


def _keys(matches: Sequence[Sequence[Match]], rival: float) -> tuple[list[str], npt.NDArray[np.str_]]:
    """For each string the names by which its institutions were chosen, and what it is grouped by."""
    rows = [(k, m) for k, found in enumerate(matches) for m in found]
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
            SELECT coalesce(string_agg(name, ' ') FILTER (chosen), '') AS names,
                coalesce(string_agg(id || chr(9) || CASE WHEN plain THEN '' ELSE name END || chr(9) || reasons, chr(10) ORDER BY id)
                    FILTER (chosen), '') AS answer,
                coalesce(string_agg(id || chr(9) || name || chr(9) || reasons, chr(10) ORDER BY id)
                    FILTER (NOT chosen AND probability >= ?), '') AS rivals
            FROM strings LEFT JOIN found USING (string) LEFT JOIN folded USING (alias)
            GROUP BY string ORDER BY string""",
            params=[rival],
        ).to_arrow_table()
    columns = [np.array(answer.column(name).to_pylist(), str) for name in ("answer", "rivals")]
    keys = np.where(columns[0] == "", _NOTHING, np.char.add(np.char.add(columns[0], "\nbeside "), columns[1]))
    return answer.column("names").to_pylist(), keys


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


def _names_more(strings: Sequence[str], names: Sequence[str]) -> Flags:
    """Whether a string has a part without any telling word of the names found in it, that may name another organisation.

    Such parts are whole ones (set apart by ; or +), and those between commas that have the head of an organisation.
    """
    tokens, known = tokenize(strings), tokenize(names)
    code = {w: i for i, w in enumerate(sorted({*tokens.words, *known.words}))}
    of = np.repeat(np.arange(len(strings)), np.diff(tokens.ptr))
    word = np.array([code[w] for w in tokens.words], np.int64)
    if not len(word):
        return np.zeros(len(strings), bool)
    own = np.repeat(np.arange(len(names)), np.diff(known.ptr)) * len(code) + np.array([code[w] for w in known.words], np.int64)
    vague = np.array([w in generic() for w in code], bool)
    head = np.array([w in _OWN or roles().get(w) == "legal" for w in code], bool)
    telling = np.isin(of * len(code) + word, own) & ~vague[word]
    new = np.r_[True, of[1:] != of[:-1]]
    out = np.zeros(len(strings), bool)
    for least, suspect in ((COMMA, head[word]), (HARD, ~vague[word])):
        begins = np.flatnonzero(new | np.r_[True, tokens.gap[1:] >= least])
        other = np.logical_or.reduceat(suspect, begins) & ~np.logical_or.reduceat(telling, begins)
        out[of[begins[other]]] = True
    return out
