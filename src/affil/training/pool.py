"""The institutions that synthetic strings are about, with their sampling probabilities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from affil.names import fold
from affil.registry.arrays import Floats
from affil.training import shares
from affil.types import Institution

SHORT_HAN = re.compile("[\u4e00-\u9fff]{2,4}")
COUNTRY_BEHIND = re.compile(r"\s*\([^)]*\)$")
_OWN_WORD = re.compile(r"(?:The )?University of (\w{4,})|(?:The )?(\w{4,}) University")
# Large bodies with sites in many countries: prominent ones without a nationality in their name, or international ones (WHO,
# ESA).
_BODIES = frozenset(("government", "nonprofit", "other", "facility"))
_NATIONAL = re.compile(
    "Ministr|National|Department|Government|Agency for|Institute|Council of|Authority|Hospital|Health Service"
)
_NATIONS = re.compile("World|International|European|United Nations|Inter-American|Pan American|Asian|African|Nordic|Global")
# Constants and no settings, as the table of shares is: the shipped model was trained on strings composed with them, and whoever
# trains on a registry of their own needs no others, since they are about ranks of prominence, not about its values.
_KNOWN = 0.95  # rank of prominence, 0 to 1, from which a body is known abroad: most bodies of a registry have no sites there
_FAME = 4.0  # log odds of the most prominent against the least: 55 to 1, about as papers name them
_OBSCURITY = 3.0  # the same for acronyms that happen to be an institution's: 1 to 20, as those of the known ones are avoided
_TINY = 1e-12  # keeps sums from being 0


class Pool:
    """Known and unknown institutions with their sampling probabilities; deterministic.

    Args:
        known: institutions of the registry, the labels of strings.
        unknown: institutions outside the registry; strings about them have no label.
    """

    def __init__(self, known: Sequence[Institution], unknown: Sequence[Institution]) -> None:
        self.known, self.unknown = list(known), list(unknown)
        self.by_id = {x.id: x for x in self.known}
        self.names = frozenset(fold(n.value) for x in self.known for n in x.names)
        self.countries: dict[str, set[str]] = {}  # by folded name
        for x in self.known:
            for n in x.names:
                self.countries.setdefault(fold(n.value), set()).add(x.country)
        order = np.array([x.prominence for x in self.known]).argsort(kind="stable").argsort(kind="stable")
        rank = order / max(len(self.known) - 1, 1)
        usage = np.array([x.usage for x in self.known], float)
        # A mixture of three: uniform, so that fame never outweighs an exact name; by prominence; and by usage in papers where
        # known, which is how often a shared short form means each.
        weights = [np.ones(len(rank)), np.exp(_FAME * rank), usage if usage.any() else np.ones(len(rank))]
        self.chance: Floats = np.mean([w / w.sum() for w in weights], axis=0)
        self._add_bodies(rank)
        self._add_short_names(usage, rank)
        self._add_acronyms(rank)
        self.sites = self._sites()
        self.schools = self._schools()

    def _add_bodies(self, rank: Floats) -> None:
        """Set `bodies` (companies and large bodies, which may have unlisted sites) and `body_chance`."""
        mothers = {p for x in self.known for p in x.parents}
        large = np.array(
            [
                x.kind in _BODIES
                and not _NATIONAL.search(x.name)
                and (_NATIONS.match(x.name) is not None or (x.id in mothers and r > _KNOWN))
                for x, r in zip(self.known, rank, strict=True)
            ],
            bool,
        )
        company = np.array([x.kind == "company" for x in self.known], bool)
        own = np.flatnonzero(company | large)
        self.bodies = [self.known[i] for i in own]
        chance = sum(
            share * part / max(part.sum(), _TINY)
            for share, part in ((1 - shares.BODY, self.chance * company), (shares.BODY, self.chance * large))
        )
        self.body_chance: Floats = chance[own] / max(chance[own].sum(), _TINY)

    def _add_short_names(self, usage: Floats, rank: Floats) -> None:
        """Set `short_names`, `short_chance`, `homonyms` (institutions of each) and `likelihood` (of meaning an institution)."""
        self.homonyms: dict[str, list[int]] = {}
        for i, x in enumerate(self.known):
            for n in x.names:
                if n.kind == "acronym" or (n.kind in ("alias", "label") and SHORT_HAN.fullmatch(n.value)):
                    self.homonyms.setdefault(n.value, []).append(i)
        self.short_names = list(self.homonyms) or [self.known[0].name]
        used = [float(usage[own].sum()) + len(own) for own in self.homonyms.values()] or [1.0]
        self.short_chance: Floats = np.array(used) / sum(used)
        self.likelihood: Floats = usage + 1 if usage.any() else np.exp(_FAME * rank)

    def _add_acronyms(self, rank: Floats) -> None:
        """Set `acronyms` and `acronym_chance`: capitals that coincide with an acronym are mostly an obscure institution's."""
        own = [(n.value, r) for x, r in zip(self.known, rank, strict=True) for n in x.names if n.kind == "acronym"]
        self.acronyms = [a for a, _ in own] or ["ABC"]
        obscurity = np.exp(-_OBSCURITY * np.array([r for _, r in own] or [0.0]))
        self.acronym_chance: Floats = obscurity / obscurity.sum()
        self.known_acronyms = frozenset(a for a, _ in own)

    def _sites(self) -> list[tuple[Institution, Institution]]:
        """(branch, parent) pairs whose names begin alike, where the branch is the parent's only one in its city."""
        out = []
        taken: Counter[tuple[str, str, str]] = Counter()
        for x in self.known:
            for mother in (self.by_id[p] for p in x.parents if p in self.by_id):
                own = fold(COUNTRY_BEHIND.sub("", mother.name))
                if x.city and fold(x.name).startswith(own) and (x.country, x.city) != (mother.country, mother.city):
                    taken[mother.id, x.country, x.city] += 1
                    out.append((x, mother))
        return [(x, mother) for x, mother in out if taken[mother.id, x.country, x.city] == 1]

    def _schools(self) -> list[tuple[Institution, str]]:
        """Universities with a single word unique to each: "Yale"."""
        words = [(x, fold(word)) for x in self.known for word in _own_words(x)]
        count = Counter(word for _, word in {(x.id, word) for x, word in words})
        return [(x, word.title()) for x, word in words if count[word] == 1 and x.kind == "education"]


def _own_words(x: Institution) -> list[str]:
    names = dict.fromkeys(n.value for n in x.names if n.kind in ("official", "label"))
    return [m[1] or m[2] for name in names if (m := _OWN_WORD.fullmatch(name))]
