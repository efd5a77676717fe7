from pathlib import Path

import pytest

from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.types import Institution, Name


def names(official: str, *rest: tuple[str, str, str]) -> tuple[Name, ...]:
    return (Name(official, "en", "official"), *(Name(v, language, kind) for v, language, kind in rest))


INSTITUTIONS = [
    Institution(
        "https://ror.org/00t33hh48",
        "The Chinese University of Hong Kong",
        names(
            "The Chinese University of Hong Kong",
            ("香港中文大學", "zh-hant", "label"),
            ("港中大", "zh", "alias"),
            ("CUHK", "", "acronym"),
        ),
        "education",
        "HK",
        "HK",
        "Hong Kong",
        22.28,
        114.17,
        "cuhk.edu.hk",
        prominence=5.0,
        other_ids=("affil:cuhk", "grid:grid.10784.3a", "isni:0000000419370482", "wikidata:Q15567"),
    ),
    Institution(
        "https://ror.org/02d5ks197",
        "The Chinese University of Hong Kong, Shenzhen",
        names(
            "The Chinese University of Hong Kong, Shenzhen",
            ("CUHK-Shenzhen", "", "alias"),
            ("香港中文大学（深圳）", "zh", "label"),
        ),
        "education",
        "CN",
        "CN-GD",
        "Shenzhen",
        22.54,
        114.06,
        "cuhk.edu.cn",
        ("https://ror.org/00t33hh48",),
        prominence=3.0,
    ),
    Institution(
        "affil:northeastern-boston",
        "Northeastern University",
        names("Northeastern University"),
        "education",
        "US",
        "US-MA",
        "Boston",
        42.36,
        -71.06,
        "northeastern.edu",
        prominence=4.5,
        other_ids=("grid:grid.1.1",),
    ),
    Institution(
        "affil:northeastern-shenyang",
        "Northeastern University",
        names("Northeastern University", ("东北大学", "zh", "label"), ("NEU", "", "acronym")),
        "education",
        "CN",
        "CN-LN",
        "Shenyang",
        41.79,
        123.43,
        "neu.edu.cn",
        prominence=4.0,
    ),
    Institution(
        "affil:old",
        "Tokyo Institute of Technology",
        names("Tokyo Institute of Technology"),
        "education",
        "JP",
        "JP-13",
        "Tokyo",
        35.69,
        139.69,
        "",
        (),
        ("affil:new",),
        "inactive",
        other_ids=("affil:shared", "grid:grid.32197.3e"),
    ),
    Institution(
        "affil:new",
        "Institute of Science Tokyo",
        names("Institute of Science Tokyo"),
        "education",
        "JP",
        "JP-13",
        "Tokyo",
        35.69,
        139.69,
        "isct.ac.jp",
        other_ids=("grid:grid.32197.3e",),
    ),
    Institution(
        "affil:gone",
        "Vanished College",
        names("Vanished College"),
        "education",
        "GB",
        "GB-ENG",
        "London",
        51.5,
        -0.13,
        status="withdrawn",
    ),
    Institution(
        "affil:openai",
        "OpenAI",
        names("OpenAI"),
        "company",
        "US",
        "US-CA",
        "San Francisco",
        37.77,
        -122.42,
        "openai.com",
        other_ids=("grid:grid.1.1",),
    ),
]


@pytest.fixture(scope="session")
def institutions() -> list[Institution]:
    return INSTITUTIONS


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    path: Path = tmp_path_factory.mktemp("registry") / "small.affil"
    return write_registry(sorted(INSTITUTIONS, key=lambda x: x.id), path, {"sources": ["test"]})
