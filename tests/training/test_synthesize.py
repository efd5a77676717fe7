"""Composed strings: of a seed they are always the same ones, as the shipped model was trained on them."""

from __future__ import annotations

import hashlib

import pytest

from affil.training.synthesize import Writer
from affil.types import Institution, Name


def institution(key: str, name: str, kind: str, place: tuple[str, str, str], *names: Name, **more: object) -> Institution:
    country, region, city = place
    own = (Name(name, "en", "official"), *names)
    return Institution(f"x:{key}", name, own, kind, country, region, city, prominence=len(name) % 7, **more)  # type: ignore[arg-type]


def short(*values: str) -> tuple[Name, ...]:
    return tuple(Name(v, "" if v.isascii() else "zh", "acronym" if v.isascii() else "alias") for v in values)


# Between them they give every kind of composed string something to work on: sites, namesakes, short forms, bodies of many sites.
KNOWN = (
    institution("quill", "Quillwater University", "education", ("GB", "GB-ENG", "Oxford"), *short("QWU", "羽水大"), domain="quillwater.ac.uk"),
    institution("fern", "University of Fernhollow", "education", ("US", "US-MA", "Boston"), *short("UFH"), usage=90, domain="fern.edu"),
    institution("fern-lab", "Fernhollow Laboratory of Optics", "facility", ("US", "US-CA", "Pasadena"), parents=("x:fern",)),
    institution("teacup", "Teacup Hospital", "healthcare", ("AU", "AU-VIC", "Melbourne"), Name("Teacup Infirmary", "en", "former")),
    institution("ink", "Inkwell Research", "company", ("US", "US-WA", "Redmond"), *short("IWR", "墨井"), usage=400),
    institution("ink-uk", "Inkwell Research (United Kingdom)", "company", ("GB", "GB-ENG", "Cambridge"), parents=("x:ink",)),
    institution("north", "North Harbour University", "education", ("CN", "", "Dalian"),
                Name("北港大学", "zh", "label"), *short("北港大", "NHU")),
    institution("world", "World Lantern Organization", "nonprofit", ("CH", "", "Geneva"), *short("WLO"), usage=30),
    institution("ministry", "Ministry of Lanterns", "government", ("FR", "", "Paris"), Name("Ministère des Lanternes", "fr", "label")),
    institution("lantern", "Lanternburg University of Technology", "education", ("DE", "", "Berlin"),
                Name("Technische Universität Lanternburg", "de", "label"), *short("LUT"), usage=12),
)  # fmt: skip
UNKNOWN = (
    institution("stranger", "Marrowgate College", "education", ("CA", "CA-ON", "Toronto"), *short("MGC", "QWU")),
    institution("namesake", "Teacup Hospital", "healthcare", ("IE", "", "Dublin")),
    institution("firm", "Tanglewick Robotics", "company", ("JP", "", "Osaka"), Name("株式会社", "ja", "label")),
)


@pytest.mark.parametrize(
    ("unknown", "seed", "expected"),
    [
        (UNKNOWN, 5, "431ca8723019118b83f95e4f6f17c059dc9f796866c7bb344046daea2387cf71"),
        ((), 6, "3c301d6311353bd639d7f7d212352e74db5e059a764f64409919e69f0cd66df8"),
    ],
)
def test_strings_of_a_seed_stay_the_same(unknown: tuple[Institution, ...], seed: int, expected: str) -> None:
    rows = Writer(KNOWN, unknown, seed).write(2000)
    told = "\n".join(repr((r.affiliation, r.institutions, r.policy, r.acceptable, int(r.trust))) for r in rows)
    assert hashlib.sha256(told.encode()).hexdigest() == expected
