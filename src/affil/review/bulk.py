"""One step for many strings of a list: the same answer for all of them, or for each what the model found in it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from affil.errors import AffilError
from affil.ledger import Key
from affil.review.items import Item
from affil.review.queue import Numbers
from affil.review.session import Session
from affil.review.spreadsheet import string_key
from affil.wording import said


@dataclass(frozen=True, slots=True)
class Bulk:
    """Strings to decide in one step.

    `items` are open to the person, `decided` as many others that were chosen and stay as they are. `state` is a digest of what would
    be decided on, which changes with the strings, the model's answers and the decisions on them.
    """

    items: tuple[Item, ...]
    decided: int
    state: str

    @property
    def mentions(self) -> int:
        """The mentions of all strings."""
        return sum(item.mentions for item in self.items)


def bulk_of(session: Session, numbers: Numbers, by: str) -> Bulk:
    """The strings with these numbers, for this person to decide in one step.

    Raises:
        AffilError: these are too many (setting `bulk`).
    """
    most = session.settings.bulk
    if len(numbers) > most:
        raise AffilError(
            said("{0:,} strings are too many for one step: at most {1:,} (setting review.bulk)", len(numbers), most)
        )
    items = tuple(session.item(n) for n in session.queue.open(numbers, by).tolist())
    holders = [case.holder for i in items if (case := session.queue.cases.get(Key(i.affiliation)))]
    rows = [(i.affiliation, i.institutions) for i in items], [e.number for e in holders if e]
    return Bulk(items, len(numbers) - len(items), string_key(json.dumps(rows)))


def as_found(bulk: Bulk) -> dict[int, tuple[str, ...]]:
    """For each string the institutions that the model found, also doubtful ones; none where it found nothing."""
    return {item.number: item.institutions for item in bulk.items}
