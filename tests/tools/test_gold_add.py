"""tools/gold_add.py deals drafts to train and dev, and leaves the frozen test rows alone."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.conftest import Tool

FIELDS = "affiliation,institution_ids,language,stratum,note"
TSINGHUA, STANFORD = "https://ror.org/03cve4549", "https://ror.org/00f54p054"
Add = Callable[..., tuple[int, str]]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    folder.mkdir()
    (folder / "train.csv").write_text(f"{FIELDS}\nTsinghua,{TSINGHUA},en,en-dept,\n", "utf-8")
    (folder / "dev.csv").write_text(f"{FIELDS}\nnobody,,en,nil,\n", "utf-8")
    test = FIELDS.replace("institution_ids", "institution_ids,acceptable")
    (folder / "test.csv").write_text(f"{test}\nStanford,{STANFORD},,en,en-dept,\nTHU,{TSINGHUA},,en,acronym,\n", "utf-8")
    return folder


@pytest.fixture
def add(tool: Tool, gold: Path) -> Add:
    def run(*rows: str) -> tuple[int, str]:
        draft = gold.parent / "draft.tsv"
        draft.write_text("\n".join(rows), "utf-8")
        code, out, err = tool("gold_add", draft, "--gold", gold)
        return code, out + err

    return run


def read(gold: Path, name: str) -> dict[str, str]:
    with (gold / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return {r["affiliation"]: r["institution_ids"] for r in csv.DictReader(lines)}


def test_a_held_out_institution_goes_to_dev_and_a_fifth_of_the_others(add: Add, gold: Path) -> None:
    frozen = (gold / "test.csv").read_bytes()
    unseen = [f"Group {i}, Stanford\tStanford University\ten\ten-dept" for i in range(40)]
    seen = [f"Group {i}, Tsinghua\tTsinghua University\ten\ten-dept" for i in range(200)]
    assert add(*unseen, *seen)[0] == 0
    train, dev = read(gold, "train"), read(gold, "dev")
    assert set(train.values()) == {TSINGHUA}
    assert list(dev.values()).count(STANFORD) == 40
    assert 20 <= list(dev.values()).count(TSINGHUA) <= 60
    assert {"Tsinghua"} <= set(train)
    assert {"nobody"} <= set(dev)
    assert (gold / "test.csv").read_bytes() == frozen


def test_adding_again_changes_nothing(add: Add, gold: Path) -> None:
    rows = [f"Group {i}, Tsinghua\tTsinghua University\ten\ten-dept" for i in range(9)]
    add(*rows)
    before = [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev")]
    add(*reversed(rows), "GROUP 1, TSINGHUA\tTsinghua University\ten\ten-dept")
    assert [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev")] == before


def test_rows_that_fold_alike_both_stay(add: Add, gold: Path) -> None:
    with (gold / "train.csv").open("a", encoding="utf-8") as file:
        file.write(f"TSINGHUA,{TSINGHUA},en,en-dept,\n")
    assert add("Group 1, Tsinghua\tTsinghua University\ten\ten-dept")[0] == 0
    assert {"Tsinghua", "TSINGHUA"} <= set(read(gold, "train"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("STANFORD\tStanford University\ten\ten-dept", "stands in test already, which is frozen"),
        ("tsinghua\tStanford University\ten\ten-dept", "is labelled otherwise already"),
        ("Somewhere\tUniversity of Somewhere Else Entirely\ten\ten-dept", "0 institutions are called"),
    ],
)
def test_a_faulty_draft_writes_nothing(add: Add, gold: Path, row: str, problem: str) -> None:
    before = [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev", "test")]
    code, out = add("Fine, Tsinghua\tTsinghua University\ten\ten-dept", row)
    assert code == 1
    assert problem in out
    assert [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev", "test")] == before
