"""Nothing that is tested was trained on, and what measures is what was frozen."""

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from affil.data import resource
from affil.names import fold
from affil.names.split import split_parts
from affil.registry import Registry

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


def test_half_of_the_test_institutions_were_never_trained_on(gold: dict[str, list[dict[str, str]]]) -> None:
    tested = ids(gold["test"])
    assert len(tested) >= 600
    assert len(tested - ids(gold["train"])) >= len(tested) / 2


def test_the_test_rows_are_those_that_were_frozen() -> None:
    frozen = hashlib.sha256(resource("gold/test.csv").read_bytes()).hexdigest()
    assert frozen in resource("gold/README.md").read_text("utf-8")


def test_what_is_acceptable_is_known_and_not_what_is_right(gold: dict[str, list[dict[str, str]]]) -> None:
    registry = Registry.open()
    for r in gold["test"]:
        acceptable = r["acceptable"].split()
        assert [registry.resolve(i) for i in acceptable] == acceptable
        assert not set(acceptable) & set(r["institution_ids"].split())


def test_labels_are_active_institutions_of_the_shipped_registry(gold: dict[str, list[dict[str, str]]]) -> None:
    registry = Registry.open()
    for split, rows in gold.items():
        for i in ids(rows):
            now = registry.resolve(i)
            assert registry.get(now).status == "active"
            assert now == i or split == "test", (
                "labels follow closures, but not those of the frozen file: a successor is right there"
            )


def test_child_and_parent_together_are_labelled_as_the_child(gold: dict[str, list[dict[str, str]]]) -> None:
    registry = Registry.open()
    for rows in gold.values():
        for r in rows:
            right = r["institution_ids"].split()
            if len(split_parts(r["affiliation"])) > 1:  # the parts of a string each name their own
                continue
            assert not set(right) & {parent for i in right for parent in registry.ancestors(i)}, r["affiliation"]


def test_every_stratum_is_tested(gold: dict[str, list[dict[str, str]]]) -> None:
    assert {r["stratum"] for r in gold["test"]} == STRATA
    # of train and dev some strings that named nothing when they were written name what the registry has since
    assert all(not r["institution_ids"] for r in gold["test"] if r["stratum"] == "nil")


def least(rows: list[dict[str, str]], numbers: dict[str, int]) -> dict[str, int]:
    """The strata with fewer strings than asked for."""
    counts = Counter(r["stratum"] for r in rows)
    return {name: counts[name] for name in numbers if counts[name] < numbers[name]}


def test_every_stratum_has_its_least_number_of_strings(gold: dict[str, list[dict[str, str]]]) -> None:
    assert least([r for rows in gold.values() for r in rows], {
        "zh-short": 300, "zh-dept": 300, "ja-ko": 150, "other-language": 200, "en-dept": 400, "acronym": 300, "multi": 300,
        "damaged": 250, "company": 250, "nil": 300}) == {}  # fmt: skip
    assert least(gold["test"], {
        "zh-short": 90, "zh-dept": 90, "ja-ko": 50, "other-language": 100, "en-dept": 120, "acronym": 90, "multi": 150,
        "damaged": 80, "company": 80, "nil": 120}) == {}  # fmt: skip


@pytest.mark.parametrize("separator", ["; ", "\n", " + ", "+", " / ", "/", " | ", ", ", " and ", " & ", "和", "、", "与", "，"])
def test_several_organisations_are_joined_by_every_separator(gold: dict[str, list[dict[str, str]]], separator: str) -> None:
    several = [r for r in gold["test"] if len(r["institution_ids"].split()) > 1]
    assert sum(separator in r["affiliation"] for r in several) >= 12
