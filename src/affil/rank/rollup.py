"""Roll institutions up to their parents in the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from affil.settings import RollUp

# What may stand above a laboratory: the kinds of the parents that it goes to, by its own kind.
_ABOVE = {"facility": ("facility", "education", "company"), "company": ("company",)}

ROLL_UPS: tuple[RollUp, ...] = get_args(RollUp)


def roll_up(
    parents: Mapping[str, Sequence[str]], how: RollUp, kinds: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str, float]]:
    """Yield (institution, institution it counts as, share).

    Args:
        parents: the parents of each institution; ids that are not keys are ignored.
        how: `none`: as itself; `parent`: as its parents, or itself if it has none; `top`: as its topmost ancestors; `labs`: a
            facility as the universities and companies that it belongs to, itself or through other facilities, a company as the
            topmost company above it, and everybody else, as a campus, as itself.
        kinds: the kind of each institution, for `labs`.

    Several parents get equal shares, at every step. Cycles of parents are cut where they close.
    """
    if how == "labs":
        parents, how = _of_labs(parents, kinds or {}), "top"
    for institution in parents:
        for counted_as, part in sorted(_climb(institution, parents, how, 1.0, ()).items()):
            yield institution, counted_as, part


def _of_labs(parents: Mapping[str, Sequence[str]], kinds: Mapping[str, str]) -> dict[str, list[str]]:
    """Parents that lead from a laboratory or company to a university or company; of others, none."""
    above = {i: [p for p in own if kinds.get(p) in _ABOVE.get(kinds.get(i, ""), ())] for i, own in parents.items()}
    leads = {i for i in parents if kinds.get(i) in ("education", "company")}
    while more := {i for i, own in above.items() if i not in leads and not leads.isdisjoint(own)}:
        leads |= more
    return {i: [p for p in own if p in leads] for i, own in above.items()}


def _climb(at: str, parents: Mapping[str, Sequence[str]], how: RollUp, part: float, path: tuple[str, ...]) -> dict[str, float]:
    ends = how == "none" or (how == "parent" and path)
    above = [] if ends else sorted(p for p in {*parents[at]} - {*path, at} if p in parents)
    if not above:
        return {at: part}
    out: dict[str, float] = {}
    for parent in above:
        for top, share in _climb(parent, parents, how, part / len(above), (*path, at)).items():
            out[top] = out.get(top, 0.0) + share
    return out
