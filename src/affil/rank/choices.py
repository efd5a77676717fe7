"""What people type for one of a few names, and the names that they may have meant by a slip."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping

from affil.errors import AffilError
from affil.settings import SEARCH
from affil.wording import joined, said


def plain(text: str) -> str:
    """Without case, accents and punctuation."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())


def nearest(given: str, names: Mapping[str, Iterable[str]], most: int = 3) -> list[str]:
    """The names most like what was typed, best first; similarity is difflib's, at least `near` of the settings.

    Args:
        given: what was typed.
        names: each name with the other forms that it may be typed in. Its words of four letters or more count as forms too.
        most: how many.
    """
    forms: dict[str, str] = {}
    for name, others in names.items():
        for form in (name, *others):
            forms.setdefault(plain(form), name)
    for name in names:
        for word in plain(name).split():
            if len(word) >= 4:
                forms.setdefault(word, name)
    found = difflib.get_close_matches(plain(given), forms, n=4 * most, cutoff=SEARCH.near)
    return list(dict.fromkeys(forms[one] for one in found))[:most]


def did_you_mean(given: str, names: Mapping[str, Iterable[str]]) -> str:
    """`; did you mean: A, B?`, or nothing where no name is like it."""
    near = nearest(given, names)
    return said("; did you mean: {0}?", ", ".join(near)) if near else ""


def choose(what: str, given: str, names: Iterable[str], short: Mapping[str, str] | None = None) -> str:
    """The name that was typed, whatever the case, accents and punctuation, or by its short form (short -> name).

    Raises:
        AffilError: it is none of them.
    """
    names, short = list(names), short or {}
    forms = {**{plain(s): name for s, name in short.items()}, **{plain(name): name for name in names}}
    found = forms.get(plain(given))
    if found is None:
        near = nearest(given, {name: [s for s, full in short.items() if full == name] for name in names})
        known = ", ".join(names)
        if near:
            raise AffilError(
                said("no {0} {1!r}; did you mean {2}? It is one of: {3}", what, given, joined(" or ", near), known)
            )
        raise AffilError(said("no {0} {1!r}; it is one of: {2}", what, given, known))
    return found


def check_limit(limit: int | None) -> None:
    """A number of rows that somebody asked for; None: all.

    Raises:
        AffilError: it is less than one.
    """
    if limit is not None and limit < 1:
        raise AffilError(said("a limit is at least 1, not {0}", limit))
