"""Whatever others write at any place of a record, a reader gives papers, reports, or one clear line; never anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.errors import InputError
from affil.papers.formats import READERS
from affil.papers.head import Head
from affil.papers.source import Source
from affil.settings import ReadSettings

SAMPLES = Path(__file__).parent / "samples"
LINES = {
    "openalex": "openalex-snapshot.jsonl",
    "crossref": "crossref-dump.jsonl",
    "datacite": "datacite-dump.jsonl",
    "europe-pmc": "europe-pmc-results.jsonl",
    "orcid": "orcid-records.jsonl",
    "openreview": "openreview-v2.jsonl",
}
OF = {reader.name: reader for reader in READERS}

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3000),
    st.floats(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([None, 1, "x", {}]),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a value with each of its keys."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield value, key
        yield from places(inner)


@given(st.data(), st.sampled_from(sorted(LINES)), anything)
def test_any_value_anywhere(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str, value: Any) -> None:
    records = [json.loads(line) for line in (SAMPLES / LINES[name]).read_text("utf-8").splitlines()]
    container, key = data.draw(st.sampled_from(list(places(records))), label="place")
    container[key] = value
    path = tmp_path_factory.mktemp(name) / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    problems: list[Any] = []
    try:
        for row, paper in OF[name].read(Source(Head(path), ReadSettings(), problems.append, {})):
            assert 1 <= row <= len(records)
            assert paper.id and paper.venue and 1900 <= paper.year <= 2100
            assert all(string.strip() == string != "" for author in paper.authors for string in author.affiliations)
    except InputError as error:
        assert "\n" not in str(error)
    assert all(problem.what and "\n" not in problem.what for problem in problems)
