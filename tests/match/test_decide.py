"""What a string names beside what it is matched to: the parents by which a unit with several is counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.match.candidates import retrieve
from affil.match.decide import by_policy, decide, named_parents, named_rows
from affil.match.features.featurize import featurize
from affil.match.index import Index
from affil.match.mentions import prepare
from affil.match.pairs import STRIDE
from affil.registry.registry import write_registry
from affil.settings import DecideSettings, Policy, Settings
from affil.types import Institution, Name


def institution(ident: str, name: str, *parents: str, kind: str = "education", aliases: tuple[str, ...] = ()) -> Institution:
    names = (Name(name, "en", "official"), *(Name(one, "", "acronym") for one in aliases))
    return Institution(ident, name, names, kind, "DE", "", "Garching", parents=parents)


INSTITUTIONS = [
    institution("state", "Bavarian State Universities"),
    institution("tum", "Technical University of Munich", "state", aliases=("TUM",)),
    institution("lmu", "Ludwig Maximilian University", "state", aliases=("LMU",)),
    institution("school", "School of Quillology", "tum"),
    institution("unit", "Joint Institute of Quillology", "lmu", "tum", kind="facility"),
    institution("deep", "Laboratory of Dry Ink", "lmu", "school", kind="facility"),
    institution("double", "TUM-LMU Center for Penmanship", "lmu", "tum", kind="facility"),
    institution("eth", "Zurich Polytechnic"),
]
Named = dict[str, list[str]]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Index(write_registry(INSTITUTIONS, tmp_path_factory.mktemp("decide") / "own.affil", {"sources": ["own"]}))


@pytest.fixture(scope="module")
def read(index: Index) -> Callable[..., list[Named]]:
    """What each text is matched to, and what else it names above that, if names that stand there word for word are right."""

    def of(texts: list[str], policy: Policy = "most-specific") -> list[Named]:
        settings = Settings(decide=DecideSettings(policy=policy))
        mentions = prepare(texts, index, settings.retrieve)
        pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
        sure = np.where(pairs.candidates.exact, 0.9 + pairs.candidates.length / 100, 0.0)  # the longer name is more probable
        named = named_rows(sure, pairs, settings.decide)
        rows = by_policy(named, sure, pairs, settings.decide)
        assert rows.tolist() == decide(sure, pairs, settings.decide).tolist()
        text = mentions.string[pairs.candidates.string]
        above = named_parents(rows, named, text, pairs, index)
        out: list[Named] = [{} for _ in texts]
        ids = index.registry.ids
        for row, own in zip(rows.tolist(), above, strict=True):
            out[text[row]][ids[pairs.candidates.inst[row]]] = [ids[i] for i in own]
        return out

    return of


CASES: list[tuple[str, Named]] = [
    ("Joint Institute of Quillology, TUM, Garching", {"unit": ["tum"]}),
    ("Ludwig Maximilian University, Joint Institute of Quillology", {"unit": ["lmu"]}),
    # what "and" joins is judged apart; of the whole text TUM is dropped later
    ("Joint Institute of Quillology, LMU and TUM", {"unit": ["lmu", "tum"], "tum": []}),
    ("Joint Institute of Quillology, Garching", {"unit": []}),
    ("Joint Institute of Quillology and Zurich Polytechnic", {"unit": [], "eth": []}),
    ("Laboratory of Dry Ink, School of Quillology, TUM", {"deep": ["school", "tum"]}),
    # its grandparent is no parent to be dropped, but named above it all the same
    ("Laboratory of Dry Ink, TUM", {"deep": ["tum"], "tum": []}),
    ("TUM-LMU Center for Penmanship, Garching", {"double": []}),
    ("TUM-LMU Center for Penmanship, TUM, Garching", {"double": ["tum"]}),
    ("TUM-LMU Center for Penmanship, Technical University of Munich", {"double": ["tum"]}),
    ("Zurich Polytechnic", {"eth": []}),
    ("", {}),
]


def sorted_(found: list[Named]) -> list[Named]:
    return [{i: sorted(above) for i, above in one.items()} for one in found]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_the_parents_beside_a_unit(text: str, expected: Named, read: Callable[..., list[Named]]) -> None:
    assert sorted_(read([text])) == [expected]


def test_a_batch_reads_as_one_by_one(read: Callable[..., list[Named]]) -> None:
    assert sorted_(read([text for text, _ in CASES])) == [expected for _, expected in CASES]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("all", {"unit": ["tum"], "tum": []}), ("most-specific", {"unit": ["tum"]}), ("one", {"unit": ["tum"]})],
)
def test_it_is_the_same_whatever_the_policy_keeps(policy: Policy, expected: Named, read: Callable[..., list[Named]]) -> None:
    assert read(["Joint Institute of Quillology, TUM, Garching"], policy) == [expected]


@given(st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 6), max_size=3)))
def test_ancestry_is_all_that_stands_above(above: dict[int, list[int]]) -> None:
    """Also where parents form circles."""

    class Parents(Index):
        def __init__(self) -> None:
            lists = [sorted({*above.get(i, [])}) for i in range(7)]
            self.parent = np.array([p for one in lists for p in one], np.int32)
            self.parent_ptr = np.cumsum([0, *map(len, lists)])

    expected = set()
    for i in range(7):
        found: set[int] = set()
        new = {i}
        while new := {p for one in new for p in above.get(one, [])} - found:
            found |= new
        expected |= {i * STRIDE + p for p in found - {i}}
    assert Parents().ancestry.tolist() == sorted(expected)
