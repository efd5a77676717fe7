from pathlib import Path

import pytest

from affil.errors import InputError
from affil.match import Matcher, train
from affil.match.decoys import make_decoys
from affil.match.synthesize import Writer
from affil.registry import Registry
from affil.registry.build import write_registry
from affil.settings import Settings, TrainSettings
from affil.text import fold

SMALL = Settings(train=TrainSettings(synthetic=240, decoys=150, iterations=8, min_samples_leaf=10))


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
    assert 0.08 < nothing < 0.3
    assert 0.05 < several < 0.4
