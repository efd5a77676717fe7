"""A registry's names given back: the counting on a tiny registry with answers as told, the shipped registry with the shipped model."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.data import resource
from affil.errors import AffilError, InputError
from affil.evaluate import Shares, list_test, pair_test, self_test
from affil.evaluate.metrics import share
from affil.evaluate.pairs import JOINERS
from affil.evaluate.self_test import FORMS, script, write_faults
from affil.match import Matcher
from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.settings import EvaluateSettings, Settings
from affil.types import Institution, Name

RECORDED = json.loads(resource("models/recorded.json").read_text("utf-8")).get("self_test", {})
SCRIPT = Path(__file__).parents[2] / "scripts" / "self_test"


def one(number: int, name: str, *more: tuple[str, str, str], kind: str = "education", **fields: Any) -> Institution:
    names = (Name(name, "en", "official"), *(Name(*m) for m in more))
    return Institution(
        f"own:{number}", name, names, kind, **{"country": "GB", "city": "Oxford", "prominence": number, **fields}
    )


INSTITUTIONS = [
    one(
        1,
        "Quillwater Institute of Optics",
        ("羽水光学研究所", "zh", "label"),
        ("QIO", "", "acronym"),
        domain="quillwater.example",
    ),
    one(2, "Fernhollow College", ("FC", "", "acronym"), kind="company", city=""),
    one(3, "Oakmere University", ("FC", "", "acronym"), ("Old Oakmere School", "en", "former"), country="NO", city="Oslo"),
    one(4, "National University of Technology"),
    one(5, "Tanglewick Robotics", status="inactive", kind="company"),
    one(6, "Tanglewick Gardens", status="withdrawn", successors=("own:2",)),
]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return write_registry(INSTITUTIONS, tmp_path_factory.mktemp("self-test") / "tiny.affil", {"sources": ["test"]})


class Told:
    """Answers as told: for a string what stands in `answers`, else everybody whose name is part of it, for sure."""

    model_hash = "told"

    def __init__(self, registry: Registry, answers: dict[str, list[tuple[str, str]]] | None = None) -> None:
        self.registry, self.answers = registry, answers or {}
        self.asked: list[str] = []

    def match_table(self, strings: list[str], /) -> pa.Table:
        self.asked += strings
        rows = [(i, identifier, 0.9, decision, "x") for i, s in enumerate(strings) for identifier, decision in self._answer(s)]
        names = ("row", "institution_id", "probability", "decision", "alias")
        types = (pa.int64(), pa.string(), pa.float64(), pa.string(), pa.string())
        return pa.table({n: pa.array([r[k] for r in rows], t) for k, (n, t) in enumerate(zip(names, types, strict=True))})

    def _answer(self, string: str) -> Iterable[tuple[str, str]]:
        borne = [(x.id, n.value) for x in INSTITUTIONS if x.status == "active" for n in (*x.names, Name(x.domain)) if n.value]
        return self.answers.get(string, [(i, "match") for i, name in borne if name in string and i in self.registry])


def test_what_is_given_and_what_is_left_out(registry: Registry) -> None:
    matcher = Told(registry)
    got = self_test(matcher, settings=Settings(evaluate=EvaluateSettings(resamples=1)))
    alone = [s for s in matcher.asked if ", " not in s]
    assert sorted(alone) == sorted(
        [
            "Quillwater Institute of Optics",
            "羽水光学研究所",
            "QIO",
            "quillwater.example",
            "Fernhollow College",
            "Oakmere University",
            "Old Oakmere School",
        ]
    )
    assert "Old Oakmere School, Oslo, Norway" in matcher.asked
    assert not [s for s in matcher.asked if s.startswith("Fernhollow College, ")], "a city that is not known is not given"
    assert (got.institutions, got.names, got.shared, got.generic, got.unknown) == (4, 7, 2, 1, 0)
    assert [got.forms[form].names for form in FORMS] == [7, 6, 6]
    assert {(x.found.value, x.match.value, x.wrong_match.value) for x in got.forms.values()} == {(1.0, 1.0, 0.0)}
    assert not got.faults


def test_what_is_found_decided_and_wrong(registry: Registry, tmp_path: Path) -> None:
    answers = {
        "QIO": [("own:1", "review")],
        "羽水光学研究所": [],
        "Fernhollow College": [("own:2", "match"), ("own:3", "match")],
        "Oakmere University": [("own:3", "match"), ("own:1", "review")],
        "Old Oakmere School": [("own:1", "match")],
    }
    got = self_test(Told(registry, answers))
    alone = got.forms["alone"]
    assert [m.value for m in (alone.found, alone.match, alone.wrong_match)] == pytest.approx([5 / 7, 4 / 7, 2 / 7])
    slices = got.slices["alone"]
    assert {kind: (x.names, x.found.value, x.match.value) for kind, x in slices["name"].items()} == {
        "official": (3, 1.0, 1.0),
        "label": (1, 0.0, 0.0),
        "acronym": (1, 1.0, 0.0),
        "domain": (1, 1.0, 1.0),
        "former": (1, 0.0, 0.0),
    }
    assert {k: x.names for k, x in slices["institution"].items()} == {"education": 6, "company": 1}
    assert {k: x.names for k, x in slices["script"].items()} == {"latin": 6, "han": 1}
    assert {k: x.names for k, x in slices["language"].items()} == {"en": 4, "zh": 1, "unknown": 2}
    assert {k: x.names for k, x in slices["decile"].items()} == {"01": 4, "03": 1, "05": 2}
    assert [(f.fault, f.affiliation) for f in got.faults if f.form == "alone"] == [
        ("missed", "羽水光学研究所"),
        ("wrong", "Fernhollow College"),
        ("missed", "Old Oakmere School"),
        ("wrong", "Old Oakmere School"),
    ]
    said = json.loads(json.dumps(got.to_dict()))
    assert [f["affiliation"] for f in said["wrong"]] == ["Fernhollow College", "Old Oakmere School"]
    assert "faults" not in said
    write_faults(got.faults, tmp_path / "faults.csv")
    with (tmp_path / "faults.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["expected_name"] == "Quillwater Institute of Optics"


def test_a_sample_is_drawn_by_seed(registry: Registry) -> None:
    drawn = [self_test(Told(registry), sample=2, seed=seed) for seed in (1, 1, 2, 3, 4)]
    assert {x.institutions for x in drawn} == {2}
    assert drawn[0].names == drawn[1].names
    assert len({x.names for x in drawn}) > 1
    small = Settings(evaluate=EvaluateSettings(whole=3, drawn=1))
    assert self_test(Told(registry), settings=small).institutions == 1
    assert self_test(Told(registry), settings=small, sample=0).institutions == 4


def test_names_of_one_registry_on_another(registry: Registry, tmp_path: Path) -> None:
    """Unique is what is so in the registry that is asked; what it lacks is said."""
    twin = one(9, "Fernhollow College", country="IE", city="Cork")
    wider = write_registry([*INSTITUTIONS[:3], twin], tmp_path / "wider.affil", {"sources": ["test"]})
    got = self_test(Told(wider), registry)
    assert (got.shared, got.unknown) == (3, 1)
    assert not [f for f in got.faults if f.affiliation == "Fernhollow College"]
    other = write_registry([one(8, "Nutmeg Academy")], tmp_path / "other.affil", {"sources": ["test"]})
    with pytest.raises(AffilError, match=r"tiny.affil: no institution with a name of its own in .*other.affil"):
        self_test(Told(other), registry)


def test_a_name_that_with_its_city_is_anothers_goes_without(tmp_path: Path) -> None:
    rows = [one(1, "Oakmere University", city="Leeds"), one(2, "Oakmere University at Leeds", city="Leeds")]
    matcher = Told(write_registry(rows, tmp_path / "systems.affil", {"sources": ["test"]}))
    got = self_test(matcher)
    assert [got.forms[form].names for form in FORMS] == [2, 1, 1]
    assert "Oakmere University, Leeds" not in matcher.asked


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("University of Oslo", "latin"),
        ("清华大学", "han"),
        ("国立がん研究センター", "kana"),
        ("서울대학교", "hangul"),
        ("МГУ", "cyrillic"),
        ("IBM 中国研究院", "han"),
        ("3", "none"),
    ],
)
def test_scripts(text: str, name: str) -> None:
    assert script(text) == name


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(case: tuple[int, int]) -> None:
    count, total = case
    got = share(count, total, 0.95)
    assert got.value == count / total
    assert got.low is not None and got.high is not None
    assert 0 <= got.low <= got.value <= got.high <= 1
    assert got.high - got.low > 0, "nothing is sure of a sample"


def test_an_interval_as_published() -> None:
    """Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for count, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        got = share(count, total, 0.95)
        assert (got.low, got.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert share(0, 0, 0.95).value is None


def test_pairs(registry: Registry) -> None:
    got = pair_test(Told(registry), seed=1)
    assert got.companies == ("Fernhollow College",)
    assert sorted(got.universities) == ["Oakmere University", "Quillwater Institute of Optics"]
    assert {x.pairs for x in got.joiners.values()} == {2}
    assert {(x.found.value, x.match.value) for x in got.joiners.values()} == {(1.0, 1.0)}
    assert tuple(got.joiners) == JOINERS
    matcher = Told(registry)
    pair_test(matcher, seed=1)
    assert any("羽水光学研究所" in s for s in matcher.asked if "和" in s)
    assert not any("羽水光学研究所" in s for s in matcher.asked if " and " in s)
    assert len({tuple(s.split("; ")) for s in matcher.asked if "; " in s}) == 2


def test_pairs_of_which_one_is_forgotten(registry: Registry) -> None:
    class Forgetful(Told):
        def _answer(self, string: str) -> list[tuple[str, str]]:
            found = [(i, "match") for i, _ in super()._answer(string)]
            if " and " in string:
                return [(found[0][0], "match"), ("own:4", "match")]
            return [(found[0][0], "match"), (found[1][0], "review")] if "\n" in string else found

    got = pair_test(Forgetful(registry), seed=1)
    assert (got.joiners[" and "].found.value, got.joiners["\n"].found.value, got.joiners["\n"].match.value) == (0.0, 1.0, 0.0)
    assert {(f.fault, f.form) for f in got.faults} == {("missed", " and "), ("wrong", " and ")}


def test_pairs_need_both_kinds(tmp_path: Path) -> None:
    schools = write_registry([one(1, "Oakmere University")], tmp_path / "schools.affil", {"sources": ["test"]})
    with pytest.raises(AffilError, match="no institution of kind company with a unique name"):
        pair_test(Told(schools))


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_a_list(registry: Registry, tmp_path: Path) -> None:
    source = write(
        tmp_path / "list.csv",
        "name,name_en,city,domains",
        "羽水光学研究所,Quillwater Institute of Optics,Oxford,",
        "Oakmere University,,,",
        "Quill Optics,,,x.example www.quillwater.example",
        "Nutmeg Academy,,Leeds,",
    )
    got = list_test(
        source, Told(registry, {"Quill Optics": [("own:1", "review")], "Nutmeg Academy": [("own:2", "match")]}), country="gb"
    )
    native, english = got.shares["native"], got.shares["english"]
    assert (got.rows, native["alone"].names, native["place"].names, english["alone"].names) == (4, 4, 2, 1)
    assert native["alone"].known.value == 0.5, "Oakmere University is in Norway"
    assert (native["alone"].found.value, native["alone"].right.value, native["alone"].match.value) == (1.0, 0.5, 0.25)
    assert native["alone"].wrong_match.value == 0.5
    assert english["place"].right.value == 1.0
    assert [(f.fault, f.affiliation) for f in got.faults] == [("wrong", "Oakmere University"), ("wrong", "Nutmeg Academy")]
    by_id = write(tmp_path / "ids.csv", "name,country,ror_id", "Nutmeg Academy,GB,own:2", "Fernhollow,GB,own:77")
    got = list_test(by_id, Told(registry, {"Nutmeg Academy": [("own:2", "match")]}))
    assert (got.shares["native"]["alone"].known.value, got.shares["native"]["alone"].right.value) == (0.5, 0.5)


def test_lists_that_cannot_be_read(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"list.csv: no column with names; its columns are: title, country; names stand in a column"
    ):
        list_test(write(tmp_path / "list.csv", "title,country", "x,GB"), Told(registry))
    with pytest.raises(InputError, match=r"list.csv: no column 'country'; say the country of all rows"):
        list_test(write(tmp_path / "list.csv", "name", "x"), Told(registry))


@pytest.mark.skipif(not SCRIPT.exists(), reason="the tests run without the project's folder around them")
def test_the_script(registry: Registry, python: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([python, str(SCRIPT), *arguments], capture_output=True, text=True, cwd=tmp_path)

    tiny = str(registry.path)
    said = json.loads(run(tiny, "--json", "--errors", "faults.csv").stdout)
    assert said["names"] == 7
    assert (tmp_path / "faults.csv").exists()
    printed = run(tiny).stdout
    assert "7 names of 4 institutions (seed" in printed
    assert "city and country" in printed
    assert "both found" in run(tiny, "--pairs").stdout
    write(tmp_path / "list.csv", "name", "Oakmere University")
    assert "wrong match" in run(tiny, "--list", "list.csv", "--country", "NO").stdout
    failed = run(tiny, "--list", "list.csv")
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (2, "", 1)


# the shipped registry and model, against the record


@pytest.fixture(scope="module")
def matcher(shipped_matcher: Matcher) -> Matcher:
    return shipped_matcher


@pytest.fixture(scope="module")
def shipped(matcher: Matcher) -> dict[str, Shares]:
    return self_test(matcher, sample=RECORDED["sample"]).forms


needs_record = pytest.mark.skipif(not RECORDED, reason="models/recorded.json holds no self-test")


@needs_record
@pytest.mark.parametrize("form", FORMS)
def test_the_shipped_registry_knows_its_names(shipped: dict[str, Shares], form: str) -> None:
    recorded, got = RECORDED[form], shipped[form]
    assert round(got.found.value or 0, 4) >= recorded["found"]
    assert round(got.match.value or 0, 4) >= recorded["match"]
    assert round(got.wrong_match.value or 0, 4) <= recorded["wrong_match"]


@needs_record
def test_the_shipped_registry_finds_both_of_a_pair(matcher: Matcher) -> None:
    got = pair_test(matcher).joiners
    short = {
        joiner: (round(both.found.value or 0, 4), round(both.match.value or 0, 4), RECORDED["pairs"][joiner])
        for joiner, both in got.items()
        if round(both.found.value or 0, 4) < RECORDED["pairs"][joiner]["found"]
        or round(both.match.value or 0, 4) < RECORDED["pairs"][joiner]["match"]
    }
    assert not short
