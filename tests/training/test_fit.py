from pathlib import Path

import numpy as np
import pytest

from affil.errors import InputError
from affil.match import Matcher
from affil.match.index import Index
from affil.match.labels import Labelled, Trust
from affil.names import fold
from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.settings import Settings, StageSettings, TrainSettings
from affil.training import train
from affil.training.decoys import make_decoys
from affil.training.samples import Sample, default_rows, join, labelled_sample, read_rows
from affil.training.synthesize import Writer

STAGE = StageSettings(iterations=8, max_leaf_nodes=8, min_samples_leaf=10)
SMALL = Settings(
    train=TrainSettings(synthetic=240, synthetic_external=120, decoys=150, first=STAGE, second=STAGE, min_calibration=20)
)
pytestmark = pytest.mark.usefixtures("few_bins")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    shipped = [x for i, x in enumerate(Registry.open()) if i % 40 == 0]
    return write_registry(shipped, tmp_path_factory.mktemp("train") / "part.affil", {"sources": ["part"]})


def test_same_inputs_same_bytes_and_a_working_model(registry: Registry, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    first = registry.at(0)
    rows.write_text(f'affiliation,institution_ids\n"{first.name}",{first.id}\nnobody,\n', "utf-8")
    card = train(tmp_path / "a.skops", [rows], registry, SMALL)
    train(tmp_path / "b.skops", [rows], registry, SMALL)
    assert (tmp_path / "a.skops").read_bytes() == (tmp_path / "b.skops").read_bytes()
    assert card["rows"] == 2
    assert card["out_of_fold"]["precision"] > 0.5
    matches = Matcher.load(registry, tmp_path / "a.skops").match(first.name).matches
    assert [m.institution.id for m in matches] == [first.id]


def test_external_rows_bring_their_registry_and_their_policy(registry: Registry, tmp_path: Path) -> None:
    rows, external = tmp_path / "rows.csv", tmp_path / "external.csv"
    first, second = registry.at(0), registry.at(1)
    rows.write_text(f'affiliation,institution_ids\n"{first.name}",{first.id}\n', "utf-8")
    lines = [
        f'"{second.name}",{second.id},crossref,true',
        '"nowhere",https://ror.org/000000000,crossref,false',
        '"nobody",,logs,true',
    ]
    external.write_text("\n".join(["affiliation,ror_ids,source,in_registry", *lines]) + "\n", "utf-8")
    assert [r.policy for r in read_rows(external, SMALL.train.policies)] == ["one", "most-specific"]
    card = train(tmp_path / "a.skops", [rows], registry, SMALL, external=[external], external_registry=registry)
    assert (card["rows"], card["external_rows"], card["external_registry"]) == (1, 2, registry.hash)
    assert set(card["data"]) == {"rows.csv", "external.csv"}


def test_a_part_of_a_sample_keeps_its_families(registry: Registry) -> None:
    rows = [Labelled(x.name, (x.id,)) for x in list(registry)[:60]]
    whole = join([labelled_sample(rows, Index(registry), SMALL, complete=1.0)] * 2)
    chosen = np.arange(whole.strings) % 3 > 0
    part = whole.take(chosen)
    kept = np.flatnonzero(chosen[whole.string])
    assert np.array_equal(part.pairs.features, whole.pairs.features[kept])
    pairs = {(kept[a], kept[b]) for a, b in zip(part.pairs.child.tolist(), part.pairs.parent.tolist(), strict=True)}
    assert pairs == {(a, b) for a, b in zip(whole.pairs.child, whole.pairs.parent, strict=True) if a in kept and b in kept}


def weights_of(sample: Sample, registry: Registry, string: int) -> dict[str, tuple[int, float]]:
    """For each candidate of a string its label and weight."""
    rows = np.flatnonzero(sample.string == string)
    return {registry.ids[sample.pairs.candidates.inst[k]]: (int(sample.labels[k]), float(sample.weights[k])) for k in rows}


def test_a_label_that_cannot_be_reached_trains_nothing(registry: Registry) -> None:
    one, other = registry.at(0), registry.at(len(registry) - 1)
    rows = [Labelled(one.name, (other.id,)), Labelled(one.name, (one.id,)), Labelled(f"of {one.name} the", ())]
    sample = labelled_sample(rows, Index(registry), SMALL, complete=3.0)
    assert {w for _, w in weights_of(sample, registry, 0).values()} == {0.0}
    assert weights_of(sample, registry, 1)[one.id] == (1, 1.0)


def test_names_that_labels_leave_out_teach_nothing_unless_the_labels_are_complete(registry: Registry) -> None:
    one, other = registry.at(0), registry.at(len(registry) - 1)
    text = f"{one.name}; {other.name}"
    noisy, complete = Labelled(text, (one.id,)), Labelled(text, (one.id,), trust=Trust.COMPLETE)
    either = Labelled(text, (one.id,), acceptable=(other.id,), trust=Trust.COMPLETE)
    sample = labelled_sample([noisy, complete, either], Index(registry), SMALL, complete=3.0)
    found = [weights_of(sample, registry, k) for k in range(3)]
    assert [f[one.id] for f in found] == [(1, 1.0), (1, 3.0), (1, 3.0)]
    assert [f[other.id] for f in found] == [(0, 0.0), (0, 3.0), (0, 0.0)]


def test_complete_labels_take_the_place_of_others_of_the_same_string(registry: Registry) -> None:
    one = registry.at(0)
    rows = [
        Labelled("Some  String", (one.id,), "all"),
        Labelled("some string", (), trust=Trust.REPRESENTATIVE),
        Labelled("another", (one.id,)),
    ]
    kept = default_rows(rows, registry)
    assert kept == [rows[0], rows[1], rows[2]], "the row of another policy stays, its default version does not come"


def test_complete_rows_are_read_with_what_is_acceptable(tmp_path: Path) -> None:
    path = tmp_path / "complete.csv"
    path.write_text("affiliation,required,acceptable,source,sample\nx,a b,c,crossref,random\ny,,,crossref,hard\n", "utf-8")
    assert read_rows(path, SMALL.train.policies) == [
        Labelled("x", ("a", "b"), "most-specific", ("c",), Trust.REPRESENTATIVE),
        Labelled("y", (), "most-specific", (), Trust.COMPLETE),
    ]


def test_rows_without_their_columns_are_refused(registry: Registry, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("affiliation\nx\n")
    with pytest.raises(InputError, match="row 1: no column 'institution_ids'"):
        train(tmp_path / "a.skops", [rows], registry, SMALL)
    assert not (tmp_path / "a.skops").exists()


def test_decoys_are_repeatable_distinct_and_leave_real_names_alone() -> None:
    taken = frozenset({fold("Tsinghua University"), fold("University of Oxford")})
    one, two = make_decoys(400, 3, taken), make_decoys(400, 3, taken)
    assert one == two
    assert len({(fold(x.name), x.country) for x in one}) == len(one)
    assert not {fold(x.name) for x in one} & taken
    ids = {x.id for x in one}
    assert all(p in ids for x in one for p in x.parents)
    assert any(x.parents for x in one)


def test_composed_strings_name_what_they_are_labelled_with(registry: Registry) -> None:
    institutions = list(registry)
    rows = Writer(institutions, make_decoys(50, 1, frozenset()), 5).write(500)
    known = {x.id for x in institutions}
    assert rows == Writer(institutions, make_decoys(50, 1, frozenset()), 5).write(500)
    assert all(set(r.institutions) <= known for r in rows)
    nothing = sum(not r.institutions for r in rows) / len(rows)
    several = sum(len(r.institutions) > 1 for r in rows) / len(rows)
    assert 0.08 < nothing < 0.4
    assert 0.05 < several < 0.4
