"""Frames of pandas and Polars, SQL of DuckDB, and Arrow: each gives what the matcher gives."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import affil
import affil.frames
from affil.errors import AffilError, InputError
from affil.match import COLUMNS, Matcher
from affil.match.arrow import distinct_strings

STRINGS = [
    "Department of Physics, University of Oxford; Stanford University",
    "independent",
    "University of Oxford",
    "independent",
]


def test_the_accessor_of_pandas_is_match_frame(tiny_matcher: Matcher) -> None:
    frame = pd.DataFrame({"id": range(4), "where": STRINGS})
    got = frame.affil.match("where", matcher=tiny_matcher)
    pd.testing.assert_frame_equal(got, tiny_matcher.match_frame(frame, "where"))
    assert len(got) > len(frame)
    with pytest.raises(InputError, match="no column 'were'"):
        frame.affil.match("were", matcher=tiny_matcher)


@pytest.mark.parametrize("heading", [0, ("where", "raw")])
def test_headings_that_are_no_texts_are_headings(tiny_matcher: Matcher, heading: Any) -> None:
    frame = pd.DataFrame({heading: STRINGS})
    got = frame.affil.match(heading, matcher=tiny_matcher)
    wanted = tiny_matcher.match_frame(pd.DataFrame({"where": STRINGS}), "where")
    assert got["institution_id"].equals(wanted["institution_id"])


@pytest.mark.parametrize("heading", ["affiliation", "name", "0"])
def test_the_namespace_of_polars_gives_the_same(tiny_matcher: Matcher, heading: str) -> None:
    """Also where the frame has a column of the name of a new one."""
    frame = pl.DataFrame({"country": [1, 2, 3, 4], heading: STRINGS})
    got = frame.affil.match(heading, matcher=tiny_matcher)  # type: ignore[attr-defined]
    wanted = tiny_matcher.match_frame(frame.to_pandas(), heading)
    assert got.columns == [*wanted.columns]
    for column in wanted:
        assert [v or "" for v in got[column].to_list()] == [
            v or "" for v in wanted[column].astype(object).where(wanted[column].notna(), None)
        ]
    assert got.schema["probability"] == pl.Float64
    assert got.schema["lat"] == pl.Float64


def test_polars_takes_what_is_missing_and_what_is_empty(tiny_matcher: Matcher) -> None:
    none = pl.DataFrame({"affiliation": [None, "University of Oxford"]}).affil.match(matcher=tiny_matcher)  # type: ignore[attr-defined]
    assert none["decision"].to_list() == ["none", "match"]
    empty = pl.DataFrame({"affiliation": []}, schema={"affiliation": pl.String}).affil.match(matcher=tiny_matcher)  # type: ignore[attr-defined]
    assert (empty.height, empty.schema["probability"]) == (0, pl.Float64)


@pytest.fixture
def connection(tiny_matcher: Matcher) -> Any:
    with duckdb.connect() as made:
        affil.register_duckdb(made, matcher=tiny_matcher)
        yield made


def test_sql_gives_lists_of_structs(connection: Any, tiny_matcher: Matcher) -> None:
    connection.register("papers", pa.table({"affiliation": [*STRINGS, None, ""]}))
    got = [row for (row,) in connection.sql("SELECT affil_match(affiliation) FROM papers").fetchall()]
    assert got[4:] == [None, []]
    for string, found in zip(STRINGS, got, strict=False):
        result = tiny_matcher.match(string)
        assert [one["institution_id"] for one in found] == [m.institution.id for m in result.matches]
        assert [one["evidence"] for one in found] == [list(m.evidence) for m in result.matches]
        assert all([*one] == [*COLUMNS] for one in found)
    named = connection.sql(
        "SELECT name FROM (SELECT unnest(affil_match('University of Oxford'), recursive := true))"
    ).fetchall()
    assert named == [("University of Oxford",)]


def test_many_batches_and_threads(connection: Any) -> None:
    """DuckDB hands over a part of the rows at a time."""
    sql = "SELECT i, len(affil_match(CASE WHEN i % 3 = 0 THEN 'University of Oxford' ELSE 'nobody ' || i % 50 END)) FROM range(5000) t(i)"
    got = dict(connection.sql(sql).fetchall())
    assert got == {i: int(i % 3 == 0) for i in range(5000)}


def test_only_a_connection_is_given_the_function(tiny_matcher: Matcher) -> None:
    with pytest.raises(AffilError, match="takes a connection"):
        affil.register_duckdb("papers.db", matcher=tiny_matcher)  # type: ignore[arg-type]


def test_a_function_is_registered_again_with_another_matcher(connection: Any, tiny_matcher: Matcher) -> None:
    affil.register_duckdb(connection, matcher=tiny_matcher)
    affil.register_duckdb(connection, name="other", matcher=tiny_matcher)
    assert connection.sql("SELECT len(other('University of Oxford')) + len(affil_match('x'))").fetchall() == [(1,)]


# Arrow

ARROW = {
    "array": pa.array,
    "chunked array": lambda strings: pa.chunked_array([strings[:1], strings[1:]]),
    "large strings": lambda strings: pa.array(strings, pa.large_string()),
    "dictionary": lambda strings: pa.array(strings).dictionary_encode(),
    "views": lambda strings: pa.array(strings, pa.string_view()),
    "table": lambda strings: pa.table({"id": range(len(strings)), "affiliation": strings}),
    "batch": lambda strings: pa.record_batch({"affiliation": strings}),
    "reader": lambda strings: pa.table({"affiliation": strings}).to_reader(max_chunksize=2),
    "frame of Polars": lambda strings: pl.DataFrame({"affiliation": strings}),
    "series of Polars": pl.Series,
    "categories of Polars": lambda strings: pl.Series(strings, dtype=pl.Categorical),
    "frame of pandas": lambda strings: pd.DataFrame({"affiliation": strings}),
}


@pytest.mark.parametrize("kind", ARROW)
def test_arrow_of_every_kind_is_matched(tiny_matcher: Matcher, kind: str) -> None:
    assert tiny_matcher.match_table(ARROW[kind](STRINGS)).equals(tiny_matcher.match_table(STRINGS))


def test_what_duckdb_selects_is_matched(tiny_matcher: Matcher, connection: Any) -> None:
    connection.register("papers", pa.table({"id": range(4), "Affiliations": STRINGS}))
    assert tiny_matcher.match_table(connection.sql("SELECT * FROM papers")).equals(tiny_matcher.match_table(STRINGS))


def test_columns_are_named_and_refused(tiny_matcher: Matcher) -> None:
    table = pa.table({"where": STRINGS, "year": [2020] * 4})
    assert tiny_matcher.match_table(table, "where").equals(tiny_matcher.match_table(STRINGS))
    with pytest.raises(InputError, match="the table: year holds int64, no strings"):
        tiny_matcher.match_table(table, "year")
    with pytest.raises(InputError, match="no column"):
        tiny_matcher.match_table(pa.table({"year": [2020]}))
    with pytest.raises(InputError, match="the column holds double, no strings"):
        tiny_matcher.match_table(pa.array([1.5]))


def test_nothing_is_matched_to_nothing(tiny_matcher: Matcher) -> None:
    for nothing in ([], pa.array([], pa.string()), pa.nulls(3), pa.table({"affiliation": pa.array([None, ""])})):
        assert tiny_matcher.match_table(nothing).num_rows == 0


@given(strings=st.lists(st.none() | st.text(max_size=3), max_size=12), at=st.integers(0, 12))
def test_strings_of_arrow_are_those_of_a_list(strings: list[str | None], at: int) -> None:
    """However they lie in chunks; null is the empty string."""
    plain = [s or "" for s in strings]
    chunks = pa.chunked_array([pa.array(strings[:at], pa.string()), pa.array(strings[at:], pa.string())])
    distinct, which = distinct_strings(chunks)
    assert [distinct[k] for k in which] == plain
    assert (distinct, which) == distinct_strings(plain)


@pytest.mark.parametrize(
    "given",
    [
        ["University of Oxford", None],
        ("University of Oxford", float("nan"), pd.NA),
        (s for s in ("University of Oxford", None)),
        np.array(["University of Oxford", None], object),
        pd.Series(["University of Oxford", None]),
        pl.Series(["University of Oxford", None]),
        pd.DataFrame({"affiliation": pd.Categorical(["University of Oxford", None])}),
    ],
    ids=lambda given: type(given).__name__,
)
def test_strings_come_in_any_container_and_may_be_missing(tiny_matcher: Matcher, given: Any) -> None:
    found = tiny_matcher.match_table(given, none=True)
    assert found["decision"].to_pylist()[:2] == ["match", "none"]
    assert {*found["why"].to_pylist()} == {None, "no_words"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("MIT", "several strings or a table are matched, not str"),
        (b"MIT", "not bytes"),
        ({"affiliation": ["MIT"]}, "not dict"),
        (None, "not NoneType"),
        (5, "not int"),
        (["MIT", 5], r"an affiliation is a text, not 5 \(number 2\)$"),
        ([["MIT", "ETH"]], r"not \['MIT', 'ETH'\] \(number 1\); give each string a row of its own"),
        ([np.array(["MIT"])], "give each string a row of its own"),
        ([b"MIT"], r"not b'MIT' \(number 1\)"),
        (pd.Series([1, 2]), r"not 1 \(number 1\)"),
        (pl.LazyFrame({"affiliation": ["MIT"]}), "not LazyFrame"),
    ],
)
def test_what_is_no_string_is_told(tiny_matcher: Matcher, given: Any, message: str) -> None:
    with pytest.raises(AffilError, match=message):
        tiny_matcher.match_table(given)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"affiliation": [1, 2]}), r"an affiliation is a text, not 1 \(number 1\)"),
        (pd.DataFrame({"affiliation": [None, ["MIT", "ETH"]]}), r"\(number 2\); give each string a row of its own"),
        (pd.Series(["MIT"], name="affiliation"), r"a frame of pandas, not pandas\.Series"),
        (
            pl.DataFrame({"affiliation": ["MIT"]}),
            r"a frame of pandas, not polars\.DataFrame; of others: match_table, or affil\.frames",
        ),
        ([{"affiliation": "MIT"}], r"not builtins\.list"),
        (pd.DataFrame([["MIT", "ETH"]], columns=["affiliation"] * 2), "duplicate column 'affiliation'; rename one"),
    ],
)
def test_what_is_no_frame_of_strings_is_told(tiny_matcher: Matcher, frame: Any, message: str) -> None:
    with pytest.raises(AffilError, match=message):
        tiny_matcher.match_frame(frame)


def test_polars_tells_what_is_no_text_too(tiny_matcher: Matcher) -> None:
    for values in ([1, 2], [["MIT", "ETH"]]):
        with pytest.raises(AffilError, match=r"an affiliation is a text, not .* \(number 1\)"):
            pl.DataFrame({"affiliation": values}).affil.match(matcher=tiny_matcher)  # type: ignore[attr-defined]


def test_results_are_dictionaries_for_json(tiny_matcher: Matcher) -> None:
    found, none = tiny_matcher.match_many(["Sony; University of Oxford", "Qwzx"])
    told = json.loads(json.dumps([found.to_dict(), none.to_dict()]))
    assert [m["institution_id"] for m in told[0]["matches"]] == [m.institution.id for m in found.matches]
    assert told[1] == {"affiliation": "Qwzx", "decision": "none", "why": "nothing_named", "matches": []}
    for match, one in zip(found.matches, told[0]["matches"], strict=True):
        assert one == {**match.to_dict(), "matched_text": found.affiliation[match.start : match.end]}
        assert {*COLUMNS, "start", "end", "alias"} == {*one}


def test_frames_say_why_a_string_has_no_institution(tiny_matcher: Matcher) -> None:
    frame = pd.DataFrame({"affiliation": ["Qwzx Fghj", "Paris, France", "University of Oxford", None]})
    out = tiny_matcher.match_frame(frame)
    assert out["evidence"].tolist()[:2] == ["nothing_named", "place_only"]
    assert out["evidence"].tolist()[3] == "no_words"
