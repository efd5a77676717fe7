"""Why a string is in the queue: the reasons of doubt, by name."""

from __future__ import annotations

from collections.abc import Sequence

from affil.review.items import Item
from affil.types import AGAINST, Decision, Match

# Beside the reasons against a match (`affil.types.AGAINST`): another institution may be meant, a name stands only in part, no reason
# is known, nothing was found, a sure answer is only to be checked.
RIVAL, PARTLY, UNSURE, NOTHING, AUDIT = "rival", "partly", "unsure", "nothing", "audited"
DOUBTS = (*AGAINST, RIVAL, PARTLY, UNSURE, NOTHING, AUDIT)


def doubts_of(item: Item, matches: Sequence[Match], *, sure: float, rival: float) -> tuple[str, ...]:
    """The reasons of doubt of a string, a subset of `DOUBTS` in that order.

    Args:
        item: the string.
        matches: what the matcher makes of it, with others (`Matcher.ranked`).
        sure: probability from which an institution is not doubted.
        rival: probability from which an institution that was not chosen counts as another that may be meant.
    """
    if item.decision == "none":
        return (NOTHING,)
    if item.audit:
        return (AUDIT,)
    doubted = [m for m in matches if m.decision != Decision.NONE and m.probability < sure]
    told = {r.name for m in doubted for r in m.reasons if not r.speaks_for}
    if any(m.decision == Decision.NONE and m.probability >= rival for m in matches):
        told.add(RIVAL)
    if any(r.name == "name_coverage" for m in doubted for r in m.reasons):
        told.add(PARTLY)
    return tuple(d for d in DOUBTS if d in told) or (UNSURE,)
