"""How often names of institutions stand unmistakably in strings."""

import pytest

from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.training.usage import count_usage
from affil.types import Institution, Name


def institution(ident: str, name: str, country: str, city: str, *short: str, kind: str = "education") -> Institution:
    names = (Name(name, "en", "official"), *(Name(s, "", "acronym") for s in short))
    return Institution(f"own:{ident}", name, names, kind, country, "", city)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    made = [
        institution("mellon", "Quillwater Mellon University", "US", "Pittsburgh", "QMU"),
        institution("medical", "Quillwater Medical University", "CN", "Beijing", "QMU"),
        institution("robots", "Tanglewick Robotics", "GB", "Leeds", kind="company"),
        institution("school", "Quillwater Mellon University School of Law", "US", "Pittsburgh"),
    ]
    return write_registry(made, tmp_path_factory.mktemp("usage") / "own.affil", {"sources": ["own"]})


def test_only_names_that_nobody_else_bears_count_once_a_string(registry: Registry) -> None:
    strings = {
        "Quillwater Mellon University": 5,
        "Department of Physics, Quillwater Mellon University, Pittsburgh, USA; Tanglewick Robotics": 2,
        "Quillwater Mellon University; Quillwater Mellon University": 1,
        "QMU": 100,  # two bear it
        "Quillwater Mellon University School of Law": 7,  # within a longer name
        "Quillwater Medical University Library": 9,  # not the whole of its segment
    }
    assert count_usage(strings, registry) == {"own:mellon": 8, "own:robots": 2, "own:school": 7}


def test_a_namesake_in_another_country_is_not_counted_but_companies_sit_in_many(registry: Registry) -> None:
    assert count_usage({"Quillwater Medical University, France": 3, "Tanglewick Robotics, France": 4}, registry) == {
        "own:robots": 4
    }


def test_of_homonyms_the_only_one_in_the_place_named_counts(registry: Registry) -> None:
    strings = {"QMU, Pittsburgh, USA": 3, "QMU, Beijing": 4, "QMU, France": 8, "School of Law, QMU, China": 5}
    assert count_usage(strings, registry) == {"own:mellon": 3, "own:medical": 5}  # Beijing alone says no country for sure


def test_progress_is_told_and_nothing_gives_nothing(registry: Registry) -> None:
    seen: list[tuple[int, int]] = []
    assert count_usage({"nobody": 1}, registry, progress=lambda *x: seen.append(x)) == {}
    assert seen == [(1, 1)]
    assert count_usage({}, registry) == {}
