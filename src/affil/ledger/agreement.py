"""Agreement of two people on strings that the second decided without seeing the first's decision."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from affil.ledger.cases import BLIND, Cases, Key


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two people on strings that both decided, one of them blindly.

    `agreed` is the share of `strings` with the same set of institutions from both. `kappa` is Cohen's kappa (Cohen 1960) with
    each set of institutions as a category: 1 is full agreement, 0 chance level; None (undefined) if both gave a single answer
    throughout.
    """

    first: str
    second: str
    strings: int
    agreed: float
    kappa: float | None


def agreement(cases: Cases) -> list[Agreement]:
    """The agreement of each pair of people, most common strings first; undone decisions do not count."""
    answers: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for case in cases.values():
        earlier = [*case.opinions.values(), *(e for _, settled in case.decided for e in settled.values())]
        # the decision hidden from the blind reviewer: the last earlier one by somebody else
        for opinion in (e for e in earlier if e.role == BLIND):
            before = [e for e, _ in case.decided if e.number < opinion.number and e.by != opinion.by]
            if before:
                pair = sorted([(before[-1].by, before[-1]), (opinion.by, opinion)], key=lambda p: p[0])
                labels = [" ".join(sorted(e.institutions or ())) or "none" for _, e in pair]
                answers[pair[0][0], pair[1][0]].append((labels[0], labels[1]))
    out = [_measure(*people, pairs) for people, pairs in answers.items()]
    return sorted(out, key=lambda a: (-a.strings, a.first, a.second))


def disputed(cases: Cases) -> list[Key]:
    """The strings and mentions in dispute, oldest dispute first."""
    return sorted(cases.disputes(), key=lambda key: max(e.number for e in cases[key].opinions.values()))


def _measure(first: str, second: str, pairs: list[tuple[str, str]]) -> Agreement:
    from sklearn.metrics import cohen_kappa_score  # slow to import

    same = sum(a == b for a, b in pairs) / len(pairs)
    varied = len({label for pair in pairs for label in pair}) > 1
    kappa = float(cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs])) if varied else None
    return Agreement(first, second, len(pairs), same, kappa)
