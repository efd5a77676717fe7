from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.names import tokenize
from affil.names.fold import generic, roles
from affil.registry import gazetteer as module
from affil.registry.gazetteer import Country, Gazetteer
from affil.registry.places import CITY, CODE, COUNTRY, REGION, Place

PLACES = [
    Place("Germany", COUNTRY, "DE"),
    Place("DE", CODE, "DE"),
    Place("Bayern", REGION, "DE", "DE-BY"),
    Place("Munich", CITY, "DE", "DE-BY", "Munich"),
    Place("Monaco di Baviera", CITY, "DE", "DE-BY", "Munich"),
    Place("Google", CITY, "US", "US-KS", "Topeka"),
    Place("Topeka", CITY, "US", "US-KS", "Topeka"),
    Place("Federal", CITY, "AR", "", "Federal"),
    Place("University", CITY, "US", "US-FL", "University"),
    Place("Of", CITY, "TR", "", "Of"),
    Place("Au", CITY, "CH", "", "Au"),
    Place("台北", CITY, "TW", "", "Taipei"),
    Place("Munich", CITY, "US", "US-ND", "Munich"),
]


def read(folder: Path, monkeypatch: pytest.MonkeyPatch, places: list[Place] = PLACES) -> Gazetteer:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(module, "read_places", lambda: iter(places))
    return module.gazetteer.__wrapped__()  # as another process does


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gazetteer]:
    yield read(tmp_path, monkeypatch)


def test_what_is_kept_in_the_cache_is_what_was_folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folded, kept = (read(tmp_path, monkeypatch, places) for places in (PLACES, []))
    assert vars(folded) == vars(kept)
    assert [Place(*row) for row in zip(*(getattr(kept, name) for name in Place._fields), strict=True)] == PLACES
    assert kept.words == [tuple(tokenize([place.name]).words) for place in PLACES]
    assert kept.city_words[3:6] == ["munich", "munich", "topeka"]


@pytest.mark.parametrize("damage", [b"", b"no such file", None])
def test_what_cannot_be_kept_is_folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None) -> None:
    if damage is None:  # a file where the folder should be
        (tmp_path / "affil").write_bytes(b"")
    else:
        read(tmp_path, monkeypatch)
        [file] = (tmp_path / "affil").glob("places-*.arrow")
        file.write_bytes(damage)
    assert read(tmp_path, monkeypatch).name == [place.name for place in PLACES]


def test_a_country_by_what_its_places_are_called(known: Gazetteer) -> None:
    german = Country(
        frozenset({("germany",), ("bavaria",), ("munich",), ("monaco", "baviera")}),
        frozenset({"munich"}),
        {"munich": "munich", "monaco baviera": "munich"},
    )
    assert known.within("DE") == german
    assert known.within("XX") == Country(frozenset(), frozenset(), {})


def naive(known: Gazetteer, seats: set[tuple[str, str]], owners: set[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    out: dict[tuple[str, ...], list[int]] = {}
    for k, words in enumerate(known.words):
        kind, name = known.kind[k], known.name[k]
        seat = (known.country[k], name) in seats and not set(words) & set(roles())
        other_name = name != known.city[k]
        if kind == CITY and not seat and (set(words) <= generic() or (other_name and words in owners)):
            continue
        if words and (len("".join(words)) > 2 or kind not in (REGION, CITY) or not words[0].isascii()):
            out.setdefault(words, []).append(k)
    return out


SEATS = st.sampled_from([(place.country, place.name) for place in PLACES])
OWNERS = st.sampled_from([("google",), ("monaco", "baviera"), ("topeka",), ("federal",), ("university",), ("open", "ai")])


def test_names_that_more_likely_mean_something_else(known: Gazetteer) -> None:
    assert ("federal",) not in known.named(set(), set())
    assert known.named({("AR", "Federal")}, set())[("federal",)] == [7]
    assert ("google",) not in known.named(set(), {("google",)})
    assert known.named({("US", "Google")}, {("google",)})[("google",)] == [5]

    @given(st.sets(SEATS), st.sets(OWNERS))
    def as_one_place_after_another(seats: set[tuple[str, str]], owners: set[tuple[str, ...]]) -> None:
        assert known.named(seats, owners) == naive(known, seats, owners)

    as_one_place_after_another()
