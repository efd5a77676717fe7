from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.evaluate.cross_validate import cross_validate, institution_folds
from affil.evaluate.gold import GoldRow
from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.settings import EvaluateSettings, Settings, StageSettings, TrainSettings

STAGE = StageSettings(iterations=6, max_leaf_nodes=6, min_samples_leaf=10)
SMALL = Settings(
    train=TrainSettings(synthetic=200, synthetic_external=100, decoys=120, first=STAGE, second=STAGE, min_calibration=20),
    evaluate=EvaluateSettings(folds=3, resamples=50),
)
pytestmark = pytest.mark.usefixtures("few_bins")
rows_of_ids = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.frozensets(st.integers(0, 9), max_size=3)), min_size=1, max_size=40
)


@given(rows_of_ids, st.integers(2, 5))
def test_rows_that_share_an_institution_or_a_string_share_a_fold(drawn: list[tuple[str, frozenset[int]]], count: int) -> None:
    rows = [(GoldRow(f"string {text}", ()), frozenset(map(str, ids))) for text, ids in drawn]
    folds = institution_folds(rows, count, seed=1)
    assert len(folds) == len(rows)
    assert set(folds.tolist()) <= set(range(count))
    for i, (text, ids) in enumerate(drawn):
        for j, (other, others) in enumerate(drawn):
            if ids & others or text == other:
                assert folds[i] == folds[j]
    assert np.array_equal(folds, institution_folds(rows, count, seed=1))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    shipped = [x for i, x in enumerate(Registry.open()) if i % 40 == 0]
    return write_registry(shipped, tmp_path_factory.mktemp("cross") / "part.affil", {"sources": ["part"]})


def test_every_row_is_answered_once_by_a_model_that_did_not_see_it(registry: Registry, tmp_path: Path) -> None:
    chosen = list(registry)[:90]
    lines = [f'"{x.name}, {x.city}",{x.id},true' for x in chosen] + ['"nobody at all",,true', '"gone",own:none,false']
    path = tmp_path / "crossref.csv"
    path.write_text("\n".join(["affiliation,ror_ids,in_registry", *lines]) + "\n", "utf-8")
    (found,) = cross_validate([path], registry, SMALL, base_registry=registry)
    assert (found.name, found.policy) == ("crossref", "one")
    assert (found.own.rows, found.own.left_out, found.default.rows) == (91, 1, 91)
    assert len(found.review) == 3
    f1 = found.own.metrics["f1"]
    assert f1.value is not None
    assert f1.value > 0.6
    assert len(found.own.mistakes) < 91


def test_sets_with_complete_labels_are_scored_on_their_random_draw(registry: Registry, tmp_path: Path) -> None:
    chosen = list(registry)[:60]
    lines = [f'"{x.name}, {x.city}",{x.id},,{("logs", "s2aff")[i % 2]},random' for i, x in enumerate(chosen)]
    lines += [f'"{a.name}; {b.name}",{a.id} {b.id},,logs,random' for a, b in zip(chosen[:10], chosen[20:30], strict=True)]
    lines += [f'"{x.name}",{x.id},,logs,hard' for x in chosen[40:50]]
    path = tmp_path / "complete.csv"
    path.write_text("\n".join(["affiliation,required,acceptable,source,sample", *lines]) + "\n", "utf-8")
    halves = SMALL.model_copy(update={"evaluate": SMALL.evaluate.model_copy(update={"folds": 2})})
    found = {x.name: x.default for x in cross_validate([path], registry, halves, base_registry=registry)}
    assert {name: x.rows for name, x in found.items()} == {
        "complete": 70,
        "complete, several organisations": 10,
        "complete, logs": 40,
        "complete, s2aff": 30,
    }
    assert (found["complete"].metrics["f1"].value or 0) > 0.6
