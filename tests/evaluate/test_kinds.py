"""Kinds of strings that were matched wrongly once: for each kind, the share answered entirely right never falls below its record.

`kinds.csv` holds strings with their kind, the ids that must be found and those that neither help nor hurt, written from the strings
alone. `kinds_record.json` holds the shares that were reached; `python tests/evaluate/test_kinds.py --record [MODEL]` writes it anew.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from affil.match import Matcher

TABLE, RECORD = (Path(__file__).with_name(f"kinds{end}") for end in (".csv", "_record.json"))
ALL = "all"


class Row(NamedTuple):
    """A string, what it names, and what was found in it."""

    kind: str
    affiliation: str
    required: frozenset[str]
    acceptable: frozenset[str]
    found: frozenset[str]

    @property
    def right(self) -> bool:
        return self.required <= self.found <= self.required | self.acceptable


def table() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def answered(matcher: Matcher) -> list[Row]:
    rows = table()
    results = matcher.match_many([row["affiliation"] for row in rows])
    return [
        Row(
            row["kind"],
            row["affiliation"],
            frozenset(row["institution_ids"].split()),
            frozenset(row["acceptable"].split()),
            frozenset(match.institution.id for match in result.matches),
        )
        for row, result in zip(rows, results, strict=True)
    ]


def shares(rows: list[Row]) -> dict[str, float]:
    """The share of rows entirely right: of all, and of each kind."""
    right: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        right[ALL].append(row.right)
        right[row.kind].append(row.right)
    return {kind: round(sum(of) / len(of), 4) for kind, of in right.items()}


def told(row: Row) -> str:
    """What is wrong with a row, for people."""
    missing, more = sorted(row.required - row.found), sorted(row.found - row.required - row.acceptable)
    return f"{row.kind}: {row.affiliation!r}: not found {missing}, found wrongly {more}"


@pytest.fixture(scope="module")
def matcher(shipped_matcher: Matcher) -> Matcher:
    return shipped_matcher


@pytest.fixture(scope="module")
def rows(matcher: Matcher) -> list[Row]:
    return answered(matcher)


def record() -> dict[str, float]:
    known: dict[str, float] = json.loads(RECORD.read_text(encoding="utf-8"))
    return known


def test_every_row_is_of_the_registry(matcher: Matcher) -> None:
    named = {i for row in table() for i in (*row["institution_ids"].split(), *row["acceptable"].split())}
    assert not sorted(i for i in named if i not in matcher.registry.ids)
    both = [r["affiliation"] for r in table() if set(r["institution_ids"].split()) & set(r["acceptable"].split())]
    assert not both


def test_every_kind_has_five_strings_of_its_own() -> None:
    of: dict[str, set[str]] = defaultdict(set)
    for row in table():
        of[row["kind"]].add(row["affiliation"])
    assert len(set().union(*of.values())) == len(table())
    assert not [kind for kind, strings in of.items() if len(strings) < 5]
    assert {ALL, *of} == set(record())


@pytest.mark.parametrize("kind", sorted({ALL, *(row["kind"] for row in table())}))
def test_share_entirely_right_is_not_below_its_record(rows: list[Row], kind: str) -> None:
    wrong = [told(row) for row in rows if kind in (ALL, row.kind) and not row.right]
    assert shares(rows)[kind] >= record()[kind], "\n".join(wrong)


def main() -> None:
    """Write the shares of today to the record, with the shipped model or one in a file, and print the wrong rows."""
    if len(sys.argv) not in (2, 3) or sys.argv[1] != "--record":
        sys.exit("usage: python tests/evaluate/test_kinds.py --record [MODEL]")
    rows = answered(Matcher.load(model=sys.argv[2] if len(sys.argv) == 3 else None))
    RECORD.write_text(json.dumps(shares(rows), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    wrong = [told(row) for row in rows if not row.right]
    sys.stdout.write("\n".join([*wrong, f"{shares(rows)[ALL]:.1%} of {len(rows)} entirely right", ""]))


if __name__ == "__main__":
    main()
