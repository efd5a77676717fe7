"""tools/gold_add.py deals drafts to train and dev, and leaves the frozen test rows alone."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIELDS = "affiliation,institution_ids,language,stratum,note"
TSINGHUA, STANFORD = "https://ror.org/03cve4549", "https://ror.org/00f54p054"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    folder.mkdir()
    (folder / "train.csv").write_text(f"{FIELDS}\nTsinghua,{TSINGHUA},en,en-dept,\n", "utf-8")
    (folder / "dev.csv").write_text(f"{FIELDS}\nnobody,,en,nil,\n", "utf-8")
    test = FIELDS.replace("institution_ids", "institution_ids,acceptable")
    (folder / "test.csv").write_text(f"{test}\nStanford,{STANFORD},,en,en-dept,\nTHU,{TSINGHUA},,en,acronym,\n", "utf-8")
    return folder


def add(gold: Path, *rows: str) -> tuple[int, str]:
    draft = gold.parent / "draft.tsv"
    draft.write_text("\n".join(rows), "utf-8")
    command: list[str | Path] = [sys.executable, ROOT / "tools" / "gold_add.py", draft, "--gold", gold]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    return done.returncode, done.stdout + done.stderr


def read(gold: Path, name: str) -> dict[str, str]:
    with (gold / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return {r["affiliation"]: r["institution_ids"] for r in csv.DictReader(lines)}


def test_a_held_out_institution_goes_to_dev_and_a_fifth_of_the_others(gold: Path) -> None:
    frozen = (gold / "test.csv").read_bytes()
    unseen = [f"Group {i}, Stanford\tStanford University\ten\ten-dept" for i in range(40)]
    seen = [f"Group {i}, Tsinghua\tTsinghua University\ten\ten-dept" for i in range(200)]
    assert add(gold, *unseen, *seen)[0] == 0
    train, dev = read(gold, "train"), read(gold, "dev")
    assert set(train.values()) == {TSINGHUA}
    assert list(dev.values()).count(STANFORD) == 40
    assert 20 <= list(dev.values()).count(TSINGHUA) <= 60
    assert {"Tsinghua"} <= set(train)
    assert {"nobody"} <= set(dev)
    assert (gold / "test.csv").read_bytes() == frozen


def test_adding_again_changes_nothing(gold: Path) -> None:
    rows = [f"Group {i}, Tsinghua\tTsinghua University\ten\ten-dept" for i in range(9)]
    add(gold, *rows)
    before = [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev")]
    add(gold, *reversed(rows), "GROUP 1, TSINGHUA\tTsinghua University\ten\ten-dept")
    assert [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev")] == before


def test_rows_that_fold_alike_both_stay(gold: Path) -> None:
    with (gold / "train.csv").open("a", encoding="utf-8") as file:
        file.write(f"TSINGHUA,{TSINGHUA},en,en-dept,\n")
    assert add(gold, "Group 1, Tsinghua\tTsinghua University\ten\ten-dept")[0] == 0
    assert {"Tsinghua", "TSINGHUA"} <= set(read(gold, "train"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("STANFORD\tStanford University\ten\ten-dept", "stands in test already, which is frozen"),
        ("tsinghua\tStanford University\ten\ten-dept", "is labelled otherwise already"),
        ("Somewhere\tUniversity of Somewhere Else Entirely\ten\ten-dept", "0 institutions are called"),
    ],
)
def test_a_faulty_draft_writes_nothing(gold: Path, row: str, problem: str) -> None:
    before = [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev", "test")]
    code, out = add(gold, "Fine, Tsinghua\tTsinghua University\ten\ten-dept", row)
    assert code == 1
    assert problem in out
    assert [(gold / f"{n}.csv").read_bytes() for n in ("train", "dev", "test")] == before
