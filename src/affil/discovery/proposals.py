"""Propose new institutions from unmatched strings, and find possible duplicates in a registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from affil.discovery.phrases import Phrase, Surroundings, count_terms, find_phrases
from affil.names import fold, tokenize
from affil.registry import Registry
from affil.settings import DiscoverSettings
from affil.wording import said

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A possibly new institution: name, place ("" if unknown), and the strings that name it, most mentioned first.

    `spellings` are its surface forms, most mentioned first; `kind` is guessed from its words.
    """

    name: str
    country: str
    city: str
    kind: str
    mentions: int
    strings: tuple[str, ...]
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two registry records that may be one institution: ids, the similar names, the probability."""

    first: str
    second: str
    first_name: str
    second_name: str
    country: str
    probability: float


def discover(
    unexplained: Sequence[tuple[str, int]],
    strings: Sequence[str],
    people: Sequence[str],
    registry: Registry,
    settings: DiscoverSettings,
    tell: Tell = lambda _: None,
) -> list[Proposal]:
    """Cluster unmatched strings and propose each cluster as a new institution.

    Args:
        unexplained: unmatched strings with their number of mentions.
        strings: all strings, for word frequencies.
        people: names of authors, to exclude.
        registry: known institutions; also trains the linkage classifier.
        settings: thresholds.
        tell: called with a message per step.

    Returns:
        Proposals, most institution-like and most mentioned first.
    """
    from affil.discovery import linkage  # recordlinkage is slow to import

    tell(said("looking for names"))
    known = [str(name) for name in registry.arrays.alias_text.to_pylist()]
    around = Surroundings(
        frozenset(known),
        _folded(people),
        count_terms(strings),
        len(strings),
        settings.rare,
        settings.few,
        settings.letters,
        settings.capitals,
    )
    phrases = find_phrases([s for s, _ in unexplained], around)
    mentions = [unexplained[p.string][1] for p in phrases]
    tell(said("learning how names vary"))
    classifier = linkage.learn(registry, settings)
    tell(said("comparing {0:,} names", len(phrases)))
    distinct: dict[tuple[str, str, str], int] = {}
    of_phrase = [distinct.setdefault((p.name, p.country, p.city), len(distinct)) for p in phrases]
    keys = {(p.name, p.country, p.city): p.keys for p in phrases}
    frame = linkage.records([(name, keys[name, country, city], country, city) for name, country, city in distinct])
    pairs = linkage.candidate_pairs(frame, settings)
    linked = pairs[linkage.probabilities(classifier, linkage.compare(pairs, frame)) >= settings.link]
    members: dict[int, list[int]] = {}
    for phrase, record in enumerate(of_phrase):
        members.setdefault(record, []).append(phrase)
    proposals = []
    for group in linkage.clusters(linked, len(distinct)):
        own = [phrase for record in group for phrase in members[record]]
        made = _propose([phrases[i] for i in own], [mentions[i] for i in own], unexplained)
        if made.mentions >= settings.mentions:
            proposals.append((max(phrases[i].rank for i in own), made))
    tell(said("comparing {0:,} clusters with the registry", len(proposals)))
    fresh = [p for p in proposals if not _misspelt(p[1], known, settings.near)]
    fresh.sort(key=lambda p: (p[0] == 1, -p[1].mentions, p[1].name))  # institutes last: may be parts
    return [made for _, made in fresh]


def find_duplicates(registry: Registry, settings: DiscoverSettings) -> list[Duplicate]:
    """Pairs of institutions in one country that may be duplicates by their names, most probable first.

    Names are compared with and without the institution's place at the end. Parents and children are left out, unless they have
    the same name and city (a university and its main campus); so are institutions and their successors.
    """
    from affil.discovery import linkage

    frame, owners = linkage.registry_records(registry, settings, without_place=True)
    classifier = linkage.learn(registry, settings)
    pairs = linkage.candidate_pairs(frame, settings)
    left, right = (pairs.get_level_values(level).to_numpy() for level in (0, 1))
    pairs = pairs[owners[left] != owners[right]]
    probability = linkage.probabilities(classifier, linkage.compare(pairs, frame))
    best: dict[tuple[int, int], tuple[float, int, int]] = {}
    likely = probability >= settings.link
    for (a, b), p in zip(pairs[likely].tolist(), probability[likely].tolist(), strict=True):
        pair = (min(int(owners[a]), int(owners[b])), max(int(owners[a]), int(owners[b])))
        best[pair] = max(best.get(pair, (0.0, 0, 0)), (p, a, b))
    out = []
    for (i, j), (p, a, b) in best.items():
        one, two = registry.at(i), registry.at(j)
        succeeds = two.id in one.successors or one.id in two.successors
        inside = two.id in one.parents or one.id in two.parents
        same = one.city and frame["compact"][a] == frame["compact"][b]
        if not succeeds and (same or not inside) and one.country == two.country:
            first, second = (frame["name"][k] for k in ((a, b) if owners[a] == i else (b, a)))
            out.append(Duplicate(one.id, two.id, f"{one.name} ({first})", f"{two.name} ({second})", one.country, round(p, 4)))
    return sorted(out, key=lambda d: (-d.probability, d.first, d.second))


def _propose(phrases: Sequence[Phrase], mentions: Sequence[int], unexplained: Sequence[tuple[str, int]]) -> Proposal:
    spellings: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    cities: Counter[tuple[str, str]] = Counter()
    strings: Counter[str] = Counter()
    for phrase, count in zip(phrases, mentions, strict=True):
        spellings[phrase.surface] += count
        countries[phrase.country] += count if phrase.country else 0
        cities[phrase.country, phrase.city] += count if phrase.city else 0
        strings[unexplained[phrase.string][0]] = count
    country = _best(countries)
    city = _best(Counter({city: n for (c, city), n in cities.items() if c == country and n}))
    ordered = [s for s, _ in sorted(spellings.items(), key=lambda x: (-x[1], x[0]))]
    named = [s for s, _ in sorted(strings.items(), key=lambda x: (-x[1], x[0]))]
    return Proposal(ordered[0], country, city, _kind(ordered[0]), sum(strings.values()), tuple(named), tuple(ordered))


def _best(counts: Counter[str]) -> str:
    found = [(n, value) for value, n in counts.items() if n]
    return max(found, key=lambda x: (x[0], x[1]))[1] if found else ""


def _kind(name: str) -> str:
    words = set(fold(name).split())
    if words & {"university", "college", "school", "academy"}:
        return "education"
    if words & {"hospital", "clinic"}:
        return "healthcare"
    if words & {"institute", "laboratory", "center"}:
        return "facility"
    if words & {"foundation", "association", "society"}:
        return "nonprofit"
    return "company"


def _misspelt(proposal: Proposal, known: Sequence[str], near: float) -> bool:
    """Whether the name is a misspelling of a known one, comparing letters only, since words may be split."""
    from rapidfuzz import fuzz, process

    name = "".join(fold(proposal.name).split())
    return process.extractOne(name, known, scorer=fuzz.ratio, processor=_compact, score_cutoff=near) is not None


def _compact(name: str) -> str:
    return name.replace(" ", "")


def _folded(names: Sequence[str]) -> frozenset[str]:
    tokens = tokenize(list(names))
    return frozenset(" ".join(tokens.words[tokens.ptr[k] : tokens.ptr[k + 1]]) for k in range(len(names)))
