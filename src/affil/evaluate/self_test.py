"""Match a registry's own names: the shares found, decided, and wrong."""

from __future__ import annotations

import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affil.errors import AffilError, UnknownIdError
from affil.evaluate.metrics import Metric, share
from affil.evaluate.score import Answer, answer
from affil.io.tables import create_table
from affil.names import fold, tokenize
from affil.names.fold import generic
from affil.registry.places import country_name
from affil.settings import Settings
from affil.types import Decision, Institution, Name, NameKind, Progress
from affil.wording import said

if TYPE_CHECKING:
    from affil.match.interface import MatcherLike
    from affil.registry import Registry

FORMS = ("alone", "city", "city and country")  # how a name is given


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of `names` strings: the institution is found, is decided `match`, or another one is decided `match`."""

    names: int
    found: Metric
    match: Metric
    wrong_match: Metric


@dataclass(frozen=True, slots=True)
class Fault:
    """A string whose institution was not found (`missed`), or with another one decided `match` (`wrong`)."""

    fault: str
    affiliation: str
    form: str
    kind: str
    expected: str
    expected_name: str
    got: str
    got_names: str
    decision: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Results for the unique names of a registry.

    `institutions` were drawn, with `names` unique names. Left out are `shared` names, `generic` ones (no distinctive word after
    folding), and those of `unknown` institutions, which the matcher's registry lacks. `forms` holds the shares for each of
    `FORMS`, `slices` the same by kind of name, kind of institution, script, language, and decile of prominence (10: most
    prominent).
    """

    registry: str
    model: str
    seed: int
    institutions: int
    names: int
    shared: int
    generic: int
    unknown: int
    forms: dict[str, Shares]
    slices: dict[str, dict[str, dict[str, Shares]]]
    seconds: float
    faults: tuple[Fault, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-serialisable dictionary; only faults decided wrongly are included."""
        return with_wrong(self)


def with_wrong(result: Any) -> dict[str, Any]:
    """A result as a dictionary, keeping only the faults of kind `wrong`."""
    out = asdict(result)
    out["wrong"] = [f for f in out.pop("faults") if f["fault"] == "wrong"]
    return out


def write_faults(faults: Iterable[Fault], path: Path | str) -> None:
    """Write faults to a table; raises AffilError if it cannot be written."""
    columns = Fault.__dataclass_fields__
    rows = list(faults)
    with create_table(path, dict.fromkeys(columns, "string")) as table:
        table.write({c: [getattr(f, c) for f in rows] for c in columns})


@dataclass(frozen=True, slots=True)
class UniqueName:
    """A name that exactly one institution of a registry has."""

    institution: Institution
    name: Name


class NameIndex:
    """Institutions of a registry by folded name."""

    def __init__(self, registry: Registry) -> None:
        """Read the registry's index."""
        names = registry.arrays.alias_text.to_pylist()
        self._number = dict(zip(names, range(len(names)), strict=True))
        self._ptr, self._inst = registry.arrays.owner_ptr, registry.arrays.owner_inst
        self._registry = registry

    def of(self, folded: str) -> list[int]:
        """The numbers of the institutions with a folded name; empty if the index has no such name."""
        k = self._number.get(folded)
        return [] if k is None else self._inst[self._ptr[k] : self._ptr[k + 1]].tolist()

    def is_unique(self, text: str, number: int) -> bool:
        """Whether the name is unique to this institution and has a distinctive word."""
        folded = fold(text)
        return self.of(folded) == [number] and not {*folded.split()} <= generic()

    def unique_names(self, institutions: Sequence[Institution]) -> tuple[list[UniqueName], Counter[str]]:
        """The unique names of institutions, and the number of names left out by reason.

        Names that fold alike count once per institution, as the better kind. Reasons are `shared` and `generic` names, and
        `unknown` institutions.
        """
        out: list[UniqueName] = []
        left: Counter[str] = Counter()
        pairs = [(one, name) for one in institutions for name in _names(one)]
        tokens = tokenize([name.value for _, name in pairs])
        expected: dict[str, int] = {}
        for one in institutions:
            try:
                expected[one.id] = self._registry.number(self._registry.resolve(one.id))
            except UnknownIdError:
                left["unknown"] += 1
        seen: set[tuple[str, str]] = set()
        for k, (one, name) in enumerate(pairs):
            words = tokens.words[tokens.ptr[k] : tokens.ptr[k + 1]]
            folded = " ".join(words)
            if one.id not in expected or (one.id, folded) in seen:
                continue
            seen.add((one.id, folded))
            homonyms = self.of(folded)
            if not homonyms or set(words) <= generic():
                left["generic"] += 1
            elif homonyms != [expected[one.id]]:
                left["shared"] += 1
            else:
                out.append(UniqueName(one, name))
        return out, left


def _names(one: Institution) -> list[Name]:
    names = [*one.names, Name(one.domain, "", "domain")] if one.domain else list(one.names)
    return sorted(names, key=lambda name: NameKind[name.kind.upper()])


def script(text: str) -> str:
    """The script of most letters of a text, by its Unicode name (latin, han, hangul, cyrillic); kana if there is any."""
    names = [unicodedata.name(c, "other").split()[0].casefold() for c in text if c.isalpha()]
    if {"hiragana", "katakana"} & {*names}:
        return "kana"
    return Counter(names).most_common(1)[0][0].replace("cjk", "han") if names else "none"


def self_test(
    matcher: MatcherLike,
    names: Registry | None = None,
    *,
    sample: int | None = None,
    seed: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> SelfTest:
    """Match the unique names of a registry: alone, with the city, with city and country.

    A name is unique if exactly one institution in the matcher's registry has it. The city is omitted if name and city together
    are another name. Only that institution is right; any other decided `match` is wrong, even a parent or a part of it.

    Args:
        matcher: a loaded matcher.
        names: the registry whose names are matched; default the matcher's own.
        sample: number of institutions to draw, 0 for all; default from the settings.
        seed: random seed of the draw.
        settings: default sample size and seed, confidence level.
        progress: called with (strings done, total) after every batch.

    Raises:
        AffilError: no institution has a unique name.
    """
    settings = settings or Settings()
    e = settings.evaluate
    start = time.perf_counter()
    seed = e.seed if seed is None else seed
    registry, source = matcher.registry, names or matcher.registry
    drawn = _draw(source, sample, seed, settings)
    index = NameIndex(registry)
    unique, left = index.unique_names(drawn)
    if not unique:
        raise AffilError(said("{0}: no institution with a name of its own in {1}", source.path, registry.path))
    given = [(form, k, string) for k, x in enumerate(unique) for form, string in _given(x, index)]
    answers = answer([string for *_, string in given], matcher, settings.batch.rows, progress)
    tally, faults = _count(unique, given, answers, registry)
    return SelfTest(
        registry=registry.version,
        model=matcher.model_hash,
        seed=seed,
        institutions=len(drawn),
        names=len(unique),
        shared=left["shared"],
        generic=left["generic"],
        unknown=left["unknown"],
        forms={form: tally.shares(e.confidence, form) for form in FORMS},
        slices={form: tally.slices(e.confidence, form) for form in FORMS},
        seconds=time.perf_counter() - start,
        faults=tuple(faults),
    )


def _draw(source: Registry, sample: int | None, seed: int, settings: Settings) -> list[Institution]:
    """Draw `sample` active institutions, in the order of the registry (see `self_test`)."""
    e = settings.evaluate
    active = np.flatnonzero([s == "active" for s in source.arrays.inst_status.to_pylist()])
    wanted = (0 if len(active) <= e.whole else e.drawn) if sample is None else sample
    if wanted and wanted < len(active):
        active = np.sort(np.random.default_rng(seed).permutation(active)[:wanted])
    return [source.at(int(i)) for i in active]


def _count(
    unique: Sequence[UniqueName], given: Sequence[tuple[str, int, str]], answers: Iterable[Sequence[Answer]], registry: Registry
) -> tuple[Tally, list[Fault]]:
    """Count the answers to strings, each given with its form and the number of its name in `unique`."""
    expected = [registry.resolve(x.institution.id) for x in unique]
    slices = [_slices(x, registry) for x in unique]
    tally = Tally()
    faults: list[Fault] = []
    for (form, k, string), found in zip(given, answers, strict=True):
        tally.add(form, slices[k], {expected[k]}, found)
        faults += find_faults(string, form, unique[k].name.kind, {expected[k]: unique[k].institution.name}, found, registry)
    return tally, faults


def _given(x: UniqueName, index: NameIndex) -> Iterable[tuple[str, str]]:
    city, country = x.institution.city, country_name(x.institution.country)
    yield FORMS[0], x.name.value
    if city and not index.of(fold(f"{x.name.value} {city}")):  # "University of Texas, Austin" is not the system in Austin
        yield FORMS[1], f"{x.name.value}, {city}"
        if country:
            yield FORMS[2], f"{x.name.value}, {city}, {country}"


def _slices(x: UniqueName, registry: Registry) -> dict[str, str]:
    prominence = registry.arrays.inst_prominence[registry.number(registry.resolve(x.institution.id))]
    return {
        "name": x.name.kind,
        "institution": x.institution.kind,
        "script": script(x.name.value),
        "language": x.name.language or "unknown",
        "decile": f"{min(int(10 * prominence), 9) + 1:02d}",
    }


class Tally:
    """Counts of what was found, by form and by slice."""

    def __init__(self) -> None:
        """Start empty."""
        self._counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(self, form: str, slices: dict[str, str], expected: set[str], found: Sequence[Answer]) -> None:
        """Count one string of a form and slices, with the ids of which any is correct, and the answers."""
        sure = {a.id for a in found if a.decision == Decision.MATCH}
        values = (1, bool(expected & {a.id for a in found}), bool(expected & sure), bool(sure - expected))
        for key in [("", ""), *slices.items()]:
            counts = self._counts[form, *key]
            counts[:] = [a + b for a, b in zip(counts, values, strict=True)]

    def shares(self, confidence: float, form: str, part: str = "", value: str = "") -> Shares:
        """The shares of a form, or of one value of one of its slices."""
        names, *counts = self._counts.get((form, part, value), [0, 0, 0, 0])
        return Shares(names, *(share(count, names, confidence) for count in counts))

    def slices(self, confidence: float, form: str) -> dict[str, dict[str, Shares]]:
        """The shares of every value of every slice of a form."""
        keys = sorted((part, value) for of, part, value in self._counts if of == form and part)
        out: dict[str, dict[str, Shares]] = {}
        for part, value in keys:
            out.setdefault(part, {})[value] = self.shares(confidence, form, part, value)
        return out


def find_faults(
    string: str,
    form: str,
    kind: str,
    expected: dict[str, str],
    found: Sequence[Answer],
    registry: Registry,
    *,
    every: bool = False,
) -> list[Fault]:
    """The faults of an answer; `expected` maps ids to names, any of which suffices, or `every` one is required."""
    ids, sure = {a.id for a in found}, {a.id for a in found if a.decision == Decision.MATCH}
    missed = not ids >= {*expected} if every else not ids & {*expected}
    return [
        Fault(
            fault,
            string,
            form,
            kind,
            " ".join(expected),
            "; ".join(expected.values()),
            " ".join(a.id for a in found),
            "; ".join(registry.get(a.id).name for a in found),
            "; ".join(a.decision for a in found),
        )
        for fault, there in (("missed", missed), ("wrong", bool(sure - {*expected})))
        if there
    ]
