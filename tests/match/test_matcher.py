"""The matcher as a user sees it, with a registry and a model of the tests' own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affil.errors import AffilError, InputError
from affil.match import COLUMNS, Matcher
from affil.match.candidates import retrieve
from affil.match.features.featurize import Pairs, featurize
from affil.match.mentions import prepare
from affil.settings import DecideSettings, Policy, RetrieveSettings, Settings
from affil.types import Decision

Load = Callable[..., Matcher]


@pytest.fixture(scope="module")
def matcher(tiny_matcher: Matcher) -> Matcher:
    return tiny_matcher


@pytest.fixture(scope="module")
def load(tiny_matcher: Matcher) -> Load:
    """To load it with other settings."""
    return partial(Matcher.load, tiny_matcher.registry, tiny_matcher.model_path)


def featurize_all(matcher: Matcher, texts: list[str]) -> Pairs:
    mentions = prepare(texts, matcher._index, matcher.settings.retrieve)
    return featurize(mentions, retrieve(mentions, matcher._index, matcher.settings.retrieve), matcher._index, matcher.settings)


def found(matcher: Matcher, text: str) -> list[str]:
    return [m.institution.name for m in matcher.match(text).matches]


def test_matched_words_are_a_slice_of_the_raw_string(matcher: Matcher) -> None:
    raw = "Dept. of CS, Universit ´e de Montr ´eal, Canada"
    (match,) = matcher.match(raw).matches
    assert raw[match.start : match.end] == "Universit ´e de Montr ´eal"
    assert match.evidence
    assert match.decision in (Decision.MATCH, Decision.REVIEW)


def test_policy_decides_between_parent_and_child(load: Load) -> None:
    text = "Shenzhen Institutes of Advanced Technology, Chinese Academy of Sciences, Shenzhen, China"
    names = {p: set(found(load(policy=p), text)) for p in ("most-specific", "all", "one")}
    assert "Chinese Academy of Sciences" not in names["most-specific"]
    assert len(names["most-specific"]) == 1
    assert len(names["one"]) == 1
    assert names["most-specific"] <= names["all"]


def test_thresholds_come_from_settings(load: Load) -> None:
    strict = load(settings=Settings(decide=DecideSettings(match=1.0, review=0.0001, policy="all")))
    assert strict.match("Tsinghua University").decision is Decision.REVIEW


def test_table_and_results_agree(matcher: Matcher) -> None:
    strings = ["港中大", "nothing at all", "Tsinghua University; MIT", "港中大"]
    table = matcher.match_table(strings).to_pylist()
    results = matcher.match_many(strings)
    assert [(r["row"], r["institution_id"], r["decision"], r["start"], r["end"]) for r in table] == [
        (i, m.institution.id, m.decision.value, m.start, m.end) for i, x in enumerate(results) for m in x.matches
    ]
    assert matcher.match_table([]).num_rows == 0


@settings(max_examples=25)
@given(
    st.lists(
        st.one_of(st.text(max_size=60), st.sampled_from(["MIT", "清华大学", "Univ. of Oxford; ETH Zürich", ""])), max_size=5
    )
)
def test_a_batch_equals_one_by_one(matcher: Matcher, strings: list[str]) -> None:
    together = matcher.match_many(strings)
    for text, result in zip(strings, together, strict=True):
        alone = matcher.match(text)
        assert [(m.institution.id, m.start, m.end) for m in alone.matches] == [
            (m.institution.id, m.start, m.end) for m in result.matches
        ]
        assert all(0 <= m.start < m.end <= len(text) and 0 <= m.probability <= 1 for m in result.matches)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["MIT", "NTU", "清华大学", "Univ. of Oxford; ETH Zürich", "Northeastern University", "Oxfrod", ""]),
            st.integers(0, 6),
        ),
        max_size=5,
    )
)
def test_ranked_is_what_is_chosen_and_then_the_rest(matcher: Matcher, asked: list[tuple[str, int]]) -> None:
    strings, limits = [s for s, _ in asked], [n for _, n in asked]
    found = matcher.ranked(strings, limits, least=0.01)
    for matches, result, limit in zip(found, matcher.match_many(strings), limits, strict=True):
        size = len(result.matches)
        assert matches[:size] == result.matches
        others = matches[size:]
        assert len(matches) <= max(limit, size)
        assert all(m.decision == Decision.NONE and m.probability >= 0.01 for m in others)
        # naively: of all candidates those that were not chosen, likeliest first
        chosen = {m.institution.id for m in result.matches}
        left = [
            m for m in matcher.candidates(result.affiliation, 50) if m.institution.id not in chosen and m.probability >= 0.01
        ]
        assert [m.probability for m in others] == [m.probability for m in left][: max(limit - size, 0)]


@pytest.mark.parametrize(("one", "other"), [("TSINGHU", "Tsinghu"), ("stanforduniversity", "StanfordUniversity")])
def test_a_word_is_corrected_as_it_is_typed_here(matcher: Matcher, one: str, other: str) -> None:
    """Capitals are acronyms, and camel case tells where words begin: but only in the string that has them."""

    def words(*texts: str) -> list[str]:
        return prepare(texts, matcher._index, matcher.settings.retrieve).words

    assert words(one, other) == words(one) + words(other)
    assert words(other, one) == words(other) + words(one)


def test_few_candidates_and_many_are_judged_the_same(load: Load) -> None:
    matcher = load()
    texts = [
        "Univ. of Oxford & DeepMind",
        "Heidelberg University Hospital",
        "清华大学",
        "NTU",
        "Duke Kunshan University",
        "MIT CSAIL",
    ]
    pairs = featurize_all(matcher, texts)
    assert len(pairs.features) > 10
    model, few = matcher._model, len(pairs.features)
    without_scikit_learn = model.predict(pairs, small=few)
    assert not model.first.compiled
    assert np.array_equal(model.predict(pairs, small=few - 1), without_scikit_learn)
    assert model.first.compiled  # from now on that is used for few, too
    assert np.array_equal(model.predict(pairs, small=few), without_scikit_learn)


def test_a_warm_matcher_answers_as_a_cold_one(load: Load) -> None:
    texts = ["Univ. of Oxford & DeepMind", "Heidelberg University Hospital", "清华大学", "no institution"]
    assert load().warm().match_many(texts) == load().match_many(texts)


NAMES = (
    "Stanford University", "Department of Physics, University of Oxford, UK", "华为", "北京大学计算机学院", "Google", "NTU",
    "MIT", "Inria, Grenoble, France", "KAIST, Daejeon", "Univ. de Montréal", "independent researcher", "Toyota Research Institute",
    "School of Medicine, Keio University, Tokyo, Japan", "University of Georgia, Tbilisi", "港中大", "CNRS",
    "University of Nottingham", "University of Nottingham Ningbo China", "Duke Kunshan University", "Duke University",
    "NYU Shanghai", "New York University", "哈尔滨工业大学", "哈尔滨工业大学（深圳）", "MIT CSAIL", "CSAIL, MIT", "Google Brain",
)  # fmt: skip
SEPARATORS = ("; ", "\n", " + ", " | ", " / ", "；", "\n• ")


def answer(matcher: Matcher, text: str) -> dict[str, tuple[float, str]]:
    return {m.institution.id: (m.probability, m.decision.value) for m in matcher.match(text).matches}


def union(answers: list[dict[str, tuple[float, str]]]) -> dict[str, tuple[float, str]]:
    """Each institution of some answers as the likeliest of them has it."""
    out: dict[str, tuple[float, str]] = {}
    for one in answers:
        for identifier, found in one.items():
            out[identifier] = max(found, out.get(identifier, found))
    return out


@settings(max_examples=80)
@given(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4), st.sampled_from(SEPARATORS))
def test_parts_give_the_union_of_what_each_gives(matcher: Matcher, names: list[str], separator: str) -> None:
    assert answer(matcher, separator.join(names)) == union([answer(matcher, name) for name in names])


@pytest.mark.parametrize(("policy", "count"), [("most-specific", 2), ("all", 2), ("one", 1)])
def test_a_policy_holds_within_a_part_but_one_within_the_string(load: Load, policy: Policy, count: int) -> None:
    matcher = load(policy=policy)
    apart, beside = "Duke University; Duke Kunshan University", "Duke Kunshan University and Duke University"
    assert len(found(matcher, apart)) == count
    assert len(found(matcher, beside)) == (2 if policy == "all" else 1)
    chosen = [m.institution.name for m in matcher.ranked([apart], [10])[0] if m.decision != Decision.NONE]
    assert chosen == found(matcher, apart)


def test_ids_in_a_string_are_its_answer(matcher: Matcher) -> None:
    raw = "Dept. of Robotics, https://ror.org/05x2bcf33; MIT"
    first, second = sorted(matcher.match(raw).matches, key=lambda m: m.start)
    assert (first.institution.name, first.decision, raw[first.start : first.end]) == (
        "Carnegie Mellon University",
        Decision.MATCH,
        "https://ror.org/05x2bcf33",
    )
    assert first.evidence == ("+ “https://ror.org/05x2bcf33” is its id",)
    assert second.institution.name == "Massachusetts Institute of Technology"
    assert matcher.match("ror.org/05x2bcf34").matches == (), "its check digits are wrong"


def test_memory_changes_no_answer(matcher: Matcher, load: Load) -> None:
    forgetful = load(settings=Settings(retrieve=RetrieveSettings(remembered_parts=1)))
    texts = ["MIT; Google", "Google", "MIT", "MIT; Google", "ETH Zürich + MIT"]
    for _ in range(2):
        assert forgetful.match_many(texts) == matcher.match_many(texts)
        assert len(forgetful._memory) <= 1


def test_hostile_strings_do_no_harm(matcher: Matcher) -> None:
    strings = [
        "x" * 100_000,
        "\x00\x01",
        "\ud800",
        "((((",
        ";" * 5000,
        "大" * 3000,
        "=cmd|' /C calc'!A0",
        "\u202e" * 50,
        "a " * 5000,
    ]
    assert [(r.affiliation, r.matches) for r in matcher.match_many(strings)] == [(s, ()) for s in strings]
    for beside in matcher.match_many([f"{s[:1000]}\nStanford University" for s in strings]):
        assert [beside.affiliation[m.start : m.end] for m in beside.matches] == ["Stanford University"]
    assert matcher.match(f"{'x' * 3000}; Stanford University").matches[0].institution.name == "Stanford University"


def test_frame_keeps_columns_and_order(matcher: Matcher) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "affiliation": ["MIT; Tsinghua University", "独立研究者", None]}, index=[7, 8, 9])
    out = matcher.match_frame(frame)
    assert list(out.columns) == ["id", "affiliation", *COLUMNS]
    assert out["id"].tolist() == [1, 1, 2, 3]
    assert out["decision"].tolist()[2:] == ["none", "none"]
    assert out.index.tolist() == [7, 7, 8, 9]
    assert list(matcher.match_frame(frame.rename(columns={"id": "city"})).columns)[:2] == ["city", "affiliation"]
    assert "affil_city" in matcher.match_frame(frame.rename(columns={"id": "city"})).columns
    with pytest.raises(InputError, match="no column 'address'"):
        matcher.match_frame(frame, "address")


_LABELS = st.sampled_from(["a", "b", 1, 2.5, None])
_DAYS = st.datetimes(pd.Timestamp("1990-01-01").to_pydatetime(), pd.Timestamp("2040-01-01").to_pydatetime())


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Frames with strings and all that stands for a missing one, and indexes of any kind, with labels that repeat."""
    cells = st.sampled_from(
        ["MIT; Tsinghua University", "Univ. of Oxford", "独立研究者", "", None, float("nan"), pd.NA, pd.NaT]
    )
    strings = draw(st.lists(cells, max_size=6))
    size = len(strings)

    def some(labels: st.SearchStrategy[object]) -> list[object]:
        return draw(st.lists(labels, min_size=size, max_size=size))

    kind = draw(st.sampled_from(["range", "labels", "days", "several", "categories"]))
    indexes: dict[str, Callable[[], pd.Index]] = {
        "range": lambda: pd.RangeIndex(size),
        "labels": lambda: pd.Index(some(_LABELS), dtype=object, name="label"),
        "days": lambda: pd.DatetimeIndex(some(_DAYS), name="day"),
        "several": lambda: pd.MultiIndex.from_arrays([some(_LABELS), some(st.integers(0, 2))], names=["a", None]),
        "categories": lambda: pd.CategoricalIndex(some(st.sampled_from("xy")), categories=["x", "y"]),
    }
    return pd.DataFrame({"affiliation": pd.Series(strings, dtype=object).to_numpy(), "n": range(size)}, index=indexes[kind]())


