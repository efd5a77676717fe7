"""Institutions as people write them: by an id, a name, or an id with a name behind it."""

from __future__ import annotations

import re

from affil.errors import AffilError, UnknownIdError
from affil.names import fold
from affil.names.ids import mistyped, normal_id
from affil.registry.registry import EXACT, Registry
from affil.settings import SEARCH
from affil.types import Institution
from affil.wording import message_of, said

_ID_LIKE = re.compile(r"[a-z][a-z0-9.-]*:\S+")  # as affil:vivo and addresses
_PROBABILITY = re.compile(r"(?<=[^\s;])\s*\[[01]\.\d{3}\](?=\s*(?:[;\r\n]|$))")  # behind a candidate of a sheet
NONE = "none"  # written where a string names no institution


class Written:
    """The institutions that people may name; of a registry here, and in subclasses of more."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def find(self, identifier: str) -> Institution | None:
        """The institution of an id, or None."""
        return self.registry.get(identifier) if identifier in self.registry else None

    def found(self, name: str, limit: int) -> list[tuple[Institution, float]]:
        """Institutions by any of their names, best first, with a similarity (see `Registry.search`)."""
        return self.registry.search(name, limit)

    def named(self, name: str) -> Institution:
        """The one institution that has this name, in any language, case and accents aside; of a closed one its successor.

        Raises:
            UnknownIdError: none has it; those with names like it are suggested. AffilError: several have it; each is listed.
        """
        found = self.found(name, SEARCH.bearers)
        bearers = {one.id: one for one, likeness in found if likeness == EXACT}
        if len(bearers) == 1:
            return next(iter(bearers.values()))
        if bearers:
            more = said(" and {0} more", len(bearers) - SEARCH.listed) if len(bearers) > SEARCH.listed else ""
            several = ", ".join(f"{one.id} ({placed(one)})" for one in list(bearers.values())[: SEARCH.listed])
            raise AffilError(
                said(
                    "several institutions are called {0!r}: {1}{2}; write the id of the one that is meant", name, several, more
                )
            )
        similar = "; ".join(called(one) for one, _ in found[: SEARCH.suggested])
        raise UnknownIdError(name, why=said("did you mean: {0}?", similar) if similar else "")

    def one(self, text: str) -> Institution:
        """The institution of an id, of a name, or of an id with one of its names behind it, as `called` writes it.

        Raises:
            UnknownIdError: there is none. AffilError: several have the name, or id and name are of different ones.
        """
        text = " ".join(text.split())
        if (found := self.find(text)) is not None:
            return found
        first, _, rest = text.partition(" ")
        if (found := self.find(first)) is None:
            if like_id(text):
                raise UnknownIdError(text, why=mistyped(text))
            return self.named(text)
        if fold(rest) in _names(found):
            return found
        try:
            return self.named(text)  # whose first word happens to be an id
        except AffilError:
            raise AffilError(
                said("{0!r} is not a name of {1}; write ids, or one id and its name between semicolons", rest, called(found))
            ) from None

    def all(self, cell: str) -> tuple[list[Institution], list[str]]:
        """The institutions that a cell names, and what is wrong with it, one problem for each part.

        Ids are separated by blanks, commas, semicolons or bars; names, and ids with their names, by semicolons or line breaks. A
        probability in square brackets behind one is passed over.
        """
        cell = _PROBABILITY.sub("", cell)
        whole = " ".join(cell.split())
        first, _, rest = whole.partition(" ")
        if ";" in rest and (one := self.find(first)) is not None and fold(rest) in _names(one):
            return [one], []  # a name with a semicolon
        found: dict[str, Institution] = {}
        problems: list[str] = []
        for part in filter(None, map(str.strip, re.split(r"[;\r\n]", cell))):
            words = [word for word in re.split(r"[\s,|]+", part) if word]
            ids = bool(words) and all(word.casefold() == NONE or like_id(word) or self.find(word) is not None for word in words)
            for text in words if ids else [part]:
                if text.casefold() == NONE:
                    problems.append(said("none stands alone: a string names institutions or none"))
                    continue
                try:
                    one = self.one(text)
                    found[one.id] = one
                except UnknownIdError as error:
                    problems.append(error.problem)
                except AffilError as error:
                    problems.append(message_of(error))
        return list(found.values()), problems


def like_id(text: str) -> bool:
    """Whether this can only be an id, known or not."""
    return _ID_LIKE.fullmatch(text) is not None or normal_id(text) != text or bool(mistyped(text))


def placed(one: Institution) -> str:
    """City and country of an institution."""
    return ", ".join(filter(None, (one.city, one.country)))


def called(one: Institution) -> str:
    """Id, name and place of an institution, as `Written.one` reads them."""
    return f"{one.id} {one.name}" + (f" ({placed(one)})" if placed(one) else "")


def _names(one: Institution) -> set[str]:
    names = {one.name, *(n.value for n in one.names)}
    return {fold(form) for name in names for form in (name, f"{name} ({placed(one)})")}
