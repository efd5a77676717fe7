"""Each kind of evidence that decides between candidates has a named feature; here each is seen at work."""

from collections.abc import Callable

import numpy as np
import pytest

from affil.match.candidates import retrieve
from affil.match.decide import decide
from affil.match.features.featurize import featurize
from affil.match.features.table import NAMES
from affil.match.index import Index
from affil.match.mentions import prepare
from affil.registry import Registry
from affil.registry.registry import write_registry
from affil.settings import DecideSettings, Settings
from affil.types import Institution, Name


def institution(
    ident: str,
    name: str,
    kind: str,
    place: tuple[str, str],
    *other: tuple[str, str],
    parents: str = "",
    prominence: float = 3.0,
    usage: int = 0,
) -> Institution:
    country, city = place
    names = (Name(name, "en", "official"), *(Name(value, "", what) for value, what in other))
    parent_ids = tuple(f"own:{p}" for p in parents.split())
    return Institution(
        f"own:{ident}", name, names, kind, country, "", city, parents=parent_ids, prominence=prominence, usage=usage
    )


INSTITUTIONS = [
    institution("boston", "Northeastern University", "education", ("US", "Boston"), prominence=5.0, usage=98),
    institution("shenyang", "Northeastern University", "education", ("CN", "Shenyang")),
    institution("system", "University of Westland System", "education", ("US", "Austin"), ("University of Westland", "alias")),
    institution("campus", "University of Westland at Dallas", "education", ("US", "Dallas"), ("University of Westland", "alias"),
                parents="system"),
    institution("heidelberg", "Heidelberg University", "education", ("DE", "Heidelberg")),
    institution("clinic", "Heidelberg University Hospital", "healthcare", ("DE", "Heidelberg"), parents="heidelberg"),
    institution("third", "Third Hospital of Heidelberg", "healthcare", ("DE", "Heidelberg")),
    institution("embl", "European Molecular Biology Laboratory", "facility", ("DE", "Heidelberg"), ("EMBL", "acronym")),
    institution("louis", "Washington University in St. Louis", "education", ("US", "St. Louis"), prominence=5.0),
    institution("seattle", "University of Washington", "education", ("US", "Seattle"), prominence=6.0),
    institution("closed", "Quillwater College", "education", ("GB", "Oxford")),
    institution("leeds", "University of Leeds", "education", ("GB", "Leeds")),
    institution("fund", "Heidelberg Fund", "nonprofit", ("DE", "Heidelberg")),
    institution("bayview", "Bayview Hospital of Eastland University", "healthcare", ("NZ", "Napier"), ("Bayview Hospital", "alias")),
    institution("eastland", "Eastland University", "education", ("NZ", "Napier")),
    institution("museum", "Heidelberg Museum", "archive", ("DE", "Heidelberg")),
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Index(write_registry(INSTITUTIONS, tmp_path_factory.mktemp("features") / "own.affil", {"sources": ["own"]}))


@pytest.fixture(scope="module")
def features(index: Index) -> Callable[..., dict[str, dict[str, float]]]:
    def of(text: str, settings: Settings | None = None) -> dict[str, dict[str, float]]:
        settings = settings or Settings()
        mentions = prepare([text], index, settings.retrieve)
        pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
        ids = [index.registry.ids[i].removeprefix("own:") for i in pairs.candidates.inst]
        return {i: dict(zip(NAMES, row.tolist(), strict=True)) for i, row in zip(ids, pairs.features, strict=True)}

    return of


Features = Callable[..., dict[str, dict[str, float]]]


def test_ambiguous_names_and_places(features: Features) -> None:
    found = features("Northeastern University, Shenyang, China")
    assert (
        found["shenyang"]["ambiguity"]
        == found["boston"]["ambiguity"]
        > features("Heidelberg University")["heidelberg"]["ambiguity"]
    )
    assert (found["shenyang"]["country_agrees"], found["shenyang"]["city_agrees"]) == (1, 1)
    assert (found["boston"]["country_agrees"], found["boston"]["country_differs"]) == (0, 1)
    assert found["shenyang"]["homonym_gap"] > 0 > found["boston"]["homonym_gap"]  # fame does not count against the place named
    assert found["shenyang"]["usage"] > 0.9
    alone = features("Northeastern University")
    assert alone["boston"]["homonym_gap"] > 0 > alone["shenyang"]["homonym_gap"]
    assert alone["boston"]["usage"] > 0.9


def test_a_system_and_its_campus_that_share_a_name(features: Features) -> None:
    found = features("Dept. of Physics, University of Westland")
    assert (found["system"]["namesake_child"], found["system"]["namesake_parent"]) == (1, 0)
    assert (found["campus"]["namesake_child"], found["campus"]["namesake_parent"]) == (0, 1)
    assert found["system"]["children"] > found["campus"]["children"] == 0
    placed = features("Dept. of Physics, University of Westland, Dallas")
    assert placed["campus"]["city_agrees"] > placed["system"]["city_agrees"]


def test_nested_names_and_family(features: Features) -> None:
    found = features("Heidelberg University Hospital")
    assert (found["heidelberg"]["nested"], found["clinic"]["nested"]) == (1, 0)
    assert (found["clinic"]["contains"], found["clinic"]["parent_found"], found["clinic"]["parent_name_inside"]) == (1, 1, 1)
    assert found["heidelberg"]["child_found"] == 1
    assert (found["heidelberg"]["education"], found["clinic"]["healthcare"]) == (1, 1)


def test_numbered_hospitals(features: Features) -> None:
    assert features("Third Hospital of Heidelberg")["third"]["number_missing"] == 0
    assert features("First Hospital of Heidelberg")["third"]["number_missing"] == 1


def test_an_acronym_that_words_beside_it_spell_out(features: Features) -> None:
    own = features("European Molecular Biology Laboratory (EMBL), Heidelberg")["embl"]
    group = features("Experimental Machine Building Lab (EMBL), Oxford")["embl"]
    bare = features("EMBL, Heidelberg")["embl"]
    assert own["official_coverage"] == 1
    assert (group["initials"], bare["initials"]) == (1, 0)
    assert group["official_coverage"] < 1
    assert bare["acronym"] == group["acronym"] == 1


def test_what_papers_mean_by_a_shared_name(features: Features) -> None:
    found = features("Northeastern University")
    assert found["boston"]["usage"] == pytest.approx(100 / 102, abs=1e-4)  # two more each, for what was never counted
    assert found["shenyang"]["usage"] == pytest.approx(2 / 102, abs=1e-4)
    assert found["boston"]["named_often"] == pytest.approx(np.log(99), abs=1e-4)
    assert found["shenyang"]["named_often"] == 0
    assert features("Heidelberg University")["heidelberg"]["usage"] == 1


def test_a_place_that_is_all_of_its_segment_and_lies_elsewhere(features: Features) -> None:
    assert features("Quillwater College, Boston, USA")["closed"]["elsewhere"] == 1
    assert features("Quillwater College, Oxford")["closed"]["elsewhere"] == 0
    assert features("Quillwater College, Boston Road")["closed"]["elsewhere"] == 0
    assert features("Quillwater College, North Manchester, Indiana")["closed"]["elsewhere"] == 1, "no Manchester"


def test_streets_and_footnotes_behind_a_name(features: Features) -> None:
    assert features("Quillwater College Road 7")["closed"]["street"] == 1
    assert features("Quillwater College, Road 7")["closed"]["street"] == 0
    assert features("University of Leeds-III")["leeds"]["number_missing"] == 1
    assert features("University of Leeds 3")["leeds"]["number_missing"] == 1
    assert features("University of Leeds³")["leeds"]["number_missing"] == 0
    assert features("University of Leeds 7-3-1 Hongo")["leeds"]["number_missing"] == 0
    assert features("University of Leeds1")["leeds"]["after"] == 0
    assert features("University of Leeds 1")["leeds"]["after"] > 0, "a number that stands apart belongs to the name"
    assert features("University of Leeds301")["leeds"]["after"] > 0, "too long for a footnote"
    assert features("2Quillwater College")["closed"]["segment_left"] == 0


def test_a_name_that_another_runs_into(features: Features) -> None:
    found = features("Quillwater College; Heidelberg University of Leeds")
    assert found["leeds"]["overlapped"] == 1
    assert found["closed"]["overlapped"] == 0


def test_a_turned_name_that_another_runs_into_or_out_of_is_none(features: Features) -> None:
    assert (
        features("Washington University of Leeds")["leeds"]["overlapped"] == 0
    )  # that is the University of Washington, turned
    assert features("Physics Leeds University of Washington")["seattle"]["overlapped"] == 0


def test_the_name_word_for_word_goes_before_words_from_all_over_the_string(features: Features) -> None:
    assert features("Bayview Hospital, Ward 3, Eastland University")["bayview"]["exact"] == 1  # not the longer name, scattered


def test_words_between_and_words_turned_round(features: Features) -> None:
    found = features("Heidelberg Molecular Biology Laboratory of European Studies")["embl"]
    assert (found["exact"], found["turned"]) == (0, 1)
    assert features("European Quillwater Molecular Biology Laboratory")["embl"]["between"] > 0
    assert features("European Molecular Biology Laboratory")["embl"]["between"] == 0


def test_a_word_of_parts_before_a_name_is_its_own(features: Features) -> None:
    found = features("Physics Department at the University of Leeds")["leeds"]
    assert (found["before"], found["before_head"], found["linked"]) == (0, 0, 1)
    assert features("Hospital of the University of Leeds")["leeds"]["before_head"] == 1


def test_another_name_right_beside_is_no_part_of_this_one(features: Features) -> None:
    found = features("Heidelberg University University of Leeds")
    assert (found["heidelberg"]["after_head"], found["leeds"]["before_head"]) == (0, 0)
    assert features("Heidelberg University University")["heidelberg"]["after_head"] == 1


def test_a_city_in_the_region_of_an_institution_speaks_less_against_it() -> None:
    index = Index(Registry.open())

    def other_city(text: str) -> float:
        mentions = prepare([text], index, Settings().retrieve)
        pairs = featurize(mentions, retrieve(mentions, index, Settings().retrieve), index, Settings())
        named = [index.registry.at(i).name == "Shandong University" for i in pairs.candidates.inst]
        return float(pairs.features[named, NAMES.index("other_city")][0])

    cities = ("Jinan", "Qingdao", "Wuhan")
    assert [other_city(f"Shandong University, {city}, China") for city in cities] == [0, 0.5, 1]


def test_places_behind_a_name_are_no_words_of_it(features: Features) -> None:
    alone, placed = features("Quillwater College")["closed"], features("Quillwater College, Oxford, UK")["closed"]
    same = ("segment_share", "block_share", "string_share", "string_words", "segments_behind", "after", "segment_left")
    assert [alone[f] for f in same] == [placed[f] for f in same]


def test_a_university_beside_its_hospital_in_one_name(features: Features, index: Index) -> None:
    text = "Ward 3, Bayview Hospital, Eastland University"
    found = features(text)
    assert (found["eastland"]["apart"], found["eastland"]["nested"]) == (1, 0)
    found = features("Heidelberg University Hospital")  # bears no name without the university's
    assert (found["heidelberg"]["apart"], found["heidelberg"]["nested"]) == (0, 1)
    mentions = prepare([text], index, Settings().retrieve)
    pairs = featurize(mentions, retrieve(mentions, index, Settings().retrieve), index, Settings())
    rows = decide(pairs.candidates.exact.astype(float), pairs, DecideSettings())
    assert {index.registry.ids[i] for i in pairs.candidates.inst[rows]} == {"own:bayview", "own:eastland"}


def test_where_the_other_institutions_are(features: Features) -> None:
    found = features("University of Leeds, European Molecular Biology Laboratory, Third Hospital of Heidelberg")
    assert 0 < found["embl"]["others_elsewhere"] < 1
    assert found["leeds"]["others_elsewhere"] == 0  # universities stand beside others from everywhere
    assert (found["embl"]["others_here"], found["leeds"]["others_here"]) == (1, 0)
    assert features("University of Leeds, European Molecular Biology Laboratory")["embl"]["others_elsewhere"] == 1


def test_small_words_before_a_name(features: Features) -> None:
    assert features("Physics at the University of Leeds")["leeds"]["linked"] == 1
    assert features("Physics University of Leeds")["leeds"]["linked"] == 0


def test_places_of_another_part_never_speak_against_a_name(features: Features) -> None:
    found = features("University of Washington and University of Leeds, Leeds, UK")
    assert (found["seattle"]["elsewhere"], found["seattle"]["country_differs"], found["leeds"]["city_agrees"]) == (0, 0, 1)
    assert features("University of Washington, Leeds, UK")["seattle"]["elsewhere"] == 1


def test_words_of_a_place_are_no_evidence_of_a_name(features: Features) -> None:
    assert features("Computer Science, Leeds, UK")["leeds"]["placed"] == 1
    assert features("Heidelberg Museum, Germany")["museum"]["placed"] == 0


def test_a_code_of_a_region_is_no_country(features: Features) -> None:
    assert features("University of Washington, Seattle, WA")["seattle"]["country_differs"] == 0


def test_kinds(features: Features) -> None:
    found = features("Heidelberg Fund; Heidelberg Museum")
    assert (found["fund"]["nonprofit"], found["museum"]["nonprofit"]) == (1, 0)


def test_what_else_is_named(features: Features) -> None:
    found = features("Quillwater College; Heidelberg University; EMBL")
    assert [found[i]["names_before"] for i in ("closed", "heidelberg", "embl")] == [0, 1, 2]
    assert [found[i]["names_behind"] for i in ("closed", "heidelberg", "embl")] == [2, 1, 0]
    assert (found["embl"]["universities"], found["heidelberg"]["universities"]) == (2, 1)
    assert (found["heidelberg"]["institutes"], found["embl"]["institutes"]) == (1, 0)


def test_the_policy_is_a_feature(features: Features) -> None:
    for policy in ("most-specific", "all", "one"):
        row = features("EMBL", Settings(decide=DecideSettings(policy=policy)))["embl"]  # type: ignore[arg-type]
        assert (row["policy_all"], row["policy_one"]) == (policy == "all", policy == "one")


def test_names_are_turned_round_unless_another_begins_so(features: Features) -> None:
    assert features("Heidelberg University")["heidelberg"]["exact"] == 1
    assert features("University of Heidelberg")["heidelberg"]["variant"] == 1
    found = features("Washington University")
    assert (found["seattle"]["exact"], found["louis"]["exact"]) == (0, 1)  # the latter without its place


def test_a_parent_within_its_childs_name_stays_where_parents_are_wanted(index: Index) -> None:
    settings = Settings()
    mentions = prepare(["Heidelberg University Hospital"], index, settings.retrieve)
    pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
    ids = [index.registry.ids[i] for i in pairs.candidates.inst]
    sure = np.array([0.9 if i == "own:clinic" else 0.8 if i == "own:heidelberg" else 0.0 for i in ids])
    for policy, kept in (("all", ["own:clinic", "own:heidelberg"]), ("most-specific", ["own:clinic"]), ("one", ["own:clinic"])):
        rows = decide(sure, pairs, settings.decide.model_copy(update={"policy": policy}))
        assert [ids[r] for r in rows] == kept


def test_no_candidates_no_rows(features: Features) -> None:
    assert features("") == features("zzzz qqqq") == {}


def test_the_registrys_size_is_a_feature(features: Features) -> None:
    assert features("EMBL")["embl"]["registry_size"] == pytest.approx(np.log10(len(INSTITUTIONS)), abs=1e-4)
