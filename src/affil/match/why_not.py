"""Explain why candidates were not chosen, and why a string has no match: the reason, the nearest candidate, next steps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affil.match.lacking import Ranked
from affil.match.mentions import prepare
from affil.names import fold, tokenize
from affil.names.fold import generic
from affil.names.split import split_parts
from affil.types import Decision, Match, Result
from affil.wording import Said, marked

if TYPE_CHECKING:
    from affil.match.matcher import Matcher

# Reasons for not choosing a candidate.
REJECTED = {
    "child_chosen": marked("a part of it is named, {other}, and the policy is {policy}"),
    "one_wanted": marked("one institution is wanted, and {other} is likelier"),
    "same_words": marked("“{words}” names {other} more probably"),
    "part_of_longer_name": marked("the words are part of a longer name"),
    "place_differs": marked("the string names another place than {place}"),
    "name_incomplete": marked("words of “{alias}” are missing: {missing}"),
    "several_bear": marked("other institutions are called “{alias}” too, and nothing shows which one is meant"),
    "below_threshold": marked("its probability is below {review}, the threshold for review"),
}
# Reasons for a string without a match.
NOTHING = {
    "no_words": marked("the string contains no words"),
    "generic_words": marked("there are only generic words or numbers, which name no organisation by themselves"),
    "place_only": marked("a place is named, but no organisation"),
    "homonym_elsewhere": marked("“{alias}” is the name of {nearest} in {place}, and the string names another place"),
    "several_bear": marked("several institutions are called “{alias}”, and nothing shows which one is meant"),
    "name_incomplete": marked("the nearest is {nearest} as “{alias}”, words of which are missing: {missing}"),
    "below_threshold": marked("the nearest is {nearest}, whose probability, {probability:.3f}, is below {review}, the threshold for review"),
    "nothing_named": marked("it contains no name from the registry"),
    "decided": marked("a person decided that it names no institution of the registry ({decided})"),
}  # fmt: skip
_APART = marked("the nearest is {nearest} as “{alias}”, with other words in between")  # incomplete, though no word is missing
# Next steps.
_COMPLETE = marked("check whether the institution's name was cut off")
_SEARCH = marked("look for it under another name: affil registry search {search}{registry}")
_OWN = marked(
    "if the registry lacks it, add it to a table of your own, own.csv, and run: affil registry build own.csv {sources} -o own.affil"
)
_DECIDE = marked(
    "if it is {nearest}, record that in a workspace WS: affil decide WS {string} --institution {id} --by YOU --why REASON"
)
NEXT = {
    "no_words": (),
    "generic_words": (_COMPLETE,),
    "place_only": (_COMPLETE,),
    "homonym_elsewhere": (_OWN, _DECIDE),
    "several_bear": (_DECIDE,),
    "name_incomplete": (_SEARCH, _OWN, _DECIDE),
    "below_threshold": (_DECIDE, _SEARCH),
    "nothing_named": (_SEARCH, _OWN),
    "decided": (),
}
_ELSEWHERE = {"other_country_named", "other_place_named"}
_HERE = {"city_named", "country_named"}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that was not chosen: `why` is a key of `REJECTED`, `said` its message."""

    match: Match
    why: str
    said: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Explanation of a string without a match: `why` is a key of `NOTHING`, `said` its message.

    `nearest` is the nearest candidate, if any, `missing` the words of its name that the string lacks, `next` suggestions with
    commands.
    """

    why: str
    said: Said
    next: tuple[str, ...]
    nearest: Match | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """A result with the likeliest rejected candidates, and, if it has no match, the explanation `nothing`."""

    result: Result
    rejected: tuple[Rejected, ...]
    nothing: Nothing | None = None


def why_not(matcher: Matcher, affiliations: Sequence[str], candidates: int = 0) -> list[Explained]:
    """Match strings and explain rejected candidates and missing matches.

    Args:
        matcher: a loaded matcher.
        affiliations: strings.
        candidates: number of rejected candidates per string, likeliest first.
    """
    most = matcher.settings.retrieve.max_candidates + candidates
    out = []
    for string, ranked in zip(affiliations, matcher.ranked(affiliations, [most] * len(affiliations)), strict=True):
        chosen = tuple(m for m in ranked if m.decision != Decision.NONE)
        others = ranked[len(chosen) :]
        words = prepare([string], matcher._index, matcher.settings.retrieve).words if others[:candidates] else ()
        rejected = tuple(_rejected(matcher, string, words, m, chosen) for m in others[:candidates])
        nothing = why_none(matcher, string, ranked)
        out.append(Explained(Result(string, chosen, nothing.why if nothing else ""), rejected, nothing))
    return out


def why_none(matcher: Matcher, string: str, ranked: Ranked) -> Nothing | None:
    """Explain why nothing is chosen in a string; None where something is.

    Args:
        matcher: the matcher that ranked it.
        string: the string.
        ranked: what `Matcher.ranked` makes of it. `Nothing.nearest` is None if the nearest institution is not among them.
    """
    lack = ranked.lack
    if lack is None:
        return None
    about = matcher._nearest(lack)
    nearest = next((m for m in ranked if about is not None and m.institution.id == about.institution.id), None)
    missing = _missing(lack.there, about) if about is not None else ()
    values = {**_values(matcher, string, about, missing), "decided": lack.words}
    steps = tuple(Said(n, named=values) for n in NEXT[lack.why])
    told = _APART if lack.why == "name_incomplete" and not missing else NOTHING[lack.why]
    return Nothing(lack.why, Said(told, named=values), steps, nearest, missing)


def _rejected(matcher: Matcher, string: str, words: Sequence[str], m: Match, chosen: Sequence[Match]) -> Rejected:
    decide = matcher.settings.decide
    rival = next((c for c in chosen if c.start < m.end and m.start < c.end), None)
    part = next(((a, b) for a, b in split_parts(string) if a <= m.start < b), (0, len(string)))
    child = next((c for c in chosen if m.institution.id in c.institution.parents and part[0] <= c.start < part[1]), None)
    missing = _missing(words, m)
    other: Match | None = rival
    reasons = {r.name for r in m.reasons}
    if m.probability >= decide.review and child is not None and decide.policy == "most-specific":
        why, other = "child_chosen", child
    elif m.probability >= decide.review and rival is None and decide.policy == "one" and chosen:
        why, other = "one_wanted", chosen[0]
    elif "part_of_longer_name" in reasons:
        why = "part_of_longer_name"
    elif _elsewhere(m):
        why = "place_differs"
    elif rival is not None:
        why = "same_words"
    elif missing and "name_exact" not in reasons:
        why = "name_incomplete"
    elif "bearers" in reasons:
        why = "several_bear"
    else:
        why = "below_threshold"
    values = _values(matcher, string, m, missing)
    if other is not None:
        values |= {"other": other.institution.name, "words": string[other.start : other.end]}
    return Rejected(m, why, Said(REJECTED[why], named=values))


def _elsewhere(m: Match) -> bool:
    reasons = {r.name for r in m.reasons}
    return bool(reasons & _ELSEWHERE) and not reasons & _HERE


def _missing(words: Sequence[str], m: Match) -> tuple[str, ...]:
    """The words of the name that are not among those of a text, as the registry writes them; in scripts without blanks by bigrams."""
    here, joined = {*words}, "".join(words)
    name = tokenize([m.alias])
    size, cjk, start, end = len(name.words), name.cjk.tolist(), name.start.tolist(), name.end.tolist()
    pair = [i + 1 < size and cjk[i] and cjk[i + 1] and end[i] == start[i + 1] for i in range(size)]  # with the next character
    out: list[str] = []
    last = -1
    for i, word in enumerate(name.words):
        pairs = [name.words[k] + name.words[k + 1] for k in (i - 1, i) if k >= 0 and pair[k]]
        if any(p in joined for p in pairs) if pairs else word in here:
            continue
        surface = name.repaired[0][start[i] : end[i]]
        if pairs and out and start[i] == last:
            out[-1] += surface
        elif surface not in out:
            out.append(surface)
        last = end[i]
    return tuple(out)


def _values(matcher: Matcher, string: str, m: Match | None, missing: Sequence[str]) -> dict[str, Any]:
    """Values for the message templates."""
    sources = matcher.registry.meta["sources"]
    shipped = sources == ["shipped"]
    values: dict[str, Any] = {
        "review": matcher.settings.decide.review,
        "policy": matcher.settings.decide.policy,
        "missing": ", ".join(missing),
        "string": shlex.quote(string),
        "search": shlex.quote(_distinctive_part(string)),
        "registry": "" if shipped else f" --registry {shlex.quote(str(matcher.registry.path))}",
        "sources": " ".join(shlex.quote(source.split(" sha256:")[0]) for source in sources),
    }
    if m is not None:
        one = m.institution
        values |= {
            "alias": m.alias,
            "nearest": one.name,
            "id": one.id,
            "probability": m.probability,
        }
        values["place"] = ", ".join(filter(None, (one.city, one.country)))
    return values


def _distinctive_part(string: str) -> str:
    """The first part of a string with a distinctive word."""
    parts = [" ".join(part.split()) for part in re.split(r"[,;\n，；、]", string)]
    return next((part for part in parts if {*fold(part).split()} - generic()), " ".join(string.split()))


def explained_dict(explained: Explained) -> dict[str, Any]:
    """A JSON-serialisable dictionary: `Result.to_dict`, rejected `candidates`, and `none` if there is no match."""
    result, nothing = explained.result, explained.nothing
    out = result.to_dict()
    out["candidates"] = [{**result.match_dict(r.match), "why": r.why, "said": r.said} for r in explained.rejected]
    if nothing is not None:
        out["none"] = {
            "why": nothing.why,
            "said": nothing.said,
            "nearest": result.match_dict(nothing.nearest) if nothing.nearest else None,
            "missing": list(nothing.missing),
            "next": list(nothing.next),
        }
    return out
