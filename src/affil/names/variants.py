"""Variants of registered names that authors write, on folded words: respelt or shortened."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import groupby

from affil.names.fold import generic, roles

_ROMAN = {"1": "i", "5": "v", "10": "x"}  # single-letter numerals, which folding does not convert
COMPASS = {f"{word}{end}": word[0] if len(word) < 6 else word[0] + word[5] for word in ("north", "south", "east", "west",
            "northeast", "northwest", "southeast", "southwest") for end in ("", "ern")}  # fmt: skip
_CLIPPED = {"north": "no", "northern": "no", "south": "so", "southern": "so"}
_FIELDS = {"am": ("agricultural", "mechanical"), "af": ("agricultural", "forestry"), "at": ("agricultural", "technology")}
_INITIALS = re.compile(r"(?<!\w)A\s?&\s?[FMT](?!\w)")
_WARDS = (("center", "hospital", "regional", "university"), ("center", "hospital", "university"), ("hospital", "university"),
          ("complex", "hospital", "university"))  # fmt: skip
_SAINT = re.compile(r"(?:St\.?|Saint) [^\W\d_]")


def respelt(words: Sequence[str], name: str, kind: str) -> Iterable[tuple[str, ...]]:
    """Yield respellings: Roman numerals ("Lyon I"), initials of compass points ("E China Normal Univ", "So Methodist Univ"),
    initials written out ("Agricultural and Mechanical"), French and Spanish hospitals in English word order, polytechnics as
    institutes or universities ("Polytechnic Institute of Milan").
    """
    if len(words) > 2 and kind in ("education", "facility"):
        if sum(w in _ROMAN for w in words[1:]) == 1:
            yield tuple(_ROMAN.get(w, w) for w in words)
        if any(w in COMPASS for w in words) and any(roles().get(w) == "head" for w in words):
            yield tuple(COMPASS.get(w, w) for w in words)
            yield tuple(_CLIPPED.get(w, w) for w in words)
        if _INITIALS.search(name):
            yield tuple(w for word in words for w in _FIELDS.get(word, (word,)))
    elif len(words) == 2 and words[0] == "polytechnic" and words[1] not in roles() and kind == "education":
        yield from ((*words[:1], head, *words[1:]) for head in ("institute", "university"))
    elif len(words) == 2 and words[1] == "university" and len(COMPASS.get(words[0], "")) == 2:
        yield (COMPASS[words[0]], "university")
    for ward in _WARDS:
        if tuple(words[: len(ward)]) == ward:
            if 1 <= len(rest := tuple(words[len(ward) :])) <= 3:
                yield ("university", "hospital", *rest)
                yield (*rest, "university", "hospital")
            break


_WARD = frozenset({"hospital", "clinic"})
_STATE = frozenset({"AM", "AZ", "BY", "GE", "KG", "KZ", "MD", "RU", "TJ", "UA", "UZ"})  # most universities are "State"
_NATIONAL = frozenset({"AR", "BO", "CL", "CO", "CR", "EC", "HN", "MX", "NI", "PA", "PE", "PY", "UY", "VE"})  # "Nacional"
# where a name after the place is a campus
_CAMPUSES = frozenset({"AU", "CA", "CN", "GB", "ID", "IN", "KR", "MY", "PH", "US"})


def curtailed(
    words: Sequence[str], name: str, country: str, kind: str, places: Container[tuple[str, ...]]
) -> Iterable[tuple[str, ...]]:
    """Yield shortened names, valid only if no other institution has them: "Kuban University" of "Kuban State University",
    "University of La Plata" of "National University of La Plata", "Tor Vergata University" of "University of Rome Tor Vergata",
    "Saint Erik's".
    """
    own = tuple(words)
    if 3 <= len(own) <= 4 and _SAINT.match(name) and roles().get(own[-1]) == "head" and len(own[1]) > 3:
        yield ("saint", own[1].removesuffix("s") if own[1].endswith("s") else own[1] + "s", *own[2:])
    if kind != "education":
        return
    rest: tuple[str, ...] = ()
    if country in _STATE and len(own) == 3 and own[1:] == ("state", "university"):
        rest = own[:1]
    elif country in _NATIONAL and own[:2] == ("national", "university") and 3 <= len(own) <= 4:
        rest = own[2:]
    elif len(own) > 2 and own[0] == "university" and country not in _CAMPUSES:
        for n in range(len(own) - 1, 1, -1):
            if own[1:n] in places and own[n:] not in places:
                rest = own[n:]
                break
    if (
        rest
        and len(rest[0]) > 2
        and len("".join(rest)) > 3
        and (rest in places or not set(rest) & (generic() | COMPASS.keys()))
        and all(w.isascii() and w.isalpha() for w in rest)
    ):
        yield (*rest, "university")
        yield ("university", *rest)


def hospitals_alone(
    hospitals: Iterable[tuple[tuple[str, ...], int, int]],
    schools: Container[tuple[str, ...]],
    owners: Mapping[tuple[str, ...], Collection[int]],
) -> list[tuple[tuple[str, ...], int, int]]:
    """Shorten hospital names (words, institution, name) that begin or end with a university's name.

    The rest must have a distinctive word and occur in no other institution's name: "West China Hospital (of Sichuan
    University)".
    """
    left: dict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for words, target, name in hospitals:
        if rest := _without_school(words, schools):
            left[rest].setdefault(target, name)
    sizes = sorted({len(rest) for rest in left})
    for words, held in owners.items():
        if not _WARD.isdisjoint(words):
            for n in sizes:
                for i in range(len(words) - n + 1):
                    if (rest := words[i : i + n]) in left and set(held) - set(left[rest]):
                        del left[rest]
    return [(rest, target, name) for rest, own in left.items() if len(own) == 1 for target, name in own.items()]


def _without_school(words: tuple[str, ...], schools: Container[tuple[str, ...]]) -> tuple[str, ...] | None:
    for n in range(len(words) - 2, 1, -1):  # longest first
        for rest, school in ((words[:-n], words[-n:]), (words[n:], words[:n])):
            if school in schools:
                named = rest[0] not in generic() and any(
                    w not in generic() and w.isalpha() and w.isascii() and len(w) > 2 for w in rest
                )
                return rest if named and not _WARD.isdisjoint(rest) else None
    return None


_SCHOOLS = frozenset({"medical", "medicine", "health", "school", "college", "law", "dental", "nursing", "global", "online"})


def flagships(
    words: Sequence[tuple[str, ...]], parents: Sequence[Sequence[int]], fame: Sequence[float], lead: float
) -> list[tuple[tuple[str, ...], int]]:
    """The campuses meant by the name of their system alone: "University of Massachusetts" is mostly the one in Amherst.

    Args:
        words: the folded official name of each institution.
        parents: the numbers of each one's parents.
        fame: the prominence of each.
        lead: by how much a flagship's prominence must exceed that of every other campus.
    """
    campuses: dict[int, list[int]] = defaultdict(list)
    for child, above in enumerate(parents):
        for system in above:
            base, rest = words[system][:-1], words[child][len(words[system]) - 1 :]
            named = words[system][-1:] == ("system",) and len(base) > 1 and words[child] == base + rest
            if named and rest and _SCHOOLS.isdisjoint(rest):
                campuses[system].append(child)
    out = []
    for system, own in campuses.items():
        best, *others = sorted(own, key=lambda i: -fame[i])
        if all(fame[best] - fame[other] >= lead for other in others):
            out.append((words[system][:-1], best))
    return out


_PINYIN = re.compile(
    r"(?=..)(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:ai?|ao|ang?|ei?|eng?|er|i|ia|iao|iang?|ie|iu|ing?|iong|ou?|ong|u|uai?|uang?|ue|ui|un|uo)"
)
_HOSPITALS = (("university", "hospital"), ("university", "medical", "center"), ("university", "clinic"))


def swapped(words: Sequence[str]) -> tuple[str, ...] | None:
    """The name reordered as authors do: "University of X" and "X University", "University Hospital X"."""
    for head in _HOSPITALS:
        rest = len(words) - len(head)
        if 1 <= rest <= 2 and tuple(words[: len(head)]) == head and words[-1] not in roles():
            return (*words[len(head) :], *head)
        if 1 <= rest <= 2 and tuple(words[rest:]) == head and words[0] not in roles():
            return (*head, *words[:rest])
    if 3 <= len(words) <= 4 and set(words[:2]) == {"technology", "university"}:
        return (*words[2:], "university", "technology")
    if 3 <= len(words) <= 4 and set(words[:2]) == {"medical", "university"} and words[2] not in roles():
        return (*words[2:], "medical", "university")
    if 3 <= len(words) <= 4 and tuple(words[-2:]) == ("medical", "university") and not set(words[:-2]) & generic():
        return ("medical", "university", *words[:-2])
    if 3 <= len(words) <= 4 and tuple(words[-2:]) == ("university", "technology"):
        return ("technology", "university", *words[:-2])
    if 2 <= len(words) <= 3 and words[0] == "university" and words[1] not in roles():
        return (*words[1:], words[0])
    if (
        2 <= len(words) <= 3
        and words[-1] == "university"
        and not set(words[:-1]) & {"state", "national", "technology", "medical"}
    ):
        return (words[-1], *words[:-1])
    return None


def says_nothing(words: Sequence[str], places: Container[tuple[str, ...]]) -> bool:
    """Whether all words are generic and none is a place: "Science University"."""
    return all(w in generic() and (w in roles() or (w,) not in places) for w in words)


def is_another(words: Sequence[str], n: int, places: Container[tuple[str, ...]]) -> bool:
    """Whether what follows the first `n` words marks another institution: "Lapland University of Applied Sciences".

    So the University of Lapland may be Lapland University, but Washington University (in St. Louis) is not the University of
    Washington.
    """
    return (
        words[n - 1] == "university"
        and says_nothing(words[n:], places)
        and not any(w in COMPASS or says_nothing([w], places) for w in words[: n - 1])
    )


def unplaced(words: Sequence[str], places: Container[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The name without a place at its end, which authors omit or write elsewhere: "Ruhr University (Bochum)".

    The rest must have a head and a distinctive word; "National University (of Singapore)" has none.
    """
    for n in range(2, len(words)):  # longest place first: "New Brunswick", not "Brunswick"
        rest = tuple(words[:n])
        if tuple(words[n:]) in places:
            own = any(len(w) > 2 and w not in generic() for w in rest)
            return rest if own and any(roles().get(w) == "head" for w in rest) else None
    return None


_ROMANISED = re.compile(f"(?:{_PINYIN.pattern})+")


def is_pinyin(word: str) -> bool:
    """Whether a word consists of pinyin syllables."""
    return _ROMANISED.fullmatch(word) is not None


def closed_up(words: Sequence[str]) -> tuple[str, ...] | None:
    """The name with runs of pinyin syllables joined: "Beijing Tiantan Hospital" for "Tian Tan"."""
    out: list[str] = []
    for is_pinyin, run in groupby(words, lambda word: _PINYIN.fullmatch(word) is not None):
        syllables = list(run)
        out += ["".join(syllables)] if is_pinyin else syllables
    return tuple(out) if 1 < len(out) < len(words) else None
