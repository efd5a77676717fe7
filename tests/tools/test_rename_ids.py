"""tools/rename_ids.py writes the ids of today into files that hold former ones, and nothing else."""

import csv
from functools import partial
from importlib import resources
from pathlib import Path

import pytest

from tests.tools.conftest import Tool


def rows(name: str) -> list[dict[str, str]]:
    with (resources.files("affil.registry") / "data" / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def rename(tool: Tool) -> Tool:
    return partial(tool, "rename_ids")


def test_former_ids_are_gone_from_the_tables_and_lead_to_one_institution() -> None:
    known = {row["id"] for row in rows("institutions.csv")}
    former = [row["id"] for row in rows("alternative_ids.csv")]
    assert len(set(former)) == len(former)
    assert not known & set(former)
    assert {row["institution_id"] for row in rows("alternative_ids.csv")} <= known


def test_former_ids_are_replaced_where_they_stand_whole(rename: Tool, tmp_path: Path) -> None:
    one = next(row for row in rows("alternative_ids.csv") if row["id"] == "affil:national-tsing-hua-university")
    file = tmp_path / "labelled.csv"
    text = f"affiliation,institution_ids\r\n清大,{one['id']} affil:other\r\nx,{one['id']}-hsinchu\r\n"
    file.write_bytes(text.encode())
    assert rename("--check", file)[0] == 1
    assert file.read_bytes() == text.encode()
    assert rename(file)[0] == 0
    expected = text.replace(f"{one['id']} ", f"{one['institution_id']} ")
    assert file.read_bytes() == expected.encode()
    assert rename("--check", file)[0] == 0