@settings(deadline=None)
@given(frames())
def test_a_frame_keeps_its_index_and_has_one_kind_of_missing_value(matcher: Matcher, frame: pd.DataFrame) -> None:
    out = matcher.match_frame(frame)
    at = out["n"].tolist()
    assert sorted(set(at)) == list(range(len(frame)))
    assert at == sorted(at)
    pd.testing.assert_index_equal(out.index, frame.index.take(at))
    pd.testing.assert_frame_equal(out[["affiliation", "n"]], frame.iloc[at])
    for column in COLUMNS:
        missing = [v for v in out[column].tolist() if pd.isna(v) or v == ""]
        assert all(isinstance(v, float) for v in missing), (column, missing)
    assert all(str(out[c].dtype) == "float64" for c in ("lat", "lon", "probability"))
    named = [isinstance(s, str) and s in ("MIT; Tsinghua University", "Univ. of Oxford") for s in frame["affiliation"]]
    assert out["institution_id"].notna().tolist() == [named[n] for n in at]
    assert [at.count(n) for n, s in enumerate(frame["affiliation"]) if isinstance(s, str) and "MIT" in s] == [2] * sum(
        isinstance(s, str) and "MIT" in s for s in frame["affiliation"]
    )


@pytest.mark.parametrize("dtype", ["string", "category", "object"])
def test_a_column_of_any_kind_of_text(matcher: Matcher, dtype: str) -> None:
    frame = pd.DataFrame({"affiliation": pd.Series(["Univ. of Oxford", None], dtype=dtype)})
    assert matcher.match_frame(frame)["name"].fillna("").tolist() == ["University of Oxford", ""]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Matcher.load(tmp_path / "none.affil")


def test_several_strings_may_come_one_by_one_and_are_texts(matcher: Matcher) -> None:
    assert matcher.match_many(text for text in ["OpenAI", "nobody"]) == matcher.match_many(["OpenAI", "nobody"])
    assert len(matcher.match_many(iter(["OpenAI"]))) == 1
    with pytest.raises(AffilError, match="takes several strings; for one: match"):
        matcher.match_many("OpenAI")
    for other in (None, float("nan"), b"OpenAI", ["OpenAI"]):
        with pytest.raises(AffilError, match="an affiliation is a text, not "):
            matcher.match(other)  # type: ignore[arg-type]


def test_an_unknown_policy_is_refused(load: Load) -> None:
    with pytest.raises(AffilError, match="no policy 'best'; known are: most-specific, all, one"):
        load(policy="best")
