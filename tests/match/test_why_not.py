"""Why candidates were not chosen, and why a string names none: by reasons as a matcher gives them, and as a user sees it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.match import Matcher, explained_dict, why_none, why_not
from affil.match.lacking import Lack
from affil.match.lacking import Ranked as RankedMatches
from affil.match.why_not import NEXT, NOTHING, REJECTED
from affil.names import tokenize
from affil.registry import build_registry
from affil.settings import DecideSettings, Settings
from affil.types import Decision, Institution, Match, Reason
from tests.examples import examples


@pytest.fixture(scope="module")
def matcher(tiny_matcher: Matcher) -> Matcher:
    return tiny_matcher


class Ranked:
    """A matcher that ranks as it was told, with the words and places of a registry."""

    def __init__(self, matcher: Matcher, ranked: Sequence[Match], policy: Any = "most-specific") -> None:
        self.registry, self._index = matcher.registry, matcher._index
        self.settings = Settings(decide=DecideSettings(policy=policy))
        self._ranked = tuple(ranked)

    def _nearest(self, lack: Lack) -> Match:
        return self._ranked[0]

    def ranked(self, strings: Sequence[str], limits: Sequence[int]) -> list[RankedMatches]:
        chosen = any(m.decision != Decision.NONE for m in self._ranked)
        lacks = [None if chosen else Lack("below_threshold", there=tuple(tokenize([s]).words)) for s in strings]
        return [RankedMatches(self._ranked[:limit], lack) for limit, lack in zip(limits, lacks, strict=True)]


def candidate(
    name: str, probability: float, *reasons: Reason, chosen: bool = False, span: tuple[int, int] = (0, 4), **fields: Any
) -> Match:
    one = Institution(f"own:{name}", name, country="GB", city="Leeds", **fields)
    decision = Decision.MATCH if chosen else Decision.NONE
    return Match(one, probability, decision, *span, name, reasons or (Reason("name_exact", "official"),))


EXACT = Reason("name_exact", "official")
CHOSEN = candidate("Quillwater Optics", 0.95, chosen=True, parents=("own:Quillwater Group",))


@pytest.mark.parametrize(
    ("other", "policy", "why", "said"),
    [
        (
            candidate("Quillwater Group", 0.9, span=(50, 60)),
            "most-specific",
            "child_chosen",
            "a part of it is named, Quillwater Optics, and the policy is most-specific",
        ),
        (
            candidate("Fernhollow", 0.9, span=(50, 60)),
            "one",
            "one_wanted",
            "one institution is wanted, and Quillwater Optics is likelier",
        ),
        (candidate("Fernhollow", 0.9), "most-specific", "same_words", "“Quil” names Quillwater Optics more probably"),
        (candidate("Fernhollow", 0.2), "most-specific", "same_words", "“Quil” names Quillwater Optics more probably"),
        (
            candidate("Fernhollow", 0.2, EXACT, Reason("part_of_longer_name")),
            "most-specific",
            "part_of_longer_name",
            "the words are part of a longer name",
        ),
        (
            candidate("Fernhollow", 0.2, EXACT, Reason("other_place_named")),
            "most-specific",
            "place_differs",
            "the string names another place than Leeds, GB",
        ),
        (
            candidate("Fernhollow", 0.2, EXACT, Reason("other_place_named"), Reason("country_named"), span=(50, 60)),
            "most-specific",
            "below_threshold",
            "its probability is below 0.45, the threshold for review",
        ),
        (
            candidate("Fernhollow Optics Park", 0.2, Reason("name_coverage", "alias", 0.5), span=(50, 60)),
            "most-specific",
            "name_incomplete",
            "words of “Fernhollow Optics Park” are missing: Fernhollow, Park",
        ),
        (
            candidate("Fernhollow", 0.2, EXACT, Reason("bearers", "", 2), span=(50, 60)),
            "most-specific",
            "several_bear",
            "other institutions are called “Fernhollow” too, and nothing shows which one is meant",
        ),
    ],
)
def test_why_a_candidate_was_not_chosen(matcher: Matcher, other: Match, policy: str, why: str, said: str) -> None:
    [got] = why_not(Ranked(matcher, [CHOSEN, other], policy), ["Quillwater Optics, " + "x" * 60], 1)  # type: ignore[arg-type]
    [rejected] = got.rejected
    assert (rejected.match, rejected.why, rejected.said) == (other, why, said)
    assert got.result.matches == (CHOSEN,)
    assert got.nothing is None


def test_a_child_in_another_part_is_no_reason(matcher: Matcher) -> None:
    string = "Quillwater Optics; Fernhollow, " + "x" * 60
    parent = candidate("Quillwater Group", 0.9, span=(19, 29))
    rival = candidate("Fernhollow", 0.95, chosen=True, span=(19, 29))
    [got] = why_not(Ranked(matcher, [CHOSEN, rival, parent]), [string], 1)  # type: ignore[arg-type]
    assert [r.why for r in got.rejected] == ["same_words"]


@pytest.mark.parametrize(
    ("string", "why", "said"),
    [
        ("   ", "no_words", "the string contains no words"),
        ("Department of Computer Science", "generic_words", "there are only generic words or numbers"),
        ("12345", "generic_words", "there are only generic words or numbers"),
        ("Paris, France", "place_only", "a place is named, but no organisation"),
        ("School of Engineering, Paris", "place_only", "a place is named, but no organisation"),
        ("Qwzx Fghj", "nothing_named", "it contains no name from the registry"),
        ("独立研究者", "nothing_named", "it contains no name from the registry"),
    ],
)
def test_why_a_string_names_none(matcher: Matcher, string: str, why: str, said: str) -> None:
    [got] = why_not(matcher, [string])
    assert got.nothing is not None
    assert (got.nothing.why, got.nothing.nearest, len(got.nothing.next)) == (why, None, len(NEXT[why]))
    assert got.nothing.said.startswith(said)


@pytest.mark.parametrize(
    ("string", "why", "nearest"),
    [
        ("Open University, Sydney, Australia", "homonym_elsewhere", "Open University"),
        ("Infocomm Lab", "name_incomplete", "Institute for Infocomm Research"),
        ("Qwzx; Infocomm Lab; Leeds", "name_incomplete", "Institute for Infocomm Research"),
    ],
)
def test_what_comes_nearest(matcher: Matcher, string: str, why: str, nearest: str) -> None:
    [got] = why_not(matcher, [string])
    assert got.nothing is not None, got.result
    assert got.nothing.nearest is not None
    assert (got.nothing.why, got.nothing.nearest.institution.name.partition(",")[0]) == (why, nearest)
    assert nearest in got.nothing.said
    if why == "name_incomplete":
        assert got.nothing.missing


def test_a_name_with_other_words_in_between_lacks_none(shipped_matcher: Matcher) -> None:
    [got] = why_not(shipped_matcher, ["宁波市鄞州区第二医院"])
    assert got.nothing is not None
    assert (got.nothing.why, got.nothing.missing) == ("name_incomplete", ())
    assert got.nothing.said == "the nearest is Ningbo No. 2 Hospital as “宁波市第二医院”, with other words in between"


def test_a_place_that_is_a_word_of_the_name_is_no_other_place(shipped_matcher: Matcher) -> None:
    """Mary is a city, too: nothing is said of places that "Queen Mary" does not name."""
    alone, placed = why_not(shipped_matcher, ["Queen Mary", "Queen Mary, Sydney"], 3)
    assert alone.nothing is not None
    assert alone.nothing.why == "name_incomplete"
    assert not {"other_place_named", "other_country_named"} & {r.name for m in alone.rejected for r in m.match.reasons}
    assert "place_differs" not in {m.why for m in alone.rejected}
    london = next(m for m in placed.rejected if m.match.institution.city == "London")
    assert {"other_place_named", "other_country_named"} & {r.name for r in london.match.reasons}


WORDS = ["Open", "University", "Qwzx", "清华", "Paris", "{x}", ";", "Leeds"]
STRINGS = [
    "",
    "   ",
    "12345",
    "Paris, France",
    "Qwzx Fghj",
    "Harbin Institute",
    "MIT",
    "Open University",
    "MIT; Qwzx",
    "Qwzx; Paris",
]


@examples(12)
@given(st.lists(st.sampled_from(STRINGS) | st.text(max_size=30) | st.lists(st.sampled_from(WORDS)).map(" ".join), max_size=12))
def test_files_and_single_strings_say_the_same(matcher: Matcher, strings: list[str]) -> None:
    """The reason depends on the string alone, not on what else is in the batch, and it is the same wherever it is told."""
    fresh = Matcher(matcher.registry, matcher.model_path, matcher.settings)  # which remembers nothing
    results = fresh.match_many(strings)
    for string, result, explained in zip(strings, results, why_not(matcher, strings, 2), strict=True):
        assert result.why == (explained.nothing.why if explained.nothing else "")
        assert (result.why in NOTHING) == (not result.matches)
        if explained.nothing:
            (alone,) = fresh.ranked([string], [0])
            assert why_none(fresh, string, alone).said == explained.nothing.said, "whether or not the nearest is among them"  # type: ignore[union-attr]
            assert (explained.nothing.nearest is None) == (
                result.why in ("no_words", "generic_words", "place_only", "nothing_named")
            ), string
    told = fresh.match_table(strings, none=True)
    whys = {r["row"]: r["why"] for r in told.to_pylist() if r["decision"] == "none"}
    assert whys == {n: r.why for n, r in enumerate(results) if not r.matches}
    assert told["row"].to_pylist() == sorted(told["row"].to_pylist())
    assert fresh.match_table(strings).equals(told.filter(pc.not_equal(told["decision"], "none")).drop_columns("why"))


def test_commands_can_be_pasted(matcher: Matcher, tmp_path: Any) -> None:
    (tmp_path / "own.csv").write_text("id,name,country\nx:1,Quillwater Institute,GB\n", "utf-8")
    build_registry([tmp_path / "own.csv"], tmp_path / "my own.affil")
    own = Matcher.load(tmp_path / "my own.affil", matcher.model_path)
    [got] = why_not(own, ["Dean's Office; Nutmeg's Qwzx"])
    assert got.nothing is not None
    assert got.nothing.why == "nothing_named"
    search, table = (shlex.split(step.split(": ", 1)[1].removeprefix("own.csv, and: ")) for step in got.nothing.next)
    assert search[:3] == ["affil", "registry", "search"]
    assert search[4:] == ["--registry", str(tmp_path / "my own.affil")]
    assert table == ["affil", "registry", "build", "own.csv", "own.csv", "-o", "own.affil"]


def test_missing_words_of_han_are_told_together(matcher: Matcher) -> None:
    one = Institution(matcher.registry.ids[0], "A")
    nearest = Match(one, 0.2, Decision.NONE, 0, 4, "中国科学院羽水光学研究所", (Reason("name_coverage", "label", 0.6),))
    [got] = why_not(Ranked(matcher, [nearest]), ["光学研究所"])  # type: ignore[arg-type]
    assert got.nothing is not None
    assert got.nothing.missing == ("中国科学院羽水",)


def test_results_are_those_of_matching(matcher: Matcher) -> None:
    strings = ["Google and ETH Zurich", "MIT", "Tsinghua University; Qwzx", "MIT"]
    got = why_not(matcher, strings, 2)
    assert [x.result for x in got] == matcher.match_many(strings)
    assert all(len(x.rejected) <= 2 for x in got)
    assert all(r.match.decision == Decision.NONE for x in got for r in x.rejected)
    said = json.loads(json.dumps(explained_dict(got[0])))
    assert {c["why"] for c in said["candidates"]} <= {*REJECTED}
    assert said["candidates"][0]["said"] == got[0].rejected[0].said
    assert "none" not in said
    nothing = json.loads(json.dumps(explained_dict(why_not(matcher, ["Qwzx Fghj"])[0])))
    assert (nothing["decision"], nothing["none"]["why"], nothing["none"]["nearest"]) == ("none", "nothing_named", None)


@settings(max_examples=40)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_every_none_says_why(matcher: Matcher, string: str) -> None:
    [got] = why_not(matcher, [string], 5)
    assert (got.nothing is None) == bool(got.result.matches)
    assert got.nothing is None or (got.nothing.why in NOTHING and "{" not in got.nothing.said.replace(string, ""))
    assert all(r.said for r in got.rejected)


def test_every_why_has_its_next_steps() -> None:
    assert {*NEXT} == {*NOTHING}
