"""Answers to the parts of a file, joined, are the bytes of the answer to the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affil.batch import cut, match_file, parts_in
from affil.errors import AffilError, InputError
from affil.io.tables import open_table
from affil.settings import Settings

STRINGS = ["Univ. of Oxford", "清华大学; SenseTime Research", "", "独立研究者", "MIT, CSAIL\nCambridge", 'a "quoted" lab', " "]


def answered(source: Path, folder: Path, matcher: Any, each: int, **options: Any) -> Any:
    folder.mkdir()
    parts = cut(source, folder, each=each, **options)
    for number in range(parts.count):
        parts.match(number, matcher, Settings())
    return parts


def rows_of(path: Path) -> list[dict[str, Any]]:
    with open_table(path) as table:
        batches = list(table.batches(1000))
    return [dict(zip(b.columns, row, strict=True)) for b in batches for row in zip(*b.columns.values(), strict=True)]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    strings=st.lists(st.sampled_from(STRINGS), max_size=9),
    each=st.integers(1, 4),
    kind=st.sampled_from(["csv", "tsv", "mark", "jsonl", "parquet"]),
)
def test_joined_parts_are_the_whole(
    tiny_matcher: Any, tmp_path_factory: pytest.TempPathFactory, strings: list[str], each: int, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    source = folder / ("in.csv" if kind == "mark" else f"in.{kind}")
    rows = [{"n": n, "affiliation": s, "country": "x;y"} for n, s in enumerate(strings)]
    if kind == "parquet":
        schema = pa.schema({"n": pa.int16(), "affiliation": pa.string(), "country": pa.dictionary(pa.int8(), pa.string())})
        pq.write_table(pa.Table.from_pylist(rows, schema), source)
    elif kind == "jsonl":
        rows = [{"more": [1, {"a": n}], **row} if n % 2 else row for n, row in enumerate(rows)] or [{"affiliation": "x"}]
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    else:
        import csv

        with source.open("w", encoding="utf-8-sig" if kind == "mark" else "utf-8", newline="") as out:
            lines = csv.writer(out, delimiter={"csv": ",", "tsv": "\t", "mark": ";"}[kind])
            lines.writerows([["n", "affiliation", "country"], *(row.values() for row in rows)])
    match_file(source, folder / f"whole{source.suffix}", matcher=tiny_matcher)
    parts = answered(source, folder / "cut", tiny_matcher, each)
    assert parts == parts_in(folder / "cut")
    assert parts.rows == len(rows)
    joined = b"".join(parts.joined(3))
    if kind == "parquet":  # its rows are grouped otherwise
        (folder / "joined.parquet").write_bytes(joined)
        assert pq.read_table(folder / "joined.parquet").equals(pq.read_table(folder / "whole.parquet"))
    else:
        assert joined == (folder / f"whole{source.suffix}").read_bytes()
    for other in ("csv", "jsonl", "parquet"):
        (folder / f"other.{other}").write_bytes(b"".join(parts.joined(3, other)))
        match_file(source, folder / f"expected.{other}", matcher=tiny_matcher)
        if rows:
            assert rows_of(folder / f"other.{other}") == rows_of(folder / f"expected.{other}")


def test_a_matched_part_is_never_matched_again(tiny_matcher: Any, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("affiliation\n" + "Univ. of Oxford\n" * 5, "utf-8")
    (tmp_path / "cut").mkdir()
    parts = cut(source, tmp_path / "cut", each=2)
    assert (parts.count, parts.done) == (3, 0)
    with pytest.raises(AffilError, match="0 of 3 parts are matched"):
        next(parts.joined(10))
    parts.match(0, tiny_matcher, Settings())
    parts.match(2, tiny_matcher, Settings())
    assert parts.done == 1

    class Never:
        def match_many(self, strings: list[str]) -> Any:
            raise AssertionError(strings)

    parts.match(0, Never(), Settings())
    with pytest.raises(AssertionError):
        parts.match(1, Never(), Settings())
    assert parts.done == 1
    parts.match(1, tiny_matcher, Settings())
    assert b"".join(parts.joined(10)).count(b"Univ. of Oxford") >= 5
    assert not list((tmp_path / "cut" / "todo").iterdir())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("in.csv", "affiliation\na\nb\nc\n", "in.csv: has more than 2 rows; send it in parts"),
        ("in.csv", "affiliation\na\nbbbbbbbbbbb\n", "in.csv, row 3: a string of 11 characters; at most 10; shorten it"),
        ("in.csv", "a,b\n1,2\n", "in.csv: "),
        (
            "in.jsonl",
            '{"affiliation": "a"}\n{"affiliation": 5}\n',
            "in.jsonl, line 2: column 'affiliation' holds int '5' instead of text",
        ),
    ],
)
def test_what_cannot_be_cut(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "cut").mkdir()
    with pytest.raises(InputError) as error:
        cut(tmp_path / name, tmp_path / "cut", each=1, most=2, longest=10)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(said)
    with pytest.raises(FileNotFoundError):
        parts_in(tmp_path / "cut")
