"""Each SQL statement of rank and report says at its head what it reads and makes, and says so truly."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest

import affil

PACKAGE = Path(affil.__file__).parent
FILES = sorted(PACKAGE.glob("*/sql/**/*.sql"))


def test_there_are_statements() -> None:
    assert {f.relative_to(PACKAGE).parts[0] for f in FILES} >= {"rank", "report"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(PACKAGE).with_suffix("").as_posix())
def test_the_header_names_what_is_read_and_made(file: Path) -> None:
    text = file.read_text("utf-8")
    header = takewhile(lambda line: line.startswith("-- "), text.split("\n"))
    told = " ".join(line.removeprefix("-- ") for line in header)
    found = re.search(r"\. Reads ([^.;]+)(?:; variables? ([^.]+))?\. Makes ([^.]+)\.$", told)
    assert found, told
    statement = re.sub(r"--.*", "", text)
    made = {*re.findall(r"CREATE (?:OR REPLACE )?TEMP TABLE (\w+)", statement)}
    within = {*re.findall(r"(\w+) AS \(\s*(?:SELECT|FROM|WITH)", statement)}
    read = {*re.findall(r"\b(?:FROM|JOIN)\s+(?:\(\s*FROM\s+)?([a-z_]+)", statement)}
    # A name that is made again within (a CTE called like a table that is read) counts as made.
    assert {*re.findall(r"[a-z_]+", found[1])} - {"and", "the", "or", "again", "areas"} == read - made - within
    assert {*re.findall(r"\w+", found[2] or "")} == {*re.findall(r"getvariable\('(\w+)'\)", statement)}
    assert made <= {*re.findall(r"\w+", found[3])}
    assert bool(made) == found[3].startswith(("table ", "tables "))
