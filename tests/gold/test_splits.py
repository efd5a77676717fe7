"""Nothing that is tested was trained on."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from affil.match.resources import resource
from affil.registry import Registry
from affil.text import fold

STRATA = {"zh-short", "zh-dept", "ja-ko", "other-language", "en-dept", "acronym", "multi", "damaged", "company", "nil"}


def read(name: str) -> list[dict[str, str]]:
    with Path(resource(f"gold/{name}.csv")).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def gold() -> dict[str, list[dict[str, str]]]:
    return {name: read(name) for name in ("train", "dev", "test")}


def ids(rows: list[dict[str, str]]) -> set[str]:
    return {i for r in rows for i in r["institution_ids"].split()}


def test_no_string_stands_in_two_splits(gold: dict[str, list[dict[str, str]]]) -> None:
    seen: dict[str, str] = {}
    for name, rows in gold.items():
        for r in rows:
            key = fold(r["affiliation"]) or r["affiliation"]
            assert seen.setdefault(key, name) == name, r["affiliation"]


def test_a_third_of_the_test_institutions_were_never_trained_on(gold: dict[str, list[dict[str, str]]]) -> None:
    tested = ids(gold["test"])
    assert len(tested - ids(gold["train"])) >= len(tested) / 3


def test_labels_are_active_institutions_of_the_shipped_registry(gold: dict[str, list[dict[str, str]]]) -> None:
    registry = Registry.open()
    for rows in gold.values():
        for i in ids(rows):
            assert registry.resolve(i) == i


def test_every_stratum_is_tested(gold: dict[str, list[dict[str, str]]]) -> None:
    assert {r["stratum"] for r in gold["test"]} == STRATA
    assert all(not r["institution_ids"] for rows in gold.values() for r in rows if r["stratum"] == "nil")


def test_every_stratum_has_its_least_number_of_strings(gold: dict[str, list[dict[str, str]]]) -> None:
    least = {"zh-short": 300, "zh-dept": 300, "ja-ko": 150, "other-language": 200, "en-dept": 400, "acronym": 300, "multi": 300,
             "damaged": 250, "company": 250, "nil": 300}  # fmt: skip
    counts = Counter(r["stratum"] for rows in gold.values() for r in rows)
    assert {name: counts[name] for name in least if counts[name] < least[name]} == {}
